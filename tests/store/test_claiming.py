"""Which rows may go now, in which order; and that nobody who said stop is claimed for."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock, to_us
from bot.model import (
    KINDS,
    BotId,
    ChatId,
    ChatKind,
    Kind,
    Lane,
    MessageId,
    MessageState,
    Method,
    Outgoing,
    Payload,
    Scope,
)
from bot.store import chats, claiming, messages
from bot.store.engine import Store, Tx, open_store
from bot.store.tables import chat, topic

ON_POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
BOT = BotId(1)
ANNA, BEN, TEAM = ChatId(11), ChatId(12), ChatId(-100)
LATER = timedelta(minutes=5)
LONG_OVER = [state for state in MessageState if state not in {MessageState.PENDING, MessageState.SENDING}]


async def owe(
    store: Store, clock: ManualClock, key: str, chat_id: ChatId = ANNA, kind: Kind = Kind.REPLY, **more: Any
) -> MessageId:
    """Owe one message, due now unless `due_at` says otherwise."""
    out = Outgoing(chat_id, kind, Payload(key), key, **more)
    async with store.write() as tx:
        where = ChatKind.PRIVATE if chat_id > 0 else ChatKind.STAFF
        await chats.touch_chat(store, tx, BOT, chat_id, where, clock.now_us())
        made = await messages.enqueue(store, tx, BOT, out, clock.now_us())
    assert made is not None
    return made


async def become(store: Store, row: MessageId, state: MessageState, **values: Any) -> None:
    async with store.write() as tx:
        await messages.finish(tx, row, state, **values)


async def claimed(tx: Tx, clock: ManualClock, lane: Lane = Lane.REPLY, limit: int = 10) -> Sequence[sa.RowMapping]:
    return await claiming.claimable(tx, BOT, lane, clock.now_us(), limit)


async def may_go(store: Store, clock: ManualClock, lane: Lane = Lane.REPLY, limit: int = 10) -> list[str]:
    """The keys of the rows that may go now, in order."""
    async with store.write() as tx:
        return [row["dedupe_key"] for row in await claimed(tx, clock, lane, limit)]


# --- order per chat and lane ----------------------------------------------------------------------------------------


async def test_a_chat_gets_its_messages_one_after_the_other(store: Store, clock: ManualClock) -> None:
    first = await owe(store, clock, "first")
    second = await owe(store, clock, "second")
    await owe(store, clock, "third")
    seen = [await may_go(store, clock)]
    for row in (first, second):
        await become(store, row, MessageState.SENDING)
        seen.append(await may_go(store, clock))
        await become(store, row, MessageState.SENT)
        seen.append(await may_go(store, clock))
    assert seen == [["first"], [], ["second"], [], ["third"]]


@pytest.mark.parametrize("state", LONG_OVER)
async def test_what_is_over_holds_up_nobody(store: Store, clock: ManualClock, state: MessageState) -> None:
    await become(store, await owe(store, clock, "over"), state)
    await owe(store, clock, "next")
    assert await may_go(store, clock) == ["next"]


async def test_what_is_not_due_yet_holds_up_nobody(store: Store, clock: ManualClock) -> None:
    await owe(store, clock, "in five minutes", due_at=clock.now() + LATER)
    await owe(store, clock, "now")
    assert await may_go(store, clock) == ["now"]
    clock.tick(LATER)
    assert await may_go(store, clock) == ["in five minutes"]


async def test_what_is_backing_off_keeps_its_place_and_what_is_in_doubt_does_not(
    store: Store, clock: ManualClock
) -> None:
    first = await owe(store, clock, "first")
    later_us = to_us(clock.now() + LATER)
    await become(store, first, MessageState.PENDING, due_us=later_us, attempt=1)
    await owe(store, clock, "second")
    assert await may_go(store, clock) == []
    await become(store, first, MessageState.PENDING, due_us=later_us, attempt=1, resent=True)
    assert await may_go(store, clock) == ["second"]


async def test_other_chats_go_in_the_order_they_are_due(store: Store, clock: ManualClock) -> None:
    await owe(store, clock, "due now")
    await owe(store, clock, "due for a minute", BEN, due_at=clock.now() - timedelta(minutes=1))
    await owe(store, clock, "due for an hour", ChatId(13), due_at=clock.now() - timedelta(hours=1))
    assert await may_go(store, clock) == ["due for an hour", "due for a minute", "due now"]
    assert await may_go(store, clock, limit=2) == ["due for an hour", "due for a minute"]


async def test_lanes_and_bots_do_not_wait_for_each_other(store: Store, clock: ManualClock) -> None:
    for lane, kind in ((KINDS[kind].lane, kind) for kind in (Kind.BROADCAST, Kind.CHECK_IN, Kind.REPLY, Kind.ALERT)):
        await owe(store, clock, lane.name, kind=kind)
    assert [await may_go(store, clock, lane) for lane in Lane] == [[lane.name] for lane in Lane]
    async with store.write() as tx:
        assert await claiming.claimable(tx, BotId(2), Lane.REPLY, clock.now_us(), 10) == ()


# --- edits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", MessageState)
async def test_an_edit_waits_until_its_message_is_settled(
    store: Store, clock: ManualClock, state: MessageState
) -> None:
    target = await owe(store, clock, "target", due_at=clock.now() + LATER)
    await become(store, target, state, tg_message_id=77 if state is MessageState.SENT else None)
    await owe(store, clock, "edit", target_id=target, method=Method.EDIT_TEXT)
    async with store.write() as tx:
        rows = await claimed(tx, clock)
    if state in {MessageState.PENDING, MessageState.SENDING}:
        assert rows == ()
    else:
        found = [(row["dedupe_key"], row["target_state"], row["target_tg_id"]) for row in rows]
        assert found == [("edit", state, 77 if state is MessageState.SENT else None)]


async def test_an_edit_that_waits_holds_up_nobody(store: Store, clock: ManualClock) -> None:
    target = await owe(store, clock, "target", due_at=clock.now() + LATER)
    await owe(store, clock, "edit", target_id=target, method=Method.EDIT_TEXT)
    await owe(store, clock, "next")
    assert await may_go(store, clock) == ["next"]


async def test_edits_of_one_message_never_overtake_each_other(store: Store, clock: ManualClock) -> None:
    target = await owe(store, clock, "target")
    await become(store, target, MessageState.SENT, tg_message_id=77)
    older = await owe(store, clock, "older", target_id=target, method=Method.EDIT_TEXT)
    await become(store, older, MessageState.SENDING)
    await owe(store, clock, "newer", target_id=target, method=Method.EDIT_TEXT)
    assert await may_go(store, clock) == []
    await become(store, older, MessageState.PENDING)  # in doubt: it is repeated, first
    assert await may_go(store, clock) == ["older"]
    await become(store, older, MessageState.SENT)
    assert await may_go(store, clock) == ["newer"]


# --- topics ---------------------------------------------------------------------------------------------------------


async def open_topic(store: Store, name: str, thread_id: int | None = None) -> int:
    async with store.write() as tx:
        row = {"bot_id": BOT, "chat_id": TEAM, "name": name, "thread_id": thread_id, "created_us": 0}
        made = (await tx.execute(topic.insert().values(row))).inserted_primary_key
    assert made is not None
    number: int = made[0]
    return number


async def test_messages_wait_for_their_topic(store: Store, clock: ManualClock) -> None:
    number = await open_topic(store, "P-7F3K")
    create = await owe(store, clock, "create", TEAM, Kind.RELAY, method=Method.CREATE_TOPIC, topic_id=number)
    await owe(store, clock, "relay", TEAM, Kind.RELAY, topic_id=number)
    assert await may_go(store, clock) == ["create"]
    await become(store, create, MessageState.SENDING)
    assert await may_go(store, clock) == []
    async with store.write() as tx:
        await messages.finish(tx, create, MessageState.SENT)
        await tx.execute(topic.update().values(thread_id=55))
        rows = await claimed(tx, clock)
    assert [(row["dedupe_key"], row["thread_id"], row["topic_name"]) for row in rows] == [("relay", 55, "P-7F3K")]


@pytest.mark.parametrize("state", LONG_OVER)
async def test_where_no_topic_will_come_its_messages_go_to_general(
    store: Store, clock: ManualClock, state: MessageState
) -> None:
    number = await open_topic(store, "P-7F3K")
    create = await owe(store, clock, "create", TEAM, Kind.RELAY, method=Method.CREATE_TOPIC, topic_id=number)
    await owe(store, clock, "relay", TEAM, Kind.RELAY, topic_id=number)
    await become(store, create, state)
    async with store.write() as tx:
        assert [(row["dedupe_key"], row["thread_id"]) for row in await claimed(tx, clock)] == [("relay", None)]


async def test_topics_and_general_do_not_wait_for_each_other(store: Store, clock: ManualClock) -> None:
    blue, red = await open_topic(store, "blue", 1), await open_topic(store, "red", 2)
    for name, number in (("blue", blue), ("red", red), ("general", None)):
        await owe(store, clock, f"{name} 1", TEAM, Kind.RELAY, topic_id=number)
        await owe(store, clock, f"{name} 2", TEAM, Kind.RELAY, topic_id=number)
    assert await may_go(store, clock) == ["blue 1", "red 1", "general 1"]


async def test_a_topic_that_was_deleted_is_made_anew_before_what_waits_for_it(store: Store, clock: ManualClock) -> None:
    number = await open_topic(store, "P-7F3K")  # its thread id was taken away when Telegram said it is gone
    await owe(store, clock, "waiting", TEAM, Kind.RELAY, topic_id=number)
    await owe(store, clock, "create", TEAM, Kind.RELAY, method=Method.CREATE_TOPIC, topic_id=number)
    assert await may_go(store, clock) == ["create"]


async def test_moving_one_topic_leaves_the_others(store: Store, clock: ManualClock) -> None:
    blue, red = await open_topic(store, "blue", 1), await open_topic(store, "red", 2)
    row = await owe(store, clock, "blue 1", TEAM, Kind.RELAY, topic_id=blue)
    await owe(store, clock, "blue 2", TEAM, Kind.RELAY, topic_id=blue)
    await owe(store, clock, "red", TEAM, Kind.RELAY, topic_id=red)
    general = await owe(store, clock, "general", TEAM, Kind.RELAY)
    async with store.write() as tx:
        found = await messages.by_id(tx, BOT, row)
        assert found is not None
        await messages.move(tx, found, clock.now_us() + 1)
    assert await may_go(store, clock) == ["red", "general"]
    async with store.write() as tx:
        found = await messages.by_id(tx, BOT, general)
        assert found is not None
        await messages.move(tx, found, clock.now_us() + 1)
    assert await may_go(store, clock) == ["red"]


# --- what the claim tells about the chat ----------------------------------------------------------------------------


async def test_a_claimed_row_brings_its_chat_along(store: Store, clock: ManualClock) -> None:
    await owe(store, clock, "row")
    values = {"tat_us": 1, "blocked_until_us": 2, "unreachable_us": 3, "zone": "Europe/Paris"}
    async with store.write() as tx:
        await tx.execute(chat.update().values(values))
        (row,) = await claimed(tx, clock)
    assert {name: row[name] for name in values} == values
    assert row["chat_kind"] == ChatKind.PRIVATE


SCOPES = [frozenset(some) for count in range(4) for some in combinations(Scope, count)]


@pytest.mark.parametrize("scopes", SCOPES, ids=lambda scopes: "+".join(sorted(scopes)) or "nothing")
async def test_opting_out_stops_exactly_the_kinds_of_its_scope(
    store: Store, clock: ManualClock, scopes: frozenset[Scope]
) -> None:
    chat_ids = {kind: ChatId(number) for number, kind in enumerate(Kind, 1)}
    for kind, chat_id in chat_ids.items():
        await owe(store, clock, kind, chat_id, kind)
    async with store.write() as tx:
        for chat_id in chat_ids.values():
            for scope in scopes:
                await chats.stop(tx, BOT, chat_id, scope, 1)
        rows = [row for lane in Lane for row in await claimed(tx, clock, lane, 20)]
    assert {Kind(row["kind"]): bool(row["opted_out"]) for row in rows} == {
        kind: rule.opt_out is not None and bool(scopes & {rule.opt_out, Scope.ALL}) for kind, rule in KINDS.items()
    }


async def test_an_opt_out_counts_for_its_own_chat_and_until_it_ends(store: Store, clock: ManualClock) -> None:
    async def stopped() -> dict[ChatId, bool]:
        async with store.write() as tx:
            return {row["chat_id"]: bool(row["opted_out"]) for row in await claimed(tx, clock, Lane.SCHEDULED)}

    for chat_id in (ANNA, BEN):
        await owe(store, clock, str(chat_id), chat_id, Kind.CHECK_IN)
    async with store.write() as tx:
        await chats.stop(tx, BOT, ANNA, Scope.ALL, 1)
        await chats.stop(tx, BotId(2), BEN, Scope.ALL, 1)
    assert await stopped() == {ANNA: True, BEN: False}
    async with store.write() as tx:
        await chats.resume(tx, BOT, ANNA, 2)
    assert await stopped() == {ANNA: False, BEN: False}


# --- several workers ------------------------------------------------------------------------------------------------


@ON_POSTGRES
async def test_two_workers_claim_different_rows(store: Store, database_url: str, clock: ManualClock) -> None:
    for number in range(1, 5):
        await owe(store, clock, f"row {number}", ChatId(number))
    async with open_store(database_url, clock) as second, store.write() as tx, second.write() as other_tx:
        mine = [row["dedupe_key"] for row in await claimed(tx, clock, limit=2)]
        theirs = [row["dedupe_key"] for row in await claimed(other_tx, clock, limit=10)]
    assert (mine, theirs) == (["row 1", "row 2"], ["row 3", "row 4"])


@ON_POSTGRES
async def test_a_chat_that_a_handler_holds_is_left_out(store: Store, clock: ManualClock) -> None:
    await owe(store, clock, "Anna's")
    await owe(store, clock, "Ben's", BEN)
    async with store.write() as tx:
        await chats.lock_chat(tx, BOT, ANNA)
        assert await may_go(store, clock) == ["Ben's"]
    assert await may_go(store, clock) == ["Anna's", "Ben's"]


@ON_POSTGRES
async def test_rows_being_recovered_are_left_to_whoever_recovers_them(store: Store, clock: ManualClock) -> None:
    row = await owe(store, clock, "orphan")
    await become(store, row, MessageState.SENDING)
    async with store.write() as tx, store.write() as other_tx:
        assert [found["id"] for found in await claiming.orphans(tx, BOT, None)] == [row]
        assert await claiming.orphans(other_tx, BOT, None) == []


CROWD = """INSERT INTO chat (bot_id, chat_id, kind, first_seen_us)
    SELECT 1, 1000 + i, 'private', 0 FROM generate_series(1, 300) AS i;
    INSERT INTO message (bot_id, chat_id, lane, kind, method, payload, planned_us, due_us, state, dedupe_key)
    SELECT 1, 1000 + i, 2, 'check_in', 'send_text', '{"v": 1, "text": ""}', 0, i, 'pending', 'crowd ' || i
    FROM generate_series(1, 300) AS i;
    ANALYZE"""
"""Rows that are locked before Anna's and Ben's, which gives those two time to change their minds meanwhile."""


@ON_POSTGRES
async def test_a_claim_knows_of_every_stop_that_was_committed_before_it_locked(
    store: Store, database_url: str, clock: ManualClock
) -> None:
    """While a row is claimed its chat is locked, so what the claim says of opt-outs must hold, and not be older."""
    is_over = False

    async def keep_changing_their_mind(chat_id: ChatId) -> None:
        while not is_over:
            async with patients.write() as tx:
                await chats.lock_chat(tx, BOT, chat_id)
                await chats.stop(tx, BOT, chat_id, Scope.ALL, 1)
            async with patients.write() as tx:
                await chats.lock_chat(tx, BOT, chat_id)
                await chats.resume(tx, BOT, chat_id, 2)

    looked = 0
    for chat_id in (ANNA, BEN):
        await owe(store, clock, str(chat_id), chat_id, Kind.CHECK_IN)
    async with store.write() as tx:
        for statement in CROWD.split(";"):
            await tx.exec_driver_sql(statement)
    async with open_store(database_url, clock) as patients:
        people = [asyncio.create_task(keep_changing_their_mind(chat_id)) for chat_id in (ANNA, BEN)]
        try:
            for _ in range(30):
                async with store.write() as tx:
                    for row in (await claimed(tx, clock, Lane.SCHEDULED, 400))[300:]:
                        looked += 1
                        assert bool(row["opted_out"]) == bool(await chats.opted_out(tx, BOT, row["chat_id"]))
                await asyncio.sleep(0)
        finally:
            is_over = True
            await asyncio.gather(*people)
    assert looked > 5
