"""Everything the matcher knows of one FAQ, as arrays; built once per content, saved, and read back by memory map."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.confidence import Known, Logistic
from bot.core.matching.features import Postings
from bot.core.matching.spelling import Counts, Spellings

FORMAT = 1
"""Raised with any change that makes an older index answer differently."""


NEVER = 2.0
"""A gate that no sureness passes."""


@dataclass(frozen=True)
class Gates:
    """When to speak, with what the replays promise; see `training.py`."""

    answer: float
    """Least sureness for an answer."""
    ask: float
    """Least probability that the right entry is among three, for "did you mean"."""
    answered: float
    """Share of in-scope replays that are answered…"""
    wrong: float
    """…of which no more are wrong, by the upper 95 % bound."""
    strangers: float
    """Share of the lines left to people that would be answered, by the upper 95 % bound."""


@dataclass(frozen=True)
class Index:
    """See the module. Rows are phrasings; columns are entries, and one more for what is left to people, if any is."""

    entries: tuple[str, ...]
    lines: tuple[str, ...]
    """The phrasing of each row."""
    labels: NDArray[np.int64]
    """The column of each row."""
    spellings: Spellings
    counts: Counts
    postings: Postings
    vectors: NDArray[np.float32]
    sentences: NDArray[np.float32]
    """Of the sentence model; no columns when it was not there."""
    weights: NDArray[np.float32]
    known: Known
    right: Logistic
    scope: Logistic
    among: Logistic
    gates: Gates

    @property
    def is_semantic(self) -> bool:
        """Whether it was built with the sentence model, and so needs it to answer."""
        return bool(self.sentences.shape[1])

    def save(self, folder: Path) -> None:
        """Write it so that a reader sees all of it or nothing. Raises OSError."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".index-", dir=folder.parent))
        try:
            for name, array in self._arrays().items():
                np.save(unfinished / f"{name}.npy", array)
            (unfinished / "index.json").write_text(json.dumps(self._words()), "utf-8")
            try:
                os.replace(unfinished, folder)
            except OSError:
                if not (folder / "index.json").is_file():
                    raise  # not merely another process that was quicker
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back by memory map. Raises OSError, ValueError or KeyError for what is not an index of this format."""
        said: dict[str, Any] = json.loads((folder / "index.json").read_text("utf-8"))
        if said["format"] != FORMAT:
            raise ValueError(f"an index of format {said['format']}, not {FORMAT}")
        # As plain arrays: numpy's memmap class costs a microsecond at every touch.
        arrays = {path.stem: np.load(path, mmap_mode="r").view(np.ndarray) for path in folder.glob("*.npy")}
        size = len(said["lines"])
        return cls(
            entries=tuple(said["entries"]),
            lines=tuple(said["lines"]),
            labels=arrays["labels"],
            spellings=Spellings(said["spellings"], frozenset(said["keep"])),
            counts=Counts(said["words"], {tuple(pair.split(" ")): n for pair, n in said["pairs"].items()}),
            postings=Postings(**{name: arrays[f"postings_{name}"] for name in _POSTINGS}, size=size),
            vectors=arrays["vectors"],
            sentences=arrays["sentences"],
            weights=arrays["weights"],
            known=Known(arrays["known_ids"], arrays["known_counts"], size),
            **{name: _logistic(arrays[name]) for name in _MODELS},
            gates=Gates(**said["gates"]),
        )

    def _words(self) -> Mapping[str, Any]:
        return {
            "format": FORMAT,
            "entries": self.entries,
            "lines": self.lines,
            "spellings": dict(self.spellings.meant),
            "keep": sorted(self.spellings.keep),
            "words": dict(self.counts.words),
            "pairs": {" ".join(pair): n for pair, n in self.counts.pairs.items()},
            "gates": {field.name: getattr(self.gates, field.name) for field in fields(self.gates)},
        }

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        return {
            **{f"postings_{name}": getattr(self.postings, name) for name in _POSTINGS},
            "labels": self.labels,
            "vectors": self.vectors,
            "sentences": self.sentences,
            "weights": self.weights,
            "known_ids": self.known.ids,
            "known_counts": self.known.counts,
            **{name: _rows(getattr(self, name)) for name in _MODELS},
        }


_MODELS = ("right", "scope", "among")
_POSTINGS = ("keys", "weights", "starts", "rows", "values")


def _rows(model: Logistic) -> NDArray[np.float64]:
    return np.vstack([np.r_[0, model.mean], np.r_[0, model.scale], model.weights])


def _logistic(rows: NDArray[np.float64]) -> Logistic:
    return Logistic(np.array(rows[0, 1:]), np.array(rows[1, 1:]), np.array(rows[2]))
