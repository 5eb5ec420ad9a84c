"""The closed forms say what refitting without the phrasing, or without its entry, would say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.core.matching.ridge import Ridge, kernel

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2])


@pytest.fixture(scope="module")
def cosines() -> NDArray[np.float64]:
    points = np.random.default_rng(3).normal(size=(len(LABELS), 5)) + np.eye(5)[LABELS]
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(points @ points.T)


def test_a_phrasing_held_out_is_as_if_it_had_never_been_there(cosines: NDArray[np.float64]) -> None:
    found = Ridge.fit(cosines, LABELS, 3).held_out(kernel(cosines))
    for row in range(len(LABELS)):
        others = np.delete(np.arange(len(LABELS)), row)
        refitted = Ridge.fit(cosines[np.ix_(others, others)], LABELS[others], 3)
        assert found[row] == pytest.approx(kernel(cosines[row, others]) @ refitted.weights)


def test_an_entry_held_out_is_as_if_it_had_never_been_there(cosines: NDArray[np.float64]) -> None:
    found = Ridge.fit(cosines, LABELS, 3).without_entry(kernel(cosines))
    for row, label in enumerate(LABELS):
        others = np.flatnonzero(label != LABELS)
        refitted = Ridge.fit(cosines[np.ix_(others, others)], LABELS[others], 3)
        expected = kernel(cosines[row, others]) @ refitted.weights
        assert np.delete(found[row], label) == pytest.approx(np.delete(expected, label))
        assert found[row, label] == -np.inf
