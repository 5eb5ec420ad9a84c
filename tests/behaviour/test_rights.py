"""A patient's rights, from the first word to the last row: stop only some messages, see what is kept, be forgotten.

What they wrote holds a word that stands nowhere else; after they are forgotten it may stand in no table.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.care import PlanState
from bot.clock import from_us, to_us
from bot.model import ChatId, Kind, Outgoing, Payload, Scope
from bot.services.topics import look_at_group
from bot.simulator.house import House
from bot.store import chats, erasing, erasures
from bot.store.tables import (
    agreement,
    alert,
    attachment,
    audit,
    check_in,
    contact,
    due,
    enrolment,
    erasure,
    message,
    metadata,
    patient,
    patient_chat,
    staff_note,
    thread,
    topic,
)
from tests.on_a_plan import answer, enrol, plan_step, state_of, write_plan

MARK = "zanzibar"
SURE, KEEP = "Yes, delete it", "Keep my data"


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


async def rows(house: House, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    async with house.app.store.read() as tx:
        return [dict(row) for row in (await tx.execute(sa.select(table).where(*where))).mappings()]


async def columns_with(house: House, word: str) -> set[str]:
    """Every column of every table in which `word` stands, whatever its type."""
    found = set()
    for table in metadata.sorted_tables:
        for row in await rows(house, table):
            for name, value in row.items():
                text = value.decode(errors="replace") if isinstance(value, bytes) else json.dumps(value, default=str)
                if word in text.lower():
                    found.add(f"{table.name}.{name}")
    return found


async def the_patient(house: House) -> dict[str, Any]:
    """The patient of the house, as we know them now."""
    chat_ids = sa.select(patient_chat.c.patient_id).where(patient_chat.c.chat_id == house.patient.chat_id)
    (known,) = await rows(house, patient, patient.c.id.in_(chat_ids))
    return known


async def scopes(house: House) -> frozenset[Scope]:
    async with house.app.store.read() as tx:
        return await chats.opted_out(tx, house.app.settings.bot_id, ChatId(house.patient.chat_id))


async def says(house: House, *texts: str) -> None:
    for text in texts:
        house.patient.says(text)
        await house.settle()


async def closes_the_alert(house: House) -> None:
    """A member of staff takes the newest alert and says that the call was made."""
    for label in ("I take it", "Call done"):
        shown = reversed(house.world.from_bot(house.staff.chat_id))
        found = [(one, key) for one in shown for key in one.keys if label in key.label]
        message_shown, key = found[0]
        house.member.presses(key.label, message_shown.message_id)
        await house.settle()


async def presses(house: House, button: str) -> None:
    house.patient.presses(button)
    await house.settle()


async def owe(house: House, kind: Kind, text: str) -> None:
    async with house.app.store.write() as tx:
        await house.app.post.enqueue(tx, Outgoing(ChatId(house.patient.chat_id), kind, Payload(text), f"test:{text}"))
    await house.settle()


async def is_forgotten(house: House) -> None:
    """Go all the way."""
    await says(house, "/forget")
    await presses(house, "Yes, delete my data")
    await house.pass_time(minutes=10)
    await presses(house, SURE)


# --- stop only some --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_typed", [False, True])
@pytest.mark.parametrize(
    ("button", "words", "scope", "comes"),
    [
        ("Everything (as now)", "everything", Scope.ALL, set()),
        ("Only check-ins", "only the reminders", Scope.CHECK_INS, {"News."}),
        ("Only clinic news", "just the clinic news", Scope.BROADCASTS, {"How are you?"}),
    ],
)
async def test_after_stop_only_what_was_meant_stays_off(
    house: House, button: str, words: str, scope: Scope, comes: set[str], is_typed: bool
) -> None:
    await says(house, "please stop, thanks")
    assert await scopes(house) == {Scope.ALL}, "at once, before anything is asked"
    if is_typed:
        await says(house, words)
    else:
        await presses(house, button)
    assert await scopes(house) == {scope}
    await owe(house, Kind.CHECK_IN, "How are you?")
    await owe(house, Kind.BROADCAST, "News.")
    assert {"How are you?", "News."} & set(house.bot_texts) == comes


async def test_stop_ends_check_ins_and_they_come_back_only_when_asked_for(house: House) -> None:
    plan_id = await enrol(house, agreed_us=to_us(house.clock.now()))
    await plan_step(house, plan_id, "second", hours=20)
    await says(house, "STOP")
    assert await state_of(house, plan_id) == ("ended", "stopped")
    assert "don't start again by themselves" in house.patient.last.text
    await says(house, "/resume")
    assert await state_of(house, plan_id) == ("ended", "stopped")
    await presses(house, "Start check-ins again")
    assert await state_of(house, plan_id) == ("open", None)
    assert house.patient.last.text.startswith("Your check-ins go on. The next one comes")
    assert await rows(house, due, due.c.ref == plan_id, due.c.part == "second", due.c.state == "waiting")


async def test_who_meant_only_the_news_keeps_their_check_ins(house: House) -> None:
    plan_id = await enrol(house, agreed_us=to_us(house.clock.now()))
    await says(house, "stop")
    await presses(house, "Only clinic news")
    assert await state_of(house, plan_id) == ("open", None)
    assert await scopes(house) == {Scope.BROADCASTS}


async def test_a_plan_whose_time_is_over_does_not_start_again(house: House) -> None:
    plan_id = await enrol(house, agreed_us=to_us(house.clock.now()))
    await says(house, "stop")
    await house.pass_time(days=30)
    await says(house, "/resume")
    await presses(house, "Start check-ins again")
    assert await state_of(house, plan_id) == ("ended", "stopped")
    assert house.patient.last.text.startswith("There are no check-ins left")


async def test_danger_is_answered_whatever_was_stopped(house: House) -> None:
    await says(house, "stop", "I have chest pain and can't breathe")
    assert "999" in house.patient.last.text
    await says(house, "/forget", "I have chest pain and can't breathe")
    assert "999" in house.patient.last.text


# --- what we keep ----------------------------------------------------------------------------------------------------


async def the_file(house: House) -> str:
    """The newest file on the patient's screen."""
    sent = house.patient.last
    assert sent.media is not None
    assert sent.media.file is not None
    return sent.media.file.data.decode()


