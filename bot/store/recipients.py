"""Who gets an announcement: counted beforehand, frozen when it is confirmed, fed to the outbox bit by bit.

One row a chat, however many plans it has: nobody gets two copies.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.announcement import Audience, LeftOut
from bot.care import UNDONE, PlanState
from bot.clock import DAY_US, NEVER_US, to_us
from bot.model import DAILY_CAP, BotId, ChatId, DueState, MessageState, Method, Scope
from bot.store import alerts, erasures, messages
from bot.store.care import CHECK_IN
from bot.store.engine import Store, Tx, insert_into
from bot.store.tables import (
    broadcast,
    chat,
    due,
    enrolment,
    erasure,
    message,
    opt_out,
    patient,
    patient_chat,
    recipient,
)

_OTHER = enrolment.alias("other")
_BOOKED = enrolment.alias("booked")
_IS_WAITING = sa.text("recipient.message_id is null and recipient.reason is null")
"""In the words of `ix_recipient_waiting`, which SQLite wants to read to use it."""


SPARED_US = 90 * DAY_US
"""For so long after an alert about self-harm the chat gets no announcements (content/check_ins.md, "Broadcast
reminders": no marketing to them). The source names no time; this one is ours."""


@dataclass(frozen=True, slots=True)
class Meant:
    """An audience in the database's terms; all times UTC microseconds, domain time."""

    now_us: int
    """Visits after this are to come."""
    treated_since_us: int | None = None
    areas: frozenset[str] = frozenset()
    plans: frozenset[str] = frozenset()
    podiatrists: frozenset[int] = frozenset()
    visit_from_us: int | None = None
    visit_before_us: int | None = None
    no_visit: bool = False
    """None is to come, by any plan of the patient."""
    today_us: int | None = None
    """Midnight before, when it goes out today: whoever got two messages since is left out. None: it goes later."""


def meant(audience: Audience, zone: ZoneInfo, now: datetime, goes_at: datetime, *, needs_visit: bool = False) -> Meant:
    """What an audience comes to at `now` (aware) in the clinic's zone, for a text that goes out at `goes_at`.

    `needs_visit`: the text tells of the next visit, so only who has one after `goes_at` is meant.
    """
    first, last = audience.visit_from, audience.visit_until
    soonest = goes_at if needs_visit else now  # a visit that was this morning is not the next one
    visit_from = soonest if needs_visit or last is not None else None
    if first is not None:
        visit_from = max(_midnight(first, zone), soonest)
    today = now.astimezone(zone).date()
    return Meant(
        now_us=to_us(now),
        treated_since_us=_ago_us(now, audience.treated_days),
        areas=audience.areas,
        plans=audience.plans,
        podiatrists=audience.podiatrists,
        visit_from_us=to_us(visit_from) if visit_from is not None else None,
        visit_before_us=to_us(_midnight(last + timedelta(days=1), zone)) if last is not None else None,
        no_visit=audience.no_visit,
        today_us=to_us(_midnight(today, zone)) if goes_at.astimezone(zone).date() == today else None,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)


def _ago_us(now: datetime, days: int | None) -> int | None:
    return to_us(now - timedelta(days=days)) if days is not None else None


# --- who ------------------------------------------------------------------------------------------------------------


async def count(tx: Tx, bot_id: BotId, meant: Meant) -> dict[LeftOut | None, int]:
    """How many chats the audience means: None → get a copy, else by why they do not. The first reason counts."""
    chats = _chats(bot_id, meant).subquery()
    found = await tx.execute(sa.select(chats.c.reason, sa.func.count()).group_by(chats.c.reason))
    return {LeftOut(reason) if reason is not None else None: number for reason, number in found}


async def freeze(
    store: Store, tx: Tx, bot_id: BotId, broadcast_id: int, meant: Meant, after: ChatId | None, limit: int
) -> ChatId | None:
    """Write down the next `limit` chats behind `after` (by chat id), each with its reason if it is left out.

    Returns the last that is written down; None when there are no more. Doing a stretch twice changes nothing.
    """
    chats = _chats(bot_id, meant).where(enrolment.c.chat_id > (after or 0)).order_by(enrolment.c.chat_id).limit(limit)
    stretch = chats.subquery()
    columns = ("broadcast_id", "chat_id", "patient_id", "enrolment_id", "reason")
    rows = sa.select(sa.literal(broadcast_id), *(stretch.c[name] for name in columns[1:])).where(sa.true())
    insert = insert_into(store.is_shared, recipient).from_select(columns, rows)
    await tx.execute(insert.on_conflict_do_nothing(index_elements=["broadcast_id", "chat_id"]))
    behind = (recipient.c.broadcast_id == broadcast_id, recipient.c.chat_id > (after or 0))
    last: int | None = await tx.scalar(sa.select(sa.func.max(recipient.c.chat_id)).where(*behind))
    return ChatId(last) if last is not None else None


async def first_chats(tx: Tx, bot_id: BotId, meant: Meant, limit: int) -> Sequence[sa.RowMapping]:
    """A few that would get a copy, with what `waiting` gives: for the preview."""
    chats = _chats(bot_id, meant).subquery()
    found_by = facts_of(sa.select(chats.c.chat_id), chats.c.enrolment_id)
    statement = found_by.where(chats.c.reason.is_(None)).order_by(chats.c.chat_id).limit(limit)
    found: Sequence[sa.RowMapping] = (await tx.execute(statement)).mappings().all()
    return found


async def check_ins_between(tx: Tx, bot_id: BotId, meant: Meant, from_us: int, until_us: int) -> int:
    """How many of the chats that would get a copy are to get a check-in in this stretch of time."""
    chats = _chats(bot_id, meant).subquery()
    comes = sa.exists(
        sa.select(due.c.id)
        .join(_OTHER, _OTHER.c.id == due.c.ref)
        .where(
            due.c.kind == CHECK_IN,
            due.c.state == DueState.WAITING,
            due.c.part.is_not(None),
            due.c.due_us.between(from_us, until_us - 1),
            due.c.bot_id == bot_id,
            _OTHER.c.bot_id == bot_id,
            _OTHER.c.chat_id == chats.c.chat_id,
        )
    )
    statement = sa.select(sa.func.count()).select_from(chats).where(chats.c.reason.is_(None), comes)
    return int((await tx.execute(statement)).scalar_one())


def _chats(bot_id: BotId, meant: Meant) -> sa.Select[Any]:
    """A row for each chat that is meant: the plan by which it is, and why it gets no copy.

    Of several plans the one whose visit comes first, else the newest. Whoever was forgotten, never agreed, or has
    moved to another phone is not meant at all.
    """
    is_to_come = (_OTHER.c.visit_us > meant.now_us, _OTHER.c.visit_us)
    by_visit = (sa.case(is_to_come, else_=NEVER_US), _OTHER.c.treated_us.desc(), _OTHER.c.id.desc())
    chosen = (
        sa.select(_OTHER.c.id)
        .where(_OTHER.c.bot_id == bot_id, _OTHER.c.chat_id == enrolment.c.chat_id, *_fits(_OTHER, meant))
        .order_by(*by_visit)
        .limit(1)
        .correlate(enrolment)
        .scalar_subquery()
    )
    return (
        sa.select(
            enrolment.c.chat_id,
            enrolment.c.patient_id,
            enrolment.c.id.label("enrolment_id"),
            _reason(bot_id, meant).label("reason"),
        )
        .join(chat, sa.and_(chat.c.bot_id == enrolment.c.bot_id, chat.c.chat_id == enrolment.c.chat_id))
        .where(enrolment.c.bot_id == bot_id, enrolment.c.chat_id > 0, enrolment.c.id == chosen)
    )


def _fits(plan: sa.FromClause, meant: Meant) -> list[sa.ColumnElement[bool]]:
    is_linked = sa.exists().where(
        patient_chat.c.bot_id == plan.c.bot_id,
        patient_chat.c.chat_id == plan.c.chat_id,
        patient_chat.c.patient_id == plan.c.patient_id,
        patient_chat.c.until_us.is_(None),
    )
    was_forgotten = sa.exists().where(
        erasure.c.bot_id == plan.c.bot_id,
        erasure.c.patient_id == plan.c.patient_id,
        erasure.c.state != erasures.WITHDRAWN,
    )
    return [
        plan.c.agreed_us.is_not(None),
        plan.c.state != PlanState.JOINING,
        plan.c.reason.is_distinct_from(UNDONE),
        is_linked,
        ~was_forgotten,
        *_wishes(plan, meant),
    ]


def _wishes(plan: sa.FromClause, meant: Meant) -> Iterator[sa.ColumnElement[bool]]:
    if meant.treated_since_us is not None:
        yield plan.c.treated_us >= meant.treated_since_us
    if meant.areas:
        yield plan.c.area.in_(meant.areas)
    if meant.plans:
        yield plan.c.plan_id.in_(meant.plans)
    if meant.podiatrists:
        yield plan.c.podiatrist_id.in_(meant.podiatrists)
    if meant.visit_from_us is not None:
        yield plan.c.visit_us >= meant.visit_from_us
    if meant.visit_before_us is not None:
        yield plan.c.visit_us < meant.visit_before_us
    if meant.no_visit:
        yield ~sa.exists().where(
            _BOOKED.c.bot_id == plan.c.bot_id,
            _BOOKED.c.patient_id == plan.c.patient_id,
            _BOOKED.c.visit_us > meant.now_us,
            _BOOKED.c.reason.is_distinct_from(UNDONE),
        )


def _reason(bot_id: BotId, meant: Meant) -> sa.ColumnElement[str | None]:
    stopped = sa.exists().where(
        opt_out.c.bot_id == enrolment.c.bot_id,
        opt_out.c.chat_id == enrolment.c.chat_id,
        opt_out.c.ended_us.is_(None),
        opt_out.c.scope.in_((Scope.BROADCASTS, Scope.ALL)),
    )
    reasons: list[tuple[sa.ColumnElement[bool], LeftOut]] = [
        (chat.c.unreachable_us.is_not(None), LeftOut.UNREACHABLE),
        (stopped, LeftOut.OPTED_OUT),
        (alerts.paused(enrolment.c.bot_id, enrolment.c.chat_id, enrolment.c.patient_id), LeftOut.OPEN_ALERT),
        (_is_spared(bot_id, meant.now_us), LeftOut.SELF_HARM),
        (enrolment.c.state == PlanState.PAUSED, LeftOut.PLAN_PAUSED),
    ]
    if meant.today_us is not None:
        got = (
            sa.select(sa.func.count())
            .select_from(message)
            .where(*messages.capped(sa.literal(bot_id), enrolment.c.chat_id, sa.literal(meant.today_us)))
            .correlate(enrolment)
            .scalar_subquery()
        )
        reasons.append((got >= DAILY_CAP, LeftOut.TWICE_TODAY))
    return sa.case(*((condition, sa.literal(reason.value)) for condition, reason in reasons), else_=sa.null())


def _is_spared(bot_id: BotId, now_us: int) -> sa.ColumnElement[bool]:
    return alerts.told_of_self_harm(bot_id, enrolment.c.chat_id, enrolment.c.patient_id, now_us - SPARED_US)


# --- copies ---------------------------------------------------------------------------------------------------------

_FACTS = (enrolment.c.id.label("enrolment_id"), enrolment.c.visit_us, enrolment.c.zone, enrolment.c.area)
_LINK = sa.and_(
    patient_chat.c.bot_id == enrolment.c.bot_id,
    patient_chat.c.chat_id == enrolment.c.chat_id,
    patient_chat.c.patient_id == enrolment.c.patient_id,
    patient_chat.c.until_us.is_(None),
)


def facts_of(statement: sa.Select[Any], enrolment_id: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """`statement` with what a copy may say of its patient: `visit_us`, `zone`, `area`, `label`."""
    told = statement.add_columns(*_FACTS, patient_chat.c.label)
    return told.join(enrolment, enrolment.c.id == enrolment_id).outerjoin(patient_chat, _LINK)


async def waiting(tx: Tx, bot_id: BotId, broadcast_id: int, limit: int, now_us: int) -> Sequence[sa.RowMapping]:
    """The next chats without a copy: `chat_id`, `enrolment_id`, `visit_us`, `zone`, `area`, `label`, `is_spared`
    (`LeftOut.SELF_HARM`, at `now_us`).

    `label`: what the family calls the patient; None where the chat has one patient.
    """
    is_spared = _is_spared(bot_id, now_us).label("is_spared")
    statement = facts_of(sa.select(recipient.c.chat_id, is_spared), recipient.c.enrolment_id)
    mine = (recipient.c.broadcast_id == broadcast_id, _IS_WAITING)
    found: Sequence[sa.RowMapping] = (
        (await tx.execute(statement.where(*mine).order_by(recipient.c.chat_id).limit(limit))).mappings().all()
    )
    return found


async def leave_out(tx: Tx, broadcast_id: int, chat_ids: Collection[ChatId], reason: LeftOut) -> None:
    """Note why these get no copy after all."""
    mine = (recipient.c.broadcast_id == broadcast_id, recipient.c.chat_id.in_(chat_ids))
    await tx.execute(recipient.update().where(*mine).values(reason=reason))


async def set_copies(tx: Tx, broadcast_id: int, through: ChatId) -> None:
    """Enter the copies that were made into their recipients' rows, up to the chat `through`."""
    key = sa.literal(_copies_of(broadcast_id)).concat(sa.cast(recipient.c.chat_id, sa.String))
    copy = (
        sa.select(message.c.id)
        .where(message.c.bot_id == broadcast.c.bot_id, broadcast.c.id == broadcast_id, message.c.dedupe_key == key)
        .correlate(recipient)
        .scalar_subquery()
    )
    mine = (recipient.c.broadcast_id == broadcast_id, recipient.c.chat_id <= through, _IS_WAITING)
    await tx.execute(recipient.update().where(*mine).values(message_id=copy))


async def left_out(tx: Tx, broadcast_id: int) -> Mapping[str, int]:
    """How many were left out when it was frozen, by reason."""
    statement = sa.select(recipient.c.reason, sa.func.count()).group_by(recipient.c.reason)
    mine = (recipient.c.broadcast_id == broadcast_id, recipient.c.reason.is_not(None))
    return await numbers(tx, statement.where(*mine))


async def numbers(tx: Tx, statement: sa.Select[Any]) -> dict[str, int]:
    """What a statement that counts by a name finds."""
    return {str(name): int(number) for name, number in await tx.execute(statement)}


async def still_waiting(tx: Tx, broadcast_id: int) -> int:
    """How many have no copy yet and get one."""
    statement = sa.select(sa.func.count()).select_from(recipient)
    found = await tx.execute(statement.where(recipient.c.broadcast_id == broadcast_id, _IS_WAITING))
    return int(found.scalar_one())


# --- afterwards -----------------------------------------------------------------------------------------------------


async def report(tx: Tx, broadcast_id: int, after: ChatId | None, limit: int) -> Sequence[sa.RowMapping]:
    """Rows for the report behind `after`, by chat id: `chat_id`, `code` of the patient, `left_out` (reason or None),
    `state`, `reason`, `sent_us`, `resent` of the copy (None where there is none), `is_taken_back`."""
    deletion = message.alias("deletion")
    is_deleted = sa.exists().where(
        deletion.c.broadcast_id == broadcast_id,
        deletion.c.state == MessageState.SENT,
        deletion.c.target_id == message.c.id,
        deletion.c.method == Method.DELETE,
    )
    statement = (
        sa.select(
            recipient.c.chat_id,
            patient.c.code,
            recipient.c.reason.label("left_out"),
            message.c.state,
            message.c.reason,
            message.c.sent_us,
            message.c.resent,
            is_deleted.label("is_taken_back"),
        )
        .join(patient, patient.c.id == recipient.c.patient_id)
        .outerjoin(message, message.c.id == recipient.c.message_id)
        .where(recipient.c.broadcast_id == broadcast_id, recipient.c.chat_id > (after or 0))
    )
    found: Sequence[sa.RowMapping] = (
        (await tx.execute(statement.order_by(recipient.c.chat_id).limit(limit))).mappings().all()
    )
    return found


async def last_announcement(tx: Tx, bot_id: BotId, chat_id: ChatId, since_us: int) -> sa.RowMapping | None:
    """The newest announcement that reached this chat since then: `broadcast_id`, `payload` (as written), `sent_us`."""
    statement = (
        sa.select(message.c.broadcast_id, broadcast.c.payload, message.c.sent_us)
        .join(broadcast, broadcast.c.id == message.c.broadcast_id)
        .where(
            message.c.bot_id == bot_id,
            message.c.chat_id == chat_id,
            message.c.sent_us >= since_us,
            message.c.state == MessageState.SENT,
            message.c.target_id.is_(None),
        )
    )
    return (await tx.execute(statement.order_by(message.c.sent_us.desc()).limit(1))).mappings().one_or_none()


def copy_key(broadcast_id: int, chat_id: ChatId) -> str:
    """What makes a copy once."""
    return f"{_copies_of(broadcast_id)}{chat_id}"


def _copies_of(broadcast_id: int) -> str:
    """How the keys of its copies begin."""
    return f"b:{broadcast_id}:"
