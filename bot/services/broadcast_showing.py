"""How an announcement goes, drawn by timers of their own: its card, and the file of what became of all copies.

With 100,000 copies it takes a second to count them, and some to write them down. So both are read before anything is
locked, and go out in a short transaction, if the announcement is still what was read.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

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
        return {CARD: self._show_later, FILE: self._report_later}

    @property
    def prepare(self) -> dict[str, Prepare]:
        """By due kind, what is read before anything is locked."""
        return {CARD: self._drawn_card, FILE: self._drawn_file}

    async def _drawn_card(self, due: sa.RowMapping) -> Handler:
        async with self.post.store.read() as tx:
            seen = await self._row(tx, due["ref"])
            payload = await Report(self.post).card(tx, seen)

        async def commit(tx: Tx, due: sa.RowMapping) -> None:
            row = await broadcasts.get(tx, self.post.bot_id, due["ref"], lock=True)
            if row is None or not _looks_alike(row, seen):
                await self._show_later(tx, due)
            else:
                await Report(self.post).show(tx, row, payload)

        return commit

    async def _drawn_file(self, due: sa.RowMapping) -> Handler:
        async with self.post.store.read() as tx:
            seen = await self._row(tx, due["ref"])
            made = await Report(self.post).file(tx, seen)

        async def commit(tx: Tx, due: sa.RowMapping) -> None:
            row = await broadcasts.get(tx, self.post.bot_id, due["ref"], lock=True)
            if row is None or not _looks_alike(row, seen):
                await self._report_later(tx, due)
            else:
                await Report(self.post).send(tx, row, made)

        return commit

    async def _show_later(self, tx: Tx, due: sa.RowMapping) -> None:
        """It went on while it was counted, or was not counted: once more."""
        await Timers(self.post).plan(tx, CARD, due["ref"], self.post.clock.now() + AGAIN)

    async def _report_later(self, tx: Tx, due: sa.RowMapping) -> None:
        await Timers(self.post).plan(tx, FILE, due["ref"], self.post.clock.now() + AGAIN)

    async def _row(self, tx: Tx, broadcast_id: int) -> sa.RowMapping:
        row = await broadcasts.get(tx, self.post.bot_id, broadcast_id)
        assert row is not None, broadcast_id
        return row


def _looks_alike(one: sa.RowMapping, other: sa.RowMapping) -> bool:
    """Whether an announcement is as it was: only how far it has got may differ."""
    got_on = {"expanded_through", "task_through"}
    return all(one[name] == other[name] for name in one if name not in got_on)
