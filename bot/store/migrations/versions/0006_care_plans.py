"""Care plans: joining them, check-ins and their answers, notes to staff, agreements, being forgotten.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "enrol_code",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("made_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", name=op.f("pk_enrol_code")),
        sa.UniqueConstraint("bot_id", "code", name=op.f("uq_enrol_code_bot_id_code")),
    )
    op.create_table(
        "erasure",
        sa.Column("id", row_id, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_us", sa.BigInteger(), nullable=False),
        sa.Column("done_us", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_bot_id_chat_id"), ["bot_id", "chat_id"], unique=False)
    op.create_table(
        "agreement",
        sa.Column("id", row_id, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", row_id, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_agreement_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    with op.batch_alter_table("agreement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agreement_patient_id"), ["patient_id"], unique=False)
    op.create_table(
        "check_in",
        sa.Column("id", row_id, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("enrolment_id", row_id, nullable=False),
        sa.Column("step_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked", sa.String(length=16), nullable=True),
        sa.Column("ticked", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("doubted", sa.JSON(), nullable=False),
        sa.Column("repeated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("sent_us", sa.BigInteger(), nullable=False),
        sa.Column("answered_us", sa.BigInteger(), nullable=True),
        sa.Column("closed_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_check_in_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
        sa.UniqueConstraint("enrolment_id", "step_id", name=op.f("uq_check_in_enrolment_id_step_id")),
    )
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.create_index(
            "ix_check_in_open",
            ["enrolment_id"],
            unique=False,
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        )
    op.create_table(
        "enrol_link",
        sa.Column("id", row_id, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("patient_id", row_id, nullable=False),
        sa.Column("enrolment_id", row_id, nullable=True),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.Column("used_us", sa.BigInteger(), nullable=True),
        sa.Column("used_chat_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_enrol_link_enrolment_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_enrol_link_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrol_link")),
        sa.UniqueConstraint("bot_id", "token_hash", name=op.f("uq_enrol_link_bot_id_token_hash")),
    )
    op.create_table(
        "staff_note",
        sa.Column("id", row_id, nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", row_id, nullable=False),
        sa.Column("enrolment_id", row_id, nullable=True),
        sa.Column("step_id", sa.String(length=16), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("done_us", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_staff_note_enrolment_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_staff_note_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_note")),
        sa.UniqueConstraint("bot_id", "dedupe_key", name=op.f("uq_staff_note_bot_id_dedupe_key")),
    )
    with op.batch_alter_table("staff_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_note_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index(
            "ix_staff_note_open",
            ["bot_id", "at_us"],
            unique=False,
            postgresql_where=sa.text("done_us is null"),
            sqlite_where=sa.text("done_us is null"),
        )
    with op.batch_alter_table("due", schema=None) as batch_op:
        batch_op.add_column(sa.Column("part", sa.String(length=16), nullable=True))
        batch_op.create_index(
            "ix_due_part",
            ["bot_id", "ref", "kind"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting' and part is not null"),
            sqlite_where=sa.text("state = 'waiting' and part is not null"),
        )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("facts", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("is_child", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        batch_op.add_column(sa.Column("visit_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("visit_seen_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("created_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("agreed_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("reminded_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("silent_us", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("ended_us", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            "ix_enrolment_open",
            ["bot_id", "state", "id"],
            unique=False,
            postgresql_where=sa.text("state != 'ended'"),
            sqlite_where=sa.text("state != 'ended'"),
        )
        batch_op.create_index(batch_op.f("ix_enrolment_patient_id"), ["patient_id"], unique=False)
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.alter_column("facts", server_default=None)
