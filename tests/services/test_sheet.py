"""The sheet for a patient without Telegram."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from bot.care import Care, PlanState
from bot.model import PatientId
from bot.services.sheet import calls, sheet
from tests.shipped import CONTENT

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CARE = Care(
    enrolment_id=1,
    patient_id=PatientId(1),
    code="P-7F3K",
    label=None,
    plan_id=next(iter(CONTENT.plans)),
    state=PlanState.OPEN,
    treated_at=NOW,
    zone="Europe/London",
    area="heel",
    side="left",
    careful=True,
)


def words(html: str) -> str:
    """What stands on the paper."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.split("</style>")[1]).split())


def test_it_has_advice_by_day_and_when_to_ring() -> None:
    read = words(sheet(CONTENT, CARE))
    assert "Treated: Heel, Left, on Monday 23 November" in read
    assert read.index("When to ring") < read.index("Today, Monday 23 November") < read.index("Tuesday 24 November")
    assert "Walk gently." in read
    assert "P-7F3K" in read


def test_it_says_nothing_that_only_a_phone_can_do() -> None:
    read = words(sheet(CONTENT, CARE))
    assert not re.search(r"[{}]|STOP|[Ww]rite here|[Nn]ext check-in", read)


def test_no_day_is_empty() -> None:
    sections = re.findall(r"<section>(.*?)</section>", sheet(CONTENT, CARE), re.DOTALL)
    assert len(sections) == 3
    assert all("<p>" in section for section in sections)


def test_a_plan_that_is_gone_leaves_the_numbers() -> None:
    read = words(sheet(CONTENT, replace(CARE, plan_id="no_such_plan")))
    assert "999" in read
    assert "Today" not in read


def test_calls_are_at_the_times_of_the_check_ins() -> None:
    planned = calls(CONTENT, CARE, NOW, ("C2", "C4"))
    assert [(step.code, f"{at:%d %H:%M}") for step, at in planned] == [("C2", "24 09:30"), ("C4", "30 10:00")]
