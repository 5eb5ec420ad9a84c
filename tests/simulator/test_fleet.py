"""Workers as processes, and what is asked of them."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.clock import SystemClock
from bot.simulator.fleet import Fleet, Grant, NotStarted, max_in_any_second
from bot.simulator.orders import Fuse, When
from bot.simulator.spread import Spread
from bot.simulator.transport import serving
from bot.simulator.world import World

ROOT = Path(__file__).parents[2]
OWNER_ID = 700


@pytest.mark.parametrize(
    ("times_us", "most"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([5], 1, id="one"),
        pytest.param([0, 1_000_000, 2_000_000], 1, id="a_second_apart"),
        pytest.param([0, 999_999, 1_000_000], 2, id="half_open"),
        pytest.param([3, 2, 1, 5_000_000], 3, id="in_any_order"),
    ],
)
def test_the_fastest_second(times_us: list[int], most: int) -> None:
    assert max_in_any_second(times_us) == most


def test_a_fuse_counts_only_its_own_point() -> None:
    fuse = Fuse.parse("turn:2:after")
    assert [fuse.is_lit(fuse.point), fuse.is_lit(None), fuse.is_lit(fuse.point), fuse.is_lit(fuse.point)] == [
        False,
        False,
        True,
        False,
    ]
    fuse.burn(When.BEFORE)  # not its side: this process lives on


@pytest.mark.parametrize("text", ["turn", "turn:x:before", "turn:1:during", "nowhere:1:before"])
def test_a_fuse_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Fuse.parse(text)


def test_nothing_burns_without_being_asked() -> None:
    fuse = Fuse.parse("")
    assert not any(fuse.is_lit(fuse.point) for _ in range(100))


@pytest.fixture
async def fleet(fast_dir: Path) -> AsyncIterator[Fleet]:
    world = World(SystemClock())
    world.add_user(OWNER_ID, "Owner").starts()
    async with serving(world) as url:
        made = Fleet(url, world.token, f"sqlite+aiosqlite:///{fast_dir}/fleet.db", fast_dir, ROOT / "faq")
        made.env["OWNER_IDS"] = str(OWNER_ID)
        yield made
        await made.kill_all()
    await world.aclose()


async def test_a_worker_starts_is_reached_grants_and_stops(fleet: Fleet) -> None:
    worker = await fleet.start()
    assert await worker.is_ready()
    spread = Spread(random.Random(0))
    spread.fleet = fleet
    async with httpx.AsyncClient(transport=spread) as client:
        assert (await client.get("http://anybody.invalid/healthz")).text == "ok"
    ended = await worker.terminate()
    assert (ended.code, worker.alive, fleet.alive) == (0, False, [])
    assert "stopped" in worker.log
    assert fleet.grants(), "the owner is told that texts are unsigned"


async def test_one_that_cannot_start_says_why(fleet: Fleet) -> None:
    with pytest.raises(NotStarted, match="BOT_TOKEN"):
        await fleet.start(BOT_TOKEN="none")


def test_grants_of_all_workers_are_read_in_order_of_time(fleet: Fleet) -> None:
    (fleet.folder / "trace").write_text("grant 20 7 1\ngrant 10 9 3\n")
    assert fleet.grants() == [Grant(10, 9, 3), Grant(20, 7, 1)]


async def test_a_request_for_nobody_in_particular_finds_nobody_when_none_lives(fleet: Fleet) -> None:
    async with httpx.AsyncClient(transport=Spread(random.Random(0))) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:1/healthz")
