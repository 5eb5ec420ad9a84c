"""How sure the matcher is: how probably the text is about anything it knows and how probably its first choice is right
(multiplied: its sureness), and how probably the right entry is in its first three.

Three logistic models over a dozen signs (how high the best entry scores, how far ahead it is, how much of what was said
its phrasings know…), fitted on replays: every phrasing asked again, as written and misspelt, with itself held out (in
scope), and with its whole entry held out (out of scope, like the lines of `for_people.yaml`).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.features import look_up
from bot.core.matching.matcher import MAX_CANDIDATES

Floats = NDArray[np.float64]


class Signs(NamedTuple):
    """What the confidence is read from, for one text."""

    top: float
    """The best entry's score…"""
    ahead: float
    """…how far it is ahead of the second…"""
    second_ahead: float
    """…and that of the third."""
    share: float
    """Of all scores, exaggerated."""
    near: float
    """Cosine to the best entry's nearest phrasing…"""
    nearer: float
    """…and how much nearer that is than any other entry's…"""
    nearer_than_people: float
    """…and than any line left to people."""
    people: float
    """The best score of what is left to people."""
    covered: float
    known: float
    """See `Shares`, for the best entry."""
    covered_near: float
    telling: float
    told: float
    mended: float
    """Share of words that were slips."""
    length: float


class Shares(NamedTuple):
    """What the phrasings of one entry know of a text, 0-1 each, words weighed by their rarity."""

    covered: float
    """How much of it they know."""
    known: float
    """How much any phrasing knows."""
    telling: float
    """Of all phrasings with its most telling word, so many are the entry's: 0 for "I would like to know about"."""
    told: float
    """The same for all of its words, on the whole."""


@dataclass(frozen=True)
class Known:
    """Which stems the phrasings of each entry have: `counts[s, e]` phrasings of entry `e` have stem `ids[s]`."""

    ids: NDArray[np.uint32]
    counts: NDArray[np.int32]
    size: int
    """Phrasings in all."""

    def shares(self, stems: NDArray[np.uint32], entry: int, minus: NDArray[np.int32] | None) -> Shares:
        """What the entry's phrasings know of a text with these stems.

        `minus`: as if so many fewer phrasings of each entry (columns) had each stem of the text (rows).
        """
        if not len(stems):
            return Shares(0.0, 0.0, 0.0, 0.0)
        at, is_known = look_up(stems, self.ids)
        counts = np.where(is_known[:, None], self.counts[at], 0)
        if minus is not None:
            counts = np.maximum(counts - minus, 0)
        everywhere = counts.sum(axis=1)
        rarity = np.log((1 + self.size) / (1 + everywhere)) + 1
        total = float(rarity.sum())
        own = counts[:, entry] / (1 + everywhere)
        return Shares(
            covered=float(rarity[counts[:, entry] > 0].sum()) / total,
            known=float(rarity[everywhere > 0].sum()) / total,
            telling=float(own.max()),
            told=float((own * rarity).sum()) / total,
        )


def best_entries(scores: Floats, entries: int) -> list[int]:
    """Columns of the entries to think of, best first, as many as are offered."""
    order: list[int] = np.argsort(-scores[:entries], kind="stable")[:MAX_CANDIDATES].tolist()
    return order


def signs(
    scores: Floats, nearest: Floats, best: list[int], shares: Shares, said: tuple[float, int], entries: int
) -> Signs:
    """The signs of one text.

    `scores`, `nearest`: by column, what ridge says and the cosine to the nearest phrasing; the columns after `entries`
    are what must be left to people. `best`: see `best_entries`. `shares`: see `Known.shares`, for the best entry.
    `said`: the share of words that were mended, and how many there are.
    """
    of_entries = scores[:entries]
    first, second, third = (*best, *best[-1:] * 2)[:3]  # of fewer entries the last stands for those that are missing
    top = of_entries[first]
    others = np.delete(nearest[:entries], first)
    rival = float(others.max()) if len(others) else 0.0
    people = float(scores[entries:].max()) if len(scores) > entries else 0.0
    people_near = float(nearest[entries:].max()) if len(nearest) > entries else 0.0
    near = float(nearest[first])
    spread = float(np.exp(8 * (np.clip(scores, -5, 5) - top)).sum())
    return Signs(
        top=float(top),
        ahead=float(top - of_entries[second]),
        second_ahead=float(of_entries[second] - of_entries[third]),
        share=1 / spread,
        near=near,
        nearer=near - rival,
        nearer_than_people=near - people_near,
        people=people,
        covered=shares.covered,
        known=shares.known,
        covered_near=shares.covered * near,
        telling=shares.telling,
        told=shares.told,
        mended=said[0],
        length=float(np.log1p(said[1])),
    )


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


def _sigmoid(x: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(x, -30, 30)))
    return found
