"""Numbers on screens, personal links, and a patient who moves to another chat."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.care import PlanState
from bot.clock import ManualClock
from bot.model import BotId, ChatId, ChatKind, Kind, MessageState, Outgoing, PatientId, Payload, Scope, UserId
from bot.store import chats, enrolling, messages, new_phone
from bot.store.engine import Store
from bot.store.tables import enrolment, message

BOT, OLD, NEW = BotId(1), ChatId(11), ChatId(12)


@pytest.fixture
async def patient_id(store: Store, clock: ManualClock) -> PatientId:
    async with store.write() as tx:
        for chat_id in (OLD, NEW):
            await chats.touch_chat(store, tx, BOT, chat_id, ChatKind.PRIVATE, clock.now_us())
        return (await chats.welcome_patient(store, tx, BOT, OLD, clock.now_us())).patient_id


async def test_a_number_is_shown_by_one_chat_until_it_is_over(
    store: Store, clock: ManualClock, patient_id: PatientId
) -> None:
    async with store.write() as tx:
        number = await enrolling.new_number(store, tx, BOT, OLD, clock.now_us())
        other = await enrolling.new_number(store, tx, BOT, NEW, clock.now_us())
        assert number != other
        assert await enrolling.chat_showing(tx, BOT, number, clock.now_us()) == OLD
        clock.tick(timedelta(minutes=10))
        assert await enrolling.chat_showing(tx, BOT, number, clock.now_us()) is None
        assert await enrolling.number_of(tx, BOT, OLD, clock.now_us()) is None
        assert await enrolling.new_numbers_since(tx, BOT, OLD, clock.now_us() - 3_600_000_000) == 1


async def test_a_link_works_once_and_for_its_time(store: Store, clock: ManualClock, patient_id: PatientId) -> None:
    async with store.write() as tx:
        token = await enrolling.new_link(tx, BOT, patient_id, None, UserId(5), clock.now_us())
        assert await enrolling.use_link(tx, BOT, "A" * 22, NEW, clock.now_us()) is None
        used = await enrolling.use_link(tx, BOT, token, NEW, clock.now_us())
        assert used is not None
        assert used["patient_id"] == patient_id
        assert await enrolling.use_link(tx, BOT, token, NEW, clock.now_us()) is None
        late = await enrolling.new_link(tx, BOT, patient_id, None, None, clock.now_us())
        clock.tick(timedelta(days=7))
        assert await enrolling.use_link(tx, BOT, late, NEW, clock.now_us()) is None


async def test_a_newer_link_makes_the_older_one_worthless(
    store: Store, clock: ManualClock, patient_id: PatientId
) -> None:
    async with store.write() as tx:
        old = await enrolling.new_link(tx, BOT, patient_id, None, None, clock.now_us())
        await enrolling.new_link(tx, BOT, patient_id, None, None, clock.now_us())
        assert await enrolling.use_link(tx, BOT, old, NEW, clock.now_us()) is None


async def test_what_is_pending_and_stop_move_along(store: Store, clock: ManualClock, patient_id: PatientId) -> None:
    now_us = clock.now_us()
    values = {"bot_id": BOT, "patient_id": patient_id, "chat_id": OLD, "plan_id": "a_plan", "treated_us": now_us}
    values |= {"zone": "Europe/London", "area": "heel", "side": "left", "careful": False, "facts": {}}
    async with store.write() as tx:
        plan_id = await enrolling.add_plan(tx, {**values, "state": PlanState.OPEN, "created_us": now_us})
        ended_id = await enrolling.add_plan(tx, {**values, "state": PlanState.ENDED, "created_us": now_us})
        for key, of_plan in (("a", plan_id), ("b", None)):
            out = Outgoing(OLD, Kind.CHECK_IN, Payload("Hello"), key, enrolment_id=of_plan)
            await messages.enqueue(store, tx, BOT, out, now_us, 0)
        await chats.stop(tx, BOT, OLD, Scope.BROADCASTS, now_us)
        await new_phone.move_chat(tx, BOT, patient_id, OLD, NEW, now_us)
        where = dict(list(await tx.execute(sa.select(message.c.dedupe_key, message.c.chat_id))))
        plans = dict(list(await tx.execute(sa.select(enrolment.c.id, enrolment.c.chat_id))))
        states = set((await tx.scalars(sa.select(message.c.state))).all())
        assert await chats.opted_out(tx, BOT, NEW) == {Scope.BROADCASTS}
    assert where == {"a": NEW, "b": OLD}
    assert plans == {plan_id: NEW, ended_id: OLD}
    assert states == {MessageState.PENDING}


async def test_a_patient_may_come_back_to_a_chat(store: Store, clock: ManualClock, patient_id: PatientId) -> None:
    async with store.write() as tx:
        await enrolling.leave_chat(tx, BOT, OLD, patient_id, clock.now_us())
        assert await enrolling.patients_in(tx, BOT, OLD) == []
        await enrolling.join_chat(store, tx, BOT, OLD, patient_id, clock.now_us(), "Anna")
        (known,) = await enrolling.patients_in(tx, BOT, OLD)
        assert (known.patient_id, known.label, known.has_plans) == (patient_id, "Anna", False)
        assert await enrolling.chats_of(tx, BOT, patient_id) == [OLD]
