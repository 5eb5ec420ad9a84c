"""The peers as subjects of a trial: what they owe, started, killed, asked whether they are done."""

import asyncio
import json
import os
import sqlite3
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from benchmarks._telegram import Town

ROOT = Path(__file__).parents[1]
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Planned:
    """One message owed to one chat, which is owed nothing else. Machine time."""

    chat_id: int
    due_us: int


class Subject(Protocol):
    """Whoever owes messages and sends them."""

    async def start(self) -> None:
        """Start, empty; back when it could begin."""

    def lead_s(self, count: int) -> float:
        """How long before the first is due so many messages have to be owed."""

    async def owe(self, planned: Sequence[Planned]) -> None:
        """Take note, durably, of what to send when, and begin. Once, after `start`."""

    async def kill(self) -> None:
        """SIGKILL one process."""

    async def restart(self) -> None:
        """Start again what was killed, with what is still owed."""

    async def is_done(self) -> bool:
        """Whether it will send nothing more."""

    async def flagged(self) -> Mapping[int, str]:
        """Chats of whose message the subject itself says something: "unknown" or "resent"."""

    async def close(self) -> None:
        """End every process."""


class Died(Exception):
    """A peer ended by itself; the text is what it said."""


@dataclass
class Program:
    """One process of a peer's."""

    arguments: tuple[str, ...]
    log_path: Path
    module: str = "benchmarks._ptb"
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises Died when it is not."""
        with self.log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self.module, *self.arguments),
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        await self.hear("ready")

    def tell(self, line: str) -> None:
        """Let it begin."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def hear(self, word: str) -> None:
        """Wait until it says `word`. Raises Died when it says something else, or nothing more."""
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            said = await self.process.stdout.readline()
        if said.decode().strip() != word:
            raise Died(self.log_path.read_text(errors="replace")[-2000:])

    async def kill(self) -> None:
        """SIGKILL; nothing happens to one that has ended."""
        if self.process is None:
            return
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


class Peer(ABC):
    """A subject with one process, which knows of no doubt."""

    program: Program

    @abstractmethod
    async def begin(self, planned: Sequence[Planned]) -> None:
        """Note these, and set the waiting process going."""

    async def start(self) -> None:
        """Start, empty; back when it could begin."""
        await self.program.start()

    async def owe(self, planned: Sequence[Planned]) -> None:
        """Take note, and begin."""
        await self.begin(planned)

    async def kill(self) -> None:
        """SIGKILL."""
        await self.program.kill()

    async def restart(self) -> None:
        """Start again with what is still owed."""
        await self.program.start()
        await self.begin(())

    async def flagged(self) -> Mapping[int, str]:
        """Nothing."""
        return {}

    async def close(self) -> None:
        """End it."""
        await self.program.kill()


class Loop(Peer):
    """`send_message` in a loop, with a list in a file."""

    def __init__(self, town: Town, folder: Path) -> None:
        self._file = folder / "loop.db"
        with self._database() as database:
            database.execute("CREATE TABLE owed (id INTEGER PRIMARY KEY, chat_id, due_us, sent DEFAULT 0)")
        self.program = Program(("loop", town.url, town.world.token, str(self._file)), folder / "loop.log")

    def lead_s(self, count: int) -> float:
        """Next to nothing."""
        return 0.5 + count / 50_000

    async def begin(self, planned: Sequence[Planned]) -> None:
        """Write the list."""
        with self._database() as database:
            rows = [(message.chat_id, message.due_us) for message in planned]
            database.executemany("INSERT INTO owed (chat_id, due_us) VALUES (?, ?)", rows)
        self.program.tell("go")

    async def is_done(self) -> bool:
        """Everything is ticked off."""
        with self._database() as database:
            (left,) = database.execute("SELECT count(*) FROM owed WHERE NOT sent").fetchone()
        return not left

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file)) as database, database:
            yield database


class JobQueue(Peer):
    """python-telegram-bot's JobQueue with a job store. `grace`: "none" or "default"."""

    def __init__(self, town: Town, folder: Path, database_url: str, grace: str = "none") -> None:
        self._engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
        arguments = ("jobqueue", town.url, town.world.token, database_url, grace)
        self.program = Program(arguments, folder / "jobqueue.log")

    def lead_s(self, count: int) -> float:
        """It makes each job safe by itself: some 700 a second with PostgreSQL, 150 with SQLite."""
        return 1 + count / (80 if self._engine.dialect.name == "sqlite" else 300)

    async def begin(self, planned: Sequence[Planned]) -> None:
        """Have a job planned for each."""
        self.program.tell(json.dumps([(message.chat_id, message.due_us) for message in planned]))
        await self.program.hear("owed")

    async def is_done(self) -> bool:
        """No job is left. What was taken out of the store may still be on its way."""
        with self._engine.connect() as connection:
            return not connection.execute(sa.text("SELECT count(*) FROM apscheduler_jobs")).scalar_one()


def chats_of(planned: Iterable[Planned]) -> list[int]:
    """Whom they are for."""
    return [message.chat_id for message in planned]
