"""Figures as text: a list for the terminal, and `benchmarks/README.md`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from benchmarks._figures import Measure
from benchmarks._measures import MEASURES, PEERS, STORES

HERE = Path(__file__).parent
PICTURE = HERE / "sending.png"
TEMPLATE = HERE / "_page.md"

Flat: TypeAlias = Mapping[str, str | float | bool]
"""What is in the JSON."""

_WHO = STORES | PEERS
SECTIONS = {
    "sending": ("limit_used_pct", "max_in_any_second", "lateness_p50_ms", "lateness_p99_ms"),
    "ordeal": ("ordeal_owed", "ordeal_kills", "ordeal_lost", "ordeal_doubled", "ordeal_flagged"),
    "harness": (
        *("kills", "owed_under_kills", "lost", "doubled", "unknown_flagged", "resent", "in_doubt_max_per_kill"),
        *("effects_missing", "effects_doubled", "order_broken", "opt_out_crossed"),
    ),
    "answers": (
        *("reply_p50_ms", "reply_p99_ms", "reply_webhook_p50_ms", "reply_webhook_p99_ms"),
        *("due_ahead", "emergency_ms", "emergency_worst_ms", "webhook_200_p50_ms", "webhook_200_p99_ms"),
        *("updates_at_once", "updates_per_s", "updates_ratio"),
    ),
    "future": (
        *("pending_rows", "pending_1m_rss_mb", "first_claim_ms", "claim_p50_ms", "claim_p99_ms", "timer_p99_ms"),
        *("due_rows", "claim_p99_100k_due_ms", "claim_p99_100k_unanalysed_ms"),
    ),
}
"""The README's tables."""
_ABOUT = ("cores", "cpu", "python", "system", "sqlite", "versions", "load_before", "fsync_per_s", "took_s")
_ROUGH = "**Written by a quick run: short, once, side by side, on fewer rows, SQLite only. Take it as a look.**\n\n"
_NO_HARNESS = "Not part of this run (`--kills`)."


def listing(flat: Flat) -> str:
    """Each figure on a line; of ours with a target, whether it is met."""
    lines = []
    for key, measure in MEASURES.items():
        for name in _who_has(flat, [key]):
            full = _full(name, key)
            met = measure.is_met(float(flat[full])) if name in STORES else None
            mark = {True: "met", False: "MISSED", None: ""}[met]
            lines.append(f"{full:38} {figure(flat, full):>26} {measure.unit:10} {mark}".rstrip())
    return "\n".join(lines)


def page(flat: Flat) -> str:
    """The README."""
    tables = {name: _table(flat, keys) for name, keys in SECTIONS.items()}
    if not any(f"in_doubt_max_per_kill{suffix}" in flat for suffix in STORES):
        tables["harness"] = _NO_HARNESS
    about = "\n".join(f"| {name.replace('_', ' ')} | {figure(flat, name)} |" for name in _ABOUT)
    return TEMPLATE.read_text("utf-8").format(
        rough=_ROUGH if flat["quick"] else "",
        picture=PICTURE.name,
        about=about,
        verdict=_verdict(flat),
        ratios=_ratios(flat),
        **tables,
    )


def _table(flat: Flat, keys: Iterable[str]) -> str:
    """One line for each figure that somebody has, one column for each who has any."""
    keys = [key for key in keys if _who_has(flat, [key])]
    who = _who_has(flat, keys)
    lines = [["", *(_WHO[name] for name in who), "To reach"], ["---"] * (len(who) + 2)]
    for key in keys:
        measure = MEASURES[key]
        lines.append([f"{measure.what}, {measure.unit}", *(_cell(flat, name, key) for name in who), target(measure)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def target(measure: Measure) -> str:
    """What a figure has to reach, "–" for nothing."""
    if not measure.target:
        return "–" if measure.target is None else "0"
    return f"{'≤' if measure.lower_is_better else '≥'} {measure.target:,g}"


def _verdict(flat: Flat) -> str:
    """How many of the targets are met, and which are not."""
    aims = [
        (full, measure.is_met(float(flat[full])))
        for key, measure in MEASURES.items()
        for suffix in STORES
        if (full := _full(suffix, key)) in flat and measure.target is not None
    ]
    missed = [f"`{full}`" for full, met in aims if not met]
    said = f"Of {len(aims)} figures of ours that have something to reach, {len(aims) - len(missed)} reach it."
    return f"{said} Missed: {', '.join(missed)}." if missed else said


def _cell(flat: Flat, name: str, key: str) -> str:
    full = _full(name, key)
    if full not in flat:
        return "–"
    missed = name in STORES and MEASURES[key].is_met(float(flat[full])) is False
    return f"**{figure(flat, full)}** (missed)" if missed else figure(flat, full)


def _ratios(flat: Flat) -> str:
    """Ours divided by the peers', a line each."""
    lines = []
    for key, measure in MEASURES.items():
        for suffix, store in STORES.items():
            for prefix, peer in PEERS.items():
                full = f"{prefix}ratio_{key}{suffix}"
                if full in flat:
                    lines.append(f"| {measure.what} | {store} | {peer} | {figure(flat, full)} |")
    return "\n".join(["| | Ours on | Divided by | Ratio |", "| --- | --- | --- | --- |", *lines])


def figure(flat: Flat, full: str) -> str:
    """The figure, and in brackets its smallest and largest run when they differ."""
    low, high = flat.get(f"{full}_min"), flat.get(f"{full}_max")
    spread = f" ({low:,}–{high:,})" if low is not None and low != high else ""
    value = flat[full]
    return value if isinstance(value, str) else f"{value:,}{spread}"


def _full(name: str, key: str) -> str:
    return f"{key}{name}" if name in STORES else f"{name}{key}"


def _who_has(flat: Flat, keys: Iterable[str]) -> list[str]:
    keys = list(keys)
    return [name for name in _WHO if any(_full(name, key) in flat for key in keys)]
