"""The bot's own timers: the morning line to staff, and forgetting what is no longer needed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as wall_time

import sqlalchemy as sa

import bot
from bot.clock import DAY_US, from_us
from bot.core.replies import local_time
from bot.model import Kind, Payload
from bot.services.alert_repeats import AlertRepeats
from bot.services.alert_view import AlertView
from bot.services.backups import Backups
from bot.services.day_digest import DayDigest
from bot.services.digest import Digest
from bot.services.post import Post
from bot.services.retention import Retention
from bot.services.review_dates import review_dates
from bot.services.rights import Rights
from bot.services.status_desk import StatusDesk
from bot.services.ticks import Handler, is_late
from bot.store import accounts, dues, inbox
from bot.store.engine import Tx

MORNING_AT = wall_time(8, 30)
"""Wall-clock time of the clinic; before the first patient, and a missing line is noticed."""
MORNING_LASTS = timedelta(hours=4)
KEEP_US = 2 * DAY_US
"""Telegram repeats an update for 24 h; twice that is kept so that a repeat is known."""


@dataclass(frozen=True)
class Routine:
    """Handlers for the due kinds `morning` and `prune`, and for those of alerts, patients' rights and backups."""

    post: Post
    started_at: datetime
    is_trial: bool
    """`ALLOW_UNSIGNED`: texts that no clinician signed are used all the same."""
    retention_days: int
    backup_keep: int
    """Days that copies of the database are kept."""
    backups: Backups

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind; those of the others too."""
        mine: dict[str, Handler] = {"morning": self._morning, "prune": self._prune}
        return (
            mine
            | AlertRepeats(self.post).handlers
            | AlertView(self.post).handlers
            | Digest(self.post).handlers
            | DayDigest(self.post).handlers
            | self._rights.handlers
            | self._retention.handlers
            | self.backups.handlers
        )

    @property
    def _rights(self) -> Rights:
        return Rights(self.post, self.retention_days, self.backup_keep)

    @property
    def _retention(self) -> Retention:
        return Retention(self.post, self._rights)

    async def plan(self) -> None:
        """Set the next timers; setting them again changes nothing, and mends a line that broke off."""
        async with self.post.store.write() as tx:
            await self._plan_morning(tx)
            await self._plan_prune(tx)
            await Digest(self.post).plan(tx)
            await DayDigest(self.post).plan(tx)
            await self._retention.plan(tx)
            await self.backups.plan(tx)
        await AlertRepeats(self.post).mend()
        await self.backups.note_wishes()

    async def status(self, tx: Tx) -> Payload:
        """How things stand, for staff."""
        served = self.post.library.served
        counts = await accounts.counts(tx, self.post.bot_id)
        clinic, now = served.content.clinic, self.post.clock.now()
        text = self.post.text(
            served.content.replies.staff_status,
            pending=str(counts["pending"]),
            unknown=str(counts["unknown"]),
            parked=str(counts["parked"]),
            open_alerts=str(counts["open_alerts"]),
            revision=served.content.revision[:7],
            unsigned=str(len(served.unsigned)),
            uptime=local_time(clinic, self.started_at, now),
        )
        backups = await self.backups.last_backup_line()
        above, below = (text, review_dates(self.post), backups), (await Digest(self.post).lately(tx),)
        return await StatusDesk(self.post).payload(tx, above, below)

    async def _morning(self, tx: Tx, row: sa.RowMapping) -> None:
        await self._plan_morning(tx)
        if is_late(row, self.post.clock.now_us()):
            return
        served = self.post.library.served
        counts = await accounts.counts(tx, self.post.bot_id)
        text = self.post.text(
            served.content.replies.staff_morning,
            version=bot.__version__,
            revision=served.content.revision[:7],
            open_questions=str(counts["open_alerts"]),
            unsure=str(counts["unknown"]),
        )
        is_monday = self.post.clock.now().astimezone(served.content.clinic.zone).weekday() == 0
        lines = (self.unsigned_line(), review_dates(self.post) if is_monday else "")
        text = "\n\n".join(filter(None, (text, *lines)))
        await self.post.tell(tx, Kind.DIGEST, Payload(text), row["dedupe_key"])

    def unsigned_line(self) -> str:
        """What no clinician has approved yet: left out, or, in a trial, used all the same. Empty in the demo."""
        served = self.post.library.served
        replies = served.content.replies
        if not served.unsigned or not (self.is_trial or self.post.library.signed_only):
            return ""
        ids = ", ".join(served.unsigned[:10]) + (" …" if len(served.unsigned) > 10 else "")
        template = replies.staff_trial if self.is_trial else replies.staff_unsigned
        return self.post.text(template, count=str(len(served.unsigned)), ids=ids)

    async def _plan_morning(self, tx: Tx) -> None:
        zone = self.post.library.served.content.clinic.zone
        local = self.post.clock.now().astimezone(zone)
        day = local.date() + timedelta(days=1 if local.time() >= MORNING_AT else 0)
        at = datetime.combine(day, MORNING_AT, zone)
        timer = dues.Due("morning", at, f"morning:{day}", until=at + MORNING_LASTS)
        await dues.plan(self.post.store, tx, self.post.bot_id, timer)

    async def _prune(self, tx: Tx, _row: sa.RowMapping) -> None:
        await self._plan_prune(tx)
        await inbox.prune(tx, self.post.bot_id, self.post.clock.now_us() - KEEP_US)

    async def _plan_prune(self, tx: Tx) -> None:
        at = from_us((self.post.clock.now_us() // DAY_US + 1) * DAY_US)
        await dues.plan(self.post.store, tx, self.post.bot_id, dues.Due("prune", at, f"prune:{at.date()}"))
