"""When staff may put the next check-in off, and what they are told where they may not."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.content.parts import TimeRange
from bot.content.plan import Step
from bot.content.schema import Clinic
from bot.core.care.moving import Choice, Waiting, When, WhyNot, choices, why_not

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CLINIC = Clinic.model_validate(
    {
        "name": "Test Clinic",
        "phone": "01632 960000",
        "address": "2 Test Road",
        "hours": {"mon": "09:00-17:00", "tue": "closed", "wed": "09:00-17:00", "thu": "closed", "fri": "09:00-17:00",
                  "sat": "closed", "sun": "closed"},
        "time_zone": "Europe/London",
        "emergency_number": "999",
        "urgent_line": "NHS 111",
        "crisis_line": "Samaritans 116 123",
        "youth_line": "Childline 0800 1111",
        "on_call": "none",
        "quiet_hours": "20:30-08:30",
        "quiet_hours_weekend": "20:30-09:30",
        "guardian_age": 16,
        "record_years": 8,
        "privacy_url": "https://example.org/privacy",
        "booking_link": "https://example.org/book",
        "price_list": "https://example.org/prices",
        "cancel_notice": "24 hours",
    }
)  # fmt: skip
WINDOW = TimeRange(start=time(9), end=time(12))


def step(window: TimeRange | None = None, needs_staff: bool = False) -> Step:
    return Step.model_validate(
        {
            "id": "next_morning",
            "code": "C2",
            "title": "Next morning",
            "at": "next morning 09:30",
            "latest": "+9d",
            "window": window,
            "needs_staff": needs_staff,
            "hello": "Hello.",
            "advice": "Rest.",
            "questions": [{"id": "pain", "ask": "0-10?", "kind": "scale"}],
        }
    )


def waiting(
    due_at: datetime = MONDAY,
    window: TimeRange | None = None,
    until: datetime | None = None,
    next_at: datetime | None = None,
    needs_staff: bool = False,
) -> Waiting:
    return Waiting(step(window, needs_staff), due_at, until, next_at)


def offered(found: Waiting, now: datetime, zone: ZoneInfo = LONDON) -> dict[When, datetime | WhyNot | None]:
    return {one.when: one.at or one.why_not for one in choices(found, CLINIC, zone, now)}


def test_due_today_it_may_come_later_or_on_another_day() -> None:
    assert offered(waiting(), MONDAY - timedelta(minutes=20)) == {
        When.TODAY: MONDAY + timedelta(hours=2),
        When.TOMORROW: MONDAY + timedelta(days=1),
        When.DAY: MONDAY + timedelta(days=1),
    }


def test_later_today_counts_from_now_where_its_time_is_over() -> None:
    now = MONDAY + timedelta(minutes=70)
    assert offered(waiting(), now)[When.TODAY] == datetime(2026, 11, 23, 12, 45, tzinfo=UTC)


def test_due_on_another_day_only_the_day_after_that_is_left() -> None:
    found = offered(waiting(MONDAY + timedelta(days=2)), MONDAY)
    assert found == {
        When.TODAY: WhyNot.NOT_TODAY,
        When.TOMORROW: WhyNot.NOT_LATER,
        When.DAY: MONDAY + timedelta(days=3),
    }


@pytest.mark.parametrize(
    ("found", "today", "tomorrow"),
    [
        pytest.param(waiting(window=WINDOW), datetime(2026, 11, 23, 11, 30, tzinfo=UTC), None, id="inside its hours"),
        pytest.param(waiting(MONDAY + timedelta(hours=1), WINDOW), WhyNot.WINDOW, None, id="its hours are over"),
        pytest.param(waiting(until=MONDAY + timedelta(hours=9)), None, WhyNot.TOO_LATE, id="too late tomorrow"),
        pytest.param(waiting(next_at=MONDAY + timedelta(hours=1)), WhyNot.NEXT, WhyNot.NEXT, id="the next comes first"),
        pytest.param(waiting(needs_staff=True), None, WhyNot.CLOSED, id="nobody is there on Tuesday"),
        pytest.param(waiting(MONDAY + timedelta(hours=10)), WhyNot.QUIET, None, id="quiet hours"),
        pytest.param(waiting(MONDAY + timedelta(hours=13)), WhyNot.WINDOW, WhyNot.QUIET, id="past midnight"),
    ],
)
def test_what_stands_against_it(
    found: Waiting, today: datetime | WhyNot | None, tomorrow: datetime | WhyNot | None
) -> None:
    """None: it is possible."""
    now = MONDAY - timedelta(minutes=20)
    given = offered(found, now)
    for when, expected in ((When.TODAY, today), (When.TOMORROW, tomorrow)):
        if expected is None:
            assert isinstance(given[when], datetime), when
        else:
            assert given[when] == expected, when


def test_a_weekends_longer_quiet_moves_it_on() -> None:
    friday = datetime(2026, 11, 27, 8, 45, tzinfo=UTC)
    assert offered(waiting(friday), friday)[When.TOMORROW] == datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


def test_the_clock_on_the_wall_stays_over_a_clock_change() -> None:
    saturday = datetime(2026, 3, 28, 10, 0, tzinfo=UTC)
    assert offered(waiting(saturday), saturday)[When.DAY] == datetime(2026, 3, 29, 9, 0, tzinfo=UTC)


def test_days_are_the_patients() -> None:
    auckland = ZoneInfo("Pacific/Auckland")  # 22:30 there, and quiet
    due_at = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    assert offered(waiting(due_at), MONDAY, auckland)[When.TODAY] is WhyNot.NOT_TODAY


def test_any_time_is_looked_at_again_when_it_is_chosen() -> None:
    found = waiting(window=WINDOW, until=MONDAY + timedelta(days=2))
    assert why_not(found, CLINIC, LONDON, MONDAY + timedelta(days=1)) is None
    assert why_not(found, CLINIC, LONDON, MONDAY + timedelta(days=2)) is WhyNot.TOO_LATE
    assert choices(found, CLINIC, LONDON, MONDAY)[1] == Choice(When.TOMORROW, MONDAY + timedelta(days=1))
