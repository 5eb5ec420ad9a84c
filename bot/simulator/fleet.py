"""The bot as processes of its own, on a world served over a real socket: started, killed, stopped, counted.

fleet = Fleet(url, world.token, database_url, folder, content_dir)
worker = await fleet.start(WORKER_DIE="send:5:after")    # ready; its environment is explained in `orders.py`
await worker.kill()                                      # SIGKILL, and gone
ended = await (await fleet.start()).terminate()          # SIGTERM: ended.code, ended.seconds
max_in_any_second(grant.at_us for grant in fleet.grants())
"""

import asyncio
import itertools
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bot.clock import SECOND_US
from bot.simulator.leash import leash

PROGRAM = ("-m", "bot.simulator.worker")
"""The observed program; `("-m", "bot", "run")` is what an operator starts."""
READY_S = 240.0
"""The first worker on new texts learns them before it is ready: a minute, on a busy machine three."""
STOP_S = 45.0
"""Longer than the bot takes to drain."""
LOOK_S = 0.05
SOURCE = Path(__file__).parents[2]
"""Where `bot` can be imported from."""


class NotStarted(Exception):
    """A worker ended, or took too long, before it was ready; the text has the end of its log."""


@dataclass(frozen=True)
class Grant:
    """One row that a worker was allowed to send. `at_us` is machine time."""

    at_us: int
    message_id: int
    lane: int


@dataclass(frozen=True)
class Ended:
    """How a worker went: its exit code (negative: the signal that killed it) and how long it took, in seconds."""

    code: int
    seconds: float


@dataclass(eq=False)
class Worker:
    """One process of the bot. Its log is in a file, so that a long run cannot block on a full pipe."""

    number: int
    port: int
    """Of its web server, on loopback."""
    process: asyncio.subprocess.Process
    log_path: Path

    @property
    def alive(self) -> bool:
        """False once it has ended, by whatever cause."""
        return self.process.returncode is None

    @property
    def log(self) -> str:
        """Everything it wrote to stderr and stdout so far."""
        return self.log_path.read_text(errors="replace")

    @property
    def web(self) -> str:
        """The address of its web server."""
        return f"http://127.0.0.1:{self.port}"

    async def is_ready(self) -> bool:
        """Whether it serves patients, as it says itself."""
        async with httpx.AsyncClient(timeout=5) as client:
            try:
                return (await client.get(f"{self.web}/readyz")).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

    async def gets_ready(self) -> bool:
        """Wait until it is ready; False when it ended instead, or had to be ended because it took too long."""
        try:
            async with asyncio.timeout(READY_S):
                while self.alive and not await self.is_ready():  # noqa: ASYNC110 - nobody tells us
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            await self.kill()
            with self.log_path.open("a") as log:
                log.write(f"not ready within {READY_S:.0f} s, so it was ended\n")
        return self.alive

    async def kill(self) -> None:
        """SIGKILL; back once it is gone. Nothing happens to one that has ended."""
        if self.alive:
            self.process.kill()
        await self.process.wait()

    async def terminate(self, seconds: float = STOP_S) -> Ended:
        """SIGTERM, and wait for it to end by itself. Raises TimeoutError, after a kill, when it does not."""
        began = time.monotonic()
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        code = await self.ended(seconds)
        return Ended(code, time.monotonic() - began)

    async def ended(self, seconds: float = STOP_S) -> int:
        """Wait for its end; its exit code. Raises TimeoutError, after a kill, when it goes on for longer."""
        try:
            async with asyncio.timeout(seconds):
                return await self.process.wait()
        except TimeoutError:
            await self.kill()
            raise


@dataclass
class Fleet:
    """Workers of one bot on one database. Everything they write goes into `folder`."""

    world_url: str
    token: str
    database_url: str
    folder: Path
    content_dir: Path
    program: tuple[str, ...] = PROGRAM
    env: dict[str, str] = field(default_factory=dict)
    """Settings for every worker, beyond those above."""
    workers: list[Worker] = field(default_factory=list)
    """All that were started, the ended ones too."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def alive(self) -> list[Worker]:
        """Those that run, oldest first."""
        return [worker for worker in self.workers if worker.alive]

    async def start(self, **env: str) -> Worker:
        """Start a worker and wait until it is ready. Raises NotStarted, with the end of its log, when it is not."""
        worker = await self.launch(**env)
        if not await worker.gets_ready():
            raise NotStarted(f"worker {worker.number} ended with {worker.process.returncode}:\n{worker.log[-4000:]}")
        return worker

    async def launch(self, **env: str) -> Worker:
        """Start a worker and do not wait. `env` comes on top of the fleet's own settings."""
        number, port = next(self._numbers), free_port()
        settings = {
            "BOT_TOKEN": self.token,
            "TELEGRAM_API_URL": self.world_url,
            "DATABASE_URL": self.database_url,
            "CONTENT_DIR": str(self.content_dir),
            "INDEX_DIR": os.environ.get("INDEX_DIR", str(SOURCE / "data" / "index")),  # built once, not once a worker
            "ALLOW_UNSIGNED": "1",
            "WEB_PORT": str(port),
            "WORKER_TRACE": str(self._trace),
            "PYTHONPATH": str(SOURCE),
            **self.env,
            **env,
        }
        log_path = self.folder / f"worker-{number}.log"
        with log_path.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *leash(signal.SIGKILL),
                sys.executable,
                *self.program,
                cwd=self.folder,
                env={**os.environ, **settings},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        worker = Worker(number, int(settings["WEB_PORT"]), process, log_path)
        self.workers.append(worker)
        return worker

    async def stop_all(self) -> list[Ended]:
        """Stop every living worker politely, all at once. One that does not stop is killed, and TimeoutError raised."""
        ends = await asyncio.gather(*(worker.terminate() for worker in self.alive), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return [end for end in ends if isinstance(end, Ended)]

    async def kill_all(self) -> None:
        """Kill every living worker."""
        await asyncio.gather(*(worker.kill() for worker in self.alive))

    def grants(self) -> list[Grant]:
        """What all workers were allowed to send, in order of time. The last line of a killed one may be missing."""
        if not self._trace.exists():
            return []
        lines = (line.split() for line in self._trace.read_text().splitlines())
        found = [Grant(int(us), int(row), int(lane)) for what, us, row, lane in lines if what == "grant"]
        return sorted(found, key=lambda grant: (grant.at_us, grant.message_id))

    @property
    def _trace(self) -> Path:
        return self.folder / "trace"


def max_in_any_second(times_us: Iterable[int]) -> int:
    """The most events within any rolling second, half-open: two that are 1 s apart do not share one."""
    window: deque[int] = deque()
    most = 0
    for at_us in sorted(times_us):
        window.append(at_us)
        while window[0] <= at_us - SECOND_US:
            window.popleft()
        most = max(most, len(window))
    return most


def free_port() -> int:
    """A port on loopback that nobody uses at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
