"""Check-ins played through `Conversation`: what is asked, what follows from the answers, whose answer a text is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.care import NoteKind, PlanState, Value
from bot.core.care.checking_in import ANSWERED, CheckIns
from bot.core.outcome import State
from bot.model import Decision, Flag, Kind, Level, Triage
from tests.core.care.conftest import TREATED_AT, Patient, make_care

Patients = Callable[..., Patient]

URGENT, EMERGENCY, ADVISE = Level.URGENT, Level.EMERGENCY, Level.ADVISE


def asked(patient: Patient) -> str | None:
    return patient.care.open.asked if patient.care.open else None


def stored(patient: Patient, question_id: str) -> object:
    """The answer that is kept, of the open check-in or of the last that was closed."""
    if patient.care.open is not None:
        return patient.care.open.answers.get(question_id)
    return list(patient.care.answers.values())[-1].get(question_id)


# --- how a check-in begins -------------------------------------------------------------------------------------------


def test_the_first_message_has_the_choice_of_all_fine_and_the_footer(patient: Patient) -> None:
    outcome = patient.begins("first_hours")
    assert patient.text == "Hello, how is it going?\n\nFooter."
    assert patient.labels == ["All fine", "Not quite"]
    assert (outcome.says[0].kind, outcome.says[0].enrolment_id) == (Kind.CHECK_IN, 1)
    assert patient.changes[-1].answered is False, "that the bot wrote is no answer"


def test_careful_patients_get_the_first_question_at_once(patients: Patients) -> None:
    patient = patients(make_care(careful=True))
    patient.begins("first_hours")
    assert patient.text == "Hello, how is it going?\n\nHow are you feeling?\n\nFooter."
    assert patient.labels == ["Fine", "A bit sore", "Not great"]


def test_the_footer_stands_under_the_first_check_in_only(patients: Patients) -> None:
    patient = patients(make_care(answers={"first_hours": {}, "joining": {}}))
    patient.begins("next_morning", carried="Walk gently in the {area}.")
    assert patient.text == "Good morning.\n\nWalk gently in the heel."


def test_a_guardian_is_asked_about_the_child(patients: Patients) -> None:
    patient = patients(make_care(careful=True, is_child=True))
    patient.begins("first_hours")
    assert "how is your child?\n\nHow is your child feeling?" in patient.text


@pytest.mark.parametrize(
    ("seen_hours_ago", "text"),
    [
        (2, "Your visit is on Monday 30 November at 10:00. Coming?"),
        (25, "Your visit is on the day we agreed. Coming?"),
    ],
)
def test_a_visit_is_named_only_while_it_is_sure(seen_hours_ago: int, text: str, patients: Patients) -> None:
    visit = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
    patient = patients(make_care(visit_at=visit))
    patient.cares[0] = replace(patient.care, visit_seen_at=patient.now - timedelta(hours=seen_hours_ago))
    patient.begins("before_visit")
    assert text in patient.text


# --- all fine --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["tap", "All fine", "fine thanks", "all good", "no problems, thank you"])
def test_all_fine_closes_with_advice_and_when_to_ring(answer: str, patient: Patient) -> None:
    patient.begins("first_hours")
    outcome = patient.taps("All fine") if answer == "tap" else patient.says(answer)
    assert patient.text == "Walk gently. Ring 020 7946 0000."
    assert (patient.closed, patient.care.open) == ("all_fine", None)
    assert outcome.staff == ()


def test_advice_without_a_phone_number_gets_one(patient: Patient) -> None:
    patient.begins("next_morning")
    patient.taps("All fine")
    assert patient.text.startswith("See you on Sunday then.\n\n")
    assert "ring 020 7946 0000" in patient.text


@pytest.mark.parametrize("answer", ["tap", "not quite", "no", "not really"])
def test_not_quite_starts_the_questions(answer: str, patient: Patient) -> None:
    patient.begins("first_hours")
    if answer == "tap":
        patient.taps("Not quite")
    else:
        patient.says(answer)
    assert patient.text == "How are you feeling?"


def test_an_answer_to_the_first_question_answers_the_choice_too(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.says("a bit sore")
    assert (stored(patient, "feeling"), asked(patient)) == ("sore", "signs")


def test_words_that_are_no_answer_leave_the_choice_open(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.says("my leg is a funny colour")
    assert asked(patient) == ""
    assert patient.text.endswith("And how is it going with everything else?")
    assert patient.labels == ["All fine", "Not quite"]


# --- the branches of the small plan ----------------------------------------------------------------------------------

BRANCHES = [
    ("none and little pain", ["Fine", "None", "2"], None, [], "Walk gently. Ring 020 7946 0000."),
    ("pain 7", ["A bit sore", "None", "7"], None, [NoteKind.NOTE], "Tips for pain.\n\nWalk gently."),
    (
        "weak",
        ["Not great", "Foot feels weak✓"],
        (URGENT, ("nerve_injury",)),
        [NoteKind.NOTE],
        "Ring 020 7946 0000 today",
    ),
    ("breath", ["Not great", "Short of breath or chest pain✓"], (EMERGENCY, ("chest_pain_breathless",)), [], "999"),
    (
        "the worse of two signs",
        ["Not great", "Foot feels weak, Short of breath or chest pain"],
        (EMERGENCY, ("chest_pain_breathless", "nerve_injury")),
        [NoteKind.NOTE],
        "Call 999.",
    ),
    (
        "bleeding that soaks",
        ["Not great", "Bleeding that hasn't stopped✓", "Yes"],
        (EMERGENCY, ("chest_pain_breathless",)),
        [],
        "Call 999.",
    ),
    ("pain 8, hard", ["Not great", "None", "8", "Yes"], (EMERGENCY, ("suspected_dvt",)), [], "Ring 020 7946 0000 now."),
    ("pain 8", ["Not great", "None", "9", "No"], (URGENT, ("suspected_dvt",)), [NoteKind.NOTE], "Ring 020 7946 0000"),
]


@pytest.mark.parametrize(
    ("taps", "alert", "notes", "text"), [row[1:] for row in BRANCHES], ids=[row[0] for row in BRANCHES]
)
def test_a_branch(taps: list[str], alert: object, notes: list[NoteKind], text: str, patients: Patients) -> None:
    patient = patients(make_care(careful=True))
    patient.begins("first_hours")
    patient.answers(*taps)
    assert patient.alerts == alert
    assert [note.kind for note in patient.notes] == notes
    assert text in patient.text
    assert patient.closed == ("alert" if alert else "done")


@pytest.mark.parametrize(
    ("said", "kept"),
    [("not great", "bad"), ("2", "sore"), ("a bit sore", "sore"), ("fine", "fine")],
)
def test_typed_and_tapped_weigh_the_same(said: str, kept: str, patients: Patients) -> None:
    patient = patients(make_care(careful=True))
    patient.begins("first_hours")
    patient.says(said)
    assert (stored(patient, "feeling"), asked(patient)) == (kept, "signs")


def test_an_alert_is_said_raised_and_remembered_as_one_in_words(patients: Patients) -> None:
    patient = patients(make_care(careful=True))
    patient.begins("first_hours")
    outcome = patient.answers("Not great", "Short of breath or chest pain✓")
    assert outcome.understanding is not None
    (flag,) = outcome.understanding.flags
    assert (flag.level, flag.words) == (EMERGENCY, ("Short of breath or chest pain",))
    assert outcome.understanding.text == "Check-in C1: Short of breath or chest pain"
    assert outcome.understanding.decision is Decision.RED_FLAG
    assert outcome.says[0].kind is Kind.EMERGENCY
    assert patient.state.is_in_danger(patient.now)


def test_staff_see_the_question_where_the_answer_says_too_little(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.answers("Not quite", "Not great", "None", "8", "Yes")
    assert patient.last.understanding is not None
    assert patient.last.understanding.text == "Check-in C1: pain 8. Is the calf very hard? – Yes"


def test_advice_that_can_wait_does_not_end_the_check_in(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore", "Itchy skin✓")
    assert patient.alerts == (ADVISE, ("mild_skin_reaction",))
    assert patient.text.startswith("Keep it clean.")
    assert patient.text.endswith("How strong is the pain now, 0-10?")
    patient.taps("2")
    assert patient.closed == "done"
    assert patient.last.staff == ()


def test_danger_is_followed_up_where_staff_were_alerted_already(patients: Patients) -> None:
    patient = patients(make_care(careful=True))
    patient.begins("next_morning")
    patient.answers("2", "Same", "One calf swollen or warm✓")
    assert patient.alerts == (URGENT, ("suspected_dvt",))
    assert patient.text.endswith("Any chest pain?")
    assert patient.closed is None
    patient.taps("Yes")
    assert patient.alerts == (EMERGENCY, ("chest_pain_breathless",))
    assert patient.closed == "alert"


def test_a_follow_up_without_news_ends_quietly(patients: Patients) -> None:
    patient = patients(make_care(careful=True))
    patient.begins("next_morning")
    patient.answers("2", "Same", "One calf swollen or warm✓", "No")
    assert (patient.alerts, patient.closed) == (None, "alert")
    assert "What I wrote above still stands" in patient.text


def test_other_advice_gives_way_to_advice_instead(patients: Patients) -> None:
    patient = patients(make_care(careful=True))
    patient.begins("next_morning")
    patient.answers("7", "Same", "None")
    assert patient.text.startswith("Rest today.")
    assert "Sunday" not in patient.text
    assert "ring 020 7946 0000" in patient.text


def test_the_next_check_in_moves_to_an_earlier_hour_of_its_day(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore", "None", "7")
    assert patient.changes[-1].earlier == (("next_morning", datetime(2026, 11, 21, 9, 0, tzinfo=UTC)),)


@pytest.mark.parametrize(("before", "now", "notes"), [(3, 5, 1), (3, 4, 0), (None, 9, 0)])
def test_pains_are_compared_across_check_ins(before: int | None, now: int, notes: int, patients: Patients) -> None:
    known = {} if before is None else {"first_hours": {"pain": before}}
    patient = patients(make_care(answers=known))
    patient.begins("next_morning")
    patient.answers("Not quite", str(now), "Same", "None")
    assert [note.text for note in patient.notes].count("Pain went up") == notes


def test_in_careful_patients_a_six_counts_as_seven_and_is_kept_as_six(patients: Patients) -> None:
    patient = patients(make_care(careful=True))
    patient.begins("next_morning")
    patient.answers("6", "Same", "None")
    assert patient.text.startswith("Rest today.")
    assert stored(patient, "pain") == 6


@pytest.mark.parametrize(("thinner", "next_question"), [(True, "growing"), (False, None)])
def test_some_questions_hang_on_facts(thinner: bool, next_question: str | None, patients: Patients) -> None:
    patient = patients(make_care(facts={"thinner": thinner}))
    patient.begins("next_morning")
    patient.answers("Not quite", "2", "Same", "Bruise✓")
    assert asked(patient) == next_question


@pytest.mark.parametrize(
    ("given", "kind"),
    [(["2", "Worse", "None"], NoteKind.CALL)],
)
def test_a_task_is_a_note_of_its_kind(given: list[str], kind: NoteKind, patient: Patient) -> None:
    patient.begins("next_morning")
    patient.answers("Not quite", *given)
    assert [note.kind for note in patient.notes] == [kind]
    assert patient.notes[0].text == "Would like a call"


# --- ticks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ticking(patient: Patient) -> Patient:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore")
    return patient


def ticks(patient: Patient) -> list[str]:
    (redraw,) = patient.last.redraws
    return [button.label for row in redraw.buttons for button in row if button.label.startswith("✓")]


def test_a_tick_redraws_the_message_and_says_nothing(ticking: Patient) -> None:
    outcome = ticking.taps("Light-headed")
    assert ticks(ticking) == ["✓ Light-headed"]
    assert (outcome.says, outcome.redraws[0].row_id) == ((), 3)
    ticking.taps("Itchy skin")
    assert ticks(ticking) == ["✓ Light-headed", "✓ Itchy skin"]
    ticking.taps("Light-headed")
    assert ticks(ticking) == ["✓ Itchy skin"]


def test_none_of_them_clears_the_others_and_they_clear_it(ticking: Patient) -> None:
    ticking.taps("Light-headed")
    ticking.taps("None")
    assert ticks(ticking) == ["✓ None"]
    ticking.taps("Itchy skin")
    assert ticks(ticking) == ["✓ Itchy skin"]


def test_none_with_nothing_ticked_is_an_answer(ticking: Patient) -> None:
    ticking.taps("None")
    assert (stored(ticking, "signs"), asked(ticking)) == (("none",), "pain")


def test_done_with_nothing_ticked_asks_for_a_tick(ticking: Patient) -> None:
    ticking.taps("Done")
    assert "tap all that fit first" in ticking.text
    assert asked(ticking) == "signs"


def test_words_go_with_ticks(ticking: Patient) -> None:
    ticking.taps("Itchy skin")
    ticking.says("dizzy")
    assert stored(ticking, "signs") == ("dizzy", "itch")


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def rating(patient: Patient) -> Patient:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore", "None")
    return patient


def test_a_scale_has_two_rows(rating: Patient) -> None:
    rows = [[button.label for button in row] for row in rating.last.says[-1].buttons]
    assert rows == [["0", "1", "2", "3", "4", "5"], ["6", "7", "8", "9", "10"]]


@pytest.mark.parametrize(("text", "value"), [("six-ish", 6), ("7/10", 7), ("6-7", 7), ("ten!!", 10), ("none", 0)])
def test_a_number_in_words(text: str, value: int, rating: Patient) -> None:
    rating.says(text)
    assert stored(rating, "pain") == value


def test_words_for_a_number_are_asked_about_once_and_count_meanwhile(rating: Patient) -> None:
    outcome = rating.says("lots")
    assert "Which number from 0 to 10" in rating.text
    assert (stored(rating, "pain"), asked(rating), outcome.staff) == (8, "pain", ())
    rating.says("very bad")
    assert (stored(rating, "pain"), asked(rating)) == (8, "hard"), "asked once; eight it is"


def test_the_number_that_comes_then_is_the_answer(rating: Patient) -> None:
    rating.says("agony")
    rating.says("ok maybe 5")
    assert (stored(rating, "pain"), rating.closed) == (5, "done")


def test_who_knows_no_number_is_not_asked_again(rating: Patient) -> None:
    rating.says("11")
    rating.says("i don't know")
    assert (stored(rating, "pain"), asked(rating)) == (8, "hard")


# --- contradictions --------------------------------------------------------------------------------------------------


@pytest.fixture
def doubted(patient: Patient) -> Patient:
    patient.begins("first_hours")
    patient.answers("Not quite", "Fine", "None", "9")
    return patient


def test_fine_and_a_nine_are_asked_about(doubted: Patient) -> None:
    assert doubted.text == "Just to be sure, is it 9 out of 10?"
    assert doubted.labels[0] == "Yes, 9"
    assert doubted.care.open is not None
    assert doubted.care.open.doubted == ("pain",)


@pytest.mark.parametrize("answer", ["yes", "9", "tap"])
def test_a_nine_that_is_sure_goes_on(answer: str, doubted: Patient) -> None:
    if answer == "tap":
        doubted.taps("Yes, 9")
    else:
        doubted.says(answer)
    assert (stored(doubted, "pain"), asked(doubted)) == (9, "hard")


def test_another_number_counts_instead(doubted: Patient) -> None:
    doubted.says("sorry, 2")
    assert (stored(doubted, "pain"), doubted.closed) == (2, "done")


def test_a_no_asks_for_the_number(doubted: Patient) -> None:
    doubted.says("no")
    assert "Which number" in doubted.text
    doubted.says("3")
    assert (stored(doubted, "pain"), doubted.closed) == (3, "done")


def test_it_is_doubted_whichever_came_first(patient: Patient) -> None:
    patient.begins("next_morning")
    patient.answers("Not quite", "8", "Better")
    assert patient.text == "Just to be sure, is it 8 out of 10?"
    patient.says("yes")
    assert asked(patient) == "signs"


# --- later -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(patient: Patient) -> Patient:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore", "Light-headed✓", "2")
    return patient


def test_a_later_question_is_waited_for_with_the_advice_said_at_once(waiting: Patient) -> None:
    assert waiting.text.startswith("Sit or lie down.\n\nWalk gently.")
    assert "in about 60 minutes" in waiting.text
    assert (asked(waiting), waiting.closed) == (None, None)
    assert waiting.asks_at == {"dizzy_later": waiting.now + timedelta(minutes=60)}


def test_a_later_question_that_is_answered_well_closes(waiting: Patient) -> None:
    outcome = waiting.hears_again("dizzy_later")
    assert (waiting.text, outcome.says[0].kind) == ("Is it better now?", Kind.REPLY)
    waiting.says("better thanks")
    assert waiting.closed == "done"
    assert "Glad it is better." in waiting.text
    assert "Sit or lie down" not in waiting.text, "that was said before"


def test_a_later_question_that_is_answered_badly_alerts(waiting: Patient) -> None:
    waiting.hears_again("dizzy_later")
    waiting.taps("Worse")
    assert waiting.alerts == (URGENT, ("nerve_injury",))
    assert waiting.closed == "alert"


def test_a_later_question_is_not_asked_where_it_no_longer_holds(waiting: Patient) -> None:
    waiting.presses("care:1:signs:none")
    assert waiting.closed == "done", "nothing is waited for any more"
    outcome = waiting.hears_again("dizzy_later")
    assert (outcome.says, outcome.care) == ((), ())


# --- other things in between -----------------------------------------------------------------------------------------


def test_a_question_is_answered_and_the_open_one_put_once_more_once(rating: Patient) -> None:
    rating.says("when can I drive?")
    assert "Answer to driving." in rating.text
    assert rating.text.endswith("Back to my question:\nHow strong is the pain now, 0-10?")
    assert len(rating.labels) == 11
    rating.says("when can I drive?")
    assert "Back to my question" not in rating.text
    rating.says("3")
    assert rating.closed == "done"


def test_a_question_beside_an_answer_gets_its_answer_too(rating: Patient) -> None:
    rating.says("3, and when can I drive?")
    assert stored(rating, "pain") == 3
    assert rating.text.index("Answer to driving.") < rating.text.index("Walk gently.")


def test_what_goes_to_people_is_followed_by_the_open_question(rating: Patient) -> None:
    outcome = rating.says("my neighbour had something like it")
    assert outcome.says[0].held
    assert outcome.says[-1].held, "both wait for the rest of what was said"
    assert "Back to my question" in rating.text


@pytest.mark.parametrize("thanks", ["thanks", "thank you"])
def test_thanks_are_no_answer_and_nothing_is_pressed(thanks: str, rating: Patient) -> None:
    rating.says(thanks)
    assert (rating.text, asked(rating)) == ("thanks.", "pain")


def test_stop_wins_over_an_answer(rating: Patient) -> None:
    outcome = rating.says("stop")
    assert outcome.stop is not None
    assert asked(rating) == "pain"
    assert "Back to my question" not in rating.text


def test_a_red_flag_wins_over_fine_and_the_number_beside_it_is_kept(rating: Patient) -> None:
    outcome = rating.says("3 but I have chest pain")
    assert rating.alerts == (EMERGENCY, ("chest_pain_breathless",))
    assert outcome.says[0].text == "Call 999."
    assert len(outcome.says) == 1
    assert (stored(rating, "pain"), rating.closed) == (3, "alert")


def test_a_red_flag_closes_a_check_in_that_was_not_answered(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.says("fine but I can't breathe")
    assert (patient.closed, patient.care.open) == ("alert", None)
    assert patient.changes[-1].open is not None
    assert patient.changes[-1].open.answers == {}


def test_advice_beside_an_answer_lets_the_questions_go_on(rating: Patient) -> None:
    rating.says("2 and I have an itchy rash")
    assert rating.alerts == (ADVISE, ("mild_skin_reaction",))
    assert (stored(rating, "pain"), rating.closed) == (2, "done")


def test_words_and_rules_raise_one_alert_with_the_worse_in_front(ticking: Patient) -> None:
    ticking.says("weak foot and chest pain")
    assert ticking.alerts == (EMERGENCY, ("chest_pain_breathless", "nerve_injury"))


# --- changes, stale and double taps ----------------------------------------------------------------------------------


def test_a_double_tap_is_harmless_and_said_so(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore")
    patient.presses("care:1:feeling:sore")
    assert "answered already" in patient.text
    assert asked(patient) == "signs"


def test_a_tap_under_an_older_question_changes_its_answer(rating: Patient) -> None:
    rating.presses("care:1:feeling:bad")
    assert rating.text == "Changed to Not great."
    assert (stored(rating, "feeling"), asked(rating)) == ("bad", "pain")


def test_a_changed_answer_is_weighed_anew(rating: Patient) -> None:
    rating.presses("care:1:signs:weak")
    assert rating.alerts == (URGENT, ("nerve_injury",))
    assert rating.closed == "alert"


def test_a_changed_answer_may_need_another_question(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore", "Light-headed✓", "2")
    patient.presses("care:1:pain:8")
    assert patient.text == "Changed to 8.\n---\nIs the calf very hard?"


def test_all_fine_after_the_questions_began_changes_nothing(rating: Patient) -> None:
    rating.presses("care:1::fine")
    assert "answered already" in rating.text
    assert rating.closed is None


@pytest.mark.parametrize("data", ["care:1:pain:3", "care:1::fine", "care:1:signs:_done", "care:99:pain:3"])
def test_a_tap_under_a_closed_check_in(data: str, rating: Patient) -> None:
    rating.taps("2")
    answers = rating.care.answers
    rating.presses(data)
    assert "That check-in is closed" in rating.text
    assert rating.care.answers == answers


@pytest.mark.parametrize("data", ["care:1:pain:11", "care:1:pain:-1", "care:1:gone:3", "care:1:feeling:gone"])
def test_buttons_that_are_not_there_any_more(data: str, rating: Patient) -> None:
    rating.presses(data)
    assert "That check-in is closed" in rating.text
    assert asked(rating) == "pain"


@pytest.mark.parametrize("data", ["care:x:pain:3", "care", "care:1"])
def test_data_that_is_nobodys(data: str, rating: Patient) -> None:
    assert rating.presses(data).says[0].text == "stale_button."


def test_an_edited_answer_is_a_changed_answer(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore", "Light-headed✓")
    patient.says("3")
    assert patient.last.understanding is not None
    assert patient.last.understanding.id == ANSWERED
    patient.edits("3", "5")
    assert "Changed to 5." in patient.text
    assert stored(patient, "pain") == 5


def test_a_slip_mended_needs_no_words(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore", "Light-headed✓")
    patient.says("3")
    patient.edits("3", "three")
    assert (patient.text, stored(patient, "pain")) == ("", 3)


def test_an_edit_may_be_a_sign(patient: Patient) -> None:
    patient.begins("first_hours")
    patient.answers("Not quite", "A bit sore")
    patient.says("none")
    patient.edits("none", "weak foot")
    assert patient.alerts == (URGENT, ("nerve_injury",))


def test_an_edit_after_the_end_is_said_to_be_too_late(rating: Patient) -> None:
    rating.says("3")
    assert rating.closed == "done"
    rating.edits("3", "8")
    assert "That check-in is closed" in rating.text


# --- the end of the plan ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "visit", "state"),
    [("No", None, PlanState.ENDED), ("No", TREATED_AT + timedelta(days=9), None)],
)
def test_the_plan_ends_when_its_condition_holds(
    answer: str, visit: datetime | None, state: PlanState | None, patients: Patients
) -> None:
    patient = patients(make_care(visit_at=visit))
    patient.begins("one_week")
    patient.taps(answer)
    assert (patient.changes[-1].state, patient.closed) == (state, "done")


def test_own_words_are_an_answer(patient: Patient) -> None:
    patient.begins("one_week")
    patient.taps("Bruise")
    patient.says("the stairs are still a bit hard")
    assert stored(patient, "other") == "the stairs are still a bit hard"
    assert patient.changes[-1].state is PlanState.ENDED, "and the last check-in is the end"


def test_the_last_check_in_ends_the_plan(patients: Patients) -> None:
    patient = patients(make_care(visit_at=TREATED_AT + timedelta(days=9)))
    patient.begins("before_visit")
    patient.taps("Change it")
    assert (patient.changes[-1].state, patient.notes[0].kind) == (PlanState.ENDED, NoteKind.BOOKING)


@pytest.mark.parametrize(
    ("hours", "pain", "ends"),
    [(49, 2, True), (47, 2, False), (49, 4, False), (49, 7, False)],
)
def test_taking_leave_ends_the_plan_after_two_days_without_complaints(
    hours: int, pain: int, ends: bool, patients: Patients
) -> None:
    patient = patients(make_care(answers={"next_morning": {"pain": pain, "night": "same"}}))
    patient.now = TREATED_AT + timedelta(hours=hours)
    patient.says("all good, thanks, bye")
    assert (patient.care.state is PlanState.ENDED) is ends


# --- no reply --------------------------------------------------------------------------------------------------------


def test_the_reminder(patient: Patient, care_content: object) -> None:
    say = CheckIns(patient.conversation.content).remind(patient.care)
    assert (say.text, say.kind, say.enrolment_id) == ("Just checking in.", Kind.REMINDER, 1)


@pytest.mark.parametrize(
    ("careful", "answers", "kinds"),
    [
        (False, {}, []),
        (True, {}, [NoteKind.CALL]),
        (False, {"pain": 7}, [NoteKind.NOTE, NoteKind.CALL]),
        (False, {"pain": 3}, []),
        (False, {"signs": ("weak",)}, [NoteKind.NOTE]),
    ],
)
def test_silence(careful: bool, answers: dict[str, Value], kinds: list[NoteKind], patients: Patients) -> None:
    patient = patients(make_care(careful=careful))
    patient.begins("first_hours")
    assert patient.care.open is not None
    open_ = replace(patient.care.open, answers=answers)
    change = CheckIns(patient.conversation.content).silenced(replace(patient.care, open=open_))
    assert (change.closed, change.answered) == ("no_reply", False)
    assert [note.kind for note in change.notes] == kinds


def test_silence_without_an_open_check_in_may_still_need_a_call(patient: Patient) -> None:
    care = make_care(answers={"first_hours": {"pain": 8}})
    change = CheckIns(patient.conversation.content).silenced(care)
    assert (change.open, change.closed, [note.kind for note in change.notes]) == (None, None, [NoteKind.CALL])


# --- a family --------------------------------------------------------------------------------------------------------


@pytest.fixture
def family(patients: Patients) -> Patient:
    patient = patients(make_care(1, label="Anna", careful=True), make_care(2, label="Max", careful=True))
    patient.begins("next_morning", patient.cares[0])
    patient.begins("next_morning", patient.cares[1])
    return patient


def pains(family: Patient) -> list[object]:
    return [care.open.answers.get("pain") if care.open else None for care in family.cares]


def test_each_message_begins_with_the_label(family: Patient) -> None:
    assert family.text.startswith("<b>Max:</b>\nGood morning.")


def test_a_press_tells_whom_it_is_about(family: Patient) -> None:
    family.presses("care:1:pain:4")
    assert pains(family) == [4, None]
    assert family.text.startswith("<b>Anna:</b>\n")


@pytest.mark.parametrize(("text", "kept"), [("Anna: 6", [6, None]), ("max - 5", [None, 5]), ("Max 5", [None, 5])])
def test_a_text_may_name_whom_it_is_about(text: str, kept: list[object], family: Patient) -> None:
    family.says(text)
    assert pains(family) == kept


def test_an_answer_without_a_name_is_asked_about(family: Patient) -> None:
    family.says("6")
    assert family.text == "Who is this about?"
    assert family.labels == ["Anna", "Max"]
    assert pains(family) == [None, None]
    assert State.from_json(family.state.to_json()).who_text == "6"
    family.taps("Max")
    assert pains(family) == [None, 6]
    assert family.state.who_text == ""


def test_a_second_press_on_a_name_changes_nothing(family: Patient) -> None:
    family.says("6")
    family.presses("care_who:2")
    family.presses("care_who:1")
    assert "answered already" in family.text
    assert pains(family) == [None, 6]


def test_a_number_that_fits_neither_question_is_not_left_to_staff(family: Patient) -> None:
    for data in ("care:1:pain:4", "care:2:pain:3"):
        family.presses(data)
    family.says("8")
    first, *questions = [say.text for say in family.last.says]
    assert first.startswith("I am not sure what 8 means here.")
    assert [text.partition("\n")[0] for text in questions] == ["<b>Anna:</b>", "<b>Max:</b>"]
    assert family.labels == ["Better", "Same", "Worse"]
    assert family.last.staff == ()


def test_a_number_that_fits_both_questions_is_asked_about(family: Patient) -> None:
    for data in ("care:1:pain:4", "care:2:pain:3"):
        family.presses(data)
    family.says("2")
    assert family.text == "Who is this about?"
    family.taps("Anna")
    assert [care.open.answers.get("night") if care.open else None for care in family.cares] == ["same", None]


def test_a_number_that_does_not_fit_the_only_question(patient: Patient) -> None:
    patient.begins("next_morning")
    patient.answers("Not quite", "5")
    patient.says("17")
    assert patient.text.startswith("I am not sure what 17 means here.")
    assert patient.labels == ["Better", "Same", "Worse"]


def test_an_answer_goes_to_the_only_open_question(patients: Patients) -> None:
    patient = patients(make_care(1, label="Anna", careful=True), make_care(2, label="Max", careful=True))
    patient.begins("next_morning", patient.cares[1])
    patient.says("6")
    assert pains(patient) == [None, 6]


def test_danger_never_waits_for_whom_it_is_about(family: Patient) -> None:
    family.says("chest pain")
    assert family.alerts == (EMERGENCY, ("chest_pain_breathless",))
    assert [care.open for care in family.cares] == [None, None]


def test_an_alert_of_a_rule_names_the_patient_and_leaves_the_other_alone(family: Patient) -> None:
    for data in ("care:1:pain:2", "care:1:night:same", "care:1:signs:swollen", "care:1:signs:_done"):
        family.presses(data)
    assert family.text.startswith("<b>Anna:</b>\nRing 020 7946 0000 now.")
    assert family.cares[1].open is not None


# --- other ----------------------------------------------------------------------------------------------------------


def test_a_greeting_is_answered_and_the_question_put_again(rating: Patient) -> None:
    rating.says("hello")
    assert rating.text == "greeting.\n---\nBack to my question:\nHow strong is the pain now, 0-10?"


class Suspects:
    """Has a doubt about anything odd."""

    def triage(self, text: str) -> Triage:
        flag = Flag("suspected_dvt", URGENT, ("odd",))
        return Triage(suspected=(flag,)) if "odd" in text else Triage()


def test_after_a_no_to_danger_the_open_question_comes_again(rating: Patient) -> None:
    brain = replace(rating.conversation.brain, triager=Suspects())
    rating.conversation = replace(rating.conversation, brain=brain)
    rating.says("it looks odd")
    assert rating.text == "check."
    assert asked(rating) == "pain"
    rating.says("no")
    assert rating.text.endswith("Back to my question:\nHow strong is the pain now, 0-10?")


def test_a_number_beside_a_doubt_is_kept_and_the_next_question_waits(patient: Patient) -> None:
    brain = replace(patient.conversation.brain, triager=Suspects())
    patient.conversation = replace(patient.conversation, brain=brain)
    patient.begins("next_morning")
    patient.taps("Not quite")
    patient.says("3, and it looks odd")
    assert (patient.text, stored(patient, "pain"), asked(patient)) == ("check.", 3, "night")
    patient.says("no")
    assert patient.text.endswith("Back to my question:\nCompared with last night it is…")


def test_a_yes_to_danger_closes_the_check_in(rating: Patient) -> None:
    brain = replace(rating.conversation.brain, triager=Suspects())
    rating.conversation = replace(rating.conversation, brain=brain)
    rating.says("it looks odd")
    rating.says("yes")
    assert rating.alerts == (URGENT, ("suspected_dvt",))
    assert rating.care.open is None


def test_a_paused_plan_is_told_apart_from_an_ended_one(rating: Patient) -> None:
    rating.cares[0] = replace(rating.care, state=PlanState.ENDED)
    rating.presses("care:1:pain:3")
    assert "That check-in is closed" in rating.text


def test_without_a_plan_nothing_is_heard(rating: Patient) -> None:
    rating.cares[0] = replace(rating.care, plan_id="gone")
    rating.says("6")
    assert stored(rating, "pain") is None
