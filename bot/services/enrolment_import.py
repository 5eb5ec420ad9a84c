"""What a list of appointments would change, row by row; and doing it, all or nothing.

Who is known already, by reference or by name with phone or treatment time, stays one patient: the visit is moved or
cancelled, a new phone number is kept, and a treatment on another day is a new session. Whoever is new gets a personal
link. No message goes out from here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.care import ENDED_UNFINISHED, UNDONE, CareChange, PlanState
from bot.clock import from_us, to_us
from bot.content.schema import Content
from bot.core.care.recognising import By, People, Person, is_same_number, name_key
from bot.model import BotId, ChatId, PatientId
from bot.services.enrolment_list import Appointment
from bot.services.planner import replan
from bot.store import accounts, care, chats, dues, enrolling, joining_timers, messages, patient_list
from bot.store.contacts import Contacts
from bot.store.engine import Store, Tx

_NEVER_BEGAN = frozenset({UNDONE, ENDED_UNFINISHED})
"""Why a plan may have ended that does not stand for its treatment."""


class Does(StrEnum):
    """What a row does."""

    NEW = "new patient, gets a link"
    SESSION = "new session of a known patient, gets a link"
    VISIT = "next visit set or moved"
    CANCELLED = "next visit cancelled"
    SAME = "nothing new"
    OVER = "the plan after this treatment has ended"
    NOTHING = "nothing can be done"


@dataclass(frozen=True, slots=True)
class Planned:
    """What a row does, and to whom. `problem`: it cannot be done, so nothing of the list is."""

    row: Appointment
    does: Does
    patient_id: PatientId | None = None
    enrolment_id: int | None = None
    by: By | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    """Columns of `contact` that change."""
    problem: str = ""

    @property
    def in_words(self) -> str:
        """What the row does, without a word about who it is."""
        known = f"known by {self.by}" if self.by not in {None, By.REFERENCE} else ""
        changed = [f"{name} changed" for name in self.details] if self.patient_id is not None else []
        does = "" if changed and self.does is Does.SAME else self.does.value
        return "; ".join(filter(None, (does, *changed, known)))


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a row. `token`: of the personal link, which is told here and never again."""

    planned: Planned
    code: str
    token: str = ""


