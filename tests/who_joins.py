"""A patient who joins a care plan, and staff who set it up, in the words of a story."""

import re
from typing import Any

import sqlalchemy as sa

from bot.simulator.house import House
from bot.simulator.people import Person
from bot.simulator.state import Message
from bot.store.tables import due, enrolment

UNTIL_AGREED = ["Anna", "Yes, that's right", "I agree"]


async def number_of(house: House, who: Person | None = None) -> str:
    """The number on the patient's screen, after the poster's link."""
    who = who or house.patient
    who.starts("join")
    await house.settle()
    found = re.search(r"\b\d{4}\b", who.last.text)
    assert found, who.last.text
    return found[0]


async def staff_type(house: House, text: str) -> Message:
    """What the bot replies to a command in the group."""
    house.member.says(text)
    await house.settle()
    return house.world.from_bot(house.staff.chat_id)[-1]


async def enrolled(house: House, words: str = "heel L", who: Person | None = None) -> Message:
    """A plan that staff have just set up."""
    return await staff_type(house, f"/enrol {await number_of(house, who)} {words}")


async def does(house: House, *what: str, who: Person | None = None) -> None:
    """Press the buttons with these labels in turn; where there is none, type it."""
    who = who or house.patient
    for one in what:
        if any(key.label == one for key in who.last.keys):
            who.presses(one, who.last.message_id)
        else:
            who.says(one)
        await house.settle()


async def plans(house: House) -> list[sa.RowMapping]:
    async with house.app.store.read() as tx:
        return list((await tx.execute(sa.select(enrolment).order_by(enrolment.c.id))).mappings())


async def rows(house: House, table: sa.Table, *where: Any) -> list[sa.RowMapping]:
    async with house.app.store.read() as tx:
        return list((await tx.execute(sa.select(table).where(*where))).mappings())


async def waiting(house: House, enrolment_id: int) -> set[str]:
    """Steps of a plan that are still to come."""
    found = await rows(house, due, due.c.kind == "check_in", due.c.ref == enrolment_id, due.c.state == "waiting")
    return {row["part"] for row in found}
