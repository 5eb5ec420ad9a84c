"""Messages of which nobody knows whether they arrived (table `message`, state `unknown`), for staff to settle, and what
else /status counts.

Copies of announcements are not among them: those are sent again from the announcement's own report.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from bot.clock import SECOND_US
from bot.model import KINDS, BotId, Kind, MessageId, MessageState, Method
from bot.store.engine import Tx
from bot.store.tables import chat, message, patient, patient_chat

SAID_ARRIVED, DROPPED = "staff_said_arrived", "staff_dropped"
"""The reasons of those that staff have settled."""
_NEW = (Method.SEND_TEXT, Method.SEND_PHOTO, Method.SEND_DOCUMENT, Method.COPY)
"""Edits and topics are only in doubt after a restore, and nobody reads them."""


def _in_doubt(bot_id: BotId) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        message.c.bot_id == bot_id,
        message.c.state == MessageState.UNKNOWN,
        message.c.method.in_(_NEW),
        message.c.kind != Kind.BROADCAST,
    )


async def count(tx: Tx, bot_id: BotId) -> int:
    """How many there are."""
    found: int | None = await tx.scalar(sa.select(sa.func.count(message.c.id)).where(*_in_doubt(bot_id)))
    return found or 0


async def next_after(tx: Tx, bot_id: BotId, message_id: int) -> sa.RowMapping | None:
    """The oldest of them behind this one; 0: the oldest."""
    found = sa.select(message).where(*_in_doubt(bot_id), message.c.id > message_id).order_by(message.c.id).limit(1)
    return (await tx.execute(found)).mappings().one_or_none()


async def arrived(tx: Tx, bot_id: BotId, message_id: MessageId) -> bool:
    """It did. False: it is settled already. Its time is when it was due: the best that is known."""
    values = {"state": MessageState.SENT, "reason": SAID_ARRIVED, "sent_us": message.c.due_us}
    return await _settle(tx, bot_id, message_id, **values)


async def send_again(tx: Tx, bot_id: BotId, message_id: MessageId, kind: Kind, now_us: int) -> bool:
    """Owe it once more, marked as a repeat. False: it is settled already."""
    lasts_s = KINDS[kind].expires_s
    expires_us = now_us + lasts_s * SECOND_US if lasts_s else None
    values = {"state": MessageState.PENDING, "reason": None, "resent": True, "due_us": now_us}
    return await _settle(tx, bot_id, message_id, **values, expires_us=expires_us)


async def drop(tx: Tx, bot_id: BotId, message_id: MessageId) -> bool:
    """Leave it. False: it is settled already."""
    return await _settle(tx, bot_id, message_id, state=MessageState.CANCELLED, reason=DROPPED)


async def _settle(tx: Tx, bot_id: BotId, message_id: MessageId, **values: object) -> bool:
    is_this = (message.c.id == message_id, *_in_doubt(bot_id))
    return (await tx.execute(message.update().where(*is_this).values(**values))).rowcount > 0


async def blocked(tx: Tx, bot_id: BotId) -> Sequence[str]:
    """Codes of the patients whose chat cannot be written to, in order."""
    of_chat = sa.and_(patient_chat.c.bot_id == chat.c.bot_id, patient_chat.c.chat_id == chat.c.chat_id)
    statement = (
        sa.select(patient.c.code)
        .select_from(chat)
        .join(patient_chat, of_chat)
        .join(patient, patient.c.id == patient_chat.c.patient_id)
        .where(chat.c.bot_id == bot_id, chat.c.unreachable_us.is_not(None), patient_chat.c.until_us.is_(None))
        .order_by(patient.c.code)
    )
    return (await tx.scalars(statement)).all()
