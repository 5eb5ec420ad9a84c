"""/status, and messages of which nobody knows whether they arrived."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.model import ChatId, Kind, MessageState, Outgoing, Payload
from bot.simulator.faults import lose_answer
from bot.simulator.house import House
from bot.store.tables import audit, message

WORDS = "Please rest the foot tonight."


async def status(house: House) -> str:
    house.member.says("/status")
    await house.settle(seconds=20)
    return house.staff_texts[-1]


async def states(house: House) -> list[tuple[str, bool]]:
    """State of the message in doubt, and whether it goes as a repeat."""
    async with house.app.store.read() as tx:
        rows = await tx.execute(
            sa.select(message.c.state, message.c.resent, message.c.payload).where(
                message.c.chat_id == house.patient.chat_id
            )
        )
    return [(row.state, row.resent) for row in rows if WORDS in row.payload["text"]]


async def audited(house: House) -> list[str]:
    async with house.app.store.read() as tx:
        return list(await tx.scalars(sa.select(audit.c.action).where(audit.c.action.startswith("doubt_"))))


@pytest.fixture
async def doubt(house: House) -> None:
    """Staff wrote to the patient, and Telegram answered neither the message nor its repeat. The list is on screen."""
    house.patient.says("do you sell gift vouchers for my aunt")
    await house.settle(seconds=20)
    (card,) = [one for one in house.world.from_bot(house.staff.chat_id) if one.text.startswith("Question")]
    house.world.faults.add(lose_answer(), method="sendMessage", chat_id=house.patient.chat_id, times=2)
    house.member.says(WORDS, reply_to=card.message_id)
    await house.settle(seconds=60)
    assert await states(house) == [(MessageState.UNKNOWN, True)]
    assert "Not sure they arrived, for you to settle: 1" in await status(house)
    house.member.presses("See them")
    await house.settle(seconds=20)


async def test_what_should_have_gone_out_long_ago_is_said_once_it_is_late(house: House) -> None:
    late = "The oldest message has been waiting for"
    assert late not in await status(house)
    async with house.app.store.write() as tx:
        out = Outgoing(ChatId(house.patient.chat_id), Kind.REPLY, Payload(WORDS), "late")
        await house.app.post.enqueue(tx, out)
    house.clock.tick(timedelta(minutes=7))  # while nothing could be sent
    assert f"{late} 7 min" in await status(house)
    assert late not in await status(house), "it has gone out meanwhile"
    assert house.patient.last.text == WORDS


async def test_a_message_in_doubt_is_shown_with_whom_what_and_when(house: House, doubt: None) -> None:
    shown = house.staff_texts[-1]
    assert "Not sure it arrived (1 left)" in shown
    assert "To: P-" in shown
    assert "What: a message between a patient and staff, 12:00" in shown
    assert WORDS in shown


@pytest.mark.parametrize(
    ("label", "state", "action"),
    [
        ("It arrived", MessageState.SENT, "doubt_arrived"),
        ("Send again", MessageState.SENT, "doubt_again"),
        ("Drop", MessageState.CANCELLED, "doubt_drop"),
    ],
)
async def test_staff_settle_it_once(house: House, doubt: None, label: str, state: str, action: str) -> None:
    other = house.staff.add(house.world.add_user(13, "Other"))
    before = len(house.bot_texts)
    house.member.presses(label)
    other.presses(label, house.world.from_bot(house.staff.chat_id)[-1].message_id)
    await house.settle(seconds=60)
    assert [found for found, _ in await states(house)] == [state]
    assert await audited(house) == [action]
    assert len(house.bot_texts) - before == (1 if label == "Send again" else 0)
    assert "settled already" in house.staff_texts[-1]
    assert "No message is in doubt now" in house.staff_texts[-1]
    assert "for you to settle" not in await status(house)


async def test_what_was_sent_again_says_that_it_may_be_a_repeat(house: House, doubt: None) -> None:
    house.member.presses("Send again")
    await house.settle(seconds=60)
    first_line = house.bot_texts[-1].splitlines()[0]
    assert first_line == house.app.library.served.content.replies.resent


async def test_patients_out_of_reach_are_named_by_code(house: House) -> None:
    house.patient.says("can I swim")
    await house.settle()
    house.patient.blocks()
    await house.settle()
    text = await status(house)
    assert "Cannot be written to: 1 (P-" in text
    assert "Last backup put back as a test: not yet" in text
