"""Days on which the clinic is closed, set in the chat: asked, counted, listed, taken back."""

import pytest
import sqlalchemy as sa

from bot.core.hours import is_open
from bot.core.replies import hours_in_words
from bot.simulator.house import House
from bot.store.tables import audit, closure, due

WEDNESDAY = "Wednesday 25 November 2026"


async def says(house: House, text: str) -> str:
    house.member.says(text)
    await house.settle()
    return house.staff_texts[-1]


async def close(house: House, typed: str) -> None:
    """Set it, with every worker having looked since."""
    await says(house, f"/closed {typed}")
    house.member.presses("Close")
    await house.settle()
    await house.app.look_at_content()


async def values(house: House, column: sa.Column[object]) -> list[object]:
    async with house.app.store.read() as tx:
        return list(await tx.scalars(sa.select(column).order_by(column.table.c.id)))


def hours(house: House) -> str:
    """The clinic's hours as patients read them."""
    return hours_in_words(house.app.library.served.content.clinic)


async def test_nothing_counts_before_it_is_confirmed(house: House) -> None:
    before = hours(house)
    assert WEDNESDAY in await says(house, "/closed Wed Training")
    await house.app.look_at_content()
    assert hours(house) == before
    house.member.presses("No")
    await house.settle()
    assert house.staff_texts[-1] == "Nothing was changed."
    assert await values(house, closure.c.id) == []


async def test_closed_days_count_everywhere_and_are_audited(house: House) -> None:
    await close(house, "Wed - Thu Training")
    assert house.staff_texts[-1].startswith(f"Member closed the clinic: {WEDNESDAY} to Thursday 26 November 2026")
    assert "Closed 25 November to 26 November" in hours(house)
    assert "closure_set" in await values(house, audit.c.action)
    await house.pass_time(days=2)
    assert not is_open(house.app.library.served.content.clinic, house.clock.now())
    assert "check_in_replan" in await values(house, due.c.kind), "check-ins are planned anew"


async def test_a_patient_hears_when_somebody_reads_again(house: House) -> None:
    await close(house, "today - Wed")
    house.patient.starts()
    house.patient.says("do you sell gift vouchers for my aunt")
    await house.settle(30)
    assert "Thursday 09:00" in house.patient.last.text


async def test_they_are_taken_back_once(house: House) -> None:
    before = hours(house)
    await close(house, "Wed Training")
    listed = await says(house, "/closed")
    assert f"{WEDNESDAY} (Training)" in listed
    assert "Thursday 24 December 2026 to Saturday 2 January 2027 (Christmas and New Year), from clinic.yaml" in listed
    house.member.presses(f"Take back: {WEDNESDAY}")
    await house.settle()
    await house.app.look_at_content()
    assert "took this back" in house.staff_texts[-1]
    assert hours(house) == before
    assert "Take back" not in str(house.world.from_bot(house.staff.chat_id)[-1].keys)
    assert (await values(house, audit.c.action))[-1] == "closure_taken_back"


async def test_overlapping_days_are_one_closure_to_patients(house: House) -> None:
    await close(house, "28 Dec - 5 Jan Works")
    assert "Closed 24 December to 5 January" in hours(house)


async def test_days_that_are_over_are_dropped(house: House) -> None:
    await close(house, "Wed")
    await house.pass_time(days=3)
    await house.app.look_at_content()
    assert "Closed 25 November" not in hours(house)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1 Nov 2026", "Not done: those days are over."),
        ("when it snows", "I cannot read those days."),
        ("1 Dec - 15 Mar", "That is 105 days. Is that what you mean?"),
    ],
)
async def test_what_is_asked_or_refused(house: House, typed: str, said: str) -> None:
    assert said in await says(house, f"/closed {typed}")


async def test_the_group_hears_of_what_was_set_in_private(house: House) -> None:
    house.owner.starts()
    house.owner.says("/closed Wed")
    await house.settle()
    house.owner.presses("Close")
    await house.settle()
    assert f"closed the clinic: {WEDNESDAY}" in house.staff_texts[-1]
    assert "closed the clinic" in house.owner.last.text


async def test_new_texts_keep_the_closed_days(house: House) -> None:
    await close(house, "Wed")
    library = house.app.library
    library._looked_at_id = None  # as if another revision were active
    await house.app.look_at_content()
    assert "Closed 25 November" in hours(house)
