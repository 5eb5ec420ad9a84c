"""Announcements: who gets one, frozen when it was confirmed, and how far it has got.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.add_column(sa.Column("attachment_id", row_id, nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("asking", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("any_hour", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        batch_op.add_column(sa.Column("frozen_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("task", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("task_through", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("round", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("judged_sent", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("judged_refused", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("created_name", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("started_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("ended_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("card_id", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_broadcast_attachment_id"), "attachment", ["attachment_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_broadcast_bot_id_state"), ["bot_id", "state"], unique=False)
    op.create_table(
        "recipient",
        sa.Column("broadcast_id", row_id, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", row_id, nullable=False),
        sa.Column("enrolment_id", row_id, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("message_id", row_id, nullable=True),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcast.id"], name=op.f("fk_recipient_broadcast_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_recipient_enrolment_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_recipient_message_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_recipient_patient_id")),
        sa.PrimaryKeyConstraint("broadcast_id", "chat_id", name=op.f("pk_recipient")),
    )
    with op.batch_alter_table("recipient", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recipient_waiting",
            ["broadcast_id", "chat_id"],
            unique=False,
            postgresql_where=sa.text("message_id is null and reason is null"),
            sqlite_where=sa.text("message_id is null and reason is null"),
        )
        batch_op.create_index(batch_op.f("ix_recipient_patient_id"), ["patient_id"], unique=False)
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_broadcast",
            ["broadcast_id", "state", "target_id"],
            unique=False,
            postgresql_where=sa.text("broadcast_id is not null"),
            sqlite_where=sa.text("broadcast_id is not null"),
        )
