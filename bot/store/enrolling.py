"""How a patient comes to a care plan, as rows: numbers on screens, personal links, enrolments, who uses which chat.

Whoever changes what a chat gets holds its lock (`chats.lock_chat`).
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.care import NoteKind, PlanState, Value
from bot.clock import DAY_US, MINUTE_US, SECOND_US
from bot.model import BotId, ChatId, PatientId, UserId
from bot.store.care import NO_CHAT
from bot.store.engine import Store, Tx
from bot.store.tables import (
    agreement,
    audit,
    check_in,
    enrol_code,
    enrol_link,
    enrolment,
    patient,
    patient_chat,
    staff_note,
)

NUMBER_LASTS_US = 10 * MINUTE_US
LINK_LASTS_US = 7 * DAY_US
NEW_NUMBER, WRONG_NUMBER = "enrol_number", "enrol_wrong_number"
"""Actions in `audit`, by which new numbers and wrong guesses are counted."""
NEW_SESSION = "new session"
"""How the reason of a plan begins that has ended since the same patient was treated again."""
_WAS = f"{NEW_SESSION}, was "
SLACK_US = 10 * SECOND_US
_TOKEN_BYTES = 16
_TRIES = 200


# --- the number on the patient's screen ------------------------------------------------------------------------------


async def number_of(tx: Tx, bot_id: BotId, chat_id: ChatId, now_us: int) -> sa.RowMapping | None:
    """The number that this chat shows now; None where it shows none."""
    statement = sa.select(enrol_code).where(
        enrol_code.c.bot_id == bot_id, enrol_code.c.chat_id == chat_id, enrol_code.c.expires_us > now_us
    )
    return (await tx.execute(statement)).mappings().one_or_none()


async def new_number(store: Store, tx: Tx, bot_id: BotId, chat_id: ChatId, now_us: int) -> str:
    """Four digits that no other chat shows now."""
    is_over = sa.or_(enrol_code.c.expires_us <= now_us, enrol_code.c.chat_id == chat_id)
    await tx.execute(enrol_code.delete().where(enrol_code.c.bot_id == bot_id, is_over))
    row: dict[str, Any] = {"bot_id": bot_id, "chat_id": chat_id, "made_us": now_us}
    row["expires_us"] = now_us + NUMBER_LASTS_US
    for _ in range(_TRIES):
        row["code"] = f"{secrets.randbelow(10_000):04d}"
        if await store.insert_once(tx, enrol_code, [row], "bot_id", "code"):
            await tx.execute(
                audit.insert().values(bot_id=bot_id, actor_id=None, action=NEW_NUMBER, ref=chat_id, at_us=now_us)
            )
            return str(row["code"])
    raise AssertionError("thousands of patients show a number at once")


async def new_numbers_since(tx: Tx, bot_id: BotId, chat_id: ChatId, since_us: int) -> int:
    """How many numbers a chat was given since then."""
    return await _counted(tx, bot_id, since_us, audit.c.action == NEW_NUMBER, audit.c.ref == chat_id)


async def wrong_numbers_since(tx: Tx, bot_id: BotId, user_id: UserId, since_us: int) -> int:
    """How many numbers a member of staff typed since then that nobody shows."""
    return await _counted(tx, bot_id, since_us, audit.c.action == WRONG_NUMBER, audit.c.actor_id == user_id)


async def _counted(tx: Tx, bot_id: BotId, since_us: int, *where: sa.ColumnElement[bool]) -> int:
    statement = sa.select(sa.func.count()).select_from(audit)
    return int(
        (await tx.execute(statement.where(audit.c.bot_id == bot_id, audit.c.at_us > since_us, *where))).scalar_one()
    )


async def chat_showing(tx: Tx, bot_id: BotId, number: str, now_us: int) -> ChatId | None:
    """The chat that shows this number now."""
    found = await tx.scalar(
        sa.select(enrol_code.c.chat_id).where(
            enrol_code.c.bot_id == bot_id, enrol_code.c.code == number, enrol_code.c.expires_us > now_us
        )
    )
    return ChatId(found) if found is not None else None


async def numbers_shown(tx: Tx, bot_id: BotId, now_us: int, limit: int) -> list[str]:
    """Numbers on patients' screens now, the newest first."""
    shown = (enrol_code.c.bot_id == bot_id, enrol_code.c.expires_us > now_us)
    statement = sa.select(enrol_code.c.code).where(*shown).order_by(enrol_code.c.made_us.desc()).limit(limit)
    return list(await tx.scalars(statement))


async def use_number(tx: Tx, bot_id: BotId, chat_id: ChatId, number: str) -> bool:
    """A number is good for one plan. False: it was used meanwhile. The caller holds the chat's lock."""
    shown = (enrol_code.c.bot_id == bot_id, enrol_code.c.chat_id == chat_id, enrol_code.c.code == number)
    return bool((await tx.execute(enrol_code.delete().where(*shown))).rowcount)


# --- patients and their chats ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InChat:
    """A patient whom a chat serves now."""

    patient_id: PatientId
    code: str
    label: str | None
    has_plans: bool
    """Was ever on a care plan."""


