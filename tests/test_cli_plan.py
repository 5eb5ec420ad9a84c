"""`aftercare plan preview`: a care plan as patients would get it, before any patient does."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.content.load import load_content
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
PLAN = """\
title: After a treatment
areas: [{id: heel, label: Heel}, {id: calf, label: Calf}]
sides: [{id: left, label: Left}, {id: right, label: Right}]
careful: [{id: thinner, label: Blood thinner, staff: takes a blood thinner}]
today: Go easy today.
footer: I am a helper, not a person.
no_reply: {after: 4h, remind: Just checking in., call_if: careful}
steps:
  - id: first_hours
    code: C1
    title: First hours
    at: +3h
    latest: +5h
    if_quiet: skip
    all_fine: true
    hello: How are you after your visit?
    child_hello: How is your child after the visit?
    questions:
      - {id: pain, ask: "How strong is the pain, from 0 to 10?", kind: scale}
      - id: signs
        ask: Do you have any of these?
        kind: several
        options: [{id: none, label: None of these}, {id: faint, label: Fainted}, {id: numb, label: Numb}]
      - id: awake
        ask: Are you fully awake again?
        kind: choice
        when: signs has faint
        options: [{id: "no", label: "No"}, {id: "yes", label: "Yes"}]
      - {id: again, ask: "And the pain now, from 0 to 10?", kind: scale, when: pain = 7, later: 60m}
    rules:
      - {when: awake is no, alert: faint_recovered, level: emergency}
      - {when: pain >= 8, alert: severe_escalating_pain}
      - {when: pain = 7, say: Rest it for an hour., note: Pain of 7, earlier: "09:00"}
    advice: Walk about gently.
  - id: next_morning
    code: C2
    title: Next morning
    at: next morning 09:30
    at_least: 12h
    instead_at: "11:30"
    window: 09:00-12:00
    latest: next morning 20:00
    carries: first_hours
    all_fine: true
    hello: Good morning.
    questions:
      - {id: pain, ask: "Pain now, from 0 to 10?", kind: scale}
    rules:
      - {when: pain - first_hours.pain >= 2, note: Pain has gone up}
    advice: Keep moving.
  - id: before_visit
    code: C5
    title: Before the visit
    at: before visit 48h
    window: 09:00-18:00
    latest: before visit 20h
    needs: visit
    hello: "Your visit: {day}, {time}."
    questions:
      - id: coming
        ask: Are you coming?
        kind: choice
        options: [{id: "yes", label: "Yes"}, {id: "no", label: "No"}]
      - {id: wish, ask: Anything you want to tell us?, kind: text}
    rules:
      - {when: coming is no, task: booking}
    advice: See you then.
