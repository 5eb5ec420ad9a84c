"""The words of the system as types: ids, states, the table of message kinds, what comes in and what goes out.

Everything here is a frozen value; nothing here imports ours or does I/O. The glossary is in the README.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum, StrEnum
from typing import Any, Literal, NewType, Self, TypeAlias

BotId = NewType("BotId", int)
"""Telegram's id of the bot account."""
ChatId = NewType("ChatId", int)
"""Telegram's id of a chat: positive for a private one, negative for a group."""
UserId = NewType("UserId", int)
"""Telegram's id of a person."""
PatientId = NewType("PatientId", int)
"""Our id of a patient. Staff see a code such as P-7F3K instead."""
MessageId = NewType("MessageId", int)
"""Our id of a row in `message`."""
TelegramMessageId = NewType("TelegramMessageId", int)
"""Telegram's id of a message, unique within its chat."""


class Lane(IntEnum):
    """Who goes first. Order is kept per chat and lane."""

    EMERGENCY = 0
    """Emergency texts and alerts; no gap per chat."""
    REPLY = 1
    """Answers to somebody who wrote, and what staff and patients say to each other."""
    SCHEDULED = 2
    """Check-ins, reminders, staff cards."""
    BROADCAST = 3
    """Broadcasts and digests; never take the last sending slot."""


class Scope(StrEnum):
    """What a patient can opt out of."""

    CHECK_INS = "check_ins"
    BROADCASTS = "broadcasts"
    ALL = "all"


class InDoubt(StrEnum):
    """What to do when nobody can know whether Telegram took a message."""

    RESEND = "resend"
    """Silence is the harm: send once more, marked as a repeat."""
    HOLD = "hold"
    """A copy is the harm: leave it `unknown`, staff may send it again."""


class Kind(StrEnum):
    """Why a message exists. Each has one row in `KINDS`."""

    EMERGENCY = "emergency"
    ALERT = "alert"
    REPLY = "reply"
    RELAY = "relay"
    CHECK_IN = "check_in"
    REMINDER = "reminder"
    CARD = "card"
    BROADCAST = "broadcast"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class KindRule:
    """How messages of one kind are treated by the outbox."""

    lane: Lane
    opt_out: Scope | None
    """The scope whose opt-out stops it (`all` stops every kind that has a scope); None: nothing stops it."""
    quiet_hours: bool
    """Waits for the end of the patient's quiet hours."""
    daily_cap: bool
    """Counts as one of the bot-started messages a patient may get on one day, and is skipped over the cap."""
    expires_s: int | None
    """Not sent later than this after its due time, unless the message names its own expiry."""
    in_doubt: InDoubt


KINDS: Mapping[Kind, KindRule] = {
    Kind.EMERGENCY: KindRule(Lane.EMERGENCY, None, False, False, None, InDoubt.RESEND),
    Kind.ALERT: KindRule(Lane.EMERGENCY, None, False, False, None, InDoubt.RESEND),
    Kind.REPLY: KindRule(Lane.REPLY, None, False, False, None, InDoubt.RESEND),
    Kind.RELAY: KindRule(Lane.REPLY, None, False, False, None, InDoubt.RESEND),
    Kind.CHECK_IN: KindRule(Lane.SCHEDULED, Scope.CHECK_INS, True, True, 12 * 3600, InDoubt.RESEND),
    Kind.REMINDER: KindRule(Lane.SCHEDULED, Scope.CHECK_INS, True, True, 12 * 3600, InDoubt.RESEND),
    Kind.CARD: KindRule(Lane.SCHEDULED, None, False, False, None, InDoubt.RESEND),
    Kind.BROADCAST: KindRule(Lane.BROADCAST, Scope.BROADCASTS, True, True, 24 * 3600, InDoubt.HOLD),
    Kind.DIGEST: KindRule(Lane.BROADCAST, None, False, False, 24 * 3600, InDoubt.RESEND),
}
"""In a group the lanes read: alerts, relays, cards, digests."""

