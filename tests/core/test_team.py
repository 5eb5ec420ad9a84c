"""What an owner types about the team."""

import pytest

from bot.core.team import Change, read_change, read_registration
from bot.model import Role, UserId

ROLES = {"owner": Role.OWNER, "clinician": Role.CLINICIAN, "desk": Role.DESK}


@pytest.mark.parametrize(
    ("typed", "change"),
    [
        ("desk", Change(None, Role.DESK)),
        ("  Clinician  ", Change(None, Role.CLINICIAN)),
        ("clinician CH 12345", Change(None, Role.CLINICIAN, "CH 12345")),
        ("123456789 owner", Change(UserId(123456789), Role.OWNER)),
        ("123456789  clinician  CH12345", Change(UserId(123456789), Role.CLINICIAN, "CH12345")),
        ("", None),
        ("boss", None),
        ("123456789", None),
        ("123456789 boss", None),
        ("desk please", None),
        ("1234567890123456 desk", None),
        ("clinician CH<12345>", None),
    ],
)
def test_a_change_of_somebodys_role(typed: str, change: Change | None) -> None:
    assert read_change(typed, ROLES) == change


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("AB12345", "AB12345"),
        ("  CH  12345 ", "CH 12345"),
        ("12/34-5.6", "12/34-5.6"),
        ("-", ""),
        ("none of your business", None),
        ("1" * 41, None),
        ("CH12345, since 2019", None),
    ],
)
def test_a_registration_number(typed: str, number: str | None) -> None:
    assert read_registration(typed) == number
