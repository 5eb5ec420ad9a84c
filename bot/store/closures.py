"""Days on which the clinic is closed, set in the chat. Those of clinic.yaml stand there.

A row that nobody has confirmed yet was withdrawn when it was set: it never counted. Days are ISO dates of the clinic's
calendar, which sort as they follow each other.
"""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from bot.model import BotId, UserId
from bot.store.engine import Tx
from bot.store.tables import closure

REASON_MAX = 80
_IS_SET = closure.c.withdrawn_us.is_(None)
_IS_PROPOSED = closure.c.withdrawn_us == closure.c.set_us


async def propose(tx: Tx, bot_id: BotId, first: date, last: date, reason: str | None, who: UserId, now_us: int) -> int:
    """Keep the days until somebody says that they are right. Returns the row's id."""
    days = {"first_day": first.isoformat(), "last_day": last.isoformat(), "reason": reason}
    noted = {"set_by": who, "set_us": now_us, "withdrawn_us": now_us}
    made = await tx.execute(closure.insert().values(bot_id=bot_id, **days, **noted))
    assert made.inserted_primary_key is not None
    closure_id: int = made.inserted_primary_key[0]
    return closure_id


async def find(tx: Tx, bot_id: BotId, closure_id: int) -> sa.RowMapping | None:
    """One row, whatever became of it."""
    one = sa.select(closure).where(closure.c.bot_id == bot_id, closure.c.id == closure_id)
    return (await tx.execute(one)).mappings().one_or_none()


async def confirm(tx: Tx, bot_id: BotId, closure_id: int, who: UserId, now_us: int) -> bool:
    """From now on these days count. False when that was answered before."""
    one = (closure.c.bot_id == bot_id, closure.c.id == closure_id, _IS_PROPOSED)
    values = {"set_by": who, "set_us": now_us, "withdrawn_us": None}
    return (await tx.execute(closure.update().where(*one).values(**values))).rowcount == 1


async def discard(tx: Tx, bot_id: BotId, closure_id: int) -> bool:
    """The days were not meant. False when that was answered before."""
    one = (closure.c.bot_id == bot_id, closure.c.id == closure_id, _IS_PROPOSED)
    return (await tx.execute(closure.delete().where(*one))).rowcount == 1


async def withdraw(tx: Tx, bot_id: BotId, closure_id: int, now_us: int) -> bool:
    """Take the days back. False when that was done before."""
    one = (closure.c.bot_id == bot_id, closure.c.id == closure_id, _IS_SET)
    return (await tx.execute(closure.update().where(*one).values(withdrawn_us=now_us))).rowcount == 1


async def to_come(tx: Tx, bot_id: BotId, today: date) -> Sequence[sa.RowMapping]:
    """Those that count and are not over, in order of their days."""
    there = sa.select(closure).where(closure.c.bot_id == bot_id, _IS_SET, closure.c.last_day >= today.isoformat())
    return (await tx.execute(there.order_by(closure.c.first_day, closure.c.id))).mappings().all()
