"""Announcements and their copies, as rows: what is counted, held back, let go and called off."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.announcement import Audience, Counts, LeftOut, State
from bot.clock import NEVER_US, ManualClock
from bot.core.announcing import Announcement
from bot.model import BotId, ChatId, Kind, MessageId, MessageState, Method, Outgoing, Payload
from bot.store import broadcasts, messages, recipients
from bot.store.attachments import keep_photo
from bot.store.engine import Store
from bot.store.recipients import Meant
from bot.store.tables import attachment, broadcast, message, recipient
from tests.agreed import BOT, agreed, announcement

LATER_US = 5
"""How long after now a copy is due that waits for the end of quiet hours."""


@pytest.fixture
async def broadcast_id(store: Store, clock: ManualClock) -> int:
    """A running announcement to everyone, not frozen yet."""
    async with store.write() as tx:
        return await announcement(tx, clock.now_us())


async def copy(store: Store, clock: ManualClock, broadcast_id: int, chat_id: int, **values: Any) -> MessageId:
    """A copy for a patient of its own, pending unless `values` say otherwise."""
    plan_id = await agreed(store, chat_id, clock.now_us(), area="calf")
    async with store.write() as tx:
        key = recipients.copy_key(broadcast_id, ChatId(chat_id))
        hello = Outgoing(
            ChatId(chat_id), Kind.BROADCAST, Payload("Hello"), key, enrolment_id=plan_id, broadcast_id=broadcast_id
        )
        made = await messages.enqueue(store, tx, BOT, hello, clock.now_us(), 0)
        assert made is not None
        await tx.execute(message.update().where(message.c.id == made).values({"state": MessageState.PENDING} | values))
        return made


async def correction(store: Store, clock: ManualClock, broadcast_id: int, target: MessageId, chat_id: int) -> MessageId:
    """An edit of a copy, pending."""
    async with store.write() as tx:
        out = Outgoing(
            ChatId(chat_id),
            Kind.BROADCAST,
            Payload("Hello again"),
            f"e:{target}",
            Method.EDIT_TEXT,
            target_id=target,
            broadcast_id=broadcast_id,
        )
        made = await messages.enqueue(store, tx, BOT, out, clock.now_us(), 0)
        assert made is not None
        return made


async def rows(store: Store) -> dict[int, sa.RowMapping]:
    async with store.read() as tx:
        return {row["id"]: row for row in (await tx.execute(sa.select(message))).mappings()}


# --- announcements --------------------------------------------------------------------------------------------------


async def test_a_draft_is_changed_and_listed(store: Store, clock: ManualClock) -> None:
    async with store.write() as tx:
        first, second = [await announcement(tx, clock.now_us(), State.DRAFT) for _ in range(2)]
        await broadcasts.set_values(tx, second, state=State.RUNNING, audience=Audience(treated_days=7).to_json())
        third = await announcement(tx, clock.now_us(), State.PAUSED)
        assert await broadcasts.get(tx, BotId(2), second) is None
        row = await broadcasts.get(tx, BOT, second, lock=True)
        assert row is not None
        assert (row["state"], row["audience"], row["expanded_through"]) == ("running", {"treated_days": 7}, 0)
        going = (State.RUNNING, State.PAUSED)
        assert [row["id"] for row in await broadcasts.listed(tx, BOT, going, 5)] == [third, second]
        assert [row["id"] for row in await broadcasts.listed(tx, BOT, going, 1)] == [third]
        assert [row["id"] for row in await broadcasts.listed(tx, BOT, (State.DRAFT,), 5)] == [first]
        assert await broadcasts.listed(tx, BotId(2), going, 5) == []


@pytest.mark.parametrize("is_over", [False, True], ids=["running", "cancelled"])
async def test_what_became_of_the_copies(store: Store, clock: ManualClock, broadcast_id: int, is_over: bool) -> None:
    became: list[dict[str, Any]] = [
        *[{"state": MessageState.SENT}] * 3,
        *[{"state": MessageState.REFUSED, "reason": "forbidden"}] * 2,
        {"state": MessageState.UNKNOWN, "reason": "time-out"},
        {"state": MessageState.SKIPPED, "reason": "opted_out"},
        {"state": MessageState.SKIPPED, "reason": "expired"},
        {"state": MessageState.CANCELLED, "reason": "announcement_cancelled"},
        {"state": MessageState.SENDING},
        {"state": MessageState.PENDING},
    ]
    ids = [await copy(store, clock, broadcast_id, 100 + number, **values) for number, values in enumerate(became)]
    await correction(store, clock, broadcast_id, ids[0], 100)
    await agreed(store, 200, clock.now_us())  # frozen without a copy
    await agreed(store, 201, clock.now_us())
    async with store.write() as tx:
        await recipients.freeze(store, tx, BOT, broadcast_id, Meant(clock.now_us()), None, 100)
        await recipients.set_copies(tx, broadcast_id, ChatId(110))
        await recipients.leave_out(tx, broadcast_id, [ChatId(201)], LeftOut.OPTED_OUT)
        if is_over:
            await broadcasts.set_values(tx, broadcast_id, state=State.CANCELLED)
        found = await broadcasts.counts(tx, broadcast_id)
    assert found == Counts(
        sent=3,
        refused=2,
        unknown=1,
        skipped={"opted_out": 2, "expired": 1},
        cancelled=2 if is_over else 1,
        waiting=2 if is_over else 3,
    )


async def test_nothing_is_counted_of_another(store: Store, clock: ManualClock, broadcast_id: int) -> None:
    await copy(store, clock, broadcast_id, 11)
    async with store.write() as tx:
        other_id = await announcement(tx, clock.now_us())
        assert await broadcasts.counts(tx, other_id) == Counts(skipped={})
        assert await broadcasts.ready(tx, other_id, clock.now_us()) == (0, 0)
        assert await broadcasts.on_their_way(tx, other_id) == 0


# --- what is on its way ---------------------------------------------------------------------------------------------


async def test_what_may_go_and_what_waits(store: Store, clock: ManualClock, broadcast_id: int) -> None:
    now_us = clock.now_us()
    sent = await copy(store, clock, broadcast_id, 10, state=MessageState.SENT)
    await copy(store, clock, broadcast_id, 11)
    await copy(store, clock, broadcast_id, 12, due_us=now_us + LATER_US)
    await copy(store, clock, broadcast_id, 13, state=MessageState.SENDING)
    await correction(store, clock, broadcast_id, sent, 10)
    async with store.read() as tx:
        assert await broadcasts.ready(tx, broadcast_id, now_us) == (2, 3)
        assert await broadcasts.ready(tx, broadcast_id, now_us + LATER_US) == (3, 3)
        assert await broadcasts.on_their_way(tx, broadcast_id) == 4


async def test_a_pause_holds_copies_and_lets_them_go_again(store: Store, clock: ManualClock, broadcast_id: int) -> None:
    now_us = clock.now_us()
    sent = await copy(store, clock, broadcast_id, 10, state=MessageState.SENT)
    held = [await copy(store, clock, broadcast_id, chat_id) for chat_id in (11, 12)]
    on_the_wire = await copy(store, clock, broadcast_id, 13, state=MessageState.SENDING)
    edit = await correction(store, clock, broadcast_id, sent, 10)
    async with store.write() as tx:
        assert await broadcasts.hold(tx, broadcast_id) == 2
        assert await broadcasts.ready(tx, broadcast_id, now_us) == (1, 3)  # a correction goes on
    assert {row["id"] for row in (await rows(store)).values() if row["due_us"] == NEVER_US} == set(held)
    async with store.write() as tx:
        assert await broadcasts.release(tx, broadcast_id, now_us + 1, now_us + 2) == 2
        assert await broadcasts.release(tx, broadcast_id, now_us + 1, now_us + 2) == 0
    after = await rows(store)
    assert [(after[one]["due_us"], after[one]["expires_us"]) for one in held] == [(now_us + 1, now_us + 2)] * 2
    assert after[edit]["due_us"] != now_us + 1
    assert after[on_the_wire]["state"] == MessageState.SENDING


async def test_what_is_pending_is_called_off(store: Store, clock: ManualClock, broadcast_id: int) -> None:
    sent = await copy(store, clock, broadcast_id, 10, state=MessageState.SENT)
    pending = await copy(store, clock, broadcast_id, 11)
    on_the_wire = await copy(store, clock, broadcast_id, 12, state=MessageState.SENDING)
    edit = await correction(store, clock, broadcast_id, sent, 10)
    async with store.write() as tx:
        other_id = await announcement(tx, clock.now_us())
    other = await copy(store, clock, other_id, 13)
    async with store.write() as tx:
        assert await broadcasts.drop_pending(tx, broadcast_id, "over") == 2
    after = await rows(store)
    assert {one: (after[one]["state"], after[one]["reason"]) for one in (sent, pending, on_the_wire, edit, other)} == {
        sent: (MessageState.SENT, None),
        pending: (MessageState.CANCELLED, "over"),
        on_the_wire: (MessageState.SENDING, None),
        edit: (MessageState.CANCELLED, "over"),
        other: (MessageState.PENDING, None),
    }


# --- copies ---------------------------------------------------------------------------------------------------------


async def test_copies_by_what_may_be_done_to_them(store: Store, clock: ManualClock, broadcast_id: int) -> None:
    states = (MessageState.PENDING, MessageState.SENT, MessageState.SENDING, MessageState.UNKNOWN, MessageState.REFUSED)
    ids = [await copy(store, clock, broadcast_id, 10 + number, state=one) for number, one in enumerate(states)]
    await correction(store, clock, broadcast_id, ids[1], 11)
    async with store.read() as tx:
        waiting = await broadcasts.pending_copies(tx, broadcast_id)
        there = await broadcasts.sent_copies(tx, broadcast_id, MessageId(0), 10)
        first = await broadcasts.sent_copies(tx, broadcast_id, MessageId(0), 1)
        rest = await broadcasts.sent_copies(tx, broadcast_id, ids[1], 10)
    assert [row["id"] for row in waiting] == [ids[0]]
    assert [row["id"] for row in there] == [ids[1], ids[2]]
    assert [row["id"] for row in first] == [ids[1]]
    assert [row["id"] for row in rest] == [ids[2]]
    facts = ("chat_id", "zone", "area", "visit_us", "label")
    assert [there[0][name] for name in facts] == [11, "Europe/London", "calf", None, None]


async def test_only_a_copy_that_waits_gets_other_words(store: Store, clock: ManualClock, broadcast_id: int) -> None:
    pending = await copy(store, clock, broadcast_id, 11)
    sent = await copy(store, clock, broadcast_id, 12, state=MessageState.SENT)
    async with store.write() as tx:
        for one in (pending, sent):
            await broadcasts.set_payload(tx, one, Payload("Other words"))
    after = await rows(store)
    assert [Payload.from_json(after[one]["payload"]).text for one in (pending, sent)] == ["Other words", "Hello"]


async def test_copies_in_doubt_are_owed_again(store: Store, clock: ManualClock, broadcast_id: int) -> None:
    now_us = clock.now_us()
    unknown = await copy(store, clock, broadcast_id, 11, state=MessageState.UNKNOWN)
    refused = await copy(store, clock, broadcast_id, 12, state=MessageState.REFUSED)
    edit = await correction(store, clock, broadcast_id, unknown, 11)
    async with store.write() as tx:
        await tx.execute(message.update().where(message.c.id == edit).values(state=MessageState.UNKNOWN))
        assert await broadcasts.send_unknown_again(tx, broadcast_id, now_us + 1, now_us + 2) == 1
        assert await broadcasts.send_unknown_again(tx, broadcast_id, now_us + 1, now_us + 2) == 0
    after = await rows(store)
    again = after[unknown]
    assert (again["state"], again["resent"], again["due_us"], again["expires_us"]) == (
        MessageState.PENDING,
        True,
        now_us + 1,
        now_us + 2,
    )
    assert [after[one]["state"] for one in (refused, edit)] == [MessageState.REFUSED, MessageState.UNKNOWN]


async def test_a_chat_has_one_row_and_one_copy(store: Store, clock: ManualClock, broadcast_id: int) -> None:
    await copy(store, clock, broadcast_id, 11)
    async with store.write() as tx:
        key = recipients.copy_key(broadcast_id, ChatId(11))
        again = Outgoing(ChatId(11), Kind.BROADCAST, Payload("Hello"), key, broadcast_id=broadcast_id)
        assert await messages.enqueue(store, tx, BOT, again, clock.now_us(), 0) is None
        for _ in range(2):
            await recipients.freeze(store, tx, BOT, broadcast_id, Meant(clock.now_us()), None, 100)
        assert await tx.scalar(sa.select(sa.func.count()).select_from(recipient)) == 1


async def test_drafts_without_a_word_are_swept_with_the_pictures_of_what_was_thrown_away(store: Store) -> None:
    async with store.write() as tx:
        drafts = {}
        for name, state, text, made_us in (
            ("empty", State.DRAFT, "", 10),
            ("new", State.DRAFT, "", 30),
            ("written", State.DRAFT, "Hello", 10),
            ("thrown away", State.CANCELLED, "Hello", 10),
        ):
            picture = await keep_photo(store, tx, BOT, name)
            payload = Announcement(text).to_json()
            made = {"audience": {}, "state": state, "created_by": 1, "created_us": made_us, "attachment_id": picture}
            drafts[name] = await broadcasts.add(tx, BOT, payload=payload, **made)
        assert await broadcasts.sweep_drafts(tx, BOT, 20) == 1
        found = await tx.execute(sa.select(broadcast.c.id, broadcast.c.attachment_id))
        left = {row.id: row.attachment_id for row in found}
        pictures = set(await tx.scalars(sa.select(attachment.c.file_id)))
    assert set(left) == {drafts[name] for name in ("new", "written", "thrown away")}
    assert left[drafts["thrown away"]] is None
    assert pictures == {"new", "written"}
