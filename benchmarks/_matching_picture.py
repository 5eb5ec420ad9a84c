"""The picture of the matching part of `benchmarks/README.md`: how often right, and what it costs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks._matching_measures import OURS, TYPOS, WHO, full_key

mpl.use("Agg")  # before pyplot: there may be no screen
import matplotlib.pyplot as plt

OUR_COLOUR, RIVAL_COLOUR = "#0b5cad", "#777777"
_SETS = {"banking_k20": "Banking77, 20 phrasings an entry", "clinc_k20": "CLINC150, 20 phrasings an entry"}
_ONLY_SET = {"banking_k10": "Banking77, 10 phrasings an entry"}
"""Of a quick run."""


def draw(path: Path, flat: Mapping[str, str | float | bool]) -> None:
    """Write the picture as PNG."""
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    sets = {task: title for task, title in (_SETS | _ONLY_SET).items() if f"{task}_top1" in flat}
    sets = {task: title for task, title in sets.items() if task in _SETS} or sets
    figure, axes = plt.subplots(len(sets) + 1, 1, figsize=(8, 3.3 * len(sets) + 3.6), layout="constrained")
    for (task, title), axis in zip(sets.items(), axes, strict=False):
        _right(axis, task, title, flat)
    _cost(axes[-1], flat)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    plt.close(figure)


def _colour(name: str) -> str:
    return OUR_COLOUR if name in OURS else RIVAL_COLOUR


def _right(axis: Any, task: str, title: str, flat: Mapping[str, Any]) -> None:
    """A line for each contestant, from typed badly to as written."""
    names = [name for name in reversed(WHO) if full_key(name, f"{task}_top1") in flat]
    for height, name in enumerate(names):
        clean, typos = (flat[full_key(name, f"{task}_top1{variant}")] for variant in ("", TYPOS))
        axis.plot([typos, clean], [height, height], color=_colour(name), linewidth=2, zorder=1)
        axis.scatter([typos], [height], facecolor="white", edgecolor=_colour(name), zorder=2)
        axis.scatter([clean], [height], color=_colour(name), zorder=2)
    axis.set_yticks(range(len(names)), [WHO[name] for name in names])
    axis.set_xlim(0, 100)
    axis.set_title(f"{title}: right at first, %", loc="left", fontsize=10)
    axis.set_xlabel("○ typed badly    ● as written")
    axis.grid(axis="x", color="#dddddd", zorder=0)


def _cost(axis: Any, flat: Mapping[str, Any]) -> None:
    """Time for a decision against memory."""
    for name, who in WHO.items():
        if (full := full_key(name, "decision_p50_ms")) in flat:
            point = (flat[full], flat[full_key(name, "rss_mb")])
            axis.scatter(*point, color=_colour(name))
            axis.annotate(who, point, xytext=(6, 3), textcoords="offset points", fontsize=9, color=_colour(name))
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_formatter(lambda ms, _: f"{ms:g}")
    axis.margins(x=0.25, y=0.15)
    axis.set_ylim(bottom=0)
    axis.set_title("One decision at 1,500 phrasings, and the memory of the process", loc="left", fontsize=10)
    axis.set_xlabel("median ms")
    axis.set_ylabel("MB")