async def test_the_file_shows_both_sides_and_all_that_is_kept(house: House) -> None:
    await says(house, f"Is it normal that my leg jumped <b>{MARK}</b>?", "My foot is numb and won't lift")
    now_us = to_us(house.clock.now())
    plan_id = await enrol(house, agreed_us=now_us)
    await answer(house, plan_id, "second", pain=6, walk="limp")
    (enrolled,) = await rows(house, enrolment)
    of_patient = {"bot_id": enrolled["bot_id"], "patient_id": enrolled["patient_id"]}
    async with house.app.store.write() as tx:
        await tx.execute(
            contact.insert().values(
                patient_id=enrolled["patient_id"], name="R. S.", phone="555-0100", updated_us=now_us
            )
        )
        await tx.execute(
            staff_note.insert().values(**of_patient, kind="note", text="Rang back.", at_us=now_us, dedupe_key="1")
        )
        await tx.execute(
            agreement.insert().values(
                **of_patient,
                chat_id=house.patient.chat_id,
                version="1",
                text="The first screen.",
                agreed=True,
                at_us=now_us,
            )
        )
    await says(house, "/privacy")
    await presses(house, "What you keep about me")
    page = await the_file(house)
    for shown in (
        f"&lt;b&gt;{MARK}&lt;/b&gt;",
        "reflex",
        "Name: R. S.",
        "555-0100",
        "Heel",
        "Yes, with a limp",
        "nerve injury",
        "Rang back.",
        "The first screen.",
        "365 days",
        "8 years",
        "23 November 2026, 12:",
    ):
        assert shown in page
    assert "Member" not in page, "no names of staff"
    assert "{" not in page.partition("<body>")[2]


async def test_the_file_shows_what_is_no_question_and_what_staff_corrected(house: House) -> None:
    await look_at_group(house.app.post, house.app.client)
    await says(house, "/help", "ok", "do you sell gift vouchers for my aunt")
    await house.settle(seconds=30)
    async with house.app.store.read() as tx:
        number = int((await tx.scalars(sa.select(topic.c.thread_id).join(thread))).one() or 0)
    wrote = house.member.says("Yes, from ten pounds.", thread=number)
    await house.settle(seconds=30)
    house.member.edits(wrote, "Yes, from twenty pounds.")
    await house.settle(seconds=30)
    house.patient.sends_sticker()
    await house.settle(seconds=30)
    await says(house, "/privacy")
    await presses(house, "What you keep about me")
    page = await the_file(house)
    for shown in ("<br>/help</p>", "<br>ok</p>", "(a sticker)", "You pressed, ", "<br>What you keep about me</p>"):
        assert shown in page, shown
    assert page.index("Yes, from ten pounds.") < page.index("We changed an earlier message to this")
    assert "Yes, from twenty pounds." in page


