"""The local Telegram with python-telegram-bot's real client on top of it."""

import os

os.environ.setdefault("PTB_TIMEDELTA", "1")

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.clock import ManualClock
from bot.simulator import Group, Person, SimulatorTransport, World

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def world(clock: ManualClock) -> AsyncIterator[World]:
    """Without rate limits; `test_limits.py` has its own."""
    world = World(clock, limits=None)
    yield world
    await world.aclose()


@pytest.fixture
def patient(world: World) -> Person:
    """Ann, who has pressed Start; nothing is pending."""
    ann = world.add_user(11, "Ann")
    ann.starts()
    world.updates.drop_pending()
    return ann


@pytest.fixture
def staff(world: World) -> Group:
    """A forum with the bot as administrator."""
    return world.add_group("Clinic")


@pytest.fixture
async def bot(world: World) -> AsyncIterator[Bot]:
    async with client(world) as bot:
        world.calls.clear()
        yield bot


@pytest.fixture
async def web(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Bare HTTP, for what a real client never sends."""
    async with httpx.AsyncClient(transport=SimulatorTransport(world), base_url=f"http://t/bot{world.token}/") as web:
        yield web


def client(world: World, token: str | None = None) -> Bot:
    """A Bot wired to the world in process."""

    def request() -> HTTPXRequest:
        return HTTPXRequest(httpx_kwargs={"transport": SimulatorTransport(world)})

    return Bot(
        token or world.token,
        base_url="http://telegram.test/bot",
        base_file_url="http://telegram.test/file/bot",
        request=request(),
        get_updates_request=request(),
    )


@pytest.fixture
def connect() -> object:
    """`connect(world, token)` makes another client."""
    return client
