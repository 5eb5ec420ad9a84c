"""The `message` table: what is owed to whom. Enqueueing, claiming, moving; no rules of its own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from bot.clock import NEVER_US, SECOND_US, to_us
from bot.model import (
    KINDS,
    BotId,
    ChatId,
    Kind,
    Lane,
    MessageId,
    MessageState,
    Method,
    Outgoing,
    Payload,
    SendWhy,
    TelegramMessageId,
)
from bot.store.engine import Store, Tx
from bot.store.tables import OPEN, mention, message

CARD_EDIT_GAP_US = 15 * SECOND_US
"""A card is edited at most this often: edits count towards a group's 20 a minute."""
MAX_BUTTON_BYTES = 50
"""What is left of Telegram's 64 bytes of callback data after our id and a dot."""
_CODE = re.compile(r"\bP-[0-9A-Z]{1,6}\b")
"""A patient's code in a text."""
_AT_ONCE = 100
"""Rows in one statement: one of 500 took 30 MB to put together for PostgreSQL."""
EDITS = (Method.EDIT_TEXT, Method.EDIT_MARKUP)

OF_BOT = sa.bindparam("of_bot", type_=sa.BigInteger)


async def enqueue(
    store: Store, tx: Tx, bot_id: BotId, out: Outgoing, now_us: int, fallback: int = 0
) -> MessageId | None:
    """Owe one call. Returns its row, or None when its `dedupe_key` is there already.

    A newer edit takes the place of an older one that is still pending. Raises ValueError for a button whose data
    cannot fit. The caller holds the chat's lock.
    """
    due_us = to_us(out.due_at) if out.due_at else now_us
    if _is_edit(out):
        if await _id_of(tx, bot_id, out.dedupe_key) is not None:
            return None  # owed already: nothing newer is there to replace it with
        due_us = max(due_us, await _replace_edits(tx, out, now_us))
    made = await store.insert_once(tx, message, [_row(bot_id, out, due_us, fallback)], "bot_id", "dedupe_key")
    if not made:
        return None
    if out.subject_chat_id is None:
        await _note_mentions(store, tx, bot_id, out, MessageId(out.target_id or made[0].id))
    return MessageId(made[0].id)


async def _note_mentions(store: Store, tx: Tx, bot_id: BotId, out: Outgoing, message_id: MessageId) -> None:
    """Whom a list names, so that it is found when they ask to be forgotten. An edit counts for the message it edits."""
    codes = sorted(set(_CODE.findall(out.payload.text)))
    rows = [{"bot_id": bot_id, "code": code, "message_id": message_id} for code in codes]
    await store.insert_once(tx, mention, rows, "bot_id", "code", "message_id")


async def enqueue_all(store: Store, tx: Tx, bot_id: BotId, outs: Sequence[Outgoing], now_us: int) -> None:
    """Owe several calls, in this order but for edits, which come last. Raises as `enqueue`."""
    rows = [_row(bot_id, out, to_us(out.due_at) if out.due_at else now_us) for out in outs if not _is_edit(out)]
    for start in range(0, len(rows), _AT_ONCE):
        await store.insert_once(tx, message, rows[start : start + _AT_ONCE], "bot_id", "dedupe_key")
    for out in filter(_is_edit, outs):
        await enqueue(store, tx, bot_id, out, now_us)


def _is_edit(out: Outgoing) -> bool:
    return out.method in EDITS and out.target_id is not None


def _row(bot_id: BotId, out: Outgoing, due_us: int, fallback: int = 0) -> dict[str, Any]:
    for button in (b for row in out.payload.buttons for b in row):
        if len(button.data.encode()) > MAX_BUTTON_BYTES:
            raise ValueError(f"button data {button.data!r} is longer than {MAX_BUTTON_BYTES} bytes")
    rule = KINDS[out.kind]
    expires_us = to_us(out.expires_at) if out.expires_at else rule.expires_s and due_us + rule.expires_s * SECOND_US
    return {
        "bot_id": bot_id,
        "chat_id": out.chat_id,
        "lane": rule.lane,
        "kind": out.kind,
        "method": out.method,
        "payload": out.payload.to_json(),
        "attachment_id": out.attachment_id,
        "topic_id": out.topic_id,
        "target_id": out.target_id,
        "reply_to_id": out.reply_to_id,
        "enrolment_id": out.enrolment_id,
        "broadcast_id": out.broadcast_id,
        "subject_chat_id": out.subject_chat_id,
        "question_id": out.question_id,
        "planned_us": due_us,
        "due_us": due_us,
        "expires_us": expires_us,
        "state": MessageState.PENDING,
        "fallback": fallback,
        "dedupe_key": out.dedupe_key,
    }


