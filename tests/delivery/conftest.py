"""The outbox on a bench (`bot/simulator/bench.py`), on a SQLite file in memory."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.simulator.bench import Bench, open_bench
from bot.store import schema


@pytest.fixture(scope="session")
def migrated_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the head revision, to copy."""
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    asyncio.run(schema.upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def db_url(migrated_db: Path, fast_dir: Path) -> str:
    """A fresh database."""
    shutil.copy(migrated_db, fast_dir / "bench.db")
    return f"sqlite+aiosqlite:///{fast_dir}/bench.db"


@pytest.fixture
async def bench(db_url: str, clock: ManualClock) -> AsyncIterator[Bench]:
    async with open_bench(db_url, clock) as made:
        yield made
