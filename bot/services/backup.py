"""One backup: the database as of one moment, while the bot goes on working. `store/archive.py` has the format."""

import asyncio
import errno
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import URL

from bot.clock import DAY_US, SECOND_US, to_us
from bot.errors import StoreError
from bot.store import archive, copying, schema
from bot.store.contacts import Key
from bot.store.engine import parse_url, sqlite_file

_NAME = re.compile(r"aftercare-(\d{8}T\d{6})Z\.backup")
_STAMP = "%Y%m%dT%H%M%S"
_SCRATCH = "aftercare-scratch-"
_SCRATCH_LASTS_S = DAY_US / SECOND_US
"""A folder older than this was left by a process that was killed."""
_NO_ROOM = "There is not enough room on the disk; nothing was changed. Make some room, or choose another folder."


@dataclass(frozen=True, slots=True)
class Backup:
    """One that was made."""

    file: Path
    at: datetime
    size: int
    """Bytes."""


def name_for(at: datetime) -> str:
    """The file name of a backup made then; only files with such names are ever listed or deleted."""
    return f"aftercare-{at.astimezone(UTC):{_STAMP}}Z.backup"


def made(folder: Path) -> list[Backup]:
    """The backups in a folder, oldest first; empty when there is no such folder."""
    found = []
    for file in folder.glob("aftercare-*Z.backup"):
        if match := _NAME.fullmatch(file.name):
            at = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
            found.append(Backup(file, at, file.stat().st_size))
    return sorted(found, key=lambda backup: backup.at)


async def backup(url: str, to: Path, key: Key | None, now: datetime) -> Backup:
    """Write the database at `url` to the new file `to`, readable by its owner only.

    Raises StoreError: no database or a broken one, a file in the way, no room. Nothing is left at `to` then; a kill
    leaves at most `to` with `.part` at its end, which is no backup.
    """
    source = parse_url(url)
    await _check_source(url, source)
    with explained(to), _part_of(to) as part, scratch(beside(source)) as folder:
        copy = folder / "copy.db"
        if sqlite_file(source) is None:
            await schema.upgrade(f"sqlite+aiosqlite:///{copy}")
            await asyncio.to_thread(copying.from_server, source, copy)
        else:
            await asyncio.to_thread(_copy_file, source, copy)
        size = await asyncio.to_thread(_pack, copy, part, key, now)
    return Backup(to, now, size)


async def _check_source(url: str, source: URL) -> None:
    revision = await schema.current(url)
    if revision is None:
        raise StoreError(f"There is no database at {sqlite_file(source) or 'DATABASE_URL'} yet.")
    if sqlite_file(source) is None and revision != schema.head():
        raise StoreError("The database is at another version than this program. `aftercare db upgrade` first.")


def beside(source: URL) -> Path | None:
    """Where a copy that is not encrypted may lie for a moment: by the database itself, or where temporary files go."""
    file = sqlite_file(source)
    return file.parent if file else None


@contextmanager
def scratch(folder: Path | None) -> Iterator[Path]:
    """A folder of one's own in `folder` that goes away at the end; those left by a kill go after a day."""
    for old in (folder or Path(tempfile.gettempdir())).glob(f"{_SCRATCH}*"):
        if old.stat().st_mtime < time.time() - _SCRATCH_LASTS_S:
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder, ignore_cleanup_errors=True) as made_here:
        yield Path(made_here)


@contextmanager
def _part_of(to: Path) -> Iterator[Path]:
    """A file to write; it becomes `to` when the block ends well, and goes away when it does not."""
    if to.exists():
        raise StoreError(f"{to} exists already; a backup overwrites nothing.")
    part = to.with_name(f"{to.name}.part")
    try:
        part.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise StoreError(f"{part} is there: a backup is being made, or broke off. In that case delete it.") from None
    try:
        yield part
        part.rename(to)
        sync(to.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Turn what the disk and SQLite complain of into a StoreError. `file`: what it was about."""
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        raise StoreError(_NO_ROOM if full else f"The database could not be copied: {error}.") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreError(_NO_ROOM) from error
        raise StoreError(f"{error.filename or file}: {error.strerror}.") from error


def _copy_file(source: URL, to: Path) -> None:
    file = sqlite_file(source)
    assert file is not None
    read_only = f"{file.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(read_only, uri=True)) as reading, closing(sqlite3.connect(to)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")  # all in one file


def _pack(copy: Path, part: Path, key: Key | None, now: datetime) -> int:
    """Returns how many bytes the backup has."""
    check(copy)  # a broken database is noticed tonight, not when the backup is needed
    header = archive.Header(to_us(now), revision_of(copy), rows_of(copy))
    with copy.open("rb") as database, part.open("r+b") as to:
        archive.pack(database, to, header, key)
        to.flush()
        os.fsync(to.fileno())
        return to.tell()


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check(file: Path) -> None:
    """Raise StoreError unless SQLite finds nothing wrong with this file and each row it points to is there."""
    with closing(sqlite3.connect(file)) as connection:
        try:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
            lost = connection.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.DatabaseError as error:
            raise StoreError(f"The database is broken: {error}.") from error
    if found != ("ok",):
        raise StoreError("The database is broken: its own check fails.")
    if lost is not None:
        raise StoreError(f"The database is broken: rows of {lost[0]} point to rows that are not there.")


def revision_of(file: Path) -> str:
    """The schema revision of a SQLite file. Raises StoreError when it is no database of ours."""
    with closing(sqlite3.connect(file)) as connection:
        try:
            return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        except (sqlite3.DatabaseError, TypeError):
            raise StoreError("This is no database of the bot's.") from None


def rows_of(file: Path) -> Mapping[str, int]:
    """How many rows each of its tables has."""
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        names = [name for (name,) in tables]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


def tidy(folder: Path, before: datetime) -> int:
    """Delete the backups made before then, and parts that a kill left. Returns how many backups."""
    old = [backup for backup in made(folder) if backup.at < before]
    for backup_ in old:
        backup_.file.unlink(missing_ok=True)
    for part in folder.glob("aftercare-*Z.backup.part"):
        if _NAME.fullmatch(part.name.removesuffix(".part")) and part.stat().st_mtime < time.time() - _SCRATCH_LASTS_S:
            part.unlink(missing_ok=True)
    return len(old)
