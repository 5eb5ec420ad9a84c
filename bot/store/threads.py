"""Threads: which topic of the staff group is which chat's, what was said both ways, lines that wait for a topic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.errors import MarkupError
from bot.markup import MAX_TEXT, plain, utf16_len
from bot.model import BotId, ChatId, Kind, MessageState, Method, Payload, TelegramMessageId, UserId
from bot.store.engine import Tx
from bot.store.tables import alert, enrolment, message, patient, patient_chat, question, thread, topic

OPEN, DONE = "open", "done"
_SAID = (Kind.REPLY, Kind.RELAY, Kind.EMERGENCY, Kind.CHECK_IN)
_GOES = (MessageState.PENDING, MessageState.SENDING, MessageState.SENT, MessageState.UNKNOWN)
LINE = "line:"
"""How the keys of messages begin that hold what a patient said: more of it may be added to one that waits."""
_THREADS = sa.select(
    thread, topic.c.chat_id.label("group_id"), topic.c.name.label("topic_name"), topic.c.thread_id
).join(topic, topic.c.id == thread.c.topic_id)


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said. `text` is plain."""

    at_us: int
    is_ours: bool
    text: str


# --- which is which -------------------------------------------------------------------------------------------------


async def of_chat(tx: Tx, bot_id: BotId, chat_id: ChatId) -> sa.RowMapping | None:
    """The thread of this chat with its topic, or None."""
    return await _one(tx, thread.c.bot_id == bot_id, thread.c.chat_id == chat_id)


async def by_id(tx: Tx, bot_id: BotId, thread_id: int) -> sa.RowMapping | None:
    """One thread, or None."""
    return await _one(tx, thread.c.bot_id == bot_id, thread.c.id == thread_id)


async def of_topic(tx: Tx, bot_id: BotId, topic_id: int) -> sa.RowMapping | None:
    """The thread that our row in `topic` holds, or None."""
    return await _one(tx, thread.c.bot_id == bot_id, thread.c.topic_id == topic_id)


async def seen_in(tx: Tx, bot_id: BotId, group_id: ChatId, telegram_thread_id: int) -> sa.RowMapping | None:
    """The thread that Telegram knows by this number in this group, or None."""
    return await _one(
        tx, thread.c.bot_id == bot_id, topic.c.chat_id == group_id, topic.c.thread_id == telegram_thread_id
    )


async def _one(tx: Tx, *where: sa.ColumnElement[bool]) -> sa.RowMapping | None:
    return (await tx.execute(_THREADS.where(*where))).mappings().one_or_none()


async def taken_by(tx: Tx, bot_id: BotId, user_id: UserId) -> Sequence[sa.RowMapping]:
    """The open threads that somebody has taken, oldest first."""
    of_them = (thread.c.bot_id == bot_id, thread.c.taken_by == user_id, thread.c.state == OPEN)
    return (await tx.execute(_THREADS.where(*of_them).order_by(thread.c.id))).mappings().all()


async def open_in(tx: Tx, bot_id: BotId, chat_ids: Sequence[ChatId]) -> dict[ChatId, int | None]:
    """Chats among these whose thread is open, with the time of staff's last word, if they are talking."""
    statement = sa.select(thread.c.chat_id, thread.c.staff_us).where(
        thread.c.bot_id == bot_id, thread.c.chat_id.in_(chat_ids), thread.c.state == OPEN
    )
    return {ChatId(chat_id): staff_us for chat_id, staff_us in await tx.execute(statement)}


async def add(tx: Tx, bot_id: BotId, chat_id: ChatId, topic_id: int, now_us: int) -> None:
    """The chat's thread, in this topic; not open yet. One in another group's topic moves. The caller holds the chat's
    lock."""
    moved = await tx.execute(
        thread.update().where(thread.c.bot_id == bot_id, thread.c.chat_id == chat_id).values(topic_id=topic_id)
    )
    if not moved.rowcount:
        values = {"topic_id": topic_id, "state": DONE, "opened_us": now_us}
        await tx.execute(thread.insert().values(bot_id=bot_id, chat_id=chat_id, **values))


async def set_values(tx: Tx, thread_id: int, **values: object) -> None:
    """Change columns of one thread."""
    await tx.execute(thread.update().where(thread.c.id == thread_id).values(**values))


async def take_back(tx: Tx, bot_id: BotId, chat_id: ChatId, batch: int) -> None:
    """The unsure reply whose card opened this thread never went out."""
    of_batch = (thread.c.bot_id == bot_id, thread.c.chat_id == chat_id, thread.c.batch == batch)
    await tx.execute(thread.update().where(*of_batch).values(state=DONE, batch=None))


# --- lines ----------------------------------------------------------------------------------------------------------