async def _id_of(tx: Tx, bot_id: BotId, dedupe_key: str) -> MessageId | None:
    """The row that owes this call, or None."""
    found = await tx.scalar(
        sa.select(message.c.id).where(message.c.bot_id == bot_id, message.c.dedupe_key == dedupe_key)
    )
    return MessageId(found) if found is not None else None


async def _replace_edits(tx: Tx, new: Outgoing, now_us: int) -> int:
    """Cancel pending edits that `new` makes pointless. Returns the earliest time it may go (0: at once)."""
    target_id = new.target_id
    is_waiting = sa.and_(
        message.c.target_id == target_id, message.c.state == MessageState.PENDING, message.c.method.in_(EDITS)
    )
    waiting_us = await tx.scalar(sa.select(sa.func.min(message.c.due_us)).where(is_waiting))
    if waiting_us is not None:
        # New buttons alone leave the words of an older edit still to be set.
        replaced = EDITS if new.method is Method.EDIT_TEXT else (Method.EDIT_MARKUP,)
        await tx.execute(
            message.update()
            .where(is_waiting, message.c.method.in_(replaced))
            .values(state=MessageState.CANCELLED, reason=SendWhy.REPLACED.value)
        )
    if new.kind is not Kind.CARD:
        return 0
    is_of_card = sa.or_(message.c.id == target_id, message.c.target_id == target_id)
    last_us = await tx.scalar(sa.select(sa.func.max(message.c.sent_us)).where(is_of_card))
    if await tx.scalar(
        sa.select(sa.func.count()).where(message.c.target_id == target_id, message.c.state == MessageState.SENDING)
    ):
        last_us = now_us  # the edit on the wire has no time yet, but it counts
    return max(waiting_us or 0, last_us + CARD_EDIT_GAP_US if last_us else 0)


@cache
def _sent(count: int) -> ReturningUpdate[tuple[int]]:
    rows = [sa.bindparam(f"of_row_{number}", type_=sa.BigInteger) for number in range(count)]
    tg_ids = [sa.bindparam(f"tg_id_{number}", type_=sa.BigInteger) for number in range(count)]
    return (
        message.update()
        .where(
            message.c.id.in_(rows),
            sa.or_(
                sa.and_(message.c.state == MessageState.SENDING, message.c.owner == sa.bindparam("of_owner")),
                message.c.state == MessageState.UNKNOWN,
                sa.and_(message.c.state == MessageState.PENDING, message.c.resent),
            ),
        )
        .values(
            state=MessageState.SENT,
            reason=None,
            owner=None,
            lease_us=None,
            sent_us=sa.bindparam("at_us"),
            tg_message_id=sa.case(*((message.c.id == row, tg_id) for row, tg_id in zip(rows, tg_ids, strict=True))),
        )
        .returning(message.c.id)
    )


async def sent(
    tx: Tx, owner: str, sent_us: int, tg_message_ids: Mapping[MessageId, TelegramMessageId | None]
) -> frozenset[MessageId]:
    """Telegram took them, under these ids. Returns those that were not another worker's by now, or waited to hear of
    just this.

    A late answer also mends a row that was given up meanwhile, or is to be sent again.
    """
    given: dict[str, int | str | None] = {"at_us": sent_us, "of_owner": owner}
    for number, (message_id, tg_message_id) in enumerate(tg_message_ids.items()):
        given |= {f"of_row_{number}": message_id, f"tg_id_{number}": tg_message_id}
    found = await tx.execute(_sent(len(tg_message_ids)), given)
    return frozenset(MessageId(row.id) for row in found)


@cache
def _due_by_lane() -> sa.CompoundSelect[Any]:
    """Each lane's earliest pending row: one look at the head of the index a lane.

    In order and with a limit, because without figures PostgreSQL answers `min` by reading every pending row.
    """
    lanes = []
    for lane in Lane:
        head = (
            sa.select(sa.literal(int(lane)).label("lane"), message.c.due_us)
            .where(message.c.bot_id == OF_BOT, message.c.lane == lane, message.c.state == MessageState.PENDING)
            .order_by(message.c.due_us)
            .limit(1)
        )
        lanes.append(sa.select(head.subquery()))
    return sa.union_all(*lanes)


