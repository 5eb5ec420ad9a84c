"""What happens by itself around joining: it ends where nobody answers, and advice waits for a treatment to come."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot import logs
from bot.care import ENDED_UNFINISHED, JOINING, Note, NoteKind, PlanState
from bot.clock import from_us, to_us
from bot.core.care.asking import Asking
from bot.core.care.joining import UNFINISHED_AFTER
from bot.markup import plain
from bot.model import ChatId, Kind
from bot.services.enrolment_plans import Enrolments
from bot.services.plan_actions import PlanActions
from bot.services.post import Post
from bot.services.ticks import Handler, is_late
from bot.store import care, dues, joining_timers
from bot.store.engine import Tx

log = logs.get(__name__)


@dataclass(frozen=True)
class EnrolmentTimers:
    """Handlers for these due kinds."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {joining_timers.JOINING_OVER: self._over, joining_timers.ADVICE: self._advise}

    async def _over(self, tx: Tx, row: sa.RowMapping) -> None:
        """Nobody answered for two days: no question waits any more, and staff know. The patient may begin again."""
        bot_id, now = self.post.bot_id, self.post.clock.now()
        plan = await PlanActions(self.post).locked(tx, row["ref"])
        if plan is None or plan["state"] != PlanState.JOINING:
            return
        over_at = from_us(await joining_timers.joining_heard_us(tx, plan["id"]))
        if plan["chat_id"] != care.NO_CHAT:
            over_at += UNFINISHED_AFTER
        if over_at > now:
            await dues.plan(self.post.store, tx, bot_id, joining_timers.joining_over(plan["id"], over_at))
            return
        await PlanActions(self.post).end(tx, None, plan["id"], ENDED_UNFINISHED)
        text = plain(self.post.text(self.post.library.served.content.enrolment.note_unfinished))
        note = Note(NoteKind.NOTE, text)
        await care.add_notes(self.post.store, tx, bot_id, plan["id"], JOINING, [note], to_us(now))
        log.info("joining_unfinished", enrolment_id=plan["id"])

    async def _advise(self, tx: Tx, row: sa.RowMapping) -> None:
        """The advice that waited until after the treatment."""
        now = self.post.clock.now()
        plan = await PlanActions(self.post).locked(tx, row["ref"])
        if plan is None or plan["state"] != PlanState.OPEN or is_late(row, to_us(now)):
            return
        known = await care.plan(tx, self.post.bot_id, plan["id"])
        content = self.post.library.served.content
        if known is None or known.plan_id not in content.plans:
            return
        asking = Asking(content)
        text = asking.text(known, content.plans[known.plan_id].today, now)
        say = asking.say(known, text, kind=Kind.CHECK_IN)
        await Enrolments(self.post).say(tx, ChatId(plan["chat_id"]), say, row["dedupe_key"])
