"""What Telegram's answers mean: the error table of the outbox as one function, and its twin for all other calls.

Telegram documents codes but not descriptions; those here are from the Bot API server's source
(github.com/tdlib/telegram-bot-api, Client.cpp, `fail_query_with_error`) and the methods' documentation.
python-telegram-bot capitalises descriptions, which lower-cases the rest ("Peer_id_invalid"): compare in lower case.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
)

from bot.errors import (
    TelegramBusy,
    TelegramConflict,
    TelegramDown,
    TelegramError,
    TelegramRefused,
    TelegramUnauthorised,
)
from bot.model import (
    BadMarkup,
    BotRefused,
    Call,
    ChatId,
    Doubtful,
    Method,
    Migrated,
    NotSent,
    Refused,
    SendResult,
    Sent,
    TopicGone,
    Unreachable,
    Wait,
)

TARGET_MISSING = "target_missing"
"""The reason of `Refused` when the message to edit is no longer there."""

_UNREACHABLE = (
    "chat not found",
    "user is deactivated",
    "user_deactivated",
    "input_user_deactivated",
    "user_is_blocked",
    "peer_id_invalid",
    "bot was kicked",
    "bot is not a member",
    "group chat was deactivated",
    "not enough rights to send",
    "have no rights to send",
    "chat_write_forbidden",
)
_TOPIC_GONE = ("message thread not found", "topic_deleted", "topic was deleted", "topic_closed", "topic_id_invalid")
_TARGET_MISSING = ("message to edit not found", "message to delete not found", "message_id_invalid")
_UNCHANGED = ("message is not modified", "message_not_modified", "topic_not_modified")
_BAD_MARKUP = "can't parse entities"
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""No connection was made. A ProxyError comes from setting up the tunnel, before the request."""


def result_of(error: Exception, call: Call) -> SendResult:
    """What the outbox must take `error` for when `call` was made. Total: what nobody foresaw is in doubt."""
    match error:
        case RetryAfter():
            return Wait(_seconds(error))
        case ChatMigrated():
            return Migrated(ChatId(error.new_chat_id))
        case Forbidden():
            return Unreachable(reason_of(error))
        case InvalidToken() | EndPointNotFound():
            return BotRefused("token_refused")
        case BadRequest():
            return _bad_request(error, call)
    return NotSent(reason_of(error)) if _never_left(error) else Doubtful(reason_of(error))


def failure_of(error: Exception) -> TelegramError:
    """The same for calls that are not messages: an error of ours with its remedy."""
    match error:
        case RetryAfter():
            return TelegramBusy(_seconds(error))
        case Conflict():
            return TelegramConflict()
        case InvalidToken() | EndPointNotFound():
            return TelegramUnauthorised()
        case Forbidden() | BadRequest() | ChatMigrated():
            return TelegramRefused(reason_of(error))
    return TelegramDown(reason_of(error))


def reason_of(error: Exception) -> str:
    """`error` as a short id for rows and logs: `chat_not_found`, `http_502`, `read_timeout`.

    Without what Telegram quotes or adds after a colon, which can be our text. For a transport error, its type.
    """
    for cause in _causes(error):
        if isinstance(cause, httpx.HTTPError):
            return _snake(type(cause).__name__)
    if isinstance(error, TimeoutError):
        return "timeout"
    description = _description(error).removeprefix("forbidden: ")
    if not description:
        return _snake(type(error).__name__)
    unquoted = re.sub(r"\"[^\"]*\"|(?<!\w)'[^']*'", "", description)
    return re.sub(r"[^a-z0-9]+", "_", re.split(r":|\. ", unquoted)[0].replace("'", "")).strip("_")[:60] or "unnamed"


def _bad_request(error: BadRequest, call: Call) -> SendResult:
    description = _description(error)

    def says(*phrases: str) -> bool:
        return any(phrase in description for phrase in phrases)

    if says(*_UNCHANGED):
        return Sent(call.thread_id if call.target is None else call.target)
    if says(*_TARGET_MISSING):
        return Sent(call.target) if call.method is Method.DELETE else Refused(TARGET_MISSING)
    if says(_BAD_MARKUP):
        at = re.search(r"byte offset (\d+)", description)
        return BadMarkup(f"byte_{at[1]}" if at else "unparsed")
    if says(*_TOPIC_GONE):
        return Sent(call.thread_id) if call.method is Method.DELETE_TOPIC else TopicGone()
    if says(*_UNREACHABLE):
        return Unreachable(reason_of(error))
    return Refused(reason_of(error))


def _description(error: Exception) -> str:
    return str(getattr(error, "message", "")).lower()


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _never_left(error: Exception) -> bool:
    return any(isinstance(cause, _NEVER_LEFT) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it was raised from, outermost first. Chains in the wild can be circular."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
