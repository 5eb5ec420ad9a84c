"""The world as the demo's page gets it: plain JSON values.

Times are ISO 8601 in UTC; the page shows them in the clinic's zone. Texts are as typed, never HTML.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from bot.markup import Entity
from bot.simulator.state import Chat, Json, Key, Media, Message, Topic

if TYPE_CHECKING:
    from bot.simulator.world import World

_MEDIA = {
    "photo": "Photo",
    "document": "File",
    "voice": "Voice message",
    "video": "Video",
    "sticker": "Sticker",
    "contact": "Contact",
    "location": "Location",
}
_SERVICE = {
    "new_chat_members": "{who} joined the group",
    "left_chat_member": "{who} was removed from the group",
    "forum_topic_created": "Topic “{name}” opened",
    "forum_topic_edited": "Topic renamed to “{name}”",
    "forum_topic_closed": "Topic closed",
    "forum_topic_reopened": "Topic opened again",
}


def iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def chat_view(chat: Chat) -> Json:
    """A chat without its messages."""
    return {
        "id": chat.chat_id,
        "title": chat.title,
        "started": chat.started,
        "blocked": chat.blocked,
        "forum": chat.forum,
        "topics": [_topic(topic) for topic in chat.topics.values() if not topic.deleted],
        "people": sum(1 for seat in chat.members.values() if seat.present and not seat.user.is_bot),
    }


def _topic(topic: Topic) -> Json:
    return {"id": topic.thread_id, "name": topic.name, "closed": topic.closed}


def message_view(message: Message) -> Json:
    """One message. `text` is as typed: the page must never read it as HTML. A deleted one has lost its words."""
    gone = message.deleted
    return {
        "chat_id": message.chat_id,
        "id": message.message_id,
        "from": {"id": message.sender.user_id, "name": message.sender.first_name, "bot": message.sender.is_bot},
        "at": iso(message.date),
        "text": "" if gone else message.text,
        "entities": [] if gone else [_entity(entity) for entity in message.words.entities],
        "media": None if gone or message.media is None else _media(message.media),
        "keyboard": [] if gone else [[_key(key) for key in row] for row in message.keyboard],
        "typing": None if gone or message.reply_keyboard is None else [label for label, _ in message.typed_keys],
        "thread": message.thread_id,
        "reply_to": message.reply_to,
        "edited": message.edited_at is not None,
        "deleted": gone,
        "service": _service(message),
    }


def _entity(entity: Entity) -> Json:
    """Offset and length are UTF-16 code units, which is how the page's strings count too."""
    return {"type": entity.type, "offset": entity.offset, "length": entity.length, "url": entity.url}


def _key(key: Key) -> Json:
    return {"label": key.label, "data": key.data, "url": key.url}


def _media(media: Media) -> Json:
    """What stands in for the picture or sound: its kind, its name, and what can be said of it in words."""
    fields = media.fields if isinstance(media.fields, dict) else {}
    details = {
        "document": str(fields.get("file_name", "")),
        "voice": _length(fields.get("duration")),
        "video": _length(fields.get("duration")),
        "sticker": str(fields.get("emoji", "")),
        "contact": f"{fields.get('first_name', '')} {fields.get('phone_number', '')}".strip(),
        "location": f"{fields.get('latitude')}, {fields.get('longitude')}",
    }
    return {
        "kind": media.kind,
        "name": _MEDIA.get(media.kind, "Attachment"),
        "detail": details.get(media.kind, ""),
    }


def _length(seconds: object) -> str:
    whole = seconds if isinstance(seconds, int) else 0
    return f"{whole // 60}:{whole % 60:02d}"


def _service(message: Message) -> str | None:
    """What happened, as a sentence; None for a message that somebody wrote."""
    if message.service is None:
        return None
    what, fields = next(iter(message.service.items()))
    template = _SERVICE.get(what, "The group changed")
    name = fields.get("name", "") if isinstance(fields, dict) else ""
    return template.format(who=_people(fields) or message.sender.first_name, name=name)


def _people(fields: object) -> str:
    users = fields if isinstance(fields, list) else [fields]
    return ", ".join(str(user["first_name"]) for user in users if isinstance(user, dict) and "first_name" in user)


def bot_view(world: "World") -> Json:
    """What the bot says of itself to somebody who has not started it yet, and its menu in private chats."""
    private = world.profile.get(("commands", '{"type": "all_private_chats"}'))
    return {
        "id": world.bot_user.user_id,
        "name": world.profile.get(("name", ""), world.bot_user.first_name),
        "description": world.profile.get(("description", ""), ""),
        "commands": private or world.profile.get(("commands", '{"type": "default"}'), []),
    }
