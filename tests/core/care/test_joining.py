"""What a patient is asked on joining, and what the answers make of the plan."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.care import BASELINE, Care, PlanState
from bot.core.care.joining import (
    AGREE,
    CAREFUL,
    NAME,
    PHONE,
    agreed_text,
    begin_joining,
    hear_joining,
    joined,
    joining_step,
)
from bot.model import PatientId
from tests.shipped import CONTENT

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CARE = Care(
    enrolment_id=1,
    patient_id=PatientId(1),
    code="P-7F3K",
    label=None,
    plan_id=next(iter(CONTENT.plans)),
    state=PlanState.JOINING,
    treated_at=NOW,
    zone="Europe/London",
    area="heel",
    side="left",
    careful=True,
)
WHOLE: dict[str, Any] = {NAME: "known", "area_right": "yes", AGREE: "yes", BASELINE: 6, CAREFUL: ("none",), PHONE: "no"}


def test_the_order_of_the_questions() -> None:
    ids = [question.id for question in joining_step(CONTENT, CARE).questions]
    assert ids == ["name", "other", "area_right", "agree", "baseline", "careful_of", "phone"]


def test_what_is_known_is_not_asked() -> None:
    say, change = begin_joining(CONTENT, CARE, 7, NOW, {"name": "known", "other": "known"})
    assert change.open is not None
    assert change.open.asked == "area_right"
    assert "heel" in say.text
    assert say.buttons[-1][0].data == "join:7:not_me"


@pytest.mark.parametrize(
    ("changes", "careful"),
    [
        pytest.param({}, False, id="none of these"),
        pytest.param({CAREFUL: ("thinner",)}, True, id="a tick"),
        pytest.param({CAREFUL: ("not_sure",)}, True, id="not sure"),
        pytest.param({CAREFUL: None}, True, id="not answered"),
        pytest.param({CAREFUL: ("thinner", "not_sure")}, True, id="both"),
    ],
)
def test_who_needs_care(changes: dict[str, Any], careful: bool) -> None:
    answers = {name: value for name, value in {**WHOLE, **changes}.items() if value is not None}
    assert joined(CONTENT, CARE, answers).facts["careful"] is careful


@pytest.mark.parametrize("facts", [{"thinner": True}, {"careful_by_staff": True}])
def test_what_staff_know_is_not_forgotten(facts: dict[str, bool]) -> None:
    change = joined(CONTENT, replace(CARE, facts=facts), WHOLE)
    assert change.facts["careful"] is True
    assert change.facts["thinner"] is facts.get("thinner", False)


@pytest.mark.parametrize(
    ("agree", "state", "reason"),
    [("yes", PlanState.OPEN, ""), ("not_now", PlanState.ENDED, "not now"), ("young", PlanState.ENDED, "under age")],
)
def test_what_becomes_of_the_plan(agree: str, state: PlanState, reason: str) -> None:
    change = joined(CONTENT, CARE, {**WHOLE, AGREE: agree})
    assert (change.state, change.reason) == (state, reason)


def test_a_plan_that_staff_paused_meanwhile_stays_so() -> None:
    assert joined(CONTENT, replace(CARE, state=PlanState.PAUSED), WHOLE).state is None


def test_no_number_is_no_baseline() -> None:
    assert joined(CONTENT, CARE, WHOLE).facts[BASELINE] == 6
    assert BASELINE not in joined(CONTENT, CARE, {**WHOLE, BASELINE: "not_sure"}).facts


def test_a_guardian_reads_other_words_and_agrees_to_another_text() -> None:
    child = replace(CARE, is_child=True)
    agree = joining_step(CONTENT, child).by_id[AGREE]
    assert [option.id for option in agree.options] == ["yes", "not_now"]
    assert agreed_text(CONTENT, child, None)[1] != agreed_text(CONTENT, CARE, None)[1]


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        ("name", "Anna", "Anna"),
        ("name", "  Mary-Jane O'Neil ", "Mary-Jane O'Neil"),
        ("name", "my name is José", "José"),
        ("name", "Hi, I'm Anna!", "Anna"),
        ("name", "can I shower?", None),
        ("name", "it still hurts a lot when I walk", None),
        ("name", "4821", None),
        ("phone", "01632 960 555", "01632 960 555"),
        ("phone", "my number is +44 1632 960555.", "+44 1632 960555"),
        ("phone", "No thanks", "no"),
        ("phone", "no", "no"),
        ("phone", "12", None),
        ("phone", "when do you open?", None),
        ("baseline", "not sure", "not_sure"),
        ("baseline", "6", None),
    ],
)
def test_answers_that_only_joining_has(question: str, text: str, value: str | None) -> None:
    heard = hear_joining(CONTENT, joining_step(CONTENT, CARE).by_id[question], text)
    assert (heard.value if heard else None) == value
