"""Who hears instead of those who cannot be told: every owner, and when none can be reached, who is on call."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot import logs
from bot.clock import Clock
from bot.model import BotId, ChatId, ChatKind, Kind, Method, Outgoing, Payload
from bot.store import accounts, chats, messages
from bot.store.engine import Store, Tx

log = logs.get(__name__)

OWNERS, ON_CALL = 1, 2
"""Rungs, as `message.fallback` has them; 0 is the group itself, or whoever was meant at first."""


@dataclass(frozen=True, slots=True)
class Rungs:
    """Whom to tell when the staff group cannot be told: first every owner, then who is on call. Private chats."""

    owners: Sequence[ChatId]
    on_call: Sequence[ChatId]


@dataclass(frozen=True)
class Ladder:
    """Copies what was not heard to the next rung. `rungs` is asked when somebody has to be told."""

    store: Store
    clock: Clock
    bot_id: BotId
    rungs: Callable[[Tx], Awaitable[Rungs]]

    async def down(self, tx: Tx, row: sa.RowMapping) -> None:
        """Tell owners what the staff group cannot be told; and when none can be reached, who is on call."""
        rungs = await self.rungs(tx)
        if not row["fallback"] and rungs.owners:
            await self.copy(tx, row, rungs.owners, OWNERS)
        elif not row["fallback"] or not await self._sibling_lives(tx, row):
            to = rungs.on_call if row["fallback"] != ON_CALL else ()
            if not to:
                log.error("nobody_reached", message_id=row["id"])
                await accounts.set_account(tx, self.bot_id, staff_lost=accounts.NOBODY)
            await self.copy(tx, row, to, ON_CALL)

    async def copy(self, tx: Tx, row: sa.RowMapping, to: Iterable[ChatId], rung: int) -> None:
        """The same words to others, once each."""
        stem = row["dedupe_key"].partition("|")[0]
        now_us = self.clock.now_us()
        for chat_id in to:
            await chats.touch_chat(self.store, tx, self.bot_id, chat_id, ChatKind.PRIVATE, now_us)
            copy = Outgoing(
                chat_id=chat_id,
                kind=Kind.ALERT,
                method=Method(row["method"]),
                payload=Payload.from_json(row["payload"]),
                attachment_id=row["attachment_id"],
                dedupe_key=f"{stem}|{rung}|{chat_id}",
                subject_chat_id=row["subject_chat_id"],
                question_id=row["question_id"],
            )
            await messages.enqueue(self.store, tx, self.bot_id, copy, now_us, fallback=rung)

    async def _sibling_lives(self, tx: Tx, row: sa.RowMapping) -> bool:
        """Whether another owner got, or may still get, the same message."""
        stem = row["dedupe_key"].rpartition("|")[0]
        return await messages.lives(tx, self.bot_id, f"{stem}|", but=row["id"])
