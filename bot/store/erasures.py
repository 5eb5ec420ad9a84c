"""Who asked to be forgotten: one row for each patient of the chat, without a word of theirs.

`asked → waiting → done`, or `withdrawn`. `waiting`: they are sure, and it is done unless an open alert is in the way.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.care import UNDONE
from bot.model import BotId, ChatId, PatientId
from bot.store.care import NO_CHAT
from bot.store.engine import Tx
from bot.store.tables import enrolment, erasure, patient, patient_chat

ASKED, WAITING, DONE, WITHDRAWN = "asked", "waiting", "done", "withdrawn"
RECORD = "record"
"""In `erasure.counts`: 1 while a locked care record is kept."""


async def ask(tx: Tx, bot_id: BotId, chat_id: ChatId, now_us: int) -> None:
    """Note that this chat asked to be forgotten, for each of its patients. The caller holds the chat's lock."""
    known = {row["patient_id"]: row["id"] for row in await open_requests(tx, bot_id, chat_id)}
    for patient_id in await _patients(tx, bot_id, chat_id):
        if patient_id in known:
            await tx.execute(erasure.update().where(erasure.c.id == known[patient_id]).values(asked_us=now_us))
            continue
        values = {"bot_id": bot_id, "chat_id": chat_id, "patient_id": patient_id, "state": ASKED, "asked_us": now_us}
        await tx.execute(erasure.insert().values(**values))


async def ask_on_paper(tx: Tx, bot_id: BotId, patient_id: PatientId, now_us: int) -> sa.RowMapping:
    """Note that a patient without Telegram is to be forgotten, and surely so. Returns the request."""
    values = {"bot_id": bot_id, "chat_id": NO_CHAT, "patient_id": patient_id, "state": WAITING, "asked_us": now_us}
    made: sa.RowMapping = (await tx.execute(erasure.insert().values(**values).returning(erasure))).mappings().one()
    return made


async def withdraw(tx: Tx, bot_id: BotId, chat_id: ChatId) -> bool:
    """They would rather be kept. False when there was nothing to take back."""
    ids = [row["id"] for row in await open_requests(tx, bot_id, chat_id)]
    await tx.execute(erasure.update().where(erasure.c.id.in_(ids)).values(state=WITHDRAWN))
    return bool(ids)


async def open_requests(tx: Tx, bot_id: BotId, chat_id: ChatId) -> Sequence[sa.RowMapping]:
    """The requests of this chat that are not over, with each patient's `code`, oldest first."""
    statement = (
        sa.select(erasure, patient.c.code)
        .join(patient, patient.c.id == erasure.c.patient_id)
        .where(erasure.c.bot_id == bot_id, erasure.c.chat_id == chat_id, erasure.c.state.in_((ASKED, WAITING)))
        .order_by(erasure.c.id)
    )
    return (await tx.execute(statement)).mappings().all()


async def wait(tx: Tx, bot_id: BotId, chat_id: ChatId) -> None:
    """They are sure: it is to be done as soon as it can be."""
    of_chat = (erasure.c.bot_id == bot_id, erasure.c.chat_id == chat_id)
    await tx.execute(erasure.update().where(*of_chat, erasure.c.state == ASKED).values(state=WAITING))


async def move(tx: Tx, bot_id: BotId, patient_id: PatientId, old: ChatId, new: ChatId) -> frozenset[str]:
    """A request that is not over goes along to another chat of the same patient. Returns the states of those."""
    of_patient = (
        erasure.c.bot_id == bot_id,
        erasure.c.chat_id == old,
        erasure.c.patient_id == patient_id,
        erasure.c.state.in_((ASKED, WAITING)),
    )
    moved = await tx.scalars(erasure.update().where(*of_patient).values(chat_id=new).returning(erasure.c.state))
    return frozenset(moved)


async def is_forgotten(tx: Tx, bot_id: BotId, patient_id: PatientId) -> bool:
    """Whether what we knew of this patient was erased: at most a locked record is left."""
    done = (erasure.c.bot_id == bot_id, erasure.c.patient_id == patient_id, erasure.c.state == DONE)
    return await tx.scalar(sa.select(erasure.c.id).where(*done).limit(1)) is not None


async def finish(tx: Tx, erasure_ids: Iterable[int], counts: Mapping[str, int], now_us: int) -> None:
    """Done, with how much of what was erased."""
    values = {"state": DONE, "done_us": now_us, "counts": dict(counts)}
    await tx.execute(erasure.update().where(erasure.c.id.in_(list(erasure_ids))).values(**values))


async def set_counts(tx: Tx, erasure_ids: Iterable[int], counts: Mapping[str, int]) -> None:
    """Other counts for erasures that are done."""
    await tx.execute(erasure.update().where(erasure.c.id.in_(list(erasure_ids))).values(counts=dict(counts)))


async def has_plan(tx: Tx, patient_ids: Iterable[int]) -> bool:
    """Whether one of them ever was on a care plan. One that was taken back as a mistake is none."""
    of_them = enrolment.c.patient_id.in_(list(patient_ids))
    was_meant = enrolment.c.reason.is_distinct_from(UNDONE)
    return await tx.scalar(sa.select(enrolment.c.id).where(of_them, was_meant).limit(1)) is not None


async def done_since(tx: Tx, bot_id: BotId, since_us: int = 0) -> Sequence[sa.RowMapping]:
    """Erasures that were done since then, oldest first. All of them are to be carried over to a restored backup."""
    statement = sa.select(erasure).where(
        erasure.c.bot_id == bot_id, erasure.c.state == DONE, erasure.c.done_us >= since_us
    )
    return (await tx.execute(statement.order_by(erasure.c.done_us, erasure.c.id))).mappings().all()


async def locked(tx: Tx, bot_id: BotId, code: str) -> Sequence[sa.RowMapping]:
    """The erasures, done together, that keep the care record of the patient with this code; none: there is no such."""
    of_code = sa.select(patient.c.id).where(patient.c.bot_id == bot_id, patient.c.code == code)
    patient_id = await tx.scalar(of_code)
    rows = [row for row in await done_since(tx, bot_id) if (row["counts"] or {}).get(RECORD)]
    mine = [row for row in rows if row["patient_id"] == patient_id]
    if not mine:
        return []
    return [row for row in rows if (row["chat_id"], row["done_us"]) == (mine[-1]["chat_id"], mine[-1]["done_us"])]


async def carry_over(tx: Tx, bot_id: BotId, row: Mapping[str, Any]) -> None:
    """Put an erasure into a database that does not have it, or not as it is now."""
    values = {name: row[name] for name in ("chat_id", "patient_id", "state", "asked_us", "done_us", "counts")}
    same = sa.select(erasure.c.id).where(
        erasure.c.bot_id == bot_id,
        erasure.c.chat_id == row["chat_id"],
        erasure.c.patient_id == row["patient_id"],
        erasure.c.asked_us <= row["asked_us"],
        erasure.c.state != WITHDRAWN,
    )
    found = await tx.scalar(same.order_by(erasure.c.id.desc()).limit(1))
    if found is None:
        await tx.execute(erasure.insert().values(bot_id=bot_id, **values))
    else:
        await tx.execute(erasure.update().where(erasure.c.id == found).values(**values))


async def _patients(tx: Tx, bot_id: BotId, chat_id: ChatId) -> Sequence[int]:
    statement = sa.select(patient_chat.c.patient_id).where(
        patient_chat.c.bot_id == bot_id, patient_chat.c.chat_id == chat_id, patient_chat.c.until_us.is_(None)
    )
    return (await tx.scalars(statement.order_by(patient_chat.c.patient_id))).all()
