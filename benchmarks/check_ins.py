"""Enrolling many patients, check-ins on time, and what becomes of them when the bot was down; beside JobQueue.

    python benchmarks/check_ins.py [--quick] [--json OUT] [--readme]

What is measured is described in `_check_in_measures.py`. Eight minutes, quick under one.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a script it sees its own folder only

from benchmarks._check_in_measures import CONTEST
from benchmarks._check_in_report import section
from benchmarks._check_in_trial import FULL, QUICK, Trial
from benchmarks._command import command


def main(words: Sequence[str] | None = None) -> int:
    """The command line. 1 when something was not planned as it had to be."""
    return command(
        words,
        name="check_ins",
        about=__doc__,
        contest=CONTEST,
        trial=lambda quick, folder, cluster: Trial((QUICK if quick else FULL).on(cluster), folder, cluster),
        section=section,
    )


if __name__ == "__main__":
    sys.exit(main())
