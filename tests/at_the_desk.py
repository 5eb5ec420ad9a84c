"""What a receptionist does with the bot's cards in the staff group: the newest one, unless another is meant."""

from bot.simulator.house import House
from bot.simulator.people import Participant
from bot.simulator.state import Message


def card(house: House) -> Message:
    """The newest message in the staff group."""
    return house.world.from_bot(house.staff.chat_id)[-1]


def labels(message: Message) -> list[str]:
    """What stands on its buttons."""
    return [key.label for key in message.keys]


async def types(house: House, text: str) -> Message:
    """Write something in the group. Returns the newest message."""
    house.member.says(text)
    await house.settle(seconds=20)
    return card(house)


async def press(house: House, label: str, who: Participant | None = None, on: Message | None = None) -> Message:
    """Press a button by how it begins. Returns the newest message."""
    message = on or card(house)
    found = [key.label for key in message.keys if key.label.startswith(label)]
    assert found, message
    (who or house.member).presses(found[0], message.message_id)
    await house.settle(seconds=20)
    return card(house)


async def reply(house: House, text: str, who: Participant | None = None) -> Message:
    """Answer the newest message. Returns what is newest then."""
    (who or house.member).replies(card(house), text)
    await house.settle(seconds=20)
    return card(house)
