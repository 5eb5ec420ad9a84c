"""A patient's words that staff took down on the phone as the answer to a question for words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.content.schema import Content
from bot.core.conversation import Conversation
from bot.core.outcome import Outcome
from bot.core.understand import build_brain
from bot.model import Level
from tests.core.care.conftest import TREATED_AT, OneAnswer, Patient, make_care

A_WEEK = timedelta(days=7)
ASKED = "zimmering"
"""A word of no language that these tests make a doubtful sign."""


def _asked(patient: Patient) -> Patient:
    """The question for words is open."""
    patient.now = TREATED_AT + A_WEEK
    patient.begins("one_week")
    patient.answers("Bruise")
    assert patient.care.open is not None
    assert patient.care.open.asked == "other"
    return patient


@pytest.fixture
def told(patient: Patient) -> Patient:
    return _asked(patient)


@pytest.fixture
def doubting(care_content: Content) -> Patient:
    """In a clinic with a sign that is asked about."""
    flags = tuple(
        one.model_copy(update={"ask_if": (ASKED,)}) if one.id == "suspected_dvt" else one
        for one in care_content.red_flags
    )
    content = care_content.model_copy(update={"red_flags": flags})
    brain = replace(build_brain(content), matcher=OneAnswer())
    return _asked(Patient(Conversation(content, brain), [make_care()]))


@pytest.mark.parametrize("words", ["A bit stiff", "Can I drive?", "stop", "thank you", "8", "Yes"])
def test_whatever_is_said_is_the_answer(told: Patient, words: str) -> None:
    told.told(words, "other")
    assert told.closed == "done"
    assert told.care.answers["one_week"]["other"] == words
    assert told.last.staff == ()
    assert told.last.stop is None


def test_long_words_are_cut_and_stand_on_one_line(told: Patient) -> None:
    told.told("so\n\n" + "long " * 100, "other")
    answer = str(told.care.answers["one_week"]["other"])
    assert answer.startswith("so long")
    assert len(answer) <= 300


def test_danger_goes_first_and_the_words_are_kept(told: Patient) -> None:
    told.told("My swollen calf hurts", "other")
    assert told.alerts == (Level.URGENT, ("suspected_dvt",))
    assert told.closed == "alert"
    assert told.care.answers["one_week"]["other"] == "My swollen calf hurts"


def test_what_can_wait_lets_the_check_in_go_on(told: Patient) -> None:
    told.told("I have an itchy rash", "other")
    assert told.alerts == (Level.ADVISE, ("mild_skin_reaction",))
    assert told.closed == "done"
    assert "Keep it clean." in told.text
    assert "Keep up the exercises." in told.text


def test_a_doubt_counts_as_the_sign(doubting: Patient) -> None:
    doubting.told(f"it is {ASKED}", "other")
    assert doubting.alerts == (Level.URGENT, ("suspected_dvt",))


@pytest.mark.parametrize(("check_in_id", "question_id"), [(2, "other"), (1, "left"), (1, "gone")])
def test_words_for_another_question_change_nothing(told: Patient, check_in_id: int, question_id: str) -> None:
    before = told.care
    assert told.told("A bit stiff", question_id, check_in_id) == Outcome(told.state)
    assert told.care == before


def test_danger_told_too_late_for_the_question_is_not_lost(told: Patient) -> None:
    told.told("A bit stiff", "other")
    told.told("and chest pain", "other")
    assert told.alerts == (Level.EMERGENCY, ("chest_pain_breathless",))


def test_said_once_more_it_takes_the_place_of_the_first(patients: Callable[..., Patient]) -> None:
    patient = _asked(patients())
    assert patient.care.open is not None
    answered = replace(patient.care.open, answers={**patient.care.open.answers, "other": "stiff"}, asked=None)
    patient.cares[0] = replace(patient.care, open=answered)
    patient.told("very stiff", "other")
    assert patient.care.answers["one_week"]["other"] == "very stiff"
