"""What falls into a pause: staff hear what was not asked, danger is not lost, and STOP does not lift it."""

import pytest
import sqlalchemy as sa

from bot.clock import to_us
from bot.services.plan_actions import PlanActions
from bot.simulator.house import House
from bot.store.tables import staff_note
from tests.on_a_plan import on_shipped_plan, says, state_of, taps

PAUSED = ("paused", "staff")


async def pause(house: House, plan_id: int) -> None:
    async with house.app.store.write() as tx:
        await PlanActions(house.app.post).pause(tx, None, plan_id)


async def resume(house: House, plan_id: int) -> None:
    async with house.app.store.write() as tx:
        await PlanActions(house.app.post).resume(tx, None, plan_id)


async def notes(house: House) -> list[tuple[str, str]]:
    """Kind and text."""
    async with house.app.store.read() as tx:
        found = await tx.execute(sa.select(staff_note.c.kind, staff_note.c.text).order_by(staff_note.c.id))
        return [(row.kind, row.text) for row in found]


async def test_staff_see_what_was_not_sent_in_a_pause_and_it_comes_late_while_it_makes_sense(house: House) -> None:
    plan_id = await on_shipped_plan(house)
    await pause(house, plan_id)
    before = len(house.bot_texts)
    await house.pass_time(hours=3, minutes=10)
    assert len(house.bot_texts) == before
    assert await notes(house) == [("late", "C1 was not sent: the plan was paused at its time.")]
    await resume(house, plan_id)
    await house.pass_time(minutes=10)
    assert len(house.bot_texts) == before + 1, "an hour remains of its time"


async def test_a_put_off_question_is_for_staff_while_the_plan_is_paused(house: House) -> None:
    plan_id = await on_shipped_plan(house)
    await house.pass_time(hours=3, minutes=1)
    await taps(house, "Not quite", "A bit sore", "Light-headed", "Done", "3")
    await pause(house, plan_id)
    before = len(house.bot_texts)
    await house.pass_time(hours=1, minutes=5)
    assert len(house.bot_texts) == before
    ((kind, text),) = [note for note in await notes(house) if "asked again" in note[1]]
    assert kind == "call"
    assert text.startswith("C1: a question that was to be asked again later was not sent")


async def test_silence_after_something_serious_alerts_in_a_pause_too(house: House) -> None:
    plan_id = await on_shipped_plan(house)
    await house.pass_time(hours=3, minutes=1)
    await taps(house, "Not quite", "Not great", "None", "9")
    await pause(house, plan_id)
    await house.pass_time(minutes=35)
    assert any(text.startswith("Urgent · P-") for text in house.staff_texts)


@pytest.mark.parametrize("news_only", [True, False])
async def test_stop_does_not_lift_a_pause(house: House, news_only: bool) -> None:
    plan_id = await on_shipped_plan(house, agreed_us=to_us(house.clock.now()))
    await pause(house, plan_id)
    await says(house, "stop")
    assert await state_of(house, plan_id) == ("ended", "stopped while paused")
    if news_only:
        await taps(house, "Only clinic news")
    else:
        await says(house, "/resume")
        await taps(house, "Start check-ins again")
    assert await state_of(house, plan_id) == PAUSED
    assert "the team decides when they go on" in house.patient.last.text
    before = len(house.bot_texts)
    await house.pass_time(days=3)
    assert len(house.bot_texts) == before
