"""How soon a patient reads what staff write in the patient's topic; beside the relay bot that people write themselves.

    python benchmarks/staff.py [--quick] [--json OUT] [--readme]

What is measured is described in `_staff_measures.py`. Ten minutes, quick under a minute.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a script it sees its own folder only

from benchmarks._command import command
from benchmarks._staff_measures import CONTEST
from benchmarks._staff_report import section
from benchmarks._staff_trial import FULL, QUICK, Trial


def main(words: Sequence[str] | None = None) -> int:
    """The command line. 1 when something that staff wrote did not arrive, or arrived twice."""
    return command(
        words,
        name="staff",
        about=__doc__,
        contest=CONTEST,
        trial=lambda quick, folder, cluster: Trial((QUICK if quick else FULL).on(cluster), folder, cluster),
        section=section,
    )


if __name__ == "__main__":
    sys.exit(main())
