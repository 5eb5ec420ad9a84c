"""The command line of a benchmark that compares ours, on one store or two, with peers."""

import argparse
import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from benchmarks._contest import Contest, Flat
from benchmarks._figures import Figures
from benchmarks._machine import environment, fsync_rate, load_average, say
from benchmarks._readme import README, put
from bot import logs
from bot.simulator.cluster import Cluster, missing, open_cluster


class Measured(Protocol):
    """One run of a benchmark."""

    figures: Figures
    problems: list[str]
    """What must not be, whatever the figures say."""

    async def measure(self) -> None:
        """Every part of it."""


def command(
    words: Sequence[str] | None,
    *,
    name: str,
    about: str | None,
    contest: Contest,
    trial: Callable[[bool, Path, Cluster | None], Measured],
    section: Callable[[Flat], str],
) -> int:
    """Measure, and write down what was asked for. 1 when there was a problem.

    `trial` makes a run: quick or not, in a folder, with PostgreSQL or without. `section`: its part of the README.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="under a minute: SQLite only, and rough")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    parser.add_argument("--readme", action="store_true", help="write our part of benchmarks/README.md")
    asked = parser.parse_args(words)
    logs.setup("ERROR")
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a killed client leaves a request unfinished
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="aftercare-bench-")))
        cluster = None
        if not asked.quick:
            if (why := missing()) is None:
                cluster = stack.enter_context(open_cluster(durable=True))
            else:
                say(f"Without PostgreSQL: {why}")
        flat: dict[str, str | float | bool] = {**environment(), "load_before": load_average(), "quick": asked.quick}
        flat["fsync_per_s"] = fsync_rate(folder)
        measured, began = trial(asked.quick, folder, cluster), time.monotonic()
        asyncio.run(measured.measure())
        flat |= {"took_s": round(time.monotonic() - began), **measured.figures.flat()}
    if asked.json:
        asked.json.write_text(json.dumps(flat, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if asked.readme:
        put(README, name, section(flat))
    print(contest.listing(flat))
    for problem in measured.problems:
        print(f"PROBLEM {problem}")
    return 1 if measured.problems else 0
