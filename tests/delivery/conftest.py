"""The outbox on a bench (`bot/simulator/bench.py`), on a SQLite file in memory."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.simulator.bench import Bench, open_bench


@pytest.fixture
def db_url(migrated_file: Path, fast_dir: Path) -> str:
    """A fresh database."""
    shutil.copy(migrated_file, fast_dir / "bench.db")
    return f"sqlite+aiosqlite:///{fast_dir}/bench.db"


@pytest.fixture
async def bench(db_url: str, clock: ManualClock) -> AsyncIterator[Bench]:
    async with open_bench(db_url, clock) as made:
        yield made
