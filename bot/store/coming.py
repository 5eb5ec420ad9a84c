"""What is planned for some days: enough to tell whether a copy of the database would go on as the original does."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeAlias

import sqlalchemy as sa

from bot.clock import DAY_US, from_us, to_us
from bot.model import BotId, DueState, MessageState
from bot.store.engine import Tx
from bot.store.tables import due, message

Coming: TypeAlias = Mapping[tuple[date, str], int]
"""How many timers and messages, by UTC day and kind."""


async def coming(tx: Tx, bot_id: BotId, since: datetime, until: datetime) -> Coming:
    """Timers that wait and messages that are pending, as far as they are due in this stretch."""
    found: dict[tuple[date, str], int] = {}
    for table, waits, what in (
        (due, due.c.state == DueState.WAITING, "timer"),
        (message, message.c.state == MessageState.PENDING, "message"),
    ):
        day_us = table.c.due_us - table.c.due_us % DAY_US
        counted = (
            sa.select(day_us.label("day_us"), table.c.kind, sa.func.count().label("many"))
            .where(table.c.bot_id == bot_id, waits, table.c.due_us.between(to_us(since), to_us(until)))
            .group_by(day_us, table.c.kind)
        )
        for row in await tx.execute(counted):
            found[from_us(row.day_us).date(), f"{row.kind} ({what})"] = row.many
    return found
