"""Texts of the content filled in: placeholders, opening hours and local times in words."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from bot.content.parts import TimeRange
from bot.content.schema import WEEKDAYS, Clinic, Closure
from bot.markup import escape

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY_NAMES = dict(zip(WEEKDAYS, WEEKDAY_NAMES, strict=True))
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Not `strftime`: a clinic's server may speak another language than its patients."""


class Html(str):
    """A value that is markup already; `render` puts it in as it is."""

    __slots__ = ()


def render(text: str, clinic: Clinic, /, **extra: str) -> str:
    """`text` with its `{placeholders}` filled from the clinic and from `extra`, escaped unless `Html`.

    A placeholder nobody knows stays as it is: the content's lint refuses it, and a patient's text in a value may hold
    braces.
    """

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if name in extra:
            value = extra[name]
        elif name in OF_CLINIC:
            value = OF_CLINIC[name](clinic)
        else:
            return found[0]
        return value if isinstance(value, Html) else escape(value)

    return _PLACEHOLDER.sub(fill, text)


def names_of(text: str) -> frozenset[str]:
    """The placeholders in a text."""
    return frozenset(_PLACEHOLDER.findall(text))


def hours_in_words(clinic: Clinic) -> str:
    """The week's hours and every dated closure, so that nobody is sent to a closed door at Christmas.

    "Monday to Thursday 09:00 to 17:30, Friday 09:00 to 13:00; closed Saturday and Sunday. Closed 1 May".
    """
    days = [(_DAY_NAMES[day], clinic.hours.get(day, ())) for day in WEEKDAYS]
    opened: list[str] = []
    closed: list[str] = []
    for hours, group in groupby(days, key=lambda day: day[1]):
        names = [name for name, _ in group]
        if hours:
            opened.append(f"{_days_in_words(names)} {_ranges_in_words(hours)}")
        else:
            closed += names
    parts = [", ".join(opened)] if opened else []
    if closed:
        parts.append(f"closed {_list_in_words(closed)}")
    closures = [f"Closed {closure_in_words(closure)}" for closure in clinic.closures]
    return ". ".join(["; ".join(parts), *closures])


OF_CLINIC: Mapping[str, Callable[[Clinic], str]] = {
    "clinic_name": attrgetter("name"),
    "clinic_phone": attrgetter("phone"),
    "clinic_hours": hours_in_words,
    "clinic_address": attrgetter("address"),
    "booking_link": attrgetter("booking_link"),
    "price_list": attrgetter("price_list"),
    "cancel_notice": attrgetter("cancel_notice"),
    "emergency_number": attrgetter("emergency_number"),
    "urgent_line": attrgetter("urgent_line"),
    "crisis_line": attrgetter("crisis_line"),
    "youth_line": attrgetter("youth_line"),
    "privacy_url": attrgetter("privacy_url"),
}
"""What every text may name (`schema.PLACEHOLDERS`), not escaped; found only where it is named."""


def closure_in_words(closure: Closure) -> str:
    """ "24 December to 2 January", or "1 May" for a single day."""
    first, last = (f"{day.day} {MONTH_NAMES[day.month - 1]}" for day in (closure.first, closure.last))
    return first if first == last else f"{first} to {last}"


def local_time(clinic: Clinic, at: datetime, now: datetime) -> str:
    """`at` on the clinic's clock, as `time_in_words` has it."""
    return time_in_words(at, now=now, zone=clinic.zone)


def time_in_words(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """`at` on a clock in `zone`: "17:30" on the day of `now`, else "Monday 09:00" or, beyond six days, with its date.

    Never "tomorrow": the message may be read tomorrow.
    """
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return clock
    name = _DAY_NAMES[WEEKDAYS[local.weekday()]]
    if timedelta(0) < local.date() - today <= timedelta(days=6):
        return f"{name} {clock}"
    return f"{name} {local.day} {MONTH_NAMES[local.month - 1]} {clock}"


def full_time(at: datetime, zone: ZoneInfo) -> str:
    """`at` on a clock in `zone`, for something that is read years later: "23 November 2026, 12:00"."""
    local = at.astimezone(zone)
    return f"{local.day} {MONTH_NAMES[local.month - 1]} {local.year}, {local:%H:%M}"


def _days_in_words(names: list[str]) -> str:
    """Days that follow each other: "Monday to Thursday", "Saturday and Sunday", "Friday"."""
    return f"{names[0]} to {names[-1]}" if len(names) > 2 else " and ".join(names)


def _ranges_in_words(ranges: tuple[TimeRange, ...]) -> str:
    return _list_in_words([f"{hours.start:%H:%M} to {hours.end:%H:%M}" for hours in ranges])


def _list_in_words(items: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))
