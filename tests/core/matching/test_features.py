"""Cosines by postings are those one would work out by hand."""

import numpy as np
import pytest

from bot.core.matching.features import GROUPS, Postings, bag, stem_ids

TEXTS = ("how long am i sore", "how sore is my calf", "when can i drive", "can i drive home")
LABELS = np.array([0, 0, 1, 1])


@pytest.fixture(scope="module")
def postings() -> Postings:
    return Postings.build([bag(text.split()) for text in TEXTS], LABELS)


def test_a_text_is_wholly_like_itself_and_alike_both_ways(postings: Postings) -> None:
    rows = np.vstack([postings.cosines(bag(text.split())) for text in TEXTS])
    assert np.diag(rows) == pytest.approx(GROUPS, rel=1e-5)
    assert rows == pytest.approx(rows.T, rel=1e-5)
    assert (rows <= GROUPS + 1e-4).all()


def test_a_word_of_one_entry_weighs_more_than_a_word_of_all(postings: Postings) -> None:
    weight = {}
    for word in ("sore", "i"):
        at = np.searchsorted(postings.keys, stem_ids([word])[0])
        weight[word] = postings.weights[at]
    assert weight["sore"] > weight["i"]


def test_the_order_of_words_matters_and_endings_hardly(postings: Postings) -> None:
    as_it_is = postings.cosines(bag(["can", "i", "drive", "home"]))[3]
    assert postings.cosines(bag(["home", "drive", "i", "can"]))[3] < as_it_is
    assert postings.cosines(bag(["can", "i", "driving", "home"]))[3] > 0.6 * as_it_is


def test_nothing_known_is_like_nothing(postings: Postings) -> None:
    for words in ([], ["zzzz"], ["🦶"]):
        assert postings.cosines(bag(words)).tolist() == [0.0] * len(TEXTS)