async def patients_in(tx: Tx, bot_id: BotId, chat_id: ChatId) -> list[InChat]:
    """The patients whom a chat serves, the first one first."""
    has_plans = sa.exists().where(enrolment.c.patient_id == patient.c.id)
    statement = (
        sa.select(patient.c.id, patient.c.code, patient_chat.c.label, has_plans.label("has_plans"))
        .join(patient_chat, patient_chat.c.patient_id == patient.c.id)
        .where(patient_chat.c.bot_id == bot_id, patient_chat.c.chat_id == chat_id, patient_chat.c.until_us.is_(None))
        .order_by(patient_chat.c.since_us, patient.c.id)
    )
    rows = (await tx.execute(statement)).all()
    return [InChat(PatientId(row.id), row.code, row.label, bool(row.has_plans)) for row in rows]


async def patient_by_code(tx: Tx, bot_id: BotId, code: str) -> PatientId | None:
    """Who has this code."""
    found = await tx.scalar(sa.select(patient.c.id).where(patient.c.bot_id == bot_id, patient.c.code == code))
    return PatientId(found) if found is not None else None


async def join_chat(
    store: Store, tx: Tx, bot_id: BotId, chat_id: ChatId, patient_id: PatientId, now_us: int, label: str | None = None
) -> None:
    """From now on this chat serves this patient (too)."""
    row = {"bot_id": bot_id, "chat_id": chat_id, "patient_id": patient_id, "since_us": now_us, "label": label}
    if not await store.insert_once(tx, patient_chat, [row], "bot_id", "chat_id", "patient_id"):
        await tx.execute(
            patient_chat.update().where(*_is_in(bot_id, chat_id, patient_id)).values(until_us=None, label=label)
        )


async def leave_chat(tx: Tx, bot_id: BotId, chat_id: ChatId, patient_id: PatientId, now_us: int) -> None:
    """From now on this chat does not serve this patient."""
    await tx.execute(
        patient_chat.update()
        .where(*_is_in(bot_id, chat_id, patient_id), patient_chat.c.until_us.is_(None))
        .values(until_us=now_us)
    )


async def set_label(tx: Tx, bot_id: BotId, chat_id: ChatId, patient_id: PatientId, label: str) -> None:
    """What the family calls this patient."""
    await tx.execute(patient_chat.update().where(*_is_in(bot_id, chat_id, patient_id)).values(label=label[:40]))


def _is_in(bot_id: BotId, chat_id: ChatId, patient_id: PatientId) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        patient_chat.c.bot_id == bot_id,
        patient_chat.c.chat_id == chat_id,
        patient_chat.c.patient_id == patient_id,
    )


async def chats_of(tx: Tx, bot_id: BotId, patient_id: PatientId) -> list[ChatId]:
    """The chats that serve a patient now."""
    is_now = (patient_chat.c.patient_id == patient_id, patient_chat.c.until_us.is_(None))
    found = await tx.scalars(sa.select(patient_chat.c.chat_id).where(patient_chat.c.bot_id == bot_id, *is_now))
    return [ChatId(chat_id) for chat_id in found]


# --- enrolments ------------------------------------------------------------------------------------------------------


async def add_plan(tx: Tx, values: Mapping[str, Any]) -> int:
    """A new enrolment."""
    made = await tx.execute(enrolment.insert().values(**values).returning(enrolment.c.id))
    return int(made.scalar_one())


async def running_plans(tx: Tx, bot_id: BotId, patient_id: PatientId) -> Sequence[sa.RowMapping]:
    """The plans of a patient that have not ended, oldest first."""
    statement = sa.select(enrolment).where(
        enrolment.c.bot_id == bot_id, enrolment.c.patient_id == patient_id, enrolment.c.state != PlanState.ENDED
    )
    return (await tx.execute(statement.order_by(enrolment.c.id))).mappings().all()


async def drop_calls(tx: Tx, enrolment_id: int, now_us: int, step_id: str | None = None) -> None:
    """Nobody is to ring any more about a plan without Telegram, or about one of its check-ins."""
    calls = [staff_note.c.enrolment_id == enrolment_id, staff_note.c.kind == NoteKind.CALL]
    if step_id is not None:
        calls.append(staff_note.c.step_id == step_id)
    await tx.execute(staff_note.update().where(*calls, staff_note.c.done_us.is_(None)).values(done_us=now_us))


async def chats_with_plans(tx: Tx, bot_id: BotId, patient_ids: Sequence[PatientId]) -> list[ChatId]:
    """The chats in which these patients have a plan that has not ended, by id."""
    running = (enrolment.c.bot_id == bot_id, enrolment.c.state != PlanState.ENDED, enrolment.c.chat_id != NO_CHAT)
    statement = sa.select(enrolment.c.chat_id).where(*running, enrolment.c.patient_id.in_(patient_ids)).distinct()
    return [ChatId(chat_id) for chat_id in await tx.scalars(statement.order_by(enrolment.c.chat_id))]


