"""When the check-ins of a care plan go out: planned on joining, weighed once more when their time has come. Pure.

Wall-clock times are meant in the patient's zone, through clock changes (`hours.wall_clock`); lengths of time are
lengths. All moments in and out are aware, those that come out in UTC. Preview, ticks and tests share this.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.content.plan import Moment, Plan, Step
from bot.content.schema import Clinic
from bot.core import hours
from bot.core.care.slots import Cause, Slots, is_from_visit, wall_clock
from bot.model import DAILY_CAP

AS_PLANNED = "as planned"
IN_TIME = "in time"
MOVED = "moved: "
LEFT_OUT = "left out: "
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One check-in of a plan: when it goes out, or why not."""

    step_id: str
    at: datetime | None
    """None: left out."""
    until: datetime | None
    """From here on it is left out; None while that depends on a visit nobody knows of."""
    why: str
    """`as planned`, or `moved: ` or `left out: ` with the cause."""


class Fate(StrEnum):
    """What becomes of a check-in whose time has come."""

    SEND = "send"
    MOVE = "move"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Now:
    """The same, with the time it moves to (aware UTC; None unless it moves) and the cause in a few words."""

    fate: Fate
    at: datetime | None
    why: str


def plan_steps(
    plan: Plan,
    clinic: Clinic,
    zone: ZoneInfo,
    treated_at: datetime,
    now: datetime,
    visit_at: datetime | None = None,
    gone: Collection[str] = (),
) -> tuple[PlannedStep, ...]:
    """Every step of the plan once, in its order. `zone` is the patient's; `gone`: steps that were sent before.

    Steps counted from the treatment stay in order. One counted back from the visit takes what they leave free.
    """
    making = _Making(
        clinic, zone, treated_at.astimezone(UTC), now.astimezone(UTC), visit_at and visit_at.astimezone(UTC)
    )
    found: dict[str, PlannedStep] = {}
    taken: tuple[datetime, ...] = ()
    for step in sorted(plan.steps, key=is_from_visit):
        planned = making.step(step, taken) if step.id not in gone else _left_out(step, None, Cause.GONE)
        found[step.id] = planned
        if planned.at is not None:
            taken += (planned.at,)
    return tuple(found[step.id] for step in plan.steps)


def at_its_time(
    step: Step,
    clinic: Clinic,
    zone: ZoneInfo,
    until: datetime | None,
    now: datetime,
    sent_today: int,
    visit_at: datetime | None = None,
) -> Now:
    """What becomes of a step whose time has come, perhaps hours ago. Its order among the others is not looked at.

    `until` is the planned step's, `sent_today` the bot-started messages of the patient's local day. One that is counted
    back from the visit is weighed by the visit as it now is: that may have been moved since the step was planned.
    """
    if step.needs == "visit" and (visit_at is None or visit_at <= now):
        return Now(Fate.DROP, None, Cause.NO_VISIT if visit_at is None else Cause.VISIT_OVER)
    if step.needs == "no_visit" and visit_at is not None and visit_at > now:
        return Now(Fate.DROP, None, Cause.VISIT_KNOWN)
    slots = Slots(step, clinic, zone)
    if step.if_quiet == "skip" and slots.quiet_until(now) is not None:
        return Now(Fate.DROP, None, Cause.QUIET)
    start, until = now.astimezone(UTC), until_now(step, until, visit_at)
    why: Cause | None = None
    if step.at.before_visit is not None and visit_at is not None and visit_at - step.at.before_visit > start:
        start, why = (visit_at - step.at.before_visit).astimezone(UTC), Cause.VISIT_MOVED
    elif sent_today >= DAILY_CAP:
        start, why = slots.next_day(now), Cause.FULL_DAY
    at, cause = slots.first(start, until or start + _DAY)
    if at is None:
        return Now(Fate.DROP, None, why or cause or Cause.PAST)
    return Now(Fate.SEND, None, IN_TIME) if at == now else Now(Fate.MOVE, at, why or cause or Cause.WINDOW)


