"""Care plans as staff list them, and what the day's digest counts. Reads, but for a moved step and old charts.

Plans here are those that have not ended. The condition stands in SQL's own words: SQLite uses `ix_enrolment_open` only
where a query says what the index says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.care import ENDED_DONE, ENDED_UNFINISHED, JOINING, NoteKind, PlanState
from bot.model import BotId, ChatId, DueState, Kind, MessageId, MessageState, PatientId, UserId
from bot.store import alerts, reducing
from bot.store.care import CHECK_IN, NO_CHAT
from bot.store.engine import Tx
from bot.store.tables import (
    OPEN,
    alert,
    alert_card,
    attachment,
    check_in,
    contact,
    due,
    enrolment,
    message,
    patient,
    staff_note,
)

MOVED = "moved_by_staff"
"""The reason of a step that waits for another time than the plan's."""
CHART = "pain.png"
"""The name of the file of a chart."""

_NOT_ENDED = sa.text("enrolment.state != 'ended'")
_OF_PATIENT = patient.c.id == enrolment.c.patient_id
_PLANS = sa.select(enrolment, patient.c.code).join(patient, _OF_PATIENT)
_STATES: tuple[PlanState, ...] = (PlanState.OPEN, PlanState.PAUSED)
_SENT = sa.exists().where(check_in.c.enrolment_id == enrolment.c.id, check_in.c.step_id == due.c.part)
_STEPS = (
    sa.select(due.c.id, due.c.part, due.c.due_us, due.c.until_us, due.c.reason, enrolment.c.id.label("enrolment_id"))
    .join(enrolment, enrolment.c.id == due.c.ref)
    .where(due.c.kind == CHECK_IN, due.c.state == DueState.WAITING, due.c.part.is_not(None), ~_SENT)
)
"""Check-ins to come. A step that was sent may still have a row: it would find that it was."""


@dataclass(frozen=True, slots=True)
class Listed:
    """How many there are, and the first of them."""

    count: int = 0
    rows: Sequence[sa.RowMapping] = ()


# --- plans -----------------------------------------------------------------------------------------------------------


async def page(tx: Tx, bot_id: BotId, podiatrist_id: UserId | None, offset: int, limit: int) -> Listed:
    """Plans with their patient's `code`: those that wait for staff first (paused, no reply), then the newest.

    With `podiatrist_id` only that person's.
    """
    is_meant = sa.true() if podiatrist_id is None else enrolment.c.podiatrist_id == podiatrist_id
    urgency = sa.case(
        (enrolment.c.state == PlanState.PAUSED, 0),
        (enrolment.c.silent_us.is_not(None), 1),
        (enrolment.c.state == PlanState.JOINING, 2),
        else_=3,
    )
    statement = _PLANS.where(_running(bot_id), is_meant).order_by(
        urgency, enrolment.c.treated_us.desc(), enrolment.c.id.desc()
    )
    return await _listed(tx, statement, limit, offset)


async def paused(tx: Tx, bot_id: BotId, limit: int) -> Listed:
    """Paused plans with their patient's `code`, oldest first."""
    where = (_running(bot_id), enrolment.c.state == PlanState.PAUSED)
    return await _listed(tx, _PLANS.where(*where).order_by(enrolment.c.id), limit)


async def paused_with(tx: Tx, bot_id: BotId, chat_id: ChatId, patient_id: PatientId) -> Sequence[sa.RowMapping]:
    """Those of one chat; without one, of the patient."""
    is_meant = enrolment.c.chat_id == chat_id if chat_id != NO_CHAT else enrolment.c.patient_id == patient_id
    where = (_running(bot_id), enrolment.c.state == PlanState.PAUSED, is_meant)
    return (await tx.execute(_PLANS.where(*where).order_by(enrolment.c.id))).mappings().all()


