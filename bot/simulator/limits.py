"""How fast a bot may talk, and the 429 it gets when it does not listen.

Telegram publishes no exact numbers (Bot FAQ, "My bot is hitting limits"): about 30 messages a second over all chats,
about one a second in one chat with short bursts, 20 a minute in one group. Here they are exact, in machine time.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from bot.clock import MINUTE_US, SECOND_US
from bot.simulator.errors import too_many_requests


@dataclass(frozen=True)
class Limits:
    """Accepted sends and edits. A refused call costs nothing, but all wait until `retry_after` is over."""

    per_second: int = 30
    """In any rolling second, over all chats."""
    private_per_second: float = 1.0
    """Sustained rate in one private chat."""
    private_burst: int = 5
    """Messages a private chat takes at once after a rest."""
    group_per_minute: int = 20
    """In any rolling minute in one group, edits included."""


@dataclass
class _Window:
    """Accepted times in a rolling window, and the time until which nothing is accepted."""

    times_us: deque[int] = field(default_factory=deque)
    blocked_until_us: int = 0

    def forget(self, before_us: int) -> None:
        while self.times_us and self.times_us[0] <= before_us:
            self.times_us.popleft()


class Speedometer:
    """Judges each message by `limits` (None: accepts all) and remembers the fastest second."""

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self.max_in_any_second = 0
        """The most messages accepted within any one second (half-open: two calls 1 s apart do not share one)."""
        self._bot = _Window()
        self._groups: dict[int, _Window] = {}
        self._private: dict[int, tuple[float, int]] = {}
        """Per chat: messages it would still take at once, as of a time."""

    def accept(self, chat_id: int, now_us: int) -> None:
        """Count one message at machine time `now_us`. Raises ApiError 429, counting nothing, when it comes too soon."""
        self._bot.forget(now_us - SECOND_US)
        if self.limits is not None:
            self._check_bot(self.limits, now_us)
            if chat_id < 0:
                self._take_group(self.limits, chat_id, now_us)
            else:
                self._take_private(self.limits, chat_id, now_us)
        self._bot.times_us.append(now_us)
        self.max_in_any_second = max(self.max_in_any_second, len(self._bot.times_us))

    def _check_bot(self, limits: Limits, now_us: int) -> None:
        if now_us < self._bot.blocked_until_us:
            raise too_many_requests(_whole_seconds(self._bot.blocked_until_us - now_us))
        if len(self._bot.times_us) >= limits.per_second:
            raise _block(self._bot, self._bot.times_us[0] + SECOND_US - now_us, now_us)

    def _take_group(self, limits: Limits, chat_id: int, now_us: int) -> None:
        window = self._groups.setdefault(chat_id, _Window())
        window.forget(now_us - MINUTE_US)
        if now_us < window.blocked_until_us:
            raise too_many_requests(_whole_seconds(window.blocked_until_us - now_us))
        if len(window.times_us) >= limits.group_per_minute:
            raise _block(window, window.times_us[0] + MINUTE_US - now_us, now_us)
        window.times_us.append(now_us)

    def _take_private(self, limits: Limits, chat_id: int, now_us: int) -> None:
        left, since_us = self._private.get(chat_id, (float(limits.private_burst), now_us))
        left += max(0, now_us - since_us) / SECOND_US * limits.private_per_second
        left = min(left, float(limits.private_burst))
        if left < 1:
            raise too_many_requests(max(1, math.ceil((1 - left) / limits.private_per_second)))
        self._private[chat_id] = (left - 1, now_us)


def _block(window: _Window, wait_us: int, now_us: int) -> Exception:
    """Refuse everything in `window` for the whole seconds that cover `wait_us`."""
    seconds = _whole_seconds(wait_us)
    window.blocked_until_us = now_us + seconds * SECOND_US
    return too_many_requests(seconds)


def _whole_seconds(us: int) -> int:
    return max(1, math.ceil(us / SECOND_US))
