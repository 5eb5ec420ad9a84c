"""The database is locked, full or restarted under a running bot: it goes on by itself and nothing is lost or doubled.

Real loops, real time, real clients; only people and Telegram are the simulator's.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from bot.app import App, build
from bot.clock import SECOND_US, SystemClock
from bot.errors import StoreError
from bot.model import ChatId, Kind, MessageState, Outgoing, Payload
from bot.services.inbox import LEASE_US
from bot.services.post import Notices
from bot.settings import Settings
from bot.simulator.cluster import Cluster
from bot.simulator.faults import delay, forbid
from bot.simulator.people import Person
from bot.simulator.transport import SimulatorTransport
from bot.simulator.world import World
from bot.store import chats, engine
from bot.store.tables import message
from bot.web.routes import SECRET_HEADER, WEBHOOK_PATH, make_app
from tests import waiting

ROOT = Path(__file__).parents[2]
OWNER_ID = 700
POSTED_ID = 77
"""Whose updates come by the webhook."""
QUESTION = "Is it normal that my leg jumped?"
SECRET = "Wf3-not-a-real-secret"

until = partial(waiting.until, seconds=15)


@dataclass
class Town:
    """A running bot, its people, and what they are told over HTTP."""

    world: World
    app: App
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to let Telegram answer the calls it holds back."""
    _update_id: int = 900_000_000

    def new_patient(self, user_id: int) -> Person:
        return self.world.add_user(user_id, "Patient")

    def answers(self, person: Person) -> list[str]:
        """What the bot answered to the question."""
        return [text for text in self.texts(person) if "reflex" in text]

    def texts(self, person: Person) -> list[str]:
        return [message.text for message in self.world.from_bot(person.chat_id)]

    async def is_answered(self, *people: Person) -> bool:
        return all(self.answers(person) for person in people)

    async def owe_held_back(self, person: Person, words: str) -> None:
        """A message that Telegram takes, with its answer held back: it is in flight until `held` is set."""
        self.world.faults.add(delay(1, acted=True), chat_id=person.chat_id)
        person.chat.started = True
        async with self.app.store.write() as tx:
            await self.app.post.enqueue(tx, Outgoing(ChatId(person.chat_id), Kind.REPLY, Payload(words), words))
        self.app.outbox.wake()
        await until(lambda: self._has(person, words))

    async def _has(self, person: Person, words: str) -> bool:
        return words in self.texts(person)

    async def post(self, text: str = QUESTION, update_id: int | None = None) -> int:
        """One update to the webhook; gives the status."""
        self._update_id += 1
        user = {"id": POSTED_ID, "is_bot": False, "first_name": "Patient"}
        update = {
            "update_id": update_id or self._update_id,
            "message": {
                "message_id": 1,
                "date": 0,
                "chat": {"id": POSTED_ID, "type": "private"},
                "from": user,
                "text": text,
            },
        }
        return (await self._ask("POST", WEBHOOK_PATH, json=update, headers={SECRET_HEADER: SECRET})).status_code

    async def database(self) -> str:
        """What `/readyz` says of it."""
        found: str = (await self._ask("GET", "/readyz")).json()["checks"]["database"]
        return found

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        web = make_app(save=self.app.inbox.save, secret=SECRET, health=self.app.health)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://bot.test") as client:
            return await client.request(method, path, **request)

    async def rows(self, *where: sa.ColumnElement[bool]) -> list[tuple[str, bool]]:
        """State and `resent` of messages."""
        async with self.app.store.read() as tx:
            found = await tx.execute(sa.select(message.c.state, message.c.resent).where(*where))
            return [(row.state, row.resent) for row in found]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds and minutes takes tenths: waiting for a lock, the heartbeat, and how long it counts."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 50)
    monkeypatch.setattr("bot.app.BEAT_S", 0.1)
    monkeypatch.setattr("bot.services.alive.BEAT_S", 0.1)
    monkeypatch.setattr("bot.services.alive.FRESH_S", 0.3)


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Town]:
    held = asyncio.Event()

    async def until_held(seconds: float) -> None:
        await held.wait()

    world = World(SystemClock(), sleep=until_held)
    world.add_user(OWNER_ID, "Owner").starts()
    world.add_user(POSTED_ID, "Patient").chat.started = True
    settings = Settings(
        _env_file=None, bot_token=world.token, database_url=url, content_dir=ROOT / "faq", owner_ids=str(OWNER_ID)
    )
    async with build(settings, SystemClock(), transport=SimulatorTransport(world), signed_only=False) as app:
        task = asyncio.create_task(app.run(web=False))
        yield Town(world, app, held)
        held.set()
        app.stop()
        await asyncio.wait([task])
        assert task.exception() is None
    await world.aclose()


@pytest.fixture
async def town(impatient: None, fast_dir: Path) -> AsyncIterator[Town]:
    async with running(f"sqlite+aiosqlite:///{fast_dir}/town.db") as made:
        yield made


