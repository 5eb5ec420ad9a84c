"""Which messages to staff name which patients, so that they are found when somebody asks to be forgotten.

Revision 0008, after 0007.
"""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CODE = re.compile(r"\bP-[0-9A-Z]{1,6}\b")


def upgrade() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "mention",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("message_id", row_id, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_mention_message_id")),
        sa.PrimaryKeyConstraint("bot_id", "code", "message_id", name=op.f("pk_mention")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_subject",
            ["bot_id", "subject_chat_id"],
            unique=False,
            postgresql_where=sa.text("subject_chat_id is not null"),
            sqlite_where=sa.text("subject_chat_id is not null"),
        )
    _read_old_messages()


def _read_old_messages() -> None:
    """Note who is named in messages of before."""
    message = sa.table(
        "message",
        *(sa.column(name) for name in ("id", "bot_id", "target_id", "subject_chat_id")),
        sa.column("payload", sa.JSON()),
    )
    mention = sa.table("mention", sa.column("bot_id"), sa.column("code"), sa.column("message_id"))
    naming = sa.select(message).where(
        message.c.subject_chat_id.is_(None), sa.cast(message.c.payload, sa.Text).contains("P-")
    )
    connection = op.get_bind()
    found = {
        (row.bot_id, code, row.target_id or row.id)
        for row in connection.execute(naming)
        for code in CODE.findall(json.dumps(row.payload))
    }
    for bot_id, code, message_id in sorted(found):
        connection.execute(mention.insert().values(bot_id=bot_id, code=code, message_id=message_id))
