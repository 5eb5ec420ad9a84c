"""Care plans as rows: who is on one, which check-ins were sent, what was answered, what staff should know.

Whoever changes a plan holds the lock of its chat, as for everything that changes what a patient gets.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from bot.care import CAREFUL, NO_REPLY, Care, CareChange, Note, OpenCheckIn, PlanState, Value
from bot.clock import from_us, to_us
from bot.model import BotId, ChatId, DueState, PatientId, UserId
from bot.store import dues
from bot.store.engine import Store, Tx
from bot.store.tables import check_in, due, enrolment, patient, patient_chat, question, staff_note

CHECK_IN, LATER, REMINDER = "check_in", "check_in_later", "check_in_reminder"
UNANSWERED = "check_in_unanswered"
"""Due kinds of a plan: a step (`ref` enrolment, `part` step), a question that was put off (`ref` check-in, `part`
question), the one reminder (`ref` enrolment), the time for an answer that decides (as a question that was put off)."""
ALERT = "alert"
"""Why a plan is paused: a pressing sign of danger. Staff let it go on, or end it."""
NO_CHAT = ChatId(0)
"""`enrolment.chat_id` of a patient without Telegram."""

_PLANS = (
    sa.select(enrolment, patient.c.code, patient_chat.c.label)
    .join(patient, patient.c.id == enrolment.c.patient_id)
    .outerjoin(
        patient_chat,
        sa.and_(
            patient_chat.c.bot_id == enrolment.c.bot_id,
            patient_chat.c.chat_id == enrolment.c.chat_id,
            patient_chat.c.patient_id == enrolment.c.patient_id,
        ),
    )
)
_IN_CHATS = _PLANS.where(
    enrolment.c.bot_id == sa.bindparam("of_bot", type_=sa.BigInteger),
    enrolment.c.chat_id.in_(sa.bindparam("of_chats", type_=sa.BigInteger, expanding=True)),
    enrolment.c.state != PlanState.ENDED,
).order_by(enrolment.c.id)
_PLAN = _PLANS.where(
    enrolment.c.bot_id == sa.bindparam("of_bot", type_=sa.BigInteger),
    enrolment.c.id == sa.bindparam("of_id", type_=sa.BigInteger),
)
_CHECK_INS = (
    sa.select(check_in)
    .where(check_in.c.enrolment_id.in_(sa.bindparam("of_plans", type_=sa.BigInteger, expanding=True)))
    .order_by(check_in.c.id)
)


# --- reading ---------------------------------------------------------------------------------------------------------


async def plans_in(tx: Tx, bot_id: BotId, chat_ids: Sequence[ChatId]) -> dict[ChatId, tuple[Care, ...]]:
    """The plans of these chats that have not ended, oldest first; chats without any are left out."""
    rows = (await tx.execute(_IN_CHATS, {"of_bot": bot_id, "of_chats": list(chat_ids)})).mappings().all()
    found: dict[ChatId, tuple[Care, ...]] = {}
    for care, chat_id in zip(await _with_check_ins(tx, rows), (row["chat_id"] for row in rows), strict=True):
        found[ChatId(chat_id)] = (*found.get(ChatId(chat_id), ()), care)
    return found


async def plan_row(tx: Tx, bot_id: BotId, enrolment_id: int) -> sa.RowMapping | None:
    """One enrolment as it is stored, with the patient's `code` and `label`."""
    return (await tx.execute(_PLAN, {"of_bot": bot_id, "of_id": enrolment_id})).mappings().one_or_none()


async def plan(tx: Tx, bot_id: BotId, enrolment_id: int) -> Care | None:
    """One plan as it stands, an ended one too."""
    row = await plan_row(tx, bot_id, enrolment_id)
    return (await _with_check_ins(tx, [row]))[0] if row is not None else None


async def plan_of_check_in(tx: Tx, check_in_id: int) -> int | None:
    """The enrolment that a check-in belongs to."""
    found: int | None = await tx.scalar(sa.select(check_in.c.enrolment_id).where(check_in.c.id == check_in_id))
    return found


