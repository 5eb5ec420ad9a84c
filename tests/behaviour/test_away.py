"""Whom an alert calls first: who treats the patient, unless they are away or have left."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import to_us
from bot.model import UserId
from bot.simulator.house import House
from bot.store import people
from tests.on_a_plan import enrol, write_plan

CHEST = "I have chest pain"
CALLS = "Member: your patient."
AWAY = "Member treats this patient and is away."


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


@pytest.fixture
async def treated(house: House) -> House:
    """The patient has a plan with the member of the staff group, whom we know by name."""
    house.patient.starts()
    await says(house, "/status")
    await enrol(house, podiatrist_id=house.member.user_id)
    return house


async def says(house: House, text: str) -> str:
    house.member.says(text)
    await house.settle()
    return house.staff_texts[-1]


async def danger(house: House) -> str:
    """The card of an alert."""
    house.patient.says(CHEST)
    await house.settle()
    return next(text for text in house.staff_texts if "Emergency" in text)


async def test_who_treats_the_patient_is_called_by_name(treated: House) -> None:
    assert CALLS in await danger(treated)
    card = next(one for one in treated.world.from_bot(treated.staff.chat_id) if CALLS in one.text)
    links = [entity.url for entity in card.words.entities if entity.type == "text_link"]
    assert f"tg://user?id={treated.member.user_id}" in links


async def test_after_the_first_repeat_it_is_everybodys(treated: House) -> None:
    await danger(treated)
    await treated.pass_time(minutes=12)
    cards = [text for text in treated.staff_texts if "Emergency" in text]
    assert [CALLS in card for card in cards] == [True, True, False]


async def test_while_they_are_away_it_is_everybodys_at_once(treated: House) -> None:
    assert (await says(treated, "/away")).startswith("You are away.")
    card = await danger(treated)
    assert AWAY in card
    assert CALLS not in card


async def test_they_switch_it_off_again(treated: House) -> None:
    await says(treated, "/away")
    assert (await says(treated, "/back")).startswith("Welcome back.")
    assert await says(treated, "/back") == "You were not away."
    assert CALLS in await danger(treated)


async def test_away_until_a_day_ends_with_that_morning(treated: House) -> None:
    assert "until Wednesday 25 November 2026" in await says(treated, "/away until Wed")
    async with treated.app.store.read() as tx:
        row = await people.find(tx, treated.app.settings.bot_id, UserId(treated.member.user_id))
    assert row is not None
    assert row["away_until_us"] == to_us(datetime(2026, 11, 25, tzinfo=UTC))
    await treated.pass_time(days=2)
    assert CALLS in await danger(treated)


@pytest.mark.parametrize("words", ["until whenever", "today", "until 1 Nov 2026", "24-28 Dec"])
async def test_an_unread_day_changes_nothing(treated: House, words: str) -> None:
    assert (await says(treated, f"/away {words}")).startswith("I cannot read that day.")
    assert await says(treated, "/back") == "You were not away."


async def test_who_has_left_is_not_called(treated: House) -> None:
    async with treated.app.store.write() as tx:
        bot_id, now_us = treated.app.settings.bot_id, to_us(treated.clock.now())
        await people.remove(tx, bot_id, UserId(treated.member.user_id), now_us)
    assert "Member" not in await danger(treated)
