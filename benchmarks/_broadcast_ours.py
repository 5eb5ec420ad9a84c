"""Our own bot as a subject: what it owes is one announcement, which its worker sees through."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from benchmarks._broadcast_rows import AUTHOR, add_draft, add_recipients, post_on
from benchmarks._ours import Ours
from benchmarks._peers import Planned
from bot.announcement import State
from bot.clock import SystemClock
from bot.model import MessageState
from bot.services.broadcasts import Broadcasts, Done
from bot.services.post import Post
from bot.store.engine import Tx, open_store
from bot.store.tables import broadcast, message, recipient


@dataclass
class Announcing(Ours):
    """A worker on a database. `fleet.content_dir` has to be one of `content_at_noon`."""

    broadcast_id: int = field(default=0, init=False)

    def lead_s(self, count: int) -> float:
        """Three bulk inserts, and until its timer is seen and the list frozen."""
        return 1.5 + count / 1_000

    async def owe(self, planned: Sequence[Planned]) -> None:
        """Confirm an announcement to these chats, which have no other, at the time of the first."""
        async with self._post() as post:
            await add_recipients(post, [one.chat_id for one in planned])
            self.broadcast_id = await add_draft(post, planned[0].due_us)
        await self.confirm()

    async def confirm(self) -> None:
        """Send the draft; back once that is for good, as are the others."""
        await self._do(lambda of, tx: of.confirm(tx, AUTHOR, self.broadcast_id))

    async def pause(self) -> None:
        """Hold it."""
        await self._do(lambda of, tx: of.pause(tx, AUTHOR, self.broadcast_id))

    async def resume(self) -> None:
        """Let it go on."""
        await self._do(lambda of, tx: of.resume(tx, AUTHOR, self.broadcast_id))

    async def _do(self, act: Callable[[Broadcasts, Tx], Awaitable[Done]]) -> None:
        """What a press of staff's does, from outside the worker."""
        async with self._post() as post, post.store.write() as tx:
            done = await act(Broadcasts(post), tx)
        if done is not Done.DONE:
            raise RuntimeError(f"the announcement could not be acted on: {done}")

    @asynccontextmanager
    async def _post(self) -> AsyncIterator[Post]:
        async with open_store(self.database_url, SystemClock()) as store:
            yield post_on(store, SystemClock(), self.bot_id, self.fleet.content_dir)

    async def is_done(self) -> bool:
        """It has ended, and nothing else is to be sent."""
        return await self._is(broadcast.c.state == State.DONE) and await super().is_done()

    async def is_frozen(self) -> bool:
        """Whether all recipients are written down."""
        return await self._is(broadcast.c.frozen_us.is_not(None))

    async def _is(self, condition: sa.ColumnElement[bool]) -> bool:
        return bool(await self.count(broadcast, broadcast.c.id == self.broadcast_id, condition))

    async def flagged(self) -> Mapping[int, str]:
        """Copies that it lists as unknown; and, should it have repeated one by itself, that."""
        is_copy = (message.c.broadcast_id == self.broadcast_id, message.c.target_id.is_(None))
        is_flagged = sa.or_(message.c.resent, message.c.state == MessageState.UNKNOWN)
        with self._reader.connect() as connection:
            rows = connection.execute(sa.select(message.c.chat_id, message.c.resent).where(*is_copy, is_flagged))
            return {row.chat_id: "resent" if row.resent else "unknown" for row in rows}

    def left_out(self) -> int:
        """Recipients that get no copy: none in a benchmark, or it measures something else."""
        of_it = (recipient.c.broadcast_id == self.broadcast_id, recipient.c.reason.is_not(None))
        with self._reader.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).where(*of_it)).scalar_one())
