"""How our sending keeps its promises, beside what people use otherwise, measured in one run.

    python benchmarks/sending.py [--quick] [--json OUT] [--kills N] [--readme]

Everything is real but Telegram: `aftercare run` as processes of their own on a SQLite file and on a PostgreSQL server
made for the occasion, the peers of `_ptb.py`, sockets and disk. What is measured is described in `_measures.py`.
"""

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a script it sees its own folder only

from benchmarks._machine import environment, fsync_rate, load_average, say
from benchmarks._measures import COMPARED, PEERS
from benchmarks._readme import README, put
from benchmarks._report import PICTURE, listing, page
from benchmarks._sizes import FULL, QUICK, Sizes
from benchmarks._trial import Trial
from bot import logs
from bot.simulator.cluster import missing, open_cluster


async def measure(trial: Trial, kills: int | None) -> None:
    """Every part, the compared ones round by round."""
    for number in range(trial.sizes.rounds):
        say(f"--- round {number + 1} of {trial.sizes.rounds}")
        trial.figures.add("fsync_per_s", fsync_rate(trial.folder))
        await trial.sending(number)
        await trial.answering()
        await trial.updates()
    say("--- a large future")
    await trial.million()
    say("--- kills")
    await trial.kills_of_all()
    if kills:
        await trial.kill_harness(kills)


def run(sizes: Sizes, kills: int | None) -> tuple[Trial, dict[str, str | int | float]]:
    """Measure, and say on what."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="aftercare-bench-")))
        cluster = stack.enter_context(open_cluster(durable=True)) if sizes.wants_postgres else None
        around: dict[str, str | int | float] = {**environment(), "load_before": load_average()}
        trial = Trial(sizes, folder, cluster)
        began = time.monotonic()
        asyncio.run(measure(trial, kills))
        for key in COMPARED:
            for prefix in PEERS:
                trial.figures.compare(key, prefix)
        around["took_s"] = round(time.monotonic() - began)
    return trial, around


def main(words: Sequence[str] | None = None) -> int:
    """The command line. 1 when the kill harness found a broken promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="under a minute: SQLite only, and rough")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    parser.add_argument("--kills", type=int, metavar="N", help="also run the kill harness, N kills a store")
    parser.add_argument("--readme", action="store_true", help="write our part of benchmarks/README.md and its picture")
    asked = parser.parse_args(words)
    logs.setup("WARNING")
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a killed client leaves a request unfinished
    sizes = QUICK if asked.quick else FULL
    if (why := missing()) is not None and sizes.wants_postgres:
        say(f"Without PostgreSQL: {why}")
        sizes = sizes.without_postgres()
    trial, around = run(sizes, asked.kills)
    flat = {**around, "quick": asked.quick, **trial.figures.flat()}
    if asked.json:
        asked.json.write_text(json.dumps(flat, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if asked.readme:
        from benchmarks._picture import draw  # only here: matplotlib takes a second

        draw(PICTURE, trial)
        put(README, "sending", page(flat))
    print(listing(flat))
    for problem in trial.problems:
        print(f"PROBLEM {problem}")
    return 1 if trial.problems else 0


if __name__ == "__main__":
    sys.exit(main())
