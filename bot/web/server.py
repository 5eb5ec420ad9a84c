"""uvicorn inside our own event loop, stopped by us: signals belong to `app.py`."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from bot.errors import SettingsError


class Server(uvicorn.Server):
    """uvicorn that leaves SIGTERM and SIGINT alone, says when it listens, and logs nothing of its own.

    A webhook's body must never reach a log. Open requests get `grace_s` when it stops (`should_exit`).
    """

    def __init__(self, app: ASGIApp, grace_s: int) -> None:
        super().__init__(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=grace_s)
        )
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to whoever runs the loop."""
        yield


def bound(host: str, port: int) -> socket.socket:
    """A socket on this address, to serve from. Port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: otherwise asyncio leaves Nagle's delay on, and each answer takes 40 ms longer.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


class WebServer:
    """Serves an ASGI app on one address. `port` 0 takes a free one; `port` then tells which.

    Binding happens at once, so that a taken port is an error before anything else has started: SettingsError.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        try:
            self._socket = bound(host, port)
        except OSError as error:
            raise SettingsError(
                f"Port {port} on {host} cannot be used: {error.strerror}. Choose another one."
            ) from error
        self.port: int = self._socket.getsockname()[1]
        self._server = Server(app, grace_s=5)

    async def serve(self) -> None:
        """Serve until `stop`, then finish open requests for up to five seconds."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Accept no more and let `serve` return."""
        self._server.should_exit = True
