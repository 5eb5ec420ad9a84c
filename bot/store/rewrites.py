"""Lines that staff have written from patients' questions, until they are among the texts: rows of `draft`.

`draft.asking` says how far one is. What is wanted is done beside the loops; what a killed worker left in work is asked
for again by a press.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.model import BotId, ChatId, MessageId, UserId
from bot.store.engine import Tx
from bot.store.tables import draft


class Step(StrEnum):
    """How far a line is."""

    TYPED = "typed"
    TRY = "try"
    """It is to be tried out…"""
    TRYING = "trying"
    """…and is."""
    PUBLISH = "publish"
    """It is to be published…"""
    PUBLISHING = "publishing"
    """…and is."""


IN_WORK = {Step.TRY: Step.TRYING, Step.PUBLISH: Step.PUBLISHING}


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A line, whose it is, and where it goes."""

    user_id: UserId
    chat_id: ChatId
    card_id: MessageId
    """Our message that shows it."""
    lesson_id: int
    entry_id: str | None
    """None: it is left to people."""
    line: str
    to: str
    """What its buttons call that place."""
    step: Step = Step.TYPED


async def keep(tx: Tx, bot_id: BotId, rewrite: Rewrite, now_us: int) -> None:
    """Keep a line, in place of whatever its author was about to change."""
    await tx.execute(draft.delete().where(draft.c.bot_id == bot_id, draft.c.user_id == rewrite.user_id))
    values: dict[str, Any] = {
        "bot_id": bot_id,
        "user_id": rewrite.user_id,
        "chat_id": rewrite.chat_id,
        "card_id": rewrite.card_id,
        "item_id": rewrite.entry_id,
        "values": {"line": rewrite.line, "to": rewrite.to},
        "asking": rewrite.step,
        "lesson_id": rewrite.lesson_id,
        "changed_us": now_us,
    }
    await tx.execute(draft.insert().values(**values))


async def want(tx: Tx, bot_id: BotId, card_id: MessageId, step: Step) -> bool:
    """Ask for the next step of the line on this card. False: its author went on to something else."""
    return await _set_step(tx, bot_id, card_id, step)


async def wanted(tx: Tx, bot_id: BotId) -> Rewrite | None:
    """The line that has been waiting longest for something to be done."""
    of_bot = (draft.c.bot_id == bot_id, draft.c.asking.in_(IN_WORK), draft.c.lesson_id.is_not(None))
    row = (await tx.execute(sa.select(draft).where(*of_bot).order_by(draft.c.changed_us).limit(1))).mappings().first()
    return _read(row) if row is not None else None


async def start(tx: Tx, bot_id: BotId, rewrite: Rewrite) -> bool:
    """Take it up. False: another worker has."""
    return await _set_step(tx, bot_id, rewrite.card_id, IN_WORK[rewrite.step], rewrite.step)


async def is_there(tx: Tx, bot_id: BotId, card_id: MessageId) -> bool:
    """Whether the line is still kept: its question may have been forgotten meanwhile."""
    return await tx.scalar(sa.select(draft.c.card_id).where(*_on(bot_id, card_id))) is not None


async def drop(tx: Tx, bot_id: BotId, card_id: MessageId) -> None:
    """It is done with."""
    await tx.execute(draft.delete().where(*_on(bot_id, card_id)))


async def _set_step(tx: Tx, bot_id: BotId, card_id: MessageId, step: Step, before: Step | None = None) -> bool:
    where = (*_on(bot_id, card_id), *((draft.c.asking == before,) if before is not None else ()))
    return (await tx.execute(draft.update().where(*where).values(asking=step))).rowcount > 0


def _on(bot_id: BotId, card_id: MessageId) -> tuple[sa.ColumnElement[bool], ...]:
    return (draft.c.bot_id == bot_id, draft.c.card_id == card_id, draft.c.lesson_id.is_not(None))


def _read(row: sa.RowMapping) -> Rewrite:
    return Rewrite(
        UserId(row["user_id"]),
        ChatId(row["chat_id"]),
        MessageId(row["card_id"]),
        row["lesson_id"],
        row["item_id"],
        row["values"]["line"],
        row["values"]["to"],
        Step(row["asking"]),
    )
