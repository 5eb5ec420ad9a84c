"""Fixtures every test may use: a folder in memory, a copy of the content, and the house (`bot/simulator/house.py`)."""

import asyncio
import atexit
import gc
import io
import logging
import os
import pickle
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import LRUCache

from bot import cli
from bot.clock import ManualClock
from bot.content import lint, load
from bot.content.lint import Findings
from bot.content.load import Sources, revision_of
from bot.content.schema import Content
from bot.core.matching.semantic import SentenceModel
from bot.logs import SafeHandler
from bot.services import library, proposing
from bot.services.indexes import Mind, mind_for
from bot.simulator.cluster import Cluster, missing, open_cluster
from bot.simulator.house import Cast, House, make_cast, open_house
from bot.simulator.state import Message
from bot.simulator.world import TOKEN, World
from bot.store import schema

HERE = Path(__file__).parent
ROOT = HERE.parent
if "INDEX_DIR" not in os.environ:  # set by the first process of a run; those it starts find what others have built
    os.environ["INDEX_DIR"] = tempfile.mkdtemp(prefix="aftercare-index-")
    atexit.register(shutil.rmtree, os.environ["INDEX_DIR"], ignore_errors=True)
os.environ["SEMANTIC_MODEL"] = "none"
"""What the tests say holds without the extra; those about the model ask for it."""
LONG_ENOUGH = 12
KEPT_TEXTS = 12
"""Of which what was read stays in memory: those that ship, cut down, signed…"""
MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A working day of the demo clinic; London is on UTC."""


BEGIN_WITH = ("faults/test_table.py", "store/test_publishing.py")
"""The first learns from the shipped texts, for which every house would wait; the second needs other texts."""
END_WITH = ("core", "content", "simulator", "telegram", "web")
"""Short files: with a long one at the end the other processes would have nothing to do."""
YOUNG_OBJECTS = 20_000
"""So many before Python looks which of them nobody needs any more."""
gc.disable()  # until all is collected, which stays to the end anyway


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order in which several processes are done soonest; what is in a file stays as it is."""

    def when(item: pytest.Item) -> int:
        path = item.path.relative_to(HERE)
        if path.as_posix() in BEGIN_WITH:
            return BEGIN_WITH.index(path.as_posix())
        return len(BEGIN_WITH) + (path.parts[0] in END_WITH)

    items.sort(key=when)


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: Python need not look through them each time it looks for what can go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
    gc.enable()


@dataclass
class Overheard:
    """What the whole suite logged as text, and what the people and the bot in it said."""

    log: io.StringIO = field(default_factory=io.StringIO)
    said: set[str] = field(default_factory=set)

    def leaks(self) -> list[str]:
        """Lines that somebody said, and the token, as far as they stand in the log. Short words may be event names."""
        log = self.log.getvalue()
        lines = {line for text in self.said for line in text.splitlines() if len(line) >= LONG_ENOUGH}
        return [secret for secret in (*lines, TOKEN) if secret in log]


class Listener(logging.StreamHandler[io.StringIO]):
    """Not a SafeHandler itself: `logs.setup`, which is tested too, takes those away."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (the library's name)
        """A record made to fail on purpose is the business of the test that makes it."""


@pytest.fixture(scope="session", autouse=True)
def overheard() -> Iterator[Overheard]:
    """Listens to every log record and every message of the session; at its end the two may have nothing in common."""
    heard = Overheard()
    safe = SafeHandler("text")
    handler = Listener(heard.log)
    handler.setFormatter(safe.formatter)
    for shown in safe.filters:
        handler.addFilter(shown)
    logging.getLogger().addHandler(handler)
    logging.getLogger("bot").setLevel(logging.DEBUG)
    post = World.post

    def listening(self: World, *args: Any, **kwargs: Any) -> Message:
        message = post(self, *args, **kwargs)
        heard.said.add(message.text)
        return message

    World.post = listening  # type: ignore[method-assign]
    yield heard
    World.post = post  # type: ignore[method-assign]
    logging.getLogger().removeHandler(handler)
    assert heard.leaks() == [], "a log line holds what somebody said, or the token"


@dataclass(frozen=True)
class Parsed:
    """Texts that were read, and what was found in them by day."""

    content: Content
    sources: Sources
    findings: dict[date | None, Findings] = field(default_factory=dict)


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Texts that are the same byte for byte are read, checked and learned from once a run: each house, each command and
    each visit of the doctor would spend a second on it, and what comes of it never changes."""
    parse_located, check = load.parse_located, lint.check
    parsed: dict[tuple[str, str], Parsed] = {}
    minds: dict[tuple[object, ...], Mind] = {}
    several_threads = Lock()

    def parse_once(files: Mapping[str, str], language: str = "en") -> tuple[Content, Sources]:
        known = (revision_of(files), language)
        with several_threads:
            found = parsed.pop(known, None)
        if found is None:
            found = Parsed(*parse_located(files, language))
        with several_threads:
            parsed[known] = found  # the one used last goes last
            while len(parsed) > KEPT_TEXTS:
                del parsed[next(iter(parsed))]
        return found.content, found.sources

    def check_once(content: Content, sources: Sources, today: date | None = None) -> Findings:
        with several_threads:
            of = next((found for found in parsed.values() if found.content is content), None)
        if of is None:
            return check(content, sources, today)
        return of.findings.get(today) or of.findings.setdefault(today, check(content, sources, today))

    def learn_once(
        content: Content,
        model: SentenceModel | None,
        folder: Path | None,
        before: Mind | None = None,
        *,
        keep: bool = True,
    ) -> Mind:
        if before is not None:
            return mind_for(content, model, folder, before, keep=keep)
        known = (content.revision, len(content.entries), id(model), folder, keep)
        return minds.get(known) or minds.setdefault(known, mind_for(content, model, folder, keep=keep))

    with pytest.MonkeyPatch.context() as patch:
        for module in (load, lint, cli, proposing):
            patch.setattr(module, "parse_located", parse_once)
        patch.setattr(lint, "check", check_once)
        patch.setattr(library, "mind_for", learn_once)
        yield


