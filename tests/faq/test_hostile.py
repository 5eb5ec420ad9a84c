"""Whatever a text is dressed up in, a sign of danger in it is found, and none is found that is not there.

A message is 4,096 characters at most; what is not words to a person (marks nobody sees, letters of other alphabets
that look like ours, blanks, brackets) must be nothing to triage either. Words that mean something of their own, such as
"no", turn a sign round only as the catalogue says. On the rules that ship, alone: what is plain needs no second
opinion.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import Content
from bot.core.text import MAX_CHARS
from bot.core.triage import Triager
from bot.core.understand import build_triager

HIDDEN = (
    *("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\ufe0f", "\u180e", "\u2064"),
    *("\u200e", "\u200f", "\u061c", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2069"),
    *("\U000e0061", "\x00", "\x7f"),
)
"""Joiners, marks of direction, tags, controls: no person sees them."""
STACKED = ("\u0301", "\u0336", "\u0338", "\u035c", "\u20dd")
"""Accents and strokes over a letter."""
_PAIRS = (
    "aаɑ bʙ cсϲᴄ dԁᴅ eе fꜰ gɡɢ hһʜ iі jј kκᴋ lʟӏ mᴍ nɴո oоο pрᴘ qԛ rʀ sѕꜱ tᴛτ uᴜս vνᴠ wԝᴡ xхχ yуʏ",
    "AА BВΒ CСϹ EЕΕ HНΗ IІΙ KКΚ MМΜ NΝ OОΟ PРΡ SЅ TТΤ XХΧ YУΥ",
)
TWINS = {pair[0]: pair[1:] for line in _PAIRS for pair in line.split()}
"""Letters of other alphabets, and our own in other shapes, that look like ours."""

SIGNS = (
    "I can't breathe",
    "chest pain",
    "my calf is swollen and hot",
    "no feeling in my foot",
    "I want to die",
    "my face is drooping on one side",
    "she has collapsed and will not wake up",
    "I cant lift my toes",
)
NO_SIGNS = (
    "no chest pain",
    "no fever, my calf is fine",
    "can needling cause a collapsed lung?",
    "had to get it off my chest",
    "my heel is a bit sore after yesterday",
    "dying to run again, when may I",
)
TEXTS = (*SIGNS, *NO_SIGNS)


@pytest.fixture(scope="module")
def triager(content: Content) -> Triager:
    return build_triager(content, None)


def ids(triager: Triager, text: str) -> list[str]:
    return [flag.id for flag in triager.triage(text).flags]


@st.composite
def riddled(draw: st.DrawFn, marks: tuple[str, ...] = HIDDEN, most: int = 3) -> tuple[str, str]:
    """A text, and the same with some of the marks anywhere, inside its words too."""
    text = draw(st.sampled_from(TEXTS))
    between = st.lists(st.sampled_from(marks), max_size=most).map("".join)
    gaps = draw(st.lists(between, min_size=len(text), max_size=len(text)))
    return text, "".join(letter + gap for letter, gap in zip(text, gaps, strict=True))


@st.composite
def twinned(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and the same with letters of other alphabets in place of some of ours."""
    text = draw(st.sampled_from(TEXTS))
    text = text.upper() if draw(st.booleans()) else text
    return text, "".join(draw(st.sampled_from([letter, *TWINS.get(letter, "")])) for letter in text)