async def last_step(tx: Tx, enrolment_id: int) -> str | None:
    """The step of the check-in that began last."""
    of_plan = sa.select(check_in.c.step_id).where(check_in.c.enrolment_id == enrolment_id)
    found: str | None = await tx.scalar(of_plan.order_by(check_in.c.id.desc()).limit(1))
    return found


async def open_plan_ids(tx: Tx, bot_id: BotId, after_id: int, limit: int) -> Sequence[int]:
    """Ids of open and paused plans of patients with Telegram, above `after_id`, ascending."""
    statement = (
        sa.select(enrolment.c.id)
        .where(
            enrolment.c.bot_id == bot_id,
            enrolment.c.state.in_((PlanState.OPEN, PlanState.PAUSED)),
            enrolment.c.chat_id != NO_CHAT,
            enrolment.c.id > after_id,
        )
        .order_by(enrolment.c.id)
        .limit(limit)
    )
    return (await tx.scalars(statement)).all()


async def _with_check_ins(tx: Tx, rows: Sequence[sa.RowMapping]) -> list[Care]:
    if not rows:
        return []
    by_plan: dict[int, list[sa.RowMapping]] = {}
    for row in (await tx.execute(_CHECK_INS, {"of_plans": [row["id"] for row in rows]})).mappings():
        by_plan.setdefault(row["enrolment_id"], []).append(row)
    return [_care(row, by_plan.get(row["id"], [])) for row in rows]


def _care(row: sa.RowMapping, check_ins: Sequence[sa.RowMapping]) -> Care:
    still_open = [one for one in check_ins if one["state"] == "open"]
    is_silent = row["silent_us"] is not None
    lapsed = [one for one in check_ins if is_silent and one["reason"] == NO_REPLY]
    return Care(
        enrolment_id=row["id"],
        patient_id=PatientId(row["patient_id"]),
        code=row["code"],
        label=row["label"],
        plan_id=row["plan_id"],
        state=PlanState(row["state"]),
        treated_at=from_us(row["treated_us"]),
        zone=row["zone"],
        area=row["area"],
        side=row["side"],
        careful=row["careful"],
        is_child=row["is_child"],
        facts=_values(row["facts"]),
        answers={one["step_id"]: _values(one["answers"]) for one in check_ins if one["state"] != "open"},
        open=_open(still_open[-1]) if still_open else None,
        visit_at=from_us(row["visit_us"]) if row["visit_us"] is not None else None,
        visit_seen_at=from_us(row["visit_seen_us"]) if row["visit_seen_us"] is not None else None,
        reminded=row["reminded_us"] is not None,
        silent=is_silent,
        lapsed=_open(lapsed[-1]) if lapsed and not still_open else None,
    )


def _open(row: sa.RowMapping) -> OpenCheckIn:
    return OpenCheckIn(
        id=row["id"],
        step_id=row["step_id"],
        sent_at=from_us(row["sent_us"]),
        asked=row["asked"],
        answers=_values(row["answers"]),
        ticked=tuple(row["ticked"]),
        doubted=tuple(row["doubted"]),
        repeated=row["repeated"],
        answered_at=from_us(row["answered_us"]) if row["answered_us"] is not None else None,
    )


