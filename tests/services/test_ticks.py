"""Timers: each runs once, a bad one does not stop the others, and the morning line never breaks off."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.simulator.house import Cast, House, open_house
from bot.store import dues
from bot.store.dues import Due
from bot.store.tables import due

MORNING = "Good morning. I am running."


def mornings(house: House) -> list[datetime]:
    """When the line was sent."""
    shown = house.world.from_bot(house.staff.chat_id)
    return [message.date for message in shown if message.text.startswith(MORNING)]


async def waiting(house: House, kind: str = "morning") -> list[str]:
    async with house.app.store.read() as tx:
        where = (due.c.kind == kind, due.c.state == "waiting")
        return list(await tx.scalars(sa.select(due.c.dedupe_key).where(*where).order_by(due.c.due_us)))


async def set_timer(house: House, kind: str, **values: Any) -> None:
    async with house.app.store.write() as tx:
        timer = Due(kind, house.clock.now(), f"{kind}:test", **values)
        await dues.plan(house.app.store, tx, house.app.settings.bot_id, timer)


async def test_a_timer_that_fails_is_tried_five_times_and_the_others_run(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0

    async def fail(tx: Any, row: Any) -> None:
        nonlocal tried
        tried += 1
        raise RuntimeError("a patient's words")

    monkeypatch.setattr(house.app.ticks, "handlers", {**house.app.ticks.handlers, "bad": fail})
    await set_timer(house, "bad")
    await house.pass_time(days=1)
    assert tried == 5
    assert len(mornings(house)) == 1
    async with house.app.store.read() as tx:
        bad = (await tx.execute(sa.select(due).where(due.c.kind == "bad"))).mappings().one()
    assert (bad["state"], bad["reason"]) == ("dropped", "failed:RuntimeError")


async def test_a_kind_of_a_later_version_is_dropped_with_its_reason(house: House) -> None:
    await set_timer(house, "from_the_future")
    await house.pass_time(hours=1)
    async with house.app.store.read() as tx:
        row = (await tx.execute(sa.select(due).where(due.c.kind == "from_the_future"))).mappings().one()
    assert (row["state"], row["reason"]) == ("dropped", "failed:KeyError")


async def test_a_long_downtime_leaves_one_line_not_one_for_each_day(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    clock.tick(timedelta(days=9))
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        assert mornings(again) == []
        assert await waiting(again) == ["morning:2026-12-03"]
        await again.pass_time(days=1)
        assert len(mornings(again)) == 1


async def test_after_a_short_one_the_line_still_comes_that_morning(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    clock.tick(timedelta(hours=22))  # 10:00, an hour and a half late
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        assert len(mornings(again)) == 1
        assert await waiting(again) == ["morning:2026-11-25"]


@pytest.mark.parametrize(
    ("eve", "at"),
    [
        pytest.param(
            datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 3, 28, 7, 30, tzinfo=UTC), id="clocks forward"
        ),
        pytest.param(
            datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 8, 30, tzinfo=UTC), id="clocks back"
        ),
    ],
)
async def test_the_clinics_clock_counts_when_clocks_change(
    cast: Cast, fast_dir: Path, content_dir: Path, clock: ManualClock, eve: datetime, at: datetime
) -> None:
    clock.tick(eve - clock.now())
    async with open_house(cast, f"sqlite+aiosqlite:///{fast_dir}/new.db", content_dir, clock) as house:
        await house.pass_time(hours=47)
        sent = mornings(house)
    assert [when - at < timedelta(minutes=1) for when in sent] == [True, False]
    assert len(sent) == 2


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
async def test_a_changed_time_zone_does_not_end_the_morning_lines(house: House, content_dir: Path, zone: str) -> None:
    path = content_dir / "clinic.yaml"
    path.write_text(path.read_text().replace("Europe/London", zone))
    await house.app.look_at_content()
    for _ in range(3 * 24):
        await house.app.routine.plan()  # each minute in the running bot
        await house.pass_time(hours=1)
    assert len(mornings(house)) >= 2
    assert len(await waiting(house)) == 1


async def test_setting_the_timers_again_sets_no_second_one(house: House) -> None:
    for _ in range(3):
        await house.app.beat()
    assert len(await waiting(house)) == 1
    assert len(await waiting(house, "prune")) == 1


async def test_a_line_that_was_dropped_is_planned_again(house: House) -> None:
    async with house.app.store.write() as tx:
        await tx.execute(due.update().values(state="dropped", reason="failed:Boom"))
    await house.pass_time(days=1)
    await house.app.beat()
    assert len(await waiting(house)) == 1
