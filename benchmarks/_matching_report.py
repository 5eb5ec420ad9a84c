"""Figures of `matching.py` as text: a list for the terminal, and their part of `benchmarks/README.md`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks._figures import Measure
from benchmarks._matching_measures import (
    CORE,
    FEW,
    HOSTILE_KINDS,
    MEASURES,
    OURS,
    SEMANTIC,
    TYPOS,
    WHO,
    full_key,
)
from benchmarks._report import figure, target

PICTURE = Path(__file__).with_name("matching.png")
TEMPLATE = Path(__file__).with_name("_matching_page.md")

Flat: TypeAlias = Mapping[str, str | float | bool]
"""What is in the JSON."""

_NAMES = {
    "topics": "Our FAQ, questions by other writers",
    "banking_k10": "Banking77, 10 phrasings an entry",
    "banking_k20": "Banking77, 20 phrasings an entry",
    "clinc_k10": "CLINC150, 10 phrasings an entry",
    "clinc_k20": "CLINC150, 20 phrasings an entry",
}
_RIGHT = ("top1", "top3", f"top1{TYPOS}", f"top3{TYPOS}", "auroc")
_DECIDED = ("answered", "wrong", "helped", "out_of_scope_answered")
_COSTS = (
    *("decision_p50_ms", "decision_p99_ms", "hostile_p50_ms", "hostile_ms"),
    *("ready_s", "rss_mb", "rss_peak_mb", "build_s", "build_peak_mb"),
)
_KINDS = tuple(f"hostile_{kind}_ms" for kind in HOSTILE_KINDS)
_ABOUT = ("cores", "cpu", "python", "system", "versions", "load_before", "took_s")
_ROUGH = (
    "**Written by a quick run: one seed, one set, every fifth question, few rivals, core only. Take it as a look.**\n\n"
)


def listing(flat: Flat) -> str:
    """Each figure on a line; of ours with a target, whether it is met. Kinds of hostile text of ours only."""
    lines = []
    for key in _plain_keys():
        for name in OURS if key in _KINDS else WHO:
            full = full_key(name, key)
            if full in flat:
                lines.append(
                    f"{full:44} {figure(flat, full):>26} {MEASURES[key].unit:4} {_mark(flat, name, key)}".rstrip()
                )
    return "\n".join(lines)


def section(flat: Flat) -> str:
    """Our part of the README."""
    return TEMPLATE.read_text("utf-8").format(
        rough=_ROUGH if flat["quick"] else "",
        picture=PICTURE.name,
        verdict=_verdict(flat),
        right="\n\n".join(
            f"#### {what}\n\n{_table(flat, [f'{task}_{key}' for key in _RIGHT])}"
            for task, what in _NAMES.items()
            if f"{task}_top1" in flat
        ),
        decided=_decided(flat),
        costs=_table(flat, _COSTS),
        hostile=_hostile(flat),
        asked="every question" if flat["every"] == 1 else f"every {flat['every']}th question",
        seeds="0" if flat["seeds"] == 1 else f"0 to {int(flat['seeds']) - 1}",
        about="\n".join(f"| {name.replace('_', ' ')} | {figure(flat, name)} |" for name in _ABOUT),
    )


def _plain_keys() -> list[str]:
    return [key for key in MEASURES if not key.endswith(SEMANTIC)]


def _is_met(flat: Flat, name: str, key: str) -> bool | None:
    """Whether a figure of ours reaches its target; None for a rival's, or without one."""
    full = full_key(name, key)
    return MEASURES[full].is_met(float(flat[full])) if name in OURS and full in flat else None


def _mark(flat: Flat, name: str, key: str) -> str:
    met = _is_met(flat, name, key)
    if met is None:
        return ""
    return "met" if met else f"MISSED {target(MEASURES[full_key(name, key)])}"


def _verdict(flat: Flat) -> str:
    """How many of the targets are met, and by how much the others are missed."""
    aims = [
        (full_key(name, key), met)
        for key in _plain_keys()
        for name in OURS
        if (met := _is_met(flat, name, key)) is not None
    ]
    missed = [f"`{full}` ({figure(flat, full)}; {target(MEASURES[full])})" for full, met in aims if not met]
    said = f"Of {len(aims)} figures of ours that have something to reach, {len(aims) - len(missed)} reach it."
    return f"{said} Missed: {', '.join(missed)}." if missed else said


def _table(flat: Flat, keys: Sequence[str]) -> str:
    """One line for each contestant, one column for each figure that somebody has, and what ours have to reach."""
    keys = [key for key in keys if any(full_key(name, key) in flat for name in WHO)]
    heads = [f"{_what(MEASURES[key])}{_unit(MEASURES[key])}" for key in keys]
    rows = [
        [who, *(_cell(flat, name, key) for key in keys)]
        for name, who in WHO.items()
        if any(full_key(name, key) in flat for key in keys)
    ]
    for name, what in ((CORE, "To reach, core"), (SEMANTIC, "To reach, semantic")):
        targets = [target(MEASURES[full_key(name, key)]) for key in keys]
        if set(targets) != {"–"}:
            rows.append([what, *targets])
    return _lines(["", *heads], rows)


def _decided(flat: Flat) -> str:
    """What ours do at their own gates, a line for each set."""
    rows = [
        [f"{_NAMES[task]}{', typed badly' if variant else ''}, {WHO[name].removeprefix('Ours, ')}"]
        + [_cell(flat, name, f"{task}_{key}{variant}") for key in _DECIDED]
        for task in ("topics", *FEW)
        for variant in ("", TYPOS)
        for name in OURS
        if full_key(name, f"{task}_answered{variant}") in flat
    ]
    for name, what in ((CORE, "To reach on our FAQ, core"), (SEMANTIC, "To reach on our FAQ, semantic")):
        rows.append([what, *(target(MEASURES[full_key(name, f"topics_{key}")]) for key in _DECIDED)])
    heads = [f"{MEASURES[f'topics_{key}'].what}, %" for key in _DECIDED]
    return _lines(["", *heads], rows)


def _hostile(flat: Flat) -> str:
    """The worst time for each kind of hostile text."""
    who = [name for name in OURS if full_key(name, "hostile_ms") in flat]
    rows = [
        [kind.replace("_", " "), *(_cell(flat, name, f"hostile_{kind}_ms") for name in who)] for kind in HOSTILE_KINDS
    ]
    return _lines(["4,096 characters of", *(f"{WHO[name]}, ms" for name in who)], rows)


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _what(measure: Measure) -> str:
    return f"typed badly: {measure.what}" if measure.key.endswith(TYPOS) else measure.what


def _unit(measure: Measure) -> str:
    return f", {measure.unit}" if measure.unit else ""


def _cell(flat: Flat, name: str, key: str) -> str:
    full = full_key(name, key)
    if full not in flat:
        return "–"
    return f"**{figure(flat, full)}** (missed)" if _is_met(flat, name, key) is False else figure(flat, full)
