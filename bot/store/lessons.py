"""The `lesson` table: questions that the texts should have answered, or answered otherwise. A lesson goes with its
question (`store.erasing`), and one whose words retention has emptied is not shown."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.model import BotId, ChatId, Decision, UserId
from bot.store.engine import Store, Tx
from bot.store.tables import lesson, message, patient, question

NEWEST = 300
"""So many open lessons are looked at together."""
_TEACHABLE = (Decision.ANSWER, Decision.ASK, Decision.HAND_OVER)


class Reason(StrEnum):
    """Why it is one."""

    UNANSWERED = "unanswered"
    NOT_ASKED = "not_asked"
    """The patient said that this was not what they had asked."""
    WRONG = "wrong"
    """Staff said so."""


class LessonState(StrEnum):
    """What became of it."""

    OPEN = "open"
    TAUGHT = "taught"
    IGNORED = "ignored"


async def add(
    store: Store, tx: Tx, bot_id: BotId, question_ids: Collection[int], reason: Reason, now_us: int
) -> list[int]:
    """Keep questions as lessons; one that is a lesson stays as it is. Returns those that may be one: a question with
    any sign of danger never is, and neither is one in another language."""
    if not question_ids:
        return []
    ids = [
        row.id
        for row in await tx.execute(
            sa.select(question.c.id, question.c.why).where(
                question.c.id.in_(question_ids),
                question.c.decision.in_(_TEACHABLE),
                question.c.level.is_(None),
                question.c.text != "",
            )
        )
        if _is_harmless(row.why)
    ]
    rows = [
        {"question_id": id_, "bot_id": bot_id, "reason": reason, "state": LessonState.OPEN, "made_us": now_us}
        for id_ in ids
    ]
    await store.insert_once(tx, lesson, rows, "question_id")
    return ids


def _is_harmless(why: dict[str, Any]) -> bool:
    return not any(why.get(name) for name in ("flags", "suspected", "language"))


async def reopen(tx: Tx, question_id: int, reason: Reason) -> None:
    """It has not been learnt after all."""
    values = {"reason": reason, "state": LessonState.OPEN, "settled_by": None, "settled_us": None}
    await tx.execute(lesson.update().where(lesson.c.question_id == question_id).values(**values, revision_id=None))


async def take_back(tx: Tx, message_ids: sa.Select[tuple[int]]) -> None:
    """The replies to these questions are taken back: more was said, and that is decided anew."""
    asked = sa.select(message.c.question_id).where(message.c.id.in_(message_ids), message.c.question_id.is_not(None))
    await tx.execute(lesson.delete().where(lesson.c.question_id.in_(asked)))


async def _found(tx: Tx, statement: sa.Select[Any]) -> Sequence[sa.RowMapping]:
    found: Sequence[sa.RowMapping] = (await tx.execute(statement)).mappings().all()
    return found


def _read() -> sa.Select[Any]:
    return (
        sa.select(
            question.c.id,
            question.c.chat_id,
            question.c.text,
            question.c.entry_id,
            question.c.why,
            question.c.at_us,
            patient.c.code,
            lesson.c.reason,
            lesson.c.state,
            lesson.c.revision_id,
        )
        .join(lesson, lesson.c.question_id == question.c.id)
        .join(patient, patient.c.id == question.c.patient_id)
        .where(question.c.text != "")
    )


async def still_open(tx: Tx, bot_id: BotId) -> Sequence[sa.RowMapping]:
    """The newest lessons that nobody has seen to, with the question, newest first."""
    of_bot = (lesson.c.bot_id == bot_id, lesson.c.state == LessonState.OPEN)
    found = _read().where(*of_bot).order_by(lesson.c.made_us.desc(), question.c.id.desc()).limit(NEWEST)
    return await _found(tx, found)


async def taught_with(tx: Tx, bot_id: BotId, revision_id: int, since_us: int) -> Sequence[sa.RowMapping]:
    """The lessons that these texts have learnt, of questions asked since then, newest first."""
    of_revision = (
        lesson.c.bot_id == bot_id,
        lesson.c.state == LessonState.TAUGHT,
        lesson.c.revision_id == revision_id,
        question.c.at_us >= since_us,
    )
    return await _found(tx, _read().where(*of_revision).order_by(question.c.id.desc()))


async def settle(
    tx: Tx,
    question_ids: Collection[int],
    state: LessonState,
    who: UserId,
    now_us: int,
    revision_id: int | None = None,
) -> int:
    """Somebody has seen to open lessons. Returns how many; 0: somebody else had."""
    is_open = (lesson.c.question_id.in_(question_ids), lesson.c.state == LessonState.OPEN)
    values = {"state": state, "settled_by": who, "settled_us": now_us, "revision_id": revision_id}
    return (await tx.execute(lesson.update().where(*is_open).values(**values))).rowcount


async def has_had(tx: Tx, bot_id: BotId, chat_id: ChatId, question_id: int, entry_id: str) -> bool:
    """Whether the bot has given this chat this answer since that question."""
    later = (
        question.c.bot_id == bot_id,
        question.c.chat_id == chat_id,
        question.c.id > question_id,
        question.c.decision == Decision.ANSWER,
        question.c.entry_id == entry_id,
    )
    return await tx.scalar(sa.select(question.c.id).where(*later).limit(1)) is not None
