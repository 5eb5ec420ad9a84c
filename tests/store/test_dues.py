"""Timers: set once, taken when due, longest due first."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock, to_us
from bot.model import BotId, DueState
from bot.store import dues
from bot.store.engine import Store, open_store
from bot.store.tables import due

BOT, OTHER_BOT = BotId(1), BotId(2)
MINUTE = timedelta(minutes=1)


async def plan(store: Store, clock: ManualClock, key: str, minutes: int = 0, bot_id: BotId = BOT) -> bool:
    """Set a timer for so many minutes from now."""
    timer = dues.Due("reminder", clock.now() + minutes * MINUTE, key, clock.now() + 60 * MINUTE, ref=7)
    async with store.write() as tx:
        return await dues.plan(store, tx, bot_id, timer)


async def take(store: Store, clock: ManualClock) -> sa.RowMapping | None:
    async with store.write() as tx:
        return await dues.take(tx, BOT, clock.now_us())


async def test_a_timer_is_set_once(store: Store, clock: ManualClock) -> None:
    assert await plan(store, clock, "step:1", 5)
    assert not await plan(store, clock, "step:1", 9)
    assert await plan(store, clock, "step:1", bot_id=OTHER_BOT)
    clock.tick(5 * MINUTE)
    row = await take(store, clock)
    assert row is not None
    assert (row["kind"], row["ref"], row["due_us"]) == ("reminder", 7, clock.now_us())
    assert row["until_us"] == to_us(clock.now() + 55 * MINUTE)


async def test_one_that_is_never_too_late(store: Store, clock: ManualClock) -> None:
    async with store.write() as tx:
        assert await dues.plan(store, tx, BOT, dues.Due("digest", clock.now(), "digest:1"))
        row = await dues.take(tx, BOT, clock.now_us())
    assert row is not None
    assert (row["until_us"], row["ref"], row["attempts"]) == (None, None, 0)


@pytest.mark.parametrize("state", [DueState.DONE, DueState.DROPPED])
async def test_the_longest_due_comes_first_and_none_twice(store: Store, clock: ManualClock, state: DueState) -> None:
    for key, minutes in (("late", -1), ("later", -9), ("latest", -9), ("future", 1)):
        await plan(store, clock, key, minutes)
    order = []
    while (row := await take(store, clock)) is not None:
        order.append(row["dedupe_key"])
        async with store.write() as tx:
            await dues.finish(tx, row["id"], state, "opted_out")
    assert order == ["later", "latest", "late"]
    async with store.read() as tx:
        found = (await tx.execute(sa.select(due.c.state, due.c.reason).distinct().order_by(due.c.state))).all()
    assert [tuple(row) for row in found] == sorted([(state, "opted_out"), (DueState.WAITING, None)])


async def test_one_that_failed_is_put_off_and_counted(store: Store, clock: ManualClock) -> None:
    await plan(store, clock, "step:1")
    for attempt in range(2):
        row = await take(store, clock)
        assert row is not None
        assert row["attempts"] == attempt
        async with store.write() as tx:
            await dues.put_off(tx, row["id"], to_us(clock.now() + MINUTE), "KeyError")
        assert await take(store, clock) is None
        clock.tick(MINUTE)


async def test_when_to_look_next(store: Store, clock: ManualClock) -> None:
    async def next_in_min() -> float | None:
        async with store.read() as tx:
            due_us = await dues.next_due_us(tx, BOT)
        return None if due_us is None else (due_us - clock.now_us()) / 60_000_000

    seen = [await next_in_min()]
    for key, minutes in (("a", 9), ("b", 5), ("c", 7)):
        await plan(store, clock, key, minutes)
        seen.append(await next_in_min())
    await plan(store, clock, "foreign", 1, OTHER_BOT)
    async with store.write() as tx:
        await tx.execute(due.update().where(due.c.dedupe_key == "b").values(state=DueState.DONE))
    assert [*seen, await next_in_min()] == [None, 9, 5, 5, 7]


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_two_workers_take_different_timers(store: Store, database_url: str, clock: ManualClock) -> None:
    await plan(store, clock, "first", -2)
    await plan(store, clock, "second", -1)
    async with open_store(database_url, clock) as worker, store.write() as tx, worker.write() as other_tx:
        mine = await dues.take(tx, BOT, clock.now_us())
        theirs = await dues.take(other_tx, BOT, clock.now_us())
    assert mine is not None
    assert theirs is not None
    assert (mine["dedupe_key"], theirs["dedupe_key"]) == ("first", "second")
