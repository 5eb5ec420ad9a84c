"""Figures of `check_ins.py` as text: a list for the terminal, and their part of `benchmarks/README.md`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks._check_in_measures import MEASURES, PEERS, STORES, full_key, measure_of
from benchmarks._report import figure, target

TEMPLATE = Path(__file__).with_name("_check_in_page.md")

Flat: TypeAlias = Mapping[str, str | float | bool]
"""What is in the JSON."""

WHO = STORES | PEERS
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
_ABOUT = ("cores", "cpu", "python", "system", "sqlite", "versions", "load_before", "fsync_per_s", "took_s")
_ROUGH = "**Written by a quick run: on fewer rows, SQLite only. Take it as a look.**\n\n"


def listing(flat: Flat) -> str:
    """Each figure on a line; of ours with a target, whether it is met."""
    lines = []
    for key in MEASURES:
        for name in _who_has(flat, [key]):
            mark = {True: "met", False: "MISSED", None: ""}[_is_met(flat, name, key)]
            full = full_key(name, key)
            lines.append(f"{full:34} {figure(flat, full):>16} {MEASURES[key].unit:10} {mark}".rstrip())
    return "\n".join(lines)


def section(flat: Flat) -> str:
    """Our part of the README."""
    return TEMPLATE.read_text("utf-8").format(
        rough=_ROUGH if flat["quick"] else "",
        verdict=_verdict(flat),
        about="\n".join(f"| {name.replace('_', ' ')} | {figure(flat, name)} |" for name in _ABOUT),
        **{name: _table(flat, keys) for name, keys in SECTIONS.items()},
    )


def _is_met(flat: Flat, name: str, key: str) -> bool | None:
    return measure_of(name, key).is_met(float(flat[full_key(name, key)]))


def _verdict(flat: Flat) -> str:
    aims = [
        (full_key(name, key), met)
        for key in MEASURES
        for name in _who_has(flat, [key])
        if (met := _is_met(flat, name, key)) is not None
    ]
    missed = [f"`{full}` ({figure(flat, full)})" for full, met in aims if not met]
    said = f"Of {len(aims)} figures of ours that have something to reach, {len(aims) - len(missed)} reach it."
    return f"{said} Missed: {', '.join(missed)}." if missed else said


def _table(flat: Flat, keys: Sequence[str]) -> str:
    """One line for each figure that somebody has, one column for each who has any."""
    who = _who_has(flat, keys)
    rows = [["", *(WHO[name] for name in who), "To reach"], ["---"] * (len(who) + 2)]
    for key in keys:
        if _who_has(flat, [key]):
            cells = (_cell(flat, name, key) for name in who)
            rows.append([f"{MEASURES[key].what}, {MEASURES[key].unit}", *cells, " / ".join(_targets(who, key))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _targets(who: Iterable[str], key: str) -> Iterator[str]:
    """What ours have to reach, once where it is the same."""
    yield from dict.fromkeys(target(measure_of(name, key)) for name in who if name in STORES) or ["–"]


def _cell(flat: Flat, name: str, key: str) -> str:
    full = full_key(name, key)
    if full not in flat:
        return "–"
    return f"**{figure(flat, full)}** (missed)" if _is_met(flat, name, key) is False else figure(flat, full)


def _who_has(flat: Flat, keys: Iterable[str]) -> list[str]:
    keys = list(keys)
    return [name for name in WHO if any(full_key(name, key) in flat for key in keys)]