async def agreed_before(tx: Tx, bot_id: BotId, patient_id: PatientId, chat_id: ChatId, enrolment_id: int) -> bool:
    """Whether this patient agreed, in this chat, to a plan before this one: then the phone is theirs."""
    statement = sa.select(enrolment.c.id).where(
        enrolment.c.bot_id == bot_id,
        enrolment.c.patient_id == patient_id,
        enrolment.c.chat_id == chat_id,
        enrolment.c.id < enrolment_id,
        enrolment.c.agreed_us.is_not(None),
    )
    return await tx.scalar(statement.limit(1)) is not None


def new_session(plan: sa.RowMapping) -> str:
    """Why this plan ends now that its patient was treated again. One that was not simply open says how it stood, as
    somebody may take the new session back."""
    if plan["state"] == PlanState.OPEN:
        return NEW_SESSION
    return f"{_WAS}{plan['state']}" + (f": {plan['reason']}" if plan["reason"] else "")


def before_new_session(reason: str) -> tuple[PlanState, str | None]:
    """How a plan stood before a new session ended it for this reason: its state, and the reason of that."""
    if not reason.startswith(_WAS):
        return PlanState.OPEN, None
    state, _, why = reason.removeprefix(_WAS).partition(": ")
    return PlanState(state), why or None


async def ended_by(tx: Tx, bot_id: BotId, patient_id: PatientId, at_us: int) -> Sequence[sa.RowMapping]:
    """The plans of a patient that a new session ended at this moment, give or take what a transaction lasts."""
    statement = sa.select(enrolment).where(
        enrolment.c.bot_id == bot_id,
        enrolment.c.patient_id == patient_id,
        enrolment.c.state == PlanState.ENDED,
        enrolment.c.reason.startswith(NEW_SESSION),
        enrolment.c.ended_us.between(at_us - SLACK_US, at_us + SLACK_US),
    )
    return (await tx.execute(statement)).mappings().all()


async def prefill(tx: Tx, check_in_id: int, answers: Mapping[str, Value]) -> None:
    """Answers of a check-in as they are to be kept."""
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in answers.items()}
    await tx.execute(check_in.update().where(check_in.c.id == check_in_id).values(answers=plain))


async def write_agreement(
    tx: Tx, bot_id: BotId, patient_id: PatientId, chat_id: ChatId, version: str, text: str, agreed: bool, now_us: int
) -> None:
    """Who agreed to which text, or did not."""
    row = {"bot_id": bot_id, "patient_id": patient_id, "chat_id": chat_id, "version": version}
    await tx.execute(agreement.insert().values(**row, text=text, agreed=agreed, at_us=now_us))


# --- personal links --------------------------------------------------------------------------------------------------


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def new_link(
    tx: Tx,
    bot_id: BotId,
    patient_id: PatientId,
    enrolment_id: int | None,
    made_by: UserId | None,
    now_us: int,
) -> str:
    """The token of a new link: 128 random bits, of which only a hash is kept. `enrolment_id`: the plan it joins; None:
    it brings all of a patient to another phone. Older unused links of the same purpose are worth nothing any more."""
    same = (enrol_link.c.patient_id == patient_id, enrol_link.c.enrolment_id.is_not_distinct_from(enrolment_id))
    await tx.execute(
        enrol_link.update()
        .where(enrol_link.c.bot_id == bot_id, *same, enrol_link.c.used_us.is_(None))
        .values(expires_us=now_us)
    )
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    row: dict[str, Any] = {"bot_id": bot_id, "token_hash": _hash(token), "patient_id": patient_id, "made_us": now_us}
    row |= {"enrolment_id": enrolment_id, "made_by": made_by, "expires_us": now_us + LINK_LASTS_US}
    await tx.execute(enrol_link.insert().values(row))
    return token


async def new_links(tx: Tx, bot_id: BotId, whose: Mapping[int, PatientId], now_us: int) -> dict[int, str]:
    """The tokens of links that join new plans, by enrolment. `whose`: the patient of each."""
    tokens = {enrolment_id: secrets.token_urlsafe(_TOKEN_BYTES) for enrolment_id in whose}
    same: dict[str, Any] = {"bot_id": bot_id, "made_us": now_us, "expires_us": now_us + LINK_LASTS_US}
    rows = [
        {**same, "token_hash": _hash(tokens[id_]), "patient_id": patient_id, "enrolment_id": id_}
        for id_, patient_id in whose.items()
    ]
    if rows:
        await tx.execute(enrol_link.insert(), rows)
    return tokens


async def use_link(tx: Tx, bot_id: BotId, token: str, chat_id: ChatId, now_us: int) -> sa.RowMapping | None:
    """The link of a token, which is used up by this. None for one that is unknown, used or too old."""
    is_it = (enrol_link.c.bot_id == bot_id, enrol_link.c.token_hash == _hash(token))
    used = await tx.execute(
        enrol_link.update()
        .where(*is_it, enrol_link.c.used_us.is_(None), enrol_link.c.expires_us > now_us)
        .values(used_us=now_us, used_chat_id=chat_id)
    )
    if used.rowcount != 1:
        return None
    return (await tx.execute(sa.select(enrol_link).where(*is_it))).mappings().one()
