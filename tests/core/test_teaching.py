"""Which questions are alike, and what a line in staff's words must not hold."""

import pytest

from bot.core.matching.english import english
from bot.core.teaching import Asked, grouped, is_copied, is_word_for_word, known_words, telling

KNOWN = known_words(
    [
        "Can I swim after needling?",
        "My calf is sore. Is the Achilles worse in the morning?",
        "can i march in a parade, may I run, will it mark my skin",
        "Where is the foot clinic?",
    ]
)
NAMES = frozenset({"bea", "will", "foot", "clinic", "mill", "norwich"})


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("can I swim after needling", ()),
        ("Can I swim? Is it worse in the morning?", ()),
        ("CAN I SWIM AFTER NEEDLING", ()),
        ("is my Achilles worse after two days", ()),
        ("may I run, will it mark my skin", ()),
        ("where is the foot clinic", ()),
        ("I'm sore, can i swim", ()),
        ("Bea said I may swim", ("Bea",)),
        ("bea said I may swim", ("bea",)),
        ("can Will see me", ("Will",)),
        ("is Bea's advice to swim", ("Bea's",)),
        ("my friend Sarah has it too", ("Sarah",)),
        ("Sarah says can I swim", ("Sarah",)),
        ("can i swim in norwich", ("norwich",)),
        ("can I swim in Leeds", ("Leeds",)),
        ("can I swim on Tuesday or in june", ("Tuesday", "june")),
        ("I am 62, can I swim", ("62",)),
        ("i am seventy, can i swim", ("seventy",)),
        ("ring me on 07700 900123", ("07700", "900123")),
        ("write to me@example.org please", ("me@example.org",)),
        ("i live in a street near a lane", ("street", "lane")),
        ("can i swim with xqzzt", ("xqzzt",)),
        ("Leeds or Leeds", ("Leeds",)),
    ],
)
def test_what_could_tell_who_asked(line: str, found: tuple[str, ...]) -> None:
    assert telling(line, KNOWN, NAMES, english().knows) == found


@pytest.mark.parametrize(
    ("line", "original", "is_copy"),
    [
        ("can i swim", "can i swim", False),
        ("my dog and I fell in the pond after the needles, is my calf all right now", None, True),
        (
            "may I swim after needling",
            "may I swim after needling in the pond behind the old brewery with my dog",
            False,
        ),
        (
            "my dog and I fell in the pond after the needles, is my calf all right",
            "Hello, my dog and I fell in the pond after the needles, is my calf all right now",
            True,
        ),
        (
            "please: my dog and I fell in the pond after the needles, is my calf all right now",
            "my dog and I fell in the pond after the needles, is my calf all right now",
            True,
        ),
    ],
)
def test_a_long_line_is_not_the_patients_own(line: str, original: str | None, *, is_copy: bool) -> None:
    assert is_copied(line, [f"  {line.upper()}!" if original is None else original]) is is_copy


@pytest.mark.parametrize(
    ("line", "is_theirs"),
    [("Can I swim?", True), ("can I swim with my dog", True), ("can I go swimming", False), ("an I swim", False)],
)
def test_a_short_line_of_the_patients_is_known(line: str, *, is_theirs: bool) -> None:
    assert is_word_for_word(line, ["hello can I swim with my dog"]) is is_theirs


def test_near_duplicates_are_one_group_and_the_biggest_comes_first() -> None:
    texts = [
        "do you sell gift vouchers",
        "can I have a sauna",
        "do you sell a gift voucher?",
        "Gift vouchers, do you sell them",
        "is there a bus stop",
        "can i have a sauna today",
    ]
    groups = grouped([Asked(number, text) for number, text in enumerate(texts)])
    assert [[one.question_id for one in group] for group in groups] == [[0, 2, 3], [1, 5], [4]]


def test_a_group_keeps_its_name_when_another_question_joins() -> None:
    first, later = Asked(3, "can I have a sauna"), Asked(9, "can I have a sauna?")
    assert grouped([later, first])[0][0] == grouped([first])[0][0]