async def due_by_lane(tx: Tx, bot_id: BotId) -> dict[Lane, int]:
    """When the next pending row of each lane is due (domain time); lanes without any are left out."""
    rows = await tx.execute(_due_by_lane(), {OF_BOT.key: bot_id})
    return {Lane(lane): due_us for lane, due_us in rows if due_us < NEVER_US}


async def next_due_us(tx: Tx, bot_id: BotId) -> int | None:
    """When the next pending row of any lane is due (domain time); None when nothing is pending."""
    return min((await due_by_lane(tx, bot_id)).values(), default=None)


async def any_between(tx: Tx, bot_id: BotId, after_us: int, until_us: int) -> bool:
    """Whether a message (no edit) went, is on its way or may go, planned for that time (domain time)."""
    found = (
        sa.select(message.c.id)
        .where(message.c.bot_id == bot_id, message.c.target_id.is_(None))
        .where(message.c.due_us > after_us, message.c.due_us <= until_us)
        .where(message.c.state.in_((MessageState.PENDING, MessageState.SENDING, MessageState.SENT)))
        .limit(1)
    )
    return await tx.scalar(found) is not None


async def waiting_alerts(tx: Tx, bot_id: BotId, chat_id: ChatId) -> Sequence[sa.RowMapping]:
    """The alerts that a chat still waits for, oldest first."""
    found = await tx.execute(
        sa.select(message)
        .where(message.c.bot_id == bot_id, message.c.chat_id == chat_id, message.c.lane == Lane.EMERGENCY)
        .where(sa.text(OPEN), message.c.state == MessageState.PENDING, message.c.kind == Kind.ALERT)
        .order_by(message.c.id)
    )
    return found.mappings().all()


async def has_late_alert(tx: Tx, bot_id: BotId, before_us: int) -> bool:
    """Whether an alert waits that was meant to go before `before_us` (domain time)."""
    late = (
        sa.select(message.c.id)
        .where(message.c.bot_id == bot_id, message.c.lane == Lane.EMERGENCY, message.c.state == MessageState.PENDING)
        .where(message.c.kind == Kind.ALERT, message.c.target_id.is_(None), message.c.planned_us < before_us)
        .limit(1)
    )
    return await tx.scalar(late) is not None


async def move(tx: Tx, row: sa.RowMapping, due_us: int) -> None:
    """Put a pending row off until `due_us`, and with it those that come after it in the same chat, lane and topic."""
    await tx.execute(
        message.update()
        .where(
            message.c.bot_id == row["bot_id"],
            message.c.chat_id == row["chat_id"],
            message.c.lane == row["lane"],
            message.c.id >= row["id"],
            sa.func.coalesce(message.c.topic_id, 0) == (row["topic_id"] or 0),
            message.c.state == MessageState.PENDING,
            message.c.due_us < due_us,
        )
        .values(due_us=due_us)
    )


async def finish(tx: Tx, message_id: int, state: MessageState, reason: str | None = None, **values: Any) -> None:
    """Set a row's state and reason, whatever it was."""
    await tx.execute(
        message.update()
        .where(message.c.id == message_id)
        .values(state=state, reason=reason, owner=None, lease_us=None, **values)
    )


async def drop_secret(tx: Tx, row: sa.RowMapping) -> None:
    """Take the words out of a row that is marked so, once it is neither waiting nor on its way: it may have to be sent
    again until then."""
    if not row["payload"].get("secret"):  # as stored: one that this code cannot read has to be settled too
        return
    is_over = message.c.state.not_in((MessageState.PENDING, MessageState.SENDING))
    await tx.execute(message.update().where(message.c.id == row["id"], is_over).values(payload=Payload().to_json()))


def capped(
    bot_id: sa.ColumnElement[Any], chat_id: sa.ColumnElement[Any], since_us: sa.ColumnElement[Any]
) -> tuple[sa.ColumnElement[bool], ...]:
    """Which messages count as started by the bot and got by a chat, perhaps, since then: a part of other queries."""
    return (
        message.c.bot_id == bot_id,
        message.c.chat_id == chat_id,
        message.c.kind.in_([kind for kind, rule in KINDS.items() if rule.daily_cap]),
        message.c.target_id.is_(None),
        sa.or_(
            sa.and_(message.c.state == MessageState.SENT, message.c.sent_us >= since_us),
            sa.and_(message.c.state == MessageState.UNKNOWN, message.c.due_us >= since_us),
            sa.and_(message.c.state == MessageState.PENDING, message.c.resent),
            message.c.state == MessageState.SENDING,
        ),
    )


