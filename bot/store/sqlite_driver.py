"""aiosqlite with one visit to the connection's thread per statement.

aiosqlite makes four: open a cursor, execute, fetch, close it. Each costs a tenth of a millisecond of handing over, more
than SQLite needs for the statement; a turn of the outbox would spend most of its time on them.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, Self

import aiosqlite


class Outcome(NamedTuple):
    """What a finished statement left."""

    rows: list[Any]
    description: Any
    rowcount: int
    lastrowid: int | None


class Connection(aiosqlite.Connection):
    """One SQLite connection, used in a thread of its own."""

    def cursor(self) -> "Cursor":  # type: ignore[override]
        """A cursor; making one costs nothing yet."""
        return Cursor(self)

    async def visit(self, statement: str, parameters: Any, many: bool) -> Outcome:
        """Run a statement to its end, rows included. Raises sqlite3.Error."""
        outcome: Outcome = await self._execute(_run, self._conn, statement, parameters, many)  # type: ignore[no-untyped-call]
        return outcome


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
        self._outcome = Outcome([], None, -1, None)

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
        self._outcome = await self._connection.visit(statement, parameters, many=False)
        return self

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> Self:
        """Run one statement for each set of parameters. Raises sqlite3.Error."""
        self._outcome = await self._connection.visit(statement, parameters, many=True)
        return self

    async def fetchall(self) -> list[Any]:
        """The rows."""
        return self._outcome.rows

    async def close(self) -> None:
        """Nothing is open any more."""


def connect(database: str, **options: Any) -> Connection:
    """A connection to await, for SQLAlchemy's `async_creator_fn`. Raises sqlite3.Error when awaited."""
    made = Connection(partial(sqlite3.connect, database, **options), iter_chunk_size=64)
    made._thread.daemon = True  # as SQLAlchemy does: a forgotten connection must not keep the process alive
    return made