def _values(raw: Mapping[str, Any]) -> dict[str, Value]:
    """JSON has lists where we have tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}


# --- writing ---------------------------------------------------------------------------------------------------------


async def begin_check_in(
    store: Store, tx: Tx, bot_id: BotId, enrolment_id: int, step_id: str, now_us: int
) -> int | None:
    """A row for a check-in that goes out now. None when it went out before: a step is sent once."""
    row: dict[str, Any] = {"bot_id": bot_id, "enrolment_id": enrolment_id, "step_id": step_id, "state": "open"}
    row |= {"asked": None, "ticked": [], "answers": {}, "doubted": [], "sent_us": now_us}
    made = await store.insert_once(tx, check_in, [row], "enrolment_id", "step_id")
    return int(made[0].id) if made else None


async def lock_plan(tx: Tx, bot_id: BotId, enrolment_id: int) -> sa.RowMapping | None:
    """The row of a plan, locked until the transaction ends: for one without a chat, whose lock would do."""
    of_id = sa.select(enrolment).where(enrolment.c.bot_id == bot_id, enrolment.c.id == enrolment_id)
    return (await tx.execute(of_id.with_for_update())).mappings().one_or_none()


async def note_entered(tx: Tx, check_in_id: int, who: UserId) -> None:
    """Staff noted the answers, not the patient."""
    await tx.execute(check_in.update().where(check_in.c.id == check_in_id).values(entered_by=who))


async def entered_by(tx: Tx, check_in_id: int) -> UserId | None:
    """Who noted the answers; None: the patient gave them."""
    who = await tx.scalar(sa.select(check_in.c.entered_by).where(check_in.c.id == check_in_id))
    return UserId(who) if who is not None else None


async def add_told(tx: Tx, **values: Any) -> int:
    """Keep a sign that a patient without Telegram told on the phone among the questions; its id."""
    made = await tx.execute(question.insert().values(chat_id=NO_CHAT, **values).returning(question.c.id))
    return int(made.scalar_one())


async def apply(store: Store, tx: Tx, bot_id: BotId, change: CareChange, now_us: int) -> None:
    """Write what changed in a plan. The caller holds the chat's lock."""
    if change.open is not None:
        await _save_check_in(tx, change.open, change, now_us)
    values: dict[str, Any] = {}
    if change.answered:
        values["silent_us"] = None
    if change.facts:
        values |= await _new_facts(tx, change)
    if change.state is not None:
        values |= {"state": change.state, "reason": change.reason or None}
        if change.state is PlanState.ENDED:
            values["ended_us"] = now_us
    if values:
        await tx.execute(enrolment.update().where(enrolment.c.id == change.enrolment_id).values(**values))
    if change.state is PlanState.ENDED:
        await drop_what_waits(tx, bot_id, change.enrolment_id, change.reason or "ended")
    for step_id, at in change.earlier:
        await tx.execute(
            due.update()
            .where(*_waiting(bot_id, change.enrolment_id), due.c.part == step_id, due.c.due_us > to_us(at))
            .values(due_us=to_us(at), reason="earlier")
        )
    for later in change.later:
        assert change.open is not None, "only a check-in can ask later"
        key = f"{LATER}:{change.open.id}:{later.question_id}"
        timer = dues.Due(LATER, later.at, key, ref=change.open.id, part=later.question_id)
        await dues.plan(store, tx, bot_id, timer)
    of_step = change.open.step_id if change.open is not None else None
    await add_notes(store, tx, bot_id, change.enrolment_id, of_step, change.notes, now_us)


async def _save_check_in(tx: Tx, now_open: OpenCheckIn, change: CareChange, now_us: int) -> None:
    values: dict[str, Any] = {
        "asked": now_open.asked,
        "answers": {name: _plain(value) for name, value in now_open.answers.items()},
        "ticked": list(now_open.ticked),
        "doubted": list(now_open.doubted),
        "repeated": now_open.repeated,
    }
    if change.answered:
        values["answered_us"] = now_us
    if change.closed is not None:
        values |= {"state": "closed", "asked": None, "reason": change.closed, "closed_us": now_us}
    else:  # a late answer opens one again that nobody had answered
        values |= {"state": "open", "reason": None, "closed_us": None}
    given = {f"new_{name}": value for name, value in values.items()}
    await tx.execute(_update_check_in(tuple(values)), {"of_id": now_open.id, **given})


@cache
def _update_check_in(names: tuple[str, ...]) -> sa.Executable:
    """Kept, because putting it together takes longer than running it."""
    of_id = check_in.c.id == sa.bindparam("of_id", type_=sa.BigInteger)
    new = {name: sa.bindparam(f"new_{name}", type_=check_in.c[name].type) for name in names}
    return check_in.update().where(of_id).values(new)


async def _new_facts(tx: Tx, change: CareChange) -> dict[str, Any]:
    """The facts with the new ones among them; whether to be careful has a column of its own."""
    old = await tx.scalar(sa.select(enrolment.c.facts).where(enrolment.c.id == change.enrolment_id))
    new = {name: _plain(value) for name, value in change.facts.items() if name != CAREFUL}
    values: dict[str, Any] = {"facts": {**(old or {}), **new}}
    if CAREFUL in change.facts:
        values["careful"] = bool(change.facts[CAREFUL])
    return values


