"""When an announcement starts, when it stops by itself, and what one chat reads."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.content.schema import Clinic
from bot.core.announcing import Announcement, is_refused_too_often, lasts, may_start
from bot.core.replies import names_of
from bot.markup import escape


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "any_hour", "starts"),
    [
        pytest.param("2026-11-23T12:00", False, "2026-11-23T12:00", id="in hours: at once"),
        pytest.param("2026-11-23T08:59", False, "2026-11-23T09:00", id="a minute early"),
        pytest.param("2026-11-23T17:59:59", False, "2026-11-23T17:59:59", id="the last second"),
        pytest.param("2026-11-23T18:00", False, "2026-11-24T09:00", id="six is too late"),
        pytest.param("2026-11-23T18:00", True, "2026-11-23T18:00", id="unless somebody says so"),
        pytest.param("2026-11-23T03:00", True, "2026-11-23T08:00", id="quiet hours hold in any case"),
        pytest.param("2026-11-28T08:45", False, "2026-11-28T10:00", id="quiet hours are longer at the weekend"),
        pytest.param("2026-03-28T19:00", False, "2026-03-29T09:00", id="the night of summer time"),
        pytest.param("2026-10-24T17:30", False, "2026-10-25T10:00", id="six in summer, then the night it ends"),
    ],
)
def test_it_starts_in_the_clinics_hours_for_announcements(clinic: Clinic, at: str, any_hour: bool, starts: str) -> None:
    assert may_start(clinic, utc(at), any_hour) == utc(starts)


@pytest.mark.parametrize(
    ("sent", "refused", "stops"),
    [
        (0, 0, False),
        (0, 4, False),
        (0, 5, True),
        (45, 5, True),
        (46, 4, False),
        (96, 4, False),
        (95, 5, False),
        (94, 6, True),
        (9_500, 500, False),
        (9_499, 501, True),
    ],
)
def test_refusals_stop_it(sent: int, refused: int, stops: bool) -> None:
    assert is_refused_too_often(sent, refused) is stops


def test_how_long_it_takes_is_reckoned_at_telegrams_rate() -> None:
    assert lasts(2800) == timedelta(seconds=100)
    assert lasts(0) == timedelta(0)


def test_a_copy_names_the_clinic_and_the_visit_and_has_its_links(clinic: Clinic) -> None:
    written = Announcement("{clinic_name}: see you {day} at {time}.", (("Book", "https://example.org/b"),))
    payload = Announcement.from_json(written.to_json()).payload(clinic, {"day": "Monday", "time": "09:30"})
    assert payload.text == f"{escape(clinic.name)}: see you Monday at 09:30."
    assert [[button.label, button.url] for row in payload.buttons for button in row] == [
        ["Book", "https://example.org/b"]
    ]


def test_the_names_in_a_text() -> None:
    assert names_of("{clinic_name}: {day} {nonsense} {Not}") == {"clinic_name", "day", "nonsense"}
