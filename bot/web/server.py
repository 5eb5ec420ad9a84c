"""uvicorn inside our own event loop, stopped by us: signals belong to `app.py`."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from bot.errors import SettingsError


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM and SIGINT alone."""
        yield


class WebServer:
    """Serves an ASGI app on one address. `port` 0 takes a free one; `port` then tells which.

    Binding happens at once, so that a taken port is an error before anything else has started: SettingsError.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With its protocol named: otherwise asyncio leaves Nagle's delay on, and each answer takes 40 ms longer.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise SettingsError(
                f"Port {port} on {host} cannot be used: {error.strerror}. Choose another one."
            ) from error
        self.port: int = self._socket.getsockname()[1]
        # Log config None: our own logging stays as it is. A webhook's body never reaches a log.
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5)
        self._server = _Server(config)

    async def serve(self) -> None:
        """Serve until `stop`, then finish open requests for up to five seconds."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Accept no more and let `serve` return."""
        self._server.should_exit = True
