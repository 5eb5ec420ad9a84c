"""A list of appointments as CSV: its rows, with every problem by line. What they lead to: `enrolment_import.py`."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.care import Value
from bot.content.plan import Plan
from bot.content.schema import Content
from bot.core.care.enrolling import LATEST, match_option, read_moment
from bot.core.care.joining import BY_STAFF, hear_phone
from bot.core.care.recognising import name_key, number_key
from bot.errors import Problem

COLUMNS = ("reference", "name", "phone", "area", "side", "treated", "visit", "careful", "child")
AHEAD = timedelta(days=7)
"""A list may be prepared so long before the treatment."""
MAX_ROWS = 5_000
_YES, _NO = frozenset({"yes", "y", "x", "1", "true"}), frozenset({"", "no", "n", "0", "false", "none"})


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
    is_child: bool | None = None
    """Whether it is a child, whose parent gets the messages; None: the list has no such column."""

    @property
    def whom(self) -> str:
        """What the clinic calls the patient."""
        return " · ".join(filter(None, (self.reference, self.name)))


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
    rows, seen = [], _Seen()
    reader.fieldnames = columns
    for number, raw in enumerate(reader, 1):
        if not any(value.strip() for value in raw.values() if isinstance(value, str)):
            continue
        reading = _Row({key: value.strip() for key, value in raw.items() if isinstance(value, str)}, reader.line_num)
        row = reading.appointment(content, plan, now)
        problems += [Problem(name, reader.line_num, text) for text in (*reading.problems, *_extra(raw))]
        if row is not None:
            problems += [Problem(name, row.line, text) for text in seen.twice(row)]
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


class _Seen:
    """The rows before, by what tells their patients apart."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], Appointment] = {}

    def twice(self, row: Appointment) -> Iterator[str]:
        """What is wrong where a row before may be about the same patient; two references are two patients."""
        for (what, value), words in _keys(row):
            before = self._by_key.setdefault((what, value), row)
            is_other = what != "reference" and row.reference and before.reference
            if before is not row and not is_other:
                yield f"{words} in line {before.line} already"
                return


def _keys(row: Appointment) -> Iterator[tuple[tuple[str, str], str]]:
    """What tells a row's patient from others, with how it is called."""
    if row.reference:
        yield ("reference", row.reference), "the reference stands"
    if row.name and row.phone:
        yield ("phone", f"{name_key(row.name)} {number_key(row.phone)}"), "the same name and phone number stand"
    if row.name:
        yield ("time", f"{name_key(row.name)} {row.treated_at}"), "the same name and treatment time stand"


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
        facts, is_child = self._careful(plan), self._child()
        if self.problems or treated_at is None:
            return None
        reference, name = self._raw.get("reference", ""), self._raw.get("name", "")
        return Appointment(self._line, reference, name, phone, area, side, treated_at, visit_at, facts, is_child)

    def _child(self) -> bool | None:
        word = self._raw.get("child")
        if word is None or word.lower() in _YES | _NO:
            return None if word is None else word.lower() in _YES
        self.problems.append("child is yes or no")
        return None

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
