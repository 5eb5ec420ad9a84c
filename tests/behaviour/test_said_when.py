"""Somebody the clinic has no treatment on file for says when it was, and gets the answer for that time."""

from bot.simulator.house import House
from tests.who_joins import UNTIL_AGREED, does, enrolled

LATER, GENERAL = "You are still in the time", "usually gone in 1 to 2 days"
QUESTION = "How long will I be sore?"


async def test_two_days_ago_is_answered_for_two_days_ago(house: House) -> None:
    await does(house, QUESTION)
    assert LATER not in house.patient.last.text
    await does(house, f"{QUESTION} I had it two days ago.")
    assert LATER in house.patient.last.text


async def test_what_is_on_file_goes_before(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "No thanks")
    await does(house, f"{QUESTION} I had it two days ago.")
    assert GENERAL in house.patient.last.text
    assert LATER not in house.patient.last.text
