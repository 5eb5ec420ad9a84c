"""How an announcement goes, drawn by timers of their own: its card, and the file of what became of all copies.

With 100,000 copies it takes a second to count them, and some to write them down. So both are read before anything is
locked, and go out in a short transaction, if the announcement is still what was read.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from bot.clock import to_us
from bot.services.broadcast_report import Report
from bot.services.post import Post
from bot.services.ticks import Handler, Prepare
from bot.store import broadcasts, dues
from bot.store.engine import Tx

CARD, FILE = "broadcast_card", "broadcast_file"
"""The kinds of these timers; `ref` is the announcement."""
AGAIN = timedelta(milliseconds=100)
"""How soon it is counted again where it went on meanwhile."""
Drawn = TypeVar("Drawn")
_PART = "next"
"""A timer with a part is found by an index (`ix_due_part`)."""


@dataclass(frozen=True)
class Timers:
    """Sets the timers of announcements. The caller holds the lock of the announcement's row."""

    post: Post

    async def wake(self, tx: Tx, kind: str, broadcast_id: int) -> None:
        """Now: the timer that waits is brought forward, so that there is never more than one of a kind."""
        now = self.post.clock.now()
        if not await dues.hasten(tx, self.post.bot_id, kind, broadcast_id, to_us(now)):
            await self.plan(tx, kind, broadcast_id, now)

    async def plan(self, tx: Tx, kind: str, broadcast_id: int, at: datetime) -> None:
        """At this time."""
        key = f"{kind}:{broadcast_id}:{uuid.uuid4().hex}"  # that there is one only, the row's lock sees to
        timer = dues.Due(kind, at, key, ref=broadcast_id, part=_PART)
        await dues.plan(self.post.store, tx, self.post.bot_id, timer)


@dataclass(frozen=True)
class Showing:
    """Draws what staff see of announcements on their way."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind, where nothing was prepared."""
        return {kind: partial(self._later, kind) for kind in (CARD, FILE)}

    @property
    def prepare(self) -> dict[str, Prepare]:
        """By due kind, what is read before anything is locked."""
        report = Report(self.post)
        return {
            CARD: self._prepared(CARD, report.card, report.show),
            FILE: self._prepared(FILE, report.file, report.send),
        }

    def _prepared(
        self,
        kind: str,
        draw: Callable[[Tx, sa.RowMapping], Awaitable[Drawn]],
        deliver: Callable[[Tx, sa.RowMapping, Drawn], Awaitable[None]],
    ) -> Prepare:
        async def prepared(due: sa.RowMapping) -> Handler:
            async with self.post.store.read() as tx:
                seen = await self._row(tx, due["ref"])
                drawn = await draw(tx, seen)

            async def commit(tx: Tx, due: sa.RowMapping) -> None:
                row = await broadcasts.get(tx, self.post.bot_id, due["ref"], lock=True)
                if row is None or not _looks_alike(row, seen):
                    await self._later(kind, tx, due)
                else:
                    await deliver(tx, row, drawn)

            return commit

        return prepared

    async def _later(self, kind: str, tx: Tx, due: sa.RowMapping) -> None:
        """It went on while it was counted, or was not counted: once more."""
        await Timers(self.post).plan(tx, kind, due["ref"], self.post.clock.now() + AGAIN)

    async def _row(self, tx: Tx, broadcast_id: int) -> sa.RowMapping:
        row = await broadcasts.get(tx, self.post.bot_id, broadcast_id)
        assert row is not None, broadcast_id
        return row


def _looks_alike(one: sa.RowMapping, other: sa.RowMapping) -> bool:
    """Whether an announcement is as it was: only how far it has got may differ."""
    got_on = {"expanded_through", "task_through"}
    return all(one[name] == other[name] for name in one if name not in got_on)
