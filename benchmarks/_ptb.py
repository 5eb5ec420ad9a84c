"""The peers as programs, the way people write them with python-telegram-bot: `python -m benchmarks._ptb ROLE …`.

- `loop URL TOKEN FILE`: `send_message` in a loop with `AIORateLimiter`, over a list in a SQLite file, in which it
  ticks off what is sent.
- `jobqueue URL TOKEN DATABASE_URL GRACE`: `JobQueue` with a SQLAlchemy job store, `AIORateLimiter` at the bot. GRACE is
  its patience with late jobs: "default", or "none" for no end to it.
- `echo URL TOKEN`: an `Application` that answers each text with itself.

Each prints "ready" when it could begin, and the first two begin at a line on stdin. JobQueue's is a list of
`[chat_id, due_us]` as JSON; it plans a job for each first, and prints "owed".
"""

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from apscheduler.job import Job as StoredJob
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from telegram import Update
from telegram.ext import (
    AIORateLimiter,
    Application,
    ApplicationBuilder,
    CallbackContext,
    ContextTypes,
    ExtBot,
    Job,
    MessageHandler,
    filters,
)

TEXT = "Good morning! How is your leg today?"


async def ready() -> str:
    """Say so, and wait for the word to begin."""
    print("ready", flush=True)
    return await asyncio.to_thread(sys.stdin.readline)


# --- a plain loop --------------------------------------------------------------------------------------------------


async def loop(url: str, token: str, file: str) -> None:
    """Send what is owed, oldest first, each at its time."""
    database = sqlite3.connect(file)
    bot = ExtBot(token, base_url=f"{url}/bot", rate_limiter=AIORateLimiter())
    async with bot:
        await ready()
        rows = database.execute("SELECT id, chat_id, due_us FROM owed WHERE NOT sent ORDER BY due_us").fetchall()
        for row_id, chat_id, due_us in rows:
            await asyncio.sleep(max(0.0, due_us / 1e6 - time.time()))
            await bot.send_message(chat_id, TEXT)
            with database:
                database.execute("UPDATE owed SET sent = 1 WHERE id = ?", (row_id,))
        await asyncio.Event().wait()


# --- JobQueue with a job store -------------------------------------------------------------------------------------


class JobStore(SQLAlchemyJobStore):  # type: ignore[misc]
    """Stores jobs of `telegram.ext`, which hold the running application and so cannot be pickled as they are.

    The same idea as `PTBSQLAlchemyJobStore` of ptbcontrib, which is in no package index: keep the job's own fields,
    and put the application back when a job is read.
    """

    def __init__(self, application: Application[Any, Any, Any, Any, Any, Any], url: str) -> None:
        super().__init__(url=url)
        self._application = application

    def add_job(self, job: StoredJob) -> None:
        """Store the job without the application."""
        _, ours = job.args
        bare = StoredJob.__new__(StoredJob)
        bare.__setstate__({**job.__getstate__(), "args": (ours.callback, ours.name, ours.chat_id)})
        super().add_job(bare)

    def _reconstitute_job(self, job_state: bytes) -> StoredJob:
        job = super()._reconstitute_job(job_state)
        callback, name, chat_id = job.args
        job.args = (self._application.job_queue, Job(callback=callback, name=name, chat_id=chat_id))
        return job


async def send_due(context: CallbackContext[Any, Any, Any, Any]) -> None:
    """What a due job does."""
    assert context.job is not None
    assert context.job.chat_id is not None
    await context.bot.send_message(context.job.chat_id, TEXT)


def with_jobs(url: str, token: str, database_url: str) -> Application[Any, Any, Any, Any, Any, Any]:
    """An application whose jobs outlive it."""
    builder = ApplicationBuilder().token(token).base_url(f"{url}/bot").rate_limiter(AIORateLimiter())
    application = builder.build()
    assert application.job_queue is not None
    application.job_queue.scheduler.add_jobstore(JobStore(application, database_url))
    return application


async def jobqueue(url: str, token: str, database_url: str, grace: str) -> None:
    """Run the jobs of the store."""
    builder = ApplicationBuilder().token(token).base_url(f"{url}/bot").rate_limiter(AIORateLimiter())
    async with builder.build() as application:
        assert application.job_queue is not None
        scheduler = application.job_queue.scheduler
        scheduler.add_jobstore(JobStore(application, database_url))
        scheduler.start(paused=True)
        options: dict[str, Any] = {} if grace == "default" else {"misfire_grace_time": None}
        for chat_id, due_us in json.loads(await ready()):
            job_kwargs = {"id": f"{chat_id}:{due_us}", "replace_existing": True, **options}
            at = datetime.fromtimestamp(due_us / 1e6, UTC)
            application.job_queue.run_once(send_due, at, chat_id=chat_id, job_kwargs=job_kwargs)
        print("owed", flush=True)
        await application.start()
        scheduler.resume()
        await asyncio.Event().wait()


# --- an echo bot ---------------------------------------------------------------------------------------------------


async def answer(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say the same."""
    assert update.effective_message is not None
    await update.effective_message.reply_text(update.effective_message.text or "")


async def echo(url: str, token: str) -> None:
    """The library's own polling and dispatching, with its own settings."""
    application = ApplicationBuilder().token(token).base_url(f"{url}/bot").build()
    application.add_handler(MessageHandler(filters.TEXT, answer))
    async with application:
        assert application.updater is not None
        await application.updater.start_polling()
        await application.start()
        print("ready", flush=True)
        await asyncio.Event().wait()


ROLES: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    "loop": loop,
    "jobqueue": jobqueue,
    "echo": echo,
}

if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    asyncio.run(ROLES[role](*arguments))