PAUSED_BY_ALERT = frozenset({Kind.CHECK_IN, Kind.REMINDER, Kind.BROADCAST})
"""What a patient does not get while staff have not closed a pressing alert about them (content/red_flags.md)."""
DAILY_CAP = 2
"""Bot-started messages a patient may get on one local day (content/check_ins.md, "Timetable")."""


class Method(StrEnum):
    """What the outbox asks Telegram to do. Edits and deletes can be repeated without harm."""

    SEND_TEXT = "send_text"
    SEND_PHOTO = "send_photo"
    SEND_DOCUMENT = "send_document"
    COPY = "copy"
    EDIT_TEXT = "edit_text"
    EDIT_MARKUP = "edit_markup"
    DELETE = "delete"
    CREATE_TOPIC = "create_topic"
    EDIT_TOPIC = "edit_topic"
    DELETE_TOPIC = "delete_topic"
    """With everything in it. Where the bot may not, the topic is renamed instead."""
    PUT_OUT = "put_out"
    """Take a person out of the group, who may be invited again. Where the bot may not, staff are told."""

    @property
    def repeatable(self) -> bool:
        """True where doing it twice leaves the chat as doing it once."""
        return self in {
            Method.EDIT_TEXT,
            Method.EDIT_MARKUP,
            Method.DELETE,
            Method.EDIT_TOPIC,
            Method.DELETE_TOPIC,
            Method.PUT_OUT,
        }


class MessageState(StrEnum):
    """`pending → sending → sent | refused | unknown`, or `skipped`, `cancelled`, each with a reason."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    """Telegram said no, for good."""
    UNKNOWN = "unknown"
    """Nobody knows whether it arrived."""
    SKIPPED = "skipped"
    """Our own rules said no at the moment of sending (opted out, expired, unreachable, over the daily cap)."""
    CANCELLED = "cancelled"
    """Taken back before it was sent."""


class InboxState(StrEnum):
    NEW = "new"
    DONE = "done"
    PARKED = "parked"
    """Five attempts failed; staff were told."""


class DueState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    DROPPED = "dropped"


class ChatKind(StrEnum):
    PRIVATE = "private"
    STAFF = "staff"


class Role(StrEnum):
    """What a Telegram user may do for the clinic, weakest last."""

    OWNER = "owner"
    CLINICIAN = "clinician"
    DESK = "desk"


class Level(StrEnum):
    """Triage level of a red flag (content/red_flags.md)."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    ADVISE = "advise"

    @property
    def rank(self) -> int:
        """3 for an emergency, 2 urgent, 1 advise."""
        return {Level.EMERGENCY: 3, Level.URGENT: 2, Level.ADVISE: 1}[self]

    @property
    def is_pressing(self) -> bool:
        """Whether somebody must act on it today."""
        return self is not Level.ADVISE


class Decision(StrEnum):
    """What the bot decided to do with a patient's text."""

    ANSWER = "answer"
    ASK = "ask"
    HAND_OVER = "hand_over"
    RED_FLAG = "red_flag"
    CHECK = "check"
    META = "meta"


class Verdict(StrEnum):
    """What staff say that triage got wrong about a question."""

    MISSED = "missed"
    FALSE_ALARM = "false_alarm"


class Tap(StrEnum):
    """What a patient made of an entry: by a button, or by the same in words."""

    HELPED = "helped"
    NOT_ASKED = "not_asked"
    """It was the answer, and not what they had asked."""
    CHOSEN = "chosen"
    """Of several that were offered."""
    NONE = "none"
    """It was offered, and none of those was meant."""


