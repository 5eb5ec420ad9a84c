"""Care plans as they begin: set up for a patient, asked for on the patient's phone, taken back within minutes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from bot import logs
from bot.care import JOINING, UNDONE, PlanState, Value
from bot.clock import MINUTE_US, to_us
from bot.content.plan import Plan, label_of
from bot.core.care.joining import KNOWN, NAME, OTHER, PHONE, UNFINISHED_AFTER, begin_joining
from bot.core.outcome import Say
from bot.core.replies import time_in_words
from bot.model import ChatId, Keys, Kind, Outgoing, PatientId, Payload, UserId
from bot.services.people import People
from bot.services.plan_actions import Happened, PlanActions
from bot.services.planner import Planner
from bot.services.post import Post
from bot.store import accounts, alerts, care, dues, enrolling, joining_timers
from bot.store.engine import Tx

log = logs.get(__name__)

UNDO_US = 10 * MINUTE_US
"""So long staff can take back what they set up."""


@dataclass(frozen=True, slots=True)
class NewPlan:
    """A care plan to be set up. `who`: the member of staff; None: the command line."""

    patient_id: PatientId
    chat_id: ChatId
    area: str
    side: str
    treated_at: datetime
    who: UserId | None
    visit_at: datetime | None = None
    is_child: bool = False
    careful: bool = True
    """What nobody has asked about yet counts as asking for care."""
    facts: Mapping[str, Value] = field(default_factory=dict)
    state: PlanState = PlanState.JOINING


@dataclass(frozen=True)
class Enrolments:
    """Makes and unmakes plans. The caller holds the chat's lock, and has checked the rights."""

    post: Post

    @property
    def plan(self) -> Plan | None:
        """The clinic's plan, the first where there are several; None: nobody can be enrolled."""
        return next(iter(self.post.library.served.content.plans.values()), None)

    # --- beginning --------------------------------------------------------------------------------------------------

    async def make(self, tx: Tx, new: NewPlan) -> tuple[int, bool]:
        """A new enrolment, and whether an older plan of the patient ended with it."""
        plan, bot_id, now_us = self.plan, self.post.bot_id, self.post.clock.now_us()
        assert plan is not None, "the caller looks whether there is a plan"
        old = await enrolling.running_plans(tx, bot_id, new.patient_id)
        for row in old:
            await PlanActions(self.post).end(tx, new.who, row["id"], enrolling.new_session(row))
        values = {
            "bot_id": bot_id,
            "patient_id": new.patient_id,
            "chat_id": new.chat_id,
            "plan_id": plan.id,
            "revision_id": self.post.library.served.revision_id,
            "treated_us": to_us(new.treated_at),
            "zone": self.post.library.served.content.clinic.zone.key,
            "area": new.area,
            "side": new.side,
            "podiatrist_id": await People(self.post).podiatrist_of(tx, new.who),
            "careful": new.careful,
            "facts": dict(new.facts),
            "is_child": new.is_child,
            "visit_us": to_us(new.visit_at) if new.visit_at is not None else None,
            "visit_seen_us": now_us if new.visit_at is not None else None,
            "state": new.state,
            "created_us": now_us,
            "created_by": new.who,
        }
        enrolment_id = await enrolling.add_plan(tx, values)
        await accounts.write_audit(tx, bot_id, new.who, "enrol", enrolment_id, now_us)
        log.info("enrolled", enrolment_id=enrolment_id)
        return enrolment_id, bool(old)

    async def begin(self, tx: Tx, enrolment_id: int) -> None:
        """Ask the patient, on their phone, once."""
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        row = await care.plan_row(tx, bot_id, enrolment_id)
        check_in_id = await care.begin_check_in(self.post.store, tx, bot_id, enrolment_id, JOINING, now_us)
        if row is None or check_in_id is None:
            return
        chat_id = ChatId(row["chat_id"])
        known = await self._known(tx, chat_id, PatientId(row["patient_id"]), row["label"])
        plans = (await care.plans_in(tx, bot_id, [chat_id])).get(chat_id, ())
        mine = next(one for one in plans if one.enrolment_id == enrolment_id)
        content = self.post.library.served.content
        say, change = begin_joining(content, mine, check_in_id, self.post.clock.now(), known)
        await care.apply(self.post.store, tx, bot_id, change, now_us)
        await self.say(tx, chat_id, say, f"join:{enrolment_id}")
        over = joining_timers.joining_over(enrolment_id, self.post.clock.now() + UNFINISHED_AFTER)
        await dues.plan(self.post.store, tx, bot_id, over)

    async def say(self, tx: Tx, chat_id: ChatId, say: Say, key: str) -> None:
        """Owe a message to a patient."""
        payload = Payload(say.text, say.buttons, keys=say.keys)
        out = Outgoing(chat_id, say.kind, payload, key, enrolment_id=say.enrolment_id)
        await self.post.enqueue(tx, out)

    async def _known(self, tx: Tx, chat_id: ChatId, patient_id: PatientId, label: str | None) -> dict[str, Value]:
        """The questions that need no answer, since it is known."""
        contact = await self.post.contacts.of(tx, patient_id)
        known = {NAME: bool(contact.name or label), PHONE: bool(contact.phone)}
        known[OTHER] = not (label and await self._unlabelled(tx, chat_id, patient_id))
        return {question: KNOWN for question, is_known in known.items() if is_known}

    async def _unlabelled(self, tx: Tx, chat_id: ChatId, patient_id: PatientId) -> bool:
        """Whether another patient of this chat has no name there; one that is known becomes it."""
        is_any = False
        for other in await enrolling.patients_in(tx, self.post.bot_id, chat_id):
            if other.patient_id == patient_id or other.label:
                continue
            name = (await self.post.contacts.of(tx, other.patient_id)).name
            if name:
                await enrolling.set_label(tx, self.post.bot_id, chat_id, other.patient_id, name.split()[0])
            is_any = is_any or not name
        return is_any

    # --- taking back ------------------------------------------------------------------------------------------------

    async def undo(self, tx: Tx, who: UserId, enrolment_id: int) -> bool:
        """Take a plan back, and let the one go on that it ended. False: it is too late, or was done before."""
        bot_id = self.post.bot_id
        row = await care.plan_row(tx, bot_id, enrolment_id)
        if row is None or self.post.clock.now_us() - row["created_us"] > UNDO_US:
            return False
        if row["state"] == PlanState.ENDED:
            return False
        if await PlanActions(self.post).end(tx, who, enrolment_id, UNDONE) is not Happened.DONE:
            return False
        if row["chat_id"] != care.NO_CHAT:  # who has not agreed yet still has our question on the screen
            text = self.post.text(self.post.library.served.content.enrolment.undone)
            say = Say(text, Kind.REPLY, enrolment_id=enrolment_id, keys=Keys())
            await self.say(tx, ChatId(row["chat_id"]), say, f"undone:{enrolment_id}")
        patient_id = PatientId(row["patient_id"])
        for old in await enrolling.ended_by(tx, bot_id, patient_id, row["created_us"]):
            await self._revive(tx, old)
        return True

    async def _revive(self, tx: Tx, row: sa.RowMapping) -> None:
        """A plan that a mistake had ended goes on as it stood; what is over meanwhile is left out."""
        state, reason = enrolling.before_new_session(row["reason"])
        is_on_phone = row["chat_id"] != care.NO_CHAT
        if state is PlanState.JOINING and is_on_phone:
            return  # its questions were taken back: staff would wait for an answer that cannot come
        if state is PlanState.OPEN and is_on_phone and await alerts.is_paused(tx, self.post.bot_id, row["chat_id"]):
            state, reason = PlanState.PAUSED, care.ALERT
        await care.set_plan(tx, row["id"], state=state, reason=reason, ended_us=None)
        if state is not PlanState.JOINING:
            await Planner(self.post).plan(tx, row["id"])

    # --- words ------------------------------------------------------------------------------------------------------

    def in_words(self, area: str, side: str, treated_at: datetime, visit_at: datetime | None = None) -> dict[str, str]:
        """The values of the sentences about a new plan."""
        plan, replies = self.plan, self.post.library.served.content.enrolment
        zone, now = self.post.library.served.content.clinic.zone, self.post.clock.now()
        return {
            "area": label_of(plan.areas if plan else (), area),
            "side": label_of(plan.sides if plan else (), side),
            "time": time_in_words(treated_at, now=now, zone=zone),
            "visit": time_in_words(visit_at, now=now, zone=zone) if visit_at is not None else replies.staff_no_visit,
        }
