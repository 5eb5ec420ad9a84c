"""Alerts that answers lead to, beside those of free words; and which patient of a chat a text names. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.care import JOINING, Care, CareChange
from bot.core.checking import as_signs
from bot.core.outcome import Occasion
from bot.model import Decision, Flag, Level, Understanding

ALERT = "alert"
"""Why a check-in is closed, and a plan paused."""


def flags_of(alerts: Mapping[str, Level], words: tuple[str, ...]) -> tuple[Flag, ...]:
    """Alerts of rules as red flags, the most pressing first. `words`: the answer that led there."""
    return as_signs(Flag(flag_id, level, words) for flag_id, level in alerts.items())


def red_flag(text: str, flags: tuple[Flag, ...]) -> Understanding:
    """What an answer comes to that is a sign of danger."""
    worst = flags[0]
    return Understanding(text, Decision.RED_FLAG, worst.id, worst.level, confidence=1.0, flags=flags)


def with_flags(understanding: Understanding, flags: Iterable[Flag]) -> Understanding:
    """A red flag in words with those of rules beside it; the worse of all decides."""
    joined = as_signs((*understanding.flags, *flags))
    if not joined:
        return understanding  # triage itself failed: there is no sign to name
    return replace(understanding, id=joined[0].id, level=joined[0].level, flags=joined)


def stopped(occasion: Occasion, kept: Mapping[int, CareChange]) -> tuple[CareChange, ...]:
    """All open check-ins of the chat closed by an alert, with the answers that were given beside it (`kept`).

    Joining is none: it can be finished later.
    """
    changes = []
    for care in occasion.care:
        change = kept.get(care.enrolment_id)
        open_ = change.open if change is not None and change.open is not None else care.open
        if open_ is None or (open_.step_id == JOINING and change is None):
            continue
        base = change or CareChange(care.enrolment_id)
        if open_.step_id == JOINING:
            changes.append(base)
            continue
        changes.append(replace(base, open=replace(open_, asked=None, ticked=()), closed=ALERT, later=(), state=None))
    return tuple(changes)


def labelled(text: str, cares: Sequence[Care]) -> tuple[Care | None, str]:
    """The patient whom a text names first, "Anna: 6", and the rest of it."""
    for care in cares:
        if not care.label:
            continue
        found = re.match(
            rf"\s*(?:for\s+)?{re.escape(care.label)}(?:'s|’s)?\s*[:,;.\-–—]*\s+(?=\S)|"
            rf"\s*{re.escape(care.label)}\s*[:\-–—]\s*(?=\S)",
            text,
            re.IGNORECASE,
        )
        if found is not None:
            return care, text[found.end() :]
    return None, text
