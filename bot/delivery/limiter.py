"""How fast we may send: generic cell rate arithmetic on plain integers, stored in the `bot` and `chat` rows.

A limiter is (interval, burst) and one number, the *tat*: the machine time at which the bucket is full again. Over any
window of length w it grants at most `burst + w / interval`.

Sources: Telegram's FAQ for bots ("about 30 messages per second", "more than one message per second" in one chat,
"20 messages per minute" in a group); research/sending.md for 28/s with a burst of 2, which loses nothing to late
wake-ups and still keeps every rolling second at 30.
"""

from dataclasses import dataclass

from bot.clock import MINUTE_US, SECOND_US
from bot.core.sending import Row
from bot.model import ChatKind, Lane

STEP_US = 60 * SECOND_US
"""A tat further ahead than this comes from a clock that was set back, and is forgotten."""
WIDEN = 1.25
RECOVER = 0.9
SLOWEST_US = SECOND_US


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` grants at once, then one every `interval_us`."""

    interval_us: int
    burst: int

    def free(self, tat_us: int, now_us: int) -> int:
        """How many grants there are now, 0 to `burst`."""
        ahead = self._ahead(tat_us, now_us)
        return max(0, (self.burst * self.interval_us - ahead) // self.interval_us)

    def take(self, tat_us: int, now_us: int, count: int = 1) -> int:
        """The tat after `count` grants at `now_us`."""
        return now_us + self._ahead(tat_us, now_us) + count * self.interval_us

    def next_us(self, tat_us: int, now_us: int) -> int:
        """When the next grant is there: `now_us` or later."""
        ahead = self._ahead(tat_us, now_us)
        return now_us + max(0, ahead - (self.burst - 1) * self.interval_us)

    def _ahead(self, tat_us: int, now_us: int) -> int:
        ahead = max(0, tat_us - now_us)
        return 0 if ahead > STEP_US + self.burst * self.interval_us else ahead


BOT_INTERVAL_US = SECOND_US // 28 + 1
BOT_BURST = 2
"""28/s and a burst of 2: at most 30 grants in any rolling second."""

PRIVATE = Rate(SECOND_US, 3)
"""One private chat: one message a second, three at once."""
GROUP_ALERTS = Rate(MINUTE_US // 15, 5)
"""One group, edits included: 15 a minute and 5 at once is 20 in any minute…"""
GROUP = Rate(MINUTE_US // 15, 2)
"""…of which the last three are kept for alerts."""


def bot_rate(interval_us: int, last_wait_us: int, now_us: int) -> Rate:
    """The bot's rate: the interval that repeated 429s widened, recovering by a tenth for each quiet minute."""
    quiet_minutes = max(0, now_us - last_wait_us) // MINUTE_US
    recovered = int(interval_us * RECOVER ** min(quiet_minutes, 100))
    return Rate(max(BOT_INTERVAL_US, recovered), BOT_BURST)


def widened(interval_us: int, last_wait_us: int, now_us: int) -> int:
    """The interval to store after a 429: a quarter wider when it is the second within a minute."""
    current = bot_rate(interval_us, last_wait_us, now_us).interval_us
    if last_wait_us and now_us - last_wait_us < MINUTE_US:
        return min(SLOWEST_US, int(current * WIDEN))
    return current


def chat_rate(row: Row) -> Rate:
    """How fast the chat of this message may be written to."""
    if row["chat_kind"] == ChatKind.PRIVATE:
        return PRIVATE
    return GROUP_ALERTS if row["lane"] == Lane.EMERGENCY else GROUP


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the bot's limit and a worker's window leave at one moment."""

    rate: Rate
    tokens: int
    wait_us: int | None
    """How long until the next grant, when the limit is what there is to wait for."""


def allowance(account: Row, now_us: int, slots: int) -> Allowance:
    """What may be sent at `now_us` (machine time) by a worker that has `slots` free."""
    rate = bot_rate(account["interval_us"], account["last_wait_us"], now_us)
    # A 429 from the future was noted before the clock was set back: how long to wait is anybody's guess, so ask.
    is_blocked = account["last_wait_us"] <= now_us < account["blocked_until_us"]
    if account["paused"] or is_blocked or slots <= 0:
        return Allowance(rate, 0, None)
    tokens = min(slots, rate.free(account["tat_us"], now_us))
    return Allowance(rate, tokens, None if tokens > 0 else rate.next_us(account["tat_us"], now_us) - now_us)
