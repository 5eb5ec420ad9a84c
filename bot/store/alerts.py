"""Alerts about red flags: who took and closed them, what they show, who is on call, what triage got wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.model import SELF_HARM, BotId, ChatId, Level, MessageId, PatientId, UserId, Verdict
from bot.store.care import NO_CHAT
from bot.store.engine import Store, Tx
from bot.store.tables import (
    LIVE,
    alert,
    alert_card,
    alert_question,
    chat,
    enrolment,
    message,
    patient,
    patient_chat,
    question,
    triage_review,
)
from bot.store.tables import contact as contact_table
from bot.store.tables import on_call as on_call_table

_PRESSING = tuple(level.value for level in Level if level.is_pressing)
_IS_LIVE = sa.text(f"alert.{LIVE.replace('and state', 'and alert.state')}")
"""In the words of `ix_alert_live`, with the table's name."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff as the others know them."""

    user_id: UserId
    name: str


# --- one alert ------------------------------------------------------------------------------------------------------


async def open_alert(
    tx: Tx,
    bot_id: BotId,
    patient_id: PatientId,
    chat_id: ChatId,
    question_id: int | None,
    now_us: int,
    level: Level | None = None,
    flag_ids: Sequence[str] = (),
    said_us: int | None = None,
) -> int:
    """A new alert; without a level it is a question for people. The caller holds the chat's lock."""
    result = await tx.execute(
        alert.insert().values(
            bot_id=bot_id,
            patient_id=patient_id,
            chat_id=chat_id,
            question_id=question_id,
            level=level,
            flags=list(flag_ids) or None,
            said_us=said_us,
            state="open",
            at_us=now_us,
        )
    )
    assert result.inserted_primary_key is not None
    alert_id: int = result.inserted_primary_key[0]
    return alert_id


