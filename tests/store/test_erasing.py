"""Being forgotten, table by table, on both databases: nothing of theirs is left, all of everybody else's is."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import MINUTE_US, ManualClock
from bot.model import BotId, ChatId, ChatKind, Kind, MessageId, MessageState, Method, Outgoing, PatientView, Payload
from bot.store import chats, erasing, erasures, messages, my_data
from bot.store.attachments import keep_file
from bot.store.contacts import Contacts
from bot.store.engine import Store, Tx
from bot.store.tables import (
    agreement,
    alert,
    alert_question,
    attachment,
    check_in,
    contact,
    conversation,
    enrol_code,
    enrol_link,
    enrolment,
    erasure,
    feedback,
    inbox,
    message,
    metadata,
    patient,
    patient_chat,
    question,
    said,
    staff_note,
    triage_review,
)

BOT = BotId(1)
ANNA, BEN, STAFF = ChatId(11), ChatId(12), ChatId(-100)
RECORDED = {"check_in.answers", "enrolment.facts", "staff_note.text", "agreement.text", "alert_question.note"}
"""Where words of a care record stand; and those asked and said while the plan ran."""


async def sweep(store: Store, word: str) -> set[str]:
    """Every column of every table in which `word` stands."""
    found = set()
    async with store.read() as tx:
        for table in metadata.sorted_tables:
            for row in (await tx.execute(sa.select(table))).mappings():
                for name, value in row.items():
                    text = (
                        value.decode(errors="replace") if isinstance(value, bytes) else json.dumps(value, default=str)
                    )
                    if word in text:
                        found.add(f"{table.name}.{name}")
    return found


async def fill(store: Store, clock: ManualClock, chat_id: ChatId, word: str, *, with_plan: bool) -> PatientView:
    """Somebody of whom `word` stands wherever a patient's words, or words about them, can stand."""
    now_us = clock.now_us()
    async with store.write() as tx:
        await chats.touch_chat(store, tx, BOT, chat_id, ChatKind.PRIVATE, now_us)
        await chats.touch_chat(store, tx, BOT, STAFF, ChatKind.STAFF, now_us)
        who = await chats.welcome_patient(store, tx, BOT, chat_id, now_us)
        await _fill_talk(store, tx, who, word, now_us)
        if with_plan:
            await _fill_plan(tx, who, word, now_us + 10 * MINUTE_US)
    return who


async def _fill_talk(store: Store, tx: Tx, who: PatientView, word: str, now_us: int) -> None:
    of_them = {"bot_id": BOT, "patient_id": who.patient_id, "chat_id": who.chat_id}
    why: dict[str, Any] = {"repaired": word, "candidates": [], "flags": []}
    asked = question.insert().values(**of_them, text=word, decision="hand_over", why=why, at_us=now_us)
    question_id = (await tx.execute(asked.returning(question.c.id))).scalar_one()
    await tx.execute(said.insert().values(**of_them, what="press", text=word, at_us=now_us))
    await tx.execute(feedback.insert().values(question_id=question_id, entry_id="x", bot_id=BOT, at_us=now_us))
    raised = alert.insert().values(**of_them, question_id=question_id, state="open", at_us=now_us)
    await tx.execute(raised)
    of_review = {"bot_id": BOT, "question_id": question_id, "verdict": "missed", "by_id": 5, "at_us": now_us}
    await tx.execute(triage_review.insert().values(**of_review))
    talk = {"version": 3, "state": {"question": word}, "updated_us": now_us}
    await tx.execute(conversation.insert().values(bot_id=BOT, chat_id=who.chat_id, **talk))
    parked = {"update_id": who.chat_id, "json": word, "state": "parked", "received_us": now_us}
    await tx.execute(inbox.insert().values(bot_id=BOT, chat_id=who.chat_id, **parked))
    of_contact = {"name": f"{word}-name", "phone": "555 0100", "reference": f"ref {word}", "updated_us": now_us}
    await tx.execute(contact.insert().values(patient_id=who.patient_id, **of_contact))
    await tx.execute(patient_chat.update().where(patient_chat.c.chat_id == who.chat_id).values(label=f"{word}-name"))
    code = {"code": str(who.chat_id), "made_us": now_us, "expires_us": now_us}
    await tx.execute(enrol_code.insert().values(bot_id=BOT, chat_id=who.chat_id, **code))
    link = {"token_hash": f"{who.chat_id}", "made_us": now_us, "expires_us": now_us}
    await tx.execute(enrol_link.insert().values(bot_id=BOT, patient_id=who.patient_id, **link))
    await _fill_messages(store, tx, who, word, question_id, now_us)


