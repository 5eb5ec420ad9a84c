"""STOP means stop, and a block is noticed."""

import pytest
import sqlalchemy as sa

from bot.model import ChatId, Kind, Outgoing, Payload
from bot.simulator.house import House
from bot.store.tables import chat, message, opt_out


async def check_in(house: House, text: str = "How are you today?") -> None:
    """Owe the patient a check-in, due now."""
    async with house.app.store.write() as tx:
        out = Outgoing(ChatId(house.patient.chat_id), Kind.CHECK_IN, Payload(text), f"test:{text}")
        await house.app.post.enqueue(tx, out)


@pytest.mark.parametrize("words", ["STOP", "please stop, thanks", "/stop", "unsubscribe"])
async def test_stop_in_any_wording_stops_at_once_and_confirms_once(house: House, words: str) -> None:
    house.patient.says(words)
    await house.settle()
    assert house.patient.last.text.startswith("Done.")
    await check_in(house)
    await house.settle()
    assert "How are you today?" not in house.bot_texts
    async with house.app.store.read() as tx:
        row = (await tx.execute(sa.select(message).where(message.c.kind == "check_in"))).mappings().one()
    assert (row["state"], row["reason"]) == ("skipped", "opted_out")


async def test_stop_is_read_when_the_message_is_already_waiting(house: House) -> None:
    await check_in(house)
    house.patient.says("stop")
    await house.settle()
    stopped_at = next(i for i, text in enumerate(house.bot_texts) if text.startswith("Done."))
    assert "How are you today?" not in house.bot_texts[stopped_at:]


async def test_questions_are_answered_after_stop_and_resume_brings_messages_back(house: House) -> None:
    house.patient.says("stop")
    await house.settle()
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle()
    assert "reflex" in house.patient.last.text
    house.patient.says("/resume")
    await house.settle()
    await check_in(house)
    await house.settle()
    assert house.patient.last.text == "How are you today?"
    async with house.app.store.read() as tx:
        rows = (await tx.execute(sa.select(opt_out))).mappings().all()
    assert [row["ended_us"] is not None for row in rows] == [True], "the opt-out stays on record"


async def test_pain_that_should_stop_is_not_an_opt_out(house: House) -> None:
    house.patient.says("when will the soreness stop")
    await house.settle()
    async with house.app.store.read() as tx:
        assert (await tx.execute(sa.select(opt_out))).first() is None


async def test_a_check_in_that_meets_a_block_is_told_to_staff(house: House) -> None:
    house.patient.blocks()
    await house.settle()
    await check_in(house)
    await house.settle()
    assert house.staff_texts[-1].startswith("Cannot be reached · P-")


async def test_coming_back_is_welcomed(house: House) -> None:
    house.patient.blocks()
    await house.settle()
    house.patient.unblocks()
    await house.settle()
    assert house.patient.last.text.startswith("Good to have you back")
    async with house.app.store.read() as tx:
        since_us = await tx.scalar(sa.select(chat.c.unreachable_us).where(chat.c.chat_id == house.patient.chat_id))
    assert since_us is None