async def by_id(tx: Tx, bot_id: BotId, alert_id: int, *, lock: bool = False) -> sa.RowMapping | None:
    """One alert, or None; with `lock` nobody else changes it until the transaction ends."""
    statement = sa.select(alert).where(alert.c.id == alert_id, alert.c.bot_id == bot_id)
    return (await tx.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()


async def live(tx: Tx, bot_id: BotId, chat_id: ChatId, patient_id: PatientId | None = None) -> sa.RowMapping | None:
    """The newest alert about a red flag of this chat that nobody has closed; None when there is none.

    With `patient_id` only that patient's: a family shares a chat, and all who have no Telegram share `NO_CHAT`.
    """
    statement = sa.select(alert).where(alert.c.bot_id == bot_id, alert.c.chat_id == chat_id, _IS_LIVE)
    if patient_id is not None:
        statement = statement.where(alert.c.patient_id == patient_id)
    return (await tx.execute(statement.order_by(alert.c.id.desc()).limit(1))).mappings().one_or_none()


async def is_paused(tx: Tx, bot_id: BotId, chat_id: ChatId, patient_id: PatientId | None = None) -> bool:
    """Whether check-ins and announcements to this chat wait until staff have closed a pressing alert.

    Whoever danger is about, nobody at that phone is asked anything meanwhile. For `NO_CHAT` it is the patient's own.
    """
    found = await tx.scalar(sa.select(paused(sa.literal(bot_id), sa.literal(chat_id), sa.literal(patient_id or 0))))
    return bool(found)


def paused(
    bot_id: sa.ColumnElement[Any], chat_id: sa.ColumnElement[Any], patient_id: sa.ColumnElement[Any] | None = None
) -> sa.Exists:
    """The same as part of another query. `patient_id`: needed where the chat may be `NO_CHAT`."""
    is_one = sa.exists().where(
        alert.c.bot_id == bot_id, alert.c.chat_id == chat_id, _IS_LIVE, alert.c.level.in_(_PRESSING)
    )
    if patient_id is None:
        return is_one
    return is_one.where(sa.or_(alert.c.chat_id != NO_CHAT, alert.c.patient_id == patient_id))


def told_of_self_harm(
    bot_id: BotId, chat_id: sa.ColumnElement[Any], patient_id: sa.ColumnElement[Any], since_us: int
) -> sa.ColumnElement[bool]:
    """Whether there was an alert about self-harm since then, in the chat or about the patient, that staff did not call
    a false alarm; as part of another query. All such alerts are looked up once, not once a row."""
    such = (
        alert.c.bot_id == bot_id,
        alert.c.at_us >= since_us,
        sa.cast(alert.c.flags, sa.Text).contains(f'"{SELF_HARM}"'),
        alert.c.outcome.is_distinct_from("false_alarm"),
    )
    chats = sa.select(alert.c.chat_id).where(*such, alert.c.chat_id != NO_CHAT)
    patients = sa.select(alert.c.patient_id).where(*such)
    return sa.or_(chat_id.in_(chats), patient_id.in_(patients))


async def take(tx: Tx, alert_id: int, who: Person, now_us: int) -> bool:
    """Note who has it. False when it was not open any more: somebody was quicker."""
    taken = await tx.execute(
        alert.update()
        .where(alert.c.id == alert_id, alert.c.state == "open")
        .values(state="taken", taken_by=who.user_id, taken_name=who.name[:64], taken_us=now_us)
    )
    return taken.rowcount == 1


async def taken_by(tx: Tx, bot_id: BotId, user_id: UserId) -> Sequence[sa.RowMapping]:
    """What somebody has taken and not closed, with the patients' `code`, oldest first."""
    statement = (
        sa.select(alert, patient.c.code)
        .join(patient, patient.c.id == alert.c.patient_id)
        .where(alert.c.bot_id == bot_id, alert.c.state == "taken", alert.c.taken_by == user_id)
        .order_by(alert.c.id)
    )
    return (await tx.execute(statement)).mappings().all()


async def give_back(tx: Tx, alert_id: int) -> bool:
    """Open again what somebody had taken, as if it were new. False when it was not taken any more."""
    given = await tx.execute(
        alert.update()
        .where(alert.c.id == alert_id, alert.c.state == "taken")
        .values(state="open", taken_by=None, taken_name=None, taken_us=None, repeats=0)
    )
    return given.rowcount == 1


async def close(tx: Tx, alert_id: int, outcome: str, now_us: int, who: Person | None = None) -> bool:
    """End it: `done`, `false_alarm`, or `replaced` by a newer one, which is nobody's deed. False when it was over."""
    by = {"closed_by": who.user_id, "closed_name": who.name[:64]} if who else {}
    closed = await tx.execute(
        alert.update()
        .where(alert.c.id == alert_id, alert.c.state.in_(["open", "taken"]))
        .values(state="closed", outcome=outcome, closed_us=now_us, **by)
    )
    return closed.rowcount == 1


async def set_values(tx: Tx, alert_id: int, **values: object) -> None:
    """Change columns of one alert."""
    await tx.execute(alert.update().where(alert.c.id == alert_id).values(**values))


# --- what it shows --------------------------------------------------------------------------------------------------


async def add_words(store: Store, tx: Tx, alert_id: int, question_id: int, note: str = "") -> None:
    """This question belongs to the alert, with what the patient was asked about it and answered."""
    row = {"alert_id": alert_id, "question_id": question_id, "note": note or None}
    if not await store.insert_once(tx, alert_question, [row], "alert_id", "question_id") and note:
        of_key = (alert_question.c.alert_id == alert_id, alert_question.c.question_id == question_id)
        await tx.execute(alert_question.update().where(*of_key).values(note=note))


async def take_words_over(tx: Tx, old_id: int, new_id: int) -> None:
    """What belonged to the old alert belongs to the new one too."""
    words = sa.select(sa.literal(new_id), alert_question.c.question_id, alert_question.c.note)
    columns = ["alert_id", "question_id", "note"]
    await tx.execute(alert_question.insert().from_select(columns, words.where(alert_question.c.alert_id == old_id)))


async def words_of(tx: Tx, alert_id: int) -> Sequence[sa.RowMapping]:
    """What the patient wrote: `id`, `text`, `at_us` and `note`, oldest first."""
    statement = (
        sa.select(question.c.id, question.c.text, question.c.at_us, alert_question.c.note)
        .join(alert_question, alert_question.c.question_id == question.c.id)
        .where(alert_question.c.alert_id == alert_id)
        .order_by(question.c.id)
    )
    return (await tx.execute(statement)).mappings().all()


async def text_of(tx: Tx, question_id: int) -> str:
    """The words of one question, which must be there."""
    found: str = (await tx.scalars(sa.select(question.c.text).where(question.c.id == question_id))).one()
    return found


async def first_reply(tx: Tx, bot_id: BotId, chat_id: ChatId, question_id: int) -> dict[str, Any] | None:
    """The payload of what the bot told this patient about the question; None when it said nothing."""
    statement = (
        sa.select(message.c.payload)
        .where(message.c.bot_id == bot_id, message.c.chat_id == chat_id, message.c.question_id == question_id)
        .order_by(message.c.id)
        .limit(1)
    )
    found: dict[str, Any] | None = await tx.scalar(statement)
    return found


async def person_of(tx: Tx, bot_id: BotId, chat_id: ChatId, patient_id: int) -> sa.RowMapping:
    """`code`, `treated_us`, `area` and `podiatrist_id` of the open care plan, and from the contact details `reference`,
    `phone` and `key_id`; all but the code may be null."""
    plan = sa.and_(
        enrolment.c.bot_id == bot_id,
        enrolment.c.chat_id == chat_id,
        enrolment.c.patient_id == patient.c.id,
        enrolment.c.state.in_(("open", "paused")),
    )
    statement = (
        sa.select(
            patient.c.code,
            enrolment.c.treated_us,
            enrolment.c.area,
            enrolment.c.podiatrist_id,
            contact_table.c.reference,
            contact_table.c.phone,
            contact_table.c.key_id,
        )
        .select_from(patient)
        .outerjoin(contact_table, contact_table.c.patient_id == patient.c.id)
        .outerjoin(enrolment, plan)
        .where(patient.c.id == patient_id)
        .order_by(enrolment.c.treated_us.desc())
        .limit(1)
    )
    return (await tx.execute(statement)).mappings().one()


async def others_at(tx: Tx, bot_id: BotId, chat_id: ChatId, patient_id: int) -> Sequence[str]:
    """Codes of the other patients whom this chat serves now, by id."""
    theirs = (patient_chat.c.bot_id == bot_id, patient_chat.c.chat_id == chat_id, patient_chat.c.until_us.is_(None))
    statement = sa.select(patient.c.code).join(patient_chat, patient_chat.c.patient_id == patient.c.id)
    others = statement.where(*theirs, patient_chat.c.patient_id != patient_id).order_by(patient.c.id)
    return (await tx.scalars(others)).all()


async def add_card(store: Store, tx: Tx, alert_id: int, message_id: MessageId) -> None:
    """This message shows the alert, with its buttons."""
    row = {"alert_id": alert_id, "message_id": message_id}
    await store.insert_once(tx, alert_card, [row], "alert_id", "message_id")


async def cards_of(tx: Tx, alert_id: int) -> Sequence[sa.RowMapping]:
    """`id`, `chat_id`, `tg_message_id` of the messages that show the alert, newest first."""
    statement = (
        sa.select(message.c.id, message.c.chat_id, message.c.tg_message_id)
        .join(alert_card, alert_card.c.message_id == message.c.id)
        .where(alert_card.c.alert_id == alert_id)
        .order_by(message.c.id.desc())
    )
    return (await tx.execute(statement)).mappings().all()


# --- all of them ----------------------------------------------------------------------------------------------------


async def not_closed(tx: Tx, bot_id: BotId) -> Sequence[sa.RowMapping]:
    """Every live alert with its patient's `code`, oldest first."""
    statement = (
        sa.select(alert, patient.c.code)
        .join(patient, patient.c.id == alert.c.patient_id)
        .where(alert.c.bot_id == bot_id, _IS_LIVE)
        .order_by(alert.c.id)
    )
    return (await tx.execute(statement)).mappings().all()


async def past(tx: Tx, bot_id: BotId, since_us: int, until_us: int) -> Sequence[sa.RowMapping]:
    """`flags`, `outcome`, `at_us` and `taken_us` of the alerts of a stretch of time, without those that a newer one
    replaced, oldest first."""
    statement = sa.select(alert.c.flags, alert.c.outcome, alert.c.at_us, alert.c.taken_us).where(
        alert.c.bot_id == bot_id,
        alert.c.level.is_not(None),
        alert.c.at_us >= since_us,
        alert.c.at_us < until_us,
        alert.c.outcome.is_distinct_from("replaced"),
    )
    return (await tx.execute(statement.order_by(alert.c.id))).mappings().all()


async def patients_heard(tx: Tx, bot_id: BotId, since_us: int, until_us: int) -> int:
    """How many patients wrote in this stretch of time. Reads all questions."""
    found: int | None = await tx.scalar(
        sa.select(sa.func.count(sa.distinct(question.c.patient_id))).where(
            question.c.bot_id == bot_id, question.c.at_us >= since_us, question.c.at_us < until_us
        )
    )
    return found or 0


# --- who is on call -------------------------------------------------------------------------------------------------


async def confirm_on_call(store: Store, tx: Tx, bot_id: BotId, user_id: UserId, now_us: int) -> None:
    """This person gets our private messages."""
    row = {"bot_id": bot_id, "user_id": user_id, "confirmed_us": now_us}
    if not await store.insert_once(tx, on_call_table, [row], "bot_id", "user_id"):
        of_key = (on_call_table.c.bot_id == bot_id, on_call_table.c.user_id == user_id)
        await tx.execute(on_call_table.update().where(*of_key).values(confirmed_us=now_us))


async def confirmed(tx: Tx, bot_id: BotId, people: Iterable[UserId]) -> tuple[UserId, ...]:
    """Those of `people` who confirmed and can be reached since, in the order given."""
    people = tuple(people)
    statement = (
        sa.select(on_call_table.c.user_id)
        .outerjoin(chat, sa.and_(chat.c.bot_id == on_call_table.c.bot_id, chat.c.chat_id == on_call_table.c.user_id))
        .where(
            on_call_table.c.bot_id == bot_id,
            on_call_table.c.user_id.in_(people),
            chat.c.unreachable_us.is_(None),
        )
    )
    found = set(await tx.scalars(statement)) if people else set()
    return tuple(person for person in people if person in found)


# --- what triage got wrong ------------------------------------------------------------------------------------------


async def review(
    store: Store, tx: Tx, bot_id: BotId, question_id: int, verdict: Verdict, by: UserId, now_us: int
) -> bool:
    """Keep a question for a clinician to look at. False when it was kept as this before."""
    row = {"bot_id": bot_id, "question_id": question_id, "verdict": verdict, "by_id": by, "at_us": now_us}
    return bool(await store.insert_once(tx, triage_review, [row], "question_id", "verdict"))


async def chat_of(tx: Tx, bot_id: BotId, code: str) -> ChatId | None:
    """The chat of the patient with this code, the newest of several; None when there is no such patient."""
    statement = (
        sa.select(patient_chat.c.chat_id)
        .join(patient, patient.c.id == patient_chat.c.patient_id)
        .where(patient.c.bot_id == bot_id, patient.c.code == code, patient_chat.c.until_us.is_(None))
        .order_by(patient_chat.c.since_us.desc())
        .limit(1)
    )
    found = await tx.scalar(statement)
    return ChatId(found) if found is not None else None


async def last_question(tx: Tx, bot_id: BotId, chat_id: ChatId, until_us: int) -> sa.RowMapping | None:
    """The last question of this chat, as of `until_us`, with its patient's `code`; None when there is none."""
    statement = (
        sa.select(question.c.id, patient.c.code)
        .join(patient, patient.c.id == question.c.patient_id)
        .where(question.c.bot_id == bot_id, question.c.chat_id == chat_id, question.c.at_us <= until_us)
        .order_by(question.c.at_us.desc(), question.c.id.desc())
        .limit(1)
    )
    return (await tx.execute(statement)).mappings().one_or_none()


async def question_by_id(tx: Tx, bot_id: BotId, question_id: int) -> sa.RowMapping | None:
    """`id` of one question with its patient's `code`."""
    statement = (
        sa.select(question.c.id, patient.c.code)
        .join(patient, patient.c.id == question.c.patient_id)
        .where(question.c.bot_id == bot_id, question.c.id == question_id)
    )
    return (await tx.execute(statement)).mappings().one_or_none()
