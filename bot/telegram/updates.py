"""What comes in: Telegram's JSON as `Fetched` for the inbox, and later as `Incoming` for whoever handles it.

Two steps on purpose. `fetched` reads only ids and accepts anything, because what is not in the inbox is lost;
`read_update` understands, and what it cannot read is parked with staff told. Formats: Bot API, "Available types".
"""

import json
from collections.abc import Mapping

from telegram import CallbackQuery, Chat, ChatMember, ChatMemberRestricted, ChatMemberUpdated, Message, Update, User

from bot.errors import UnreadableUpdate
from bot.model import (
    BlockedIn,
    ChatId,
    Fetched,
    Incoming,
    LeftIn,
    Media,
    MediaIn,
    MigratedIn,
    NothingIn,
    Ours,
    PressIn,
    Sender,
    TelegramMessageId,
    TextIn,
    UserId,
)
from bot.telegram.keyboards import decode
from bot.telegram.said import as_html, largest_photo

_INT64 = 2**63
_NO_CHAT = ChatId(0)

_MEDIA: tuple[tuple[str, Media], ...] = (
    # Animations come first: they also fill `document`. Telegram makes one of any short video without sound, so it may
    # well show how somebody limps.
    ("animation", Media.VIDEO),
    ("live_photo", Media.PHOTO),
    ("photo", Media.PHOTO),
    ("voice", Media.VOICE),
    ("audio", Media.VOICE),
    ("video", Media.VIDEO),
    ("video_note", Media.VIDEO),
    ("sticker", Media.STICKER),
    ("document", Media.DOCUMENT),
    ("contact", Media.CONTACT),
    ("venue", Media.LOCATION),
    ("location", Media.LOCATION),
    ("poll", Media.OTHER),
    ("dice", Media.OTHER),
    ("game", Media.OTHER),
    ("story", Media.OTHER),
    ("paid_media", Media.OTHER),
    ("checklist", Media.OTHER),
    ("invoice", Media.OTHER),
    ("giveaway", Media.OTHER),
)
"""What a message can hold instead of words. All other fields belong to every message or are service messages."""


def fetched(raw: Mapping[str, object]) -> Fetched:
    """The update for the inbox. `chat_id` is 0 where it has no chat; for a press without a message the presser's.

    Whatever else is strange about it is left for later. Raises UnreadableUpdate without a usable `update_id`.
    """
    update_id = _int_at(raw, "update_id")
    if update_id is None:
        raise UnreadableUpdate
    # ASCII keeps half an emoji or a NUL apart from the database, which takes neither as text.
    return Fetched(update_id, _chat_id(raw), json.dumps(raw, separators=(",", ":")))


def _chat_id(raw: Mapping[str, object]) -> ChatId:
    for kind, body in raw.items():
        for path in (("chat", "id"), ("message", "chat", "id")):
            if (found := _int_at(body, *path)) is not None:
                return ChatId(found)
        if kind == "callback_query" and (found := _int_at(body, "from", "id")) is not None:
            return ChatId(found)
    return _NO_CHAT


def _int_at(value: object, *path: str) -> int | None:
    """The whole number at `path` if there is one that a database column can hold."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    is_id = isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64
    return value if is_id and isinstance(value, int) else None


def read_update(raw_json: str) -> Incoming:
    """What a stored update asks of us; NothingIn for the many kinds that ask nothing.

    Raises UnreadableUpdate where Telegram's JSON is not what the Bot API promises.
    """
    raw: object = None
    try:
        raw = json.loads(raw_json)
        return _understand(Update.de_json(raw, None))  # type: ignore[arg-type]  # whatever it is, the library finds out
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError) as error:
        # The library assumes the documented fields; what it raises can quote the patient, so its text goes no further.
        raise UnreadableUpdate(_int_at(raw, "update_id")) from error


def _understand(update: Update) -> Incoming:
    if update.message:
        return _message(update.message)
    if update.edited_message:
        return _message(update.edited_message, edited=True)
    if update.callback_query:
        return _press(update.callback_query)
    if update.my_chat_member:
        return _membership(update.my_chat_member)
    chat = update.effective_chat
    kind = next((name for name in Update.ALL_TYPES if getattr(update, name, None)), "unknown")
    return NothingIn(ChatId(chat.id) if chat else _NO_CHAT, str(kind))


# --- messages ------------------------------------------------------------------------------------------------------


def _message(message: Message, *, edited: bool = False) -> Incoming:
    chat_id = ChatId(message.chat.id)
    if message.migrate_to_chat_id:
        return MigratedIn(chat_id, ChatId(message.migrate_to_chat_id))
    if message.left_chat_member and not message.left_chat_member.is_bot:
        return LeftIn(chat_id, _person(message.left_chat_member))
    sender = _sender(message)
    if sender is None or message.is_automatic_forward:
        return NothingIn(chat_id, "message.nobody")
    text = message.text or message.caption
    media = _media(message)
    if text:
        return _text(message, sender, text, media, edited)
    if media is None and message.api_kwargs and _is_private(message.chat):
        # Content newer than the library: a patient who sent something is told that only words can be read.
        media = Media.OTHER
    if media is None:
        return NothingIn(chat_id, "message.service")
    if edited:
        # A shared live location is "edited" every few seconds, and a picture exchanged for another says nothing new.
        return NothingIn(chat_id, "edited_message.media")
    return MediaIn(
        chat_id=chat_id,
        sender=sender,
        media=media,
        message_id=TelegramMessageId(message.message_id),
        sent_at=message.date,
        reply_to=_reply_to(message),
        reply_to_ours=_reply_to_ours(message),
        thread_id=_thread_id(message),
        is_private=_is_private(message.chat),
        phone=_own_phone(message, sender),
        photo=largest_photo(message.photo) or "",
    )


def _own_phone(message: Message, sender: Sender) -> str:
    """The number of a shared contact. Somebody else's card is only a picture of whom they mean."""
    card = message.contact
    return card.phone_number or "" if card is not None and card.user_id == sender.user_id else ""


