"""The database behind one door: `read()` for a snapshot, `write()` for a transaction. SQLite file or PostgreSQL.

This module holds the only dialect switch. On SQLite:

- The driver is in autocommit and we say `BEGIN IMMEDIATE` ourselves: the default mode begins at the first write, so
  two read-modify-write transactions lose one update.
- There is one write connection, handed out first come first served by an `asyncio.Lock`: without it SQLite's own
  busy-wait lets a writer starve for 600 ms (research/sending.md).
- Reads use a second, query-only engine, so a long read never waits for a write.

On PostgreSQL the same statements run with row locks, which SQLite's compiler leaves out.
"""

import asyncio
import fcntl
import select
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from bot.clock import Clock
from bot.errors import StoreBusy, StoreDown, StoreError
from bot.store import sqlite_driver

Tx = AsyncConnection
"""A connection inside a transaction of `Store.read` or `Store.write`."""

_POOLED = "pooled"
"""In the address of a PgBouncer: statements are not prepared, as another connection may be the next to run them."""
BUSY_TIMEOUT_MS = 5_000
"""How long a command waits while the bot holds SQLite's write lock, or the other way round."""


_EPOCH = sa.extract("epoch", sa.func.clock_timestamp()).label("machine_s")
_MACHINE_TIME = sa.select(_EPOCH)


class Store:
    """One database. Open it with `async with open_store(url, clock)`."""

    def __init__(self, url: URL, writer: AsyncEngine, reader: AsyncEngine, clock: Clock) -> None:
        self.url = url
        self.is_shared = url.get_backend_name() != "sqlite"
        """Whether several workers may use it. The one place where the dialect is asked for."""
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._turn = asyncio.Lock()
        self._roles: dict[str, IO[str]] = {}

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A consistent snapshot. Raises StoreDown when the database cannot be read."""
        with _driver_errors():
            async with self._reader.connect() as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Raises StoreDown when the database is locked for longer than `BUSY_TIMEOUT_MS`, full or gone.
        """
        async with AsyncExitStack() as stack:
            if not self.is_shared:
                await stack.enter_async_context(self._turn)
            stack.enter_context(_driver_errors())
            yield await stack.enter_async_context(self._writer.begin())

    async def machine_us(self, tx: Tx) -> int:
        """Machine time in UTC microseconds: the database's own clock on PostgreSQL, where workers share it."""
        if not self.is_shared:
            return self._clock.machine_us()
        return self.machine_us_of((await tx.execute(_MACHINE_TIME)).mappings().one())

    def machine_us_of(self, row: sa.RowMapping) -> int:
        """The same from a row that was read `with_machine_time`."""
        return int(row[_EPOCH.name] * 1_000_000) if self.is_shared else self._clock.machine_us()

    async def insert_once(
        self, tx: Tx, table: sa.Table, rows: Iterable[Mapping[str, Any]], *key: str
    ) -> Sequence[sa.Row[Any]]:
        """Insert rows, leaving out those whose unique `key` is there already. Returns the new ones' primary keys."""
        rows = list(rows)
        if not rows:
            return ()
        statement = _insert_once(self.is_shared, table, key)
        return (await tx.execute(statement, rows if len(rows) > 1 else rows[0])).all()

    def take_role(self, role: str) -> None:
        """Make sure that this process alone sends and receives on a SQLite file; commands need no role.

        Raises StoreBusy naming the file when another process has it, StoreError when the lock file cannot be made.
        PostgreSQL workers share roles through row locks.
        """
        if self.is_shared or role in self._roles or self._file is None:
            return
        try:
            handle = Path(f"{self._file}.{role}.lock").open("w")  # noqa: SIM115 - held until the process ends
        except OSError as error:
            raise StoreError(f"{self._file}.{role}.lock cannot be written: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise StoreBusy(
                f"Another process is already the {role} on {self._file}. Stop it first, or use PostgreSQL for several."
            ) from None
        self._roles[role] = handle

    @property
    def _file(self) -> Path | None:
        return sqlite_file(self.url)

    async def close(self) -> None:
        """Give back every connection and role."""
        await self._writer.dispose()
        await self._reader.dispose()
        for handle in self._roles.values():
            handle.close()
        self._roles.clear()


def with_machine_time(is_shared: bool, statement: sa.Select[Any]) -> sa.Select[Any]:
    """A query that brings machine time along (`Store.machine_us_of`), which spares asking for it."""
    return statement.add_columns(_EPOCH) if is_shared else statement


