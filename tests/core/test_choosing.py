"""A choice in words."""

import pytest

from bot.core.choosing import chosen

OFFERED = ("How long will I be sore?", "Can I drive home?", "Is a bruise normal?")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1", 0),
        ("2.", 1),
        ("Number 2 please", 1),
        ("the second one", 1),
        ("first", 0),
        ("one", 0),
        ("I mean the 3rd", 2),
        ("option three", 2),
        ("the last one", 2),
        ("can i drive home", 1),
        ("Is a briuse normal", 2),
        ("how long will i be sore", 0),
    ],
)
def test_a_choice(text: str, place: int) -> None:
    assert chosen(text, OFFERED) == place


@pytest.mark.parametrize(
    "text",
    [
        "4",
        "0",
        "10",
        "22",
        "yes",
        "that one",
        "yes the one",
        "",
        "two weeks later",
        "can i run",
        "1 and 2",
        "my second toe hurts",
    ],
)
def test_no_choice(text: str) -> None:
    assert chosen(text, OFFERED) is None


def test_of_nothing_nothing_is_chosen() -> None:
    assert chosen("the last one", ()) is None
