"""The heartbeat: called only while Telegram and the database both work."""

from datetime import timedelta

import pytest

from bot.errors import StoreError
from bot.simulator.house import House


@pytest.fixture
def calls(house: House) -> list[int]:
    made: list[int] = []

    async def call_out() -> None:
        made.append(house.clock.machine_us())

    house.app.alive.call_out = call_out
    return made


async def test_it_calls_out_while_all_is_well(house: House, calls: list[int]) -> None:
    house.app.alive.fetched()
    await house.app.alive.beat()
    assert len(calls) == 1


async def test_it_is_silent_when_telegram_was_not_reached_lately(house: House, calls: list[int]) -> None:
    house.app.alive.fetched()
    house.clock.tick(timedelta(minutes=2))
    await house.app.alive.beat()
    assert calls == []
    assert (await house.app.health()).checks["telegram"] == "not reached lately"


async def test_it_is_silent_when_the_database_cannot_be_written(
    house: House, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.app.alive.fetched()
    monkeypatch.setattr(house.app.store, "write", _refuse)
    with pytest.raises(StoreError):
        await house.app.alive.beat()
    assert calls == []
    house.clock.tick(timedelta(minutes=5))
    assert (await house.app.health()).checks["database"] == "not written lately"


def _refuse() -> object:
    raise StoreError("database: disk I/O error")


async def test_a_machine_that_slept_tells_staff_of_the_gap(house: House) -> None:
    house.clock.tick(timedelta(hours=3))
    await house.app.alive.beat()
    await house.settle()
    assert house.staff_texts[-1].startswith("I was off\nFrom 12:00 until 15:00")
