"""The parts of `check_ins.py`: each measures a few figures, of ours and of JobQueue, and notes them."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from benchmarks import _check_in_peer
from benchmarks._check_in_downtime import DOWN_FOR, downtime
from benchmarks._check_in_enrol import enrolled
from benchmarks._check_in_measures import MEASURES
from benchmarks._check_in_plan import FIRST_AFTER, STEPS, content_with_plan
from benchmarks._check_in_rows import Treated, add_patients, enrol, planner
from benchmarks._figures import Figures, percentile
from benchmarks._loads import LIMIT_PER_S, LOAD, TooSlow
from benchmarks._machine import resident_mb, say
from benchmarks._ours import Ours, noon_zone
from benchmarks._peers import JobQueue, Planned
from benchmarks._places import Places
from benchmarks._telegram import Town, evenly, now_us, open_town
from bot.clock import SECOND_US, SystemClock
from bot.simulator.cluster import Cluster
from bot.store.engine import open_store

IDLE_S = 3.0
"""Between a start and a look at the memory."""
AFTER_S = 2.0
"""How long a message may be late and still be waited for."""
QUIET_S = 3.0
"""JobQueue has nothing more to send when nothing has arrived for so long."""
PATIENCE = (1, 2, 4, 8)


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    stores: tuple[str, ...]
    enrolled: int
    late_s: float
    down: int
    """Check-ins that fall due while nobody is there."""
    kill_after: int
    """Messages of JobQueue's after which it is killed."""

    def on(self, cluster: Cluster | None) -> Self:
        """The same without the store that is not there."""
        return self if cluster else replace(self, stores=("_sqlite",))


FULL = Sizes(("_sqlite", "_postgres"), enrolled=100_000, late_s=30, down=5_000, kill_after=1_000)
QUICK = Sizes(("_sqlite",), enrolled=5_000, late_s=4, down=120, kill_after=40)


@dataclass
class Trial(Places):
    """One run of the benchmark. `cluster`: None without PostgreSQL."""

    sizes: Sizes
    folder: Path
    cluster: Cluster | None
    figures: Figures = field(default_factory=lambda: Figures(MEASURES))
    problems: list[str] = field(default_factory=list)
    content_dir: Path = field(init=False)

    def __post_init__(self) -> None:
        self.content_dir = content_with_plan(self.folder)

    @asynccontextmanager
    async def _ours(self, town: Town, url: str, folder: Path) -> AsyncIterator[Ours]:
        """A worker on a database, ended at the end."""
        ours = Ours(town, folder, url)
        ours.fleet.content_dir = self.content_dir
        try:
            await ours.start()
            yield ours
        finally:
            await ours.close()

    # --- parts ------------------------------------------------------------------------------------------------------

    async def measure(self) -> None:
        """Every part of it."""
        for name in self.sizes.stores:
            await self.enrolling(name)
            await self.lateness(name)
        await self.downtime()
        await self.jobs_due()
        await self.jobs_waiting()

    async def enrolling(self, name: str) -> None:
        """A long list of appointments; then the memory of a worker that has all of them to come."""
        async with open_town() as town:
            with self.place() as folder:
                url = self.database(name, folder)
                found = await enrolled(url, town.world.bot_user.user_id, self.content_dir, self.sizes.enrolled)
                if found.due_rows != STEPS * self.sizes.enrolled:
                    self.problems.append(
                        f"{name}: {found.due_rows} check-ins planned for {self.sizes.enrolled} patients"
                    )
                self.note(
                    name,
                    {
                        "enrolled": self.sizes.enrolled,
                        "enrol_slots": found.slots,
                        "enrol_100k_s": found.seconds,
                        "enrol_100k_rss_mb": found.rss_mb,
                    },
                )
                async with self._ours(town, url, folder) as ours:
                    self.note(name, {"waiting": found.due_rows, "rss_mb": await held_mb(ours)})

    async def lateness(self, name: str) -> None:
        """Check-ins one by one at 90 % of the limit; before them, the memory of a worker that has nothing to come."""
        for patience in PATIENCE:
            try:
                return await self._lateness(name, patience)
            except TooSlow as slow:
                say(f"once more: {slow}")
        raise TooSlow("this machine is too busy")

    async def _lateness(self, name: str, patience: float) -> None:
        async with open_town() as town:
            with self.place() as folder:
                async with self._ours(town, self.database(name, folder), folder) as ours:
                    empty_mb = await held_mb(ours)
                    late_ms = await late_check_ins(ours, town, self.content_dir, self.sizes.late_s, patience)
        self.note(
            name,
            {
                "rss_empty_mb": empty_mb,
                "late_check_ins": len(late_ms),
                "lateness_p50_ms": percentile(late_ms, 0.5),
                "lateness_p99_ms": percentile(late_ms, 0.99),
            },
        )

    async def downtime(self) -> None:
        """Ours, in virtual time; on a file in memory where there is room, as nothing of it is timed."""
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with TemporaryDirectory(prefix="aftercare-bench-", dir=memory) as folder:
            found = await downtime(self.database("_sqlite", Path(folder)), self.content_dir, self.sizes.down)
        self.note("_sqlite", {f"downtime_{key}": value for key, value in vars(found).items()})

    async def jobs_due(self) -> None:
        """JobQueue with as many jobs due in the last six hours, killed once in the middle of sending them."""
        for name, grace in (("jobqueue_default_", "default"), ("jobqueue_", "none")):
            async with open_town() as town:
                with self.place() as folder:
                    queue = JobQueue(town, folder, self.job_store(folder), grace)
                    try:
                        await queue.start()
                        chats = town.patients(self.sizes.down)
                        every_us = DOWN_FOR / timedelta(microseconds=1) / len(chats)
                        first_us = now_us() - DOWN_FOR // timedelta(microseconds=1)
                        due_us = [first_us + round(number * every_us) for number in range(len(chats))]
                        await queue.owe([Planned(*one) for one in zip(chats, due_us, strict=True)])
                        await arrive(town, self.sizes.kill_after)
                        await queue.kill()
                        await queue.restart()
                        await arrive(town, len(chats))
                    finally:
                        await queue.close()
                    copies = town.arrivals(chats)
            self.note(
                name,
                {
                    "due": len(chats),
                    "sent": len(copies),
                    "dropped": len(chats) - len(copies),
                    "doubled": sum(len(times) - 1 for times in copies.values()),
                },
            )

    async def jobs_waiting(self) -> None:
        """The memory of JobQueue with as many jobs to come as our enrolments have check-ins."""
        count = STEPS * self.sizes.enrolled
        async with open_town() as town:
            with self.place() as folder:
                url = self.job_store(folder)
                empty_mb = await _check_in_peer.look(town.url, town.world.token, url, 0)
                full_mb = await _check_in_peer.look(town.url, town.world.token, url, count)
        self.note("jobqueue_", {"waiting": count, "rss_empty_mb": empty_mb, "rss_mb": full_mb})


