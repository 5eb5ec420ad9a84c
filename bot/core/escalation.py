"""When staff are told of an alert again, and who: pure functions of its level, how often that was done, and hours.

An emergency: three times in the group, five minutes apart; then whoever is on call twice, privately (or the owners
once, where nobody is); then the group every hour until the clinic has opened. An urgent alert: four times in the
group, a quarter of an hour apart, in opening hours. Advice waits for the digest. Taking an alert ends all of it.

What was missed while the bot was off is not made up for: each plan counts from `now`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as wall_time
from enum import StrEnum

from bot.content.schema import Clinic
from bot.core.hours import is_open, next_opening, wall_clock
from bot.model import Level

EMERGENCY_GAP = timedelta(minutes=5)
EMERGENCY_IN_GROUP = 3
EMERGENCY_ON_CALL = 2
HOURLY = timedelta(hours=1)
URGENT_GAP = timedelta(minutes=15)
URGENT_REPEATS = 4
UNSEEN = timedelta(minutes=10)
"""After so long a patient hears that nobody has taken a pressing alert."""
TAKEN_LASTS = timedelta(minutes=30)
"""Whoever took an alert is taken to be still at it for so long; after that the same danger is a new alert."""
NEVER_CLOSED_DIGEST = wall_time(9)
"""When the digest comes in a clinic that never closes."""


class Whom(StrEnum):
    """Who is told again."""

    GROUP = "group"
    ON_CALL = "on_call"
    """Everybody on call who confirmed a test message, privately."""
    OWNERS = "owners"


@dataclass(frozen=True, slots=True)
class Known:
    """The alert about a patient that is not closed yet."""

    level: Level
    repeats: int
    """How often staff were told again."""
    taken_at: datetime | None = None


class Then(StrEnum):
    """What another sign of danger does."""

    NEW = "new"
    JOIN = "join"
    """Its words are added to the alert that there is."""
    REPLACE = "replace"
    """A new alert with all words takes the place of the old one, and is repeated from the beginning."""


def becomes_of(level: Level, known: Known | None, now: datetime, *, has_on_call: bool) -> Then:
    """What a sign of this level leads to beside the alert that is known.

    A higher level always begins anew, advice never does. The same level, or urgent beside an emergency, does when
    nobody can be expected to look at the old alert any more: it was taken long ago, or staff are no longer told of it
    every few minutes.
    """
    if known is None:
        return Then.NEW
    if level.rank > known.level.rank:
        return Then.REPLACE
    if level is Level.ADVISE:
        return Then.JOIN
    if known.taken_at is not None:
        return Then.JOIN if now - known.taken_at <= TAKEN_LASTS else Then.REPLACE
    return Then.REPLACE if _is_worn_out(known.level, known.repeats, has_on_call) else Then.JOIN


def whom(level: Level, repeats: int, *, has_on_call: bool) -> Whom:
    """Who hears of it next, when staff were told again `repeats` times."""
    steps = _emergency_steps(has_on_call)
    return steps[repeats] if level is Level.EMERGENCY and repeats < len(steps) else Whom.GROUP


def may_repeat(level: Level, clinic: Clinic, now: datetime) -> bool:
    """Whether staff may be told again now: of what is urgent only while somebody reads."""
    return level is Level.EMERGENCY or (level is Level.URGENT and is_open(clinic, now))


def next_repeat(
    level: Level, repeats: int, clinic: Clinic, *, at: datetime, now: datetime, has_on_call: bool
) -> datetime | None:
    """When to tell staff again of an alert of `at`, after `repeats` times; None: not any more."""
    match level:
        case Level.EMERGENCY:
            return _next_emergency(repeats, clinic, at, now, has_on_call)
        case Level.URGENT if repeats < URGENT_REPEATS:
            then = now + URGENT_GAP
            return then if is_open(clinic, then) else next_opening(clinic, then)
        case _:
            return None


def digest_at(clinic: Clinic, now: datetime) -> datetime:
    """When the next digest comes: as the clinic opens for the first time on a day, after `now`. Aware UTC."""
    opening = next_opening(clinic, now)
    while opening is not None and not _is_first_of_day(clinic, opening):
        opening = next_opening(clinic, opening)
    if opening is not None:
        return opening
    today = now.astimezone(clinic.zone).date()
    days = (today + timedelta(days=number) for number in range(3))
    return next(at for day in days if (at := wall_clock(day, NEVER_CLOSED_DIGEST, clinic.zone)) > now)


def _emergency_steps(has_on_call: bool) -> tuple[Whom, ...]:
    then = (Whom.ON_CALL,) * EMERGENCY_ON_CALL if has_on_call else (Whom.OWNERS,)
    return (Whom.GROUP,) * EMERGENCY_IN_GROUP + then


def _next_emergency(repeats: int, clinic: Clinic, at: datetime, now: datetime, has_on_call: bool) -> datetime | None:
    steps = len(_emergency_steps(has_on_call))
    if repeats < steps:
        return now + EMERGENCY_GAP
    # The opening that counts is the first one after everybody was told: an earlier one found people told by then.
    opening = next_opening(clinic, at + steps * EMERGENCY_GAP)
    then = now + HOURLY
    return then if opening is None or then < opening else None


def _is_worn_out(level: Level, repeats: int, has_on_call: bool) -> bool:
    """Whether the repeats that come every few minutes are over."""
    steps = len(_emergency_steps(has_on_call)) if level is Level.EMERGENCY else URGENT_REPEATS
    return repeats >= steps


def _is_first_of_day(clinic: Clinic, opening: datetime) -> bool:
    day = opening.astimezone(clinic.zone).date()
    midnight = wall_clock(day, wall_time(0), clinic.zone)
    return next_opening(clinic, midnight - timedelta(microseconds=1)) == opening
