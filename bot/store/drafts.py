"""What staff are about to change in the texts, by themselves or from a patient's question (a lesson): rows of `draft`.
One for each member of staff; a newer one takes its place.

What takes seconds is only noted here (`asking`) and done beside the loops; what a killed worker left in work is asked
for again by a press.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from bot.model import BotId, ChatId, MessageId, UserId
from bot.store.engine import Tx
from bot.store.tables import draft

TRY, PUBLISH, SEE = "try", "publish", "see"
"""In `asking`: what a worker is to do. Any other word there is the part of the entry that the next words are for."""
IN_WORK: Mapping[str, str] = {TRY: "trying", PUBLISH: "publishing", SEE: "seeing"}
NEW = "new"
"""The value that a draft of a question has which is not there yet."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change, whose it is, and the card that shows it."""

    user_id: UserId
    chat_id: ChatId
    card_id: MessageId
    item_id: str | None
    """An entry, red flag or plan; None: only shown, and kept nowhere."""
    base_id: int | None
    """The revision its author saw."""
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    asking: str | None = None
    lesson_id: int | None = None
    """The question of a patient that it comes from."""
    kept_us: int | None = None
    """When it was kept as it is; None: it is only about to be."""

    @property
    def is_line(self) -> bool:
        """One more line for the texts, from /teach, where replies to its card mean something else."""
        return self.lesson_id is not None and NEW not in self.values


async def keep(tx: Tx, bot_id: BotId, one: Draft, now_us: int) -> None:
    """Keep a draft, in place of whatever its author was about to change."""
    await tx.execute(draft.delete().where(draft.c.bot_id == bot_id, draft.c.user_id == one.user_id))
    values: dict[str, Any] = {
        "bot_id": bot_id,
        "user_id": one.user_id,
        "chat_id": one.chat_id,
        "card_id": one.card_id,
        "item_id": one.item_id,
        "base_id": one.base_id,
        "values": dict(one.values),
        "asking": one.asking,
        "lesson_id": one.lesson_id,
        "changed_us": now_us,
    }
    await tx.execute(draft.insert().values(**values))


async def on_card(tx: Tx, bot_id: BotId, card_id: MessageId, *, of_lesson: bool | None = None) -> Draft | None:
    """The draft that a message of ours shows. `of_lesson`: only one that comes from a patient's question, or not."""
    row = (await tx.execute(sa.select(draft).where(*_on(bot_id, card_id, of_lesson)))).mappings().first()
    return _read(row) if row is not None else None


async def of_user(tx: Tx, bot_id: BotId, user_id: UserId) -> Draft | None:
    """What somebody is about to change, if anything."""
    of_them = (draft.c.bot_id == bot_id, draft.c.user_id == user_id)
    row = (await tx.execute(sa.select(draft).where(*of_them))).mappings().first()
    return _read(row) if row is not None else None


async def want(tx: Tx, bot_id: BotId, card_id: MessageId, asking: str, *, of_lesson: bool) -> bool:
    """Ask for the next step of the draft on this card. False: its author went on to something else."""
    on_card = _on(bot_id, card_id, of_lesson)
    return (await tx.execute(draft.update().where(*on_card).values(asking=asking))).rowcount > 0


async def wanted(tx: Tx, bot_id: BotId) -> Draft | None:
    """The draft that has been waiting longest for something to be done."""
    of_bot = (draft.c.bot_id == bot_id, draft.c.asking.in_(IN_WORK))
    row = (await tx.execute(sa.select(draft).where(*of_bot).order_by(draft.c.changed_us).limit(1))).mappings().first()
    return _read(row) if row is not None else None


async def start(tx: Tx, bot_id: BotId, one: Draft) -> bool:
    """Take it up. False: another worker has."""
    assert one.asking is not None, one.card_id
    is_waiting = (*_this(bot_id, one), draft.c.user_id == one.user_id, draft.c.asking == one.asking)
    return (await tx.execute(draft.update().where(*is_waiting).values(asking=IN_WORK[one.asking]))).rowcount > 0


async def drop(tx: Tx, bot_id: BotId, one: Draft) -> None:
    """It is published, also for who pressed twice. What its author changed on the same card meanwhile stays."""
    is_it = (*_this(bot_id, one), draft.c.user_id == one.user_id)
    found = (await tx.execute(sa.select(draft).where(*is_it).with_for_update())).mappings().first()
    if found is not None and found["asking"] in {PUBLISH, IN_WORK[PUBLISH]} and found["values"] == dict(one.values):
        await tx.execute(draft.delete().where(*is_it))


async def throw_away(tx: Tx, bot_id: BotId, one: Draft) -> None:
    """Its author, or a colleague who goes on with it, does not want it any more."""
    await tx.execute(draft.delete().where(*_this(bot_id, one), draft.c.user_id == one.user_id))


async def sweep(tx: Tx, bot_id: BotId, before_us: int) -> int:
    """Delete what nobody has touched since then: it was made on texts that have moved on. Returns how many."""
    return (await tx.execute(draft.delete().where(draft.c.bot_id == bot_id, draft.c.changed_us < before_us))).rowcount


def _this(bot_id: BotId, one: Draft) -> tuple[sa.ColumnElement[bool], ...]:
    return _on(bot_id, one.card_id, one.lesson_id is not None)


def _on(bot_id: BotId, card_id: MessageId, of_lesson: bool | None) -> tuple[sa.ColumnElement[bool], ...]:
    on_card = (draft.c.bot_id == bot_id, draft.c.card_id == card_id)
    if of_lesson is None:
        return on_card
    return (*on_card, draft.c.lesson_id.is_not(None) if of_lesson else draft.c.lesson_id.is_(None))


def _read(row: sa.RowMapping) -> Draft:
    return Draft(
        UserId(row["user_id"]),
        ChatId(row["chat_id"]),
        MessageId(row["card_id"]),
        row["item_id"],
        row["base_id"],
        MappingProxyType(row["values"]),
        row["asking"],
        row["lesson_id"],
        row["changed_us"],
    )
