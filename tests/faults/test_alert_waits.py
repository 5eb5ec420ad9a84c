"""An alert that has to wait because of what went before it: others hear in time, or `/readyz` is red.

The 429 that holds it up may have been that of a card, or of the alert before it: Telegram was
never asked about this one.
"""

import pytest

from bot.model import Kind
from bot.simulator.faults import Fault, no_connection, too_many
from bot.simulator.groups import Group
from bot.simulator.people import Person
from bot.simulator.ward import Ward
from tests.faults.conftest import SLOW_ON_POSTGRES

pytestmark = SLOW_ON_POSTGRES

WORDS = "P-7F3K: chest pain"


async def heard(ward: Ward, *people: Group | Person, minutes: int) -> str:
    """How many of them have the alert by then; if nobody, which check is red; else nothing."""
    await ward.sender.pass_time(minutes=minutes)
    texts = [message.text for who in people for message in ward.house.world.from_bot(who.chat_id)]
    return f"heard {texts.count(WORDS)} times" if WORDS in texts else " ".join(sorted(await ward.red()))


async def test_a_card_was_told_to_wait_for_an_hour_and_then_there_is_an_alert(ward: Ward) -> None:
    ward.weather.clear()
    group, owner = await ward.new_staff()
    ward.weather.add(too_many(3600), chat_id=group.chat_id)
    await ward.owe(group.chat_id, Kind.CARD, "a card")
    await ward.sender.settle(0)
    await ward.owe(group.chat_id, Kind.ALERT, WORDS)
    assert await heard(ward, group, owner, minutes=5) == "heard 1 times"


async def test_of_two_alerts_the_first_was_told_to_wait_for_an_hour(ward: Ward) -> None:
    """The second waits behind it, and nobody asked Telegram about it."""
    ward.weather.clear()
    group, owner = await ward.new_staff()
    ward.weather.add(too_many(3600), chat_id=group.chat_id)
    for words in ("P-AAAA: numb", "P-BBBB: chest pain"):
        await ward.owe(group.chat_id, Kind.ALERT, words)
    await ward.sender.pass_time(minutes=1)
    told = [message.text for message in ward.house.world.from_bot(owner.chat_id)]
    assert told == ["P-AAAA: numb", "P-BBBB: chest pain"]


@pytest.mark.parametrize(
    "fault", [pytest.param(too_many(45), id="429_again_and_again"), pytest.param(no_connection(), id="never_left")]
)
async def test_the_group_alone_makes_it_wait_again_and_again(ward: Ward, fault: Fault) -> None:
    ward.weather.clear()
    group, owner = await ward.new_staff()
    ward.weather.add(fault, chat_id=group.chat_id, times=None)
    await ward.owe(group.chat_id, Kind.ALERT, WORDS)
    assert await heard(ward, group, owner, minutes=15) == "alerts"
