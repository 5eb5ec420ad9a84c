"""`benchmarks/staff.py`: what it says follows from what arrived, and every part of it runs.

As small as can be: nothing here says how fast anything is.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks._contest import ABOUT
from benchmarks._readme import README
from benchmarks._staff_measures import CONTEST, MEASURES
from benchmarks._staff_report import SECTIONS, section
from benchmarks._staff_trial import QUICK, Desk, Trial
from benchmarks._telegram import open_town
from bot.simulator.people import spoken

TINY = replace(QUICK, patients=2, relayed=3)
FLAT: dict[str, Any] = {
    **dict.fromkeys(ABOUT, "…"),
    "quick": False,
    "relay_p99_ms_sqlite": 251,
    "relay_p99_ms_postgres": 90,
    "copier_relay_p99_ms": 300,
}


async def test_what_did_not_arrive_once_with_the_right_patient_is_counted() -> None:
    async with open_town(latency_s=0) as town:
        group = town.world.add_group("Clinic")
        member = group.add(town.world.add_user(5, "Member"))
        right, wrong = town.patients(2)
        desk = Desk(town, group, member, {chat: group.open_topic("P", member).thread_id for chat in (right, wrong)})
        for _ in range(4):
            desk.write(right)
        for chat, text in ((right, "word00000x"), (right, "word00001x"), (right, "word00001x"), (wrong, "word00002x")):
            town.world.post(town.world.chats[chat], town.world.bot_user, words=spoken(text))
        assert desk.not_once() == 3, "twice, at another's, and never"


@pytest.mark.slow
async def test_every_part_notes_its_figures(fast_dir: Path) -> None:
    trial = Trial(TINY, fast_dir, None)
    await trial.measure()
    flat = trial.figures.flat()
    assert {f"{key}_sqlite" for key in MEASURES} | {f"copier_{key}" for key in MEASURES} <= set(flat)
    assert trial.problems == []
    assert (flat["not_once_sqlite"], flat["copier_not_once"]) == (0, 0)


def test_the_page_says_first_what_is_missed_and_a_peer_has_nothing_to_reach() -> None:
    (verdict,) = [line for line in section(FLAT).splitlines() if "have something to reach" in line]
    assert verdict.endswith("1 reach it. Missed: `relay_p99_ms_sqlite` (251).")
    marks = {line.split()[0]: line for line in CONTEST.listing(FLAT).splitlines()}
    assert not marks["copier_relay_p99_ms"].endswith(("met", "MISSED"))


def test_every_figure_is_in_one_table_and_the_page_has_a_place() -> None:
    assert sorted(key for keys in SECTIONS.values() for key in keys) == sorted(MEASURES)
    assert "<!-- staff: written by staff.py -->" in README.read_text("utf-8")
