"""The demonstration's clock, on the real bot in real time."""

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.clock import SECOND_US
from bot.simulator.demo import open_demo
from tests.waiting import until

LONDON = ZoneInfo("Europe/London")
MORNING_LINE = wall_time(8, 30)
GREETINGS = 2
"""To the group and to its owner, as the demonstration begins."""


@pytest.mark.parametrize("start", [wall_time(8, 31), wall_time(23, 55)], ids=str)
async def test_the_next_message_is_one_that_somebody_gets(start: wall_time, tmp_path: Path) -> None:
    """At 09:00 the list of open alerts would come; as there is none, nothing is said before the next morning."""
    now = datetime.now(UTC)
    begin = datetime.combine(now.astimezone(LONDON).date() + timedelta(days=1), start, LONDON)
    ahead_us = round((begin - now).total_seconds()) * SECOND_US
    async with (
        open_demo(0, tmp_path, Path("faq"), offset_us=ahead_us) as address,
        httpx.AsyncClient(base_url=address) as page,
    ):
        await until(lambda: sent(tmp_path / "demo.db") == GREETINGS)
        told = (await page.post("/time", json={"to": "next"})).json()
    assert told["moved"]
    reached = datetime.fromisoformat(told["now"]).astimezone(LONDON)
    assert reached.date() == begin.date() + timedelta(days=1)
    assert timedelta(0) <= reached - datetime.combine(reached.date(), MORNING_LINE, LONDON) < timedelta(minutes=1)


def sent(database: Path) -> int:
    """How many messages have gone out."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        count: int = db.execute("SELECT count(*) FROM message WHERE state = 'sent'").fetchone()[0]
    return count
