"""Alerts until somebody acts: repeats, who closed them and how, who is on call, and what triage got wrong.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LIVE = "level is not null and state in ('open', 'taken')"


def upgrade() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("bot", schema=None) as batch_op:
        batch_op.add_column(sa.Column("staff_forum", sa.Boolean(), nullable=True))
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.add_column(sa.Column("flags", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("said_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("repeats", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("repeat_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("taken_name", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("closed_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("closed_name", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("closed_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("outcome", sa.String(length=12), nullable=True))
        batch_op.create_index(batch_op.f("ix_alert_bot_id_at_us"), ["bot_id", "at_us"], unique=False)
        batch_op.create_index(
            "ix_alert_live",
            ["bot_id", "chat_id"],
            unique=False,
            postgresql_where=sa.text(LIVE),
            sqlite_where=sa.text(LIVE),
        )
    op.create_table(
        "alert_question",
        sa.Column("alert_id", row_id, nullable=False),
        sa.Column("question_id", row_id, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_question_alert_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_alert_question_question_id")),
        sa.PrimaryKeyConstraint("alert_id", "question_id", name=op.f("pk_alert_question")),
    )
    op.create_table(
        "alert_card",
        sa.Column("alert_id", row_id, nullable=False),
        sa.Column("message_id", row_id, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_card_alert_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_alert_card_message_id")),
        sa.PrimaryKeyConstraint("alert_id", "message_id", name=op.f("pk_alert_card")),
    )
    op.create_table(
        "on_call",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "user_id", name=op.f("pk_on_call")),
    )
    op.create_table(
        "triage_review",
        sa.Column("id", row_id, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", row_id, nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_triage_review_question_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triage_review")),
        sa.UniqueConstraint("question_id", "verdict", name=op.f("uq_triage_review_question_id_verdict")),
    )
    # Alerts of before show their words on a card that is drawn anew, too.
    op.execute(
        "INSERT INTO alert_question (alert_id, question_id) "
        "SELECT id, question_id FROM alert WHERE question_id IS NOT NULL AND level IS NOT NULL"
    )
