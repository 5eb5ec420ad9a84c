"""One store suite for both databases: each test runs on a SQLite file of its own and on an emptied PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.simulator.cluster import Cluster
from bot.store import schema
from bot.store.engine import Store, open_store
from tests.few_texts import keep_few

MIGRATED = "migrated"
ROOT = Path(__file__).parents[2]


EMPTY = """
CREATE FUNCTION empty_database() RETURNS void LANGUAGE plpgsql AS $$
DECLARE used record;
BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid != pg_backend_pid() AND datname = current_database();
  PERFORM set_config('session_replication_role', 'replica', true); -- in whatever order: nothing is left behind
  FOR used IN
    SELECT oid::regclass AS name, pg_relation_size(oid) AS size FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname != 'alembic_version'
      AND pg_relation_size(oid) > 0
  LOOP
    IF used.size < 500000 THEN
      EXECUTE 'DELETE FROM ' || used.name;
    ELSE
      EXECUTE 'TRUNCATE ' || used.name || ' CASCADE'; -- which also takes away the room that rows had
    END IF;
  END LOOP;
  PERFORM setval(quote_ident(sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""
"""Takes every row out, and numbers from 1 again. To truncate every table takes four times as long."""


@pytest.fixture(scope="session")
def migrated_database(postgres: Cluster) -> Iterator[sa.Engine]:
    """A PostgreSQL database at the head revision, to empty; the connection is kept, as making one takes longer."""
    postgres.admin(f"CREATE DATABASE {MIGRATED}")
    asyncio.run(schema.upgrade(postgres.url(MIGRATED)))
    postgres.admin(EMPTY, name=MIGRATED)
    engine = sa.create_engine(postgres.url(MIGRATED), isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True)
    yield engine
    engine.dispose()


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, fast_dir: Path) -> Iterator[str]:
    """A database at the head revision, without any rows."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_file")
        shutil.copy(template, fast_dir / "store.db")
        yield f"sqlite+aiosqlite:///{fast_dir}/store.db"
    else:
        migrated: sa.Engine = request.getfixturevalue("migrated_database")
        with migrated.connect() as connection:
            connection.exec_driver_sql("SELECT empty_database()")
        yield migrated.url.render_as_string(hide_password=False)


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, fast_dir: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{fast_dir}/new/empty.db"
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        url = cluster.new_database()
        yield url
        cluster.drop(url)


@pytest.fixture
async def store(database_url: str, clock: ManualClock) -> AsyncIterator[Store]:
    """The store under test."""
    async with open_store(database_url, clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped texts with six questions of six phrasings, so that an index takes a moment; to copy."""
    faq = Path(shutil.copytree(ROOT / "faq", tmp_path_factory.mktemp("small") / "faq"))
    keep_few(faq)
    return faq


@pytest.fixture
def folder(fast_dir: Path, small_folder: Path) -> Path:
    """A content folder with few texts."""
    return Path(shutil.copytree(small_folder, fast_dir / "faq"))
