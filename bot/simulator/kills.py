"""Killing the bot again and again while a clinic's day goes on, and counting what came of it.

    verdict = await trial(database_url, folder, content_dir, Plan(kills=50, workers=3, webhook=True))
    assert verdict.problems == ()

The local Telegram, its people and the judging are in this process; the bot's workers are processes of their own. They
are killed (SIGKILL) at chosen writes (`orders.Point`) and at random moments, and started again each time.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import sqlalchemy as sa

from bot.clock import SystemClock
from bot.model import BotId, DueState, InboxState, MessageState
from bot.simulator import faults
from bot.simulator.fleet import Fleet
from bot.simulator.ledger import Ledger
from bot.simulator.limits import Limits
from bot.simulator.orders import CHECK_IN, Break, Point, When
from bot.simulator.promises import Evidence
from bot.simulator.spread import Spread
from bot.simulator.town import OWNER_ID, Town
from bot.simulator.traffic import Traffic
from bot.simulator.transport import serving
from bot.simulator.verdict import Verdict, judge
from bot.simulator.world import World
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.tables import due, inbox, message

KILLED = -9
LOOK_S = 0.25
WEBHOOK_URL = "http://127.0.0.1:8443"
"""Nobody listens there: what is posted to it goes to a worker (`Spread`)."""
FORESEEN = frozenset({"send_lost"})
"""Errors that a kill may lead to: a message to staff was hit twice, and owners are told."""
_ERROR = re.compile(r" ERROR \S+ (\w+)|^(Traceback)", re.MULTILINE)
HIT_S = 12.0
"""A worker that has not reached its chosen write by then is killed where it is."""
REACH: dict[Point, int] = {
    Point.COMMIT: 60,
    Point.SAVE: 6,
    Point.HANDLE: 24,
    Point.TICK: 4,
    Point.TURN: 40,
    Point.RECOVER: 1,
    Point.SEND: 20,
}
"""The latest event of each point to die at: a few seconds of a worker's life."""
YOUNG_S, OLD_S = 2.0, 3.0
"""The latest random deaths: of a worker that is starting, and of one that is ready."""


@dataclass(frozen=True)
class Plan:
    """What a trial does. `seed` fixes what the harness chooses, not how the processes run."""

    kills: int
    workers: int = 1
    seed: int = 0
    deaths: tuple[str, ...] = ()
    """`WORKER_DIE` of the first workers; the rest is drawn, every third at a random moment."""
    webhook: bool = False
    """Telegram posts to a random living worker, instead of being polled."""
    lease_s: float | None = None
    """Shorter leases and a group that takes more, for a trial in a hurry; None: the bot's own."""
    broken: Break | None = None
    """A promise the workers break."""
    drain_s: float = 60
    """How long nothing need arrive, once the kills are over, until what is still owed counts as lost."""


@dataclass(frozen=True)
class Death:
    """How one worker goes: at a write (`WORKER_DIE`), `young_s` after its launch, or `after_s` after it was ready."""

    at: str = ""
    young_s: float | None = None
    after_s: float = HIT_S


async def trial(database_url: str, folder: Path, content_dir: Path, plan: Plan) -> Verdict:
    """Run `plan` on an empty database (SQLite: one worker); logs and traces stay in `folder`."""
    await schema.upgrade(database_url)
    async with _stage(database_url, folder, content_dir, plan) as stage:
        await stage.run()
        return await judge(stage.store, stage.evidence(), stage.troubles())


