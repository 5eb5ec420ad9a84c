"""A next visit that the clinic moves: the check-in before it goes along, and nobody is left with an old time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.care import PlanState
from bot.clock import ManualClock, to_us
from bot.services.day_digest import DayDigest
from bot.services.enrolment_import import Appointments
from bot.services.enrolment_list import read
from bot.simulator.house import Cast, House, open_house
from bot.store import care
from bot.store.contacts import Contacts
from bot.store.tables import staff_note
from tests.on_a_plan import on_shipped_plan, taps
from tests.shipped import CONTENT

HEAD = "reference,name,phone,area,side,treated,visit,careful\n"
VISIT = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)
ASKS = "It is about your next visit."


async def on_the_list(house: House, visit_at: datetime = VISIT) -> int:
    """Treated on Monday 23 November at noon, known by the reference 4711, with a visit a week later."""
    now_us = to_us(house.clock.now())
    plan_id = await on_shipped_plan(house, area="heel", visit_us=to_us(visit_at), visit_seen_us=now_us)
    async with house.app.store.write() as tx:
        plan = await care.plan(tx, house.app.settings.bot_id, plan_id)
        assert plan is not None
        await Contacts().save(tx, plan.patient_id, now_us, reference="4711")
    return plan_id


async def imports(house: House, visit: str) -> None:
    """The list once more, with this visit."""
    now = house.clock.now()
    text = f"{HEAD}4711,,,heel,L,2026-11-23 12:00,{visit},\n"
    rows, problems = read(text, "list.csv", CONTENT, now)
    assert problems == []
    work = Appointments(house.app.store, house.app.settings.bot_id, Contacts(), CONTENT, now)
    async with house.app.store.write() as tx:
        await work.do(tx, await work.decide(tx, rows), lambda: None)


async def to_ring(house: House) -> list[str]:
    async with house.app.store.read() as tx:
        found = await tx.scalars(sa.select(staff_note.c.text).where(staff_note.c.kind == "call"))
        return [text for text in found if "visit" in text]


def asked(house: House) -> list[str]:
    return [f"{one.date:%a %H:%M}" for one in house.world.from_bot(house.patient.chat_id) if ASKS in one.text]


async def test_moved_while_the_bot_was_off_it_is_asked_about_before_the_new_time(
    cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    async with open_house(cast, database_url, content_dir, clock) as house:
        house.patient.starts()
        await house.settle()
        await on_the_list(house, VISIT + timedelta(days=3))
        await house.pass_time(days=8, hours=1)
        clock.tick(timedelta(hours=2))  # Tuesday at three, with the bot off: the time to ask was two
        await imports(house, "2026-12-10 14:00")
    clock.tick(timedelta(hours=1))
    async with open_house(cast, database_url, content_dir, clock) as house:
        await house.settle()
        assert asked(house) == []
        await house.pass_time(days=7)
        assert asked(house) == ["Tue 14:00"]


@pytest.mark.parametrize("is_answered", [True, False])
@pytest.mark.parametrize(
    ("visit", "note"),
    [
        ("2026-12-01 10:00", "C5 asked about the visit as it was before. It is now"),
        ("", "C5 asked about a visit that is now cancelled"),
        ("2026-11-30 14:00", None),
    ],
)
async def test_staff_ring_whoever_was_asked_about_the_old_time(
    house: House, visit: str, note: str | None, is_answered: bool
) -> None:
    plan_id = await on_the_list(house)
    await house.pass_time(days=3)
    async with house.app.store.write() as tx:
        await care.set_plan(tx, plan_id, silent_us=None, reminded_us=None)
    await house.pass_time(days=3)
    assert asked(house)
    if is_answered:
        await taps(house, "Yes", "None", "No")
    for _ in range(2):  # the same list twice is one note
        await imports(house, visit)
    found = await to_ring(house)
    assert [text.startswith(note or "") for text in found] == [True] * (note is not None)


async def test_a_visit_that_was_confirmed_is_among_todays(house: House) -> None:
    plan_id = await on_the_list(house)
    await house.pass_time(days=6)
    await taps(house, "Yes", "None", "No")
    async with house.app.store.read() as tx:
        row = await care.plan_row(tx, house.app.settings.bot_id, plan_id)
    assert row is not None
    assert row["state"] == PlanState.ENDED
    await house.pass_time(hours=20)
    async with house.app.store.read() as tx:
        text = await DayDigest(house.app.post).text(tx, to_us(house.clock.now() - timedelta(days=1)))
    assert f"Visits today: 1 (14:00 {row['code']})" in text
