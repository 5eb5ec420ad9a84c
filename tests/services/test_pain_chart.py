"""The picture of one patient's pain: small, the same each time, and never a reason for anything else to fail."""

import asyncio
from dataclasses import replace

import pytest

from bot.services import pain_chart
from bot.services.pain_chart import HEIGHT_PX, WIDTH_PX, Chart, Point, draw

CHART = Chart("P-7F3K", (Point("C1", 7), Point("C2", 10), Point("C3", 0)), 6, (0.5, 2.3), "before", "warning", "Pain")


def size_of(png: bytes | None) -> tuple[int, int]:
    assert png is not None
    assert png.startswith(b"\x89PNG")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


@pytest.mark.parametrize(
    "chart",
    [
        pytest.param(CHART, id="all of it"),
        pytest.param(replace(CHART, baseline=None, alerts=()), id="only check-ins"),
        pytest.param(replace(CHART, points=(Point("C1", 0),), alerts=(-0.3,)), id="one check-in, and danger before it"),
    ],
)
async def test_a_small_png(chart: Chart) -> None:
    assert size_of(await draw(chart)) == (WIDTH_PX, HEIGHT_PX)


async def test_several_at_once_come_out_the_same() -> None:
    assert len(set(await asyncio.gather(*(draw(CHART) for _ in range(3))))) == 1


async def test_without_the_extra_there_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pain_chart, "can_draw", lambda: False)
    assert await draw(CHART) is None


async def test_a_failure_is_no_picture_and_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_chart: Chart) -> bytes:
        raise RuntimeError("no font")

    monkeypatch.setattr(pain_chart, "_draw", broken)
    assert await draw(CHART) is None
