"""A list of appointments as CSV: what it would change, with every problem by line; and doing it, all or nothing.

A reference that is known already means the same patient: the visit is moved or cancelled, and a treatment on another
day is a new session. Whoever is new gets a personal link. No message goes out from here.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.care import CareChange, PlanState, Value
from bot.clock import from_us, to_us
from bot.content.plan import Plan
from bot.content.schema import Content
from bot.core.care.enrolling import LATEST, match_option, read_moment
from bot.core.care.joining import BY_STAFF, hear_phone
from bot.errors import Problem
from bot.model import BotId, ChatId, PatientId
from bot.services.planner import replan
from bot.store import accounts, care, chats, dues, enrolling, messages, patient_list
from bot.store.contacts import Contacts
from bot.store.engine import Store, Tx

COLUMNS = ("reference", "name", "phone", "area", "side", "treated", "visit", "careful")
AHEAD = timedelta(days=7)
"""A list may be prepared so long before the treatment."""
MAX_ROWS = 5_000
_YES, _NO = frozenset({"yes", "y", "x", "1", "true"}), frozenset({"", "no", "n", "0", "false", "none"})


class Does(StrEnum):
    """What a row does."""

    NEW = "new patient, gets a link"
    SESSION = "new session of a known patient, gets a link"
    VISIT = "next visit set or moved"
    CANCELLED = "next visit cancelled"
    SAME = "nothing new"


@dataclass(frozen=True, slots=True)
class Appointment:
    """One row, as read. Moments are aware UTC."""

    line: int
    reference: str
    name: str
    phone: str
    area: str
    side: str
    treated_at: datetime
    visit_at: datetime | None
    facts: Mapping[str, Value] = field(default_factory=dict)

    @property
    def whom(self) -> str:
        """What the clinic calls the patient."""
        return " · ".join(filter(None, (self.reference, self.name)))


@dataclass(frozen=True, slots=True)
class Planned:
    """What a row does, and to whom."""

    row: Appointment
    does: Does
    patient_id: PatientId | None = None
    enrolment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a row. `token`: of the personal link, which is told here and never again."""

    planned: Planned
    code: str
    token: str = ""


# --- reading ---------------------------------------------------------------------------------------------------------


def read(text: str, name: str, content: Content, now: datetime) -> tuple[list[Appointment], list[Problem]]:
    """The rows of a CSV file (`name` is for the problems), and all that is wrong with it, by line."""
    plan = next(iter(content.plans.values()), None)
    if plan is None:
        return [], [Problem(name, 1, "there is no care plan in the content folder that anybody could join")]
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    columns = [(column or "").strip().lower() for column in reader.fieldnames or ()]
    problems = list(_columns(columns, name))
    if problems:
        return [], problems
    rows, seen = [], dict[str, int]()
    reader.fieldnames = columns
    for number, raw in enumerate(reader, 1):
        if not any(value.strip() for value in raw.values() if isinstance(value, str)):
            continue
        reading = _Row({key: value.strip() for key, value in raw.items() if isinstance(value, str)}, reader.line_num)
        row = reading.appointment(content, plan, now)
        problems += [Problem(name, reader.line_num, text) for text in (*reading.problems, *_extra(raw))]
        if row is not None and row.reference:
            if row.reference in seen:
                problems.append(Problem(name, row.line, f"the reference stands in line {seen[row.reference]} already"))
            seen.setdefault(row.reference, row.line)
        if row is not None:
            rows.append(row)
        if number > MAX_ROWS:
            return [], [Problem(name, reader.line_num, f"more than {MAX_ROWS} rows; split the file")]
    return rows, problems


def _columns(columns: Sequence[str], name: str) -> Iterator[Problem]:
    for column in columns:
        if column not in COLUMNS:
            yield Problem(name, 1, f"there is no column '{column}'; there are {', '.join(COLUMNS)}")
    for column in ("area", "side", "treated"):
        if column not in columns:
            yield Problem(name, 1, f"the column '{column}' is missing")
    if not {"name", "reference"} & set(columns):
        yield Problem(name, 1, "a column 'reference' or 'name' is missing")


def _extra(raw: Mapping[Any, Any]) -> Iterator[str]:
    if None in raw:
        yield 'there are more values than columns; a value with a comma goes into "double quotes"'


