"""The shipped check-ins: what patients type under a question about danger, in the question's own words."""

from pathlib import Path

import pytest

from bot.content.load import load_content
from bot.content.schema import Content
from bot.core.care.hearing import hear


@pytest.fixture(scope="module")
def shipped() -> Content:
    return load_content(Path("faq"))


SAID: list[tuple[str, str, str, str | None]] = [
    ("next_morning", "hard", "hard as a rock", "yes"),
    ("next_morning", "hard", "rock hard", "yes"),
    ("next_morning", "hard", "cold and pale", "yes"),
    ("next_morning", "hard", "its solid and swollen", "yes"),
    ("next_morning", "hard", "When I press it, it's rock hard", "yes"),
    ("next_morning", "hard", "no but my toes are blue", "yes"),
    ("next_morning", "hard", "soft, but I can't feel my toes", "yes"),
    ("next_morning", "hard", "solidd", "yes"),
    ("next_morning", "hard", "no, not hard", "no"),
    ("next_morning", "hard", "no it isn't hard, cold or numb or pale", None),
    ("next_morning", "hard", "not hard at all", None),
    ("next_morning", "hard", "is it bad if it gets cold?", None),
    ("two_days", "hard", "freezing cold foot", "yes"),
    ("first_hours", "hard", "white as a sheet", "yes"),
    ("first_hours", "soaking", "its gone right through, soaked two towels", "yes"),
    ("first_hours", "awake", "she hit her head on the way down", "yes"),
    ("first_hours", "bleeding_15", "it has stopped", "no"),
    ("first_hours", "bleeding_15", "it hasn't stopped", "yes"),
    ("first_hours", "bleeding_15", "nearly stopped but still oozing", "yes"),
    ("next_morning", "still_numb", "stil numb", "yes"),
    ("next_morning", "still_numb", "its gone now", "no"),
    ("next_morning", "still_numb", "hasn't gone yet", "yes"),
    ("next_morning", "breath", "out of breath on the stairs", "yes"),
    ("next_morning", "ill", "he is shivering and a bit muddled", "yes"),
    ("next_morning", "walk", "I can't put any weight on it", "no"),
    ("next_morning", "walk", "with a limp", "limp"),
    ("two_days", "wound", "there is a blister on my heel", "yes"),
    ("two_days", "wound", "no cuts or blisters", None),
    ("before_visit", "tummy", "some spotting", "yes"),
]


@pytest.mark.parametrize(("step_id", "question_id", "text", "answer"), SAID)
def test_what_words_of_the_question_mean(
    shipped: Content, step_id: str, question_id: str, text: str, answer: str | None
) -> None:
    question = shipped.plans["dry_needling"].by_id[step_id].by_id[question_id]

    heard = hear(text, question, shipped.words)

    assert (heard.value if heard else None) == answer
