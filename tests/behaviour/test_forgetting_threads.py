"""Who is forgotten leaves no topic behind: not its name, not what staff wrote in it, and no way to them."""

import pytest
import sqlalchemy as sa

from bot.services.forgetting import Forgetting
from bot.services.topics import look_at_group
from bot.simulator.house import House
from bot.simulator.state import ADMIN_RIGHTS
from bot.store import erasing
from bot.store.tables import thread, topic

QUESTION = "do you sell gift vouchers for zanzibar"


@pytest.fixture
async def number(house: House) -> int:
    """Staff talk with the patient in a topic: Telegram's number of it."""
    await look_at_group(house.app.post, house.app.client)
    await house.settle(seconds=30)
    house.patient.says(QUESTION)
    await house.settle(seconds=30)
    async with house.app.store.read() as tx:
        found = await tx.scalar(sa.select(topic.c.thread_id).join(thread, thread.c.topic_id == topic.c.id))
    assert found is not None
    house.member.says("Zanzibar, of all places!", thread=found)
    house.member.says("// zanzibar again", thread=found)
    await house.settle(seconds=30)
    return int(found)


async def is_forgotten(house: House) -> None:
    """Go all the way."""
    house.patient.says("/forget")
    await house.settle()
    for button in ("Yes, delete my data", "Yes, delete it"):
        house.patient.presses(button)
        await house.settle()
        await house.pass_time(minutes=10)


async def names(house: House) -> set[str]:
    """Of all topics that we know."""
    async with house.app.store.read() as tx:
        return set(await tx.scalars(sa.select(topic.c.name)))


async def count_of_threads(house: House) -> int:
    async with house.app.store.read() as tx:
        return await tx.scalar(sa.select(sa.func.count()).select_from(thread)) or 0


async def test_the_topic_is_deleted_with_all_that_staff_wrote(house: House, number: int) -> None:
    name = house.staff.chat.topics[number].name
    await is_forgotten(house)
    assert house.staff.chat.topics[number].deleted
    assert await count_of_threads(house) == 0
    assert name not in await names(house)


async def test_where_the_bot_may_not_delete_it_loses_its_name_and_staff_are_asked_to(house: House, number: int) -> None:
    house.staff.add_bot(by=house.member, rights=frozenset(ADMIN_RIGHTS) - {"can_delete_messages"})
    await is_forgotten(house)
    assert house.staff.chat.topics[number].name == "Deleted patient"
    assert any("Please delete it" in one.text for one in house.world.from_bot(house.staff.chat_id))
    before = len(house.bot_texts)
    house.member.says("are you still there?", thread=number)
    await house.settle(seconds=30)
    assert len(house.bot_texts) == before, "what is written there reaches nobody"


async def test_who_writes_again_gets_a_topic_of_their_own(house: House, number: int) -> None:
    await is_forgotten(house)
    house.patient.says("do you sell gift vouchers for my aunt")
    await house.settle(seconds=30)
    (living,) = [one for one in house.staff.chat.topics.values() if not one.deleted and one.name.startswith("P-")]
    assert living.thread_id != number
    texts = [one.text for one in house.world.from_bot(house.staff.chat_id) if one.thread_id == living.thread_id]
    assert texts
    assert not any("zanzibar" in text.lower() for text in texts)


async def test_a_restored_backup_forgets_the_topic_again(house: House, number: int) -> None:
    async with house.app.store.read() as tx:
        before = [dict(row) for table in (topic, thread) for row in (await tx.execute(sa.select(table))).mappings()]
    await is_forgotten(house)
    async with house.app.store.write() as tx:
        for row in (one for one in before if "name" in one):
            await tx.execute(topic.update().where(topic.c.id == row["id"]).values(row))
        await tx.execute(thread.insert(), [row for row in before if "name" not in row])
        cards = await erasing.reapply_erasures(tx, house.app.settings.bot_id, house.app.post.contacts)
        await Forgetting(house.app.post).see_to(tx, cards)
    await house.settle(seconds=30)
    assert await count_of_threads(house) == 0
    assert not any(name.startswith("P-") for name in await names(house))
