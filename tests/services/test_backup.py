"""A backup is whole, private, overwrites nothing, and does not disturb the bot."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.errors import StoreError
from bot.model import BotId, ChatId
from bot.services.backup import backup
from bot.store import accounts, schema
from bot.store.engine import open_store
from bot.store.tables import bot


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def source(fast_dir: Path) -> Path:
    """A small database that nobody has open."""
    path = fast_dir / "clinic.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE note (words TEXT)")
        connection.execute("INSERT INTO note VALUES ('one')")
        connection.commit()
    return path


@pytest.fixture
def private_umask() -> Iterator[None]:
    """A machine where new files are for everybody to read."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def notes(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [row[0] for row in connection.execute("SELECT words FROM note")]


async def test_a_copy_made_while_the_bot_writes_is_whole_and_complete(fast_dir: Path, clock: ManualClock) -> None:
    """What is committed is in the copy, though it is still in the log beside the file; what is not, is not."""
    url = url_of(fast_dir / "live.db")
    await schema.upgrade(url)
    async with open_store(url, clock) as store:
        async with store.write() as tx:
            await accounts.ensure_bot(store, tx, BotId(1), ChatId(-5), 1)
        async with store.write() as tx:
            await accounts.set_account(tx, BotId(1), staff_chat_id=ChatId(-9))
            backup(url, fast_dir / "copy.db")
        async with store.read() as tx:
            assert await tx.scalar(sa.select(bot.c.staff_chat_id)) == -9
    copy = url_of(fast_dir / "copy.db")
    assert await schema.current(copy) == schema.head()
    async with open_store(copy, clock) as restored, restored.read() as tx:
        assert await tx.scalar(sa.select(bot.c.staff_chat_id)) == -5


@pytest.mark.usefixtures("private_umask")
def test_only_its_owner_may_read_it(source: Path, fast_dir: Path) -> None:
    backup(url_of(source), fast_dir / "copy.db")
    assert stat.S_IMODE((fast_dir / "copy.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["clinic #2.db", "what?.db", "100%.db", "Praxis Müller.db"])
def test_any_file_name_will_do(source: Path, fast_dir: Path, name: str) -> None:
    backup(f"sqlite+aiosqlite:///{source.rename(fast_dir / name)}".replace("?", "%3F"), fast_dir / "copy.db")
    assert notes(fast_dir / "copy.db") == ["one"]


def test_a_file_in_the_way_stays_as_it_is(source: Path, fast_dir: Path) -> None:
    (fast_dir / "copy.db").write_text("precious")
    with pytest.raises(StoreError, match="exists already; a backup overwrites nothing"):
        backup(url_of(source), fast_dir / "copy.db")
    assert (fast_dir / "copy.db").read_text() == "precious"


def test_a_folder_that_is_not_there(source: Path, fast_dir: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written: No such file or directory"):
        backup(url_of(source), fast_dir / "gone" / "copy.db")


def test_a_database_that_is_not_there_is_not_made(fast_dir: Path) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        backup(url_of(fast_dir / "none.db"), fast_dir / "copy.db")
    assert list(fast_dir.iterdir()) == []


def test_a_broken_database_leaves_no_half_copy(fast_dir: Path) -> None:
    (fast_dir / "clinic.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreError, match="could not be copied"):
        backup(url_of(fast_dir / "clinic.db"), fast_dir / "copy.db")
    assert not (fast_dir / "copy.db").exists()


@pytest.mark.parametrize("url", ["postgresql+psycopg://localhost/clinic", "sqlite+aiosqlite://"])
def test_what_cannot_be_copied_this_way_is_said(fast_dir: Path, url: str) -> None:
    with pytest.raises(StoreError, match="For PostgreSQL use pg_dump"):
        backup(url, fast_dir / "copy.db")
    assert not (fast_dir / "copy.db").exists()
