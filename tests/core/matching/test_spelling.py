"""Slips are mended onto the words that were meant; what might be meant as it stands is left alone."""

import numpy as np
import pytest
from rapidfuzz.distance import OSA

from bot.core.matching.spelling import (
    _NEVER_MEANT,
    MAX_WORDS,
    Counts,
    Mender,
    Spellings,
    _letters,
    _letters_of_each,
)

PHRASINGS = (
    "how long will the soreness last",
    "is the soreness normal",
    "bruising around the needle mark",
    "can i drive home after needling",
    "warfarin and needling",
    "my left calf is sore",
    "not sore at all",
)


@pytest.fixture(scope="module")
def mender() -> Mender:
    return Mender(Counts.of(line.split() for line in PHRASINGS), frozenset({"apixaban"}))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("sorness", "soreness", id="a letter dropped"),
        pytest.param("brusing", "bruising", id="another"),
        pytest.param("needlign", "needling", id="two swapped"),
        pytest.param("warfrin", "warfarin", id="a medicine of the FAQ"),
        pytest.param("tomorow", "tomorrow", id="a frequent word the FAQ has not"),
        pytest.param("drvie home", "drive home", id="beside its neighbour"),
    ],
)
def test_a_slip_is_mended(mender: Mender, typed: str, meant: str) -> None:
    assert mender.mend(typed.split()) == meant.split()


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("needles", id="a known word near one of ours"),
        pytest.param("apixaban", id="on the keep list"),
        pytest.param("38.5 24h 2x", id="numbers"),
        pytest.param("nt", id="too short to tell"),
        pytest.param("nto", id="what might be a denial"),
        pytest.param("lefft", id="what might be a side"),
        pytest.param("боль", id="another alphabet"),
        pytest.param("x" * 200, id="no word at all"),
    ],
)
def test_what_may_be_meant_is_left(mender: Mender, typed: str) -> None:
    words = mender.mend(typed.split())
    assert words == typed.split() or not {"not", "left"} & set(words)


def test_every_word_has_its_place(mender: Mender) -> None:
    typed = ["hw", "lng", "wil", "teh", "sorness", "lst"]
    assert len(mender.mend(typed)) == len(typed)


def test_spellings_are_spelt_out_and_hostile_texts_cut() -> None:
    spellings = Spellings({"dont": "do not", "u": "you"}, frozenset())
    assert spellings.spell_out("I don't know, do u?") == ["i", "do", "not", "know", "do", "you"]
    assert len(spellings.spell_out("u dont " * 500)) == MAX_WORDS


def test_every_word_near_enough_is_thought_of(mender: Mender) -> None:
    """The letters are looked at first, so that few words have to be compared; that may lose none of them."""
    ours = sorted(
        word for word in mender._counts.words if len(word) > 2 and word.isalpha() and word not in _NEVER_MEANT
    )
    for typed in ("sorness", "brusing", "nedling", "warfarrin", "calff", "soresness", "drvie", "hoome", "bruizing"):
        slips = 1 if len(typed) <= 4 else 2 if len(typed) <= 8 else 3
        near = {word for word in ours if OSA.distance(typed, word) <= slips}
        found = mender._ours.alike(_letters(typed), len(typed), slips)
        assert near <= set(found), typed
    assert [int(_letters(word)) for word in ours] == _letters_of_each(np.array(ours, "S")).tolist()
