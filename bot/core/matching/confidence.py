"""How sure the matcher is: how probably the text is about anything it knows and how probably its first choice is right
(multiplied: its sureness), and how probably the right entry is in its first three.

Three logistic models over ten signs (how high the best entry scores, how far ahead it is, how much of what was said
its phrasings know…), fitted on replays: every phrasing asked again, as written and misspelt, with itself held out (in
scope), and with its whole entry held out (out of scope, like the lines of `for_people.yaml`).

Fewer signs tell better what nobody wrote phrasings for: how much nearer the best entry is than any other, how much of a
text any phrasing knows, and how often its most telling word is the entry's, were signs once; they fit the replays, and
without them strangers are told from questions more surely (CLINC150, ten phrasings an entry: AUROC 0.91 → 0.93).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.features import Ids, look_up
from bot.core.matching.matcher import MAX_CANDIDATES

Floats = NDArray[np.float64]
Columns = NDArray[np.int64]
Number = TypeVar("Number", float, Floats)
"""Of one text, or of many."""


class Signs(NamedTuple, Generic[Number]):
    """What the confidence is read from, for one text."""

    top: Number
    """The best entry's score…"""
    ahead: Number
    """…and how far it is ahead of the second."""
    share: Number
    """Of all scores, exaggerated."""
    near: Number
    """Cosine to the best entry's nearest phrasing…"""
    nearer_than_people: Number
    """…and how much nearer that is than any line left to people."""
    people: Number
    """The best score of what is left to people."""
    covered: Number
    covered_near: Number
    told: Number
    """See `Shares`, for the best entry."""
    length: Number


class Shares(NamedTuple, Generic[Number]):
    """What the phrasings of one entry know of a text, 0-1 each, words weighed by their rarity."""

    covered: Number
    """How much of it they know."""
    told: Number
    """Of all phrasings with one of its words, so many are the entry's: little for "I would like to know about"."""


@dataclass(frozen=True)
class Known:
    """Which stems the phrasings of each entry have: `counts[s, e]` phrasings of entry `e` have stem `ids[s]`."""

    ids: NDArray[np.uint32]
    counts: NDArray[np.int32]
    size: int
    """Phrasings in all."""

    def shares(self, stems: Ids, entry: int) -> Shares[float]:
        """What the entry's phrasings know of a text with these stems."""
        if not len(stems):
            return Shares(0.0, 0.0)
        at, is_known = look_up(stems, self.ids)
        at = at[is_known]
        rarity, telling = self._rarity
        rare = rarity[at]
        of_entry = self.counts[at, entry]
        total = float(rare.sum()) + (len(stems) - len(at)) * (math.log(1 + self.size) + 1)
        return Shares(float(rare @ (of_entry > 0)) / total, float(telling[at] @ of_entry) / total)

    def replayed_shares(self, stems: Sequence[Ids], entries: Columns, labels: Columns, *, gone: bool) -> Shares[Floats]:
        """The same of many texts, each a phrasing of its `labels`, as if that had not been there; `gone`: none of its
        entry's."""
        owner = np.repeat(np.arange(len(stems)), [len(one) for one in stems])
        at, is_known = look_up(np.concatenate(stems), self.ids)
        of_label = self.counts[at, labels[owner]] * is_known
        minus = of_label if gone else np.minimum(of_label, 1)
        everywhere = self._everywhere[at] * is_known - minus
        of_entry = self.counts[at, entries[owner]] * is_known - minus * (entries == labels)[owner]
        rarity = np.log((1 + self.size) / (1 + everywhere)) + 1

        def summed(values: Floats) -> Floats:
            sums: Floats = np.bincount(owner, values, minlength=len(stems)).astype(np.float64)
            return sums

        total = np.maximum(summed(rarity), 1.0)  # a stem's is 1 and more; without any, nothing is known
        return Shares(summed(rarity * (of_entry > 0)) / total, summed(rarity * (of_entry / (1 + everywhere))) / total)

    @cached_property
    def _everywhere(self) -> NDArray[np.int64]:
        """How many phrasings have each stem."""
        found: NDArray[np.int64] = self.counts.sum(axis=1)
        return found

    @cached_property
    def _rarity(self) -> tuple[Floats, Floats]:
        """How rare each stem is, and what each of an entry's phrasings with it tells."""
        rarity = np.log((1 + self.size) / (1 + self._everywhere)) + 1
        return rarity, rarity / (1 + self._everywhere)


