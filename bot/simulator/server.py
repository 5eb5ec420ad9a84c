"""The Bot API over HTTP, as an ASGI app.

    app = create_app(world)                          # all of it
    app = Starlette(routes=[*api_routes(world), …])  # beside a page of one's own

A call goes: token → faults → method → record → answer. Over a socket a dropped connection is closed without an answer;
in process (`transport.py`) it becomes the httpx exception the fault names.
"""

import inspect
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import httpx
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from bot.simulator import account, chats, forum, sending
from bot.simulator.errors import ApiError
from bot.simulator.events import Call
from bot.simulator.faults import Fault
from bot.simulator.params import Params, read_params

if TYPE_CHECKING:
    from bot.simulator.world import World

Method: TypeAlias = "Callable[[World, Params], object | Awaitable[object]]"
UNRECORDED = frozenset({"getUpdates"})
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")

METHODS: dict[str, Method] = {
    "getMe": account.get_me,
    "getUpdates": account.get_updates,
    "setWebhook": account.set_webhook,
    "deleteWebhook": account.delete_webhook,
    "getWebhookInfo": account.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendVoice": sending.send_voice,
    "copyMessage": sending.copy_message,
    "forwardMessage": sending.forward_message,
    "editMessageText": sending.edit_message_text,
    "editMessageCaption": sending.edit_message_caption,
    "editMessageReplyMarkup": sending.edit_message_reply_markup,
    "deleteMessage": sending.delete_message,
    "createForumTopic": forum.create_forum_topic,
    "editForumTopic": forum.edit_forum_topic,
    "closeForumTopic": forum.close_forum_topic,
    "reopenForumTopic": forum.reopen_forum_topic,
    "deleteForumTopic": forum.delete_forum_topic,
    "answerCallbackQuery": chats.answer_callback_query,
    "sendChatAction": chats.send_chat_action,
    "getChat": chats.get_chat,
    "getChatMember": chats.get_chat_member,
    "getChatAdministrators": chats.get_chat_administrators,
    "banChatMember": chats.ban_chat_member,
    "unbanChatMember": chats.unban_chat_member,
    "leaveChat": chats.leave_chat,
    "setMyCommands": account.set_my_commands,
    "getMyCommands": account.get_my_commands,
    "deleteMyCommands": account.delete_my_commands,
    "setMyName": account.set_my_name,
    "getMyName": account.get_my_name,
    "setMyDescription": account.set_my_description,
    "getMyDescription": account.get_my_description,
    "setMyShortDescription": account.set_my_short_description,
    "getMyShortDescription": account.get_my_short_description,
    "getFile": account.get_file,
}
_BY_LOWER_CASE = {name.lower(): name for name in METHODS}
"""Telegram takes method names in any case."""


class ConnectionDropped(Exception):
    """The fault plan ends this call without an answer; `error` is what an in-process caller should see."""

    def __init__(self, error: type[httpx.TransportError]) -> None:
        super().__init__(error.__name__)
        self.error = error


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes
    retry_after: int | None = None

    @classmethod
    def of(cls, result: object) -> "Reply":
        return cls(200, json.dumps({"ok": True, "result": result}, ensure_ascii=False).encode())

    @classmethod
    def refusing(cls, error: ApiError) -> "Reply":
        return cls(error.code, json.dumps(error.body(), ensure_ascii=False).encode(), error.retry_after)


def create_app(world: "World") -> Starlette:
    """The Bot API and its files at `/bot<token>/<method>` and `/file/bot<token>/<path>`."""
    return Starlette(routes=api_routes(world))


def api_routes(world: "World") -> list[BaseRoute]:
    return [
        Route("/bot{token}/{method}", _Endpoint(BotApi(world).call)),
        Route("/file/bot{token}/{path:path}", _Endpoint(BotApi(world).download)),
    ]


class _Endpoint:
    """One ASGI endpoint; it works below Starlette's responses so that it can break a connection off."""

    def __init__(self, handle: Callable[[Request], Awaitable[Reply]]) -> None:
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            reply = await self._handle(Request(scope, receive))
        except ConnectionDropped:
            # Headers first, then the error: a server then closes the socket instead of answering 500.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            raise
        except ClientDisconnect:  # the caller hung up before all of the call was here: nothing is done, nobody is told
            return
        headers = {"Retry-After": str(reply.retry_after)} if reply.retry_after else None
        await Response(reply.body, reply.status, headers, media_type="application/json")(scope, receive, send)


class BotApi:
    """Answers calls for one world."""

    def __init__(self, world: "World") -> None:
        self._world = world

    async def call(self, request: Request) -> Reply:
        """One method call."""
        try:
            self._check_token(request.path_params["token"])
            method = request.path_params["method"]
            query = request.url.query
            params = read_params(query, request.headers.get("content-type", ""), await request.body())
        except ApiError as error:
            return Reply.refusing(error)
        name = _BY_LOWER_CASE.get(method.lower(), method)
        return await self._with_faults(name, params)

    async def download(self, request: Request) -> Reply:
        """The bytes of a file, for the fault plan a method called "file"."""
        try:
            self._check_token(request.path_params["token"])
        except ApiError as error:
            return Reply.refusing(error)
        for fault in self._world.faults.strike("file", None):
            reply = await self._suffer(fault)
            if reply is not None:
                return reply
        stored = self._world.files.by_path(request.path_params["path"])
        return Reply(200, stored.data) if stored else Reply.refusing(ApiError(404, "Not Found"))

    async def _with_faults(self, name: str, params: Params) -> Reply:
        chat_id = params.integer("chat_id") or None
        faults = self._world.faults.strike(name, chat_id)
        for fault in faults:
            if not fault.acted and (reply := await self._suffer(fault)) is not None:
                return reply
        reply = await self._act(name, params)
        for fault in faults:
            if fault.acted and (spoilt := await self._suffer(fault)) is not None:
                return spoilt
        return reply

    async def _suffer(self, fault: Fault) -> Reply | None:
        """Wait, break off or answer as the fault says; None when the call goes on."""
        if fault.delay_s:
            await self._world.sleep(fault.delay_s)
        if fault.drop is not None:
            raise ConnectionDropped(fault.drop)
        if fault.error is not None:
            return Reply.refusing(fault.error)
        return None if fault.raw is None else Reply(*fault.raw)

    async def _act(self, name: str, params: Params) -> Reply:
        """Carry the call out and write it down."""
        try:
            method = METHODS.get(name)
            if method is None:
                raise ApiError(404, "Not Found: method not found")
            result = method(self._world, params)
            if inspect.isawaitable(result):
                result = await result
        except ApiError as error:
            self._record(name, params, error.description)
            return Reply.refusing(error)
        self._record(name, params, None)
        return Reply.of(result)

    def _record(self, name: str, params: Params, error: str | None) -> None:
        if name in UNRECORDED:
            return
        call = Call(name, params.recorded(), self._world.clock.machine_us(), error)
        (self._world.calls if error is None else self._world.refused).append(call)

    def _check_token(self, token: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise ApiError(404, "Not Found")
        if token != self._world.token:
            raise ApiError(401, "Unauthorized")
