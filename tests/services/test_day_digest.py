"""The day in one message: each line only where there is something, long lists cut, nothing told twice or left out."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.care import Note, NoteKind, PlanState
from bot.clock import DAY_US, HOUR_US, to_us
from bot.services.day_digest import DAY_DIGEST, DayDigest
from bot.simulator.house import House
from bot.store import care
from bot.store.tables import contact, due, enrolment
from tests.on_a_plan import answer, code_of, enrol, plan_step, write_plan

FOOT, ITCH = "my foot won't lift since yesterday", "itchy bumps around the needle marks"


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


async def text(house: House, hours: float = 24) -> str:
    """The message as it would be now, about the last hours."""
    async with house.app.store.write() as tx:
        return await DayDigest(house.app.post).text(tx, to_us(house.clock.now() - timedelta(hours=hours)))


async def lines(house: House, **hours: float) -> list[str]:
    """Its lines, without the one that everybody without a number stands in."""
    return [line for line in (await text(house, **hours)).splitlines()[1:] if not line.startswith("No phone number")]


def digests(house: House) -> list[str]:
    return [text for text in house.staff_texts if text.startswith("Care plans, ")]


async def note(house: House, plan_id: int, kind: NoteKind, *texts: str) -> None:
    notes = [Note(kind, text) for text in texts]
    async with house.app.store.write() as tx:
        bot_id, now_us = house.app.settings.bot_id, to_us(house.clock.now())
        await care.add_notes(house.app.store, tx, bot_id, plan_id, None, notes, now_us)


async def says(house: House, words: str) -> None:
    house.patient.says(words)
    await house.settle()


# --- when it comes --------------------------------------------------------------------------------------------------


async def test_nobody_on_a_plan_no_message(house: House) -> None:
    await house.pass_time(days=7)
    assert digests(house) == []


async def test_before_the_weekend_it_tells_of_the_check_ins_until_the_clinic_opens_again(house: House) -> None:
    one, two = await enrol(house, "P-1"), await enrol(house, "P-2")
    await house.pass_time(days=3, hours=20)  # to Friday morning, before it opens
    await plan_step(house, one, "second", hours=4)
    await plan_step(house, one, "third", days=1, hours=2)
    await plan_step(house, two, "second", days=3, hours=2, minutes=30)
    await plan_step(house, two, "third", days=4, hours=2)
    await house.pass_time(hours=2)
    (line,) = [line for line in digests(house)[-1].splitlines() if line.startswith("Check-ins")]
    assert line == "Check-ins until and on Monday: 2 (Saturday 10:00 P-1 C3, Monday 10:30 P-2 C2)"


async def test_it_comes_as_the_clinic_opens_and_tells_of_the_weekend_on_monday(house: House) -> None:
    plan_id = await enrol(house)
    await house.pass_time(days=4)  # to Friday noon
    assert len(digests(house)) == 4
    assert [found.splitlines()[0] for found in digests(house)[:2]] == [
        "Care plans, Tuesday 24 November",
        "Care plans, Wednesday 25 November",
    ]
    await house.pass_time(days=1)
    await answer(house, plan_id, "first", pain=3)
    await house.pass_time(days=2)
    assert len(digests(house)) == 5
    assert f"Answered since Friday 27 November 09:00: 1 ({await code_of(house, plan_id)})" in digests(house)[-1]
    await house.pass_time(days=1)
    assert "Answered" not in digests(house)[-1], "that was told"


async def test_what_was_not_sent_in_time_is_told_with_the_next_one(house: House) -> None:
    plan_id = await enrol(house)
    await house.pass_time(days=1)
    await answer(house, plan_id, "first", pain=3)
    house.clock.tick(timedelta(hours=30))  # off over the next opening hours
    await house.settle()
    assert len(digests(house)) == 1
    await house.pass_time(days=1)
    assert len(digests(house)) == 2
    assert "Answered since Tuesday 24 November 09:00: 1" in digests(house)[-1]


async def test_one_timer_a_day(house: House) -> None:
    async with house.app.store.write() as tx:
        for _ in range(3):
            await DayDigest(house.app.post).plan(tx)
        assert len((await tx.scalars(sa.select(due.c.id).where(due.c.kind == DAY_DIGEST))).all()) == 1


async def test_its_buttons_bring_the_lists(house: House) -> None:
    await enrol(house)
    await house.pass_time(days=1)
    house.member.presses("Notes")
    await house.settle(20)
    assert house.staff_texts[-1] == "No note is open."
    house.member.presses("Patients")
    await house.settle(20)
    assert house.staff_texts[-1].startswith("Care plans: 1")


# --- what it says ---------------------------------------------------------------------------------------------------


async def test_a_quiet_day_with_every_number_known_is_no_message(house: House) -> None:
    await enrol(house, "P-1")
    async with house.app.store.write() as tx:
        patient_id = await tx.scalar(sa.select(enrolment.c.patient_id))
        await tx.execute(contact.insert().values(patient_id=patient_id, phone="01632 960001", updated_us=0))
    assert await text(house) == ""


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({}, [], id="open"),
        pytest.param({"silent_us": 1}, ["No reply: 1 (P-1)"], id="silent"),
        pytest.param(
            {"silent_us": 1, "careful": True},
            ["No reply: 1 (P-1)", "Please ring: 1", "· P-1: careful, and no reply"],
            id="silent and careful",
        ),
        pytest.param({"state": PlanState.PAUSED, "reason": "staff"}, ["Paused: 1 (P-1 by the team)"], id="paused"),
        pytest.param({"state": PlanState.ENDED}, [], id="ended"),
    ],
)
async def test_how_plans_stand(house: House, values: dict[str, Any], said: list[str]) -> None:
    await enrol(house, "P-1", **values)
    assert await lines(house) == said


async def test_warnings_that_are_open_and_plans_they_paused(house: House) -> None:
    plan_id = await enrol(house)
    code = await code_of(house, plan_id)
    await says(house, ITCH)
    assert await lines(house) == [f"Advice, to look at today: 1 ({code} mild_skin_reaction)"]
    await says(house, FOOT)
    said = await lines(house)
    assert any(line.startswith(f"Open warnings: 1 ({code} nerve_injury") for line in said)
    assert f"Paused: 1 ({code} after a warning)" in said
    assert not any(FOOT in line or ITCH in line for line in said), "codes and facts only"


async def test_notes_by_what_they_ask_for(house: House) -> None:
    plan_id = await enrol(house, "P-1")
    for kind in NoteKind:
        await note(house, plan_id, kind, f"A <{kind}>")
    assert await lines(house) == [
        "Please ring: 1",
        "· P-1: A &lt;call&gt;",
        "Visits to arrange: 1",
        "· P-1: A &lt;booking&gt;",
        "Before a visit: 1",
        "· P-1: A &lt;visit&gt;",
        "Notes: 1",
        "· P-1: A &lt;note&gt;",
        "Not sent, or late: 1",
        "· P-1: A &lt;late&gt;",
    ]
    house.clock.tick(timedelta(hours=2))
    assert not any(line.startswith("Not sent") for line in await lines(house, hours=1)), "what was late is told once"


async def test_long_lists_are_counted_and_cut(house: House) -> None:
    for number in range(10, 22):
        plan_id = await enrol(house, f"P-{number}", silent_us=1)
    await note(house, plan_id, NoteKind.CALL, *(f"Number {number}" for number in range(1, 13)))
    said = await lines(house)
    assert said[0] == f"No reply: 12 ({', '.join(f'P-{number}' for number in range(10, 20))}, …)"
    assert said[1] == "Please ring: 12"
    assert said[-2:] == ["· P-21: Number 10", "… more in /notes"]


async def test_todays_visits_and_tomorrows_check_ins_by_time(house: House) -> None:
    now_us = to_us(house.clock.now())
    one = await enrol(house, "P-1", visit_us=now_us + 3 * HOUR_US)
    two = await enrol(house, "P-2", visit_us=now_us + DAY_US)
    await enrol(house, "P-3", visit_us=now_us - HOUR_US)
    silent = await enrol(house, "P-4", silent_us=1)
    await plan_step(house, two, "third", hours=26)
    await plan_step(house, one, "second", hours=21.5)
    await plan_step(house, one, "third", hours=50)
    await plan_step(house, silent, "second", hours=22)
    assert [line for line in await lines(house) if not line.startswith("No reply")] == [
        "Visits today: 2 (11:00 P-3, 15:00 P-1)",
        "Check-ins tomorrow: 2 (09:30 P-1 C2, 14:00 P-2 C3)",
    ]
    assert "No phone number: 4 (P-1, P-2, P-3, P-4)" in await text(house)
