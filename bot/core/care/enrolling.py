"""What staff type to set up a care plan: "/enrol 4821 heel L visit 12 Dec 10:00", in any order. Pure.

Times are wall-clock times of the clinic's zone; moments that come out are aware UTC.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.content.plan import Option, Plan
from bot.core.hours import wall_clock
from bot.core.text import normalise

LATEST = timedelta(days=14)
"""A treatment from before then has no check-ins to come."""
_DAY = timedelta(days=1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_CLOCK = r"(?:at\s+)?([01]?\d|2[0-3])[:.]([0-5]\d)"
_DATE = r"(?:(\d{4})-(\d\d)-(\d\d)|(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]{3,9})(?:\s+(\d{4}))?)"
_VISIT = re.compile(rf"\bvisit\s+(?:{_DATE}\s+{_CLOCK}|(none|no)\b)", re.IGNORECASE)
_TREATED = re.compile(rf"\b(?:(yesterday|today)\s+|{_DATE}\s+)?{_CLOCK}(?!\d)", re.IGNORECASE)
_NAME = r"[^\W\d_][\w'’-]*"
_FOR = re.compile(rf"\bfor\s+({_NAME})", re.IGNORECASE)
_REFERENCE = re.compile(r"@?\bref[:\s]\s*(\S{1,40})|@ref:?\s*(\S{1,40})", re.IGNORECASE)
_NOT_CAREFUL = re.compile(r"\bnot careful\b", re.IGNORECASE)
_LINK = re.compile(r"\s*link\s+(?:P-?)?([0-9A-Z]{4})\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\b(\d{4})\b")
_FILLERS = frozenset({"and", "the", "on", "of", "in", "at"})


class Wrong(StrEnum):
    """Why a command cannot be done."""

    UNCLEAR = "unclear"
    WHEN = "when"
    """Treated in the future, or too long ago."""
    VISIT = "visit"
    """The next visit is in the past."""


@dataclass(frozen=True, slots=True)
class Request:
    """A care plan to set up, as far as it was said. Moments are aware UTC."""

    number: str = ""
    """The four digits on the patient's screen."""
    no_telegram: bool = False
    area: str = ""
    side: str = ""
    treated_at: datetime | None = None
    """None: now."""
    visit_at: datetime | None = None
    is_child: bool = False
    label: str = ""
    """What the family calls the patient."""
    reference: str = ""
    not_careful: bool = False
    wrong: Wrong | None = None
    word: str = ""
    """The first that could not be read."""

    @property
    def is_whole(self) -> bool:
        """Whether there is nothing to ask staff any more."""
        return bool((self.number or self.no_telegram) and self.area and self.side)


def read_link(words: str) -> str | None:
    """The patient's code in "link P-7F3K"; None for anything else."""
    found = _LINK.fullmatch(words)
    return f"P-{found[1].upper()}" if found else None


def read_request(words: str, plan: Plan, zone: ZoneInfo, now: datetime) -> Request:
    """What staff ask for. `wrong` says when it cannot be done as it stands."""
    request, left = Request(), f" {words} "
    if found := _REFERENCE.search(left):
        request, left = replace(request, reference=found[1] or found[2]), _without(left, found)
    if found := _VISIT.search(left):
        left = _without(left, found)
        visit_at = None if found[9] else _moment(found.groups()[:8], zone, now)
        if not found[9] and visit_at is None:
            return replace(request, wrong=Wrong.UNCLEAR, word=found[0].strip())
        request = replace(request, visit_at=visit_at)
    if found := _TREATED.search(left):
        left = _without(left, found)
        treated_at = _treated(found, zone, now)
        if treated_at is None:
            return replace(request, wrong=Wrong.UNCLEAR, word=found[0].strip())
        request = replace(request, treated_at=treated_at)
    if found := _FOR.search(left):
        request, left = replace(request, label=_as_name(found[1])), _without(left, found)
    if found := _NOT_CAREFUL.search(left):
        request, left = replace(request, not_careful=True), _without(left, found)
    if found := _NUMBER.search(left):
        request, left = replace(request, number=found[1]), _without(left, found)
    return _checked(_named(request, left, plan), now)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _as_name(name: str) -> str:
    return name if any(map(str.isupper, name)) else name.capitalize()


def _checked(request: Request, now: datetime) -> Request:
    treated_at = request.treated_at
    if request.wrong is None and treated_at is not None and not now - LATEST <= treated_at <= now:
        return replace(request, wrong=Wrong.WHEN)
    if request.wrong is None and request.visit_at is not None and request.visit_at <= now:
        return replace(request, wrong=Wrong.VISIT)
    return request


def _named(request: Request, left: str, plan: Plan) -> Request:
    """Area, side and the single words, out of what is left."""
    said = normalise(left).split()
    area, said = _pick(said, plan.areas)
    side, said = _pick(said, plan.sides)
    rest = [word for word in said if word not in _FILLERS]
    is_child, no_telegram = "child" in rest, "none" in rest
    unread = [word for word in rest if word not in {"child", "none", "side"}]
    request = replace(request, area=area, side=side, is_child=is_child, no_telegram=no_telegram)
    return replace(request, wrong=Wrong.UNCLEAR, word=unread[0]) if unread else request


def _pick(said: list[str], options: Iterable[Option]) -> tuple[str, list[str]]:
    """The option that is named, the longest name first, and the other words. Two that are named are left unread."""
    phrases = [(normalise(name).split(), option.id) for option in options for name in (option.label, *option.words)]
    found, rest = "", list(said)
    for phrase, option_id in sorted(phrases, key=lambda one: -len(one[0])):
        for at in range(len(rest) - len(phrase) + 1):
            if phrase and rest[at : at + len(phrase)] == phrase and found in {"", option_id}:
                found, rest = option_id, rest[:at] + rest[at + len(phrase) :]
                break
    return found, rest


def match_option(text: str, options: Iterable[Option]) -> str:
    """The id of the option that `text` names, whole; empty where it names none."""
    said = normalise(text)
    return next((one.id for one in options if said and said in map(normalise, (one.id, one.label, *one.words))), "")


# --- times -----------------------------------------------------------------------------------------------------------


def read_moment(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """A date and a time, "2026-12-12 10:00" or "12 Dec 10:00", or a time of today. None where it is neither."""
    found = _TREATED.fullmatch(text.strip().replace("T", " "))
    return _treated(found, zone, now) if found else None


def _treated(found: re.Match[str], zone: ZoneInfo, now: datetime) -> datetime | None:
    word, *parts = found.groups()
    if any(parts[:6]):
        return _moment(tuple(parts), zone, now)
    today = now.astimezone(zone).date()
    day = today - _DAY if (word or "").lower() == "yesterday" else today
    return wall_clock(day, time(int(parts[6]), int(parts[7])), zone)


def _moment(parts: tuple[str | None, ...], zone: ZoneInfo, now: datetime) -> datetime | None:
    """A date and a clock. Without a year it is the nearest such day."""
    iso_year, iso_month, iso_day, day, month, year, hour, minute = parts
    today = now.astimezone(zone).date()
    try:
        if iso_year and iso_month and iso_day:
            on = date(int(iso_year), int(iso_month), int(iso_day))
        else:
            number = _MONTHS.index((month or "").lower()[:3]) + 1
            on = date(int(year or today.year), number, int(day or 0))
            if not year and abs(on - today) > timedelta(days=183):
                on = on.replace(year=today.year + (1 if on < today else -1))
    except ValueError:
        return None
    return wall_clock(on, time(int(hour or 0), int(minute or 0)), zone)
