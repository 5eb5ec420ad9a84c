"""Several questions in one message are told apart; one question stays whole."""

import pytest

from bot.core.matching.questions import MOST_PARTS, questions


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("can I run tomorrow", ["can I run tomorrow"], id="one"),
        pytest.param(
            "Can I run tomorrow? Is a bruise normal?", ["Can I run tomorrow?", "Is a bruise normal?"], id="two"
        ),
        pytest.param(
            "how long am I sore and can I have a bath", ["how long am I sore", "can I have a bath"], id="joined by and"
        ),
        pytest.param("heat and ice on the same day?", ["heat and ice on the same day?"], id="and between things"),
        pytest.param("hi. can I run tomorrow?", ["can I run tomorrow?"], id="a greeting is no question"),
        pytest.param(
            "my calf hurts\nwhen does it stop, also is wine ok tonight",
            ["when does it stop", "is wine ok tonight"],
            id="lines",
        ),
        pytest.param("it is 38.5 degrees here", ["it is 38.5 degrees here"], id="a point in a number"),
    ],
)
def test_parts(text: str, parts: list[str]) -> None:
    assert questions(text) == parts


def test_only_the_last_parts_count() -> None:
    found = questions(" ".join(f"Is this question number {n}?" for n in range(40)))
    assert len(found) == MOST_PARTS
    assert found[-1] == "Is this question number 39?"
