"""Owing messages: what enqueueing stores, what edits replace, and what the outbox may ask about rows."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import SECOND_US, ManualClock, to_us
from bot.model import (
    KINDS,
    BotId,
    Button,
    ChatId,
    ChatKind,
    Kind,
    Lane,
    MessageId,
    MessageState,
    Method,
    Outgoing,
    Payload,
    TelegramMessageId,
)
from bot.store import buttons, chats, claiming, messages
from bot.store.engine import Store
from bot.store.tables import message

BOT, OTHER_BOT = BotId(1), BotId(2)
ANNA, BEN, TEAM = ChatId(11), ChatId(12), ChatId(-100)
HOUR = timedelta(hours=1)
STATES = list(MessageState)


async def owe(
    store: Store, clock: ManualClock, key: str, chat_id: ChatId = ANNA, kind: Kind = Kind.REPLY, **more: Any
) -> MessageId | None:
    """Owe one message at the clock's time."""
    bot_id = more.pop("bot_id", BOT)
    out = Outgoing(chat_id, kind, more.pop("payload", Payload("Hello")), key, **more)
    async with store.write() as tx:
        await chats.touch_chat(store, tx, bot_id, chat_id, ChatKind.PRIVATE, clock.now_us())
        return await messages.enqueue(store, tx, bot_id, out, clock.now_us())


async def owed(store: Store, clock: ManualClock, key: str, **more: Any) -> MessageId:
    """`owe`, where it is new."""
    made = await owe(store, clock, key, **more)
    assert made is not None
    return made


async def become(store: Store, row: MessageId, state: MessageState, **values: Any) -> None:
    """What the outbox does when a row moved on."""
    async with store.write() as tx:
        await messages.finish(tx, row, state, **values)


async def look(store: Store, row: MessageId) -> sa.RowMapping:
    async with store.read() as tx:
        found = await messages.by_id(tx, BOT, row)
    assert found is not None
    return found


# --- enqueueing -----------------------------------------------------------------------------------------------------


async def test_several_calls_are_owed_once_each_in_their_order_but_for_edits(store: Store, clock: ManualClock) -> None:
    card = await owe(store, clock, "card")
    assert card is not None
    edit = Outgoing(ANNA, Kind.REPLY, Payload("Changed"), "edit", method=Method.EDIT_TEXT, target_id=card)
    outs = [edit, *(Outgoing(chat, Kind.REPLY, Payload("Hello"), key) for chat, key in ((BEN, "b"), (ANNA, "a")))]
    for again in ((), outs, [*outs, Outgoing(BEN, Kind.REPLY, Payload("Hello"), "later")]):
        async with store.write() as tx:
            await messages.enqueue_all(store, tx, BOT, again, clock.now_us())
    async with store.read() as tx:
        keys = (await tx.scalars(sa.select(message.c.dedupe_key).order_by(message.c.id))).all()
        states = set(await tx.scalars(sa.select(message.c.state)))
    assert keys == ["card", "b", "a", "edit", "later"]
    assert states == {MessageState.PENDING}


async def test_a_dedupe_key_makes_it_once(store: Store, clock: ManualClock) -> None:
    first = await owed(store, clock, "welcome:11", payload=Payload("Hello"))
    assert await owe(store, clock, "welcome:11", payload=Payload("Hello again")) is None
    assert await owe(store, clock, "welcome:11", bot_id=OTHER_BOT) is not None
    assert Payload.from_json((await look(store, first))["payload"]).text == "Hello"


@pytest.mark.parametrize("kind", Kind)
async def test_a_row_is_treated_as_its_kind_says(store: Store, clock: ManualClock, kind: Kind) -> None:
    due_at = clock.now() + HOUR
    row = await look(store, await owed(store, clock, "k", kind=kind, due_at=due_at))
    rule = KINDS[kind]
    expires_us = None if rule.expires_s is None else to_us(due_at) + rule.expires_s * SECOND_US
    assert (row["lane"], row["kind"], row["state"]) == (rule.lane, kind, MessageState.PENDING)
    assert (row["planned_us"], row["due_us"], row["expires_us"]) == (to_us(due_at), to_us(due_at), expires_us)
    assert (row["attempt"], row["resent"], row["fallback"]) == (0, False, 0)


