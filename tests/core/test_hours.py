"""When somebody reads, and when a patient sleeps: clock changes, nights and closures included."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import WEEKDAYS, Clinic
from bot.core.hours import is_open, next_opening, open_until, quiet_until, wall_clock

LONDON = ZoneInfo("Europe/London")
ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/St_Johns",
)
"""Half-hour changes, odd offsets, and one that skipped a whole day (Apia, 30 December 2011)."""
MOMENTS = st.integers(0, 20 * 365 * 24 * 3600).map(lambda s: datetime(2011, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


def at(text: str, zone: ZoneInfo = LONDON) -> datetime:
    """The UTC moment of a wall-clock time such as "2027-03-01 09:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("when", "until", "opens"),
    [
        pytest.param("2027-03-01 08:59", None, "2027-03-01 09:00", id="Monday before opening"),
        pytest.param("2027-03-01 09:00", "2027-03-01 12:30", "2027-03-01 13:30", id="opening minute"),
        pytest.param("2027-03-01 12:30", None, "2027-03-01 13:30", id="lunch"),
        pytest.param("2027-03-01 13:30", "2027-03-01 17:30", "2027-03-02 09:00", id="after lunch"),
        pytest.param("2027-03-05 13:00", None, "2027-03-08 09:00", id="Friday to Monday"),
        pytest.param("2027-03-27 12:00", None, "2027-03-29 09:00", id="over the clock change"),
    ],
)
def test_an_ordinary_week(clinic: Clinic, when: str, until: str | None, opens: str) -> None:
    now = at(when)
    assert is_open(clinic, now) is (until is not None)
    assert open_until(clinic, now) == (at(until) if until else None)
    assert next_opening(clinic, now) == at(opens)


def test_a_closure_keeps_the_clinic_shut_on_whole_days(make_clinic: Callable[..., Clinic]) -> None:
    christmas = {"first": "2027-12-24", "last": "2028-01-02", "reason": "Christmas"}
    clinic = make_clinic(closures=(christmas,))
    assert not is_open(clinic, at("2027-12-27 10:00"))
    assert next_opening(clinic, at("2027-12-23 18:00")) == at("2028-01-03 09:00")


def test_a_night_range_ends_at_midnight_before_a_closure(make_clinic: Callable[..., Clinic]) -> None:
    holiday = {"first": "2027-03-02", "last": "2027-03-02", "reason": "Holiday"}
    night = {"mon": ("20:00-02:00",)}
    assert open_until(make_clinic(hours=night), at("2027-03-01 21:00")) == at("2027-03-02 02:00")
    assert open_until(make_clinic(hours=night), at("2027-03-02 01:00")) == at("2027-03-02 02:00")
    assert open_until(make_clinic(hours=night, closures=(holiday,)), at("2027-03-01 21:00")) == at("2027-03-02 00:00")


def test_ranges_that_touch_are_one(make_clinic: Callable[..., Clinic]) -> None:
    clinic = make_clinic(hours={"mon": ("12:00-00:00", "08:00-12:00"), "tue": ("00:00-03:00",)})
    assert open_until(clinic, at("2027-03-01 09:00")) == at("2027-03-02 03:00")
    assert next_opening(clinic, at("2027-03-01 09:00")) == at("2027-03-08 08:00")


def test_never_open_and_never_closed(make_clinic: Callable[..., Clinic]) -> None:
    now = at("2027-03-01 09:00")
    never = make_clinic(hours={})
    assert (open_until(never, now), next_opening(never, now)) == (None, None)
    always = make_clinic(hours=dict.fromkeys(WEEKDAYS, ("00:00-12:00", "12:00-00:00")))
    until = open_until(always, now)
    assert until is not None
    assert until - now > timedelta(days=360)
    assert next_opening(always, now) is None


