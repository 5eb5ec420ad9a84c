"""Threads in the database: which topic is whose, lines that grow while they wait, what was said both ways."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.clock import ManualClock
from bot.markup import MAX_TEXT
from bot.model import (
    BotId,
    Button,
    ChatId,
    ChatKind,
    Kind,
    MessageId,
    MessageState,
    Method,
    Outgoing,
    Payload,
    TelegramMessageId,
)
from bot.store import alerts, chats, messages, threads, topics
from bot.store.engine import Store, Tx, open_store
from bot.store.tables import question, topic

BOT, OTHER_BOT = BotId(1), BotId(2)
GROUP, PATIENT, OTHER = ChatId(-1001), ChatId(11), ChatId(12)
WHY = ((Button("Why", "th:why:1:1"),),)


async def opened(store: Store, tx: Tx, chat_id: ChatId = PATIENT, bot_id: BotId = BOT, **made: Any) -> int:
    """A thread of this chat, with `made` in its topic. Returns our row of the topic."""
    await chats.touch_chat(store, tx, bot_id, chat_id, ChatKind.PRIVATE, 1)
    await chats.touch_chat(store, tx, bot_id, GROUP, ChatKind.STAFF, 1)
    topic_id = await topics.add(tx, bot_id, GROUP, f"P-{chat_id}", 1)
    await tx.execute(topic.update().where(topic.c.id == topic_id).values(made or {"thread_id": 40 + topic_id}))
    await threads.add(tx, bot_id, chat_id, topic_id, 1)
    return topic_id


async def owe(store: Store, tx: Tx, out: Outgoing, state: MessageState | None = None, **values: Any) -> MessageId:
    row_id = await messages.enqueue(store, tx, BOT, out, 1)
    assert row_id is not None
    if state is not None:
        await messages.finish(tx, row_id, state, **values)
    return row_id


async def test_each_chat_has_its_own_in_each_bot(store: Store) -> None:
    async with store.write() as tx:
        mine, others = await opened(store, tx, thread_id=41), await opened(store, tx, OTHER, thread_id=42)
        await opened(store, tx, bot_id=OTHER_BOT, thread_id=41)
        for topic_id, chat_id, number in ((mine, PATIENT, 41), (others, OTHER, 42)):
            found = await threads.seen_in(tx, BOT, GROUP, number)
            assert found is not None
            assert (found["chat_id"], found["topic_id"], found["group_id"]) == (chat_id, topic_id, GROUP)
            assert await threads.of_topic(tx, BOT, topic_id) == found
            assert await threads.of_chat(tx, BOT, chat_id) == await threads.by_id(tx, BOT, found["id"]) == found
        assert await threads.seen_in(tx, BOT, ChatId(-1002), 41) is None, "topics of two groups have the same numbers"
        assert await threads.of_topic(tx, OTHER_BOT, mine) is None


async def test_a_thread_moves_to_the_topic_of_another_group(store: Store) -> None:
    async with store.write() as tx:
        before = await opened(store, tx)
        after = await topics.add(tx, BOT, ChatId(-1002), "P", 2)
        await threads.add(tx, BOT, PATIENT, after, 2)
        assert await threads.of_topic(tx, BOT, before) is None
        found = await threads.of_chat(tx, BOT, PATIENT)
        assert found is not None
        assert (found["topic_id"], found["group_id"]) == (after, -1002)


async def test_open_ones_say_whether_somebody_talks(store: Store) -> None:
    async with store.write() as tx:
        now: dict[ChatId, dict[str, object]] = {
            PATIENT: {"staff_us": 5},
            OTHER: {"batch": 3},
            ChatId(13): {"state": threads.DONE},
        }
        for chat_id, values in now.items():
            found = await threads.of_topic(tx, BOT, await opened(store, tx, chat_id))
            assert found is not None
            await threads.set_values(tx, found["id"], **{"state": threads.OPEN, **values})
        everybody = (PATIENT, OTHER, ChatId(13), ChatId(14))
        assert await threads.open_in(tx, BOT, everybody) == {PATIENT: 5, OTHER: None}
        await threads.take_back(tx, BOT, OTHER, 4)
        assert OTHER in await threads.open_in(tx, BOT, everybody), "opened by another reply than that"
        await threads.take_back(tx, BOT, OTHER, 3)
        assert await threads.open_in(tx, BOT, everybody) == {PATIENT: 5}


@pytest.mark.parametrize(
    ("state", "coming"),
    [(None, True), (MessageState.SENDING, True), (MessageState.SENT, False), (MessageState.REFUSED, False)],
)
async def test_a_topic_is_coming_while_its_call_is_owed(store: Store, state: MessageState | None, coming: bool) -> None:
    async with store.write() as tx:
        topic_id = await opened(store, tx, thread_id=None)
        make = Outgoing(GROUP, Kind.RELAY, Payload("P"), "make", method=Method.CREATE_TOPIC, topic_id=topic_id)
        assert not await topics.is_coming(tx, topic_id)
        await owe(store, tx, make, state)
        assert await topics.is_coming(tx, topic_id) is coming


# --- lines that wait -------------------------------------------------------------------------------------------------

LINE = Outgoing(GROUP, Kind.RELAY, Payload("P: one"), f"{threads.LINE}u1:staff0", topic_id=1, subject_chat_id=PATIENT)
UNDER_A_CARD = replace(LINE, reply_to_id=TelegramMessageId(9))


@pytest.mark.parametrize(
    ("waiting", "state", "reply_to", "joined"),
    [
        pytest.param(LINE, None, None, True, id="waits"),
        pytest.param(replace(LINE, payload=Payload("P: one", WHY)), None, None, True, id="with-a-button"),
        pytest.param(UNDER_A_CARD, None, 9, True, id="under-the-same-card"),
        pytest.param(UNDER_A_CARD, None, None, False, id="under-a-card"),
        pytest.param(LINE, None, 9, False, id="not-under-the-card"),
        pytest.param(LINE, MessageState.SENDING, None, False, id="on-the-wire"),
        pytest.param(LINE, MessageState.SENT, None, False, id="sent"),
        pytest.param(replace(LINE, dedupe_key="held:11:1:u1:staff0"), None, None, False, id="may-be-taken-back"),
        pytest.param(replace(LINE, dedupe_key="thread:1:card"), None, None, False, id="no-line"),
        pytest.param(replace(LINE, method=Method.COPY), None, None, False, id="a-picture"),
        pytest.param(replace(LINE, payload=Payload("x" * (MAX_TEXT - 5))), None, None, False, id="too-long"),
        pytest.param(replace(LINE, payload=Payload("<b>broken")), None, None, False, id="cannot-be-read"),
    ],
)
async def test_a_line_joins_the_one_that_waits_last(
    store: Store, waiting: Outgoing, state: MessageState | None, reply_to: int | None, joined: bool
) -> None:
    async with store.write() as tx:
        topic_id = await opened(store, tx)
        row_id = await owe(store, tx, replace(waiting, topic_id=topic_id), state)
        under = TelegramMessageId(reply_to) if reply_to else None
        assert await threads.join_line(tx, BOT, topic_id, under, Payload("P: two")) is joined
        row = await messages.by_id(tx, BOT, row_id)
        assert row is not None
        before = waiting.payload
        expected = replace(before, text=f"{before.text}\nP: two") if joined else before
        assert Payload.from_json(row["payload"]) == expected


async def test_the_newest_answer_has_the_button(store: Store) -> None:
    newer = ((Button("Why", "th:why:1:2"),),)
    async with store.write() as tx:
        topic_id = await opened(store, tx)
        row_id = await owe(store, tx, replace(LINE, topic_id=topic_id, payload=Payload("P: one", WHY)))
        await threads.join_line(tx, BOT, topic_id, None, Payload("P: two", newer))
        row = await messages.by_id(tx, BOT, row_id)
    assert row is not None
    assert Payload.from_json(row["payload"]) == Payload("P: one\nP: two", newer)


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_a_line_does_not_wait_for_one_that_somebody_holds(
    store: Store, database_url: str, clock: ManualClock
) -> None:
    """The outbox may be moving it, and may need a line that is held here: each would wait for the other."""
    async with store.write() as tx:
        topic_id = await opened(store, tx)
        row_id = await owe(store, tx, replace(LINE, topic_id=topic_id))
    async with open_store(database_url, clock) as worker, store.write() as tx, worker.write() as other_tx:
        row = await messages.by_id(other_tx, BOT, row_id)
        assert row is not None
        await messages.move(other_tx, row, row["due_us"] + 1)
        async with asyncio.timeout(10):
            assert not await threads.join_line(tx, BOT, topic_id, None, Payload("P: two"))


async def test_something_else_in_between_keeps_lines_apart(store: Store) -> None:
    async with store.write() as tx:
        topic_id = await opened(store, tx)
        await owe(store, tx, replace(LINE, topic_id=topic_id))
        await owe(store, tx, replace(LINE, topic_id=topic_id, method=Method.COPY, dedupe_key="picture"))
        assert not await threads.join_line(tx, BOT, topic_id, None, Payload("P: two"))


# --- what was said ---------------------------------------------------------------------------------------------------


async def test_the_last_lines_are_both_sides_in_order(store: Store, clock: ManualClock) -> None:
    async with store.write() as tx:
        await opened(store, tx)
        patient = await chats.welcome_patient(store, tx, BOT, PATIENT, 1)
        whose = {"bot_id": BOT, "patient_id": patient.patient_id, "chat_id": PATIENT, "decision": "answer", "why": {}}
        for number in range(3):
            clock.tick(timedelta(minutes=1))
            await tx.execute(question.insert().values(**whose, text=f"asked {number}", at_us=clock.now_us()))
            clock.tick(timedelta(minutes=1))
            out = Outgoing(PATIENT, Kind.REPLY, Payload(f"<b>told</b> {number}"), f"told:{number}", due_at=clock.now())
            await owe(store, tx, out)
        refused = Outgoing(PATIENT, Kind.RELAY, Payload("never"), "never", due_at=clock.now())
        await owe(store, tx, refused, MessageState.REFUSED)
        said = await threads.last_lines(tx, BOT, PATIENT, 3)
    assert [(line.is_ours, line.text) for line in said] == [(True, "told 1"), (False, "asked 2"), (True, "told 2")]


async def test_only_a_word_of_staffs_that_was_sent_has_arrived(store: Store) -> None:
    async with store.write() as tx:
        await opened(store, tx)
        assert await threads.last_arrived_us(tx, BOT, PATIENT) is None
        for key, kind, state, at_us in (
            ("said:1", Kind.RELAY, MessageState.SENT, 5),
            ("said:2", Kind.RELAY, MessageState.UNKNOWN, 6),
            ("u1:say0", Kind.REPLY, MessageState.SENT, 7),
        ):
            await owe(store, tx, Outgoing(PATIENT, kind, Payload("Hello"), key), state, sent_us=at_us)
        assert await threads.last_arrived_us(tx, BOT, PATIENT) == 5
        found = await threads.passed_on(tx, BOT, "said:2")
        assert found is not None
        assert found["state"] == MessageState.UNKNOWN
        assert await threads.passed_on(tx, BOT, "said:3") is None


async def test_hand_overs_are_questions_that_nobody_closed(store: Store) -> None:
    async with store.write() as tx:
        await opened(store, tx)
        patient = await chats.welcome_patient(store, tx, BOT, PATIENT, 1)
        ids = [await alerts.open_alert(tx, BOT, patient.patient_id, PATIENT, None, 1) for _ in range(3)]
        await alerts.close(tx, ids[1], "done", 2)
        assert [row["id"] for row in await threads.hand_overs(tx, BOT, PATIENT)] == [ids[0], ids[2]]
        assert await threads.hand_overs(tx, BOT, OTHER) == []


async def test_patients_are_named_by_code_and_area(store: Store) -> None:
    async with store.write() as tx:
        await opened(store, tx)
        assert await threads.patients_in(tx, BOT, PATIENT) == []
        patient = await chats.welcome_patient(store, tx, BOT, PATIENT, 1)
        (row,) = await threads.patients_in(tx, BOT, PATIENT)
    assert (row["code"], row["area"], row["treated_us"]) == (patient.code, None, None)
