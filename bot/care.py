"""What decisions know of a patient's care plan, and what they change in it, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from bot.model import PatientId

Value: TypeAlias = int | bool | str | tuple[str, ...]
"""An answer or a fact: a number, yes or no, one option, or several."""


def number_of(value: Value | None) -> int | None:
    """The number that an answer is; None where it is none, as yes and no are none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


class PlanState(StrEnum):
    """Of an enrolment: `joining → open → ended`, with `paused` in between."""

    JOINING = "joining"
    """Staff set it up; the patient has not agreed yet."""
    OPEN = "open"
    PAUSED = "paused"
    """An urgent sign, or staff: nothing is asked until staff resume or end it."""
    ENDED = "ended"


class NoteKind(StrEnum):
    """What a note asks of staff."""

    NOTE = "note"
    """To know."""
    CALL = "call"
    """Ring the patient."""
    BOOKING = "booking"
    """See to a visit."""
    VISIT = "visit"
    """Look at it before the next visit."""
    LATE = "late"
    """A check-in went out late, or not at all, and why."""


JOINING = "joining"
"""The step in which a patient joins; it is no part of the plan."""
CONTACT = frozenset({"name", "other", "phone"})
"""Questions of that step whose answers are contact details, kept apart from all that is said."""
BASELINE = "baseline"
"""The fact: pain of the old problem before treatment, 0-10."""
CAREFUL = "careful"
"""The fact: something asks for care, or may. It has a column of its own."""
ENDED_UNFINISHED = "did not finish joining"
"""Why a plan has ended: nobody answered on joining."""
ENDED_DONE = "done"
"""Why a plan has ended: all was answered that there was to answer."""
UNDONE = "undone"
"""Why a plan has ended: it was set up by mistake, so it is no record of any care."""
NO_REPLY = "no_reply"
"""Why a check-in is closed: nobody answered it, and the plan fell silent."""
ALL_FINE = ""
"""`OpenCheckIn.asked` while the choice of "All fine" is open."""


@dataclass(frozen=True, slots=True)
class OpenCheckIn:
    """A check-in that was sent and is not closed."""

    id: int
    """Our row in `check_in`; buttons carry it."""
    step_id: str
    sent_at: datetime
    asked: str | None
    """The question that waits for an answer; `ALL_FINE`; None while one is due later."""
    answers: Mapping[str, Value] = field(default_factory=dict)
    ticked: tuple[str, ...] = ()
    """Options ticked so far of a question that takes several."""
    doubted: tuple[str, ...] = ()
    """Questions whose answer was asked once more to be sure."""
    repeated: bool = False
    """The open question was put again, after something else was answered."""
    answered_at: datetime | None = None
    """The last answer; None: nothing was answered yet, so nobody may be there."""


@dataclass(frozen=True, slots=True)
class Care:
    """One patient's care plan as it stands."""

    enrolment_id: int
    patient_id: PatientId
    code: str
    label: str | None
    """What the family calls this patient; None while the chat has one patient."""
    plan_id: str
    state: PlanState
    treated_at: datetime
    zone: str
    """IANA zone of the patient."""
    area: str
    side: str
    careful: bool
    is_child: bool = False
    """A guardian reads and answers."""
    facts: Mapping[str, Value] = field(default_factory=dict)
    """`BASELINE`, and the careful facts of the plan as yes or no."""
    answers: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    """By step, what was answered in check-ins that are closed."""
    open: OpenCheckIn | None = None
    visit_at: datetime | None = None
    visit_seen_at: datetime | None = None
    reminded: bool = False
    """The one reminder of the plan went out."""
    silent: bool = False
    """Nobody answered, and nothing more is asked."""
    lapsed: OpenCheckIn | None = None
    """While it is silent, the check-in that nobody answered: a late press under it counts all the same."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something for staff: a note, or a thing to do. `text` is plain words."""

    kind: NoteKind
    text: str


@dataclass(frozen=True, slots=True)
class Later:
    """A question that is asked again, or for the first time, at `at` (aware UTC), unless the check-in is closed."""

    question_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CareChange:
    """What one answer, or one moment, changes in a care plan."""

    enrolment_id: int
    open: OpenCheckIn | None = None
    """The check-in as it stands now, to be stored in its row; None: no check-in changed."""
    closed: str | None = None
    """Why that check-in is closed now: done, all_fine, alert, replaced, no_reply, stopped. None: it is still open."""
    answered: bool = True
    """The patient answered: not silent any more."""
    state: PlanState | None = None
    """The plan's new state, with its `reason`."""
    reason: str = ""
    facts: Mapping[str, Value] = field(default_factory=dict)
    """Facts to add."""
    notes: tuple[Note, ...] = ()
    later: tuple[Later, ...] = ()
    earlier: tuple[tuple[str, datetime], ...] = ()
    """Steps that move to this time."""
