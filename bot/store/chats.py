"""Chats, the patients behind them, what they opted out of, and what was said last."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.clock import from_us
from bot.model import BotId, ChatId, ChatKind, PatientId, PatientView, Scope
from bot.store.engine import Store, Tx
from bot.store.tables import chat, conversation, enrolment, opt_out, patient, patient_chat

CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0/O, 1/I/L, U: codes are read out over the phone."""


# What every update asks is put together once: that takes longer than running it.
_BOT = sa.bindparam("of_bot", type_=sa.BigInteger)
_CHAT = sa.bindparam("of_chat", type_=sa.BigInteger)
_LOCK_CHAT = sa.select(chat).where(chat.c.bot_id == _BOT, chat.c.chat_id == _CHAT).with_for_update()
_OPT_OUTS = sa.select(opt_out.c.scope).where(
    opt_out.c.bot_id == _BOT, opt_out.c.chat_id == _CHAT, opt_out.c.ended_us.is_(None)
)
_PATIENT = (
    sa.select(patient.c.id, patient.c.code, enrolment.c.treated_us, enrolment.c.area)
    .join(patient_chat, patient_chat.c.patient_id == patient.c.id)
    .outerjoin(enrolment, sa.and_(enrolment.c.patient_id == patient.c.id, enrolment.c.state == "open"))
    .where(patient_chat.c.bot_id == _BOT, patient_chat.c.chat_id == _CHAT, patient_chat.c.until_us.is_(None))
    .order_by(patient_chat.c.since_us, patient_chat.c.patient_id, enrolment.c.treated_us.desc())
    .limit(1)
)
_TALK = (
    sa.select(conversation.c.version, conversation.c.state, chat.c.flood_tat_us)
    .select_from(chat)
    .outerjoin(conversation, sa.and_(conversation.c.bot_id == chat.c.bot_id, conversation.c.chat_id == chat.c.chat_id))
    .where(chat.c.bot_id == _BOT, chat.c.chat_id == _CHAT)
)

_SAVE_TALK = (
    conversation.update()
    .where(
        conversation.c.bot_id == _BOT,
        conversation.c.chat_id == _CHAT,
        conversation.c.version == sa.bindparam("of_version"),
    )
    .values(
        version=sa.bindparam("new_version"),
        state=sa.bindparam("new_state", type_=sa.JSON),
        updated_us=sa.bindparam("at_us"),
    )
)


def _of(bot_id: BotId, chat_id: ChatId) -> dict[str, int]:
    return {_BOT.key: bot_id, _CHAT.key: chat_id}


async def touch_chat(store: Store, tx: Tx, bot_id: BotId, chat_id: ChatId, kind: ChatKind, now_us: int) -> None:
    """Make sure the chat has a row. Leaves an existing one as it is."""
    row = {"bot_id": bot_id, "chat_id": chat_id, "kind": kind, "first_seen_us": now_us}
    await store.insert_once(tx, chat, [row], "bot_id", "chat_id")


async def lock_chat(tx: Tx, bot_id: BotId, chat_id: ChatId) -> sa.RowMapping:
    """The chat's row, locked until the transaction ends: whoever changes what a patient gets holds this."""
    return (await tx.execute(_LOCK_CHAT, _of(bot_id, chat_id))).mappings().one()


async def set_reachable(
    tx: Tx, bot_id: BotId, chat_id: ChatId, reachable: bool, now_us: int, why: str = "blocked", **more: int
) -> None:
    """Note that the patient blocked us, or that they wrote or unblocked us. `more`: other columns of the chat."""
    values: dict[str, int | str | None] = (
        {"unreachable_us": None, "unreachable_why": None}
        if reachable
        else {"unreachable_us": now_us, "unreachable_why": why}
    )
    await tx.execute(chat.update().where(chat.c.bot_id == bot_id, chat.c.chat_id == chat_id).values(**values, **more))


