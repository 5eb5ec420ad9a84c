"""The only place that talks to Telegram.

`send` makes one call for the outbox and says what became of it; the other methods are for the edges of the program
(polling, presses, the doctor) and raise errors of `bot.errors` with a remedy. Of python-telegram-bot only the bare
`Bot` is used: nothing here retries, queues or limits, because only the outbox knows what may be repeated.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    ChatMemberAdministrator,
    error,
)

from bot import logs
from bot.errors import TelegramDown, TelegramError, TelegramRefused
from bot.model import BotId, Call, ChatId, Refused, SendResult
from bot.telegram.answers import failure_of, result_of
from bot.telegram.calls import prepare
from bot.telegram.request import Request

log = logs.get(__name__)

TELEGRAM_API_URL = "https://api.telegram.org"
CALL_S = 15.0
"""The longest any call may take, however many parts of it are slow."""
UPLOAD_S = 25.0
PRESS_S = 5.0
"""A button's spinner: an answer later than this helps nobody."""
SEND_POOL = 8
"""Connections for the outbox: its 4 in flight, twice over for those a cancelled call leaves to be closed."""
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""Named explicitly: Telegram keeps the last list it was given, even one from another program."""
_PRESS_TEXT_MAX = 200
_PRESS_TOO_OLD = "query_is_too_old"


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds a call may take in all."""

    call_s: float = CALL_S
    upload_s: float = UPLOAD_S
    press_s: float = PRESS_S


@dataclass(frozen=True, slots=True)
class BotFacts:
    """What the token stands for. With `reads_whole_groups` off (BotFather's privacy mode) it sees commands, replies
    and, as an administrator, everything all the same."""

    bot_id: BotId
    username: str
    reads_whole_groups: bool


@dataclass(frozen=True, slots=True)
class ChatFacts:
    """What the doctor needs to know of the staff group. The title is kept out of reprs, so out of logs."""

    chat_id: ChatId
    is_group: bool
    is_forum: bool
    title: str = field(repr=False)
    bot_is_member: bool
    bot_is_admin: bool
    can_manage_topics: bool
    can_pin: bool
    can_delete: bool
    can_restrict: bool


@dataclass(frozen=True, slots=True)
class WebhookFacts:
    """Telegram's view of our webhook; `url` is empty while there is none. Times are aware UTC."""

    url: str = field(repr=False)
    pending_updates: int
    last_error: str = field(repr=False)
    last_error_at: datetime | None


class _Bot(Bot):
    """The library's bot with one more door: updates as Telegram wrote them, for the inbox to keep."""

    __slots__ = ()

    async def raw_updates(self, offset: int | None, timeout_s: int) -> list[dict[str, Any]]:
        """Up to 100 updates from `offset` on, waiting up to `timeout_s` for the first. Not parsed, so none is lost."""
        asked = {"offset": offset, "timeout": timeout_s, "allowed_updates": ALLOWED_UPDATES}
        answer = await self._post("getUpdates", asked, read_timeout=timeout_s + CALL_S)
        if not isinstance(answer, list):
            raise TelegramDown("invalid_server_response")
        return [update for update in answer if isinstance(update, dict)]


