"""When somebody says that they were treated."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.treated import said_since_treatment

LONDON = ZoneInfo("Europe/London")
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONDAY = date(2026, 11, 23)


def evening(day: date, hour: int = 18) -> datetime:
    """That hour on that day by the clinic's clocks."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=LONDON).astimezone(UTC)


@pytest.mark.parametrize("today", range(7))
@pytest.mark.parametrize("treated", range(7))
@pytest.mark.parametrize(
    "words",
    ["I had it on {day}, is this sore normal?", "still sore since {day}'s session", "you needled my calf {day}"],
)
def test_every_weekday_on_every_weekday(today: int, treated: int, words: str) -> None:
    """The day that was last; the same weekday could be today or a week ago, so it says nothing."""
    sent_at = evening(MONDAY + timedelta(days=today))
    days = (today - treated) % 7
    expected = timedelta(days=days, hours=6) if days else None
    assert said_since_treatment(words.format(day=NAMES[treated]), sent_at, LONDON) == expected


@pytest.mark.parametrize("days", range(1, 7))
def test_last_weekday_is_clear_from_three_days_on(days: int) -> None:
    text = f"got my heel done last {NAMES[(0 - days) % 7]}"
    expected = timedelta(days=days, hours=6) if days >= 3 else None
    assert said_since_treatment(text, evening(MONDAY), LONDON) == expected


@pytest.mark.parametrize(
    ("changed_on", "shift_h"),
    [
        pytest.param(date(2026, 10, 25), 1, id="an hour twice"),
        pytest.param(date(2027, 3, 28), -1, id="an hour missing"),
    ],
)
@pytest.mark.parametrize("days", range(1, 7))
def test_a_day_with_a_clock_change_counts_as_long_as_it_was(changed_on: date, shift_h: int, days: int) -> None:
    """Both days are Sundays; noon to noon over them is 25 hours, or 23."""
    today = changed_on + timedelta(days=3)
    treated = today - timedelta(days=days)
    found = said_since_treatment(f"I had it on {NAMES[treated.weekday()]}", evening(today), LONDON)
    over_it = treated < changed_on
    assert found == timedelta(days=days, hours=6 + (shift_h if over_it else 0))


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("I had my first session today", 6),
        ("had it done, I got my calf needled this morning", 6),
        ("I was treated yesterday and I'm stiff", 30),
        ("we had the needling the day before yesterday", 54),
        ("I was needled two days ago", 54),
        ("my session was 5 days ago", 126),
        ("she got it done a week ago", 174),
        ("i had it on fri", 78),
        ("after the treatment on Weds I was grand", 126),
    ],
)
def test_days_are_said_in_many_ways(text: str, hours: int) -> None:
    assert said_since_treatment(text, evening(MONDAY), LONDON) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "can I get needled on Friday?",
        "I've booked it for Friday",
        "could I have it on Friday instead",
        "sore since Friday",
        "what if I had it on Friday and it was sore on Saturday?",
        "I had a run on Friday",
        "I had it 90 days ago",
        "had my appointment on Monday",
        "my next session is Friday",
    ],
)
def test_what_tells_no_treatment(text: str) -> None:
    assert said_since_treatment(text, evening(MONDAY), LONDON) is None


def test_in_the_morning_of_the_day_it_is_never_less_than_nothing() -> None:
    assert said_since_treatment("I had it this morning", evening(MONDAY, 9), LONDON) == timedelta(0)


def test_of_long_texts_nothing_is_made_up() -> None:
    assert said_since_treatment("I had it on " * 340, evening(MONDAY), LONDON) is None