@dataclass(frozen=True)
class Appointments:
    """Compares rows with the database and writes them. `now`: domain time, aware UTC."""

    store: Store
    bot_id: BotId
    contacts: Contacts
    content: Content
    now: datetime

    # --- deciding ---------------------------------------------------------------------------------------------------

    async def decide(self, tx: Tx, rows: Sequence[Appointment]) -> list[Planned]:
        """What each row does."""
        everybody = await self.contacts.everybody(tx, self.bot_id)
        people = People.of(
            Person(patient_id, known.reference or "", known.name or "", known.phone or "")
            for patient_id, known in everybody
        )
        planned = [await self._one(tx, row, people) for row in rows]
        rows_of = Counter(one.patient_id for one in planned)
        problem = "another row is about the same patient"
        return [
            replace(one, problem=problem) if one.patient_id is not None and rows_of[one.patient_id] > 1 else one
            for one in planned
        ]

    async def _one(self, tx: Tx, row: Appointment, people: People) -> Planned:
        treated_us = to_us(row.treated_at)
        namesakes = [one.patient_id for one in people.namesakes(row.reference, row.name)]
        then = {plan["patient_id"] for plan in await enrolling.plans_at(tx, self.bot_id, namesakes, treated_us)}
        found = people.whose(row.reference, row.name, row.phone, then)
        if found.problem:
            return Planned(row, Does.NOTHING, problem=found.problem)
        if found.person is None:
            return Planned(row, Does.NEW, details=_given(row))
        person = found.person
        planned = Planned(row, Does.SESSION, person.patient_id, by=found.by, details=_changed(row, person))
        running = await enrolling.running_plans(tx, self.bot_id, person.patient_id)
        if (plan := self._of_that_day(running, row)) is not None:
            return replace(planned, does=_visit_does(plan, row), enrolment_id=plan["id"])
        for ended in await enrolling.plans_at(tx, self.bot_id, [person.patient_id], treated_us):
            if ended["reason"] not in _NEVER_BEGAN:
                return replace(planned, does=Does.OVER, enrolment_id=ended["id"])
        return planned

    def _of_that_day(self, plans: Iterable[sa.RowMapping], row: Appointment) -> sa.RowMapping | None:
        """The plan after a treatment on the day of the row's."""
        zone = self.content.clinic.zone
        day = row.treated_at.astimezone(zone).date()
        return next((one for one in plans if from_us(one["treated_us"]).astimezone(zone).date() == day), None)

    # --- doing ------------------------------------------------------------------------------------------------------

    async def do(self, tx: Tx, planned: Sequence[Planned], advance: Callable[[], None]) -> list[Done]:
        """Write all rows, none of which has a problem; the caller commits. `advance` is called after each."""
        known = [one.patient_id for one in planned if one.patient_id is not None]
        for chat_id in await enrolling.chats_with_plans(tx, self.bot_id, known):  # in the order others lock them in
            await chats.lock_chat(tx, self.bot_id, chat_id)
        done = []
        for one in planned:
            is_new = one.does in {Does.NEW, Does.SESSION}
            done.append(await (self._enrol(tx, one) if is_new else self._visit(tx, one)))
            advance()
        if any(one.does in {Does.VISIT, Does.CANCELLED} for one in planned):
            # The running bot then plans what waits anew.
            await dues.plan(self.store, tx, self.bot_id, replan(self.now, f"list:{to_us(self.now)}"))
        await accounts.write_audit(tx, self.bot_id, None, "enrol_list", len(done), to_us(self.now))
        return done

    async def _visit(self, tx: Tx, one: Planned) -> Done:
        assert one.enrolment_id is not None
        assert one.patient_id is not None
        if one.details:
            await self.contacts.save(tx, one.patient_id, to_us(self.now), **one.details)
        if one.does is not Does.OVER:
            visit_us = to_us(one.row.visit_at) if one.row.visit_at is not None else None
            await care.set_plan(tx, one.enrolment_id, visit_us=visit_us, visit_seen_us=to_us(self.now))
        row = await care.plan_row(tx, self.bot_id, one.enrolment_id)
        assert row is not None, one.enrolment_id
        return Done(one, row["code"])

    async def _enrol(self, tx: Tx, one: Planned) -> Done:
        now_us, patient_id = to_us(self.now), one.patient_id
        if patient_id is None:
            patient_id, _ = await chats.new_patient(self.store, tx, self.bot_id, now_us)
        if one.details:
            await self.contacts.save(tx, patient_id, now_us, **one.details)
        for old in await enrolling.running_plans(tx, self.bot_id, patient_id):
            await self._end(tx, old, now_us)
        enrolment_id = await enrolling.add_plan(tx, await self._values(tx, one.row, patient_id, now_us))
        token = await enrolling.new_link(tx, self.bot_id, patient_id, enrolment_id, None, now_us)
        over = joining_timers.joining_over(enrolment_id, from_us(now_us + enrolling.LINK_LASTS_US))
        await dues.plan(self.store, tx, self.bot_id, over)
        made = await care.plan_row(tx, self.bot_id, enrolment_id)
        assert made is not None, enrolment_id
        return Done(one, made["code"], token)

    async def _end(self, tx: Tx, plan: sa.RowMapping, now_us: int) -> None:
        reason = enrolling.new_session(plan)
        change = CareChange(plan["id"], answered=False, state=PlanState.ENDED, reason=reason)
        await care.apply(self.store, tx, self.bot_id, change, now_us)
        waiting = await patient_list.unsent(tx, self.bot_id, plan["id"], ChatId(plan["chat_id"]))
        await messages.cancel(tx, self.bot_id, waiting, "plan_ended")

    async def _values(self, tx: Tx, row: Appointment, patient_id: PatientId, now_us: int) -> dict[str, Any]:
        account = await accounts.account(tx, self.bot_id)
        return {
            "bot_id": self.bot_id,
            "patient_id": patient_id,
            "chat_id": care.NO_CHAT,  # until somebody opens the link
            "plan_id": next(iter(self.content.plans)),
            "revision_id": account["revision_id"],
            "treated_us": to_us(row.treated_at),
            "zone": self.content.clinic.time_zone,
            "area": row.area,
            "side": row.side,
            "careful": True,  # until the patient has answered
            "facts": dict(row.facts),
            "is_child": False,
            "visit_us": to_us(row.visit_at) if row.visit_at is not None else None,
            "visit_seen_us": now_us if row.visit_at is not None else None,
            "state": PlanState.JOINING,
            "created_us": now_us,
        }


def _given(row: Appointment) -> dict[str, str]:
    details = {"reference": row.reference, "name": row.name, "phone": row.phone}
    return {name: value for name, value in details.items() if value}


def _changed(row: Appointment, person: Person) -> dict[str, str]:
    """What the row says of a known patient that we did not know, or not so."""
    same = {
        "reference": row.reference == person.reference,
        "name": name_key(row.name) == name_key(person.name),
        "phone": is_same_number(row.phone, person.phone),
    }
    return {name: value for name, value in _given(row).items() if not same[name]}


def _visit_does(plan: sa.RowMapping, row: Appointment) -> Does:
    visit_at = from_us(plan["visit_us"]) if plan["visit_us"] is not None else None
    if visit_at == row.visit_at:
        return Does.SAME
    return Does.VISIT if row.visit_at else Does.CANCELLED
