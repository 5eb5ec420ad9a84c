"""What patients type becomes comparable, and nothing anybody types can break it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.text import MAX_CHARS, clean, normalise, words

NASTY = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(
            "aaaeeé'’´`\n\r\t .,!?-—0123аеоЖİıſﷺﬁ\u200b\u202e\ufe0f\u0301\u0338\u034f\u3164\ufeffเี한각ᄀ가"
        ),
    ),
    max_size=80,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("  My   calf \t is sore ", "My calf is sore", id="blanks"),
        pytest.param("one\r\n\r\n two\u2028three", "one\ntwo\nthree", id="line ends stay"),
        pytest.param("I can’t feel “it”", 'I can\'t feel "it"', id="curly quotes"),
        pytest.param("I can´t", "I can't", id="acute accent as apostrophe"),
        pytest.param("c\u200bhe\u00ads\u202et", "chest", id="hidden marks inside a word"),
        pytest.param("сhеst раin", "chest pain", id="Cyrillic twins"),
        pytest.param("ＳＴＯＰ", "STOP", id="full width"),
        pytest.param("ᴄʜᴇꜱᴛ 🅿🅰🅸🅽", "chest pain", id="small capitals, white on black"),
        pytest.param("саlf sтiff", "calf stiff", id="a cousin among our letters"),
        pytest.param("кто там", "кто там", id="cousins among themselves are Russian"),
        pytest.param("𝐬𝐭𝐨𝐩", "stop", id="mathematical bold"),
        pytest.param("сhеst\nда", "chest\nда", id="each word by itself"),
        pytest.param("Я не говорю", "Я не говорю", id="real Russian is left alone"),
        pytest.param("heeeeelp meeee", "heelp mee", id="stretched letters"),
        pytest.param("NOOoo", "NOO", id="stretched over capitals"),
        pytest.param("p\u0338\u0336a\u0335i\u0337n\u0334", "pain", id="stacked marks"),
        pytest.param("café", "café", id="a real accent stays"),
        pytest.param("sore—but fine", "sore - but fine", id="dash parts two clauses"),
        pytest.param("1000 mg", "1000 mg", id="digits are never squeezed"),
        pytest.param("", "", id="empty"),
        pytest.param("\u200b\u200e \n", "", id="nothing visible"),
    ],
)
def test_clean_reads_as_a_person_does(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("I CAN'T lift it!", "i cant lift it", id="apostrophe"),
        pytest.param("temp 38.5, shivery", "temp 38.5 shivery", id="decimal point"),
        pytest.param("8/10 pain.", "8 10 pain", id="fraction"),
        pytest.param("check-in", "check in", id="hyphen"),
        pytest.param("Mówisz po polsku?", "mowisz po polsku", id="accents"),
        pytest.param("snake_case 🙏", "snake case", id="underscore and emoji"),
        pytest.param("?!…", "", id="no words"),
    ],
)
def test_normalise_leaves_bare_words(text: str, expected: str) -> None:
    assert normalise(text) == expected
    assert words(text) == tuple(expected.split())


@given(NASTY)
@example("ﷺ" * 80)
@example("e\u0301\u030de\u0301ee")
@example("а\u0301ее")
@example("İİİi\u0307")
def test_clean_twice_is_clean_once(raw: str) -> None:
    once = clean(raw)
    assert clean(once) == once


@given(NASTY)
def test_normalise_twice_is_normalise_once(raw: str) -> None:
    once = normalise(raw)
    assert normalise(once) == once


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60))
def test_lone_surrogates_and_all_else_are_survived(raw: str) -> None:
    assert "\ud800" not in clean(raw)
    assert normalise(clean(raw)) == " ".join(words(clean(raw)))


def test_never_longer_than_a_telegram_message() -> None:
    assert len(clean("ﷺ" * MAX_CHARS)) <= MAX_CHARS
    assert len(clean("x " * MAX_CHARS)) <= MAX_CHARS
