"""In a group without topics staff talk with a patient by replies: quietly, under one card, until somebody is done."""

import pytest
import sqlalchemy as sa

from bot.services.topics import look_at_group
from bot.simulator.house import House
from bot.simulator.state import Message
from bot.store.tables import message

QUESTION = "do you sell gift vouchers for my aunt"


def in_group(house: House) -> list[Message]:
    """What the bot wrote in the group, oldest first."""
    return house.world.from_bot(house.staff.chat_id)


def card_of(house: House) -> Message:
    """The newest card of a talk."""
    return [one for one in in_group(house) if one.text.startswith("Talk with P-")][-1]


@pytest.fixture
async def question(house: House) -> Message:
    """A question on a card in the group, where there are no topics."""
    house.staff.set_forum(False)
    await look_at_group(house.app.post, house.app.client)
    house.patient.says(QUESTION)
    await house.settle()
    return in_group(house)[-1]


@pytest.fixture
async def card(house: House, question: Message) -> Message:
    """Somebody replied; the card of the talk that this began."""
    house.member.replies(question, "Which aunt is it?")
    await house.settle()
    return card_of(house)


async def test_a_reply_begins_a_talk_with_a_card(house: House, card: Message) -> None:
    assert house.patient.last.text == "A message from Demo Foot Clinic:\n\nWhich aunt is it?"
    assert f"Patient: {QUESTION}" in card.text
    assert "Reply to this message to write to the patient." in card.text
    assert [key.label for key in card.keys] == ["I take it", "Done", "Why this answer", "Canned reply"]
    async with house.app.store.read() as tx:
        calls = set(await tx.scalars(sa.select(message.c.method)))
    assert not calls & {"create_topic", "edit_topic"}


async def test_the_card_says_that_it_arrived(house: House, card: Message) -> None:
    await house.settle(40)
    assert "Your last message arrived: 12:00" in card_of(house).text


async def test_the_bot_is_quiet_and_what_the_patient_writes_comes_under_the_card(house: House, card: Message) -> None:
    before = len(house.bot_texts)
    house.patient.says("can I drive home")
    house.patient.sends_photo()
    await house.settle(30)
    assert len(house.bot_texts) == before
    line, picture = in_group(house)[-2:]
    assert line.text.endswith("can I drive home")
    assert picture.media is not None
    assert {line.reply_to, picture.reply_to} == {card.message_id}
    house.member.replies(line, "Yes, you can.")
    await house.settle(30)
    assert house.patient.last.text.endswith("Yes, you can.")


async def test_done_ends_the_quiet_at_once_and_a_reply_opens_it_again(house: House, card: Message) -> None:
    house.member.presses("Done", card.message_id)
    await house.settle(30)
    assert house.patient.last.text.startswith("I'm the clinic's automatic helper")
    assert "This talk is over" in card_of(house).text
    before = len(in_group(house))
    house.patient.says("can I drive home")
    await house.settle(30)
    assert "automatic helper" not in house.patient.last.text
    assert len(in_group(house)) == before, "what the bot answers is no business of the group's"
    house.member.replies(card, "One thing more.")
    await house.settle(30)
    assert house.patient.last.text.endswith("One thing more.")
    assert card_of(house).message_id != card.message_id


async def test_two_hours_without_a_word_end_it(house: House, card: Message) -> None:
    await house.pass_time(hours=2, seconds=30)
    assert house.patient.last.text.startswith("I'm the clinic's automatic helper")
    assert "This talk is over" in card_of(house).text


async def test_a_command_in_a_reply_is_not_for_the_patient(house: House, question: Message) -> None:
    before = len(house.bot_texts)
    house.member.replies(question, "/ring her")
    await house.settle(30)
    assert in_group(house)[-1].text.startswith("Not sent")
    house.member.replies(question, "/r photo")
    await house.settle(30)
    house.member.presses("Please send a photo")
    await house.settle(30)
    assert len(house.bot_texts) == before
    house.member.presses("Send")
    await house.settle(30)
    assert len(house.bot_texts) == before + 1


async def test_what_waits_for_the_groups_limit_is_joined_and_nothing_is_lost(house: House, card: Message) -> None:
    for count in range(19):
        house.patient.says(f"line {count} of what I have to say")
        await house.settle(0)
    await house.settle(180)
    shown = "\n".join(one.text for one in in_group(house) if one.reply_to == card.message_id)
    places = [shown.find(f"line {count} of") for count in range(19)]
    assert -1 not in places
    assert places == sorted(places)


async def test_a_group_that_gets_topics_goes_on_in_one(house: House, card: Message) -> None:
    house.staff.set_forum(True)
    await look_at_group(house.app.post, house.app.client)
    await house.settle(30)
    house.patient.says("it is aunt Mary")
    await house.settle(30)
    assert in_group(house)[-1].reply_to == card.message_id, "the talk has no topic yet, and this is not lost"
    house.member.replies(card, "Thank you.")
    await house.settle(30)
    assert card_of(house).message_id != card.message_id, "it begins with the story so far"
    house.patient.says("and uncle Tim")
    await house.settle(30)
    assert house.staff.chat.topics[in_group(house)[-1].thread_id or 0].name.startswith("P-")
