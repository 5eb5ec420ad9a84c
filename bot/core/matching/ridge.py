"""Kernel ridge regression over phrasings: which entries a text belongs to, and what it would say of a phrasing it never
saw.

Ridge, because leaving out a phrasing, or a whole entry, has a closed form: the confidence and the thresholds come from
the clinic's own phrasings, asked again as if they had not been there (`held_out`, `without_entry`), with no further
labels and no refitting.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_Float = TypeVar("_Float", bound=np.floating)

GAMMA = 2.0
"""How much more a near phrasing counts than a far one. Chosen with `LAMBDA` by leave-one-out on the public sets."""
LAMBDA = 0.3
"""How much a single phrasing may be wrong."""


def kernel(cosines: NDArray[np.floating]) -> Matrix:
    """Likeness from mean cosines (1: the same text)."""
    return into_kernel(np.array(cosines, np.float64))


def into_kernel(cosines: NDArray[_Float]) -> NDArray[_Float]:
    """The same in the precision and the memory of `cosines`: of six thousand texts a copy has 150 MB and more."""
    cosines -= 1
    cosines *= GAMMA
    np.exp(cosines, out=cosines)
    return cosines


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge. `labels[i]`: the entry of phrasing `i`; columns of `weights` are entries."""

    labels: NDArray[np.int64]
    inverse: Matrix
    """(K + λI)⁻¹; needed for replays only."""
    weights: Matrix

    @classmethod
    def fit(cls, cosines: NDArray[np.floating], labels: NDArray[np.int64], entries: int) -> "Ridge":
        """From the mean cosines of every phrasing to every other."""
        regular = kernel(cosines) + LAMBDA * np.eye(len(labels))
        inverse: Matrix = np.linalg.inv(regular).astype(np.float64)
        return cls(labels, inverse, inverse @ np.eye(entries)[labels])

    def held_out(self, likeness: Matrix) -> Matrix:
        """Scores of a copy of each phrasing, in order, as if that phrasing had not been there.

        `likeness[i, j]`: `kernel` of the copy of phrasing `i` and phrasing `j`.
        """
        own = np.einsum("ij,ij->i", likeness, self.inverse) / np.diag(self.inverse)
        scores: Matrix = likeness @ self.weights - own[:, None] * self.weights
        return scores

    def without_entry(self, likeness: Matrix) -> Matrix:
        """The same as if the phrasing's whole entry had not been there; that entry scores minus infinity."""
        scores: Matrix = likeness @ self.weights
        for entry in np.unique(self.labels):
            members = np.flatnonzero(self.labels == entry)
            block = np.linalg.inv(self.inverse[np.ix_(members, members)])
            scores[members] -= likeness[members] @ self.inverse[:, members] @ block @ self.weights[members]
            scores[members, entry] = -np.inf
        return scores
