"""The real program as its own process, over real sockets: started, stopped, killed."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.clock import SystemClock
from bot.simulator.transport import serving
from bot.simulator.world import World

ROOT = Path(__file__).parents[2]
OWNER_ID = 700
QUESTION = "Is it normal that my leg jumped?"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Town:
    """A world served on loopback, and how to start the bot in it."""

    world: World
    url: str
    folder: Path
    web_port: int

    async def start(self, **env: str) -> asyncio.subprocess.Process:
        """`aftercare run` as an operator would start it, once it is ready."""
        settings = {
            "BOT_TOKEN": self.world.token,
            "TELEGRAM_API_URL": self.url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/town.db",
            "CONTENT_DIR": str(ROOT / "faq"),
            "OWNER_IDS": str(OWNER_ID),
            "ALLOW_UNSIGNED": "1",
            "WEB_PORT": str(self.web_port),
            **env,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            stderr=asyncio.subprocess.PIPE,
        )
        await until(self.is_ready)
        return process

    async def is_ready(self) -> bool:
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"http://127.0.0.1:{self.web_port}/readyz")).status_code == 200
            except httpx.TransportError:
                return False


async def until(holds: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so; a failure names it."""
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.05)


@pytest.fixture
async def town(fast_dir: Path) -> AsyncIterator[Town]:
    world = World(SystemClock())
    world.add_user(OWNER_ID, "Owner").starts()
    async with serving(world) as url:
        yield Town(world, url, fast_dir, free_port())
    await world.aclose()


async def test_polling_answers_and_a_polite_stop_loses_nothing(town: Town) -> None:
    patient = town.world.add_user(11, "Patient")
    process = await town.start()
    try:
        patient.starts()
        patient.says(QUESTION)
        await until(lambda: len(town.world.from_bot(11)) == 2)
        assert "reflex" in patient.last.text
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, log = await process.communicate()
    assert process.returncode == 0, log.decode()
    assert b"stopped" in log
    assert QUESTION.encode() not in log


async def test_a_webhook_does_the_same(town: Town) -> None:
    patient = town.world.add_user(11, "Patient")
    address = f"http://127.0.0.1:{town.web_port}"
    process = await town.start(WEBHOOK_URL=address, WEBHOOK_SECRET="a-long-random-word")
    try:
        patient.says(QUESTION)
        await until(lambda: "reflex" in town.world.from_bot(11)[-1].text if town.world.from_bot(11) else False)
        async with httpx.AsyncClient() as client:
            forged = await client.post(f"{address}/telegram", json={"update_id": 1}, headers={})
        assert forged.status_code == 403
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


async def test_a_second_process_on_the_same_file_is_refused_with_a_reason(town: Town) -> None:
    first = await town.start()
    try:
        second = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            cwd=town.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "BOT_TOKEN": town.world.token,
                "TELEGRAM_API_URL": town.url,
                "DATABASE_URL": f"sqlite+aiosqlite:///{town.folder}/town.db",
                "CONTENT_DIR": str(ROOT / "faq"),
                "ALLOW_UNSIGNED": "1",
                "OWNER_IDS": str(OWNER_ID),
                "WEB_PORT": str(free_port()),
            },
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await second.communicate()
        assert second.returncode == 1
        assert b"Another process is already the sender" in said
        assert b"Traceback" not in said
    finally:
        first.terminate()
        await first.communicate()


async def test_kill_nine_in_the_middle_loses_nobody_and_doubles_nothing_unsaid(town: Town) -> None:
    patients = [town.world.add_user(100 + number, f"Patient {number}") for number in range(12)]
    process = await town.start()
    for patient in patients[:6]:
        patient.says(QUESTION)
    await until(lambda: any(town.world.from_bot(patient.chat_id) for patient in patients))
    process.kill()
    await process.communicate()
    for patient in patients[6:]:
        patient.says(QUESTION)
    process = await town.start()
    try:
        await until(lambda: all(town.world.from_bot(patient.chat_id) for patient in patients))
        await asyncio.sleep(12)  # what was in doubt is sent again after ten seconds
    finally:
        process.terminate()
        await process.communicate()
    for patient in patients:
        texts = [message.text for message in town.world.from_bot(patient.chat_id)]
        first_copies = [text for text in texts if not text.startswith("Sending this again")]
        assert len(first_copies) <= 1, texts
        assert len(texts) <= 2, texts
        assert "reflex" in texts[0]
