"""What an owner types about the team: whom, which role, which registration number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.model import Role, UserId

REGISTRATION_MAX = 40
_REGISTRATION = re.compile(rf"(?=.*\d)[\w ./-]{{1,{REGISTRATION_MAX}}}")
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
NONE = "-"
"""In place of a number, to take it away."""


@dataclass(frozen=True, slots=True)
class Change:
    """A role for somebody. `user_id`: None for whoever wrote the message that was answered."""

    user_id: UserId | None
    role: Role
    registration: str = ""


def read_change(words: str, roles: Mapping[str, Role]) -> Change | None:
    """`123456789 clinician AB12345`, the first and the last only where they are there; None: it is something else.

    `roles` by their names in lower case.
    """
    first, _, rest = words.strip().partition(" ")
    user_id = UserId(int(first)) if _NUMBER.fullmatch(first) else None
    name, _, registration = (words if user_id is None else rest).strip().partition(" ")
    role = roles.get(name.casefold())
    if role is None or (registration.strip() and not read_registration(registration)):
        return None
    return Change(user_id, role, registration.strip())


def read_registration(text: str) -> str | None:
    """A clinician's number as it was typed; empty where it is to be taken away, None where it cannot be one."""
    said = " ".join(text.split())
    if said == NONE:
        return ""
    return said if _REGISTRATION.fullmatch(said) else None
