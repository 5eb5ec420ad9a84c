"""Why a message said what it said: from Telegram's message back to the decision behind it."""

from typing import Any

import sqlalchemy as sa

from bot.model import BotId, ChatId, PatientId, TelegramMessageId
from bot.store import messages
from bot.store.engine import Tx
from bot.store.tables import content_revision, question

_ASKED = sa.select(question, content_revision.c.hash).outerjoin(
    content_revision, content_revision.c.id == question.c.revision_id
)


async def why(tx: Tx, bot_id: BotId, chat_id: ChatId, tg_message_id: TelegramMessageId) -> dict[str, Any] | None:
    """The decision behind one of our messages, as JSON values under the names of `Understanding`, with the content's
    `revision`. None for a message that no decision stands behind."""
    row = await messages.by_telegram_id(tx, bot_id, chat_id, tg_message_id)
    if row is None or row["question_id"] is None:
        return None
    asked = (await tx.execute(_ASKED.where(question.c.id == row["question_id"]))).mappings().one()
    return _explained(asked)


async def last_decisions(
    tx: Tx, bot_id: BotId, chat_id: ChatId, limit: int, until: int | None = None
) -> list[dict[str, Any]]:
    """The same for the last questions asked in a chat, newest first. `until`: the last of them; None: the newest."""
    asked = _ASKED.where(question.c.bot_id == bot_id, question.c.chat_id == chat_id).order_by(question.c.id.desc())
    if until is not None:
        asked = asked.where(question.c.id <= until)
    return [_explained(one) for one in (await tx.execute(asked.limit(limit))).mappings()]


async def decisions_about(tx: Tx, bot_id: BotId, patient_id: PatientId) -> dict[int, dict[str, Any]]:
    """The same for everything a patient ever asked, by question."""
    asked = _ASKED.where(question.c.bot_id == bot_id, question.c.patient_id == patient_id)
    return {one["id"]: _explained(one) for one in (await tx.execute(asked)).mappings()}


def _explained(asked: sa.RowMapping) -> dict[str, Any]:
    stored = asked["why"]
    flags = (*stored["flags"], *stored.get("suspected", ()))  # those only suspected since December 2026
    candidates = [{"id": id_, "confidence": sure, "phrasing": phrasing} for id_, sure, phrasing in stored["candidates"]]
    return {
        "question": asked["id"],
        "text": asked["text"],
        "decision": asked["decision"],
        "id": asked["entry_id"],
        "level": asked["level"],
        "confidence": stored["confidence"],
        "phrasing": candidates[0]["phrasing"] if candidates else "",
        "candidates": candidates,
        "red_flags": [{"id": id_, "level": level, "words": words} for id_, level, words in flags],
        "ruled_out": stored["ruled_out"],
        "repaired": stored["repaired"],
        "second": stored.get("second"),  # questions of before revision 0004 have none of these three
        "about": stored.get("about"),
        "language": stored.get("language"),
        "revision": (asked["hash"] or "")[:7],
    }
