"""A care plan as staff see it, in words and numbers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.care import Care, OpenCheckIn, PlanState
from bot.content.plan import Plan
from bot.core.care.summary import (
    Answer,
    Standing,
    answers_in_words,
    area_in_words,
    careful_in_words,
    day_of,
    pain_in_words,
    pain_line,
    pains,
    places_of,
    standing,
)
from bot.model import PatientId

TREATED = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


def scale(id_: str) -> dict[str, Any]:
    return {"id": id_, "ask": "0-10?", "kind": "scale"}


def step(id_: str, title: str, *questions: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": id_,
        "code": id_[:2].upper(),
        "title": title,
        "at": "+3h",
        "latest": "+9h",
        "hello": "Hello.",
        "advice": "Rest.",
        "questions": questions,
    }


SIGNS = {
    "id": "signs",
    "ask": "Any of these?",
    "kind": "several",
    "options": [
        {"id": "none", "label": "None"},
        {"id": "bruise", "label": "Bruise"},
        {"id": "bump", "label": "Small bump"},
    ],
}
WALK = {
    "id": "can_walk",
    "ask": "Can you walk?",
    "kind": "choice",
    "options": [{"id": "yes", "label": "Yes"}, {"id": "limp", "label": "Yes, with a limp"}],
}
PLAN = Plan.model_validate(
    {
        "id": "main",
        "title": "Main",
        "areas": [{"id": "heel", "label": "Heel"}],
        "sides": [{"id": "left", "label": "Left"}],
        "careful": [
            {"id": "thinner", "label": "Blood thinner", "staff": "blood thinner"},
            {"id": "faints", "label": "Faints", "staff": "faints easily"},
        ],
        "today": "Rest today.",
        "footer": "STOP ends it.",
        "no_reply": {"after": "4h", "remind": "Just checking in.", "call_if": "careful"},
        "steps": [
            step("first", "First hours", scale("pain"), SIGNS),
            step(
                "second",
                "Next morning",
                scale("sleep"),
                scale("pain"),
                WALK,
                {"id": "more", "ask": "Else?", "kind": "text"},
            ),
            step("third", "Two days", scale("worst")),
            step("fourth", "One week", scale("first_steps") | {"when": "area is heel"}, scale("pain_else")),
        ],
    }
)


def care(**values: Any) -> Care:
    usual: dict[str, Any] = {
        "enrolment_id": 1,
        "patient_id": PatientId(1),
        "code": "P-7F3K",
        "label": None,
        "plan_id": "main",
        "state": PlanState.OPEN,
        "treated_at": TREATED,
        "zone": "Europe/London",
        "area": "heel",
        "side": "left",
        "careful": False,
    }
    return Care(**usual | values)


@pytest.mark.parametrize(
    ("facts", "answers", "line"),
    [
        pytest.param({}, {}, "–", id="nothing known"),
        pytest.param({"baseline": 6}, {}, "6", id="before only"),
        pytest.param({}, {"first": {"pain": 4}}, "– → 4", id="nobody knows how it began"),
        pytest.param(
            {"baseline": 6}, {"third": {"worst": 2}, "first": {"pain": 4}}, "6 → 4 → 2", id="in the plan's order"
        ),
        pytest.param(
            {"baseline": 6}, {"first": {"signs": ("none",)}, "third": {"worst": 0}}, "6 → 0", id="one left out"
        ),
        pytest.param({}, {"second": {"sleep": 9, "pain": 3}}, "– → 3", id="not another scale"),
        pytest.param({}, {"fourth": {"pain_else": 5}}, "– → 5", id="of two that ask for it, the one asked"),
        pytest.param({}, {"fourth": {"first_steps": 7}}, "– → 7", id="the one that stands in for it"),
        pytest.param({"baseline": True}, {"first": {"pain": "lots"}}, "–", id="not a number"),
        pytest.param({"baseline": 6}, {"joining": {"pain": 9}, "gone": {"pain": 8}}, "6", id="not of other steps"),
    ],
)
def test_the_line_of_pains(facts: dict[str, Any], answers: dict[str, Any], line: str) -> None:
    assert pain_line(PLAN, care(facts=facts, answers=answers)) == line


def test_an_open_check_in_counts_too() -> None:
    now_open = OpenCheckIn(1, "second", TREATED, asked="more", answers={"pain": 3})
    found = care(facts={"baseline": 6}, answers={"first": {"pain": 4}}, open=now_open)
    assert pain_line(PLAN, found) == "6 → 4 → 3"
    assert pain_in_words(PLAN, found, "before") == "before 6, first hours 4, next morning 3"
    assert [one.step_id for one in pains(PLAN, found)] == ["baseline", "first", "second"]


def test_a_plan_that_is_no_more_in_the_content() -> None:
    found = care(facts={"baseline": 6, "thinner": True}, answers={"first": {"pain": 4}})
    assert (pain_line(None, found), area_in_words(None, found)) == ("6", "heel, left")
    assert careful_in_words(None, found) == ()


@pytest.mark.parametrize(
    ("state", "silent", "stands"),
    [
        (PlanState.JOINING, False, Standing.JOINING),
        (PlanState.OPEN, False, Standing.OPEN),
        (PlanState.OPEN, True, Standing.NO_REPLY),
        (PlanState.PAUSED, True, Standing.PAUSED),
        (PlanState.ENDED, True, Standing.ENDED),
    ],
)
def test_how_it_stands(state: PlanState, silent: bool, stands: Standing) -> None:
    assert standing(care(state=state, silent=silent)) is stands


@pytest.mark.parametrize(
    ("zone", "hours", "day"),
    [
        pytest.param("Europe/London", 1, 0, id="the same evening"),
        pytest.param("Europe/London", 2, 1, id="after midnight"),
        pytest.param("Pacific/Auckland", 2, 0, id="on the patient's calendar"),
        pytest.param("Europe/London", 24 * 7, 7, id="a week"),
    ],
)
def test_days_are_dates_of_the_patients(zone: str, hours: int, day: int) -> None:
    assert day_of(care(zone=zone), TREATED + timedelta(hours=hours)) == day


def test_area_and_what_asks_for_care_are_in_the_plans_words() -> None:
    found = care(facts={"faints": True, "thinner": True, "baseline": 6})
    assert area_in_words(PLAN, found) == "Heel, left"
    assert careful_in_words(PLAN, found) == ("blood thinner", "faints easily")
    assert careful_in_words(PLAN, care(facts={"thinner": False})) == ()


def test_answers_are_said_as_on_the_buttons() -> None:
    second = PLAN.by_id["second"]
    given: dict[str, Any] = {"more": "my cat is fine", "can_walk": "limp", "pain": 3, "old": "yes"}
    assert answers_in_words(second, given) == (
        Answer("pain", "3"),
        Answer("can walk", "Yes, with a limp"),
        Answer("more", "my cat is fine", is_free=True),
    )
    (signs,) = answers_in_words(PLAN.by_id["first"], {"signs": ("bruise", "bump")})
    assert signs.words == "Bruise, Small bump"
    (nothing,) = answers_in_words(PLAN.by_id["first"], {"signs": ()})
    assert nothing.words == "–"


def test_where_signs_of_danger_lie_among_check_ins() -> None:
    sent = [TREATED + timedelta(hours=hours) for hours in (3, 12, 48)]
    moments = [TREATED + timedelta(hours=hours) for hours in (1, 3, 5, 30, 60)]
    assert places_of(moments, sent) == pytest.approx((-0.3, 0, 0.5, 1.5, 2.3))
