"""Talking with the bot inside the clinic's own check-ins: own words, changed words, a parent, a family, a visit."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.clock import to_us
from bot.model import ChatId, PatientId
from bot.services.planner import Planner
from bot.simulator.house import House
from bot.store import care, enrolling
from bot.store.tables import check_in, question
from tests.on_a_plan import code_of, enrol, on_shipped_plan, says, state_of, taps

TO_THE_PATIENT = re.compile(
    r"\b(?:are you feeling|your (?:treatment|old problem|pain|exercises|visit is)|you feel|Have you done)\b"
)


async def to_next_morning(house: House, *first: str) -> None:
    """The first check-in is answered at three, the second has come."""
    await house.pass_time(hours=3, minutes=1)
    await taps(house, *(first or ("All fine",)))
    await house.pass_time(hours=19)


async def answers(house: House, enrolment_id: int, step_id: str) -> dict[str, object]:
    where = (check_in.c.enrolment_id == enrolment_id, check_in.c.step_id == step_id)
    async with house.app.store.read() as tx:
        found: dict[str, object] = (await tx.execute(sa.select(check_in.c.answers).where(*where))).scalar_one()
    return found


def cards(house: House) -> list[str]:
    return [text for text in house.staff_texts if text.startswith(("Urgent · P-", "Emergency · P-"))]


# --- own words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["hard as a rock", "rock hard", "cold and pale", "its solid and swollen"])
async def test_danger_in_the_words_of_the_question_is_a_yes(house: House, words: str) -> None:
    await on_shipped_plan(house)
    await to_next_morning(house)
    await taps(house, "Not quite", "9")
    told = await says(house, words)
    assert told.startswith("Call 999 now.")
    assert "one thing first" not in told
    assert cards(house)[0].startswith("Emergency")


async def test_still_numb_with_a_slip_before_it_is_asked_about(house: House) -> None:
    await on_shipped_plan(house)
    await house.pass_time(hours=3, minutes=1)
    await taps(house, "Not quite", "A bit sore", "Numb or tingling", "Done", "3")
    await house.pass_time(hours=17)
    told = await says(house, "stil numb")
    assert told.startswith("Somebody needs to look at this today.")
    assert "Warning: nerve_injury" in cards(house)[0]


# --- changed words ----------------------------------------------------------------------------------------------------


async def test_an_edited_answer_counts_and_is_followed_up(house: House) -> None:
    plan_id = await on_shipped_plan(house)
    await to_next_morning(house)
    await taps(house, "Not quite")
    pain = house.patient.says("5")
    await house.settle()
    await says(house, "better")
    house.patient.edits(pain, "9")
    await house.settle()
    assert house.bot_texts[-2].endswith("Changed to 9.")
    assert house.patient.last.text.startswith("Is the calf very hard")
    house.patient.edits(pain, "3")
    await house.settle()
    assert house.patient.last.text.startswith("Tap all you see or feel.")
    assert await answers(house, plan_id, "next_morning") == {"pain": 3, "compared": "better"}
    assert cards(house) == []


async def test_forgetting_in_the_middle_of_a_check_in(house: House) -> None:
    plan_id = await on_shipped_plan(house)
    await to_next_morning(house)
    await taps(house, "Not quite", "5")
    asked = await says(house, "/forget")
    assert "Would you like that?" in asked
    assert "last night" not in asked  # the question is not put again
    assert (await state_of(house, plan_id))[0] == "ended"
    await taps(house, "Better")
    assert "closed" in house.patient.last.text
    await house.pass_time(days=3)
    assert not any(text.startswith("Hello again") for text in house.bot_texts)


# --- a visit ----------------------------------------------------------------------------------------------------------


async def to_the_visit(house: House, *, is_fresh: bool) -> int:
    """A visit at two in nine days; its check-in has come two days before."""
    visit_at = house.clock.now() + timedelta(days=9, hours=2)
    plan_id = await on_shipped_plan(house, visit_us=to_us(visit_at), visit_seen_us=to_us(house.clock.now()))
    if is_fresh:
        async with house.app.store.write() as tx:
            await care.set_plan(tx, plan_id, visit_seen_us=to_us(visit_at - timedelta(days=2, hours=20)))
    await to_next_morning(house)
    await taps(house, "All fine")
    await house.pass_time(days=1, hours=3)
    await taps(house, "All fine")
    await house.pass_time(days=5, hours=2)
    return plan_id


async def test_a_known_visit_is_told_with_its_time(house: House) -> None:
    plan_id = await to_the_visit(house, is_fresh=True)
    assert "Your visit is on Wednesday 2 December at 14:00. Coming?" in house.patient.last.text
    await taps(house, "Yes", "None", "No")
    assert house.patient.last.text.startswith("See you then.")
    assert await state_of(house, plan_id) == ("ended", "done")


async def test_a_visit_that_was_looked_up_long_ago_is_told_without(house: House) -> None:
    await to_the_visit(house, is_fresh=False)
    assert "Your visit is on the day we agreed. Coming?" in house.patient.last.text


async def test_whoever_wants_another_visit_is_on_the_list(house: House) -> None:
    await to_the_visit(house, is_fresh=True)
    await taps(house, "Change it", "Pregnant or might be", "Done", "No", "Yes")
    house.member.says("/notes")
    await house.settle(20)
    notes = house.staff_texts[-1]
    for note in ("Wants to change or cancel the visit", "Pregnant or might be", "think of a lighter dose"):
        assert note in notes


# --- a parent ---------------------------------------------------------------------------------------------------------


async def test_a_parent_is_asked_about_the_child_in_the_first_days(house: House) -> None:
    await on_shipped_plan(house, is_child=True, area="heel")
    before = len(house.bot_texts)
    await to_next_morning(house, "Not quite", "Not great", "Numb or tingling", "Done", "3")
    await taps(house, "No", "3", "Better", "Bruise", "Done", "Yes, with a limp")
    await house.pass_time(days=1, hours=3)
    await taps(house, "Not quite", "2", "Going down", "Better", "None")
    told = house.bot_texts[before:]
    assert sum("your child" in text.lower() for text in told) >= 7
    assert [text for text in told if TO_THE_PATIENT.search(text)] == []


async def test_a_parent_is_asked_about_the_child_later_on(house: House) -> None:
    visit_us = to_us(house.clock.now() + timedelta(days=9, hours=2))
    seen_us = to_us(house.clock.now() + timedelta(days=6, hours=20))
    await on_shipped_plan(house, is_child=True, area="heel", visit_us=visit_us, visit_seen_us=seen_us)
    before = len(house.bot_texts)
    await to_next_morning(house)
    await taps(house, "All fine")
    await house.pass_time(days=1, hours=3)
    await taps(house, "All fine")
    await house.pass_time(days=5)
    await taps(house, "Not quite", "Same", "4", "No", "Bump", "Done", "No")
    await house.pass_time(days=1)
    await taps(house, "Yes", "Fever, cold or skin infection", "Done", "No", "Yes")
    told = house.bot_texts[before:]
    assert sum("your child" in text.lower() for text in told) >= 5
    assert [text for text in told if TO_THE_PATIENT.search(text)] == []


# --- a family ---------------------------------------------------------------------------------------------------------


async def test_staff_ring_the_right_one_of_a_family(house: House) -> None:
    anna = await on_shipped_plan(house, area="heel")
    ben = await enrol(house, "P-2", chat_id=house.patient.chat_id, plan_id="dry_needling", area="calf")
    async with house.app.store.write() as tx:
        await Planner(house.app.post).plan(tx, ben)
        for plan_id, label in ((anna, "Anna"), (ben, "Ben")):
            row = await care.plan_row(tx, house.app.settings.bot_id, plan_id)
            assert row is not None
            chat_id, patient_id = ChatId(house.patient.chat_id), PatientId(row["patient_id"])
            await enrolling.set_label(tx, house.app.settings.bot_id, chat_id, patient_id, label)
    await house.pass_time(hours=3, minutes=1)
    await says(house, "Anna: fine")
    await says(house, "Ben: not great")
    await says(house, "Ben: none")
    await says(house, "9")  # Ben's is the only question that is open
    await says(house, "rock hard")
    (card,) = cards(house)
    assert card.startswith("Emergency · P-2 ")
    assert "3 h after treatment, calf" in card
    assert "The patient was told: Ben: Call 999 now." in card
    assert f"The same phone also serves {await code_of(house, anna)}." in card
    async with house.app.store.read() as tx:
        about = await tx.scalars(sa.select(question.c.patient_id).where(question.c.text.contains("rock hard")))
        row = await care.plan_row(tx, house.app.settings.bot_id, ben)
    assert row is not None
    assert set(about) == {row["patient_id"]}
