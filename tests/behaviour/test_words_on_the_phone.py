"""Patients without Telegram, in their own words: staff reply with them, and triage reads them as the patient's."""

from pathlib import Path

import pytest

from bot.care import PlanState
from bot.simulator.house import House
from bot.store.care import NO_CHAT
from bot.store.tables import check_in, question
from tests.on_a_plan import enrol, state_of, write_plan
from tests.on_the_phone import alerts, rings
from tests.who_joins import rows

CODE = "P-1234"
ASKS = "Please reply to this message"


@pytest.fixture(autouse=True)
def _small_plan(content_dir: Path) -> None:
    write_plan(content_dir)


@pytest.fixture
async def plan_id(house: House) -> int:
    """A plan on paper; staff have asked how much it hurts, and are to ask whether there is anything else."""
    enrolment_id = await enrol(house, CODE, NO_CHAT)
    await rings(house, CODE, "3")
    assert "Anything else?" in house.staff_texts[-1]
    assert ASKS in house.staff_texts[-1]
    return enrolment_id


async def replies(house: House, text: str) -> str:
    """Staff reply to the question; what they are told."""
    card = next(one for one in reversed(house.world.from_bot(house.staff.chat_id)) if ASKS in one.text)
    house.member.replies(card, text)
    await house.settle(20)
    return house.staff_texts[-1]


async def test_the_words_are_the_answer_whatever_they_ask(house: House, plan_id: int) -> None:
    seen = await replies(house, "Slept well. Is it fine to swim?")
    assert "Rest." in seen
    assert "Slept well. Is it fine to swim?" in seen
    (one,) = await rows(house, check_in)
    assert one["answers"] == {"pain": 3, "words": "Slept well. Is it fine to swim?"}
    assert (one["state"], one["entered_by"]) == ("closed", house.member.user_id)
    assert await alerts(house) == []
    assert "Nothing changed" in await replies(house, "And thank you")


async def test_danger_in_the_words_is_an_alert(house: House, plan_id: int) -> None:
    seen = await replies(house, "I have chest pain and I can't breathe")
    assert "Call 999" in seen
    (raised,) = await alerts(house)
    assert raised["level"] == "emergency"
    card = next(text for text in house.staff_texts if text.startswith("Emergency"))
    assert f"Noted on the phone by {house.member.user.first_name}" in card
    assert "I have chest pain and I can't breathe" in card
    assert (await state_of(house, plan_id)) == (PlanState.PAUSED, "alert")
    (one,) = await rows(house, check_in)
    assert (one["state"], one["reason"]) == ("closed", "alert")
    assert one["answers"]["words"] == "I have chest pain and I can't breathe"
    (kept,) = await rows(house, question, question.c.chat_id == NO_CHAT)
    assert kept["text"] == "I have chest pain and I can't breathe"


async def test_danger_told_when_the_question_is_over_is_an_alert_too(house: House, plan_id: int) -> None:
    await replies(house, "No, all is well")
    await replies(house, "He says he has chest pain and can't breathe")
    assert len(await alerts(house)) == 1


async def test_a_picture_is_no_answer(house: House, plan_id: int) -> None:
    card = next(one for one in reversed(house.world.from_bot(house.staff.chat_id)) if ASKS in one.text)
    house.member.sends_photo(reply_to=card.message_id)
    await house.settle(20)
    assert ASKS in house.staff_texts[-1]
    (one,) = await rows(house, check_in)
    assert one["answers"] == {"pain": 3}


async def test_back_leads_to_the_plan(house: House, plan_id: int) -> None:
    house.member.presses("Back")
    await house.settle(20)
    assert any("Not on Telegram. Calls only." in text for text in house.staff_texts)
