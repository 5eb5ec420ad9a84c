"""What a patient does, and what it leaves in the tables: no alert without a card, no words astray."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock, to_us
from bot.simulator.errors import Impossible
from bot.simulator.house import Cast, House, open_house
from bot.store.tables import alert, audit, enrolment, inbox, message, patient_chat

UNKNOWN = "do you sell gift vouchers for my aunt"


async def enrol(house: House) -> None:
    """The patient was treated just now."""
    row: dict[str, Any] = {"plan_id": "main", "zone": "Europe/London", "area": "heel", "side": "left"}
    row |= {"careful": False, "facts": {}}
    now_us = to_us(house.clock.now())
    async with house.app.store.write() as tx:
        of_chat = sa.select(patient_chat.c.patient_id).where(patient_chat.c.chat_id == house.patient.chat_id)
        patient_id = await tx.scalar(of_chat)
        await tx.execute(
            enrolment.insert().values(
                bot_id=house.app.settings.bot_id,
                patient_id=patient_id,
                chat_id=house.patient.chat_id,
                treated_us=now_us,
                state="open",
                created_us=now_us,
                **row,
            )
        )


async def test_time_since_treatment_counts_from_the_messages_own_date(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    await enrol(house)
    clock.tick(timedelta(hours=3))
    house.patient.says(UNKNOWN)
    clock.tick(timedelta(hours=20))
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        card = next(text for text in again.staff_texts if UNKNOWN in text)
    assert "3 h after treatment" in card


async def test_who_blocks_with_a_reply_on_its_way_still_has_their_question_passed_on(house: House) -> None:
    house.patient.says(UNKNOWN)
    await house.settle(seconds=1)
    house.patient.blocks()
    await house.settle()
    assert UNKNOWN in house.staff_texts[-1]
    house.patient.starts()
    await house.settle()
    assert house.bot_texts[-2].startswith("Good to have you back")
    assert "automatic helper" in house.bot_texts[-1]


def act(house: House, choice: random.Random) -> None:
    """Something a patient may do now."""
    someone, words = (
        house.patient,
        choice.choice([UNKNOWN, "who sells", "the twitch thing and the trigger point, what"]),
    )
    actions: list[Callable[[], object]] = [
        lambda: someone.says(words),
        lambda: someone.says(words),
        lambda: someone.sends_photo(words),
        lambda: someone.edits(someone.says("one thing"), words),
        someone.sends_photo,
        lambda: someone.says("/human"),
        lambda: someone.says("I have chest pain"),
        lambda: someone.presses("Ask the team"),
        lambda: someone.presses("None of these"),
        lambda: house.member.presses("I take it"),
    ]
    try:
        choice.choice(actions)()
    except Impossible:
        pass  # no such button on the screen


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_done_every_open_alert_has_its_card_and_every_card_its_alert(house: House, seed: int) -> None:
    choice = random.Random(seed)
    for _ in range(25):
        act(house, choice)
        await house.settle(seconds=choice.choice([0, 1, 1, 3]))
    await house.settle(seconds=120)
    async with house.app.store.read() as tx:
        joined = alert.outerjoin(message, message.c.id == alert.c.message_id)
        pairs = (await tx.execute(sa.select(alert.c.state, message.c.state).select_from(joined))).all()
        errors = list(await tx.scalars(sa.select(inbox.c.error).where(inbox.c.error.is_not(None))))
    assert {tuple(pair) for pair in pairs} <= {("open", "sent"), ("taken", "sent"), ("withdrawn", "cancelled")}
    assert errors == []
    shown = [text for text in house.staff_texts if "P-" in text.partition("\n")[0]]
    assert len(shown) >= sum(state != "withdrawn" for state, _ in pairs), "each is on the staff's screen"


async def test_no_table_but_those_made_for_it_holds_a_patients_words(house: House) -> None:
    words = "zebrawords"
    said = house.patient.says(f"{words} {UNKNOWN}")
    await house.settle()
    house.patient.edits(said, f"{words} I have chest pain")
    house.patient.says(f"/human {words}")
    house.world.forge_press(house.patient, house.patient.chat_id, 1, f"1.{words}:1")
    await house.settle()
    async with house.app.store.read() as tx:
        for column in (
            audit.c.action,
            audit.c.detail,
            inbox.c.error,
            inbox.c.json,
            message.c.reason,
            message.c.dedupe_key,
        ):
            found = [value for value in await tx.scalars(sa.select(column)) if words in str(value)]
            assert found == [], column
