"""Figures of `staff.py` as their part of `benchmarks/README.md`."""

from pathlib import Path

from benchmarks._contest import ROUGH, Flat, about
from benchmarks._staff_measures import CONTEST

TEMPLATE = Path(__file__).with_name("_staff_page.md")

SECTIONS = {
    "quiet": ("relayed", "relay_p50_ms", "relay_p99_ms"),
    "busy": ("busy_relayed", "busy_written", "busy_p50_ms", "busy_p99_ms", "not_once"),
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
