"""Every figure of `sending.py`: what it is, in which unit, and what it has to reach.

In the JSON ours stand under these names with a suffix (`_sqlite`, `_postgres`, `_postgres_4` for four workers) and,
without one, with the worst of them; a peer's with its prefix (`loop_`, `jobqueue_`, `ptb_echo_`). Where there were
several runs the figure is their median, and `<name>_min`, `<name>_max` are the smallest and largest; of what must not
happen, it is the sum or the largest.
"""

from benchmarks._figures import Fold, Measure

MEASURES = {
    measure.key: measure
    for measure in (
        # Kills.
        Measure("lost", "messages", "never arrived, and nobody says so", target=0, fold=Fold.SUM),
        Measure("doubled", "messages", "copies beyond the first that do not say so", target=0, fold=Fold.SUM),
        Measure("unknown_flagged", "messages", "listed by the sender: may have arrived or not", fold=Fold.SUM),
        Measure("resent", "messages", "sent once more, with a line that says so", fold=Fold.SUM),
        Measure("kills", "kills", "processes killed with SIGKILL", fold=Fold.SUM),
        Measure("owed_under_kills", "messages", "owed during the kills", fold=Fold.SUM),
        # Of these, the ordeal that is the same for everybody.
        Measure("ordeal_owed", "messages", "owed", fold=Fold.SUM),
        Measure("ordeal_kills", "kills", "SIGKILLs", fold=Fold.SUM),
        Measure("ordeal_lost", "messages", "never arrived, and nobody says so", target=0, fold=Fold.SUM),
        Measure("ordeal_doubled", "messages", "arrived again without saying so", target=0, fold=Fold.SUM),
        Measure(
            "ordeal_flagged", "messages", "in doubt and listed, or sent again with a line that says so", fold=Fold.SUM
        ),
        # Of these, the harness alone.
        Measure("in_doubt_max_per_kill", "messages", "the most one kill left in doubt", target=4, fold=Fold.MAX),
        Measure("effects_missing", "updates", "updates without their effect", target=0, fold=Fold.SUM),
        Measure("effects_doubled", "updates", "updates with their effect twice", target=0, fold=Fold.SUM),
        Measure("order_broken", "messages", "overtaken in their chat and lane", target=0, fold=Fold.SUM),
        Measure("opt_out_crossed", "messages", "sent to somebody who had stopped", target=0, fold=Fold.SUM),
        # Limits.
        Measure("max_in_any_second", "grants", "most grants in any rolling second", target=30, fold=Fold.MAX),
        Measure("limit_used_pct", "%", "arrivals during a backlog, of 28 a second", False, 95),
        # Lateness at 90 % of the limit.
        Measure("lateness_p50_ms", "ms", "arrival minus planned time at 90 % load, median", target=40),
        Measure("lateness_p99_ms", "ms", "the same, 99th percentile", target=100),
        # Answers.
        Measure("reply_p50_ms", "ms", "question to answer on an idle bot, polling, median"),
        Measure("reply_p99_ms", "ms", "the same, 99th percentile", target=150),
        Measure("reply_webhook_p50_ms", "ms", "question to answer on an idle bot, webhook, median"),
        Measure("reply_webhook_p99_ms", "ms", "the same, 99th percentile", target=150),
        Measure("due_ahead", "messages", "due before the emergency text", False),
        Measure("emergency_ms", "ms", "words of an emergency to the text about it, median", target=1000),
        Measure("emergency_worst_ms", "ms", "the same, worst", target=1000, fold=Fold.MAX),
        Measure("webhook_200_p50_ms", "ms", "update to 200, 40 connections posting all the time, median"),
        Measure("webhook_200_p99_ms", "ms", "the same, 99th percentile"),
        Measure("updates_at_once", "updates", "waiting at once, of 400 patients", False),
        Measure("updates_per_s", "updates/s", "updates handled by one process", False),
        Measure("updates_ratio", "×", "the same, of the echo bot's in the same round", False, 0.5),
        Measure("fsync_per_s", "/s", "appends of 4 kB the disk makes safe, one after the other", False),
        # A large future.
        Measure("pending_rows", "rows", "messages in the future, and as many timers", False),
        Measure("pending_1m_rss_mb", "MB", "memory a worker holds more because of them", target=10),
        Measure("first_claim_ms", "ms", "from opening the store to the first claim", target=100),
        Measure("claim_p50_ms", "ms", "one claim of two due messages, median"),
        Measure("claim_p99_ms", "ms", "the same, 99th percentile", target=10),
        Measure("due_rows", "rows", "messages due on top", False),
        Measure("claim_p99_100k_due_ms", "ms", "one claim with these, 99th percentile", target=10),
        Measure(
            "claim_p99_100k_unanalysed_ms", "ms", "the same before PostgreSQL's autovacuum has seen them", target=10
        ),
        Measure("timer_p99_ms", "ms", "claim and end of one due timer, 99th percentile", target=10),
    )
}

STORES = {"_sqlite": "SQLite", "_postgres": "PostgreSQL", "_postgres_4": "PostgreSQL, 4 workers"}
"""Suffixes of ours."""
PEERS = {
    "loop_": "Plain loop",
    "jobqueue_": "JobQueue",
    "jobqueue_default_": "JobQueue, 1 s grace",
    "ptb_echo_": "Echo bot",
}
"""Prefixes of the peers. JobQueue has a job store and no limit to how late a job may be; as it comes, that is 1 s."""
COMPARED = ("limit_used_pct", "lateness_p50_ms", "lateness_p99_ms")
"""Ours divided by each peer's, in the JSON as `<peer>_ratio_<figure><suffix of ours>`."""
