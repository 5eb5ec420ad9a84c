"""Which messages may go now, taken and locked for sending; and those that a dead worker left on their way."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from bot.care import PlanState
from bot.model import KINDS, PAUSED_BY_ALERT, BotId, Lane, MessageId, MessageState, Method, Scope
from bot.store.alerts import paused
from bot.store.engine import Tx
from bot.store.messages import OF_BOT
from bot.store.tables import OPEN, attachment, broadcast, chat, enrolment, message, opt_out, topic

_EARLIER = message.alias("earlier")
_TARGET = message.alias("target")
_CREATOR = message.alias("creator")
"""The row that makes a topic."""

_NOW = sa.bindparam("now_us", type_=sa.BigInteger)
_IN_LANE = sa.bindparam("in_lane", type_=sa.Integer)
_OF_CHAT = sa.and_(chat.c.bot_id == message.c.bot_id, chat.c.chat_id == message.c.chat_id)


def _may_go() -> sa.ColumnElement[bool]:
    """Due rows of one lane that nothing has to come before. Parameters: `_NOW`, `OF_BOT`, `_IN_LANE`.

    What other rows say is asked row by row (scalar subqueries, not joins): PostgreSQL has no figures about a table that
    was filled a minute ago, and would read and sort all of it to join it.
    """
    same_line = sa.and_(
        _EARLIER.c.bot_id == message.c.bot_id,
        _EARLIER.c.chat_id == message.c.chat_id,
        _EARLIER.c.lane == message.c.lane,
        _EARLIER.c.id < message.c.id,
        sa.func.coalesce(_EARLIER.c.topic_id, 0) == sa.func.coalesce(message.c.topic_id, 0),
    )
    comes_first = _first(
        sa.select(_EARLIER.c.id).where(
            same_line,
            # An edit that waits for its message holds up nobody, except a newer edit of the same message.
            sa.or_(_EARLIER.c.target_id.is_(None), _EARLIER.c.target_id == message.c.target_id),
            sa.text(f"earlier.{OPEN}"),  # in the words of ix_message_open, or SQLite reads the chat's whole history
            sa.or_(
                _EARLIER.c.state == MessageState.SENDING,
                sa.and_(_EARLIER.c.state == MessageState.PENDING, _EARLIER.c.due_us <= _NOW),
                # One that was put off (a limit, a failure) comes before whatever was enqueued since; one to be sent
                # again had its turn.
                sa.and_(_EARLIER.c.state == MessageState.PENDING, _EARLIER.c.planned_us <= _NOW, ~_EARLIER.c.resent),
            ),
        )
    )
    topic_comes = _first(
        sa.select(_CREATOR.c.id).where(
            _CREATOR.c.bot_id == message.c.bot_id,
            _CREATOR.c.chat_id == message.c.chat_id,
            _CREATOR.c.lane.in_(list(Lane)),  # all of them: as above, for the sake of the index
            _CREATOR.c.topic_id + 0 == message.c.topic_id,  # not by its own index: that has the finished ones too
            _CREATOR.c.method == Method.CREATE_TOPIC,
            sa.text(f"creator.{OPEN}"),
        )
    )
    thread_id = _first(sa.select(topic.c.thread_id).where(topic.c.id == message.c.topic_id))
    target_state = _first(sa.select(_TARGET.c.state).where(_TARGET.c.id == message.c.target_id))
    return sa.and_(
        message.c.bot_id == OF_BOT,
        message.c.lane == _IN_LANE,
        message.c.state == MessageState.PENDING,
        message.c.due_us <= _NOW,
        sa.or_(
            message.c.target_id.is_(None),
            target_state.not_in([MessageState.PENDING, MessageState.SENDING]),
        ),
        sa.or_(
            message.c.topic_id.is_(None),
            thread_id.is_not(None),
            message.c.method == Method.CREATE_TOPIC,
            topic_comes.is_(None),  # it was not made and will not be: what it would have held goes to General
        ),
        # A topic made anew is younger than the messages that wait for it, and waits for none of them.
        sa.or_(message.c.method == Method.CREATE_TOPIC, comes_first.is_(None)),
    )


def _first(found: sa.Select[Any]) -> sa.ScalarSelect[Any]:
    """At most one value. With the limit no database turns the question into one about the whole table."""
    return found.limit(sa.literal_column("1")).correlate(message).scalar_subquery()


@cache
def _lock_claimable() -> sa.Select[Any]:
    """Built once, as the one below: putting them together takes longer than running them."""
    return (
        sa.select(message.c.id)
        .join(chat, _OF_CHAT)
        .where(_may_go())
        .order_by(message.c.due_us, message.c.id)
        .limit(sa.bindparam("count", type_=sa.Integer))
        .with_for_update(of=[message, chat], skip_locked=True)
    )


@cache
def _read_claimed() -> sa.Select[Any]:
    opted_out = sa.exists().where(
        opt_out.c.bot_id == message.c.bot_id,
        opt_out.c.chat_id == message.c.chat_id,
        opt_out.c.ended_us.is_(None),
        sa.or_(
            *(
                sa.and_(message.c.kind == kind, opt_out.c.scope.in_([rule.opt_out, Scope.ALL]))
                for kind, rule in KINDS.items()
                if rule.opt_out
            )
        ),
    )
    plan_paused = sa.exists().where(enrolment.c.id == message.c.enrolment_id, enrolment.c.state == PlanState.PAUSED)
    return (
        sa.select(
            message,
            chat.c.kind.label("chat_kind"),
            chat.c.tat_us,
            chat.c.blocked_until_us,
            chat.c.unreachable_us,
            chat.c.zone,
            _TARGET.c.tg_message_id.label("target_tg_id"),
            _TARGET.c.state.label("target_state"),
            topic.c.thread_id,
            topic.c.name.label("topic_name"),
            attachment.c.file_id,
            attachment.c.name.label("file_name"),
            broadcast.c.state.label("broadcast_state"),
            opted_out.label("opted_out"),
            broadcast.c.any_hour,
            sa.and_(message.c.kind.in_(PAUSED_BY_ALERT), paused(message.c.bot_id, message.c.chat_id)).label("paused"),
            sa.and_(message.c.broadcast_id.is_not(None), plan_paused).label("plan_paused"),
        )
        .join(chat, _OF_CHAT)
        .outerjoin(_TARGET, _TARGET.c.id == message.c.target_id)
        .outerjoin(topic, topic.c.id == message.c.topic_id)
        .outerjoin(attachment, attachment.c.id == message.c.attachment_id)
        .outerjoin(broadcast, broadcast.c.id == message.c.broadcast_id)
        .where(message.c.id.in_(sa.bindparam("ids", expanding=True)))
        .order_by(message.c.due_us, message.c.id)
    )


async def claimable(tx: Tx, bot_id: BotId, lane: Lane, now_us: int, limit: int) -> Sequence[sa.RowMapping]:
    """Up to `limit` rows that may go now, oldest due first, locked with their chats.

    A chat that a handler holds is left out. The caller holds the bot's row.
    """
    given = {_NOW.key: now_us, OF_BOT.key: bot_id, _IN_LANE.key: lane, "count": limit}
    ids = (await tx.scalars(_lock_claimable(), given)).all()
    if not ids:
        return ()
    # Read only now that nobody else can change it: a statement that locks has looked at opt-outs before it locked,
    # and on PostgreSQL would miss the "stop" of a handler that committed in between.
    found: Sequence[sa.RowMapping] = (await tx.execute(_read_claimed(), {"ids": ids})).mappings().all()
    return found


_CLAIM = (
    message.update()
    .where(message.c.id.in_(sa.bindparam("ids", expanding=True)))
    .values(
        state=MessageState.SENDING,
        owner=sa.bindparam("new_owner"),
        lease_us=sa.bindparam("new_lease_us"),
        attempt=message.c.attempt + 1,
    )
)


async def claim(tx: Tx, message_ids: Sequence[MessageId], owner: str, lease_us: int) -> None:
    """Mark rows that `claimable` gave as being sent by `owner`, until `lease_us` (machine time)."""
    await tx.execute(_CLAIM, {"ids": message_ids, "new_owner": owner, "new_lease_us": lease_us})


async def orphans(tx: Tx, bot_id: BotId, lease_before_us: int | None) -> Sequence[sa.RowMapping]:
    """Rows that a dead worker left `sending`; all of them when `lease_before_us` is None (one process only)."""
    where = [message.c.bot_id == bot_id, message.c.state == MessageState.SENDING]
    if lease_before_us is not None:
        where.append(message.c.lease_us < lease_before_us)
    statement = (
        sa.select(message, chat.c.kind.label("chat_kind"))
        .join(chat, _OF_CHAT)
        .where(*where)
        .order_by(message.c.id)
        .with_for_update(of=[message, chat], skip_locked=True)
    )
    return (await tx.execute(statement)).mappings().all()
