"""What a decision asks for, as values; `services/` turns them into rows.

`State` is what the bot remembers of one chat between two messages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from bot.clock import from_us, to_us
from bot.model import Buttons, Kind, Media, MessageId, Scope, TelegramMessageId, Understanding

RECENT = timedelta(minutes=2)
"""How far back texts are read together: "I can't" / "breathe" (design 5)."""
RECENT_MAX = 10
HELD = timedelta(seconds=2)
"""How long an unsure reply waits for the rest of the question (design 5)."""
OFFER_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Held:
    """One message behind an unsure reply that has not gone out yet. `media`: what came with the words."""

    message_id: TelegramMessageId
    text: str
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What the bot remembers of one chat. Times are domain time, aware UTC."""

    recent: tuple[tuple[datetime, str], ...] = ()
    """Texts of the last two minutes with Telegram's dates, oldest first."""
    held: tuple[Held, ...] = ()
    """Messages that are read as one, since their unsure reply has not gone out yet…"""
    held_until: datetime | None = None
    """…and goes out now."""
    held_batch: int = 0
    """Names the rows of that reply, so that they can be taken back."""
    offered: tuple[str, ...] = ()
    """Entry ids last offered as "did you mean", so that "2" can be typed."""
    offered_until: datetime | None = None
    question: str = ""
    """The last question: what "Ask the team" passes on."""
    passed_on: MessageId | None = None
    """Our row whose button passed that question on: a second press tells staff nothing new."""
    pictured_at: datetime | None = None
    """Telegram's date of the last picture: those of an album come as messages of one moment."""
    warned: tuple[str, ...] = ()
    """Red flags that staff were last alerted to…"""
    warned_at: datetime | None = None
    """…and when."""

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {
            "recent": [[to_us(at), text] for at, text in self.recent],
            "held": [[held.message_id, held.text, held.media] for held in self.held],
            "held_until": _us(self.held_until),
            "held_batch": self.held_batch,
            "offered": list(self.offered),
            "offered_until": _us(self.offered_until),
            "question": self.question,
            "passed_on": self.passed_on,
            "pictured_at": _us(self.pictured_at),
            "warned": list(self.warned),
            "warned_at": _us(self.warned_at),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read back; an empty mapping is the state of a new chat."""
        if not raw:
            return cls()
        return cls(
            recent=tuple((from_us(at), text) for at, text in raw["recent"]),
            held=tuple(Held(id_, text, Media(media) if media else None) for id_, text, media in raw["held"]),
            held_until=_at(raw["held_until"]),
            held_batch=raw["held_batch"],
            offered=tuple(raw["offered"]),
            offered_until=_at(raw["offered_until"]),
            question=raw["question"],
            passed_on=raw["passed_on"],
            pictured_at=_at(raw["pictured_at"]),
            warned=tuple(raw["warned"]),
            warned_at=_at(raw["warned_at"]),
        )

    def heard(self, text: str, at: datetime) -> "State":
        """The state with one more text, of this date, and without those older than two minutes."""
        kept = [(when, said) for when, said in self.recent if at - when <= RECENT]
        return replace(self, recent=(*kept, (at, text))[-RECENT_MAX:], passed_on=None)

    def recent_texts(self, at: datetime) -> tuple[str, ...]:
        """Texts of the two minutes before `at`, by Telegram's dates, oldest first."""
        return tuple(text for when, text in self.recent if at - when <= RECENT)

    def settled(self) -> "State":
        """The state when no reply waits for the rest of a question."""
        return replace(self, held=(), held_until=None)

    def was_warned(self, flag_ids: Iterable[str], now: datetime) -> bool:
        """Whether staff were alerted to all these within the last two minutes."""
        return self.warned_at is not None and now - self.warned_at <= RECENT and set(flag_ids) <= set(self.warned)


def _us(at: datetime | None) -> int | None:
    return None if at is None else to_us(at)


def _at(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


@dataclass(frozen=True, slots=True)
class Say:
    """A message to the patient, in Telegram's HTML. `held`: wait for the rest of the question first.

    `once`: a name under which this chat gets it one time only.
    """

    text: str
    kind: Kind = Kind.REPLY
    buttons: Buttons = ()
    held: bool = False
    once: str = ""


@dataclass(frozen=True, slots=True)
class Redraw:
    """New words and buttons for a message of ours that is already there."""

    row_id: MessageId
    text: str
    buttons: Buttons = ()


@dataclass(frozen=True, slots=True)
class TellStaff:
    """A card for the staff group about this patient. `opens_alert`: somebody has to take it."""

    text: str
    kind: Kind = Kind.RELAY
    held: bool = False
    opens_alert: bool = False
    copy_message_id: TelegramMessageId | None = None
    """Telegram's message in the patient's chat to copy instead of a text."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything one incoming thing leads to."""

    state: State
    says: tuple[Say, ...] = ()
    redraws: tuple[Redraw, ...] = ()
    staff: tuple[TellStaff, ...] = ()
    understanding: Understanding | None = None
    """Stored as a question when there is one."""
    stop: Scope | None = None
    resume: bool = False
    take_back: int | None = None
    """The held batch whose rows are cancelled."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was decided on the same message before it was edited."""

    decision: str
    id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """The circumstances of one incoming thing, apart from the words themselves."""

    now: datetime
    sent_at: datetime
    flooding: bool = False
    """This chat sends more than a person types: only danger and STOP are acted on."""
    stopped: frozenset[Scope] = field(default_factory=frozenset)
    treated_at: datetime | None = None
    code: str = ""
    earlier: Earlier | None = None
