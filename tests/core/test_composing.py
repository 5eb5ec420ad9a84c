"""What staff type and press for an announcement: links, times, whom it is for, and what was looked at."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.announcement import Audience
from bot.content.schema import Clinic
from bot.core.announcing import Announcement
from bot.core.composing import (
    Choice,
    ends_at,
    fingerprint,
    good_times,
    is_on,
    key_of,
    named,
    read_link,
    read_when,
    switched,
)

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 23)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "link"),
    [
        ("Book a visit https://example.org/book", ("Book a visit", "https://example.org/book")),
        ("Book a visit: https://example.org/book", ("Book a visit", "https://example.org/book")),
        ("Book\na  visit\nhttps://example.org/book?a=1", ("Book a visit", "https://example.org/book?a=1")),
        ("https://example.org/book", None),
        ("Book a visit", None),
        ("Book a visit example.org", None),
        ("", None),
    ],
)
def test_a_link_is_words_and_an_address(line: str, link: tuple[str, str] | None) -> None:
    assert read_link(line) == link


@pytest.mark.parametrize(
    ("now", "line", "at"),
    [
        ("2026-11-23T12:00", "24 Nov 10:30", "2026-11-24T10:30"),
        ("2026-11-23T12:00", "2026-11-24 10:30", "2026-11-24T10:30"),
        ("2026-11-23T12:00", "17:30", "2026-11-23T17:30"),
        ("2026-11-23T12:00", "9:00", "2026-11-23T09:00"),
        ("2026-11-23T12:00", "Tomorrow 9:00", "2026-11-24T09:00"),
        ("2026-11-23T12:00", "tomorrow at 09:00", "2026-11-24T09:00"),
        ("2026-11-23T12:00", "Friday 10:00", "2026-11-27T10:00"),
        ("2026-11-23T12:00", "Fri 10:00", "2026-11-27T10:00"),
        ("2026-11-23T12:00", "monday 10:00", "2026-11-30T10:00"),
        ("2026-12-31T12:00", "tomorrow 10:00", "2027-01-01T10:00"),
        ("2026-12-31T12:00", "2 Jan 10:00", "2027-01-02T10:00"),
        ("2027-03-27T12:00", "tomorrow 10:00", "2027-03-28T09:00"),
        ("2026-10-24T12:00", "tomorrow 10:00", "2026-10-25T10:00"),
        ("2026-11-23T12:00", "soon", None),
        ("2026-11-23T12:00", "tomorrow", None),
        ("2026-11-23T12:00", "31 Feb 10:00", None),
        ("2026-11-23T12:00", "", None),
    ],
)
def test_a_time_is_read_on_the_clinics_clock(now: str, line: str, at: str | None) -> None:
    assert read_when(line, LONDON, utc(now)) == (utc(at) if at else None)


@pytest.mark.parametrize(
    ("now", "times"),
    [
        ("2026-11-23T08:00", ["2026-11-23T09:00", "2026-11-23T17:00"]),
        ("2026-11-23T08:45", ["2026-11-23T17:00", "2026-11-24T09:00"]),
        ("2026-11-23T20:00", ["2026-11-24T09:00", "2026-11-24T17:00"]),
        pytest.param("2026-11-27T18:00", ["2026-11-28T17:00", "2026-11-29T17:00"], id="weekend mornings are quiet"),
    ],
)
def test_good_times_are_those_that_are_allowed_and_not_too_soon(clinic: Clinic, now: str, times: list[str]) -> None:
    assert good_times(clinic, utc(now)) == [utc(at) for at in times]


@pytest.mark.parametrize(
    ("start", "copies", "any_hour", "end"),
    [
        ("2026-11-23T12:00", 2_800, False, "2026-11-23T12:01:40"),
        ("2026-11-23T12:00", 0, False, "2026-11-23T12:00"),
        pytest.param("2026-11-23T17:30", 100_800, False, "2026-11-24T09:30", id="half of it on the next day"),
        pytest.param("2026-11-23T17:30", 100_800, True, "2026-11-23T18:30", id="unless evenings are allowed"),
    ],
)
def test_when_it_ends(clinic: Clinic, start: str, copies: int, any_hour: bool, end: str) -> None:
    assert ends_at(clinic, utc(start), copies, any_hour) == utc(end)


@pytest.mark.parametrize(
    ("choice", "value", "audience"),
    [
        (Choice.TREATED, "14", Audience(treated_days=14)),
        (Choice.AREA, "heel", Audience(areas=frozenset({"heel"}))),
        (Choice.PLAN, "small_plan", Audience(plans=frozenset({"small_plan"}))),
        (Choice.PODIATRIST, "99", Audience(podiatrists=frozenset({99}))),
        (Choice.TOMORROW, "", Audience(visit_from=date(2026, 11, 24), visit_until=date(2026, 11, 24))),
        (Choice.THIS_WEEK, "", Audience(visit_from=MONDAY, visit_until=date(2026, 11, 29))),
        (Choice.NO_VISIT, "", Audience(no_visit=True)),
    ],
)
def test_a_choice_goes_on_and_off_and_a_second_tap_changes_nothing(
    choice: Choice, value: str, audience: Audience
) -> None:
    on = switched(Audience(), choice, value, True, MONDAY)
    assert on == audience
    assert is_on(on, choice, value, MONDAY)
    assert switched(on, choice, value, True, MONDAY) == on
    off = switched(on, choice, value, False, MONDAY)
    assert off == Audience()
    assert switched(off, choice, value, False, MONDAY) == off


def test_none_booked_and_a_visit_exclude_each_other() -> None:
    none = switched(Audience(areas=frozenset({"heel"})), Choice.NO_VISIT, "", True, MONDAY)
    tomorrow = switched(none, Choice.TOMORROW, "", True, MONDAY)
    assert (tomorrow.no_visit, tomorrow.visit_from) == (False, date(2026, 11, 24))
    again = switched(tomorrow, Choice.NO_VISIT, "", True, MONDAY)
    assert again == none


def test_several_areas_add_up() -> None:
    both = switched(Audience(areas=frozenset({"heel"})), Choice.AREA, "calf", True, MONDAY)
    assert both.areas == {"heel", "calf"}


def test_a_key_finds_its_name_and_fits_a_button() -> None:
    names = ["heel", "a_plan_with_a_name_as_long_as_they_may_be"]
    assert [named(key_of(name), names) for name in names] == names
    assert named(key_of("sole"), names) is None
    assert max(len(key_of(name)) for name in names) == 8


def test_a_fingerprint_differs_with_all_that_was_looked_at(clinic: Clinic) -> None:
    announcement, at = Announcement("Ring {clinic_phone}.", (("Book", "https://example.org"),)), utc("2026-11-23T12:00")
    seen: dict[str, Any] = {
        "announcement": announcement,
        "clinic": clinic,
        "photo": None,
        "audience": Audience(),
        "starts_at": None,
        "any_hour": False,
        "count": 12,
    }
    others: list[dict[str, Any]] = [
        {"announcement": replace(announcement, text="Closed on Monday.")},
        {"announcement": replace(announcement, links=())},
        {"clinic": clinic.model_copy(update={"phone": "01632 960999"})},
        {"photo": 1},
        {"audience": Audience(treated_days=7)},
        {"starts_at": at},
        {"starts_at": at + timedelta(days=1)},
        {"any_hour": True},
        {"count": 13},
    ]
    marks = [fingerprint(**(seen | other)) for other in ({}, *others)]
    assert len(set(marks)) == len(marks)
    assert fingerprint(**seen) == marks[0]
