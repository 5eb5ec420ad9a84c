"""A balancer in front of a fleet of workers, for webhooks.

spread = Spread(random.Random(0))
world = World(http=httpx.AsyncClient(transport=spread))
spread.fleet = Fleet(…)
"""

import asyncio
import random

import httpx

from bot.simulator.fleet import Fleet


class Spread(httpx.AsyncBaseTransport):
    """Each request goes to a random worker that takes it, whatever address it names."""

    def __init__(self, chance: random.Random) -> None:
        self.fleet: Fleet | None = None
        """Whose workers; None: nobody is there yet."""
        self._chance = chance
        self._inner = httpx.AsyncHTTPTransport()
        self._running: set[asyncio.Task[httpx.Response]] = set()

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
        self._running.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: asyncio.Task[httpx.Response]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: nobody may be waiting any more

    async def aclose(self) -> None:
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._inner.aclose()