class Client:
    """A bot account. `async with Client(...)` opens its connections; nothing is sent by opening.

    `api_url` is Telegram's, the simulator's or an own Bot API server's, without a slash at the end. `transport`
    replaces the network (in-process simulator, tests).
    """

    def __init__(
        self,
        token: str,
        api_url: str = TELEGRAM_API_URL,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        limits: Limits | None = None,
    ) -> None:
        # Separate pools: a burst of sends must not hold up a press, nor a long poll take a sender's connection.
        self._sending = Request(SEND_POOL, transport)
        self._polling = Request(2, transport)
        self._quick = Request(4, transport)
        calls, files = f"{api_url}/bot", f"{api_url}/file/bot"
        self._sender = _Bot(token, calls, files, request=self._sending, get_updates_request=self._polling)
        self._bot = Bot(token, calls, files, request=self._quick, get_updates_request=self._polling)
        self._limits = limits or Limits()
        self._bot_id = BotId(int(token.partition(":")[0]))
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        # Not Bot.initialize: it calls getMe, and a start without network must not fail (and its error names the token).
        for pool in (self._sending, self._polling, self._quick):
            await pool.initialize()
            self._open.push_async_callback(pool.shutdown)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    # --- for the outbox --------------------------------------------------------------------------------------------

    async def send(self, call: Call) -> SendResult:
        """Make one call and say what became of it. Only cancellation is raised, and leaves the call in doubt."""
        try:
            perform = prepare(self._sender, call)
        except ValueError as broken:
            log.error("call_broken", exc=broken, message_id=call.id)
            return Refused("call_broken")
        try:
            async with asyncio.timeout(self._limits.upload_s if _uploads(call) else self._limits.call_s):
                return await perform()
        except (error.TelegramError, TimeoutError) as answer:
            return result_of(answer, call)
        except Exception as nonsense:  # whatever the library could not read, the request had left
            log.error("answer_unreadable", exc=nonsense, message_id=call.id)
            return result_of(nonsense, call)

    # --- for intake ------------------------------------------------------------------------------------------------

    async def get_raw_updates(self, offset: int | None, timeout_s: int) -> list[dict[str, Any]]:
        """The next updates, oldest first, as Telegram's own JSON; [] after `timeout_s` without any.

        Asking from `offset` on lets Telegram forget all before it. Raises TelegramDown, TelegramBusy,
        TelegramConflict, TelegramUnauthorised.
        """
        async with _asking(timeout_s + self._limits.call_s):
            return await self._sender.raw_updates(offset, timeout_s)

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have Telegram post updates to `url` with `secret` in their header. Raises TelegramError."""
        async with self._quickly():
            await self._bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED_UPDATES)

    async def delete_webhook(self) -> None:
        """Back to polling; waiting updates are kept. Raises TelegramError."""
        async with self._quickly():
            await self._bot.delete_webhook(drop_pending_updates=False)

    async def webhook_info(self) -> WebhookFacts:
        """What Telegram says about our webhook. Raises TelegramError."""
        async with self._quickly():
            info = await self._bot.get_webhook_info()
            return WebhookFacts(
                info.url, info.pending_update_count, info.last_error_message or "", info.last_error_date
            )

    # --- directly, beside the outbox -------------------------------------------------------------------------------

    async def answer_press(self, press_id: str, text: str = "") -> None:
        """Stop the spinner on a pressed button, with a short notice of at most 200 characters. Failures are logged.

        Telegram takes answers for some seconds only; a press read after a gap is too old, and that is no failure.
        """
        try:
            async with _asking(self._limits.press_s):
                await self._bot.answer_callback_query(press_id, text=text[:_PRESS_TEXT_MAX] or None)
        except TelegramRefused as refused:
            if not refused.reason.startswith(_PRESS_TOO_OLD):
                log.warning("press_not_answered", exc=refused, reason=refused.reason)
        except TelegramError as failure:
            log.warning("press_not_answered", exc=failure)

    async def get_me(self) -> BotFacts:
        """Who the token is for. Raises TelegramError."""
        async with self._quickly():
            me = await self._bot.get_me()
            return BotFacts(BotId(me.id), me.username or "", bool(me.can_read_all_group_messages))

    async def set_profile(
        self,
        description: str,
        short_description: str,
        commands: Mapping[ChatId | None, Sequence[tuple[str, str]]],
    ) -> None:
        """Set what people see before they press Start, and the menus. Raises TelegramError.

        `commands`: (name without slash, explanation) in order, by chat; None stands for every private chat.
        """
        async with self._quickly():
            await self._bot.set_my_description(description)
            await self._bot.set_my_short_description(short_description)
            for chat_id, entries in commands.items():
                menu = [BotCommand(name, explanation) for name, explanation in entries]
                await self._bot.set_my_commands(menu, scope=_scope(chat_id))

    async def chat_facts(self, chat_id: ChatId) -> ChatFacts:
        """The chat and our rights in it. Raises TelegramError (TelegramRefused "chat_not_found" for a wrong id)."""
        async with self._quickly():
            chat = await self._bot.get_chat(chat_id)
            member = await self._bot.get_chat_member(chat_id, self._bot_id)
            rights = member if isinstance(member, ChatMemberAdministrator) else None
            return ChatFacts(
                chat_id=ChatId(chat.id),
                is_group=chat.type in {chat.GROUP, chat.SUPERGROUP},
                is_forum=bool(chat.is_forum),
                title=chat.title or "",
                bot_is_member=member.status not in {member.LEFT, member.BANNED},
                bot_is_admin=rights is not None,
                can_manage_topics=bool(rights and rights.can_manage_topics),
                can_pin=bool(rights and rights.can_pin_messages),
                can_delete=bool(rights and rights.can_delete_messages),
                can_restrict=bool(rights and rights.can_restrict_members),
            )

    async def download(self, file_id: str) -> bytes:
        """The bytes of a file somebody sent, up to Telegram's 20 MB. Raises TelegramError."""
        async with _asking(self._limits.upload_s):
            file = await self._bot.get_file(file_id)
            return bytes(await file.download_as_bytearray())

    def _quickly(self) -> AbstractAsyncContextManager[None]:
        return _asking(self._limits.call_s)


def _uploads(call: Call) -> bool:
    return bool(call.file_bytes) and not call.file_id


def _scope(chat_id: ChatId | None) -> BotCommandScope:
    return BotCommandScopeAllPrivateChats() if chat_id is None else BotCommandScopeChat(chat_id)


@asynccontextmanager
async def _asking(limit_s: float) -> AsyncIterator[None]:
    """A call that must end in time; every failure leaves as an error of ours.

    Any exception counts: an answer that is not as documented makes the library stumble with a KeyError or TypeError.
    """
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TelegramError:
        raise
    except Exception as failure:
        raise failure_of(failure) from failure
