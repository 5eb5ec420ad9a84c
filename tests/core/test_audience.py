"""Whom an announcement is for: typed in one line, and read back."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.announcement import Audience
from bot.content.plan import Option, Plan
from bot.content.schema import Content
from bot.content.sentences import BroadcastReplies
from bot.core.audience import Choices, Wrong, choices_of, in_words, read_line

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
CHOICES = Choices(
    areas=(
        Option(id="heel", label="Heel", words=("heels", "h")),
        Option(id="calf", label="Calf", words=("lower leg",)),
        Option(id="other", label="Leg or foot", words=("leg",)),
    ),
    plans={"dry_needling": "Dry needling, 14 days", "heel_school": "Heel and calf school"},
    podiatrists={700: "Dr Grey"},
)
EVERYONE = Audience()
HEEL = Audience(areas=frozenset({"heel"}))
GREY = Audience(podiatrists=frozenset({700}))


@pytest.fixture
def texts(content: Content) -> BroadcastReplies:
    """How an audience is told."""
    said = {
        "audience_everyone": "Everyone who agreed to messages",
        "audience_or": "{first} or {second}",
        "audience_plan": "on the plan {name}",
        "audience_podiatrist": "with podiatrist {name}",
        "audience_treated": "treated in the last {days} days",
        "audience_treated_day": "treated in the last 24 hours",
        "audience_visit": "next visit {first} to {last}",
        "audience_visit_day": "next visit on {day}",
        "audience_no_visit": "no visit booked",
    }
    return content.broadcasts.model_copy(update=said)


def between(first: str, last: str) -> Audience:
    return Audience(visit_from=date.fromisoformat(first), visit_until=date.fromisoformat(last))


def on(day: str) -> Audience:
    return between(day, day)


def treated(days: int) -> Audience:
    return Audience(treated_days=days)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("everyone", EVERYONE),
        ("All patients", EVERYONE),
        ("Everybody.", EVERYONE),
        ("heel", HEEL),
        ("HEELS", HEEL),
        ("everyone, heel", HEEL),
        ("heel and lower leg", Audience(areas=frozenset({"heel", "calf"}))),
        ("heel or calf", Audience(areas=frozenset({"heel", "calf"}))),
        ("leg or foot", Audience(areas=frozenset({"other"}))),
        ("dry needling, 14 days", Audience(plans=frozenset({"dry_needling"}))),
        ("Heel and calf school", Audience(plans=frozenset({"heel_school"}))),
        ("dr grey", GREY),
        ("treated by Dr. Grey", GREY),
        ("podiatrist 700", GREY),
    ],
)
def test_who(line: str, meant: Audience) -> None:
    assert read_line(line, CHOICES, LONDON, NOW) == meant


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("last 14 days", 14),
        ("treated in the last 14 days", 14),
        ("Treated in 7 days", 7),
        ("treated within 2 weeks", 14),
        ("past two weeks", 14),
        ("last fortnight", 14),
        ("treated in the last month", 30),
        ("last 3 months", 90),
        ("patients treated in the last day", 1),
    ],
)
def test_when_they_were_treated(line: str, days: int) -> None:
    assert read_line(line, CHOICES, LONDON, NOW) == treated(days)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("visit today", on("2026-11-23")),
        ("visit tomorrow", on("2026-11-24")),
        ("appointment tomorrow", on("2026-11-24")),
        ("visit booked tomorrow", on("2026-11-24")),
        ("visit Friday", on("2026-11-27")),
        ("visit on Monday", on("2026-11-30")),
        ("visits Friday to Monday", between("2026-11-27", "2026-11-30")),
        ("visits this week", between("2026-11-23", "2026-11-29")),
        ("next visit next week", between("2026-11-30", "2026-12-06")),
        ("visit in the next 7 days", between("2026-11-23", "2026-11-30")),
        ("visit within two weeks", between("2026-11-23", "2026-12-07")),
        ("visit 24 Nov", on("2026-11-24")),
        ("visit on the 24th", None),
        ("visit 24th November 2026", on("2026-11-24")),
        ("visits 24-26 Nov", between("2026-11-24", "2026-11-26")),
        ("visits 24th – 26th Nov", between("2026-11-24", "2026-11-26")),
        ("visits between 24 and 26 Nov", between("2026-11-24", "2026-11-26")),
        ("visits from tomorrow until 2 December", between("2026-11-24", "2026-12-02")),
        ("visits 20-26 Nov", between("2026-11-20", "2026-11-26")),
        ("visits 30 Nov – 2 Dec", between("2026-11-30", "2026-12-02")),
        ("visits 28 December to 2 January", between("2026-12-28", "2027-01-02")),
        ("visit 2 Jan", on("2027-01-02")),
        ("visit 2026-12-01", on("2026-12-01")),
        ("visits 2026-12-31 - 2027-01-02", between("2026-12-31", "2027-01-02")),
        ("visit 31 Feb", None),
        ("visit 20 Nov", None),
        ("visit 26 to 24 Nov", None),
        ("visit 0-3 Dec", None),
        ("visits from 24 Nov", None),
        ("visit 24 Nov, visit 26 Nov", None),
        ("visit", None),
    ],
)
def test_when_they_come_next(line: str, meant: Audience | None) -> None:
    found = read_line(line, CHOICES, LONDON, NOW)
    assert isinstance(found, Wrong) if meant is None else found == meant


@pytest.mark.parametrize(
    ("now", "line", "meant"),
    [
        ("2026-06-01T23:30", "visit tomorrow", on("2026-06-03")),  # half past midnight in London
        ("2027-02-27T12:00", "visit tomorrow", on("2027-02-28")),
        ("2026-12-31T12:00", "visit tomorrow", on("2027-01-01")),
        ("2026-12-31T12:00", "visits this week", between("2026-12-31", "2027-01-03")),
        ("2026-12-30T12:00", "visits 28 Dec to 2 Jan", between("2026-12-28", "2027-01-02")),
        # the clocks go back on Sunday 25 October 2026, and forward on Sunday 28 March 2027
        ("2026-10-24T23:30", "visit today", on("2026-10-25")),
        ("2026-10-25T23:30", "visit tomorrow", on("2026-10-26")),
        ("2026-10-24T12:00", "visits in the next 2 days", between("2026-10-24", "2026-10-26")),
        ("2027-03-27T23:30", "visit tomorrow", on("2027-03-28")),
        ("2027-03-28T23:30", "visit today", on("2027-03-29")),
        ("2027-03-27T12:00", "visits 28-29 March", between("2027-03-28", "2027-03-29")),
    ],
)
def test_days_are_the_clinics(now: str, line: str, meant: Audience) -> None:
    assert read_line(line, CHOICES, LONDON, datetime.fromisoformat(now).replace(tzinfo=UTC)) == meant


@pytest.mark.parametrize("line", ["none booked", "No visit", "no visit booked", "without an appointment", "not booked"])
def test_none_is_booked(line: str) -> None:
    assert read_line(line, CHOICES, LONDON, NOW) == Audience(no_visit=True)


@pytest.mark.parametrize(
    "line",
    [
        "heel, last 7 days, visit tomorrow",
        "visit tomorrow heel last 7 days",
        "Everyone with heel and visit tomorrow, treated in the last week",
    ],
)
def test_all_of_it_has_to_be_so(line: str) -> None:
    both = Audience(7, frozenset({"heel"}), visit_from=date(2026, 11, 24), visit_until=date(2026, 11, 24))
    assert read_line(line, CHOICES, LONDON, NOW) == both


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("toes", "toes"),
        ("heel, big toes, last 7 days", "big"),
        ("not heel", "not"),
        ("everyone except heel", "except"),
        ("left heel", "left"),
        ("heel, last fortnite", "fortnite"),
        ("last 0 days", "last 0 days"),
        ("treated 2 weeks ago", "2"),
        ("visit tomorrow, none booked", "visit tomorrow"),
        ("last 7 days, last 14 days", "14"),
        ("visit 20 Nov", "visit 20 nov"),
        ("podiatrist", "podiatrist"),
        ("treated", "treated"),
        ("", ""),
        (" , ", ""),
    ],
)
def test_what_nobody_understands_is_named(line: str, word: str) -> None:
    assert read_line(line, CHOICES, LONDON, NOW) == Wrong(word)


@pytest.mark.parametrize(
    ("audience", "words"),
    [
        (EVERYONE, "Everyone who agreed to messages"),
        (HEEL, "Heel"),
        (Audience(areas=frozenset({"heel", "calf"}), treated_days=14), "Calf or Heel, treated in the last 14 days"),
        (treated(1), "Treated in the last 24 hours"),
        (Audience(plans=frozenset({"dry_needling"})), "On the plan Dry needling, 14 days"),
        (on("2026-11-24"), "Next visit on 24 November"),
        (between("2026-11-24", "2026-11-26"), "Next visit 24 to 26 November"),
        (between("2026-11-30", "2026-12-02"), "Next visit 30 November to 2 December"),
        (between("2026-12-31", "2027-01-02"), "Next visit 31 December to 2 January"),
        (Audience(no_visit=True, podiatrists=frozenset({700})), "With podiatrist Dr Grey, no visit booked"),
        (Audience(areas=frozenset({"gone"}), podiatrists=frozenset({9})), "Gone, with podiatrist 9"),
        (Audience(7, frozenset({"heel"}), no_visit=True), "Heel, treated in the last 7 days, no visit booked"),
    ],
)
def test_staff_read_it_back(audience: Audience, words: str, texts: BroadcastReplies) -> None:
    assert in_words(audience, CHOICES, texts) == words


def test_an_area_of_two_plans_is_one_choice(content: Content) -> None:
    heel, calf, _ = CHOICES.areas
    fields: list[dict[str, Any]] = [{"title": "A", "areas": (heel,)}, {"title": "B", "areas": (heel, calf)}]
    plans = {str(one["title"]).lower(): Plan.model_construct(**one) for one in fields}
    clinic = content.clinic.model_copy(update={"podiatrists": (700,)})
    found = choices_of(content.model_copy(update={"clinic": clinic, "plans": plans}))
    assert found == Choices((heel, calf), {"a": "A", "b": "B"}, {700: "700"})


def test_whoever_shares_a_name_is_meant_by_their_number_too(content: Content) -> None:
    treating = {700: "Dr Grey", 701: "Sam", 702: "sam"}
    choices = choices_of(content, treating)
    assert choices.podiatrists == {700: "Dr Grey", 701: "Sam (701)", 702: "sam (702)"}
    assert read_line("treated by dr grey", choices, LONDON, NOW) == Audience(podiatrists=frozenset({700}))
    assert read_line("sam 702", choices, LONDON, NOW) == Audience(podiatrists=frozenset({702}))
    assert read_line("sam", choices, LONDON, NOW) == Wrong("sam")


@pytest.mark.parametrize(
    "audience",
    [
        EVERYONE,
        between("2026-11-24", "2026-11-26"),
        Audience(3, frozenset({"b", "a"}), frozenset({"p"}), frozenset({700})),
        Audience(no_visit=True),
    ],
)
def test_it_is_stored_as_it_is(audience: Audience) -> None:
    assert Audience.from_json(audience.to_json()) == audience
