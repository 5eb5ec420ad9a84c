"""Silence after a question that decides an alert, in the shipped plan: whom it concerns, and what it leads to."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.care import Care, CareChange, OpenCheckIn, Value
from bot.content.load import load_content
from bot.content.schema import Content
from bot.core.care import rules
from bot.core.care.unanswered import WAIT, Unanswered
from bot.core.conversation import Conversation
from bot.core.meta import Wishes
from bot.core.outcome import Occasion, Outcome, State
from bot.core.understand import Brain
from bot.model import Decision, Level, Triage
from tests.core.care.conftest import TREATED_AT, OneAnswer, make_care

NOW = TREATED_AT + timedelta(hours=4)
Answers = dict[str, Value]
BLEEDS: Answers = {"signs": ("bleeding",)}


class Calm:
    """Sees no danger in anything."""

    def triage(self, text: str) -> Triage:
        return Triage()


@pytest.fixture(scope="module")
def shipped() -> Content:
    return load_content(Path("faq"))


@pytest.fixture(scope="module")
def conversation(shipped: Content) -> Conversation:
    return Conversation(shipped, Brain(shipped, Calm(), Wishes(shipped.words), OneAnswer()))


def left_open(step_id: str, answers: Answers, asked: str | None, **fields: object) -> Care:
    """A patient in a check-in of the shipped plan; `asked` is on the screen."""
    open_ = OpenCheckIn(7, step_id, NOW, asked, answers)
    return replace(make_care(plan_id="dry_needling", open=open_), **fields)  # type: ignore[arg-type]


def silent(conversation: Conversation, care: Care, question_id: str) -> Outcome:
    occasion = Occasion(now=NOW, sent_at=NOW, code="P-7F3K", care=(care,))
    return conversation.on_unanswered(care, question_id, State(), occasion)


@pytest.mark.parametrize(
    ("step_id", "question_id", "flags"),
    [
        ("first_hours", "hard", ("severe_escalating_pain", "compartment_limb_threat")),
        ("first_hours", "soaking", ("persistent_bleeding", "heavy_bleeding")),
        ("first_hours", "bleeding_15", ("persistent_bleeding",)),
        ("first_hours", "dizzy_60", ("faint_recovered",)),
        ("first_hours", "feeling", ()),
        ("next_morning", "growing", ("persistent_bleeding", "compartment_limb_threat")),
        ("one_week", "left", ("nerve_injury", "persistent_bleeding", "compartment_limb_threat")),
        ("one_week", "growing", ("persistent_bleeding", "compartment_limb_threat")),
        ("one_week", "exercises", ()),
        ("before_visit", "ill", ("sepsis_signs",)),
    ],
)
def test_what_hangs_on_an_answer(step_id: str, question_id: str, flags: tuple[str, ...], shipped: Content) -> None:
    assert rules.deciding(shipped, shipped.plans["dry_needling"].by_id[step_id], question_id) == flags


FOLLOW_UPS = {
    "first_hours": {"awake", "soaking", "hard", "bleeding_15", "dizzy_60"},
    "next_morning": {"hard", "soaking", "growing", "breath", "ill", "bleeding_15"},
    "two_days": {"hard", "soaking", "growing", "breath", "ill", "bleeding_15"},
    "one_week": {"growing"},
    "before_visit": {"tummy", "ill"},
    "no_visit": set(),
}


@pytest.mark.parametrize("step_id", FOLLOW_UPS)
def test_which_questions_decide(step_id: str, shipped: Content) -> None:
    """Not those that are asked of everybody with diabetes, or about what was told a day before."""
    step = shipped.plans["dry_needling"].by_id[step_id]
    assert {one.id for one in step.questions if rules.is_decisive(shipped, step, one)} == FOLLOW_UPS[step_id]


@pytest.mark.parametrize(
    ("step_id", "answers", "question_id", "flag_id", "for_staff", "told"),
    [
        pytest.param(
            *("first_hours", {"signs": ("none",), "pain": 9}, "hard", "severe_escalating_pain"),
            "Check-in C1: pain 9. No answer to: Is the calf very hard, or the foot numb, cold or pale?",
            "Rest, and loosen your shoes and socks.",
            id="pain",
        ),
        pytest.param(
            *("first_hours", BLEEDS, "soaking", "persistent_bleeding"),
            "Check-in C1: Bleeding that hasn't stopped. No answer to: Press hard for 10 minutes and don't look. "
            "Is the blood soaking through or spurting?",
            "Press firmly with something clean",
            id="bleeding",
        ),
        pytest.param(
            *("first_hours", BLEEDS | {"soaking": "no", "pain": 2}, "bleeding_15", "persistent_bleeding"),
            "Check-in C1: Bleeding that hasn't stopped, soaking No. No answer to: Is it still bleeding?",
            "Press firmly with something clean",
            id="bleeding, put off",
        ),
        pytest.param(
            *("next_morning", {"pain": 3, "signs": ("bruise",)}, "growing", "persistent_bleeding"),
            "Check-in C2: Bruise. No answer to: Is the bruise or bump growing? Or is it tight or very painful?",
            "Press firmly with something clean",
            id="bruise on blood thinners",
        ),
        pytest.param(
            *("before_visit", {"coming": "yes", "news": ("fever",)}, "ill", "sepsis_signs"),
            "Check-in C5: Fever, cold or skin infection. "
            "No answer to: Do you feel very ill? Confused, shaking or breathing fast?",
            "Ring us now",
            id="only an emergency hangs on it",
        ),
    ],
)
def test_silence_alerts(
    step_id: str,
    answers: Answers,
    question_id: str,
    flag_id: str,
    for_staff: str,
    told: str,
    conversation: Conversation,
) -> None:
    care = left_open(step_id, answers, question_id, facts={"thinner": True}, careful=True)
    outcome = silent(conversation, care, question_id)
    read, (card,), (change,), (say,) = outcome.understanding, outcome.staff, outcome.care, outcome.says
    assert read is not None
    assert (read.decision, read.level, read.text) == (Decision.RED_FLAG, Level.URGENT, for_staff)
    assert (card.level, card.flag_ids, card.opens_alert) == (Level.URGENT, (flag_id,), True)
    assert change.open is not None
    assert (change.closed, change.answered, change.open.asked) == ("alert", False, None)
    assert change.open.answers == answers
    assert told in say.text
    assert "have not heard from you" in say.text
    assert not say.text.startswith("<b>Call"), "nobody is sent to the ambulance by silence"


@pytest.mark.parametrize(
    ("answers", "asked", "question_id"),
    [
        pytest.param({"pain": 9, "hard": "no"}, None, "hard", id="answered"),
        pytest.param({"pain": 4}, "hard", "hard", id="the pain was corrected"),
        pytest.param({"signs": ("weak",), "pain": 9}, "hard", "hard", id="staff are told already"),
        pytest.param({"signs": ("none",)}, "pain", "pain", id="decides nothing"),
        pytest.param({"pain": 9}, "gone", "gone", id="no longer in the plan"),
    ],
)
def test_nothing_follows(answers: Answers, asked: str | None, question_id: str, conversation: Conversation) -> None:
    care = left_open("first_hours", answers, asked)
    assert silent(conversation, care, question_id) == Outcome(State())
    assert silent(conversation, replace(care, open=None), question_id) == Outcome(State())


def test_a_put_off_question_in_between_changes_nothing(conversation: Conversation) -> None:
    care = left_open("first_hours", {"signs": ("dizzy",), "pain": 9}, "dizzy_60")
    assert silent(conversation, care, "hard").understanding is not None


@pytest.mark.parametrize(
    ("asked", "answers", "closed", "is_due"),
    [
        ("hard", {"pain": 9}, None, True),
        ("hard", {"pain": 9}, "replaced", False),
        ("hard", {"signs": ("weak",), "pain": 9}, None, False),
        ("pain", {}, None, False),
        ("", {}, None, False),
        (None, BLEEDS | {"soaking": "no", "pain": 2}, None, False),
        ("bleeding_15", BLEEDS | {"soaking": "no", "pain": 2}, None, True),
    ],
)
def test_when_to_look(asked: str | None, answers: Answers, closed: str | None, is_due: bool, shipped: Content) -> None:
    care = left_open("first_hours", answers, asked)
    change = CareChange(care.enrolment_id, care.open, closed=closed)
    assert Unanswered(shipped).look_at(care, change, NOW) == (NOW + WAIT if is_due else None)


@pytest.mark.parametrize(
    ("answers", "asked", "alerts"),
    [
        pytest.param({"feeling": "fine", "signs": ("none",), "pain": 9}, "pain", True, id="fine and a nine"),
        pytest.param({"feeling": "bad", "signs": ("none",), "pain": 8}, "pain", True, id="lots"),
        pytest.param({"feeling": "bad", "signs": ("none",), "pain": 5}, "pain", False, id="about a five"),
        pytest.param({"feeling": "fine", "signs": ("none",), "pain": 9}, "hard", True, id="confirmed meanwhile"),
    ],
)
def test_a_number_that_is_not_confirmed_counts(
    answers: Answers, asked: str, alerts: bool, shipped: Content, conversation: Conversation
) -> None:
    care = left_open("first_hours", answers, asked)
    assert care.open is not None
    care = replace(care, open=replace(care.open, doubted=("pain",)))
    change = CareChange(care.enrolment_id, care.open)
    assert (Unanswered(shipped).look_at(care, change, NOW) is not None) is alerts
    outcome = silent(conversation, care, "pain")
    if asked == "pain" and alerts:
        assert outcome.understanding is not None
        assert outcome.understanding.text.startswith(f"Check-in C1: pain {answers['pain']}. No answer to: How strong")
        assert outcome.understanding.level is Level.URGENT
    else:
        assert outcome.understanding is None