def in_wide_letters(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def in_bold_letters(text: str) -> str:
    return re.sub("[a-z]", lambda found: chr(0x1D41A + ord(found[0]) - ord("a")), text)


@given(riddled())
def test_marks_that_nobody_sees_hide_and_invent_nothing(triager: Triager, pair: tuple[str, str]) -> None:
    plain, dressed = pair
    assert triager.triage(dressed) == triager.triage(plain)


@given(riddled(STACKED, most=2))
def test_strokes_and_accents_hide_and_invent_nothing(triager: Triager, pair: tuple[str, str]) -> None:
    plain, dressed = pair
    assert ids(triager, dressed) == ids(triager, plain)


@given(twinned())
def test_letters_that_look_like_ours_hide_and_invent_nothing(triager: Triager, pair: tuple[str, str]) -> None:
    plain, dressed = pair
    assert ids(triager, dressed) == ids(triager, plain)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("dress", [in_wide_letters, in_bold_letters, str.upper, str.title])
def test_other_shapes_of_our_letters_hide_and_invent_nothing(triager: Triager, text: str, dress: object) -> None:
    assert callable(dress)
    assert ids(triager, dress(text)) == ids(triager, text)


PADS = (
    *HIDDEN,
    *("\u0301", " ", "\n", ".", ",", "(", "- ", "? ", "'", "a ", "x", "7 ", "😀", "щ", "аеο "),
    *(
        "not ",
        "if ",
        "he said that she said ",
        "not that I don't not never ",
        "thank you ",
        "no fever. ",
        "no, ",
        "don't worry. ",
        "I read that. ",
        "what if? ",
        "years ago. ",
    ),
)


@pytest.mark.parametrize("sign", ["I can't breathe", "my calf is swollen and hot", "I want to die"])
@pytest.mark.parametrize("pad", PADS, ids=ascii)
def test_a_message_full_of_anything_hides_no_sign(triager: Triager, sign: str, pad: str) -> None:
    room = MAX_CHARS - len(sign) - 2
    filled = (pad * MAX_CHARS)[:room]
    half = filled[: room // 2]
    for text in (f"{filled}\n{sign}", f"{sign}\n{filled}", f"{half}\n{sign}\n{half}"):
        assert len(text) <= MAX_CHARS
        assert ids(triager, text) == ids(triager, sign), text[:20]


@pytest.mark.parametrize("pad", PADS, ids=ascii)
def test_a_message_full_of_anything_is_no_sign(triager: Triager, pad: str) -> None:
    assert ids(triager, (pad * MAX_CHARS)[:MAX_CHARS]) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no chest pain " * 290, id="over and over"),
        pytest.param("no chest pain, " * 270, id="with commas"),
        pytest.param("(" * 1000 + "no chest pain" + ")" * 1000, id="in brackets"),
        pytest.param("no no no chest pain", id="said three times"),
        pytest.param("No, no chest pain", id="answered, then said"),
        pytest.param("I don't have no chest pain", id="said twice"),
        pytest.param("ain't got no chest pain", id="said twice in dialect"),
        pytest.param("as I said, no chest pain", id="said before"),
        pytest.param("I can't say there's anything wrong, no chest pain", id="another clause"),
        pytest.param("she didn't say much but no chest pain", id="after a but"),
        pytest.param("can't complain no chest pain", id="two that have nothing to do with each other"),
        pytest.param("not sore and no chest pain", id="one after the other"),
        pytest.param("they ruled out a blood clot", id="ruled out"),
        pytest.param("had a scan, clot ruled out", id="ruled out by a scan"),
    ],
)
def test_denials_upon_denials_invent_no_sign(triager: Triager, text: str) -> None:
    assert ids(triager, text) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("not no chest pain", id="not no"),
        pytest.param("no, not no chest pain", id="no, not no"),
        pytest.param("not not chest pain", id="not not"),
        pytest.param("I don't not have chest pain", id="don't not"),
        pytest.param("never not short of breath", id="never not"),
        pytest.param("not without chest pain", id="not without"),
        pytest.param("I'm not saying I don't have chest pain", id="not saying not"),
        pytest.param("I never said that I don't have chest pain", id="never said not"),
        pytest.param("nobody said I don't have chest pain", id="nobody said not"),
        pytest.param("I wouldn't say I have no chest pain", id="wouldn't say no"),
        pytest.param("can't say I've had no chest pain", id="can't say none"),
        pytest.param("it isn't true that I have no chest pain", id="untrue that no"),
        pytest.param("it's not right to say there is no chest pain", id="not right to say no"),
        pytest.param("it's not that I don't have chest pain", id="not that not"),
        pytest.param("I'm not free of chest pain", id="not free of"),
        pytest.param("they haven't ruled out a blood clot", id="not ruled out"),
        pytest.param("a blood clot was not ruled out", id="was not ruled out"),
        pytest.param("not that I can't breathe", id="not that the sign"),
        pytest.param("no chest pain, " * 270 + "but chest pain", id="270 times no, then but"),
        pytest.param("no, " * 1000 + "chest pain", id="a thousand times no, then the sign"),
        pytest.param("I don't think that " * 200 + "I have chest pain", id="doubt over and over"),
    ],
)
def test_denials_upon_denials_hide_no_sign(triager: Triager, text: str) -> None:
    assert ids(triager, text) != []


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
