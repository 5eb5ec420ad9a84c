"""Bot API methods that put a message into a chat or change one (Bot API, "Available methods", "Updating messages")."""

from typing import TYPE_CHECKING

from bot.clock import HOUR_US, to_us
from bot.simulator import media, wire
from bot.simulator.access import bot_in, find_message, place_for, readable_chat, writable_chat
from bot.simulator.content import asks_for_phone, read_caption, read_markup, read_text
from bot.simulator.errors import NOT_MODIFIED, bad_request
from bot.simulator.params import Params
from bot.simulator.state import Chat, ChatType, Json, Keyboard, Media, Message, Words

if TYPE_CHECKING:
    from bot.simulator.world import World

DELETABLE_US = 48 * HOUR_US


def send_message(world: "World", params: Params) -> Json:
    return _send(world, params, read_text(params))


def send_photo(world: "World", params: Params) -> Json:
    words = read_caption(params)
    return _send(world, params, words, media.photo(media.sent_file(world.files, "photo", params)))


def send_document(world: "World", params: Params) -> Json:
    words = read_caption(params)
    return _send(world, params, words, media.document(media.sent_file(world.files, "document", params)))


def send_voice(world: "World", params: Params) -> Json:
    words = read_caption(params)
    stored = media.sent_file(world.files, "voice", params)
    return _send(world, params, words, media.voice(stored, params.integer("duration")))


def _send(world: "World", params: Params, words: Words, what: Media | None = None) -> Json:
    chat, message = _post(world, params, words, what)
    return wire.message(chat, message)


def _post(
    world: "World", params: Params, words: Words, what: Media | None, origin: Json | None = None
) -> tuple[Chat, Message]:
    """Check everything, count it against the limits, and only then write."""
    keyboard, reply_keyboard = read_markup(params)
    place = place_for(world, params)
    if asks_for_phone(reply_keyboard) and place.chat.type is not ChatType.PRIVATE:
        raise bad_request("phone number can be requested in private chats only")
    world.speed.accept(place.chat.chat_id, world.clock.machine_us())
    message = world.post(
        place.chat,
        world.bot_user,
        words=words,
        media=what,
        keyboard=keyboard,
        reply_keyboard=reply_keyboard,
        thread_id=place.thread_id,
        reply_to=place.reply_to,
        origin=origin,
        protected=params.flag("protect_content"),
        silent=params.flag("disable_notification"),
    )
    return place.chat, message


def copy_message(world: "World", params: Params) -> Json:
    """A message's content without its origin and buttons; a caption given replaces the old one."""
    source = _source(world, params, "message to copy")
    if source.service is not None or source.protected:
        raise bad_request("message can't be copied")
    words = read_caption(params) if source.media is not None and "caption" in params else source.words
    _, message = _post(world, params, words, source.media)
    return {"message_id": message.message_id}


def forward_message(world: "World", params: Params) -> Json:
    source = _source(world, params, "message to forward")
    if source.service is not None or source.protected:
        raise bad_request("message can't be forwarded")
    chat, message = _post(world, params, source.words, source.media, source.origin or _origin(world, source))
    return wire.message(chat, message)


def _source(world: "World", params: Params, role: str) -> Message:
    return find_message(readable_chat(world, params, "from_chat_id"), params, role)


def _origin(world: "World", source: Message) -> Json:
    """MessageOrigin: the person, or the group for an anonymous administrator."""
    date = wire.unix(to_us(source.date))
    if source.as_group:
        return {"type": "chat", "date": date, "sender_chat": wire.chat(world.chats[source.chat_id])}
    return {"type": "user", "date": date, "sender_user": wire.user(source.sender)}


# --- changing ------------------------------------------------------------------------------------------------------


def edit_message_text(world: "World", params: Params) -> Json:
    words = read_text(params)
    chat, message = _own_message(world, params)
    if message.media is not None:
        raise bad_request("there is no text in the message to edit")
    return _edit(world, params, chat, message, words)


def edit_message_caption(world: "World", params: Params) -> Json:
    words = read_caption(params)
    chat, message = _own_message(world, params)
    if message.media is None:
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, params, chat, message, words)


def edit_message_reply_markup(world: "World", params: Params) -> Json:
    chat, message = _own_message(world, params)
    return _edit(world, params, chat, message, message.words)


def _own_message(world: "World", params: Params) -> tuple[Chat, Message]:
    """The bot's own message that is to be edited."""
    if "inline_message_id" in params:  # goes before the other two, and nobody here sends such messages
        raise bad_request("MESSAGE_ID_INVALID")
    if not params.text("message_id"):
        raise bad_request("message identifier is not specified")
    chat = writable_chat(world, params)
    message = find_message(chat, params, "message to edit")
    if message.sender is not world.bot_user or message.service is not None or message.origin is not None:
        raise bad_request("message can't be edited")
    return chat, message


def _edit(world: "World", params: Params, chat: Chat, message: Message, words: Words) -> Json:
    keyboard, _ = read_markup(params, inline_only=True)
    if _same(message, words, keyboard):
        raise bad_request(NOT_MODIFIED)
    world.speed.accept(chat.chat_id, world.clock.machine_us())
    world.edit(chat, message, words, keyboard)
    return wire.message(chat, message)


def _same(message: Message, words: Words, keyboard: Keyboard) -> bool:
    return (message.words.text, message.words.entities, message.keyboard) == (words.text, words.entities, keyboard)


def delete_message(world: "World", params: Params) -> bool:
    """Allowed within 48 hours of domain time; other people's messages in a group need a right."""
    chat = writable_chat(world, params)
    message = find_message(chat, params, "message to delete")
    mine = message.sender is world.bot_user
    if chat.type is not ChatType.PRIVATE and not mine and not bot_in(world, chat).may("can_delete_messages"):
        raise bad_request("message can't be deleted")
    if message.service is not None and "forum_topic_created" in message.service:
        raise bad_request("message can't be deleted")
    if world.clock.now_us() - to_us(message.date) > DELETABLE_US:
        raise bad_request("message can't be deleted for everyone")
    world.delete(chat, message)
    return True
