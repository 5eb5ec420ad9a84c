"""When check-ins go out: by hand for the clinic's own timetable, and by property for every zone and clock change."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.content.load import load_content
from bot.content.plan import Plan, Step
from bot.content.schema import WEEKDAYS, Clinic, Content
from bot.core.care.planning import AS_PLANNED, Fate, PlannedStep, at_its_time, plan_steps, reminder_at
from bot.core.hours import quiet_until
from bot.model import DAILY_CAP

MakeClinic = Callable[..., Clinic]

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
QUIET = {"quiet_hours": "20:30-08:30", "quiet_hours_weekend": "20:30-09:30"}
QUESTION = {"id": "pain", "ask": "How strong is it?", "kind": "scale"}
TIMETABLE: tuple[dict[str, Any], ...] = (
    {"id": "first_hours", "at": "+3h", "latest": "+5h", "if_quiet": "skip"},
    {
        "id": "next_morning",
        "at": "next morning 09:30",
        "at_least": "12h",
        "instead_at": "11:30",
        "window": "09:00-12:00",
        "latest": "next morning 20:00",
    },
    {"id": "two_days", "at": "+48h", "window": "09:00-20:00", "latest": "day 4 12:00"},
    {
        "id": "one_week",
        "at": "day 7 10:00",
        "window": "09:00-20:00",
        "latest": "day 10 20:00",
        "needs_staff": True,
    },
    {
        "id": "before_visit",
        "at": "before visit 48h",
        "window": "09:00-18:00",
        "latest": "before visit 18h",
        "needs": "visit",
        "needs_staff": True,
    },
    {
        "id": "no_visit",
        "at": "day 14 10:00",
        "window": "09:00-18:00",
        "latest": "day 20 18:00",
        "needs": "no_visit",
        "needs_staff": True,
    },
)
"""The clinic's own, with the ends of their use."""
FIRST, MORNING, TWO_DAYS, WEEK, VISIT, NO_VISIT = (row["id"] for row in TIMETABLE)


def make_plan(*steps: dict[str, Any]) -> Plan:
    """A plan of these steps; what they say does not matter here."""
    words = {"code": "C", "title": "A check-in", "hello": "Hello.", "advice": "Rest.", "questions": (QUESTION,)}
    one = {"id": "heel", "label": "Heel"}
    return Plan.model_validate(
        {
            "id": "dry_needling",
            "title": "Dry needling",
            "areas": (one,),
            "sides": (one,),
            "today": "Today.",
            "footer": "Footer.",
            "steps": tuple(words | step for step in steps),
            "no_reply": {"after": "4h", "remind": "Just checking in.", "call_if": "careful"},
        }
    )


PLAN = make_plan(*TIMETABLE)


@pytest.fixture(scope="module")
def clinic(make_clinic: MakeClinic) -> Clinic:
    """Closed at the weekend and over Christmas 2026."""
    christmas = {"first": "2026-12-24", "last": "2027-01-02", "reason": "Christmas"}
    return make_clinic(closures=(christmas,), **QUIET)


@pytest.fixture(scope="module")
def shipped() -> Content:
    """What the clinic has written."""
    return load_content(Path(__file__).parents[3] / "faq")


