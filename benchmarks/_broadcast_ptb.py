"""Peers that announce, as people write them with python-telegram-bot: `python -m benchmarks._broadcast_ptb ROLE …`.

Each is an `Application` with `AIORateLimiter` that answers every text, and sends an announcement beside it:

- `loop URL TOKEN FILE`: `send_message` in a loop, over a list in a SQLite file, in which it ticks off what is sent.
- `popsave URL TOKEN FILE`: as aiogram-broadcaster does: a record of who is pending, done and failed, written anew for
  each message; it takes somebody out of the record in memory, sends, then writes.
- `jobqueue URL TOKEN DATABASE_URL`: a job of `JobQueue` for each recipient, in a SQLAlchemy job store, however late.

Each prints "ready" when it could begin, and begins at a line on stdin. JobQueue's is a list of `[chat_id, due_us]` as
JSON; it plans a job for each first, and prints "owed".
"""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telegram.error import TelegramError
from telegram.ext import AIORateLimiter, Application, ApplicationBuilder, MessageHandler, filters

from benchmarks._ptb import JobStore, answer, ready, send_due

TEXT = "We are closed on Friday."
App = Application[Any, Any, Any, Any, Any, Any]


def make(url: str, token: str) -> App:
    """It answers each text with itself."""
    application = ApplicationBuilder().token(token).base_url(f"{url}/bot").rate_limiter(AIORateLimiter()).build()
    application.add_handler(MessageHandler(filters.TEXT, answer))
    return application


async def listen(application: App) -> None:
    """The library's own polling and dispatching, with its own settings."""
    assert application.updater is not None
    await application.updater.start_polling()
    await application.start()


async def loop(url: str, token: str, file: str) -> None:
    """One after the other, in a task of its own, so that no handler waits for it."""
    database = sqlite3.connect(file)
    async with make(url, token) as application:
        await listen(application)
        await ready()
        for row_id, chat_id in database.execute("SELECT id, chat_id FROM owed WHERE NOT sent ORDER BY id").fetchall():
            try:
                await application.bot.send_message(chat_id, TEXT)
            except TelegramError:
                continue  # as people write it: one that fails must not end the rest
            with database:
                database.execute("UPDATE owed SET sent = 1 WHERE id = ?", (row_id,))
        await asyncio.Event().wait()


async def popsave(url: str, token: str, file: str) -> None:
    """Take out, send, write; whatever fails counts as failed."""
    path = Path(file)
    new = path.with_suffix(".new")
    async with make(url, token) as application:
        await listen(application)
        await ready()
        record = json.loads(path.read_text("utf-8"))
        pending = set(record["pending"])
        while pending:
            chat_id = pending.pop()
            try:
                await application.bot.send_message(chat_id, TEXT)
                record["success"].append(chat_id)
            except TelegramError:
                record["failed"].append(chat_id)
            new.write_text(json.dumps({**record, "pending": list(pending)}), "utf-8")
            new.replace(path)  # kinder than the original, which a kill leaves with half a file
        await asyncio.Event().wait()


async def jobqueue(url: str, token: str, database_url: str) -> None:
    """Run the jobs of the store."""
    async with make(url, token) as application:
        assert application.job_queue is not None
        scheduler = application.job_queue.scheduler
        scheduler.add_jobstore(JobStore(application, database_url))
        scheduler.start(paused=True)
        await listen(application)
        for chat_id, due_us in json.loads(await ready()):
            job_kwargs = {"id": str(chat_id), "replace_existing": True, "misfire_grace_time": None}
            at = datetime.fromtimestamp(due_us / 1e6, UTC)
            application.job_queue.run_once(send_due, at, chat_id=chat_id, job_kwargs=job_kwargs)
        print("owed", flush=True)
        scheduler.resume()
        await asyncio.Event().wait()


ROLES: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {"loop": loop, "popsave": popsave, "jobqueue": jobqueue}

if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    asyncio.run(ROLES[role](*arguments))
