"""Workers killed (SIGKILL) while a clinic's day goes on: nothing lost, nothing doubled unsaid, order and wishes kept.

Real processes, real sockets, real time. What is counted, and how: `bot/simulator/promises.py`. The small trials are
told where to die, and are in a hurry; a large one takes five minutes.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.simulator.cluster import Cluster
from bot.simulator.kills import Plan, trial
from bot.simulator.orders import Break
from bot.simulator.verdict import Verdict

ROOT = Path(__file__).parents[2]
LEASE_S = 5
"""A tenth of the bot's own, so that what a killed worker had is not waited for."""

Trial: TypeAlias = Callable[[Plan], Awaitable[Verdict]]


@pytest.fixture
def on_sqlite(fast_dir: Path) -> Trial:
    return partial(trial, f"sqlite+aiosqlite:///{fast_dir}/trial.db", fast_dir, ROOT / "faq")


@pytest.fixture
def on_postgres(postgres: Cluster, fast_dir: Path) -> Trial:
    return partial(trial, postgres.new_database(), fast_dir, ROOT / "faq")


def assert_kept(verdict: Verdict, kills: int) -> None:
    """Every promise, and that the trial was one."""
    assert verdict.problems == ()
    assert verdict.kills >= kills
    assert verdict.resent + verdict.unknown_flagged > 0, "nothing was hit while it was on its way"
    assert verdict.updates > 40
    assert verdict.arrived > 40


async def test_four_kills_at_chosen_writes_on_sqlite(on_sqlite: Trial) -> None:
    deaths = ("send:3:after", "save:2:after", "handle:4:before", "turn:5:after")
    assert_kept(await on_sqlite(Plan(kills=4, deaths=deaths, lease_s=LEASE_S)), kills=4)


@pytest.mark.slow
@pytest.mark.postgres
async def test_four_kills_at_chosen_writes_of_two_workers_on_postgres(on_postgres: Trial) -> None:
    deaths = ("turn:3:after", "send:2:after", "handle:3:before", "send:2:before")
    plan = Plan(kills=4, workers=2, deaths=deaths, webhook=True, lease_s=LEASE_S)
    assert_kept(await on_postgres(plan), kills=4)


@pytest.mark.slow
async def test_fifty_kills_on_sqlite(on_sqlite: Trial) -> None:
    verdict = await on_sqlite(Plan(kills=50))
    assert_kept(verdict, kills=50)
    assert verdict.opted_out > 0


@pytest.mark.slow
@pytest.mark.postgres
async def test_fifty_kills_of_three_workers_on_postgres(on_postgres: Trial) -> None:
    verdict = await on_postgres(Plan(kills=50, workers=3))
    assert_kept(verdict, kills=50)
    assert verdict.opted_out > 0


@pytest.mark.slow
async def test_a_bot_that_forgets_what_it_was_sending_is_found_out(on_sqlite: Trial) -> None:
    deaths = ("send:3:after",) * 3
    verdict = await on_sqlite(Plan(kills=3, deaths=deaths, broken=Break.FORGET_SENDING))
    assert verdict.doubled > 0
    assert verdict.effects_missing == 0


@pytest.mark.slow
async def test_a_bot_that_acknowledges_too_early_is_found_out(on_sqlite: Trial) -> None:
    deaths = ("save:2:before", "save:3:before", "save:2:before")
    verdict = await on_sqlite(Plan(kills=3, deaths=deaths, broken=Break.ACK_EARLY))
    assert verdict.effects_missing > 0
    assert verdict.doubled == 0
