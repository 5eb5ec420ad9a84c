"""After the machine's clock was set back: what waits for a time that had come already does not wait for it again."""

import sqlalchemy as sa

from bot.clock import SECOND_US
from bot.model import BotId, DueState, InboxState, MessageState
from bot.store.engine import Tx
from bot.store.tables import chat, due, inbox, message

LEASE_US = 60 * SECOND_US
"""Longer than any lease that is given."""


async def clock_was_set_back(tx: Tx, bot_id: BotId, now_us: int, machine_us: int, back_us: int) -> None:
    """Mend every time of the old clock's that is ahead of the new one, which is `back_us` behind it.

    What was due by the old clock is due now (`now_us`: domain time). What was planned for later is left to the new
    clock. Whatever a limit or a failure had put off is looked at anew, and put off anew. Leases end within a minute.
    """
    was_due_us = now_us + back_us
    overdue = sa.and_(message.c.planned_us > now_us, message.c.planned_us <= was_due_us)
    await tx.execute(
        message.update()
        .where(
            message.c.bot_id == bot_id,
            message.c.state == MessageState.PENDING,
            message.c.due_us > now_us,
            sa.or_(overdue, message.c.due_us > message.c.planned_us),
        )
        .values(
            due_us=sa.case((overdue, now_us), else_=message.c.planned_us),
            planned_us=sa.case((overdue, now_us), else_=message.c.planned_us),
        )
    )
    await tx.execute(
        due.update()
        .where(
            due.c.bot_id == bot_id,
            due.c.state == DueState.WAITING,
            due.c.due_us > now_us,
            due.c.due_us <= was_due_us,
        )
        .values(due_us=now_us)
    )
    latest_us = machine_us + LEASE_US
    await tx.execute(
        message.update()
        .where(message.c.bot_id == bot_id, message.c.state == MessageState.SENDING, message.c.lease_us > latest_us)
        .values(lease_us=latest_us)
    )
    await tx.execute(
        inbox.update()
        .where(inbox.c.bot_id == bot_id, inbox.c.state == InboxState.NEW, inbox.c.next_try_us > latest_us)
        .values(next_try_us=machine_us)
    )
    await tx.execute(
        chat.update().where(chat.c.bot_id == bot_id, chat.c.blocked_until_us > machine_us).values(blocked_until_us=0)
    )