async def join_line(tx: Tx, bot_id: BotId, topic_id: int, reply_to_id: TelegramMessageId | None, line: Payload) -> bool:
    """Add a line to the one that waits last for this topic, so that a group's limit holds up less. Its buttons take the
    place of those there. False where nothing else waits, where somebody holds what does, or it would be too long."""
    newest = (
        (
            await tx.execute(
                sa.select(message).where(message.c.topic_id == topic_id).order_by(message.c.id.desc()).limit(1)
            )
        )
        .mappings()
        .one_or_none()
    )
    if newest is None or not _may_grow(newest) or newest["reply_to_id"] != reply_to_id:
        return False
    waits = (message.c.id == newest["id"], message.c.bot_id == bot_id, message.c.state == MessageState.PENDING)
    # One that the outbox is looking at is left alone: it may be moving those that follow, some of which are held here.
    held = await tx.scalar(sa.select(message.c.payload).where(*waits).with_for_update(skip_locked=True))
    if held is None:
        return False
    payload = Payload.from_json(held)
    longer = replace(payload, text=f"{payload.text}\n{line.text}", buttons=line.buttons or payload.buttons)
    if _length(longer.text) > MAX_TEXT:
        return False
    await tx.execute(message.update().where(*waits).values(payload=longer.to_json()))
    return True


def _may_grow(row: sa.RowMapping) -> bool:
    return (
        row["state"] == MessageState.PENDING
        and row["method"] == Method.SEND_TEXT
        and not row["resent"]
        and row["fallback"] == 0
        and row["dedupe_key"].startswith(LINE)
    )


def _length(html: str) -> int:
    """As Telegram counts; too long where it cannot be read."""
    try:
        return utf16_len(plain(html))
    except MarkupError:
        return MAX_TEXT + 1


# --- what was said --------------------------------------------------------------------------------------------------


async def last_lines(tx: Tx, bot_id: BotId, chat_id: ChatId, limit: int) -> list[Line]:
    """The last things said both ways, oldest first: the patient's questions, and what went to the chat."""
    asked = await tx.execute(
        sa.select(question.c.at_us, question.c.text)
        .where(question.c.bot_id == bot_id, question.c.chat_id == chat_id)
        .order_by(question.c.at_us.desc(), question.c.id.desc())
        .limit(limit)
    )
    lines = [Line(at_us, False, text) for at_us, text in asked]
    told = await tx.execute(
        sa.select(message.c.planned_us, message.c.payload)
        .where(
            message.c.bot_id == bot_id,
            message.c.chat_id == chat_id,
            message.c.method == Method.SEND_TEXT,
            message.c.kind.in_(_SAID),
            message.c.state.in_(_GOES),
        )
        .order_by(message.c.id.desc())
        .limit(limit)
    )
    lines += [Line(at_us, True, _plain(payload)) for at_us, payload in told]
    return sorted(lines, key=lambda line: line.at_us)[-limit:]


def _plain(payload: dict[str, Any]) -> str:
    text: str = payload["text"]
    try:
        return plain(text)
    except MarkupError:
        return ""


async def patients_in(tx: Tx, bot_id: BotId, chat_id: ChatId) -> list[sa.RowMapping]:
    """Code and area of every patient of the chat, the first one first."""
    statement = (
        sa.select(patient.c.code, enrolment.c.area, enrolment.c.treated_us)
        .select_from(patient_chat)
        .join(patient, patient.c.id == patient_chat.c.patient_id)
        .outerjoin(
            enrolment, sa.and_(enrolment.c.patient_id == patient.c.id, enrolment.c.state.in_(("open", "paused")))
        )
        .where(patient_chat.c.bot_id == bot_id, patient_chat.c.chat_id == chat_id, patient_chat.c.until_us.is_(None))
        .order_by(patient_chat.c.since_us, patient_chat.c.patient_id, enrolment.c.treated_us.desc())
    )
    return list({row["code"]: row for row in reversed((await tx.execute(statement)).mappings().all())}.values())[::-1]


async def hand_overs(tx: Tx, bot_id: BotId, chat_id: ChatId) -> Sequence[sa.RowMapping]:
    """Questions of this chat that were handed to staff and are not closed, oldest first."""
    statement = (
        sa.select(alert)
        .where(
            alert.c.bot_id == bot_id,
            alert.c.chat_id == chat_id,
            alert.c.level.is_(None),
            alert.c.state.in_(("open", "taken")),
        )
        .order_by(alert.c.id)
    )
    return (await tx.execute(statement)).mappings().all()


async def passed_on(tx: Tx, bot_id: BotId, key: str) -> sa.RowMapping | None:
    """The patient's copy of what staff wrote, by its key; the last part of a long one. None where there is none."""
    statement = sa.select(message).where(message.c.bot_id == bot_id, message.c.dedupe_key == key)
    return (await tx.execute(statement)).mappings().one_or_none()


async def last_arrived_us(tx: Tx, bot_id: BotId, chat_id: ChatId) -> int | None:
    """When a word of staff last reached this chat; None: none did."""
    found: int | None = await tx.scalar(
        sa.select(sa.func.max(message.c.sent_us)).where(
            message.c.bot_id == bot_id,
            message.c.chat_id == chat_id,
            message.c.kind == Kind.RELAY,
            message.c.state == MessageState.SENT,
            message.c.target_id.is_(None),
        )
    )
    return found
