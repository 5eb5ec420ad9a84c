"""One store suite for both databases: each test runs on a SQLite file of its own and on an emptied PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.simulator.cluster import Cluster
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.tables import metadata
from tests.few_texts import keep_few

MIGRATED = "migrated"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def migrated_database(postgres: Cluster) -> str:
    """A PostgreSQL database at the head revision, to empty."""
    postgres.admin(f"CREATE DATABASE {MIGRATED}")
    asyncio.run(schema.upgrade(postgres.url(MIGRATED)))
    return postgres.url(MIGRATED)


def empty(postgres: Cluster) -> None:
    """Take every row out, and number from 1 again: six times as fast as making a new database for each test."""
    postgres.admin(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()",
        f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY",
        name=MIGRATED,
    )


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, fast_dir: Path) -> Iterator[str]:
    """A database at the head revision, without any rows."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_file")
        shutil.copy(template, fast_dir / "store.db")
        yield f"sqlite+aiosqlite:///{fast_dir}/store.db"
    else:
        url: str = request.getfixturevalue("migrated_database")
        empty(request.getfixturevalue("postgres"))
        yield url


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
