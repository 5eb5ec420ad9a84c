"""Chats and the patients behind them: welcomed once, stopped and resumed with dates, talked to in order."""

import asyncio
import re
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock, from_us
from bot.model import BotId, ChatId, ChatKind, PatientId, Scope
from bot.store import chats
from bot.store.engine import Store
from bot.store.tables import chat, enrolment, opt_out, patient, patient_chat

BOT, OTHER_BOT = BotId(1), BotId(2)
ANNA, BEN = ChatId(11), ChatId(12)


async def welcome(store: Store, clock: ManualClock, chat_id: ChatId = ANNA) -> PatientId:
    """What every first message does."""
    async with store.write() as tx:
        await chats.touch_chat(store, tx, BOT, chat_id, ChatKind.PRIVATE, clock.now_us())
        await chats.lock_chat(tx, BOT, chat_id)
        return (await chats.welcome_patient(store, tx, BOT, chat_id, clock.now_us())).patient_id


async def test_a_chat_is_noted_once_and_keeps_what_is_known(store: Store) -> None:
    for kind, at_us in ((ChatKind.PRIVATE, 5), (ChatKind.STAFF, 9)):
        async with store.write() as tx:
            await chats.touch_chat(store, tx, BOT, ANNA, kind, at_us)
            row = await chats.lock_chat(tx, BOT, ANNA)
    assert (row["kind"], row["first_seen_us"], row["unreachable_us"], row["zone"]) == (ChatKind.PRIVATE, 5, None, None)


async def test_blocking_and_unblocking_is_dated(store: Store) -> None:
    seen = []
    for reachable in (False, True):
        async with store.write() as tx:
            for chat_id in (ANNA, BEN):
                await chats.touch_chat(store, tx, BOT, chat_id, ChatKind.PRIVATE, 1)
            await chats.note_heard(tx, BOT, [chats.Heard(ANNA, 0, reachable)], 7)
            rows = await tx.execute(sa.select(chat).order_by(chat.c.chat_id))
            seen.append([(row.unreachable_us, row.unreachable_why) for row in rows])
    assert seen == [[(7, "blocked"), (None, None)], [(None, None), (None, None)]]


# --- patients -------------------------------------------------------------------------------------------------------


async def test_a_stranger_is_nobody_and_then_welcomed_once(store: Store, clock: ManualClock) -> None:
    async with store.read() as tx:
        assert await chats.patient_of(tx, BOT, ANNA) is None
    first = await welcome(store, clock)
    assert await welcome(store, clock) == first
    assert await welcome(store, clock, BEN) != first
    async with store.read() as tx:
        view = await chats.patient_of(tx, BOT, ANNA)
    assert view is not None
    assert (view.patient_id, view.chat_id, view.treated_at, view.area, view.opted_out) == (
        first,
        ANNA,
        None,
        None,
        frozenset(),
    )


async def test_first_messages_that_come_at_once_make_one_patient(store: Store, clock: ManualClock) -> None:
    made = await asyncio.gather(*(welcome(store, clock) for _ in range(6)))
    assert len(set(made)) == 1


async def test_codes_can_be_read_out_over_the_phone(store: Store, clock: ManualClock) -> None:
    async with store.write() as tx:
        codes = [
            (await chats.welcome_patient(store, tx, BOT, ChatId(number), clock.now_us())).code
            for number in range(1, 101)
        ]
    assert len(set(codes)) == 100
    assert all(re.fullmatch(r"P-[2-9A-HJKMNP-TV-Z]{4}", code) for code in codes)


