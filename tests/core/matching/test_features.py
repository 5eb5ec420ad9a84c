"""Cosines by postings are those one would work out by hand."""

import numpy as np
import pytest

from bot.core.matching.features import GROUPS, bag, stem_ids
from bot.core.matching.postings import Postings

TEXTS = ("how long am i sore", "how sore is my calf", "when can i drive", "can i drive home")
LABELS = np.array([0, 0, 1, 1])


@pytest.fixture(scope="module")
def postings() -> Postings:
    return Postings.build([bag(text.split()) for text in TEXTS], LABELS)


def test_a_text_is_wholly_like_itself_and_alike_both_ways(postings: Postings) -> None:
    rows = np.vstack([postings.cosines(text.split()) for text in TEXTS])
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
    as_it_is = postings.cosines(["can", "i", "drive", "home"])[3]
    assert postings.cosines(["home", "drive", "i", "can"])[3] < as_it_is
    assert postings.cosines(["can", "i", "driving", "home"])[3] > 0.6 * as_it_is


def test_nothing_known_is_like_nothing(postings: Postings) -> None:
    for words in ([], ["zzzz"], ["🦶"]):
        assert postings.cosines(words).tolist() == [0.0] * len(TEXTS)


@pytest.mark.parametrize("count", [2, 3, 600])
def test_many_texts_together_are_compared_as_each_alone(postings: Postings, count: int) -> None:
    asked = ("sore sore i am", "drive me home how", "zzzz", "", "my calf how long", "can", "i can drive i can drive i")
    texts = [asked[number % len(asked)].split() for number in range(count)]
    alone = np.vstack([postings.cosines(words) for words in texts])
    assert postings.cosines_of(texts) == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize("text", [*TEXTS, "sore sore calf how how long driving", "aaaa aaa aaaaa zzzz", "long " * 60])
def test_what_is_remembered_of_words_weighs_as_their_features_do(postings: Postings, text: str) -> None:
    for _ in range(2):
        _, at, shares = postings.weigh_words([text.split()])
        places, weighed = postings.weigh(bag(text.split()))
        assert at.tolist() == places.tolist()
        assert shares == pytest.approx(weighed)