def until_now(step: Step, until: datetime | None, visit_at: datetime | None) -> datetime | None:
    """From when on a step is left out: as planned, or, counted back from the visit, by the visit as it now is."""
    if step.latest.before_visit is None or visit_at is None:
        return until
    latest = visit_at - step.latest.before_visit
    return min(latest, visit_at) if step.needs == "visit" else latest


def reminder_at(
    plan: Plan, clinic: Clinic, zone: ZoneInfo, first_unanswered_sent_at: datetime, now: datetime
) -> datetime:
    """When the one reminder goes out: so long after the first check-in without an answer, and never in quiet hours."""
    at = max(first_unanswered_sent_at + plan.no_reply.after, now).astimezone(UTC)
    while (end := hours.quiet_until(clinic, at, zone)) is not None:
        at = end
    return at


def _left_out(step: Step, until: datetime | None, cause: Cause) -> PlannedStep:
    return PlannedStep(step.id, None, until, f"{LEFT_OUT}{cause}")


@dataclass(frozen=True, slots=True)
class _Making:
    """Plans the steps of one patient. Times are UTC."""

    clinic: Clinic
    zone: ZoneInfo
    treated_at: datetime
    now: datetime
    visit_at: datetime | None

    def step(self, step: Step, taken: tuple[datetime, ...]) -> PlannedStep:
        """One step, beside those at `taken`."""
        at, until = self._moment(step.at), self._until(step)
        if (cause := self._no_need(step, at, until)) is not None:
            return _left_out(step, until, cause)
        assert at is not None
        assert until is not None
        at, soon = self._not_too_soon(step, at)
        slots = Slots(step, self.clinic, self.zone, taken)
        found, cause = self._slot(slots, at, until)
        if found is not None and found < self.now:
            found, blocked = self._slot(slots, self.now, until)
            cause = Cause.LATE if found is not None else blocked
        if found is None:
            return _left_out(step, until, Cause.PAST if until <= self.now else cause or Cause.PAST)
        cause = soon or cause
        return PlannedStep(step.id, found, until, f"{MOVED}{cause}" if cause else AS_PLANNED)

    def _slot(self, slots: Slots, at: datetime, until: datetime) -> tuple[datetime | None, Cause | None]:
        if slots.step.if_quiet == "skip" and slots.quiet_until(at) is not None:
            return None, Cause.QUIET
        return slots.first(at, until)

    def _no_need(self, step: Step, at: datetime | None, until: datetime | None) -> Cause | None:
        """Why the visit, known or not, leaves no place for a step."""
        visit_at = self.visit_at if self.visit_at is not None and self.visit_at > self.treated_at else None
        if step.needs == "no_visit" and visit_at is not None:
            return Cause.VISIT_KNOWN
        if at is None or until is None or (step.needs == "visit" and visit_at is None):
            return Cause.NO_VISIT if self.visit_at is None else Cause.VISIT_OVER
        if step.needs == "visit" and visit_at is not None and visit_at <= self.now:
            return Cause.VISIT_OVER
        return Cause.VISIT_NEAR if at < self.treated_at else None

    def _not_too_soon(self, step: Step, at: datetime) -> tuple[datetime, Cause | None]:
        if step.at_least is None or at - self.treated_at >= step.at_least:
            return at, None
        if step.instead_at is None:
            return self.treated_at + step.at_least, Cause.SOON
        return wall_clock(at.astimezone(self.zone).date(), step.instead_at, self.zone), Cause.SOON

    def _until(self, step: Step) -> datetime | None:
        until = self._moment(step.latest)
        if until is None or self.visit_at is None or step.needs != "visit":
            return until
        return min(until, self.visit_at)

    def _moment(self, moment: Moment) -> datetime | None:
        if moment.after is not None:
            return self.treated_at + moment.after
        if moment.before_visit is not None:
            return self.visit_at - moment.before_visit if self.visit_at is not None else None
        assert moment.day is not None
        assert moment.clock is not None
        return wall_clock(self.treated_at.astimezone(self.zone).date() + moment.day * _DAY, moment.clock, self.zone)
