"""Check-ins when their time has come: sent, moved or left out with a reason; put-off questions; the one reminder; the
silence after a question that decides an alert.

Each timer looks at the plan as it then is: a plan that was paused or ended meanwhile asks for nothing any more.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import logs
from bot.care import JOINING, Care, Note, NoteKind, OpenCheckIn, PlanState
from bot.clock import from_us, to_us
from bot.content.plan import Plan, Step
from bot.core.care.asking import Asking
from bot.core.care.checking_in import CheckIns as Talk
from bot.core.care.joining import left_joining
from bot.core.care.planning import Fate, Now, at_its_time, reminder_at, until_now
from bot.core.care.slots import Cause, is_from_visit
from bot.core.outcome import Outcome
from bot.model import ChatId
from bot.services.effects import Decided, Effects, Snapshot, look_for_timer, seen_about
from bot.services.phone_answers import PhoneAnswers
from bot.services.planner import Planner
from bot.services.policy import ClinicPolicy
from bot.services.post import Post
from bot.services.ticks import Handler, is_late
from bot.store import care as plans
from bot.store import dues, messages
from bot.store.engine import Tx
from bot.store.planned import Slot

log = logs.get(__name__)

REMINDER_PART = "reminder"


@dataclass(frozen=True, slots=True)
class Visit:
    """A patient's plan at a due moment, read under the chat's lock."""

    care: Care
    plan: Plan
    seen: Snapshot

    @property
    def is_waiting(self) -> bool:
        """Whether a check-in that was sent before has no answer yet. Whoever answered a part of it is there, slowly."""
        open_ = self.care.open  # one who stopped half-way through joining has left no check-in unanswered
        if open_ is None or open_.asked is None or open_.step_id == JOINING:
            return False
        return open_.answered_at is None

    def with_care(self, care: Care) -> Self:
        """The same with this plan as it stands now."""
        plans_now = tuple(care if one.enrolment_id == care.enrolment_id else one for one in self.seen.occasion.care)
        occasion = replace(self.seen.occasion, care=plans_now)
        return replace(self, care=care, seen=replace(self.seen, occasion=occasion))


@dataclass(frozen=True)
class CheckIns:
    """Handlers for the due kinds of care plans."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        mine: dict[str, Handler] = {
            plans.CHECK_IN: self._step,
            plans.LATER: self._later,
            plans.UNANSWERED: self._unanswered,
            plans.REMINDER: self._remind,
        }
        return mine | Planner(self.post).handlers

    # --- a step -----------------------------------------------------------------------------------------------------

    async def _step(self, tx: Tx, row: sa.RowMapping) -> None:
        visit = await self._visit(tx, row["ref"])
        step = visit.plan.by_id.get(row["part"]) if visit is not None else None
        if visit is None or step is None:
            return
        if visit.care.state is PlanState.PAUSED:
            await self._left_out(tx, visit, step, Cause.PAUSED)
            return
        if visit.care.state is not PlanState.OPEN:
            return
        now = self.post.clock.now()
        if is_late(row, to_us(now)) and not is_from_visit(step):  # the visit may be another since it was planned
            await self._left_out(tx, visit, step, "too late")
            return
        fate = await self._fate(tx, visit, step, row, now)
        if fate.fate is Fate.MOVE:
            assert fate.at is not None
            until = until_now(step, _until(row), visit.care.visit_at)
            key = Slot(step.id, to_us(fate.at), to_us(until) if until is not None else None).key(row["ref"])
            timer = dues.Due(plans.CHECK_IN, fate.at, key, until=until, ref=row["ref"], part=step.id)
            await dues.plan(self.post.store, tx, self.post.bot_id, timer)
        elif fate.fate is Fate.DROP:
            await self._left_out(tx, visit, step, fate.why)
        else:
            await self._send(tx, row, visit, step)

    async def _send(self, tx: Tx, row: sa.RowMapping, visit: Visit, step: Step) -> None:
        silenced = await self._before(tx, visit)
        if (silenced or visit.care.silent) and not step.despite_silence:
            await self._left_out(tx, visit, step, Cause.SILENT)
            return
        of_step = (visit.care.enrolment_id, step.id, self.post.clock.now_us())
        check_in_id = await plans.begin_check_in(self.post.store, tx, self.post.bot_id, *of_step)
        if check_in_id is None:
            return  # it was sent before
        if visit.care.open is None:  # nothing of what was read has changed but this
            begun = OpenCheckIn(check_in_id, step.id, self.post.clock.now(), asked=None)
            fresh = visit.with_care(replace(visit.care, open=begun, lapsed=None))
        else:
            again = await self._visit(tx, visit.care.enrolment_id)
            assert again is not None
            fresh = again
        carried = self._carried(fresh, step)
        conversation = self.post.library.served.conversation
        outcome = conversation.on_check_in(
            fresh.care, step, check_in_id, fresh.seen.state, fresh.seen.occasion, carried=carried
        )
        await self._do(tx, row, fresh, outcome)
        await self._plan_reminder(tx, fresh, step, check_in_id)
        log.info("check_in_sent", due_id=row["id"], check_in_id=check_in_id)

    async def _before(self, tx: Tx, visit: Visit) -> bool:
        """What an unanswered check-in leads to as the next one falls due: the next one is the reminder, once; after a
        reminder the plan falls silent. True when it does so now."""
        if visit.care.open is None:
            return False
        now_us = self.post.clock.now_us()
        if not (visit.is_waiting and visit.care.reminded):
            if visit.is_waiting:
                await plans.set_plan(tx, visit.care.enrolment_id, reminded_us=now_us)
            content = self.post.library.served.content
            is_joining = visit.care.open.step_id == JOINING
            change = left_joining(content, visit.care) if is_joining else Talk(content).replaced(visit.care)
            await plans.apply(self.post.store, tx, self.post.bot_id, change, now_us)
            return False
        change = Talk(self.post.library.served.content).silenced(visit.care)
        await plans.apply(self.post.store, tx, self.post.bot_id, change, now_us)
        await plans.set_plan(tx, visit.care.enrolment_id, silent_us=now_us)
        return True

    def _carried(self, visit: Visit, step: Step) -> str:
        """The advice of the step that this one speaks for, where that one was never sent."""
        is_known = step.carries in visit.care.answers
        carried = visit.plan.by_id.get(step.carries) if step.carries is not None and not is_known else None
        paragraphs = carried.advice.split("\n\n") if carried is not None else ()
        return "\n\n".join(part for part in paragraphs if "{next}" not in part)  # this one tells it as it closes

    async def _fate(self, tx: Tx, visit: Visit, step: Step, row: sa.RowMapping, now: datetime) -> Now:
        zone = ZoneInfo(visit.care.zone)
        today = await self._sent_today(tx, visit, now)
        clinic = self.post.library.served.content.clinic
        return at_its_time(step, clinic, zone, _until(row), now, today, visit.care.visit_at)

    async def _left_out(self, tx: Tx, visit: Visit, step: Step, why: str) -> None:
        """Staff see what was not sent, and why."""
        template = self.post.library.served.content.patient_list.step_left_out
        await self._note(tx, visit, step, NoteKind.LATE, template, why)

    async def _not_asked(self, tx: Tx, visit: Visit) -> None:
        """Staff see that a question which was put off was not asked while the plan is paused."""
        assert visit.care.open is not None, "the caller looks whether a check-in is open"
        if (step := visit.plan.by_id.get(visit.care.open.step_id)) is not None:
            template = self.post.library.served.content.patient_list.question_left_out
            await self._note(tx, visit, step, NoteKind.CALL, template, Cause.PAUSED)

    async def _note(self, tx: Tx, visit: Visit, step: Step, kind: NoteKind, template: str, why: str) -> None:
        text = Asking(self.post.library.served.content).own_plain(template, step=step.code, why=why)
        now_us, note = self.post.clock.now_us(), Note(kind, text)
        await plans.add_notes(self.post.store, tx, self.post.bot_id, visit.care.enrolment_id, step.id, [note], now_us)

    # --- a question that was put off, the reminder ------------------------------------------------------------------

    async def _later(self, tx: Tx, row: sa.RowMapping) -> None:
        visit = await self._with_open(tx, row["ref"])
        if visit is None:
            return
        if visit.care.state is PlanState.PAUSED:  # staff have to know: it may be whether the bleeding has stopped
            await self._not_asked(tx, visit)
            return
        conversation = self.post.library.served.conversation
        outcome = conversation.on_later(visit.care, row["part"], visit.seen.state, visit.seen.occasion)
        await self._do(tx, row, visit, outcome)

    async def _unanswered(self, tx: Tx, row: sa.RowMapping) -> None:
        visit = await self._with_open(tx, row["ref"])
        if visit is None:  # closed, or alerted: a plan that waits for staff is paused; or it is staff who are asked
            await PhoneAnswers(self.post).unanswered(tx, row["ref"], row["part"])
            return
        conversation = self.post.library.served.conversation
        outcome = conversation.on_unanswered(visit.care, row["part"], visit.seen.state, visit.seen.occasion)
        if outcome.understanding is None:
            return
        await self._do(tx, row, visit, outcome)
        log.info("check_in_unanswered", due_id=row["id"], check_in_id=row["ref"])

    async def _plan_reminder(self, tx: Tx, visit: Visit, step: Step, check_in_id: int) -> None:
        """The one reminder; an unanswered first check-in is reminded of by the second."""
        if visit.care.reminded or visit.plan.steps[0].id == step.id or step.despite_silence:
            return
        now = self.post.clock.now()
        clinic = self.post.library.served.content.clinic
        at = reminder_at(visit.plan, clinic, ZoneInfo(visit.care.zone), now, now)
        key = f"{plans.REMINDER}:{check_in_id}"
        timer = dues.Due(plans.REMINDER, at, key, ref=visit.care.enrolment_id, part=REMINDER_PART)
        await dues.plan(self.post.store, tx, self.post.bot_id, timer)

    async def _remind(self, tx: Tx, row: sa.RowMapping) -> None:
        visit = await self._visit(tx, row["ref"])
        if visit is None or visit.care.state is not PlanState.OPEN or visit.care.reminded or not visit.is_waiting:
            return
        say = Talk(self.post.library.served.content).remind(visit.care)
        await self._do(tx, row, visit, Outcome(visit.seen.state, (say,)))
        await plans.set_plan(tx, visit.care.enrolment_id, reminded_us=self.post.clock.now_us())

    # --- helpers ----------------------------------------------------------------------------------------------------

    async def _with_open(self, tx: Tx, check_in_id: int) -> Visit | None:
        """The plan of a check-in that is still its open one; one that staff have paused meanwhile, too: nobody but the
        patient knows yet what the answer would have been."""
        enrolment_id = await plans.plan_of_check_in(tx, check_in_id)
        visit = await self._visit(tx, enrolment_id) if enrolment_id is not None else None
        if visit is None or visit.care.state not in {PlanState.OPEN, PlanState.PAUSED}:
            return None
        return visit if visit.care.open is not None and visit.care.open.id == check_in_id else None

    async def _visit(self, tx: Tx, enrolment_id: int) -> Visit | None:
        """The plan as it is now, under the lock of its chat; None where there is nobody to write to."""
        bot_id, served = self.post.bot_id, self.post.library.served
        row = await plans.plan_row(tx, bot_id, enrolment_id)
        plan = served.content.plans.get(row["plan_id"]) if row is not None else None
        if row is None or plan is None or row["chat_id"] == plans.NO_CHAT:
            return None
        seen = await look_for_timer(self.post, tx, ChatId(row["chat_id"]))
        care = next((one for one in seen.occasion.care if one.enrolment_id == enrolment_id), None) if seen else None
        if seen is None or care is None:
            return None
        return Visit(care, plan, seen_about(seen, care))

    async def _do(self, tx: Tx, row: sa.RowMapping, visit: Visit, outcome: Outcome) -> None:
        effects = Effects(self.post, tx, self.post.library.served.revision_id)
        await effects.apply([Decided(row["id"], None, visit.seen, outcome)])

    async def _sent_today(self, tx: Tx, visit: Visit, now: datetime) -> int:
        """Bot-started messages that this chat got, or is getting, on its local day."""
        day = ClinicPolicy(self.post.library).day_start(now, visit.care.zone)
        chat_id = visit.seen.patient.chat_id
        return (await messages.capped_today(tx, self.post.bot_id, {chat_id: to_us(day)}))[chat_id]


def _until(row: sa.RowMapping) -> datetime | None:
    return from_us(row["until_us"]) if row["until_us"] is not None else None