"""

Preview = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clinic's content with one small plan of our own."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    content_dir = Path(shutil.copytree(ROOT / "faq", tmp_path / "faq"))
    plans = content_dir / "en" / "check_ins"
    shutil.rmtree(plans, ignore_errors=True)
    plans.mkdir()
    (plans / "short.yaml").write_text(PLAN, "utf-8")
    monkeypatch.setenv("CONTENT_DIR", str(content_dir))
    monkeypatch.chdir(tmp_path)
    return content_dir


@pytest.fixture
def preview(folder: Path) -> Preview:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["plan", "preview", *arguments])

    return run


@pytest.fixture
def steps(preview: Preview) -> Callable[..., dict[str, dict[str, Any]]]:
    """The steps of a preview by their ids."""

    def run(*arguments: str) -> dict[str, dict[str, Any]]:
        result = preview("--json", *arguments)
        assert result.exit_code == 0, result.output
        return {step["id"]: step for step in json.loads(result.stdout)["steps"]}

    return run


Steps = Callable[..., dict[str, dict[str, Any]]]


def texts(step: dict[str, Any]) -> list[str]:
    return [message["text"] for message in step["messages"]]


# --- times ---------------------------------------------------------------------------------------------------------


def test_times_are_the_patient_s_through_a_clock_change(steps: Steps) -> None:
    found = steps("--treated", "2027-03-27 21:00", "--zone", "Europe/London", "--visit", "2027-04-05 14:00")
    assert {name: (step["at"], step["why"]) for name, step in found.items()} == {
        "next_morning": ("2027-03-28T11:30:00+01:00", "moved: too soon after treatment"),
        "before_visit": ("2027-04-03T14:00:00+01:00", "as planned"),
        "first_hours": (None, "left out: quiet hours"),
    }


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        pytest.param("Australia/Lord_Howe", "2027-10-03T09:30:00+11:00", id="half an hour"),
        pytest.param("Pacific/Kiritimati", "2027-10-03T09:30:00+14:00", id="beyond the date line"),
    ],
)
def test_any_zone(steps: Steps, zone: str, at: str) -> None:
    assert steps("--treated", "2027-10-02 15:10", "--zone", zone)["next_morning"]["at"] == at


def test_joining_late(steps: Steps) -> None:
    found = steps("--treated", "2027-03-01 10:00", "--joined", "2027-03-01 16:00")
    assert found["first_hours"]["why"] == "left out: past"
    assert found["next_morning"]["why"] == "as planned"


def test_now_and_the_clinic_s_zone_unless_said_otherwise(preview: Preview, folder: Path) -> None:
    shown = json.loads(preview("--json").stdout)
    clinic = load_content(folder).clinic
    assert (shown["zone"], shown["area"], shown["side"]) == (clinic.time_zone, "heel", "left")
    assert shown["steps"]


# --- words ---------------------------------------------------------------------------------------------------------


def test_every_message_is_shown_as_the_patient_sees_it(steps: Steps) -> None:
    step = steps("--treated", "2027-03-01 10:00")["first_hours"]
    hello, pain, signs, awake, again, end = step["messages"]
    assert "How are you after your visit?" in hello["text"]
    assert "I am a helper, not a person." in hello["text"]
    assert len(hello["buttons"][0]) == 2  # all fine, or not quite
    assert sum(map(len, pain["buttons"])) == 11
    assert [label for row in signs["buttons"] for label in row][:3] == ["None of these", "Fainted", "Numb"]
    assert (awake["only_if"], again["only_if"], again["later_s"]) == ("signs has faint", "pain = 7", 3600)
    assert "Walk about gently." in end["text"]
    assert end["only_if"] == "all is well"


def test_a_careful_patient_is_asked_at_once(steps: Steps) -> None:
    for option in (("--careful",), ("--risk", "thinner")):
        first = steps("--treated", "2027-03-01 10:00", *option)["first_hours"]["messages"][0]
        assert "How strong is the pain" in first["text"]
        assert sum(map(len, first["buttons"])) == 11


def test_a_guardian_is_asked_about_the_child(steps: Steps) -> None:
    assert "How is your child" in texts(steps("--treated", "2027-03-01 10:00", "--child")["first_hours"])[0]


def test_advice_of_a_step_that_is_skipped_opens_the_next(steps: Steps) -> None:
    skipped, sent = "2027-03-01 19:00", "2027-03-01 10:00"
    assert "Walk about gently." in texts(steps("--treated", skipped)["next_morning"])[0]
    assert "Walk about gently." not in texts(steps("--treated", sent)["next_morning"])[0]


def test_the_visit_is_named(steps: Steps) -> None:
    step = steps("--treated", "2027-03-01 10:00", "--visit", "2027-03-15 14:00")["before_visit"]
    assert "Monday 15 March, 14:00" in texts(step)[0]


def test_people_get_words_and_times(preview: Preview) -> None:
    result = preview("--treated", "2027-03-01 10:00", "--area", "calf", "--side", "right")
    assert result.exit_code == 0
    assert "Treated Mon 2027-03-01 10:00 (Europe/London)" in result.stdout
    assert "calf right" in result.stdout
    assert "C1 First hours\nMon 2027-03-01 13:00 · as planned" in result.stdout
    assert "C5 Before the visit\n– · left out: no visit known" in result.stdout
    assert "if signs has faint:" in result.stdout
    assert "Rest it for an hour." not in result.stdout


def test_branches_are_shown_on_request(preview: Preview) -> None:
    shown = preview("--treated", "2027-03-01 10:00", "--branches").stdout
    assert "if pain >= 8:\nALERT severe_escalating_pain" in shown
    assert "Rest it for an hour." in shown


def test_the_footer_is_under_the_first_message_alone(steps: Steps) -> None:
    found = steps("--treated", "2027-03-01 10:00")
    footers = [text for step in found.values() for text in texts(step) if "I am a helper" in text]
    assert len(footers) == 1


def test_the_shipped_plan_can_be_seen(preview: Preview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENT_DIR", str(ROOT / "faq"))
    given = ("--treated", "2026-03-02 10:00", "--plan", "dry_needling", "--json")
    shown = json.loads(preview(*given, "--visit", "2026-03-20 10:00", "--answer", "first_hours.pain=8").stdout)
    first, *others = (step for step in shown["steps"] if step["id"] != "no_visit")
    assert [alert["level"] for alert in first["alerts"]] == ["urgent"]
    assert {step["why"] for step in others} == {"left out: an alert pauses the plan"}


# --- answers tried -------------------------------------------------------------------------------------------------


def test_an_answer_that_alerts_pauses_the_plan(steps: Steps) -> None:
    found = steps("--treated", "2027-03-01 10:00", "--answer", "first_hours.pain=8")
    assert found["first_hours"]["alerts"] == [{"id": "severe_escalating_pain", "level": "urgent"}]
    answers = [one for one in found["first_hours"]["messages"] if one["from"] == "patient"]
    assert [(one["text"], one["assumed"]) for one in answers] == [("Not quite", False), ("8", False)]
    assert "999" in texts(found["first_hours"])[-1]  # the warning, as patients get it
    assert (found["next_morning"]["at"], found["next_morning"]["why"]) == (None, "left out: an alert pauses the plan")


def test_a_follow_up_is_answered_without_alert_unless_said(steps: Steps) -> None:
    given = ("--treated", "2027-03-01 10:00", "--answer", "first_hours.signs=faint,numb")
    unalarmed = steps(*given)["first_hours"]
    assert unalarmed["alerts"] == []
    assert [one["text"] for one in unalarmed["messages"] if one["assumed"]] == ["0", "Yes"]
    alerted = steps(*given, "--answer", "first_hours.awake=no")["first_hours"]
    assert alerted["alerts"] == [{"id": "faint_recovered", "level": "emergency"}]


def test_a_question_put_off_is_waited_for(steps: Steps) -> None:
    found = steps("--treated", "2027-03-01 10:00", "--answer", "first_hours.pain=7", "--answer", "first_hours.again=2")
    first = found["first_hours"]
    assert any("And the pain now" in text for text in texts(first))
    assert first["notes"] == [{"kind": "note", "text": "Pain of 7"}]
    assert found["next_morning"]["at"] == "2027-03-02T09:00:00+00:00"
    assert found["next_morning"]["why"] == "moved: earlier by an answer"


def test_answers_of_different_days_are_compared(steps: Steps) -> None:
    tried = ("--answer", "first_hours.pain=2", "--answer", "next_morning.pain=5")
    found = steps("--treated", "2027-03-01 10:00", *tried)
    assert found["next_morning"]["notes"] == [{"kind": "note", "text": "Pain has gone up"}]


def test_free_words_end_the_trial(steps: Steps) -> None:
    visit = ("--treated", "2027-03-01 10:00", "--visit", "2027-03-15 14:00", "--answer", "before_visit.coming=no")
    assert "Anything you want to tell us?" in texts(steps(*visit)["before_visit"])[-1]


# --- used wrongly --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        pytest.param(("--treated", "tomorrow"), "Write it as 2026-03-28 15:10", id="treated"),
        pytest.param(("--treated", "0026-03-28 15:10"), "Write it as 2026-03-28 15:10", id="year"),
        pytest.param(("--visit", "2027-02-30 10:00"), "Write it as 2026-03-28 15:10", id="visit"),
        pytest.param(("--zone", "Mars/Olympus"), "such as Europe/London", id="zone"),
        pytest.param(("--zone", ".."), "such as Europe/London", id="zone-path"),
        pytest.param(("--plan", "long"), "There is short", id="plan"),
        pytest.param(("--area", "nose"), "There are heel, calf", id="area"),
        pytest.param(("--side", "top"), "There are left, right", id="side"),
        pytest.param(("--risk", "rain"), "There are thinner", id="risk"),
        pytest.param(("--baseline", "11"), "10", id="baseline"),
        pytest.param(("--answer", "pain"), "first_hours.pain=8", id="answer"),
        pytest.param(("--answer", "c9.pain=1"), "There are first_hours", id="answer-step"),
        pytest.param(("--answer", "first_hours.mood=1"), "It asks pain, signs", id="answer-question"),
        pytest.param(("--answer", "first_hours.pain=11"), "a number from 0 to 10", id="answer-number"),
        pytest.param(("--answer", "first_hours.signs=hot"), "some of none, faint, numb", id="answer-several"),
        pytest.param(("--answer", "first_hours.awake=no,yes"), "one of no, yes", id="answer-choice"),
        pytest.param(("--answer", "before_visit.wish=hi"), "free words", id="answer-words"),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(preview: Preview, arguments: tuple[str, ...], remedy: str) -> None:
    result = preview("--treated", "2027-03-01 10:00", *arguments)
    assert result.exit_code == 2
    assert remedy in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""


def test_without_a_plan_there_is_no_preview(preview: Preview, folder: Path) -> None:
    shutil.rmtree(folder / "en" / "check_ins")
    result = preview()
    assert result.exit_code == 1
    assert "There is no care plan." in str(result.exception)
