"""Which word was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.typos import Vocabulary, is_slip

WORD = st.text(alphabet="abcdeilst", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("typed", "meant", "expected"),
    [
        pytest.param("chest", "chest", True, id="as meant"),
        pytest.param("breahe", "breathe", True, id="letter left out"),
        pytest.param("chset", "chest", True, id="letters swapped"),
        pytest.param("hcest", "chest", True, id="first letters swapped"),
        pytest.param("swoolleenn", "swollen", True, id="letters doubled"),
        pytest.param("stopp", "stop", True, id="last letter doubled"),
        pytest.param("pian", "pain", True, id="four letters swapped"),
        pytest.param("unsubscrbie", "unsubscribe", True, id="two slips in a long word"),
        pytest.param("call", "calf", False, id="four letters, another one"),
        pytest.param("right", "tight", False, id="another first letter"),
        pytest.param("chost", "cheat", False, id="two slips in a short word"),
        pytest.param("too", "to", False, id="short words as they are"),
        pytest.param("38.5", "38.6", False, id="numbers as they are"),
    ],
)
def test_a_slip_is_forgiven_and_another_word_is_not(typed: str, meant: str, expected: bool) -> None:
    assert is_slip(typed, meant) is expected


def test_real_words_are_no_slips() -> None:
    vocabulary = Vocabulary(("white", "chest"), is_real="while".__eq__)
    assert vocabulary.meant_by("while") == set()
    assert vocabulary.meant_by("whte") == {"white"}


@given(WORD, st.frozensets(WORD, max_size=12))
def test_the_vocabulary_finds_just_what_is_a_slip(typed: str, meant: frozenset[str]) -> None:
    near = {word for word in meant if abs(len(word) - len(typed)) <= 1 and is_slip(typed, word)}
    found = Vocabulary(meant).meant_by(typed)
    assert near <= found
    assert all(is_slip(typed, word) for word in found)