def _plain(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value


async def set_plan(tx: Tx, enrolment_id: int, **values: object) -> None:
    """Change columns of one enrolment."""
    await tx.execute(enrolment.update().where(enrolment.c.id == enrolment_id).values(**values))


async def pause_in(tx: Tx, bot_id: BotId, chat_id: ChatId, patient_id: PatientId, reason: str) -> None:
    """Pause every open plan of a chat, without one those of the patient: nothing is asked until staff resume it."""
    is_meant = enrolment.c.chat_id == chat_id if chat_id != NO_CHAT else enrolment.c.patient_id == patient_id
    await tx.execute(
        enrolment.update()
        .where(enrolment.c.bot_id == bot_id, is_meant, enrolment.c.state == PlanState.OPEN)
        .values(state=PlanState.PAUSED, reason=reason)
    )


# --- what is to come -------------------------------------------------------------------------------------------------


def _waiting(bot_id: BotId, enrolment_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        due.c.bot_id == bot_id,
        due.c.ref == enrolment_id,
        due.c.kind == CHECK_IN,
        due.c.state == DueState.WAITING,
        due.c.part.is_not(None),
    )


async def drop_what_waits(tx: Tx, bot_id: BotId, enrolment_id: int, reason: str) -> None:
    """No step of this plan, and no reminder, comes any more; a check-in that is open is closed."""
    of_plan = (due.c.bot_id == bot_id, due.c.ref == enrolment_id, due.c.kind.in_((CHECK_IN, REMINDER)))
    await tx.execute(
        due.update()
        .where(*of_plan, due.c.state == DueState.WAITING, due.c.part.is_not(None))
        .values(state=DueState.DROPPED, reason=reason[:80])
    )
    await tx.execute(
        check_in.update()
        .where(check_in.c.enrolment_id == enrolment_id, check_in.c.state == "open")
        .values(state="closed", asked=None, reason=reason[:80])
    )


# --- notes -----------------------------------------------------------------------------------------------------------


async def add_notes(
    store: Store,
    tx: Tx,
    bot_id: BotId,
    enrolment_id: int,
    step_id: str | None,
    notes: Iterable[Note],
    now_us: int,
) -> None:
    """Keep notes for staff, each text once for a step."""
    notes = list(notes)
    if not notes:
        return
    patient_id = await tx.scalar(sa.select(enrolment.c.patient_id).where(enrolment.c.id == enrolment_id))
    rows = [
        {
            "bot_id": bot_id,
            "patient_id": patient_id,
            "enrolment_id": enrolment_id,
            "step_id": step_id,
            "kind": note.kind,
            "text": note.text,
            "at_us": now_us,
            "dedupe_key": f"{enrolment_id}:{step_id}:{note.kind}:{zlib.crc32(note.text.encode())}",
        }
        for note in notes
    ]
    await store.insert_once(tx, staff_note, rows, "bot_id", "dedupe_key")


async def open_notes(tx: Tx, bot_id: BotId, until_us: int) -> Sequence[sa.RowMapping]:
    """Notes up to `until_us` that nobody has marked done, with the patient's `code`, oldest first."""
    statement = (
        sa.select(staff_note, patient.c.code)
        .join(patient, patient.c.id == staff_note.c.patient_id)
        .where(staff_note.c.bot_id == bot_id, staff_note.c.done_us.is_(None), staff_note.c.at_us <= until_us)
        .order_by(staff_note.c.at_us, staff_note.c.id)
    )
    return (await tx.execute(statement)).mappings().all()


async def finish_note(tx: Tx, bot_id: BotId, note_id: int, who: UserId, now_us: int) -> bool:
    """Mark a note done. False when it was, or is not there."""
    marked = await tx.execute(
        staff_note.update()
        .where(staff_note.c.bot_id == bot_id, staff_note.c.id == note_id, staff_note.c.done_us.is_(None))
        .values(done_us=now_us, done_by=who)
    )
    return bool(marked.rowcount)
