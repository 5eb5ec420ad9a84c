"""Every branch of the shipped plan, played with taps: alerts, notes, what is said (content/check_ins.md)."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.care import NoteKind, Value
from bot.content.load import load_content
from bot.content.schema import Content
from bot.core.conversation import Conversation
from bot.core.meta import Wishes
from bot.core.understand import Brain
from bot.model import Level, Triage
from tests.core.care.conftest import TREATED_AT, OneAnswer, Patient, make_care

E, U, A = Level.EMERGENCY, Level.URGENT, Level.ADVISE
NOTE, CALL, BOOKING, VISIT = NoteKind.NOTE, NoteKind.CALL, NoteKind.BOOKING, NoteKind.VISIT


class Calm:
    """Sees no danger in anything; what is tapped does not need it."""

    def triage(self, text: str) -> Triage:
        return Triage()


@pytest.fixture(scope="module")
def shipped() -> Content:
    return load_content(Path("faq"))


@pytest.fixture
def brain(shipped: Content) -> Brain:
    return Brain(shipped, Calm(), Wishes(shipped.words), OneAnswer())


THINNER: dict[str, Value] = {"thinner": True}
CAREFUL: dict[str, Value] = {"careful": True}
DIABETES: dict[str, Value] = {"diabetes": True}
CALM = ["2", "Better", "None", "Yes"]
"""A good next morning."""

Row = tuple[str, dict[str, Value], dict[str, dict[str, Value]], list[str], list[tuple[Level, str]], list[NoteKind], str]
NO_FACTS: dict[str, Value] = {}
NOTHING: dict[str, dict[str, Value]] = {}
MORNING_2: dict[str, dict[str, Value]] = {"next_morning": {"pain": 2}}
MORNING_5: dict[str, dict[str, Value]] = {"next_morning": {"pain": 5}}
NUMB_BEFORE: dict[str, dict[str, Value]] = {"first_hours": {"signs": ("numb",)}}

BRANCHES: list[Row] = [
    # C1
    ("first_hours", NO_FACTS, NOTHING, ["Fine", "None", "2"], [], [], "Next check-in"),
    ("first_hours", NO_FACTS, NOTHING, ["A bit sore", "None", "5"], [], [], "slow walks"),
    ("first_hours", NO_FACTS, NOTHING, ["A bit sore", "Light-headed✓", "2"], [], [], "Sit or lie down"),
    (
        "first_hours",
        NO_FACTS,
        NOTHING,
        ["A bit sore", "Light-headed✓", "2", "@dizzy_60", "Better"],
        [],
        [],
        "Thank you",
    ),
    (
        *("first_hours", NO_FACTS, NOTHING, ["A bit sore", "Light-headed✓", "2", "@dizzy_60", "Same"]),
        *([(U, "faint_recovered")], [NOTE], "{clinic_phone}"),
    ),
    (
        *("first_hours", NO_FACTS, NOTHING, ["A bit sore", "Light-headed✓", "2", "@dizzy_60", "Worse"]),
        *([(U, "faint_recovered")], [NOTE], "{clinic_phone}"),
    ),
    ("first_hours", NO_FACTS, NOTHING, ["Not great", "Fainted✓"], [(U, "faint_recovered")], [], "bang to the head"),
    (
        *("first_hours", NO_FACTS, NOTHING, ["Not great", "Fainted✓", "Yes"]),
        *([(U, "faint_recovered"), (E, "collapse_unresponsive")], [], "{emergency_number}"),
    ),
    (
        *("first_hours", NO_FACTS, NOTHING, ["Not great", "Bleeding that hasn't stopped✓", "Yes"]),
        *([(E, "heavy_bleeding")], [], "{emergency_number}"),
    ),
    (
        *("first_hours", NO_FACTS, NOTHING, ["Not great", "Bleeding that hasn't stopped✓", "No", "2"]),
        *([], [], "Keep pressing for 10 minutes"),
    ),
    (
        *("first_hours", NO_FACTS, NOTHING),
        ["Not great", "Bleeding that hasn't stopped✓", "No", "2", "@bleeding_15", "Yes"],
        *([(U, "persistent_bleeding")], [], "{clinic_phone}"),
    ),
    (
        *("first_hours", NO_FACTS, NOTHING),
        ["Not great", "Bleeding that hasn't stopped✓", "No", "2", "@bleeding_15", "No"],
        *([], [], "Thank you"),
    ),
    ("first_hours", NO_FACTS, NOTHING, ["Fine", "Numb or tingling✓", "2"], [], [NOTE], "normal for a few hours"),
    ("first_hours", NO_FACTS, NOTHING, ["Fine", "Foot feels weak✓"], [(U, "nerve_injury")], [], "{clinic_phone}"),
    (
        *("first_hours", NO_FACTS, NOTHING, ["Not great", "Short of breath or chest pain✓"]),
        *([(E, "chest_pain_breathless")], [], "{emergency_number}"),
    ),
    ("first_hours", NO_FACTS, NOTHING, ["A bit sore", "None", "7"], [], [NOTE], "Rest the leg"),
    (
        *("first_hours", NO_FACTS, NOTHING, ["Not great", "None", "8", "Yes"]),
        *([(E, "compartment_limb_threat")], [], "{emergency_number}"),
    ),
    (
        *("first_hours", NO_FACTS, NOTHING, ["Not great", "None", "9", "No"]),
        *([(U, "severe_escalating_pain")], [], "{clinic_phone}"),
    ),
    ("first_hours", CAREFUL, NOTHING, ["A bit sore", "None", "6"], [], [NOTE], "Rest the leg"),
    # C2
    ("next_morning", NO_FACTS, NOTHING, ["2", "Same", "None", "Yes"], [], [], "how it should be"),
    ("next_morning", NO_FACTS, NOTHING, ["3", "Better", "Sore like after the gym✓", "Yes"], [], [], "how it should be"),
    ("next_morning", NO_FACTS, NOTHING, ["2", "Same", "Bruise, Small bump", "Yes"], [], [], "fades in days"),
    ("next_morning", NO_FACTS, NOTHING, ["5", "Same", "None", "Yes"], [], [], "slow walks"),
    ("next_morning", NO_FACTS, NOTHING, ["7", "Same", "None", "Yes"], [], [NOTE], "Rest the leg"),
    (
        "next_morning",
        NO_FACTS,
        NOTHING,
        ["8", "Yes"],
        [(E, "compartment_limb_threat")],
        [],
        "{emergency_number}",
    ),
    ("next_morning", NO_FACTS, NOTHING, ["10", "No"], [(U, "severe_escalating_pain")], [], "{clinic_phone}"),
    (
        *("next_morning", NO_FACTS, NOTHING, ["7", "Worse", "No"]),
        *([(U, "severe_escalating_pain")], [NOTE], "{clinic_phone}"),
    ),
    (
        *("next_morning", THINNER, NOTHING, ["2", "Same", "Bruise✓", "Tight or very painful"]),
        *([(E, "compartment_limb_threat")], [], "{emergency_number}"),
    ),
    (
        *("next_morning", THINNER, NOTHING, ["2", "Same", "Small bump✓", "Growing"]),
        *([(U, "persistent_bleeding")], [], "{clinic_phone}"),
    ),
    ("next_morning", THINNER, NOTHING, ["2", "Same", "Bruise✓", "No", "Yes"], [], [NOTE], "fades in days"),
    ("next_morning", CAREFUL, NOTHING, ["2", "Same", "Bruise✓", "No", "Yes"], [], [NOTE], "fades in days"),
    ("next_morning", NO_FACTS, NOTHING, ["2", "Same", "Still numb✓"], [(U, "nerve_injury")], [], "{clinic_phone}"),
    ("next_morning", NO_FACTS, NOTHING, ["2", "Same", "Foot won't lift✓"], [(U, "nerve_injury")], [], "{clinic_phone}"),
    ("next_morning", NO_FACTS, NUMB_BEFORE, ["Yes"], [(U, "nerve_injury")], [], "{clinic_phone}"),
    ("next_morning", NO_FACTS, NUMB_BEFORE, ["No", *CALM], [], [], "how it should be"),
    (
        *("next_morning", NO_FACTS, NOTHING, ["2", "Same", "One calf swollen or warm✓"]),
        *([(U, "suspected_dvt")], [], "Any chest pain"),
    ),
    (
        *("next_morning", NO_FACTS, NOTHING, ["2", "Same", "One calf swollen or warm✓", "Yes"]),
        *([(U, "suspected_dvt"), (E, "chest_pain_breathless")], [], "{emergency_number}"),
    ),
    (
        *("next_morning", NO_FACTS, NOTHING, ["2", "Same", "Red and spreading, or fever✓", "No"]),
        *([(U, "infection_spreading")], [], "still stands"),
    ),
    (
        *("next_morning", NO_FACTS, NOTHING, ["2", "Same", "Red and spreading, or fever✓", "Yes"]),
        *([(U, "infection_spreading"), (E, "sepsis_signs")], [], "{emergency_number}"),
    ),
    (
        *("next_morning", NO_FACTS, NOTHING, ["2", "Same", "Still bleeding✓", "Yes"]),
        *([(E, "heavy_bleeding")], [], "{emergency_number}"),
    ),
    (
        *("next_morning", NO_FACTS, NOTHING, ["2", "Same", "Still bleeding✓", "No", "Yes", "@bleeding_15", "Yes"]),
        *([(U, "persistent_bleeding")], [], "{clinic_phone}"),
    ),
    (
        *("next_morning", NO_FACTS, NOTHING, ["2", "Same", "None", "No"]),
        *([(U, "severe_escalating_pain")], [NOTE], "{clinic_phone}"),
    ),
    ("next_morning", NO_FACTS, NOTHING, ["2", "Same", "None", "Yes, with a limp"], [], [], "A limp can last"),
    # C3
    ("two_days", NO_FACTS, MORNING_5, ["2", "Going down", "Better", "None"], [], [], "Light exercise is OK"),
    ("two_days", NO_FACTS, MORNING_5, ["5", "Same", "Better", "None"], [], [], "tomorrow evening"),
    ("two_days", NO_FACTS, MORNING_2, ["4", "Same", "Same", "None"], [(A, "slow_to_settle")], [NOTE], "{clinic_phone}"),
    (
        "two_days",
        NO_FACTS,
        MORNING_5,
        ["5", "Worse", "Same", "None"],
        [(A, "slow_to_settle")],
        [NOTE],
        "{clinic_phone}",
    ),
    (
        *("two_days", NO_FACTS, MORNING_5, ["7", "No"]),
        *([(U, "severe_escalating_pain")], [NOTE], "{clinic_phone}"),
    ),
    (
        *("two_days", NO_FACTS, MORNING_5, ["8", "Yes"]),
        *([(E, "compartment_limb_threat")], [], "{emergency_number}"),
    ),
    ("two_days", NO_FACTS, MORNING_5, ["3", "Going down", "Worse", "None"], [], [NOTE], "before it gets better"),
    ("two_days", NO_FACTS, MORNING_5, ["3", "Gone", "Can't tell yet", "Still numb✓"], [(U, "nerve_injury")], [], ""),
    ("two_days", DIABETES, MORNING_5, ["2", "Gone", "Better", "None", "Yes"], [(U, "diabetic_foot_wound")], [], ""),
    ("two_days", DIABETES, MORNING_5, ["2", "Gone", "Better", "None", "No"], [], [], "Light exercise is OK"),
    # C4
    ("one_week", NO_FACTS, NOTHING, ["Much better", "1", "Most days", "No", "No"], [], [], "great to hear"),
    ("one_week", NO_FACTS, NOTHING, ["Same", "4", "Sometimes", "No", "No"], [], [], "Not everyone feels a change"),
    ("one_week", NO_FACTS, NOTHING, ["Worse", "5", "Sometimes", "No", "No"], [], [NOTE], "in opening hours"),
    ("one_week", {"baseline": 3}, NOTHING, ["Same", "5", "Most days", "No", "No"], [], [NOTE], "in opening hours"),
    ("one_week", {"baseline": 4}, NOTHING, ["Same", "5", "Most days", "No", "No"], [], [], "Not everyone"),
    ("one_week", NO_FACTS, NOTHING, ["Worse", "8"], [(U, "severe_escalating_pain")], [NOTE], "{clinic_phone}"),
    ("one_week", NO_FACTS, NOTHING, ["Same", "4", "No", "No", "No"], [], [], "can I stretch"),
    ("one_week", NO_FACTS, NOTHING, ["Same", "4", "I don't have any", "No", "No"], [], [], "can I stretch"),
    ("one_week", NO_FACTS, NOTHING, ["Same", "4", "Most days", "Bruise, Bump", "No"], [], [], "at one week"),
    (
        *("one_week", THINNER, NOTHING, ["Same", "4", "Most days", "Bruise✓", "Tight or very painful"]),
        *([(E, "compartment_limb_threat")], [], "{emergency_number}"),
    ),
    (
        *("one_week", THINNER, NOTHING, ["Same", "4", "Most days", "Bruise✓", "Growing"]),
        *([(U, "persistent_bleeding")], [], "{clinic_phone}"),
    ),
    ("one_week", CAREFUL, NOTHING, ["Same", "4", "Most days", "Bump✓", "No", "No"], [], [NOTE], "at one week"),
    ("one_week", {"baseline": 8}, NOTHING, ["Much better", "8", "Most days", "No", "No"], [], [], "great to hear"),
    (
        *("one_week", NO_FACTS, NOTHING, ["Same", "4", "Most days", "Still sore✓"]),
        *([(A, "slow_to_settle")], [], "Would you like a call"),
    ),
    ("one_week", NO_FACTS, NOTHING, ["Same", "4", "Most days", "Numb or weak✓"], [(U, "nerve_injury")], [], ""),
    ("one_week", NO_FACTS, NOTHING, ["Same", "4", "Most days", "No", "Yes"], [], [CALL], "will ring you"),
    # C5
    ("before_visit", NO_FACTS, NOTHING, ["Yes", "None", "No"], [], [], "See you then"),
    ("before_visit", NO_FACTS, NOTHING, ["Yes", "New heart device or joint✓", "No"], [], [VISIT], "don't cancel"),
    ("before_visit", NO_FACTS, NOTHING, ["Yes", "Cut or sore on the foot or leg✓", "No"], [], [VISIT], "don't cancel"),
    (
        *("before_visit", DIABETES, NOTHING, ["Yes", "Cut or sore on the foot or leg✓"]),
        *([(U, "diabetic_foot_wound")], [VISIT], "{clinic_phone}"),
    ),
    (
        *("before_visit", NO_FACTS, NOTHING, ["Yes", "Fever, cold or skin infection✓", "Yes"]),
        *([(E, "sepsis_signs")], [VISIT], "{emergency_number}"),
    ),
    (
        *("before_visit", NO_FACTS, NOTHING, ["Yes", "Fever, cold or skin infection✓", "No", "No"]),
        *([], [VISIT], "don't cancel"),
    ),
    (
        "before_visit",
        NO_FACTS,
        NOTHING,
        ["Yes", "Pregnant or might be✓", "No", "No"],
        [],
        [VISIT, VISIT],
        "don't cancel",
    ),
    (
        *("before_visit", NO_FACTS, NOTHING, ["Yes", "Pregnant or might be✓", "Yes"]),
        *([(U, "pregnancy_concern")], [VISIT, VISIT], "{clinic_phone}"),
    ),
    ("before_visit", NO_FACTS, NOTHING, ["Yes", "None", "Yes"], [], [VISIT], "lighter treatment"),
    ("before_visit", NO_FACTS, NOTHING, ["Change it", "None", "No"], [], [BOOKING], "{booking_link}"),
    ("before_visit", NO_FACTS, NOTHING, ["Cancel", "None", "No"], [], [BOOKING], "{booking_link}"),
    ("no_visit", NO_FACTS, NOTHING, ["Yes"], [], [BOOKING], "{booking_link}"),
    ("no_visit", NO_FACTS, NOTHING, ["No"], [], [], "last question"),
    ("no_visit", NO_FACTS, NOTHING, ["I'm done"], [], [], "last question"),
]


def go_through(patient: Patient, step_id: str, taps: list[str]) -> list[tuple[Level, str]]:
    """The alerts that a check-in led to. "@id": the time of a question that was put off."""
    patient.begins(step_id)
    raised: list[tuple[Level, str]] = []
    for tap in (["Not quite"] if "Not quite" in patient.labels else []) + taps:
        if tap.startswith("@"):
            patient.hears_again(tap[1:])
        elif "✓" in tap or tap in {"Bruise, Small bump", "Bruise, Bump"}:
            for label in [tap.removesuffix("✓")] if "✓" in tap else tap.split(", "):
                patient.taps(label)
            patient.taps("Done")
        else:
            patient.taps(tap)
        if patient.text.startswith("Just to be sure"):
            patient.taps(patient.labels[0])
        for card in patient.last.staff:
            assert card.level is not None
            raised.append((card.level, card.flag_ids[0]))
    return raised


@pytest.mark.parametrize(
    ("step_id", "facts", "known", "taps", "alerts", "notes", "text"),
    BRANCHES,
    ids=[f"{row[0]}: {', '.join((*map(str, row[1].items()), *row[3]))}" for row in BRANCHES],
)
def test_a_branch(
    step_id: str,
    facts: dict[str, Value],
    known: dict[str, dict[str, Value]],
    taps: list[str],
    alerts: list[tuple[Level, str]],
    notes: list[NoteKind],
    text: str,
    shipped: Content,
    brain: Brain,
) -> None:
    care = make_care(
        plan_id="dry_needling",
        area="calf",
        facts={name: value for name, value in facts.items() if name != "careful"},
        careful="careful" in facts,
        answers=known,
        visit_at=TREATED_AT + timedelta(days=10) if step_id == "before_visit" else None,
    )
    patient = Patient(Conversation(shipped, brain), [care])
    assert go_through(patient, step_id, taps) == alerts
    assert [note.kind for note in patient.notes] == notes
    clinic = shipped.clinic
    wanted = text.replace("{clinic_phone}", clinic.phone).replace("{emergency_number}", clinic.emergency_number)
    assert wanted.replace("{booking_link}", clinic.booking_link) in patient.text
    assert "{" not in patient.text
    is_pressing = any(level.is_pressing for level, _ in alerts)
    still_open = patient.care.open is not None
    assert still_open or patient.closed == ("alert" if is_pressing else "done")