class _Row:
    """Reads one row, and remembers what is wrong with it. What the row says is not repeated: it is about a patient."""

    def __init__(self, raw: Mapping[str, str], line: int) -> None:
        self._raw = raw
        self._line = line
        self.problems: list[str] = []

    def appointment(self, content: Content, plan: Plan, now: datetime) -> Appointment | None:
        """The row, or None where it cannot be used."""
        zone = content.clinic.zone
        area = match_option(self._raw.get("area", ""), plan.areas)
        side = match_option(self._raw.get("side", ""), plan.sides)
        if not area:
            self.problems.append(f"the area is none of {', '.join(one.label for one in plan.areas)}")
        if not side:
            self.problems.append(f"the side is none of {', '.join(one.label for one in plan.sides)}")
        treated_at = read_moment(self._raw.get("treated", ""), zone, now)
        if treated_at is None:
            self.problems.append("the treatment needs a date and a time, as 2026-12-12 10:00")
        elif not now - LATEST <= treated_at <= now + AHEAD:
            self.problems.append(f"treated more than {LATEST.days} days ago, or more than {AHEAD.days} days ahead")
        visit = self._raw.get("visit", "")
        visit_at = read_moment(visit, zone, now) if visit else None
        if visit and visit_at is None:
            self.problems.append("the next visit needs a date and a time, as 2026-12-12 10:00, or nothing")
        if visit_at is not None and (visit_at <= now or (treated_at is not None and visit_at <= treated_at)):
            self.problems.append("the next visit is in the past, or before the treatment")
        phone = self._raw.get("phone", "")
        if phone and hear_phone(phone) is None:
            self.problems.append("the phone number cannot be read; write it in digits")
        if not (self._raw.get("reference") or self._raw.get("name")):
            self.problems.append("there is neither a reference nor a name")
        facts = self._careful(plan)
        if self.problems or treated_at is None:
            return None
        reference, name = self._raw.get("reference", ""), self._raw.get("name", "")
        return Appointment(self._line, reference, name, phone, area, side, treated_at, visit_at, facts)

    def _careful(self, plan: Plan) -> dict[str, Value]:
        """What asks for care: the plan's ids or words, parted by semicolons, or just yes."""
        facts: dict[str, Value] = {}
        for word in (one.strip().lower() for one in self._raw.get("careful", "").split(";")):
            known = next(
                (one.id for one in plan.careful if word in {one.id, one.label.lower(), one.staff.lower()}), None
            )
            if known is not None:
                facts[known] = True
            elif word in _YES:
                facts[BY_STAFF] = True
            elif word not in _NO:
                ids = ", ".join(one.id for one in plan.careful)
                self.problems.append(f"careful is yes, no, or some of {ids}, parted by semicolons")
        return facts


# --- deciding, doing -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Appointments:
    """Compares rows with the database and writes them. `now`: domain time, aware UTC."""

    store: Store
    bot_id: BotId
    contacts: Contacts
    content: Content
    now: datetime

    async def decide(self, tx: Tx, rows: Sequence[Appointment]) -> list[Planned]:
        """What each row does."""
        known = await self.contacts.by_reference(tx, self.bot_id)
        return [await self._one(tx, row, known.get(row.reference)) for row in rows]

    async def _one(self, tx: Tx, row: Appointment, patient_id: PatientId | None) -> Planned:
        if patient_id is None:
            return Planned(row, Does.NEW)
        running = await enrolling.running_plans(tx, self.bot_id, patient_id)
        zone = self.content.clinic.zone
        for plan in running:
            if from_us(plan["treated_us"]).astimezone(zone).date() != row.treated_at.astimezone(zone).date():
                continue
            visit_at = from_us(plan["visit_us"]) if plan["visit_us"] is not None else None
            does = Does.SAME if visit_at == row.visit_at else Does.VISIT if row.visit_at else Does.CANCELLED
            return Planned(row, does, patient_id, plan["id"])
        return Planned(row, Does.SESSION, patient_id)

    async def do(self, tx: Tx, planned: Sequence[Planned], advance: Callable[[], None]) -> list[Done]:
        """Write all rows; the caller commits. `advance` is called after each."""
        done = []
        for one in planned:
            done.append(await (self._visit(tx, one) if one.enrolment_id is not None else self._enrol(tx, one)))
            advance()
        if any(one.does in {Does.VISIT, Does.CANCELLED} for one in planned):
            # The running bot then plans what waits anew.
            await dues.plan(self.store, tx, self.bot_id, replan(self.now, f"list:{to_us(self.now)}"))
        await accounts.write_audit(tx, self.bot_id, None, "enrol_list", len(done), to_us(self.now))
        return done

    async def _visit(self, tx: Tx, one: Planned) -> Done:
        assert one.enrolment_id is not None
        visit_us = to_us(one.row.visit_at) if one.row.visit_at is not None else None
        await care.set_plan(tx, one.enrolment_id, visit_us=visit_us, visit_seen_us=to_us(self.now))
        row = await care.plan_row(tx, self.bot_id, one.enrolment_id)
        assert row is not None, one.enrolment_id
        return Done(one, row["code"])

    async def _enrol(self, tx: Tx, one: Planned) -> Done:
        now_us, row, patient_id = to_us(self.now), one.row, one.patient_id
        if patient_id is None:
            patient_id, _ = await chats.new_patient(self.store, tx, self.bot_id, now_us)
        details = {"reference": row.reference, "name": row.name, "phone": row.phone}
        given = {key: value for key, value in details.items() if value}
        await self.contacts.save(tx, patient_id, now_us, **given)
        for old in await enrolling.running_plans(tx, self.bot_id, patient_id):
            await self._end(tx, old["id"], ChatId(old["chat_id"]), now_us)
        enrolment_id = await enrolling.add_plan(tx, await self._values(tx, row, patient_id, now_us))
        token = await enrolling.new_link(tx, self.bot_id, patient_id, enrolment_id, None, now_us)
        made = await care.plan_row(tx, self.bot_id, enrolment_id)
        assert made is not None, enrolment_id
        return Done(one, made["code"], token)

    async def _end(self, tx: Tx, enrolment_id: int, chat_id: ChatId, now_us: int) -> None:
        change = CareChange(enrolment_id, answered=False, state=PlanState.ENDED, reason=enrolling.NEW_SESSION)
        await care.apply(self.store, tx, self.bot_id, change, now_us)
        waiting = await patient_list.unsent(tx, self.bot_id, enrolment_id, chat_id)
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
