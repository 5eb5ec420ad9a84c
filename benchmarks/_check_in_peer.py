"""JobQueue with jobs that are not due: `python -m benchmarks._check_in_peer URL TOKEN DATABASE_URL COUNT`.

Its own way in makes each job safe by itself, some hundred a second; so it makes one, and the database copies that one.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from benchmarks._machine import resident_mb
from benchmarks._peers import ROOT
from benchmarks._ptb import send_due, with_jobs

MONTH = timedelta(days=30)
SETTLE_S = 3.0
"""Between its start and the look at its memory."""
_COPY = """
INSERT INTO apscheduler_jobs (id, next_run_time, job_state)
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
SELECT 'job-' || n, next_run_time + n, job_state FROM apscheduler_jobs, numbers WHERE apscheduler_jobs.id = 'first'
"""


async def look(url: str, token: str, database_url: str, count: int) -> float:
    """What a fresh process holds in memory, in MB, with `count` jobs in its store. RuntimeError when it ends badly."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._check_in_peer", url, token, database_url, str(count)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"JobQueue ended with {process.returncode}")
    return float(said)


def fill(database_url: str, count: int) -> None:
    """Copy the one job that is there."""
    engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(_COPY.format(count=count))


async def run(url: str, token: str, database_url: str, count: int) -> float:
    """Run JobQueue as people do, with the first job, if any is wanted, made by itself."""
    async with with_jobs(url, token, database_url) as application:
        assert application.job_queue is not None
        scheduler = application.job_queue.scheduler
        scheduler.start(paused=True)
        if count:
            job_kwargs = {"id": "first", "replace_existing": True}
            application.job_queue.run_once(send_due, datetime.now(UTC) + MONTH, chat_id=1, job_kwargs=job_kwargs)
            await asyncio.to_thread(fill, database_url, count - 1)
        await application.start()
        scheduler.resume()
        await asyncio.sleep(SETTLE_S)
        held = resident_mb()
        await application.stop()
    return held


if __name__ == "__main__":
    *places, count = sys.argv[1:]
    print(asyncio.run(run(places[0], places[1], places[2], int(count))))