# --- what goes out -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: `data` comes back to us when pressed, or `url` opens. Exactly one is set.

    `data` is an action and its argument ("entry:leg_jump_quiver"); the wire adds our message id in front, and the
    whole must fit Telegram's 64 bytes (checked when the message is enqueued).
    """

    label: str
    data: str = ""
    url: str = ""


Buttons: TypeAlias = tuple[tuple[Button, ...], ...]
"""Rows of buttons, top to bottom."""


def in_rows(buttons: Sequence[Button], width: int) -> Buttons:
    """Buttons side by side, `width` in each row but the last."""
    return tuple(tuple(buttons[at : at + width]) for at in range(0, len(buttons), width))


@dataclass(frozen=True, slots=True)
class Keys:
    """A keyboard in place of the patient's own, which a message brings; without a key it takes that away again.

    `share` sends the patient's own phone number, once Telegram has asked them; each of `words` types its label.
    """

    share: str = ""
    words: tuple[str, ...] = ()


PAYLOAD_VERSION = 1


@dataclass(frozen=True, slots=True)
class Payload:
    """What a message says. `text` is Telegram's HTML; for the methods about topics the topic's plain name, and for
    `put_out` the person's Telegram number."""

    text: str = ""
    buttons: Buttons = ()
    plain: bool = False
    """Send the words without formatting (after Telegram refused the HTML)."""
    copy_chat_id: ChatId | None = None
    copy_message_id: TelegramMessageId | None = None
    is_secret: bool = False
    """A name, a phone number, a personal link: the words leave our database once it needs no sending any more."""
    keys: Keys | None = None
    """Only without `buttons`: Telegram takes one or the other."""

    def to_json(self) -> dict[str, Any]:
        """The stored form, with its version."""
        out: dict[str, Any] = {"v": PAYLOAD_VERSION, "text": self.text}
        if self.buttons:
            out["buttons"] = [[[b.label, b.data, b.url] for b in row] for row in self.buttons]
        if self.plain:
            out["plain"] = True
        if self.copy_message_id is not None:
            out["copy"] = [self.copy_chat_id, self.copy_message_id]
        if self.is_secret:
            out["secret"] = True
        if self.keys is not None:
            out["keys"] = [self.keys.share, *self.keys.words]
        return out

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote. Raises ValueError for a version this code does not know."""
        if raw.get("v") != PAYLOAD_VERSION:
            raise ValueError(f"payload version {raw.get('v')!r} is unknown")
        copy_chat, copy_message = raw.get("copy", (None, None))
        keys = raw.get("keys")
        return cls(
            text=raw["text"],
            buttons=tuple(tuple(Button(*b) for b in row) for row in raw.get("buttons", ())),
            plain=raw.get("plain", False),
            copy_chat_id=copy_chat,
            copy_message_id=copy_message,
            is_secret=raw.get("secret", False),
            keys=Keys(keys[0], tuple(keys[1:])) if keys is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One call owed to one chat, before it has a row. `dedupe_key` makes it once: a second insert changes nothing."""

    chat_id: ChatId
    kind: Kind
    payload: Payload
    dedupe_key: str
    method: Method = Method.SEND_TEXT
    due_at: datetime | None = None
    """Domain time; None: now."""
    expires_at: datetime | None = None
    """Domain time; None: due time plus the kind's expiry, if it has one."""
    target_id: MessageId | None = None
    """For edits and deletes: our row of the message meant."""
    reply_to_id: TelegramMessageId | None = None
    """Telegram's id, in the same chat, of the message this one answers."""
    topic_id: int | None = None
    """Our row in `topic`."""
    attachment_id: int | None = None
    enrolment_id: int | None = None
    broadcast_id: int | None = None
    subject_chat_id: ChatId | None = None
    """For messages to staff about a patient: the patient's chat (a staff reply goes there)."""
    question_id: int | None = None
    """Our row in `question` that this answers."""


@dataclass(frozen=True, slots=True)
class Call:
    """A claimed row, ready for the wire."""

    id: MessageId
    chat_id: ChatId
    method: Method
    payload: Payload
    resent: bool = False
    target: TelegramMessageId | None = None
    button_owner: MessageId | None = None
    """The row whose id the buttons carry: the edited row for an edit, this one otherwise."""
    reply_to: TelegramMessageId | None = None
    thread_id: int | None = None
    file_id: str | None = None
    file_bytes: bytes | None = None
    file_name: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Telegram took it. `message_id` is Telegram's id (the thread id for `create_topic`)."""

    message_id: int | None = None
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """429: come back after `seconds` (machine time)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NotSent:
    """Surely never reached Telegram (no connection was made)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """May or may not have reached Telegram."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """403, or the chat does not exist: this chat cannot be written to."""

    reason: str


@dataclass(frozen=True, slots=True)
class TopicGone:
    """The forum topic was deleted."""

    reason: str = "topic_gone"


@dataclass(frozen=True, slots=True)
class BadMarkup:
    """Telegram cannot parse the HTML."""

    reason: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """The group became a supergroup with another id."""

    chat_id: ChatId


@dataclass(frozen=True, slots=True)
class BotRefused:
    """401 or 404: the token is wrong or was revoked. Nothing can be sent until somebody acts."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Any other definite no."""

    reason: str


