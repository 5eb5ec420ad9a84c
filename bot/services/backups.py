"""Backups by themselves: one every night, old ones deleted, once a month one is put back to see whether it would do.

Timers only say that it is time; the work is done by `run`, beside the other loops and mostly in a thread, as a timer's
transaction would hold up everybody who writes. Which backups there are is seen in the folder alone, so a kill at any
point needs no mending: an hour later it is looked whether the night's backup is there.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path

import sqlalchemy as sa

from bot import logs
from bot.clock import from_us, to_us
from bot.content.sentences import BackupReplies
from bot.core.hours import wall_clock
from bot.core.replies import full_time, local_time
from bot.errors import StoreError
from bot.model import Kind, Payload
from bot.services.backup import Backup, backup, beside, made, name_for, scratch, tidy
from bot.services.forgetting import Forgetting
from bot.services.post import Post
from bot.services.restore import RESTORED, unpacked
from bot.services.ticks import Handler
from bot.services.wishes import WishList
from bot.store import accounts, dues, erasing, restoring
from bot.store.coming import Coming, coming
from bot.store.engine import Tx, open_store, parse_url
from bot.store.tables import audit

log = logs.get(__name__)

BACKUP, TEST = "backup", "backup_test"
"""Due kinds."""
AT = wall_time(3, 30)
"""Wall-clock time of the clinic: nobody is written to, and the night's other work is done."""
TEST_AT = wall_time(4, 0)
"""On the first of a month."""
TOLD_AT = wall_time(8, 30)
"""What went wrong at night is told in the morning: nobody has to get up for it."""
AGAIN = timedelta(hours=1)
TESTED, TEST_FAILED = "backup_tested", "backup_test_failed"
"""What the audit says of a backup that was put back to see whether it would do."""
STALE = timedelta(hours=36)
"""A last backup older than this is pointed out."""
WEEK = timedelta(days=7)
LISTED = 50
"""Codes of patients in one message."""