async def test_a_message_may_name_its_own_expiry_and_is_due_now_otherwise(store: Store, clock: ManualClock) -> None:
    row = await look(store, await owed(store, clock, "k", kind=Kind.CHECK_IN, expires_at=clock.now() + HOUR))
    assert (row["due_us"], row["expires_us"]) == (clock.now_us(), to_us(clock.now() + HOUR))


async def test_what_is_said_comes_back_as_it_went_in(store: Store, clock: ManualClock) -> None:
    payload = Payload(
        "<b>Sore</b> — “1 < 2” 🙂",
        buttons=((Button("Yes", "yes"), Button("Site", url="https://example.org")), (Button("Zurück", "back"),)),
        plain=True,
        copy_chat_id=BEN,
        copy_message_id=TelegramMessageId(2**40),
    )
    row = await owed(store, clock, "k", payload=payload)
    assert Payload.from_json((await look(store, row))["payload"]) == payload


@pytest.mark.parametrize("data", ["x" * 51, "é" * 26], ids=["51 letters", "52 bytes"])
async def test_a_button_that_telegram_would_refuse_is_refused_here(store: Store, clock: ManualClock, data: str) -> None:
    with pytest.raises(ValueError, match="longer than 50 bytes"):
        await owe(store, clock, "k", payload=Payload("Hi", ((Button("ok", "ok"), Button("No", data)),)))
    assert await owe(store, clock, "k", payload=Payload("Hi", ((Button("é", "é" * 25),),))) is not None


async def test_a_row_number_is_never_given_out_again(store: Store, clock: ManualClock) -> None:
    first = await owed(store, clock, "a")
    async with store.write() as tx:
        await tx.execute(message.delete())
    assert await owed(store, clock, "b") > first


# --- edits ----------------------------------------------------------------------------------------------------------


async def edit(store: Store, clock: ManualClock, target: MessageId, key: str, **more: Any) -> MessageId | None:
    more.setdefault("method", Method.EDIT_TEXT)
    return await owe(store, clock, key, target_id=target, **more)


TEXT, MARKUP = Method.EDIT_TEXT, Method.EDIT_MARKUP


@pytest.mark.parametrize(
    ("older", "newer", "replaced"),
    [
        pytest.param(TEXT, TEXT, True, id="new words over old words"),
        pytest.param(MARKUP, TEXT, True, id="new words bring their own buttons"),
        pytest.param(MARKUP, MARKUP, True, id="new buttons over old buttons"),
        pytest.param(TEXT, MARKUP, False, id="new buttons leave the words to be set"),
        pytest.param(Method.DELETE, TEXT, False, id="a removal is no edit"),
    ],
)
async def test_a_newer_edit_takes_the_place_of_a_pending_one(
    store: Store, clock: ManualClock, older: Method, newer: Method, replaced: bool
) -> None:
    target, other = await owed(store, clock, "target"), await owed(store, clock, "other")
    old = await edit(store, clock, target, "old", method=older)
    elsewhere = await edit(store, clock, other, "elsewhere", method=older)
    new = await edit(store, clock, target, "new", method=newer)
    async with store.read() as tx:
        found = {row.id: (row.state, row.reason) for row in await tx.execute(sa.select(message))}
    pending = (MessageState.PENDING, None)
    assert found == dict.fromkeys([target, other, elsewhere, new], pending) | {
        old: (MessageState.CANCELLED, "replaced") if replaced else pending
    }


async def test_an_edit_on_the_wire_is_left_alone(store: Store, clock: ManualClock) -> None:
    target = await owed(store, clock, "target")
    flying = await edit(store, clock, target, "flying")
    assert flying is not None
    await become(store, flying, MessageState.SENDING)
    await edit(store, clock, target, "newer")
    assert (await look(store, flying))["state"] == MessageState.SENDING


async def test_the_same_edit_owed_twice_is_still_owed(store: Store, clock: ManualClock) -> None:
    target = await owed(store, clock, "target")
    first = await edit(store, clock, target, "same")
    assert first is not None
    assert await edit(store, clock, target, "same") is None
    assert (await look(store, first))["state"] == MessageState.PENDING


