"""Steps as due rows, many plans at once: written once, moved, dropped and woken as the plan and its times change."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import to_us
from bot.core.care.planning import PlannedStep, plan_steps
from bot.model import DueState
from bot.services import planner as planning
from bot.services.planner import REPLAN, Planner
from bot.simulator.house import House
from bot.store import care
from bot.store.tables import due, enrolment
from tests.on_a_plan import answer, enrol, write_plan

HOUR = timedelta(hours=1)
STEPS = ("first", "second", "third")


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


@pytest.fixture
def planner(house: House) -> Planner:
    return Planner(house.app.post)


async def plan_all(house: House, planner: Planner) -> dict[int, tuple[PlannedStep, ...]]:
    """Plan every enrolment there is, in one go."""
    async with house.app.store.write() as tx:
        rows = (await tx.execute(sa.select(enrolment).order_by(enrolment.c.id))).mappings().all()
        return await planner.plan_many(tx, rows)


async def due_rows(house: House, state: DueState = DueState.WAITING) -> list[sa.RowMapping]:
    statement = sa.select(due).where(due.c.kind == care.CHECK_IN, due.c.state == state).order_by(due.c.ref, due.c.id)
    async with house.app.store.read() as tx:
        return list((await tx.execute(statement)).mappings().all())


async def change(house: House, enrolment_id: int, **values: Any) -> None:
    async with house.app.store.write() as tx:
        await care.set_plan(tx, enrolment_id, **values)


async def three_patients(house: House) -> list[int]:
    """Two treated at one time, one an hour later."""
    later = to_us(house.clock.now() + HOUR)
    return [await enrol(house), await enrol(house, "P-0001"), await enrol(house, "P-0002", treated_us=later)]


async def test_every_step_of_every_plan_is_there_once_as_if_planned_alone(house: House, planner: Planner) -> None:
    ids = await three_patients(house)
    steps = await plan_all(house, planner)
    rows = await due_rows(house)
    assert [(row["ref"], row["part"], row["due_us"], row["until_us"]) for row in rows] == [
        (id_, step.step_id, to_us(step.at), to_us(step.until))
        for id_ in ids
        for step in steps[id_]
        if step.at is not None and step.until is not None
    ]
    assert [row["part"] for row in rows] == list(STEPS) * len(ids)
    assert [row["dedupe_key"] for row in rows] == [
        f"check_in:{row['ref']}:{row['part']}:{row['due_us']}" for row in rows
    ]
    assert {(row["bot_id"], row["attempts"], row["reason"]) for row in rows} == {(house.app.settings.bot_id, 0, None)}


async def test_planning_again_changes_nothing(house: House, planner: Planner) -> None:
    await three_patients(house)
    await plan_all(house, planner)
    before = await due_rows(house)
    await plan_all(house, planner)
    assert await due_rows(house) == before
    assert await due_rows(house, DueState.DROPPED) == []


async def test_those_treated_at_one_time_are_planned_once(
    house: House, planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await three_patients(house)
    planned_at = []

    def counting(*args: Any, **more: Any) -> tuple[PlannedStep, ...]:
        planned_at.append(args[3])
        return plan_steps(*args, **more)

    monkeypatch.setattr("bot.services.planner.plan_steps", counting)
    monkeypatch.setattr(planning, "IN_A_STATEMENT", 1)
    steps = await plan_all(house, planner)
    assert planned_at == [house.clock.now(), house.clock.now() + HOUR]
    assert list(steps) == ids


async def test_a_moved_treatment_moves_what_waits_of_that_plan_only(house: House, planner: Planner) -> None:
    first, second, third = await three_patients(house)
    await plan_all(house, planner)
    before = {(row["ref"], row["part"]): row["due_us"] for row in await due_rows(house)}
    await change(house, second, treated_us=to_us(house.clock.now() + 2 * HOUR))
    await plan_all(house, planner)
    after = {(row["ref"], row["part"]): row["due_us"] for row in await due_rows(house)}
    assert {key for key in before if before[key] != after[key]} == {(second, "first")}
    assert len(after) == len(before) == len(STEPS) * len((first, second, third))


async def test_a_step_that_went_out_is_not_planned_again(house: House, planner: Planner) -> None:
    enrolment_id = await enrol(house)
    await answer(house, enrolment_id, "first", pain=2)
    (steps,) = (await plan_all(house, planner)).values()
    assert [row["part"] for row in await due_rows(house)] == ["second", "third"]
    assert steps[0].at is None


async def test_what_is_past_is_dropped_with_its_reason(house: House, planner: Planner) -> None:
    enrolment_id = await enrol(house)
    await plan_all(house, planner)
    await change(house, enrolment_id, treated_us=to_us(house.clock.now() - timedelta(days=5)))
    await plan_all(house, planner)
    assert [row["part"] for row in await due_rows(house)] == ["third"]
    dropped = await due_rows(house, DueState.DROPPED)
    assert [(row["part"], row["reason"]) for row in dropped] == [
        ("first", "left out: past"),
        ("second", "left out: past"),
    ]


async def test_a_dropped_step_waits_again_when_its_time_is_back(house: House, planner: Planner) -> None:
    enrolment_id = await enrol(house)
    await plan_all(house, planner)
    before = await due_rows(house)
    async with house.app.store.write() as tx:
        await care.drop_what_waits(tx, house.app.settings.bot_id, enrolment_id, "ended")
    assert await due_rows(house) == []
    await plan_all(house, planner)
    assert await due_rows(house) == before


async def test_a_step_that_the_plan_has_no_more_is_dropped(house: House, planner: Planner, content_dir: Path) -> None:
    await three_patients(house)
    await plan_all(house, planner)
    path = content_dir / "en" / "check_ins" / "small_plan.yaml"
    path.write_text(path.read_text("utf-8").replace("id: third", "id: fourth"), "utf-8")
    await house.app.look_at_content()
    await house.settle()
    assert {row["part"] for row in await due_rows(house)} == {"first", "second", "fourth"}
    dropped = await due_rows(house, DueState.DROPPED)
    assert [(row["part"], row["reason"]) for row in dropped] == [("third", planning.NOT_IN_PLAN)] * 3


async def test_an_edited_plan_goes_through_all_patients_some_at_a_time(
    house: House, planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await three_patients(house)
    monkeypatch.setattr(planning, "AT_ONCE", 2)
    async with house.app.store.write() as tx:
        await planner.plan_all_anew(tx, "edited")
    await house.settle()
    assert {row["ref"] for row in await due_rows(house)} == set(ids)
    async with house.app.store.read() as tx:
        rounds = await tx.scalars(sa.select(due.c.state).where(due.c.kind == REPLAN))
        assert list(rounds) == [DueState.DONE] * 2


async def test_a_plan_nobody_knows_is_left_alone(house: House, planner: Planner) -> None:
    await enrol(house, plan_id="gone")
    assert await plan_all(house, planner) == {}
    assert await due_rows(house) == []
