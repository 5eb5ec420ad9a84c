"""Two rows of one person are one patient; two people never are."""

import pytest

from bot.core.care.recognising import By, People, Person, is_same_number
from bot.model import PatientId

ONE, TWO = PatientId(1), PatientId(2)
PHONE, OTHER = "01632 960555", "01632 960556"


@pytest.mark.parametrize(
    ("known", "row", "then", "expected"),
    [
        pytest.param([Person(ONE, "4711")], ("4711", "", ""), (), By.REFERENCE, id="reference"),
        pytest.param([Person(ONE, "4711")], ("4712", "", ""), (), None, id="another reference"),
        pytest.param([Person(ONE, "", "Anna B", PHONE)], ("", "anna b.", "+44 1632 960555"), (), By.PHONE, id="phone"),
        pytest.param([Person(ONE, "", "Anna", PHONE)], ("", "Anna", PHONE), (), By.PHONE, id="first name and phone"),
        pytest.param([Person(ONE, "", "Anna B", PHONE)], ("", "Ben B", PHONE), (), None, id="a family's phone"),
        pytest.param([Person(ONE, "", "Anna B", PHONE)], ("", "Anna B", OTHER), (), None, id="a namesake"),
        pytest.param([Person(ONE, "", "Anna B")], ("", "Anna B", ""), (ONE,), By.TIME, id="name and time"),
        pytest.param([Person(ONE, "", "Anna B")], ("", "Anna B", ""), (), None, id="another time"),
        pytest.param([Person(ONE, "", "Anna B")], ("", "Anna B", PHONE), (ONE,), By.TIME, id="with a phone now"),
        pytest.param([Person(ONE, "", "Anna B")], ("4711", "Anna B", ""), (ONE,), By.TIME, id="with a reference now"),
        pytest.param([Person(ONE, "12", "Anna B", PHONE)], ("4711", "Anna B", PHONE), (), None, id="two references"),
        pytest.param([Person(ONE, "", "Anna")], ("", "Anna", ""), (ONE,), "first name", id="only a first name"),
        pytest.param(
            [Person(ONE, "", "Anna B", PHONE)], ("", "Anna B", OTHER), (ONE,), "another phone", id="phones differ"
        ),
        pytest.param(
            [Person(ONE, "", "Anna B"), Person(TWO, "", "Anna B")],
            ("", "Anna B", ""),
            (ONE, TWO),
            "more than one",
            id="two at one time",
        ),
        pytest.param(
            [Person(ONE, "", "Anna B", PHONE), Person(TWO, "", "Anna B", PHONE)],
            ("", "Anna B", PHONE),
            (),
            "more than one",
            id="two with one phone",
        ),
    ],
)
def test_whose_row_it_is(
    known: list[Person], row: tuple[str, str, str], then: tuple[PatientId, ...], expected: By | str | None
) -> None:
    found = People.of(known).whose(*row, treated_then=then)
    if isinstance(expected, By):
        assert (found.person, found.by, found.problem) == (known[0], expected, "")
    else:
        assert found.person is None
        assert (expected or "") in found.problem
        assert bool(found.problem) is (expected is not None)


@pytest.mark.parametrize(("one", "other", "is_same"), [("", "", False), ("960555", "960555", True), (PHONE, "", False)])
def test_numbers(one: str, other: str, is_same: bool) -> None:
    assert is_same_number(one, other) is is_same
