"""What patients said of answers: one row for a question and an entry, counted for each entry."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bot.clock import ManualClock
from bot.model import BotId, ChatId, ChatKind, MessageId, Tap, TelegramMessageId
from bot.store import chats
from bot.store import feedback as said
from bot.store.engine import Store
from bot.store.feedback import Counts
from bot.store.tables import alert, feedback, message, question

BOT, OTHER_BOT = BotId(1), BotId(2)
CHAT = ChatId(11)


async def asked(store: Store, clock: ManualClock, decision: str = "answer", bot_id: BotId = BOT, **values: Any) -> int:
    """A patient's question. Returns its row."""
    async with store.write() as tx:
        await chats.touch_chat(store, tx, bot_id, CHAT, ChatKind.PRIVATE, clock.now_us())
        patient = await chats.welcome_patient(store, tx, bot_id, CHAT, clock.now_us())
        row = {"bot_id": bot_id, "patient_id": patient.patient_id, "chat_id": CHAT, "text": "?", "decision": decision}
        row |= {"why": {"candidates": []}, "at_us": clock.now_us()}
        made = await tx.execute(question.insert().values(row | values))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


async def note(
    store: Store, clock: ManualClock, question_id: int, entry_id: str, tap: Tap, bot_id: BotId = BOT
) -> None:
    async with store.write() as tx:
        await said.note(store, tx, bot_id, question_id, [(entry_id, tap)], clock.now_us())


async def counts(store: Store) -> dict[str, Counts]:
    async with store.read() as tx:
        return await said.by_entry(tx, BOT)


async def test_saying_it_twice_counts_once_and_the_last_word_counts(store: Store, clock: ManualClock) -> None:
    question_id = await asked(store, clock, entry_id="bruising")
    for tap in (Tap.HELPED, Tap.HELPED, Tap.NOT_ASKED, Tap.NOT_ASKED):
        await note(store, clock, question_id, "bruising", tap)
    assert await counts(store) == {"bruising": Counts(answered=1, not_asked=1)}
    async with store.read() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(feedback)) == 1


async def test_what_was_offered_and_what_was_answered_are_two_things(store: Store, clock: ManualClock) -> None:
    question_id = await asked(store, clock, "ask")
    await note(store, clock, question_id, "bruising", Tap.CHOSEN)
    await note(store, clock, question_id, "bruising", Tap.HELPED)
    await note(store, clock, question_id, "driving", Tap.NONE)
    assert await counts(store) == {"bruising": Counts(chosen=1, helped=1), "driving": Counts(none=1)}


async def test_every_question_counts_its_answers_both_of_two(store: Store, clock: ManualClock) -> None:
    await asked(store, clock, entry_id="bruising", why={"candidates": [], "second": "driving"})
    await asked(store, clock, entry_id="bruising", why={"candidates": [], "second": None})
    await asked(store, clock, "red_flag", entry_id="sepsis_signs")
    await asked(store, clock, "meta", entry_id="thanks")
    await asked(store, clock, bot_id=OTHER_BOT, entry_id="bruising")
    assert await counts(store) == {"bruising": Counts(answered=2), "driving": Counts(answered=1)}


async def test_what_was_put_aside_is_known(store: Store, clock: ManualClock) -> None:
    question_id = await asked(store, clock, entry_id="bruising")
    taps = {"bruising": Tap.NOT_ASKED, "driving": Tap.NONE, "parking": Tap.CHOSEN, "soreness": Tap.HELPED}
    for entry_id, tap in taps.items():
        await note(store, clock, question_id, entry_id, tap)
    async with store.read() as tx:
        assert await said.put_aside(tx, question_id) == {"bruising", "driving"}
        assert await said.put_aside(tx, question_id + 1) == frozenset()


async def test_a_message_asks_what_it_was_last_taken_for(store: Store, clock: ManualClock) -> None:
    await asked(store, clock, message_id=5)
    edited = await asked(store, clock, message_id=5)
    async with store.read() as tx:
        assert await said.question_in(tx, BOT, CHAT, TelegramMessageId(5)) == edited
        assert await said.question_in(tx, BOT, CHAT, TelegramMessageId(6)) is None
        assert await said.question_in(tx, OTHER_BOT, CHAT, TelegramMessageId(5)) is None


async def test_a_reply_leads_back_to_its_question_for_that_chat_only(store: Store, clock: ManualClock) -> None:
    question_id = await asked(store, clock, entry_id="bruising")
    row = {"bot_id": BOT, "chat_id": CHAT, "lane": 1, "kind": "reply", "method": "send_text", "state": "sent"}
    row |= {"payload": {"v": 1, "text": "Here"}, "planned_us": 0, "due_us": 0}
    async with store.write() as tx:
        for key, of_question in (("with", question_id), ("without", None)):
            await tx.execute(message.insert().values(row | {"dedupe_key": key, "question_id": of_question}))
    async with store.read() as tx:
        found = await said.asked_under(tx, BOT, CHAT, MessageId(1))
        assert found is not None
        assert (found["id"], found["entry_id"], found["payload"]["text"]) == (question_id, "bruising", "Here")
        assert await said.asked_under(tx, BOT, CHAT, MessageId(2)) is None
        assert await said.asked_under(tx, BOT, ChatId(12), MessageId(1)) is None
        assert await said.asked_under(tx, OTHER_BOT, CHAT, MessageId(1)) is None


async def waits_for_people(store: Store, clock: ManualClock, question_id: int, level: str | None = None) -> None:
    """A card for staff about a question."""
    async with store.write() as tx:
        patient_id = await tx.scalar(sa.select(question.c.patient_id).where(question.c.id == question_id))
        row = {"bot_id": BOT, "patient_id": patient_id, "chat_id": CHAT, "state": "open", "at_us": clock.now_us()}
        await tx.execute(alert.insert().values(**row, question_id=question_id, level=level))


async def test_one_entry_is_counted_since_some_day(store: Store, clock: ManualClock) -> None:
    old = await asked(store, clock, entry_id="bruising")
    await note(store, clock, old, "bruising", Tap.HELPED)
    clock.advance(timedelta(days=10))
    since_us = clock.now_us()
    helped = await asked(store, clock, entry_id="bruising")
    await note(store, clock, helped, "bruising", Tap.HELPED)
    second = await asked(store, clock, entry_id="driving", why={"second": "bruising"})
    to_team = await asked(store, clock, entry_id="bruising")
    danger = await asked(store, clock, entry_id="bruising")
    wrong = await asked(store, clock, entry_id="bruising")
    await note(store, clock, wrong, "bruising", Tap.NOT_ASKED)
    offered = await asked(store, clock, "ask")
    await note(store, clock, offered, "bruising", Tap.CHOSEN)
    await asked(store, clock, bot_id=OTHER_BOT, entry_id="bruising")
    for question_id, level in ((second, None), (to_team, None), (danger, "urgent"), (wrong, None)):
        await waits_for_people(store, clock, question_id, level)
    async with store.read() as tx:
        found = await said.of_entry(tx, BOT, "bruising", since_us)
        assert await said.of_entry(tx, BOT, "heat_or_ice", since_us) == Counts()
    assert found == Counts(answered=5, helped=1, not_asked=1, chosen=1, team=2)
