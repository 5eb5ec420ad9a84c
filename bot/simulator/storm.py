"""Bad weather between the bot and Telegram, and a witness of every attempt.

    weather = world.faults = Weather(seed)
    witness = Witness(SimulatorTransport(world))
    async with open_house(..., transport=witness) as house:
        witness.follow(house.app.client)
        weather.share = 0.3                  # three calls in ten meet a fault
        ...
        witness.answers[row_id]              # what each attempt at this row met, in the words of the error table

The witness stands below the client and reads the wire by itself, so that what it says can be held against what the
client and the outbox made of it.
"""

import json
from collections import Counter, defaultdict
from contextvars import ContextVar
from enum import StrEnum
from typing import Any

import httpx

from bot.model import Call, MessageId, SendResult
from bot.simulator.errors import ApiError
from bot.simulator.faults import (
    Fault,
    FaultPlan,
    forbid,
    garbage,
    lose_answer,
    lose_request,
    no_connection,
    refuse,
    server_error,
    too_many,
    unauthorized,
)
from bot.telegram.client import Client


class Answer(StrEnum):
    """What one attempt met, by the rows of the error table (design, section 4)."""

    OK = "ok"
    WAIT = "429"
    UNREACHABLE = "unreachable"
    """403, or the chat is not found."""
    TOPIC_GONE = "topic_gone"
    BAD_HTML = "bad_html"
    MIGRATED = "migrated"
    TOKEN = "token"  # noqa: S105 - an answer, not a secret
    """401 or 404."""
    REFUSED = "refused"
    """Any other definite no."""
    NOT_SENT = "not_sent"
    """No connection was made."""
    DOUBT = "doubt"
    """Everything else."""


_row: ContextVar[MessageId | None] = ContextVar("row", default=None)


class Witness(httpx.AsyncBaseTransport):
    """Passes every call on to `inner`, and notes what came back for calls that send a row."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.answers: dict[MessageId, list[Answer]] = defaultdict(list)
        self._inner = inner

    def follow(self, client: Client) -> None:
        """From now on, know which row each call of this client is about."""
        send = client.send

        async def followed(call: Call) -> SendResult:
            _row.set(call.id)  # each send is a task of its own, and so is its context
            return await send(call)

        client.send = followed  # type: ignore[method-assign]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        row = _row.get()
        try:
            response = await self._inner.handle_async_request(request)
        except httpx.TransportError as error:
            never_left = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            self._note(row, Answer.NOT_SENT if never_left else Answer.DOUBT)
            raise
        body = await response.aread()
        self._note(row, _read(response.status_code, body))
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    def _note(self, row: MessageId | None, answer: Answer) -> None:
        if row is not None:
            self.answers[row].append(answer)


def _read(status: int, body: bytes) -> Answer:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return Answer.DOUBT
    if answer.get("ok") is True:
        return Answer.OK
    if status == httpx.codes.BAD_REQUEST:
        return _read_bad_request(answer)
    by_status = {429: Answer.WAIT, 403: Answer.UNREACHABLE, 401: Answer.TOKEN, 404: Answer.TOKEN}
    return by_status.get(status, Answer.DOUBT)


def _read_bad_request(answer: dict[str, Any]) -> Answer:
    if "migrate_to_chat_id" in answer.get("parameters", {}):
        return Answer.MIGRATED
    said = {
        "message is not modified": Answer.OK,
        "chat not found": Answer.UNREACHABLE,
        "message thread not found": Answer.TOPIC_GONE,
        "can't parse entities": Answer.BAD_HTML,
    }
    return next((found for words, found in said.items() if words in answer["description"]), Answer.REFUSED)


BAD_HTML = 'can\'t parse entities: Unsupported start tag "x" at byte offset 3'
ANYWHERE: dict[str, tuple[int, Fault]] = {
    "connect_error": (6, no_connection()),
    "connect_timeout": (3, no_connection(httpx.ConnectTimeout)),
    "pool_timeout": (3, no_connection(httpx.PoolTimeout)),
    "request_lost": (5, lose_request()),
    "request_lost_reading": (3, lose_request(httpx.ReadError)),
    "answer_lost": (8, lose_answer()),
    "answer_cut_off": (5, lose_answer(httpx.RemoteProtocolError)),
    "500": (3, server_error(500)),
    "502": (5, server_error(502)),
    "502_acted": (3, server_error(502, acted=True)),
    "garbage": (2, garbage()),
    "garbage_acted": (2, garbage(acted=True)),
    "garbage_403": (2, garbage(b"<html>log in to this network</html>", 403)),
    "429": (14, too_many(3)),
    "429_long": (2, too_many(40)),
    "bad_html": (2, refuse(BAD_HTML)),
    "refused": (2, refuse("PEER_FLOOD")),
}
PRIVATE: dict[str, tuple[int, Fault]] = {
    "blocked": (2, forbid()),
    "chat_not_found": (1, refuse("chat not found")),
    "token_refused": (1, unauthorized()),
    "token_unknown": (1, Fault(error=ApiError(404, "Not Found"))),
}
GROUP: dict[str, tuple[int, Fault]] = {
    "kicked": (2, forbid("bot was kicked from the supergroup chat")),
    "topic_gone": (1, refuse("message thread not found")),
}
"""Faults by name, each with its weight."""
SENDING = frozenset(
    {
        "sendMessage",
        "sendPhoto",
        "sendDocument",
        "copyMessage",
        "editMessageText",
        "editMessageReplyMarkup",
        "createForumTopic",
        "editForumTopic",
    }
)


class Weather(FaultPlan):
    """A fault plan that also draws: `share` (0-1) of all calls that send something meet a fault, from a fixed seed."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.share = 0.0
        self.struck: Counter[str] = Counter()
        """How often each fault has, by name."""

    def strike(self, method: str, chat_id: int | None) -> list[Fault]:
        """The faults of this call: those on order, or else what the weather brings."""
        ordered = super().strike(method, chat_id)
        if ordered or method not in SENDING or self._chance.random() >= self.share:
            return ordered
        here = ANYWHERE | (GROUP if chat_id is not None and chat_id < 0 else PRIVATE)
        (name,) = self._chance.choices(list(here), [weight for weight, _ in here.values()])
        self.struck[name] += 1
        return [here[name][1]]
