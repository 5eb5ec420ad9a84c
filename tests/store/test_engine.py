"""What the store promises about transactions, snapshots, locks and errors, whatever is stored in it."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import SECOND_US, ManualClock
from bot.errors import StoreBusy, StoreError
from bot.model import MessageState
from bot.store import engine
from bot.store.engine import Store, Tx, open_store
from bot.store.tables import bot, contact, message, patient, question, staff

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
SECRET = "my calf has been burning since Tuesday"


@pytest.fixture(autouse=True)
async def _counter(store: Store) -> None:
    """One row whose `interval_us` the tests count up."""
    async with store.write() as tx:
        await tx.execute(bot.insert().values(id=1, interval_us=0))


async def count_up(store: Store) -> None:
    """Read, think, write: what every service does."""
    async with store.write() as tx:
        seen = await tx.scalar(sa.select(bot.c.interval_us).where(bot.c.id == 1).with_for_update())
        assert seen is not None
        await asyncio.sleep(0)
        await tx.execute(bot.update().where(bot.c.id == 1).values(interval_us=seen + 1))


async def counted(store: Store) -> int:
    async with store.read() as tx:
        found: int = (await tx.execute(sa.select(bot.c.interval_us))).scalar_one()
        return found


def told(error: BaseException) -> str:
    """Everything that a log of the error with its traceback would say."""
    return "".join(traceback.format_exception(error))


# --- transactions ---------------------------------------------------------------------------------------------------


async def test_a_hundred_concurrent_read_modify_writes_lose_none(store: Store) -> None:
    await asyncio.gather(*(count_up(store) for _ in range(100)))
    assert await counted(store) == 100


async def test_a_command_beside_the_bot_loses_none_either(store: Store, database_url: str, clock: ManualClock) -> None:
    async with open_store(database_url, clock) as command:
        await asyncio.gather(*(count_up(one) for _ in range(30) for one in (store, command)))
    assert await counted(store) == 60


async def test_a_write_that_fails_leaves_nothing_and_the_next_one_works(store: Store) -> None:
    async def fail() -> None:
        async with store.write() as tx:
            await tx.execute(bot.update().values(interval_us=7))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await counted(store) == 0
    await count_up(store)
    assert await counted(store) == 1


async def test_a_cancelled_write_leaves_nothing_and_gives_its_turn_back(store: Store) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with store.write() as tx:
            await tx.execute(bot.update().values(interval_us=7))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    waiting = asyncio.create_task(count_up(store))
    task.cancel()
    await asyncio.wait([task])
    await waiting
    assert task.cancelled()
    assert await counted(store) == 1


@ON_SQLITE
async def test_writers_are_served_first_come_first_served(store: Store) -> None:
    served: list[int] = []

    async def writer(number: int) -> None:
        async with store.write():
            served.append(number)
            await asyncio.sleep(0)

    async with store.write():
        queue = [asyncio.create_task(writer(number)) for number in range(20)]
        await asyncio.sleep(0)
    async with store.write():  # comes last, is served last
        served.append(20)
    await asyncio.gather(*queue)
    assert served == list(range(21))


# --- reading --------------------------------------------------------------------------------------------------------


async def test_a_read_is_one_snapshot_that_neither_sees_nor_stops_a_write(store: Store) -> None:
    async with store.read() as tx:
        before = await tx.scalar(sa.select(bot.c.interval_us))
        await count_up(store)
        after = await tx.scalar(sa.select(bot.c.interval_us))
    assert (before, after) == (0, 0)
    assert await counted(store) == 1


async def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match=r"(?i)read-?only"):
        async with store.read() as tx:
            await tx.execute(bot.update().values(interval_us=7))
    assert await counted(store) == 0


@ON_SQLITE
async def test_a_write_is_on_the_disk_before_anybody_hears_of_it(store: Store) -> None:
    async def pragmas(tx: Tx) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "query_only", "busy_timeout")
        return {name: await tx.scalar(sa.text(f"PRAGMA {name}")) for name in names}

    both = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": engine.BUSY_TIMEOUT_MS}
    async with store.write() as tx:
        assert await pragmas(tx) == both | {"query_only": 0}
    async with store.read() as tx:
        assert await pragmas(tx) == both | {"query_only": 1}


async def test_machine_time_is_the_clock_that_all_workers_share(store: Store, clock: ManualClock) -> None:
    async with store.read() as tx:
        now_us = await store.machine_us(tx)
    if not store.is_shared:
        assert now_us == clock.machine_us()
    else:
        assert abs(now_us - time.time_ns() // 1000) < 60 * SECOND_US


# --- once -----------------------------------------------------------------------------------------------------------


async def test_insert_once_gives_back_what_was_new(store: Store) -> None:
    def owners(*ids: int) -> list[dict[str, object]]:
        return [{"bot_id": 1, "user_id": user, "role": "owner", "since_us": 0} for user in ids]

    counts = []
    for ids in ((), (1, 2), (2, 3, 4), (4,), (5, 5)):
        async with store.write() as tx:
            counts.append(len(await store.insert_once(tx, staff, owners(*ids), "bot_id", "user_id")))
    async with store.read() as tx:
        stored = (await tx.scalars(sa.select(staff.c.user_id).order_by(staff.c.user_id))).all()
    assert counts == [0, 2, 2, 0, 1]
    assert stored == [1, 2, 3, 4, 5]


async def test_of_many_at_once_one_is_new(store: Store) -> None:
    async def insert() -> int:
        async with store.write() as tx:
            row = {"bot_id": 1, "code": "P-7F3K", "created_us": 0}
            return len(await store.insert_once(tx, patient, [row], "bot_id", "code"))

    assert sum(await asyncio.gather(*(insert() for _ in range(20)))) == 1


# --- errors ---------------------------------------------------------------------------------------------------------


async def test_a_refusal_of_the_database_is_a_store_error_without_anybodys_words(store: Store) -> None:
    with pytest.raises(StoreError, match="nowhere") as caught:
        async with store.write() as tx:
            await tx.execute(sa.text("INSERT INTO nowhere VALUES (:words)"), {"words": SECRET})
    assert SECRET not in told(caught.value)


@ON_POSTGRES
async def test_a_value_that_postgresql_quotes_is_not_passed_on(store: Store) -> None:
    with pytest.raises(StoreError, match="InvalidTextRepresentation") as caught:
        async with store.read() as tx:
            await tx.execute(sa.text("SELECT CAST(CAST(:words AS text) AS bigint)"), {"words": SECRET})
    assert SECRET not in told(caught.value)


async def test_a_broken_promise_of_ours_says_which_but_not_whose_words(store: Store) -> None:
    row: dict[str, object] = {
        "bot_id": 1,
        "patient_id": None,
        "chat_id": 1,
        "text": SECRET,
        "decision": "ask",
        "why": {},
        "at_us": 0,
    }
    with pytest.raises(sa.exc.IntegrityError, match="patient_id") as caught:
        async with store.write() as tx:
            await tx.execute(question.insert(), [row])
    assert SECRET not in told(caught.value)


async def test_a_contact_without_its_patient_cannot_be_stored(store: Store) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        async with store.write() as tx:
            await tx.execute(contact.insert().values(patient_id=404, name="Nobody", updated_us=0))


@ON_SQLITE
async def test_a_file_locked_by_somebody_else_is_a_store_error_until_it_is_free(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 30)
    other = sqlite3.connect(str(store.url.database), isolation_level=None)
    async with open_store(str(store.url), clock) as impatient:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            await count_up(impatient)
        assert await counted(impatient) == 0  # reading goes on meanwhile
        other.execute("ROLLBACK")
        await count_up(impatient)
        assert await counted(impatient) == 1
    other.close()


@ON_SQLITE
async def test_giving_up_on_a_locked_file_does_not_spoil_the_connection(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 300)
    other = sqlite3.connect(str(store.url.database), isolation_level=None)
    async with open_store(str(store.url), clock) as patient_one:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await count_up(patient_one)
        other.execute("ROLLBACK")
        await count_up(patient_one)
        assert await counted(patient_one) == 1
    other.close()


@ON_SQLITE
async def test_a_folder_in_place_of_the_file_is_a_store_error(store: Store, fast_dir: Path, clock: ManualClock) -> None:
    async with open_store(f"sqlite+aiosqlite:///{fast_dir}", clock) as broken:
        for transaction in (broken.read, broken.write):
            with pytest.raises(StoreError, match="unable to open"):
                async with transaction():
                    raise AssertionError


@ON_SQLITE
async def test_the_folder_of_the_file_is_made(store: Store, fast_dir: Path, clock: ManualClock) -> None:
    async with open_store(f"sqlite+aiosqlite:///{fast_dir}/a/b/new.db", clock) as fresh, fresh.write() as tx:
        await tx.execute(sa.text("CREATE TABLE t (x INTEGER)"))
    assert (fast_dir / "a/b/new.db").stat().st_size > 0


@ON_POSTGRES
async def test_a_postgresql_that_is_not_there_is_a_store_error(store: Store, clock: ManualClock) -> None:
    nowhere = store.url.set(database="nowhere").render_as_string(hide_password=False)
    async with open_store(nowhere, clock) as broken:
        with pytest.raises(StoreError, match="nowhere"):
            await counted(broken)


@ON_POSTGRES
async def test_connections_that_the_server_ended_are_replaced(store: Store) -> None:
    await asyncio.gather(*(count_up(store) for _ in range(8)))
    async with store.write() as tx:
        await tx.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )
    await asyncio.gather(*(count_up(store) for _ in range(8)))
    assert await counted(store) == 16


@ON_POSTGRES
@pytest.mark.parametrize(("query", "are_prepared"), [("", True), ("&pooled=1", False)], ids=["direct", "pooled"])
async def test_statements_are_prepared_unless_a_pooler_stands_between(
    database_url: str, clock: ManualClock, query: str, are_prepared: bool
) -> None:
    async with open_store(f"{database_url}{query}", clock) as opened, opened.write() as tx:
        for _ in range(5):
            await tx.execute(sa.select(patient.c.id).where(patient.c.code == "P-7F3K"))
        prepared = await tx.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements"))
        seqscan = await tx.scalar(sa.text("SHOW enable_seqscan"))
    assert (bool(prepared), seqscan) == (are_prepared, "off" if are_prepared else "on")


@ON_POSTGRES
async def test_a_plan_that_is_kept_fits_the_index_over_what_is_still_owed(
    database_url: str, clock: ManualClock
) -> None:
    """It is made without the parameters' values, so the state must not be one."""
    pending = (
        sa.select(message.c.id)
        .where(message.c.bot_id == 1, message.c.lane == 1, message.c.state == MessageState.PENDING)
        .order_by(message.c.due_us, message.c.id)
    )
    async with open_store(database_url, clock) as opened, opened.write() as tx:
        await tx.execute(sa.text("SET LOCAL plan_cache_mode = force_generic_plan"))
        await tx.execute(sa.text("SET LOCAL enable_sort = off"))  # a table of a few rows is as soon sorted
        for _ in range(5):
            await tx.execute(pending)
        name = await tx.scalar(sa.text("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%lane%'"))
        plan = (await tx.scalars(sa.text(f'EXPLAIN EXECUTE "{name}" (1, 1)'))).all()
    assert "ix_message_pending" in plan[0], plan


