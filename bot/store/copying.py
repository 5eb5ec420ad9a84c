"""All rows from one database into another, a few hundred at a time: between PostgreSQL and a SQLite file.

Both are at this code's schema. Synchronous, for a thread: each direction is one long read beside one long write.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from bot.clock import MINUTE_US
from bot.errors import StoreBusy, StoreError
from bot.store.engine import sentence
from bot.store.schema import SCHEMA_LOCK
from bot.store.tables import attachment, bot, content_revision, message, metadata

_AT_ONCE = 500
_LARGE = (attachment, content_revision)
"""Tables whose rows may have megabytes each: one at a time."""
_ALIVE_US = 3 * MINUTE_US
"""A worker writes every minute that it lives; one that stopped may have done so just before."""
_WAIT_MS = 10_000
"""How long for whoever still uses a table."""
_EPOCH_US = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger)
_SEQUENCES = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))


def from_server(url: URL, file: Path) -> None:
    """Copy a PostgreSQL database, as of one moment, into an empty SQLite file. Raises StoreError."""
    with _opened(url) as server, _opened(_url_of(file)) as target:
        source = server.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with source.begin(), target.begin():
            _copy(source, target)
            last_id = source.scalar(sa.text("SELECT last_value FROM message_id_seq"))
            target.execute(_SEQUENCES.delete().where(_SEQUENCES.c.name == message.name))
            target.execute(_SEQUENCES.insert().values(name=message.name, seq=last_id))


def into_server(file: Path, url: URL) -> None:
    """Put the rows of a SQLite file in the place of all that a PostgreSQL database holds, in one transaction.

    Raises StoreBusy when a bot runs there, StoreError when it cannot be done; then nothing is changed.
    """
    with _opened(_url_of(file)) as source, _opened(url) as server, server.begin():
        server.exec_driver_sql(f"SET LOCAL lock_timeout = {_WAIT_MS}")
        server.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")  # no worker starts meanwhile
        _refuse_if_alive(server)
        server.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)}")
        _copy(source, server)
        for table in metadata.sorted_tables:
            if table.autoincrement_column is not None:
                _go_on_numbering(source, server, table)


def refuse_if_alive(url: URL) -> None:
    """Raise StoreBusy when a bot runs on this PostgreSQL database."""
    with _opened(url) as server, server.begin():
        _refuse_if_alive(server)


def _refuse_if_alive(server: sa.Connection) -> None:
    alive = sa.select(bot.c.id).where(bot.c.alive_us > _EPOCH_US - _ALIVE_US).limit(1)
    if server.scalar(alive) is not None:
        raise StoreBusy("A bot ran on this database in the last three minutes. Stop every worker, wait, try again.")


def _copy(source: sa.Connection, target: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        rows = sa.select(*(_read(column, source) for column in table.c)).order_by(*table.primary_key.columns)
        insert = table.insert().values({column.name: _written(column, target) for column in table.c})
        at_once = 1 if table in _LARGE else _AT_ONCE
        with source.execute(rows, execution_options={"yield_per": at_once}) as found:
            for some in found.mappings().partitions():
                target.execute(insert, [{f"new_{name}": value for name, value in row.items()} for row in some])


# JSON goes over as the text it is: if it were read and written anew, a null of the database's would become JSON's null.


def _read(column: sa.Column[Any], source: sa.Connection) -> sa.ColumnElement[Any]:
    if not isinstance(column.type, sa.JSON):
        return column
    as_text = sa.cast if source.dialect.name == "postgresql" else sa.type_coerce
    return as_text(column, sa.Text).label(column.name)


def _written(column: sa.Column[Any], target: sa.Connection) -> sa.ColumnElement[Any]:
    if not isinstance(column.type, sa.JSON):
        return sa.bindparam(f"new_{column.name}", type_=column.type)
    text = sa.bindparam(f"new_{column.name}", type_=sa.Text())
    return sa.cast(text, column.type) if target.dialect.name == "postgresql" else text


def _go_on_numbering(source: sa.Connection, server: sa.Connection, table: sa.Table) -> None:
    """Behind the last row; for messages behind the last number given out, as SQLite has it too."""
    last_id = source.scalar(sa.select(sa.func.max(table.c.id))) or 0
    if table is message:
        last_id = max(last_id, source.scalar(sa.select(_SEQUENCES.c.seq).where(_SEQUENCES.c.name == table.name)) or 0)
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    server.execute(sa.select(sa.func.setval(sequence, max(last_id, 1), last_id > 0)))


def _url_of(file: Path) -> URL:
    return URL.create("sqlite", database=str(file))


@contextmanager
def _opened(url: URL) -> Iterator[sa.Connection]:
    """A connection. What the driver complains of becomes a StoreError without anybody's words."""
    engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        raise StoreError(f"The database could not be copied: {sentence(error)}.") from None
    finally:
        engine.dispose()
