"""Who is on call hears of an emergency nobody takes, once it is known that messages reach them."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.simulator.house import House
from bot.simulator.people import Person
from bot.store.tables import alert

CHEST = "I have chest pain"
NURSE_ID = 800


@pytest.fixture
async def nurse(house: House, content_dir: Path) -> Person:
    """Somebody who is on call, and has not started the bot yet."""
    path = content_dir / "clinic.yaml"
    path.write_text(path.read_text().replace("on_call: none", f"on_call:\n  - telegram_id: {NURSE_ID}"))
    await house.app.look_at_content()
    return house.world.add_user(NURSE_ID, "Nurse")


async def asks_for_a_test(house: House) -> str:
    """What the bot says to /oncall."""
    house.member.says("/oncall")
    await house.settle()
    return next(text for text in reversed(house.staff_texts) if "on call" in text)


async def confirm(house: House, nurse: Person) -> None:
    nurse.starts()
    await house.settle()
    await asks_for_a_test(house)
    nurse.presses("I get these")
    await house.settle()


def private(house: House) -> list[str]:
    """The alerts that reached the nurse."""
    return [m.text for m in house.world.from_bot(NURSE_ID) if m.text.startswith("Emergency")]


async def test_nobody_is_on_call(house: House) -> None:
    assert (await asks_for_a_test(house)).startswith("Nobody is on call")


async def test_a_test_message_is_confirmed_with_its_button(house: House, nurse: Person) -> None:
    nurse.starts()
    await house.settle()
    assert f"{NURSE_ID}: not confirmed yet" in await asks_for_a_test(house)
    assert nurse.last.text.startswith("A test from Demo Foot Clinic")
    nurse.presses("I get these")
    await house.settle()
    assert nurse.last.text == "Thank you. You get our messages."
    assert f"{NURSE_ID}: has confirmed before" in await asks_for_a_test(house)


async def test_who_never_started_the_bot_is_named(house: House, nurse: Person) -> None:
    await asks_for_a_test(house)
    (text,) = [text for text in house.staff_texts if text.startswith("On call: not reached")]
    assert str(NURSE_ID) in text


async def test_an_emergency_that_nobody_takes_comes_privately_twice(house: House, nurse: Person) -> None:
    await confirm(house, nurse)
    house.patient.says(CHEST)
    await house.settle()
    await house.pass_time(minutes=16)
    assert private(house) == []
    await house.pass_time(minutes=10)
    assert len(private(house)) == 2
    assert CHEST in private(house)[0]
    assert not any(m.text.startswith("Emergency") for m in house.world.from_bot(house.owner.chat_id))
    nurse.presses("I take it")
    await house.settle(20)
    assert all(text.endswith("Taken by Nurse.") for text in private(house))
    assert "The team has seen this." in house.patient.last.text
    nurse.replies(house.world.from_bot(NURSE_ID)[-1], "I am ringing you now.")
    await house.settle(20)
    assert house.patient.last.text.endswith("I am ringing you now.")
    await house.pass_time(hours=2)
    assert len(private(house)) == 2


async def test_who_did_not_confirm_does_not_count(house: House, nurse: Person) -> None:
    nurse.starts()
    await house.settle()
    house.patient.says(CHEST)
    await house.settle()
    await house.pass_time(minutes=26)
    assert private(house) == []
    assert any(m.text.startswith("Emergency") for m in house.world.from_bot(house.owner.chat_id))


async def test_who_blocked_the_bot_since_does_not_count_either(house: House, nurse: Person) -> None:
    await confirm(house, nurse)
    nurse.blocks()
    await house.settle()
    house.patient.says(CHEST)
    await house.settle()
    await house.pass_time(minutes=26)
    assert any(m.text.startswith("Emergency") for m in house.world.from_bot(house.owner.chat_id))


async def test_when_it_turns_out_only_then_the_owners_get_it(house: House, nurse: Person) -> None:
    await confirm(house, nurse)
    nurse.deactivates()
    house.patient.says(CHEST)
    await house.settle()
    await house.pass_time(minutes=26)
    assert any(text.startswith("On call: not reached") for text in house.staff_texts)
    told = [m.text for m in house.world.from_bot(house.owner.chat_id) if m.text.startswith("Emergency")]
    assert len(told) == 1
    assert CHEST in told[0]


async def test_somebody_on_call_can_be_a_patient_too(house: House, nurse: Person) -> None:
    await confirm(house, nurse)
    nurse.says("is it normal that my leg jumped")
    await house.settle()
    assert "reflex" in nurse.last.text
    nurse.says(CHEST)
    await house.settle()
    assert "999" in nurse.last.text
    async with house.app.store.read() as tx:
        assert (await tx.execute(sa.select(alert.c.chat_id))).scalar_one() == NURSE_ID


async def test_nobody_confirms_for_somebody_else(house: House, nurse: Person) -> None:
    nurse.starts()
    await house.settle()
    await asks_for_a_test(house)
    shown = nurse.last
    data = shown.keys[0].data
    assert data is not None
    house.world.forge_press(house.owner, house.owner.chat_id, shown.message_id, data)
    house.world.forge_press(house.member.user, house.staff.chat_id, shown.message_id, data)
    await house.settle()
    assert f"{NURSE_ID}: not confirmed yet" in await asks_for_a_test(house)
