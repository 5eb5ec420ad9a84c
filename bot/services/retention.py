"""Once a night: what is too old becomes numbers, in many small transactions.

After RETENTION_DAYS finished care plans lose their answers, notes, contact details and words; so do questions of people
who never had a plan. A locked care record stays for the clinic's `record_years`, and goes then. It can stop anywhere
and be done again: what is gone is not looked for.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from bot import logs
from bot.clock import DAY_US, HOUR_US, from_us, to_us
from bot.model import ChatId
from bot.services.forgetting import Forgetting
from bot.services.post import Post
from bot.services.rights import FILE_KEPT, Rights
from bot.services.ticks import Handler
from bot.store import accounts, broadcasts, chats, drafts, dues, erasing, my_data, retaining
from bot.store.care import NO_CHAT
from bot.store.engine import Tx
from bot.store.retaining import Old

log = logs.get(__name__)

RETENTION, STRETCH = "retention", "retention_some"
"""Due kinds: the start of a night's work; one stretch of it, `part` its stage, `ref` the id it goes on after."""
AT_US = 3 * HOUR_US
"""After midnight UTC: nobody is written to at that hour, and nobody waits."""
AGAIN = timedelta(days=2)
"""What was forgotten since then is gone over once more: something was perhaps on the wire at that moment."""
DRAFT_KEPT = timedelta(days=1)
"""An announcement that nobody wrote a word of."""
EDIT_KEPT = timedelta(days=30)
"""A change of the texts that somebody began in the chat and left."""
YEAR = timedelta(days=365.25)

_Stage = Callable[[Tx, Old, int], Awaitable[tuple[int, int | None]]]
_STAGES: dict[str, _Stage] = {
    "plans": retaining.reduce_some_plans,
    "questions": retaining.empty_some_questions,
    "said": retaining.empty_some_said,
    "messages": retaining.empty_some_messages,
}
_ORDER = tuple(_STAGES)


@dataclass(frozen=True)
class Retention:
    """Handlers for the due kinds of a night's work."""

    post: Post
    rights: Rights

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {RETENTION: self._night, STRETCH: self._stretch}

    async def plan(self, tx: Tx) -> None:
        """Set the next night's timer; setting it again changes nothing."""
        at = from_us(((self.post.clock.now_us() - AT_US) // DAY_US + 1) * DAY_US + AT_US)
        timer = dues.Due(RETENTION, at, f"{RETENTION}:{at.date()}")
        await dues.plan(self.post.store, tx, self.post.bot_id, timer)

    async def _night(self, tx: Tx, row: sa.RowMapping) -> None:
        post, now = self.post, self.post.clock.now()
        await self.plan(tx)
        cards = await erasing.erase_again(tx, post.bot_id, to_us(now - AGAIN), post.contacts)
        await Forgetting(post).see_to(tx, cards)
        await broadcasts.sweep_drafts(tx, post.bot_id, to_us(now - DRAFT_KEPT))
        await drafts.sweep(tx, post.bot_id, to_us(now - EDIT_KEPT))
        await my_data.drop_files(tx, post.bot_id, to_us(now - FILE_KEPT))
        await self._release_old_records(tx)
        talks = await retaining.forget_talks(tx, await self._old(tx))
        log.info("retention_began", due_id=row["id"], talks=talks)
        await self._go_on(tx, _ORDER[0], 0)

    async def _stretch(self, tx: Tx, row: sa.RowMapping) -> None:
        """A few milliseconds' worth of one stage, and a timer for the rest."""
        stage = row["part"]
        count, after_id = await _STAGES[stage](tx, await self._old(tx), row["ref"])
        if count:
            log.info("retention_reduced", stage=stage, count=count)
        if after_id is not None:
            await self._go_on(tx, stage, after_id)
        elif stage != _ORDER[-1]:
            await self._go_on(tx, _ORDER[_ORDER.index(stage) + 1], 0)

    async def _release_old_records(self, tx: Tx) -> None:
        """Locked records that the law no longer asks for."""
        post, now = self.post, self.post.clock.now()
        years = post.library.served.content.clinic.record_years
        for rows in await retaining.expired_records(tx, post.bot_id, to_us(now - years * YEAR)):
            if rows[0]["chat_id"] != NO_CHAT:
                await chats.lock_chat(tx, post.bot_id, ChatId(rows[0]["chat_id"]))
            await erasing.release(tx, rows)
            await accounts.write_audit(tx, post.bot_id, None, "record_expired", rows[0]["id"], to_us(now))

    async def _old(self, tx: Tx) -> Old:
        days = timedelta(days=self.rights.retention_days)
        return await retaining.old(tx, self.post.bot_id, to_us(self.post.clock.now() - days))

    async def _go_on(self, tx: Tx, stage: str, after_id: int) -> None:
        now = self.post.clock.now()
        key = f"{STRETCH}:{now.date()}:{stage}:{after_id}"
        timer = dues.Due(STRETCH, now, key, ref=after_id, part=stage)
        await dues.plan(self.post.store, tx, self.post.bot_id, timer)
