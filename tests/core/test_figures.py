"""How alerts fare by red flag, and when that asks for a review."""

import pytest

from bot.core.figures import Figures, Past, figures, per_hundred


def past(flag_id: str, count: int, false_count: int, waited_min: float | None = None) -> list[Past]:
    return [Past(flag_id, number < false_count, waited_min) for number in range(count)]


def test_by_red_flag_the_most_frequent_first() -> None:
    found = figures([*past("seizure", 1, 0, 3), Past("suspected_dvt", True, 2), Past("suspected_dvt", False, 10)])
    assert found == [Figures("suspected_dvt", 2, 1, 6), Figures("seizure", 1, 0, 3)]


def test_what_nobody_took_has_no_time() -> None:
    (found,) = figures([Past("seizure", False, None)])
    assert found.waited_min is None


@pytest.mark.parametrize(
    ("count", "false_count", "wants"),
    [
        pytest.param(19, 19, False, id="too few"),
        pytest.param(20, 10, False, id="half"),
        pytest.param(20, 11, True, id="more than half"),
    ],
)
def test_a_review_is_asked_for(count: int, false_count: int, wants: bool) -> None:
    (found,) = figures(past("seizure", count, false_count))
    assert found.wants_review is wants


def test_per_hundred_patients() -> None:
    assert per_hundred(3, 60) == 5
    assert per_hundred(3, 0) is None