def best_entries(scores: Floats, entries: int) -> list[int]:
    """Columns of the entries to think of, best first, as many as are offered."""
    order: list[int] = np.argsort(-scores[:entries], kind="stable")[:MAX_CANDIDATES].tolist()
    return order


def signs(
    scores: Floats, nearest: Floats, best: list[int], shares: Shares[float], length: int, entries: int
) -> Signs[float]:
    """The signs of one text.

    `scores`, `nearest`: by column, what ridge says and the cosine to the nearest phrasing; the columns after `entries`
    are what must be left to people. `best`: see `best_entries`. `shares`: see `Known.shares`, for the best entry.
    `length`: words of the text.
    """
    first, second = (*best, *best)[:2]  # an entry that is alone is ahead of nothing
    top = float(scores[first])
    near = float(nearest[first])
    has_people = len(scores) > entries
    people = float(scores[entries:].max()) if has_people else 0.0
    people_near = float(nearest[entries:].max()) if has_people else 0.0
    spread = float(np.exp(8 * (np.minimum(np.maximum(scores, -5), 5) - top)).sum())
    return Signs(
        top=top,
        ahead=top - float(scores[second]),
        share=1 / spread,
        near=near,
        nearer_than_people=near - people_near,
        people=people,
        covered=shares.covered,
        covered_near=shares.covered * near,
        told=shares.told,
        length=math.log1p(length),
    )


def replayed_signs(
    scores: Floats, nearest: Floats, best: Columns, shares: Shares[Floats], lengths: NDArray[np.int64], entries: int
) -> Floats:
    """`signs` of many texts at once (rows)."""
    rows = np.arange(len(scores))
    top, near = scores[rows, best[:, 0]], nearest[rows, best[:, 0]]
    nobody = np.zeros(len(scores))
    has_people = scores.shape[1] > entries
    people = scores[:, entries:].max(axis=1) if has_people else nobody
    people_near = nearest[:, entries:].max(axis=1) if has_people else nobody
    spread = np.exp(8 * (np.clip(scores, -5, 5) - top[:, None])).sum(axis=1)
    found = Signs[Floats](
        top=top,
        ahead=top - scores[rows, best[:, min(1, best.shape[1] - 1)]],
        share=1 / spread,
        near=near,
        nearer_than_people=near - people_near,
        people=people,
        covered=shares.covered,
        covered_near=shares.covered * near,
        told=shares.told,
        length=np.log1p(lengths),
    )
    return np.column_stack(found)


@dataclass(frozen=True)
class Logistic:
    """A logistic model over standardised signs."""

    mean: Floats
    scale: Floats
    weights: Floats
    """The constant first."""

    @classmethod
    def fit(cls, values: Floats, is_right: Floats, share: Floats, shrink: float = 1.0) -> "Logistic":
        """By Newton steps; `share` weighs the rows, `shrink` pulls the weights to 0."""
        mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
        rows = np.column_stack([np.ones(len(values)), (values - mean) / scale])
        keep = np.full(rows.shape[1], shrink)
        keep[0] = 1e-6
        weights = np.zeros(rows.shape[1])
        for _ in range(25):
            guess = _sigmoid(rows @ weights)
            slope = rows.T @ (share * (guess - is_right)) + keep * weights
            curve = (rows * (share * guess * (1 - guess) + 1e-9)[:, None]).T @ rows + np.diag(keep)
            weights = weights - np.linalg.solve(curve, slope)
        return cls(mean, scale, weights)

    def of(self, values: Floats) -> Floats:
        """Probabilities for rows of signs."""
        found: Floats = _sigmoid(self.weights[0] + ((values - self.mean) / self.scale) @ self.weights[1:])
        return found


@dataclass(frozen=True)
class Together:
    """Several logistic models over the same signs, as one sweep: this runs for every question."""

    constants: Floats
    weights: Floats

    @classmethod
    def of_models(cls, *models: Logistic) -> "Together":
        """Each answers in its turn."""
        weights = np.vstack([model.weights[1:] / model.scale for model in models])
        constants = [model.weights[0] - own @ model.mean for model, own in zip(models, weights, strict=True)]
        return cls(np.array(constants), weights)

    def of(self, values: Signs[float]) -> list[float]:
        """The probability each gives."""
        sums: list[float] = (self.constants + self.weights @ np.array(values)).tolist()
        return [1 / (1 + math.exp(-min(max(one, -30.0), 30.0))) for one in sums]


def _sigmoid(x: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(x, -30, 30)))
    return found