def at(text: str, zone: ZoneInfo = LONDON) -> datetime:
    """The UTC moment of a wall-clock time such as "2027-03-01 09:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def planned(clinic: Clinic, treated: str, *, zone: str = "Europe/London", **more: Any) -> dict[str, tuple[str, str]]:
    """By step, its local time or "-", and why; `now` and `visit` as wall-clock times."""
    there = ZoneInfo(zone)
    treated_at = at(treated, there)
    now = at(more["now"], there) if "now" in more else treated_at
    visit_at = at(more["visit"], there) if "visit" in more else None
    steps = plan_steps(more.get("plan", PLAN), clinic, there, treated_at, now, visit_at, more.get("gone", ()))
    return {step.step_id: (shown(step, there), step.why) for step in steps}


def shown(step: PlannedStep, zone: ZoneInfo) -> str:
    return step.at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if step.at is not None else "-"


# --- the timetable by hand -----------------------------------------------------------------------------------------


def test_an_ordinary_treatment(clinic: Clinic) -> None:
    assert planned(clinic, "2027-03-01 10:00", visit="2027-03-15 10:00") == {
        FIRST: ("2027-03-01 13:00", AS_PLANNED),
        MORNING: ("2027-03-02 09:30", AS_PLANNED),
        TWO_DAYS: ("2027-03-03 10:00", AS_PLANNED),
        WEEK: ("2027-03-08 10:00", AS_PLANNED),
        # 48 hours before a Monday is a Saturday; the next open day is too near the visit
        VISIT: ("-", "left out: clinic closed"),
        NO_VISIT: ("-", "left out: a visit is known"),
    }


@pytest.mark.parametrize(
    ("treated", "step_id", "when", "why"),
    [
        pytest.param("2027-03-01 17:29", FIRST, "2027-03-01 20:29", AS_PLANNED, id="last minute before quiet hours"),
        pytest.param("2027-03-01 17:30", FIRST, "-", "left out: quiet hours", id="quiet hours begin"),
        pytest.param("2027-03-01 21:30", MORNING, "2027-03-02 09:30", AS_PLANNED, id="exactly 12 hours"),
        pytest.param(
            "2027-03-01 21:31", MORNING, "2027-03-02 11:30", "moved: too soon after treatment", id="under 12 hours"
        ),
        pytest.param(
            "2027-03-01 23:50", MORNING, "2027-03-02 11:30", "moved: too soon after treatment", id="ten to midnight"
        ),
        pytest.param("2027-03-02 00:10", MORNING, "2027-03-03 09:30", AS_PLANNED, id="ten past midnight"),
        pytest.param(
            "2027-03-01 23:50", TWO_DAYS, "2027-03-04 09:00", "moved: quiet hours", id="two days on, at night"
        ),
        pytest.param(
            "2027-03-01 20:10", TWO_DAYS, "2027-03-04 09:00", "moved: outside its hours", id="after its hours"
        ),
        pytest.param(
            "2027-03-01 08:45", TWO_DAYS, "2027-03-03 09:00", "moved: outside its hours", id="before its hours"
        ),
        pytest.param(
            "2027-03-05 09:10", TWO_DAYS, "2027-03-07 09:30", "moved: quiet hours", id="a Sunday begins later"
        ),
        pytest.param("2027-02-27 10:00", WEEK, "2027-03-08 10:00", "moved: clinic closed", id="Saturday to Monday"),
        pytest.param("2026-12-18 10:00", WEEK, "-", "left out: clinic closed", id="Christmas"),
        pytest.param("2028-02-22 10:00", WEEK, "2028-02-29 10:00", AS_PLANNED, id="a leap day is a day"),
        pytest.param("2028-02-28 21:00", MORNING, "2028-02-29 09:30", AS_PLANNED, id="the morning of a leap day"),
        pytest.param("2027-03-27 10:00", MORNING, "2027-03-28 09:30", AS_PLANNED, id="morning after clocks go forward"),
        pytest.param(
            "2027-03-27 21:00", MORNING, "2027-03-28 11:30", "moved: too soon after treatment", id="a night of 23 hours"
        ),
        pytest.param("2027-10-30 22:15", MORNING, "2027-10-31 09:30", AS_PLANNED, id="a night of 25 hours"),
        pytest.param("2027-03-26 10:00", TWO_DAYS, "2027-03-28 11:00", AS_PLANNED, id="48 hours are 48 hours"),
        pytest.param("2027-10-24 12:00", WEEK, "2027-11-01 10:00", "moved: clinic closed", id="clocks go back"),
        pytest.param("2027-03-01 10:00", NO_VISIT, "2027-03-15 10:00", AS_PLANNED, id="no visit booked"),
        pytest.param("2027-03-01 10:00", VISIT, "-", "left out: no visit known", id="before no visit"),
    ],
)
def test_a_step_of_the_timetable(clinic: Clinic, treated: str, step_id: str, when: str, why: str) -> None:
    assert planned(clinic, treated)[step_id] == (when, why)


@pytest.mark.parametrize(
    ("visit", "when", "why"),
    [
        pytest.param("2027-03-12 14:00", "2027-03-10 14:00", AS_PLANNED, id="48 hours before"),
        pytest.param("2027-03-12 19:00", "2027-03-11 09:00", "moved: outside its hours", id="in the evening"),
        pytest.param("2027-03-12 08:00", "2027-03-10 09:00", "moved: quiet hours", id="early"),
        pytest.param(
            "2027-03-10 09:30", "2027-03-08 11:00", "moved: another check-in just before", id="beside another"
        ),
        pytest.param("2027-03-03 08:00", "-", "left out: visit too near the treatment", id="the day after tomorrow"),
        pytest.param("2027-02-28 08:00", "-", "left out: visit is over", id="before the treatment"),
    ],
)
def test_before_a_visit(clinic: Clinic, visit: str, when: str, why: str) -> None:
    assert planned(clinic, "2027-03-01 10:00", visit=visit)[VISIT] == (when, why)


@pytest.mark.parametrize(
    ("treated", "zone", "expected"),
    [
        # Half an hour is skipped at 02:00 on 3 October, and comes twice at 02:00 on 4 April.
        pytest.param(
            "2027-10-02 21:30", "Australia/Lord_Howe", ("2027-10-03 11:30", "2027-10-04 22:00"), id="half an hour less"
        ),
        pytest.param(
            "2027-04-03 22:00", "Australia/Lord_Howe", ("2027-04-04 09:30", "2027-04-05 21:30"), id="half an hour more"
        ),
        pytest.param("2027-03-01 10:00", "Pacific/Kiritimati", ("2027-03-02 09:30", "2027-03-03 10:00"), id="UTC+14"),
        pytest.param("2027-03-01 10:00", "Pacific/Pago_Pago", ("2027-03-02 09:30", "2027-03-03 10:00"), id="UTC-11"),
        pytest.param("2027-03-01 10:00", "Asia/Kathmandu", ("2027-03-02 09:30", "2027-03-03 10:00"), id="UTC+5:45"),
        # Samoa had no 30 December 2011: its morning never came, and 48 hours end a day later by the calendar.
        pytest.param("2011-12-29 10:00", "Pacific/Apia", ("-", "2012-01-01 10:00"), id="a day that never was"),
    ],
)
def test_zones_far_from_ours(make_clinic: MakeClinic, treated: str, zone: str, expected: tuple[str, str]) -> None:
    found = planned(
        make_clinic(quiet_hours="23:00-08:30", quiet_hours_weekend="23:00-08:30"),
        treated,
        zone=zone,
        plan=make_plan({**TIMETABLE[1]}, {"id": TWO_DAYS, "at": "+48h", "latest": "day 4 12:00"}),
    )
    assert (found[MORNING][0], found[TWO_DAYS][0]) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2027-03-01 14:00", ("2027-03-01 14:00", "moved: late"), id="the first hours are not over"),
        pytest.param("2027-03-01 15:00", ("-", "left out: past"), id="they are"),
    ],
)
def test_joining_late(clinic: Clinic, now: str, expected: tuple[str, str]) -> None:
    found = planned(clinic, "2027-03-01 10:00", now=now)
    assert found[FIRST] == expected
    assert found[MORNING] == ("2027-03-02 09:30", AS_PLANNED)


def test_joining_after_days_leaves_out_what_is_past(clinic: Clinic) -> None:
    found = planned(clinic, "2027-03-01 10:00", now="2027-03-06 12:00")
    assert [why for _, why in found.values()][:4] == ["left out: past", "left out: past", "left out: past", AS_PLANNED]


def test_joining_late_in_the_evening_waits_for_the_morning(clinic: Clinic) -> None:
    assert planned(clinic, "2027-03-01 10:00", now="2027-03-03 22:00")[TWO_DAYS] == ("2027-03-04 09:00", "moved: late")


def test_what_was_sent_is_not_planned_again(clinic: Clinic) -> None:
    found = planned(clinic, "2027-03-01 10:00", now="2027-03-01 13:30", gone={FIRST})
    assert found[FIRST] == ("-", "left out: sent before")
    assert found[MORNING] == ("2027-03-02 09:30", AS_PLANNED)


def test_two_at_one_moment_are_an_hour_apart_in_their_order(clinic: Clinic) -> None:
    plan = make_plan(
        {"id": "one", "at": "+12h", "latest": "day 2 12:00"},
        {"id": "two", "at": "next morning 08:30", "latest": "day 2 12:00"},
        {"id": "three", "at": "next morning 08:30", "latest": "day 3 12:00"},
    )
    assert planned(clinic, "2027-03-01 12:00", plan=plan) == {
        "one": ("2027-03-02 08:30", "moved: quiet hours"),
        "two": ("2027-03-02 09:30", "moved: another check-in just before"),
        "three": ("2027-03-03 08:30", "moved: two messages that day"),
    }


def test_a_third_message_of_a_day_is_left_out_where_the_next_day_is_too_late(clinic: Clinic) -> None:
    plan = make_plan(*({"id": f"at_{n}", "at": f"day 1 1{n}:00", "latest": "day 1 20:00"} for n in range(3)))
    assert planned(clinic, "2027-03-01 10:00", plan=plan)["at_2"] == ("-", "left out: two messages that day")


def test_a_plan_in_seconds_keeps_them(clinic: Clinic) -> None:
    plan = make_plan({"id": "one", "at": "+20s", "latest": "+60s"}, {"id": "two", "at": "+40s", "latest": "+80s"})
    treated_at = at("2027-03-01 10:00")
    steps = plan_steps(plan, clinic, LONDON, treated_at, treated_at)
    assert [step.at and step.at - treated_at for step in steps] == [timedelta(seconds=20), timedelta(seconds=40)]


# --- any zone, any day ---------------------------------------------------------------------------------------------

ZONES = sorted(available_timezones())


@cache
def changes(zone: str, year: int) -> list[date]:
    """The days of a year on which clocks change there."""
    there = ZoneInfo(zone)
    days = [date(year, 1, 1) + number * DAY for number in range(366)]
    noons = [(day, datetime.combine(day, time(12), there).utcoffset()) for day in days]
    return [day for (_, before), (day, after) in pairwise(noons) if before != after]


@st.composite
def treatments(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone and a wall-clock time of treatment, as UTC: two times in three within days of a clock change."""
    zone = draw(st.sampled_from(ZONES))
    year = draw(st.integers(2010, 2036))
    near = changes(zone, year)
    at_random = draw(st.integers(0, 365))
    day = date(year, 1, 1) + at_random * DAY
    if near and draw(st.integers(0, 2)) > 0:
        day = near[at_random % len(near)] + draw(st.integers(-8, 2)) * DAY
    clock = time(draw(st.integers(0, 23)), draw(st.sampled_from((0, 1, 10, 29, 30, 31, 50, 59))))
    return zone, datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


