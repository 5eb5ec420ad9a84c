"""A patient on another phone: what goes along from one chat to the other.

Whoever moves a patient holds the locks of both chats.
"""

import sqlalchemy as sa

from bot.care import PlanState
from bot.model import BotId, ChatId, MessageState, PatientId, SendWhy
from bot.store.engine import Tx
from bot.store.tables import OPEN, alert, alert_card, enrolment, message, opt_out, recipient


async def move_chat(tx: Tx, bot_id: BotId, patient_id: PatientId, old: ChatId, new: ChatId, now_us: int) -> None:
    """Plans that have not ended, what they still owe, open alerts, and STOP go along to another chat of the same
    patient."""
    of_patient = (enrolment.c.bot_id == bot_id, enrolment.c.patient_id == patient_id, enrolment.c.chat_id == old)
    plans = sa.select(enrolment.c.id).where(enrolment.c.bot_id == bot_id, enrolment.c.patient_id == patient_id)
    await _move_recipients(tx, bot_id, patient_id, old, new)
    await tx.execute(
        message.update()
        .where(
            message.c.bot_id == bot_id,
            message.c.chat_id == old,
            message.c.enrolment_id.in_(plans),
            sa.text(f"message.{OPEN}"),
            message.c.state == MessageState.PENDING,
            message.c.target_id.is_(None),
        )
        .values(chat_id=new)
    )
    await tx.execute(enrolment.update().where(*of_patient, enrolment.c.state != PlanState.ENDED).values(chat_id=new))
    await _move_alerts(tx, bot_id, patient_id, old, new)
    in_force = sa.select(opt_out.c.scope).where(opt_out.c.bot_id == bot_id, opt_out.c.ended_us.is_(None))
    there = set(await tx.scalars(in_force.where(opt_out.c.chat_id == new)))
    for scope in set(await tx.scalars(in_force.where(opt_out.c.chat_id == old))) - there:
        await tx.execute(opt_out.insert().values(bot_id=bot_id, chat_id=new, scope=scope, at_us=now_us))


async def _move_recipients(tx: Tx, bot_id: BotId, patient_id: PatientId, old: ChatId, new: ChatId) -> None:
    """Announcements that are still to come. Where the other chat gets one itself, it gets no second copy."""
    there = recipient.alias("there")
    is_same = there.c.broadcast_id == recipient.c.broadcast_id
    mine = (recipient.c.patient_id == patient_id, recipient.c.chat_id == old)
    both = sa.select(there.c.broadcast_id).join(recipient, is_same).where(*mine, there.c.chat_id == new)
    ids = (await tx.scalars(both)).all()
    copies = (message.c.bot_id == bot_id, message.c.chat_id == old, message.c.broadcast_id.in_(ids))
    pending = (*copies, sa.text(f"message.{OPEN}"), message.c.state == MessageState.PENDING)
    gone = {"state": MessageState.CANCELLED, "reason": SendWhy.REPLACED.value}
    await tx.execute(message.update().where(*pending, message.c.target_id.is_(None)).values(gone))
    to_come = (*mine, recipient.c.message_id.is_(None), recipient.c.reason.is_(None))
    await tx.execute(recipient.delete().where(*to_come, recipient.c.broadcast_id.in_(ids)))
    await tx.execute(recipient.update().where(*to_come).values(chat_id=new))


async def _move_alerts(tx: Tx, bot_id: BotId, patient_id: PatientId, old: ChatId, new: ChatId) -> None:
    """What staff are still seeing to, and their cards: an answer to a card reaches the phone that is used."""
    still_open = sa.select(alert.c.id).where(
        alert.c.bot_id == bot_id,
        alert.c.patient_id == patient_id,
        alert.c.chat_id == old,
        alert.c.state.in_(("open", "taken")),
    )
    ids = (await tx.scalars(still_open)).all()
    if not ids:
        return
    cards = sa.union(
        sa.select(alert_card.c.message_id).where(alert_card.c.alert_id.in_(ids)),
        sa.select(alert.c.message_id).where(alert.c.id.in_(ids), alert.c.message_id.is_not(None)),
    )
    await tx.execute(message.update().where(message.c.id.in_(cards)).values(subject_chat_id=new))
    await tx.execute(alert.update().where(alert.c.id.in_(ids)).values(chat_id=new))
