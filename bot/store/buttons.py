"""Which buttons our messages put on a screen (table `message`, as it was first sent and as it was edited later)."""

from typing import Any

import sqlalchemy as sa

from bot.model import BotId, ChatId, MessageId, MessageState, Payload
from bot.store.engine import Tx
from bot.store.tables import message


async def were_there(tx: Tx, bot_id: BotId, chat_id: ChatId, message_id: MessageId, data: str) -> bool:
    """Whether this row, as first sent or as edited later, put a button with this data into this chat."""
    return await label(tx, bot_id, chat_id, message_id, data) is not None


async def label(tx: Tx, bot_id: BotId, chat_id: ChatId, message_id: MessageId, data: str) -> str | None:
    """What stood last on the button with this data that this row put into this chat; None: it never had one."""
    payloads = await tx.scalars(_looks(bot_id, chat_id, message_id).order_by(message.c.id.desc()))
    shown = (button for payload in payloads for row in Payload.from_json(payload).buttons for button in row)
    return next((button.label for button in shown if button.data == data), None)


async def are_there(tx: Tx, bot_id: BotId, chat_id: ChatId, message_id: MessageId, data: str) -> bool:
    """Whether this row, as it was edited last, has a button with this data."""
    newest = _looks(bot_id, chat_id, message_id).order_by(message.c.id.desc()).limit(1)
    payload = await tx.scalar(newest)
    return payload is not None and _has(payload, data)


def _looks(bot_id: BotId, chat_id: ChatId, message_id: MessageId) -> sa.Select[tuple[Any]]:
    """The payloads of a row and of its edits."""
    of_chat = (message.c.bot_id == bot_id, message.c.chat_id == chat_id)
    is_one = sa.or_(message.c.id == message_id, message.c.target_id == message_id)
    return sa.select(message.c.payload).where(*of_chat, is_one)


def _has(payload: dict[str, Any], data: str) -> bool:
    return any(button.data == data for row in Payload.from_json(payload).buttons for button in row)


async def text_with_button(tx: Tx, bot_id: BotId, chat_id: ChatId, enrolment_id: int, data: str) -> str | None:
    """The words of the newest message of this plan that put a button with this data on the screen; None without one."""
    arrived = (MessageState.SENT, MessageState.UNKNOWN, MessageState.SENDING)
    payloads = await tx.scalars(
        sa.select(message.c.payload)
        .where(
            message.c.bot_id == bot_id,
            message.c.chat_id == chat_id,
            message.c.enrolment_id == enrolment_id,
            message.c.state.in_(arrived),
        )
        .order_by(message.c.id.desc())
    )
    for payload in map(Payload.from_json, payloads):
        if any(button.data == data for row in payload.buttons for button in row):
            return payload.text
    return None
