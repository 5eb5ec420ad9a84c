"""Conditions of care plans: what they come to for what is known, and what is said of those that cannot be read."""

import re

import pytest

from bot.care import Value
from bot.content.conditions import parse_condition

KNOWN: dict[str, Value] = {
    "pain": 7,
    "next_morning.pain": 4,
    "soreness": "worse",
    "signs": ("numb", "bruise"),
    "careful": True,
    "thinner": False,
    "area": "heel",
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("pain >= 7", True),
        ("pain > 7", False),
        ("pain <= 7", True),
        ("pain < 7", False),
        ("pain = 7", True),
        ("pain - next_morning.pain >= 3", True),
        ("pain - next_morning.pain + 1 > 4", False),
        ("soreness is worse", True),
        ("soreness is not worse", False),
        ("soreness is not gone", True),
        ("signs has numb", True),
        ("signs has weak", False),
        ("signs has any of weak, bruise", True),
        ("careful", True),
        ("thinner", False),
        ("not thinner", True),
        ("not area is heel", False),
        ("thinner or careful and pain = 7", True),
        ("(thinner or careful) and pain = 8", False),
        ("pain answered", True),
        pytest.param("walk answered", False, id="not answered"),
        pytest.param("walk is not no", False, id="unknown is not other than no"),
        pytest.param("not walk is no", True, id="unknown counts as no"),
        pytest.param("pain - baseline >= 2", False, id="a sum with an unknown number"),
        pytest.param("careful >= 1", False, id="yes is no number"),
        pytest.param("pain\n  >= 7", True, id="over two lines"),
    ],
)
def test_what_holds(text: str, holds: bool) -> None:
    assert parse_condition(text).holds(KNOWN.get) is holds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a name or a number is missing at the end"),
        ("pain >=", "a name or a number is missing at the end"),
        ("pain >= 7 and", "a name or a number is missing at the end"),
        ("and pain", "a name or a number is missing before 'and'"),
        ("pain 7", "'7' is one word too many"),
        ("(pain = 7", "')' is missing at the end"),
        ("signs has any numb", "'of' is missing before 'numb'"),
        ("soreness is 7", "an answer is missing after 'soreness'"),
        ("pain ≥ 7", "'≥ 7' cannot be read"),
        ("Pain = 7", "'Pain = 7' cannot be read"),
    ],
)
def test_what_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_condition(text)


def test_what_a_condition_asks_about() -> None:
    condition = parse_condition("pain - next_morning.pain >= 2 and (old is worse or signs has any of numb, weak)")

    assert condition.names == {"pain", "next_morning.pain", "old", "signs"}
    assert condition.options == (("old", "worse"), ("signs", "numb"), ("signs", "weak"))
    assert set(condition.uses) == {
        ("pain", "number"),
        ("next_morning.pain", "number"),
        ("old", "is"),
        ("signs", "has"),
    }
