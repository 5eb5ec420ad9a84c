"""Timers around joining: it ends where nobody answers, and advice waits for a treatment that is still to come."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.care import JOINING
from bot.clock import to_us
from bot.store.dues import Due
from bot.store.engine import Tx
from bot.store.tables import check_in, enrol_link

JOINING_OVER, ADVICE = "joining_over", "advice_for_today"
"""Due kinds; `ref` is the enrolment."""
_ADVICE_LASTS = timedelta(hours=9)
"""Advice for the day of the treatment is of no use on the next."""


def joining_over(enrolment_id: int, at: datetime) -> Due:
    """The timer that ends joining, unless somebody did something meanwhile."""
    key = f"{JOINING_OVER}:{enrolment_id}:{to_us(at)}"
    return Due(JOINING_OVER, at, key, ref=enrolment_id)


def advice(enrolment_id: int, at: datetime) -> Due:
    """The timer that gives the advice for the day."""
    return Due(ADVICE, at, f"{ADVICE}:{enrolment_id}", until=at + _ADVICE_LASTS, ref=enrolment_id)


async def joining_heard_us(tx: Tx, enrolment_id: int) -> int:
    """When somebody last did something on joining: answered, was asked, or got a link that works until then."""
    asked = sa.select(sa.func.max(sa.func.coalesce(check_in.c.answered_us, check_in.c.sent_us))).where(
        check_in.c.enrolment_id == enrolment_id, check_in.c.step_id == JOINING
    )
    linked = sa.select(sa.func.max(enrol_link.c.expires_us)).where(
        enrol_link.c.enrolment_id == enrolment_id, enrol_link.c.used_us.is_(None)
    )
    return max(await tx.scalar(asked) or 0, await tx.scalar(linked) or 0)
