"""Everything the matcher knows of one FAQ, as arrays; built once per content, saved, and read back by memory map."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bot.core import saved
from bot.core.matching.confidence import Known, Logistic
from bot.core.matching.postings import Postings
from bot.core.matching.spelling import Counts, Spellings

FORMAT = 4
"""Raised with any change that makes an older index answer differently, but for other constants (see `recipe.py`)."""
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
class Replayed:
    """How each line fared, asked again as if it had not been there: as it is written (row 0) and misspelt (row 1).

    For `review.py`. No rows where there is no entry.
    """

    rivals: NDArray[np.int32]
    """The column of the best entry that is not the line's own…"""
    ahead: NDArray[np.float32]
    """…how far the line's own score is ahead of it…"""
    sure: NDArray[np.float32]
    """…and how sure the bot would be of whichever entry came first."""


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
    slips: tuple[str, ...]
    """Each line once misspelt and mended again…"""
    slip_sentences: NDArray[np.float32]
    """…and the rows of these, so that the next index need not ask the model again."""
    weights: NDArray[np.float32]
    known: Known
    right: Logistic
    scope: Logistic
    among: Logistic
    gates: Gates
    replayed: Replayed

    @property
    def is_semantic(self) -> bool:
        """Whether it was built with the sentence model, and so needs it to answer."""
        return bool(self.sentences.shape[1])

    def embedded(self) -> Mapping[str, NDArray[np.float32]]:
        """Rows of the sentence model by text, as `training.build` asked for them."""
        if not self.is_semantic:
            return {}
        spelt = (" ".join(self.spellings.spell_out(line)) for line in self.lines)
        rows = zip((*spelt, *self.slips), (*self.sentences, *self.slip_sentences), strict=True)
        return dict(rows)

    def save(self, folder: Path) -> None:
        """Write it so that a reader sees all of it or nothing. Raises OSError."""
        saved.save(folder, self._words(), self._arrays())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back by memory map. Raises OSError, ValueError or KeyError for what is not an index of this format."""
        said, arrays = saved.load(folder)
        if said["format"] != FORMAT:
            raise ValueError(f"an index of format {said['format']}, not {FORMAT}")
        spellings, counts = heard_again(said)
        size = len(said["lines"])
        return cls(
            entries=tuple(said["entries"]),
            lines=tuple(said["lines"]),
            labels=arrays["labels"],
            spellings=spellings,
            counts=counts,
            postings=postings_of(arrays, size),
            vectors=arrays["vectors"],
            sentences=arrays["sentences"],
            slips=tuple(said["slips"]),
            slip_sentences=arrays["slip_sentences"],
            weights=arrays["weights"],
            known=Known(arrays["known_ids"], arrays["known_counts"], size),
            **{name: logistic_of(arrays[name]) for name in _MODELS},
            gates=Gates(**said["gates"]),
            replayed=Replayed(**{name: arrays[f"replayed_{name}"] for name in _REPLAYED}),
        )

    def _words(self) -> Mapping[str, Any]:
        return {
            "format": FORMAT,
            "entries": self.entries,
            "lines": self.lines,
            "slips": self.slips,
            **spoken(self.spellings, self.counts),
            "gates": {field.name: getattr(self.gates, field.name) for field in fields(self.gates)},
        }

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        return {
            **arrays_of(self.postings),
            "labels": self.labels,
            "vectors": self.vectors,
            "sentences": self.sentences,
            "slip_sentences": self.slip_sentences,
            "weights": self.weights,
            "known_ids": self.known.ids,
            "known_counts": self.known.counts,
            **{name: rows_of(getattr(self, name)) for name in _MODELS},
            **{f"replayed_{name}": getattr(self.replayed, name) for name in _REPLAYED},
        }


_MODELS = ("right", "scope", "among")
_POSTINGS = ("keys", "weights", "starts", "rows", "values")
_REPLAYED = ("rivals", "ahead", "sure")


def spoken(spellings: Spellings, counts: Counts) -> dict[str, Any]:
    """How words are spelt and counted, for the file of words."""
    return {
        "spellings": dict(spellings.meant),
        "keep": sorted(spellings.keep),
        "words": dict(counts.words),
        "pairs": {" ".join(pair): number for pair, number in counts.pairs.items()},
    }


def heard_again(said: Mapping[str, Any]) -> tuple[Spellings, Counts]:
    """What `spoken` wrote. Raises KeyError."""
    pairs = {tuple(pair.split(" ")): number for pair, number in said["pairs"].items()}
    return Spellings(said["spellings"], frozenset(said["keep"])), Counts(said["words"], pairs)


def arrays_of(postings: Postings) -> dict[str, NDArray[Any]]:
    """Postings by the names of their files."""
    return {f"postings_{name}": getattr(postings, name) for name in _POSTINGS}


def postings_of(arrays: Mapping[str, NDArray[Any]], size: int) -> Postings:
    """What `arrays_of` spread out, for so many texts. Raises KeyError."""
    return Postings(**{name: arrays[f"postings_{name}"] for name in _POSTINGS}, size=size)


def rows_of(model: Logistic) -> NDArray[np.float64]:
    """A logistic model as one array."""
    return np.vstack([np.r_[0, model.mean], np.r_[0, model.scale], model.weights])


def logistic_of(rows: NDArray[np.float64]) -> Logistic:
    """What `rows_of` wrote."""
    return Logistic(np.array(rows[0, 1:]), np.array(rows[1, 1:]), np.array(rows[2]))
