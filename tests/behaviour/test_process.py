"""The real program as its own process, over real sockets: started, stopped, killed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.clock import SystemClock
from bot.simulator.fleet import Fleet, Worker, free_port
from bot.simulator.transport import serving
from bot.simulator.world import World
from tests.waiting import until

ROOT = Path(__file__).parents[2]
OWNER_ID = 700
QUESTION = "Is it normal that my leg jumped?"


@dataclass
class Town:
    """A world served on loopback, and a fleet of one to start the bot in it."""

    world: World
    fleet: Fleet

    @property
    def start(self) -> Callable[..., Awaitable[Worker]]:
        """`aftercare run` as an operator would start it, once it is ready."""
        return self.fleet.start


@pytest.fixture
async def town(fast_dir: Path) -> AsyncIterator[Town]:
    world = World(SystemClock())
    world.add_user(OWNER_ID, "Owner").starts()
    async with serving(world) as url:
        database_url = f"sqlite+aiosqlite:///{fast_dir}/town.db"
        fleet = Fleet(url, world.token, database_url, fast_dir, ROOT / "faq", ("-m", "bot", "run"))
        fleet.env["OWNER_IDS"] = str(OWNER_ID)
        yield Town(world, fleet)
        await fleet.kill_all()
    await world.aclose()


async def test_polling_answers_and_a_polite_stop_loses_nothing(town: Town) -> None:
    patient = town.world.add_user(11, "Patient")
    worker = await town.start()
    patient.starts()
    patient.says(QUESTION)
    await until(lambda: len(town.world.from_bot(11)) == 2)
    assert "reflex" in patient.last.text
    ended = await worker.terminate(seconds=20)
    assert ended.code == 0, worker.log
    assert "stopped" in worker.log
    assert QUESTION not in worker.log


async def test_a_webhook_does_the_same(town: Town) -> None:
    patient = town.world.add_user(11, "Patient")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    worker = await town.start(WEB_PORT=str(port), WEBHOOK_URL=address, WEBHOOK_SECRET="a-long-random-word")
    patient.says(QUESTION)
    await until(lambda: "reflex" in town.world.from_bot(11)[-1].text if town.world.from_bot(11) else False)
    async with httpx.AsyncClient() as client:
        forged = await client.post(f"{address}/telegram", json={"update_id": 1}, headers={})
    assert forged.status_code == 403
    assert (await worker.terminate()).code == 0


async def test_a_second_process_on_the_same_file_is_refused_with_a_reason(town: Town) -> None:
    await town.start()
    second = await town.fleet.launch()
    assert await second.ended() == 1
    assert "Another process is already the sender" in second.log
    assert "Traceback" not in second.log


@pytest.mark.slow  # `test_kills.py` has the quick one
async def test_kill_nine_in_the_middle_loses_nobody_and_doubles_nothing_unsaid(town: Town) -> None:
    patients = [town.world.add_user(100 + number, f"Patient {number}") for number in range(12)]
    worker = await town.start()
    for patient in patients[:6]:
        patient.says(QUESTION)
    await until(lambda: any(town.world.from_bot(patient.chat_id) for patient in patients))
    await worker.kill()
    for patient in patients[6:]:
        patient.says(QUESTION)
    worker = await town.start()
    await until(lambda: all(town.world.from_bot(patient.chat_id) for patient in patients))
    await asyncio.sleep(12)  # what was in doubt is sent again after ten seconds
    await worker.terminate()
    for patient in patients:
        texts = [message.text for message in town.world.from_bot(patient.chat_id)]
        first_copies = [text for text in texts if not text.startswith("Sending this again")]
        assert len(first_copies) <= 1, texts
        assert len(texts) <= 2, texts
        assert "reflex" in texts[0]
