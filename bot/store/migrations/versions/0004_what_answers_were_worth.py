"""What patients said of the answers they got: taps, and the same in words.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.String(length=41), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("choice", sa.String(length=10), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_feedback_question_id")),
        sa.PrimaryKeyConstraint("question_id", "entry_id", name=op.f("pk_feedback")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_bot_id"), ["bot_id"], unique=False)