LATE = st.one_of(st.just(0), st.integers(0, 20 * 24 * 60)).map(lambda minutes: timedelta(minutes=minutes))
VISITS = st.one_of(st.none(), st.integers(-24 * 4, 24 * 4 * 30).map(lambda quarters: quarters * timedelta(minutes=15)))


def is_allowed(step: Step, clinic: Clinic, zone: ZoneInfo, moment: datetime) -> bool:
    """Whether a step may be sent at a moment, said in the plainest way."""
    local = moment.astimezone(zone)
    if quiet_until(clinic, moment, zone) is not None:
        return False
    if step.window is not None and not step.window.start <= local.time() < step.window.end:
        return False
    return not step.needs_staff or is_open_on(clinic, moment.astimezone(clinic.zone).date())


def is_open_on(clinic: Clinic, day: date) -> bool:
    closed = any(closure.first <= day <= closure.last for closure in clinic.closures)
    return not closed and bool(clinic.hours.get(WEEKDAYS[day.weekday()]))


def times(steps: tuple[PlannedStep, ...]) -> Iterator[datetime]:
    return (step.at for step in steps if step.at is not None)


def assert_keeps_the_rules(
    plan: Plan, clinic: Clinic, treatment: tuple[str, datetime], late: timedelta, visit: timedelta | None
) -> None:
    zone, treated_at = ZoneInfo(treatment[0]), treatment[1]
    now, visit_at = treated_at + late, treated_at + visit if visit is not None else None
    steps = plan_steps(plan, clinic, zone, treated_at, now, visit_at)
    assert steps == plan_steps(plan, clinic, zone, treated_at, now, visit_at)
    assert [step.step_id for step in steps] == [step.id for step in plan.steps]
    for step in steps:
        if step.at is None:
            assert step.why.startswith("left out: ")
            continue
        assert step.why == AS_PLANNED or step.why.startswith("moved: ")
        assert step.until is not None
        assert max(now, treated_at) <= step.at < step.until
        assert step.at.tzinfo is UTC
        assert is_allowed(plan.by_id[step.step_id], clinic, zone, step.at)
    in_order = list(times(tuple(step for step in steps if plan.by_id[step.step_id].at.before_visit is None)))
    assert all(one < other for one, other in pairwise(in_order))
    everything = list(times(steps))
    assert len(set(everything)) == len(everything)
    days = [moment.astimezone(zone).date() for moment in everything]
    assert all(days.count(day) <= DAILY_CAP for day in days)


