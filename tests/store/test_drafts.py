"""Changes of the texts on their way: whose they are, what is done with them, and what stays when one is published."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.clock import DAY_US, ManualClock
from bot.model import BotId, ChatId, ChatKind, Kind, MessageId, Outgoing, Payload, UserId
from bot.store import chats, drafts, messages
from bot.store.drafts import NEW, PUBLISH, TRY, Draft
from bot.store.engine import Store
from bot.store.tables import draft

BOT, TEAM = BotId(1), ChatId(-100)
ANNA, BEN = UserId(5), UserId(6)
WORDS = {"answer": "Yes."}


async def kept(
    store: Store,
    clock: ManualClock,
    values: Mapping[str, str] = WORDS,
    who: UserId = ANNA,
    lesson_id: int | None = None,
) -> Draft:
    """A draft on a card of its own."""
    async with store.write() as tx:
        await chats.touch_chat(store, tx, BOT, TEAM, ChatKind.STAFF, clock.now_us())
        out = Outgoing(TEAM, Kind.RELAY, Payload("card"), f"card:{who}:{clock.now_us()}")
        card_id = await messages.enqueue(store, tx, BOT, out, clock.now_us())
        assert card_id is not None
        made = Draft(who, TEAM, card_id, None, 1, values, lesson_id=lesson_id)
        await drafts.keep(tx, BOT, made, clock.now_us())
    clock.advance(timedelta(seconds=1))
    return made


async def change(store: Store, clock: ManualClock, one: Draft) -> Draft:
    async with store.write() as tx:
        await drafts.keep(tx, BOT, one, clock.now_us())
    return one


async def start(store: Store, one: Draft) -> bool:
    async with store.write() as tx:
        return await drafts.start(tx, BOT, one)


async def there(store: Store) -> list[UserId]:
    async with store.read() as tx:
        return [UserId(user_id) for user_id in await tx.scalars(sa.select(draft.c.user_id).order_by(draft.c.user_id))]


@pytest.mark.parametrize(
    ("then", "is_left"),
    [
        (None, False),
        ({"asking": PUBLISH}, False),
        ({"asking": "question"}, True),
        ({"asking": TRY}, True),
        ({"asking": PUBLISH, "values": {"answer": "No."}}, True),
    ],
    ids=["nothing", "pressed twice", "went on", "tries again", "publishes other words"],
)
async def test_what_was_changed_while_it_was_published_stays(
    store: Store, clock: ManualClock, then: dict[str, object] | None, is_left: bool
) -> None:
    other = await kept(store, clock, who=BEN)
    one = await change(store, clock, replace(await kept(store, clock), asking=PUBLISH))
    assert await start(store, one)
    assert not await start(store, one), "another worker has it"
    if then is not None:
        await change(store, clock, replace(one, **then))  # type: ignore[arg-type]
    async with store.write() as tx:
        await drafts.drop(tx, BOT, one)
    assert await there(store) == ([ANNA, BEN] if is_left else [BEN])
    assert other.user_id == BEN


async def test_a_new_question_from_a_patients_is_no_line(store: Store, clock: ManualClock) -> None:
    line = await kept(store, clock, {"line": "x"}, lesson_id=7)
    new = await kept(store, clock, {NEW: "soreness"}, who=BEN, lesson_id=7)
    plain = await kept(store, clock, who=UserId(8))
    async with store.read() as tx:
        found = [await drafts.on_card(tx, BOT, one.card_id) for one in (line, new, plain)]
        assert [one is not None and one.is_line for one in found] == [True, False, False]
        assert await drafts.on_card(tx, BOT, plain.card_id, of_lesson=True) is None
        assert await drafts.on_card(tx, BOT, new.card_id, of_lesson=False) is None
        assert await drafts.on_card(tx, BOT, MessageId(99)) is None


async def test_one_is_thrown_away_and_old_ones_are_swept(store: Store, clock: ManualClock) -> None:
    one = await kept(store, clock)
    await kept(store, clock, who=BEN)
    async with store.write() as tx:
        await drafts.throw_away(tx, BOT, one)
        assert await drafts.sweep(tx, BOT, clock.now_us() - DAY_US) == 0
    assert await there(store) == [BEN]
    async with store.write() as tx:
        assert await drafts.sweep(tx, BotId(2), clock.now_us()) == 0
        assert await drafts.sweep(tx, BOT, clock.now_us()) == 1
    assert await there(store) == []