@dataclass
class _Stage:
    """Everything of one trial."""

    plan: Plan
    world: World
    ledger: Ledger
    fleet: Fleet
    store: Store
    traffic: Traffic
    chance: random.Random
    offset_us: int
    in_doubt: list[int] = field(default_factory=list)
    _ended_badly: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Kills and traffic side by side, then quiet, then a polite stop of all."""
        deaths = self._deaths()
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.traffic.run(over))
            async with asyncio.TaskGroup() as slots:
                for _ in range(self.plan.workers):
                    slots.create_task(self._slot(deaths))
            over.set()
        await self._drain()
        for ended in await self.fleet.stop_all():
            if ended.code != 0:
                self._ended_badly.append(f"a worker that was asked to stop ended with {ended.code}")

    def evidence(self) -> Evidence:
        """What was seen, once everything has stopped."""
        return Evidence(
            ledger=self.ledger,
            update_ids=[update.update_id for update in self.world.updates.log],
            deeds=self.traffic.deeds,
            check_ins=self.traffic.check_ins,
            grants=self.fleet.grants(),
            offset_us=self.offset_us,
            kills=sum(worker.process.returncode == KILLED for worker in self.fleet.workers),
            in_doubt=self.in_doubt,
        )

    def troubles(self) -> list[str]:
        """Workers that ended otherwise than they were made to, and what workers logged as errors."""
        errors: Counter[str] = Counter()
        for worker in self.fleet.workers:
            errors.update(event or crash for event, crash in _ERROR.findall(worker.log))
        lines = [f"logged {event} {count} times" for event, count in errors.items() if event not in FORESEEN]
        return [*self._ended_badly, *lines]

    def _deaths(self) -> list[Death]:
        """The ways to go, last one first: at each point in turn, every third at random, some while starting."""
        writes = [(point, when) for point in REACH for when in When]
        drawn = [Death(at) for at in self.plan.deaths]
        for number in range(len(drawn), self.plan.kills):
            point, when = writes[number * 5 % len(writes)]
            if number % 12 == 2:
                drawn.append(Death(young_s=self.chance.uniform(0, YOUNG_S)))
            elif number % 3 == 2:
                drawn.append(Death(after_s=self.chance.uniform(0, OLD_S)))
            else:
                drawn.append(Death(f"{point}:{self.chance.randint(1, REACH[point])}:{when}"))
        return drawn[::-1]

    async def _slot(self, deaths: list[Death]) -> None:
        """One place in the fleet: workers come and go, and the last one stays."""
        while deaths:
            death = deaths.pop()
            worker = await self.fleet.launch(WORKER_DIE=death.at)
            with suppress(TimeoutError):  # it did not end by itself, and was killed
                if death.young_s is not None:
                    await worker.ended(death.young_s)
                elif await worker.gets_ready():
                    await worker.ended(death.after_s)
            if worker.process.returncode != KILLED:
                self._ended_badly.append(f"worker {worker.number} ended with {worker.process.returncode}")
            self.in_doubt.append(await self._on_the_wire())
        await self.fleet.start()

    async def _on_the_wire(self) -> int:
        """The most rows that one worker, dead or alive, has in `sending`."""
        statement = sa.select(sa.func.count()).where(message.c.state == MessageState.SENDING).group_by(message.c.owner)
        async with self.store.read() as tx:
            return max(await tx.scalars(statement), default=0)

    async def _drain(self) -> None:
        """Wait until nothing is owed any more; what is still owed `drain_s` after it last became less is for the judge.

        A group takes twenty messages a minute: the notices of two hundred kills are owed for a quarter of an hour.
        """
        least, until = await self._owed(), self.traffic.clock.monotonic() + self.plan.drain_s
        while least and self.traffic.clock.monotonic() < until:
            await asyncio.sleep(LOOK_S)
            if (owed := await self._owed()) < least:
                least, until = owed, self.traffic.clock.monotonic() + self.plan.drain_s

    async def _owed(self) -> int:
        waiting = (
            sa.select(inbox.c.id).where(inbox.c.state == InboxState.NEW),
            sa.select(due.c.id).where(due.c.kind == CHECK_IN, due.c.state == DueState.WAITING),
            sa.select(message.c.id).where(message.c.state.in_([MessageState.PENDING, MessageState.SENDING])),
        )
        async with self.store.read() as tx:
            counts = [await tx.scalar(sa.select(sa.func.count()).select_from(each.subquery())) for each in waiting]
        return len(self.world.updates.pending) + sum(count or 0 for count in counts)


@asynccontextmanager
async def _stage(database_url: str, folder: Path, content_dir: Path, plan: Plan) -> AsyncIterator[_Stage]:
    chance = random.Random(plan.seed)
    offset_us = _until_midday_us()
    clock = SystemClock(offset_us)
    spread = Spread(chance)
    async with httpx.AsyncClient(transport=spread) as http, open_store(database_url, clock) as store:
        limits = Limits() if plan.lease_s is None else Limits(group_per_minute=300)
        world = World(clock, limits=limits, http=http, seed=plan.seed)
        for seconds, acted in ((0.02, False), (0.06, True), (0.1, False)):
            world.faults.add(faults.delay(seconds, acted=acted), method="sendMessage", times=None, probability=0.2)
        ledger, town = Ledger(world), Town(world)
        async with serving(ledger) as url:
            env = {
                "STAFF_CHAT_ID": str(town.group.chat_id),
                "OWNER_IDS": str(OWNER_ID),
                "WORKER_OFFSET_US": str(offset_us),
            }
            fleet = Fleet(url, world.token, database_url, folder, content_dir, env=env | _settings(plan))
            spread.fleet = fleet
            traffic = Traffic(town, store, clock, BotId(world.bot_user.user_id), chance)
            try:
                yield _Stage(plan, world, ledger, fleet, store, traffic, chance, offset_us)
            finally:
                await fleet.kill_all()
                await world.aclose()  # before the server stops: it would wait for the last long poll


def _settings(plan: Plan) -> dict[str, str]:
    given = {
        "WEBHOOK_URL": WEBHOOK_URL if plan.webhook else None,
        "WEBHOOK_SECRET": "of-the-trial" if plan.webhook else None,
        "WORKER_LEASE_S": plan.lease_s,
        "WORKER_BREAK": plan.broken,
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def _until_midday_us() -> int:
    """From now to noon on the next Wednesday, in microseconds: no quiet hours, and no midnight during the trial."""
    now = datetime.now(UTC)
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=(2 - now.weekday()) % 7 or 7)
    return (noon - now) // timedelta(microseconds=1)
