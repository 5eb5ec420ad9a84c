"""The loads every subject gets: messages at their times, a backlog, and kills in the middle of both."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks._peers import Planned, Subject, chats_of
from benchmarks._telegram import Town, evenly, now_us
from bot.clock import SECOND_US

LIMIT_PER_S = 28
"""What we allow ourselves of Telegram's 30 a second: the measure of "used"."""
LOAD = 0.9
REST_S = 0.5
LOOK_S = 0.1


class TooSlow(Exception):
    """The load began before everything was owed: the machine is busy."""


@dataclass(frozen=True)
class Steady:
    """What came of messages at 90 % of the limit, followed by a backlog."""

    lateness_ms: list[float]
    """Arrival minus planned time, for each message of the first part."""
    used_pct: float
    """Arrivals during the backlog, of what 28 a second would have been."""
    arrivals_us: list[int]


async def steady(
    subject: Subject, town: Town, *, late_s: float, backlog_s: float, lead_s: float = 0, patience: float = 1
) -> Steady:
    """Let a subject send for `late_s` at its times, then for `backlog_s` as fast as it may. All is owed beforehand.

    `lead_s`: begin no earlier than that after the start. Raises TooSlow when owing takes longer than the subject's own
    guess times `patience`.
    """
    await subject.start()
    # A quarter more than anybody may send, so that the backlog never runs dry.
    backlog = town.patients(round(40 * backlog_s) + 60)
    on_time = town.patients(round(LOAD * LIMIT_PER_S * late_s))
    lead_s = max(lead_s, patience * subject.lead_s(len(backlog) + len(on_time)))
    first_us = now_us() + round(lead_s * SECOND_US)
    backlog_us = first_us + round((late_s + REST_S) * SECOND_US)
    end_us = backlog_us + round(backlog_s * SECOND_US)
    times = evenly(first_us, LOAD * LIMIT_PER_S, len(on_time))
    planned = [Planned(chat_id, at_us) for chat_id, at_us in zip(on_time, times, strict=True)]
    await _owe(subject, [*planned, *(Planned(chat_id, backlog_us) for chat_id in backlog)])
    await asyncio.sleep((end_us - now_us()) / SECOND_US + 0.1)
    arrived = town.arrivals()
    # Whatever is still missing is at least as late as it could have been.
    late = [(arrived.get(one.chat_id, [end_us])[0] - one.due_us) / 1000 for one in planned]
    all_us = sorted(at_us for times_us in arrived.values() for at_us in times_us)
    used = sum(backlog_us <= at_us < end_us for at_us in all_us)
    return Steady(late, 100 * used / (LIMIT_PER_S * backlog_s), all_us)


async def _owe(subject: Subject, planned: Sequence[Planned]) -> None:
    await subject.owe(planned)
    if (slow_us := now_us() - planned[0].due_us) > 0:
        raise TooSlow(f"owing {len(planned)} took {slow_us / SECOND_US:.1f} s too long")


@dataclass
class Killed:
    """What came of messages whose sender was killed again and again."""

    owed: int
    began_us: int
    """When the burst was due."""
    lost: int = 0
    """Never arrived, and nobody says so."""
    doubled: int = 0
    """Copies beyond the first that do not say what they are."""
    unknown: int = 0
    """Listed by the sender itself: may have arrived or not."""
    resent: int = 0
    """Sent once more, with a line that says so."""
    kills_us: list[int] = field(default_factory=list)
    arrivals_us: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Ordeal:
    """A burst due at one moment (everybody's check-in at half past nine), with some more every second after it."""

    burst: int
    per_second: float
    seconds: float
    kills: int
    gap_s: float
    """The longest from a start to the next kill."""
    down_s: float = 1.0
    patience_s: float = 75.0
    """How long to wait for what is left in the end: a dead worker's lease, then ten seconds before a repetition."""


async def killed(subject: Subject, town: Town, ordeal: Ordeal, *, seed: int, patience: float = 1) -> Killed:
    """Kill one process at random moments of the load, start it again, and count what arrived in the end.

    Raises TooSlow as `steady` does: what is owed too late may be dropped for other reasons than kills.
    """
    await subject.start()
    after = round(ordeal.per_second * ordeal.seconds)
    chats = town.patients(ordeal.burst + after)
    first_us = now_us() + round(patience * subject.lead_s(len(chats)) * SECOND_US)
    times = [first_us] * ordeal.burst + evenly(first_us, ordeal.per_second, after)
    planned = [Planned(chat_id, at_us) for chat_id, at_us in zip(chats, times, strict=True)]
    await _owe(subject, planned)
    await asyncio.sleep((first_us - now_us()) / SECOND_US)
    found = Killed(len(planned), first_us)
    chance = random.Random(seed)
    for _ in range(ordeal.kills):
        await asyncio.sleep(chance.uniform(0.2, ordeal.gap_s))
        found.kills_us.append(now_us())
        await subject.kill()
        await asyncio.sleep(ordeal.down_s)
        await subject.restart()
    await _end(subject, town, times[-1], ordeal.patience_s)
    await _count(found, subject, town, planned)
    return found


async def _end(subject: Subject, town: Town, last_us: int, patience_s: float) -> None:
    """Wait until nothing more is to come: the subject says so, and nothing has arrived for two seconds."""
    until_us = max(last_us, now_us()) + round(patience_s * SECOND_US)
    quiet_since_us, seen = now_us(), len(town.world.calls)
    while now_us() < until_us:
        await asyncio.sleep(LOOK_S)
        if len(town.world.calls) != seen:
            quiet_since_us, seen = now_us(), len(town.world.calls)
        if now_us() > max(last_us, quiet_since_us) + 2 * SECOND_US and await subject.is_done():
            return


async def _count(found: Killed, subject: Subject, town: Town, planned: Sequence[Planned]) -> None:
    arrived = town.arrivals(chats_of(planned))
    flagged = await subject.flagged()
    for one in planned:
        copies = len(arrived.get(one.chat_id, ()))
        said = flagged.get(one.chat_id)
        found.unknown += said == "unknown"
        found.resent += said == "resent"
        found.lost += copies == 0 and said is None
        found.doubled += max(0, copies - 1 - (said == "resent"))
    found.arrivals_us = sorted(at_us for times_us in arrived.values() for at_us in times_us)
