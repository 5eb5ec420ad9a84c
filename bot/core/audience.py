"""Whom an announcement is for: a line that staff type, and how they read it back. Pure.

Days are the clinic's; moments that come in are aware.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.announcement import Audience
from bot.content.plan import Option
from bot.content.schema import WEEKDAYS, Content
from bot.content.sentences import BroadcastReplies
from bot.core.care.enrolling import read_moment
from bot.core.replies import MONTH_NAMES
from bot.core.text import clean, normalise

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)

_UNITS = {"day": 1, "week": 7, "fortnight": 14, "month": 30}
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4}
_UNIT = "|".join(_UNITS)
_SPAN = rf"(?:(?P<count>\d{{1,3}}|{'|'.join(_COUNTS)})\s+(?P<units>{_UNIT})s?|(?P<unit>{_UNIT}))\b(?!\s+ago)"
_LAST = r"(?:(?:in|within|over)\s+)?(?:the\s+)?(?:last|past)"
_TREATED = re.compile(rf"\b(?:(?:treated\s+)?{_LAST}|treated\s+(?:in|within))\s+{_SPAN}")

_VISITS = r"(?:visit|appointment)s?"
_BOOKED = r"(?:\s+booked)?"
_NO_VISIT = re.compile(
    rf"\b(?:(?:no|without)\s+(?:an?\s+)?(?:next\s+)?{_VISITS}{_BOOKED}|(?:none|nothing|not)\s+booked)\b"
)
_MONTH = rf"(?:{'|'.join(name[:3].lower() for name in MONTH_NAMES)})[a-z]*"
_WEEKDAY = r"mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
_ONE_DAY = rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:\s+\d{{4}})?|today|tomorrow|{_WEEKDAY})\b"
_FIRST = rf"{_ONE_DAY}|\d{{1,2}}(?:st|nd|rd|th)?"
_BETWEEN = re.compile(rf"\bbetween\s+({_FIRST})\s+and\b")
_VISIT = re.compile(
    rf"\b(?:next\s+)?{_VISITS}{_BOOKED}\s+(?:"
    r"(?P<week>this|next)\s+week\b"
    rf"|(?:(?:in\s+|within\s+)?(?:the\s+)?next|within)\s+{_SPAN}"
    rf"|(?:from\s+|on\s+)?(?P<first>{_FIRST})(?:\s*-\s*|\s+(?:to|until|till)\s+)(?P<last>{_ONE_DAY})"
    rf"|(?:on\s+)?(?P<day>{_ONE_DAY}))"
)
_EVERYONE = frozenset({"everyone", "everybody", "all"})
_FILLERS = frozenset({"and", "or", "the", "with", "patient", "patients", "podiatrist", "by", "treated"})
_OURS = frozenset({"visit", "visits", "next", "last", "past", "in", "within", "on", "no"})
"""Words that mean something beside others: the others are those that nobody understands."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What in a line says nothing about whom it is for."""

    word: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What an audience can be made of."""

    areas: tuple[Option, ...] = ()
    plans: Mapping[str, str] = field(default_factory=dict)
    """Id → title."""
    podiatrists: Mapping[int, str] = field(default_factory=dict)
    """Telegram's id → how staff know that person."""


def choices_of(content: Content, treating: Mapping[int, str] | None = None) -> Choices:
    """What the clinic's plans and people offer. `treating`: who treats, by what staff call them; those of one name get
    their numbers beside it, so that a typed name never means one of two. None: whom clinic.yaml names, by number."""
    areas = {area.id: area for plan in content.plans.values() for area in plan.areas}
    plans = {plan_id: plan.title for plan_id, plan in content.plans.items()}
    if treating is None:
        treating = {int(one): str(one) for one in content.clinic.podiatrists}
    bearers = Counter(normalise(name) for name in treating.values())
    people = {one: name if bearers[normalise(name)] == 1 else f"{name} ({one})" for one, name in treating.items()}
    return Choices(tuple(areas.values()), plans, people)


# --- a typed line ---------------------------------------------------------------------------------------------------


def read_line(line: str, choices: Choices, zone: ZoneInfo, now: datetime) -> Audience | Wrong:
    """Whom "heel or calf, last 14 days, visits 24-26 Nov" means, in any order.

    All of it has to be understood: a word left out could be the "not" that somebody relies on.
    """
    audience, left = Audience(), _BETWEEN.sub(r"\1 to", clean(line).lower())
    if found := _NO_VISIT.search(left):
        audience, left = replace(audience, no_visit=True), _without(left, found)
    if found := _VISIT.search(left):
        days = _visit_days(found, zone, now)
        if days is None or audience.no_visit:
            return Wrong(found[0])
        audience, left = replace(audience, visit_from=days[0], visit_until=days[1]), _without(left, found)
    if found := _TREATED.search(left):
        if not (treated_days := _span(found).days):
            return Wrong(found[0])
        audience, left = replace(audience, treated_days=treated_days), _without(left, found)
    return _named(audience, normalise(left).split(), choices)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} , {text[found.end() :]}"


