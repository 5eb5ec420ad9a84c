"""Every figure of `check_ins.py`: what it is, in which unit, and what it has to reach.

In the JSON ours stand under these names with the store's suffix and, without one, with the worst of the stores;
JobQueue's with its prefix: `jobqueue_` with no limit to how late a job may be, `jobqueue_default_` as it comes.
"""

from benchmarks._contest import Contest
from benchmarks._figures import Fold, Measure

STORES = {"_sqlite": "SQLite", "_postgres": "PostgreSQL"}
"""Suffixes of ours."""
PEERS = {"jobqueue_": "JobQueue", "jobqueue_default_": "JobQueue, 1 s grace"}
MEASURES = {
    measure.key: measure
    for measure in (
        Measure("enrolled", "patients", "enrolled, seven check-ins each"),
        Measure("enrol_slots", "times", "distinct times of treatment", False),
        Measure("enrol_100k_s", "s", "enrolling and planning all of them", target=10),
        Measure("enrol_100k_rss_mb", "MB", "the most memory that takes"),
        Measure("late_check_ins", "messages", "check-ins at 90 % of the limit", False),
        Measure("lateness_p50_ms", "ms", "arrival minus planned time, median"),
        Measure("lateness_p99_ms", "ms", "the same, 99th percentile", target=100),
        Measure("downtime_due", "check-ins", "due in the six hours", False),
        Measure("downtime_sent", "check-ins", "sent when it was back", False),
        Measure("downtime_moved", "check-ins", "moved to the next morning, and sent then", False),
        Measure("downtime_dropped", "check-ins", "left out with a reason that staff see"),
        Measure("downtime_unexplained", "check-ins", "nobody knows what became of them", target=0, fold=Fold.SUM),
        Measure("downtime_doubled", "messages", "arrived again without saying so", target=0, fold=Fold.SUM),
        Measure("downtime_resent", "messages", "sent once more, with a line that says so"),
        Measure("due", "jobs", "due in the six hours", False),
        Measure("sent", "messages", "arrived", False),
        Measure("dropped", "messages", "never arrived, and nobody says so"),
        Measure("doubled", "messages", "arrived again without saying so"),
        Measure("waiting", "rows", "check-ins to come, in rows or jobs", False),
        Measure("rss_empty_mb", "MB", "memory of the process without them"),
        Measure("rss_mb", "MB", "the same with them"),
    )
}
CONTEST = Contest(MEASURES, STORES, PEERS, other_targets={"enrol_100k_s_postgres": 30.0})
