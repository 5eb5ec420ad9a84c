"""An announcement to very many: `python -m benchmarks._broadcast_large URL BOT_ID CONTENT COUNT`.

In a process of its own, so that what it holds in memory is what the work takes. It leaves the database with the
recipients, and a draft of another announcement to them.
"""

import asyncio
import json
import sys
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

from benchmarks._broadcast_rows import TEXT, add_draft, add_recipients, post_on
from benchmarks._peers import ROOT
from benchmarks._telegram import FIRST_PATIENT
from bot.clock import SystemClock
from bot.delivery.limiter import BOT_INTERVAL_US
from bot.model import BotId, ChatId, Kind, MessageState, Outgoing, Payload
from bot.services import broadcast_file
from bot.services.broadcasts import FREEZE, Broadcasts
from bot.services.post import Post
from bot.store import accounts, broadcasts, messages, recipients, schema
from bot.store.engine import open_store
from bot.store.tables import message

FEED = 2_000


@dataclass(frozen=True)
class Large:
    """What it took. `broadcast_id`: the draft."""

    count_ms: float
    freeze_s: float
    freeze_chunk_ms: float
    report_s: float
    report_mb: float
    broadcast_id: int


async def measure(url: str, bot_id: BotId, content_dir: Path, count: int) -> Large:
    """Make the patients, and measure what an announcement to all of them takes apart from sending."""
    await schema.upgrade(url)
    clock = SystemClock()
    async with open_store(url, clock) as store:
        async with store.write() as tx:
            await accounts.ensure_bot(store, tx, bot_id, None, BOT_INTERVAL_US)
        post = post_on(store, clock, bot_id, content_dir)
        await add_recipients(post, range(FIRST_PATIENT, FIRST_PATIENT + count))
        if store.is_shared:
            async with store.write() as tx:
                await tx.exec_driver_sql("ANALYZE")  # what PostgreSQL does by itself within a minute
        first = await add_draft(post)
        count_ms = await _count(post, first, count)
        chunks_s = await _freeze(post, first)
        report_s, report_mb = await _report(post, first)
        await _forget_copies(post)
        second = await add_draft(post)
    return Large(count_ms, sum(chunks_s), 1000 * max(chunks_s), report_s, report_mb, second)


async def _count(post: Post, broadcast_id: int, expected: int) -> float:
    async with post.store.read() as tx:
        row = await broadcasts.get(tx, post.bot_id, broadcast_id)
        assert row is not None
        began = time.perf_counter()
        found = await recipients.count(tx, post.bot_id, Broadcasts(post).meant(row))
        took_ms = (time.perf_counter() - began) * 1000
    if found.get(None) != expected:
        raise RuntimeError(f"{found} of {expected} were counted")
    return took_ms


async def _freeze(post: Post, broadcast_id: int) -> list[float]:
    """Seconds of each transaction, as the engine has them."""
    took_s: list[float] = []
    after: ChatId | None = None
    while True:
        began = time.perf_counter()
        async with post.store.write() as tx:
            row = await broadcasts.get(tx, post.bot_id, broadcast_id, lock=True)
            assert row is not None
            meant = Broadcasts(post).meant(row)
            after = await recipients.freeze(post.store, tx, post.bot_id, broadcast_id, meant, after, FREEZE)
        took_s.append(time.perf_counter() - began)
        if after is None:
            return took_s


async def _report(post: Post, broadcast_id: int) -> tuple[float, float]:
    """Seconds, and the most memory it takes in MB, once a copy was sent to each."""
    now_us = post.clock.now_us()
    while True:
        async with post.store.write() as tx:
            found = await recipients.waiting(tx, post.bot_id, broadcast_id, FEED, now_us)
            outs = [_copy(broadcast_id, ChatId(to["chat_id"])) for to in found]
            await messages.enqueue_all(post.store, tx, post.bot_id, outs, now_us)
            if not found:
                break
            await recipients.set_copies(tx, broadcast_id, ChatId(found[-1]["chat_id"]))
    async with post.store.write() as tx:
        await tx.execute(message.update().values(state=MessageState.SENT, sent_us=now_us))
    async with post.store.read() as tx:
        row = await broadcasts.get(tx, post.bot_id, broadcast_id)
        assert row is not None
        began = time.perf_counter()
        await broadcast_file.draw(tx, row, post.library.served.content)
        took_s = time.perf_counter() - began
        tracemalloc.start()  # only now: it takes longer with that, and the process has held more before
        await broadcast_file.draw(tx, row, post.library.served.content)
        most_mb = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    return took_s, most_mb


def _copy(broadcast_id: int, chat_id: ChatId) -> Outgoing:
    key = recipients.copy_key(broadcast_id, chat_id)
    return Outgoing(chat_id, Kind.BROADCAST, Payload(TEXT), key, broadcast_id=broadcast_id)


async def _forget_copies(post: Post) -> None:
    """The next announcement finds nobody who got two messages today."""
    async with post.store.write() as tx:
        await tx.execute(message.update().values(sent_us=0, planned_us=0, due_us=0))


async def large(url: str, bot_id: int, content_dir: Path, count: int) -> Large:
    """The same in a fresh process. Raises RuntimeError when it ends badly."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._broadcast_large", url, str(bot_id), str(content_dir), str(count)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the process with {count} recipients ended with {process.returncode}")
    return Large(**json.loads(said))


if __name__ == "__main__":
    url, bot_id, content, count = sys.argv[1:]
    print(json.dumps(vars(asyncio.run(measure(url, BotId(int(bot_id)), Path(content), int(count))))))
