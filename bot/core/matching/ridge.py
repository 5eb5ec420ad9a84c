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

Floats = NDArray[np.float32]
_Float = TypeVar("_Float", bound=np.floating)

GAMMA = 2.0
"""How much more a near phrasing counts than a far one. Chosen with `LAMBDA` by leave-one-out on the public sets."""
LAMBDA = 0.3
"""How much a single phrasing may be wrong."""
_SMALL = 256
"""Rows of a matrix that is worked on in one piece."""


def into_kernel(cosines: NDArray[_Float]) -> NDArray[_Float]:
    """Likeness from mean cosines (1: the same text), in their memory: of six thousand texts a copy has 150 MB."""
    cosines -= 1
    cosines *= GAMMA
    np.exp(cosines, out=cosines)
    return cosines


def inverse_of(regular: NDArray[_Float]) -> NDArray[_Float]:
    """The inverse of a symmetric, positive definite matrix, from those of its halves: half the work of
    `np.linalg.inv`, which knows of no symmetry. What rounding makes unlike its mirror image is evened out at each
    step; left alone it grows some thirtyfold with every halving."""
    size = len(regular)
    if size <= _SMALL:
        return levelled(np.linalg.inv(regular))
    half = size // 2
    first, beside, last = regular[:half, :half], regular[:half, half:], regular[half:, half:]
    inverse_first = inverse_of(first)
    through = inverse_first @ beside
    inverse_last = inverse_of(levelled(last - beside.T @ through))
    across = through @ inverse_last
    found = np.empty_like(regular)
    found[:half, :half] = levelled(inverse_first + across @ through.T)
    found[:half, half:] = -across
    found[half:, :half] = -across.T
    found[half:, half:] = inverse_last
    return found


def levelled(matrix: NDArray[_Float]) -> NDArray[_Float]:
    """The mean of a matrix and its mirror image, in its own memory."""
    for row in range(0, len(matrix), _SMALL):  # in squares: the mirror image of a whole row is all over the memory
        for column in range(row, len(matrix), _SMALL):
            here = matrix[row : row + _SMALL, column : column + _SMALL]
            there = matrix[column : column + _SMALL, row : row + _SMALL]
            here[:] = (here + there.T) * 0.5
            there[:] = here.T
    return matrix


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge. `labels[i]`: the entry of phrasing `i`, rising; columns of `weights` are entries."""

    labels: NDArray[np.int64]
    inverse: Floats
    """(K + λI)⁻¹; needed for replays only."""
    weights: Floats

    @classmethod
    def fit(cls, likeness: Floats, labels: NDArray[np.int64], entries: int) -> "Ridge":
        """From the likeness of every phrasing to every other (`into_kernel`)."""
        regular = levelled(likeness.copy())
        np.fill_diagonal(regular, regular.diagonal() + np.float32(LAMBDA))
        inverse = inverse_of(regular)
        return cls(labels, inverse, inverse @ np.eye(entries, dtype=np.float32)[labels])

    def held_out(self, likeness: Floats) -> Floats:
        """Scores of a copy of each phrasing, in order, as if that phrasing had not been there.

        `likeness[i, j]`: of the copy of phrasing `i` and phrasing `j`.
        """
        own = np.einsum("ij,ij->i", likeness, self.inverse) / np.diag(self.inverse)
        scores: Floats = likeness @ self.weights - own[:, None] * self.weights
        return scores

    def without_entry(self, likeness: Floats) -> Floats:
        """The same as if the phrasing's whole entry had not been there; that entry scores minus infinity."""
        scores: Floats = likeness @ self.weights
        entries, starts = np.unique(self.labels, return_index=True)
        for entry, begin, end in zip(entries, starts, [*starts[1:], len(self.labels)], strict=True):
            members = slice(begin, end)
            block = np.linalg.inv(self.inverse[members, members])
            scores[members] -= likeness[members] @ (self.inverse[:, members] @ (block @ self.weights[members]))
            scores[members, entry] = -np.inf
        return scores
