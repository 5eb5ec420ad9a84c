"""What is too old becomes numbers, at night, a stretch at a time; what is still needed stays whole."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import to_us
from bot.model import ChatId, Kind, Outgoing, Payload
from bot.services.retention import Retention
from bot.services.rights import Rights
from bot.simulator.house import House
from bot.store import retaining
from bot.store.tables import (
    audit,
    check_in,
    contact,
    conversation,
    due,
    enrolment,
    erasure,
    message,
    patient_chat,
    question,
    said,
    staff_note,
)
from tests.on_a_plan import answer, enrol, write_plan

MARK = "zanzibar"
YEAR = timedelta(days=365)


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


async def rows(house: House, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    async with house.app.store.read() as tx:
        return [dict(row) for row in (await tx.execute(sa.select(table).where(*where))).mappings()]


async def nights(house: House, after: timedelta) -> None:
    """Let time pass without anything falling due on the way, then all of one night's work be done."""
    house.clock.tick(after)
    post = house.app.post
    retention = Retention(post, Rights(post, YEAR.days, 30))
    async with house.app.store.write() as tx:
        await tx.execute(due.update().where(due.c.kind != "nothing").values(state="done"))
        row = (await tx.execute(sa.select(due).limit(1))).mappings().one()
        await retention.handlers["retention"](tx, row)
    while stretches := await rows(house, due, due.c.kind == "retention_some", due.c.state == "waiting"):
        async with house.app.store.write() as tx:
            row = (await tx.execute(sa.select(due).where(due.c.id == stretches[0]["id"]))).mappings().one()
            await retention.handlers["retention_some"](tx, row)
            await tx.execute(due.update().where(due.c.id == row["id"]).values(state="done"))


async def on_a_plan(house: House, state: str = "ended") -> int:
    """The patient's plan, with an answer, a note and a name, and a word of theirs; ended now, or going on."""
    now_us = to_us(house.clock.now())
    ended_us = now_us if state == "ended" else None
    plan_id = await enrol(house, state=state, ended_us=ended_us, careful=True)
    await answer(house, plan_id, "second", words=MARK)
    (plan,) = await rows(house, enrolment, enrolment.c.id == plan_id)
    of_patient = {"bot_id": plan["bot_id"], "patient_id": plan["patient_id"]}
    async with house.app.store.write() as tx:
        await tx.execute(contact.insert().values(patient_id=plan["patient_id"], name=MARK, updated_us=now_us))
        note = {"enrolment_id": plan_id, "kind": "call", "text": MARK, "at_us": now_us, "dedupe_key": "1"}
        await tx.execute(staff_note.insert().values(**of_patient, **note))
    house.patient.says(f"do you sell {MARK} vouchers")
    await house.settle()
    return plan_id


async def words_left(house: House) -> set[str]:
    """Where that word still stands."""
    tables = (check_in, staff_note, contact, question, said, message, conversation)
    return {table.name for table in tables for row in await rows(house, table) if MARK in str(row)}


ALL = {"check_in", "staff_note", "contact", "question", "message", "conversation"}


@pytest.mark.parametrize(
    ("state", "after", "left"),
    [
        pytest.param("ended", YEAR - timedelta(days=1), ALL, id="not-yet"),
        pytest.param("ended", YEAR + timedelta(days=1), set(), id="too-old"),
        pytest.param("open", YEAR * 3, ALL - {"message"}, id="still-open"),
        pytest.param("paused", YEAR * 3, ALL - {"message"}, id="paused"),
    ],
)
async def test_a_finished_plan_becomes_numbers(house: House, state: str, after: timedelta, left: set[str]) -> None:
    plan_id = await on_a_plan(house, state)
    await nights(house, after)
    assert await words_left(house) >= left
    assert bool(await words_left(house)) is bool(left)
    (plan,) = await rows(house, enrolment, enrolment.c.id == plan_id)
    assert (plan["facts"] == {}) is not bool(left)
    assert (plan["plan_id"], plan["area"], plan["state"]) == ("small_plan", "heel", state), "that there was one stays"
    assert len(await rows(house, check_in)) == 1
    (note,) = await rows(house, staff_note)
    assert (note["done_us"] is not None) is not bool(left), "nobody is asked to do what nobody can read"


