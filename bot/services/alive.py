"""Being down is noticed: by a watchdog outside, by staff, and by the patients who were kept waiting.

Once a minute, and only after Telegram was reached and the database was written, an outside address is called
(`HEARTBEAT_URL`); when those calls stop coming, the service behind it rings somebody. After a gap the staff hear from
when to when.
"""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot import logs
from bot.clock import DAY_US, MINUTE_US, SECOND_US, from_us
from bot.core.replies import local_time
from bot.model import Kind, Payload
from bot.services.post import Post
from bot.store import accounts
from bot.store.engine import Tx
from bot.store.setback import clock_was_set_back

log = logs.get(__name__)

BEAT_S = 60.0
GAP_US = 10 * MINUTE_US
"""A shorter gap is a restart, and nobody was kept waiting for long."""
FRESH_S = 90.0
"""A long poll takes 25 s; no success for this long means that Telegram cannot be reached."""


@dataclass
class Alive:
    """Knows when Telegram was last reached and the database last written, by a clock that nobody sets."""

    post: Post
    call_out: Callable[[], Awaitable[None]] | None
    """Calls `HEARTBEAT_URL`; None when none is set."""
    fetched_at: float = field(default=-math.inf, init=False)
    written_at: float = field(default=-math.inf, init=False)
    _beat: tuple[int, float] | None = field(default=None, init=False)
    """Machine and monotonic time of the last beat: by how much the machine's clock was set since is seen from both."""

    def fetched(self) -> None:
        """Telegram answered just now."""
        self.fetched_at = self.post.clock.monotonic()

    async def beat(self) -> None:
        """Write that we live, tell staff of a gap since the last time, and call out if Telegram was reached lately.

        Raises StoreError when the database cannot be written: then nothing is called.
        """
        async with self.post.store.write() as tx:
            machine_us = await self.post.store.machine_us(tx)
            account = await accounts.account(tx, self.post.bot_id)
            last_us = account["alive_us"]
            if (back_us := self._set_back_us(last_us, machine_us)) > SECOND_US:
                log.warning("clock_set_back", seconds=back_us // SECOND_US)
                await clock_was_set_back(tx, self.post.bot_id, self.post.clock.now_us(), machine_us, back_us)
            if last_us and machine_us - last_us > GAP_US:
                await self._tell_gap(tx, last_us, machine_us)
            await accounts.set_account(tx, self.post.bot_id, alive_us=machine_us)
        self.written_at = self.post.clock.monotonic()
        self._beat = (self.post.clock.machine_us(), self.written_at)
        if self.call_out is not None and self.reaches_telegram():
            await self.call_out()

    def reaches_telegram(self) -> bool:
        """Whether Telegram answered lately."""
        return self.post.clock.monotonic() - self.fetched_at < FRESH_S

    def writes(self) -> bool:
        """Whether the database was written lately."""
        return self.post.clock.monotonic() - self.written_at < BEAT_S + FRESH_S

    def _set_back_us(self, last_us: int, machine_us: int) -> int:
        """By how much the clock is behind what it should show by now; 0 or less when it is not.

        `last_us`: what the last beat of any worker wrote, for a clock that was set while nobody ran.
        """
        since_us = 0
        if self._beat is not None:
            beat_us, beat_at = self._beat
            since_us = beat_us + round((self.post.clock.monotonic() - beat_at) * SECOND_US)
        return max(last_us - machine_us, since_us - self.post.clock.machine_us())

    async def _tell_gap(self, tx: Tx, last_us: int, machine_us: int) -> None:
        """From when to when we were off, in the clinic's time; over a day, whom to ring since messages may be lost."""
        served = self.post.library.served
        replies, clinic, now = served.content.replies, served.content.clinic, self.post.clock.now()
        offset_us = self.post.clock.now_us() - self.post.clock.machine_us()
        since = local_time(clinic, from_us(last_us + offset_us), now)
        until = local_time(clinic, from_us(machine_us + offset_us), now)
        if machine_us - last_us > DAY_US:
            plans = ", ".join(await accounts.open_plan_codes(tx, self.post.bot_id)) or "–"
            text = self.post.text(replies.staff_was_off_day, since=since, until=until, plans=plans)
        else:
            text = self.post.text(replies.staff_was_off, since=since, until=until)
        log.warning("was_off", minutes=(machine_us - last_us) // MINUTE_US)
        await self.post.tell(tx, Kind.ALERT, Payload(text), f"was_off:{last_us}")
