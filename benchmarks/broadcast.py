"""How an announcement to many goes, and what patients notice of it meanwhile; beside what people use otherwise.

    python benchmarks/broadcast.py [--quick] [--json OUT] [--readme]

What is measured is described in `_broadcast_measures.py`. Half an hour, quick under a minute.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a script it sees its own folder only

from benchmarks._broadcast_measures import CONTEST
from benchmarks._broadcast_report import section
from benchmarks._broadcast_trial import FULL, QUICK, Trial
from benchmarks._command import command


def main(words: Sequence[str] | None = None) -> int:
    """The command line. 1 when somebody was left out who should not have been."""
    return command(
        words,
        name="broadcast",
        about=__doc__,
        contest=CONTEST,
        trial=lambda quick, folder, cluster: Trial((QUICK if quick else FULL).on(cluster), folder, cluster),
        section=section,
    )


if __name__ == "__main__":
    sys.exit(main())
