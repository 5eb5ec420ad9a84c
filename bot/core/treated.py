"""When somebody says they were treated: "I had it on Friday", "since Monday's session", "needled two days ago". Pure.

For people the clinic has no treatment on file for; what is on file always goes before. Where a day could be two ("on
Monday", written on a Monday) or is still to come ("booked for Friday") nothing is read, and the general answer stands.
"""

import re
from datetime import datetime, timedelta
from datetime import time as wall_time
from zoneinfo import ZoneInfo

from bot.content.schema import WEEKDAYS
from bot.core.hours import wall_clock
from bot.core.text import clean, normalise

FARTHEST_DAYS = 28
"""Of a treatment longer ago nobody says the day."""
_NOON = wall_time(12)
"""The hour is not said; noon is at most half a day off."""
_SURE_OF_LAST = 3
"""Days from which "last Friday" is the Friday that was: nearer, some mean the one a week before."""

_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "couple of": 2}
_WEEKDAY = r"(?:mon|tues?|wed(?:s|nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_DAY = (
    r"(?:(?P<word>today|this morning|earlier today|yesterday|day before yesterday|last night)"
    rf"|(?P<last>last )?(?P<weekday>{_WEEKDAY})"
    rf"|(?:a )?(?P<count>\d\d?|{'|'.join(_NUMBERS)}) (?P<unit>days?|weeks?) ago)\b"
)
_VISIT = r"(?:session|treatment|needling|appointment|visit|needles)"
_PART = (
    r"(?:it|mine|this|them|(?:(?:my|the|a|his|her) )?(?:(?:first|second|last|left|right|dry) )?"
    rf"(?:{_VISIT}|calf|calves|heel|foot|feet|leg|shin|sole|ankle|achilles))"
)
_ON = r"(?:on |the |back |just |only )*"
_SAID = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:^|(?<!if )\b(?:i|we|he|she) )(?:only |just )?(?:had|got) {_PART} (?:done |needled |treated )?{_ON}{_DAY}",
        rf"\b(?:was|were|got|been|you|u|they) (?:only |just )?(?:needled|treated) (?:\w+ ){{0,3}}?{_ON}{_DAY}",
        rf"\b(?:since|after|from|following) (?:my |the |our )?{_VISIT} {_ON}{_DAY}",
        rf"\b(?:my|the|our|his|her) {_VISIT} was (?:only |just )?{_ON}{_DAY}",
        rf"\b(?:since|after|from|following) {_DAY} ?s {_VISIT}",
        rf"\b(?:since|after|from|following) (?P<whose>last )?(?P<days>{_WEEKDAY})s {_VISIT}",
    )
)


def said_since_treatment(text: str, sent_at: datetime, zone: ZoneInfo) -> timedelta | None:
    """How long before `sent_at` (aware UTC) the treatment was, by the patient's words; None where none is told.

    Counted from noon of that day by the clinic's clocks, and never less than nothing.
    """
    said = normalise(clean(text))
    today = sent_at.astimezone(zone).date()
    for pattern in _SAID:
        for found in pattern.finditer(said):
            ago = _days_ago(found, today.weekday())
            if ago is not None and 0 <= ago <= FARTHEST_DAYS:
                treated_at = wall_clock(today - timedelta(days=ago), _NOON, zone)
                return max(sent_at - treated_at, timedelta(0))
    return None


def _days_ago(found: re.Match[str], today: int) -> int | None:
    """None where the words could mean two days. `today`: 0 is Monday."""
    parts = found.groupdict()
    if word := parts.get("word"):
        return {"yesterday": 1, "last night": 1, "day before yesterday": 2}.get(word, 0)
    if count := parts.get("count"):
        days = int(count) if count.isdigit() else _NUMBERS[count]
        return days * 7 if parts["unit"].startswith("week") else days
    weekday = parts.get("weekday") or parts["days"]
    ago = (today - WEEKDAYS.index(weekday[:3])) % 7
    is_last = bool(parts.get("last") or parts.get("whose"))
    return None if ago == 0 or (is_last and ago < _SURE_OF_LAST) else ago
