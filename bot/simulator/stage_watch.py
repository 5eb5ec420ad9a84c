"""Open pages and what they are told: a stream of server-sent events for each.

Source of the format: WHATWG HTML, "Server-sent events". A stream begins with a `snapshot` and goes on with `change`
events; whoever comes back gets a new snapshot, so nothing is remembered for absent watchers.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from bot.simulator.state import Json

MAX_BEHIND = 1000
"""Changes kept for a watcher that does not read (a sleeping laptop). Then it is sent away, to come back afresh."""
RETRY_MS = 1000
"""How long a page waits before it connects again."""
HEARTBEAT = ": still here\n\n"
"""A comment: pages ignore it, but a connection that has died is noticed by it."""


class Watcher:
    """One open page's queue of changes."""

    def __init__(self) -> None:
        self._changes: asyncio.Queue[Json | None] = asyncio.Queue()

    def tell(self, change: Json) -> None:
        if self._changes.qsize() < MAX_BEHIND:
            self._changes.put_nowait(change)
        else:
            self.dismiss()

    def dismiss(self) -> None:
        """Forget what is waiting and end the stream."""
        while not self._changes.empty():
            self._changes.get_nowait()
        self._changes.put_nowait(None)

    async def next(self) -> Json | None:
        """The next change; None when the stream is to end."""
        return await self._changes.get()


class Watchers:
    """Everybody who watches."""

    def __init__(self) -> None:
        self._all: set[Watcher] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._all)

    def tell(self, change: Json) -> None:
        for watcher in self._all:
            watcher.tell(change)

    def close(self) -> None:
        """End every stream; one that is only just beginning ends after its snapshot."""
        self._closed = True
        for watcher in self._all:
            watcher.dismiss()

    @contextmanager
    def joined(self) -> Iterator[Watcher]:
        """A watcher that hears of every change from now on, until it leaves."""
        watcher = Watcher()
        self._all.add(watcher)
        if self._closed:
            watcher.dismiss()
        try:
            yield watcher
        finally:
            self._all.discard(watcher)


class EventStream(StreamingResponse):
    """A stream whose source is closed with it, not some time later by the garbage collector."""

    def __init__(self, source: AsyncGenerator[str, None]) -> None:
        super().__init__(source, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._source):
            await super().__call__(scope, receive, send)


def server_event(name: str, data: Json) -> str:
    """One event. JSON has no raw line ends, so the data is always a single line."""
    return f"event: {name}\nretry: {RETRY_MS}\ndata: {json.dumps(data)}\n\n"


async def changes(watcher: Watcher, heartbeat_s: float) -> AsyncGenerator[str, None]:
    """Every change as an event, and a heartbeat whenever nothing happened for `heartbeat_s` seconds."""
    while True:
        try:
            async with asyncio.timeout(heartbeat_s):
                change = await watcher.next()
        except TimeoutError:
            yield HEARTBEAT
            continue
        if change is None:
            return
        yield server_event("change", change)
