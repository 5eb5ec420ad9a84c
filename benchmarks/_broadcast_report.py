"""Figures of `broadcast.py` as their part of `benchmarks/README.md`."""

from pathlib import Path

from benchmarks._broadcast_measures import CONTEST
from benchmarks._contest import ROUGH, Flat, about

TEMPLATE = Path(__file__).with_name("_broadcast_page.md")

SECTIONS = {
    "sending": (
        *("recipients", "send_s", "send_3000_s", "send_100k_min", "max_in_any_second", "too_many", "never_arrived"),
        *("asked", "reply_p50_ms", "reply_p99_ms"),
    ),
    "pausing": ("pause_more", "resume_missing"),
    "kills": ("kill_recipients", "kills", "lost", "doubled", "unknown_flagged"),
    "large": (
        *("large", "count_100k_ms", "freeze_100k_s", "freeze_chunk_ms", "report_100k_s", "report_100k_mb"),
        *("rss_idle_mb", "rss_over_idle_mb"),
    ),
    "virtual": (
        *("virtual_recipients", "virtual_min", "virtual_missing", "virtual_doubled", "virtual_longest_step_ms"),
    ),
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
