"""What an edit of the texts did: which revision it came after, what it touched, which one it takes back.

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("content_revision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("whole_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("parent_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("note", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("touched", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("undoes_id", sa.BigInteger(), nullable=True))