def _text(message: Message, sender: Sender, text: str, media: Media | None, edited: bool) -> TextIn:
    words = _clean(text)  # as long as before, so that Telegram's offsets hold
    return TextIn(
        chat_id=ChatId(message.chat.id),
        sender=sender,
        text=words,
        message_id=TelegramMessageId(message.message_id),
        # An edit's words were said when it was made: a late edit must not look like a message we left lying for days.
        sent_at=(message.edit_date if edited else None) or message.date,
        edited=edited,
        media=media,
        reply_to=_reply_to(message),
        reply_to_ours=_reply_to_ours(message),
        reply_to_sender=_reply_to_sender(message),
        thread_id=_thread_id(message),
        is_private=_is_private(message.chat),
        html=as_html(words, message.entities or message.caption_entities),
        photo=largest_photo(message.photo) or "",
    )


def _media(message: Message) -> Media | None:
    return next((media for name, media in _MEDIA if getattr(message, name)), None)


def _thread_id(message: Message) -> int | None:
    """The forum topic. In groups without topics the same field numbers a chain of replies."""
    return message.message_thread_id if message.is_topic_message else None


def _reply_to(message: Message) -> TelegramMessageId | None:
    """The message answered. In a topic everything that answers nothing "answers" the message that opened the topic."""
    answered = message.reply_to_message
    if answered is None or answered.message_id == _thread_id(message):
        return None
    return TelegramMessageId(answered.message_id)


def _reply_to_ours(message: Message) -> Ours | None:
    """A bot's message that was answered: its buttons carry our row's id, also where Telegram's own never reached us."""
    answered = message.reply_to_message
    if _reply_to(message) is None or answered is None or answered.from_user is None or not answered.from_user.is_bot:
        return None
    rows = answered.reply_markup.inline_keyboard if answered.reply_markup else ()
    found = (decode(button.callback_data) for row in rows for button in row if isinstance(button.callback_data, str))
    return next((Ours(row_id, data) for row_id, data in found if row_id is not None), Ours())


def _reply_to_sender(message: Message) -> Sender | None:
    """Who wrote the message answered."""
    answered = message.reply_to_message
    return _sender(answered) if answered is not None and _reply_to(message) is not None else None


# --- presses and membership ----------------------------------------------------------------------------------------


def _press(press: CallbackQuery) -> PressIn:
    message = press.message
    row_id, data = decode(press.data) if press.data else (None, None)
    return PressIn(
        # Under an inline message there is no chat; it cannot be one of ours, but its spinner is to be stopped.
        chat_id=ChatId(message.chat.id if message else press.from_user.id),
        sender=_person(press.from_user),
        press_id=press.id,
        row_id=row_id,
        data=None if data is None else _clean(data),
        message_id=TelegramMessageId(message.message_id) if message else None,
        is_private=_is_private(message.chat) if message else True,
    )


def _membership(change: ChatMemberUpdated) -> Incoming:
    chat_id = ChatId(change.chat.id)
    if change.chat.type == Chat.CHANNEL:
        return NothingIn(chat_id, "my_chat_member.channel")
    is_private = _is_private(change.chat)
    is_in = _is_in(change.new_chat_member)
    if not is_private and is_in == _is_in(change.old_chat_member):
        return NothingIn(chat_id, "my_chat_member.rights")
    return BlockedIn(chat_id, _person(change.from_user), blocked=not is_in, is_private=is_private)


def _is_in(member: ChatMember) -> bool:
    """Whether the bot can be reached there. In a private chat `kicked` is what blocking the bot looks like."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in {ChatMember.LEFT, ChatMember.BANNED}


# --- people --------------------------------------------------------------------------------------------------------


def _sender(message: Message) -> Sender | None:
    user, as_chat = message.from_user, message.sender_chat
    is_anonymous = as_chat is not None and as_chat.id == message.chat.id
    if user is not None:
        return _person(user, is_anonymous=is_anonymous)
    return Sender(UserId(as_chat.id), is_anonymous=is_anonymous) if as_chat else None


def _person(user: User, *, is_anonymous: bool = False) -> Sender:
    return Sender(UserId(user.id), bool(user.is_bot), is_anonymous, _clean(user.first_name))


def _is_private(chat: Chat) -> bool:
    return chat.type == Chat.PRIVATE


def _clean(text: str) -> str:
    """`text` without what no database stores: NUL, and halves of characters that JSON can spell and UTF-8 cannot."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
