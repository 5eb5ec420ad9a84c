"""Enrolling everybody on a long appointment list: `python -m benchmarks._check_in_enrol URL BOT_ID CONTENT COUNT`.

In a process of its own, so that what it holds in memory is what enrolling takes.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from benchmarks._check_in_rows import LONDON, Treated, add_patients, enrol, planner
from benchmarks._machine import resident_mb
from benchmarks._peers import ROOT
from bot.clock import MINUTE_US, SystemClock, to_us
from bot.delivery.limiter import BOT_INTERVAL_US
from bot.model import BotId
from bot.services.enrolment_list import MAX_ROWS
from bot.store import accounts, schema
from bot.store.engine import open_store
from bot.store.tables import due

A_DAY = 10_000
"""Treatments on the list: of a group of clinics, and for ten days."""
SLOTS_A_DAY = 8 * 12
"""Of five minutes, from nine to five."""
CHUNK = MAX_ROWS
"""Enrolments of one transaction: the longest list that is taken at once."""


@dataclass(frozen=True)
class Enrolled:
    """What it took."""

    seconds: float
    slots: int
    """Distinct treatment times."""
    due_rows: int
    rss_mb: float
    """The most it held beyond what it held before."""


def appointments(count: int, now: datetime) -> Iterator[Treated]:
    """A list of the next days, by time, for patients 1 to `count`."""
    days = max(1, count // A_DAY)
    midnight = now.astimezone(ZoneInfo(LONDON)).replace(hour=0, minute=0, second=0, microsecond=0)
    mornings = [to_us(midnight + timedelta(days=day, hours=9)) for day in range(1, days + 1)]
    for number in range(count):
        day, slot = divmod(number * days * SLOTS_A_DAY // count, SLOTS_A_DAY)
        yield Treated(number + 1, number + 1, mornings[day] + slot * 5 * MINUTE_US)


async def enrol_all(url: str, bot_id: BotId, content_dir: Path, count: int) -> Enrolled:
    """Make the patients, and measure enrolling them."""
    await schema.upgrade(url)
    clock = SystemClock()
    async with open_store(url, clock) as store:
        async with store.write() as tx:
            await accounts.ensure_bot(store, tx, bot_id, None, BOT_INTERVAL_US)
            wanted = appointments(count, clock.now())
            while chunk := list(islice(wanted, CHUNK)):
                await add_patients(tx, bot_id, chunk, clock.now_us())
        plans = planner(store, clock, bot_id, content_dir)
        wanted = appointments(count, clock.now())
        slots: set[int] = set()
        before_mb, began = resident_mb(), time.perf_counter()
        while chunk := list(islice(wanted, CHUNK)):
            async with store.write() as tx:
                await enrol(tx, plans, chunk)
            slots.update(one.at_us for one in chunk)
        took_s = time.perf_counter() - began
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        async with store.read() as tx:
            rows = int((await tx.execute(sa.select(sa.func.count()).select_from(due))).scalar_one())
    return Enrolled(took_s, len(slots), rows, max(0.0, peak_mb - before_mb))


async def enrolled(url: str, bot_id: int, content_dir: Path, count: int) -> Enrolled:
    """The same in a fresh process. Raises RuntimeError when it ends badly."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._check_in_enrol", url, str(bot_id), str(content_dir), str(count)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"enrolling ended with {process.returncode}")
    return Enrolled(**json.loads(said))


if __name__ == "__main__":
    url, bot_id, content, count = sys.argv[1:]
    print(json.dumps(vars(asyncio.run(enrol_all(url, BotId(int(bot_id)), Path(content), int(count))))))
