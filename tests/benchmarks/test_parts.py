"""Every part of `benchmarks/sending.py` runs, with real processes, and notes the figures the design names.

As small as can be: nothing here says how fast anything is.
"""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from benchmarks import _ours
from benchmarks._loads import Ordeal
from benchmarks._ours import noon_zone
from benchmarks._sizes import FULL, QUICK
from benchmarks._trial import Trial
from bot.clock import HOUR_US, from_us

TINY = replace(
    QUICK,
    senders=("_sqlite", "loop_", "jobqueue_"),
    late_s=0.5,
    backlog_s=0.5,
    ordeal=Ordeal(burst=10, per_second=5, seconds=1, kills=1, gap_s=0.4, down_s=0.1),
    replies=2,
    emergencies=1,
    ahead=20,
    posts=40,
    updates=20,
    future=700,
    due=50,
    looks=1,
    claims=5,
)


@pytest.fixture
def trial(fast_dir: Path) -> Trial:
    return Trial(TINY, fast_dir, None)


@pytest.mark.slow
async def test_sending_is_measured_for_us_and_the_peers(trial: Trial) -> None:
    await trial.sending(0)
    flat = trial.figures.flat()
    for key in ("limit_used_pct", "lateness_p50_ms", "lateness_p99_ms", "max_in_any_second"):
        assert {key, f"{key}_sqlite", f"loop_{key}", f"jobqueue_{key}"} <= set(flat)
    assert 0 < flat["max_in_any_second"] <= 30


@pytest.mark.slow
async def test_kills_are_counted_for_us_and_the_peers(trial: Trial) -> None:
    await trial.kills_of_all()
    flat = trial.figures.flat()
    for key in ("lost", "doubled", "unknown_flagged", "resent", "kills"):
        assert {key, f"{key}_sqlite", f"loop_{key}", f"jobqueue_{key}"} <= set(flat)
    assert (flat["lost"], flat["doubled"]) == (0, 0)
    assert flat["loop_lost"] == 0
    assert {found.owed for found in trial.ordeals.values()} == {15}


@pytest.mark.slow
async def test_answers_are_measured(trial: Trial) -> None:
    await trial.answering()
    flat = trial.figures.flat()
    assert {"reply_p99_ms", "reply_webhook_p99_ms", "emergency_worst_ms", "webhook_200_p99_ms"} <= set(flat)


@pytest.mark.slow
async def test_updates_are_compared_with_an_echo_bot(trial: Trial) -> None:
    await trial.updates()
    flat = trial.figures.flat()
    assert {"updates_per_s", "updates_per_s_sqlite", "ptb_echo_updates_per_s", "updates_ratio"} <= set(flat)


@pytest.mark.slow
async def test_a_large_future_is_measured(trial: Trial) -> None:
    await trial.million()
    flat = trial.figures.flat()
    named = {"pending_1m_rss_mb", "first_claim_ms", "claim_p99_ms", "claim_p99_100k_due_ms", "timer_p99_ms"}
    assert named <= set(flat)
    assert flat["pending_rows_sqlite"] == TINY.future


def test_without_postgres_nobody_is_left_who_needs_it() -> None:
    assert FULL.wants_postgres
    assert not FULL.without_postgres().wants_postgres
    assert FULL.without_postgres().senders == ("_sqlite", "loop_", "jobqueue_")
    assert not QUICK.wants_postgres


@pytest.mark.parametrize("hour", range(24))
def test_patients_live_where_it_is_noon(hour: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now_us = 20_000 * 24 * HOUR_US + hour * HOUR_US + HOUR_US // 2
    monkeypatch.setattr(_ours, "now_us", lambda: now_us)
    assert from_us(now_us).astimezone(ZoneInfo(noon_zone())).hour == 12
