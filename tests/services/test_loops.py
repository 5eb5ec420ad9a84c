"""The loops of a running bot (`app.py`): one bad thing ends no loop, and no loop ends in silence."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.app import App, build
from bot.clock import SystemClock, from_us
from bot.services.inbox import Inbox
from bot.settings import Settings
from bot.simulator.faults import server_error
from bot.simulator.house import House
from bot.simulator.transport import SimulatorTransport
from bot.simulator.world import World
from bot.telegram.client import WebhookFacts
from tests import waiting

ROOT = Path(__file__).parents[2]
OWNER_ID = 700
QUESTION = "Is it normal that my leg jumped?"

until = partial(waiting.until, seconds=20)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World(SystemClock())
    made.add_user(OWNER_ID, "Owner").starts()
    yield made
    await made.aclose()


@asynccontextmanager
async def running(world: World, url: str, **values: Any) -> AsyncIterator[tuple[App, asyncio.Task[None]]]:
    """The bot on real time, without sockets; stopped at the end."""
    given = {"content_dir": ROOT / "faq", "owner_ids": str(OWNER_ID), **values}
    settings = Settings(_env_file=None, bot_token=world.token, database_url=url, **given)
    async with build(settings, SystemClock(), transport=SimulatorTransport(world), signed_only=False) as app:
        task = asyncio.create_task(app.run(web=False))
        yield app, task
        app.stop()
        await asyncio.wait([task])


def told(world: World) -> list[str]:
    return [message.text for message in world.from_bot(OWNER_ID)]


async def test_when_another_program_takes_the_messages_staff_hear_of_it_and_sending_goes_on(
    world: World, fast_dir: Path
) -> None:
    patient = world.add_user(11, "Patient")
    async with running(world, f"sqlite+aiosqlite:///{fast_dir}/a.db") as (app, task):
        patient.says(QUESTION)
        await until(lambda: len(world.from_bot(11)) == 1)
        async with httpx.AsyncClient(transport=SimulatorTransport(world), base_url="http://x") as thief:
            stealing = asyncio.create_task(thief.post(f"/bot{world.token}/getUpdates", json={"timeout": 1}))
            await until(lambda: bool(app.intake_trouble))
            await stealing
        assert (await app.health()).checks["intake"] == "another program polls with this token"
        await until(lambda: any(text.startswith("I no longer hear from patients") for text in told(world)))
        assert not task.done()


async def test_an_error_nobody_foresaw_ends_the_bot_loudly(
    world: World, fast_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Inbox) -> None:
        raise RuntimeError("a bug outside of every handler")

    monkeypatch.setattr(Inbox, "run", broken)
    async with running(world, f"sqlite+aiosqlite:///{fast_dir}/a.db") as (_, task):
        await asyncio.wait([task], timeout=20)
        assert isinstance(task.exception(), ExceptionGroup)


async def test_a_stop_during_the_start_is_heard(world: World, fast_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = App.begin

    async def interrupted(self: App) -> None:
        self.stop()
        await begin(self)

    monkeypatch.setattr(App, "begin", interrupted)
    async with running(world, f"sqlite+aiosqlite:///{fast_dir}/a.db") as (_, task):
        await asyncio.wait([task], timeout=20)
        assert task.done()
        assert task.exception() is None


async def test_a_message_that_is_in_hand_at_a_stop_is_answered(world: World, fast_dir: Path) -> None:
    patient = world.add_user(11, "Patient")
    async with running(world, f"sqlite+aiosqlite:///{fast_dir}/a.db") as (app, task):
        await until(lambda: bool(told(world)))
        handle = app.inbox.reception.patients.handle

        async def slow(*args: object) -> None:
            app.stop()
            await asyncio.sleep(0.2)
            await handle(*args)  # type: ignore[arg-type]

        object.__setattr__(app.inbox.reception.patients, "handle", slow)
        patient.says(QUESTION)
        await asyncio.wait([task], timeout=20)
        assert task.exception() is None
    assert "reflex" in world.from_bot(11)[-1].text


@pytest.mark.parametrize(
    "failure",
    [httpx.InvalidURL("bad"), httpx.ConnectError("x"), ValueError("x"), OSError("x")],
    ids=lambda e: type(e).__name__,
)
async def test_a_heartbeat_that_fails_is_tried_again(house: House, failure: Exception) -> None:
    tries = 0
    enough = asyncio.Event()

    async def beat() -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            enough.set()
        raise failure

    loop = asyncio.create_task(house.app._every(0.001, beat))
    async with asyncio.timeout(5):
        await enough.wait()
    loop.cancel()
    await asyncio.wait([loop])
    assert loop.cancelled()


# --- the webhook -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def webhook(
    world: World, fast_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Awaitable[App]]]:
    """Starts the bot with a webhook that is looked at often, and ends it."""
    monkeypatch.setattr("bot.app.WEBHOOK_CHECK_S", 0.02)
    stack: list[tuple[App, asyncio.Task[None]]] = []

    async def start(secret: str = "first") -> App:
        settings = {"webhook_url": "http://127.0.0.1:9", "webhook_secret": secret, "telegram_api_url": "http://x"}
        manager = running(world, f"sqlite+aiosqlite:///{fast_dir}/{secret}.db", **settings)
        app, task = await manager.__aenter__()
        stack.append((app, task))
        managers.append(manager)
        return app

    managers: list[object] = []
    yield start
    for manager in managers:
        await manager.__aexit__(None, None, None)  # type: ignore[attr-defined]


async def test_a_new_secret_is_registered_though_the_address_is_the_same(
    world: World, webhook: Callable[..., Awaitable[App]]
) -> None:
    for secret in ("first", "second"):
        await webhook(secret)
        await until(lambda: any(call.params.get("secret_token") == secret for call in world.accepted("setWebhook")))  # noqa: B023


async def test_a_registration_that_somebody_took_away_is_mended(
    world: World, webhook: Callable[..., Awaitable[App]]
) -> None:
    app = await webhook()
    await until(lambda: len(world.accepted("setWebhook")) == 1)
    await app.client.delete_webhook()
    await until(lambda: len(world.accepted("setWebhook")) == 2)


async def test_telegram_being_down_does_not_end_the_watch(world: World, webhook: Callable[..., Awaitable[App]]) -> None:
    world.faults.add(server_error(), method="getWebhookInfo", times=3)
    await webhook()
    await until(lambda: len(world.accepted("setWebhook")) == 1)


async def test_updates_that_pile_up_at_telegram_turn_the_bot_red(house: House) -> None:
    now = from_us(house.clock.machine_us())

    def trouble(pending: int, ago: timedelta | None) -> str:
        return house.app._undelivered(WebhookFacts("http://x", pending, "ssl error", now - ago if ago else None))

    assert trouble(3, timedelta(seconds=20)) == "Telegram cannot deliver to WEBHOOK_URL"
    assert not trouble(0, timedelta(seconds=20)), "it came through meanwhile"
    assert not trouble(3, timedelta(hours=1)), "an old error, and three that come right now"
    assert not trouble(3, None)


async def test_the_garbage_collector_leaves_the_texts_alone_and_takes_those_of_before(
    world: World, fast_dir: Path, content_dir: Path
) -> None:
    left_alone = gc.get_freeze_count()
    async with running(world, f"sqlite+aiosqlite:///{fast_dir}/a.db", content_dir=content_dir) as (app, _):
        world.add_user(11, "Patient").says(QUESTION)
        await until(lambda: len(world.from_bot(11)) == 1)
        assert gc.get_freeze_count() > left_alone
        before = weakref.ref(app.library.served.content)
        clinic = content_dir / "clinic.yaml"
        clinic.write_text(clinic.read_text("utf-8").replace("name: Demo", "name: Other"), "utf-8")
        await until(lambda: before() is None)
        assert app.library.served.content.clinic.name.startswith("Other")
