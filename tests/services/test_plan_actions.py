"""What staff do to care plans: once, under the chat's lock, and noted with who did it."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.care import Note, NoteKind, PlanState
from bot.clock import to_us
from bot.core.care.moving import WhyNot
from bot.model import ChatId, Kind, Level, Outgoing, PatientId, Payload, UserId
from bot.services.alerts import Alerts, Raised
from bot.services.plan_actions import STAFF, Happened, Moved, PlanActions
from bot.simulator.house import House
from bot.store import care, patient_list
from bot.store.engine import Tx
from bot.store.tables import alert, audit, check_in, due, enrolment, message, patient_chat
from tests.on_a_plan import answer, enrol, plan_step, state_of, write_plan

WHO = UserId(12)


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


@pytest.fixture
def actions(house: House) -> PlanActions:
    return PlanActions(house.app.post)


async def audited(house: House) -> list[tuple[str, int | None]]:
    """Actions on plans and notes, with who did them."""
    async with house.app.store.read() as tx:
        rows = await tx.execute(sa.select(audit.c.action, audit.c.actor_id).order_by(audit.c.id))
        return [(action, actor) for action, actor in rows if action.startswith(("plan_", "note_"))]


async def raise_alert(house: House, tx: Tx) -> None:
    of_chat = sa.select(patient_chat.c.patient_id).where(patient_chat.c.chat_id == house.patient.chat_id)
    chat_id, patient_id = ChatId(house.patient.chat_id), PatientId((await tx.scalars(of_chat)).one())
    raised = Raised(patient_id, chat_id, None, Level.URGENT, ("nerve_injury",), house.clock.now())
    await Alerts(house.app.post).raise_(tx, raised)


async def test_pausing_takes_back_what_waits_and_is_done_once(house: House, actions: PlanActions) -> None:
    plan_id = await enrol(house)
    chat_id, later = ChatId(house.patient.chat_id), house.clock.now() + timedelta(hours=1)
    out = Outgoing(chat_id, Kind.CHECK_IN, Payload("Hello"), "x", due_at=later, enrolment_id=plan_id)
    async with house.app.store.write() as tx:
        row_id = await house.app.post.enqueue(tx, out)
        assert await actions.pause(tx, WHO, plan_id) is Happened.DONE
        assert await actions.pause(tx, WHO, plan_id) is Happened.ALREADY
        assert await tx.scalar(sa.select(message.c.reason).where(message.c.id == row_id)) == "plan_paused"
    assert await state_of(house, plan_id) == ("paused", STAFF)
    assert await audited(house) == [("plan_pause", WHO)]


@pytest.mark.parametrize(
    ("state", "paused", "resumed", "ended"),
    [
        pytest.param(PlanState.JOINING, Happened.NOT_YET, Happened.NOT_YET, Happened.DONE, id="joining"),
        pytest.param(PlanState.OPEN, Happened.DONE, Happened.DONE, Happened.DONE, id="open"),
        pytest.param(PlanState.PAUSED, Happened.ALREADY, Happened.DONE, Happened.DONE, id="paused"),
        pytest.param(PlanState.ENDED, Happened.GONE, Happened.GONE, Happened.ALREADY, id="ended"),
    ],
)
async def test_what_can_be_done_in_each_state(
    house: House, actions: PlanActions, state: PlanState, paused: Happened, resumed: Happened, ended: Happened
) -> None:
    plan_id = await enrol(house, state=state)
    async with house.app.store.write() as tx:
        assert await actions.pause(tx, WHO, plan_id) is paused
        assert await actions.resume(tx, WHO, plan_id) is resumed
        assert await actions.end(tx, WHO, plan_id) is ended
        assert await actions.pause(tx, WHO, plan_id) is Happened.GONE
        assert await actions.end(tx, WHO, plan_id + 99) is Happened.GONE
    done = {"pause": paused, "resume": resumed, "end": ended}
    assert await audited(house) == [(f"plan_{name}", WHO) for name, what in done.items() if what is Happened.DONE]


async def test_resuming_plans_what_is_to_come_and_wakes_who_fell_silent(house: House, actions: PlanActions) -> None:
    plan_id = await enrol(house, silent_us=1)
    async with house.app.store.write() as tx:
        assert await actions.resume(tx, WHO, plan_id) is Happened.DONE
        assert await actions.resume(tx, WHO, plan_id) is Happened.ALREADY
        steps = await patient_list.steps_of(tx, house.app.settings.bot_id, plan_id)
        assert await tx.scalar(sa.select(enrolment.c.silent_us).where(enrolment.c.id == plan_id)) is None
    assert [step["part"] for step in steps] == ["first", "second", "third"]


async def test_ending_closes_what_is_open_and_plans_nothing_more(house: House, actions: PlanActions) -> None:
    plan_id = await enrol(house)
    await plan_step(house, plan_id, "third", days=2)
    async with house.app.store.write() as tx:
        await care.begin_check_in(
            house.app.store, tx, house.app.settings.bot_id, plan_id, "second", to_us(house.clock.now())
        )
        assert await actions.end(tx, WHO, plan_id, "other_clinic") is Happened.DONE
        assert await patient_list.steps_of(tx, house.app.settings.bot_id, plan_id) == []
        assert await tx.scalar(sa.select(check_in.c.state)) == "closed"
    assert await state_of(house, plan_id) == ("ended", "other_clinic")


async def test_nothing_goes_on_while_an_alert_is_open(house: House, actions: PlanActions) -> None:
    plan_id = await enrol(house)
    async with house.app.store.write() as tx:
        await raise_alert(house, tx)
        assert await actions.resume(tx, WHO, plan_id) is Happened.DANGER
        (one,) = (await tx.execute(sa.select(alert))).mappings()
        await actions.resume_after_alert(tx, one)
    assert await state_of(house, plan_id) == ("paused", care.ALERT)


async def test_a_patient_without_telegram_has_no_chat_to_lock(house: House, actions: PlanActions) -> None:
    plan_id = await enrol(house, "P-77", chat_id=care.NO_CHAT)
    async with house.app.store.write() as tx:
        assert await actions.pause(tx, WHO, plan_id) is Happened.DONE
        assert await actions.end(tx, WHO, plan_id) is Happened.DONE
    assert await state_of(house, plan_id) == ("ended", STAFF)


# --- putting a check-in off -----------------------------------------------------------------------------------------


async def test_a_check_in_moves_once_and_only_while_it_is_the_next(house: House, actions: PlanActions) -> None:
    plan_id = await enrol(house)
    due_id = await plan_step(house, plan_id, "second", hours=21.5)
    last_id = await plan_step(house, plan_id, "third", days=6)
    at = house.clock.now() + timedelta(hours=22)
    async with house.app.store.write() as tx:
        assert await actions.move(tx, WHO, due_id, at) == Moved(Happened.DONE)
        assert await actions.move(tx, WHO, due_id, at) == Moved(Happened.ALREADY)
        assert await actions.move(tx, WHO, last_id, at + timedelta(days=7)) == Moved(Happened.GONE)
        assert await tx.scalar(sa.select(due.c.due_us).where(due.c.id == due_id)) == to_us(at)
    await answer(house, plan_id, "second", pain=3)
    async with house.app.store.write() as tx:
        assert await actions.move(tx, WHO, due_id, at + timedelta(days=1)) == Moved(Happened.GONE)
    assert await audited(house) == [("plan_move", WHO)]


@pytest.mark.parametrize(
    ("hours", "why"),
    [
        pytest.param(20.5, WhyNot.WINDOW, id="sooner than planned"),
        pytest.param(-1, WhyNot.WINDOW, id="gone by"),
        pytest.param(25, WhyNot.WINDOW, id="outside its hours"),
        pytest.param(45.5 + 72, WhyNot.TOO_LATE, id="too late"),
        pytest.param(45.5 + 24, WhyNot.NEXT, id="after the next one"),
    ],
)
async def test_a_time_that_is_not_possible_says_why(
    house: House, actions: PlanActions, hours: float, why: WhyNot
) -> None:
    plan_id = await enrol(house)
    due_id = await plan_step(house, plan_id, "second", hours=21.5)
    await plan_step(house, plan_id, "third", hours=50)
    async with house.app.store.write() as tx:
        moved = await actions.move(tx, WHO, due_id, house.clock.now() + timedelta(hours=hours))
    assert moved == Moved(Happened.GONE, why)
    assert await audited(house) == []


async def test_the_choices_are_those_of_the_next_check_in(house: House, actions: PlanActions) -> None:
    plan_id = await enrol(house)
    async with house.app.store.write() as tx:
        assert await actions.choices(tx, plan_id) is None
    due_id = await plan_step(house, plan_id, "second", hours=21.5)
    async with house.app.store.write() as tx:
        found = await actions.choices(tx, plan_id)
    assert found is not None
    assert (found[0], found[1].step.id) == (due_id, "second")
    assert [one.why_not for one in found[2]] == [WhyNot.NOT_TODAY, WhyNot.NOT_LATER, None]


# --- notes ----------------------------------------------------------------------------------------------------------


async def test_a_note_is_done_once(house: House, actions: PlanActions) -> None:
    plan_id, now_us = await enrol(house), to_us(house.clock.now())
    bot_id = house.app.settings.bot_id
    async with house.app.store.write() as tx:
        await care.add_notes(house.app.store, tx, bot_id, plan_id, None, [Note(NoteKind.CALL, "Ring")], now_us)
        (note,) = await care.open_notes(tx, bot_id, now_us)
        assert await actions.finish_note(tx, WHO, note["id"]) is Happened.DONE
        assert await actions.finish_note(tx, WHO, note["id"]) is Happened.ALREADY
    assert await audited(house) == [("note_done", WHO)]
