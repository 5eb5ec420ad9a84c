"""When a check-in may go out: not in quiet hours, in its window, on a staffed day, not on top of another. Pure.

All moments are aware; windows and days are those of the patient's zone, staffed days those of the clinic's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.content.parts import TimeRange
from bot.content.plan import Step
from bot.content.schema import WEEKDAYS, Clinic
from bot.core import hours
from bot.model import DAILY_CAP

APART = timedelta(hours=1)
"""Between two check-ins that would come at one moment, so that the first can be answered (clinical judgement)."""
_DAY = timedelta(days=1)
_STEP = timedelta(minutes=1)
_MIDNIGHT = time(0)
_SATURDAY = WEEKDAYS.index("sat")


class Cause(StrEnum):
    """Why a check-in does not go out at its own time."""

    QUIET = "quiet hours"
    WINDOW = "outside its hours"
    CLOSED = "clinic closed"
    """What it offers takes a person, and nobody is there on that day."""
    SOON = "too soon after treatment"
    LATE = "late"
    """Its time was over already, but not yet its use."""
    PAST = "past"
    ORDER = "another check-in just before"
    FULL_DAY = "two messages that day"
    NO_VISIT = "no visit known"
    VISIT_KNOWN = "a visit is known"
    VISIT_NEAR = "visit too near the treatment"
    VISIT_OVER = "visit is over"
    VISIT_MOVED = "the visit was moved"
    GONE = "sent before"
    SILENT = "no reply to the check-ins before"
    PAUSED = "the plan was paused at its time"
    """Where staff let the plan go on within its time, it comes late after all."""


def is_from_visit(step: Step) -> bool:
    """Whether its time is counted back from the next visit."""
    return step.at.before_visit is not None


@dataclass(frozen=True, slots=True)
class Slots:
    """When one step may go out, beside those at `taken` (UTC, in the order they were planned)."""

    step: Step
    clinic: Clinic
    zone: ZoneInfo
    taken: tuple[datetime, ...] = ()

    def first(self, at: datetime, until: datetime) -> tuple[datetime | None, Cause | None]:
        """The first allowed moment from `at` on and before `until` or None, and what was first in the way."""
        first_cause: Cause | None = None
        while at < until:
            if (found := self._in_the_way(at)) is None:
                return at, first_cause
            cause, later = found
            first_cause = first_cause or cause
            at = max(later, at + _STEP)  # where clocks go back at midnight, tomorrow can have begun before
        return None, first_cause

    def next_day(self, at: datetime) -> datetime:
        """The step's own wall-clock time, or else the first moment, of the next local day."""
        return wall_clock(at.astimezone(self.zone).date() + _DAY, self.step.at.clock or _MIDNIGHT, self.zone)

    def quiet_until(self, at: datetime) -> datetime | None:
        """`hours.quiet_until`, without its work on ordinary days: most steps are planned there, by the thousand.

        Before a day that a zone leaves out this is the midnight inside the quiet hours, not their end.
        """
        local = at.astimezone(self.zone)
        quiet, clock = self._quiet(local.date()), local.time()
        day = local.date() if clock < quiet.end else local.date() + _DAY
        ending = self._quiet(day)
        if local.fold or quiet.start <= quiet.end or ending.start <= ending.end:
            return hours.quiet_until(self.clinic, at, self.zone)
        return None if quiet.end <= clock < quiet.start else wall_clock(day, ending.end, self.zone)

    def _quiet(self, day: date) -> TimeRange:
        return self.clinic.quiet_hours_weekend if day.weekday() >= _SATURDAY else self.clinic.quiet_hours

    def _in_the_way(self, at: datetime) -> tuple[Cause, datetime] | None:
        """Why it may not go out at `at`, and the next moment to look at."""
        if (end := self.quiet_until(at)) is not None:
            return Cause.QUIET, end
        if (start := self._window_after(at)) is not None:
            return Cause.WINDOW, start
        if self.step.needs_staff and not _is_staffed(self.clinic, at):
            return Cause.CLOSED, self.next_day(at)
        return self._clash(at)

    def _clash(self, at: datetime) -> tuple[Cause, datetime] | None:
        """What other check-ins are in the way."""
        day = at.astimezone(self.zone).date()
        if sum(other.astimezone(self.zone).date() == day for other in self.taken) >= DAILY_CAP:
            return Cause.FULL_DAY, self.next_day(at)
        if is_from_visit(self.step):
            near = max((other for other in self.taken if abs(other - at) < APART), default=None)
        else:
            near = max((other for other in self.taken if other >= at), default=None)
        return (Cause.ORDER, near + APART) if near is not None else None

    def _window_after(self, at: datetime) -> datetime | None:
        """The next beginning of the step's window, or None inside it."""
        window, local = self.step.window, at.astimezone(self.zone)
        if window is None or (window.start <= local.time() < window.end and local.fold == 0):
            return None
        spans = list(self._windows(local.date()))
        if any(start <= at < end for start, end in spans):
            return None
        return min(start for start, _ in spans if start > at)

    def _windows(self, day: date) -> Iterator[hours.Span]:
        """The windows around a local day; one that ends before it starts runs over midnight."""
        window = self.step.window
        assert window is not None
        for number in range(-1, 4):  # a zone that crosses the date line has no such day at all
            on = day + number * _DAY
            end_on = on if window.start < window.end else on + _DAY
            yield wall_clock(on, window.start, self.zone), wall_clock(end_on, window.end, self.zone)


def _is_staffed(clinic: Clinic, at: datetime) -> bool:
    """Whether somebody reads on that day of the clinic's, at whatever hour."""
    day = at.astimezone(clinic.zone).date()
    if any(closure.first <= day <= closure.last for closure in clinic.closures):
        return False
    return any(part.start != part.end for part in clinic.hours.get(WEEKDAYS[day.weekday()], ()))


@lru_cache(maxsize=4096)
def wall_clock(day: date, at: time, zone: ZoneInfo) -> datetime:
    """`hours.wall_clock`: patients who are enrolled together have their days in common."""
    return hours.wall_clock(day, at, zone)
