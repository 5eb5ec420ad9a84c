"""A copy of the database while the bot goes on working."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.errors import StoreError
from bot.store.engine import sqlite_file


def backup(url: str, to: Path) -> None:
    """Write a consistent copy of the SQLite database at `url` to the new file `to`, readable by its owner only.

    Raises StoreError for PostgreSQL (its own `pg_dump` does this better), a missing or broken database, a file in the
    way, or a full disk; nothing is left at `to` then.
    """
    source = sqlite_file(make_url(url))
    if source is None:
        raise StoreError("This copies SQLite files. For PostgreSQL use pg_dump.")
    if not source.exists():
        raise StoreError(f"There is no database at {source} yet.")
    try:
        to.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise StoreError(f"{to} exists already; a backup overwrites nothing.") from None
    except OSError as error:
        raise StoreError(f"{to} cannot be written: {error.strerror}.") from error
    try:
        _copy(source, to)
    except BaseException as error:
        to.unlink(missing_ok=True)  # half a copy would be taken for a whole one
        if isinstance(error, sqlite3.Error):
            raise StoreError(f"{source} could not be copied to {to}: {error}.") from error
        raise


def _copy(source: Path, to: Path) -> None:
    read_only = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(read_only, uri=True)) as reading, closing(sqlite3.connect(to)) as writing:
        reading.backup(writing)
