"""HTTP for machines: Telegram's webhook, and two questions a supervisor asks (alive? ready?).

`/telegram` exists only with a secret: without one, anybody who finds the address could write as any patient.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot import logs
from bot.errors import UnreadableUpdate
from bot.model import Fetched
from bot.telegram.updates import fetched

log = logs.get(__name__)

WEBHOOK_PATH = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)
MAX_BODY_BYTES = 1_000_000
"""An update is a few kilobytes; a text is at most 4,096 characters."""
_BODY_S = 10.0
"""How long a sender may take over its body."""

Save: TypeAlias = Callable[[Sequence[Fetched]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Health:
    """What was looked at, by name: "" for good, else a short reason without ids or secrets."""

    checks: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Everything is good. Nothing looked at is not good: the bot is still starting."""
        return bool(self.checks) and not any(self.checks.values())


def make_app(*, save: Save, secret: str | None, health: Callable[[], Awaitable[Health]]) -> Starlette:
    """The app for uvicorn. `save` puts updates into the inbox and commits; without `secret` there is no webhook."""
    pages = _Health(health)
    routes = [Route("/healthz", pages.alive), Route("/readyz", pages.ready)]
    if secret:
        routes.append(Route(WEBHOOK_PATH, _Webhook(save, secret).receive, methods=["POST"]))
    return Starlette(routes=routes)


class _Webhook:
    """Takes an update and says 200 only when it is safe in the inbox: Telegram repeats anything else."""

    def __init__(self, save: Save, secret: str) -> None:
        self._save = save
        self._secret = secret.encode()

    async def receive(self, request: Request) -> Response:
        if not self._is_telegram(request):
            log.warning("webhook_wrong_secret")
            return Response(status_code=403)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return Response(status_code=415)
        body = await _body(request)
        if isinstance(body, Response):
            return body
        try:
            update = _update(body)
        except (ValueError, RecursionError, UnreadableUpdate) as error:
            log.warning("webhook_unreadable", exc=error, size=len(body))
            return Response(status_code=400)
        try:
            await self._save([update])
        except Exception as error:  # whatever it is, the update is not safe yet
            log.error("webhook_not_saved", exc=error, update_id=update.update_id)
            return Response(status_code=503)
        return Response(status_code=200)

    def _is_telegram(self, request: Request) -> bool:
        given = request.headers.get(SECRET_HEADER, "")
        return hmac.compare_digest(given.encode(), self._secret)


class _Health:
    def __init__(self, health: Callable[[], Awaitable[Health]]) -> None:
        self._health = health

    async def alive(self, request: Request) -> Response:
        """The process runs and its loop turns. A restart helps only where this fails."""
        return PlainTextResponse("ok")

    async def ready(self, request: Request) -> Response:
        """200 when patients are served, else 503; with what is wrong: `{"ok": …, "checks": {"database": "ok"}}`."""
        try:
            state = await self._health()
        except Exception as error:  # a check that cannot be made is a bad check
            log.error("health_unknown", exc=error)
            state = Health({"health": "unknown"})
        checks = {name: reason or "ok" for name, reason in state.checks.items()}
        status = 200 if state.ok else 503
        return JSONResponse({"ok": state.ok, "checks": checks}, status, headers={"Cache-Control": "no-store"})


async def _body(request: Request) -> bytes | Response:
    """The body, or the refusal of one that is too long or too slow. Read as a stream, so no more than that is held."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    return Response(status_code=413)
    except TimeoutError:
        return Response(status_code=408)
    except ClientDisconnect:
        return Response(status_code=400)
    return bytes(body)


def _update(body: bytes) -> Fetched:
    raw = json.loads(body)
    if not isinstance(raw, dict):
        raise UnreadableUpdate
    return fetched(raw)
