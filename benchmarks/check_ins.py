"""Enrolling many patients, check-ins on time, and what becomes of them when the bot was down; beside JobQueue.

    python benchmarks/check_ins.py [--quick] [--json OUT] [--readme]

What is measured is described in `_check_in_measures.py`. Eight minutes, quick under one.
"""

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a script it sees its own folder only

from benchmarks._check_in_report import listing, section
from benchmarks._check_in_trial import FULL, QUICK, Sizes, Trial
from benchmarks._machine import environment, fsync_rate, load_average, say
from benchmarks._readme import README, put
from bot import logs
from bot.simulator.cluster import missing, open_cluster


def run(sizes: Sizes) -> tuple[Trial, dict[str, str | int | float]]:
    """Measure, and say on what."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="aftercare-bench-")))
        cluster = stack.enter_context(open_cluster(durable=True)) if "_postgres" in sizes.stores else None
        around: dict[str, str | int | float] = {**environment(), "load_before": load_average()}
        around["fsync_per_s"] = fsync_rate(folder)
        trial = Trial(sizes, folder, cluster)
        began = time.monotonic()
        asyncio.run(trial.measure())
        around["took_s"] = round(time.monotonic() - began)
    return trial, around


def main(words: Sequence[str] | None = None) -> int:
    """The command line. 1 when something was not planned as it had to be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="under a minute: SQLite only, and rough")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    parser.add_argument("--readme", action="store_true", help="write our part of benchmarks/README.md")
    asked = parser.parse_args(words)
    logs.setup("ERROR")
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a killed client leaves a request unfinished
    sizes = QUICK if asked.quick else FULL
    if (why := missing()) is not None and "_postgres" in sizes.stores:
        say(f"Without PostgreSQL: {why}")
        sizes = replace(sizes, stores=tuple(name for name in sizes.stores if name != "_postgres"))
    trial, around = run(sizes)
    flat = {**around, "quick": asked.quick, **trial.figures.flat()}
    if asked.json:
        asked.json.write_text(json.dumps(flat, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if asked.readme:
        put(README, "check_ins", section(flat))
    print(listing(flat))
    for problem in trial.problems:
        print(f"PROBLEM {problem}")
    return 1 if trial.problems else 0


if __name__ == "__main__":
    sys.exit(main())
