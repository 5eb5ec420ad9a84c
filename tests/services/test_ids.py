"""`aftercare doctor --ids`: who writes is shown with the ids for .env, and the bot loses nothing by it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.clock import ManualClock
from bot.errors import StoreBusy, StoreError, TelegramConflict
from bot.services.ids import Met, hold_the_bot_off, meet
from bot.simulator import World
from bot.simulator.state import Status
from bot.simulator.transport import SimulatorTransport
from bot.store.engine import open_store
from bot.telegram.client import Client

Look: TypeAlias = Callable[[Client], Awaitable[list[Met]]]


@pytest.fixture
async def world(clock: ManualClock) -> AsyncIterator[World]:
    made = World(clock, limits=None)
    yield made
    await made.aclose()


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    async with Client(world.token, "http://telegram.test", transport=SimulatorTransport(world)) as opened:
        yield opened


@pytest.fixture
def met_by(clock: ManualClock) -> Look:
    """Everybody seen at one look."""

    async def look(client: Client) -> list[Met]:
        async def sleep(seconds: float) -> None:
            clock.tick(timedelta(seconds=seconds))

        return [met async for met in meet(client, clock, 0.9, sleep)]

    return look


async def test_people_and_groups_are_shown_once_with_their_ids(client: Client, world: World, met_by: Look) -> None:
    owner = world.add_user(700, "Olga")
    owner.starts()
    owner.says("hello")
    group = world.add_group("Clinic team", bot=Status.LEFT)
    group.add_bot(group.add(owner))
    assert await met_by(client) == [Met(700, "person", "Olga"), Met(group.chat_id, "group", "Clinic team")]


async def test_a_group_without_rights_is_seen_by_a_command(client: Client, world: World, met_by: Look) -> None:
    group = world.add_group("Clinic team", bot=Status.MEMBER)
    member = group.add(world.add_user(12, "Bea"))
    world.updates.drop_pending()
    member.says("can anybody hear me")
    assert await met_by(client) == [], "privacy mode: a plain member bot hears commands only"
    member.says("/start")
    assert await met_by(client) == [Met(group.chat_id, "group", "Clinic team"), Met(12, "person", "Bea")]


async def test_a_basic_group_says_so_because_its_id_will_change(client: Client, world: World, met_by: Look) -> None:
    group = world.add_group("Clinic team", basic=True)
    group.add(world.add_user(12, "Bea")).says("/start")
    assert Met(group.chat_id, "basic group", "Clinic team") in await met_by(client)


async def test_an_anonymous_administrator_is_no_person(client: Client, world: World, met_by: Look) -> None:
    group = world.add_group("Clinic team")
    anonymous = group.add(world.add_user(13, "Cas"), anonymous=True)
    world.updates.drop_pending()
    anonymous.says("/start")
    assert await met_by(client) == [Met(group.chat_id, "group", "Clinic team")]


async def test_nothing_is_confirmed_so_the_bot_gets_it_all(client: Client, world: World, met_by: Look) -> None:
    world.add_user(700, "Olga").starts()
    await met_by(client)
    (update,) = await client.get_raw_updates(None, 0)
    assert update["message"]["text"] == "/start"


async def test_a_name_cannot_command_the_terminal(client: Client, world: World, met_by: Look) -> None:
    world.add_user(700, "Olga\x1b[2J\u202e").starts()
    assert [met.name for met in await met_by(client)] == ["Olga?[2J?"]


async def test_where_telegram_posts_nobody_may_listen(client: Client, met_by: Look) -> None:
    await client.set_webhook("https://bot.clinic.example/telegram", "s3cret")
    with pytest.raises(TelegramConflict):
        await met_by(client)


async def test_a_running_bot_is_left_alone(fast_dir: Path, clock: ManualClock) -> None:
    url = f"sqlite+aiosqlite:///{fast_dir}/clinic.db"
    async with open_store(url, clock) as running, open_store(url, clock) as command:
        running.take_role("intake")
        with pytest.raises(StoreBusy, match="Stop it first"):
            hold_the_bot_off(command)
    async with open_store(url, clock) as command:
        hold_the_bot_off(command)
        async with open_store(url, clock) as starting:
            with pytest.raises(StoreBusy):
                starting.take_role("intake")


async def test_workers_on_postgresql_cannot_be_seen(clock: ManualClock) -> None:
    async with open_store("postgresql+psycopg://nobody@localhost/nothing", clock) as store:
        with pytest.raises(StoreError, match="Stop them all"):
            hold_the_bot_off(store)


async def test_it_listens_as_long_as_it_says(client: Client, world: World, clock: ManualClock) -> None:
    late = world.add_user(700, "Olga")
    source = _NoWaiting(client)

    async def sleep(seconds: float) -> None:
        clock.tick(timedelta(seconds=40))
        late.starts()

    assert [met async for met in meet(source, clock, 60, sleep)] == [Met(700, "person", "Olga")]
    assert source.waits == [25, 20], "in the end no longer than what is left"


class _NoWaiting:
    """The client, without holding a poll open."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.waits: list[int] = []

    async def get_raw_updates(self, offset: int | None, timeout_s: int) -> list[dict[str, Any]]:
        assert offset is None
        self.waits.append(timeout_s)
        return await self.client.get_raw_updates(None, 0)
