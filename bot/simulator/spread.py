"""A balancer in front of a fleet of workers, for webhooks.

spread = Spread(random.Random(0))
world = World(http=httpx.AsyncClient(transport=spread))
spread.fleet = Fleet(…)
"""

import asyncio
import random
from contextlib import suppress

import httpx

from bot.simulator.fleet import Fleet


class Spread(httpx.AsyncBaseTransport):
    """Each request goes to a random worker that takes it, whatever address it names."""

    def __init__(self, chance: random.Random) -> None:
        self.fleet: Fleet | None = None
        """Whose workers; None: nobody is there yet."""
        self._chance = chance
        self._inner = httpx.AsyncHTTPTransport()
        self._running: set[asyncio.Task[httpx.Response] | asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        workers = self.fleet.alive if self.fleet is not None else []
        for worker in self._chance.sample(workers, len(workers)):
            request.url = request.url.copy_with(host="127.0.0.1", port=worker.port)
            try:
                return await self._unbroken(request)
            except httpx.ConnectError:
                continue
        raise httpx.ConnectError("no worker listens", request=request)

    async def _unbroken(self, request: httpx.Request) -> httpx.Response:
        """A caller that is cancelled while connecting would leave a socket that nobody closes."""
        task = asyncio.create_task(self._inner.handle_async_request(request))
        self._keep(task)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._keep(asyncio.create_task(_drop(task)))
            raise

    def _keep(self, task: asyncio.Task[httpx.Response] | asyncio.Task[None]) -> None:
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def aclose(self) -> None:
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)
        await self._inner.aclose()


async def _drop(answered: asyncio.Task[httpx.Response]) -> None:
    """An answer that nobody waits for any more: left unread, it would keep its connection, and there are a hundred."""
    with suppress(httpx.TransportError):
        await (await answered).aclose()