@given(treatments(), LATE, VISITS)
@example(("Pacific/Apia", at("2011-12-28 10:00", ZoneInfo("Pacific/Apia"))), timedelta(0), None)
@example(("America/St_Johns", at("2010-11-06 23:30", ZoneInfo("America/St_Johns"))), timedelta(0), timedelta(days=3))
def test_every_plan_keeps_the_rules(
    clinic: Clinic, treatment: tuple[str, datetime], late: timedelta, visit: timedelta | None
) -> None:
    assert_keeps_the_rules(PLAN, clinic, treatment, late, visit)


@given(treatments(), LATE, VISITS)
def test_the_clinic_s_own_plan_keeps_the_rules(
    shipped: Content, treatment: tuple[str, datetime], late: timedelta, visit: timedelta | None
) -> None:
    assert_keeps_the_rules(shipped.plans["dry_needling"], shipped.clinic, treatment, late, visit)


@given(treatments())
def test_times_on_the_wall_are_kept(clinic: Clinic, treatment: tuple[str, datetime]) -> None:
    zone, treated_at = ZoneInfo(treatment[0]), treatment[1]
    treated_on = treated_at.astimezone(zone).date()
    meant = {MORNING: (1, time(9, 30)), WEEK: (7, time(10)), NO_VISIT: (14, time(10))}
    for step in plan_steps(PLAN, clinic, zone, treated_at, treated_at):
        if step.step_id not in meant or step.at is None:
            continue
        local = step.at.astimezone(zone)
        days, clock = meant[step.step_id]
        if step.why == AS_PLANNED:
            assert (local.date(), local.time()) == (treated_on + days * DAY, clock)
        elif step.why == "moved: too soon after treatment":
            assert (local.date(), local.time()) == (treated_on + DAY, time(11, 30))
            assert datetime.combine(local.date(), time(9, 30), zone).astimezone(UTC) - treated_at < timedelta(hours=12)
        elif step.why == "moved: clinic closed":
            assert local.date() > treated_on + days * DAY
            assert local.time() == clock
        else:
            assert step.why in {"moved: quiet hours", "moved: outside its hours"}  # only where a day was skipped
            assert treated_on + days * DAY not in {local.date()}