def _named(audience: Audience, said: list[str], choices: Choices) -> Audience | Wrong:
    """The audience with the plans, people and areas that are named, if there are no other words."""
    all_words = frozenset(said)
    plans, said = _take(said, ((one, name) for one, title in choices.plans.items() for name in (title, one)))
    people = ((str(one), name) for one, title in choices.podiatrists.items() for name in (title, str(one)))
    podiatrists, said = _take(said, people)
    areas, said = _take(said, ((one.id, name) for one in choices.areas for name in (one.id, one.label, *one.words)))
    audience = replace(audience, plans=plans, podiatrists=frozenset(map(int, podiatrists)), areas=areas)
    unread = [word for word in said if word not in _FILLERS | _EVERYONE]
    if unread:
        return Wrong(next((word for word in unread if word not in _OURS), unread[0]))
    is_nobody = audience == Audience() and all_words.isdisjoint(_EVERYONE)
    return Wrong(" ".join(said)) if is_nobody else audience


def _take(said: list[str], names: Iterable[tuple[str, str]]) -> tuple[frozenset[str], list[str]]:
    """The ids whose names are said, the longest name first, and the other words."""
    phrases = [(normalise(name).split(), one) for one, name in names]
    found: set[str] = set()
    for phrase, one in sorted(phrases, key=lambda pair: -len(pair[0])):
        for at in range(len(said) - len(phrase), -1, -1):
            if phrase and said[at : at + len(phrase)] == phrase:
                found.add(one)
                said = said[:at] + said[at + len(phrase) :]
    return frozenset(found), said


# --- days -----------------------------------------------------------------------------------------------------------


def _span(found: re.Match[str]) -> timedelta:
    """ "14 days", "two weeks", "a month", or "week" for one."""
    count = found["count"] or "one"
    number = _COUNTS[count] if count in _COUNTS else int(count)
    return number * _UNITS[found["units"] or found["unit"]] * _DAY


def this_week(today: date) -> tuple[date, date]:
    """What is left of it: today, and Sunday."""
    return today, today + (6 - today.weekday()) * _DAY


def _visit_days(found: re.Match[str], zone: ZoneInfo, now: datetime) -> tuple[date, date] | None:
    """First and last day of what `_VISIT` found; None where they are no such days, or over."""
    today = now.astimezone(zone).date()
    if found["week"]:
        sunday = this_week(today)[1]
        return this_week(today) if found["week"] == "this" else (sunday + _DAY, sunday + _WEEK)
    if found["units"] or found["unit"]:
        return today, today + _span(found)
    last = _day(found["last"] or found["day"], today, zone, now)
    first = last
    if last is not None and found["first"]:
        first = _first_day(found["first"], last, zone, now)
        if first is not None and last < first and found["last"][:3] in WEEKDAYS:
            last += _WEEK
    return (first, last) if first is not None and last is not None and first <= last and today <= last else None


def _first_day(words: str, last: date, zone: ZoneInfo, now: datetime) -> date | None:
    """The first day of a stretch that ends on `last`: a whole date, or a number in the same month."""
    number = words.rstrip("stndrh")
    if not number.isdecimal():
        return _day(words, now.astimezone(zone).date(), zone, now)
    return last.replace(day=int(number)) if 0 < int(number) <= last.day else None


def _day(words: str, today: date, zone: ZoneInfo, now: datetime) -> date | None:
    """The day that is meant; without a year the nearest such day, a weekday the next one that is not today."""
    if words == "tomorrow":
        return today + _DAY
    if words[:3] in WEEKDAYS:
        return today + ((WEEKDAYS.index(words[:3]) - today.weekday()) % 7 or 7) * _DAY
    moment = read_moment(f"{words} 12:00", zone, now)
    return moment.astimezone(zone).date() if moment else None


# --- in words -------------------------------------------------------------------------------------------------------


def in_words(audience: Audience, choices: Choices, texts: BroadcastReplies) -> str:
    """ "Heel, treated in the last 14 days, next visit 24 to 26 November"; plain text."""
    labels = {area.id: area.label for area in choices.areas}
    plans = _either((choices.plans.get(one, one) for one in audience.plans), texts)
    people = _either((choices.podiatrists.get(one, str(one)) for one in audience.podiatrists), texts)
    parts = [
        _either((labels.get(one, one) for one in audience.areas), texts),
        texts.audience_plan.replace("{name}", plans) if plans else "",
        texts.audience_podiatrist.replace("{name}", people) if people else "",
        _treated_in_words(audience.treated_days, texts) if audience.treated_days else "",
        _visit_in_words(audience.visit_from, audience.visit_until, texts),
        texts.audience_no_visit if audience.no_visit else "",
    ]
    said = ", ".join(filter(None, parts)) or texts.audience_everyone
    return said[0].upper() + said[1:]


def _either(names: Iterable[str], texts: BroadcastReplies) -> str:
    """ "Calf or Heel"; empty without any."""
    said, *others = sorted(names) or [""]
    for name in others:
        said = texts.audience_or.replace("{first}", said).replace("{second}", name)
    return said


def _treated_in_words(days: int, texts: BroadcastReplies) -> str:
    return texts.audience_treated.replace("{days}", str(days)) if days > 1 else texts.audience_treated_day


def _visit_in_words(first: date | None, last: date | None, texts: BroadcastReplies) -> str:
    if first is None or last is None:
        return ""
    if first == last:
        return texts.audience_visit_day.replace("{day}", _in_words(last))
    is_one_month = (first.year, first.month) == (last.year, last.month)
    from_day = str(first.day) if is_one_month else _in_words(first)
    return texts.audience_visit.replace("{first}", from_day).replace("{last}", _in_words(last))


def _in_words(day: date) -> str:
    return f"{day.day} {MONTH_NAMES[day.month - 1]}"