@pytest.mark.parametrize(
    ("kind", "gap_s"), [pytest.param(Kind.CARD, 15, id="a card"), pytest.param(Kind.REPLY, 0, id="a reply")]
)
async def test_a_card_changes_at_most_every_15_seconds(
    store: Store, clock: ManualClock, kind: Kind, gap_s: int
) -> None:
    async def next_edit(key: str) -> tuple[MessageId, int]:
        made = await edit(store, clock, card, key, kind=kind)
        assert made is not None
        return made, ((await look(store, made))["due_us"] - start_us) // SECOND_US

    start_us = clock.now_us()
    card = await owed(store, clock, "card", kind=kind)
    await become(store, card, MessageState.SENT, sent_us=start_us)
    clock.tick(timedelta(seconds=5))
    _, first_s = await next_edit("first")
    clock.tick(timedelta(seconds=5))
    second, second_s = await next_edit("second")  # takes the first one's time, is not put off by it
    await become(store, second, MessageState.SENDING)
    flying, flying_s = await next_edit("while the second is on the wire")
    await become(store, second, MessageState.SENT, sent_us=start_us + 16 * SECOND_US)
    await become(store, flying, MessageState.CANCELLED)
    clock.tick(timedelta(seconds=8))
    _, last_s = await next_edit("last")
    assert (first_s, second_s, flying_s, last_s) == ((15, 15, 25, 31) if gap_s else (5, 10, 10, 18))


# --- moving on ------------------------------------------------------------------------------------------------------


async def test_a_row_that_is_put_off_takes_its_followers_along(store: Store, clock: ManualClock) -> None:
    far = clock.now() + 5 * HOUR
    before = await owed(store, clock, "before")
    row = await owed(store, clock, "row")
    rest = {
        "after": await owed(store, clock, "after"),
        "after, later": await owed(store, clock, "after, later", due_at=far),
        "after, sent": await owed(store, clock, "after, sent"),
        "another lane": await owed(store, clock, "another lane", kind=Kind.CHECK_IN),
        "another chat": await owed(store, clock, "another chat", chat_id=BEN),
        "another bot": await owed(store, clock, "another bot", bot_id=OTHER_BOT),
    }
    await become(store, rest["after, sent"], MessageState.SENT)
    until_us = to_us(clock.now() + HOUR)
    async with store.write() as tx:
        await messages.move(tx, await look(store, row), until_us)
        due = {row.id: row.due_us for row in await tx.execute(sa.select(message.c.id, message.c.due_us))}
    assert (due[before], due[row]) == (clock.now_us(), until_us)
    moved = {name for name, number in rest.items() if due[number] == until_us}
    assert moved == {"after"}
    assert due[rest["after, later"]] == to_us(far)


@pytest.mark.parametrize("state", STATES)
async def test_only_what_is_still_pending_can_be_taken_back(
    store: Store, clock: ManualClock, state: MessageState
) -> None:
    row, other = await owed(store, clock, "row"), await owed(store, clock, "other")
    await become(store, row, state)
    async with store.write() as tx:
        assert await messages.cancel(tx, BOT, [], "no_longer_needed") == 0
        assert await messages.cancel(tx, OTHER_BOT, [row], "no_longer_needed") == 0
        count = await messages.cancel(tx, BOT, [row, MessageId(10**9)], "no_longer_needed")
    is_pending = state is MessageState.PENDING
    assert count == is_pending
    assert (await look(store, row))["state"] == (MessageState.CANCELLED if is_pending else state)
    assert (await look(store, other))["state"] == MessageState.PENDING


async def test_a_finished_row_has_no_owner_any_more(store: Store, clock: ManualClock) -> None:
    row = await owed(store, clock, "row")
    async with store.write() as tx:
        await tx.execute(message.update().values(state=MessageState.SENDING, owner="w-1", lease_us=5))
        await messages.finish(tx, row, MessageState.REFUSED, "forbidden", tg_message_id=8)
    after = await look(store, row)
    assert (after["state"], after["reason"], after["owner"], after["lease_us"], after["tg_message_id"]) == (
        MessageState.REFUSED,
        "forbidden",
        None,
        None,
        8,
    )