class Compiled(LRUCache[tuple[Any, ...], Any]):
    """Statements as they read in SQL, for all engines of a kind and not for one: an engine forgets them when it is
    closed, and each house has two of its own."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


@pytest.fixture(scope="session", autouse=True)
def prepared_once() -> Iterator[None]:
    """What every engine and every client makes for itself, and always the same: an eighth of a house's time."""
    compiled = Compiled(5_000)

    def make_engine(*args: Any, **kwargs: Any) -> AsyncEngine:
        made = create_async_engine(*args, **kwargs)
        made.sync_engine._compiled_cache = compiled
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.store.engine.create_async_engine", make_engine)
        patch.setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server, started for the first test that needs it.

    Where the machine has none those tests skip with a line that says so; with `CI` set they fail, so that nobody
    believes they ran.
    """
    if (why := missing()) is not None:
        if os.environ.get("CI"):
            pytest.fail(f"{why}; in CI the PostgreSQL half of the tests has to run")
        pytest.skip(f"{why}: the PostgreSQL half of the tests does not run here")
    with open_cluster() as cluster:
        yield cluster


@pytest.fixture
def fast_dir() -> Iterator[Path]:
    """A folder in memory where there is one: each commit waits for the disk otherwise."""
    where = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="aftercare-", dir=where))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def content_dir(fast_dir: Path) -> Path:
    """A copy of the clinic's content that a test may change."""
    return Path(shutil.copytree(ROOT / "faq", fast_dir / "faq"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MONDAY_NOON)


@dataclass(frozen=True)
class Prepared:
    """What a house left when it was closed, to begin other houses with."""

    file: Path
    _people: bytes

    def cast(self, clock: ManualClock) -> Cast:
        """The people as they were then."""
        reading = pickle.Unpickler(io.BytesIO(self._people))
        reading.persistent_load = lambda _: clock  # type: ignore[method-assign]
        made: Cast = reading.load()
        return made


def leave_house(file: Path, *, both_start: bool) -> Prepared:
    """Open a house on the shipped texts with a new database, and close it again. No time passes in it."""

    async def open_and_close() -> bytes:
        clock, people = ManualClock(MONDAY_NOON), io.BytesIO()
        cast = make_cast(clock)
        async with open_house(cast, f"sqlite+aiosqlite:///{file}", ROOT / "faq", clock) as made:
            if both_start:
                made.owner.starts()
                made.patient.starts()
                await made.settle()
        await cast.world.aclose()
        assert clock.now() == MONDAY_NOON
        writing = pickle.Pickler(people)
        writing.persistent_id = lambda of: "clock" if of is clock else None  # type: ignore[method-assign]
        writing.dump(cast)
        return people.getvalue()

    return Prepared(file, asyncio.run(open_and_close()))


@pytest.fixture
async def cast(clock: ManualClock, beginning: Prepared) -> AsyncIterator[Cast]:
    """The people, as they are in the database."""
    made = beginning.cast(clock)
    yield made
    await made.world.aclose()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the head revision, to copy."""
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    asyncio.run(schema.upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def prepared() -> Iterator[Prepared]:
    """A database as the first start leaves it: schema, content revision, first timers. A copy saves half a second."""
    with tempfile.TemporaryDirectory(prefix="aftercare-") as folder:
        yield leave_house(Path(folder) / "prepared.db", both_start=False)


@pytest.fixture(scope="session")
def prepared_database(prepared: Prepared) -> Path:
    return prepared.file


@pytest.fixture(scope="session")
def begun(prepared: Prepared) -> Prepared:
    """The same once owner and patient have pressed Start and read the first screen, which no house has to wait for."""
    return leave_house(Path(shutil.copy(prepared.file, prepared.file.with_name("begun.db"))), both_start=True)


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Prepared:
    """What a test begins with: with a house, both have pressed Start."""
    found: Prepared = request.getfixturevalue("begun" if "house" in request.fixturenames else "prepared")
    return found


@pytest.fixture
def database_url(fast_dir: Path, beginning: Prepared) -> str:
    """A database of one's own, as the first start leaves it, or in a test with a house as the people in it do."""
    shutil.copy(beginning.file, fast_dir / "house.db")
    return f"sqlite+aiosqlite:///{fast_dir}/house.db"


@pytest.fixture
async def house(cast: Cast, database_url: str, content_dir: Path, clock: ManualClock) -> AsyncIterator[House]:
    """The bot running on the shipped content; owner and patient have pressed Start and read the first screen."""
    async with open_house(cast, database_url, content_dir, clock) as made:
        await made.settle()
        yield made
