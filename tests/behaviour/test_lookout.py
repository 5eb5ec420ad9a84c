"""What the house sees waiting is what its loops would find."""

from dataclasses import replace

import sqlalchemy as sa

from bot.clock import NEVER_US, to_us
from bot.model import ChatId, Kind, MessageId, Outgoing, Payload, UserId
from bot.simulator.house import OWNER_ID, House
from bot.simulator.lookout import Waiting
from bot.store import drafts, dues, messages
from bot.store.drafts import TRY, Draft
from bot.store.tables import message
from bot.telegram.updates import fetched


def look(house: House) -> Waiting:
    assert house.lookout is not None
    there = house.lookout.look()
    assert there is not None
    return there


async def owe(house: House) -> None:
    out = Outgoing(ChatId(house.patient.chat_id), Kind.REPLY, Payload("Hello."), "owed")
    async with house.app.store.write() as tx:
        await house.app.post.enqueue(tx, out)


async def test_a_house_at_rest_waits_for_its_first_timer(house: House) -> None:
    async with house.app.store.read() as tx:
        timer_us = await dues.next_due_us(tx, house.app.settings.bot_id)
    assert look(house) == Waiting(update=False, draft=False, flight=False, timer_us=timer_us, message_us=None)
    assert timer_us is not None


async def test_an_update_is_seen_until_it_is_done(house: House) -> None:
    house.patient.says("Is it normal that my leg jumped?")
    await house.app.inbox.save([fetched(update) for update in await house.app.client.get_raw_updates(None, 0)])
    assert look(house).update
    while await house.app.inbox.handle_next():
        pass
    assert not look(house).update
    assert look(house).message_us is not None


async def test_a_message_is_seen_when_it_is_due_and_while_it_flies(house: House) -> None:
    await house.pass_time(minutes=1)  # the chat takes another one
    await owe(house)
    now_us = to_us(house.clock.now())
    assert look(house).message_us == now_us
    outbox = house.app.outbox
    turn = await outbox.turn()
    assert (look(house).flight, look(house).message_us) == (True, None)
    outbox.launch(turn)
    await outbox.landed()
    assert look(house).flight
    await outbox.turn()
    assert not look(house).flight


async def test_a_message_that_is_held_is_not_due(house: House) -> None:
    await owe(house)
    async with house.app.store.write() as tx:
        await tx.execute(message.update().where(message.c.dedupe_key == "owed").values(due_us=NEVER_US))
    async with house.app.store.read() as tx:
        assert await messages.next_due_us(tx, house.app.settings.bot_id) is None
    assert look(house).message_us is None


async def test_an_edit_is_seen_when_its_next_step_is_wanted(house: House) -> None:
    bot_id, now_us = house.app.settings.bot_id, to_us(house.clock.now())
    await owe(house)
    async with house.app.store.write() as tx:
        row = (await tx.execute(sa.select(message).where(message.c.dedupe_key == "owed"))).mappings().one()
        one = Draft(UserId(OWNER_ID), ChatId(house.owner.chat_id), MessageId(row["id"]), None, None)
        await drafts.keep(tx, bot_id, one, now_us)
    assert not look(house).draft
    async with house.app.store.write() as tx:
        await drafts.keep(tx, bot_id, replace(one, asking=TRY), now_us)
    assert look(house).draft


async def test_where_nobody_can_tell_each_loop_looks_for_itself(house: House) -> None:
    assert house.lookout is not None
    house.lookout.close()
    assert house.lookout.look() is None
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle()
    assert "reflex" in house.patient.last.text
