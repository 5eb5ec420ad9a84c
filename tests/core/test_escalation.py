"""When staff are told again, and who: the plan as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.content.schema import Clinic
from bot.core.escalation import (
    Known,
    Then,
    Whom,
    becomes_of,
    digest_at,
    may_repeat,
    next_repeat,
    whom,
)
from bot.model import Level

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
"""London is on UTC; the clinic is open from 9:00 to 17:30, and from 9:00 again on Tuesday."""


def at(hours: int, minutes: int = 0, days: int = 0) -> datetime:
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes)


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    weekday = {"start": "09:00", "end": "17:30"}
    return Clinic.model_validate(
        {
            "name": "Clinic",
            "phone": "1",
            "address": "1 Road",
            "hours": {day: ([weekday] if day not in {"sat", "sun"} else []) for day in DAYS},
            "time_zone": "Europe/London",
            "emergency_number": "999",
            "urgent_line": "111",
            "crisis_line": "1",
            "youth_line": "1",
            "on_call": "none",
            "quiet_hours": "20:30-08:30",
            "quiet_hours_weekend": "20:30-09:30",
            "guardian_age": 16,
            "record_years": 8,
            "privacy_url": "x",
            "booking_link": "x",
            "price_list": "x",
            "cancel_notice": "x",
        }
    )


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def plan(clinic: Clinic, level: Level, begun: datetime, *, has_on_call: bool) -> list[tuple[datetime, Whom]]:
    """Every repeat of an alert that nobody takes."""
    found: list[tuple[datetime, Whom]] = []
    now = begun
    repeats = 0
    while len(found) < 40:
        then = next_repeat(level, repeats, clinic, at=begun, now=now, has_on_call=has_on_call)
        if then is None:
            break
        assert may_repeat(level, clinic, then)
        found.append((then, whom(level, repeats, has_on_call=has_on_call)))
        now, repeats = then, repeats + 1
    return found


def test_an_emergency_at_night_with_somebody_on_call(clinic: Clinic) -> None:
    assert plan(clinic, Level.EMERGENCY, at(22), has_on_call=True) == [
        (at(22, 5), Whom.GROUP),
        (at(22, 10), Whom.GROUP),
        (at(22, 15), Whom.GROUP),
        (at(22, 20), Whom.ON_CALL),
        (at(22, 25), Whom.ON_CALL),
        *((at(22, 25) + timedelta(hours=number), Whom.GROUP) for number in range(1, 11)),
    ], "the last at 8:25: at 9:00 the digest comes"


def test_an_emergency_with_nobody_on_call_goes_to_the_owners_once(clinic: Clinic) -> None:
    planned = plan(clinic, Level.EMERGENCY, at(6), has_on_call=False)
    assert planned[:4] == [
        (at(6, 5), Whom.GROUP),
        (at(6, 10), Whom.GROUP),
        (at(6, 15), Whom.GROUP),
        (at(6, 20), Whom.OWNERS),
    ]
    assert planned[4:] == [(at(7, 20), Whom.GROUP), (at(8, 20), Whom.GROUP)]


@pytest.mark.parametrize(
    "begun", [pytest.param(at(10), id="in opening hours"), pytest.param(at(8, 50), id="just before they begin")]
)
def test_an_emergency_in_opening_hours_does_not_fall_silent_before_the_next_morning(
    clinic: Clinic, begun: datetime
) -> None:
    planned = plan(clinic, Level.EMERGENCY, begun, has_on_call=True)
    assert at(8, days=1) <= planned[-1][0] < at(9, days=1)


@pytest.mark.parametrize(
    ("begun", "planned"),
    [
        pytest.param(at(10), [at(10, 15), at(10, 30), at(10, 45), at(11)], id="open"),
        pytest.param(at(17), [at(17, 15), at(9, days=1), at(9, 15, 1), at(9, 30, 1)], id="before closing"),
        pytest.param(at(20), [at(9, days=1), at(9, 15, 1), at(9, 30, 1), at(9, 45, 1)], id="closed"),
        pytest.param(at(20, days=4), [at(9, days=7), at(9, 15, 7), at(9, 30, 7), at(9, 45, 7)], id="Friday night"),
    ],
)
def test_what_is_urgent_is_repeated_in_opening_hours(clinic: Clinic, begun: datetime, planned: list[datetime]) -> None:
    assert plan(clinic, Level.URGENT, begun, has_on_call=True) == [(then, Whom.GROUP) for then in planned]


def test_advice_is_not_repeated(clinic: Clinic) -> None:
    assert plan(clinic, Level.ADVISE, at(10), has_on_call=True) == []


def test_what_was_missed_is_not_made_up_for(clinic: Clinic) -> None:
    late = at(12)
    then = next_repeat(Level.EMERGENCY, 1, clinic, at=at(10), now=late, has_on_call=True)
    assert then == late + timedelta(minutes=5)


def known(level: Level, repeats: int = 0, taken_min_ago: int | None = None) -> Known:
    taken_at = at(12) - timedelta(minutes=taken_min_ago) if taken_min_ago is not None else None
    return Known(level, repeats, taken_at)


@pytest.mark.parametrize(
    ("level", "old", "then"),
    [
        pytest.param(Level.URGENT, None, Then.NEW, id="nothing known"),
        pytest.param(Level.URGENT, known(Level.URGENT), Then.JOIN, id="the same"),
        pytest.param(Level.URGENT, known(Level.EMERGENCY), Then.JOIN, id="less"),
        pytest.param(Level.URGENT, known(Level.EMERGENCY, 0, 31), Then.REPLACE, id="less, taken long ago"),
        pytest.param(Level.URGENT, known(Level.EMERGENCY, 5), Then.REPLACE, id="less, repeated hourly"),
        pytest.param(Level.EMERGENCY, known(Level.URGENT), Then.REPLACE, id="more"),
        pytest.param(Level.EMERGENCY, known(Level.URGENT, taken_min_ago=1), Then.REPLACE, id="more, taken"),
        pytest.param(Level.URGENT, known(Level.ADVISE), Then.REPLACE, id="more than advice"),
        pytest.param(Level.ADVISE, known(Level.ADVISE, taken_min_ago=900), Then.JOIN, id="advice again"),
        pytest.param(Level.ADVISE, known(Level.EMERGENCY, 20), Then.JOIN, id="advice ends no emergency"),
        pytest.param(Level.EMERGENCY, known(Level.EMERGENCY, 4), Then.JOIN, id="still repeated"),
        pytest.param(Level.EMERGENCY, known(Level.EMERGENCY, 5), Then.REPLACE, id="repeated hourly"),
        pytest.param(Level.URGENT, known(Level.URGENT, 4), Then.REPLACE, id="repeated for the last time"),
        pytest.param(Level.URGENT, known(Level.URGENT, 0, 30), Then.JOIN, id="taken just now"),
        pytest.param(Level.URGENT, known(Level.URGENT, 0, 31), Then.REPLACE, id="taken long ago"),
    ],
)
def test_another_sign_beside_an_alert(level: Level, old: Known | None, then: Then) -> None:
    assert becomes_of(level, old, at(12), has_on_call=True) is then


@pytest.mark.parametrize(
    ("now", "comes"),
    [
        pytest.param(at(8), at(9), id="this morning"),
        pytest.param(at(9), at(9, days=1), id="as it opens"),
        pytest.param(at(23), at(9, days=1), id="tomorrow"),
        pytest.param(at(12, days=4), at(9, days=7), id="over the weekend"),
    ],
)
def test_the_digest_comes_as_the_clinic_opens(clinic: Clinic, now: datetime, comes: datetime) -> None:
    assert digest_at(clinic, now) == comes


def test_after_lunch_no_second_digest_comes(clinic: Clinic) -> None:
    halves = [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "17:30"}]
    lunching = Clinic.model_validate(clinic.model_dump() | {"hours": {"mon": halves, "tue": halves}})
    assert digest_at(lunching, at(12, 30)) == at(9, days=1)


def test_a_clinic_that_never_closes_has_a_morning_too(clinic: Clinic) -> None:
    always = {day: [{"start": "00:00", "end": "12:00"}, {"start": "12:00", "end": "00:00"}] for day in DAYS}
    open_always = Clinic.model_validate(clinic.model_dump() | {"hours": always})
    assert digest_at(open_always, at(8)) == at(9)
    assert digest_at(open_always, at(10)) == at(9, days=1)
