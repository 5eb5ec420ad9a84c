"""Texts made to get past triage, or to set it off: a sign is neither hidden nor made up. On the rules that ship."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import Content
from bot.core.text import MAX_CHARS
from bot.core.triage import Triager
from bot.core.understand import build_triager

SIGNS = {
    "I have chest pain": "chest_pain_breathless",
    "my face is drooping on one side": "stroke_signs",
    "I want to die": "self_harm",
    "she has collapsed and will not wake up": "collapse_unresponsive",
    "I cant lift my toes": "nerve_injury",
}
HARMLESS = (
    "When can I run again?",
    "Is it normal to be a bit sore the day after?",
    "Thank you, the heel is much better.",
    "What are your opening hours on Friday?",
)
UNSEEN = (
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202e",
    "\u2066",
    "\u2069",
)
"""Joiners, soft hyphens and marks of direction: a screen shows nothing of them."""
TWINS = str.maketrans("aceopxyi", "асеорхуі")
"""Cyrillic letters that look the same."""
FILLINGS = {
    "letters": "a",
    "noes": "no ",
    "nots": "not ",
    "nested": "not that I don't not never ",
    "ifs": "if ",
    "hearsay": "he said that she said ",
    "brackets": "(",
    "stops": ". ",
    "blanks": " ",
    "lines": "\n",
    "accents": "e\u0301",
    "marks": "\u0301",
    "joiners": "\u200d",
    "overrides": "\u202e",
    "isolates": "\u2067x\u2069",
    "cyrillic": "а",
    "faces": "\U0001f642",
    "figures": "7",
    "quotes": "'",
}


@pytest.fixture(scope="module")
def triager(content: Content) -> Triager:
    """The rules alone: what is plain needs no second opinion."""
    return build_triager(content, None)


def ids(triager: Triager, text: str) -> set[str]:
    """What a text is flagged for."""
    return {flag.id for flag in triager.triage(text).flags}


@given(seed=st.integers(0, 2**32), sign=st.sampled_from(sorted(SIGNS)))
def test_what_nobody_sees_hides_no_sign(triager: Triager, seed: int, sign: str) -> None:
    draw = random.Random(seed)
    typed = "".join(letter + "".join(draw.choices(UNSEEN, k=draw.randrange(4))) for letter in sign)
    assert SIGNS[sign] in ids(triager, typed)


@given(seed=st.integers(0, 2**32), sign=st.sampled_from(sorted(SIGNS)))
def test_letters_of_another_alphabet_hide_no_sign(triager: Triager, seed: int, sign: str) -> None:
    draw = random.Random(seed)
    typed = "".join(draw.choice((letter, letter.translate(TWINS))) for letter in sign)
    assert SIGNS[sign] in ids(triager, typed)


@given(seed=st.integers(0, 2**32), text=st.sampled_from(HARMLESS))
def test_tricks_make_no_sign_of_what_is_none(triager: Triager, seed: int, text: str) -> None:
    draw = random.Random(seed)
    twins = (draw.choice((letter, letter.translate(TWINS))) for letter in text)
    assert (
        ids(triager, "".join(letter + "".join(draw.choices(UNSEEN, k=draw.randrange(4))) for letter in twins)) == set()
    )


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("filling", FILLINGS.values(), ids=FILLINGS.keys())
def test_a_sign_after_a_full_message_of_anything_is_found(triager: Triager, filling: str, sign: str) -> None:
    """As the last sentence, at the end of the longest message there is."""
    room = MAX_CHARS - len(sign) - 2
    assert SIGNS[sign] in ids(triager, f"{(filling * MAX_CHARS)[:room]}. {sign}")


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("filling", FILLINGS.values(), ids=FILLINGS.keys())
def test_a_sign_before_it_is_found_too(triager: Triager, filling: str, sign: str) -> None:
    assert SIGNS[sign] in ids(triager, f"{sign}. {filling * MAX_CHARS}"[:MAX_CHARS])


@pytest.mark.parametrize("filling", FILLINGS.values(), ids=FILLINGS.keys())
def test_a_full_message_of_anything_is_no_sign(triager: Triager, filling: str) -> None:
    assert ids(triager, (filling * MAX_CHARS)[:MAX_CHARS]) == set()


@pytest.mark.parametrize(
    ("text", "is_sign"),
    [
        ("I do not have chest pain", False),
        ("It is not true that I have no chest pain", True),
        ("I can't say I don't have chest pain", True),
        ("no no no, I do have chest pain", True),
        ("not that I never had no chest pain, I have chest pain now", True),
        ("no chest pain, no fever, no swelling, no nothing", False),
    ],
)
def test_a_no_within_a_no(triager: Triager, text: str, is_sign: bool) -> None:
    assert ("chest_pain_breathless" in ids(triager, text)) is is_sign


LETTERS = [
    ("She said she was fine and she ate. ", "Then she collapsed.", "collapse_unresponsive"),
    ("My leg is fine on the stairs. ", "Now my leg is huge and the pain is agony.", "compartment_limb_threat"),
]


@pytest.mark.parametrize(("begins", "ends", "found"), LETTERS, ids=["a phrase", "two phrases"])
@pytest.mark.parametrize("times", [1, 8, 40])
def test_a_long_letter_about_one_person_does_not_wear_the_words_out(
    triager: Triager, begins: str, ends: str, found: str, times: int
) -> None:
    """Somebody who looks after her writes "she" in every line, and in the last one what is wrong."""
    assert found in ids(triager, begins * times + ends)