async def test_a_code_that_is_taken_is_drawn_again(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter("2222" + "2222" + "2223")
    monkeypatch.setattr("bot.store.chats.secrets.choice", lambda _: next(drawn))
    await welcome(store, clock, ANNA)
    await welcome(store, clock, BEN)
    async with store.read() as tx:
        assert (await tx.scalars(sa.select(patient.c.code).order_by(patient.c.id))).all() == ["P-2222", "P-2223"]


async def test_the_open_plan_is_the_one_that_counts(store: Store, clock: ManualClock) -> None:
    number = await welcome(store, clock)
    base: dict[str, Any] = {
        "bot_id": BOT,
        "patient_id": number,
        "chat_id": ANNA,
        "plan_id": "dry_needling",
        "zone": "Europe/London",
        "side": "left",
        "careful": False,
        "facts": {},
        "created_us": 0,
    }
    plans = [(1_000, "calf", "open"), (3_000, "neck", "closed"), (2_000, "foot", "open")]
    async with store.write() as tx:
        rows = [base | {"treated_us": at_us, "area": area, "state": state} for at_us, area, state in plans]
        await tx.execute(enrolment.insert(), rows)
        view = await chats.patient_of(tx, BOT, ANNA)
    assert view is not None
    assert (view.treated_at, view.area) == (from_us(2_000), "foot")


async def test_a_chat_that_changed_hands_serves_who_has_it_now(store: Store, clock: ManualClock) -> None:
    mother = await welcome(store, clock)
    async with store.write() as tx:
        await tx.execute(patient_chat.update().values(until_us=clock.now_us()))
    son = await welcome(store, clock)
    assert son != mother
    async with store.write() as tx:  # and both again: the one who was there first
        await tx.execute(patient_chat.update().values(until_us=None))
        view = await chats.patient_of(tx, BOT, ANNA)
    assert view is not None
    assert view.patient_id == mother


# --- opting out -----------------------------------------------------------------------------------------------------


async def test_stopping_and_resuming_is_history_that_stays(store: Store) -> None:
    async def now_stopped(chat_id: ChatId = ANNA, bot_id: BotId = BOT) -> frozenset[Scope]:
        async with store.read() as tx:
            return await chats.opted_out(tx, bot_id, chat_id)

    async with store.write() as tx:
        await chats.stop(tx, BOT, ANNA, Scope.CHECK_INS, 10)
        await chats.stop(tx, BOT, ANNA, Scope.CHECK_INS, 11)  # said twice
        await chats.stop(tx, BOT, ANNA, Scope.ALL, 12)
        await chats.stop(tx, BOT, BEN, Scope.BROADCASTS, 13)
    assert await now_stopped() == {Scope.CHECK_INS, Scope.ALL}
    assert await now_stopped(BEN) == {Scope.BROADCASTS}
    assert await now_stopped(bot_id=OTHER_BOT) == frozenset()
    async with store.write() as tx:
        await chats.resume(tx, BOT, ANNA, 20)
    assert await now_stopped() == frozenset()
    assert await now_stopped(BEN) == {Scope.BROADCASTS}
    async with store.write() as tx:
        await chats.stop(tx, BOT, ANNA, Scope.ALL, 30)
        await chats.resume(tx, BOT, ANNA, 40)
        await chats.resume(tx, BOT, ANNA, 50)  # nothing left to end
        rows = await tx.execute(sa.select(opt_out).where(opt_out.c.chat_id == ANNA).order_by(opt_out.c.id))
        history = [(row.scope, row.at_us, row.ended_us) for row in rows]
    assert history == [(Scope.CHECK_INS, 10, 20), (Scope.ALL, 12, 20), (Scope.ALL, 30, 40)]


# --- conversations --------------------------------------------------------------------------------------------------


async def save(store: Store, version: int, state: dict[str, Any]) -> bool:
    async with store.write() as tx:
        return await chats.save_talks(store, tx, BOT, [(ANNA, version, state)], 1)


async def saved(store: Store) -> tuple[int, dict[str, Any]]:
    async with store.write() as tx:
        await chats.touch_chat(store, tx, BOT, ANNA, ChatKind.PRIVATE, 0)
        talk = (await chats.talks_with(tx, BOT, [ANNA]))[ANNA]
    return talk.version, dict(talk.state)


async def test_a_talk_goes_on_from_what_was_last_decided(store: Store) -> None:
    assert await saved(store) == (0, {})
    assert await save(store, 0, {"asked": ["knee", "calf"], "at": None})
    assert await saved(store) == (1, {"asked": ["knee", "calf"], "at": None})
    assert await save(store, 1, {})
    assert await saved(store) == (2, {})


@pytest.mark.parametrize("version", [0, 1], ids=["first words", "later"])
async def test_of_two_decisions_on_one_state_the_second_has_to_be_made_again(store: Store, version: int) -> None:
    if version:
        assert await save(store, 0, {})
    results = await asyncio.gather(save(store, version, {"by": "a"}), save(store, version, {"by": "b"}))
    assert sorted(results) == [False, True]
    winner = "a" if results[0] else "b"
    assert await saved(store) == (version + 1, {"by": winner})


async def test_a_decision_on_a_state_that_never_was_is_not_written(store: Store) -> None:
    assert not await save(store, 3, {"lost": True})
    assert await saved(store) == (0, {})
