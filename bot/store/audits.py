"""Who did what, to read: pages of `audit`, and whom each row is about."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.model import BotId, PatientId, UserId
from bot.store.engine import Tx
from bot.store.enrolling import NEW_NUMBER
from bot.store.tables import (
    alert,
    audit,
    enrolment,
    erasure,
    patient,
    patient_chat,
    question,
    staff,
    staff_note,
    thread,
)


class Ref(StrEnum):
    """What `audit.ref` is the number of."""

    ALERT = "alert"
    QUESTION = "question"
    THREAD = "thread"
    CHAT = "chat"
    PLAN = "plan"
    NOTE = "note"
    PATIENT = "patient"
    ERASURE = "erasure"
    PERSON = "person"
    OTHER = "other"
    """Of something that has no name, or of nothing."""


_REFS = {
    Ref.ALERT: "take call_done not_red_flag",
    Ref.QUESTION: "missed false_alarm teach_wrong",
    Ref.THREAD: "thread_take thread_done",
    Ref.CHAT: f"relay relay_edit my_data {NEW_NUMBER}",
    Ref.PLAN: "enrol plan_pause plan_resume plan_end plan_move plan_podiatrist plan_view plan_chart plan_answers",
    Ref.NOTE: "note_done",
    Ref.PATIENT: "show_who enrol_link moved_chat record",
    Ref.ERASURE: "forgotten record_released record_expired",
    Ref.PERSON: "team_owner team_clinician team_desk team_registration team_remove on_call_confirmed "
    "went_away came_back",
}
_BY_ACTION = {action: ref for ref, actions in _REFS.items() for action in actions.split()}

_SUBJECTS = {
    Ref.ALERT: (alert.c.id, alert.c.patient_id),
    Ref.QUESTION: (question.c.id, question.c.patient_id),
    Ref.THREAD: (thread.c.id, patient_chat.c.patient_id),
    Ref.CHAT: (patient_chat.c.chat_id, patient_chat.c.patient_id),
    Ref.PLAN: (enrolment.c.id, enrolment.c.patient_id),
    Ref.NOTE: (staff_note.c.id, staff_note.c.patient_id),
    Ref.PATIENT: (patient.c.id, patient.c.id),
    Ref.ERASURE: (erasure.c.id, erasure.c.patient_id),
}
"""By what the number is of: where that number stands, and the patient it is about."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: those of one patient, of one person (by them, or about them), or of a stretch of time; or all."""

    patient_id: PatientId | None = None
    user_id: UserId | None = None
    since_us: int | None = None
    until_us: int | None = None


def ref_of(action: str) -> Ref:
    """What the number beside this action is of."""
    return _BY_ACTION.get(action, Ref.OTHER)


async def page(
    tx: Tx, bot_id: BotId, wanted: Wanted, limit: int, before_id: int | None = None
) -> Sequence[sa.RowMapping]:
    """The newest rows first, older than that of `before_id`. Numbers shown to patients who join are left out."""
    where = [audit.c.bot_id == bot_id, audit.c.action != NEW_NUMBER]
    if before_id is not None:
        where.append(audit.c.id < before_id)
    if wanted.patient_id is not None:
        where.append(_about_patient(bot_id, wanted.patient_id))
    if wanted.user_id is not None:
        is_about = sa.and_(audit.c.action.in_(_actions(Ref.PERSON)), audit.c.ref == wanted.user_id)
        where.append(sa.or_(audit.c.actor_id == wanted.user_id, is_about))
    if wanted.since_us is not None and wanted.until_us is not None:
        where += [audit.c.at_us >= wanted.since_us, audit.c.at_us < wanted.until_us]
    newest = sa.select(audit).where(*where).order_by(audit.c.id.desc()).limit(limit)
    return (await tx.execute(newest)).mappings().all()


def _actions(ref: Ref) -> list[str]:
    return _REFS[ref].split()


def _about_patient(bot_id: BotId, patient_id: PatientId) -> sa.ColumnElement[bool]:
    """What was done about one patient, by whatever number it was noted."""
    return sa.or_(
        *(
            sa.and_(
                audit.c.action.in_(_actions(ref)),
                audit.c.ref.in_(_subjects(bot_id, ref).where(_SUBJECTS[ref][1] == patient_id)),
            )
            for ref in _SUBJECTS
        )
    )


def _subjects(bot_id: BotId, ref: Ref, *more: Any) -> sa.Select[Any]:
    """The numbers of this kind, and `more` columns."""
    number = _SUBJECTS[ref][0]
    chosen = sa.select(number, *more).where(number.table.c.bot_id == bot_id)
    if ref is Ref.THREAD:
        in_chat = sa.and_(patient_chat.c.bot_id == thread.c.bot_id, patient_chat.c.chat_id == thread.c.chat_id)
        chosen = chosen.join(patient_chat, in_chat)
    return chosen


async def subjects(tx: Tx, bot_id: BotId, rows: Sequence[sa.RowMapping]) -> dict[int, str]:
    """By the row's id whom it is about: patients by their codes, colleagues by name. Rows about nobody are left out."""
    numbers: dict[Ref, set[int]] = defaultdict(set)
    for row in rows:
        if row["ref"] is not None:
            numbers[ref_of(row["action"])].add(row["ref"])
    names: dict[tuple[Ref, int], list[str]] = defaultdict(list)
    for ref, wanted in numbers.items():
        for number, name in await _named(tx, bot_id, ref, wanted):
            names[ref, number].append(name)
    found = ((row["id"], names.get((ref_of(row["action"]), row["ref"]))) for row in rows)
    return {id_: ", ".join(dict.fromkeys(said)) for id_, said in found if said}


async def _named(tx: Tx, bot_id: BotId, ref: Ref, numbers: set[int]) -> list[tuple[int, str]]:
    if ref is Ref.PERSON:
        return list((await people_named(tx, bot_id, numbers)).items())
    if ref is Ref.OTHER:
        return []
    number, patient_id = _SUBJECTS[ref]
    statement = _subjects(bot_id, ref, patient.c.code).where(number.in_(numbers))
    if ref is not Ref.PATIENT:
        statement = statement.join(patient, patient.c.id == patient_id)
    return [(row[0], row[1]) for row in await tx.execute(statement.order_by(patient.c.code))]


async def people_named(tx: Tx, bot_id: BotId, user_ids: set[int]) -> dict[int, str]:
    """What colleagues call these people; their number where nobody knows."""
    statement = sa.select(staff.c.user_id, staff.c.name).where(staff.c.bot_id == bot_id, staff.c.user_id.in_(user_ids))
    known = {row.user_id: row.name for row in await tx.execute(statement)}
    return {user_id: known.get(user_id) or str(user_id) for user_id in user_ids}


async def last_done(tx: Tx, bot_id: BotId, actions: Collection[str]) -> sa.RowMapping | None:
    """The last time that one of these was noted in the audit; None: never."""
    found = sa.select(audit).where(audit.c.bot_id == bot_id, audit.c.action.in_(actions))
    return (await tx.execute(found.order_by(audit.c.id.desc()).limit(1))).mappings().one_or_none()
