"""Every figure of `broadcast.py`: what it is, in which unit, and what it has to reach.

In the JSON ours stand under these names with the store's suffix and, without one, with the worst of the stores; a
peer's with its prefix. Of what must not happen a figure is the sum or the largest of its runs.
"""

from benchmarks._contest import Contest
from benchmarks._figures import Fold, Measure

STORES = {"_sqlite": "SQLite", "_postgres": "PostgreSQL"}
"""Suffixes of ours."""
PEERS = {"loop_": "Plain loop", "popsave_": "Pop, send, save", "jobqueue_": "JobQueue"}
MEASURES = {
    measure.key: measure
    for measure in (
        # On its way.
        Measure("recipients", "chats", "recipients", False),
        Measure("send_s", "s", "from its confirmation to the last copy"),
        Measure("send_3000_s", "s", "the same for 3,000, at this rate", target=112),
        Measure("send_100k_min", "min", "the same for 100,000, at this rate", target=62),
        Measure("max_in_any_second", "messages", "the most in any second (of ours: grants)", target=30, fold=Fold.MAX),
        Measure("too_many", "calls", "answered 429"),
        Measure("never_arrived", "messages", "never arrived, and nobody says so", target=0, fold=Fold.SUM),
        Measure("asked", "questions", "asked meanwhile, one after the other", False),
        Measure("reply_p50_ms", "ms", "question to answer meanwhile, median"),
        Measure("reply_p99_ms", "ms", "the same, 99th percentile", target=250),
        # A pause.
        Measure("pause_more", "messages", "arrived after the pause had been confirmed", target=4, fold=Fold.MAX),
        Measure("resume_missing", "messages", "missing after it went on to its end", target=0, fold=Fold.SUM),
        # Kills.
        Measure("kill_recipients", "chats", "recipients", False, fold=Fold.SUM),
        Measure("kills", "kills", "SIGKILLs", False, fold=Fold.SUM),
        Measure("lost", "messages", "never arrived, and nobody says so", target=0, fold=Fold.SUM),
        Measure("doubled", "messages", "arrived again without saying so", target=0, fold=Fold.SUM),
        Measure("unknown_flagged", "messages", "listed by the sender: may have arrived or not", fold=Fold.SUM),
        # A large one.
        Measure("large", "chats", "recipients", False),
        Measure("count_100k_ms", "ms", "counting who gets it and who does not"),
        Measure("freeze_100k_s", "s", "writing down all recipients"),
        Measure("freeze_chunk_ms", "ms", "the longest transaction of that"),
        Measure("report_100k_s", "s", "the file of what became of each copy"),
        Measure("report_100k_mb", "MB", "the most memory that takes", target=15),
        Measure("rss_idle_mb", "MB", "memory of an idle worker"),
        Measure("rss_over_idle_mb", "MB", "the most it holds beyond that, freezing and sending", target=30),
        # All of it, in virtual time.
        Measure("virtual_recipients", "chats", "recipients", False),
        Measure("virtual_min", "min", "from its confirmation to its end, virtual time", target=62),
        Measure("virtual_missing", "messages", "missing", target=0, fold=Fold.SUM),
        Measure("virtual_doubled", "messages", "arrived again", target=0, fold=Fold.SUM),
        Measure("virtual_longest_step_ms", "ms", "the longest step of its timer: others wait to write so long"),
    )
}
CONTEST = Contest(MEASURES, STORES, PEERS)
