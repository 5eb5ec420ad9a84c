"""What staff do to a care plan: pause it, let it go on, end it, put the next check-in off, mark a note done.

Each holds the lock of the patient's chat, does nothing the second time, and is noted with who did it. Rights are
checked by whoever calls (`services/staff.py`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import logs
from bot.care import CareChange, PlanState
from bot.clock import from_us, to_us
from bot.content.plan import Step
from bot.core.care import moving
from bot.core.care.moving import Choice, Waiting, WhyNot
from bot.model import ChatId, PatientId, UserId
from bot.services.planner import Planner
from bot.services.post import Post
from bot.store import accounts, alerts, care, chats, enrolling, messages, patient_list
from bot.store.engine import Tx

log = logs.get(__name__)

STAFF = "staff"
"""Why a plan is paused or ended: somebody of the clinic wished it."""


class Happened(StrEnum):
    """What came of it."""

    DONE = "done"
    ALREADY = "already"
    """It was so before: nothing was changed."""
    GONE = "gone"
    """There is no such plan, or it has ended."""
    DANGER = "danger"
    """A pressing alert is open: it has to be closed first."""
    NOT_YET = "not_yet"
    """The patient has not agreed yet."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of putting a check-in off."""

    happened: Happened
    why_not: WhyNot | None = None


