"""HTTP below the bot: python-telegram-bot's own, made stricter about what counts as an answer from Telegram.

The library decides by status code alone. Between us and Telegram there may be a proxy, a hotel's log-in page or a
broken load balancer, and a 403 of theirs must not make a patient unreachable.
"""

import json
from typing import Any

import httpx
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

CONNECT_S = 5.0
"""Connecting fails well before a call's own limit, so that "surely not sent" stays distinguishable from "in doubt"."""
POOL_S = 3.0
TRANSFER_S = 20.0
"""The longest silence while reading or writing; a call's own limit usually comes first."""
_PATIENCE_S = 5
"""A 429 without Telegram's number of seconds comes from something in between."""
_OTHERS_MAY_SAY = {401, 404}
"""Refusals that mean the same whoever says them: nothing works until somebody corrects the settings."""


class Request(HTTPXRequest):
    """One pool of connections to Telegram. Nothing here is ever sent twice."""

    __slots__ = ()

    def __init__(self, pool_size: int, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(
            connection_pool_size=pool_size,
            connect_timeout=CONNECT_S,
            pool_timeout=POOL_S,
            read_timeout=TRANSFER_S,
            write_timeout=TRANSFER_S,
            media_write_timeout=TRANSFER_S,
            # A transport of our own would switch off the proxy settings of the environment, so only when given.
            httpx_kwargs={"transport": transport} if transport else None,
        )

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Status and body. Raises the library's errors for what it would take for something else.

        RetryAfter for every 429 (the library needs `parameters` with a number over 0), BadRequest for 413 (it would
        be a NetworkError, so in doubt), NetworkError for 5xx and for a refusal that is not Telegram's JSON.
        """
        code, body = await super().do_request(*args, **kwargs)
        if code == httpx.codes.TOO_MANY_REQUESTS:
            raise RetryAfter(_retry_after(body))
        if code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            raise BadRequest("Request entity too large")
        if code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise NetworkError(f"HTTP {code}")
        if code >= httpx.codes.MULTIPLE_CHOICES and code not in _OTHERS_MAY_SAY and "description" not in _json(body):
            raise NetworkError(f"HTTP {code} not from Telegram")
        return code, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer as an object. Raises TelegramError; unlike the library's, it does not log the body."""
        answer = _json(payload)
        if not answer:
            raise TelegramError("Invalid server response")
        return answer


def _json(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; {} when there is none."""
    try:
        answer = json.loads(body.decode(errors="replace"))
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _retry_after(body: bytes) -> int:
    parameters = _json(body).get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return seconds if isinstance(seconds, int) and seconds > 0 else _PATIENCE_S
