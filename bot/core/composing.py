"""What staff type and press while they write an announcement: a link, a time, whom it is for. Pure.

Times are wall-clock times of the clinic's zone; moments that go in and come out are aware UTC.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.announcement import Audience
from bot.content.schema import WEEKDAYS, Clinic
from bot.core.announcing import SEND_FROM, Announcement, lasts, may_start
from bot.core.audience import this_week
from bot.core.care.enrolling import read_moment
from bot.core.hours import wall_clock

LATEST = timedelta(days=90)
"""Nobody plans an announcement for later than this; such a time is a slip."""
_GOOD = (SEND_FROM, time(17))
"""When people read their messages, and the clinic can take an answer: as it opens, and before it closes."""
_SOON = timedelta(minutes=30)
_STEP = timedelta(minutes=15)
_DAY = timedelta(days=1)

_LINK = re.compile(r"(?P<label>.*?)[\s:,–-]*(?P<url>https?://\S+)", re.IGNORECASE | re.DOTALL)
_DAY_WORD = re.compile(r"(tomorrow|mon|tue|wed|thu|fri|sat|sun)[a-z]*\s+(.*)", re.IGNORECASE)

TREATED_DAYS = (7, 14, 30)
"""What buttons offer."""


class Choice(StrEnum):
    """What a button can say of an audience; the first four with a value."""

    TREATED = "t"
    AREA = "a"
    PLAN = "p"
    PODIATRIST = "d"
    TOMORROW = "vt"
    THIS_WEEK = "vw"
    NO_VISIT = "nb"


def read_link(line: str) -> tuple[str, str] | None:
    """Label and address in "Book a visit https://…"; None where one of them is missing."""
    found = _LINK.fullmatch(line.strip())
    return (" ".join(found["label"].split()), found["url"]) if found and found["label"].strip() else None


# --- when ------------------------------------------------------------------------------------------------------------


def read_when(line: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The moment in "24 Nov 10:30", "10:30", "tomorrow 10:30", "Friday 10:30", in the past too, or None."""
    words = line.strip()
    found = _DAY_WORD.fullmatch(words)
    if found is None:
        return read_moment(words, zone, now)
    clock = read_moment(found[2], zone, now)
    if clock is None:
        return None
    today, word = now.astimezone(zone).date(), found[1].lower()
    ahead = 1 if word == "tomorrow" else (WEEKDAYS.index(word) - today.weekday()) % 7 or 7
    return wall_clock(today + ahead * _DAY, clock.astimezone(zone).time(), zone)


def good_times(clinic: Clinic, now: datetime, count: int = 2) -> list[datetime]:
    """The next moments at which an announcement is well read, the earliest first."""
    today = now.astimezone(clinic.zone).date()
    all_ = (wall_clock(today + number * _DAY, at, clinic.zone) for number in range(8) for at in _GOOD)
    return [at for at in all_ if at > now + _SOON and may_start(clinic, at, False) == at][:count]


def ends_at(clinic: Clinic, start: datetime, copies: int, any_hour: bool) -> datetime:
    """When the last copy goes, as far as one can know; what does not fit into a day goes on the next."""
    at, left = start, lasts(copies)
    while left > timedelta(0):
        step = min(left, _STEP)
        at, left = at + step, left - step
        if left:
            at = may_start(clinic, at, any_hour)
    return at


# --- whom it is for --------------------------------------------------------------------------------------------------


def key_of(name: str) -> str:
    """A short stand-in for an id that may be too long for a button."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def named(key: str, names: Iterable[str]) -> str | None:
    """Which of these ids a key stands for."""
    return next((name for name in names if key_of(name) == key), None)


def is_on(audience: Audience, choice: Choice, value: str, today: date) -> bool:
    """Whether this holds for the audience as it is. `today`: of the clinic's."""
    match choice:
        case Choice.TREATED:
            return audience.treated_days == int(value)
        case Choice.AREA:
            return value in audience.areas
        case Choice.PLAN:
            return value in audience.plans
        case Choice.PODIATRIST:
            return int(value) in audience.podiatrists
        case Choice.NO_VISIT:
            return audience.no_visit
        case Choice.TOMORROW | Choice.THIS_WEEK:
            return (audience.visit_from, audience.visit_until) == _visit_days(choice, today)


def switched(audience: Audience, choice: Choice, value: str, on: bool, today: date) -> Audience:
    """The audience with this on or off; a second time changes nothing."""
    if is_on(audience, choice, value, today) == on:
        return audience
    match choice:
        case Choice.TREATED:
            return replace(audience, treated_days=int(value) if on else None)
        case Choice.AREA:
            return replace(audience, areas=audience.areas ^ {value})
        case Choice.PLAN:
            return replace(audience, plans=audience.plans ^ {value})
        case Choice.PODIATRIST:
            return replace(audience, podiatrists=audience.podiatrists ^ {int(value)})
        case Choice.NO_VISIT:
            return replace(audience, no_visit=on, visit_from=None, visit_until=None)
        case Choice.TOMORROW | Choice.THIS_WEEK:
            first, last = _visit_days(choice, today) if on else (None, None)
            return replace(audience, no_visit=False, visit_from=first, visit_until=last)


def _visit_days(choice: Choice, today: date) -> tuple[date, date]:
    if choice is Choice.TOMORROW:
        return today + _DAY, today + _DAY
    return this_week(today)


# --- what was checked is what is sent --------------------------------------------------------------------------------


def fingerprint(
    announcement: Announcement,
    clinic: Clinic,
    photo: int | None,
    audience: Audience,
    starts_at: datetime | None,
    any_hour: bool,
    count: int,
) -> str:
    """Ten characters that differ when anything does that whoever checks it sees, what the clinic's own names stand for
    included. `starts_at`: None for at once."""
    when = (starts_at.isoformat() if starts_at else None, any_hour)
    filled_in = announcement.payload(clinic, {}).text
    seen = [announcement.to_json(), filled_in, photo, audience.to_json(), when, count]
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:10]
