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
from bot.services.visit_changes import note_changes
from bot.store import accounts, care, chats, dues, enrolling, enrolling_lists, joining_timers, messages, patient_list
from bot.store.contacts import Contacts
from bot.store.engine import Store, Tx

_NEVER_BEGAN = frozenset({UNDONE, ENDED_UNFINISHED})
"""Why a plan may have ended that does not stand for its treatment."""


AT_ONCE = 200
"""Rows that are written together, between two steps of the progress bar."""


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
    is_other_age: bool = False
    """The plan was made for a child and the row is about none, or the other way round: the plan stays as it is."""
    problem: str = ""

    @property
    def in_words(self) -> str:
        """What the row does, without a word about who it is."""
        known = f"known by {self.by}" if self.by not in {None, By.REFERENCE} else ""
        changed = [f"{name} changed" for name in self.details] if self.patient_id is not None else []
        does = "" if changed and self.does is Does.SAME else self.does.value
        other_age = "whether it is a child stays as it was: to change it, end the plan" if self.is_other_age else ""
        return "; ".join(filter(None, (does, *changed, known, other_age)))


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
        plans = await enrolling_lists.plans_of(tx, {one.patient_id for row in rows for one in people.maybe(*_who(row))})
        planned = [self._one(row, people, plans) for row in rows]
        rows_of = Counter(one.patient_id for one in planned)
        problem = "another row is about the same patient"
        return [
            replace(one, problem=problem) if one.patient_id is not None and rows_of[one.patient_id] > 1 else one
            for one in planned
        ]

    def _one(self, row: Appointment, people: People, plans: Mapping[PatientId, Sequence[sa.RowMapping]]) -> Planned:
        treated_us = to_us(row.treated_at)
        namesakes = [one.patient_id for one in people.namesakes(*_who(row))]
        then = {id_ for id_ in namesakes if any(plan["treated_us"] == treated_us for plan in plans.get(id_, ()))}
        found = people.whose(row.reference, row.name, row.phone, then)
        if found.problem:
            return Planned(row, Does.NOTHING, problem=found.problem)
        if found.person is None:
            return Planned(row, Does.NEW, details=_given(row))
        person = found.person
        planned = Planned(row, Does.SESSION, person.patient_id, by=found.by, details=_changed(row, person))
        theirs = plans.get(person.patient_id, ())
        running = [plan for plan in theirs if plan["state"] != PlanState.ENDED]
        if (plan := self._of_that_day(running, row)) is not None:
            is_other_age = row.is_child is not None and row.is_child is not bool(plan["is_child"])
            return replace(planned, does=_visit_does(plan, row), enrolment_id=plan["id"], is_other_age=is_other_age)
        for ended in theirs:
            if ended["treated_us"] == treated_us and ended["reason"] not in _NEVER_BEGAN:
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
        revision_id = (await accounts.account(tx, self.bot_id))["revision_id"]
        done: list[Done] = []
        for start in range(0, len(planned), AT_ONCE):
            some = planned[start : start + AT_ONCE]
            done += await self._do_some(tx, some, revision_id)
            for _ in some:
                advance()
        if any(one.does in {Does.VISIT, Does.CANCELLED} for one in planned):
            # The running bot then plans what waits anew.
            await dues.plan(self.store, tx, self.bot_id, replan(self.now, f"list:{to_us(self.now)}"))
        await accounts.write_audit(tx, self.bot_id, None, "enrol_list", len(done), to_us(self.now))
        return done

    async def _do_some(self, tx: Tx, planned: Sequence[Planned], revision_id: int | None) -> list[Done]:
        """The same for some rows, in few statements."""
        now_us, is_new = to_us(self.now), {Does.NEW, Does.SESSION}
        unknown = [one for one in planned if one.patient_id is None]
        made = await enrolling_lists.new_patients(self.store, tx, self.bot_id, len(unknown), now_us)
        await self.contacts.add(tx, {id_: one.details for id_, one in zip(made, unknown, strict=True)}, now_us)
        fresh = iter(made)
        whose = [(next(fresh) if one.patient_id is None else one.patient_id, one) for one in planned]
        await self._change_known(tx, planned)
        rows = [self._values(one.row, patient_id, revision_id) for patient_id, one in whose if one.does in is_new]
        ids = await enrolling_lists.add_plans(tx, rows)
        of_plan = {enrolment_id: patient_id for patient_id, enrolment_id in ids.items()}
        tokens = await enrolling.new_links(tx, self.bot_id, of_plan, now_us)
        over_at = from_us(now_us + enrolling.LINK_LASTS_US)
        await dues.plan_all(self.store, tx, self.bot_id, [joining_timers.joining_over(id_, over_at) for id_ in tokens])
        codes = await enrolling_lists.codes_of(tx, {patient_id for patient_id, _ in whose})
        return [
            Done(one, codes[patient_id], tokens[ids[patient_id]] if one.does in is_new else "")
            for patient_id, one in whose
        ]

    async def _change_known(self, tx: Tx, planned: Sequence[Planned]) -> None:
        """Keep what is new about patients who were known; end the plans before a new session, move next visits."""
        now_us = to_us(self.now)
        for one in planned:
            if one.patient_id is not None and one.details:
                await self.contacts.save(tx, one.patient_id, now_us, **one.details)
        again = {one.patient_id for one in planned if one.patient_id is not None and one.does is Does.SESSION}
        for plans in (await enrolling_lists.plans_of(tx, again)).values():
            for old in plans:
                if old["state"] != PlanState.ENDED:
                    await self._end(tx, old, now_us)
        visits = {
            one.enrolment_id: to_us(one.row.visit_at) if one.row.visit_at is not None else None
            for one in planned
            if one.enrolment_id is not None and one.does in {Does.VISIT, Does.CANCELLED, Does.SAME, Does.OVER}
        }
        await note_changes(self.store, tx, self.bot_id, self.content, visits, self.now)
        await enrolling_lists.set_visits(tx, visits, now_us)

    async def _end(self, tx: Tx, plan: sa.RowMapping, now_us: int) -> None:
        reason = enrolling.new_session(plan)
        change = CareChange(plan["id"], answered=False, state=PlanState.ENDED, reason=reason)
        await care.apply(self.store, tx, self.bot_id, change, now_us)
        waiting = await patient_list.unsent(tx, self.bot_id, plan["id"], ChatId(plan["chat_id"]))
        await messages.cancel(tx, self.bot_id, waiting, "plan_ended")

    def _values(self, row: Appointment, patient_id: PatientId, revision_id: int | None) -> dict[str, Any]:
        now_us = to_us(self.now)
        return {
            "bot_id": self.bot_id,
            "patient_id": patient_id,
            "chat_id": care.NO_CHAT,  # until somebody opens the link
            "plan_id": next(iter(self.content.plans)),
            "revision_id": revision_id,
            "treated_us": to_us(row.treated_at),
            "zone": self.content.clinic.time_zone,
            "area": row.area,
            "side": row.side,
            "careful": True,  # until the patient has answered
            "facts": dict(row.facts),
            "is_child": bool(row.is_child),
            "visit_us": to_us(row.visit_at) if row.visit_at is not None else None,
            "visit_seen_us": now_us if row.visit_at is not None else None,
            "state": PlanState.JOINING,
            "created_us": now_us,
        }


def _who(row: Appointment) -> tuple[str, str]:
    return row.reference, row.name


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
