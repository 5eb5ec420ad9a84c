"""The parts of `sending.py`: each measures a few figures, of all subjects in turn, and notes them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import _answers
from benchmarks._figures import Figures, percentile
from benchmarks._loads import Killed, Steady, TooSlow, killed, steady
from benchmarks._machine import say
from benchmarks._measures import MEASURES
from benchmarks._million import SPARE, Crowd, look
from benchmarks._ours import Ours
from benchmarks._peers import ROOT, JobQueue, Loop, Program, Subject
from benchmarks._places import Places
from benchmarks._sizes import Sizes
from benchmarks._telegram import LATENCY_S, Town, open_town
from bot.simulator.cluster import Cluster
from bot.simulator.fleet import max_in_any_second
from bot.simulator.kills import Plan, trial

SETTLE_S = 3.5
"""Between a start and a load, where several start at the same time."""
PATIENCE = (1, 2, 4, 8)
"""How many times its own guess a subject gets to take note of what it owes."""


@dataclass
class Trial(Places):
    """One run of the benchmark. `cluster`: None without PostgreSQL."""

    sizes: Sizes
    folder: Path
    cluster: Cluster | None
    figures: Figures = field(default_factory=lambda: Figures(MEASURES))
    steadies: dict[str, list[Steady]] = field(default_factory=dict)
    ordeals: dict[str, Killed] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    """What the kill harness found."""

    # --- who --------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def subject(self, name: str, town: Town, env: dict[str, str] | None = None) -> AsyncIterator[Subject]:
        """One of ours (by suffix) or a peer (by prefix), on an empty database; ended at the end."""
        with self.place() as folder:
            made: Subject
            if name == "loop_":
                made = Loop(town, folder)
            elif name.startswith("jobqueue"):
                url = self.job_store(folder)
                made = JobQueue(town, folder, url, "default" if "default" in name else "none")
            else:
                made = Ours(town, folder, self.database(name, folder), workers=4 if name.endswith("_4") else 1)
                made.fleet.env |= env or {}
            try:
                yield made
            finally:
                await made.close()

    @asynccontextmanager
    async def _ours(self, suffix: str, *, webhook: bool = False, latency_s: float = LATENCY_S) -> AsyncIterator[Ours]:
        """One of our workers, started on an empty database, in a town of its own; ended at the end."""
        async with open_town(latency_s) as town:
            with self.place() as folder:
                ours = Ours(town, folder, self.database(suffix, folder), webhook=webhook)
                try:
                    await ours.start()
                    yield ours
                finally:
                    await ours.close()

    # --- parts ------------------------------------------------------------------------------------------------------

    async def sending(self, number: int) -> None:
        """Lateness and backlog, of everybody in turn; who begins changes from round to round."""
        names = self.sizes.senders
        if self.sizes.side_by_side:
            await asyncio.gather(*(_patiently(partial(self._steady, name)) for name in names))
            return
        for name in names[number % len(names) :] + names[: number % len(names)]:
            await _patiently(partial(self._steady, name))

    async def _steady(self, name: str, patience: float) -> None:
        async with open_town() as town, self.subject(name, town) as subject:
            sizes = self.sizes
            lead_s = SETTLE_S if sizes.side_by_side else 0
            found = await steady(
                subject, town, late_s=sizes.late_s, backlog_s=sizes.backlog_s, lead_s=lead_s, patience=patience
            )
            self.steadies.setdefault(name, []).append(found)
            self.note(
                name,
                {
                    "limit_used_pct": found.used_pct,
                    "lateness_p50_ms": percentile(found.lateness_ms, 0.5),
                    "lateness_p99_ms": percentile(found.lateness_ms, 0.99),
                    "max_in_any_second": _pace(subject, found.arrivals_us),
                },
            )

    async def kills_of_all(self) -> None:
        """The same ordeal for everybody, at the same time: what is counted does not depend on speed."""
        names = self.sizes.sufferers
        await asyncio.gather(*(_patiently(partial(self._ordeal, name)) for name in names))

    async def _ordeal(self, name: str, patience: float) -> None:
        env = {"WORKER_LEASE_S": str(self.sizes.lease_s)} if self.sizes.lease_s else {}
        async with open_town() as town, self.subject(name, town, env) as subject:
            found = await killed(subject, town, self.sizes.ordeal, seed=1, patience=patience)
            self.ordeals[name] = found
            values = {
                "lost": found.lost,
                "doubled": found.doubled,
                "unknown_flagged": found.unknown,
                "resent": found.resent,
                "kills": len(found.kills_us),
                "owed_under_kills": found.owed,
                "max_in_any_second": _pace(subject, found.arrivals_us),
            }
            self.note(name, values | {f"ordeal_{key}": values[key] for key in ("lost", "doubled", "kills")})
            self.note(name, {"ordeal_owed": found.owed, "ordeal_flagged": found.unknown + found.resent})

    async def kill_harness(self, kills: int) -> None:
        """A clinic's day under so many kills a store, at random and at chosen writes (`bot/simulator/kills.py`)."""
        for name, plan in {
            "_sqlite": Plan(kills, seed=kills),
            "_postgres_4": Plan(kills, workers=4, seed=kills, webhook=True, lease_s=self.sizes.lease_s),
        }.items():
            if self.cluster is None and name != "_sqlite":
                continue
            with self.place() as folder:
                verdict = await trial(self.database(name, folder), folder, ROOT / "faq", plan)
            self.problems += verdict.problems
            counts = {key: value for key, value in vars(verdict).items() if key in MEASURES}
            self.note(name, {**counts, "owed_under_kills": verdict.messages})

    async def answering(self) -> None:
        """Replies, emergencies, webhooks."""
        sizes = self.sizes
        for name in sizes.answering:
            async with self._ours(name) as ours:
                self.note(name, _spread("reply", await _answers.replies(ours, sizes.replies)))
                urgent = await _answers.emergencies(ours, sizes.emergencies, sizes.ahead)
                self.note(name, {"emergency_ms": percentile(urgent, 0.5), "emergency_worst_ms": max(urgent)})
                self.note(name, {"due_ahead": sizes.ahead})
            async with self._ours(name, webhook=True) as ours:
                self.note(name, _spread("reply_webhook", await _answers.replies(ours, sizes.replies)))
                self.note(name, _spread("webhook_200", await _answers.webhook_posts(ours, sizes.posts)))

    async def updates(self) -> None:
        """The echo bot and ours on the same updates, one after the other, at a Telegram that answers at once."""
        count = self.sizes.updates
        async with open_town(latency_s=0) as town:
            with self.place() as folder:
                echo = Program(("echo", town.url, town.world.token), folder / "echo.log")
                try:
                    theirs = await _answers.echo_updates(echo, town, count)
                finally:
                    await echo.kill()
        self.note("ptb_echo_", {"updates_per_s": theirs})
        for name in self.sizes.answering:
            async with self._ours(name, latency_s=0) as ours:
                mine = await _answers.our_updates(ours, count)
            self.note(name, {"updates_at_once": count, "updates_per_s": mine, "updates_ratio": mine / theirs})

    async def million(self) -> None:
        """A large future, on both stores."""
        for name in self.sizes.stores:
            with self.place() as folder:
                await self._million(name, folder)

    async def _million(self, name: str, folder: Path) -> None:
        sizes = self.sizes
        crowd = Crowd(self.database(name, folder))
        await crowd.prepare()
        crowd.fall_due(sizes.looks * SPARE)
        small = [await look(crowd.url, sizes.claims) for _ in range(sizes.looks)]
        crowd.grow(sizes.future)
        self.note(name, {"pending_rows": sizes.future})
        for before in small:
            crowd.fall_due(SPARE)
            now = await look(crowd.url, sizes.claims)
            self.note(
                name,
                {
                    "pending_1m_rss_mb": now.rss_mb - before.rss_mb,
                    "first_claim_ms": now.first_claim_ms,
                    "claim_p50_ms": percentile(now.claims_ms, 0.5),
                    "claim_p99_ms": percentile(now.claims_ms, 0.99),
                    "timer_p99_ms": percentile(now.timers_ms, 0.99),
                },
            )
        crowd.fall_due(sizes.due)
        self.note(name, {"due_rows": sizes.due})
        if not crowd.is_sqlite:
            found = await look(crowd.url, sizes.claims)
            self.note(name, {"claim_p99_100k_unanalysed_ms": percentile(found.claims_ms, 0.99)})
            crowd.analyse()
        for _ in small:
            found = await look(crowd.url, sizes.claims)
            self.note(name, {"claim_p99_100k_due_ms": percentile(found.claims_ms, 0.99)})
        crowd.close()


async def _patiently(work: Callable[[float], Awaitable[None]]) -> None:
    """A machine that is busy with something else for a moment must not end a long run. Raises TooSlow in the end."""
    for patience in PATIENCE:
        try:
            return await work(patience)
        except TooSlow as slow:
            say(f"once more: {slow}")
    raise TooSlow("this machine is too busy")


def _pace(subject: Subject, arrivals_us: list[int]) -> int:
    """Most in any second: of what ours grant, as the limit is meant; of the others only arrivals can be seen."""
    times_us = [grant.at_us for grant in subject.fleet.grants()] if isinstance(subject, Ours) else arrivals_us
    return max_in_any_second(times_us)


def _spread(key: str, times_ms: list[float]) -> dict[str, float]:
    return {f"{key}_p50_ms": percentile(times_ms, 0.5), f"{key}_p99_ms": percentile(times_ms, 0.99)}