async def left_paused(tx: Tx, bot_id: BotId, limit: int) -> Listed:
    """Paused plans in whose chat no pressing alert is open any more, with their patient's `code`, oldest first."""
    where = (_running(bot_id), enrolment.c.state == PlanState.PAUSED)
    statement = _PLANS.where(*where, ~alerts.paused(enrolment.c.bot_id, enrolment.c.chat_id, enrolment.c.patient_id))
    return await _listed(tx, statement.order_by(enrolment.c.id), limit)


async def silent(tx: Tx, bot_id: BotId, limit: int) -> Listed:
    """Open plans whose patient does not reply, with `code`, oldest first."""
    where = (_running(bot_id), enrolment.c.state == PlanState.OPEN)
    return await _listed(tx, _PLANS.where(*where, enrolment.c.silent_us.is_not(None)).order_by(enrolment.c.id), limit)


async def silent_to_ring(tx: Tx, bot_id: BotId, limit: int) -> Listed:
    """Those of them who need care and whom no open note asks to ring."""
    is_noted = sa.exists().where(
        staff_note.c.enrolment_id == enrolment.c.id, staff_note.c.kind == NoteKind.CALL, staff_note.c.done_us.is_(None)
    )
    where = (_running(bot_id), enrolment.c.state == PlanState.OPEN, enrolment.c.careful)
    statement = _PLANS.where(*where, enrolment.c.silent_us.is_not(None), ~is_noted)
    return await _listed(tx, statement.order_by(enrolment.c.id), limit)


async def without_phone(tx: Tx, bot_id: BotId, limit: int) -> Listed:
    """Open and paused plans of patients whom nobody can ring, with `code`, oldest first."""
    statement = (
        _PLANS.outerjoin(contact, contact.c.patient_id == enrolment.c.patient_id)
        .where(_running(bot_id), enrolment.c.state.in_(_STATES), contact.c.phone.is_(None))
        .order_by(enrolment.c.id)
    )
    return await _listed(tx, statement, limit)


async def unfinished(tx: Tx, bot_id: BotId, limit: int) -> Listed:
    """Patients (`code`) who did not finish joining, as long as the note about it is open and they have not begun anew,
    oldest first."""
    newer = enrolment.alias("newer")
    has_begun_again = sa.exists().where(newer.c.patient_id == enrolment.c.patient_id, newer.c.id > enrolment.c.id)
    statement = (
        sa.select(patient.c.code)
        .select_from(staff_note)
        .join(enrolment, enrolment.c.id == staff_note.c.enrolment_id)
        .join(patient, _OF_PATIENT)
        .where(staff_note.c.bot_id == bot_id, staff_note.c.done_us.is_(None), staff_note.c.step_id == JOINING)
        .where(enrolment.c.reason == ENDED_UNFINISHED, ~has_begun_again)
        .order_by(staff_note.c.id)
    )
    return await _listed(tx, statement, limit)


async def visits(tx: Tx, bot_id: BotId, since_us: int, until_us: int, limit: int) -> Listed:
    """Plans whose patient comes for a visit in this stretch of time, with `code`, by time. The answer to the check-in
    about the visit ends the plan, and the patient comes all the same."""
    where = (
        enrolment.c.bot_id == bot_id,
        sa.or_(_NOT_ENDED, enrolment.c.reason == ENDED_DONE),
        enrolment.c.visit_us >= since_us,
        enrolment.c.visit_us < until_us,
    )
    return await _listed(tx, _PLANS.where(*where).order_by(enrolment.c.visit_us, enrolment.c.id), limit)


async def answered(tx: Tx, bot_id: BotId, since_us: int, until_us: int, step_ids: Sequence[str], limit: int) -> Listed:
    """Patients (`code`) who answered one of these check-ins in this stretch of time, by code."""
    was_on = sa.or_(_NOT_ENDED, enrolment.c.ended_us >= since_us)
    statement = (
        sa.select(patient.c.code)
        .select_from(enrolment)
        .join(patient, _OF_PATIENT)
        .join(check_in, check_in.c.enrolment_id == enrolment.c.id)
        .where(enrolment.c.bot_id == bot_id, was_on, check_in.c.step_id.in_(step_ids))
        .where(check_in.c.answered_us >= since_us, check_in.c.answered_us < until_us)
        .distinct()
        .order_by(patient.c.code)
    )
    return await _listed(tx, statement, limit)


