"""The picture of `benchmarks/README.md`: what kills do, and how late messages are."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks._loads import Killed, Steady
from benchmarks._measures import PEERS, STORES
from benchmarks._trial import Trial
from bot.clock import SECOND_US

mpl.use("Agg")  # before pyplot: there may be no screen
import matplotlib.pyplot as plt

BIN_S = 0.5
COLOURS = {
    "_sqlite": "#0b5cad",
    "_postgres": "#4a9bd9",
    "_postgres_4": "#0b5cad",
    "loop_": "#777777",
    "jobqueue_": "#c2410c",
}
DASHES = {"_postgres": ":", "_postgres_4": "--", "loop_": "-.", "jobqueue_": "-"}
UNDER_KILLS = ("_sqlite", "jobqueue_")
LATEST_MS = 200


def draw(path: Path, trial: Trial) -> None:
    """Write the picture as PNG."""
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    names = [name for name in UNDER_KILLS if name in trial.ordeals]
    figure, axes = plt.subplots(
        len(names) + 1,
        1,
        figsize=(8, 2.2 * len(names) + 3.4),
        height_ratios=[2] * len(names) + [3],
        layout="constrained",
    )
    found = [trial.ordeals[name] for name in names]
    longest_s = max((_seconds(one, max(one.arrivals_us + one.kills_us)) for one in found), default=0)
    for name, one, axis in zip(names, found, axes, strict=False):
        _sends(axis, name, one)
        axis.set_xlim(-1, longest_s + 1)
    _lateness(axes[-1], trial.steadies)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    plt.close(figure)


def _title(name: str) -> str:
    return f"Ours, {STORES[name]}" if name in STORES else PEERS[name]


def _seconds(found: Killed, at_us: int) -> float:
    """Since the burst was due."""
    return (at_us - found.began_us) / SECOND_US


def _sends(axis: Any, name: str, found: Killed) -> None:
    """Arrivals in each half second, with a line at each kill."""
    seconds = [_seconds(found, at_us) for at_us in found.arrivals_us]
    bins = [number * BIN_S for number in range(int(max(seconds, default=1) / BIN_S) + 2)]
    axis.hist(seconds, bins=bins, color=COLOURS[name])
    for number, at_us in enumerate(found.kills_us):
        label = None if number else "kill -9"
        axis.axvline(_seconds(found, at_us), color="black", linewidth=1.2, linestyle="--", label=label)
    outcome = f"{found.lost} lost, {found.doubled} doubled, {found.unknown + found.resent} said to be in doubt"
    axis.set_title(f"{_title(name)}: of {found.owed} messages {outcome}", loc="left", fontsize=10)
    axis.set_ylabel(f"arrivals in {BIN_S:g} s")
    axis.set_xlabel("seconds since the burst was due")
    axis.legend(loc="upper right", framealpha=1, edgecolor="white")


def _lateness(axis: Any, steadies: dict[str, list[Steady]]) -> None:
    """The share of messages that are at most so late."""
    for name, rounds in steadies.items():
        times = sorted(ms for found in rounds for ms in found.lateness_ms)
        shares = [100 * (number + 1) / len(times) for number in range(len(times))]
        axis.plot(times, shares, color=COLOURS[name], linestyle=DASHES.get(name, "-"), label=_title(name))
    axis.axvline(100, color="black", linewidth=0.8, linestyle=":")
    axis.annotate("to reach: 99 % by 100 ms", (100, 5), xytext=(4, 0), textcoords="offset points", fontsize=9)
    axis.set_xlim(0, LATEST_MS)
    axis.set_ylim(0, 101)
    axis.set_title("Lateness at 90 % of the limit", loc="left", fontsize=10)
    axis.set_xlabel("milliseconds after the planned time")
    axis.set_ylabel("% of messages")
    axis.legend(loc="lower right", frameon=False)
