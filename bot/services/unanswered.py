"""The time for an answer that decides whether somebody has to act, whoever is to give it: the patient, or staff on the
phone with one."""

from bot.care import Care, CareChange
from bot.clock import MINUTE_US, to_us
from bot.core.care.unanswered import Unanswered
from bot.services.post import Post
from bot.store import care as plans
from bot.store import dues
from bot.store.engine import Tx


async def wait_for_answer(post: Post, tx: Tx, known: Care, change: CareChange) -> None:
    """Silence after a question that decides an alert is looked at; nothing takes the timer back, an answered question
    asks for nothing any more. `known`: the plan as it was before `change`."""
    at = Unanswered(post.library.served.content).look_at(known, change, post.clock.now())
    if at is None or change.open is None:
        return
    minute = to_us(at) // MINUTE_US  # asked again after another answer, it gets a time of its own
    key = f"{plans.UNANSWERED}:{change.open.id}:{change.open.asked}:{minute}"
    timer = dues.Due(plans.UNANSWERED, at, key, ref=change.open.id, part=change.open.asked)
    await dues.plan(post.store, tx, post.bot_id, timer)
