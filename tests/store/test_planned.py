"""The steps of many plans at once: set once on both databases, moved, dropped, and waiting again."""

import pytest
import sqlalchemy as sa

from bot.care import PlanState
from bot.clock import ManualClock
from bot.model import BotId, DueState
from bot.store import planned
from bot.store.engine import Store, Tx
from bot.store.planned import Slot
from bot.store.tables import check_in, due, enrolment, patient

BOT = BotId(1)
FIRST, SECOND = Slot("first", 1_000, 2_000), Slot("second", 3_000, None)


async def enrol(tx: Tx, number: int) -> int:
    await tx.execute(patient.insert().values(id=number, bot_id=BOT, code=f"P-{number}", created_us=0))
    row = {"bot_id": BOT, "patient_id": number, "chat_id": number, "plan_id": "small", "treated_us": number}
    row |= {"zone": "Europe/London", "area": "heel", "side": "left", "careful": False, "facts": {}, "created_us": 0}
    made = await tx.execute(enrolment.insert().values(**row, state=PlanState.OPEN).returning(enrolment.c.id))
    return int(made.scalar_one())


@pytest.fixture
async def ids(store: Store) -> list[int]:
    """Three plans: two with both steps set, and one with none."""
    async with store.write() as tx:
        found = [await enrol(tx, number) for number in (1, 2, 3)]
        await planned.add_steps(store, tx, BOT, found[:2], [FIRST, SECOND])
    return found


async def waiting(store: Store, ids: list[int]) -> dict[int, list[tuple[str, int, int | None]]]:
    async with store.read() as tx:
        found = await planned.waiting_steps(tx, BOT, ids)
    return {id_: [(row["part"], row["due_us"], row["until_us"]) for row in rows] for id_, rows in found.items()}


BOTH = [("first", 1_000, 2_000), ("second", 3_000, None)]


async def test_steps_are_set_once(store: Store, ids: list[int]) -> None:
    async with store.write() as tx:
        await planned.add_steps(store, tx, BOT, ids, [FIRST, SECOND])
        keys = list(await tx.scalars(sa.select(due.c.dedupe_key).order_by(due.c.ref, due.c.due_us)))
    assert await waiting(store, ids) == dict.fromkeys(ids, BOTH)
    assert keys == [slot.key(id_) for id_ in ids for slot in (FIRST, SECOND)]


@pytest.mark.parametrize(
    ("state", "expected"), [(DueState.DROPPED, BOTH), (DueState.DONE, BOTH[1:])], ids=["dropped", "done"]
)
async def test_what_was_dropped_waits_again_and_what_is_done_does_not(
    store: Store, ids: list[int], state: DueState, expected: list[tuple[str, int, int | None]]
) -> None:
    async with store.write() as tx:
        of_first = (due.c.ref == ids[0], due.c.part == "first")
        await tx.execute(due.update().where(*of_first).values(state=state, reason="ended", due_us=9))
        await planned.add_steps(store, tx, BOT, ids[:1], [FIRST, SECOND])
    assert await waiting(store, ids[:1]) == {ids[0]: expected}


async def test_steps_are_moved_and_dropped_each_by_itself(store: Store, ids: list[int]) -> None:
    async with store.write() as tx:
        rows = await planned.waiting_steps(tx, BOT, ids)
        await planned.move_steps(tx, [(rows[ids[0]][0]["id"], Slot("first", 1_500, 2_500))])
        await planned.drop_steps(tx, {"left out: past": [rows[ids[1]][1]["id"]]})
        reasons = await tx.scalars(sa.select(due.c.reason).where(due.c.state == DueState.DROPPED))
        assert list(reasons) == ["left out: past"]
    assert await waiting(store, ids) == {ids[0]: [("first", 1_500, 2_500), BOTH[1]], ids[1]: BOTH[:1]}


async def test_sent_steps_and_times_are_read_for_all_at_once(store: Store, clock: ManualClock, ids: list[int]) -> None:
    row = {"bot_id": BOT, "state": "open", "ticked": [], "answers": {}, "doubted": [], "sent_us": clock.now_us()}
    async with store.write() as tx:
        await tx.execute(check_in.insert().values(**row, enrolment_id=ids[0], step_id="first"))
        assert await planned.sent_steps(tx, ids) == {ids[0]: {"first"}}
        rows = await planned.plan_rows(tx, ids)
    assert {row["id"]: row["treated_us"] for row in rows} == dict(zip(ids, (1, 2, 3), strict=True))


async def test_nothing_to_set_is_nothing(store: Store, ids: list[int]) -> None:
    async with store.write() as tx:
        await planned.add_steps(store, tx, BOT, [], [FIRST])
        await planned.add_steps(store, tx, BOT, ids[2:], [])
    assert await waiting(store, ids[2:]) == {}