@given(treatments(), VISITS)
def test_what_is_left_out_had_no_place(
    make_clinic: MakeClinic, treatment: tuple[str, datetime], visit: timedelta | None
) -> None:
    clinic = make_clinic(time_zone=treatment[0], **QUIET)
    zone, treated_at = ZoneInfo(treatment[0]), treatment[1]
    visit_at = treated_at + visit if visit is not None else None
    for step in plan_steps(PLAN, clinic, zone, treated_at, treated_at, visit_at):
        cause = step.why.removeprefix("left out: ")
        if step.at is not None or cause not in {"clinic closed", "quiet hours", "outside its hours"}:
            continue
        planned_step = PLAN.by_id[step.step_id]
        assert step.until is not None
        if planned_step.if_quiet == "skip":
            assert quiet_until(clinic, treated_at + timedelta(hours=3), zone) is not None
            continue
        assert planned_step.at.before_visit is not None or planned_step.at.day is not None
        start = step.until - timedelta(hours=30) if planned_step.at.day is None else treated_at + 7 * DAY
        later = (start + n * timedelta(hours=1) for n in range(24 * 14))
        assert not any(is_allowed(planned_step, clinic, zone, moment) for moment in later if moment < step.until)


@given(treatments(), st.sampled_from(("22:00-02:00", "00:30-02:30", "23:30-00:15", "01:15-01:45")))
@example(("America/St_Johns", at("2010-11-05 12:00", ZoneInfo("America/St_Johns"))), "23:30-00:15")
def test_windows_at_night_are_found_through_clock_changes(
    make_clinic: MakeClinic, treatment: tuple[str, datetime], window: str
) -> None:
    clinic = make_clinic(quiet_hours="12:00-13:00", quiet_hours_weekend="12:00-13:00")
    zone, treated_at = ZoneInfo(treatment[0]), treatment[1]
    plan = make_plan({"id": "night", "at": "+12h", "window": window, "latest": "day 4 23:00"})
    (step,) = plan_steps(plan, clinic, zone, treated_at, treated_at)
    assert step.at is not None
    local = step.at.astimezone(zone).replace(tzinfo=None)
    start, end = (datetime.combine(local.date(), time.fromisoformat(part)) for part in window.split("-"))
    shift = timedelta(hours=2)  # a start that a clock change skips is the moment of the change
    inside = [(start - n * DAY, end - n * DAY + (DAY if end < start else timedelta(0))) for n in (0, 1)]
    assert any(first <= local < max(last, first + shift) for first, last in inside)