@pytest.mark.parametrize(
    ("day", "clock", "zone", "expected"),
    [
        pytest.param("2027-03-28", "01:30", "Europe/London", "2027-03-28T01:00", id="skipped: the change itself"),
        pytest.param("2027-10-31", "01:30", "Europe/London", "2027-10-31T00:30", id="twice: the first"),
        pytest.param("2027-10-03", "02:15", "Australia/Lord_Howe", "2027-10-02T15:30", id="half an hour skipped"),
        pytest.param("2011-12-30", "12:00", "Pacific/Apia", "2011-12-30T10:00", id="a day that never was"),
        pytest.param("2027-06-01", "09:00", "Asia/Kathmandu", "2027-06-01T03:15", id="quarter-hour offset"),
    ],
)
def test_wall_clock_times_that_are_missing_or_double(day: str, clock: str, zone: str, expected: str) -> None:
    found = wall_clock(date.fromisoformat(day), time.fromisoformat(clock), ZoneInfo(zone))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "until"),
    [
        pytest.param("2027-03-01 20:59", None, id="Monday evening before nine"),
        pytest.param("2027-03-01 21:00", "2027-03-02 08:00", id="Monday night"),
        pytest.param("2027-03-02 07:59", "2027-03-02 08:00", id="last minute"),
        pytest.param("2027-03-02 08:00", None, id="morning"),
        pytest.param("2027-03-05 23:00", "2027-03-06 10:00", id="Friday night ends late"),
        pytest.param("2027-03-06 23:00", "2027-03-07 10:00", id="Saturday night ends late"),
        pytest.param("2027-03-07 23:00", "2027-03-08 08:00", id="Sunday night ends as on Monday"),
        pytest.param("2027-03-27 22:00", "2027-03-28 10:00", id="a night of seven hours"),
    ],
)
def test_quiet_hours(clinic: Clinic, when: str, until: str | None) -> None:
    assert quiet_until(clinic, at(when), LONDON) == (at(until) if until else None)


def test_quiet_hours_are_the_patient_s(clinic: Clinic) -> None:
    """Ten in the evening in Sydney is late morning in London."""
    sydney = ZoneInfo("Australia/Sydney")
    evening = at("2027-03-01 22:00", sydney)
    assert quiet_until(clinic, evening, sydney) == at("2027-03-02 08:00", sydney)
    assert quiet_until(clinic, evening, LONDON) is None


def test_quiet_hours_within_one_day(make_clinic: Callable[..., Clinic]) -> None:
    clinic = make_clinic(quiet_hours="13:00-15:00", quiet_hours_weekend="00:00-09:00")
    assert quiet_until(clinic, at("2027-03-01 14:00"), LONDON) == at("2027-03-01 15:00")
    assert quiet_until(clinic, at("2027-03-06 03:00"), LONDON) == at("2027-03-06 09:00")
    assert quiet_until(clinic, at("2027-03-05 23:00"), LONDON) is None


@given(MOMENTS, st.sampled_from(ZONES))
def test_open_now_means_inside_the_hours_on_the_wall(
    make_clinic: Callable[..., Clinic], now: datetime, zone: str
) -> None:
    """Away from nights and clock changes the rule is simply what the door says."""
    clinic = make_clinic(time_zone=zone)
    local = now.astimezone(clinic.zone)
    hours = clinic.hours.get(WEEKDAYS[local.weekday()], ())
    assert is_open(clinic, now) is any(part.start <= local.time() < part.end for part in hours)


@given(MOMENTS, st.sampled_from(ZONES))
def test_the_next_opening_opens_and_nothing_opens_before(
    make_clinic: Callable[..., Clinic], now: datetime, zone: str
) -> None:
    clinic = make_clinic(
        time_zone=zone, hours={"sun": ("01:00-03:00",), "mon": ("22:00-02:30",), "thu": ("09:00-17:00",)}
    )
    opens = next_opening(clinic, now)
    assert opens is not None
    assert opens > now
    assert is_open(clinic, opens)
    assert not is_open(clinic, opens - timedelta(microseconds=1))
    until = open_until(clinic, now)
    if until is not None:
        assert now < until < opens
        assert not is_open(clinic, until)


@given(MOMENTS, st.sampled_from(ZONES))
def test_quiet_hours_end_outside_quiet_hours(clinic: Clinic, now: datetime, zone: str) -> None:
    patient = ZoneInfo(zone)
    until = quiet_until(clinic, now, patient)
    if until is None:
        assert 8 <= now.astimezone(patient).hour < 21
    else:
        assert until > now
        assert quiet_until(clinic, until, patient) is None
