"""Care plans as staff list them: what stands where, and what is counted."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.care import NoteKind, PlanState
from bot.clock import DAY_US, HOUR_US, ManualClock
from bot.model import (
    BotId,
    ChatId,
    ChatKind,
    DueState,
    Kind,
    MessageState,
    Method,
    Outgoing,
    PatientId,
    Payload,
    UserId,
)
from bot.store import alerts, care, chats, dues, messages, patient_list
from bot.store.attachments import keep_file
from bot.store.engine import Store, Tx
from bot.store.patient_list import CHART, MOVED, Listed
from bot.store.tables import alert, attachment, check_in, contact, enrolment, patient, staff_note

BOT = BotId(1)
FOOT = UserId(501)
Enrol = Callable[..., Coroutine[Any, Any, int]]


@pytest.fixture
def enrol(store: Store, clock: ManualClock) -> Enrol:
    """Make a plan of a patient of its own; the chat has the number of the code."""

    async def make(code: str, **values: Any) -> int:
        now_us = clock.now_us()
        row: dict[str, Any] = {
            "bot_id": BOT,
            "chat_id": int(code[2:]),
            "plan_id": "main",
            "treated_us": now_us,
            "zone": "Europe/London",
            "area": "heel",
            "side": "left",
            "careful": False,
            "facts": {},
            "state": PlanState.OPEN,
            "created_us": now_us,
        }
        async with store.write() as tx:
            person = {"bot_id": BOT, "code": code, "created_us": now_us}
            made = (await tx.execute(patient.insert().values(person).returning(patient.c.id))).scalar_one()
            row["patient_id"] = made
            added = await tx.execute(enrolment.insert().values(row | values).returning(enrolment.c.id))
            return int(added.scalar_one())

    return make


def codes(found: Listed) -> list[str]:
    return [row["code"] for row in found.rows]


async def send(store: Store, plan_id: int, step_id: str, **values: Any) -> None:
    row = {"bot_id": BOT, "enrolment_id": plan_id, "step_id": step_id, "state": "closed", "sent_us": 0}
    async with store.write() as tx:
        await tx.execute(check_in.insert().values({**row, "ticked": [], "answers": {}, "doubted": []} | values))


async def note(store: Store, plan_id: int, kind: NoteKind, at_us: int, **values: Any) -> None:
    async with store.write() as tx:
        patient_id = await tx.scalar(sa.select(enrolment.c.patient_id).where(enrolment.c.id == plan_id))
        row = {"bot_id": BOT, "patient_id": patient_id, "enrolment_id": plan_id, "kind": kind, "text": "Ring"}
        key = f"{plan_id}{kind}{at_us}"
        await tx.execute(staff_note.insert().values({**row, "at_us": at_us, "dedupe_key": key} | values))


async def raise_alert(tx: Tx, plan_id: int, level: str | None, at_us: int, **values: Any) -> int:
    row = (await tx.execute(sa.select(enrolment).where(enrolment.c.id == plan_id))).mappings().one()
    given = {"bot_id": BOT, "patient_id": row["patient_id"], "chat_id": row["chat_id"], "level": level, "state": "open"}
    made = await tx.execute(
        alert.insert()
        .values({**given, "flags": ["nerve_injury"] if level else None, "at_us": at_us} | values)
        .returning(alert.c.id)
    )
    return int(made.scalar_one())


async def plan_step(store: Store, clock: ManualClock, plan_id: int, step_id: str, **after: float) -> None:
    at = clock.now() + timedelta(**after)
    async with store.write() as tx:
        key = f"{plan_id}{step_id}{after}"
        await dues.plan(store, tx, BOT, dues.Due(care.CHECK_IN, at, key, at + timedelta(days=1), plan_id, step_id))


# --- lists ----------------------------------------------------------------------------------------------------------


async def test_who_waits_for_staff_stands_first_and_ended_plans_nowhere(
    store: Store, clock: ManualClock, enrol: Enrol
) -> None:
    now_us = clock.now_us()
    await enrol("P-1", treated_us=now_us - DAY_US)
    await enrol("P-2", treated_us=now_us)
    await enrol("P-3", state=PlanState.JOINING)
    await enrol("P-4", silent_us=now_us)
    await enrol("P-5", state=PlanState.PAUSED, podiatrist_id=FOOT)
    await enrol("P-6", state=PlanState.ENDED)
    await enrol("P-7", bot_id=BotId(2))
    async with store.read() as tx:
        everybody = await patient_list.page(tx, BOT, None, 0, 10)
        second = await patient_list.page(tx, BOT, None, 2, 2)
        own = await patient_list.page(tx, BOT, FOOT, 0, 10)
        nobody = await patient_list.page(tx, BOT, UserId(502), 0, 10)
    assert codes(everybody) == ["P-5", "P-4", "P-3", "P-2", "P-1"]
    assert (codes(second), second.count) == (["P-3", "P-2"], 5)
    assert codes(own) == ["P-5"]
    assert nobody == Listed()


async def test_paused_plans_are_left_to_staff_once_no_alert_is_open(
    store: Store, clock: ManualClock, enrol: Enrol
) -> None:
    first = await enrol("P-1", state=PlanState.PAUSED, reason=care.ALERT)
    await enrol("P-2", state=PlanState.PAUSED, reason="staff")
    await enrol("P-3")
    async with store.write() as tx:
        alert_id = await raise_alert(tx, first, "urgent", clock.now_us())
        assert codes(await patient_list.paused(tx, BOT, 10)) == ["P-1", "P-2"]
        found = await patient_list.paused_with(tx, BOT, ChatId(2), PatientId(0))
        assert [row["code"] for row in found] == ["P-2"]
        assert codes(await patient_list.left_paused(tx, BOT, 10)) == ["P-2"]
        await alerts.close(tx, alert_id, "done", clock.now_us())
        assert codes(await patient_list.left_paused(tx, BOT, 10)) == ["P-1", "P-2"]
        assert await patient_list.last_closed(tx, BOT, ChatId(1)) == alert_id
        assert await patient_list.last_closed(tx, BOT, ChatId(2)) is None


async def test_whom_nobody_asked_to_ring_though_they_need_care(store: Store, clock: ManualClock, enrol: Enrol) -> None:
    now_us = clock.now_us()
    await enrol("P-1", silent_us=now_us, careful=True)
    noted = await enrol("P-2", silent_us=now_us, careful=True)
    await enrol("P-3", silent_us=now_us)
    await enrol("P-4", careful=True)
    await note(store, noted, NoteKind.CALL, now_us)
    async with store.read() as tx:
        assert codes(await patient_list.silent(tx, BOT, 2)) == ["P-1", "P-2"]
        assert (await patient_list.silent(tx, BOT, 2)).count == 3
        assert codes(await patient_list.silent_to_ring(tx, BOT, 10)) == ["P-1"]


async def test_plans_without_a_number_to_ring(store: Store, clock: ManualClock, enrol: Enrol) -> None:
    ids = {code: await enrol(code) for code in ("P-1", "P-2", "P-3")}
    await enrol("P-4", state=PlanState.JOINING)
    async with store.write() as tx:
        for code, phone in (("P-1", "01632 960001"), ("P-2", None)):
            patient_id = await tx.scalar(sa.select(enrolment.c.patient_id).where(enrolment.c.id == ids[code]))
            await tx.execute(contact.insert().values(patient_id=patient_id, phone=phone, updated_us=0))
        assert codes(await patient_list.without_phone(tx, BOT, 10)) == ["P-2", "P-3"]


async def test_visits_and_answers_of_a_stretch_of_time(store: Store, clock: ManualClock, enrol: Enrol) -> None:
    now_us = clock.now_us()
    one = await enrol("P-1", visit_us=now_us + HOUR_US)
    two = await enrol("P-2", visit_us=now_us + DAY_US)
    ended = await enrol("P-3", state=PlanState.ENDED, ended_us=now_us)
    await send(store, one, "first", answered_us=now_us - HOUR_US)
    await send(store, one, "second", answered_us=now_us - 2 * HOUR_US)
    await send(store, two, "joining", answered_us=now_us - HOUR_US)
    await send(store, ended, "first", answered_us=now_us - HOUR_US)
    steps = ["first", "second"]
    async with store.read() as tx:
        assert codes(await patient_list.visits(tx, BOT, now_us, now_us + DAY_US, 10)) == ["P-1"]
        found = await patient_list.answered(tx, BOT, now_us - DAY_US, now_us, steps, 10)
        assert (codes(found), found.count) == (["P-1", "P-3"], 2), "each patient once"
        assert (await patient_list.answered(tx, BOT, now_us, now_us + DAY_US, steps, 10)).count == 0


# --- what is to come ------------------------------------------------------------------------------------------------


async def test_a_step_that_was_sent_is_not_to_come(store: Store, clock: ManualClock, enrol: Enrol) -> None:
    plan_id, paused_id = await enrol("P-1"), await enrol("P-2", state=PlanState.PAUSED)
    for step_id, hours in (("third", 30), ("first", 0), ("second", 20)):
        await plan_step(store, clock, plan_id, step_id, hours=hours)
    await plan_step(store, clock, paused_id, "second", hours=20)
    await send(store, plan_id, "first")
    now_us = clock.now_us()
    async with store.write() as tx:
        coming = await patient_list.steps_of(tx, BOT, plan_id)
        assert [step["part"] for step in coming] == ["second", "third"]
        until_us = now_us + 24 * HOUR_US
        assert codes(await patient_list.steps_between(tx, BOT, now_us, until_us, 10)) == ["P-1"]
        await patient_list.put_off(tx, coming[0]["id"], now_us + 22 * HOUR_US)
        moved = await patient_list.step_by_id(tx, BOT, coming[0]["id"])
        assert moved is not None
        assert (moved["due_us"], moved["reason"], moved["enrolment_id"]) == (now_us + 22 * HOUR_US, MOVED, plan_id)
        await dues.finish(tx, coming[0]["id"], DueState.DONE)
        assert await patient_list.step_by_id(tx, BOT, coming[0]["id"]) is None


async def test_only_what_waits_is_taken_back(store: Store, clock: ManualClock, enrol: Enrol) -> None:
    plan_id = await enrol("P-1")
    async with store.write() as tx:
        await chats.touch_chat(store, tx, BOT, ChatId(1), ChatKind.PRIVATE, 0)
        made = [
            await messages.enqueue(
                store, tx, BOT, Outgoing(ChatId(1), kind, Payload("Hello"), kind, enrolment_id=of_plan), clock.now_us()
            )
            for kind, of_plan in ((Kind.CHECK_IN, plan_id), (Kind.REPLY, plan_id), (Kind.REMINDER, None))
        ]
        assert await patient_list.unsent(tx, BOT, plan_id, ChatId(1)) == made[:1]


# --- one patient ----------------------------------------------------------------------------------------------------


async def test_what_was_answered_last_and_when_it_was_sent(store: Store, enrol: Enrol) -> None:
    plan_id = await enrol("P-1")
    async with store.read() as tx:
        assert await patient_list.last_answered(tx, plan_id) is None
    await send(store, plan_id, "first", sent_us=1, answered_us=5)
    await send(store, plan_id, "second", sent_us=2, answered_us=9)
    await send(store, plan_id, "third", sent_us=3)
    async with store.read() as tx:
        last = await patient_list.last_answered(tx, plan_id)
        assert last is not None
        assert (last["step_id"], last["answered_us"]) == ("second", 9)
        assert await patient_list.sent_at(tx, plan_id) == {"first": 1, "second": 2, "third": 3}


async def test_signs_of_danger_since_the_treatment_and_questions_nobody_took(store: Store, enrol: Enrol) -> None:
    plan_id = await enrol("P-1", treated_us=100)
    async with store.write() as tx:
        await raise_alert(tx, plan_id, "urgent", 50)
        await raise_alert(tx, plan_id, "urgent", 150, state="closed", outcome="replaced")
        newest = [await raise_alert(tx, plan_id, "urgent", at_us) for at_us in (160, 170)]
        await raise_alert(tx, plan_id, None, 180)
        await raise_alert(tx, plan_id, None, 190, state="taken")
        patient_id = PatientId(await tx.scalar(sa.select(enrolment.c.patient_id)) or 0)
        found = await patient_list.signs(tx, BOT, patient_id, 100, 5)
        assert [sign["id"] for sign in found] == newest[::-1]
        assert await patient_list.unread(tx, BOT, patient_id) == 1


async def test_open_notes_of_one_plan(store: Store, enrol: Enrol) -> None:
    plan_id, other_id = await enrol("P-1"), await enrol("P-2")
    await note(store, plan_id, NoteKind.CALL, 20)
    await note(store, plan_id, NoteKind.NOTE, 10)
    await note(store, plan_id, NoteKind.NOTE, 15, done_us=16)
    await note(store, plan_id, NoteKind.CALL, 99)
    await note(store, other_id, NoteKind.NOTE, 10)
    async with store.read() as tx:
        found = await patient_list.notes_of(tx, plan_id, 50)
        assert [one["at_us"] for one in found] == [10, 20]
        again = await patient_list.note(tx, BOT, found[0]["id"])
        assert again is not None
        assert again["enrolment_id"] == plan_id
        assert await patient_list.note(tx, BotId(2), found[0]["id"]) is None


async def test_old_charts_are_dropped_once_they_are_out(store: Store, clock: ManualClock) -> None:
    now_us = clock.now_us()
    async with store.write() as tx:
        await chats.touch_chat(store, tx, BOT, ChatId(-5), ChatKind.STAFF, 0)
        for name, state, planned_us in (
            ("out", MessageState.SENT, now_us - 2),
            ("waits", MessageState.PENDING, now_us - 2),
            ("new", MessageState.SENT, now_us),
        ):
            file_id = await keep_file(store, tx, BOT, name.encode(), CHART)
            out = Outgoing(ChatId(-5), Kind.RELAY, Payload(name), name, Method.SEND_PHOTO, attachment_id=file_id)
            row_id = await messages.enqueue(store, tx, BOT, out, planned_us)
            assert row_id is not None
            await messages.finish(tx, row_id, state)
        await keep_file(store, tx, BOT, b"a letter", "letter.pdf")
        await patient_list.drop_charts(tx, BOT, now_us - 1)
        left = await tx.scalars(sa.select(attachment.c.content).order_by(attachment.c.id))
        assert list(left) == [b"waits", b"new", b"a letter"]


async def test_a_message_that_shows_an_alert(store: Store, clock: ManualClock, enrol: Enrol) -> None:
    plan_id = await enrol("P-1")
    async with store.write() as tx:
        await chats.touch_chat(store, tx, BOT, ChatId(-5), ChatKind.STAFF, 0)
        out = Outgoing(ChatId(-5), Kind.ALERT, Payload("Card"), "card")
        card = await messages.enqueue(store, tx, BOT, out, clock.now_us())
        assert card is not None
        assert await patient_list.alert_shown_in(tx, card) is None
        alert_id = await raise_alert(tx, plan_id, "urgent", 1)
        await alerts.add_card(store, tx, alert_id, card)
        assert await patient_list.alert_shown_in(tx, card) == alert_id
