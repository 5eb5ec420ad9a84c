"""What answers and facts lead to, rule by rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.care import Care, NoteKind, OpenCheckIn, Value
from bot.content.plan import Plan, Step
from bot.content.schema import Content
from bot.core.care import rules
from bot.model import Level
from tests.core.care.conftest import TREATED_AT, make_care


@pytest.fixture
def plan(care_content: Content) -> Plan:
    return care_content.plans["needling"]


@pytest.fixture
def morning(plan: Plan) -> Step:
    return plan.by_id["next_morning"]


CARE = make_care(
    careful=True,
    facts={"thinner": True, "baseline": 6},
    answers={"first_hours": {"pain": 6, "signs": ("dizzy",)}},
    visit_at=TREATED_AT + timedelta(days=7),
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pain", 7),
        ("night", "same"),
        ("first_hours.pain", 7),
        ("first_hours.signs", ("dizzy",)),
        ("next_morning.night", "same"),
        ("first_hours.night", None),
        ("gone.pain", None),
        ("growing", None),
        ("careful", True),
        ("area", "heel"),
        ("side", "left"),
        ("visit", True),
        ("thinner", True),
        ("baseline", 6),
        ("diabetes", None),
    ],
)
def test_what_a_name_stands_for(name: str, value: Value | None, plan: Plan, morning: Step) -> None:
    assert rules.names(plan, CARE, morning, {"pain": 6, "night": "same"})(name) == value


def test_only_careful_patients_feel_more(plan: Plan, morning: Step) -> None:
    assert rules.names(plan, replace(CARE, careful=False), morning, {"pain": 6})("pain") == 6


@pytest.mark.parametrize(
    ("of_open", "closed", "value"),
    [
        ({"pain": 3}, {"first_hours": {"pain": 8}}, 3),
        ({}, {"first_hours": {"pain": 8}}, 8),
        (None, {"first_hours": {"pain": 8}, "next_morning": {"pain": 2}}, 2),
        (None, {"first_hours": {"pain": 8}, "next_morning": {}}, 8),
        (None, {}, None),
    ],
)
def test_for_the_whole_plan_a_name_is_the_newest_answer(
    of_open: dict[str, Value] | None, closed: dict[str, dict[str, Value]], value: Value | None, plan: Plan
) -> None:
    open_ = None if of_open is None else OpenCheckIn(1, "next_morning", TREATED_AT, "pain", of_open)
    care = make_care(answers=closed, open=open_)
    assert rules.names(plan, care, None, {})("pain") == value


@pytest.mark.parametrize(
    ("answers", "alerts"),
    [
        ({}, {}),
        ({"signs": ("none",)}, {}),
        ({"signs": ("swollen",)}, {"suspected_dvt": Level.URGENT}),
        (
            {"signs": ("swollen",), "breath": "yes"},
            {"suspected_dvt": Level.URGENT, "chest_pain_breathless": Level.EMERGENCY},
        ),
    ],
)
def test_alerts_have_the_level_of_their_red_flag(
    answers: dict[str, Value], alerts: dict[str, Level], care_content: Content, plan: Plan, morning: Step
) -> None:
    weighed = rules.weigh(care_content, morning, rules.names(plan, CARE, morning, answers))
    assert dict(weighed.alerts) == alerts
    assert weighed.is_pressing is bool(alerts)


@pytest.mark.parametrize(
    ("before", "now", "news"),
    [
        ({}, {"a": Level.URGENT}, {"a": Level.URGENT}),
        ({"a": Level.URGENT}, {"a": Level.URGENT}, {}),
        ({"a": Level.URGENT}, {"a": Level.EMERGENCY}, {"a": Level.EMERGENCY}),
        ({"a": Level.EMERGENCY}, {"a": Level.URGENT}, {}),
        ({"a": Level.URGENT}, {"a": Level.URGENT, "b": Level.ADVISE}, {"b": Level.ADVISE}),
        ({"a": Level.URGENT}, {}, {}),
    ],
)
def test_only_what_is_new_or_worse_is_news(
    before: dict[str, Level], now: dict[str, Level], news: dict[str, Level]
) -> None:
    assert rules.Weighed((), now).news(rules.Weighed((), before)) == news


@pytest.mark.parametrize(
    ("answers", "question_id"),
    [
        ({}, "pain"),
        ({"pain": 2}, "night"),
        ({"pain": 2, "night": "same"}, "signs"),
        ({"pain": 2, "night": "same", "signs": ("none",)}, None),
        ({"pain": 2, "night": "same", "signs": ("swollen",)}, "breath"),
        ({"pain": 2, "night": "same", "signs": ("bruise",)}, "growing"),
        ({"pain": 2, "night": "same", "signs": ("bruise", "swollen"), "breath": "no"}, "growing"),
    ],
)
def test_the_next_question(answers: dict[str, Value], question_id: str | None, plan: Plan, morning: Step) -> None:
    question = rules.next_question(morning, answers, rules.names(plan, CARE, morning, answers))
    assert (question.id if question else None) == question_id


def test_what_is_asked_later_is_not_next(plan: Plan) -> None:
    step = plan.by_id["first_hours"]
    answers: dict[str, Value] = {"feeling": "sore", "signs": ("dizzy",), "pain": 2}
    look_up = rules.names(plan, make_care(), step, answers)
    assert rules.next_question(step, answers, look_up) is None
    assert [question.id for question in rules.put_off(step, answers, look_up)] == ["dizzy_later"]


@pytest.mark.parametrize(
    ("answers", "level", "question_id"),
    [
        ({"signs": ("swollen",)}, Level.URGENT, "breath"),
        ({"signs": ("swollen", "bruise")}, Level.URGENT, "breath"),
        ({"signs": ("swollen", "bruise"), "breath": "no"}, Level.URGENT, None),
        ({"signs": ("swollen",)}, Level.EMERGENCY, None),
        ({"signs": ("bump",)}, Level.URGENT, None),
    ],
)
def test_what_may_raise_an_alert_is_asked_still(
    answers: dict[str, Value], level: Level, question_id: str | None, care_content: Content, plan: Plan, morning: Step
) -> None:
    look_up = rules.names(plan, CARE, morning, answers)
    question = rules.may_raise(care_content, morning, answers, look_up, level)
    assert (question.id if question else None) == question_id


@pytest.mark.parametrize(
    ("answers", "question_id"),
    [
        ({"feeling": "fine", "pain": 8}, "pain"),
        ({"feeling": "fine", "pain": 7}, None),
        ({"feeling": "sore", "pain": 9}, None),
        ({"pain": 9}, None),
        ({"feeling": "fine"}, None),
        ({"hard": "yes", "pain": 9}, None),
    ],
)
def test_a_contradiction(answers: dict[str, Value], question_id: str | None, plan: Plan) -> None:
    question = rules.contradiction(plan.by_id["first_hours"], answers)
    assert (question.id if question else None) == question_id


TEXTS = {NoteKind.CALL: "Ring.", NoteKind.BOOKING: "Book.", NoteKind.VISIT: "Look."}


@pytest.mark.parametrize(
    ("fields", "kind", "text"),
    [
        ({"note": "Pain 7"}, NoteKind.NOTE, "Pain 7"),
        ({"task": "call"}, NoteKind.CALL, "Ring."),
        ({"task": "booking", "note": "Wants another day"}, NoteKind.BOOKING, "Wants another day"),
        ({"task": "visit"}, NoteKind.VISIT, "Look."),
    ],
)
def test_a_note(fields: dict[str, object], kind: NoteKind, text: str, morning: Step) -> None:
    rule = type(morning.rules[0]).model_validate({"when": "careful"} | fields)
    (note,) = rules.notes((rule, rule), TEXTS)
    assert (note.kind, note.text) == (kind, text)


@pytest.mark.parametrize(
    ("step_id", "zone", "expected"),
    [
        ("first_hours", "Europe/London", (("next_morning", datetime(2026, 11, 21, 8, 30, tzinfo=UTC)),)),
        ("first_hours", "Australia/Lord_Howe", (("next_morning", datetime(2026, 11, 20, 21, 30, tzinfo=UTC)),)),
        ("one_week", "Europe/London", ()),
        ("before_visit", "Europe/London", ()),
    ],
)
def test_another_time_for_the_next_check_in(
    step_id: str, zone: str, expected: tuple[tuple[str, datetime], ...], plan: Plan, morning: Step
) -> None:
    rule = type(morning.rules[0]).model_validate({"when": "careful", "earlier": "08:30"})
    care: Care = make_care(zone=zone)
    assert rules.earlier(plan, care, plan.by_id[step_id], (rule,)) == expected
    assert rules.earlier(plan, care, plan.by_id[step_id], ()) == ()


@pytest.mark.parametrize(
    ("step_id", "visit", "is_last"),
    [
        ("first_hours", False, False),
        ("one_week", False, True),
        ("one_week", True, False),
        ("before_visit", True, True),
    ],
)
def test_the_last_check_in(step_id: str, visit: bool, is_last: bool, plan: Plan) -> None:
    care = make_care(visit_at=TREATED_AT + timedelta(days=9) if visit else None)
    assert rules.is_last(plan, care, plan.by_id[step_id]) is is_last
