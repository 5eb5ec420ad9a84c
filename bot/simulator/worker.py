"""`aftercare run` under observation: the same program, which also writes down what it grants and can be told to die
at a chosen write. For trials and benchmarks: `python -m bot.simulator.worker`.

All of it is wrapped around the running parts from outside; the bot itself has no such switches. What a worker is told,
and how, is in `orders.py`.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeAlias, TypeVar

import httpx
import sqlalchemy as sa

from bot import logs
from bot.app import App, build
from bot.clock import SECOND_US, SystemClock
from bot.core import settling
from bot.delivery import limiter, outbox
from bot.delivery.limiter import Rate
from bot.delivery.outbox import Turn
from bot.model import Call, ChatId, Fetched, Kind, MessageState, Outgoing, Payload, SendResult
from bot.services import inbox, watch
from bot.settings import load_settings
from bot.simulator.orders import CHECK_IN, ROW_HEADER, Break, Fuse, Point, When
from bot.store.engine import Tx
from bot.store.tables import message

CONNECTIONS = 14
"""To Telegram, over all of the client's pools."""
EARLY_S = 0.3

Save: TypeAlias = Callable[[Sequence[Fetched]], Coroutine[Any, Any, None]]
P = ParamSpec("P")
T = TypeVar("T")


_step: ContextVar[Point | None] = ContextVar("step", default=None)
_row: ContextVar[int | None] = ContextVar("row", default=None)


class Stamped(httpx.AsyncBaseTransport):
    """The network, with the row's id on each call that sends one."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=CONNECTIONS))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (row := _row.get()) is not None:
            request.headers[ROW_HEADER] = str(row)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass
class Wrapping:
    """What is wrapped around the parts of one app. `trace` is an open file descriptor."""

    app: App
    fuse: Fuse
    trace: int | None
    _limiter_us: int = 0
    _late: set[asyncio.Task[None]] = field(default_factory=set)

    def wrap(self) -> None:
        """Put everything in place; once, before `App.run`."""
        app = self.app
        app.ticks.handlers = {**app.ticks.handlers, CHECK_IN: self._check_in}
        self._wrap_store()
        self._wrap_send()
        app.inbox.save = _during(Point.SAVE, app.inbox.save)  # type: ignore[method-assign]
        app.inbox.handle_next = _during(Point.HANDLE, app.inbox.handle_next)  # type: ignore[method-assign]
        app.ticks.run_next = _during(Point.TICK, app.ticks.run_next)  # type: ignore[method-assign]
        app.outbox.recover = _during(Point.RECOVER, app.outbox.recover)  # type: ignore[method-assign]
        app.outbox.turn = self._traced(_during(Point.TURN, app.outbox.turn))  # type: ignore[method-assign]

    def _wrap_store(self) -> None:
        store = self.app.store
        write, machine_us_of = store.write, store.machine_us_of

        @asynccontextmanager
        async def watched_write() -> AsyncIterator[Tx]:
            async with write() as tx:
                yield tx
                is_last = self.fuse.is_lit(Point.COMMIT, _step.get())
                if is_last:
                    self.fuse.burn(When.BEFORE)
            if is_last:
                self.fuse.burn(When.AFTER)

        def noted_machine_us(row: sa.RowMapping) -> int:
            us = machine_us_of(row)
            if _step.get() is Point.TURN:
                self._limiter_us = us  # the last time a turn asks is for its limits
            return us

        store.write = watched_write  # type: ignore[method-assign]
        store.machine_us_of = noted_machine_us  # type: ignore[method-assign]

    def _wrap_send(self) -> None:
        client = self.app.client
        send = client.send

        async def watched_send(call: Call) -> SendResult:
            is_last = self.fuse.is_lit(Point.SEND)
            if is_last:
                self.fuse.burn(When.BEFORE)
            _row.set(call.id)  # each send is a task of its own, and so is its context
            result = await send(call)
            if is_last:
                self.fuse.burn(When.AFTER)
            return result

        client.send = watched_send  # type: ignore[method-assign]

    def _traced(self, turn: Callable[[], Awaitable[Turn]]) -> Callable[[], Coroutine[Any, Any, Turn]]:
        async def traced() -> Turn:
            done = await turn()
            if self.trace is not None and done.claimed:
                lines = (f"grant {self._limiter_us} {row['id']} {row['lane']}\n" for _, row in done.claimed)
                os.write(self.trace, "".join(lines).encode())  # one write: other workers append too
            return done

        return traced

    async def _check_in(self, tx: Tx, row: sa.RowMapping) -> None:
        text = f"check-in {row['id']}"
        out = Outgoing(ChatId(row["ref"]), Kind.CHECK_IN, Payload(text), f"trial:{row['dedupe_key']}")
        await self.app.post.enqueue(tx, out)

    # --- broken on purpose ------------------------------------------------------------------------------------------

    async def break_promise(self, promise: Break) -> None:
        """Do what must never be done; before `wrap`."""
        match promise:
            case Break.FORGET_SENDING:
                async with self.app.store.write() as tx:
                    await tx.execute(
                        message.update()
                        .where(message.c.state == MessageState.SENDING)
                        .values(state=MessageState.PENDING, owner=None, lease_us=None)
                    )
            case Break.ACK_EARLY:
                self.app.inbox.save = self._early(self.app.inbox.save)  # type: ignore[method-assign, assignment]

    def _early(self, save: Save) -> Save:
        async def late(fetched: Sequence[Fetched]) -> None:
            await asyncio.sleep(EARLY_S)
            await save(fetched)

        async def early(fetched: Sequence[Fetched]) -> None:
            task = asyncio.create_task(late(fetched))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

        return early


def _during(point: Point, work: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """`work`, whose write transactions count as `point`."""

    async def stepping(*args: P.args, **kwargs: P.kwargs) -> T:
        token = _step.set(point)
        try:
            return await work(*args, **kwargs)
        finally:
            _step.reset(token)

    return stepping


def _hurry(lease_s: float) -> None:
    """The same rules with shorter waits: half of the lease for a call, a resend soon, a group that takes more."""
    outbox.LEASE_US = inbox.LEASE_US = int(lease_s * SECOND_US)
    outbox.CALL_S = lease_s / 2
    outbox.RECOVER_S = 0.5
    limiter.GROUP = limiter.GROUP_ALERTS = Rate(SECOND_US // 4, 5)
    settling.RESEND_AFTER_US = 2 * SECOND_US
    watch.LEASE_US, watch.POLL_S, watch.STAND_BY_S = outbox.LEASE_US, int(lease_s / 2), 0.5


async def run() -> None:
    """Run until SIGTERM or SIGINT, as `aftercare run` does."""
    settings = load_settings()
    logs.setup(settings.log_level, settings.log_format)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    clock = SystemClock(int(os.environ.get("WORKER_OFFSET_US", "0")))
    if lease_s := os.environ.get("WORKER_LEASE_S"):
        _hurry(float(lease_s))
    die, path, promise = (os.environ.get(name, "") for name in ("WORKER_DIE", "WORKER_TRACE", "WORKER_BREAK"))
    trace = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if path else None
    signed_only = not settings.allow_unsigned
    async with build(settings, clock, transport=Stamped(), signed_only=signed_only, stopping=stopping) as app:
        wrapped = Wrapping(app, Fuse.parse(die), trace)
        if promise:
            await wrapped.break_promise(Break(promise))
        wrapped.wrap()
        await app.run()


if __name__ == "__main__":
    asyncio.run(run())
