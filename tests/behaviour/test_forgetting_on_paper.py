"""A patient without Telegram asks the clinic to be forgotten; an owner does it from /patients."""

import re

from bot.care import PlanState
from bot.simulator.house import House
from bot.store.tables import contact, erasure, mention, message, staff_note
from tests.who_joins import plans, rows, staff_type


async def shown(house: House) -> None:
    """The patient's plan is open in the group."""
    await staff_type(house, "/enrol none heel L for Anna @ref 4711")
    await staff_type(house, "/patients")
    house.member.presses(re.findall(r"P-\w{4}", "\n".join(house.staff_texts))[-1])
    await house.settle()


async def press(house: House, label: str, *, as_owner: bool = True) -> None:
    who = house.staff.add(house.owner) if as_owner else house.member
    who.presses(label)
    await house.settle(60)


async def test_an_owner_has_somebody_forgotten_who_has_no_telegram(house: House) -> None:
    await shown(house)
    code = re.findall(r"P-\w{4}", "\n".join(house.staff_texts))[-1]
    await press(house, "Delete data")
    assert f"Delete the data of {code}?" in "\n".join(house.staff_texts)
    await press(house, "Yes, delete it")
    assert "locked, for 8 years" in house.staff_texts[-1]
    assert await rows(house, contact) == []
    (plan,) = await plans(house)
    assert (plan["state"], plan["reason"], plan["area"]) == (PlanState.ENDED, "forget", "heel"), "the record stays"
    assert all(note["done_us"] for note in await rows(house, staff_note)), "nobody is to ring any more"
    (done,) = await rows(house, erasure)
    assert (done["state"], done["counts"]["record"], done["counts"]["contacts"]) == ("done", 1, 1)
    left = [text for text in house.staff_texts if code in text]
    assert len(left) == 1, "only the word that it was done names them"
    assert not any("Anna" in str(row["payload"]) for row in await rows(house, message))
    assert (await staff_type(house, f"/enrol link {code}")).text.startswith(f"{code} asked us to delete")


async def test_nobody_else_may_and_nothing_happens_without_the_second_press(house: House) -> None:
    await shown(house)
    await press(house, "Delete data", as_owner=False)
    answers = [query.answer for query in house.world.queries.values() if query.answer is not None]
    assert answers[-1].text == "Not done: only an owner can do that."
    await press(house, "Delete data")
    await press(house, "Keep my data")
    assert [row["reference"] for row in await rows(house, contact)] == ["4711"]
    assert await rows(house, erasure) == []


async def test_a_locked_record_of_such_a_patient_can_be_released(house: House) -> None:
    await shown(house)
    code = re.findall(r"P-\w{4}", "\n".join(house.staff_texts))[-1]
    await press(house, "Delete data")
    await press(house, "Yes, delete it")
    house.owner.says(f"/release {code} asked for in writing")
    await house.settle(20)
    assert "was deleted" in house.owner.last.text
    assert [plan["side"] for plan in await plans(house)] == [""]


async def test_lists_that_name_a_patient_are_known_by_who_is_named(house: House) -> None:
    await shown(house)
    await staff_type(house, "/patients")
    (code,) = {row["code"] for row in await rows(house, mention)}
    named = {row["message_id"] for row in await rows(house, mention)}
    listed = {row["id"] for row in await rows(house, message) if code in row["payload"]["text"]}
    assert listed <= named
