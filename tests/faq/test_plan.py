"""The care plan that ships: every branch of its tables, and texts that a child can read."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.care import Care, PlanState, Value
from bot.content.lint_text import fill
from bot.content.plan import PLAN_PLACEHOLDERS, VISIT_PLACEHOLDERS, Plan, condition
from bot.content.schema import Content
from bot.core.care import rules
from bot.markup import parse
from bot.model import Level, PatientId
from tests.faq.readability import read

EXTRA = {"area": "heel", "side": "left", "next": "tomorrow at 09:30", "day": "Monday 23 November", "time": "10:00"}
MAX = 500


@pytest.fixture(scope="module")
def plan(content: Content) -> Plan:
    return content.plans["dry_needling"]


Facts = Mapping[str, Value]


def care(
    facts: Facts | None = None,
    area: str = "calf",
    visit: bool = False,
    answers: Mapping[str, Mapping[str, Value]] | None = None,
) -> Care:
    """A patient; one with a fact that is so is careful."""
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    known = facts or {}
    return Care(
        enrolment_id=1,
        patient_id=PatientId(1),
        code="P-7F3K",
        label=None,
        plan_id="dry_needling",
        state=PlanState.OPEN,
        treated_at=at,
        zone="Europe/London",
        area=area,
        side="left",
        careful=any(value is True for value in known.values()),
        facts=known,
        answers=answers or {},
        visit_at=at if visit else None,
    )


C1, C2, C3, C4, C5, C6 = "first_hours", "next_morning", "two_days", "one_week", "before_visit", "no_visit"
Case = tuple[str, dict[str, Value], dict[str, Value], dict[str, Level]]
E, U, A = Level.EMERGENCY, Level.URGENT, Level.ADVISE
ALERTS: dict[str, Case] = {
    "C1 all is well": (C1, {"feeling": "fine", "signs": ("none",), "pain": 6}, {}, {}),
    "C1 fainted": (C1, {"signs": ("fainted",)}, {}, {"faint_recovered": U}),
    "C1 fainted and not awake": (
        C1,
        {"signs": ("fainted",), "awake": "yes"},
        {},
        {"faint_recovered": U, "collapse_unresponsive": E},
    ),
    "C1 light-headed": (C1, {"signs": ("dizzy",)}, {}, {}),
    "C1 light-headed, better": (C1, {"signs": ("dizzy",), "dizzy_60": "better"}, {}, {}),
    "C1 light-headed, same": (C1, {"signs": ("dizzy",), "dizzy_60": "same"}, {}, {"faint_recovered": U}),
    "C1 light-headed, worse": (C1, {"signs": ("dizzy",), "dizzy_60": "worse"}, {}, {"faint_recovered": U}),
    "C1 bleeding": (C1, {"signs": ("bleeding",), "soaking": "no"}, {}, {}),
    "C1 soaking": (C1, {"signs": ("bleeding",), "soaking": "yes"}, {}, {"heavy_bleeding": E}),
    "C1 still bleeding": (C1, {"soaking": "no", "bleeding_15": "yes"}, {}, {"persistent_bleeding": U}),
    "C1 numb": (C1, {"signs": ("numb",), "pain": 2}, {}, {}),
    "C1 weak": (C1, {"signs": ("numb", "weak")}, {}, {"nerve_injury": U}),
    "C1 breath": (C1, {"signs": ("breath",)}, {}, {"chest_pain_breathless": E}),
    "C1 pain 8, not asked yet": (C1, {"pain": 8}, {}, {}),
    "C1 pain 8": (C1, {"pain": 8, "hard": "no"}, {}, {"severe_escalating_pain": U}),
    "C1 pain 8, hard": (C1, {"pain": 8, "hard": "yes"}, {}, {"compartment_limb_threat": E}),
    "C2 sore": (C2, {"pain": 3, "compared": "same", "signs": ("sore", "bruise"), "walk": "yes"}, {}, {}),
    "C2 asked first": (C2, {"still_numb": "yes"}, {}, {"nerve_injury": U}),
    "C2 still numb": (C2, {"signs": ("numb",)}, {}, {"nerve_injury": U}),
    "C2 foot drop": (C2, {"signs": ("lift",)}, {}, {"nerve_injury": U}),
    "C2 swollen": (C2, {"signs": ("swollen",)}, {}, {"suspected_dvt": U}),
    "C2 swollen, no breath": (
        C2,
        {"signs": ("swollen",), "breath": "yes"},
        {},
        {"suspected_dvt": U, "chest_pain_breathless": E},
    ),
    "C2 red": (C2, {"signs": ("red",), "ill": "no"}, {}, {"infection_spreading": U}),
    "C2 red and ill": (C2, {"signs": ("red",), "ill": "yes"}, {}, {"infection_spreading": U, "sepsis_signs": E}),
    "C2 bruise tight": (C2, {"growing": "tight"}, {"thinner": True}, {"compartment_limb_threat": E}),
    "C2 bruise growing": (C2, {"growing": "growing"}, {"thinner": True}, {"persistent_bleeding": U}),
    "C2 bruise neither": (C2, {"growing": "no"}, {"thinner": True}, {}),
    "C2 bleeding": (C2, {"soaking": "yes"}, {}, {"heavy_bleeding": E}),
    "C2 cannot walk": (C2, {"walk": "no"}, {}, {"severe_escalating_pain": U}),
    "C2 pain 9": (C2, {"pain": 9, "hard": "no"}, {}, {"severe_escalating_pain": U}),
    "C3 pain up by 2": (C3, {"pain": 5}, {}, {"slow_to_settle": A}),
    "C3 worse": (C3, {"pain": 2, "soreness": "worse"}, {}, {"slow_to_settle": A}),
    "C3 worse, 7": (C3, {"pain": 7, "soreness": "worse", "hard": "no"}, {}, {"severe_escalating_pain": U}),
    "C3 worse, hard": (C3, {"pain": 7, "soreness": "worse", "hard": "yes"}, {}, {"compartment_limb_threat": E}),
    "C3 worse and red": (
        C3,
        {"pain": 3, "soreness": "worse", "signs": ("red",)},
        {},
        {"severe_escalating_pain": U, "infection_spreading": U, "slow_to_settle": A},
    ),
    "C3 wound": (C3, {"wound": "yes"}, {"diabetes": True}, {"diabetic_foot_wound": U}),
    "C3 going down": (C3, {"pain": 3, "soreness": "down", "old": "worse", "signs": ("none",)}, {}, {}),
    "C4 better": (C4, {"result": "better", "pain": 3, "left": ("no",)}, {"baseline": 5}, {}),
    "C4 worse": (C4, {"result": "worse", "pain": 7}, {"baseline": 5}, {}),
    "C4 worse, 8": (C4, {"result": "worse", "pain": 8}, {"baseline": 8}, {"severe_escalating_pain": U}),
    "C4 heel up, 9": (C4, {"result": "same", "first_steps": 9}, {"baseline": 5}, {"severe_escalating_pain": U}),
    "C4 same, 8 as before": (C4, {"result": "same", "pain": 8}, {"baseline": 8}, {}),
    "C4 still sore": (C4, {"left": ("sore",)}, {}, {"slow_to_settle": A}),
    "C4 numb": (C4, {"left": ("numb",)}, {}, {"nerve_injury": U}),
    "C4 bruise tight": (C4, {"growing": "tight"}, {"thinner": True}, {"compartment_limb_threat": E}),
    "C4 bruise growing": (C4, {"growing": "growing"}, {"thinner": True}, {"persistent_bleeding": U}),
    "C5 wound": (C5, {"news": ("wound",)}, {}, {}),
    "C5 wound and diabetes": (C5, {"news": ("wound",)}, {"diabetes": True}, {"diabetic_foot_wound": U}),
    "C5 pregnant": (C5, {"news": ("pregnant",), "tummy": "no"}, {}, {}),
    "C5 pregnant and pain": (C5, {"news": ("pregnant",), "tummy": "yes"}, {}, {"pregnancy_concern": U}),
    "C5 fever and ill": (C5, {"news": ("fever",), "ill": "yes"}, {}, {"sepsis_signs": E}),
}


@pytest.mark.parametrize("name", ALERTS)
def test_alerts_of_answers(content: Content, plan: Plan, name: str) -> None:
    step_id, answers, facts, alerts = ALERTS[name]
    who = care(facts, answers={C2: {"pain": 3}})
    step = plan.by_id[step_id]

    assert rules.weigh(content, step, rules.names(plan, who, step, answers)).alerts == alerts


NOTES: dict[str, tuple[str, dict[str, Value], dict[str, Value], list[str]]] = {
    "C1 6": (C1, {"pain": 6}, {}, []),
    "C1 7": (C1, {"pain": 7}, {}, ["note"]),
    "C1 careful 6": (C1, {"pain": 6}, {"faints": True}, ["note"]),
    "C1 numb": (C1, {"signs": ("numb",)}, {}, ["note"]),
    "C2 7": (C2, {"pain": 7}, {}, ["note"]),
    "C2 careful bruise": (C2, {"signs": ("bruise",), "growing": "no"}, {"thinner": True}, ["note"]),
    "C3 up": (C3, {"pain": 5}, {}, ["note"]),
    "C3 old problem": (C3, {"old": "worse"}, {}, ["note"]),
    "C4 above baseline": (C4, {"result": "same", "pain": 7}, {"baseline": 5}, ["note"]),
    "C4 call": (C4, {"call": "yes"}, {}, ["call"]),
    "C4 careful bruise": (C4, {"left": ("bruise",), "growing": "no"}, {"thinner": True}, ["note"]),
    "C5 coming": (C5, {"coming": "yes", "news": ("none",), "lasted": "no"}, {}, []),
    "C5 change": (C5, {"coming": "change"}, {}, ["booking"]),
    "C5 cancel": (C5, {"coming": "cancel"}, {}, ["booking"]),
    "C5 news": (C5, {"news": ("device",)}, {}, ["visit"]),
    "C5 sore": (C5, {"lasted": "yes"}, {}, ["visit"]),
    "day 14 yes": (C6, {"want": "yes"}, {}, ["booking"]),
    "day 14 no": (C6, {"want": "no"}, {}, []),
}


@pytest.mark.parametrize("name", NOTES)
def test_notes_and_tasks_of_answers(content: Content, plan: Plan, name: str) -> None:
    step_id, answers, facts, kinds = NOTES[name]
    who, step = care(facts, answers={C2: {"pain": 3}}), plan.by_id[step_id]
    holding = rules.weigh(content, step, rules.names(plan, who, step, answers)).rules

    assert [rule.task or "note" for rule in holding if rule.note or rule.task] == kinds


WEEK: dict[str, Value] = {"result": "same", "pain": 1, "exercises": "most"}
QUESTIONS: dict[str, tuple[str, dict[str, Value], Care, str | None]] = {
    "numb comes first": (C2, {}, care(answers={C1: {"signs": ("numb",)}}), "still_numb"),
    "else pain": (C2, {}, care(answers={C1: {"signs": ("none",)}}), "pain"),
    "pain 8": (C1, {"feeling": "bad", "signs": ("none",), "pain": 8}, care(), "hard"),
    "pain 7": (C1, {"feeling": "bad", "signs": ("none",), "pain": 7}, care(), None),
    "7 and worse": (C2, {"pain": 7, "compared": "worse"}, care(), "hard"),
    "careful 6 and worse": (C2, {"pain": 6, "compared": "worse"}, care({"faints": True}), "hard"),
    "bruise": (C2, {"pain": 1, "compared": "same", "signs": ("bruise",)}, care(), "walk"),
    "careful bruise": (C2, {"pain": 1, "compared": "same", "signs": ("bruise",)}, care({"faints": True}), "growing"),
    "swollen": (C2, {"pain": 1, "compared": "same", "signs": ("swollen",)}, care(), "breath"),
    "red": (C2, {"pain": 1, "compared": "same", "signs": ("red",)}, care(), "ill"),
    "diabetes": (
        C3,
        {"pain": 1, "soreness": "gone", "old": "same", "signs": ("none",)},
        care({"diabetes": True}),
        "wound",
    ),
    "no diabetes": (C3, {"pain": 1, "soreness": "gone", "old": "same", "signs": ("none",)}, care(), None),
    "heel": (C4, {"result": "same"}, care(area="heel"), "first_steps"),
    "calf": (C4, {"result": "same"}, care(), "pain"),
    "bruise at one week": (C4, {**WEEK, "left": ("bruise",)}, care(), "call"),
    "careful bruise at one week": (C4, {**WEEK, "left": ("bruise",)}, care({"thinner": True}), "growing"),
    "pregnant": (C5, {"coming": "yes", "news": ("pregnant",)}, care(), "tummy"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_asked_next(plan: Plan, name: str) -> None:
    step_id, answers, who, asked = QUESTIONS[name]
    step = plan.by_id[step_id]
    question = rules.next_question(step, answers, rules.names(plan, who, step, answers))

    assert (question.id if question else None) == asked


@pytest.mark.parametrize(
    ("answers", "is_good"),
    [
        ({"pain": 2, "compared": "better", "signs": ("sore",)}, True),
        ({"pain": 2, "compared": "worse", "signs": ("sore",)}, False),
        ({"pain": 2, "compared": "better", "signs": ("bleeding",), "soaking": "no"}, False),
    ],
)
def test_nobody_who_bleeds_or_feels_worse_reads_that_it_is_as_it_should_be(
    answers: dict[str, Value], is_good: bool, content: Content, plan: Plan
) -> None:
    step = plan.by_id[C2]
    holding = rules.weigh(content, step, rules.names(plan, care(), step, answers)).rules

    assert any("how it should be" in (rule.say or "") for rule in holding) is is_good


def test_light_exercise_is_not_for_those_who_bleed(content: Content, plan: Plan) -> None:
    step = plan.by_id[C3]
    for signs, is_ok in (("none", True), ("bleeding", False)):
        answers: dict[str, Value] = {"pain": 1, "soreness": "gone", "signs": (signs,)}
        holding = rules.weigh(content, step, rules.names(plan, care(), step, answers)).rules
        assert any("Light exercise" in (rule.say or "") for rule in holding) is is_ok


@pytest.mark.parametrize(
    ("answers", "doubted"),
    [
        ({"result": "much_better", "first_steps": 9}, "first_steps"),
        ({"result": "much_better", "pain": 9}, "pain"),
        ({"result": "much_better", "pain": 7}, None),
        ({"result": "same", "pain": 9, "exercises": "most"}, None),
    ],
)
def test_much_better_and_a_nine_is_asked_about(answers: dict[str, Value], doubted: str | None, plan: Plan) -> None:
    question = rules.contradiction(plan.by_id[C4], answers)

    assert (question.id if question else None) == doubted


@pytest.mark.parametrize(
    ("answers", "later"),
    [
        ({"signs": ("dizzy",)}, ["dizzy_60"]),
        ({"signs": ("bleeding",)}, []),
        ({"signs": ("bleeding",), "soaking": "no"}, ["bleeding_15"]),
        ({"signs": ("bleeding",), "soaking": "yes"}, []),
    ],
)
def test_what_is_asked_later(plan: Plan, answers: dict[str, Value], later: list[str]) -> None:
    step = plan.by_id[C1]
    found = rules.put_off(step, answers, rules.names(plan, care(), step, answers))

    assert [question.id for question in found] == later


@pytest.mark.parametrize(
    ("who", "is_done"),
    [
        pytest.param(care(answers={C4: {"result": "better", "call": "no"}}), True, id="better and no visit"),
        pytest.param(care(answers={C4: {"result": "same", "call": "no"}}), False, id="the same: offered one on day 14"),
        pytest.param(care(visit=True, answers={C4: {"result": "better", "call": "no"}}), False, id="visit booked"),
        pytest.param(care(answers={C5: {"coming": "yes"}}), True, id="before the visit"),
        pytest.param(care(answers={C6: {"want": "done"}}), True, id="day 14"),
        pytest.param(care(), False, id="nothing answered"),
    ],
)
def test_what_ends_the_plan(plan: Plan, who: Care, is_done: bool) -> None:
    assert plan.done_if is not None
    assert condition(plan.done_if).holds(rules.names(plan, who, None, {})) is is_done


@pytest.mark.parametrize(
    ("who", "is_called"),
    [
        pytest.param(care(answers={C1: {"pain": 6}}), False, id="nothing"),
        pytest.param(care(answers={C1: {"pain": 7}}), True, id="pain"),
        pytest.param(care(answers={C1: {"pain": 9}, C2: {"pain": 2}}), False, id="the last answer counts"),
        pytest.param(care(answers={C1: {"signs": ("numb",)}}), True, id="numb"),
        pytest.param(care({"faints": True}), True, id="careful"),
        pytest.param(replace(care(answers={C4: {"left": ("bruise",)}}), facts={"thinner": True}), True, id="bruise"),
    ],
)
def test_whom_staff_ring(plan: Plan, who: Care, is_called: bool) -> None:
    assert condition(plan.no_reply.call_if).holds(rules.names(plan, who, None, {})) is is_called


def texts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Every text to patients, by its place."""
    yield from (("today", plan.today), ("footer", plan.footer), ("remind", plan.no_reply.remind))
    for step in plan.steps:
        yield f"{step.id}.hello", step.hello
        yield f"{step.id}.child_hello", step.child_hello or step.hello
        yield f"{step.id}.advice", step.advice
        for question in step.questions:
            yield f"{step.id}.{question.id}", question.ask
            yield f"{step.id}.{question.id}.child", question.child or question.ask
        for number, rule in enumerate(step.rules):
            if rule.say:
                yield f"{step.id}.rules.{number}", rule.say