async def test_our_copy_of_the_file_is_deleted(house: House) -> None:
    await says(house, f"I wonder about {MARK}", "/mydata")
    assert MARK in await the_file(house)
    assert await rows(house, attachment)
    await house.pass_time(minutes=11)
    assert await rows(house, attachment) == []


async def test_a_file_that_cannot_be_sent_is_not_kept(house: House) -> None:
    house.patient.says("/mydata")
    house.patient.blocks()
    await house.settle()
    await house.pass_time(days=2, hours=2)
    assert await rows(house, attachment) == []


async def test_the_file_comes_once_an_hour(house: House) -> None:
    await says(house, "send me my data", "/mydata")
    assert house.patient.last.text.startswith("I sent you that file")
    await house.pass_time(hours=1)
    await says(house, "what do you know about me?")
    assert "<h1>" in await the_file(house)


# --- being forgotten -------------------------------------------------------------------------------------------------


async def test_who_never_had_a_plan_leaves_no_word(house: House) -> None:
    patient_texts = (f"Do you sell {MARK} vouchers", f"/human {MARK}", f"I have chest pain since {MARK}")
    await says(house, *patient_texts)
    (raised,) = await rows(house, alert, alert.c.level.is_not(None))
    await closes_the_alert(house)
    assert await columns_with(house, MARK) >= {"question.text", "message.payload"}
    await is_forgotten(house)
    assert await columns_with(house, MARK) == set()
    assert house.patient.last.text.startswith("Done. Your data is deleted.")
    assert "8 years" not in house.patient.last.text
    assert not any(MARK in text for text in house.staff_texts), "their cards are gone from the group"
    (kept,) = await rows(house, alert, alert.c.id == raised["id"])
    assert (kept["chat_id"], kept["flags"]) == (0, raised["flags"])
    assert await rows(house, patient_chat, patient_chat.c.chat_id == house.patient.chat_id) == []


async def test_the_care_record_stays_and_nothing_else(house: House) -> None:
    await says(house, f"before any plan {MARK}-early")
    house.clock.tick(timedelta(days=1))
    now_us = to_us(house.clock.now())
    plan_id = await enrol(house, agreed_us=now_us)
    await answer(house, plan_id, "joining", name=f"{MARK}-name")
    await answer(house, plan_id, "second", words=f"{MARK}-answer")
    (enrolled,) = await rows(house, enrolment)
    async with house.app.store.write() as tx:
        await tx.execute(
            contact.insert().values(patient_id=enrolled["patient_id"], name=f"{MARK}-name", updated_us=now_us)
        )
        await tx.execute(
            patient_chat.update()
            .where(patient_chat.c.patient_id == enrolled["patient_id"])
            .values(label=f"{MARK}-name")
        )
    await says(house, f"during the plan {MARK}-during")
    await is_forgotten(house)
    assert await columns_with(house, f"{MARK}-early") == set()
    assert await columns_with(house, f"{MARK}-name") == set()
    assert await columns_with(house, f"{MARK}-answer") == {"check_in.answers"}
    assert await columns_with(house, f"{MARK}-during") <= {"question.text", "question.why", "message.payload"}
    assert await state_of(house, plan_id) == ("ended", "forget")
    assert "locked, for 8 years" in house.patient.last.text
    (done,) = await rows(house, erasure)
    assert (done["state"], done["counts"]["record"], done["counts"]["contacts"]) == ("done", 1, 1)


async def test_nothing_is_deleted_without_the_second_yes(house: House) -> None:
    plan_id = await enrol(house)
    await says(house, f"vouchers {MARK}", "delete my data")
    assert await scopes(house) == {Scope.ALL}, "contact stops at once"
    assert await state_of(house, plan_id) == ("ended", "forget")
    await presses(house, "Yes, delete my data")
    await house.pass_time(minutes=9)
    assert SURE not in house.labels
    await house.pass_time(minutes=2)
    assert house.labels == [SURE, KEEP]
    await house.pass_time(days=2)
    assert "question.text" in await columns_with(house, MARK)
    assert any("did not say that they are sure" in text for text in house.staff_texts)
    assert await scopes(house) == {Scope.ALL}
    assert [row["state"] for row in await rows(house, erasure)] == ["withdrawn"]
    await presses(house, SURE)
    assert "question.text" in await columns_with(house, MARK), "a yes of two days ago is none"


async def test_a_change_of_mind_keeps_everything(house: House) -> None:
    await says(house, f"vouchers {MARK}", "/forget")
    await presses(house, "Yes, delete my data")
    await presses_older(house, KEEP)
    await house.pass_time(days=2)
    assert "question.text" in await columns_with(house, MARK)
    assert not any("did not say that they are sure" in text for text in house.staff_texts)