# --- roles ----------------------------------------------------------------------------------------------------------


@ON_SQLITE
async def test_only_one_may_send_on_a_file_until_it_is_closed(
    store: Store, database_url: str, clock: ManualClock
) -> None:
    async with open_store(database_url, clock) as second:
        store.take_role("sender")
        store.take_role("sender")  # its own already
        with pytest.raises(StoreBusy, match=r"sender on .*store\.db"):
            second.take_role("sender")
        second.take_role("intake")  # a role of its own
        await count_up(second)  # a command needs none
        await store.close()
        second.take_role("sender")


@ON_SQLITE
async def test_a_killed_process_gives_its_role_back(store: Store, database_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD_SENDER, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"mine\n"
        with pytest.raises(StoreBusy):
            store.take_role("sender")
        holder.send_signal(signal.SIGKILL)
    store.take_role("sender")


_HOLD_SENDER = """
import asyncio, sys
from bot.clock import SystemClock
from bot.store.engine import open_store

async def main() -> None:
    async with open_store(sys.argv[1], SystemClock()) as store:
        store.take_role("sender")
        print("mine", flush=True)
        sys.stdin.read()

asyncio.run(main())
"""


@ON_SQLITE
async def test_a_role_needs_a_folder_that_can_be_written(store: Store, fast_dir: Path, clock: ManualClock) -> None:
    async with open_store(f"sqlite+aiosqlite:///{fast_dir}/gone/x.db", clock) as homeless:
        (fast_dir / "gone").rmdir()
        with pytest.raises(StoreError, match=r"x\.db\.sender\.lock cannot be written"):
            homeless.take_role("sender")


@ON_POSTGRES
async def test_on_postgresql_several_may_send(store: Store, database_url: str, clock: ManualClock) -> None:
    async with open_store(database_url, clock) as second:
        takes: list[Callable[[str], None]] = [store.take_role, second.take_role]
        for take in takes:
            take("sender")
        works: list[Awaitable[None]] = [count_up(store), count_up(second)]
        await asyncio.gather(*works)
    assert await counted(store) == 2
