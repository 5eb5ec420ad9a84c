"""A million messages and as many timers in the future: what they cost a worker that has little to do now.

`prepare` fills a database; `look` starts a process on it (`python -m benchmarks._million URL`), which opens the store,
claims two due messages at a time, and says how long that took and how much memory it holds.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from benchmarks._machine import resident_mb
from benchmarks._peers import ROOT
from bot.clock import HOUR_US, ManualClock, SystemClock, from_us
from bot.delivery.limiter import BOT_INTERVAL_US
from bot.model import ChatId, ChatKind, DueState, Kind, Outgoing, Payload
from bot.simulator.bench import BOT, Bench
from bot.store import accounts, chats, dues, messages, schema
from bot.store.engine import open_store
from bot.store.tables import chat, due, message

MILLION = 1_000_000
PER_CHAT = 7
"""Messages of one patient, as a care plan has steps."""
MONTH_US = 30 * 24 * HOUR_US
SPARE = 1_500
"""Messages due now for one `look` of up to 700 claims: each takes two."""


@dataclass(frozen=True)
class Look:
    """What one process found."""

    first_claim_ms: float
    claims_ms: list[float]
    timers_ms: list[float]
    """Claims of timers: taken and finished in one transaction."""
    rss_mb: float


# --- the database --------------------------------------------------------------------------------------------------


class Crowd:
    """A database with many rows, made by copying one of each table within SQL."""

    def __init__(self, url: str) -> None:
        self.url = url
        parsed = sa.make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._engine = sa.create_engine(parsed.set(drivername="sqlite") if self.is_sqlite else parsed)
        self._made = 0

    async def prepare(self) -> None:
        """The schema, and the first row of each table."""
        await schema.upgrade(self.url)
        async with open_store(self.url, SystemClock()) as store, store.write() as tx:
            now_us = SystemClock().now_us()
            await accounts.ensure_bot(store, tx, BOT, None, BOT_INTERVAL_US)
            await chats.touch_chat(store, tx, BOT, ChatId(1), ChatKind.PRIVATE, now_us)
            later = from_us(now_us + MONTH_US)
            out = Outgoing(ChatId(1), Kind.CHECK_IN, Payload("Good morning!"), "first", due_at=later)
            await messages.enqueue(store, tx, BOT, out, now_us)
            await dues.plan(store, tx, BOT, dues.Due("prune", later, "first"))

    def grow(self, count: int) -> None:
        """`count` messages and timers of the next thirty days."""
        many = max(1, count // PER_CHAT)
        due_us = f":now + {HOUR_US} + (n * {MONTH_US // count})"
        with self._engine.begin() as connection:
            self._relax(connection)
            self._copy(connection, chat, many, "chat_id = 1", chat_id="1000 + n")
            self._copy_messages(connection, count, due_us, f"1001 + n % {many}")
            self._copy(connection, due, count, "dedupe_key = 'first'", due_us=due_us, dedupe_key="'t:' || n")
        self.analyse()

    def fall_due(self, count: int) -> None:
        """`count` more messages, due since a moment ago; each to a chat of its own, as everybody's in the morning."""
        base = 10_000_000 + self._made
        with self._engine.begin() as connection:
            self._relax(connection)
            self._copy(connection, chat, count, "chat_id = 1", chat_id=f"{base} + n")
            self._copy_messages(connection, count, f":now - {count} + n", f"{base} + n")
            due_us = f":now - {count} + n"
            key = f"'d:{base}:' || n"
            self._copy(connection, due, min(count, SPARE), "dedupe_key = 'first'", due_us=due_us, dedupe_key=key)

    def analyse(self) -> None:
        """What PostgreSQL's autovacuum does within a minute after so many rows; here it is at our word only."""
        if self.is_sqlite:
            return
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in (message, chat, due):
                connection.exec_driver_sql(f"ALTER TABLE {table.name} SET (autovacuum_enabled = false)")
                connection.exec_driver_sql(f"VACUUM ANALYZE {table.name}")

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _relax(self, connection: sa.Connection) -> None:
        if self.is_sqlite:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")  # filling it is not what is measured

    def _copy_messages(self, connection: sa.Connection, count: int, due_us: str, chat_id: str) -> None:
        self._made += count
        key = f"'m:{self._made}:' || n"
        times = {"planned_us": due_us, "due_us": due_us, "expires_us": f":now + {2 * MONTH_US}"}
        self._copy(connection, message, count, "dedupe_key = 'first'", chat_id=chat_id, dedupe_key=key, **times)

    def _copy(self, connection: sa.Connection, table: sa.Table, count: int, which: str, **changes: str) -> None:
        """Insert `count` copies of the row `which`, with some columns as SQL says; `n` counts from 1."""
        columns = [column.name for column in table.columns if column.name != "id"]
        values = ", ".join(changes.get(name, name) for name in columns)
        count_up = "SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < :count"
        numbers = f"WITH RECURSIVE numbers(n) AS ({count_up})"
        source = f"SELECT {values} FROM {table.name}, numbers WHERE {which}"
        insert = f"INSERT INTO {table.name} ({', '.join(columns)})"
        statement = f"{insert} {numbers} {source}" if self.is_sqlite else f"{numbers} {insert} {source}"
        given = {"count": count} | ({"now": SystemClock().now_us()} if ":now" in statement else {})
        connection.execute(sa.text(statement), given)


# --- the process ---------------------------------------------------------------------------------------------------


async def look(url: str, claims: int) -> Look:
    """What a fresh process finds. Raises RuntimeError when it ends badly."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._million", url, str(claims)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the process on a million rows ended with {process.returncode}")
    return Look(**json.loads(said))


async def _look(url: str, claims: int) -> Look:
    if url.startswith("postgresql"):
        import psycopg  # noqa: F401  # a worker has its driver loaded long before it claims; that takes some 75 ms
    clock = ManualClock(SystemClock().now())
    began = time.perf_counter()
    async with open_store(url, clock) as store:
        bench = Bench(store, clock)
        first = await bench.outbox.turn()
        first_ms = (time.perf_counter() - began) * 1000
        if not first.claimed:
            raise RuntimeError("nothing was due")
        bench.outbox.launch(first)
        claims_ms = [await _claim(bench) for _ in range(claims)]
        timers_ms = [await _timer(bench) for _ in range(claims)]
        await bench.set_account(tat_us=0)  # this process's clock ran ahead; the next one begins anew
        return Look(first_ms, claims_ms, timers_ms, resident_mb())


async def _claim(bench: Bench) -> float:
    """One turn of the outbox, as if the limit were wide open again. Milliseconds."""
    await bench.outbox.landed()
    bench.clock.tick(timedelta(seconds=1))
    await bench.set_account(tat_us=0)
    began = time.perf_counter()
    turn = await bench.outbox.turn()
    took_ms = (time.perf_counter() - began) * 1000
    if not turn.claimed:
        raise RuntimeError("nothing was claimed")
    bench.outbox.launch(turn)
    return took_ms


async def _timer(bench: Bench) -> float:
    began = time.perf_counter()
    async with bench.store.write() as tx:
        row = await dues.take(tx, BOT, bench.clock.now_us())
        if row is None:
            raise RuntimeError("no timer was due")
        await dues.finish(tx, row["id"], DueState.DONE)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    found = asyncio.run(_look(sys.argv[1], int(sys.argv[2])))
    print(json.dumps(vars(found)))
