"""Greeting and thanks around a question."""

import pytest

from bot.content.schema import Words
from bot.core.pleasantries import without_pleasantries


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Hello, how long will I be sore? Thanks", "how long will I be sore?"),
        ("HI can i drive please!!", "can i drive"),
        ("hey hello good morning can i drive? thank you xx", "can i drive?"),
        ("can i drive?thanks", "can i drive?"),
        ("hit my leg", "hit my leg"),
        ("higher pain", "higher pain"),
        ("hello", "hello"),
        ("thanks", "thanks"),
        ("", ""),
    ],
)
def test_what_is_left(wish_words: Words, text: str, bare: str) -> None:
    assert without_pleasantries(text, wish_words) == bare


def test_one_word_that_may_be_part_of_the_question_needs_a_comma(wish_words: Words) -> None:
    words = wish_words.model_copy(update={"greeting": ("morning",)})
    assert without_pleasantries("morning stiffness, is that normal", words) == "morning stiffness, is that normal"
    assert without_pleasantries("Morning, is that normal", words) == "is that normal"


@pytest.mark.parametrize("text", ["hello" + " " * 4000 + "b", "b" + " x" * 2000, " thanks" * 580 + " b"])
def test_long_rubbish_is_left_with_what_it_says(wish_words: Words, text: str) -> None:
    assert "b" in without_pleasantries(text, wish_words)