async def test_a_newer_plan_keeps_the_name_and_the_talk(house: House) -> None:
    await on_a_plan(house)
    house.clock.tick(YEAR)
    await enrol(house)
    await nights(house, timedelta(days=1))
    assert await words_left(house) >= {"contact", "question"}
    assert "check_in" not in await words_left(house)


async def test_who_has_no_plan_keeps_no_words_that_are_too_old(house: House) -> None:
    house.patient.says(f"do you sell {MARK} vouchers")
    await house.settle()
    await nights(house, YEAR - timedelta(days=1))
    assert await words_left(house) == {"question", "message", "conversation"}
    house.patient.says("and a fresh one about gift cards for aunts")
    await house.settle()
    await nights(house, timedelta(days=2))
    assert await words_left(house) <= {"conversation"}, "the talk went on yesterday"
    texts = [row["text"] for row in await rows(house, question)]
    assert "" in texts
    assert any("gift cards" in text for text in texts)


async def test_what_they_sent_beside_questions_goes_with_those(house: House) -> None:
    house.patient.says("/help")
    await house.settle()
    (sent,) = await rows(house, said, said.c.text != "/start")
    assert (sent["what"], sent["text"]) == ("text", "/help")
    await nights(house, YEAR - timedelta(days=1))
    assert sent in await rows(house, said)
    await nights(house, timedelta(days=2))
    assert {**sent, "text": ""} in await rows(house, said), "that there was something stays"


async def test_doing_it_again_finds_nothing(house: House) -> None:
    await on_a_plan(house)
    await nights(house, YEAR + timedelta(days=1))
    before = [await rows(house, table) for table in (enrolment, check_in, question, message)]
    async with house.app.store.write() as tx:
        what = await retaining.old(tx, house.app.settings.bot_id, to_us(house.clock.now() - YEAR))
        counts = [
            await stage(tx, what, 0)
            for stage in (
                retaining.reduce_some_plans,
                retaining.empty_some_questions,
                retaining.empty_some_messages,
            )
        ]
    assert counts == [(0, None)] * 3
    assert [await rows(house, table) for table in (enrolment, check_in, question, message)] == before


async def test_it_goes_on_where_a_stretch_ended(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PLANS", "QUESTIONS", "MESSAGES"):
        monkeypatch.setattr(retaining, name, 1)
    await on_a_plan(house)
    async with house.app.store.write() as tx:
        for number in range(3):
            out = Outgoing(ChatId(house.patient.chat_id), Kind.REPLY, Payload(MARK), f"test:{number}")
            await house.app.post.enqueue(tx, out)
    await house.settle()
    await nights(house, YEAR + timedelta(days=1))
    assert await words_left(house) == set()


async def test_a_locked_record_stays_as_long_as_the_law_asks_and_no_longer(house: House) -> None:
    await on_a_plan(house)
    async with house.app.store.write() as tx:
        now_us = to_us(house.clock.now())
        of_chat = patient_chat.c.chat_id == house.patient.chat_id
        patient_id = await tx.scalar(sa.select(patient_chat.c.patient_id).where(of_chat))
        kept = {"state": "done", "asked_us": now_us, "done_us": now_us, "counts": {"record": 1}}
        of_them = {"bot_id": house.app.settings.bot_id, "chat_id": house.patient.chat_id, "patient_id": patient_id}
        await tx.execute(erasure.insert().values(**of_them, **kept))
    await nights(house, YEAR * 7)
    assert await words_left(house) >= {"check_in", "question"}
    await nights(house, YEAR + timedelta(days=3))
    assert await words_left(house) == set()
    assert len(await rows(house, audit, audit.c.action == "record_expired")) == 1


async def test_each_night_sets_the_next(house: House) -> None:
    before = await rows(house, due, due.c.kind == "retention")
    assert len(before) == 1
    await house.pass_time(days=2)
    waiting = await rows(house, due, due.c.kind == "retention", due.c.state == "waiting")
    assert len(waiting) == 1
    assert waiting[0]["due_us"] > to_us(house.clock.now())
    assert await rows(house, due, due.c.kind == "retention_some", due.c.state == "waiting") == []
