"""Care plans as rows: what is read back is what was decided, and nothing happens twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.care import CareChange, Later, Note, NoteKind, OpenCheckIn, PlanState
from bot.clock import ManualClock, from_us, to_us
from bot.model import BotId, ChatId, ChatKind, PatientId, UserId
from bot.store import care, chats, dues
from bot.store.engine import Store
from bot.store.tables import check_in, due, enrolment, staff_note

BOT = BotId(1)
CHAT = ChatId(11)


@pytest.fixture
async def plan_id(store: Store, clock: ManualClock) -> int:
    """An open plan of the patient in `CHAT`."""
    now_us = clock.now_us()
    async with store.write() as tx:
        await chats.touch_chat(store, tx, BOT, CHAT, ChatKind.PRIVATE, now_us)
        patient = await chats.welcome_patient(store, tx, BOT, CHAT, now_us)
        row = {
            "bot_id": BOT,
            "patient_id": patient.patient_id,
            "chat_id": CHAT,
            "plan_id": "dry_needling",
            "treated_us": now_us,
            "zone": "Europe/London",
            "area": "heel",
            "side": "left",
            "careful": False,
            "facts": {"baseline": 6},
            "state": PlanState.OPEN,
            "created_us": now_us,
        }
        made = await tx.execute(enrolment.insert().values(**row).returning(enrolment.c.id))
        return int(made.scalar_one())


async def begun(store: Store, clock: ManualClock, plan_id: int, step_id: str = "first_hours") -> OpenCheckIn:
    async with store.write() as tx:
        made = await care.begin_check_in(store, tx, BOT, plan_id, step_id, clock.now_us())
    assert made is not None
    return OpenCheckIn(made, step_id, clock.now(), asked=None)


async def change(store: Store, clock: ManualClock, what: CareChange) -> None:
    async with store.write() as tx:
        await care.apply(store, tx, BOT, what, clock.now_us())


async def test_what_was_answered_comes_back_as_it_was(store: Store, clock: ManualClock, plan_id: int) -> None:
    now_open = replace(
        await begun(store, clock, plan_id),
        asked="signs",
        answers={"feeling": "fine", "pain": 6, "seen": ("bruise", "bump")},
        ticked=("bruise",),
        doubted=("pain",),
        repeated=True,
    )
    await change(store, clock, CareChange(plan_id, now_open))
    async with store.read() as tx:
        plans = await care.plans_in(tx, BOT, [CHAT, ChatId(12)])
    assert list(plans) == [CHAT]
    assert plans[CHAT][0].open == replace(now_open, answered_at=clock.now())
    assert plans[CHAT][0].facts == {"baseline": 6}
    assert plans[CHAT][0].treated_at == from_us(clock.now_us())

    await change(store, clock, CareChange(plan_id, now_open, closed="done", facts={"thinner": True, "careful": True}))
    async with store.read() as tx:
        found = await care.plan(tx, BOT, plan_id)
    assert found is not None
    assert found.open is None
    assert found.answers == {"first_hours": now_open.answers}
    assert found.facts == {"baseline": 6, "thinner": True}
    assert found.careful


async def test_a_step_begins_once(store: Store, clock: ManualClock, plan_id: int) -> None:
    await begun(store, clock, plan_id)
    async with store.write() as tx:
        assert await care.begin_check_in(store, tx, BOT, plan_id, "first_hours", clock.now_us()) is None


async def test_a_note_is_kept_once_until_somebody_has_done_it(store: Store, clock: ManualClock, plan_id: int) -> None:
    now_open = await begun(store, clock, plan_id)
    told = CareChange(plan_id, now_open, notes=(Note(NoteKind.CALL, "Pain 7 of 10"),))
    await change(store, clock, told)
    await change(store, clock, told)
    async with store.write() as tx:
        (note,) = await care.open_notes(tx, BOT, clock.now_us())
        assert (note["kind"], note["text"], note["step_id"]) == ("call", "Pain 7 of 10", "first_hours")
        assert await care.finish_note(tx, BOT, note["id"], UserId(700), clock.now_us())
        assert not await care.finish_note(tx, BOT, note["id"], UserId(700), clock.now_us())
        assert await care.open_notes(tx, BOT, clock.now_us()) == []


async def test_the_end_of_a_plan_takes_everything_back_that_waits(
    store: Store, clock: ManualClock, plan_id: int
) -> None:
    at = clock.now() + timedelta(hours=1)
    async with store.write() as tx:
        await dues.plan(store, tx, BOT, dues.Due(care.CHECK_IN, at, "a", ref=plan_id, part="next_morning"))
        await dues.plan(store, tx, BOT, dues.Due(care.REMINDER, at, "b", ref=plan_id, part="reminder"))
        await dues.plan(store, tx, BOT, dues.Due(care.CHECK_IN, at, "c", ref=plan_id + 1, part="next_morning"))
    await begun(store, clock, plan_id)
    await change(store, clock, CareChange(plan_id, state=PlanState.ENDED, reason="stopped"))
    async with store.read() as tx:
        rows = (
            await tx.execute(sa.select(due).where(due.c.dedupe_key.in_(["a", "b", "c"])).order_by(due.c.dedupe_key))
        ).all()
        sent = (await tx.execute(sa.select(check_in))).mappings().one()
        assert await care.plans_in(tx, BOT, [CHAT]) == {}
    assert [(row.state, row.reason) for row in rows] == [
        ("dropped", "stopped"),
        ("dropped", "stopped"),
        ("waiting", None),
    ]
    assert (sent["state"], sent["asked"], sent["reason"]) == ("closed", None, "stopped")


async def test_a_put_off_question_and_an_earlier_step(store: Store, clock: ManualClock, plan_id: int) -> None:
    now_open, at = await begun(store, clock, plan_id), clock.now() + timedelta(hours=20)
    async with store.write() as tx:
        await dues.plan(store, tx, BOT, dues.Due(care.CHECK_IN, at, "a", ref=plan_id, part="next_morning"))
    earlier = at - timedelta(minutes=30)
    later = Later("still_faint", clock.now() + timedelta(hours=1))
    told = CareChange(plan_id, now_open, later=(later,), earlier=(("next_morning", earlier),))
    await change(store, clock, told)
    await change(store, clock, told)
    async with store.read() as tx:
        rows = (await tx.execute(sa.select(due).where(due.c.part.is_not(None)).order_by(due.c.due_us))).all()
    assert [(row.kind, row.ref, row.part, row.due_us) for row in rows] == [
        (care.LATER, now_open.id, "still_faint", to_us(later.at)),
        (care.CHECK_IN, plan_id, "next_morning", to_us(earlier)),
    ]


async def test_danger_pauses_and_a_pause_of_staff_stays_theirs(store: Store, clock: ManualClock, plan_id: int) -> None:
    async with store.write() as tx:
        await care.pause_in(tx, BOT, CHAT, PatientId(0), "staff")
        await care.pause_in(tx, BOT, CHAT, PatientId(0), care.ALERT)
        found = await care.plan(tx, BOT, plan_id)
        assert found is not None
        assert found.state is PlanState.PAUSED
        row = await care.plan_row(tx, BOT, plan_id)
    assert row is not None
    assert row["reason"] == "staff"


async def test_notes_name_the_patient_by_code(store: Store, clock: ManualClock, plan_id: int) -> None:
    async with store.write() as tx:
        await care.add_notes(
            store, tx, BOT, plan_id, None, [Note(NoteKind.NOTE, "Bruise"), Note(NoteKind.NOTE, "Bump")], clock.now_us()
        )
        notes = await care.open_notes(tx, BOT, clock.now_us())
        assert await care.open_notes(tx, BOT, clock.now_us() - 1) == []
        rows = (await tx.execute(sa.select(staff_note.c.text).order_by(staff_note.c.id))).scalars().all()
    assert rows == ["Bruise", "Bump"]
    assert {note["code"][:2] for note in notes} == {"P-"}
