"""Texts filled in: nobody's name or words can break the markup, and times read as people say them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import PLACEHOLDERS, Clinic
from bot.core.replies import OF_CLINIC, Html, hours_in_words, local_time, render, time_in_words
from bot.markup import plain

MONDAY_NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def test_every_placeholder_of_the_content_has_a_value(clinic: Clinic) -> None:
    assert set(OF_CLINIC) == set(PLACEHOLDERS)


@pytest.mark.parametrize(
    ("text", "extra", "expected"),
    [
        pytest.param("Ring {clinic_phone}.", {}, "Ring 020 7946 0000.", id="from the clinic"),
        pytest.param("{clinic_name}", {}, "Harbour Foot &amp; Ankle", id="escaped"),
        pytest.param("<b>{text}</b>", {"text": "<b> {clinic_name}"}, "<b>&lt;b&gt; {clinic_name}</b>", id="words"),
        pytest.param("{card}", {"card": Html("<i>done</i>")}, "<i>done</i>", id="markup as it is"),
        pytest.param("{nobody_knows} {} {A}", {}, "{nobody_knows} {} {A}", id="unknown stays"),
        pytest.param('<a href="{booking_link}">', {}, '<a href="https://clinic.example/book?a=1&amp;b=2">', id="link"),
        pytest.param("{clinic}", {"clinic": "x"}, "x", id="a name render uses itself"),
    ],
)  # fmt: skip
def test_render(clinic: Clinic, text: str, extra: dict[str, str], expected: str) -> None:
    assert render(text, clinic, **extra) == expected


@given(st.text(alphabet=st.characters(codec="utf-8", min_codepoint=32), max_size=60))
def test_what_somebody_wrote_comes_out_as_they_wrote_it(clinic: Clinic, said: str) -> None:
    assert plain(render("<b>{text}</b>", clinic, text=said)).strip() == said.strip()


def test_hours_in_words_joins_days_with_the_same_hours(clinic: Clinic) -> None:
    assert hours_in_words(clinic) == (
        "Monday to Thursday 09:00 to 12:30 and 13:30 to 17:30, Friday 09:00 to 13:00; closed Saturday and Sunday"
    )


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param({}, "closed Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday", id="never"),
        pytest.param(
            dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ("08:00-20:00",)),
            "Monday to Sunday 08:00 to 20:00",
            id="every day",
        ),
        pytest.param(
            {"tue": ("09:00-12:00",), "thu": ("09:00-12:00",)},
            "Tuesday 09:00 to 12:00, Thursday 09:00 to 12:00; closed Monday, Wednesday, Friday, Saturday and Sunday",
            id="days apart",
        ),
    ],
)
def test_hours_in_words(make_clinic: Callable[..., Clinic], hours: dict[str, tuple[str, ...]], expected: str) -> None:
    assert hours_in_words(make_clinic(hours=hours)) == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param(timedelta(hours=5, minutes=30), "17:30", id="today"),
        pytest.param(timedelta(hours=21), "Tuesday 09:00", id="tomorrow by its name"),
        pytest.param(timedelta(days=6), "Sunday 12:00", id="six days"),
        pytest.param(timedelta(days=7), "Monday 8 March 12:00", id="a week"),
        pytest.param(timedelta(days=-1), "Sunday 28 February 12:00", id="past"),
    ],
)
def test_a_time_reads_as_people_say_it(clinic: Clinic, later: timedelta, expected: str) -> None:
    assert local_time(clinic, MONDAY_NOON + later, MONDAY_NOON) == expected


def test_the_clock_is_the_reader_s() -> None:
    at = datetime(2027, 7, 1, 23, 30, tzinfo=UTC)
    assert time_in_words(at, now=at, zone=LONDON) == "00:30"
    assert time_in_words(at, now=at - timedelta(hours=2), zone=LONDON) == "Friday 00:30"
    assert time_in_words(at, now=at, zone=ZoneInfo("Australia/Sydney")) == "09:30"
