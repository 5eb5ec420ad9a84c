"""Being down is noticed: by a watchdog outside, by staff, and by the patients who were kept waiting.

Once a minute, and only after Telegram was reached and the database was written, an outside address is called
(`HEARTBEAT_URL`); when those calls stop coming, the service behind it rings somebody. After a gap the staff hear from
when to when.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot import logs
from bot.clock import DAY_US, MINUTE_US, SECOND_US, from_us
from bot.core.replies import local_time
from bot.model import Kind, Payload
from bot.services.post import Post
from bot.store import accounts, messages
from bot.store.engine import Tx

log = logs.get(__name__)

BEAT_S = 60.0
GAP_US = 10 * MINUTE_US
"""A shorter gap is a restart, and nobody was kept waiting for long."""
FRESH_US = 90 * SECOND_US
"""A long poll takes 25 s; no success for this long means that Telegram cannot be reached."""


@dataclass
class Alive:
    """Knows when Telegram was last reached and the database last written. Machine time."""

    post: Post
    call_out: Callable[[], Awaitable[None]] | None
    """Calls `HEARTBEAT_URL`; None when none is set."""
    fetched_us: int = field(default=0, init=False)
    written_us: int = field(default=0, init=False)

    def fetched(self) -> None:
        """Telegram answered just now."""
        self.fetched_us = self.post.clock.machine_us()

    async def beat(self) -> None:
        """Write that we live, tell staff of a gap since the last time, and call out if Telegram was reached lately.

        Raises StoreError when the database cannot be written: then nothing is called.
        """
        async with self.post.store.write() as tx:
            machine_us = await self.post.store.machine_us(tx)
            account = await accounts.account(tx, self.post.bot_id)
            last_us = account["alive_us"]
            if last_us > machine_us + SECOND_US:
                log.warning("clock_set_back", seconds=(last_us - machine_us) // SECOND_US)
                await messages.look_again(tx, self.post.bot_id, machine_us)
            if last_us and machine_us - last_us > GAP_US:
                await self._tell_gap(tx, last_us, machine_us)
            await accounts.set_account(tx, self.post.bot_id, alive_us=machine_us)
        self.written_us = self.post.clock.machine_us()
        if self.call_out is not None and self.reaches_telegram():
            await self.call_out()

    def reaches_telegram(self) -> bool:
        """Whether Telegram answered lately."""
        return self.post.clock.machine_us() - self.fetched_us < FRESH_US

    def writes(self) -> bool:
        """Whether the database was written lately."""
        return self.post.clock.machine_us() - self.written_us < BEAT_S * SECOND_US + FRESH_US

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
