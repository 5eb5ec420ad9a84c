"""Which check-in staff go through when they ring a patient without Telegram. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.care import Care
from bot.content.plan import Plan, Step
from bot.content.schema import Clinic
from bot.core.care.planning import plan_steps


def step_to_ask(plan: Plan, clinic: Clinic, care: Care, now: datetime) -> Step | None:
    """The newest check-in whose day has come, unless it was answered; None where none has.

    Its day, not its hour: staff ring when they can, and what one before it would ask belongs to another day.
    """
    zone = ZoneInfo(care.zone)
    today = now.astimezone(zone).date()
    steps = plan_steps(plan, clinic, zone, care.treated_at, care.treated_at, care.visit_at)
    come = [one for one in steps if one.at is not None and one.at.astimezone(zone).date() <= today]
    newest = max(come, key=lambda one: one.at or now, default=None)
    return plan.by_id[newest.step_id] if newest is not None and newest.step_id not in care.answers else None
