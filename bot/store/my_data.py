"""Everything kept about the patients of one chat, to be shown to them, and how long the file that shows it stays."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.model import BotId, ChatId, MessageState, Method
from bot.store import reducing
from bot.store.engine import Tx
from bot.store.record import CORRECTED
from bot.store.tables import (
    agreement,
    alert,
    attachment,
    chat,
    check_in,
    contact,
    enrolment,
    message,
    opt_out,
    patient,
    patient_chat,
    question,
    said,
    staff_note,
)

FILE_NAME = "what-we-keep-about-you.html"
REPORT_NAME = "report-announcement-{id}.csv"
"""Of what became of an announcement."""
RECORD_NAME = "record-{code}.html"
"""Of everything about one patient, for a complaint."""
_SAID = (Method.SEND_TEXT, Method.SEND_PHOTO, Method.SEND_DOCUMENT, Method.COPY)
_ARRIVED = (MessageState.SENT, MessageState.UNKNOWN, MessageState.SENDING)
_ON_ITS_WAY = (MessageState.PENDING, MessageState.SENDING)

Rows = Sequence[sa.RowMapping]


@dataclass(frozen=True)
class MyData:
    """Rows by kind, oldest first."""

    chat_id: ChatId
    since_us: int
    """When the chat was first heard of."""
    patients: Rows
    """`code`, `label`, `name`, `phone`, `reference`, `key_id`; the last four null without contact details."""
    plans: Rows
    check_ins: Rows
    """With `plan_id` and the `revision_id` of their plan."""
    notes: Rows
    alerts: Rows
    agreements: Rows
    opt_outs: Rows
    questions: Rows
    said: Rows
    """What else these patients sent from this chat."""
    messages: Rows
    """What arrived in the chat, or may have; what staff corrected afterwards is there as an edit of its own."""


async def my_data(tx: Tx, bot_id: BotId, chat_id: ChatId) -> MyData:
    """What there is about the patients this chat serves now. Of another chat of theirs nothing is shown."""

    async def rows(statement: sa.Select[tuple[object, ...]]) -> Rows:
        return (await tx.execute(statement)).mappings().all()

    ids = sa.select(patient_chat.c.patient_id).where(
        patient_chat.c.bot_id == bot_id, patient_chat.c.chat_id == chat_id, patient_chat.c.until_us.is_(None)
    )
    patients = (
        sa.select(
            patient.c.code,
            patient_chat.c.label,
            contact.c.patient_id,
            contact.c.name,
            contact.c.phone,
            contact.c.reference,
            contact.c.key_id,
        )
        .select_from(patient)
        .join(patient_chat, sa.and_(patient_chat.c.patient_id == patient.c.id, patient_chat.c.chat_id == chat_id))
        .outerjoin(contact, contact.c.patient_id == patient.c.id)
        .where(patient.c.id.in_(ids))
        .order_by(patient.c.id)
    )
    check_ins = (
        sa.select(check_in, enrolment.c.plan_id)
        .join(enrolment, enrolment.c.id == check_in.c.enrolment_id)
        .where(enrolment.c.patient_id.in_(ids))
        .order_by(check_in.c.id)
    )
    is_corrected = sa.and_(message.c.method == Method.EDIT_TEXT, message.c.kind.in_(CORRECTED))
    wrote = sa.select(message).where(
        message.c.bot_id == bot_id,
        message.c.chat_id == chat_id,
        sa.or_(message.c.method.in_(_SAID), is_corrected),
        message.c.state.in_(_ARRIVED),
    )
    sent = sa.select(said).where(said.c.patient_id.in_(ids), said.c.chat_id == chat_id)
    of_chat = (opt_out.c.bot_id == bot_id, opt_out.c.chat_id == chat_id)
    asked = (question.c.bot_id == bot_id, question.c.chat_id == chat_id)
    first_seen = sa.select(chat.c.first_seen_us).where(chat.c.bot_id == bot_id, chat.c.chat_id == chat_id)
    return MyData(
        chat_id=chat_id,
        since_us=(await tx.scalars(first_seen)).one(),
        patients=await rows(patients),
        plans=await rows(_of(enrolment, ids)),
        check_ins=await rows(check_ins),
        notes=await rows(_of(staff_note, ids)),
        alerts=await rows(_of(alert, ids)),
        agreements=await rows(_of(agreement, ids)),
        opt_outs=await rows(sa.select(opt_out).where(*of_chat).order_by(opt_out.c.id)),
        questions=await rows(sa.select(question).where(*asked).order_by(question.c.at_us, question.c.id)),
        said=await rows(sent.order_by(said.c.at_us, said.c.id)),
        messages=await rows(wrote.order_by(message.c.id)),
    )


def _of(table: sa.Table, patient_ids: sa.Select[tuple[int]]) -> sa.Select[tuple[object, ...]]:
    return sa.select(table).where(table.c.patient_id.in_(patient_ids)).order_by(table.c.id)


async def drop_files(tx: Tx, bot_id: BotId, before_us: int | None = None) -> int:
    """Delete our copies of such files that are not on their way any more, and any that was made before `before_us`.

    Returns how many are still there.
    """
    is_report = attachment.c.name.startswith(REPORT_NAME.partition("{")[0])
    is_record = attachment.c.name.startswith(RECORD_NAME.partition("{")[0])
    is_mine = (attachment.c.bot_id == bot_id, sa.or_(attachment.c.name == FILE_NAME, is_report, is_record))
    mine = sa.select(attachment.c.id).where(*is_mine)
    with_file = message.c.attachment_id.in_(mine)
    if before_us is not None:
        too_late = (message.c.planned_us < before_us, message.c.state == MessageState.PENDING)
        gone = {"state": MessageState.CANCELLED, "reason": "file_gone"}
        await tx.execute(message.update().where(with_file, *too_late).values(**gone))
    is_over = message.c.state.not_in(_ON_ITS_WAY)
    await tx.execute(message.update().where(with_file, is_over).values(attachment_id=None))
    await reducing.drop_files(tx, *is_mine)
    left: int | None = await tx.scalar(sa.select(sa.func.count()).select_from(mine.subquery()))
    return left or 0
