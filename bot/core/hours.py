"""When somebody at the clinic reads, and when a patient should not be woken.

Hours are wall-clock times: the clinic's for opening, the patient's for quiet hours. All moments in and out are aware
UTC. A wall-clock time that a clock change skips is the moment of the change; one that comes twice is the first.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.content.parts import TimeRange
from bot.content.schema import WEEKDAYS, Clinic

Span = tuple[datetime, datetime]
"""From a moment up to, and without, another."""

_DAY = timedelta(days=1)
_YEAR_DAYS = 366
_MIDNIGHT = time(0)


def is_open(clinic: Clinic, at: datetime) -> bool:
    """True while the clinic's hours say that somebody reads, and the day is no closure."""
    return open_until(clinic, at) is not None


def open_until(clinic: Clinic, at: datetime) -> datetime | None:
    """When the clinic next closes, if it is open at `at`; None if it is closed. A year on if it never closes."""
    for start, end in _merged(_openings(clinic, at)):
        if start > at:
            return None
        if at < end:
            return end
    return None


def next_opening(clinic: Clinic, at: datetime) -> datetime | None:
    """The first moment after `at` at which the clinic opens, or None if it does not within a year.

    While it is open this is the opening after the next closing.
    """
    return next((start for start, _ in _merged(_openings(clinic, at)) if start > at), None)


def quiet_until(clinic: Clinic, at: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of the quiet hours that `at` falls into, or None outside them. `zone` is the patient's.

    Saturday and Sunday follow `quiet_hours_weekend`, each for its own morning and evening: Friday's night begins as on
    a weekday and ends as at the weekend.
    """
    today = at.astimezone(zone).date()
    days = (today + number * _DAY for number in range(-1, 4))
    spans = (span for day in days for span in _quiet(clinic, day, zone))
    return next((end for start, end in _merged(spans) if start <= at < end), None)


def wall_clock(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC moment when clocks in `zone` show `at` on `day`: the first of two, or the change that skips it."""
    early, late = (datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC) for fold in (1, 0))
    if late <= early:
        return late
    return _change(early, late, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment with the offset that holds at `after`; changes fall on whole seconds."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def _openings(clinic: Clinic, at: datetime) -> Iterator[Span]:
    """Opening times in order, from the day before `at` for a year."""
    first = at.astimezone(clinic.zone).date() - _DAY
    for number in range(_YEAR_DAYS + 1):
        day = first + number * _DAY
        if not _is_closure(clinic, day):
            ranges = clinic.hours.get(WEEKDAYS[day.weekday()], ())
            yield from sorted(_opening(clinic, day, hours) for hours in ranges)


def _opening(clinic: Clinic, day: date, hours: TimeRange) -> Span:
    """One opening; a night's ends at midnight if the next day is a closure. Equal times are no opening."""
    if hours.start <= hours.end:
        end_on, end = day, hours.end
    else:
        end_on, end = day + _DAY, _MIDNIGHT if _is_closure(clinic, day + _DAY) else hours.end
    return wall_clock(day, hours.start, clinic.zone), wall_clock(end_on, end, clinic.zone)


def _is_closure(clinic: Clinic, day: date) -> bool:
    return any(closure.first <= day <= closure.last for closure in clinic.closures)


def _quiet(clinic: Clinic, day: date, zone: ZoneInfo) -> Iterator[Span]:
    """The quiet parts of one day of the patient, in order."""
    hours = clinic.quiet_hours_weekend if day.weekday() >= WEEKDAYS.index("sat") else clinic.quiet_hours
    start, end = wall_clock(day, hours.start, zone), wall_clock(day, hours.end, zone)
    if hours.start <= hours.end:
        yield start, end
    else:
        yield wall_clock(day, _MIDNIGHT, zone), end
        yield start, wall_clock(day + _DAY, _MIDNIGHT, zone)


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans in order of their starts, those that touch made one, empty ones left out."""
    current: Span | None = None
    for start, end in spans:
        if end <= start:
            continue
        if current is not None and start <= current[1]:
            current = current[0], max(current[1], end)
            continue
        if current is not None:
            yield current
        current = start, end
    if current is not None:
        yield current