# --- what is to come -------------------------------------------------------------------------------------------------


async def steps_between(tx: Tx, bot_id: BotId, since_us: int, until_us: int, limit: int) -> Listed:
    """Check-ins of open plans due in this stretch of time: `part`, `due_us`, `code`, `plan_id`, `zone`, by time."""
    statement = (
        _STEPS.add_columns(patient.c.code, enrolment.c.plan_id, enrolment.c.zone)
        .join(patient, _OF_PATIENT)
        .where(due.c.bot_id == bot_id, due.c.due_us >= since_us, due.c.due_us < until_us)
        .where(enrolment.c.state == PlanState.OPEN, enrolment.c.silent_us.is_(None))
        .order_by(due.c.due_us, due.c.id)
    )
    return await _listed(tx, statement, limit)


async def steps_of(tx: Tx, bot_id: BotId, enrolment_id: int) -> Sequence[sa.RowMapping]:
    """The check-ins of one plan that are still to come, by time."""
    of_plan = (due.c.bot_id == bot_id, due.c.ref == enrolment_id)
    return (await tx.execute(_STEPS.where(*of_plan).order_by(due.c.due_us, due.c.id))).mappings().all()


async def step_by_id(tx: Tx, bot_id: BotId, due_id: int) -> sa.RowMapping | None:
    """One check-in to come, or None."""
    return (await tx.execute(_STEPS.where(due.c.bot_id == bot_id, due.c.id == due_id))).mappings().one_or_none()


async def put_off(tx: Tx, due_id: int, at_us: int) -> None:
    """Another time for a step that waits, as staff wish."""
    await tx.execute(due.update().where(due.c.id == due_id).values(due_us=at_us, reason=MOVED))


async def unsent(tx: Tx, bot_id: BotId, enrolment_id: int, chat_id: ChatId) -> list[MessageId]:
    """Messages of a plan that wait to be sent: for the end of quiet hours, or a limit."""
    found = await tx.scalars(
        sa.select(message.c.id).where(
            message.c.bot_id == bot_id,
            message.c.chat_id == chat_id,
            message.c.enrolment_id == enrolment_id,
            message.c.kind.in_((Kind.CHECK_IN, Kind.REMINDER)),
            sa.text(f"message.{OPEN}"),  # in the words of ix_message_open
            message.c.state == MessageState.PENDING,
        )
    )
    return [MessageId(id_) for id_ in found]


# --- one patient -----------------------------------------------------------------------------------------------------


async def last_answered(tx: Tx, enrolment_id: int) -> sa.RowMapping | None:
    """`step_id`, `answered_us` and `entered_by` of the check-in that was answered last; None while none was."""
    statement = (
        sa.select(check_in.c.step_id, check_in.c.answered_us, check_in.c.entered_by)
        .where(check_in.c.enrolment_id == enrolment_id, check_in.c.answered_us.is_not(None))
        .order_by(check_in.c.answered_us.desc(), check_in.c.id.desc())
        .limit(1)
    )
    return (await tx.execute(statement)).mappings().one_or_none()


async def sent_at(tx: Tx, enrolment_id: int) -> dict[str, int]:
    """When each check-in was sent, by step."""
    rows = await tx.execute(
        sa.select(check_in.c.step_id, check_in.c.sent_us).where(check_in.c.enrolment_id == enrolment_id)
    )
    return {row.step_id: row.sent_us for row in rows}


