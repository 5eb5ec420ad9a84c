"""May staff put the next check-in off? The times on offer, and why one is not; none is sooner than planned. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.content.plan import Step
from bot.content.schema import Clinic
from bot.core.care.slots import Cause, Slots
from bot.core.hours import wall_clock

LATER_BY = timedelta(hours=2)
"""Later today means so much later than planned, or than now, where that is over."""
_QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)


class When(StrEnum):
    """What staff may choose."""

    TODAY = "today"
    """Later, on the day it is due."""
    TOMORROW = "tomorrow"
    """At the same wall-clock time."""
    DAY = "day"
    """One day after its time."""


class WhyNot(StrEnum):
    """Why a choice is not possible."""

    NOT_TODAY = "not_today"
    """It is not due today."""
    NOT_LATER = "not_later"
    """It is due tomorrow, or after that, anyway."""
    WINDOW = "window"
    """The hours in which it may be sent are over then."""
    QUIET = "quiet"
    CLOSED = "closed"
    """What it offers takes a person, and nobody is there."""
    TOO_LATE = "too_late"
    """It makes no sense any more then."""
    NEXT = "next"
    """The check-in after it comes first."""


_WHY: dict[Cause | None, WhyNot] = {Cause.QUIET: WhyNot.QUIET, Cause.WINDOW: WhyNot.WINDOW, Cause.CLOSED: WhyNot.CLOSED}


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next check-in of a plan. Times are aware UTC."""

    step: Step
    due_at: datetime
    until: datetime | None
    """When it is too late; None: never."""
    next_at: datetime | None
    """When the one after it is due."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: the time it would mean, aware UTC, or why it is not possible."""

    when: When
    at: datetime | None
    why_not: WhyNot | None = None


def choices(waiting: Waiting, clinic: Clinic, zone: ZoneInfo, now: datetime) -> tuple[Choice, ...]:
    """Every choice. `zone` is the patient's."""
    return tuple(_weighed(waiting, clinic, zone, when, _target(waiting, zone, when, now)) for when in When)


def why_not(waiting: Waiting, clinic: Clinic, zone: ZoneInfo, at: datetime) -> WhyNot | None:
    """Why the check-in may not be put off until `at`; None: it may."""
    return _weigh(waiting, clinic, zone, at, at + timedelta(microseconds=1)).why_not


def _target(waiting: Waiting, zone: ZoneInfo, when: When, now: datetime) -> datetime | WhyNot:
    """The time meant."""
    due, today = waiting.due_at.astimezone(zone), now.astimezone(zone).date()
    match when:
        case When.TODAY if due.date() > today:
            return WhyNot.NOT_TODAY
        case When.TODAY:
            later = _next_quarter(max(waiting.due_at, now) + LATER_BY)
            return later if later.astimezone(zone).date() == today else WhyNot.WINDOW
        case When.TOMORROW if due.date() > today:
            return WhyNot.NOT_LATER
        case When.TOMORROW:
            return _at_clock(today + _DAY, due.time(), zone)
        case When.DAY:
            return _at_clock(max(due.date(), today) + _DAY, due.time(), zone)


def _weighed(waiting: Waiting, clinic: Clinic, zone: ZoneInfo, when: When, meant: datetime | WhyNot) -> Choice:
    if isinstance(meant, WhyNot):
        return Choice(when, None, meant)
    midnight = _at_clock(meant.astimezone(zone).date() + _DAY, time(0), zone)
    return replace(_weigh(waiting, clinic, zone, meant, midnight), when=when)


def _weigh(waiting: Waiting, clinic: Clinic, zone: ZoneInfo, meant: datetime, end: datetime) -> Choice:
    """The first moment from `meant` on and before `end` at which the check-in may come."""
    at, cause = Slots(waiting.step, clinic, zone).first(meant, end)
    if at is None:
        return Choice(When.DAY, None, _WHY.get(cause, WhyNot.WINDOW))
    if waiting.until is not None and at >= waiting.until:
        return Choice(When.DAY, None, WhyNot.TOO_LATE)
    if waiting.next_at is not None and at >= waiting.next_at:
        return Choice(When.DAY, None, WhyNot.NEXT)
    return Choice(When.DAY, at)


def _at_clock(day: date, at: time, zone: ZoneInfo) -> datetime:
    return wall_clock(day, at.replace(tzinfo=None, fold=0), zone)


def _next_quarter(at: datetime) -> datetime:
    since_hour = at - at.replace(minute=0, second=0, microsecond=0)
    return (at + (-since_hour % _QUARTER)).astimezone(UTC)
