"""`benchmarks/broadcast.py`: what it says follows from what arrived, and every part of it runs.

As small as can be: nothing here says how fast anything is.
"""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks._broadcast_large import measure
from benchmarks._broadcast_measures import CONTEST, MEASURES, PEERS, STORES
from benchmarks._broadcast_report import SECTIONS, section
from benchmarks._broadcast_rows import content_at_noon
from benchmarks._broadcast_trial import QUICK, Trial, through
from benchmarks._broadcast_virtual import virtual
from benchmarks._check_in_plan import content_with_plan
from benchmarks._contest import ABOUT
from benchmarks._readme import README
from benchmarks._telegram import open_town
from bot.content.load import load_content
from bot.model import BotId
from bot.simulator.events import Call

TINY = replace(
    QUICK,
    recipients=12,
    paused=40,
    ordeal=replace(QUICK.ordeal, burst=12),
    large=30,
    large_s=0.5,
    virtual=20,
)
OF_PEERS = {*SECTIONS["sending"], *SECTIONS["kills"]}
FLAT: dict[str, Any] = {
    **dict.fromkeys(ABOUT, "…"),
    "quick": False,
    "send_3000_s_sqlite": 109.5,
    "send_3000_s_postgres": 113,
    "loop_send_3000_s": 180,
    "jobqueue_lost": 300,
}


def test_the_clinic_is_where_it_is_about_noon(tmp_path: Path) -> None:
    zone = load_content(content_at_noon(tmp_path)).clinic.zone
    assert abs(datetime.now(zone).hour - 12) <= 1


async def test_everybody_gets_one_in_virtual_time(fast_dir: Path, database_url: str) -> None:
    found = await virtual(database_url, content_with_plan(fast_dir), 20)
    assert (found.recipients, found.missing, found.doubled) == (20, 0, 0)
    assert found.min > 0


async def test_a_large_one_leaves_a_draft_to_its_recipients(tmp_path: Path) -> None:
    found = await measure(f"sqlite+aiosqlite:///{tmp_path}/ours.db", BotId(7), content_at_noon(tmp_path), 30)
    assert found.broadcast_id == 2
    assert min(found.count_ms, found.freeze_s, found.report_s, found.report_mb) > 0


async def test_it_is_through_when_each_has_a_copy() -> None:
    async with open_town(latency_s=0) as town:
        chats = town.patients(3)
        for chat_id in chats:
            town.world.calls.append(Call("sendMessage", {"chat_id": str(chat_id)}, at_us=1_000 + chat_id))
        assert await through(town, chats) == (1_000 + chats[0], 1_000 + chats[-1])


@pytest.mark.slow
async def test_every_part_notes_the_figures_the_design_names(fast_dir: Path) -> None:
    trial = Trial(TINY, fast_dir, None)
    await trial.measure()
    flat = trial.figures.flat()
    assert {CONTEST.full_key("_sqlite", key) for key in MEASURES} <= set(flat)
    assert {f"{prefix}{key}" for prefix in PEERS for key in OF_PEERS} <= set(flat)
    assert trial.problems == []
    assert (flat["lost"], flat["doubled"], flat["never_arrived"], flat["resume_missing"]) == (0, 0, 0, 0)
    assert (flat["loop_lost"], flat["popsave_lost"]) == (0, 0)


def test_peers_have_nothing_to_reach() -> None:
    marks = {line.split()[0]: line for line in CONTEST.listing(FLAT).splitlines()}
    assert marks["send_3000_s_sqlite"].endswith("met")
    assert marks["send_3000_s_postgres"].endswith("MISSED")
    assert not marks["loop_send_3000_s"].endswith(("met", "MISSED"))


def test_the_page_says_first_what_is_missed() -> None:
    (verdict,) = [line for line in section(FLAT).splitlines() if "have something to reach" in line]
    assert verdict == (
        "Of 2 figures of ours that have something to reach, 1 reach it. Missed: `send_3000_s_postgres` (113)."
    )


@pytest.mark.parametrize("quick", [True, False])
def test_a_quick_look_is_marked_as_one(quick: bool) -> None:
    assert ("quick run" in section(FLAT | {"quick": quick})) is quick


def test_every_figure_is_in_one_table_and_no_name_can_be_taken_for_another() -> None:
    in_tables = [key for keys in SECTIONS.values() for key in keys]
    assert sorted(in_tables) == sorted(MEASURES)
    full = [CONTEST.full_key(name, key) for key in MEASURES for name in ("", *STORES, *PEERS)]
    assert len(set(full)) == len(full)


def test_the_page_of_all_benchmarks_has_a_place_for_this_one() -> None:
    text = README.read_text("utf-8")
    assert "<!-- broadcast: written by broadcast.py -->" in text
    assert "<!-- end of broadcast -->" in text