async def test_rows_of_a_dead_worker_are_found_by_their_lease(store: Store, clock: ManualClock) -> None:
    dead, alive, pending = [await owed(store, clock, key) for key in ("dead", "alive", "pending")]
    foreign = await owed(store, clock, "foreign", bot_id=OTHER_BOT)
    async with store.write() as tx:
        for row, lease_us in ((dead, 99), (alive, 100), (foreign, 1)):
            await tx.execute(
                message.update().where(message.c.id == row).values(state=MessageState.SENDING, lease_us=lease_us)
            )
        expired = await claiming.orphans(tx, BOT, 100)
        everything = await claiming.orphans(tx, BOT, None)
    assert [row["id"] for row in expired] == [dead]
    assert [row["id"] for row in everything] == [dead, alive]
    assert expired[0]["chat_kind"] == ChatKind.PRIVATE
    assert (await look(store, pending))["state"] == MessageState.PENDING


# --- a press proves arrival -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("resent", [False, True], ids=["first time", "repeat"])
@pytest.mark.parametrize("state", STATES)
async def test_a_press_proves_what_was_in_doubt(
    store: Store, clock: ManualClock, state: MessageState, resent: bool
) -> None:
    row = await owed(store, clock, "row")
    await become(store, row, state, resent=resent)
    is_news = state in {MessageState.UNKNOWN, MessageState.SENDING} or (state is MessageState.PENDING and resent)
    async with store.write() as tx:
        assert not await messages.proved(tx, OTHER_BOT, row, TelegramMessageId(7), 5)
        assert await messages.proved(tx, BOT, row, TelegramMessageId(7), 5) == is_news
        assert not await messages.proved(tx, BOT, row, TelegramMessageId(8), 6)
    after = await look(store, row)
    assert (after["state"], after["tg_message_id"], after["sent_us"]) == (
        (MessageState.SENT, 7, 5) if is_news else (state, None, None)
    )


async def test_a_press_without_telegrams_id_leaves_a_row_on_the_wire_alone(store: Store, clock: ManualClock) -> None:
    row = await owed(store, clock, "row")
    await become(store, row, MessageState.SENDING)
    async with store.write() as tx:
        assert not await messages.proved(tx, BOT, row, None, 5)
    assert (await look(store, row))["state"] == MessageState.SENDING


async def test_only_buttons_that_were_really_there_can_be_pressed(store: Store, clock: ManualClock) -> None:
    def with_button(data: str) -> Payload:
        return Payload("?", ((Button("a", "first"),), (Button("b", data), Button("link", url="https://example.org"))))

    row = await owed(store, clock, "row", payload=with_button("yes"))
    await edit(store, clock, row, "edit", payload=with_button("undo"))
    await owed(store, clock, "other", payload=with_button("other"))

    async def had(data: str, chat_id: ChatId = ANNA, bot_id: BotId = BOT, number: MessageId = row) -> bool:
        async with store.read() as tx:
            return await buttons.were_there(tx, bot_id, chat_id, number, data)

    assert [await had(data) for data in ("first", "yes", "undo")] == [True] * 3
    assert not await had("other")
    assert not await had("YES")
    assert not await had("yes", chat_id=BEN)
    assert not await had("yes", bot_id=OTHER_BOT)
    assert not await had("yes", number=MessageId(10**9))


# --- asking ---------------------------------------------------------------------------------------------------------


async def test_rows_are_found_by_our_id_and_by_telegrams(store: Store, clock: ManualClock) -> None:
    row, bens = await owed(store, clock, "anna"), await owed(store, clock, "ben", chat_id=BEN)
    for number in (row, bens):
        await become(store, number, MessageState.SENT, tg_message_id=5)  # Telegram numbers each chat by itself
    async with store.read() as tx:
        found = await messages.by_telegram_id(tx, BOT, BEN, TelegramMessageId(5))
        assert found is not None
        assert found["id"] == bens
        assert await messages.by_telegram_id(tx, BOT, BEN, TelegramMessageId(6)) is None
        assert await messages.by_telegram_id(tx, OTHER_BOT, BEN, TelegramMessageId(5)) is None
        assert await messages.by_id(tx, OTHER_BOT, row) is None
        assert await messages.by_id(tx, BOT, MessageId(10**9)) is None


