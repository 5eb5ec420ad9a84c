"""Announcements and their copies: rows of `broadcast`, and of `message` with a `broadcast_id`.

A copy has no target; a correction or a deletion has the copy as its target.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bot.announcement import Counts, State
from bot.clock import NEVER_US
from bot.model import BotId, MessageId, MessageState, Payload
from bot.store import recipients, reducing
from bot.store.attachments import PHOTO
from bot.store.engine import Tx
from bot.store.tables import attachment, broadcast, message

_OPEN = (MessageState.PENDING, MessageState.SENDING)


# --- announcements --------------------------------------------------------------------------------------------------


async def add(tx: Tx, bot_id: BotId, **values: Any) -> int:
    """A new draft; its id. `values`: columns of `broadcast`."""
    made = await tx.execute(broadcast.insert().values(bot_id=bot_id, **values).returning(broadcast.c.id))
    return int(made.scalar_one())


async def get(tx: Tx, bot_id: BotId, broadcast_id: int, *, lock: bool = False) -> sa.RowMapping | None:
    """One announcement; with `lock` nobody else changes it, or makes copies of it, until we have committed."""
    statement = sa.select(broadcast).where(broadcast.c.id == broadcast_id, broadcast.c.bot_id == bot_id)
    return (await tx.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()


async def set_values(tx: Tx, broadcast_id: int, **values: Any) -> None:
    """Change columns."""
    await tx.execute(broadcast.update().where(broadcast.c.id == broadcast_id).values(values))


async def listed(tx: Tx, bot_id: BotId, states: Sequence[str], limit: int) -> Sequence[sa.RowMapping]:
    """Announcements in these states, the newest first."""
    statement = sa.select(broadcast).where(broadcast.c.bot_id == bot_id, broadcast.c.state.in_(states))
    found: Sequence[sa.RowMapping] = (
        (await tx.execute(statement.order_by(broadcast.c.id.desc()).limit(limit))).mappings().all()
    )
    return found


async def counts(tx: Tx, broadcast_id: int) -> Counts:
    """What became of the copies, and of those who get none. Of copies only those that were skipped are read."""
    copies = _copies(broadcast_id)
    by_state = await recipients.numbers(tx, _count_by(message.c.state).where(*copies))
    skipped = dict(await recipients.left_out(tx, broadcast_id))
    is_skipped = message.c.state == MessageState.SKIPPED
    found = await recipients.numbers(tx, _count_by(message.c.reason).where(*copies, is_skipped))
    for reason, number in found.items():
        skipped[reason] = skipped.get(reason, 0) + number
    left = await recipients.still_waiting(tx, broadcast_id)
    state = await tx.scalar(sa.select(broadcast.c.state).where(broadcast.c.id == broadcast_id))
    is_over = state == State.CANCELLED
    return Counts(
        sent=by_state.get(MessageState.SENT, 0),
        refused=by_state.get(MessageState.REFUSED, 0),
        unknown=by_state.get(MessageState.UNKNOWN, 0),
        skipped=skipped,
        cancelled=by_state.get(MessageState.CANCELLED, 0) + (left if is_over else 0),
        waiting=sum(by_state.get(one, 0) for one in _OPEN) + (0 if is_over else left),
    )


async def came_of(tx: Tx, broadcast_id: int) -> tuple[int, int]:
    """How many copies arrived, and how many Telegram refused. Read from the index alone."""
    ends = (*_copies(broadcast_id), message.c.state.in_((MessageState.SENT, MessageState.REFUSED)))
    found = await recipients.numbers(tx, _count_by(message.c.state).where(*ends))
    return found.get(MessageState.SENT, 0), found.get(MessageState.REFUSED, 0)


def _count_by(column: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(column, sa.func.count()).group_by(column)


def _copies(broadcast_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (message.c.broadcast_id == broadcast_id, message.c.target_id.is_(None))


async def sweep_drafts(tx: Tx, bot_id: BotId, before_us: int) -> int:
    """Delete drafts from before this time without a word, and the pictures of those and of all that were thrown away.

    Returns how many drafts.
    """
    unsent = (broadcast.c.bot_id == bot_id, broadcast.c.started_us.is_(None), broadcast.c.created_us < before_us)
    is_empty = sa.and_(broadcast.c.state == State.DRAFT, broadcast.c.payload["text"].as_string() == "")
    is_thrown_away = broadcast.c.state == State.CANCELLED
    has_picture = (sa.or_(is_empty, is_thrown_away), broadcast.c.attachment_id.is_not(None))
    pictures = (await tx.scalars(sa.select(broadcast.c.attachment_id).where(*unsent, *has_picture))).all()
    swept = await tx.execute(broadcast.delete().where(*unsent, is_empty))
    await tx.execute(broadcast.update().where(*unsent, is_thrown_away).values(attachment_id=None))
    shown = (message.c.attachment_id.in_(pictures), message.c.state.not_in(_OPEN))
    await tx.execute(message.update().where(*shown).values(attachment_id=None))
    await reducing.drop_files(tx, attachment.c.id.in_(pictures), attachment.c.name == PHOTO)
    return swept.rowcount


# --- what is on its way ---------------------------------------------------------------------------------------------


async def ready(tx: Tx, broadcast_id: int, now_us: int) -> tuple[int, int]:
    """How many of its rows may go now, and how many wait in all (put off by quiet hours, a limit)."""
    may_go = sa.func.count().filter(message.c.due_us <= now_us)
    row = (await tx.execute(sa.select(may_go, sa.func.count()).where(*_pending(broadcast_id)))).one()
    return int(row[0]), int(row[1])


async def on_their_way(tx: Tx, broadcast_id: int) -> int:
    """Copies, corrections and deletions that are pending or being sent."""
    mine = (message.c.broadcast_id == broadcast_id, message.c.state.in_(_OPEN))
    return int((await tx.execute(sa.select(sa.func.count()).select_from(message).where(*mine))).scalar_one())


async def hold(tx: Tx, broadcast_id: int) -> int:
    """Keep copies that are pending from going; returns how many. What is on the wire goes."""
    held = message.update().where(*_pending(broadcast_id), message.c.target_id.is_(None)).values(due_us=NEVER_US)
    return (await tx.execute(held)).rowcount


async def release(tx: Tx, broadcast_id: int, now_us: int, expires_us: int) -> int:
    """Let what was held go from now on; returns how many."""
    held = (*_pending(broadcast_id), message.c.due_us == NEVER_US)
    freed = await tx.execute(message.update().where(*held).values(due_us=now_us, expires_us=expires_us))
    return freed.rowcount


async def drop_pending(tx: Tx, broadcast_id: int, reason: str) -> int:
    """Cancel what is pending; returns how many."""
    gone = message.update().where(*_pending(broadcast_id)).values(state=MessageState.CANCELLED, reason=reason)
    return (await tx.execute(gone)).rowcount


def _pending(broadcast_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (message.c.broadcast_id == broadcast_id, message.c.state == MessageState.PENDING)


# --- copies ---------------------------------------------------------------------------------------------------------


async def pending_copies(tx: Tx, broadcast_id: int) -> Sequence[sa.RowMapping]:
    """Copies that wait to be sent, each with what it may say of its patient (`recipients.waiting`)."""
    mine = (*_pending(broadcast_id), message.c.target_id.is_(None))
    found: Sequence[sa.RowMapping] = (
        (await tx.execute(_WITH_FACTS.where(*mine).order_by(message.c.id))).mappings().all()
    )
    return found


async def sent_copies(tx: Tx, broadcast_id: int, after: MessageId, limit: int) -> Sequence[sa.RowMapping]:
    """Copies that arrived or are on the wire, behind `after` in the order of their ids, with the same."""
    states = (MessageState.SENT, MessageState.SENDING)
    mine = (*_copies(broadcast_id), message.c.state.in_(states), message.c.id > after)
    ids = sa.select(message.c.id).where(*mine).order_by(message.c.id).limit(limit)  # sorted out of the index alone
    statement = _WITH_FACTS.where(message.c.id.in_(ids)).order_by(message.c.id)
    found: Sequence[sa.RowMapping] = (await tx.execute(statement)).mappings().all()
    return found


_WITH_FACTS = recipients.facts_of(sa.select(message.c.id, message.c.chat_id, message.c.sent_us), message.c.enrolment_id)


async def set_payload(tx: Tx, message_id: int, payload: Payload) -> None:
    """Other words for a copy that was not sent yet."""
    mine = (message.c.id == message_id, message.c.state == MessageState.PENDING)
    await tx.execute(message.update().where(*mine).values(payload=payload.to_json()))


async def send_unknown_again(tx: Tx, broadcast_id: int, now_us: int, expires_us: int) -> int:
    """Owe copies of which nobody knows whether they arrived once more, marked as a repeat; returns how many."""
    mine = (*_copies(broadcast_id), message.c.state == MessageState.UNKNOWN)
    again = {"state": MessageState.PENDING, "resent": True, "due_us": now_us, "expires_us": expires_us}
    return (await tx.execute(message.update().where(*mine).values(again))).rowcount
