"""A large announcement from its confirmation to its report, all of the bot in one process, in virtual time."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks._broadcast_rows import AUTHOR, add_draft, add_recipients
from bot.announcement import State
from bot.clock import MINUTE_US, ManualClock
from bot.services.broadcasts import Broadcasts
from bot.simulator.house import House, make_cast, open_house
from bot.store import broadcasts

MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
"""A Monday; London is on UTC, and 100,000 copies are through before six in the evening."""
STEP = timedelta(milliseconds=36)
"""As long as the bot's rate takes for one message."""
LOOK, LAST = 100, 600
"""Turns between two looks whether it has ended, and those after that, for the last card and the report."""
FIRST_CHAT = 10_000


@dataclass(frozen=True)
class Virtual:
    """What came of it."""

    recipients: int
    min: float
    missing: int
    doubled: int
    longest_step_ms: float
    """Machine time of one step of its timer, or of another timer meanwhile."""


async def virtual(url: str, content_dir: Path, count: int) -> Virtual:
    """Announce something to `count` patients of the clinic's own content."""
    clock = ManualClock(MORNING)
    cast = make_cast(clock)
    try:
        async with open_house(cast, url, content_dir, clock) as house:
            await house.settle()
            chats = range(FIRST_CHAT, FIRST_CHAT + count)
            for chat_id in chats:
                house.world.add_user(chat_id, "Patient")
                house.world.chats[chat_id].started = True
            await add_recipients(house.app.post, chats)
            broadcast_id = await add_draft(house.app.post)
            began_us = clock.now_us()
            async with house.app.store.write() as tx:
                await Broadcasts(house.app.post).confirm(tx, AUTHOR, broadcast_id)
            longest_ms = await _send(house, broadcast_id)
            arrived = Counter(call.chat_id for call in cast.world.calls if call.method == "sendMessage")
            copies = [arrived[chat_id] for chat_id in chats]
            took_min = (await _ended_us(house, broadcast_id) - began_us) / MINUTE_US
            return Virtual(count, took_min, copies.count(0), sum(max(0, one - 1) for one in copies), longest_ms)
    finally:
        await cast.world.aclose()


async def _send(house: House, broadcast_id: int) -> float:
    """Run timers and send as fast as the limit allows, to the end and its report. The longest timer, milliseconds."""
    outbox, longest_ms, turns = house.app.outbox, 0.0, 0
    until: int | None = None
    while turns != until:
        began = time.perf_counter()
        await house.app.ticks.run_next()
        longest_ms = max(longest_ms, (time.perf_counter() - began) * 1000)
        outbox.launch(await outbox.turn())
        await outbox.landed()
        house.clock.tick(STEP)
        turns += 1
        if until is None and turns % LOOK == 0 and await _ended_us(house, broadcast_id):
            until = turns + LAST
    return longest_ms


async def _ended_us(house: House, broadcast_id: int) -> int:
    """When it ended; 0: not yet."""
    async with house.app.store.read() as tx:
        row = await broadcasts.get(tx, house.app.settings.bot_id, broadcast_id)
    assert row is not None
    return int(row["ended_us"]) if row["state"] == State.DONE else 0
