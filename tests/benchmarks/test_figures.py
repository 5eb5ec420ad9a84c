"""From runs to figures: what a benchmark says has to follow from what it measured."""

import pytest

from benchmarks._figures import Figures, Fold, Measure, percentile
from benchmarks._measures import COMPARED, MEASURES, PEERS, STORES

LATE = Measure("late_ms", "ms", "lateness", target=100)
USED = Measure("used_pct", "%", "of the limit", lower_is_better=False, target=95)
LOST = Measure("lost", "messages", "lost", target=0, fold=Fold.SUM)
PACE = Measure("pace", "grants", "most in a second", target=30, fold=Fold.MAX)


@pytest.fixture
def figures() -> Figures:
    return Figures({measure.key: measure for measure in (LATE, USED, LOST, PACE)})


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0.5, 50, id="half of them are no larger"),
        pytest.param(0.99, 99, id="all but one"),
        pytest.param(1, 100, id="the largest"),
        pytest.param(0, 1, id="the smallest"),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], share) == expected


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_figure_is_the_median_of_its_runs_with_their_spread(figures: Figures) -> None:
    for value in (30, 10, 20):
        figures.add("late_ms", value, suffix="_sqlite")
    assert figures.flat() == {"late_ms": 20, "late_ms_sqlite": 20, "late_ms_sqlite_min": 10, "late_ms_sqlite_max": 30}


def test_what_must_not_happen_is_summed_and_a_limit_is_as_good_as_its_worst_run(figures: Figures) -> None:
    for lost, pace in ((0, 29), (1, 31), (0, 28)):
        figures.add("lost", lost, prefix="loop_")
        figures.add("pace", pace, prefix="loop_")
    flat = figures.flat()
    assert flat["loop_lost"] == 1
    assert flat["loop_pace"] == 31


def test_the_plain_name_is_the_worst_of_ours_and_no_peers(figures: Figures) -> None:
    for suffix, late, used in (("_sqlite", 20, 99), ("_postgres", 40, 97)):
        figures.add("late_ms", late, suffix=suffix)
        figures.add("used_pct", used, suffix=suffix)
    figures.add("late_ms", 900, prefix="loop_")
    flat = figures.flat()
    assert flat["late_ms"] == 40
    assert flat["used_pct"] == 97
    assert flat["loop_late_ms"] == 900


def test_a_peer_is_compared_within_each_round(figures: Figures) -> None:
    for ours, theirs in ((10, 20), (40, 20), (30, 10)):
        figures.add("late_ms", ours, suffix="_sqlite")
        figures.add("late_ms", theirs, prefix="loop_")
    figures.compare("late_ms", "loop_")
    figures.compare("late_ms", "jobqueue_")
    flat = figures.flat()
    assert flat["loop_ratio_late_ms_sqlite"] == 2
    assert (flat["loop_ratio_late_ms_sqlite_min"], flat["loop_ratio_late_ms_sqlite_max"]) == (0.5, 3)
    assert not any(key.startswith("jobqueue_") for key in flat)


def test_a_figure_nobody_described_is_refused(figures: Figures) -> None:
    with pytest.raises(KeyError):
        figures.add("speed", 1, suffix="_sqlite")


@pytest.mark.parametrize(
    ("measure", "value", "met"),
    [
        pytest.param(LATE, 100, True, id="reached exactly"),
        pytest.param(LATE, 100.1, False, id="too much"),
        pytest.param(USED, 95, True, id="just enough"),
        pytest.param(USED, 94.9, False, id="too little"),
        pytest.param(LOST, 1, False, id="one is too many"),
        pytest.param(Measure("n", "rows", "rows"), 7, None, id="nothing to reach"),
    ],
)
def test_a_target_is_met_or_not(measure: Measure, value: float, met: bool | None) -> None:
    assert measure.is_met(value) is met


def test_no_name_can_be_taken_for_another() -> None:
    full = [f"{key}{suffix}" for key in MEASURES for suffix in ("", *STORES)]
    full += [f"{prefix}{key}" for key in MEASURES for prefix in PEERS]
    full += [f"{prefix}ratio_{key}{suffix}" for key in COMPARED for prefix in PEERS for suffix in STORES]
    with_spread = [*full, *(f"{key}{end}" for key in full for end in ("_min", "_max"))]
    assert len(set(with_spread)) == len(with_spread)
