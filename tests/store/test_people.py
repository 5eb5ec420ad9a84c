"""The clinic's people as rows, on both stores."""

from typing import Any

import sqlalchemy as sa

from bot.model import BotId, Role, UserId
from bot.store import people
from bot.store.engine import Store, Tx
from bot.store.tables import on_call, staff

BOT, OTHER_BOT = BotId(1), BotId(2)
ANNA, BEA, CAS, DAN = map(UserId, (11, 12, 13, 14))


async def note_name(store: Store, tx: Tx, bot_id: BotId, user_id: UserId, name: str, now_us: int) -> None:
    """As the services do, who have looked the person up for their rights."""
    await people.note_name(store, tx, bot_id, user_id, name, now_us, await people.find(tx, bot_id, user_id))


async def test_who_does_something_is_known_by_name_and_has_no_role_of_their_own(store: Store) -> None:
    async with store.write() as tx:
        for name in ("Anna", "Anna", "Annie", ""):
            await note_name(store, tx, BOT, ANNA, name, 100)
        await note_name(store, tx, OTHER_BOT, ANNA, "Elsewhere", 100)
        assert [(row["name"], row["since_us"]) for row in await people.guests(tx, BOT)] == [("Annie", 100)]
        assert await people.listed(tx, BOT) == []
        assert await people.standing(tx, BOT) == (frozenset(), frozenset())
        assert (await people.name_of(tx, BOT, ANNA), await people.name_of(tx, BOT, BEA)) == ("Annie", "12")


async def test_a_role_is_given_changed_and_ended(store: Store) -> None:
    async with store.write() as tx:
        await note_name(store, tx, BOT, ANNA, "Anna", 100)
        await people.give_role(store, tx, BOT, ANNA, Role.DESK, None, 200)
        await people.give_role(store, tx, BOT, BEA, Role.OWNER, "Bea", 200)
        assert [(row["name"], row["role"]) for row in await people.listed(tx, BOT)] == [
            ("Anna", "desk"),
            ("Bea", "owner"),
        ]
        assert await people.remove(tx, BOT, ANNA, 300)
        assert not await people.remove(tx, BOT, ANNA, 400), "there is nothing more to end"
        assert await people.standing(tx, BOT) == (frozenset({BEA}), frozenset({ANNA}))
        assert await people.owners(tx, BOT) == (BEA,)


async def test_who_comes_back_begins_anew(store: Store) -> None:
    async with store.write() as tx:
        await people.give_role(store, tx, BOT, CAS, Role.CLINICIAN, "Cas", 100)
        await people.set_values(tx, BOT, CAS, registration="AB1", away_us=150)
        await people.remove(tx, BOT, CAS, 200)
        await note_name(store, tx, BOT, CAS, "Cassie", 250)
        await people.give_role(store, tx, BOT, CAS, Role.DESK, None, 300)
        row = await people.find(tx, BOT, CAS)
    assert row is not None
    assert (row["name"], row["role"], row["since_us"], row["removed_us"]) == ("Cassie", "desk", 300, None)
    assert (row["registration"], row["away_us"]) == (None, None)


async def test_who_is_removed_is_not_on_call(store: Store) -> None:
    async with store.write() as tx:
        for user_id in (CAS, DAN):
            await people.give_role(store, tx, BOT, user_id, Role.DESK, None, 100)
            await tx.execute(on_call.insert().values(bot_id=BOT, user_id=user_id, confirmed_us=100))
        await people.remove(tx, BOT, CAS, 200)
        assert list(await tx.scalars(on_call.select().with_only_columns(on_call.c.user_id))) == [DAN]


async def test_the_setting_makes_owners_and_takes_no_rights_away(store: Store) -> None:
    there: list[dict[str, Any]] = [
        {"user_id": 1, "role": Role.OWNER, "removed_us": None},
        {"user_id": 2, "role": Role.DESK, "removed_us": None},  # named in the setting now
        {"user_id": 3, "role": Role.OWNER, "removed_us": 50},  # named, but removed by another owner
        {"user_id": 4, "role": Role.CLINICIAN, "removed_us": None},
    ]
    async with store.write() as tx:
        await tx.execute(staff.insert(), [person | {"bot_id": BOT, "since_us": 0} for person in there])
        for _ in range(2):
            await people.ensure_owners(store, tx, BOT, [UserId(9), UserId(2), UserId(3)], 100)
        await people.ensure_owners(store, tx, OTHER_BOT, [UserId(7)], 100)
        await people.ensure_owners(store, tx, BOT, [], 100)
        assert await people.owners(tx, BOT) == (1, 2, 9)
        assert await people.owners(tx, OTHER_BOT) == (7,)
        assert await tx.scalar(sa.select(staff.c.role).where(staff.c.user_id == 4)) == Role.CLINICIAN
