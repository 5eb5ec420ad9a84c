"""Announcements kept for use again: how they are read, and what is found wrong with them."""

from datetime import date

import pytest

from bot.content.lint import check_files
from bot.content.load import parse_content

FILE = "en/broadcasts.yaml"
TODAY = date(2026, 11, 23)
BROADCASTS = """\
templates:
  closing:
    title: We are closed
    text: "{clinic_name}: we are closed {closure}."
  tips:
    title: Tips for a visit
    audience: visit tomorrow
    text: "{clinic_name}: see you {day} at {time}. Please bring the shoes you wear most for your {area}."
private_words:
  - needling
"""
CLOSURE = "closures:\n  - first: 2026-12-24\n    last: 2027-01-02\n    reason: Christmas\n"


@pytest.fixture
def files(good: dict[str, str]) -> dict[str, str]:
    """Good ones, with announcements and a closure."""
    good[FILE] = BROADCASTS
    good["clinic.yaml"] += CLOSURE
    return good


def test_templates_arrive_by_id_and_are_no_questions(files: dict[str, str]) -> None:
    content = parse_content(files)

    assert list(content.templates) == ["closing", "tips"]
    assert content.templates["tips"].audience == "visit tomorrow"
    assert content.templates["closing"].audience is None
    assert content.private_words == ("needling",)
    assert [group.id for group in content.groups] == ["soreness"]


def test_a_clinic_may_have_none(good: dict[str, str]) -> None:
    content = parse_content(good)

    assert (dict(content.templates), content.private_words) == ({}, ())
    assert content.clinic.broadcast_needs_second is False


def test_good_ones_have_nothing_to_tell(files: dict[str, str]) -> None:
    findings = check_files(files, TODAY).findings

    assert (findings.errors, findings.warnings) == ((), ())


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("{closure}.", "{closures}.", 4, "names {closures}, which nobody fills in"),
        ("we are closed {", "<b>we are closed {", 4, "formatting that Telegram refuses"),
        ("we are closed {", "a cure, guaranteed {", 4, 'promises too much ("guarantee")'),
        ("We are closed", "x" * 41, 3, "'title' is 41 letters long; a button shows 40"),
        ("needling", "'?!'", 10, "'?!' has no letters in it"),
        ("title: Tips", "titel: Tips", 6, "did you mean 'title'?"),
        ("  tips:", "  closing:", 5, "'closing' is here twice"),
        ("  tips:", "  Tips:", 5, "use small letters"),
    ],
)
def test_mistakes_have_a_line(files: dict[str, str], old: str, new: str, line: int, said: str) -> None:
    files[FILE] = BROADCASTS.replace(old, new, 1)

    found = check_files(files, TODAY).findings.errors

    assert any((problem.file, problem.line) == (FILE, line) and said in problem.text for problem in found), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{clinic_name}: we are", "We are", "'closing' does not begin with {clinic_name}"),
        ("we are closed", "needling is off", "'closing' says 'needling' in its first words"),
        ("see you {day}", "your {area}, {day}", "'tips' says '{area}' in its first words"),
    ],
)
def test_doubts_are_warnings(files: dict[str, str], old: str, new: str, said: str) -> None:
    files[FILE] = BROADCASTS.replace(old, new, 1)

    checked = check_files(files, TODAY)

    assert checked.ok
    assert [said in problem.text for problem in checked.findings.warnings] == [True]


@pytest.mark.parametrize(("today", "warned"), [(date(2027, 1, 2), 0), (date(2027, 1, 3), 1)])
def test_a_closure_that_is_named_has_to_be_still_to_come(files: dict[str, str], today: date, warned: int) -> None:
    assert len(check_files(files, today).findings.warnings) == warned


@pytest.mark.parametrize(("written", "meant"), [("yes", True), ("true", True), ("no", False), ("false", False)])
def test_a_second_person_is_a_matter_of_yes_or_no(good: dict[str, str], written: str, meant: bool) -> None:
    good["clinic.yaml"] += f"broadcast_needs_second: {written}\n"
    assert parse_content(good).clinic.broadcast_needs_second is meant


def test_anything_else_is_refused_in_words(good: dict[str, str]) -> None:
    good["clinic.yaml"] += "broadcast_needs_second: sometimes\n"

    (problem,) = check_files(good, TODAY).findings.errors

    assert problem.text == "'broadcast_needs_second' must be yes or no, not 'sometimes'"
