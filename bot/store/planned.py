"""The steps to come of many care plans at once, in few statements: an appointment list, an edit of the plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa

from bot.model import BotId, DueState
from bot.store.care import CHECK_IN
from bot.store.engine import Store, Tx, insert_into
from bot.store.tables import check_in, due, enrolment

_OF_BOT = sa.bindparam("of_bot", type_=sa.BigInteger)
_OF_PLANS = sa.bindparam("of_plans", type_=sa.BigInteger, expanding=True)
_SENT = sa.select(check_in.c.enrolment_id, check_in.c.step_id).where(check_in.c.enrolment_id.in_(_OF_PLANS))
_WAITING = sa.select(due.c.id, due.c.ref, due.c.part, due.c.due_us, due.c.until_us, due.c.reason).where(
    due.c.bot_id == _OF_BOT,
    due.c.ref.in_(_OF_PLANS),
    due.c.ref.between(sa.bindparam("first", type_=sa.BigInteger), sa.bindparam("last", type_=sa.BigInteger)),
    due.c.kind == CHECK_IN,
    due.c.state == DueState.WAITING,
    due.c.part.is_not(None),
)
"""In no order: asked for by time, SQLite reads all that wait, of everybody, to spare itself the sorting. Between the
first and the last: PostgreSQL, before it has counted the rows, would do so to spare itself the looking up of each."""
_TIMES = ("id", "plan_id", "zone", "treated_us", "visit_us")
_NEW_TIMES: dict[str, sa.BindParameter[int]] = {
    "due_us": sa.bindparam("new_due_us"),
    "until_us": sa.bindparam("new_until_us"),
}
_MOVE = due.update().where(due.c.id == sa.bindparam("of_id")).values(_NEW_TIMES)
_WAKE = (
    due.update()
    .where(due.c.bot_id == _OF_BOT, due.c.dedupe_key == sa.bindparam("of_key"), due.c.state == DueState.DROPPED)
    .values({**_NEW_TIMES, "state": DueState.WAITING, "reason": None, "attempts": 0})
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A step and its time, for as many enrolments as share them. Microseconds."""

    step_id: str
    due_us: int
    until_us: int | None

    def key(self, enrolment_id: int) -> str:
        """Once per enrolment, step and time."""
        return f"{CHECK_IN}:{enrolment_id}{self.key_end}"

    @property
    def key_end(self) -> str:
        """What the keys of all of them end with."""
        return f":{self.step_id}:{self.due_us}"


async def plan_rows(tx: Tx, ids: Sequence[int]) -> Sequence[sa.RowMapping]:
    """These enrolments, as far as their times depend on it."""
    statement = sa.select(*(enrolment.c[name] for name in _TIMES)).where(enrolment.c.id.in_(_OF_PLANS))
    return (await tx.execute(statement, {"of_plans": ids})).mappings().all()


async def sent_steps(tx: Tx, ids: Sequence[int]) -> Mapping[int, frozenset[str]]:
    """The steps that went out, by enrolment; those without any are left out."""
    found: dict[int, set[str]] = {}
    for enrolment_id, step_id in await tx.execute(_SENT, {"of_plans": ids}):
        found.setdefault(enrolment_id, set()).add(step_id)
    return {enrolment_id: frozenset(steps) for enrolment_id, steps in found.items()}


async def waiting_steps(tx: Tx, bot_id: BotId, ids: Sequence[int]) -> Mapping[int, Sequence[sa.RowMapping]]:
    """`id`, `part`, `due_us`, `until_us` and `reason` of steps to come, by enrolment and time."""
    found: dict[int, list[sa.RowMapping]] = {}
    if not ids:
        return {}
    of_them = {"of_bot": bot_id, "of_plans": ids, "first": min(ids), "last": max(ids)}
    rows = (await tx.execute(_WAITING, of_them)).mappings().all()
    for row in sorted(rows, key=lambda row: row["due_us"]):
        found.setdefault(row["ref"], []).append(row)
    return found


async def add_steps(store: Store, tx: Tx, bot_id: BotId, ids: Sequence[int], slots: Sequence[Slot]) -> None:
    """Set every one of these timers for every one of these enrolments, once; one that was dropped waits again."""
    if not ids or not slots:
        return
    values: dict[str, object] = {"of_bot": bot_id, "of_plans": ids}
    for number, slot in enumerate(slots):
        values |= {f"part_{number}": slot.step_id, f"end_{number}": slot.key_end}
        values |= {f"due_{number}": slot.due_us, f"until_{number}": slot.until_us}
    made = await tx.execute(_add(store.is_shared, len(slots)), values)
    if made.rowcount < len(ids) * len(slots):
        await tx.execute(
            _WAKE,
            [
                {"of_bot": bot_id, "of_key": slot.key(id_), "new_due_us": slot.due_us, "new_until_us": slot.until_us}
                for id_ in ids
                for slot in slots
            ],
        )


@cache
def _add(is_shared: bool, count: int) -> sa.Executable:
    """Each of the enrolments beside each of `count` slots, inserted by the database alone: rows that go through the
    driver take five times as long."""
    slots = sa.union_all(*(_slot(number) for number in range(count))).subquery()
    columns = {
        due.c.bot_id: _OF_BOT,
        due.c.kind: sa.literal(CHECK_IN, due.c.kind.type),
        due.c.ref: enrolment.c.id,
        due.c.part: slots.c.part,
        due.c.due_us: slots.c.due_us,
        due.c.until_us: slots.c.until_us,
        due.c.state: sa.literal(DueState.WAITING, due.c.state.type),
        due.c.dedupe_key: sa.literal(f"{CHECK_IN}:", sa.Text) + sa.cast(enrolment.c.id, sa.Text) + slots.c.key_end,
    }
    source = sa.select(*columns.values()).join_from(enrolment, slots, sa.true()).where(enrolment.c.id.in_(_OF_PLANS))
    of_all = insert_into(is_shared, due).from_select(list(columns), source, include_defaults=False)
    once: sa.Executable = of_all.on_conflict_do_nothing(index_elements=["bot_id", "dedupe_key"])
    return once.execution_options(preserve_rowcount=True)  # SQLAlchemy keeps it of updates only


def _slot(number: int) -> sa.Select[str, int, int, str]:
    return sa.select(
        sa.bindparam(f"part_{number}", type_=sa.Text).label("part"),
        sa.bindparam(f"due_{number}", type_=sa.BigInteger).label("due_us"),
        sa.bindparam(f"until_{number}", type_=sa.BigInteger).label("until_us"),
        sa.bindparam(f"end_{number}", type_=sa.Text).label("key_end"),
    )


async def move_steps(tx: Tx, moves: Iterable[tuple[int, Slot]]) -> None:
    """Another time for each of these due rows."""
    rows = [{"of_id": id_, "new_due_us": slot.due_us, "new_until_us": slot.until_us} for id_, slot in moves]
    if rows:
        await tx.execute(_MOVE, rows)


async def drop_steps(tx: Tx, drops: Mapping[str, Sequence[int]]) -> None:
    """Leave these due rows out, each for its reason."""
    for reason, ids in drops.items():
        await tx.execute(due.update().where(due.c.id.in_(ids)).values(state=DueState.DROPPED, reason=reason[:80]))
