"""A patient who tells of something serious in a check-in, and then says no more."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.care import NoteKind
from bot.clock import to_us
from bot.simulator.house import House
from bot.store import care
from bot.store.tables import due, staff_note
from tests.on_a_plan import on_shipped_plan, says, state_of, taps

URGENT = "Urgent · P-"
WHY = "have not heard from you"


@pytest.fixture
async def plan_id(house: House) -> int:
    """The patient in the house answers the first check-in of the shipped plan, at three."""
    enrolment_id = await on_shipped_plan(house)
    await house.pass_time(hours=3, minutes=1)
    return enrolment_id


def cards(house: House) -> list[str]:
    """The cards of alerts in the staff group."""
    return [text for text in house.staff_texts if text.startswith((URGENT, "Emergency · P-"))]


def warnings(house: House) -> list[str]:
    """What the patient was told because nothing was heard."""
    return [text for text in house.bot_texts if WHY in text]


async def test_pain_nine_and_then_silence(house: House, plan_id: int) -> None:
    await taps(house, "Not quite", "Not great", "None", "Done", "9")
    assert house.patient.last.text.startswith("Is the calf very hard")
    await house.pass_time(minutes=29)
    assert (cards(house), warnings(house)) == ([], [])
    await house.pass_time(minutes=1)
    (card,) = cards(house)
    assert card.startswith(URGENT)
    assert "Check-in C1: pain 9. No answer to: Is the calf very hard" in card
    (told,) = warnings(house)
    assert "Ring us now" in told
    assert await state_of(house, plan_id) == ("paused", "alert")


async def test_an_answer_in_time_leads_where_it_leads(house: House, plan_id: int) -> None:
    await taps(house, "Not quite", "Not great", "None", "Done", "9")
    await house.pass_time(minutes=10)
    await taps(house, "No")
    before = cards(house)
    assert len(before) == 1
    assert "No answer to" not in before[0]
    await house.pass_time(minutes=25)
    assert warnings(house) == []
    assert not any("No answer to" in text for text in house.staff_texts)


async def test_a_question_that_was_put_off_and_then_left_open(house: House, plan_id: int) -> None:
    await taps(house, "Not quite", "Not great", "Bleeding that hasn't stopped", "Done", "No", "2")
    await house.pass_time(minutes=15)
    assert house.patient.last.text.startswith("Is it still bleeding?")
    await house.pass_time(minutes=25)
    assert cards(house) == []
    await house.pass_time(minutes=6)
    (card,) = cards(house)
    assert "No answer to: Is it still bleeding?" in card
    assert len(warnings(house)) == 1


async def test_a_corrected_answer_asks_for_nothing_any_more(house: House, plan_id: int) -> None:
    await taps(house, "Not quite", "Not great", "None", "Done", "9")
    house.patient.presses("4")
    await house.pass_time(minutes=40)
    assert (cards(house), warnings(house)) == ([], [])
    async with house.app.store.read() as tx:
        kinds = (await tx.scalars(sa.select(due.c.state).where(due.c.kind == care.UNANSWERED))).all()
    assert [str(one) for one in kinds] == ["done"]


async def test_fine_and_a_nine_that_is_not_confirmed(house: House, plan_id: int) -> None:
    await taps(house, "Not quite", "Fine", "None", "Done", "9")
    assert house.patient.last.text.startswith("Just to be sure")
    await house.pass_time(minutes=31)
    (card,) = cards(house)
    assert "Check-in C1: pain 9. No answer to" in card
    assert len(warnings(house)) == 1


async def test_every_answer_to_a_question_that_was_put_off_is_replied_to(house: House, plan_id: int) -> None:
    await taps(house, "Not quite", "Not great", "Light-headed", "Bleeding that hasn't stopped", "Done", "No", "2")
    await house.pass_time(minutes=16)
    before = len(house.bot_texts)
    await taps(house, "No")
    assert house.bot_texts[before:] == ["Thank you, I have noted that."]
    await house.pass_time(minutes=45)
    assert house.patient.last.text.startswith("About feeling light-headed")


async def test_half_a_check_in_that_the_next_one_replaces_leaves_its_notes(house: House, plan_id: int) -> None:
    await taps(house, "Not quite", "Not great", "Numb or tingling", "Done")
    await house.pass_time(hours=20)
    async with house.app.store.read() as tx:
        notes = (await tx.scalars(sa.select(staff_note.c.text))).all()
    assert [text for text in notes if text.startswith("Numb or tingling")] != []


async def test_a_nine_next_morning_and_then_silence(house: House, plan_id: int) -> None:
    await taps(house, "All fine")
    await house.pass_time(hours=20)
    await taps(house, "Not quite", "9")
    assert house.patient.last.text.startswith("Is the calf very hard")
    await house.pass_time(minutes=31)
    (card,) = cards(house)
    assert "Check-in C2: pain 9. No answer to: Is the calf very hard" in card


async def test_the_advice_of_a_check_in_that_was_left_out_is_true_next_morning(house: House) -> None:
    await house.pass_time(hours=7)
    await on_shipped_plan(house)
    await house.pass_time(hours=24)
    (morning,) = [text for text in house.bot_texts if text.startswith("Good morning")]
    assert "on the day of treatment" in morning
    assert "until tomorrow" not in morning
    assert "Next check-in" not in morning


# --- slow, and late ---------------------------------------------------------------------------------------------------


async def notes_of(house: House, kind: NoteKind) -> list[str]:
    async with house.app.store.read() as tx:
        found = await tx.scalars(
            sa.select(staff_note.c.text).where(staff_note.c.kind == kind).order_by(staff_note.c.id)
        )
        return list(found)


async def silent_since(house: House, enrolment_id: int) -> int | None:
    async with house.app.store.read() as tx:
        row = await care.plan_row(tx, house.app.settings.bot_id, enrolment_id)
    assert row is not None
    silent_us: int | None = row["silent_us"]
    return silent_us


async def test_whoever_answers_slowly_is_not_reminded(house: House, plan_id: int) -> None:
    await taps(house, "All fine")
    await house.pass_time(hours=20)
    await taps(house, "Not quite")
    await says(house, "3")
    await house.pass_time(hours=6)
    assert not any(text.startswith("Just checking in") for text in house.bot_texts)
    await taps(house, "Better")
    assert house.patient.last.text.startswith("Tap all you see")


async def test_whoever_answers_slowly_is_not_silenced(house: House, plan_id: int) -> None:
    """The first check-in has no answer, the second is the reminder; its questions are answered slowly."""
    await house.pass_time(hours=20)
    await taps(house, "Not quite")
    await says(house, "3")
    await house.pass_time(days=1, hours=6)
    assert await silent_since(house, plan_id) is None
    assert house.patient.last.text.startswith("Hello again from the clinic")


async def test_what_silence_leaves_out_stands_in_the_notes(house: House, plan_id: int) -> None:
    await house.pass_time(days=8)
    assert await silent_since(house, plan_id) is not None
    assert await notes_of(house, NoteKind.LATE) == [
        "C3 was not sent: no reply to the check-ins before.",
        "C4 was not sent: no reply to the check-ins before.",
    ]


async def test_a_late_all_fine_counts_and_the_plan_goes_on(house: House, plan_id: int) -> None:
    await house.pass_time(days=3)
    assert await silent_since(house, plan_id) is not None
    await taps(house, "All fine")
    assert house.patient.last.text.startswith("Thank you, good to hear.")
    assert "next check-in comes as planned" in house.patient.last.text
    assert await silent_since(house, plan_id) is None
    await house.pass_time(days=4)
    assert house.patient.last.text.startswith("Hello, it has been a week")


async def test_all_fine_in_words_after_the_silence(house: House, plan_id: int) -> None:
    await house.pass_time(days=3)
    told = await says(house, "all fine thanks")
    assert told.startswith("Thank you, good to hear.")
    assert await silent_since(house, plan_id) is None


async def test_a_late_all_fine_when_all_is_over(house: House, plan_id: int) -> None:
    await house.pass_time(days=13)
    async with house.app.store.write() as tx:
        await care.set_plan(tx, plan_id, visit_us=to_us(house.clock.now() - timedelta(days=1)))
    await taps(house, "All fine")
    assert "no more questions" in house.patient.last.text
    assert await state_of(house, plan_id) == ("ended", "done")


async def test_a_late_complaint_is_asked_about(house: House, plan_id: int) -> None:
    await house.pass_time(days=3)
    await taps(house, "Not quite", "9")
    assert house.patient.last.text.startswith("Is the calf very hard")
    await says(house, "rock hard")
    assert cards(house)[0].startswith("Emergency")
