"""The `due` table: something to decide at a time."""

from collections.abc import Collection
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


async def plan(store: Store, tx: Tx, bot_id: BotId, timer: Due) -> bool:
    """Set a timer once per `dedupe_key`. False when it is set already."""
    row = {
        "bot_id": bot_id,
        "kind": timer.kind,
        "ref": timer.ref,
        "part": timer.part,
        "due_us": to_us(timer.at),
        "until_us": to_us(timer.until) if timer.until else None,
        "state": DueState.WAITING,
        "dedupe_key": timer.dedupe_key,
    }
    return bool(await store.insert_once(tx, due, [row], "bot_id", "dedupe_key"))


async def take(tx: Tx, bot_id: BotId, now_us: int) -> sa.RowMapping | None:
    """The timer that has been due longest, locked; None when none is."""
    statement = (
        sa.select(due)
        .where(due.c.bot_id == bot_id, due.c.state == DueState.WAITING, due.c.due_us <= now_us)
        .order_by(due.c.due_us, due.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await tx.execute(statement)).mappings().one_or_none()


async def next_due_us(tx: Tx, bot_id: BotId, leaving_out: Collection[str] = ()) -> int | None:
    """When the next timer is due (domain time), leaving out some kinds; None when none is set."""
    found: int | None = await tx.scalar(
        sa.select(sa.func.min(due.c.due_us)).where(
            due.c.bot_id == bot_id, due.c.state == DueState.WAITING, due.c.kind.not_in(leaving_out)
        )
    )
    return found


async def first_waiting(tx: Tx, bot_id: BotId) -> sa.RowMapping | None:
    """The timer that is due first, whether its time has come or not; None when none is set."""
    waits = sa.select(due).where(due.c.bot_id == bot_id, due.c.state == DueState.WAITING)
    return (await tx.execute(waits.order_by(due.c.due_us, due.c.id).limit(1))).mappings().one_or_none()


async def finish(tx: Tx, due_id: int, state: DueState, reason: str | None = None) -> None:
    """Done or dropped, with the reason staff may see."""
    await tx.execute(due.update().where(due.c.id == due_id).values(state=state, reason=reason))


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