@dataclass
class Backups:
    """Makes, tests and lists the backups in one folder. Without a folder it only tells of a restore."""

    post: Post
    url: str
    folder: Path | None
    keep: timedelta
    _wanted: set[str] = field(default_factory=set, init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _wishes: WishList | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.folder is not None:
            self._wishes = WishList(self.folder)

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {BACKUP: self._due, TEST: self._due_test, RESTORED: self._tell_restored}

    async def plan(self, tx: Tx) -> None:
        """Set the next timers; setting them again changes nothing."""
        if self.folder is None:
            return
        today = self._local.date()
        night = today if self._local.time() < AT else today + timedelta(days=1)
        first = today.replace(day=1)
        if self._moment(first, TEST_AT) <= self.post.clock.now():
            first = (first + timedelta(days=31)).replace(day=1)
        for kind, day, at in ((BACKUP, night, AT), (TEST, first, TEST_AT)):
            timer = dues.Due(kind, self._moment(day, at), f"{kind}:{day}")
            await dues.plan(self.post.store, tx, self.post.bot_id, timer)

    async def note_wishes(self) -> None:
        """Write down who said stop or was forgotten since the last time."""
        if self._wishes is not None:
            await self._wishes.note(self.post.store, self.post.bot_id)

    async def last_backup_line(self) -> str:
        """For /status: when the last backup was made, and whether that is too long ago."""
        if self.folder is None:
            return self.post.text(self._texts.status_off)
        found = await asyncio.to_thread(made, self.folder)
        if not found:
            return self.post.text(self._texts.status_none)
        now, clinic = self.post.clock.now(), self.post.library.served.content.clinic
        is_stale = now - found[-1].at > STALE
        size = f"{found[-1].size / 1_000_000:.1f}"
        text = self._texts.status_stale if is_stale else self._texts.status_last
        return self.post.text(text, time=local_time(clinic, found[-1].at, now), size=size, count=str(len(found)))

    # --- timers -----------------------------------------------------------------------------------------------------

    async def _due(self, tx: Tx, _row: sa.RowMapping) -> None:
        """Ask for the night's backup, and look in an hour whether it is there."""
        await self.plan(tx)
        if self.folder is None or await self._is_made(self.folder):
            return
        self._want(BACKUP)
        at = self.post.clock.now() + AGAIN
        timer = dues.Due(BACKUP, at, f"{BACKUP}:again:{to_us(at)}")
        await dues.plan(self.post.store, tx, self.post.bot_id, timer)

    async def _due_test(self, tx: Tx, _row: sa.RowMapping) -> None:
        await self.plan(tx)
        if self.folder is not None:
            self._want(TEST)

    async def _is_made(self, folder: Path) -> bool:
        """Whether there is a backup since the last time that one was due."""
        today = self._local.date()
        night = today if self._local.time() >= AT else today - timedelta(days=1)
        found = await asyncio.to_thread(made, folder)
        return bool(found) and found[-1].at >= self._moment(night, AT)

    def _want(self, what: str) -> None:
        self._wanted.add(what)
        self._wake.set()

    # --- the work ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Do what the timers ask for, for ever."""
        while True:
            await self._wake.wait()
            await self.work()

    async def work(self) -> bool:
        """Do what the timers asked for; a failure is told to staff. False when there was nothing."""
        wanted, self._wanted = self._wanted, set()
        self._wake.clear()
        if self.folder is None or not wanted:
            return False
        what, do = (TEST, self._test) if TEST in wanted else (BACKUP, self._make)  # a test makes a backup too
        try:
            await do(self.folder)
        except Exception as error:  # whatever it is: staff have to know that there is no backup
            log.error("backup_failed", exc=error, what=what)
            await self._tell_failed(what, error)
        return True

    async def _make(self, folder: Path) -> Backup:
        await asyncio.to_thread(_make_folder, folder)
        now = self.post.clock.now()
        done = await backup(self.url, folder / name_for(now), self.post.contacts.key, now)
        removed = await asyncio.to_thread(tidy, folder, now - self.keep)
        log.info("backup_made", file=done.file.name, size=done.size, removed=removed)
        return done

    async def _test(self, folder: Path) -> None:
        """Put a fresh backup into an empty database and compare what is planned there with what is planned here."""
        now = self.post.clock.now()
        before = await self._coming(now)
        done = await self._make(folder)
        with scratch(beside(parse_url(self.url))) as place:
            copy = await unpacked(done.file, place / "test.db", self.post.contacts.key)
            async with open_store(f"sqlite+aiosqlite:///{copy.file}", self.post.clock) as store, store.read() as tx:
                there = await coming(tx, self.post.bot_id, now, now + WEEK)
        after = await self._coming(now)
        differences = _differences(before, there, after)
        log.info("backup_tested", rows=copy.rows, differences=len(differences))
        await self._note_test(TEST_FAILED if differences else TESTED)
        rows, count = f"{copy.rows:,}", str(sum(there.values()))
        if differences:
            text = self.post.text(self._texts.test_differs, rows=rows, differences="; ".join(differences[:5]))
        else:
            text = self.post.text(self._texts.test_good, rows=rows, count=count)
        await self._tell_in_the_morning(text, f"{TEST}:{now:%Y-%m}")

    async def _note_test(self, action: str) -> None:
        async with self.post.store.write() as tx:
            await accounts.write_audit(tx, self.post.bot_id, None, action, None, self.post.clock.now_us())

    async def _coming(self, now: datetime) -> Coming:
        async with self.post.store.read() as tx:
            return await coming(tx, self.post.bot_id, now, now + WEEK)

    # --- telling ----------------------------------------------------------------------------------------------------

    async def _tell_failed(self, what: str, error: Exception) -> None:
        """Once a day. Our own errors are sentences; of another one only the type is told."""
        if what == TEST:
            await self._note_test(TEST_FAILED)
        why = str(error) if isinstance(error, StoreError) else type(error).__name__
        text = self._texts.test_failed if what == TEST else self._texts.failed
        await self._tell_in_the_morning(self.post.text(text, why=why), f"{what}_failed:{self._local.date()}")

    async def _tell_in_the_morning(self, text: str, key: str) -> None:
        at = max(self.post.clock.now(), self._moment(self._local.date(), TOLD_AT))
        async with self.post.store.write() as tx:
            await self.post.tell(tx, Kind.DIGEST, Payload(text), key, due_at=at)

    async def _tell_restored(self, tx: Tx, row: sa.RowMapping) -> None:
        """The first thing that staff hear after a backup was put back."""
        noted = (await tx.execute(sa.select(audit).where(audit.c.id == row["ref"]))).mappings().one()
        detail, zone = noted["detail"], self.post.library.served.content.clinic.zone
        await Forgetting(self.post).see_to(tx, [erasing.Card(**card) for card in detail["cards"]])
        codes = list(await restoring.codes_of_held(tx, self.post.bot_id, LISTED + 1))
        shown = ", ".join(codes[:LISTED]) + (" …" if len(codes) > LISTED else "")
        text = self.post.text(
            self._texts.restored,
            since=full_time(from_us(detail["made_us"]), zone),
            until=full_time(from_us(noted["at_us"]), zone),
            messages=str(detail["messages"]),
            check_ins=str(detail["steps"]),
            announcements=str(detail["announcements"]),
            codes=shown or "–",
        )
        await self.post.tell(tx, Kind.ALERT, Payload(text), row["dedupe_key"])

    # --- helpers ----------------------------------------------------------------------------------------------------

    @property
    def _texts(self) -> BackupReplies:
        return self.post.library.served.content.backups

    @property
    def _local(self) -> datetime:
        return self.post.clock.now().astimezone(self.post.library.served.content.clinic.zone)

    def _moment(self, day: date, at: wall_time) -> datetime:
        return wall_clock(day, at, self.post.library.served.content.clinic.zone)


def _make_folder(folder: Path) -> None:
    """Its own folder only, not the one around it: that may be a disk which is not there."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(f"BACKUP_DIR: {folder} cannot be made: {error.strerror}.") from error


def _differences(before: Coming, there: Coming, after: Coming) -> list[str]:
    """Where the copy has neither what was planned before it was made nor what was planned after."""
    found = []
    for cell in sorted({*before, *there, *after}):
        here, copied = {before.get(cell, 0), after.get(cell, 0)}, there.get(cell, 0)
        if not min(here) <= copied <= max(here):
            found.append(f"{cell[0]:%d %b} {cell[1]}: {max(here)}, {copied}")
    return found
