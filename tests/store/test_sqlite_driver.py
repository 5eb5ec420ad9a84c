"""Statements run where they are asked, what may wait runs in a thread; and whoever gives up leaves nothing behind."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.store.engine import Store, open_store
from bot.store.tables import bot

HOLD_S = 0.3


@pytest.fixture
def file(fast_dir: Path, migrated_file: Path) -> Path:
    path = fast_dir / "driver.db"
    path.write_bytes(migrated_file.read_bytes())
    return path


@pytest.fixture
def other(file: Path) -> Iterator[sqlite3.Connection]:
    """Another process's connection, as a command beside the bot has one."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection


async def add(store: Store, bot_id: int) -> None:
    async with store.write() as tx:
        await tx.execute(bot.insert().values(id=bot_id, interval_us=1))


async def bots(store: Store) -> list[int]:
    async with store.read() as tx:
        return list(await tx.scalars(sa.select(bot.c.id).order_by(bot.c.id)))


def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


async def test_whoever_waits_for_the_lock_does_not_stop_the_others(
    file: Path, other: sqlite3.Connection, clock: ManualClock
) -> None:
    async with open_store(url(file), clock) as store:
        await add(store, 1)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(add(store, 2))
        await asyncio.sleep(HOLD_S)  # the loop turns meanwhile …
        assert await bots(store) == [1]  # … and reads are answered
        assert not waiting.done()
        other.execute("ROLLBACK")
        await waiting
        assert await bots(store) == [1, 2]


async def test_one_who_gave_up_waiting_leaves_no_lock_behind(
    file: Path, other: sqlite3.Connection, clock: ManualClock
) -> None:
    async with open_store(url(file), clock) as store:
        await add(store, 1)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(add(store, 2))
        await asyncio.sleep(HOLD_S)
        waiting.cancel()
        await asyncio.sleep(0)
        other.execute("ROLLBACK")
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await add(store, 3)
        assert await bots(store) == [1, 3]
    other.execute("BEGIN IMMEDIATE")  # nobody has it


async def test_what_failed_is_undone_and_the_connection_goes_on(file: Path, clock: ManualClock) -> None:
    async with open_store(url(file), clock) as store:
        await add(store, 1)
        with pytest.raises(sa.exc.IntegrityError):
            async with store.write() as tx:
                await tx.execute(bot.insert(), [{"id": 2, "interval_us": 1}, {"id": 1, "interval_us": 1}])
        await add(store, 3)
        assert await bots(store) == [1, 3]


async def test_a_reader_sees_one_moment(file: Path, clock: ManualClock) -> None:
    async with open_store(url(file), clock) as store:
        await add(store, 1)
        async with store.read() as tx:
            before = (await tx.scalars(sa.select(bot.c.id))).all()
            await add(store, 2)
            after = (await tx.scalars(sa.select(bot.c.id))).all()
        assert before == after == [1]
