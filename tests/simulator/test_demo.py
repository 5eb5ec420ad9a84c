"""The demonstration's clock, on the real bot in real time."""

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from bot.clock import SECOND_US
from bot.simulator.demo import open_demo
from tests.waiting import until

LONDON = ZoneInfo("Europe/London")
MORNING_LINE = wall_time(8, 30)
DAYS = 2
"""With the greeting more than the group takes at once: the last one waits, in real time."""
GREETINGS = 2
"""To the group and to its owner, as the demonstration begins."""


async def test_the_next_message_is_one_that_somebody_gets(tmp_path: Path) -> None:
    """At 09:00 the list of open alerts would come; as there is none, nothing is said before the next morning."""
    now = datetime.now(UTC)
    begin = datetime.combine(now.astimezone(LONDON).date() + timedelta(days=1), wall_time(8, 31), LONDON)
    ahead_us = round((begin - now).total_seconds()) * SECOND_US
    async with (
        open_demo(0, tmp_path, Path("faq"), offset_us=ahead_us) as address,
        httpx.AsyncClient(base_url=address) as page,
    ):
        await until(lambda: sent(tmp_path / "demo.db") == GREETINGS)
        for day in range(1, DAYS + 1):
            told = (await page.post("/time", json={"to": "next"})).json()
            assert told["moved"]
            morning = datetime.combine(begin.date() + timedelta(days=day), MORNING_LINE, LONDON)
            reached = datetime.fromisoformat(told["now"])
            assert timedelta(0) <= reached - morning < timedelta(seconds=30)


def sent(database: Path) -> int:
    """How many messages have gone out."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        count: int = db.execute("SELECT count(*) FROM message WHERE state = 'sent'").fetchone()[0]
    return count
