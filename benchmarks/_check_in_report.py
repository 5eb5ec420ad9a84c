"""Figures of `check_ins.py` as text: a list for the terminal, and their part of `benchmarks/README.md`."""

from pathlib import Path

from benchmarks._check_in_measures import CONTEST
from benchmarks._contest import ROUGH, Flat, about

TEMPLATE = Path(__file__).with_name("_check_in_page.md")

SECTIONS = {
    "enrolling": ("enrolled", "enrol_slots", "enrol_100k_s", "enrol_100k_rss_mb"),
    "lateness": ("late_check_ins", "lateness_p50_ms", "lateness_p99_ms"),
    "downtime": (
        *("downtime_due", "downtime_sent", "downtime_moved", "downtime_dropped"),
        *("downtime_unexplained", "downtime_doubled", "downtime_resent"),
    ),
    "jobs": ("due", "sent", "dropped", "doubled"),
    "waiting": ("waiting", "rss_empty_mb", "rss_mb"),
}
"""The README's tables."""


def section(flat: Flat) -> str:
    """Our part of the README."""
    return TEMPLATE.read_text("utf-8").format(
        rough=ROUGH if flat["quick"] else "",
        verdict=CONTEST.verdict(flat),
        about=about(flat),
        **{name: CONTEST.table(flat, keys) for name, keys in SECTIONS.items()},
    )
