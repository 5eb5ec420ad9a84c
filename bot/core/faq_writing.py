"""What staff type about a question and its answer, read: lines, lines to take out, lengths of time. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.content.lint_text import normalise
from bot.content.schema import Variant

MOST_TIMES = 8
"""So many answers by time are enough for anything; more would not fit a card."""

_BULLET = re.compile(r"^\s*(?:[-–•*·]\s+|\d{1,3}[.)]\s+)")
_NUMBERS = re.compile(r"\d{1,4}(?:\s*[-–]\s*\d{1,4})?(?:[\s,;.]+(?:and\s+)?\d{1,4}(?:\s*[-–]\s*\d{1,4})?)*[\s.]*")
_NUMBER = re.compile(r"(\d{1,4})(?:\s*[-–]\s*(\d{1,4}))?")
_LENGTH = re.compile(r"(\d{1,3})\s*(h|hrs?|hours?|d|days?|w|wks?|weeks?)", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def lines_in(text: str) -> tuple[str, ...]:
    """The lines of a message, each once, without what lists begin their lines with ("- ", "2. ")."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if said := " ".join(_BULLET.sub("", line).split()):
            found.setdefault(normalise(said), said)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Named:
    """Which of some numbered lines are meant."""

    places: tuple[int, ...] = ()
    """From 0 on, in order."""
    unknown: tuple[str, ...] = ()
    """What names none of them."""


def named(listed: Sequence[str], text: str) -> Named:
    """The lines that `text` names: by number ("3, 7 and 10-12"), or as they stand there, one below the other."""
    if _NUMBERS.fullmatch(text.strip()):
        return _numbered(len(listed), text)
    places = {normalise(line): place for place, line in enumerate(listed)}
    said = [line.strip() for line in text.splitlines() if line.strip()]
    # A line may begin like the item of a list, as it was copied from the card, or be one that does so by itself.
    found = [places.get(normalise(line), places.get(normalise(_BULLET.sub("", line)))) for line in said]
    unknown = tuple(line for line, place in zip(said, found, strict=True) if place is None)
    return Named(tuple(sorted({place for place in found if place is not None})), unknown)


def _numbered(count: int, text: str) -> Named:
    places: set[int] = set()
    unknown: list[str] = []
    for found in _NUMBER.finditer(text):
        first, last = int(found[1]), int(found[2] or found[1])
        if 1 <= first <= last <= count:
            places.update(range(first - 1, last))
        else:
            unknown.append(found[0])
    return Named(tuple(sorted(places)), tuple(unknown))


def read_length(text: str) -> timedelta | None:
    """ "36 hours", "2 days" or "1 week" as a length of time; None for anything else, and for no time at all."""
    if (found := _LENGTH.fullmatch(text.strip().rstrip("."))) is None:
        return None
    length = timedelta(hours=int(found[1]) * _HOURS[found[2][0].lower()])
    return length or None


# --- answers by time: from the treatment on, one after the other, without end -----------------------------------------


def room(variants: Sequence[Variant], at: int) -> tuple[timedelta, timedelta | None]:
    """Between which times the end of the answer at this place may lie, neither of them included."""
    return variants[at].after, variants[at + 1].until


def with_end(variants: Sequence[Variant], at: int, until: timedelta) -> tuple[Variant, ...] | None:
    """The answer at this place ends then, and the next one begins. None where no time would be left for one."""
    after, end = room(variants, at)
    if until <= after or (end is not None and until >= end):
        return None
    ended = variants[at].model_copy(update={"until": until})
    begun = variants[at + 1].model_copy(update={"after": until})
    return (*variants[:at], ended, begun, *variants[at + 2 :])


def parted(variants: Sequence[Variant], answer: str, at: timedelta) -> tuple[Variant, ...] | None:
    """From this time on there is another answer, which says the same at first; `answer`: where there are none yet.

    None where one begins at that time already.
    """
    known = tuple(variants) or (Variant(answer=answer),)
    for place, one in enumerate(known):
        if one.after < at and (one.until is None or at < one.until):
            before, after = one.model_copy(update={"until": at}), one.model_copy(update={"after": at})
            return (*known[:place], before, after, *known[place + 1 :])
    return None


def joined(variants: Sequence[Variant], at: int) -> tuple[Variant, ...]:
    """Without the answer at this place: the one before goes on, or the next one begins earlier. One alone is none."""
    gone, others = variants[at], [*variants[:at], *variants[at + 1 :]]
    if len(others) < 2:
        return ()
    if at:
        others[at - 1] = others[at - 1].model_copy(update={"until": gone.until})
    else:
        others[0] = others[0].model_copy(update={"after": gone.after})
    return tuple(others)
