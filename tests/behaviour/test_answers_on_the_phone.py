"""Patients without Telegram: staff ring, and note the answers to a check-in; two in danger at once are two alerts."""

import re

from bot.care import PlanState
from bot.simulator.house import House
from bot.store.tables import audit, check_in, staff_note
from tests.on_the_phone import alerts, rings
from tests.who_joins import UNTIL_AGREED, does, enrolled, plans, rows, staff_type


async def on_paper(house: House, words: str = "heel L") -> str:
    """Somebody without Telegram; their code."""
    await staff_type(house, f"/enrol none {words}")
    return str(re.findall(r"P-\w{4}", "\n".join(house.staff_texts))[-1])


async def test_answers_are_noted_and_the_advice_is_read_out(house: House) -> None:
    code = await on_paper(house)
    await house.pass_time(hours=21)
    seen = await rings(house, code)
    assert f"{code} · check-in C2 on the phone" in seen
    assert "Pain in the treated area now" in seen
    seen = await rings(house, code, "4")
    assert "Noted: pain: 4" in seen
    (one,) = await rows(house, check_in)
    assert (one["step_id"], one["entered_by"], one["answers"]) == ("next_morning", house.member.user_id, {"pain": 4})
    (call,) = await rows(house, staff_note, staff_note.c.step_id == "next_morning")
    assert call["done_us"] is not None, "somebody has rung"
    assert len(await rows(house, audit, audit.c.action == "plan_answers")) == 2


async def test_danger_on_the_phone_is_an_alert_as_from_telegram(house: House) -> None:
    code = await on_paper(house)
    await house.pass_time(hours=21)
    seen = await rings(house, code, "9", "Yes")
    assert "Call 999 now." in seen
    (raised,) = await alerts(house)
    assert (raised["level"], raised["flags"]) == ("emergency", ["compartment_limb_threat"])
    (plan,) = await plans(house)
    assert (plan["state"], plan["reason"]) == (PlanState.PAUSED, "alert")
    card = house.staff_texts[-1]
    assert "Not on Telegram: a reply here reaches nobody." in card
    assert "pain 9" in card
    house.member.presses("Back")
    await house.settle(20)
    house.staff.add(house.owner).presses("Delete data")
    await house.settle(20)
    assert "A warning about this patient is still open." in house.staff_texts[-1]
    house.member.presses("Not a red flag")
    await house.settle(20)
    (plan,) = await plans(house)
    assert plan["state"] == PlanState.OPEN, "it goes on where there was none"


async def test_an_answer_that_decides_and_is_not_noted_in_time_is_an_alert(house: House) -> None:
    code = await on_paper(house)
    await house.pass_time(hours=21)
    seen = await rings(house, code, "9")
    assert "hard" in seen
    await house.pass_time(minutes=29)
    assert await alerts(house) == []
    await house.pass_time(minutes=2)
    (raised,) = await alerts(house)
    assert raised["level"] == "urgent"
    card = house.staff_texts[-1]
    assert "pain 9. No answer to:" in card
    assert f"Noted on the phone by {house.member.user.first_name}" in card
    (plan,) = await plans(house)
    assert (plan["state"], plan["reason"]) == (PlanState.PAUSED, "alert")
    await house.pass_time(hours=1)
    assert len(await alerts(house)) == 1


async def test_an_answer_that_is_noted_in_time_is_no_alert(house: House) -> None:
    code = await on_paper(house)
    await house.pass_time(hours=21)
    await rings(house, code, "9")
    await house.pass_time(minutes=20)
    await rings(house, code, "No")
    before = len(await alerts(house))
    await house.pass_time(minutes=20)
    assert len(await alerts(house)) == before


async def test_two_without_telegram_in_danger_are_two_alerts(house: House) -> None:
    first = await on_paper(house)
    second = await on_paper(house, "calf R")
    await house.pass_time(hours=21)
    await rings(house, first, "9", "Yes")
    assert [plan["state"] for plan in await plans(house)] == [PlanState.PAUSED, PlanState.OPEN]
    await rings(house, second, "9", "Yes")
    assert len({one["patient_id"] for one in await alerts(house)}) == 2
    house.member.presses("Not a red flag")
    await house.settle(20)
    assert [plan["state"] for plan in await plans(house)] == [PlanState.PAUSED, PlanState.OPEN]


async def test_a_question_that_has_to_wait_is_a_note_to_ring_again(house: House) -> None:
    code = await on_paper(house)
    await house.pass_time(hours=3)
    await rings(house, code, "A bit sore", "Light-headed", "Done", "3")
    (note,) = await rows(house, staff_note, staff_note.c.text.contains("ask again"))
    assert "About feeling light-headed" in note["text"]
    await house.pass_time(hours=1)
    seen = await rings(house, code)
    assert "About feeling light-headed" in seen
    (note,) = await rows(house, staff_note, staff_note.c.text.contains("ask again"))
    assert note["done_us"] is not None
    await rings(house, code, "Better")
    (one,) = await rows(house, check_in)
    assert one["state"] == "closed"
    assert "There is nothing to ask" in await rings(house, code)


async def test_two_of_a_family_in_danger_are_two_alerts(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "No thanks")
    await enrolled(house, "calf R for Ben")
    await does(house, "Ben", "Yes, that's right", "I agree", "6", "None of these", "No thanks")
    await house.pass_time(hours=3.2)
    for name in ("Anna", "Ben"):
        house.patient.says(f"{name}: I have chest pain and I can't breathe")
        await house.settle(20)
    found = await alerts(house)
    assert [one["state"] for one in found] == ["open", "open"]
    assert len({one["patient_id"] for one in found}) == 2
    assert "The same phone also serves P-" in house.staff_texts[-1]
    house.patient.says("he fainted, please help")
    await house.settle(20)
    assert len(await alerts(house)) == 2, "nobody was named: it goes with the newest"
