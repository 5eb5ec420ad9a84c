"""What the local Telegram remembers: users, chats, messages, files, presses. Plain records; `world.py` changes them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from bot.markup import Entity

Json: TypeAlias = dict[str, object]
"""One JSON object as it goes over the wire."""

GENERAL_TOPIC = 1
"""The thread id of a forum's General topic; messages there carry no thread id at all."""
ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
"""Bot API, ChatMemberAdministrator."""


@dataclass(eq=False)
class User:
    """Somebody with a Telegram account, or a bot."""

    user_id: int
    first_name: str
    is_bot: bool = False
    username: str | None = None
    language_code: str | None = None
    deactivated: bool = False


class Status(StrEnum):
    """Standing in a group (Bot API, ChatMember)."""

    OWNER = "creator"
    ADMIN = "administrator"
    MEMBER = "member"
    LEFT = "left"
    KICKED = "kicked"


@dataclass(eq=False)
class Membership:
    """One user's standing in one group. An owner has every right."""

    user: User
    status: Status = Status.MEMBER
    rights: frozenset[str] = frozenset()
    anonymous: bool = False
    """An administrator who writes as the group."""
    until: int = 0
    """For a kicked member: the Unix time the ban ends, 0 for never."""

    @property
    def present(self) -> bool:
        return self.status not in {Status.LEFT, Status.KICKED}

    def may(self, right: str) -> bool:
        """Whether this member holds `right`, one of `ADMIN_RIGHTS`."""
        return self.status is Status.OWNER or (self.status is Status.ADMIN and right in self.rights)


@dataclass(eq=False)
class Topic:
    """A forum topic. `thread_id` is the id of the service message that opened it."""

    thread_id: int
    name: str
    closed: bool = False
    deleted: bool = False
    icon_color: int = 0x6FB9F0


@dataclass(frozen=True)
class StoredFile:
    """Bytes on Telegram's servers. `file_id` sends them again without an upload; `kind` is how they were sent first."""

    file_id: str
    unique_id: str
    kind: str
    name: str
    mime: str
    data: bytes
    path: str
    """Where `/file/bot<token>/<path>` serves them."""


@dataclass(frozen=True)
class Media:
    """What a message carries besides words: `kind` is its field in a Bot API Message, `fields` that field's content."""

    kind: str
    fields: object
    file: StoredFile | None = None


@dataclass(frozen=True)
class Key:
    """An inline button: `data` comes back to the bot, or `url` opens."""

    label: str
    data: str | None = None
    url: str | None = None


Keyboard: TypeAlias = tuple[tuple[Key, ...], ...]


@dataclass(frozen=True)
class Words:
    """A message's text or caption: `html` as the page may show it, `text` and `entities` as Telegram stores them."""

    text: str = ""
    entities: tuple[Entity, ...] = ()
    html: str = ""


@dataclass(eq=False)
class Message:
    """One message in one chat. `words` is the text, or the caption when there is `media`."""

    chat_id: int
    message_id: int
    sender: User
    date: datetime
    """Domain time, aware UTC."""
    words: Words = field(default_factory=Words)
    media: Media | None = None
    keyboard: Keyboard = ()
    reply_keyboard: Json | None = None
    """A keyboard in place of the typing area, or its removal, as the bot sent it."""
    thread_id: int | None = None
    reply_to: int | None = None
    as_group: bool = False
    """Written by an anonymous administrator, as the group."""
    service: Json | None = None
    """What happened, for a service message ("new_chat_members", "forum_topic_created"…)."""
    origin: Json | None = None
    protected: bool = False
    silent: bool = False
    edited_at: datetime | None = None
    deleted: bool = False
    inaccessible: bool = False
    """Too old for the bot to see: a press on it arrives with a date of 0 and no text."""

    @property
    def text(self) -> str:
        """The words, whether text or caption."""
        return self.words.text

    @property
    def keys(self) -> list[Key]:
        """All inline buttons, row by row."""
        return [key for row in self.keyboard for key in row]

    @property
    def typed_keys(self) -> list[tuple[str, bool]]:
        """The keys of a keyboard in place of the person's own: label, and whether it shares their phone number."""
        rows = (self.reply_keyboard or {}).get("keyboard")
        keys = [key for row in rows for key in row] if isinstance(rows, list) else []
        as_objects = [{"text": key} if isinstance(key, str) else key for key in keys]
        return [(key["text"], bool(key.get("request_contact"))) for key in as_objects]


@dataclass(frozen=True)
class Answer:
    """What the bot said to a press: a toast, or an alert to be closed. `text` may be empty: only stop the spinner."""

    text: str
    show_alert: bool


@dataclass(eq=False)
class CallbackQuery:
    """One press. `answer` is None until the bot answers; `pressed_us` is machine time."""

    query_id: str
    user: User
    chat_id: int
    message_id: int
    data: str
    pressed_us: int
    answer: Answer | None = None


class ChatType(StrEnum):
    PRIVATE = "private"
    GROUP = "group"
    """A basic group: it can only be upgraded, and has no topics."""
    SUPERGROUP = "supergroup"


@dataclass(eq=False)
class Chat:
    """A conversation: private (its id is the user's) or a group (negative id)."""

    chat_id: int
    type: ChatType
    title: str
    user: User | None = None
    """The other side of a private chat."""
    started: bool = False
    """A private chat exists for the bot once the user has written or pressed Start."""
    blocked: bool = False
    """The user blocked the bot."""
    forum: bool = False
    members: dict[int, Membership] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    migrated_to: int | None = None
    history: list[Message] = field(default_factory=list)
    """Every message ever, deleted ones too, oldest first."""
    next_message_id: int = 1

    @property
    def visible(self) -> list[Message]:
        """Messages still there, oldest first, service messages included."""
        return [message for message in self.history if not message.deleted]

    @property
    def typed_keys(self) -> list[tuple[str, bool]]:
        """The keys that now stand in place of the person's own, as `Message.typed_keys`; none after their removal."""
        newest = next((one for one in self.newest_first() if one.reply_keyboard is not None), None)
        return newest.typed_keys if newest is not None else []

    @property
    def texts(self) -> list[str]:
        """The words of the messages still there, oldest first; wordless ones left out."""
        return [message.text for message in self.visible if message.text]

    @property
    def last(self) -> Message:
        """The newest message still there. Raises LookupError in an empty chat."""
        for message in reversed(self.history):
            if not message.deleted:
                return message
        raise LookupError(f"chat {self.chat_id} is empty")

    def find(self, message_id: int) -> Message | None:
        """The message with this id, deleted or not. Ids rise along `history`."""
        low, high = 0, len(self.history)
        while low < high:
            middle = (low + high) // 2
            if self.history[middle].message_id < message_id:
                low = middle + 1
            else:
                high = middle
        found = self.history[low] if low < len(self.history) else None
        return found if found is not None and found.message_id == message_id else None

    def newest_first(self) -> Iterator[Message]:
        """Messages still there, newest first."""
        return (message for message in reversed(self.history) if not message.deleted)
