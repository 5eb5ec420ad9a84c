"""The limiter's arithmetic: what it promises over any sequence of takings, and after a clock that jumps."""

from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import HOUR_US, MINUTE_US, SECOND_US
from bot.delivery.limiter import (
    BOT_BURST,
    BOT_INTERVAL_US,
    GROUP,
    GROUP_ALERTS,
    PRIVATE,
    SLOWEST_US,
    STEP_US,
    Rate,
    bot_rate,
    widened,
)

START_US = 1_800_000_000 * SECOND_US
BOT = Rate(BOT_INTERVAL_US, BOT_BURST)

gaps_us = st.one_of(st.just(0), st.integers(0, 80_000), st.integers(0, 2 * SECOND_US), st.integers(0, 2 * MINUTE_US))
steps = st.lists(st.tuples(gaps_us, st.integers(1, 60), st.booleans()), max_size=120)


def most_within(grants_us: list[int], window_us: int) -> int:
    """The most grants in any window of this length, both ends included."""
    return max((at - bisect_left(grants_us, us - window_us) + 1 for at, us in enumerate(grants_us)), default=0)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(steps)
def test_never_more_than_thirty_in_any_second(steps: list[tuple[int, int, bool]]) -> None:
    now_us, tat_us, grants = START_US, 0, []
    for gap_us, wanted, _ in steps:
        now_us += gap_us
        count = min(wanted, BOT.free(tat_us, now_us))
        tat_us = BOT.take(tat_us, now_us, count)
        grants += [now_us] * count
    assert most_within(grants, SECOND_US) <= 30


@settings(deadline=None, max_examples=150, derandomize=True)
@given(steps)
def test_never_more_than_twenty_a_minute_in_a_group_alerts_included(steps: list[tuple[int, int, bool]]) -> None:
    now_us, tat_us, grants = START_US, 0, []
    for gap_us, wanted, is_alert in steps:
        now_us += gap_us
        rate = GROUP_ALERTS if is_alert else GROUP
        count = min(wanted, rate.free(tat_us, now_us))
        tat_us = rate.take(tat_us, now_us, count)
        grants += [now_us] * count
    assert most_within(grants, MINUTE_US) <= 20


@settings(deadline=None, max_examples=100, derandomize=True)
@given(steps)
def test_a_grant_is_there_at_the_time_that_was_named_and_not_before(steps: list[tuple[int, int, bool]]) -> None:
    """A sleeper that trusts `next_us` neither spins nor oversleeps."""
    now_us, tat_us = START_US, 0
    for gap_us, wanted, _ in steps:
        now_us += gap_us
        tat_us = BOT.take(tat_us, now_us, min(wanted, BOT.free(tat_us, now_us)))
        next_us = BOT.next_us(tat_us, now_us)
        assert BOT.free(tat_us, next_us) >= 1
        assert next_us == now_us or BOT.free(tat_us, next_us - 1) == 0


def test_a_backlog_uses_nearly_all_of_the_limit() -> None:
    now_us, tat_us, granted = START_US, 0, 0
    while now_us < START_US + MINUTE_US:
        count = BOT.free(tat_us, now_us)
        tat_us, granted = BOT.take(tat_us, now_us, count), granted + count
        now_us = BOT.next_us(tat_us, now_us)
    assert granted >= 0.99 * 28 * 60


def test_a_group_keeps_room_for_alerts() -> None:
    """When cards have used all they may, three alerts still go at once."""
    tat_us = GROUP.take(0, START_US, GROUP.free(0, START_US))
    assert GROUP.free(tat_us, START_US) == 0
    assert GROUP_ALERTS.free(tat_us, START_US) == 3


@pytest.mark.parametrize("rate", [BOT, PRIVATE, GROUP, GROUP_ALERTS], ids=["bot", "private", "group", "group_alerts"])
@pytest.mark.parametrize("back_us", [MINUTE_US // 2, 2 * MINUTE_US, HOUR_US, 365 * 24 * HOUR_US])
def test_a_clock_set_back_silences_nobody_for_more_than_a_minute(rate: Rate, back_us: int) -> None:
    tat_us = rate.take(0, START_US, rate.burst)
    wait_us = rate.next_us(tat_us, START_US - back_us) - (START_US - back_us)
    assert wait_us <= STEP_US + rate.interval_us
    if back_us > STEP_US + rate.burst * rate.interval_us:
        assert wait_us == 0
        assert rate.free(tat_us, START_US - back_us) == rate.burst


# --- 429 ------------------------------------------------------------------------------------------------------------


def test_a_single_429_widens_nothing_and_a_second_one_within_a_minute_does() -> None:
    first = widened(BOT_INTERVAL_US, 0, START_US)
    second = widened(first, START_US, START_US + MINUTE_US - 1)
    late = widened(first, START_US, START_US + MINUTE_US)
    assert (first, second, late) == (BOT_INTERVAL_US, int(BOT_INTERVAL_US * 1.25), BOT_INTERVAL_US)


def test_429s_without_end_widen_to_one_a_second_and_no_further() -> None:
    interval_us, now_us = BOT_INTERVAL_US, START_US
    for _ in range(100):
        interval_us, now_us = widened(interval_us, now_us - SECOND_US, now_us), now_us + SECOND_US
    assert interval_us == SLOWEST_US


def test_the_interval_recovers_by_a_tenth_a_minute_to_where_it_began() -> None:
    minutes = [bot_rate(SLOWEST_US, START_US, START_US + minute * MINUTE_US).interval_us for minute in range(60)]
    assert minutes[0] == SLOWEST_US
    assert all(0.89 < after / before <= 1 for before, after in pairwise(minutes))
    assert minutes[-1] == BOT_INTERVAL_US


def test_a_429_noted_before_the_clock_was_set_back_does_not_speed_us_up() -> None:
    assert bot_rate(SLOWEST_US, START_US, START_US - HOUR_US).interval_us == SLOWEST_US


@settings(deadline=None, max_examples=100, derandomize=True)
@given(steps)
def test_any_mixture_of_429s_and_sends_stays_under_thirty(steps: list[tuple[int, int, bool]]) -> None:
    """The interval changes under a tat that was counted with another one."""
    now_us, tat_us, grants, interval_us, last_us = START_US, 0, [], BOT_INTERVAL_US, 0
    for gap_us, wanted, is_429 in steps:
        now_us += gap_us
        rate = bot_rate(interval_us, last_us, now_us)
        count = min(wanted, rate.free(tat_us, now_us))
        tat_us = rate.take(tat_us, now_us, count)
        grants += [now_us] * count
        if is_429:
            interval_us, last_us = widened(interval_us, last_us, now_us), now_us
    assert most_within(grants, SECOND_US) <= 30
