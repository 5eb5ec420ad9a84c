"""What a decision asks for, as values; `services/` turns them into rows.

`State` is what the bot remembers of one chat between two messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from bot.clock import from_us, to_us
from bot.model import Buttons, Kind, MessageId, Scope, TelegramMessageId, Understanding

RECENT = timedelta(minutes=2)
"""How far back texts are read together: "I can't" / "breathe" (design 5)."""
RECENT_MAX = 10
HELD = timedelta(seconds=2)
"""How long an unsure reply waits for the rest of the question (design 5)."""
OFFER_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class State:
    """What the bot remembers of one chat. Times are domain time, aware UTC."""

    recent: tuple[tuple[datetime, str], ...] = ()
    """Texts of the last two minutes, oldest first."""
    held: tuple[str, ...] = ()
    """Texts whose unsure reply has not gone out yet…"""
    held_until: datetime | None = None
    """…and goes out now."""
    held_batch: int = 0
    """Names the rows of that reply, so that they can be taken back."""
    offered: tuple[str, ...] = ()
    """Entry ids last offered as "did you mean", so that "2" can be typed."""
    offered_until: datetime | None = None
    question: str = ""
    """The last question that was not answered for sure: what "Ask the team" passes on."""

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {
            "recent": [[to_us(at), text] for at, text in self.recent],
            "held": list(self.held),
            "held_until": to_us(self.held_until) if self.held_until else None,
            "held_batch": self.held_batch,
            "offered": list(self.offered),
            "offered_until": to_us(self.offered_until) if self.offered_until else None,
            "question": self.question,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read back; an empty mapping is the state of a new chat."""
        if not raw:
            return cls()
        return cls(
            recent=tuple((from_us(at), text) for at, text in raw["recent"]),
            held=tuple(raw["held"]),
            held_until=from_us(raw["held_until"]) if raw["held_until"] else None,
            held_batch=raw["held_batch"],
            offered=tuple(raw["offered"]),
            offered_until=from_us(raw["offered_until"]) if raw["offered_until"] else None,
            question=raw["question"],
        )

    def heard(self, text: str, now: datetime) -> "State":
        """The state with one more text, and without those older than two minutes."""
        kept = [(at, said) for at, said in self.recent if now - at <= RECENT]
        return replace(self, recent=(*kept, (now, text))[-RECENT_MAX:])

    def recent_texts(self, now: datetime) -> tuple[str, ...]:
        """Texts of the last two minutes, oldest first."""
        return tuple(text for at, text in self.recent if now - at <= RECENT)


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