@contextmanager
def locked(town: Town) -> Iterator[None]:
    """Another process writes, and takes its time."""
    other = sqlite3.connect(str(town.app.store.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


async def test_a_file_that_somebody_else_locks(town: Town) -> None:
    before, meanwhile, flying = (town.new_patient(user_id) for user_id in (11, 12, 13))
    before.says(QUESTION)
    await until(lambda: town.is_answered(before))
    await town.owe_held_back(flying, "In flight.")
    with locked(town):
        meanwhile.says(QUESTION)
        town.held.set()
        assert await town.post() == 503
        await until(lambda: _is_red(town))
        assert town.texts(meanwhile) == []
    await until(lambda: town.is_answered(meanwhile))
    await until(lambda: _is_green(town))
    assert await town.post() == 200
    await until(lambda: _all_settled(town))
    assert town.texts(flying) == ["In flight."]
    assert {resent for _, resent in await town.rows()} == {False}
    assert len(town.answers(meanwhile)) == 1


async def _is_red(town: Town) -> bool:
    return await town.database() != "ok"


async def _is_green(town: Town) -> bool:
    return await town.database() == "ok"


async def _all_settled(town: Town) -> bool:
    return {state for state, _ in await town.rows()} == {MessageState.SENT}


async def _takes(town: Town, size: int) -> bool:
    """Whether there is room for so many bytes more."""
    try:
        async with town.app.store.write() as tx:
            await tx.execute(sa.text(f"INSERT INTO ballast VALUES (zeroblob({size}))"))
    except StoreError as error:
        why = str(error)
    else:
        return True
    assert "full" in why
    return False


@asynccontextmanager
async def full(town: Town) -> AsyncIterator[None]:
    """No page is left for the file, and then there is room again."""
    async with town.app.store.write() as tx:
        await tx.execute(sa.text("CREATE TABLE ballast (bytes BLOB)"))
        pages = (await tx.execute(sa.text("PRAGMA page_count"))).scalar_one()
        await tx.execute(sa.text(f"PRAGMA max_page_count = {pages + 200}"))
    for size in (100_000, 2_000, 100):
        while await _takes(town, size):
            pass
    yield
    async with town.app.store.write() as tx:
        await tx.execute(sa.text("PRAGMA max_page_count = 1000000"))


async def test_a_disk_that_is_full(town: Town) -> None:
    before, meanwhile, flying = (town.new_patient(user_id) for user_id in (11, 12, 13))
    before.says(QUESTION)
    await until(lambda: town.is_answered(before))
    await town.owe_held_back(flying, "In flight.")
    async with full(town):
        town.held.set()
        assert await town.post("é" * 4000) == 503
        meanwhile.says(QUESTION.replace(" ", " " * 600))
        await asyncio.sleep(1)
        assert town.texts(meanwhile) == []
    await until(lambda: town.is_answered(meanwhile))
    assert await town.post() == 200
    await until(lambda: _all_settled(town))
    assert town.texts(flying) == ["In flight."]
    assert len(town.answers(meanwhile)) == 1


@asynccontextmanager
async def running_on(postgres: Cluster) -> AsyncIterator[Town]:
    url = postgres.new_database()
    async with running(url) as town:
        yield town
    postgres.drop(url)


@dataclass
class Held:
    """A function that waits in the middle of a transaction until it is told to go on."""

    inside: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def before(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def held_back(*args: Any) -> Any:
            self.inside.set()
            await self.go_on.wait()
            return await work(*args)

        return held_back


LEASES = [
    pytest.param(SECOND_US, id="short_lease"),
    pytest.param(
        LEASE_US,
        id="lease",
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.postgres
@pytest.mark.parametrize("lease_us", LEASES)
async def test_a_server_that_crashes_and_comes_back(
    impatient: None, postgres: Cluster, monkeypatch: pytest.MonkeyPatch, lease_us: int
) -> None:
    """While a message is in flight, one update is inside its transaction, and others come in."""
    monkeypatch.setattr("bot.services.inbox.LEASE_US", lease_us)
    async with running_on(postgres) as town:
        before, handled, meanwhile, flying = (town.new_patient(user_id) for user_id in (11, 12, 13, 14))
        before.says(QUESTION)
        await until(lambda: town.is_answered(before))
        await town.owe_held_back(flying, "In flight.")
        held = Held()
        monkeypatch.setattr(chats, "save_talks", held.before(chats.save_talks))
        handled.says(QUESTION)
        await held.inside.wait()
        postgres.stop("immediate")
        town.held.set()
        held.go_on.set()
        meanwhile.says(QUESTION)
        assert await town.post() == 503
        await until(lambda: _is_red(town))
        await asyncio.sleep(0.5)
        postgres.start()
        await until(lambda: town.is_answered(handled, meanwhile))
        await until(lambda: _is_green(town))
        assert await town.post() == 200
        await until(lambda: _all_settled(town))
        assert town.texts(flying) == ["In flight."]
        assert {resent for _, resent in await town.rows()} == {False}
        assert [len(town.answers(person)) for person in (before, handled, meanwhile)] == [1, 1, 1]


@pytest.mark.postgres
async def test_a_server_that_crashes_inside_a_savepoint(
    impatient: None, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outbox writes a notice when the connection breaks: the result it is about is not forgotten."""
    async with running_on(postgres) as town:
        blocked, after = town.new_patient(11), town.new_patient(12)
        blocked.says(QUESTION)
        await until(lambda: town.is_answered(blocked))
        held = Held()
        monkeypatch.setattr(Notices, "on_event", held.before(Notices.on_event))
        town.world.faults.add(forbid(), chat_id=blocked.chat_id)
        blocked.says(QUESTION)
        await held.inside.wait()
        postgres.stop("immediate")
        held.go_on.set()
        await asyncio.sleep(0.5)
        postgres.start()
        after.says(QUESTION)
        await until(lambda: town.is_answered(after))
        owner = town.world.users[OWNER_ID].user_id
        await until(lambda: _has_been_told(town, owner))
        assert len(town.answers(blocked)) == 1


async def _has_been_told(town: Town, chat_id: int) -> bool:
    return [m.text.split(" · ")[0] for m in town.world.from_bot(chat_id)].count("Cannot be reached") == 1
