"""The inbox: every update once, one at a time per chat, nobody's words kept longer than needed."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.model import BotId, ChatId, Fetched, InboxState
from bot.store import inbox as rows
from bot.store.engine import Store, open_store
from bot.store.tables import inbox

ON_POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
BOT, OTHER_BOT = BotId(1), BotId(2)
ANNA, BEN, CARA = ChatId(11), ChatId(12), ChatId(13)
LEASE_US = 60


async def arrive(store: Store, *updates: tuple[int, ChatId], bot_id: BotId = BOT, at_us: int = 0) -> int:
    """Updates come in; returns how many were new."""
    fetched = [Fetched(number, chat_id, f'{{"update_id": {number}}}') for number, chat_id in updates]
    async with store.write() as tx:
        return await rows.save(store, tx, bot_id, fetched, at_us)


async def take(store: Store, machine_us: int = 0, bot_id: BotId = BOT) -> sa.RowMapping | None:
    async with store.write() as tx:
        found = await rows.take(tx, bot_id, machine_us, machine_us + LEASE_US)
    return found[0] if found else None


async def taken(store: Store, machine_us: int = 0) -> sa.RowMapping:
    """`take`, where there is one."""
    row = await take(store, machine_us)
    assert row is not None
    return row


async def finish(store: Store, row: sa.RowMapping) -> bool:
    async with store.write() as tx:
        return await rows.finish(tx, row)


async def look(store: Store, row: sa.RowMapping) -> dict[str, Any]:
    async with store.read() as tx:
        return dict((await tx.execute(sa.select(inbox).where(inbox.c.id == row["id"]))).mappings().one())


async def next_try_us(store: Store) -> int | None:
    async with store.read() as tx:
        return await rows.next_try_us(tx, BOT)


# --- coming in ------------------------------------------------------------------------------------------------------


async def test_an_update_that_comes_twice_is_stored_once(store: Store) -> None:
    assert await arrive(store) == 0
    assert await arrive(store, (1, ANNA), (2, ANNA)) == 2
    assert await arrive(store, (2, ANNA), (3, BEN)) == 1
    assert await arrive(store, (1, ANNA), bot_id=OTHER_BOT) == 1


async def test_one_that_comes_again_after_it_was_done_is_not_done_again(store: Store) -> None:
    await arrive(store, (1, ANNA))
    assert await finish(store, await taken(store))
    assert await arrive(store, (1, ANNA)) == 0
    assert await take(store) is None


# --- turns ----------------------------------------------------------------------------------------------------------


async def test_each_chat_is_served_in_order_of_arrival_one_at_a_time(store: Store) -> None:
    # Telegram's own numbers start anew after a quiet week: what counts is which came first.
    await arrive(store, (900, ANNA), (5, ANNA), (6, BEN))
    first, bens = await taken(store), await taken(store)
    assert (first["update_id"], bens["update_id"]) == (900, 6)
    assert await take(store) is None  # Anna's second waits for her first
    await finish(store, first)
    assert (await taken(store))["update_id"] == 5


async def test_taking_counts_the_attempt_and_gives_time_to_handle_it(store: Store) -> None:
    await arrive(store, (1, ANNA))
    row = await taken(store, 1_000)
    assert (row["attempts"], row["next_try_us"], row["json"]) == (1, 1_000 + LEASE_US, '{"update_id": 1}')
    assert (await look(store, row))["attempts"] == 1  # committed: a message that kills the process is counted too
    assert await take(store, 1_000 + LEASE_US - 1) is None
    again = await taken(store, 1_000 + LEASE_US)
    assert again["attempts"] == 2


async def test_bots_do_not_take_each_others_updates(store: Store) -> None:
    await arrive(store, (1, ANNA))
    assert await take(store, bot_id=OTHER_BOT) is None
    assert await take(store) is not None


async def test_when_to_look_next(store: Store) -> None:
    seen = [await next_try_us(store)]
    await arrive(store, (1, ANNA), (2, ANNA))
    seen.append(await next_try_us(store))
    row = await taken(store, 5)
    seen.append(await next_try_us(store))  # the second may not overtake, so its own time does not matter
    await finish(store, row)
    seen.append(await next_try_us(store))
    assert seen == [None, 0, 5 + LEASE_US, 0]


async def test_at_a_start_nothing_is_being_handled(store: Store) -> None:
    await arrive(store, (1, ANNA), (2, BEN))
    done = await taken(store)
    await finish(store, done)
    await taken(store)
    async with store.write() as tx:
        await rows.release_leases(tx, BOT)
    assert (await taken(store))["attempts"] == 2
    assert (await look(store, done))["next_try_us"] == LEASE_US


# --- done -----------------------------------------------------------------------------------------------------------


async def test_done_happens_once_and_forgets_the_words(store: Store) -> None:
    await arrive(store, (1, ANNA))
    row = await taken(store)
    assert [await finish(store, row), await finish(store, row)] == [True, False]
    after = await look(store, row)
    assert (after["state"], after["json"], after["error"]) == (InboxState.DONE, None, None)


async def test_of_several_that_were_taken_together_each_is_done_once(store: Store) -> None:
    await arrive(store, (1, ANNA), (2, BEN), (3, CARA))
    async with store.write() as tx:
        together = await rows.take(tx, BOT, 0, LEASE_US, 3)
    assert await finish(store, together[1])
    async with store.write() as tx:
        ours = await rows.finish_all(tx, together)
    assert ours == {together[0]["id"], together[2]["id"]}


async def test_a_worker_that_was_too_slow_cannot_finish_for_the_next(store: Store) -> None:
    await arrive(store, (1, ANNA))
    slow = await taken(store)
    quick = await taken(store, LEASE_US)
    assert not await finish(store, slow)
    async with store.write() as tx:
        await rows.put_back(tx, slow, 0, "TimeoutError")
    assert (await look(store, slow))["next_try_us"] == 2 * LEASE_US
    assert await finish(store, quick)


async def test_done_and_effect_come_together_or_not_at_all(store: Store) -> None:
    await arrive(store, (1, ANNA))
    row = await taken(store)

    async def handle() -> None:
        async with store.write() as tx:
            assert await rows.finish(tx, row)
            raise LookupError

    with pytest.raises(LookupError):
        await handle()
    assert (await look(store, row))["state"] == InboxState.NEW
    assert (await look(store, row))["json"] is not None


# --- failed ---------------------------------------------------------------------------------------------------------


async def test_one_that_failed_waits_and_its_chat_waits_with_it(store: Store) -> None:
    await arrive(store, (1, ANNA), (2, ANNA))
    row = await taken(store)
    async with store.write() as tx:
        await rows.put_back(tx, row, 500, "KeyError@intake.py:7" + "x" * 100)
    assert await take(store, 499) is None
    again = await taken(store, 500)
    assert (again["update_id"], again["attempts"], len(again["error"])) == (1, 2, 80)


async def test_what_is_done_cannot_be_put_back(store: Store) -> None:
    await arrive(store, (1, ANNA))
    row = await taken(store)
    await finish(store, row)
    async with store.write() as tx:
        await rows.put_back(tx, row, 0, "KeyError")
    assert (await look(store, row))["error"] is None
    assert await take(store, 10**9) is None


async def test_a_parked_one_lets_its_chat_go_on_and_keeps_its_words_for_a_developer(store: Store) -> None:
    await arrive(store, (1, ANNA), (2, ANNA))
    row = await taken(store)
    async with store.write() as tx:
        assert await rows.park(tx, row, "KeyError@intake.py:7")
        assert not await rows.park(tx, row, "again")
    after = await look(store, row)
    assert (after["state"], after["json"], after["error"]) == (
        InboxState.PARKED,
        '{"update_id": 1}',
        "KeyError@intake.py:7",
    )
    assert not await finish(store, row)
    assert (await taken(store))["update_id"] == 2


async def test_what_is_settled_is_deleted_after_its_time_and_nothing_else(store: Store) -> None:
    await arrive(store, (1, ANNA), (2, BEN), (3, ChatId(13)), at_us=100)
    await arrive(store, (4, ANNA), at_us=200)
    await arrive(store, (5, ANNA), bot_id=OTHER_BOT, at_us=100)
    done, parked = await taken(store), await taken(store)
    await finish(store, done)
    async with store.write() as tx:
        await rows.park(tx, parked, "KeyError")
    await finish(store, await taken(store))
    async with store.write() as tx:
        await tx.execute(inbox.update().where(inbox.c.update_id == 5).values(state=InboxState.DONE))
        assert await rows.prune(tx, BOT, 100) == 0
        gone = await rows.prune(tx, BOT, 101)
        left = (await tx.scalars(sa.select(inbox.c.update_id).order_by(inbox.c.id))).all()
    assert (gone, left) == (3, [4, 5])


# --- several workers ------------------------------------------------------------------------------------------------


@ON_POSTGRES
async def test_two_workers_take_different_chats_and_never_the_same(
    store: Store, database_url: str, clock: ManualClock
) -> None:
    await arrive(store, (1, ANNA), (2, ANNA), (3, BEN))
    async with open_store(database_url, clock) as second, store.write() as tx, second.write() as other_tx:
        mine = await rows.take(tx, BOT, 0, LEASE_US)
        theirs = await rows.take(other_tx, BOT, 0, LEASE_US)
        nothing = await rows.take(other_tx, BOT, 0, LEASE_US)
    assert [row["update_id"] for row in (*mine, *theirs)] == [1, 3]
    assert not nothing


async def test_several_are_taken_at_once_each_of_another_chat(store: Store) -> None:
    await arrive(store, (1, ANNA), (2, ANNA), (3, BEN), (4, CARA))
    async with store.write() as tx:
        first = await rows.take(tx, BOT, 0, LEASE_US, 2)
        rest = await rows.take(tx, BOT, 0, LEASE_US, 2)
    assert [row["update_id"] for row in first] == [1, 3]
    assert [row["update_id"] for row in rest] == [4]


async def test_one_that_was_tried_too_often_stays_and_the_other_chats_go_on(store: Store) -> None:
    await arrive(store, (1, ANNA), (2, ANNA), (3, BEN))
    async with store.write() as tx:
        for _ in range(2):
            await rows.put_back(tx, (await rows.take(tx, BOT, 0, LEASE_US))[0], 0, "KeyError")
        taken = [await rows.take(tx, BOT, 0, LEASE_US, 8, most_tries=1), await rows.take(tx, BOT, 0, LEASE_US, 8)]
    assert [[row["update_id"] for row in each] for each in taken] == [[3], [1]]


async def test_nothing_is_taken_beside_one_that_was_tried(store: Store) -> None:
    """It comes first, as it came: who has something else in hand waits, and takes nothing instead of it."""
    await arrive(store, (1, ANNA), (2, BEN))
    async with store.write() as tx:
        await rows.put_back(tx, (await rows.take(tx, BOT, 0, LEASE_US))[0], 0, "KeyError")
        taken = [await rows.take(tx, BOT, 0, LEASE_US, 8, only_new=only_new) for only_new in (True, False, True)]
    assert [[row["update_id"] for row in each] for each in taken] == [[], [1], [2]]


async def test_one_that_failed_before_is_taken_alone(store: Store) -> None:
    """Did it kill the process, whatever was taken with it would be counted too."""
    await arrive(store, (1, ANNA), (2, BEN), (3, CARA))
    async with store.write() as tx:
        await rows.put_back(tx, (await rows.take(tx, BOT, 0, LEASE_US))[0], 0, "KeyError")
        taken = [[row["update_id"] for row in await rows.take(tx, BOT, 0, LEASE_US, 8)] for _ in range(3)]
    assert taken == [[1], [2, 3], []]


async def test_a_try_that_does_not_count_is_not_counted(store: Store) -> None:
    await arrive(store, (1, ANNA))
    for counts, attempts in ((True, 1), (False, 1), (True, 2)):
        row = await taken(store)
        async with store.write() as tx:
            await rows.put_back(tx, row, 0, "OperationalError", counts)
        assert (await look(store, row))["attempts"] == attempts