async def signs(tx: Tx, bot_id: BotId, patient_id: PatientId, since_us: int, limit: int) -> Sequence[sa.RowMapping]:
    """Alerts about red flags of one patient, without those that a newer one replaced, newest first."""
    statement = (
        sa.select(alert)
        .where(
            alert.c.bot_id == bot_id,
            alert.c.patient_id == patient_id,
            alert.c.level.is_not(None),
            alert.c.at_us >= since_us,
            alert.c.outcome.is_distinct_from("replaced"),
        )
        .order_by(alert.c.id.desc())
        .limit(limit)
    )
    return (await tx.execute(statement)).mappings().all()


async def unread(tx: Tx, bot_id: BotId, patient_id: PatientId) -> int:
    """How many questions of one patient nobody has taken yet."""
    found: int | None = await tx.scalar(
        sa.select(sa.func.count())
        .select_from(alert)
        .where(
            alert.c.bot_id == bot_id,
            alert.c.state == "open",
            alert.c.patient_id == patient_id,
            alert.c.level.is_(None),
        )
    )
    return found or 0


async def notes_of(tx: Tx, enrolment_id: int, until_us: int) -> Sequence[sa.RowMapping]:
    """Notes about one plan up to `until_us` that nobody has marked done, oldest first."""
    where = (staff_note.c.enrolment_id == enrolment_id, staff_note.c.done_us.is_(None), staff_note.c.at_us <= until_us)
    return (
        (await tx.execute(sa.select(staff_note).where(*where).order_by(staff_note.c.at_us, staff_note.c.id)))
        .mappings()
        .all()
    )


async def note(tx: Tx, bot_id: BotId, note_id: int) -> sa.RowMapping | None:
    """One note, or None."""
    where = (staff_note.c.bot_id == bot_id, staff_note.c.id == note_id)
    return (await tx.execute(sa.select(staff_note).where(*where))).mappings().one_or_none()


# --- alerts and their cards ------------------------------------------------------------------------------------------


async def alert_shown_in(tx: Tx, message_id: MessageId) -> int | None:
    """The alert whose card this message is; None when it is none."""
    found: int | None = await tx.scalar(
        sa.select(alert_card.c.alert_id).where(alert_card.c.message_id == message_id).limit(1)
    )
    return found


async def last_closed(tx: Tx, bot_id: BotId, chat_id: ChatId) -> int | None:
    """The alert about a red flag of this chat that was closed last."""
    found: int | None = await tx.scalar(
        sa.select(alert.c.id)
        .where(alert.c.bot_id == bot_id, alert.c.chat_id == chat_id, alert.c.level.is_not(None))
        .where(alert.c.state == "closed", alert.c.outcome != "replaced")
        .order_by(alert.c.closed_us.desc(), alert.c.id.desc())
        .limit(1)
    )
    return found


# --- files -----------------------------------------------------------------------------------------------------------


async def drop_charts(tx: Tx, bot_id: BotId, before_us: int) -> None:
    """Delete our copies of the charts that were made before this time and are not on their way any more."""
    is_chart = (attachment.c.bot_id == bot_id, attachment.c.name == CHART)
    charts = sa.select(attachment.c.id).where(*is_chart)
    is_over = (message.c.state.not_in((MessageState.PENDING, MessageState.SENDING)), message.c.planned_us < before_us)
    await tx.execute(message.update().where(message.c.attachment_id.in_(charts), *is_over).values(attachment_id=None))
    await reducing.drop_files(tx, *is_chart)


def _running(bot_id: BotId) -> sa.ColumnElement[bool]:
    """Plans of this bot that have not ended."""
    return sa.and_(enrolment.c.bot_id == bot_id, _NOT_ENDED)


async def _listed(tx: Tx, statement: sa.Select[Any], limit: int, offset: int = 0) -> Listed:
    count: int = (
        await tx.execute(sa.select(sa.func.count()).select_from(statement.order_by(None).subquery()))
    ).scalar_one()
    rows = (await tx.execute(statement.limit(limit).offset(offset))).mappings().all() if count else ()
    return Listed(count, rows)
