"""A small care plan and patients on it, as rows, for tests of what staff see and do."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.care import PlanState
from bot.clock import from_us, to_us
from bot.model import ChatId, ChatKind
from bot.services.planner import Planner
from bot.simulator.house import House
from bot.store import care, chats, dues, patient_list
from bot.store.tables import check_in, enrolment, patient, patient_chat

PLAN_ID = "small_plan"
_PLAN = """\
title: Small plan
areas:
  - {id: heel, label: Heel}
sides:
  - {id: left, label: Left, words: [l]}
careful:
  - {id: thinner, label: Blood thinner, staff: blood thinner}
today: Rest today. Worried? Ring {clinic_phone}.
footer: Send STOP to end.
no_reply: {after: 4h, remind: Just checking in., call_if: careful}
steps:
  - id: first
    code: C1
    title: First hours
    at: +3h
    latest: +9h
    hello: Hello from the clinic.
    questions:
      - {id: pain, ask: "How much does it hurt, 0 to 10?", kind: scale}
      - {id: words, ask: "Anything else?", kind: text}
    advice: Rest.
  - id: second
    code: C2
    title: Next morning
    at: next morning 09:30
    window: 09:00-12:00
    latest: +3d
    hello: Good morning.
    questions:
      - {id: pain, ask: "How much does it hurt, 0 to 10?", kind: scale}
      - id: walk
        ask: Can you walk?
        kind: choice
        options: [{id: "yes", label: "Yes"}, {id: limp, label: "Yes, with a limp"}]
    advice: Walk gently.
  - id: third
    code: C3
    title: One week
    at: day 7 10:00
    latest: day 9 20:00
    hello: Hello again.
    questions:
      - {id: pain, ask: "How much does it hurt, 0 to 10?", kind: scale}
    advice: Build up slowly.
"""


def write_plan(content_dir: Path) -> None:
    """Put the plan into a content folder."""
    folder = content_dir / "en" / "check_ins"
    folder.mkdir(exist_ok=True)
    (folder / f"{PLAN_ID}.yaml").write_text(_PLAN, "utf-8")


async def enrol(house: House, code: str = "", chat_id: int | None = None, **values: Any) -> int:
    """A plan, open unless `values` say otherwise, of the patient in the house; with a `code`, of a new patient whose
    chat is `chat_id` (by default a number made of the code). Returns the enrolment."""
    bot_id, now_us = house.app.settings.bot_id, to_us(house.clock.now())
    chat = ChatId(house.patient.chat_id)
    if code:
        chat = ChatId(chat_id if chat_id is not None else 1000 + int(code.removeprefix("P-")))
    async with house.app.store.write() as tx:
        if code:
            patient_id = await _new_patient(house, tx, code, chat)
        else:
            of_chat = sa.select(patient_chat.c.patient_id).where(patient_chat.c.chat_id == chat)
            patient_id = (await tx.scalars(of_chat)).one()
        row: dict[str, Any] = {
            "bot_id": bot_id,
            "patient_id": patient_id,
            "chat_id": chat,
            "plan_id": PLAN_ID,
            "treated_us": now_us,
            "zone": "Europe/London",
            "area": "heel",
            "side": "left",
            "careful": False,
            "facts": {"baseline": 6},
            "state": PlanState.OPEN,
            "created_us": now_us,
        }
        made = await tx.execute(enrolment.insert().values(row | values).returning(enrolment.c.id))
        return int(made.scalar_one())


async def _new_patient(house: House, tx: Any, code: str, chat: ChatId) -> int:
    bot_id, now_us = house.app.settings.bot_id, to_us(house.clock.now())
    made = await tx.execute(
        patient.insert().values(bot_id=bot_id, code=code, created_us=now_us).returning(patient.c.id)
    )
    patient_id = int(made.scalar_one())
    if chat != care.NO_CHAT:
        await chats.touch_chat(house.app.store, tx, bot_id, chat, ChatKind.PRIVATE, now_us)
        row = {"bot_id": bot_id, "chat_id": chat, "patient_id": patient_id, "since_us": now_us}
        await tx.execute(patient_chat.insert().values(row))
    return patient_id


async def code_of(house: House, enrolment_id: int) -> str:
    """What staff call the patient."""
    async with house.app.store.read() as tx:
        row = await care.plan_row(tx, house.app.settings.bot_id, enrolment_id)
    assert row is not None
    return str(row["code"])


async def state_of(house: House, enrolment_id: int) -> tuple[str, str | None]:
    """State and reason."""
    async with house.app.store.read() as tx:
        row = await care.plan_row(tx, house.app.settings.bot_id, enrolment_id)
    assert row is not None
    return row["state"], row["reason"]


async def answer(house: House, enrolment_id: int, step_id: str, **answers: Any) -> None:
    """A check-in that was sent, answered and closed just now."""
    now_us = to_us(house.clock.now())
    row = {
        "bot_id": house.app.settings.bot_id,
        "enrolment_id": enrolment_id,
        "step_id": step_id,
        "state": "closed",
        "ticked": [],
        "doubted": [],
        "answers": answers,
        "sent_us": now_us,
        "answered_us": now_us,
        "closed_us": now_us,
        "reason": "done",
    }
    async with house.app.store.write() as tx:
        await tx.execute(check_in.insert().values(row))


async def plan_step(house: House, enrolment_id: int, step_id: str, until_days: float = 3, **after: float) -> int:
    """A check-in to come, so long after now. Returns its row in `due`."""
    at = house.clock.now() + timedelta(**after)
    key = f"{care.CHECK_IN}:{enrolment_id}:{step_id}:{to_us(at)}"
    timer = dues.Due(care.CHECK_IN, at, key, at + timedelta(days=until_days), enrolment_id, step_id)
    async with house.app.store.write() as tx:
        await dues.plan(house.app.store, tx, house.app.settings.bot_id, timer)
        (row,) = [
            row
            for row in await patient_list.steps_of(tx, house.app.settings.bot_id, enrolment_id)
            if row["part"] == step_id
        ]
        assert from_us(row["due_us"]) == at
        return int(row["id"])


async def on_shipped_plan(house: House, **values: Any) -> int:
    """The same on the clinic's own plan, with its check-ins to come."""
    enrolment_id = await enrol(house, **{"plan_id": "dry_needling", "area": "calf", **values})
    async with house.app.store.write() as tx:
        await Planner(house.app.post).plan(tx, enrolment_id)
    return enrolment_id


async def taps(house: House, *labels: str) -> None:
    """The patient presses these buttons, one after the other."""
    for label in labels:
        house.patient.presses(label)
        await house.settle()


async def says(house: House, text: str) -> str:
    """What the bot answers, all of it."""
    before = len(house.bot_texts)
    house.patient.says(text)
    await house.settle()
    return "\n---\n".join(house.bot_texts[before:])
