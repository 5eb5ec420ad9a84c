"""A claimed row as one method of the Bot API, and what of the answer is worth keeping."""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import TypedDict

from telegram import (
    Bot,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from telegram.constants import ParseMode

from bot.errors import MarkupError
from bot.markup import plain
from bot.model import Call, Method, Sent
from bot.telegram.keyboards import markup, typing_area
from bot.telegram.said import largest_photo

Perform = Callable[[], Awaitable[Sent]]

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""A preview would have Telegram's servers fetch the link, and fills the screen of somebody who is worried."""


class _Placed(TypedDict):
    """Where a new message goes and what hangs on it."""

    message_thread_id: int | None
    reply_parameters: ReplyParameters | None
    reply_markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None


def prepare(bot: Bot, call: Call) -> Perform:
    """The call, checked and ready to be made: nothing has been sent yet.

    Awaiting it gives Telegram's ids or raises the library's error. Raises ValueError for a row that lacks what its
    method needs or has buttons that do not fit.
    """
    match call.method:
        case Method.SEND_TEXT:
            return _send_text(bot, call)
        case Method.SEND_PHOTO:
            return _send_photo(bot, call)
        case Method.SEND_DOCUMENT:
            return _send_document(bot, call)
        case Method.COPY:
            return _copy(bot, call)
        case Method.EDIT_TEXT | Method.EDIT_MARKUP | Method.DELETE:
            return _change(bot, call)
        case Method.CREATE_TOPIC | Method.EDIT_TOPIC | Method.DELETE_TOPIC:
            return _topic(bot, call)
        case Method.PUT_OUT:
            return _put_out(bot, call)


def _send_text(bot: Bot, call: Call) -> Perform:
    text, parse_mode = _words(call)
    placed = _placed(call)

    async def perform() -> Sent:
        sent = await bot.send_message(
            call.chat_id, text, parse_mode=parse_mode, link_preview_options=_NO_PREVIEW, **placed
        )
        return Sent(sent.message_id)

    return perform


def _send_photo(bot: Bot, call: Call) -> Perform:
    photo = _file(call)
    caption, parse_mode = _words(call)
    placed = _placed(call)

    async def perform() -> Sent:
        sent = await bot.send_photo(
            call.chat_id, photo, caption or None, parse_mode=parse_mode, filename=call.file_name, **placed
        )
        return Sent(sent.message_id, largest_photo(sent.photo))

    return perform


def _send_document(bot: Bot, call: Call) -> Perform:
    document = _file(call)
    caption, parse_mode = _words(call)
    placed = _placed(call)

    async def perform() -> Sent:
        sent = await bot.send_document(
            call.chat_id, document, caption or None, parse_mode=parse_mode, filename=call.file_name, **placed
        )
        return Sent(sent.message_id, sent.document.file_id if sent.document else None)

    return perform


def _copy(bot: Bot, call: Call) -> Perform:
    source_chat, source = call.payload.copy_chat_id, call.payload.copy_message_id
    if source_chat is None or source is None:
        raise ValueError(f"message {call.id} copies nothing")
    placed = _placed(call)

    async def perform() -> Sent:
        copied = await bot.copy_message(call.chat_id, source_chat, source, **placed)
        return Sent(copied.message_id)

    return perform


def _change(bot: Bot, call: Call) -> Perform:
    target = call.target
    if target is None:
        raise ValueError(f"message {call.id} changes nothing")
    text, parse_mode = _words(call)
    keyboard = _keyboard(call)

    async def perform() -> Sent:
        if call.method is Method.EDIT_TEXT and call.file_id:  # the words under a picture
            await bot.edit_message_caption(
                call.chat_id, target, caption=text, parse_mode=parse_mode, reply_markup=keyboard
            )
        elif call.method is Method.EDIT_TEXT:
            await bot.edit_message_text(
                text,
                call.chat_id,
                target,
                parse_mode=parse_mode,
                link_preview_options=_NO_PREVIEW,
                reply_markup=keyboard,
            )
        elif call.method is Method.EDIT_MARKUP:
            await bot.edit_message_reply_markup(call.chat_id, target, reply_markup=keyboard)
        else:
            await bot.delete_message(call.chat_id, target)
        return Sent(target)

    return perform


def _topic(bot: Bot, call: Call) -> Perform:
    name, thread_id = call.payload.text, call.thread_id

    async def create() -> Sent:
        created = await bot.create_forum_topic(call.chat_id, name)
        return Sent(created.message_thread_id)

    if call.method is Method.CREATE_TOPIC:
        return create
    if thread_id is None:
        raise ValueError(f"message {call.id} names no topic")

    async def edit() -> Sent:
        await bot.edit_forum_topic(call.chat_id, thread_id, name)
        return Sent(thread_id)

    async def delete() -> Sent:
        await bot.delete_forum_topic(call.chat_id, thread_id)
        return Sent(thread_id)

    return edit if call.method is Method.EDIT_TOPIC else delete


def _put_out(bot: Bot, call: Call) -> Perform:
    if not call.payload.text.isdecimal():
        raise ValueError(f"message {call.id} names nobody")
    user_id = int(call.payload.text)

    async def perform() -> Sent:
        # Takes out who is in the group, as documented, and bans nobody: they may be invited again.
        await bot.unban_chat_member(call.chat_id, user_id)
        return Sent()

    return perform


def _words(call: Call) -> tuple[str, ParseMode | None]:
    """The text and how Telegram is to read it."""
    html = call.payload.text
    return (_without_markup(html), None) if call.payload.plain else (html, ParseMode.HTML)


def _without_markup(html: str) -> str:
    """The words of HTML that may be broken: what Telegram refused is just what comes here."""
    try:
        return plain(html)
    except MarkupError:
        return unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", html))


def _placed(call: Call) -> _Placed:
    # What is answered may be deleted by now; the answer is still owed.
    reply = ReplyParameters(call.reply_to, allow_sending_without_reply=True) if call.reply_to is not None else None
    keys = call.payload.keys
    shown = typing_area(keys) if keys is not None and not call.payload.buttons else _keyboard(call)
    return {"message_thread_id": call.thread_id, "reply_parameters": reply, "reply_markup": shown}


def _keyboard(call: Call) -> InlineKeyboardMarkup | None:
    return markup(call.payload.buttons, call.id if call.button_owner is None else call.button_owner)


def _file(call: Call) -> str | bytes:
    """The id under which Telegram keeps the file, else its bytes."""
    file = call.file_id or call.file_bytes
    if not file:
        raise ValueError(f"message {call.id} has no file")
    return file
