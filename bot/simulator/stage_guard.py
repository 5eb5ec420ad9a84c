"""Keeps the demo's page to this machine and to itself.

The demo needs no login, so any other page open in the same browser could try to use it: by posting to it, or by giving
its own name the address 127.0.0.1 (DNS rebinding). Browsers tell on both: `Host` holds the name that was typed,
`Origin` the page that asks.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HERE = {"localhost", "127.0.0.1", "::1"}


class ThisMachineOnly:
    """ASGI middleware: 403 with a sentence for a request under another name, or from another page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reason = _refusal(Headers(scope=scope))
        answer = self._app if reason is None else JSONResponse({"error": reason}, status_code=403)
        await answer(scope, receive, send)


def _refusal(headers: Headers) -> str | None:
    host = headers.get("host", "")
    if _name(host) not in _HERE:
        return "The demonstration answers only on this machine, as localhost or 127.0.0.1."
    origin = headers.get("origin")
    if origin is not None and origin not in {f"http://{host}", f"https://{host}"}:
        return "Only the demonstration's own page may do this."
    return None


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # such as an unfinished [::1
        return None
