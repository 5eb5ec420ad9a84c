"""What staff type after /enrol, in any order."""

from datetime import UTC, datetime

import pytest

from bot.content.plan import Plan
from bot.core.care.enrolling import Request, Wrong, match_option, read_link, read_moment, read_request
from tests.shipped import CONTENT

ZONE = CONTENT.clinic.zone
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return next(iter(CONTENT.plans.values()))


def at(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("", Request(), id="nothing"),
        pytest.param("4821", Request("4821"), id="number"),
        pytest.param("4821 heel L", Request("4821", area="heel", side="left"), id="all"),
        pytest.param("R calf 4821", Request("4821", area="calf", side="right"), id="any order"),
        pytest.param("4821 left heel", Request("4821", area="heel", side="left"), id="whole words"),
        pytest.param("4821, HEEL, both sides"[:-1], Request("4821", area="heel", side="both"), id="commas"),
        pytest.param("4821 leg or foot r", Request("4821", area="other", side="right"), id="several words"),
        pytest.param(
            "4821 heel L 10:30", Request("4821", area="heel", side="left", treated_at=at(23, 10, 30)), id="time"
        ),
        pytest.param(
            "4821 heel L yesterday 16:00", Request("4821", area="heel", side="left", treated_at=at(22, 16)), id="day"
        ),
        pytest.param(
            "4821 heel L 20 Nov 9.15", Request("4821", area="heel", side="left", treated_at=at(20, 9, 15)), id="date"
        ),
        pytest.param(
            "4821 visit 12 Dec 10:00 heel L",
            Request("4821", area="heel", side="left", visit_at=at(12, 10, month=12)),
            id="visit",
        ),
        pytest.param(
            "4821 heel L visit 5 Jan 2027 at 10:00",
            Request("4821", area="heel", side="left", visit_at=at(5, 10, month=1, year=2027)),
            id="visit of a year",
        ),
        pytest.param(
            "4821 heel L visit 5 January 10:00",
            Request("4821", area="heel", side="left", visit_at=at(5, 10, month=1, year=2027)),
            id="visit after new year",
        ),
        pytest.param(
            "4821 heel L 10:30 visit 2026-12-12 10:00",
            Request("4821", area="heel", side="left", treated_at=at(23, 10, 30), visit_at=at(12, 10, month=12)),
            id="both times",
        ),
        pytest.param("4821 heel L visit none", Request("4821", area="heel", side="left"), id="no visit"),
        pytest.param("4821 heel L child", Request("4821", area="heel", side="left", is_child=True), id="child"),
        pytest.param(
            "4821 calf R for Anna", Request("4821", area="calf", side="right", label="Anna"), id="in a family"
        ),
        pytest.param("4821 calf R for anna", Request("4821", area="calf", side="right", label="Anna"), id="small"),
        pytest.param(
            "4821 heel L @ref 4711", Request("4821", area="heel", side="left", reference="4711"), id="reference"
        ),
        pytest.param(
            "none heel L not careful",
            Request(no_telegram=True, area="heel", side="left", not_careful=True),
            id="no telegram",
        ),
    ],
)
def test_what_is_read(plan: Plan, words: str, expected: Request) -> None:
    assert read_request(words, plan, ZONE, NOW) == expected


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        pytest.param("4821 heel banana", Wrong.UNCLEAR, id="unknown word"),
        pytest.param("4821 heel calf L", Wrong.UNCLEAR, id="two areas"),
        pytest.param("4821 heel L R", Wrong.UNCLEAR, id="two sides"),
        pytest.param("4821 heel L 31 Feb 10:00", Wrong.UNCLEAR, id="no such day"),
        pytest.param("4821 heel L 13:00", Wrong.WHEN, id="future"),
        pytest.param("4821 heel L 1 Nov 10:00", Wrong.WHEN, id="long ago"),
        pytest.param("4821 heel L visit 20 Nov 10:00", Wrong.VISIT, id="visit is over"),
    ],
)
def test_what_cannot_be_done(plan: Plan, words: str, wrong: Wrong) -> None:
    assert read_request(words, plan, ZONE, NOW).wrong == wrong


def test_wall_clock_times_are_those_of_the_clinic(plan: Plan) -> None:
    summer = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)
    request = read_request("4821 heel L 10:30", plan, ZONE, summer)
    assert request.treated_at == datetime(2026, 7, 6, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "code"),
    [("link P-7F3K", "P-7F3K"), ("LINK 7f3k", "P-7F3K"), ("link", None), ("4821 heel L", None), ("link P-7F3KX", None)],
)
def test_a_link_is_asked_for_with_a_code(words: str, code: str | None) -> None:
    assert read_link(words) == code


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-12 10:00", at(12, 10, month=12)),
        ("2026-12-12T10:00", at(12, 10, month=12)),
        ("12 Dec 10:00", at(12, 10, month=12)),
        ("soon", None),
        ("2026-13-12 10:00", None),
    ],
)
def test_moments_in_a_list(text: str, moment: datetime | None) -> None:
    assert read_moment(text, ZONE, NOW) == moment


def test_options_are_matched_whole(plan: Plan) -> None:
    assert [match_option(one, plan.sides) for one in ("L", "right", "", "lefty")] == ["left", "right", "", ""]
