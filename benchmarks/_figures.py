"""From single runs to figures: percentiles, medians with their spread, and which way is better."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Fold(StrEnum):
    """How the runs of one figure become one number."""

    MEDIAN = "median"
    MEAN = "mean"
    SUM = "sum"
    """Things that must not happen: one in any run counts."""
    MAX = "max"


@dataclass(frozen=True)
class Measure:
    """One figure, by the name it has in the JSON. `target`: what issue and design ask for, in the same unit."""

    key: str
    unit: str
    what: str
    lower_is_better: bool = True
    target: float | None = None
    fold: Fold = Fold.MEDIAN

    def is_met(self, value: float) -> bool | None:
        """Whether `value` reaches the target; None without one."""
        if self.target is None:
            return None
        return value <= self.target if self.lower_is_better else value >= self.target

    def worst(self, values: Iterable[float]) -> float:
        """The worst of several."""
        return max(values) if self.lower_is_better else min(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0-1) of all values do not exceed. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values, no percentile")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@dataclass
class Figures:
    """Every run of every figure. `measures`: by key, without suffix or prefix."""

    measures: Mapping[str, Measure]
    runs: dict[str, list[float]] = field(default_factory=dict)
    """Under the full key ("lost_sqlite", "loop_lost")."""
    _measure_of: dict[str, Measure] = field(default_factory=dict)
    _ours: dict[str, list[str]] = field(default_factory=dict)

    def add(self, measure_key: str, value: float, *, suffix: str = "", prefix: str = "") -> None:
        """Note one run. Raises KeyError for a figure nobody has described."""
        measure = self.measures[measure_key]
        key = f"{prefix}{measure_key}{suffix}"
        if key not in self.runs:
            self.runs[key] = []
            self._measure_of[key] = measure
            if suffix and not prefix:
                self._ours.setdefault(measure_key, []).append(key)
        self.runs[key].append(value)

    def value(self, key: str) -> float:
        """One figure. Raises KeyError when it was not measured."""
        runs = self.runs[key]
        match self._measure_of[key].fold:
            case Fold.SUM:
                return sum(runs)
            case Fold.MAX:
                return max(runs)
            case Fold.MEAN:
                return statistics.fmean(runs)
            case Fold.MEDIAN:
                return statistics.median(runs)

    def compare(self, measure_key: str, prefix: str) -> None:
        """Note each of ours divided by this peer's, round by round, as `<prefix>ratio_<figure><suffix>`."""
        measure = self.measures[measure_key]
        theirs = self.runs.get(f"{prefix}{measure_key}", [])
        for ours in self._ours.get(measure_key, []):
            ratios = [mine / peer for mine, peer in zip(self.runs[ours], theirs, strict=False) if peer]
            if ratios:
                key = f"{prefix}ratio_{ours}"
                self.runs[key], self._measure_of[key] = ratios, replace(measure, unit="×", fold=Fold.MEDIAN)

    def flat(self) -> dict[str, float]:
        """Each figure, its smallest and largest run; and under the plain name the worst of ours."""
        found: dict[str, float] = {}
        for measure_key, keys in self._ours.items():
            found[measure_key] = self.measures[measure_key].worst(self.value(key) for key in keys)
        for key, runs in self.runs.items():
            found[key] = self.value(key)
            if len(runs) > 1:
                found[f"{key}_min"], found[f"{key}_max"] = min(runs), max(runs)
        return {key: _short(value) for key, value in found.items()}


def _short(value: float) -> float:
    """Whole numbers as such, others with what can be trusted."""
    if float(value).is_integer():
        return int(value)
    return round(value, 3 if abs(value) < 10 else 1)