# --- when the time has come ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step_id", "until", "now", "sent_today", "fate", "when", "why"),
    [
        pytest.param(MORNING, "03-02 20:00", "03-02 09:30", 0, "send", None, "in time", id="in time"),
        pytest.param(MORNING, "03-02 20:00", "03-02 11:59", 0, "send", None, "in time", id="late, in its window"),
        pytest.param(MORNING, "03-02 20:00", "03-02 12:00", 0, "drop", None, "outside its hours", id="window over"),
        pytest.param(MORNING, "03-02 20:00", "03-02 20:00", 0, "drop", None, "past", id="too late"),
        pytest.param(
            TWO_DAYS,
            "03-05 12:00",
            "03-03 21:00",
            0,
            "move",
            "03-04 09:00",
            "quiet hours",
            id="after downtime, at night",
        ),
        pytest.param(
            TWO_DAYS, "03-05 12:00", "03-03 10:00", 2, "move", "03-04 09:00", "two messages that day", id="full day"
        ),
        pytest.param(
            MORNING, "03-02 20:00", "03-02 09:30", 2, "drop", None, "two messages that day", id="full day, no other"
        ),
        pytest.param(FIRST, "03-01 22:00", "03-01 20:30", 0, "drop", None, "quiet hours", id="skipped when quiet"),
        pytest.param(WEEK, "03-11 20:00", "03-06 12:00", 0, "move", "03-08 10:00", "clinic closed", id="a Saturday"),
        pytest.param(WEEK, "03-11 20:00", "03-08 10:00", 1, "send", None, "in time", id="one message that day"),
        pytest.param(
            VISIT, "03-11 20:00", "03-10 12:00", 0, "drop", None, "no visit known", id="the visit was cancelled"
        ),
    ],
)
def test_at_its_time(
    clinic: Clinic, step_id: str, until: str, now: str, sent_today: int, fate: str, when: str | None, why: str
) -> None:
    found = at_its_time(PLAN.by_id[step_id], clinic, LONDON, at(f"2027-{until}"), at(f"2027-{now}"), sent_today)
    moved_to = at(f"2027-{when}") if when is not None else None
    assert (found.fate, found.at, found.why) == (Fate(fate), moved_to, why)


