"""The closed forms say what refitting without the phrasing, or without its entry, would say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.core.matching.ridge import Ridge, into_kernel, inverse_of, levelled

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2])


@pytest.fixture(scope="module")
def likeness() -> NDArray[np.float32]:
    points = np.random.default_rng(3).normal(size=(len(LABELS), 5)) + np.eye(5)[LABELS]
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return into_kernel((points @ points.T).astype(np.float32))


def test_a_phrasing_held_out_is_as_if_it_had_never_been_there(likeness: NDArray[np.float32]) -> None:
    found = Ridge.fit(likeness, LABELS, 3).held_out(likeness)
    for row in range(len(LABELS)):
        others = np.delete(np.arange(len(LABELS)), row)
        refitted = Ridge.fit(likeness[np.ix_(others, others)], LABELS[others], 3)
        assert found[row] == pytest.approx(likeness[row, others] @ refitted.weights, abs=1e-5)


def test_an_entry_held_out_is_as_if_it_had_never_been_there(likeness: NDArray[np.float32]) -> None:
    found = Ridge.fit(likeness, LABELS, 3).without_entry(likeness)
    for row, label in enumerate(LABELS):
        others = np.flatnonzero(label != LABELS)
        refitted = Ridge.fit(likeness[np.ix_(others, others)], LABELS[others], 3)
        expected = likeness[row, others] @ refitted.weights
        assert np.delete(found[row], label) == pytest.approx(np.delete(expected, label), abs=1e-5)
        assert found[row, label] == -np.inf


def test_halves_invert_as_well_as_the_whole() -> None:
    points = np.random.default_rng(5).normal(size=(700, 40))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    regular = into_kernel(points @ points.T) + 0.1 * np.eye(len(points))
    assert inverse_of(regular) == pytest.approx(np.linalg.inv(regular), abs=1e-12)
    in_single = inverse_of(levelled(regular.astype(np.float32)))
    assert in_single == pytest.approx(np.linalg.inv(regular), abs=1e-4)
