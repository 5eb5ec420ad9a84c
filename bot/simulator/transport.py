"""Reaching the local Telegram: in this process without sockets, or over a real one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from starlette.types import ASGIApp

from bot.simulator.server import ConnectionDropped, create_app
from bot.web.server import Server, bound

if TYPE_CHECKING:
    from bot.simulator.world import World


class SimulatorTransport(httpx.AsyncBaseTransport):
    """Hands httpx requests to the app as a network would.

    Faults surface as the httpx exceptions they name. The caller's read time-out holds, and the server goes on with a
    call whose caller has left, as a real one does.

        HTTPXRequest(httpx_kwargs={"transport": SimulatorTransport(world)})
    """

    def __init__(self, target: "World | ASGIApp") -> None:
        """`target` is a world, or an app made of `api_routes` and more."""
        app: ASGIApp = target if callable(target) else create_app(target)
        self._inner = httpx.ASGITransport(app)
        self._running: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeout_s = request.extensions.get("timeout", {}).get("read")
        task = asyncio.get_running_loop().create_task(self._inner.handle_async_request(request))
        self._running.add(task)
        task.add_done_callback(self._finished)
        done, _ = await asyncio.wait({task}, timeout=timeout_s)
        if not done:
            raise httpx.ReadTimeout("the local Telegram took too long", request=request)
        try:
            return task.result()
        except ConnectionDropped as dropped:
            raise dropped.error(f"as the fault plan says: {dropped}", request=request) from None

    def _finished(self, task: asyncio.Task[httpx.Response]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: nobody may be waiting any more


@asynccontextmanager
async def serving(target: "World | ASGIApp", host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve over a real socket; gives the URL ("http://127.0.0.1:40123"). Port 0 takes a free one."""
    app: ASGIApp = target if callable(target) else create_app(target)
    server = Server(app, grace_s=1)
    with bound(host, port) as listener:
        task = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
        await server.listening.wait()
        try:
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            if not callable(target):
                target.updates.end_poll()
            await task