NotTaken: TypeAlias = Wait | NotSent | Doubtful | Unreachable | TopicGone | BadMarkup | Migrated | BotRefused | Refused
SendResult: TypeAlias = Sent | NotTaken


# --- what comes in -------------------------------------------------------------------------------------------------


class Media(StrEnum):
    """What came with, or instead of, words."""

    PHOTO = "photo"
    VOICE = "voice"
    VIDEO = "video"
    STICKER = "sticker"
    DOCUMENT = "document"
    CONTACT = "contact"
    LOCATION = "location"
    OTHER = "other"


class SaidAs(StrEnum):
    """How a patient sent what is no question; beside these, every `Media` that came without words."""

    TEXT = "text"
    EDIT = "edit"
    """New words for an earlier message."""
    PRESS = "press"
    """A button, with the words on it."""
    PRIVATE = "private"
    """A name or a number that belongs to the contact details: its words are kept there alone."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The Telegram user behind an update. `is_anonymous` is a group admin writing as the group."""

    user_id: UserId
    is_bot: bool = False
    is_anonymous: bool = False
    first_name: str = ""


@dataclass(frozen=True, slots=True)
class Ours:
    """What the message that was answered shows of itself, if a bot wrote it: our row and the data of a button.

    Both None without buttons. Another bot's may look like ours, so whoever uses it checks that the row had the button.
    """

    row_id: MessageId | None = None
    data: str | None = None


@dataclass(frozen=True, slots=True)
class TextIn:
    """Words: a message, a caption, or the new words of an edited message."""

    chat_id: ChatId
    sender: Sender
    text: str
    message_id: TelegramMessageId
    sent_at: datetime
    """Telegram's own date of the message, aware UTC."""
    edited: bool = False
    media: Media | None = None
    reply_to: TelegramMessageId | None = None
    reply_to_ours: Ours | None = None
    reply_to_sender: Sender | None = None
    """Who wrote the message answered, where that shows."""
    thread_id: int | None = None
    is_private: bool = True
    html: str = ""
    """The words with their formatting, as HTML that Telegram takes back."""
    photo: str = ""
    """Telegram's id of a picture, in its largest size."""


@dataclass(frozen=True, slots=True)
class MediaIn:
    """A photo, voice note, sticker… without words."""

    chat_id: ChatId
    sender: Sender
    media: Media
    message_id: TelegramMessageId
    sent_at: datetime
    reply_to: TelegramMessageId | None = None
    reply_to_ours: Ours | None = None
    thread_id: int | None = None
    is_private: bool = True
    phone: str = ""
    """Of a shared contact, where it is the sender's own."""
    photo: str = ""
    """As in `TextIn`."""


@dataclass(frozen=True, slots=True)
class PressIn:
    """A button press. `row_id` and `data` are None when the data is not ours: presses can be forged."""

    chat_id: ChatId
    sender: Sender
    press_id: str
    row_id: MessageId | None
    data: str | None
    message_id: TelegramMessageId | None
    at: datetime | None = None
    is_private: bool = True


@dataclass(frozen=True, slots=True)
class BlockedIn:
    """The patient blocked or unblocked the bot, or the bot was put out of or into a group."""

    chat_id: ChatId
    sender: Sender
    blocked: bool
    is_private: bool = True


@dataclass(frozen=True, slots=True)
class MigratedIn:
    """A group got a new id."""

    chat_id: ChatId
    new_chat_id: ChatId


@dataclass(frozen=True, slots=True)
class LeftIn:
    """Somebody is in a group no more, whoever saw to that."""

    chat_id: ChatId
    who: Sender


