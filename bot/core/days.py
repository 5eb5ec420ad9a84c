"""Days as staff type them: "24 Dec – 2 Jan", "24.12.-2.1.", "2026-12-24 to 2027-01-02", "tomorrow", "Fri". Pure.

Days are those of the clinic's calendar; `today` is one of them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.content.schema import WEEKDAYS, Closure
from bot.core.replies import MONTH_NAMES, WEEKDAY_NAMES

LONG_DAYS = 60
"""More days than that are asked about once more."""
_DAY = timedelta(days=1)
_FARTHEST = timedelta(days=3 * 366)
"""Whatever is farther away is a slip of the pen."""

_MONTHS = tuple(name[:3].lower() for name in MONTH_NAMES)
_NAMED = r"\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?[a-z]{3,9}(?:\s+\d{4}(?!\d))?"
_FIGURES = r"\d{1,2}[./]\d{1,2}(?:[./]\d{4}(?!\d)|\.)?"
_WEEKDAY = r"mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
_ONE = rf"\d{{4}}-\d\d-\d\d|{_NAMED}|{_FIGURES}|today\b|tomorrow\b|(?:{_WEEKDAY})\b"
_STRETCH = re.compile(
    rf"(?:(?P<first>{_ONE}|\d{{1,2}}(?:st|nd|rd|th)?\.?)\s*(?:[-–—]|\b(?:to|until|till)\b)\s*)?(?P<last>{_ONE})(?!\w)",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"(?P<iso>\d{4}-\d\d-\d\d)"
    r"|(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:\s+(?:of\s+)?(?P<month>[a-z]+)|[./](?P<number>\d{1,2}))?"
    r"[./\s]*(?P<year>\d{4})?\.?"
)


class Unread(StrEnum):
    """Why nobody can be closed on what was typed."""

    UNCLEAR = "unclear"
    ORDER = "order"
    """The last day is before the first."""
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole days, both ends included, and what stood behind them."""

    first: date
    last: date
    reason: str = ""

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class _Said:
    """One day as it was typed. Without a month it is a day of the other day's month."""

    word: str = ""
    """ "today", "tomorrow" or a weekday's three letters."""
    day: int = 0
    month: int = 0
    year: int = 0

    @property
    def is_fixed(self) -> bool:
        """It needs no other day to be known."""
        return bool(self.word or self.year)


def read_stretch(words: str, today: date) -> Stretch | Unread:
    """The days at the beginning of `words`; the rest is the reason. Without a year it is the next such day."""
    found = _STRETCH.match(words.strip())
    last = _said(found["last"]) if found else None
    if found is None or last is None:
        return Unread.UNCLEAR
    first = _said(found["first"]) if found["first"] else last
    days = _both(first, last, today) if first is not None else None
    if days is None or days[1] - today > _FARTHEST:
        return Unread.UNCLEAR
    if days[1] < days[0]:
        return Unread.ORDER
    if days[1] < today:
        return Unread.PAST
    return Stretch(*days, words.strip()[found.end() :].strip(" ,;:()-–"))


def read_day(words: str, today: date) -> date | None:
    """One day and nothing else, not before today; None where it is anything else."""
    found = read_stretch(words, today)
    is_day = isinstance(found, Stretch) and found.days == 1 and not found.reason
    return found.first if isinstance(found, Stretch) and is_day else None


def joined(closures: Iterable[Closure]) -> tuple[Closure, ...]:
    """In order, those that overlap or follow each other at once made one, with the reasons of both."""
    found: list[Closure] = []
    for closure in sorted(closures, key=lambda one: (one.first, one.last)):
        before = found[-1] if found else None
        if before is None or closure.first > before.last + _DAY:
            found.append(closure)
            continue
        reasons = dict.fromkeys((*before.reason.split(", "), closure.reason))
        last = max(before.last, closure.last)
        found[-1] = before.model_copy(update={"last": last, "reason": ", ".join(reasons)})
    return tuple(found)


def whole_day(day: date) -> str:
    """ "Thursday 24 December 2026": nobody can take it for another day."""
    return f"{WEEKDAY_NAMES[day.weekday()]} {day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def _said(typed: str) -> _Said | None:
    text = typed.lower()
    if text in {"today", "tomorrow"}:
        return _Said(text)
    if text[:3] in WEEKDAYS:
        return _Said(text[:3])
    found = _PARTS.fullmatch(text)
    if found is None:
        return None
    if found["iso"]:
        year, month, day = map(int, found["iso"].split("-"))
        return _Said(day=day, month=month, year=year)
    name = (found["month"] or "")[:3]
    if name and name not in _MONTHS:
        return None
    month = _MONTHS.index(name) + 1 if name else int(found["number"] or 0)
    return _Said(day=int(found["day"]), month=month, year=int(found["year"] or 0))


def _both(first: _Said, last: _Said, today: date) -> tuple[date, date] | None:
    """Both days. The one that is surely known says in which year the other is; else the last is still to come."""
    try:
        if first is last:
            day = _from(last, today)
            return (day, day) if day is not None else None
        if first.is_fixed:
            start = _from(first, today)
            end = _from(last, start) if start is not None else None
        else:
            end = _from(last, today)
            start = _before(first, end) if end is not None else None
    except ValueError:  # no calendar has such a day
        return None
    return (start, end) if start is not None and end is not None else None


def _from(said: _Said, start: date) -> date | None:
    """The first such day from `start` on; a weekday is never `start` itself. Raises ValueError for 31 June."""
    if said.word in WEEKDAYS:
        return start + ((WEEKDAYS.index(said.word) - start.weekday()) % 7 or 7) * _DAY
    if said.word:
        return start + (_DAY if said.word == "tomorrow" else 0 * _DAY)
    if said.year:
        return date(said.year, said.month, said.day)
    if not said.month:
        return None
    day = date(start.year, said.month, said.day)
    return day if day >= start else day.replace(year=start.year + 1)


def _before(said: _Said, end: date) -> date:
    """The last such day up to `end`; a day without a month is of that month."""
    if not said.month:
        return end.replace(day=said.day)
    day = date(end.year, said.month, said.day)
    return day if day <= end else day.replace(year=end.year - 1)
