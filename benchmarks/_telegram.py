"""The local Telegram of a benchmark: served on a loopback socket by the benchmark's own process, limits off.

It notes when each message arrives, and answers after `LATENCY_S`, as the real one takes its time.
"""

import gc
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.clock import SECOND_US, SystemClock
from bot.simulator.faults import delay
from bot.simulator.limits import Limits
from bot.simulator.people import Person
from bot.simulator.transport import serving
from bot.simulator.world import World

LATENCY_S = 0.03
"""Between a message's arrival and the answer. Telegram's own, from a good line, is 30 to 100 ms."""
FIRST_PATIENT = 1_000
OWNER_ID = 700


def now_us() -> int:
    """Machine time in UTC microseconds."""
    return time.time_ns() // 1000


@dataclass
class Town:
    """A world on a socket, and who lives there."""

    world: World
    url: str
    _next_id: int = FIRST_PATIENT
    _people: dict[int, Person] = field(default_factory=dict)

    def patients(self, count: int) -> list[int]:
        """New patients, by chat id: they have started the bot, and it has nothing to read yet."""
        ids = list(range(self._next_id, self._next_id + count))
        self._next_id += count
        for chat_id in ids:
            self._people[chat_id] = self.world.add_user(chat_id, "Patient")
            self.world.chats[chat_id].started = True
        return ids

    def patient(self, chat_id: int) -> Person:
        """One of them."""
        return self._people[chat_id]

    def arrivals(self, chats: Iterable[int] | None = None) -> dict[int, list[int]]:
        """When messages reached each chat (machine time, in order); of these chats or all."""
        wanted = None if chats is None else set(chats)
        found: dict[int, list[int]] = {}
        for call in self.world.calls:
            chat_id = call.chat_id
            if call.method == "sendMessage" and chat_id is not None and (wanted is None or chat_id in wanted):
                found.setdefault(chat_id, []).append(call.at_us)
        return found


@asynccontextmanager
async def open_town(latency_s: float = LATENCY_S, limits: Limits | None = None) -> AsyncIterator[Town]:
    """A fresh world. Without `limits` none is enforced, so that everybody shows what they would do by themselves."""
    # A round of the collector would stop this Telegram for a tenth of a second, and everybody's calls come in a bunch.
    gc.disable()
    world = World(SystemClock(), limits=limits)
    world.add_user(OWNER_ID, "Owner")
    world.chats[OWNER_ID].started = True
    if latency_s:
        world.faults.add(delay(latency_s, acted=True), method="sendMessage", times=None)
    try:
        async with serving(world) as url:
            yield Town(world, url)
    finally:
        await world.aclose()
        gc.collect()


def evenly(start_us: int, per_second: float, count: int) -> list[int]:
    """Planned times, evenly spaced: random ones would queue behind each other whoever sends them."""
    return [start_us + round(number * SECOND_US / per_second) for number in range(count)]
