"""The page says what the figures say."""

from typing import Any

import pytest

from benchmarks._measures import MEASURES
from benchmarks._report import SECTIONS, listing, page

ABOUT = {
    "cores": 2,
    "cpu": "a processor",
    "python": "3.11",
    "system": "Linux",
    "sqlite": "3.40",
    "versions": "a library 1.0",
    "load_before": 0.1,
    "fsync_per_s": 4000,
    "took_s": 1000,
    "quick": False,
}
FLAT: dict[str, Any] = {
    **ABOUT,
    "lost_sqlite": 0,
    "ordeal_lost_sqlite": 0,
    "jobqueue_ordeal_lost": 71,
    "lateness_p99_ms_sqlite": 130.5,
    "lateness_p99_ms_sqlite_min": 60.5,
    "lateness_p99_ms_sqlite_max": 200.5,
    "limit_used_pct_sqlite": 99.5,
    "loop_limit_used_pct": 98,
    "loop_ratio_limit_used_pct_sqlite": 1.015,
}


def lines_with(text: str, words: str) -> list[str]:
    return [line for line in text.splitlines() if words in line]


def test_a_figure_stands_beside_the_peers_and_what_it_has_to_reach() -> None:
    (line,) = lines_with(page(FLAT), f"| {MEASURES['limit_used_pct'].what}, %")
    assert line.endswith("| 99.5 | 98 | ≥ 95 |")


def test_what_misses_its_target_is_not_hidden() -> None:
    text = page(FLAT)
    (line,) = lines_with(text, "**130.5")
    assert "(60.5–200.5)** (missed)" in line
    (verdict,) = lines_with(text, "have something to reach")
    assert "`lateness_p99_ms_sqlite`" in verdict
    assert "MISSED" in lines_with(listing(FLAT), "lateness_p99_ms_sqlite")[0]
    assert lines_with(listing(FLAT), "lost_sqlite")[0].endswith("met")


def test_a_peer_has_nothing_to_reach() -> None:
    assert not lines_with(listing(FLAT), "jobqueue_ordeal_lost")[0].endswith(("met", "MISSED"))


def test_a_run_without_the_harness_says_so() -> None:
    assert "Not part of this run" in page(FLAT)
    assert "Not part of this run" not in page(FLAT | {"in_doubt_max_per_kill_sqlite": 4})


@pytest.mark.parametrize("quick", [True, False])
def test_a_quick_look_is_marked_as_one(quick: bool) -> None:
    assert ("quick run" in page(FLAT | {"quick": quick})) is quick


def test_the_picture_has_a_text() -> None:
    text = " ".join(page(FLAT).split())
    assert "](sending.png)" in text
    assert "![Two charts." in text


def test_every_figure_of_the_page_is_described_and_every_described_one_is_on_it() -> None:
    on_page = [key for keys in SECTIONS.values() for key in keys]
    assert len(set(on_page)) == len(on_page)
    assert set(on_page) | {"fsync_per_s"} == set(MEASURES)
