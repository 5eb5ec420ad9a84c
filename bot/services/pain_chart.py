"""The pain of one patient as a small picture. With the extra `charts` only; without it staff read the line of numbers.

Drawing takes a tenth of a second and the first time a second: never in the event loop, nor while a transaction is open.
"""

import asyncio
import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from bot import logs

log = logs.get(__name__)

WIDTH_PX, HEIGHT_PX, DPI = 640, 360, 100
MARGIN = 0.4
"""What is left free beside the first and the last check-in, in check-ins."""
WORST = 10
_DRAWING = threading.Lock()
"""The library keeps fonts for all figures and is not made for several threads."""


@dataclass(frozen=True, slots=True)
class Point:
    """One pain, 0-10, and what stands below it."""

    label: str
    pain: int


@dataclass(frozen=True, slots=True)
class Chart:
    """What the picture shows. It names nobody: `title` is the patient's code."""

    title: str
    points: Sequence[Point]
    """In order; without the pain before the treatment."""
    baseline: int | None
    """The pain before the treatment."""
    alerts: Sequence[float]
    """Where signs of danger came up, in check-ins: 0 is the first one, 1.5 between the second and the third."""
    baseline_label: str = ""
    alert_label: str = ""
    pain_label: str = ""


def can_draw() -> bool:
    """Whether the extra is installed."""
    return find_spec("matplotlib") is not None


async def draw(chart: Chart) -> bytes | None:
    """The chart as a PNG of 640 x 360, readable in black and white; None without the extra, or where it fails."""
    if not can_draw():
        return None
    try:
        return await asyncio.to_thread(_draw, chart)
    except Exception as error:  # a picture is an extra: the words are sent all the same
        log.error("chart_failed", exc=error)
        return None


def _draw(chart: Chart) -> bytes:
    # Only here: importing it takes a second. Without pyplot, which would keep every figure.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _DRAWING:
        figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        places = range(len(chart.points))
        pains = [point.pain for point in chart.points]
        axes.plot(places, pains, color="black", linewidth=2, marker="o", markersize=7, clip_on=False)
        for place, pain in zip(places, pains, strict=True):
            axes.annotate(
                str(pain),
                (place, pain),
                xytext=(0, 9),
                textcoords="offset points",
                ha="center",
                fontsize=12,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )
        if chart.baseline is not None:
            axes.axhline(chart.baseline, color="black", linestyle="--", linewidth=1.2, label=chart.baseline_label)
        if chart.alerts:
            on_the_floor = [0.35] * len(chart.alerts)
            axes.scatter(
                chart.alerts,
                on_the_floor,
                marker="^",
                s=80,
                facecolor="white",
                edgecolor="black",
                label=chart.alert_label,
            )
        axes.set_xlim(-MARGIN, max(len(pains) - 1, 0) + MARGIN)
        axes.set_ylim(0, WORST + 0.6)
        axes.set_yticks(range(0, WORST + 1, 2))
        axes.set_xticks(list(places), [point.label for point in chart.points])
        axes.set_ylabel(chart.pain_label)
        axes.set_title(chart.title)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="0.85", linewidth=0.8)
        axes.set_axisbelow(True)
        if chart.baseline is not None or chart.alerts:
            figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=10)
        file = io.BytesIO()
        canvas.print_png(file)  # type: ignore[no-untyped-call]
    return file.getvalue()
