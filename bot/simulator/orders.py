"""What a trial tells its workers (`worker.py`), by their environment, and what it hears of them.

- `WORKER_TRACE`: a file to append to, one line an event: `grant <machine us> <message id> <lane>`. The time is the one
  the limiter counted with; a turn that was rolled back leaves no line. Several processes may share the file.
- `WORKER_DIE`: `<point>:<n>:before` or `<point>:<n>:after`. The process ends itself by SIGKILL at the n-th write
  transaction of that point, before or after its commit. At the point `send` it is the n-th call to Telegram: before it
  leaves, or after the answer came and before it is noted.
- `WORKER_OFFSET_US`: how far domain time is ahead of the machine's: quiet hours must not hold up a trial by night.
- `WORKER_LEASE_S`: shorter leases than the bot's own, and other waits shortened with them, for a trial in a hurry.
- `WORKER_BREAK`: a promise to break on purpose, so that a trial can show that it would notice.
"""

import os
import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

ROW_HEADER = "x-message-row"
"""Each call to Telegram carries the id of its row in this header, for whoever plays Telegram."""
CHECK_IN = "trial_check_in"
"""A due kind: owes one check-in to the chat in `ref`, as a step of a care plan does."""


class Point(StrEnum):
    """Where a worker can be told to die. All but `send` are write transactions."""

    COMMIT = "commit"
    """Any of them."""
    SAVE = "save"
    """Updates go into the inbox."""
    HANDLE = "handle"
    """An update is taken, then has its effect."""
    TICK = "tick"
    TURN = "turn"
    """The outbox settles and claims."""
    RECOVER = "recover"
    SEND = "send"


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class Break(StrEnum):
    """Promises that can be broken."""

    FORGET_SENDING = "forget_sending"
    """At a start, what a dead process was sending counts as never sent."""
    ACK_EARLY = "ack_early"
    """Updates are acknowledged a moment before they are stored."""


@dataclass
class Fuse:
    """Kills this process at the n-th event of one point."""

    point: Point
    number: int
    when: When
    _seen: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `<point>:<n>:<before|after>`; "" makes one that never burns. Raises ValueError for anything else."""
        if not text:
            return cls(Point.COMMIT, 0, When.BEFORE)
        point, number, when = text.split(":")
        return cls(Point(point), int(number), When(when))

    def is_lit(self, *points: Point | None) -> bool:
        """Count an event that belongs to all of `points`; True when it is the one to die at."""
        if self.point not in points:
            return False
        self._seen += 1
        return self._seen == self.number

    def burn(self, when: When) -> None:
        """Die here, if this is the side meant."""
        if when == self.when:
            os.kill(os.getpid(), signal.SIGKILL)
