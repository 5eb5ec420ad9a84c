"""The words of announcements that core and the database share: who is meant, who is left out, how far one is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Self


class LeftOut(StrEnum):
    """Why somebody whom the audience means gets no copy; staff see how many of each."""

    OPTED_OUT = "opted_out"
    OPEN_ALERT = "open_alert"
    SELF_HARM = "self_harm"
    """Lately warned about self-harm, and staff did not say that it was none."""
    PLAN_PAUSED = "plan_paused"
    UNREACHABLE = "unreachable"
    TWICE_TODAY = "twice_today"
    """Two bot-started messages that day already."""
    NO_VISIT = "no_visit"
    """The text speaks of a visit, which was cancelled since."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Patients who agreed to messages and for whom all of this holds; with nothing set, all of them."""

    treated_days: int | None = None
    """Treated within so many days."""
    areas: frozenset[str] = frozenset()
    plans: frozenset[str] = frozenset()
    podiatrists: frozenset[int] = frozenset()
    """One of these each, where there are any."""
    visit_from: date | None = None
    visit_until: date | None = None
    """The next visit lies between these days of the clinic's, both included."""
    no_visit: bool = False
    """None is booked, as far as we know."""

    def to_json(self) -> dict[str, Any]:
        """The stored form: only what is set."""
        every: dict[str, Any] = {
            "treated_days": self.treated_days,
            "areas": sorted(self.areas),
            "plans": sorted(self.plans),
            "podiatrists": sorted(self.podiatrists),
            "visit_from": self.visit_from.isoformat() if self.visit_from else None,
            "visit_until": self.visit_until.isoformat() if self.visit_until else None,
            "no_visit": self.no_visit,
        }
        return {name: value for name, value in every.items() if value}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        days = {name: date.fromisoformat(raw[name]) for name in ("visit_from", "visit_until") if name in raw}
        return cls(
            treated_days=raw.get("treated_days"),
            areas=frozenset(raw.get("areas", ())),
            plans=frozenset(raw.get("plans", ())),
            podiatrists=frozenset(raw.get("podiatrists", ())),
            no_visit=raw.get("no_visit", False),
            **days,
        )


class State(StrEnum):
    """How far an announcement is."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    """Waits for a second person."""
    RUNNING = "running"
    """Confirmed: it goes out, now or at its time."""
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class Task(StrEnum):
    """What is being done to copies that were sent."""

    CORRECT = "correct"
    TAKE_BACK = "take_back"
    TAKEN_BACK = "taken_back"
    """All that could be was."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Copies by what became of them. The order: as staff are told."""

    sent: int = 0
    refused: int = 0
    unknown: int = 0
    skipped: Mapping[str, int] | None = None
    """By reason: left out when it was frozen, or at the moment of sending."""
    cancelled: int = 0
    waiting: int = 0
    """Not made yet, not sent yet, or on their way."""