async def _fill_messages(store: Store, tx: Tx, who: PatientView, word: str, question_id: int, now_us: int) -> None:
    key, file_id = who.chat_id, await keep_file(store, tx, BOT, word.encode(), my_data.FILE_NAME)
    subject: dict[str, Any] = {"subject_chat_id": who.chat_id, "question_id": question_id}
    document = {"method": Method.SEND_DOCUMENT, "attachment_id": file_id}
    outs = [
        Outgoing(who.chat_id, Kind.REPLY, Payload(word), f"{key}:reply", question_id=question_id),
        Outgoing(who.chat_id, Kind.REPLY, Payload(word), f"{key}:file", **document),  # type: ignore[arg-type]
        Outgoing(STAFF, Kind.RELAY, Payload(word), f"{key}:card", **subject),
        Outgoing(STAFF, Kind.DIGEST, Payload(f"{who.code}: {word}"), f"{key}:list"),
    ]
    for out in outs:
        row_id = await messages.enqueue(store, tx, BOT, out, now_us)
        assert row_id is not None
        await messages.finish(tx, row_id, MessageState.SENT, sent_us=now_us, tg_message_id=row_id)
    card_id = await tx.scalar(sa.select(message.c.id).where(message.c.dedupe_key == f"{key}:card"))
    target_id = MessageId(card_id or 0)
    edit = Outgoing(STAFF, Kind.CARD, Payload(word), f"{key}:edit", method=Method.EDIT_TEXT, target_id=target_id)
    await messages.enqueue(store, tx, BOT, edit, now_us)
    await messages.enqueue(store, tx, BOT, Outgoing(who.chat_id, Kind.CHECK_IN, Payload(word), f"{key}:next"), now_us)


async def _fill_plan(tx: Tx, who: PatientView, word: str, now_us: int) -> None:
    of_them = {"bot_id": BOT, "patient_id": who.patient_id}
    plan = {"plan_id": "main", "zone": "Europe/London", "area": "heel", "side": "left", "careful": True}
    made = enrolment.insert().values(
        **of_them, **plan, chat_id=who.chat_id, treated_us=now_us, created_us=now_us, facts={"x": word}, state="ended"
    )
    plan_id = (await tx.execute(made.returning(enrolment.c.id))).scalar_one()
    of_plan = {
        "bot_id": BOT,
        "enrolment_id": plan_id,
        "state": "closed",
        "ticked": [],
        "doubted": [],
        "sent_us": now_us,
    }
    await tx.execute(check_in.insert().values(**of_plan, step_id="joining", answers={"name": f"{word}-name"}))
    await tx.execute(check_in.insert().values(**of_plan, step_id="first", answers={"words": word}))
    note = {"kind": "note", "text": word, "at_us": now_us, "dedupe_key": f"{who.chat_id}"}
    await tx.execute(staff_note.insert().values(**of_them, enrolment_id=plan_id, **note))
    screen = {"chat_id": who.chat_id, "version": "1", "text": word, "agreed": True, "at_us": now_us}
    await tx.execute(agreement.insert().values(**of_them, **screen))
    asked = question.insert().values(
        **of_them,
        chat_id=who.chat_id,
        text=f"{word}-during says {word}-name",
        decision="red_flag",
        why={},
        at_us=now_us,
    )
    question_id = (await tx.execute(asked.returning(question.c.id))).scalar_one()
    during = {"what": "text", "text": f"{word}-during says {word}-name", "at_us": now_us}
    await tx.execute(said.insert().values(**of_them, chat_id=who.chat_id, **during))
    raised = alert.insert().values(
        **of_them, chat_id=who.chat_id, level="urgent", flags=["x"], state="closed", at_us=now_us
    )
    alert_id = (await tx.execute(raised.returning(alert.c.id))).scalar_one()
    await tx.execute(alert_question.insert().values(alert_id=alert_id, question_id=question_id, note=word))


