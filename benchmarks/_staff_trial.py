"""The parts of `staff.py`: staff write in the topics of a few patients, with ours behind them or the relay bot."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from benchmarks._answers import QUESTION, Answers
from benchmarks._figures import Figures, percentile
from benchmarks._ours import Ours
from benchmarks._peers import Program
from benchmarks._places import Places
from benchmarks._staff_measures import MEASURES
from benchmarks._telegram import Town, open_town
from bot.simulator.cluster import Cluster
from bot.simulator.faults import delay
from bot.simulator.groups import Group, Member
from bot.store.tables import thread, topic

LATENCY_S = 0.05
LOOK_S = 0.1
MEMBER_ID = 701
HANDED_OVER = "do you sell gift vouchers for my aunt"
PATIENCE_S = 240.0
"""For all topics: a group takes 20 messages a minute, and each patient's topic three."""


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    stores: tuple[str, ...]
    patients: int
    relayed: int
    every_s: float
    """Between an arrival and staff's next words. A chat takes one message a second, so patients take turns."""
    patients_write_every_s: float
    side_by_side: bool = False
    """All of them at the same time, which is quicker; else each has the machine to itself."""

    def on(self, cluster: Cluster | None) -> Self:
        """The same without the store that is not there."""
        return self if cluster else replace(self, stores=("_sqlite",))


FULL = Sizes(("_sqlite", "_postgres"), patients=8, relayed=400, every_s=0.1, patients_write_every_s=0.2)
QUICK = Sizes(("_sqlite",), patients=4, relayed=30, every_s=0.25, patients_write_every_s=0.5, side_by_side=True)


@dataclass(frozen=True)
class Desk:
    """A staff group in which patients have topics."""

    town: Town
    group: Group
    member: Member
    topics: Mapping[int, int]
    """Their numbers, by the patient's chat."""
    meant: list[int] = field(default_factory=list)
    """Whom each of staff's messages was for, in the order they were written."""

    def write(self, chat_id: int) -> None:
        """Something to this patient."""
        self.member.says(_word(len(self.meant)), thread=self.topics[chat_id])
        self.meant.append(chat_id)

    def not_once(self) -> int:
        """How many of staff's messages are not on their patient's screen exactly once, or on another's."""
        shown = {chat: "\n".join(one.text for one in self.town.world.from_bot(chat)) for chat in self.topics}
        return sum(
            any(text.count(_word(number)) != (chat == meant) for chat, text in shown.items())
            for number, meant in enumerate(self.meant)
        )


@dataclass
class Trial(Places):
    """One run of the benchmark. `cluster`: None without PostgreSQL."""

    sizes: Sizes
    folder: Path
    cluster: Cluster | None
    figures: Figures = field(default_factory=lambda: Figures(MEASURES))
    problems: list[str] = field(default_factory=list)

    async def measure(self) -> None:
        """Every part of it."""
        names = (*self.sizes.stores, "copier_")
        if self.sizes.side_by_side:
            await asyncio.gather(*map(self.relaying, names))
        else:
            for name in names:
                await self.relaying(name)

    async def relaying(self, name: str) -> None:
        """Staff write, first while nobody else does, then while patients ask."""
        async with open_town(LATENCY_S) as town, self._desk(name, town) as desk:
            town.world.faults.add(delay(LATENCY_S, acted=True), method="copyMessage", times=None)
            await self._write(desk, len(desk.topics))  # the first take longer, whoever passes them on
            quiet = await self._write(desk, self.sizes.relayed)
            written = list[int]()
            asking = asyncio.create_task(self._ask(town, written))
            busy = await self._write(desk, self.sizes.relayed)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            not_once = desk.not_once()
        if not_once and name in self.sizes.stores:
            self.problems.append(f"{name}: {not_once} messages of staff did not arrive once")
        self.note(
            name,
            {
                "relayed": len(quiet),
                "relay_p50_ms": percentile(quiet, 0.5),
                "relay_p99_ms": percentile(quiet, 0.99),
                "busy_relayed": len(busy),
                "busy_written": len(written),
                "busy_p50_ms": percentile(busy, 0.5),
                "busy_p99_ms": percentile(busy, 0.99),
                "not_once": not_once,
            },
        )

    async def _write(self, desk: Desk, count: int) -> list[float]:
        """Milliseconds from each of staff's messages to its arrival."""
        answers, found = Answers(desk.town), []
        for chat_id in islice(cycle(desk.topics), count):
            found.append(await answers.after(chat_id, partial(desk.write, chat_id)))
            await asyncio.sleep(self.sizes.every_s)
        return found

    async def _ask(self, town: Town, written: list[int]) -> None:
        """Other patients ask what the bot can answer, without end."""
        while True:
            (chat_id,) = town.patients(1)
            town.patient(chat_id).says(QUESTION)
            written.append(chat_id)
            await asyncio.sleep(self.sizes.patients_write_every_s)

    # --- who passes it on -------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _desk(self, name: str, town: Town) -> AsyncIterator[Desk]:
        """One of ours (by suffix) or the relay bot, with a topic for each patient; ended at the end."""
        group = town.world.add_group("Clinic")
        member = group.add(town.world.add_user(MEMBER_ID, "Member"))
        chats = town.patients(self.sizes.patients)
        with self.place() as folder:
            if name == "copier_":
                topics = {chat_id: group.open_topic(f"P-{chat_id}", member).thread_id for chat_id in chats}
                of_patients = json.dumps({number: chat_id for chat_id, number in topics.items()})
                arguments = (town.url, town.world.token, str(group.chat_id), of_patients)
                peer = Program(arguments, folder / "relay.log", module="benchmarks._staff_peer")
                await peer.start()
                try:
                    yield Desk(town, group, member, topics)
                finally:
                    await peer.kill()
                return
            ours = Ours(town, folder, self.database(name, folder))
            ours.fleet.env["STAFF_CHAT_ID"] = str(group.chat_id)
            try:
                await ours.start()
                for chat_id in chats:
                    town.patient(chat_id).says(HANDED_OVER)
                yield Desk(town, group, member, await _topics(ours, self.sizes.patients))
            finally:
                await ours.close()


async def _topics(ours: Ours, how_many: int) -> dict[int, int]:
    """The topics that hand-overs opened, once there are so many. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_S):
        while len(found := await asyncio.to_thread(_made, ours)) < how_many:
            await asyncio.sleep(LOOK_S)
    return found


def _made(ours: Ours) -> dict[int, int]:
    of_chats = sa.select(thread.c.chat_id, topic.c.thread_id).join(topic, topic.c.id == thread.c.topic_id)
    return {row.chat_id: row.thread_id for row in ours.rows(of_chats.where(topic.c.thread_id.is_not(None)))}


def _word(number: int) -> str:
    return f"word{number:05}x"
