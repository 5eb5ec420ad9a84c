"""Everything about one patient, from whichever chat, as rows for the file of a complaint."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.model import BotId, Kind, Method, PatientId
from bot.store import erasures
from bot.store.engine import Tx
from bot.store.tables import (
    agreement,
    alert,
    check_in,
    content_revision,
    enrolment,
    erasure,
    message,
    opt_out,
    patient_chat,
    question,
    said,
    staff_note,
)

_SAID = (Method.SEND_TEXT, Method.SEND_PHOTO, Method.SEND_DOCUMENT, Method.COPY)
CORRECTED = (Kind.RELAY, Kind.BROADCAST)
"""What says something else once it is edited; other edits only take away buttons that were used."""

Rows = Sequence[sa.RowMapping]


@dataclass(frozen=True)
class PatientRecord:
    """Rows by kind, oldest first."""

    erasures: Rows
    """Those that are done."""
    chats: Rows
    plans: Rows
    """With the `hash` of the texts in force when they were made; null where that is not known."""
    agreements: Rows
    opt_outs: Rows
    check_ins: Rows
    """With the `plan_id` of their plan."""
    alerts: Rows
    notes: Rows
    questions: Rows
    messages: Rows
    """Owed to the patient's chats, whatever became of them; those about somebody else on the same phone are left out,
    as far as that is known. What was corrected afterwards is there as an edit of its own."""
    said: Rows
    """What the patient sent that stands in no question."""
    shown: Rows
    """Pictures, voices and files of the patient's, as they were shown to staff."""


async def record_of(tx: Tx, bot_id: BotId, patient_id: PatientId) -> PatientRecord:
    """All there is about this patient."""

    async def rows(statement: sa.Select[tuple[object, ...]]) -> Rows:
        return (await tx.execute(statement)).mappings().all()

    def of(table: sa.Table) -> sa.Select[tuple[object, ...]]:
        return sa.select(table).where(table.c.bot_id == bot_id, table.c.patient_id == patient_id)

    plans = (
        sa.select(enrolment, content_revision.c.hash)
        .outerjoin(content_revision, content_revision.c.id == enrolment.c.revision_id)
        .where(enrolment.c.bot_id == bot_id, enrolment.c.patient_id == patient_id)
    )
    check_ins = (
        sa.select(check_in, enrolment.c.plan_id)
        .join(enrolment, enrolment.c.id == check_in.c.enrolment_id)
        .where(enrolment.c.bot_id == bot_id, enrolment.c.patient_id == patient_id)
    )
    return PatientRecord(
        erasures=await rows(of(erasure).where(erasure.c.state == erasures.DONE).order_by(erasure.c.id)),
        chats=await rows(of(patient_chat).order_by(patient_chat.c.since_us)),
        plans=await rows(plans.order_by(enrolment.c.id)),
        agreements=await rows(of(agreement).order_by(agreement.c.id)),
        opt_outs=await rows(_opt_outs(bot_id, patient_id)),
        check_ins=await rows(check_ins.order_by(check_in.c.id)),
        alerts=await rows(of(alert).order_by(alert.c.id)),
        notes=await rows(of(staff_note).order_by(staff_note.c.id)),
        questions=await rows(of(question).order_by(question.c.at_us, question.c.id)),
        messages=await rows(_messages(bot_id, patient_id)),
        said=await rows(of(said).order_by(said.c.at_us, said.c.id)),
        shown=await rows(_shown(bot_id, patient_id)),
    )


def _in_own_time(
    bot_id: BotId, patient_id: PatientId, chat_id: sa.ColumnElement[Any], at_us: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    """Whether a chat was the patient's then."""
    return sa.exists().where(
        patient_chat.c.bot_id == bot_id,
        patient_chat.c.chat_id == chat_id,
        patient_chat.c.patient_id == patient_id,
        patient_chat.c.since_us <= at_us,
        sa.or_(patient_chat.c.until_us.is_(None), patient_chat.c.until_us >= at_us),
    )


def _opt_outs(bot_id: BotId, patient_id: PatientId) -> sa.Select[tuple[object, ...]]:
    own = _in_own_time(bot_id, patient_id, opt_out.c.chat_id, opt_out.c.at_us)
    return sa.select(opt_out).where(opt_out.c.bot_id == bot_id, own).order_by(opt_out.c.id)


def _shown(bot_id: BotId, patient_id: PatientId) -> sa.Select[tuple[object, ...]]:
    """Copies of what the patient sent. Who of a family sent a picture nobody can tell: it is with all of them."""
    ids = sa.select(patient_chat.c.chat_id).where(
        patient_chat.c.bot_id == bot_id, patient_chat.c.patient_id == patient_id
    )
    own = _in_own_time(bot_id, patient_id, message.c.subject_chat_id, message.c.planned_us)
    copied = (message.c.bot_id == bot_id, message.c.method == Method.COPY, message.c.subject_chat_id.in_(ids))
    return sa.select(message).where(*copied, own).order_by(message.c.id)


def _messages(bot_id: BotId, patient_id: PatientId) -> sa.Select[tuple[object, ...]]:
    """What we wrote while a chat was the patient's. A family shares a chat: what is of another's plan, or answers
    another, is not the patient's."""
    own_time = _in_own_time(bot_id, patient_id, message.c.chat_id, message.c.planned_us)
    of_another_plan = sa.exists().where(enrolment.c.id == message.c.enrolment_id, enrolment.c.patient_id != patient_id)
    to_another = sa.exists().where(question.c.id == message.c.question_id, question.c.patient_id != patient_id)
    is_corrected = sa.and_(message.c.method == Method.EDIT_TEXT, message.c.kind.in_(CORRECTED))
    wrote = (message.c.bot_id == bot_id, sa.or_(message.c.method.in_(_SAID), is_corrected))
    return sa.select(message).where(*wrote, own_time, ~of_another_plan, ~to_another).order_by(message.c.id)
