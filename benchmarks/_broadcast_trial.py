"""The parts of `broadcast.py`: each measures a few figures, of ours and of the peers, and notes them."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from benchmarks._answers import PATIENCE_S, QUESTION, Answers
from benchmarks._broadcast_large import large
from benchmarks._broadcast_measures import MEASURES
from benchmarks._broadcast_ours import Announcing
from benchmarks._broadcast_peers import JobQueue, Loop, PopSave
from benchmarks._broadcast_rows import content_at_noon
from benchmarks._broadcast_virtual import virtual
from benchmarks._check_in_plan import content_with_plan
from benchmarks._check_in_trial import held_mb
from benchmarks._figures import Figures, percentile
from benchmarks._loads import Killed, Ordeal, TooSlow, killed
from benchmarks._machine import resident_mb
from benchmarks._peers import Planned, Subject
from benchmarks._places import Places
from benchmarks._telegram import Town, now_us, open_town
from bot.clock import SECOND_US
from bot.simulator.cluster import Cluster
from bot.simulator.fleet import max_in_any_second
from bot.simulator.limits import Limits

LATENCY_S = 0.05
LOOK_S = 0.1
MANY = 3_000
STILL_S = 10.0
"""Whoever has sent nothing for so long has nothing more to send: a 429 of the local Telegram lasts seconds."""
AFTER_S = 2.0
"""How long a message may be on the wire after a pause."""
PATIENCE = (1, 2, 4, 8)
TOO_MANY = "Too Many Requests"


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    stores: tuple[str, ...]
    peers: tuple[str, ...]
    recipients: int
    paused: int
    ordeal: Ordeal
    large: int
    large_s: float
    """How long a worker is watched while it sends a large one."""
    virtual: int
    ask_every_s: float = 1.5
    """Between an answer and the next question. Answers take from the same limit, and more than one a second would tell
    of them and not of the announcement."""
    side_by_side: bool = False
    """All of them send at the same time, which is quicker; else each has the machine to itself."""

    def on(self, cluster: Cluster | None) -> Self:
        """The same without the store that is not there."""
        return self if cluster else replace(self, stores=("_sqlite",))


FULL = Sizes(
    stores=("_sqlite", "_postgres"),
    peers=("loop_", "popsave_", "jobqueue_"),
    recipients=MANY,
    paused=300,
    ordeal=Ordeal(burst=500, per_second=0, seconds=0, kills=20, gap_s=1.2),
    large=100_000,
    large_s=60,
    virtual=100_000,
)
QUICK = Sizes(
    stores=("_sqlite",),
    peers=("loop_", "popsave_", "jobqueue_"),
    recipients=120,
    paused=60,
    ordeal=Ordeal(burst=50, per_second=0, seconds=0, kills=1, gap_s=0.8, down_s=0.3),
    large=2_000,
    large_s=2,
    virtual=200,
    ask_every_s=0.3,
    side_by_side=True,
)


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
        self.content_dir = content_at_noon(self.folder)

    @asynccontextmanager
    async def _subject(self, name: str, town: Town) -> AsyncIterator[Subject]:
        """One of ours (by suffix) or a peer (by prefix), on an empty database; ended at the end."""
        with self.place() as folder:
            made: Subject
            match name:
                case "loop_":
                    made = Loop(town, folder)
                case "popsave_":
                    made = PopSave(town, folder)
                case "jobqueue_":
                    # Its adapter warns against SQLite.
                    made = JobQueue(town, folder, self.job_store(folder))
                case _:
                    made = self._ours(town, self.database(name, folder), folder)
            try:
                yield made
            finally:
                await made.close()

    def _ours(self, town: Town, url: str, folder: Path) -> Announcing:
        ours = Announcing(town, folder, url)
        ours.fleet.content_dir = self.content_dir
        return ours

    # --- parts ------------------------------------------------------------------------------------------------------

    async def measure(self) -> None:
        """Every part of it."""
        names = (*self.sizes.stores, *self.sizes.peers)
        if self.sizes.side_by_side:
            await asyncio.gather(*map(self.sending, names))
        else:
            for name in names:
                await self.sending(name)
        # What is counted here does not depend on speed.
        await asyncio.gather(*map(self.kills, names), *map(self.pausing, self.sizes.stores))
        for name in self.sizes.stores:
            await self.large(name)
        await self.virtual()

    async def sending(self, name: str) -> None:
        """One announcement, while patients ask."""
        async with open_town(LATENCY_S, Limits()) as town, self._subject(name, town) as subject:
            await subject.start()
            answers, chats = Answers(town), town.patients(self.sizes.recipients)
            await answers.to(town.patients(1)[0], QUESTION)  # the first takes longer, whoever answers
            await subject.owe([Planned(chat_id, now_us()) for chat_id in chats])
            began_us, asked = now_us(), list[tuple[int, float]]()
            asking = asyncio.create_task(ask(town, answers, asked, self.sizes.ask_every_s))
            first_us, last_us = await through(town, chats)
            asking.cancel()
            replies = [took_ms for at_us, took_ms in asked if at_us <= last_us]
            arrived, flagged = town.arrivals(chats), await subject.flagged()
            pace_us = [call.at_us for call in town.world.calls if call.method == "sendMessage"]
            if isinstance(subject, Announcing):
                pace_us = [grant.at_us for grant in subject.fleet.grants()]
                if left_out := subject.left_out():
                    self.problems.append(f"{name}: {left_out} of {len(chats)} were left out")
            refused = sum((call.error or "").startswith(TOO_MANY) for call in town.world.refused)
        lead_s, took_s = (first_us - began_us) / SECOND_US, (last_us - began_us) / SECOND_US
        per_chat_s = (took_s - lead_s) / max(1, len(arrived) - 1)
        self.note(
            name,
            {
                "recipients": len(chats),
                "send_s": took_s,
                "send_3000_s": took_s if len(chats) == MANY else lead_s + MANY * per_chat_s,
                "send_100k_min": (lead_s + 100_000 * per_chat_s) / 60,
                "max_in_any_second": max_in_any_second(pace_us),
                "too_many": refused,
                "never_arrived": sum(chat not in arrived and chat not in flagged for chat in chats),
                "asked": len(replies),
                "reply_p50_ms": percentile(replies, 0.5),
                "reply_p99_ms": percentile(replies, 0.99),
            },
        )

    async def kills(self, name: str) -> None:
        """Kills in the middle of it; the same for everybody."""
        for patience in PATIENCE:
            with suppress(TooSlow):
                async with open_town(LATENCY_S, Limits()) as town, self._subject(name, town) as subject:
                    found = await killed(subject, town, self.sizes.ordeal, seed=1, patience=patience)
                    return self._note_kills(name, found)
        raise TooSlow("this machine is too busy")

    def _note_kills(self, name: str, found: Killed) -> None:
        self.note(
            name,
            {
                "kill_recipients": found.owed,
                "kills": len(found.kills_us),
                "lost": found.lost,
                "doubled": found.doubled,
                "unknown_flagged": found.unknown,
            },
        )

    async def pausing(self, name: str) -> None:
        """A pause in the middle of it."""
        async with open_town(LATENCY_S, Limits()) as town:
            with self.place() as folder:
                ours = self._ours(town, self.database(name, folder), folder)
                try:
                    await ours.start()
                    chats = town.patients(self.sizes.paused)
                    await ours.owe([Planned(chat_id, now_us()) for chat_id in chats])
                    while len(town.arrivals(chats)) < len(chats) // 3:
                        await asyncio.sleep(LOOK_S)
                    await ours.pause()
                    before = len(town.arrivals(chats))
                    await asyncio.sleep(AFTER_S)
                    more = len(town.arrivals(chats)) - before
                    await ours.resume()
                    await through(town, chats)
                    missing = len(chats) - len(town.arrivals(chats))
                finally:
                    await ours.close()
        self.note(name, {"pause_more": more, "resume_missing": missing})

    async def large(self, name: str) -> None:
        """Very many: what counting, freezing and the report take, and what a worker holds while it sends."""
        async with open_town(LATENCY_S) as town:
            with self.place() as folder:
                url = self.database(name, folder)
                count = self.sizes.large
                found = await large(url, town.world.bot_user.user_id, self.content_dir, count)
                town.patients(count)
                ours = self._ours(town, url, folder)
                ours.broadcast_id = found.broadcast_id
                try:
                    await ours.start()
                    idle_mb = await held_mb(ours)
                    most_mb = await self._most_mb(ours)
                finally:
                    await ours.close()
        per_100k = 100_000 / count
        self.note(
            name,
            {
                "large": count,
                "count_100k_ms": found.count_ms * per_100k,
                "freeze_100k_s": found.freeze_s * per_100k,
                "freeze_chunk_ms": found.freeze_chunk_ms,
                "report_100k_s": found.report_s * per_100k,
                "report_100k_mb": found.report_mb,
                "rss_idle_mb": idle_mb,
                "rss_over_idle_mb": max(0.0, most_mb - idle_mb),
            },
        )

    async def _most_mb(self, ours: Announcing) -> float:
        """The most a worker holds from the confirmation until it has sent for a while."""
        await ours.confirm()
        most_mb, until_us = 0.0, 0
        while not until_us or now_us() < until_us:
            most_mb = max(most_mb, resident_mb(ours.fleet.alive[0].process.pid))
            if not until_us and await ours.is_frozen():
                until_us = now_us() + round(self.sizes.large_s * SECOND_US)
            await asyncio.sleep(LOOK_S)
        return most_mb

    async def virtual(self) -> None:
        """The whole of it in virtual time; on a file in memory where there is room, as no disk is measured."""
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with TemporaryDirectory(prefix="aftercare-bench-", dir=memory) as folder:
            content_dir = content_with_plan(Path(folder))
            found = await virtual(self.database("_sqlite", Path(folder)), content_dir, self.sizes.virtual)
        self.note("_sqlite", {f"virtual_{key}": value for key, value in vars(found).items()})


async def ask(town: Town, answers: Answers, found: list[tuple[int, float]], every_s: float) -> None:
    """Questions of patients, one after the other, without end: when each was asked, and the milliseconds to its answer,
    or as long as we waited."""
    while True:
        (chat_id,), asked_us = town.patients(1), now_us()
        try:
            found.append((asked_us, await answers.to(chat_id, QUESTION)))
        except TimeoutError:
            found.append((asked_us, PATIENCE_S * 1000))
        await asyncio.sleep(every_s)


async def through(town: Town, chats: Sequence[int]) -> tuple[int, int]:
    """Wait until each has a copy, or nothing more comes. When the first and the last one arrived."""
    seen, since_us = -1, now_us()
    while seen < len(chats) and now_us() - since_us < STILL_S * SECOND_US:
        await asyncio.sleep(5 * LOOK_S)
        if (arrived := len(town.arrivals(chats))) != seen:
            seen, since_us = arrived, now_us()
    times_us = [at_us for of_chat in town.arrivals(chats).values() for at_us in of_chat] or [now_us()]
    return min(times_us), max(times_us)
