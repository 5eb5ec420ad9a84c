"""Several workers on one PostgreSQL: who fetches, who takes over, and how they stop. Real processes, real time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.app import DRAIN_S
from bot.clock import SECOND_US, SystemClock
from bot.services.watch import LEASE_US
from bot.simulator.cluster import Cluster
from bot.simulator.faults import delay, no_connection
from bot.simulator.fleet import Fleet, Worker
from bot.simulator.transport import serving
from bot.simulator.world import World
from tests.waiting import until

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]
OWNER_ID = 700
QUESTION = "Is it normal that my leg jumped?"


@dataclass
class Town:
    """A world, and workers of one bot in it: the very program that an operator starts."""

    world: World
    fleet: Fleet

    async def answers(self, user_id: int) -> None:
        """A new patient asks, and is answered."""
        patient = self.world.add_user(user_id, "Patient")
        patient.starts()
        patient.says(QUESTION)
        await until(lambda: len(self.world.from_bot(user_id)) == 2)
        assert "reflex" in patient.last.text

    def pollers(self) -> list[Worker]:
        """The living workers whose last word on it is that they poll."""
        return [
            worker for worker in self.fleet.alive if worker.log.rfind("polling") > worker.log.rfind("another_worker")
        ]


@pytest.fixture
async def town(postgres: Cluster, fast_dir: Path) -> AsyncIterator[Town]:
    world = World(SystemClock())
    world.add_user(OWNER_ID, "Owner").starts()
    async with serving(world) as url:
        fleet = Fleet(
            url,
            world.token,
            postgres.new_database(),
            fast_dir,
            ROOT / "faq",
            program=("-m", "bot", "run"),
            env={"OWNER_IDS": str(OWNER_ID)},
        )
        yield Town(world, fleet)
        await fleet.kill_all()
    await world.aclose()


async def test_one_polls_the_other_stands_by_and_takes_over_when_asked(town: Town) -> None:
    first, second = await asyncio.gather(town.fleet.start(), town.fleet.start())  # both find an empty database
    assert await first.is_ready()
    assert await second.is_ready()
    (polling,) = town.pollers()
    await town.answers(11)
    ended = await polling.terminate()
    assert (ended.code, ended.seconds < DRAIN_S) == (0, True), polling.log
    await town.answers(12)
    assert town.pollers() == town.fleet.alive
    assert not any(word in worker.log for worker in (first, second) for word in ("conflict", "ERROR", QUESTION))


async def test_one_that_stands_by_and_is_cut_off_is_not_ready(town: Town) -> None:
    await town.fleet.start()
    town.world.faults.add(no_connection(), method="getWebhookInfo", times=None)  # nothing else does it ask
    cut_off = await town.fleet.launch()
    await until(lambda: "stand_by_unreached" in cut_off.log)
    assert not await cut_off.is_ready()
    assert len(town.pollers()) == 1


@pytest.mark.slow
async def test_after_a_kill_another_takes_over_when_the_lease_has_run_out(town: Town) -> None:
    await asyncio.gather(town.fleet.start(), town.fleet.start())
    (polling,) = town.pollers()
    await polling.kill()
    patient = town.world.add_user(11, "Patient")
    patient.starts()
    await until(lambda: bool(town.world.from_bot(11)), LEASE_US / SECOND_US + 15)
    assert town.pollers() == town.fleet.alive


async def test_a_stop_while_starting_is_heard(town: Town) -> None:
    worker = await town.fleet.launch()
    await until(lambda: bool(worker.log))
    ended = await worker.terminate()
    assert ended.code == 0, worker.log


@pytest.mark.slow
async def test_a_stop_waits_for_what_is_on_the_wire_but_not_for_ever(town: Town) -> None:
    """Telegram hangs: the call is given up after 15 s, its row is in doubt, and the process is gone within 20."""
    worker = await town.fleet.start()
    town.world.faults.add(delay(60), method="sendMessage", times=None)
    patient = town.world.add_user(11, "Patient")
    patient.starts()
    await until(lambda: not town.world.updates.pending)
    await asyncio.sleep(1)
    ended = await worker.terminate()
    assert (ended.code, ended.seconds < DRAIN_S) == (0, True), worker.log
