"""What patients sent that is no question: commands, presses, "ok", answers, stickers.

Revision 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "said",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", _ROW_ID, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_said_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_said")),
    )
    with op.batch_alter_table("said", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_said_patient_id_at_us"), ["patient_id", "at_us"], unique=False)