@cache
def _capped_since(chats: int) -> sa.Select[Any]:
    return sa.select(
        *(
            sa.select(sa.func.count())
            .select_from(message)
            .where(*capped(OF_BOT, sa.bindparam(f"of_chat_{number}"), sa.bindparam(f"since_us_{number}")))
            .scalar_subquery()
            for number in range(chats)
        )
    )


async def capped_today(tx: Tx, bot_id: BotId, day_starts_us: Mapping[ChatId, int]) -> dict[ChatId, int]:
    """How many bot-started messages each of these chats got, or may have got, since its local midnight."""
    if not day_starts_us:
        return {}
    given = {OF_BOT.key: int(bot_id)}
    for number, (chat_id, since_us) in enumerate(day_starts_us.items()):
        given |= {f"of_chat_{number}": chat_id, f"since_us_{number}": since_us}
    counts = (await tx.execute(_capped_since(len(day_starts_us)), given)).one()
    return dict(zip(day_starts_us, counts, strict=True))


async def is_sent_by(tx: Tx, message_id: int, owner: str) -> bool:
    """Whether this worker is the one that is sending the row; locks it."""
    found = sa.select(message.c.state, message.c.owner).where(message.c.id == message_id).with_for_update()
    now = (await tx.execute(found)).one()
    return bool(now.state == MessageState.SENDING and now.owner == owner)


async def lives(tx: Tx, bot_id: BotId, dedupe_stem: str, but: int) -> bool:
    """Whether a row whose `dedupe_key` begins so arrived, or still may; without this one."""
    is_meant = (message.c.bot_id == bot_id, message.c.dedupe_key.startswith(dedupe_stem, autoescape=True))
    may_arrive = message.c.state.in_([MessageState.PENDING, MessageState.SENDING, MessageState.SENT])
    found = sa.select(message.c.id).where(*is_meant, message.c.id != but, may_arrive).limit(1)
    return await tx.scalar(found) is not None


async def proved(
    tx: Tx, bot_id: BotId, message_id: MessageId, tg_message_id: TelegramMessageId | None, now_us: int
) -> bool:
    """A press on this row's button proves that it arrived: an unknown row, or one about to be re-sent, is sent.

    So is one still `sending`: the press may overtake Telegram's answer, which may then never come. Returns True when
    the press was news.
    """
    result = await tx.execute(
        message.update()
        .where(
            message.c.bot_id == bot_id,
            message.c.id == message_id,
            sa.or_(
                message.c.state == MessageState.UNKNOWN,
                sa.and_(message.c.state == MessageState.PENDING, message.c.resent),
                sa.and_(message.c.state == MessageState.SENDING, sa.literal(tg_message_id is not None)),
            ),
        )
        .values(
            state=MessageState.SENT,
            reason="proved_by_press",
            tg_message_id=tg_message_id,
            sent_us=now_us,
            owner=None,
            lease_us=None,
        )
    )
    return result.rowcount > 0


async def cancel(tx: Tx, bot_id: BotId, message_ids: Iterable[MessageId], reason: str) -> int:
    """Take back rows that are still pending. Returns how many were."""
    ids = list(message_ids)
    if not ids:
        return 0
    result = await tx.execute(
        message.update()
        .where(message.c.bot_id == bot_id, message.c.id.in_(ids), message.c.state == MessageState.PENDING)
        .values(state=MessageState.CANCELLED, reason=reason)
    )
    return result.rowcount


async def by_id(tx: Tx, bot_id: BotId, message_id: MessageId) -> sa.RowMapping | None:
    """One row, or None."""
    return (
        (await tx.execute(sa.select(message).where(message.c.bot_id == bot_id, message.c.id == message_id)))
        .mappings()
        .one_or_none()
    )


async def by_telegram_id(tx: Tx, bot_id: BotId, chat_id: ChatId, tg_id: TelegramMessageId) -> sa.RowMapping | None:
    """The newest row that became Telegram's message `tg_id` in this chat, or None."""
    statement = sa.select(message).where(
        message.c.bot_id == bot_id, message.c.chat_id == chat_id, message.c.tg_message_id == tg_id
    )
    return (await tx.execute(statement.order_by(message.c.id.desc()).limit(1))).mappings().one_or_none()
