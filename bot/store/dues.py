"""The `due` table: something to decide at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.clock import to_us
from bot.model import BotId, DueState
from bot.store.engine import Store, Tx
from bot.store.tables import due


@dataclass(frozen=True, slots=True)
class Due:
    """A timer to set. After `until` it is too late and will be dropped; None: never too late."""

    kind: str
    at: datetime
    dedupe_key: str
    until: datetime | None = None
    ref: int | None = None
    part: str | None = None
    """Which part of what `ref` names: the step of a plan, a question."""


_OF_BOT = due.c.bot_id == sa.bindparam("of_bot", type_=sa.BigInteger)
_WAITS = sa.select(due).where(_OF_BOT, due.c.state == DueState.WAITING).order_by(due.c.due_us, due.c.id).limit(1)
_TAKE = _WAITS.where(due.c.due_us <= sa.bindparam("now_us", type_=sa.BigInteger)).with_for_update(skip_locked=True)
_FINISH = (
    due.update()
    .where(due.c.id == sa.bindparam("of_id", type_=sa.BigInteger))
    .values(state=sa.bindparam("new_state"), reason=sa.bindparam("new_reason"))
)
"""Made once: putting such a statement together takes longer than SQLite takes to answer it."""


async def plan(store: Store, tx: Tx, bot_id: BotId, timer: Due) -> bool:
    """Set a timer once per `dedupe_key`. False when it is set already."""
    return bool(await plan_all(store, tx, bot_id, [timer]))


async def plan_all(store: Store, tx: Tx, bot_id: BotId, timers: Iterable[Due]) -> int:
    """The same for many. How many were not set already."""
    rows = [
        {
            "bot_id": bot_id,
            "kind": timer.kind,
            "ref": timer.ref,
            "part": timer.part,
            "due_us": to_us(timer.at),
            "until_us": to_us(timer.until) if timer.until else None,
            "state": DueState.WAITING,
            "dedupe_key": timer.dedupe_key,
        }
        for timer in timers
    ]
    return len(await store.insert_once(tx, due, rows, "bot_id", "dedupe_key"))


async def take(tx: Tx, bot_id: BotId, now_us: int) -> sa.RowMapping | None:
    """The timer that has been due longest, locked; None when none is."""
    return (await tx.execute(_TAKE, {"of_bot": bot_id, "now_us": now_us})).mappings().one_or_none()


async def next_due_us(tx: Tx, bot_id: BotId) -> int | None:
    """When the next timer is due (domain time); None when none is set."""
    found: int | None = await tx.scalar(
        sa.select(sa.func.min(due.c.due_us)).where(due.c.bot_id == bot_id, due.c.state == DueState.WAITING)
    )
    return found


async def first_waiting(tx: Tx, bot_id: BotId) -> sa.RowMapping | None:
    """The timer that is due first, whether its time has come or not; None when none is set."""
    return (await tx.execute(_WAITS, {"of_bot": bot_id})).mappings().one_or_none()


async def finish(tx: Tx, due_id: int, state: DueState, reason: str | None = None) -> None:
    """Done or dropped, with the reason staff may see."""
    await tx.execute(_FINISH, {"of_id": due_id, "new_state": state, "new_reason": reason})


async def put_off(tx: Tx, due_id: int, due_us: int, reason: str) -> None:
    """Try again later; counts an attempt."""
    await tx.execute(
        due.update().where(due.c.id == due_id).values(due_us=due_us, reason=reason, attempts=due.c.attempts + 1)
    )


async def hasten(tx: Tx, bot_id: BotId, kind: str, ref: int, due_us: int) -> bool:
    """Bring forward the timer with a part that waits for `ref`. False when none does."""
    waits = (due.c.bot_id == bot_id, due.c.ref == ref, due.c.kind == kind, due.c.part.is_not(None))
    moved = await tx.execute(due.update().where(*waits, due.c.state == DueState.WAITING).values(due_us=due_us))
    return moved.rowcount > 0
