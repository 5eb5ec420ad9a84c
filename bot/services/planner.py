"""The steps of care plans as due rows: planned on agreeing, planned anew when the plan, a time or the visit changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import logs
from bot.clock import from_us, to_us
from bot.content.plan import Plan
from bot.content.schema import Clinic
from bot.core.care.planning import PlannedStep, plan_steps
from bot.services.post import Post
from bot.services.ticks import Handler
from bot.store import care, dues, planned
from bot.store.engine import Tx
from bot.store.planned import Slot

log = logs.get(__name__)

REPLAN = "check_in_replan"
"""The due kind: after an edit of the plan, some plans at a time; `ref` is the last one that was done."""
AT_ONCE = 200
"""Plans that are planned anew in one transaction."""
IN_A_STATEMENT = 2_000
"""Plans that one statement looks at."""
NOT_IN_PLAN = "not_in_plan"
"""Why a step was dropped that an edited plan has no more."""


@dataclass(frozen=True)
class Planner:
    """Keeps the due rows of plans as `core/care/planning.py` says they should be. Only rows that wait are changed."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {REPLAN: self._replan}

    async def plan(self, tx: Tx, enrolment_id: int) -> tuple[PlannedStep, ...]:
        """Plan the steps of one enrolment that were not sent, and say when each comes, or why not."""
        row = await care.plan_row(tx, self.post.bot_id, enrolment_id)
        if row is None or row["chat_id"] == care.NO_CHAT:
            return ()  # who has no Telegram has the sheet, and is rung
        return (await self.plan_many(tx, [row])).get(enrolment_id, ())

    async def plan_many(self, tx: Tx, rows: Sequence[sa.RowMapping]) -> dict[int, tuple[PlannedStep, ...]]:
        """The same for many, in few statements. `rows` have an enrolment's `id`, `plan_id`, `zone`, `treated_us` and
        `visit_us`. By enrolment; one whose plan is no longer there is left out."""
        found: dict[int, tuple[PlannedStep, ...]] = {}
        known: dict[_Case, tuple[PlannedStep, ...]] = {}
        for start in range(0, len(rows), IN_A_STATEMENT):
            found |= await self._plan_some(tx, rows[start : start + IN_A_STATEMENT], known)
        return found

    async def plan_all_anew(self, tx: Tx, key: str) -> None:
        """Begin to plan every open enrolment anew, once per `key`."""
        await dues.plan(self.post.store, tx, self.post.bot_id, replan(self.post.clock.now(), key))

    async def _plan_some(
        self, tx: Tx, rows: Sequence[sa.RowMapping], known: dict["_Case", tuple[PlannedStep, ...]]
    ) -> dict[int, tuple[PlannedStep, ...]]:
        ids = [row["id"] for row in rows]
        sent = await planned.sent_steps(tx, ids)
        waiting = await planned.waiting_steps(tx, self.post.bot_id, ids)
        found: dict[int, tuple[PlannedStep, ...]] = {}
        writing = _Writing()
        now = self.post.clock.now()  # once: those treated at one time are planned once
        for case, alike in _by_case(rows, sent).items():
            plan = self.post.library.served.content.plans.get(case.plan_id)
            if plan is None:
                continue
            if case not in known:
                known[case] = case.plan(plan, self.post.library.served.content.clinic, now)
            found |= dict.fromkeys(alike, known[case])
            slots = _slots(known[case])
            writing.add(slots.values(), [id_ for id_ in alike if id_ not in waiting])
            for enrolment_id in (id_ for id_ in alike if id_ in waiting):
                writing.note(enrolment_id, known[case], slots, waiting[enrolment_id], to_us(now))
        await writing.write(self.post, tx)
        return found

    async def _replan(self, tx: Tx, row: sa.RowMapping) -> None:
        ids = await care.open_plan_ids(tx, self.post.bot_id, row["ref"], AT_ONCE)
        await self.plan_many(tx, await planned.plan_rows(tx, ids))
        if len(ids) == AT_ONCE:
            stem = row["dedupe_key"].rpartition("|")[0] or row["dedupe_key"]
            more = dues.Due(REPLAN, self.post.clock.now(), f"{stem}|{ids[-1]}", ref=ids[-1])
            await dues.plan(self.post.store, tx, self.post.bot_id, more)
        log.info("plans_planned_anew", plans=len(ids))


