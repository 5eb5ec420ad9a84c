"""Chats, the patients behind them, what they opted out of, and what was said last."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.clock import from_us
from bot.model import BotId, ChatId, ChatKind, MessageState, PatientId, PatientView, Scope
from bot.store.engine import Store, Tx
from bot.store.tables import bot, chat, conversation, enrolment, message, opt_out, patient, patient_chat, topic

CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0/O, 1/I/L, U: codes are read out over the phone."""


def full_code(typed: str) -> str:
    """A patient's code as it is stored, from one that staff typed: in small letters, or without its beginning."""
    code = typed.strip().upper()
    return code if code.startswith("P-") else f"P-{code}"


# What every update asks is put together once: that takes longer than running it.
_BOT = sa.bindparam("of_bot", type_=sa.BigInteger)
_CHAT = sa.bindparam("of_chat", type_=sa.BigInteger)
_CHATS = sa.bindparam("of_chats", type_=sa.BigInteger, expanding=True)
_LOCK_CHAT = sa.select(chat).where(chat.c.bot_id == _BOT, chat.c.chat_id == _CHAT).with_for_update()
_HEARD = (
    chat.update()
    .where(chat.c.bot_id == _BOT, chat.c.chat_id == _CHAT)
    .values(
        unreachable_us=sa.bindparam("since_us"),
        unreachable_why=sa.bindparam("why"),
        flood_tat_us=sa.bindparam("new_tat_us"),
    )
)
_SET_TAT = chat.update().where(chat.c.bot_id == _BOT, chat.c.chat_id == _CHAT).values(tat_us=sa.bindparam("new_tat_us"))
_OPT_OUTS = sa.select(opt_out.c.chat_id, opt_out.c.scope).where(
    opt_out.c.bot_id == _BOT, opt_out.c.chat_id.in_(_CHATS), opt_out.c.ended_us.is_(None)
)
_PATIENTS = (
    sa.select(patient_chat.c.chat_id, patient.c.id, patient.c.code, enrolment.c.treated_us, enrolment.c.area)
    .join(patient, patient.c.id == patient_chat.c.patient_id)
    .outerjoin(enrolment, sa.and_(enrolment.c.patient_id == patient.c.id, enrolment.c.state.in_(("open", "paused"))))
    .where(patient_chat.c.bot_id == _BOT, patient_chat.c.chat_id.in_(_CHATS), patient_chat.c.until_us.is_(None))
    .order_by(patient_chat.c.since_us, patient_chat.c.patient_id, enrolment.c.treated_us.desc())
)
_TALKS = (
    sa.select(chat.c.chat_id, conversation.c.version, conversation.c.state, chat.c.flood_tat_us)
    .select_from(chat)
    .outerjoin(conversation, sa.and_(conversation.c.bot_id == chat.c.bot_id, conversation.c.chat_id == chat.c.chat_id))
    .where(chat.c.bot_id == _BOT, chat.c.chat_id.in_(_CHATS))
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


def _of_all(bot_id: BotId, chat_ids: Iterable[ChatId]) -> dict[str, int | list[ChatId]]:
    return {_BOT.key: bot_id, _CHATS.key: list(chat_ids)}


async def touch_chat(store: Store, tx: Tx, bot_id: BotId, chat_id: ChatId, kind: ChatKind, now_us: int) -> None:
    """Make sure the chat has a row. Leaves an existing one as it is."""
    row = {"bot_id": bot_id, "chat_id": chat_id, "kind": kind, "first_seen_us": now_us}
    await store.insert_once(tx, chat, [row], "bot_id", "chat_id")


async def lock_chat(tx: Tx, bot_id: BotId, chat_id: ChatId) -> sa.RowMapping:
    """The chat's row, locked until the transaction ends: whoever changes what a patient gets holds this."""
    return (await tx.execute(_LOCK_CHAT, _of(bot_id, chat_id))).mappings().one()


@dataclass(frozen=True, slots=True)
class Heard:
    """A chat was heard from: somebody wrote or pressed, unblocked us, or (`reachable` false) blocked us."""

    chat_id: ChatId
    flood_tat_us: int
    reachable: bool = True


async def note_heard(tx: Tx, bot_id: BotId, heard: Iterable[Heard], now_us: int) -> None:
    """Note what was heard, which locks the chats as `lock_chat` does, in one order whoever asks."""
    rows = [
        {
            **_of(bot_id, one.chat_id),
            "since_us": None if one.reachable else now_us,
            "why": None if one.reachable else "blocked",
            "new_tat_us": one.flood_tat_us,
        }
        for one in sorted(heard, key=lambda one: one.chat_id)
    ]
    if rows:
        await tx.execute(_HEARD, rows)


async def set_tats(tx: Tx, bot_id: BotId, tats_us: Mapping[ChatId, int]) -> None:
    """Note what was sent to each of these chats. The caller holds their locks."""
    await tx.execute(_SET_TAT, [{**_of(bot_id, chat_id), "new_tat_us": tat_us} for chat_id, tat_us in tats_us.items()])


async def block(tx: Tx, bot_id: BotId, chat_id: ChatId, until_us: int) -> None:
    """Telegram wants nothing more for this chat until then (machine time)."""
    of_chat = (chat.c.bot_id == bot_id, chat.c.chat_id == chat_id)
    await tx.execute(chat.update().where(*of_chat).values(blocked_until_us=until_us))


async def lose(tx: Tx, bot_id: BotId, chat_id: ChatId, why: str, now_us: int) -> None:
    """The chat cannot be written to, until it is heard from. Since when, and why, stays as noted first."""
    is_reachable = (chat.c.bot_id == bot_id, chat.c.chat_id == chat_id, chat.c.unreachable_us.is_(None))
    await tx.execute(chat.update().where(*is_reachable).values(unreachable_us=now_us, unreachable_why=why))


async def follow_migration(store: Store, tx: Tx, bot_id: BotId, old: ChatId, new: ChatId, now_us: int) -> None:
    """A group became a supergroup: everything still owed to it, and its topics, get the new id."""
    found = await tx.scalar(sa.select(chat.c.kind).where(chat.c.bot_id == bot_id, chat.c.chat_id == old))
    await touch_chat(store, tx, bot_id, new, ChatKind(found or ChatKind.STAFF), now_us)
    await tx.execute(bot.update().where(bot.c.id == bot_id, bot.c.staff_chat_id == old).values(staff_chat_id=new))
    is_open = (message.c.chat_id == old, message.c.state.in_([MessageState.PENDING, MessageState.SENDING]))
    await tx.execute(message.update().where(message.c.bot_id == bot_id, *is_open).values(chat_id=new))
    await tx.execute(topic.update().where(topic.c.bot_id == bot_id, topic.c.chat_id == old).values(chat_id=new))


async def patients_of(tx: Tx, bot_id: BotId, chat_ids: Sequence[ChatId]) -> dict[ChatId, PatientView]:
    """The patient each chat serves (the first one, where it serves several); without chats nobody wrote from yet."""
    given = _of_all(bot_id, chat_ids)
    stopped: dict[ChatId, set[Scope]] = {}
    for chat_id, scope in await tx.execute(_OPT_OUTS, given):
        stopped.setdefault(chat_id, set()).add(Scope(scope))
    found: dict[ChatId, PatientView] = {}
    for chat_id, patient_id, code, treated_us, area in await tx.execute(_PATIENTS, given):
        treated_at = from_us(treated_us) if treated_us is not None else None
        opted_out = frozenset(stopped.get(chat_id, ()))
        found.setdefault(chat_id, PatientView(PatientId(patient_id), code, chat_id, treated_at, area, opted_out))
    return found


async def patient_of(tx: Tx, bot_id: BotId, chat_id: ChatId) -> PatientView | None:
    """The patient this chat serves, or None when nobody wrote yet."""
    return (await patients_of(tx, bot_id, [chat_id])).get(chat_id)


async def welcome_patient(store: Store, tx: Tx, bot_id: BotId, chat_id: ChatId, now_us: int) -> PatientView:
    """The chat's patient, made with a fresh code when there is none. The caller holds the chat's lock."""
    known = await patient_of(tx, bot_id, chat_id)
    if known is not None:
        return known
    patient_id, code = await new_patient(store, tx, bot_id, now_us)
    await tx.execute(
        patient_chat.insert().values(bot_id=bot_id, chat_id=chat_id, patient_id=patient_id, since_us=now_us)
    )
    return PatientView(patient_id, code, chat_id)


async def new_patient(store: Store, tx: Tx, bot_id: BotId, now_us: int) -> tuple[PatientId, str]:
    """A patient with a fresh code, in no chat yet."""
    while True:
        code = "P-" + "".join(secrets.choice(CODE_LETTERS) for _ in range(4))
        row = {"bot_id": bot_id, "code": code, "created_us": now_us}
        if made := await store.insert_once(tx, patient, [row], "bot_id", "code"):
            return PatientId(made[0].id), code


async def opted_out(tx: Tx, bot_id: BotId, chat_id: ChatId) -> frozenset[Scope]:
    """The scopes this chat has stopped."""
    return frozenset(Scope(scope) for _, scope in await tx.execute(_OPT_OUTS, _of_all(bot_id, [chat_id])))


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


async def talks_with(tx: Tx, bot_id: BotId, chat_ids: Sequence[ChatId]) -> dict[ChatId, Talk]:
    """The talk with each of these chats that has a row; version 0 and nothing else before the first word."""
    rows = await tx.execute(_TALKS, _of_all(bot_id, chat_ids))
    return {chat_id: Talk(version or 0, state or {}, tat_us) for chat_id, version, state, tat_us in rows}


async def save_talks(
    store: Store, tx: Tx, bot_id: BotId, talks: Iterable[tuple[ChatId, int, Mapping[str, Any]]], now_us: int
) -> bool:
    """Write what was decided: chat, the version it was decided on, the new state.

    False: one of them moved on meanwhile; roll back and decide again.
    """
    firsts, nexts = [], []
    for chat_id, version, state in talks:
        if version == 0:
            row = {"bot_id": bot_id, "chat_id": chat_id, "version": 1, "state": state, "updated_us": now_us}
            firsts.append(row)
        else:
            given = {"of_version": version, "new_version": version + 1, "new_state": state, "at_us": now_us}
            nexts.append({**_of(bot_id, chat_id), **given})
    if len(await store.insert_once(tx, conversation, firsts, "bot_id", "chat_id")) < len(firsts):
        return False
    return not nexts or (await tx.execute(_SAVE_TALK, nexts)).rowcount == len(nexts)
