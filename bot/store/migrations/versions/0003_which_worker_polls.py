"""Of several workers one fetches updates: its name, and until when.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("bot", schema=None) as batch_op:
        batch_op.add_column(sa.Column("poller", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("poller_until_us", sa.BigInteger(), server_default="0", nullable=False))
