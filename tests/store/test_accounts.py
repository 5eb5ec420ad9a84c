"""The bot's row, its owners, and how things stand."""

from typing import Any

import sqlalchemy as sa

from bot.model import BotId, ChatId, InboxState, MessageState, UserId
from bot.store import accounts
from bot.store.engine import Store, Tx
from bot.store.tables import alert, audit, enrolment, inbox, message, patient

BOT, OTHER_BOT = BotId(1), BotId(2)
INTERVAL_US = 35_714


async def ensure(store: Store, staff_chat_id: ChatId | None) -> sa.RowMapping:
    """What each start does."""
    async with store.write() as tx:
        await accounts.ensure_bot(store, tx, BOT, staff_chat_id, INTERVAL_US)
        return await accounts.account(tx, BOT)


async def test_the_setting_seeds_the_staff_group_until_telegram_moves_it(store: Store) -> None:
    assert (await ensure(store, None))["staff_chat_id"] is None
    assert (await ensure(store, ChatId(-5)))["staff_chat_id"] == -5
    async with store.write() as tx:
        await accounts.set_account(tx, BOT, staff_chat_id=ChatId(-1005), interval_us=99, paused="401")
    row = await ensure(store, ChatId(-5))
    assert (row["staff_chat_id"], row["interval_us"], row["paused"]) == (-1005, 99, "401")
    assert (await ensure(store, None))["staff_chat_id"] == -1005, "an emptied setting is no news"


async def test_a_corrected_setting_counts(store: Store) -> None:
    await ensure(store, ChatId(-5))
    async with store.write() as tx:
        await accounts.set_account(tx, BOT, staff_lost="chat_not_found")
    row = await ensure(store, ChatId(-6))
    assert (row["staff_chat_id"], row["staff_lost"]) == (-6, None)


async def test_a_new_bot_may_send_at_once(store: Store) -> None:
    row = await ensure(store, None)
    assert (row["interval_us"], row["tat_us"], row["blocked_until_us"], row["paused"], row["revision_id"]) == (
        INTERVAL_US,
        0,
        0,
        None,
        None,
    )


async def test_who_did_what_is_noted(store: Store) -> None:
    async with store.write() as tx:
        await accounts.write_audit(tx, BOT, UserId(9), "take_alert", 4, 100)
        await accounts.write_audit(tx, BOT, None, "parked", 5, 101)
        rows = (await tx.execute(sa.select(audit).order_by(audit.c.id))).all()
    assert [(row.actor_id, row.action, row.ref, row.at_us) for row in rows] == [
        (9, "take_alert", 4, 100),
        (None, "parked", 5, 101),
    ]


async def new_patient(tx: Tx, code: str, bot_id: BotId = BOT) -> int:
    made = await tx.execute(patient.insert().values(bot_id=bot_id, code=code, created_us=0))
    assert made.inserted_primary_key is not None
    number: int = made.inserted_primary_key[0]
    return number


async def test_whom_to_ring_is_everybody_with_an_open_plan_once(store: Store) -> None:
    plans = [("P-ZZZZ", BOT, "open"), ("P-AAAA", BOT, "open"), ("P-CCCC", BOT, "closed"), ("P-BBBB", OTHER_BOT, "open")]
    async with store.write() as tx:
        for code, bot_id, state in plans:
            number = await new_patient(tx, code, bot_id)
            row = {
                "bot_id": bot_id,
                "patient_id": number,
                "chat_id": number,
                "plan_id": "dry_needling",
                "treated_us": 0,
                "zone": "Europe/London",
                "area": "calf",
                "side": "left",
                "careful": False,
                "facts": {},
                "state": state,
                "created_us": 0,
            }
            await tx.execute(enrolment.insert(), [row, row])
        assert await accounts.open_plan_codes(tx, BOT) == ("P-AAAA", "P-ZZZZ")


async def test_how_things_stand(store: Store) -> None:
    def owed(number: int, state: str, bot_id: BotId = BOT) -> dict[str, Any]:
        return {
            "bot_id": bot_id,
            "chat_id": 1,
            "lane": 1,
            "kind": "reply",
            "method": "send_text",
            "payload": {},
            "planned_us": 0,
            "due_us": 0,
            "state": state,
            "dedupe_key": str(number),
        }

    async with store.write() as tx:
        assert await accounts.counts(tx, BOT) == {"pending": 0, "unknown": 0, "parked": 0, "open_alerts": 0}
        states = [MessageState.PENDING] * 3 + [MessageState.UNKNOWN] * 2 + [MessageState.SENT]
        await tx.execute(message.insert(), [owed(*numbered) for numbered in enumerate(states)])
        await tx.execute(message.insert().values(owed(0, MessageState.PENDING, OTHER_BOT)))
        for number, state in enumerate(InboxState):
            row = {"bot_id": BOT, "update_id": number, "chat_id": 1, "state": state, "received_us": 0}
            await tx.execute(inbox.insert().values(row))
        number = await new_patient(tx, "P-7F3K")
        for taken in ("open", "taken", "closed"):
            row = {"bot_id": BOT, "patient_id": number, "chat_id": 1, "state": taken, "at_us": 0}
            await tx.execute(alert.insert().values(row))
        assert await accounts.counts(tx, BOT) == {"pending": 3, "unknown": 2, "parked": 1, "open_alerts": 1}


# --- who fetches updates --------------------------------------------------------------------------------------------

LEASE_US = 100


async def take_watch(store: Store, owner: str, at_us: int) -> bool:
    async with store.write() as tx:
        return await accounts.take_watch(tx, BOT, owner, at_us, LEASE_US)


async def test_one_worker_at_a_time_fetches_updates(store: Store) -> None:
    await ensure(store, None)
    taken = [
        await take_watch(store, owner, at_us)
        for owner, at_us in (("a", 0), ("b", 99), ("a", 50), ("b", 149), ("b", 150), ("a", 160))
    ]
    assert taken == [True, False, True, False, True, False]


async def test_a_watch_that_was_given_back_is_free(store: Store) -> None:
    await ensure(store, None)
    assert await take_watch(store, "a", 0)
    for leaver, is_free in (("b", False), ("a", True)):
        async with store.write() as tx:
            await accounts.give_watch_back(tx, BOT, leaver)
        assert await take_watch(store, "c", 1) is is_free


async def test_a_watch_from_before_the_clock_was_set_back_has_run_out(store: Store) -> None:
    await ensure(store, None)
    assert await take_watch(store, "a", 1_000_000)
    assert await take_watch(store, "b", 5)
