"""Figures of ours on several stores, and of peers beside them, as text: for the terminal, and tables for the README."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from benchmarks._figures import Measure
from benchmarks._report import figure, target

Flat: TypeAlias = Mapping[str, str | float | bool]
"""What is in the JSON."""

ABOUT = ("cores", "cpu", "python", "system", "sqlite", "versions", "load_before", "fsync_per_s", "took_s")
"""What the figures were measured on."""
ROUGH = "**Written by a quick run: on fewer rows, SQLite only. Take it as a look.**\n\n"


@dataclass(frozen=True)
class Contest:
    """Who is compared in what. A figure of ours has the store's suffix, a peer's its prefix."""

    measures: Mapping[str, Measure]
    stores: Mapping[str, str]
    """Suffixes of ours, and what they are called."""
    peers: Mapping[str, str]
    """Prefixes of the peers, and what they are called."""
    other_targets: Mapping[str, float] = field(default_factory=dict)
    """Where the stores have different ones, by full name."""

    @property
    def who(self) -> dict[str, str]:
        """Everybody, in the order of the columns."""
        return {**self.stores, **self.peers}

    def full_key(self, name: str, key: str) -> str:
        """The figure `key` of `name`, a suffix of ours or a prefix of a peer, in the JSON."""
        return f"{key}{name}" if name in self.stores else f"{name}{key}"

    def measure_of(self, name: str, key: str) -> Measure:
        """It, with what this contestant has to reach; peers have nothing to reach."""
        measure = self.measures[key]
        if name not in self.stores:
            return replace(measure, target=None)
        return replace(measure, target=self.other_targets.get(self.full_key(name, key), measure.target))

    def listing(self, flat: Flat) -> str:
        """Each figure on a line; of ours with a target, whether it is met."""
        lines = []
        for key, measure in self.measures.items():
            for name in self._who_has(flat, [key]):
                mark = {True: "met", False: "MISSED", None: ""}[self._is_met(flat, name, key)]
                full = self.full_key(name, key)
                lines.append(f"{full:34} {figure(flat, full):>16} {measure.unit:10} {mark}".rstrip())
        return "\n".join(lines)

    def verdict(self, flat: Flat) -> str:
        """How many of the targets are met, and which are not."""
        aims = [
            (self.full_key(name, key), met)
            for key in self.measures
            for name in self._who_has(flat, [key])
            if (met := self._is_met(flat, name, key)) is not None
        ]
        missed = [f"`{full}` ({figure(flat, full)})" for full, met in aims if not met]
        said = f"Of {len(aims)} figures of ours that have something to reach, {len(aims) - len(missed)} reach it."
        return f"{said} Missed: {', '.join(missed)}." if missed else said

    def table(self, flat: Flat, keys: Sequence[str]) -> str:
        """One line for each figure that somebody has, one column for each who has any."""
        who = self._who_has(flat, keys)
        rows = [["", *(self.who[name] for name in who), "To reach"], ["---"] * (len(who) + 2)]
        for key in keys:
            if self._who_has(flat, [key]):
                cells = (self._cell(flat, name, key) for name in who)
                measure = self.measures[key]
                rows.append([f"{measure.what}, {measure.unit}", *cells, " / ".join(self._targets(who, key))])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def _is_met(self, flat: Flat, name: str, key: str) -> bool | None:
        return self.measure_of(name, key).is_met(float(flat[self.full_key(name, key)]))

    def _targets(self, who: Iterable[str], key: str) -> Iterator[str]:
        """What ours have to reach, once where it is the same."""
        yield from dict.fromkeys(target(self.measure_of(name, key)) for name in who if name in self.stores) or ["–"]

    def _cell(self, flat: Flat, name: str, key: str) -> str:
        full = self.full_key(name, key)
        if full not in flat:
            return "–"
        return f"**{figure(flat, full)}** (missed)" if self._is_met(flat, name, key) is False else figure(flat, full)

    def _who_has(self, flat: Flat, keys: Iterable[str]) -> list[str]:
        keys = list(keys)
        return [name for name in self.who if any(self.full_key(name, key) in flat for key in keys)]


def about(flat: Flat) -> str:
    """What it was measured on, as lines of a table."""
    return "\n".join(f"| {name.replace('_', ' ')} | {figure(flat, name)} |" for name in ABOUT)
