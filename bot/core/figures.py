"""How alerts fare, by red flag: too many false ones teach staff to look away, and that has to be seen early."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

REVIEW_FROM = 20
"""So many alerts of one red flag say something about it."""
REVIEW_ABOVE = 0.5
"""A greater share of false alarms than this asks for a review; nothing is ever switched off."""


@dataclass(frozen=True, slots=True)
class Past:
    """One alert of the past. `waited_min`: until somebody took it; None: nobody did."""

    flag_id: str
    is_false: bool
    waited_min: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The alerts of one red flag."""

    flag_id: str
    count: int
    false_count: int
    waited_min: float | None
    """Median of those that were taken; None: none was."""

    @property
    def false_share(self) -> float:
        """0 to 1."""
        return self.false_count / self.count

    @property
    def wants_review(self) -> bool:
        """Whether a clinician should look at its texts and signs."""
        return self.count >= REVIEW_FROM and self.false_share > REVIEW_ABOVE


def figures(past: Iterable[Past]) -> list[Figures]:
    """By red flag, the most frequent first."""
    by_flag: dict[str, list[Past]] = {}
    for one in past:
        by_flag.setdefault(one.flag_id, []).append(one)
    found = [_of_flag(flag_id, ones) for flag_id, ones in by_flag.items()]
    return sorted(found, key=lambda one: (-one.count, one.flag_id))


def per_hundred(alerts: int, patients: int) -> float | None:
    """Alerts per 100 patients; None where no patient wrote."""
    return 100 * alerts / patients if patients else None


def _of_flag(flag_id: str, past: list[Past]) -> Figures:
    waited = [one.waited_min for one in past if one.waited_min is not None]
    return Figures(flag_id, len(past), sum(one.is_false for one in past), median(waited) if waited else None)
