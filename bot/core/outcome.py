"""What a decision asks for, as values; `services/` turns them into rows.

`State` is what the bot remembers of one chat between two messages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from bot.care import Care, CareChange
from bot.clock import from_us, to_us
from bot.model import Buttons, Flag, Keys, Kind, Level, Media, MessageId, Scope, Tap, TelegramMessageId, Understanding

RECENT = timedelta(minutes=2)
"""How far back texts are read together: "I can't" / "breathe" (design 5)."""
RECENT_MAX = 10
HELD = timedelta(seconds=2)
"""How long an unsure reply waits for the rest of the question (design 5)."""
OFFER_LASTS = timedelta(minutes=10)
"""How long an offer can be taken, and an answer judged or asked about, in words alone."""
DANGER_LASTS = timedelta(hours=2)
"""How long after a warning each reply begins with it (clinical judgement: somebody may wait instead of calling)."""
CHECK_LASTS = timedelta(hours=2)
"""How long a safety question can be answered, and within which none is asked about the same sign again."""
COURTESY = timedelta(minutes=10)
"""Thanks are answered once in this time: two polite people would never stop."""


@dataclass(frozen=True, slots=True)
class Held:
    """One message behind an unsure reply that has not gone out yet. `media`: what came with the words."""

    message_id: TelegramMessageId
    text: str
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a patient was last answered, so that "that helped" and "and for how long?" know what they are about."""

    entry_ids: tuple[str, ...]
    """Best first."""
    others: tuple[str, ...]
    """What else the question may have meant, best first."""
    until: datetime
    asked_in: TelegramMessageId | None = None
    """The patient's message it answers."""
    again: bool = False
    """The same as before, for a question that said too little by itself: once is enough."""


@dataclass(frozen=True, slots=True)
class Check:
    """A safety question without an answer yet: a red flag is suspected, and only the patient can tell."""

    flag: Flag
    text: str
    """What the patient had written."""
    asked_at: datetime
    asked_in: TelegramMessageId | None = None
    """The patient's message with those words."""
    others: tuple[str, ...] = ()
    """Emergency and urgent red flags that are suspected beside it; one question is asked, not two."""
    owes_answer: bool = True
    """False where those words were dealt with already: they came with a command, or with a warning."""
    shown_at: datetime | None = None
    """When it was last put, if more than once."""
    is_repeated: bool = False
    """It stood once more under the answer to something else."""
    is_nudged: bool = False
    """It was asked once more, since no answer came."""
    is_told: bool = False
    """Staff were alerted, since no answer came."""

    @property
    def is_usual(self) -> bool:
        """Whether the question is only if what has always been so is new or worse now."""
        return self.flag.usual


