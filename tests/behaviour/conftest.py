"""What several stories begin with."""

import pytest

from bot.simulator.house import House


@pytest.fixture
async def asking(house: House) -> str:
    """A text the bot is half sure of; the offer is on the patient's screen."""
    text = "massage or stretching"
    house.patient.says(text)
    await house.settle()
    assert "Did you mean" in house.patient.last.text
    return text
