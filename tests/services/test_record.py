"""The file for a complaint: what it says, that it shows every change, and who gets it."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import to_us
from bot.services.topics import look_at_group
from bot.simulator.groups import Member
from bot.simulator.house import House
from bot.store import record
from bot.store.engine import Tx
from bot.store.record import PatientRecord
from bot.store.tables import agreement, attachment, audit, check_in, patient, patient_chat, staff_note, thread, topic
from tests.on_a_plan import enrol, write_plan

CHEST, WHY = "I have chest pain", "why am I sore after needling <today>"


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


@pytest.fixture
async def owner(house: House) -> Member:
    """The owner, in the staff group too, with a chat of their own with the bot."""
    house.owner.starts()
    return house.staff.add(house.owner)


async def code_of(house: House) -> str:
    async with house.app.store.read() as tx:
        of_chat = sa.select(patient_chat.c.patient_id).where(patient_chat.c.chat_id == house.patient.chat_id)
        return str((await tx.scalars(sa.select(patient.c.code).where(patient.c.id.in_(of_chat)))).one())


async def add(house: House, table: sa.Table, **values: Any) -> None:
    async with house.app.store.write() as tx:
        await tx.execute(table.insert().values(**values))


@pytest.fixture
async def code(house: House, owner: Member) -> str:
    """A patient with a bit of everything."""
    bot_id, now_us = house.app.settings.bot_id, to_us(house.clock.now())
    house.patient.starts()
    await house.settle()
    plan_id = await enrol(house, podiatrist_id=house.member.user_id)
    async with house.app.store.read() as tx:
        patient_id = (await tx.scalars(sa.select(patient_chat.c.patient_id))).first()
    of = {"bot_id": bot_id, "patient_id": patient_id}
    await add(
        house,
        agreement,
        **of,
        chat_id=house.patient.chat_id,
        version="v1",
        text="You agree to check-ins.",
        agreed=True,
        at_us=now_us,
    )
    note = {"kind": "note", "text": "Ring about the heel", "dedupe_key": "n1", "at_us": now_us}
    await add(house, staff_note, **of, **note, done_us=now_us, done_by=house.member.user_id)
    answered = {"answers": {"pain": 7, "name": "Zanzibar"}, "ticked": [], "doubted": [], "sent_us": now_us}
    by_phone = {"answered_us": now_us, "entered_by": house.member.user_id}
    await add(
        house,
        check_in,
        bot_id=bot_id,
        enrolment_id=plan_id,
        step_id="first",
        state="closed",
        **answered,
        **by_phone,
    )
    for said in (WHY, CHEST):
        house.patient.says(said)
        await house.settle(30)
    house.member.presses("Call done")
    await house.settle()
    return await code_of(house)


def sent(house: House) -> list[bytes]:
    """The records that came to the owner in private."""
    files = (one.media.file for one in house.world.from_bot(house.owner.chat_id) if one.media is not None)
    return [file.data for file in files if file is not None]


async def asks(house: House, who: Any, code: str) -> bytes:
    who.says(f"/record {code}")
    await house.settle()
    return sent(house)[-1]


async def test_it_has_everything_about_the_patient(house: House, code: str) -> None:
    page = (await asks(house, house.owner, code)).decode()
    for part in (
        f"Record of {code}",
        "on the clock of Europe/London",
        "Treated 23 November 2026",
        "agreed to this (version v1)",
        "You agree to check-ins.",
        "How much does it hurt, 0 to 10?: 7",
        "Noted by Member of the clinic, by phone",
        "emergency, chest pain breathless",
        "Taken by Member",
        "Closed by Member",
        "call done",
        "Ring about the heel",
        "Done by Member",
        "why am I sore after needling &lt;today&gt;",
        "delivered to Telegram",
        "Texts:",
        "Call 999 now",
        "What staff did",
    ):
        assert part in page, part
    assert "Zanzibar" not in page, "who the patient is stands apart"


async def test_it_has_what_was_said_to_a_person_and_what_has_no_words(house: House, code: str) -> None:
    await look_at_group(house.app.post, house.app.client)
    house.patient.says("do you sell gift vouchers for my aunt")
    await house.settle(seconds=30)
    async with house.app.store.read() as tx:
        number = int((await tx.scalars(sa.select(topic.c.thread_id).join(thread))).one() or 0)
    said = house.member.says("Is it warm and red? Open until six.", thread=number)
    await house.settle(seconds=30)
    house.patient.says("yes")
    await house.settle(seconds=30)
    house.patient.sends_voice()
    await house.settle(seconds=30)
    house.member.edits(said, "Is it warm and red? Open until seven.")
    await house.settle(seconds=30)
    house.patient.says("STOP")
    await house.settle(seconds=30)
    house.patient.presses("Only check-ins")
    await house.settle(seconds=30)
    page = (await asks(house, house.owner, code)).decode()
    talk = page[page.index("Messages both ways") :]
    for part in ("Open until six.", "<br>yes</p>", "changed an earlier message to this", "Open until seven."):
        assert part in talk, part
    assert talk.count("the patient sent a voice message. For staff to see it: delivered") == 1
    assert "<br>Only check-ins</p>" in talk
    assert "Check-ins: off since 23 November 2026" in page
    assert "All messages: off from 23 November 2026" in page


async def test_it_has_what_was_said_to_the_bot_and_is_no_question(
    house: House, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    for said in ("/help", "massage or stretching", "2", "thanks", "ok"):
        house.patient.says(said)
        await house.settle(seconds=10)
    house.patient.sends_sticker()
    await house.settle(seconds=30)
    house.patient.says("massage or stretching please")
    await house.settle(seconds=10)
    house.patient.presses("Ask the team")
    await house.settle(seconds=30)
    talk = (await asks(house, house.owner, code)).decode().partition("Messages both ways")[2]
    for words in ("/help", "2", "thanks", "ok"):
        assert talk.count(f"<br>{words}</p>") == 1, words
    assert "The patient pressed this button" in talk
    assert "<br>Ask the team</p>" in talk
    assert talk.count("the patient sent a sticker") == 1
    assert talk.index("<br>/help</p>") < talk.index("<br>2</p>") < talk.index("<br>ok</p>")
    assert "massage or stretching" not in caplog.text


async def test_anybody_can_check_that_nothing_was_changed(house: House, code: str) -> None:
    made = await asks(house, house.owner, code)
    length = re.search(rb"head -c (\d+) FILE", made)
    assert length is not None
    said = re.search(rb"<code>([0-9a-f]{64})</code>", made)
    assert said is not None
    assert hashlib.sha256(made[: int(length[1])]).hexdigest().encode() == said[1]
    assert made.count(b"<!-- seal -->") == 1
    async with house.app.store.read() as tx:
        noted = (await tx.execute(sa.select(audit).where(audit.c.action == "record"))).mappings().one()
    assert noted["actor_id"] == house.owner.user_id
    assert noted["detail"] == {"sha256": said[1].decode()}


async def test_the_group_never_gets_it(house: House, owner: Member, code: str) -> None:
    await asks(house, owner, code)
    assert house.staff_texts[-1].startswith(f"The record of {code} was sent to you privately.")
    assert not any(one.media for one in house.world.from_bot(house.staff.chat_id))
    house.member.says(f"/record {code}")
    await house.settle()
    assert house.staff_texts[-1] == "Not done: only an owner can do that."
    assert len(sent(house)) == 1


async def test_our_copy_goes_once_it_was_sent(house: House, code: str) -> None:
    await asks(house, house.owner, code)
    await house.pass_time(minutes=11)
    async with house.app.store.read() as tx:
        assert list(await tx.scalars(sa.select(attachment.c.id).where(attachment.c.name.like("record-%")))) == []


async def test_a_locked_record_says_what_was_erased_and_when(house: House, code: str) -> None:
    house.patient.says("/forget")
    await house.settle()
    house.patient.presses("Yes, delete my data")
    await house.settle()
    await house.pass_time(minutes=10)
    house.patient.presses("Yes, delete it")
    await house.settle()
    page = (await asks(house, house.owner, code)).decode()
    assert "this patient was forgotten" in page
    assert "kept under lock" in page
    assert "emergency, chest pain breathless" in page


async def test_it_is_read_while_others_write_and_noted_once(
    house: House, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = record.record_of

    async def watched(tx: Tx, *more: Any) -> PatientRecord:
        assert await tx.scalar(sa.text("pragma query_only")) == 1, "never on the connection that writes"
        return await original(tx, *more)

    monkeypatch.setattr(record, "record_of", watched)
    await asks(house, house.owner, code)
    async with house.app.store.read() as tx:
        assert len(list(await tx.scalars(sa.select(audit.c.id).where(audit.c.action == "record")))) == 1
    assert len(sent(house)) == 1


async def test_a_code_nobody_has(house: House, owner: Member) -> None:
    house.owner.says("/record P-ZZZZ")
    await house.settle()
    assert house.owner.last.text == "I know no patient P-ZZZZ."
    house.owner.says("/record")
    await house.settle()
    assert "behind it" in house.owner.last.text
