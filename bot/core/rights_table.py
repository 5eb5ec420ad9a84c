"""Who may do what for the clinic: the one table of rights, asked by `services.people` at every action.

An action is a staff command, the first word of a button, or one of the finer names below. What the table does not name
nobody may do.
"""

from collections.abc import Collection, Mapping

from bot.model import Role

_EVERYBODY = frozenset(Role)
_LEADERS = frozenset({Role.OWNER, Role.CLINICIAN})
_OWNERS = frozenset({Role.OWNER})

_LOOKING = (
    "alerts",
    "away",
    "back",
    "card",
    "done",
    "false",
    "missed",
    "notes",
    "oncall",
    "patients",
    "preview",
    "press",
    "relay",
    "status",
    "take",
    "team",
)
"""Looking, and answering a patient."""
_DAILY = ("broadcast", "closed", "enrol", "faq_edit", "faq_history", "teach")
"""What a receptionist does all day."""
_BUTTONS = ("bc", "cl", "en", "fe", "im", "pl", "st", "te", "th", "who")
"""What the data of their buttons begins with."""

ALLOWED: Mapping[str, Collection[Role]] = {
    **dict.fromkeys((*_LOOKING, *_DAILY, *_BUTTONS), _EVERYBODY),
    "audit": _LEADERS,
    "au": _LEADERS,
    "review": _LEADERS,
    "rv": _LEADERS,
    "sign": frozenset({Role.CLINICIAN}),
    "team_change": _OWNERS,
    "tm": _OWNERS,
    "record": _OWNERS,
    "release": _OWNERS,
    "forget": _OWNERS,
}
"""Roles by action. Who holds a clinician's registration counts as a clinician beside any other role."""
