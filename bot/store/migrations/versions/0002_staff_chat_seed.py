"""Remember which STAFF_CHAT_ID was last read, so that a corrected one counts.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("bot", schema=None) as batch_op:
        batch_op.add_column(sa.Column("staff_chat_seed", sa.BigInteger(), nullable=True))
    # What the group's id was seeded with is not known any more; the id in use is the best guess.
    op.execute("update bot set staff_chat_seed = staff_chat_id")
