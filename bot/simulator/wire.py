"""Records of the local Telegram as Bot API JSON (Bot API 10.0, "Available types")."""

from bot.clock import to_us
from bot.markup import Entity, utf16_len
from bot.simulator.state import (
    ADMIN_RIGHTS,
    CallbackQuery,
    Chat,
    ChatType,
    Json,
    Key,
    Keyboard,
    Media,
    Membership,
    Message,
    Status,
    StoredFile,
    User,
)

ANONYMOUS_ADMIN = User(1087968824, "Group", is_bot=True, username="GroupAnonymousBot")
"""Telegram's stand-in for an administrator who writes as the group."""


def unix(message_date_us: int) -> int:
    """Telegram's dates are whole seconds."""
    return message_date_us // 1_000_000


def user(someone: User) -> Json:
    out: Json = {"id": someone.user_id, "is_bot": someone.is_bot, "first_name": someone.first_name}
    if someone.username:
        out["username"] = someone.username
    if someone.language_code:
        out["language_code"] = someone.language_code
    return out


def chat(where: Chat) -> Json:
    if where.type is ChatType.PRIVATE:
        return {"id": where.chat_id, "type": "private", "first_name": where.title}
    out: Json = {"id": where.chat_id, "type": where.type.value, "title": where.title}
    if where.forum:
        out["is_forum"] = True
    if where.type is ChatType.GROUP:
        out["all_members_are_administrators"] = False
    return out


def chat_full(where: Chat) -> Json:
    """ChatFullInfo, with what every answer of getChat holds."""
    out = chat(where) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
        ),
    }
    if where.type is ChatType.GROUP:
        out["permissions"] = {"can_send_messages": True}
    return out


def member(who: Membership) -> Json:
    """ChatMember, in the form of its status."""
    out: Json = {"user": user(who.user), "status": who.status.value}
    if who.status is Status.OWNER:
        out["is_anonymous"] = who.anonymous
    elif who.status is Status.ADMIN:
        out |= {"can_be_edited": False, "is_anonymous": who.anonymous}
        out |= {right: right in who.rights for right in ADMIN_RIGHTS}
    elif who.status is Status.KICKED:
        out["until_date"] = who.until
    return out


def entity(stretch: Entity) -> Json:
    out: Json = {"type": stretch.type, "offset": stretch.offset, "length": stretch.length}
    if stretch.url:
        out["url"] = stretch.url
    if stretch.language:
        out["language"] = stretch.language
    return out


def command_entities(text: str) -> tuple[Entity, ...]:
    """Telegram marks a command at the start of a text ("/start 42") for the bot."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    if not word.startswith("/") or len(word) < 2 or not text.startswith(word):
        return ()
    return (Entity("bot_command", 0, utf16_len(word)),)


def key(button: Key) -> Json:
    return {"text": button.label} | ({"url": button.url} if button.url else {"callback_data": button.data})


def keyboard(rows: Keyboard) -> Json:
    return {"inline_keyboard": [[key(button) for button in row] for row in rows]}


def file(stored: StoredFile) -> Json:
    return {"file_id": stored.file_id, "file_unique_id": stored.unique_id, "file_size": len(stored.data)}


def media(what: Media) -> Json:
    """The one field of a Message that holds its media."""
    return {what.kind: what.fields}


def message(where: Chat, said: Message, *, with_reply: bool = True) -> Json:
    """A Message. The message it replies to is included once, as Telegram does: a reply in a reply is cut."""
    sender = ANONYMOUS_ADMIN if said.as_group else said.sender
    out: Json = {
        "message_id": said.message_id,
        "from": user(sender),
        "chat": chat(where),
        "date": unix(to_us(said.date)),
    }
    if said.as_group:
        out["sender_chat"] = chat(where)
    if said.thread_id is not None:
        out |= {"message_thread_id": said.thread_id, "is_topic_message": True}
    if said.edited_at is not None:
        out["edit_date"] = unix(to_us(said.edited_at))
    if said.protected:
        out["has_protected_content"] = True
    if said.origin is not None:
        out["forward_origin"] = said.origin
    if with_reply and (answered := _answered(where, said)) is not None:
        out["reply_to_message"] = message(where, answered, with_reply=False)
    if said.keyboard:
        out["reply_markup"] = keyboard(said.keyboard)
    return out | _content(said)


def _answered(where: Chat, said: Message) -> Message | None:
    """The message replied to. A plain message in a topic "replies" to the topic's first message: a known trap."""
    reply_to = said.reply_to
    if reply_to is None and said.thread_id != said.message_id:
        reply_to = said.thread_id
    found = where.find(reply_to) if reply_to is not None else None
    return None if found is None or found.deleted else found


def _content(said: Message) -> Json:
    if said.service is not None:
        return said.service
    text, entities = ("caption", "caption_entities") if said.media else ("text", "entities")
    out = media(said.media) if said.media else {}
    if said.words.text:
        out[text] = said.words.text
    if said.words.entities:
        out[entities] = [entity(stretch) for stretch in said.words.entities]
    return out


def callback_query(where: Chat, press: CallbackQuery) -> Json:
    """A CallbackQuery; a message that is gone or too old comes as an InaccessibleMessage, with a date of 0."""
    pressed = where.find(press.message_id)
    if pressed is None or pressed.deleted or pressed.inaccessible:
        shown: Json = {"chat": chat(where), "message_id": press.message_id, "date": 0}
    else:
        shown = message(where, pressed)
    return {
        "id": press.query_id,
        "from": user(press.user),
        "message": shown,
        "chat_instance": str(abs(where.chat_id) * 7919),
        "data": press.data,
    }


def member_change(where: Chat, actor: User, before: Json, after: Json, date: int) -> Json:
    """ChatMemberUpdated."""
    return {
        "chat": chat(where),
        "from": user(actor),
        "date": date,
        "old_chat_member": before,
        "new_chat_member": after,
    }
