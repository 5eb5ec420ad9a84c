"""`benchmarks/check_ins.py`: what it says follows from what came of the check-ins, and every part of it runs.

As small as can be: nothing here says how fast anything is.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks._check_in_downtime import BACK_AT, DOWN_AT, DOWN_FOR, downtime, fate
from benchmarks._check_in_enrol import SLOTS_A_DAY, appointments, enrol_all
from benchmarks._check_in_measures import CONTEST, MEASURES, PEERS, STORES
from benchmarks._check_in_plan import PLAN_ID, STEPS, content_with_plan
from benchmarks._check_in_report import SECTIONS, section
from benchmarks._check_in_trial import Sizes, Trial
from benchmarks._readme import README
from bot.clock import from_us
from bot.content.load import load_content
from bot.model import BotId

TINY = Sizes(("_sqlite",), enrolled=20, late_s=0.5, down=40, kill_after=10)
ABOUT = ("cores", "cpu", "python", "system", "sqlite", "versions", "load_before", "fsync_per_s", "took_s")
FLAT: dict[str, Any] = {
    **dict.fromkeys(ABOUT, "…"),
    "quick": False,
    "enrol_100k_s_sqlite": 12.5,
    "enrol_100k_s_postgres": 12.5,
    "downtime_unexplained_sqlite": 0,
    "jobqueue_dropped": 4000,
}


def test_the_plan_has_seven_steps_and_passes_the_checks(tmp_path: Path) -> None:
    plan = load_content(content_with_plan(tmp_path)).plans[PLAN_ID]
    assert len(plan.steps) == STEPS


def test_appointments_are_by_time_in_slots_of_five_minutes() -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    found = list(appointments(20_000, now))
    times = [one.at_us for one in found]
    assert times == sorted(times)
    assert len(set(times)) == 2 * SLOTS_A_DAY
    assert {from_us(at_us).minute % 5 for at_us in times} == {0}
    assert {from_us(at_us).hour for at_us in times} == set(range(9, 17))
    assert from_us(times[0]).date() - now.date() == timedelta(days=1)


async def test_everybody_on_a_list_has_seven_check_ins_to_come(tmp_path: Path) -> None:
    found = await enrol_all(f"sqlite+aiosqlite:///{tmp_path}/ours.db", BotId(7), content_with_plan(tmp_path), 30)
    assert (found.slots, found.due_rows) == (30, 7 * 30)


@pytest.mark.parametrize(
    ("times", "was_sent", "has_reason", "expected"),
    [
        pytest.param([1], True, False, "sent", id="late but of use"),
        pytest.param([1, 2], True, False, "moved", id="moved, then sent"),
        pytest.param([1], False, True, "dropped", id="left out, and staff know why"),
        pytest.param([1, 2], False, True, "dropped", id="moved, then left out"),
        pytest.param([1], False, False, "unexplained", id="gone"),
        pytest.param([1, 2], False, False, "unexplained", id="moved, then gone"),
    ],
)
def test_each_check_in_has_one_fate(times: list[int], was_sent: bool, has_reason: bool, expected: str) -> None:
    assert fate(times, was_sent, has_reason) == expected


async def test_nothing_that_fell_due_while_it_was_down_is_unexplained_or_doubled(
    fast_dir: Path, database_url: str
) -> None:
    found = await downtime(database_url, content_with_plan(fast_dir), 40)
    assert Counter(vars(found)) == Counter(due=40, sent=found.sent, moved=2, dropped=found.dropped, resent=found.resent)
    assert found.sent + found.dropped == 40 - 2
    assert found.sent > 0
    assert found.dropped > 0
    assert BACK_AT - DOWN_AT == DOWN_FOR


@pytest.mark.slow
async def test_every_part_notes_the_figures_the_design_names(fast_dir: Path) -> None:
    trial = Trial(TINY, fast_dir, None)
    await trial.measure()
    flat = trial.figures.flat()
    assert {CONTEST.full_key("_sqlite", key) for key in MEASURES if key not in SECTIONS["jobs"]} <= set(flat)
    assert {f"{prefix}{key}" for prefix in PEERS for key in SECTIONS["jobs"]} <= set(flat)
    assert trial.problems == []
    assert (flat["downtime_unexplained"], flat["downtime_doubled"]) == (0, 0)
    assert (flat["jobqueue_default_dropped"], flat["jobqueue_default_sent"]) == (40, 0)
    assert flat["jobqueue_waiting"] == flat["waiting_sqlite"] == 7 * 20


def test_the_stores_have_goals_of_their_own() -> None:
    marks = {line.split()[0]: line for line in CONTEST.listing(FLAT).splitlines()}
    assert marks["enrol_100k_s_sqlite"].endswith("MISSED")
    assert marks["enrol_100k_s_postgres"].endswith("met")
    assert not marks["jobqueue_dropped"].endswith(("met", "MISSED"))


def test_the_page_says_first_what_is_missed_and_beside_what_it_stands() -> None:
    lines = section(FLAT).splitlines()
    (verdict,) = [line for line in lines if "have something to reach" in line]
    assert (
        verdict
        == "Of 3 figures of ours that have something to reach, 2 reach it. Missed: `enrol_100k_s_sqlite` (12.5)."
    )
    (row,) = [line for line in lines if line.startswith(f"| {MEASURES['enrol_100k_s'].what}")]
    assert row.endswith("| **12.5** (missed) | 12.5 | ≤ 10 / ≤ 30 |")


@pytest.mark.parametrize("quick", [True, False])
def test_a_quick_look_is_marked_as_one(quick: bool) -> None:
    assert ("quick run" in section(FLAT | {"quick": quick})) is quick


def test_every_figure_is_in_one_table_and_no_name_can_be_taken_for_another() -> None:
    in_tables = [key for keys in SECTIONS.values() for key in keys]
    assert sorted(in_tables) == sorted(MEASURES)
    full = [CONTEST.full_key(name, key) for key in MEASURES for name in ("", *STORES, *PEERS)]
    assert len(set(full)) == len(full)
    assert all(CONTEST.measure_of(name, key).target is None for name in PEERS for key in MEASURES)


def test_the_page_of_all_benchmarks_has_a_place_for_this_one() -> None:
    text = README.read_text("utf-8")
    assert "<!-- check_ins: written by check_ins.py -->" in text
    assert "<!-- end of check_ins -->" in text