async def test_the_next_due_time_is_the_earliest_of_any_lane(store: Store, clock: ManualClock) -> None:
    async def next_in_s() -> int | None:
        async with store.read() as tx:
            due_us = await messages.next_due_us(tx, BOT)
        return due_us if due_us is None else (due_us - clock.now_us()) // SECOND_US

    assert await next_in_s() is None
    sending = await owed(store, clock, "sending")
    await become(store, sending, MessageState.SENDING)
    await owe(store, clock, "foreign", bot_id=OTHER_BOT)
    assert await next_in_s() is None
    seen = []
    kinds = {KINDS[kind].lane: kind for kind in Kind}
    for lane in sorted(Lane, reverse=True):
        due_at = clock.now() + timedelta(seconds=10 + lane)
        await owe(store, clock, lane.name, kind=kinds[lane], due_at=due_at)
        seen.append(await next_in_s())
    assert seen == [13, 12, 11, 10]


DAY_START_US = 1_000


@pytest.mark.parametrize(
    ("state", "sent_us", "due_us", "counts"),
    [
        pytest.param(None, None, 5_000, True, id="in doubt, about to be sent again"),
        pytest.param(MessageState.SENT, 1_000, 0, True, id="sent today"),
        pytest.param(MessageState.SENT, 999, 5_000, False, id="sent yesterday"),
        pytest.param(MessageState.UNKNOWN, None, 1_000, True, id="in doubt today"),
        pytest.param(MessageState.UNKNOWN, None, 999, False, id="in doubt yesterday"),
        pytest.param(MessageState.SENDING, None, 0, True, id="on the wire"),
        pytest.param(MessageState.PENDING, None, 5_000, False, id="still to come"),
        pytest.param(MessageState.SKIPPED, None, 5_000, False, id="skipped"),
        pytest.param(MessageState.CANCELLED, None, 5_000, False, id="cancelled"),
        pytest.param(MessageState.REFUSED, None, 5_000, False, id="refused"),
    ],
)
async def test_the_daily_cap_counts_what_may_have_arrived_today(
    store: Store, clock: ManualClock, state: MessageState | None, sent_us: int | None, due_us: int, counts: bool
) -> None:
    row = await owed(store, clock, "row", kind=Kind.CHECK_IN)
    await become(store, row, state or MessageState.PENDING, sent_us=sent_us, due_us=due_us, resent=state is None)
    async with store.read() as tx:
        assert await messages.capped_today(tx, BOT, {ANNA: DAY_START_US}) == {ANNA: counts}
        assert await messages.capped_today(tx, BOT, {BEN: DAY_START_US}) == {BEN: 0}
        assert await messages.capped_today(tx, OTHER_BOT, {ANNA: DAY_START_US}) == {ANNA: 0}


@pytest.mark.parametrize("kind", Kind)
async def test_the_daily_cap_counts_what_the_bot_started_and_no_edits(
    store: Store, clock: ManualClock, kind: Kind
) -> None:
    target = await owed(store, clock, "row", kind=kind)
    await edit(store, clock, target, "edit", kind=kind)
    async with store.write() as tx:
        await tx.execute(message.update().values(state=MessageState.SENT, sent_us=DAY_START_US))
        assert await messages.capped_today(tx, BOT, {ANNA: DAY_START_US}) == {ANNA: KINDS[kind].daily_cap}


async def test_a_message_had_every_button_and_has_those_of_its_last_edit(store: Store, clock: ManualClock) -> None:
    payloads = [Payload("one", ((Button("A", "a:1"),),)), Payload("two", ((Button("B", "b:2"),),))]
    card = await owed(store, clock, "card", payload=payloads[0])
    edit = {"method": Method.EDIT_TEXT, "target_id": card}
    await owed(store, clock, "edit", payload=payloads[1], **edit)
    async with store.read() as tx:
        had = [await buttons.were_there(tx, BOT, ANNA, card, data) for data in ("a:1", "b:2", "c:3")]
        has = [await buttons.are_there(tx, BOT, ANNA, card, data) for data in ("a:1", "b:2", "c:3")]
        assert not await buttons.are_there(tx, BOT, BEN, card, "b:2")
    assert (had, has) == ([True, True, False], [False, True, False])
