"""Patients who agreed to messages, as rows, for tests of whom an announcement reaches. The bot is number 1."""

from typing import Any

from bot.announcement import Audience, State
from bot.care import PlanState
from bot.model import BotId, ChatId, ChatKind
from bot.store import broadcasts, chats
from bot.store.engine import Store, Tx
from bot.store.tables import enrolment, patient, patient_chat

BOT = BotId(1)


async def patient_in(store: Store, tx: Tx, chat_id: int, now_us: int, label: str | None = None) -> int:
    """A new patient whom this chat serves."""
    await chats.touch_chat(store, tx, BOT, ChatId(chat_id), ChatKind.PRIVATE, now_us)
    code = f"P-{chat_id % 10_000}{label or ''}"
    made = await tx.execute(patient.insert().values(bot_id=BOT, code=code, created_us=now_us).returning(patient.c.id))
    patient_id = int(made.scalar_one())
    link = {"bot_id": BOT, "patient_id": patient_id, "chat_id": chat_id, "since_us": now_us, "label": label}
    await tx.execute(patient_chat.insert().values(link))
    return patient_id


async def plan_of(tx: Tx, patient_id: int, chat_id: int, now_us: int, **values: Any) -> int:
    """A plan that was agreed to, of a heel treated now, unless `values` say otherwise."""
    row: dict[str, Any] = {
        "bot_id": BOT,
        "patient_id": patient_id,
        "chat_id": chat_id,
        "plan_id": "main",
        "treated_us": now_us,
        "zone": "Europe/London",
        "area": "heel",
        "side": "left",
        "careful": False,
        "facts": {},
        "state": PlanState.OPEN,
        "agreed_us": now_us,
        "created_us": now_us,
    }
    made = await tx.execute(enrolment.insert().values(row | values).returning(enrolment.c.id))
    return int(made.scalar_one())


async def agreed(store: Store, chat_id: int, now_us: int, **values: Any) -> int:
    """A patient on a plan in a chat of their own; the plan."""
    async with store.write() as tx:
        return await plan_of(tx, await patient_in(store, tx, chat_id, now_us), chat_id, now_us, **values)


async def announcement(tx: Tx, now_us: int, state: State = State.RUNNING) -> int:
    """One to everyone."""
    payload = {"text": "We are closed on Friday.", "links": []}
    values = {"payload": payload, "audience": Audience().to_json(), "created_by": 5, "created_us": now_us}
    return await broadcasts.add(tx, BOT, state=state, **values)
