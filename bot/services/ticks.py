"""What happens because its time has come: claims due rows one by one and runs what each kind asks for.

Every kind has one handler, run in one transaction with the row's end and the next row it plans.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot import logs
from bot.clock import MINUTE_US, SECOND_US, woken
from bot.model import DueState
from bot.services.post import Post
from bot.store import dues
from bot.store.engine import Tx

log = logs.get(__name__)

POLL_S = 0.5
"""The longest wait: another worker may set a timer, and the demo lets domain time jump."""
LEAST_S = 0.02
"""The shortest: a row that is due may be held by another worker."""
ATTEMPTS = 5

Handler = Callable[[Tx, sa.RowMapping], Awaitable[None]]
Prepare = Callable[[sa.RowMapping], Awaitable[Handler]]


@dataclass
class Ticks:
    """Runs due rows. `handlers`: by kind."""

    post: Post
    handlers: Mapping[str, Handler]
    wake_outbox: Callable[[], None]
    prepare: Mapping[str, Prepare] = field(default_factory=dict)
    """By kind, what takes long and is read before anything is locked; returns the handler that commits it."""

    def __post_init__(self) -> None:
        self._stopping = False
        self._wake = asyncio.Event()
        self._due_us: int | None = None
        """When the next timer was due, as we last looked."""

    def wake(self) -> None:
        """Domain time jumped, or a timer was set for now."""
        self._wake.set()

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Run what is due until `stop`."""
        while not self._stopping:
            self._wake.clear()
            try:
                if await self.run_next():
                    continue
            except Exception as error:  # mostly the database; whatever it is, the other timers come again
                log.error("tick_failed", exc=error)
            await woken(self._wake, self._wait_s)

    @property
    def _wait_s(self) -> float:
        if self._due_us is None:
            return POLL_S
        return min(POLL_S, max(LEAST_S, (self._due_us - self.post.clock.now_us()) / SECOND_US))

    async def run_next(self) -> bool:
        """Run one due row. False when none is due."""
        now_us = self.post.clock.now_us()
        async with self.post.store.read() as tx:
            coming = await dues.first_waiting(tx, self.post.bot_id)
        self._due_us = coming["due_us"] if coming is not None else None
        if coming is None or coming["due_us"] > now_us:
            return False
        row: sa.RowMapping | None = coming if coming["kind"] in self.prepare else None
        try:
            prepared = await self.prepare[coming["kind"]](coming) if row is not None else None
            async with self.post.store.write() as tx:
                row = await dues.take(tx, self.post.bot_id, now_us)
                if row is None:
                    return False
                is_ready = prepared is not None and row["id"] == coming["id"]  # not another worker's, meanwhile
                await self._run(tx, row, now_us, prepared if is_ready else None)
        except Exception as error:  # one bad row must not stop the others
            if row is None:
                raise
            log.error("due_failed", exc=error, due_id=row["id"], kind=row["kind"])
            await self._put_off(row, now_us, type(error).__name__)
        self.wake_outbox()
        return True

    async def _run(self, tx: Tx, row: sa.RowMapping, now_us: int, prepared: Handler | None) -> None:
        late = is_late(row, now_us)
        # The handler runs for a late row too: it plans the next one, and looks at `until_us` itself.
        await (prepared or self.handlers[row["kind"]])(tx, row)
        state, reason = (DueState.DROPPED, "too_late") if late else (DueState.DONE, None)
        await dues.finish(tx, row["id"], state, reason)
        log.info("due_ran", due_id=row["id"], kind=row["kind"], state=state)

    async def _put_off(self, row: sa.RowMapping, now_us: int, error: str) -> None:
        async with self.post.store.write() as tx:
            if row["attempts"] + 1 >= ATTEMPTS:
                await dues.finish(tx, row["id"], DueState.DROPPED, f"failed:{error}"[:80])
            else:
                await dues.put_off(tx, row["id"], now_us + MINUTE_US * 2 ** row["attempts"], error[:80])


def is_late(row: sa.RowMapping, now_us: int) -> bool:
    """Whether the row's window is over."""
    return row["until_us"] is not None and row["until_us"] <= now_us