class Asks(StrEnum):
    """What is noted about being forgotten (table `erasure`); the erasing itself is a timer's work."""

    FORGET = "forget"
    SURE = "sure"
    """They said twice that they are sure."""
    KEEP = "keep"
    """They changed their mind, or did not mean it."""


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
    """The last question: what "Ask the team" passes on…"""
    asked_in: TelegramMessageId | None = None
    """…and the message it stood in."""
    answered: Answered | None = None
    thanked_at: datetime | None = None
    """When thanks, or a nod, were last answered."""
    passed_on: MessageId | None = None
    """Our row whose button passed that question on: a second press tells staff nothing new."""
    pictured_at: datetime | None = None
    """Telegram's date of the last picture: those of an album come as messages of one moment."""
    warned: tuple[str, ...] = ()
    """Red flags that staff were last alerted to…"""
    warned_at: datetime | None = None
    """…and when."""
    check: Check | None = None
    """The safety question that was asked last; answered ones are taken away…"""
    checked: tuple[tuple[str, datetime], ...] = ()
    """…and red flags about which one was asked within the last two hours, with the time."""
    who_text: str = ""
    """An answer to a check-in that may be about two patients of this chat: they were asked whom."""
    stopped_at: datetime | None = None
    """When STOP was confirmed, so that "only the check-ins" is known to be about that."""
    data_at: datetime | None = None
    """When the file with all we keep was last asked for."""
    heard_at: datetime | None = None
    """When they were last told, in a talk with staff, that what they write is read."""
    forget_at: datetime | None = None
    """When they asked to be forgotten, and have not taken it back…"""
    forget_again_at: datetime | None = None
    """…and, once they said that they are sure, when they are asked once more."""

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
            "asked_in": self.asked_in,
            "answered": self.answered and _answered_to_json(self.answered),
            "thanked_at": _us(self.thanked_at),
            "passed_on": self.passed_on,
            "pictured_at": _us(self.pictured_at),
            "warned": list(self.warned),
            "warned_at": _us(self.warned_at),
            "check": self.check and _check_to_json(self.check),
            "checked": [[id_, to_us(at)] for id_, at in self.checked],
            "stopped_at": _us(self.stopped_at),
            "data_at": _us(self.data_at),
            "heard_at": _us(self.heard_at),
            "forget_at": _us(self.forget_at),
            "forget_again_at": _us(self.forget_again_at),
            "who_text": self.who_text,
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
            asked_in=raw.get("asked_in"),  # states of before 2026-11 have none of these three
            answered=_answered_from_json(raw.get("answered")),
            thanked_at=_at(raw.get("thanked_at")),
            passed_on=raw["passed_on"],
            pictured_at=_at(raw["pictured_at"]),
            warned=tuple(raw["warned"]),
            warned_at=_at(raw["warned_at"]),
            check=_check_from_json(raw.get("check")),  # states of before 2026-12 have neither of these two
            checked=tuple((id_, from_us(at)) for id_, at in raw.get("checked", ())),
            stopped_at=_at(raw.get("stopped_at")),
            data_at=_at(raw.get("data_at")),
            heard_at=_at(raw.get("heard_at")),
            forget_at=_at(raw.get("forget_at")),
            forget_again_at=_at(raw.get("forget_again_at")),
            who_text=raw.get("who_text", ""),
        )

    def heard(self, text: str, at: datetime) -> "State":
        """The state with one more text, of this date, and without those older than two minutes."""
        kept = [(when, said) for when, said in self.recent if at - when <= RECENT]
        return replace(self, recent=(*kept, (at, text))[-RECENT_MAX:], passed_on=None)

    def recent_texts(self, at: datetime) -> tuple[str, ...]:
        """Texts of the two minutes before `at`, by Telegram's dates, oldest first."""
        return tuple(text for when, text in self.recent if at - when <= RECENT)

    def asks(self, text: str, message_id: TelegramMessageId | None) -> "State":
        """The state after this question, which leaves an earlier offer behind."""
        return replace(self, question=text, asked_in=message_id, offered=(), offered_until=None)

    def offers(self, entry_ids: tuple[str, ...], now: datetime) -> "State":
        """The state in which these entries can be chosen, by a number as well."""
        return replace(self, offered=entry_ids, offered_until=now + OFFER_LASTS)

    def offer_at(self, at: datetime) -> tuple[str, ...]:
        """The entries on offer at `at`."""
        return self.offered if self.offered_until is not None and at <= self.offered_until else ()

    @property
    def offered_at(self) -> datetime | None:
        """When the offer was made."""
        return self.offered_until - OFFER_LASTS if self.offered_until is not None else None

    def answered_at(self, at: datetime) -> Answered | None:
        """What was answered, while it is fresh at `at`."""
        return self.answered if self.answered is not None and at <= self.answered.until else None

    def settled(self) -> "State":
        """The state when no reply waits for the rest of a question."""
        return replace(self, held=(), held_until=None)

    def checks(self, check: Check) -> "State":
        """The state in which this safety question waits for an answer."""
        kept = [(id_, at) for id_, at in self.checked if check.asked_at - at <= CHECK_LASTS and id_ != check.flag.id]
        return replace(self, check=check, checked=(*kept, (check.flag.id, check.asked_at)))

    def check_at(self, now: datetime) -> Check | None:
        """The safety question that waits for an answer, while one can be given."""
        return self.check if self.check is not None and now - self.check.asked_at <= CHECK_LASTS else None

    def was_checked(self, flag_id: str, now: datetime) -> bool:
        """Whether the patient was asked about this red flag within the last two hours."""
        return any(id_ == flag_id and now - at <= CHECK_LASTS for id_, at in self.checked)

    def is_in_danger(self, now: datetime) -> bool:
        """Whether the patient was warned within the last two hours."""
        return self.warned_at is not None and now - self.warned_at <= DANGER_LASTS

    def was_warned(self, flag_ids: Iterable[str], now: datetime) -> bool:
        """Whether staff were alerted to all these within the last two minutes."""
        return self.warned_at is not None and now - self.warned_at <= RECENT and set(flag_ids) <= set(self.warned)


def _answered_to_json(answered: Answered) -> dict[str, Any]:
    return {
        "entry_ids": list(answered.entry_ids),
        "others": list(answered.others),
        "until": to_us(answered.until),
        "asked_in": answered.asked_in,
        "again": answered.again,
    }


