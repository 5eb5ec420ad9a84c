"""Updates by webhook: in order per chat, with the secret, until each is taken."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict

from bot.clock import ManualClock
from bot.simulator import Person, World, serving
from bot.simulator.updates import Webhook

URL = "https://bot.clinic.example/telegram"


class Hook:
    """The bot's side: records what comes and answers as told."""

    def __init__(self) -> None:
        self.received: list[Update] = []
        self.secrets: list[str | None] = []
        self.answers: list[int] = []
        """Statuses of the next answers; 200 when there are none."""
        self.app = Starlette(routes=[Route("/telegram", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        update = Update.de_json(await request.json(), None)
        self.received.append(update)
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    @property
    def texts(self) -> list[str | None]:
        return [update.message.text for update in self.received if update.message]


class Waits:
    """Instead of sleeping, moves the clock and remembers for how long."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.clock.tick(timedelta(seconds=seconds))


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
def waits(clock: ManualClock) -> Waits:
    return Waits(clock)


@pytest.fixture
async def world(clock: ManualClock, hook: Hook, waits: Waits) -> AsyncIterator[World]:
    """A world whose webhook posts reach the hook in process."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(hook.app)) as http:
        world = World(clock, limits=None, http=http, sleep=waits)
        yield world
        await world.aclose()


async def test_updates_are_posted_with_the_secret(bot: Bot, world: World, patient: Person, hook: Hook) -> None:
    patient.says("before")
    assert await bot.set_webhook(URL, secret_token="s3cret_-", max_connections=3, allowed_updates=["message"])
    patient.says("after")
    patient.blocks()  # not asked for
    await world.delivery.settled()
    assert hook.texts == ["before", "after"]
    assert hook.secrets == ["s3cret_-"] * 2
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.max_connections) == (URL, 0, 3)
    assert (info.allowed_updates, info.last_error_message) == (("message",), None)


async def test_a_refused_update_is_tried_again_and_holds_up_its_chat_alone(
    bot: Bot, world: World, patient: Person, hook: Hook, waits: Waits
) -> None:
    bob = world.add_user(12, "Bob")
    await bot.set_webhook(URL)
    hook.answers = [500, 502, 404]
    patient.says("a")
    patient.says("b")
    await world.delivery.settled()
    assert hook.texts == ["a"] * 4 + ["b"]
    assert waits.seconds == [1, 2, 4]
    assert len({update.update_id for update in hook.received}) == 2
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 404 Not Found"
    assert info.last_error_date is not None
    bob.starts()
    await world.delivery.settled()
    assert hook.texts[-1] == "/start"
    assert hook.secrets[-1] is None


async def test_after_24_hours_an_update_is_given_up(
    bot: Bot, world: World, patient: Person, hook: Hook, waits: Waits
) -> None:
    await bot.set_webhook(URL)
    hook.answers = [500] * 5000
    patient.says("a")
    await world.delivery.settled()
    assert sum(waits.seconds) > 24 * 3600
    assert max(waits.seconds) == 60
    assert world.updates.pending == []


async def test_webhook_and_polling_exclude_each_other(bot: Bot, world: World, patient: Person) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0.01)
    await bot.set_webhook(URL)
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await poll
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active; use deleteWebhook"):
        await bot.get_updates()
    assert await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""
    patient.says("by poll")
    assert len(await bot.get_updates()) == 1


async def test_pending_updates_survive_a_change_of_webhook_or_are_dropped(
    bot: Bot, world: World, patient: Person, hook: Hook
) -> None:
    patient.says("a")
    await bot.delete_webhook(drop_pending_updates=True)
    patient.says("b")
    await bot.set_webhook(URL, drop_pending_updates=True)
    patient.says("c")
    await world.delivery.settled()
    assert hook.texts == ["c"]
    world.redeliver(hook.received[0].update_id)
    await world.delivery.settled()
    assert hook.texts == ["c", "c"]
    assert world.updates.pending == []
    assert await bot.set_webhook("")
    patient.says("d")
    assert len(await bot.get_updates()) == 1


@pytest.mark.parametrize(
    ("url", "secret", "message"),
    [
        ("http://bot.clinic.example/", None, "bad webhook: an https url must be provided for webhook"),
        (
            "https://bot.clinic.example:8080/",
            None,
            "bad webhook: webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        ("ftp://bot.clinic.example/", None, "invalid webhook url specified"),
        ("https://[", None, "invalid webhook url specified"),
        (URL, "x" * 257, "secret token is too long"),
        (URL, "a b", "secret token contains unallowed characters"),
    ],
)
async def test_webhooks_telegram_refuses(bot: Bot, world: World, url: str, secret: str | None, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await bot.set_webhook(url, secret_token=secret)
    assert caught.value.message.lower() == message
    assert world.updates.webhook is None


async def test_over_a_real_socket(hook: Hook) -> None:
    world = World(limits=None)
    ann = world.add_user(11, "Ann")
    async with serving(hook.app) as url, serving(world) as api, httpx.AsyncClient() as http:
        answer = await http.post(f"{api}/bot{world.token}/setWebhook", data={"url": f"{url}/telegram"})
        assert answer.json() == {"ok": True, "result": True}
        ann.says("hello")
        await world.delivery.settled()
    await world.aclose()
    assert hook.texts == ["hello"]


async def test_a_hook_that_cannot_be_reached(clock: ManualClock, waits: Waits) -> None:
    failures: list[Exception] = [httpx.ConnectError("refused"), httpx.ReadTimeout("slow")]

    def answer(request: httpx.Request) -> httpx.Response:
        if failures:
            raise failures.pop(0)
        return httpx.Response(204)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        world = World(clock, limits=None, http=http, sleep=waits)
        webhook = Webhook(URL)
        world.updates.set_webhook(webhook)
        world.delivery.start()
        world.add_user(12, "Bob").starts()
        await world.delivery.settled()
        await world.aclose()
    assert webhook.last_error == "Read timeout expired"
    assert waits.seconds == [1, 2]
    assert world.updates.pending == []