async def late_check_ins(ours: Ours, town: Town, content_dir: Path, late_s: float, patience: float) -> list[float]:
    """Enrol patients whose first check-in falls due one after the other; how late each arrived, in milliseconds.

    Raises TooSlow when the first was due before all were enrolled.
    """
    chats = town.patients(round(LOAD * LIMIT_PER_S * late_s))
    async with open_store(ours.database_url, SystemClock()) as store:
        plans = planner(store, SystemClock(), ours.bot_id, content_dir)
        first_us = now_us() + round(patience * (1 + len(chats) / 250) * SECOND_US)
        times = evenly(first_us, LOAD * LIMIT_PER_S, len(chats))
        after_us, zone = FIRST_AFTER // timedelta(microseconds=1), noon_zone()
        treated = [Treated(chat, chat, at_us - after_us, zone) for chat, at_us in zip(chats, times, strict=True)]
        async with store.write() as tx:
            await add_patients(tx, ours.bot_id, treated, now_us())
            await enrol(tx, plans, treated)
    if (slow_us := now_us() - first_us) > 0:
        raise TooSlow(f"enrolling {len(chats)} took {slow_us / SECOND_US:.1f} s too long")
    await asyncio.sleep((times[-1] - now_us()) / SECOND_US + AFTER_S)
    arrived, end_us = town.arrivals(chats), now_us()
    return [
        (arrived.get(chat, [end_us])[0] - at_us) / 1000 for chat, at_us in zip(chats, times, strict=True)
    ]  # what is still missing is at least as late as it could have been


async def arrive(town: Town, count: int) -> None:
    """Wait until so many messages have arrived, or nothing more does."""
    seen, since_us = -1, now_us()
    while len(town.world.calls) < count and now_us() - since_us < QUIET_S * SECOND_US:
        if len(town.world.calls) != seen:
            seen, since_us = len(town.world.calls), now_us()
        await asyncio.sleep(0.05)


async def held_mb(ours: Ours) -> float:
    """What our worker holds in memory, a moment after its start."""
    await asyncio.sleep(IDLE_S)
    (worker,) = ours.fleet.alive
    return resident_mb(worker.process.pid)
