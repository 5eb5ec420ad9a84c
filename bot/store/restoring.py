"""What a database that was put back from a backup must not do again.

Since the backup the bot went on, and what it did then is not in here. Whatever was due between the backup and now may
have been done already, and nobody knows:

- Messages that waited then, or were on the wire, become `unknown`: staff decide whether each goes again.
- Check-ins, questions and advice to a patient are left out. A check-in counts as sent, so that no later planning
  brings it back.
- Announcements that were going out, or paused, end: some have had their copy.
- What turns to staff goes on (repeats of alerts, a silence that worries, digests), and so do wishes of patients (being
  forgotten, check-ins again): the harm there is silence. An update that waited is answered late, and that is said.

Message ids begin behind a gap: a button that was sent after the backup carries an id that is never given out again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.announcement import State
from bot.clock import NEVER_US
from bot.model import BotId, DueState, MessageState
from bot.store.care import CHECK_IN
from bot.store.engine import Store, Tx
from bot.store.tables import bot, broadcast, check_in, due, enrolment, message, opt_out, patient, patient_chat, staff

RESTORED = "restored"
"""The reason of everything that is held."""
ID_GAP = 1_000_000
"""More messages than a bot sends between two backups."""
_MEMBER = ("bot_id", "user_id")
_SEQUENCES = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))


@dataclass(frozen=True, slots=True)
class Held:
    """How much was not done."""

    messages: int
    steps: int
    announcements: int


async def hold(store: Store, tx: Tx, bot_id: BotId, now_us: int, kinds: Collection[str]) -> Held:
    """Hold what may have been done. `kinds`: of due rows that write to a patient by themselves."""
    steps = await _leave_out_check_ins(store, tx, bot_id, now_us)
    overdue = (due.c.bot_id == bot_id, due.c.state == DueState.WAITING, due.c.due_us <= now_us)
    dropped = {"state": DueState.DROPPED, "reason": RESTORED}
    await tx.execute(due.update().where(*overdue, due.c.kind.in_({*kinds, CHECK_IN})).values(dropped))
    held = await tx.execute(
        message.update()
        .where(
            message.c.bot_id == bot_id,
            message.c.state.in_((MessageState.PENDING, MessageState.SENDING)),
            sa.or_(message.c.due_us <= now_us, message.c.due_us >= NEVER_US, message.c.state == MessageState.SENDING),
        )
        .values(state=MessageState.UNKNOWN, reason=RESTORED, owner=None, lease_us=None)
    )
    return Held(held.rowcount, steps, await _end_announcements(tx, bot_id, now_us))


async def _leave_out_check_ins(store: Store, tx: Tx, bot_id: BotId, now_us: int) -> int:
    steps = sa.select(due.c.ref, due.c.part, due.c.due_us).where(
        due.c.bot_id == bot_id, due.c.state == DueState.WAITING, due.c.kind == CHECK_IN, due.c.due_us <= now_us
    )
    nothing: dict[str, Any] = {"asked": None, "ticked": [], "answers": {}, "doubted": []}
    rows = [
        {
            "bot_id": bot_id,
            "enrolment_id": row.ref,
            "step_id": row.part,
            "state": "closed",
            "reason": RESTORED,
            "sent_us": row.due_us,
            "closed_us": now_us,
            **nothing,
        }
        for row in await tx.execute(steps)
    ]
    return len(await store.insert_once(tx, check_in, rows, "enrolment_id", "step_id"))


async def _end_announcements(tx: Tx, bot_id: BotId, now_us: int) -> int:
    went = sa.or_(broadcast.c.due_us.is_(None), broadcast.c.due_us <= now_us)
    ended = await tx.execute(
        broadcast.update()
        .where(broadcast.c.bot_id == bot_id, broadcast.c.state.in_((State.RUNNING, State.PAUSED)), went)
        .values(state=State.CANCELLED, reason=RESTORED, ended_us=now_us, asking=None)
    )
    return ended.rowcount


async def leave_a_gap(tx: Tx) -> None:
    """Number messages far behind those of the backup. In a SQLite file."""
    of_messages = _SEQUENCES.c.name == message.name
    moved = await tx.execute(_SEQUENCES.update().where(of_messages).values(seq=_SEQUENCES.c.seq + ID_GAP))
    if not moved.rowcount:  # there was never one
        await tx.execute(_SEQUENCES.insert().values(name=message.name, seq=ID_GAP))


async def carry_stops(tx: Tx, bot_id: BotId, rows: Iterable[Mapping[str, Any]]) -> int:
    """Make opt-outs true that were made, or ended, since the backup. Each is known by its chat, scope and time.

    Returns how many were news.
    """
    count = 0
    for row in rows:
        same = (opt_out.c.bot_id == bot_id, *(opt_out.c[name] == row[name] for name in ("chat_id", "scope", "at_us")))
        known = (await tx.execute(sa.select(opt_out.c.id, opt_out.c.ended_us).where(*same))).one_or_none()
        if known is None:
            values = {name: row[name] for name in ("chat_id", "scope", "at_us", "ended_us")}
            await tx.execute(opt_out.insert().values(bot_id=bot_id, **values))
        elif known.ended_us is None and row["ended_us"] is not None:
            await tx.execute(opt_out.update().where(*same).values(ended_us=row["ended_us"]))
        else:
            continue
        count += 1
    return count


async def carry_team(store: Store, tx: Tx, bot_id: BotId, rows: Iterable[Mapping[str, Any]]) -> int:
    """Make roles true that were given, changed or ended since the backup, each row as it was last. Nobody gets a
    registration that the backup does not have. Returns how many were news."""
    count = 0
    for row in rows:
        values = {name: row[name] for name in ("role", "since_us", "removed_us")}
        if await store.insert_once(tx, staff, [{"bot_id": bot_id, "user_id": row["user_id"], **values}], *_MEMBER):
            count += 1
            continue
        one = (staff.c.bot_id == bot_id, staff.c.user_id == row["user_id"])
        known = (await tx.execute(sa.select(staff).where(*one))).mappings().one()
        if not row["signs"] or known["since_us"] != row["since_us"]:
            values["registration"] = None
        if any(known[name] != value for name, value in values.items()):
            await tx.execute(staff.update().where(*one).values(values))
            count += 1
    return count


async def bots(tx: Tx) -> Sequence[BotId]:
    """The bots of this database."""
    return [BotId(bot_id) for bot_id in await tx.scalars(sa.select(bot.c.id).order_by(bot.c.id))]


async def never_lived(tx: Tx, bot_id: BotId) -> None:
    """Forget when the bot last lived: that was long after the backup, and staff are told of it in other words."""
    await tx.execute(bot.update().where(bot.c.id == bot_id).values(alive_us=0, poller=None))


async def codes_of_held(tx: Tx, bot_id: BotId, limit: int) -> Sequence[str]:
    """Whom to look at: patients whose messages or check-ins were held, by code."""
    in_doubt = (
        sa.select(patient.c.code)
        .join(patient_chat, patient_chat.c.patient_id == patient.c.id)
        .join(
            message,
            sa.and_(message.c.bot_id == patient_chat.c.bot_id, message.c.chat_id == patient_chat.c.chat_id),
        )
        .where(message.c.bot_id == bot_id, message.c.reason == RESTORED, patient_chat.c.until_us.is_(None))
    )
    left_out = (
        sa.select(patient.c.code)
        .join(enrolment, enrolment.c.patient_id == patient.c.id)
        .join(check_in, check_in.c.enrolment_id == enrolment.c.id)
        .where(check_in.c.bot_id == bot_id, check_in.c.reason == RESTORED)
    )
    both = sa.union(in_doubt, left_out).subquery()
    return (await tx.scalars(sa.select(both.c.code).order_by(both.c.code).limit(limit))).all()