@dataclass(frozen=True, slots=True)
class NothingIn:
    """An update that needs no effect; `what` names its type for the log."""

    chat_id: ChatId
    what: str


Incoming: TypeAlias = TextIn | MediaIn | PressIn | BlockedIn | MigratedIn | LeftIn | NothingIn


@dataclass(frozen=True, slots=True)
class Fetched:
    """One raw update as it goes into the inbox: Telegram's own JSON, unread but for its ids."""

    update_id: int
    chat_id: ChatId
    raw: str


# --- understanding -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """An FAQ entry the matcher thinks of, with its confidence 0-1 and the phrasing that came nearest."""

    entry_id: str
    confidence: float
    phrasing: str


@dataclass(frozen=True, slots=True)
class Match:
    """What the matcher says of one text: `answer`, `ask` or `hand_over`; up to three candidates, best first."""

    decision: Literal[Decision.ANSWER, Decision.ASK, Decision.HAND_OVER]
    candidates: tuple[Candidate, ...]
    repaired: str
    """The normalised text that was matched."""
    second: Candidate | None = None
    """The text holds a second question, and this entry surely answers it; only beside an `answer`."""


SELF_HARM = "self_harm"
"""The red flag with rules of its own: other words, told at once, no announcements for a while."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One red flag found: its id, the level for this message, and the words that fired."""

    id: str
    level: Level
    words: tuple[str, ...]
    usual: bool = False
    """Suspected only because it is said to have always been so: the patient knows whether it is new or worse."""
    faint: bool = field(default=False, compare=False)
    """The second opinion alone was only just sure of it; a text the FAQ surely knows then leads to the question. Not
    stored: it decides about one text only."""

    @property
    def is_mere_feeling(self) -> bool:
        """Whether no rule named a word of it and the second opinion was not even just sure."""
        return not (self.words or self.faint)


def is_pressing(flags: Iterable[Flag]) -> bool:
    """Whether somebody must act today on one of these."""
    return any(flag.level.is_pressing for flag in flags)


@dataclass(frozen=True, slots=True)
class Triage:
    """What triage says of one text.

    `flags`, and those only `suspected`, highest level first; `ruled_out`: what was seen and dismissed, and why.
    """

    flags: tuple[Flag, ...] = ()
    ruled_out: tuple[str, ...] = ()
    suspected: tuple[Flag, ...] = ()

    @property
    def level(self) -> Level | None:
        """The highest level found."""
        return self.flags[0].level if self.flags else None


@dataclass(frozen=True, slots=True)
class Understanding:
    """The decision about one text with everything that led to it; stored, and shown under "why this answer"."""

    text: str
    decision: Decision
    id: str | None
    """Entry, red flag or meta id."""
    level: Level | None
    confidence: float
    candidates: tuple[Candidate, ...] = ()
    flags: tuple[Flag, ...] = ()
    suspected: tuple[Flag, ...] = ()
    """Red flags that the patient is asked about, when there is no plain one."""
    ruled_out: tuple[str, ...] = ()
    repaired: str = ""
    second: str | None = None
    """The entry that answers a second question in the same text; `id` is the better of the two."""
    about: str | None = None
    """The entry answered before, with which a text that says too little by itself was read."""
    language: str | None = None
    """ISO 639-1 code of the language, when it is not English."""
    beside: str | None = None
    """The entry that surely answers the same text; only beside a warning of level `advise`."""


class SendWhy(Enum):
    """Reasons our own rules give for not sending, or not yet."""

    OPTED_OUT = "opted_out"
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"
    DAILY_CAP = "daily_cap"
    PAUSED = "paused"
    PLAN_PAUSED = "plan_paused"
    TARGET_LOST = "target_lost"
    REPLACED = "replaced"
    CALLED_OFF = "announcement_cancelled"


@dataclass(frozen=True, slots=True)
class PatientView:
    """What a decision may know about the patient behind a chat."""

    patient_id: PatientId
    code: str
    chat_id: ChatId
    treated_at: datetime | None = None
    """The treatment the open care plan counts from, aware UTC."""
    area: str | None = None
    opted_out: frozenset[Scope] = field(default_factory=frozenset)