def insert_into(is_shared: bool, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can leave out what is there: one thing in both dialects, which SQLAlchemy has once for each."""
    return postgresql.insert(table) if is_shared else sqlite.insert(table)


@cache
def _insert_once(is_shared: bool, table: sa.Table, key: tuple[str, ...]) -> sa.Executable:
    """Kept, because putting it together takes longer than running it."""
    once = insert_into(is_shared, table).on_conflict_do_nothing(index_elements=list(key))
    statement: sa.Executable = once.returning(*table.primary_key.columns)
    return statement


@contextmanager
def _driver_errors() -> Iterator[None]:
    """Turn the driver's errors into StoreError at the one place where they enter."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        # A broken promise of ours, not a broken database; without the row, which PostgreSQL would quote.
        raise sa.exc.IntegrityError(error.statement, None, Exception(sentence(error)), hide_parameters=True) from None
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
        raise StoreDown(f"database: {sentence(error)}") from None
    except sa.exc.DBAPIError as error:
        # A server that is going down may say so in an error of any kind; the pool then drops the connection.
        kind = StoreDown if error.connection_invalidated else StoreError
        raise kind(f"database: {sentence(error)}") from None
    except sa.exc.TimeoutError as error:
        raise StoreDown("database: no connection became free in time") from error


def sentence(error: sa.exc.DBAPIError) -> str:
    """What the driver says, without anybody's words.

    PostgreSQL quotes rows in the lines after the first (`DETAIL: Failing row contains…`), and bad values in the first.
    """
    kind = type(error.orig).__name__
    if isinstance(error, sa.exc.DataError):
        return kind
    return f"{kind}: {str(error.orig).partition(chr(10))[0]}"


@asynccontextmanager
async def open_store(url: str, clock: Clock) -> AsyncIterator[Store]:
    """The store at `url` (`sqlite+aiosqlite:///file` or `postgresql+psycopg://…`), closed at the end.

    The schema must be there already (`migrations.upgrade`). Makes the folder of a SQLite file when it is missing.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        engines = _sqlite_engines(parsed)
    else:
        engines = _pg_engines(parsed, pooled=_POOLED in make_url(url).query)
    store = Store(parsed, *engines, clock)
    try:
        yield store
    finally:
        await store.close()


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite database; None for one in memory, or on a server."""
    is_file = url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:"
    return Path(str(url.database)) if is_file else None


def parse_url(url: str) -> URL:
    """`DATABASE_URL` as an address. Raises StoreError when it cannot be read, or its driver is not installed."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError("DATABASE_URL cannot be read. Compare it with .env.example.") from error
    if parsed.get_backend_name() == "postgresql":
        if find_spec("psycopg") is None:
            raise StoreError("PostgreSQL needs a driver that is not installed: pip install '.[postgres]'.")
        # A cluster made without a locale calls its encoding SQL_ASCII, and the driver would give us bytes.
        parsed = parsed.update_query_dict({"client_encoding": "utf8"}).difference_update_query([_POOLED])
    return parsed


def _sqlite_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    if (file := sqlite_file(url)) is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    options = {"poolclass": AsyncAdaptedQueuePool, "connect_args": {"async_creator_fn": sqlite_driver.connect}}
    writer = create_async_engine(url, pool_size=1, max_overflow=0, **options, **_QUIET)
    reader = create_async_engine(url, pool_size=4, max_overflow=0, **options, **_QUIET)
    for engine, begin, query_only in ((writer, "BEGIN IMMEDIATE", 0), (reader, "BEGIN", 1)):
        _prepare_sqlite(engine, begin, query_only)
    return writer, reader


def _prepare_sqlite(engine: AsyncEngine, begin: str, query_only: int) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        # FULL, not NORMAL: after a power cut a forgotten "sent" mark would be a second copy to a patient.
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"query_only={query_only}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)


def _pg_engines(url: URL, pooled: bool) -> tuple[AsyncEngine, AsyncEngine]:
    # Statements are prepared: planning ours takes longer than running them. A plan that is kept must not read a whole
    # table because that was small when it was made; and compiling one by JIT, which takes longer still, is for reports.
    prepared = {"prepare_threshold": 2, "options": "-c enable_seqscan=off -c jit=off"}
    options = {"max_overflow": 0, "connect_args": {"prepare_threshold": None} if pooled else prepared}
    # READ COMMITTED for writes: row locks then see what the last holder committed.
    writer = create_async_engine(url, pool_size=8, **options, **_QUIET)
    reader = create_async_engine(
        url,
        pool_size=4,
        **options,
        execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
        **_QUIET,
    )
    for engine in (writer, reader):
        _leave_out_ended(engine)
    return writer, reader


def _leave_out_ended(engine: AsyncEngine) -> None:
    """Replace connections that the server ended, as a restart does; found without asking the server each time."""

    @sa.event.listens_for(engine.sync_engine, "checkin")
    def _used(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["used"] = True

    @sa.event.listens_for(engine.sync_engine, "checkout")
    def _is_there(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        driver = connection.driver_connection
        if "used" in record.info and (driver.closed or _has_something_to_read(driver.fileno())):
            raise sa.exc.DisconnectionError  # the pool opens another one


def _has_something_to_read(fileno: int) -> bool:
    """Whether the other side said something; nobody having asked, that is its last word."""
    look = select.poll()
    look.register(fileno, select.POLLIN)
    return bool(look.poll(0))


# Neither statements nor parameters may reach a log or an error text: they hold what patients wrote.
_QUIET: dict[str, Any] = {"hide_parameters": True}