async def forget(store: Store, clock: ManualClock, who: PatientView, *, keeps: bool) -> list[erasing.Card]:
    subject = erasing.Subject(BOT, who.chat_id, (who.patient_id,), clock.now_us() + 20 * MINUTE_US, keeps)
    async with store.write() as tx:
        await erasures.ask(tx, BOT, who.chat_id, clock.now_us())
        asked = await erasures.open_requests(tx, BOT, who.chat_id)
        counts, cards = await erasing.erase(tx, subject, Contacts())
        counts[erasures.RECORD] = int(keeps)
        await erasures.finish(tx, [row["id"] for row in asked], counts, subject.until_us)
    return cards


@pytest.mark.parametrize("with_plan", [False, True])
async def test_nothing_is_left_where_no_record_has_to_stay(store: Store, clock: ManualClock, with_plan: bool) -> None:
    anna = await fill(store, clock, ANNA, "annas", with_plan=with_plan)
    await fill(store, clock, BEN, "bens", with_plan=with_plan)
    before = await sweep(store, "bens")
    assert {"question.text", "said.text", "contact.name", "inbox.json", "attachment.content"} <= before
    cards = await forget(store, clock, anna, keeps=False)
    assert await sweep(store, "annas") == set()
    assert await sweep(store, "bens") == before
    assert [(card.is_list, card.chat_id) for card in cards] == [(False, STAFF), (True, STAFF)]
    assert str(ANNA) not in {str(row) for row in await linked_chats(store)}


async def linked_chats(store: Store) -> list[int]:
    """Chats that a patient, a plan or an alert leads to."""
    async with store.read() as tx:
        return [
            chat_id
            for table in (patient_chat, enrolment, alert, question)
            for chat_id in await tx.scalars(sa.select(table.c.chat_id))
        ]


async def test_of_a_care_record_only_the_record_is_left(store: Store, clock: ManualClock) -> None:
    anna = await fill(store, clock, ANNA, "annas", with_plan=True)
    await forget(store, clock, anna, keeps=True)
    assert await sweep(store, "annas-name") == set()
    assert await sweep(store, "annas") == RECORDED | {"question.text", "said.text"}
    assert await sweep(store, "annas-during") == {"question.text", "said.text"}
    async with store.read() as tx:
        for table in (question, said):
            texts = (await tx.scalars(sa.select(table.c.text))).all()
            assert texts == ["annas-during says …"], "what was asked before the plan is gone"
        assert (await tx.scalars(sa.select(patient_chat.c.until_us))).one() is not None


async def test_a_record_that_is_released_leaves_no_word(store: Store, clock: ManualClock) -> None:
    anna = await fill(store, clock, ANNA, "annas", with_plan=True)
    await forget(store, clock, anna, keeps=True)
    async with store.write() as tx:
        found = await erasures.locked(tx, BOT, anna.code)
        await erasing.release(tx, found)
        assert await erasures.locked(tx, BOT, anna.code) == []
    assert await sweep(store, "annas") == set()


