"""Patients and their enrolments as rows, and a planner for them without the rest of the bot."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from benchmarks._check_in_plan import PLAN_ID
from bot.care import PlanState
from bot.clock import Clock, to_us
from bot.content.load import load_content
from bot.content.schema import Content
from bot.model import BotId, ChatKind
from bot.services.library import Library
from bot.services.planner import Planner
from bot.services.post import Post
from bot.store.engine import Store, Tx
from bot.store.tables import chat, enrolment, patient, patient_chat

LONDON = "Europe/London"


@dataclass(frozen=True)
class Treated:
    """One treatment to enrol from. Microseconds."""

    patient_id: int
    chat_id: int
    at_us: int
    zone: str = LONDON


@dataclass(frozen=True)
class _Served:
    content: Content


@dataclass(frozen=True)
class _Shelf:
    served: _Served


def planner(store: Store, clock: Clock, bot_id: BotId, content_dir: Path) -> Planner:
    """It reads plans and clinic; what answers questions, which takes seconds to prepare, it has no use for."""
    shelf = _Shelf(_Served(load_content(content_dir)))
    return Planner(Post(store, clock, bot_id, cast(Library, shelf)))


async def add_patients(tx: Tx, bot_id: BotId, treated: Sequence[Treated], now_us: int) -> None:
    """Those who will be enrolled, each in a chat and a zone."""
    its: dict[str, object] = {"bot_id": bot_id, "created_us": now_us}
    await tx.execute(
        patient.insert(), [{**its, "id": one.patient_id, "code": f"P-{one.patient_id}"} for one in treated]
    )
    its = {"bot_id": bot_id, "kind": ChatKind.PRIVATE, "first_seen_us": now_us}
    await tx.execute(chat.insert(), [{**its, "chat_id": one.chat_id, "zone": one.zone} for one in treated])
    its = {"bot_id": bot_id, "since_us": now_us}
    await tx.execute(
        patient_chat.insert(), [{**its, "chat_id": one.chat_id, "patient_id": one.patient_id} for one in treated]
    )


async def add_enrolments(tx: Tx, bot_id: BotId, treated: Sequence[Treated], now_us: int) -> None:
    """Enrol these patients, who agreed, without a check-in to come."""
    same = {
        "bot_id": bot_id,
        "plan_id": PLAN_ID,
        "area": "heel",
        "side": "left",
        "careful": False,
        "facts": {"baseline": 6},
        "state": PlanState.OPEN,
        "created_us": now_us,
        "agreed_us": now_us,
    }
    own = ({"patient_id": t.patient_id, "chat_id": t.chat_id, "treated_us": t.at_us, "zone": t.zone} for t in treated)
    await tx.execute(enrolment.insert(), [{**same, **values} for values in own])


async def enrol(tx: Tx, planner: Planner, treated: Sequence[Treated]) -> int:
    """Enrol them, and plan their check-ins. Returns how many were planned. Their numbers follow one on the other."""
    await add_enrolments(tx, planner.post.bot_id, treated, to_us(planner.post.clock.now()))
    names = ("id", "plan_id", "zone", "treated_us", "visit_us")
    ids = [one.patient_id for one in treated]
    of_them = enrolment.c.patient_id.between(min(ids), max(ids))
    rows = (await tx.execute(sa.select(*(enrolment.c[name] for name in names)).where(of_them))).mappings().all()
    return len(await planner.plan_many(tx, rows))