async def presses_older(house: House, button: str) -> None:
    """A button of a message that is not the newest any more."""
    shown = house.world.from_bot(house.patient.chat_id)
    message_id = next(one.message_id for one in reversed(shown) if button in [key.label for key in one.keys])
    house.patient.presses(button, message_id)
    await house.settle()


async def test_it_waits_for_an_alert_and_is_done_when_that_is_closed(house: House) -> None:
    await says(house, f"my foot is numb and won't lift {MARK}")
    await is_forgotten(house)
    assert "not deleted yet" in house.patient.last.text
    assert any("waits until the open alert" in text for text in house.staff_texts)
    assert "question.text" in await columns_with(house, MARK)
    await closes_the_alert(house)
    await house.pass_time(hours=1, minutes=1)
    assert house.patient.last.text.startswith("Done. Your data is deleted.")
    assert sum("not deleted yet" in text for text in house.bot_texts) == 1
    assert await columns_with(house, MARK) == set()


async def test_old_cards_lose_their_words_where_telegram_does_not_delete_them(house: House) -> None:
    await says(house, f"Do you sell {MARK} vouchers")
    await house.pass_time(days=3)
    await is_forgotten(house)
    await house.settle(seconds=120)
    assert not any(MARK in text for text in house.staff_texts)
    assert "Deleted, as the patient asked." in house.staff_texts


async def test_who_writes_again_starts_afresh_and_stays_out_of_the_way(house: House) -> None:
    before = await the_patient(house)
    await is_forgotten(house)
    await says(house, f"hello again, do you sell {MARK} vouchers")
    await house.pass_time(days=2)
    assert "question.text" in await columns_with(house, MARK), "what came later is not touched by the nightly repeat"
    (link,) = await rows(house, patient_chat, patient_chat.c.chat_id == house.patient.chat_id)
    assert link["patient_id"] != before["id"]
    assert await scopes(house) == {Scope.ALL}


async def test_a_restored_backup_forgets_again(house: House) -> None:
    await says(house, f"Do you sell {MARK} vouchers")
    bot_id, chat_id = house.app.settings.bot_id, ChatId(house.patient.chat_id)
    known = await the_patient(house)
    now_us = to_us(house.clock.now())
    lost = {
        "chat_id": chat_id,
        "patient_id": known["id"],
        "state": "done",
        "asked_us": now_us,
        "done_us": now_us,
        "counts": {"questions": 1, "record": 0},
    }
    for _ in range(2):
        async with house.app.store.write() as tx:
            await erasing.reapply_erasures(tx, bot_id, house.app.post.contacts, [lost])
        assert await columns_with(house, MARK) == set()
    assert len(await rows(house, erasure)) == 1
    assert await scopes(house) == {Scope.ALL}


# --- a locked record before its time ---------------------------------------------------------------------------------


async def locked(house: House) -> str:
    """Somebody with a care record, forgotten. Returns their code."""
    known = await the_patient(house)
    plan_id = await enrol(house, agreed_us=to_us(house.clock.now()))
    await answer(house, plan_id, "second", words=MARK)
    await is_forgotten(house)
    return str(known["code"])


async def test_an_owner_may_release_a_record_with_a_reason(house: House) -> None:
    code = await locked(house)
    house.owner.says(f"/release {code}")
    await house.settle()
    assert "and then the reason" in house.owner.last.text
    assert await columns_with(house, MARK)
    house.owner.says(f"/release {code} court order 12")
    await house.settle()
    assert house.owner.last.text.startswith(f"The record of {code} was deleted.")
    assert await columns_with(house, MARK) == set()
    (noted,) = await rows(house, audit, audit.c.action == "record_released")
    assert (noted["actor_id"], noted["detail"]) == (house.owner.user_id, {"reason": "court order 12"})
    house.owner.says(f"/release {code} again")
    await house.settle()
    assert house.owner.last.text.startswith("There is no locked record")


async def test_nobody_else_may(house: House) -> None:
    code = await locked(house)
    house.member.says(f"/release {code} because")
    await house.settle()
    assert house.staff_texts[-1] == "Not done: only an owner can do that."
    assert await columns_with(house, MARK) == {"check_in.answers"}
    assert await rows(house, check_in, check_in.c.step_id == "second")
    assert await rows(house, message, message.c.dedupe_key.startswith(erasing.OURS))
    assert [row["state"] for row in await rows(house, erasure)] == [erasures.DONE]
    assert from_us((await rows(house, erasure))[0]["done_us"]) <= house.clock.now()
    assert [row["state"] for row in await rows(house, enrolment)] == [PlanState.ENDED]