@pytest.mark.parametrize(
    ("step_id", "visit", "fate", "why"),
    [
        pytest.param(VISIT, "2027-03-12 10:00", Fate.SEND, "in time", id="still to come"),
        pytest.param(VISIT, "2027-03-10 11:00", Fate.DROP, "visit is over", id="moved to an earlier day"),
        pytest.param(VISIT, "2027-03-18 10:00", Fate.MOVE, "the visit was moved", id="moved to a later day"),
        pytest.param(VISIT, "2027-03-11 04:00", Fate.DROP, "past", id="moved so near that it says nothing new"),
        pytest.param(NO_VISIT, "2027-03-12 10:00", Fate.DROP, "a visit is known", id="booked meanwhile"),
        pytest.param(NO_VISIT, "2027-03-09 10:00", Fate.SEND, "in time", id="a visit that is over"),
    ],
)
def test_at_its_time_the_visit_may_be_another(clinic: Clinic, step_id: str, visit: str, fate: Fate, why: str) -> None:
    step, now = PLAN.by_id[step_id], at("2027-03-10 12:00")
    found = at_its_time(step, clinic, LONDON, at("2027-03-11 18:00"), now, 0, at(visit))
    assert (found.fate, found.why) == (fate, why)


@given(treatments(), st.integers(0, 40), st.integers(0, 3))
def test_at_its_time_it_is_sent_only_when_it_may_be(
    clinic: Clinic, treatment: tuple[str, datetime], hours_late: int, sent_today: int
) -> None:
    zone, treated_at = ZoneInfo(treatment[0]), treatment[1]
    for step in plan_steps(PLAN, clinic, zone, treated_at, treated_at):
        if step.at is None:
            continue
        meant, now = PLAN.by_id[step.step_id], step.at + timedelta(hours=hours_late)
        found = at_its_time(meant, clinic, zone, step.until, now, sent_today)
        assert step.until is not None
        if found.fate is Fate.SEND:
            assert sent_today < DAILY_CAP
            assert now < step.until
            assert is_allowed(meant, clinic, zone, now)
        elif found.fate is Fate.MOVE:
            assert found.at is not None
            assert now < found.at < step.until
            assert at_its_time(meant, clinic, zone, step.until, found.at, 0).fate is Fate.SEND
        else:
            assert hours_late > 0 or sent_today >= DAILY_CAP


# --- the reminder --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "now", "when"),
    [
        pytest.param("2027-03-02 09:30", "2027-03-02 09:30", "2027-03-02 13:30", id="four hours after"),
        pytest.param("2027-03-03 17:00", "2027-03-03 17:00", "2027-03-04 08:30", id="not in the evening"),
        pytest.param("2027-03-05 17:00", "2027-03-05 17:00", "2027-03-06 09:30", id="a Saturday begins later"),
        pytest.param("2027-03-02 09:30", "2027-03-02 15:00", "2027-03-02 15:00", id="late"),
        pytest.param("2027-03-02 09:30", "2027-03-02 23:00", "2027-03-03 08:30", id="late, at night"),
    ],
)
def test_the_reminder(clinic: Clinic, sent: str, now: str, when: str) -> None:
    assert reminder_at(PLAN, clinic, LONDON, at(sent), at(now)) == at(when)


@given(treatments())
def test_the_reminder_never_disturbs(clinic: Clinic, treatment: tuple[str, datetime]) -> None:
    zone, sent_at = ZoneInfo(treatment[0]), treatment[1]
    found = reminder_at(PLAN, clinic, zone, sent_at, sent_at)
    assert found >= sent_at + timedelta(hours=4)
    assert quiet_until(clinic, found, zone) is None
