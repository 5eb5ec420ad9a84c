"""*See them*: the questions of patients that an edit would answer otherwise, for whoever is about to publish it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.simulator.house import House
from bot.simulator.state import Message
from bot.store.tables import audit, question
from tests.at_the_desk import labels, press, types
from tests.few_texts import keep_few

ASKED = "how long will i be sore"


@pytest.fixture(autouse=True)
def few_texts(content_dir: Path) -> None:
    keep_few(content_dir)


async def taken_out(house: House, endings: Sequence[str] = ()) -> Message:
    """A patient has asked what staff now take out: tried out, not published. `endings`: asked with these, too."""
    house.patient.says(ASKED)
    await house.settle()
    async with house.app.store.write() as tx:
        asked = dict((await tx.execute(sa.select(question))).mappings().one())
        for ending in endings:
            await tx.execute(question.insert().values({**asked, "id": None, "text": f"{ASKED}?{ending}"}))
    found = await types(house, f"/faq_edit {ASKED}")
    await press(house, found.keys[0].label)
    return await press(house, "Take out")


async def test_they_are_shown_with_who_asked_and_what_would_become_of_them(house: House) -> None:
    tried = await taken_out(house)
    assert "1 would be answered otherwise" in tried.text
    assert labels(tried)[0] == "See them"
    shown = await press(house, "See them")
    assert shown.text.startswith("These would be answered otherwise:\n\nP-")
    assert f"“{ASKED}”\n" in shown.text
    async with house.app.store.read() as tx:
        assert "faq_see" in list(await tx.scalars(sa.select(audit.c.action)))
    await press(house, "Publish", on=tried)
    now = next(one for one in house.world.from_bot(house.staff.chat_id) if one.message_id == tried.message_id)
    assert "out of use" in now.text


async def test_many_are_shown_one_message_after_the_other(house: House) -> None:
    tried = await taken_out(house, ["!" * number for number in range(11)])
    assert "12 would be answered otherwise" in tried.text
    shown = await press(house, "See them")
    assert shown.text.count("“") == 10
    assert shown.text.endswith("… and 2 more.")
    colleague = house.staff.add(house.owner)
    assert (await press(house, "Further ones", who=colleague)).text.startswith("These are not at hand any more.")
    last = await press(house, "Further ones", on=shown)
    assert last.text.count("“") == 2
    assert labels(last) == []
    await press(house, "Publish", on=tried)
    now = next(one for one in house.world.from_bot(house.staff.chat_id) if one.message_id == tried.message_id)
    assert "out of use" in now.text


async def test_only_whoever_tries_it_out_sees_them(house: House) -> None:
    tried = await taken_out(house)
    colleague = house.staff.add(house.owner)
    shown = await press(house, "See them", who=colleague, on=tried)
    assert shown.text == "These are not at hand any more. Please try it out again."


async def test_what_a_patient_had_forgotten_is_not_left_standing(house: House) -> None:
    await taken_out(house)
    assert "P-" in (await press(house, "See them")).text
    house.patient.says("/forget")
    await house.settle(seconds=20)
    for button in ("Yes, delete my data", "Yes, delete it"):
        house.patient.presses(button)
        await house.settle(seconds=20)
        await house.pass_time(minutes=10)
    left = [message.text for message in house.world.from_bot(house.staff.chat_id)]
    assert not [text for text in left if text.startswith("These would be answered otherwise")]