async def test_what_came_after_is_not_touched_when_it_is_done_again(store: Store, clock: ManualClock) -> None:
    anna = await fill(store, clock, ANNA, "annas", with_plan=False)
    await forget(store, clock, anna, keeps=False)
    clock.tick(timedelta(hours=1))
    async with store.write() as tx:
        await tx.execute(enrol_code.delete())
        await tx.execute(inbox.delete())
        await tx.execute(message.update().values(dedupe_key=sa.cast(message.c.id, sa.String)))
    again = await fill(store, clock, ANNA, "again", with_plan=False)
    assert again.patient_id != anna.patient_id
    before = await sweep(store, "again")
    async with store.write() as tx:
        await erasing.erase_again(tx, BOT, 0, Contacts())
    assert await sweep(store, "again") == before


async def test_a_patient_with_a_number_that_was_another_ones_is_not_erased(store: Store, clock: ManualClock) -> None:
    """A restored database gives out numbers again that the lost one had given to somebody else."""
    known = {"chat_id": BEN, "patient_id": 1, "state": "done", "asked_us": 1, "done_us": 1, "counts": {"record": 0}}
    anna = await fill(store, clock, ANNA, "annas", with_plan=False)
    assert anna.patient_id == 1
    before = await sweep(store, "annas")
    async with store.write() as tx:
        await erasing.reapply_erasures(tx, BOT, Contacts(), [known])
    assert await sweep(store, "annas") == before


async def test_a_message_on_the_wire_loses_its_words_later(store: Store, clock: ManualClock) -> None:
    anna = await fill(store, clock, ANNA, "annas", with_plan=False)
    async with store.write() as tx:
        of_row = message.c.dedupe_key == f"{ANNA}:next"
        await tx.execute(message.update().where(of_row).values(state=MessageState.SENDING))
    await forget(store, clock, anna, keeps=False)
    assert await sweep(store, "annas") == {"message.payload"}
    async with store.write() as tx:
        await tx.execute(message.update().where(of_row).values(state=MessageState.SENT))
        await erasing.erase_again(tx, BOT, 0, Contacts())
    assert await sweep(store, "annas") == set()


async def test_a_request_is_one_for_each_patient_and_can_be_taken_back(store: Store, clock: ManualClock) -> None:
    anna = await fill(store, clock, ANNA, "annas", with_plan=False)
    async with store.write() as tx:
        row = {"bot_id": BOT, "code": "P-2222", "created_us": 1}
        child = (await tx.execute(patient.insert().values(**row).returning(patient.c.id))).scalar_one()
        await tx.execute(patient_chat.insert().values(bot_id=BOT, chat_id=ANNA, patient_id=child, since_us=1))
        for at_us in (1, 2):
            await erasures.ask(tx, BOT, ANNA, at_us)
        asked = await erasures.open_requests(tx, BOT, ANNA)
        assert {(row["patient_id"], row["asked_us"]) for row in asked} == {(anna.patient_id, 2), (child, 2)}
        assert await erasures.withdraw(tx, BOT, ANNA)
        assert not await erasures.withdraw(tx, BOT, ANNA)
        states = (await tx.scalars(sa.select(erasure.c.state))).all()
    assert states == ["withdrawn", "withdrawn"]


async def test_a_file_is_kept_while_it_is_on_its_way(store: Store, clock: ManualClock) -> None:
    await fill(store, clock, ANNA, "annas", with_plan=False)
    of_file = message.c.dedupe_key == f"{ANNA}:file"

    async def left(state: MessageState, before_us: int | None = None) -> int:
        async with store.write() as tx:
            await tx.execute(message.update().where(of_file).values(state=state))
            return await my_data.drop_files(tx, BOT, before_us)

    assert await left(MessageState.PENDING) == 1
    assert await left(MessageState.SENDING, clock.now_us() + 1) == 1
    assert await left(MessageState.PENDING, clock.now_us() + 1) == 0
    async with store.read() as tx:
        assert (await tx.execute(sa.select(attachment))).all() == []
        assert await tx.scalar(sa.select(message.c.state).where(of_file)) == "cancelled", "a file without content"
