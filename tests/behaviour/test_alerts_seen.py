""" "The team has seen this" is said once somebody took the alert, and once only."""

import pytest

from bot.simulator.groups import Member
from bot.simulator.house import House
from bot.simulator.people import Person
from bot.simulator.state import Message
from tests.who_joins import UNTIL_AGREED, does, enrolled

CHEST, FACE, FOOT = "I have chest pain", "my face is drooping on one side", "my foot won't lift since yesterday"
WISH = "I want to die"
SEEN, UNSEEN = "The team has seen this.", "Nobody from the clinic has seen this yet."


def cards(house: House) -> list[Message]:
    """The cards in the staff group, oldest first, repeats too."""
    shown = house.world.from_bot(house.staff.chat_id)
    return [one for one in shown if one.text.startswith(("Emergency · P-", "Urgent · P-"))]


def told(house: House, beginning: str) -> list[str]:
    """What the patient was told that begins like this."""
    return [text for text in house.bot_texts if text.startswith(beginning)]


async def says(house: House, *texts: str) -> None:
    for text in texts:
        house.patient.says(text)
        await house.settle(20)


async def presses(house: House, who: Member | Person, label: str, message: Message | None = None) -> None:
    who.presses(label, message.message_id if message else None)
    await house.settle(20)


@pytest.fixture
def other(house: House) -> Member:
    """A second member of staff."""
    return house.staff.add(house.world.add_user(13, "Other"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(CHEST, "999", id="emergency"),
        pytest.param(FOOT, "Ring 01632 960123", id="urgent"),
        pytest.param(WISH, "Childline 0800 1111", id="self_harm"),
    ],
)
async def test_nobody_is_told_so_before_and_everybody_once(house: House, text: str, line: str) -> None:
    await says(house, text)
    await house.pass_time(minutes=25)
    assert told(house, SEEN) == []
    await presses(house, house.member, "I take it")
    (seen,) = told(house, SEEN)
    assert line in seen
    await presses(house, house.member, "Call done")
    await house.pass_time(hours=2)
    assert len(told(house, SEEN)) == 1


@pytest.mark.parametrize("label", ["Call done", "Not a red flag"])
async def test_whoever_ends_it_at_once_has_seen_it(house: House, label: str) -> None:
    await says(house, CHEST)
    await presses(house, house.member, label)
    assert len(told(house, SEEN)) == 1
    await house.pass_time(hours=2)
    assert told(house, UNSEEN) == []


async def test_reading_the_list_is_not_taking(house: House) -> None:
    await says(house, CHEST)
    house.member.says("/alerts")
    await house.settle(20)
    assert told(house, SEEN) == []
    await house.pass_time(minutes=11)
    assert len(told(house, UNSEEN)) == 1
    assert told(house, SEEN) == []


async def test_two_signs_on_one_card_are_seen_once(house: House) -> None:
    await says(house, CHEST, FACE)
    assert len(cards(house)) == 1
    assert told(house, SEEN) == []
    await presses(house, house.member, "I take it", cards(house)[0])
    assert len(told(house, SEEN)) == 1
    await says(house, "and my arm is weak")
    await house.pass_time(minutes=11)
    assert len(told(house, SEEN)) == 1


async def test_what_is_worse_is_not_seen_with_what_was(house: House, other: Member) -> None:
    await says(house, FOOT)
    await presses(house, house.member, "I take it")
    (seen,) = told(house, SEEN)
    assert "Call now" not in seen
    await says(house, CHEST)
    assert len(told(house, SEEN)) == 1, "somebody looks after the foot; nobody has taken the chest pain"
    await house.pass_time(minutes=11)
    assert len(told(house, UNSEEN)) == 1
    await presses(house, other, "I take it", cards(house)[-1])
    assert ["999" in text for text in told(house, SEEN)] == [True, True]
    assert told(house, SEEN)[-1].count("call now") == 1


async def test_after_the_taker_has_left_the_next_one_is_no_second_message(house: House, other: Member) -> None:
    await says(house, CHEST)
    await presses(house, house.member, "I take it")
    house.owner.says("/team")
    await house.settle()
    for label in ("Member", "Remove", "Yes, remove"):
        house.owner.presses(label)
        await house.settle()
    await house.settle(30)
    assert cards(house)[-1].text.splitlines()[0].endswith("not taken yet"), "the others are asked again"
    await presses(house, other, "I take it", cards(house)[-1])
    assert cards(house)[-1].text.endswith("Taken by Other.")
    assert len(told(house, SEEN)) == 1


async def test_on_a_familys_phone_one_alert_is_seen_once(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "No thanks")
    await enrolled(house, "calf R for Ben")
    await says(house, CHEST)
    assert told(house, SEEN) == []
    await presses(house, house.member, "I take it", cards(house)[-1])
    assert len(told(house, SEEN)) == 1
    await house.pass_time(minutes=20)
    assert told(house, UNSEEN) == []
