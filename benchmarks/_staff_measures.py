"""Every figure of `staff.py`: what it is, in which unit, and what it has to reach.

In the JSON ours stand under these names with the store's suffix and, without one, with the worst of the stores; the
relay bot's with its prefix.
"""

from benchmarks._contest import Contest
from benchmarks._figures import Fold, Measure

STORES = {"_sqlite": "SQLite", "_postgres": "PostgreSQL"}
"""Suffixes of ours."""
PEERS = {"copier_": "Relay bot"}
MEASURES = {
    measure.key: measure
    for measure in (
        Measure("relayed", "messages", "written by staff, one after the other", False),
        Measure("relay_p50_ms", "ms", "until the patient has it, median"),
        Measure("relay_p99_ms", "ms", "the same, 99th percentile", target=250),
        Measure("busy_relayed", "messages", "written by staff while patients write", False),
        Measure("busy_written", "messages", "written by patients meanwhile", False),
        Measure("busy_p50_ms", "ms", "until the patient has it, median"),
        Measure("busy_p99_ms", "ms", "the same, 99th percentile", target=250),
        Measure("not_once", "messages", "of staff that did not arrive, or twice", target=0, fold=Fold.SUM),
    )
}
CONTEST = Contest(MEASURES, STORES, PEERS)
