"""Days as staff type them, and stretches of them made one."""

from datetime import date

import pytest

from bot.content.schema import Closure
from bot.core.days import Stretch, Unread, joined, read_day, read_stretch, whole_day

TODAY = date(2026, 11, 23)
"""A Monday."""
CHRISTMAS = (date(2026, 12, 24), date(2027, 1, 2))


@pytest.mark.parametrize(
    ("typed", "first", "last", "reason"),
    [
        ("24 Dec–2 Jan Christmas", *CHRISTMAS, "Christmas"),
        ("24 Dec - 2 Jan", *CHRISTMAS, ""),
        ("24.12.-2.1.", *CHRISTMAS, ""),
        ("24.12.2026-2.1.2027: staff away", *CHRISTMAS, "staff away"),
        ("2026-12-24 to 2027-01-02", *CHRISTMAS, ""),
        ("24th December until 2nd of January (holiday)", *CHRISTMAS, "holiday"),
        ("24-28 Dec", date(2026, 12, 24), date(2026, 12, 28), ""),
        ("25/12/2026", date(2026, 12, 25), date(2026, 12, 25), ""),
        ("today", TODAY, TODAY, ""),
        ("tomorrow", date(2026, 11, 24), date(2026, 11, 24), ""),
        ("Fri", date(2026, 11, 27), date(2026, 11, 27), ""),
        ("Mon", date(2026, 11, 30), date(2026, 11, 30), ""),
        ("Fri - Mon training", date(2026, 11, 27), date(2026, 11, 30), "training"),
        ("1 Nov", date(2027, 11, 1), date(2027, 11, 1), ""),
        ("20 Nov - 30 Nov", date(2026, 11, 20), date(2026, 11, 30), ""),
        ("1 Dec 2026 - 15 Mar", date(2026, 12, 1), date(2027, 3, 15), ""),
    ],
)
def test_days_are_read(typed: str, first: date, last: date, reason: str) -> None:
    assert read_stretch(typed, TODAY) == Stretch(first, last, reason)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", Unread.UNCLEAR),
        ("banana", Unread.UNCLEAR),
        ("5", Unread.UNCLEAR),
        ("mondays", Unread.UNCLEAR),
        ("31 June", Unread.UNCLEAR),
        ("31 - 28 Feb", Unread.UNCLEAR),
        ("2026-13-01", Unread.UNCLEAR),
        ("0001-01-01 - 9999-12-31", Unread.UNCLEAR),
        ("24 Dec 2062", Unread.UNCLEAR),
        ("2 Jan 2027 - 24 Dec 2026", Unread.ORDER),
        ("1 Nov 2026", Unread.PAST),
        ("1 Nov 2026 - 22 Nov 2026", Unread.PAST),
    ],
)
def test_what_is_no_such_days(typed: str, why: Unread) -> None:
    assert read_stretch(typed, TODAY) is why


@pytest.mark.parametrize(
    ("typed", "day"),
    [("4 Jan", date(2027, 1, 4)), ("fri", date(2026, 11, 27)), ("24-28 Dec", None), ("4 Jan maybe", None), ("x", None)],
)
def test_one_day(typed: str, day: date | None) -> None:
    assert read_day(typed, TODAY) == day


def closure(first: str, last: str, reason: str) -> Closure:
    return Closure(first=date.fromisoformat(first), last=date.fromisoformat(last), reason=reason)


def test_what_overlaps_or_touches_is_made_one() -> None:
    found = joined(
        [
            closure("2026-12-28", "2027-01-04", "Works"),
            closure("2026-12-24", "2026-12-29", "Christmas"),
            closure("2027-01-05", "2027-01-05", "Works"),
            closure("2027-01-07", "2027-01-07", "Training"),
        ]
    )
    assert found == (
        closure("2026-12-24", "2027-01-05", "Christmas, Works"),
        closure("2027-01-07", "2027-01-07", "Training"),
    )


def test_a_day_in_words_has_weekday_and_year() -> None:
    assert whole_day(date(2027, 1, 2)) == "Saturday 2 January 2027"
