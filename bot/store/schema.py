"""Bringing a database to the schema this code expects, with Alembic; and asking whether it is there.

Revisions live in `migrations/versions`, named by number. `upgrade` is what `aftercare db upgrade` and every start run.
"""

import asyncio
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from bot.errors import StoreError
from bot.store.engine import parse_url, sentence, sqlite_file

HERE = Path(__file__).parent
SCHEMA_LOCK = 0xAF7E
"""PostgreSQL's advisory lock that whoever upgrades holds; any number that nobody else uses."""


def config() -> Config:
    """Alembic's configuration, without an `alembic.ini`."""
    made = Config()
    made.set_main_option("script_location", str(HERE / "migrations"))
    return made


def head() -> str:
    """The revision this code was written for."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    assert found is not None
    return found


async def current(url: str) -> str | None:
    """The revision the database is at; None when it is empty or a SQLite file is still missing.

    Raises StoreError when it cannot be opened.
    """
    return await asyncio.to_thread(_current, parse_url(url))


_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps what it works on in a global of the process."""


async def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`, creating a SQLite file (for its owner only) and its folder when missing.

    All in one transaction: a failed upgrade leaves the database as it was, and of two processes that start at once
    one waits for the other. Raises StoreError when the database cannot be opened or is newer than this code.
    """
    await asyncio.to_thread(_upgrade, parse_url(url), revision)


def _current(url: URL) -> str | None:
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return None  # opening it would make it
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except (sa.exc.DBAPIError, OSError) as error:
        raise StoreError(f"The database cannot be opened: {type(error).__name__}. Check DATABASE_URL.") from error
    finally:
        engine.dispose()


def _upgrade(url: URL, revision: str) -> None:
    with _ONE_AT_A_TIME:
        _upgrade_alone(url, revision)


def _upgrade_alone(url: URL, revision: str) -> None:
    _make_file(url)
    scripts = ScriptDirectory.from_config(config())
    known = {script.revision for script in scripts.walk_revisions()}
    found = _current(url)
    if found is not None and found not in known:
        raise StoreError(
            f"The database is at revision {found}, which this version does not know. Install the newer one."
        )
    if found is not None and found == (scripts.get_current_head() if revision == "head" else revision):
        return
    engine = _engine(url)
    _hold_the_schema(engine)
    made = config()
    try:
        with engine.begin() as connection:
            made.attributes["connection"] = connection
            command.upgrade(made, revision)
    except sa.exc.DBAPIError as error:
        raise StoreError(f"The database could not be upgraded: {sentence(error)}") from error
    finally:
        engine.dispose()


def _make_file(url: URL) -> None:
    file = sqlite_file(url)
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"The database cannot be made at {file}: {error.strerror}.") from error


def _engine(url: URL) -> sa.Engine:
    """A plain engine, as Alembic wants it."""
    if url.get_backend_name() == "sqlite":
        url = url.set(drivername="sqlite")
    return sa.create_engine(url, poolclass=NullPool, hide_parameters=True)


def _hold_the_schema(engine: sa.Engine) -> None:
    """Begin each transaction so that it covers the schema, and that nobody else upgrades meanwhile."""
    is_sqlite = engine.dialect.name == "sqlite"
    lock = "BEGIN IMMEDIATE" if is_sqlite else f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        if is_sqlite:
            connection.isolation_level = None  # left to itself the driver begins no transaction for CREATE TABLE

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(lock)
