"""A whole bot on the simulator, in virtual time, on both databases: every answer goes through the real client.

On PostgreSQL machine time is the database's own clock, which no test can move: here the test's clock stands in for it.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.simulator.cluster import Cluster
from bot.simulator.ward import NURSE_ID, Ward, open_ward
from bot.store.engine import Store

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
SLOW_ON_POSTGRES = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.parametrize(
        "database",
        ["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])],
        indirect=True,
        scope="module",
    ),
]
"""Marks of a module of many trials: one ward a store, and `make test` leaves PostgreSQL to `make test-all`."""
MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A working day of the demo clinic; London is on UTC."""
NOBODY_ON_CALL = "on_call: none"
ON_CALL = f"""on_call:
  - telegram_id: {NURSE_ID}
    phone: 01632 960999"""


@pytest.fixture(scope="session")
def content_on_call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped content, with somebody on call."""
    folder = tmp_path_factory.mktemp("content") / "faq"
    shutil.copytree(Path(__file__).parents[2] / "faq", folder)
    clinic = folder / "clinic.yaml"
    text = clinic.read_text()
    assert text.count(NOBODY_ON_CALL) == 1
    clinic.write_text(text.replace(NOBODY_ON_CALL, ON_CALL))
    return folder


@pytest.fixture(scope="module", params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database for one module: on SQLite as the first start leaves it, on PostgreSQL without any table.

    What follows the name makes it another one.
    """
    if request.param.startswith("sqlite"):
        memory = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="aftercare-", dir=memory) as folder:
            shutil.copy(request.getfixturevalue("prepared_database"), f"{folder}/ward.db")
            yield f"sqlite+aiosqlite:///{folder}/ward.db"
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        url = cluster.new_database()
        yield url
        cluster.drop(url)


@pytest.fixture(scope="module")
def virtual_machine_time() -> Iterator[None]:
    """The test's clock also on PostgreSQL."""

    def machine_us_of(self: Store, row: sa.RowMapping) -> int:
        return self._clock.machine_us()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "machine_us_of", machine_us_of)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ward(database: str, content_on_call: Path, virtual_machine_time: None) -> AsyncIterator[Ward]:
    """One bot for a whole module: opening it takes longer than most trials."""
    async with open_ward(database, content_on_call, ManualClock(MONDAY_NOON)) as opened:
        yield opened
