"""Which check-in staff go through on the phone."""

from datetime import timedelta

import pytest

from bot.content.schema import Content
from bot.core.care.calling import step_to_ask
from tests.core.care.conftest import TREATED_AT, make_care


@pytest.mark.parametrize(
    ("later", "answered", "code"),
    [
        pytest.param(timedelta(0), (), "C1", id="on the day itself, before its hour"),
        pytest.param(timedelta(hours=20), (), "C2", id="the next morning, early"),
        pytest.param(timedelta(days=3), (), "C2", id="until the next one's day"),
        pytest.param(timedelta(days=3), (1,), None, id="answered"),
        pytest.param(timedelta(days=7), (1,), "C4", id="what nobody asked in time is left"),
        pytest.param(timedelta(days=-1), (), None, id="before it all"),
    ],
)
def test_the_newest_whose_day_has_come(
    care_content: Content, later: timedelta, answered: tuple[int, ...], code: str | None
) -> None:
    plan = care_content.plans["needling"]
    care = make_care(answers={plan.steps[number].id: {} for number in answered})
    step = step_to_ask(plan, care_content.clinic, care, TREATED_AT + later)
    assert (step.code if step is not None else None) == code