def shown(content: Content, text: str) -> str:
    for name, value in EXTRA.items():
        text = text.replace(f"{{{name}}}", value)
    return parse(fill(text, content.clinic)).text


class TestTexts:
    def test_the_names_they_use_are_known(self) -> None:
        assert EXTRA.keys() == PLAN_PLACEHOLDERS | VISIT_PLACEHOLDERS

    def test_none_is_long(self, content: Content, plan: Plan) -> None:
        lengths = {name: len(shown(content, text)) for name, text in texts(plan)}

        assert {name: length for name, length in lengths.items() if length > MAX} == {}

    def test_none_is_hard_to_read(self, content: Content, plan: Plan) -> None:
        """One short question has too few words to measure: questions are read with their check-in."""
        by_part: dict[str, list[str]] = {}
        for name, text in texts(plan):
            by_part.setdefault(name.partition(".")[0], []).append(shown(content, text))

        grades = {part: read("\n".join(found)).grade for part, found in by_part.items()}
        assert {part: round(grade, 1) for part, grade in grades.items() if grade > 6.5} == {}

    def test_sentences_are_short(self, content: Content, plan: Plan) -> None:
        words = {
            name: read(shown(content, text)).words_a_sentence
            for name, text in texts(plan)
            if "{clinic_hours}" not in text
        }

        assert {name: round(count, 1) for name, count in words.items() if count > 18} == {}

    def test_nothing_on_a_locked_screen_names_body_or_sign(self, plan: Plan) -> None:
        telling = {"pain", "numb", "bleed", "leg", "foot", "heel", "calf", "shin", "needle", "sore", "bruise"}
        first = {step.id: " ".join((step.hello, step.child_hello or "")).lower() for step in plan.steps}

        assert {id_: text for id_, text in first.items() if any(word in text for word in telling)} == {}