def replan(now: datetime, key: str) -> dues.Due:
    """The timer that plans every open enrolment anew, once per `key`."""
    return dues.Due(REPLAN, now, f"{REPLAN}:{key}", ref=0)


class _Case(NamedTuple):
    """All that tells the steps of one patient from another's."""

    plan_id: str
    zone: str
    treated_us: int
    visit_us: int | None
    gone: frozenset[str]

    def plan(self, plan: Plan, clinic: Clinic, now: datetime) -> tuple[PlannedStep, ...]:
        """When each step comes, or why not."""
        visit_at = from_us(self.visit_us) if self.visit_us is not None else None
        return plan_steps(plan, clinic, ZoneInfo(self.zone), from_us(self.treated_us), now, visit_at, gone=self.gone)


@dataclass(frozen=True)
class _Writing:
    """What has to change in the due rows, gathered from many plans. Rows that are right already are left alone."""

    added: dict[tuple[Slot, ...], list[int]] = field(default_factory=dict)
    moved: list[tuple[int, Slot]] = field(default_factory=list)
    dropped: dict[str, list[int]] = field(default_factory=dict)

    def add(self, slots: Iterable[Slot], ids: Iterable[int]) -> None:
        """Plans without any of these steps to come."""
        self.added.setdefault(tuple(slots), []).extend(ids)

    def note(
        self,
        enrolment_id: int,
        steps: Sequence[PlannedStep],
        slots: Mapping[str, Slot],
        waiting: Sequence[sa.RowMapping],
        now_us: int,
    ) -> None:
        """A plan of which some wait: `steps` as they should be, `slots` of those that are to come, `waiting` as they
        are."""
        left_out = {step.step_id: step.why for step in steps if step.at is None}
        for row in waiting:
            slot = slots.get(row["part"])
            if slot is None:
                self.dropped.setdefault(left_out.get(row["part"], NOT_IN_PLAN), []).append(row["id"])
            elif _was_moved(row, slot, now_us):
                continue
            elif (slot.due_us, slot.until_us) != (row["due_us"], row["until_us"]):
                self.moved.append((row["id"], slot))
        there = {row["part"] for row in waiting}
        self.add((slot for step_id, slot in slots.items() if step_id not in there), [enrolment_id])

    async def write(self, post: Post, tx: Tx) -> None:
        """Write it all."""
        for slots, ids in self.added.items():
            await planned.add_steps(post.store, tx, post.bot_id, ids, slots)
        await planned.move_steps(tx, self.moved)
        await planned.drop_steps(tx, self.dropped)


def _was_moved(row: sa.RowMapping, slot: Slot, now_us: int) -> bool:
    """Whether a row stands at another time on purpose (staff, an answer), at which it may still go out."""
    is_in_time = now_us <= row["due_us"] and (slot.until_us is None or row["due_us"] < slot.until_us)
    return row["reason"] is not None and is_in_time


def _by_case(rows: Iterable[sa.RowMapping], sent: Mapping[int, frozenset[str]]) -> dict[_Case, list[int]]:
    """Enrolments that get the same steps at the same times."""
    found: dict[_Case, list[int]] = {}
    for row in rows:
        gone = sent.get(row["id"], frozenset())
        case = _Case(row["plan_id"], row["zone"], row["treated_us"], row["visit_us"], gone)
        found.setdefault(case, []).append(row["id"])
    return found


def _slots(steps: Sequence[PlannedStep]) -> dict[str, Slot]:
    return {
        step.step_id: Slot(step.step_id, to_us(step.at), to_us(step.until) if step.until else None)
        for step in steps
        if step.at is not None
    }
