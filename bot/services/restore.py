"""Putting a backup in the place of the database.

All the work is done on a scratch file: unpacked, checked, brought to this version's schema; then everybody is forgotten
again who was forgotten since, who said stop since is stopped, who left the team since has no rights, and what may have
been done since is held (`store/restoring.py` says what, and why). Only then does it take the database's place, in one
step: a rename, or one transaction on PostgreSQL. A kill before that step changes nothing, and after it all is done.

Staff are told by the bot at its next start: `restored` is a timer that waits for it (`services/backups.py`).
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from bot.clock import Clock, from_us, to_us
from bot.core.rights import MY_DATA
from bot.errors import StoreBusy, StoreError
from bot.model import BotId
from bot.services import wishes
from bot.services.backup import beside, check, explained, revision_of, rows_of, scratch, sync
from bot.services.wishes import Wishes
from bot.store import archive, copying, dues, erasing, restoring, schema
from bot.store.care import LATER, REMINDER
from bot.store.contacts import Contacts, Key
from bot.store.engine import Store, Tx, open_store, parse_url, sqlite_file
from bot.store.joining_timers import ADVICE
from bot.store.tables import audit, chat, message, patient

RESTORED = "restored"
"""The due kind: staff are told."""
WRITE_TO_PATIENTS = (LATER, REMINDER, ADVICE, MY_DATA)
"""Due kinds that write to a patient by themselves, besides check-ins."""
ROLES = ("sender", "intake")
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A backup as a SQLite file at this version's schema."""

    file: Path
    made_at: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done."""

    made_at: datetime
    rows: int
    kept: Path | None
    """Where the database lies that was replaced."""
    erased: int
    """How many were forgotten since; `stops`: were off, or on again, since; `team`: members whose rights changed."""
    stops: int
    team: int
    held: int
    """Messages and check-ins that may have been sent since."""
    knows_later: bool
    """Whether something told of wishes since the backup: the old database, or the list beside the backups."""


async def restore(
    url: str, packed: Path, contacts: Contacts, clock: Clock, *, replace: bool, folder: Path | None
) -> Restored:
    """Put the backup `packed` in the place of the database at `url`.

    `folder` has the list of wishes. Raises StoreBusy while a bot runs there, StoreError when the backup cannot be used
    or, without `replace`, when there is data already; the database is as it was then.
    """
    target = parse_url(url)
    with explained(packed):
        async with _nobody_runs(url, target, clock):
            if not replace and await _holds_data(url, clock):
                raise StoreError(
                    "The database holds data already. With --replace the backup takes its place; "
                    "make a backup of it first if it can still be read."
                )
            later, knows_later = await _wishes_since(url, clock, folder)
            with scratch(beside(target)) as scratch_folder:
                copy = await unpacked(packed, scratch_folder / "restored.db", contacts.key)
                erased, stops, team, held = await _make_ready(copy, contacts, clock, later)
                kept = await _put_in_place(copy.file, target, clock.now())
    return Restored(copy.made_at, copy.rows, kept, erased, stops, team, held, knows_later)


# --- the backup ------------------------------------------------------------------------------------------------------


async def unpacked(packed: Path, to: Path, key: Key | None) -> Unpacked:
    """Unpack a backup, or copy a plain SQLite file, and bring it to this version's schema. Raises StoreError."""
    made_us, rows = await asyncio.to_thread(_unpack, packed, to, key)
    await schema.upgrade(_url_of(to))
    return Unpacked(to, from_us(made_us), rows)


def _unpack(packed: Path, to: Path, key: Key | None) -> tuple[int, int]:
    """Returns when it was made, and how many rows it has."""
    to.touch(mode=0o600)
    with packed.open("rb") as source, to.open("r+b") as target:
        is_plain = source.read(len(_SQLITE)) == _SQLITE
        source.seek(0)
        if is_plain:  # such as the one kept from the last time
            shutil.copyfileobj(source, target)
            header = None
        else:
            header = archive.unpack(source, target, key)
    check(to)
    revision_of(to)
    rows = rows_of(to)
    if header is None:
        return int(packed.stat().st_mtime * 1_000_000), sum(rows.values())
    if (header.revision, dict(header.rows)) != (revision_of(to), dict(rows)):
        raise StoreError("This backup does not hold what it says at its top; nothing of it was used. Take another one.")
    return header.made_us, sum(rows.values())


# --- the database that is there --------------------------------------------------------------------------------------


@asynccontextmanager
async def _nobody_runs(url: str, target: URL, clock: Clock) -> AsyncIterator[None]:
    """Make sure that no bot runs, and on SQLite that none starts meanwhile. Raises StoreBusy."""
    if sqlite_file(target) is None:
        if await schema.current(url) is not None:
            await asyncio.to_thread(copying.refuse_if_alive, target)
        yield
        return
    async with open_store(url, clock) as store:
        for role in ROLES:
            store.take_role(role)
        yield


async def _holds_data(url: str, clock: Clock) -> bool:
    """Whether anybody's data would be lost. What cannot be read may be data."""
    try:
        if await schema.current(url) is None:
            return _size(parse_url(url)) > 0
        async with open_store(url, clock) as store, store.read() as tx:
            tables = (chat, message, patient)
            return any([await tx.scalar(sa.select(sa.literal(1)).select_from(t).limit(1)) for t in tables])
    except StoreError:
        return True


def _size(target: URL) -> int:
    file = sqlite_file(target)
    return file.stat().st_size if file and file.exists() else 0


