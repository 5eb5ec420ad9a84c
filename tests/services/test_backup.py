"""A backup is whole, private, overwrites nothing, and does not disturb the bot."""

import errno
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.errors import StoreError
from bot.model import BotId, ChatId
from bot.services import backup as module
from bot.services.backup import backup, made, name_for, scratch, tidy
from bot.services.restore import unpacked
from bot.store import accounts, archive, schema
from bot.store.engine import Store, open_store
from bot.store.tables import bot

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def live(fast_dir: Path, clock: ManualClock) -> AsyncIterator[Store]:
    """A database that a bot has open."""
    url = url_of(fast_dir / "live.db")
    await schema.upgrade(url)
    async with open_store(url, clock) as store:
        async with store.write() as tx:
            await accounts.ensure_bot(store, tx, BotId(1), ChatId(-5), 1)
        yield store


@pytest.fixture
def private_umask() -> Iterator[None]:
    """A machine where new files are for everybody to read."""
    before = os.umask(0o000)
    yield
    os.umask(before)


async def take(store: Store, to: Path) -> None:
    await backup(str(store.url), to, None, NOW)


async def group_in(packed: Path, folder: Path, clock: ManualClock) -> int | None:
    copy = await unpacked(packed, folder / "opened.db", None)
    async with open_store(url_of(copy.file), clock) as store, store.read() as tx:
        found: int | None = await tx.scalar(sa.select(bot.c.staff_chat_id))
        return found


async def test_a_copy_made_while_the_bot_writes_is_whole_and_complete(
    live: Store, fast_dir: Path, clock: ManualClock
) -> None:
    """What is committed is in the copy, though it is still in the log beside the file; what is not, is not."""
    async with live.write() as tx:
        await accounts.set_account(tx, BotId(1), staff_chat_id=ChatId(-9))
        await take(live, fast_dir / "copy.backup")
    assert await group_in(fast_dir / "copy.backup", fast_dir, clock) == -5
    async with live.read() as tx:
        assert await tx.scalar(sa.select(bot.c.staff_chat_id)) == -9
    assert {path.name for path in fast_dir.iterdir()} >= {"live.db", "copy.backup"}
    assert not list(fast_dir.glob("*scratch*")), "nothing is left lying about"


@pytest.mark.usefixtures("private_umask")
async def test_only_its_owner_may_read_it(live: Store, fast_dir: Path) -> None:
    await take(live, fast_dir / "copy.backup")
    assert stat.S_IMODE((fast_dir / "copy.backup").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["clinic #2.db", "what?.db", "100%.db", "Praxis Müller.db"])
async def test_any_file_name_will_do(fast_dir: Path, name: str, clock: ManualClock) -> None:
    url = url_of(fast_dir / name).replace("?", "%3F")
    await schema.upgrade(url)
    done = await backup(url, fast_dir / "copy.backup", None, NOW)
    assert done.size == (fast_dir / "copy.backup").stat().st_size
    assert await group_in(fast_dir / "copy.backup", fast_dir, clock) is None


async def test_a_file_in_the_way_stays_as_it_is(live: Store, fast_dir: Path) -> None:
    (fast_dir / "copy.backup").write_text("precious")
    with pytest.raises(StoreError, match="exists already; a backup overwrites nothing"):
        await take(live, fast_dir / "copy.backup")
    assert (fast_dir / "copy.backup").read_text() == "precious"


async def test_what_a_kill_left_is_no_backup_and_is_named(live: Store, fast_dir: Path) -> None:
    (fast_dir / "copy.backup.part").touch()
    with pytest.raises(StoreError, match=r"copy.backup.part is there: a backup is being made, or broke off"):
        await take(live, fast_dir / "copy.backup")
    assert not (fast_dir / "copy.backup").exists()


async def test_a_folder_that_is_not_there(live: Store, fast_dir: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        await take(live, fast_dir / "gone" / "copy.backup")


async def test_a_database_that_is_not_there_is_not_made(fast_dir: Path) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        await backup(url_of(fast_dir / "none.db"), fast_dir / "copy.backup", None, NOW)
    assert list(fast_dir.iterdir()) == []


async def test_a_broken_database_is_noticed_tonight(live: Store, fast_dir: Path) -> None:
    await live.close()
    with closing(sqlite3.connect(fast_dir / "live.db")) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("INSERT INTO contact (patient_id, updated_us) VALUES (77, 0)")
        connection.commit()
    with pytest.raises(StoreError, match="rows of contact point to rows that are not there"):
        await take(live, fast_dir / "copy.backup")
    assert not list(fast_dir.glob("copy.backup*"))


async def test_no_database_at_all(fast_dir: Path) -> None:
    (fast_dir / "clinic.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        await backup(url_of(fast_dir / "clinic.db"), fast_dir / "copy.backup", None, NOW)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_leaves_nothing(
    live: Store, fast_dir: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(archive, "pack", full)
    with pytest.raises(StoreError, match="There is not enough room on the disk; nothing was changed"):
        await take(live, fast_dir / "copy.backup")
    assert not list(fast_dir.glob("copy.backup*"))


# --- old ones --------------------------------------------------------------------------------------------------------


def test_only_our_own_old_backups_are_deleted(tmp_path: Path) -> None:
    old, new = (tmp_path / name_for(NOW - timedelta(days=days)) for days in (31, 29))
    others = [tmp_path / name for name in ("aftercare.backup", "aftercare-monday.backup", f"my-{old.name}")]
    for file in (old, new, *others):
        file.touch()
    assert tidy(tmp_path, NOW - timedelta(days=30)) == 1
    assert not old.exists()
    assert all(file.exists() for file in (new, *others))
    assert [found.file for found in made(tmp_path)] == [new]


def test_what_a_kill_left_goes_after_a_day(tmp_path: Path) -> None:
    for name in (f"{name_for(NOW)}.part", f"{module._SCRATCH}left"):
        path = tmp_path / name
        path.touch() if name.endswith("part") else path.mkdir()
        os.utime(path, (0, 0))
    tidy(tmp_path, NOW)
    with scratch(tmp_path) as mine:
        assert list(tmp_path.iterdir()) == [mine]
    assert list(tmp_path.iterdir()) == []