def _answered_from_json(raw: Mapping[str, Any] | None) -> Answered | None:
    if not raw:
        return None
    return Answered(tuple(raw["entry_ids"]), tuple(raw["others"]), from_us(raw["until"]), raw["asked_in"], raw["again"])


def _check_to_json(check: Check) -> dict[str, Any]:
    flag = check.flag
    return {
        "flag": [flag.id, flag.level, list(flag.words), flag.usual],
        "text": check.text,
        "asked_at": to_us(check.asked_at),
        "asked_in": check.asked_in,
        "others": list(check.others),
        "owes_answer": check.owes_answer,
        "shown_at": _us(check.shown_at),
        "marks": [check.is_repeated, check.is_nudged, check.is_told],
    }


def _check_from_json(raw: Mapping[str, Any] | None) -> Check | None:
    if not raw:
        return None
    id_, level, words, usual = raw["flag"]
    is_repeated, is_nudged, is_told = raw["marks"]
    return Check(
        flag=Flag(id_, Level(level), tuple(words), usual),
        text=raw["text"],
        asked_at=from_us(raw["asked_at"]),
        asked_in=raw["asked_in"],
        others=tuple(raw["others"]),
        owes_answer=raw["owes_answer"],
        shown_at=_at(raw["shown_at"]),
        is_repeated=is_repeated,
        is_nudged=is_nudged,
        is_told=is_told,
    )


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
    enrolment_id: int | None = None
    keys: Keys | None = None
    """The care plan it belongs to: a press under it is about that one."""


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
    level: Level | None = None
    """Set where it is about a red flag, with `flag_ids`: the services then write the card, from the question asked, and
    see that somebody takes it."""
    flag_ids: tuple[str, ...] = ()
    note: str = ""
    """For such a card, in Telegram's HTML: what the patient was asked about it, and the answer."""
    is_line: bool = False
    """What the patient said, for an open thread; where there is none by then, it goes nowhere."""
    entry_id: str = ""
    """Such a line also says what the bot answered with this."""
    has_why: bool = False
    """The bot replied to what stands in such a line, and staff may ask why."""
    is_denied: bool = False
    """The answer is no: it is added to the alert that there is, which presses less then, and opens none."""


@dataclass(frozen=True, slots=True)
class Timer:
    """When to look at this chat again, and why: a kind of due row. Domain time, aware UTC."""

    kind: str
    at: datetime


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
    """Everything is on again, but for the scope in `stop`."""
    asks_for: Asks | None = None
    take_back: int | None = None
    """The held batch whose rows are cancelled."""
    about: TelegramMessageId | None = None
    """The patient's message with the question that this is about, when it was asked before."""
    taps: tuple[tuple[str, Tap], ...] = ()
    """What the patient made of entries that this question led to."""
    asked_in: TelegramMessageId | None = None
    """The patient's message that `understanding` is of, where it is an earlier one."""
    timers: tuple[Timer, ...] = ()
    care: tuple[CareChange, ...] = ()
    """What changes in care plans."""
    joins: str = ""
    """They came to join a care plan: by the poster, or with the token of a personal link. The services answer that."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was decided on the same message before it was edited."""

    decision: str
    id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked before, and what it led to."""

    text: str
    asked_in: TelegramMessageId | None
    """The patient's message it stood in."""
    candidates: tuple[str, ...] = ()
    """Entries it may have meant, best first, without those the patient has put aside."""
    entry_ids: tuple[str, ...] = ()
    """Entries it was answered with: none, one, or two."""
    shown: str = ""
    """The reply whose button was pressed, in Telegram's HTML."""


@dataclass(frozen=True, slots=True)
class Thread:
    """The open talk of a chat with staff."""

    staff_wrote_at: datetime | None = None
    """Their last word; None: nobody is talking, the bot answers."""


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
    message_id: TelegramMessageId | None = None
    """The patient's own message; None for a press."""
    asked: Asked | None = None
    """For a press: the question to which that message was the reply, if it was to any."""
    care: tuple[Care, ...] = ()
    """The care plans of this chat that have not ended, oldest first."""
    thread: Thread | None = None
    """The talk with staff, while it is open."""

    @property
    def is_about_children(self) -> bool:
        """Whether every care plan of this chat is a child's: of a patient under the clinic's `guardian_age`."""
        return bool(self.care) and all(plan.is_child for plan in self.care)