@dataclass(frozen=True)
class PlanActions:
    """Changes care plans for staff. `who`: the member of staff; None: the bot itself."""

    post: Post

    async def pause(self, tx: Tx, who: UserId | None, enrolment_id: int) -> Happened:
        """Ask nothing until staff let it go on. What waits to be sent is taken back."""
        row = await self.locked(tx, enrolment_id)
        if row is None or row["state"] == PlanState.ENDED:
            return Happened.GONE
        if row["state"] != PlanState.OPEN:
            return Happened.ALREADY if row["state"] == PlanState.PAUSED else Happened.NOT_YET
        await care.set_plan(tx, enrolment_id, state=PlanState.PAUSED, reason=STAFF)
        await self._take_back(tx, row, "plan_paused")
        await self._note(tx, who, "plan_pause", enrolment_id)
        return Happened.DONE

    async def resume(self, tx: Tx, who: UserId | None, enrolment_id: int) -> Happened:
        """Let a paused plan go on, or one that fell silent, with the check-ins whose time has not gone by."""
        row = await self.locked(tx, enrolment_id)
        if row is None or row["state"] == PlanState.ENDED:
            return Happened.GONE
        if row["state"] == PlanState.JOINING:
            return Happened.NOT_YET
        if row["state"] == PlanState.OPEN and row["silent_us"] is None:
            return Happened.ALREADY
        if await alerts.is_paused(tx, self.post.bot_id, ChatId(row["chat_id"]), PatientId(row["patient_id"])):
            return Happened.DANGER
        await care.set_plan(tx, enrolment_id, state=PlanState.OPEN, reason=None, silent_us=None)
        await Planner(self.post).plan(tx, enrolment_id)
        await self._note(tx, who, "plan_resume", enrolment_id)
        return Happened.DONE

    async def end(self, tx: Tx, who: UserId | None, enrolment_id: int, reason: str = STAFF) -> Happened:
        """No check-in comes any more. Questions are still answered."""
        row = await self.locked(tx, enrolment_id)
        if row is None:
            return Happened.GONE
        if row["state"] == PlanState.ENDED:
            return Happened.ALREADY
        change = CareChange(enrolment_id, answered=False, state=PlanState.ENDED, reason=reason)
        await care.apply(self.post.store, tx, self.post.bot_id, change, self.post.clock.now_us())
        await self._take_back(tx, row, "plan_ended")
        if row["chat_id"] == care.NO_CHAT:
            await enrolling.drop_calls(tx, enrolment_id, self.post.clock.now_us())
        await self._note(tx, who, "plan_end", enrolment_id)
        return Happened.DONE

    async def treats(self, tx: Tx, who: UserId, enrolment_id: int, podiatrist_id: UserId) -> Happened:
        """Say who treats the patient: alerts call that person first."""
        row = await self.locked(tx, enrolment_id)
        if row is None or row["state"] == PlanState.ENDED:
            return Happened.GONE
        if row["podiatrist_id"] == podiatrist_id:
            return Happened.ALREADY
        await care.set_plan(tx, enrolment_id, podiatrist_id=podiatrist_id)
        await self._note(tx, who, "plan_podiatrist", enrolment_id)
        return Happened.DONE

    async def resume_after_alert(self, tx: Tx, alert: sa.RowMapping) -> None:
        """What an alert paused that was none goes on by itself, unless another one is open. The caller holds the
        chat's lock."""
        chat_id, patient_id = ChatId(alert["chat_id"]), PatientId(alert["patient_id"])
        if await alerts.is_paused(tx, self.post.bot_id, chat_id, patient_id):
            return
        for row in await self.paused_by_alert(tx, alert):
            await self.resume(tx, None, row["id"])

    async def paused_by_alert(self, tx: Tx, alert: sa.RowMapping) -> list[sa.RowMapping]:
        """The plans that a pressing alert paused, of all who share its chat, with their patient's `code`."""
        chat_id, patient_id = ChatId(alert["chat_id"]), PatientId(alert["patient_id"])
        found = await patient_list.paused_with(tx, self.post.bot_id, chat_id, patient_id)
        return [row for row in found if row["reason"] == care.ALERT]

    # --- putting a check-in off -------------------------------------------------------------------------------------

    async def next_step(self, tx: Tx, enrolment_id: int) -> tuple[int, Waiting] | None:
        """The check-in that comes next, with its row in `due`; None when none does."""
        row = await care.plan_row(tx, self.post.bot_id, enrolment_id)
        steps = await patient_list.steps_of(tx, self.post.bot_id, enrolment_id)
        if row is None or not steps or (step := self._step(row, steps[0]["part"])) is None:
            return None
        next_at = from_us(steps[1]["due_us"]) if len(steps) > 1 else None
        until = from_us(steps[0]["until_us"]) if steps[0]["until_us"] is not None else None
        return steps[0]["id"], Waiting(step, from_us(steps[0]["due_us"]), until, next_at)

    async def choices(self, tx: Tx, enrolment_id: int) -> tuple[int, Waiting, tuple[Choice, ...]] | None:
        """The next check-in, with its row in `due`, and when it may come instead."""
        found = await self.next_step(tx, enrolment_id)
        row = await care.plan_row(tx, self.post.bot_id, enrolment_id)
        if found is None or row is None:
            return None
        due_id, waiting = found
        clinic, now = self.post.library.served.content.clinic, self.post.clock.now()
        return due_id, waiting, moving.choices(waiting, clinic, ZoneInfo(row["zone"]), now)

    async def move(self, tx: Tx, who: UserId | None, due_id: int, at: datetime) -> Moved:
        """Put the check-in of this row off until `at` (aware UTC), if it is still the next one of its plan."""
        step = await patient_list.step_by_id(tx, self.post.bot_id, due_id)
        row = await self.locked(tx, step["enrolment_id"]) if step is not None else None
        if row is None or row["state"] == PlanState.ENDED:
            return Moved(Happened.GONE)
        found = await self.next_step(tx, row["id"])  # as it is now that nobody else can change it
        if found is None or found[0] != due_id:
            return Moved(Happened.GONE)
        waiting = found[1]
        if waiting.due_at == at:
            return Moved(Happened.ALREADY)
        reason = moving.why_not(waiting, self.post.library.served.content.clinic, ZoneInfo(row["zone"]), at)
        if at <= self.post.clock.now() or at < waiting.due_at:
            reason = WhyNot.WINDOW  # the time that was offered has gone by
        if reason is not None:
            return Moved(Happened.GONE, reason)
        await patient_list.put_off(tx, due_id, to_us(at))
        await self._note(tx, who, "plan_move", row["id"])
        return Moved(Happened.DONE)

    # --- notes ------------------------------------------------------------------------------------------------------

    async def finish_note(self, tx: Tx, who: UserId, note_id: int) -> Happened:
        """Mark a note done."""
        now_us = self.post.clock.now_us()
        if not await care.finish_note(tx, self.post.bot_id, note_id, who, now_us):
            return Happened.ALREADY
        await accounts.write_audit(tx, self.post.bot_id, who, "note_done", note_id, now_us)
        return Happened.DONE

    # --- helpers ----------------------------------------------------------------------------------------------------

    async def locked(self, tx: Tx, enrolment_id: int) -> sa.RowMapping | None:
        """The plan as it is under its chat's lock, which it takes; None: there is no such plan."""
        bot_id = self.post.bot_id
        row = await care.plan_row(tx, bot_id, enrolment_id)
        if row is None or row["chat_id"] == care.NO_CHAT:
            return row
        await chats.lock_chat(tx, bot_id, ChatId(row["chat_id"]))
        return await care.plan_row(tx, bot_id, enrolment_id)

    def _step(self, row: sa.RowMapping, step_id: str) -> Step | None:
        plan = self.post.library.served.content.plans.get(row["plan_id"])
        return plan.by_id.get(step_id) if plan is not None else None

    async def _take_back(self, tx: Tx, row: sa.RowMapping, reason: str) -> None:
        waiting = await patient_list.unsent(tx, self.post.bot_id, row["id"], ChatId(row["chat_id"]))
        await messages.cancel(tx, self.post.bot_id, waiting, reason)

    async def _note(self, tx: Tx, who: UserId | None, action: str, enrolment_id: int) -> None:
        await accounts.write_audit(tx, self.post.bot_id, who, action, enrolment_id, self.post.clock.now_us())
        log.info(action, enrolment_id=enrolment_id)