async def patient_of(tx: Tx, bot_id: BotId, chat_id: ChatId) -> PatientView | None:
    """The patient this chat serves (the first one, where it serves several), or None when nobody wrote yet."""
    found = (await tx.execute(_PATIENT, _of(bot_id, chat_id))).one_or_none()
    if found is None:
        return None
    return PatientView(
        patient_id=PatientId(found.id),
        code=found.code,
        chat_id=chat_id,
        treated_at=from_us(found.treated_us) if found.treated_us is not None else None,
        area=found.area,
        opted_out=await opted_out(tx, bot_id, chat_id),
    )


async def welcome_patient(store: Store, tx: Tx, bot_id: BotId, chat_id: ChatId, now_us: int) -> PatientView:
    """The chat's patient, made with a fresh code when there is none. The caller holds the chat's lock."""
    known = await patient_of(tx, bot_id, chat_id)
    if known is not None:
        return known
    row = {"bot_id": bot_id, "code": "", "created_us": now_us}
    while True:
        row["code"] = "P-" + "".join(secrets.choice(CODE_LETTERS) for _ in range(4))
        if made := await store.insert_once(tx, patient, [row], "bot_id", "code"):
            break
    patient_id = made[0].id
    await tx.execute(
        patient_chat.insert().values(bot_id=bot_id, chat_id=chat_id, patient_id=patient_id, since_us=now_us)
    )
    return PatientView(PatientId(patient_id), str(row["code"]), chat_id)


async def opted_out(tx: Tx, bot_id: BotId, chat_id: ChatId) -> frozenset[Scope]:
    """The scopes this chat has stopped."""
    return frozenset(Scope(scope) for scope in await tx.scalars(_OPT_OUTS, _of(bot_id, chat_id)))


async def stop(tx: Tx, bot_id: BotId, chat_id: ChatId, scope: Scope, now_us: int) -> None:
    """Opt out from now on. Once is enough: a scope in force is left as it is. The caller holds the chat's lock."""
    if scope not in await opted_out(tx, bot_id, chat_id):
        await tx.execute(opt_out.insert().values(bot_id=bot_id, chat_id=chat_id, scope=scope, at_us=now_us))


async def resume(tx: Tx, bot_id: BotId, chat_id: ChatId, now_us: int) -> None:
    """End every opt-out in force; the rows stay as history. The caller holds the chat's lock."""
    await tx.execute(
        opt_out.update()
        .where(opt_out.c.bot_id == bot_id, opt_out.c.chat_id == chat_id, opt_out.c.ended_us.is_(None))
        .values(ended_us=now_us)
    )


@dataclass(frozen=True, slots=True)
class Talk:
    """Where the talk with a chat stands. Version 0: nothing was decided yet."""

    version: int
    state: Mapping[str, Any]
    flood_tat_us: int
    """GCRA of what they send us, domain time."""


async def conversation_of(tx: Tx, bot_id: BotId, chat_id: ChatId) -> Talk:
    """The talk with this chat; version 0 and nothing else before the first word."""
    found = (await tx.execute(_TALK, _of(bot_id, chat_id))).one_or_none()
    return Talk(found.version or 0, found.state or {}, found.flood_tat_us) if found else Talk(0, {}, 0)


async def save_conversation(
    store: Store, tx: Tx, bot_id: BotId, chat_id: ChatId, version: int, state: Mapping[str, Any], now_us: int
) -> bool:
    """Write the state that was decided on `version`. False: it moved on meanwhile, decide again."""
    if version == 0:
        row = {"bot_id": bot_id, "chat_id": chat_id, "version": 1, "state": dict(state), "updated_us": now_us}
        return bool(await store.insert_once(tx, conversation, [row], "bot_id", "chat_id"))
    given = {"of_version": version, "new_version": version + 1, "new_state": dict(state), "at_us": now_us}
    result = await tx.execute(_SAVE_TALK, {**_of(bot_id, chat_id), **given})
    return result.rowcount == 1
