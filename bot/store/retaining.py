"""What is too old to be kept, found a stretch of ids at a time: nobody waits long for the database meanwhile.

Kept whole are patients on a plan, or with one that ended after `cutoff_us`, and locked care records.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.model import BotId
from bot.store import erasures, reducing
from bot.store.care import NO_CHAT
from bot.store.engine import Tx
from bot.store.tables import contact, conversation, enrolment, message, patient_chat, question, said

ENDED = "ended"
"""The state of an enrolment that is over."""
PLANS, QUESTIONS, MESSAGES = 200, 2_000, 2_000
"""Ids looked at in one transaction; a few milliseconds each."""


@dataclass(frozen=True, slots=True)
class Old:
    """What counts as too old, and what is kept all the same."""

    bot_id: BotId
    cutoff_us: int
    locked_patients: frozenset[int]
    locked_chats: frozenset[int]


async def old(tx: Tx, bot_id: BotId, cutoff_us: int) -> Old:
    """What is older than `cutoff_us`, but for locked records."""
    rows = [row for row in await erasures.done_since(tx, bot_id) if (row["counts"] or {}).get(erasures.RECORD)]
    patients = frozenset(row["patient_id"] for row in rows)
    in_chats = frozenset(row["chat_id"] for row in rows) - {NO_CHAT}
    return Old(bot_id, cutoff_us, patients, in_chats)


async def reduce_some_plans(tx: Tx, what: Old, after_id: int) -> tuple[int, int | None]:
    """Make numbers of finished plans above `after_id`. Returns how many, and after which id to go on (None: done).

    Who has no other plan loses their name and phone with it.
    """
    ids = await _next_ids(tx, enrolment, what, after_id, PLANS)
    if not ids:
        return 0, None
    finished = sa.select(enrolment.c.id, enrolment.c.patient_id).where(
        enrolment.c.id.in_(ids),
        enrolment.c.state == ENDED,
        sa.func.coalesce(enrolment.c.ended_us, enrolment.c.created_us) < what.cutoff_us,
        enrolment.c.side != reducing.REDUCED,
        enrolment.c.patient_id.not_in(what.locked_patients),
    )
    rows = (await tx.execute(finished)).all()
    reduced = await reducing.reduce_plans(tx, [row.id for row in rows], what.cutoff_us) if rows else 0
    await _drop_contacts(tx, what, {row.patient_id for row in rows})
    return reduced, ids[-1] if len(ids) == PLANS else None


async def empty_some_questions(tx: Tx, what: Old, after_id: int) -> tuple[int, int | None]:
    """The same for the words of questions."""
    ids = await _next_ids(tx, question, what, after_id, QUESTIONS)
    too_old = sa.select(question.c.id).where(
        question.c.id.in_(ids),
        question.c.at_us < what.cutoff_us,
        question.c.text != "",
        ~_is_kept_patient(question.c.patient_id, what),
    )
    found = (await tx.scalars(too_old)).all()
    emptied = await reducing.empty_questions(tx, found) if found else 0
    return emptied, ids[-1] if len(ids) == QUESTIONS else None


async def empty_some_said(tx: Tx, what: Old, after_id: int) -> tuple[int, int | None]:
    """The same for what else they sent."""
    ids = await _next_ids(tx, said, what, after_id, QUESTIONS)
    too_old = (said.c.id.in_(ids), said.c.at_us < what.cutoff_us, said.c.text != "")
    emptied = await tx.execute(
        said.update().where(*too_old, ~_is_kept_patient(said.c.patient_id, what)).values(text="")
    )
    return emptied.rowcount, ids[-1] if len(ids) == QUESTIONS else None


async def empty_some_messages(tx: Tx, what: Old, after_id: int) -> tuple[int, int | None]:
    """The same for what we said, to patients and about them."""
    ids = await _next_ids(tx, message, what, after_id, MESSAGES)
    if not ids:
        return 0, None
    emptied = await reducing.empty_messages(
        tx,
        message.c.id.between(ids[0], ids[-1]),
        message.c.bot_id == what.bot_id,
        message.c.planned_us < what.cutoff_us,
        ~_is_kept_chat(message.c.chat_id, what),
        ~_is_kept_chat(sa.func.coalesce(message.c.subject_chat_id, 0), what),
    )
    return emptied, ids[-1] if len(ids) == MESSAGES else None


async def forget_talks(tx: Tx, what: Old) -> int:
    """What the bot remembers of talks that ended so long ago."""
    gone = await tx.execute(
        conversation.delete().where(
            conversation.c.bot_id == what.bot_id,
            conversation.c.updated_us < what.cutoff_us,
            ~_is_kept_chat(conversation.c.chat_id, what),
        )
    )
    return gone.rowcount


async def expired_records(tx: Tx, bot_id: BotId, before_us: int) -> list[Sequence[sa.RowMapping]]:
    """Erasures, together as they were done, whose locked record is of care that ended before `before_us`."""
    together: dict[tuple[int, int], list[sa.RowMapping]] = {}
    for row in await erasures.done_since(tx, bot_id):
        if (row["counts"] or {}).get(erasures.RECORD):
            together.setdefault((row["chat_id"], row["done_us"]), []).append(row)
    found: list[Sequence[sa.RowMapping]] = []
    for rows in together.values():
        last_us = sa.select(sa.func.max(enrolment.c.ended_us)).where(
            enrolment.c.patient_id.in_([row["patient_id"] for row in rows])
        )
        if (await tx.scalar(last_us) or rows[0]["done_us"]) < before_us:
            found.append(rows)
    return found


async def _next_ids(tx: Tx, table: sa.Table, what: Old, after_id: int, limit: int) -> Sequence[int]:
    statement = sa.select(table.c.id).where(table.c.bot_id == what.bot_id, table.c.id > after_id)
    return (await tx.scalars(statement.order_by(table.c.id).limit(limit))).all()


async def _drop_contacts(tx: Tx, what: Old, patient_ids: Collection[int]) -> None:
    of_them = contact.c.patient_id.in_(patient_ids)
    await tx.execute(contact.delete().where(of_them, ~_is_kept_patient(contact.c.patient_id, what)))
    theirs = patient_chat.c.patient_id.in_(patient_ids)
    is_kept = _is_kept_patient(patient_chat.c.patient_id, what)
    await tx.execute(patient_chat.update().where(theirs, ~is_kept).values(label=None))


def _has_a_plan(patient_id: sa.ColumnElement[int], what: Old) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        enrolment.c.patient_id == patient_id,
        sa.or_(
            enrolment.c.state != ENDED,
            sa.func.coalesce(enrolment.c.ended_us, enrolment.c.created_us) >= what.cutoff_us,
        ),
    )


def _is_kept_patient(patient_id: sa.ColumnElement[int], what: Old) -> sa.ColumnElement[bool]:
    return sa.or_(patient_id.in_(what.locked_patients), _has_a_plan(patient_id, what))


def _is_kept_chat(chat_id: sa.ColumnElement[int], what: Old) -> sa.ColumnElement[bool]:
    of_chat = sa.exists().where(
        patient_chat.c.bot_id == what.bot_id,
        patient_chat.c.chat_id == chat_id,
        enrolment.c.patient_id == patient_chat.c.patient_id,
        sa.or_(
            enrolment.c.state != ENDED,
            sa.func.coalesce(enrolment.c.ended_us, enrolment.c.created_us) >= what.cutoff_us,
        ),
    )
    return sa.or_(chat_id.in_(what.locked_chats), of_chat)
