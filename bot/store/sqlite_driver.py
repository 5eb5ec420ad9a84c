"""aiosqlite that goes to its thread only for what may take long.

aiosqlite makes four visits to a thread for each statement: open a cursor, execute, fetch, close. Each visit costs a
tenth of a millisecond, on a busy machine several; SQLite answers ours from memory in a twentieth of one. So statements
run where they are asked, and the thread is for what waits for the disk or for another process: taking the write lock
where somebody has it, committing, and deleting, which alone touches many rows.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, Self

import aiosqlite

TAKE_LOCK = "BEGIN IMMEDIATE"
MAY_TAKE_LONG = (TAKE_LOCK, "DELETE", "PRAGMA")


class Outcome(NamedTuple):
    """What a finished statement left."""

    rows: list[Any]
    description: Any
    rowcount: int
    lastrowid: int | None


_NOTHING = Outcome([], None, -1, None)


class Connection(aiosqlite.Connection):
    """One SQLite connection. One caller at a time, as SQLAlchemy's pool has it."""

    visits_begun = visits_ended = 0
    """Of the thread. They differ after somebody who waited for it was cancelled."""

    def cursor(self) -> "Cursor":  # type: ignore[override]
        """A cursor; making one costs nothing yet."""
        return Cursor(self)

    async def run(self, statement: str, parameters: Any, many: bool = False) -> Outcome:
        """Run a statement to its end, rows included. Raises sqlite3.Error."""
        if not statement.startswith(MAY_TAKE_LONG):
            return _run(self._conn, statement, parameters, many)
        if statement == TAKE_LOCK and self._takes_lock_at_once():
            return _NOTHING
        self.visits_begun += 1
        outcome: Outcome = await self._execute(self._visit, statement, parameters, many)  # type: ignore[no-untyped-call]
        return outcome

    def _takes_lock_at_once(self) -> bool:
        """Take the write lock if nobody has it, as is nearly always so: that needs no disk."""
        if self.visits_begun != self.visits_ended:
            return False  # a cancelled caller is still in the thread
        (patience_ms,) = self._conn.execute("PRAGMA busy_timeout").fetchone()
        self._conn.execute("PRAGMA busy_timeout=0")
        try:
            self._conn.execute(TAKE_LOCK)
        except sqlite3.OperationalError:
            return False  # whatever it is: the thread finds out
        finally:
            self._conn.execute(f"PRAGMA busy_timeout={patience_ms}")
        return True

    def _visit(self, statement: str, parameters: Any, many: bool) -> Outcome:
        try:
            return _run(self._conn, statement, parameters, many)
        finally:
            self.visits_ended += 1  # read by the other thread, written by this one only

    async def rollback(self) -> None:
        """Undo what was written and end the transaction: also the end of every read."""
        if self.visits_begun == self.visits_ended:
            self._conn.rollback()
        else:
            await super().rollback()  # after the lock that a cancelled caller still waits for


def _run(connection: sqlite3.Connection, statement: str, parameters: Any, many: bool) -> Outcome:
    cursor = connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(statement, parameters)
        rows = cursor.fetchall() if cursor.description else []
        return Outcome(rows, cursor.description, cursor.rowcount, cursor.lastrowid)
    finally:
        cursor.close()


class Cursor:
    """The part of aiosqlite's cursor that SQLAlchemy uses."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._outcome = _NOTHING

    async def __aenter__(self) -> Self:
        return self

    @property
    def description(self) -> Any:
        """Names of the columns; None after a statement that gives no rows."""
        return self._outcome.description

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        return self._outcome.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The id of the row inserted last."""
        return self._outcome.lastrowid

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        """Run one statement. Raises sqlite3.Error."""
        self._outcome = await self._connection.run(statement, parameters)
        return self

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> Self:
        """Run one statement for each set of parameters. Raises sqlite3.Error."""
        self._outcome = await self._connection.run(statement, parameters, many=True)
        return self

    async def fetchall(self) -> list[Any]:
        """The rows."""
        return self._outcome.rows

    async def close(self) -> None:
        """Nothing is open any more."""


def connect(database: str, **options: Any) -> Connection:
    """A connection to await, for SQLAlchemy's `async_creator_fn`. Raises sqlite3.Error when awaited."""
    options["check_same_thread"] = False
    made = Connection(partial(sqlite3.connect, database, **options), iter_chunk_size=64)
    made._thread.daemon = True  # as SQLAlchemy does: a forgotten connection must not keep the process alive
    return made
