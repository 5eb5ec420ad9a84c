"""Two clocks (design 3).

*Domain time* answers "when should this be said?": due times, expiry, quiet hours, opening hours. It can be moved
forward in the demo and in tests. *Machine time* answers "how long may I hold this?": leases, rate limit, gaps.
Nobody moves it. Domain time is machine time plus an offset, so both run at the same speed.

Times are UTC microseconds in SQL and aware datetimes in Python.
"""

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
NEVER_US = 2**62
"""Due time of a row that is held back until somebody says otherwise: a copy of an announcement that is paused."""


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC. Raises ValueError for a naive datetime: a time without a zone is a guess."""
    if at.tzinfo is None:
        raise ValueError("naive datetime")
    return (at - EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    """The aware UTC datetime of `us` microseconds since 1970."""
    return EPOCH + timedelta(microseconds=us)


class Clock(Protocol):
    """What the rest of the program may ask about time."""

    def now(self) -> datetime:
        """Domain time, aware UTC."""

    def now_us(self) -> int:
        """Domain time in UTC microseconds."""

    def machine_us(self) -> int:
        """Machine time in UTC microseconds."""

    def monotonic(self) -> float:
        """Seconds that never go back; for deadlines inside this process."""


class SystemClock:
    """The machine's clock, with a domain offset that only ever grows (0 outside the demo)."""

    def __init__(self, offset_us: int = 0) -> None:
        self.offset_us = offset_us

    def now(self) -> datetime:
        return from_us(self.now_us())

    def now_us(self) -> int:
        return self.machine_us() + self.offset_us

    def machine_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()

    def advance(self, by: timedelta) -> None:
        """Move domain time forward. Raises ValueError for a step back: what was due stays due."""
        if by < timedelta(0):
            raise ValueError("domain time moves forward only")
        self.offset_us += by // timedelta(microseconds=1)


class ManualClock:
    """A clock that stands still until a test moves it. Both times move together; `skip` moves domain time alone."""

    def __init__(self, start: datetime) -> None:
        self._machine_us = to_us(start)
        self.offset_us = 0

    def now(self) -> datetime:
        return from_us(self.now_us())

    def now_us(self) -> int:
        return self._machine_us + self.offset_us

    def machine_us(self) -> int:
        return self._machine_us

    def monotonic(self) -> float:
        return self._machine_us / SECOND_US

    def tick(self, by: timedelta) -> None:
        """Let time pass on both clocks. A step back is allowed: machines do that."""
        self._machine_us += by // timedelta(microseconds=1)

    def advance(self, by: timedelta) -> None:
        """Move domain time forward, as the demo's buttons do."""
        self.offset_us += by // timedelta(microseconds=1)


async def woken(event: asyncio.Event, seconds: float) -> None:
    """Wait until somebody sets `event`, or for so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