async def _wishes_since(url: str, clock: Clock, folder: Path | None) -> tuple[Wishes, bool]:
    """What the list beside the backups and the database that is replaced tell, and whether one of them could.

    Of the team the list counts before the database: that may be a new one, in which OWNER_IDS has just made an owner of
    somebody who was removed.
    """
    found, is_known = Wishes(), False
    if folder is not None and (folder / wishes.FILE).exists():
        found, is_known = await asyncio.to_thread(wishes.read, folder), True
    try:
        if await schema.current(url) is None:
            return found, is_known
        async with open_store(url, clock) as store, store.read() as tx:
            for bot_id in await restoring.bots(tx):
                found += _not_in(found, await wishes.wishes_in(tx, bot_id))
    except StoreError:
        return found, is_known  # it is broken, or from before there were such wishes
    return found, True


def _not_in(listed: Wishes, there: Wishes) -> Wishes:
    """What the database tells beyond the list."""
    known = wishes.by_member(listed.team)
    team = (row for who, row in wishes.by_member(there.team).items() if who not in known or _is_later(row, known[who]))
    return Wishes(there.stops, there.erasures, tuple(team))


def _is_later(row: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    """Whether what the database says of a member of staff came after the line in the list: the same membership went on,
    or it has ended since."""
    if line["removed_us"] is None and row["since_us"] == line["since_us"]:
        return True
    ended_us: int = row["removed_us"] or 0
    known_us: int = max(line["since_us"], line["removed_us"] or 0)
    return ended_us > known_us


# --- making it ready -------------------------------------------------------------------------------------------------


async def _make_ready(copy: Unpacked, contacts: Contacts, clock: Clock, later: Wishes) -> tuple[int, int, int, int]:
    """Returns how many erasures, stops, changes of the team and things held."""
    erased = stops = team = held = 0
    members = wishes.by_member(later.team).values()
    async with open_store(_url_of(copy.file), clock) as store, store.write() as tx:
        await restoring.leave_a_gap(tx)
        for bot_id in await restoring.bots(tx):
            mine = [row for row in later.erasures if row["bot_id"] == bot_id]
            cards = await erasing.reapply_erasures(tx, bot_id, contacts, mine)
            stops += await restoring.carry_stops(tx, bot_id, [row for row in later.stops if row["bot_id"] == bot_id])
            team += await restoring.carry_team(store, tx, bot_id, [row for row in members if row["bot_id"] == bot_id])
            found = await restoring.hold(store, tx, bot_id, clock.now_us(), WRITE_TO_PATIENTS)
            await restoring.never_lived(tx, bot_id)
            await _plan_telling(store, tx, bot_id, clock, {"made_us": to_us(copy.made_at), **asdict(found)}, cards)
            since = [row for row in mine if row["done_us"] >= to_us(copy.made_at)]
            erased += len({row["patient_id"] for row in since})
            held += found.messages + found.steps
    return erased, stops, team, held


async def _plan_telling(
    store: Store, tx: Tx, bot_id: BotId, clock: Clock, detail: dict[str, Any], cards: list[erasing.Card]
) -> None:
    """Note it in the audit; the timer's `ref` is that row."""
    now_us = clock.now_us()
    values = {"action": RESTORED, "at_us": now_us, "detail": detail | {"cards": [asdict(card) for card in cards]}}
    made = await tx.execute(audit.insert().values(bot_id=bot_id, **values).returning(audit.c.id))
    timer = dues.Due(RESTORED, clock.now(), f"{RESTORED}:{now_us}", ref=made.scalar_one())
    await dues.plan(store, tx, bot_id, timer)


# --- in place --------------------------------------------------------------------------------------------------------


async def _put_in_place(ready: Path, target: URL, now: datetime) -> Path | None:
    """Returns where the database lies that was there, if it was a file."""
    await asyncio.to_thread(_into_one_file, ready)
    file = sqlite_file(target)
    if file is not None:
        return await asyncio.to_thread(_replace_file, ready, file, now)
    await schema.upgrade(target.render_as_string(hide_password=False))
    await asyncio.to_thread(copying.into_server, ready, target)
    return None


def _replace_file(ready: Path, file: Path, now: datetime) -> Path | None:
    kept = None
    if file.exists():
        kept = file.with_name(f"{file.name}.before-{now:%Y%m%dT%H%M%S}Z")
        try:
            _into_one_file(file)
        except StoreBusy:
            raise
        except StoreError:
            _move_log(file, kept)
        kept.touch(mode=0o600)
        shutil.copyfile(file, kept)
        sync(kept)
    ready.chmod(0o600)
    sync(ready)
    ready.replace(file)
    sync(file.parent)
    return kept


def _into_one_file(file: Path) -> None:
    """Take what stands in the log beside a SQLite file into it: another database with that name would read the log.

    Raises StoreBusy when somebody uses it, StoreError when it is broken.
    """
    with closing(sqlite3.connect(file)) as connection:
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise StoreBusy(f"Another command is using {file}. Try again when it is done.") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{file} is broken: {error}.") from error


def _move_log(file: Path, kept: Path) -> None:
    """Keep the log of a broken database beside the copy of it."""
    for end in ("-wal", "-shm"):
        log = file.with_name(file.name + end)
        if log.exists():
            log.rename(kept.with_name(kept.name + end))


def _url_of(file: Path) -> str:
    return URL.create("sqlite+aiosqlite", database=str(file)).render_as_string()
