"""Staff answer by replying, take what they answer, and nobody else can do what they do."""

import pytest
import sqlalchemy as sa

from bot.model import Payload
from bot.simulator.faults import forbid, lose_answer, refuse
from bot.simulator.house import House
from bot.simulator.state import Message
from bot.store.tables import alert, audit, message

QUESTION = "do you sell gift vouchers for my aunt"


@pytest.fixture
async def card(house: House) -> Message:
    """A question on a card in the staff group."""
    house.patient.says(QUESTION)
    await house.settle()
    return house.world.from_bot(house.staff.chat_id)[-1]


async def test_a_reply_to_the_card_reaches_the_patient_as_the_clinic(house: House, card: Message) -> None:
    house.member.replies(card, "Yes, at the desk. <3")
    await house.settle()
    assert house.patient.last.text == "A message from Demo Foot Clinic:\n\nYes, at the desk. <3"
    assert "Passed on to the patient." in house.staff_texts[-2:], "beside the card of the talk"


async def test_answering_is_taking(house: House, card: Message) -> None:
    house.member.replies(card, "Yes, at the desk.")
    await house.settle(seconds=20)
    shown = next(m for m in house.world.from_bot(house.staff.chat_id) if m.message_id == card.message_id)
    assert shown.text.endswith("Taken by Member.")
    assert shown.keys == []
    house.member.says("/status")
    await house.settle()
    assert "Waiting for one of you: 0" in house.staff_texts[-1]


async def test_a_reply_to_the_confirmation_reaches_the_patient_too(house: House, card: Message) -> None:
    house.member.replies(card, "Yes, at the desk.")
    await house.settle()
    house.member.replies(house.world.from_bot(house.staff.chat_id)[-1], "Until six.")
    await house.settle()
    assert house.patient.last.text.endswith("Until six.")


async def test_a_photo_as_reply_is_copied_to_the_patient(house: House, card: Message) -> None:
    house.member.sends_photo("like this", reply_to=card.message_id)
    await house.settle()
    assert house.patient.last.media is not None


async def test_a_reply_to_somebody_who_cannot_be_reached_says_so(house: House, card: Message) -> None:
    house.patient.blocks()
    await house.settle()
    house.member.replies(card, "Yes, at the desk.")
    await house.settle()
    assert house.staff_texts[-1].startswith("Not passed on")


async def test_what_staff_say_among_themselves_stays_there(house: House, card: Message) -> None:
    before = len(house.bot_texts)
    house.member.says("Who knows about vouchers?")
    own = house.member.says("I do")
    await house.settle()
    house.member.replies(own, "Great")
    await house.settle()
    assert len(house.bot_texts) == before


async def test_taking_a_card_shows_who_has_it(house: House, card: Message) -> None:
    house.member.presses("I take it")
    await house.settle(seconds=20)
    shown = house.world.from_bot(house.staff.chat_id)[-1]
    assert shown.message_id == card.message_id
    assert shown.text.endswith("Taken by Member.")
    assert shown.keys == []
    async with house.app.store.read() as tx:
        row = (await tx.execute(sa.select(alert))).mappings().one()
    assert (row["state"], row["taken_by"]) == ("taken", house.member.user_id)


async def test_two_hands_on_one_card_make_one_owner(house: House, card: Message) -> None:
    other = house.staff.add(house.world.add_user(13, "Other"))
    house.member.presses("I take it", card.message_id)
    other.presses("I take it", card.message_id)
    await house.settle(seconds=20)
    assert house.staff_texts[-1].endswith("Taken by Member.")


async def test_status_tells_how_things_stand(house: House, card: Message) -> None:
    house.member.says("/status")
    await house.settle()
    assert "Waiting for one of you: 1" in house.staff_texts[-1]
    house.owner.says("/status")
    await house.settle()
    assert house.world.from_bot(house.owner.chat_id)[-1].text.startswith("Status")


async def test_a_patient_cannot_use_staff_commands(house: House) -> None:
    house.patient.says("/status")
    await house.settle()
    assert house.patient.last.text.startswith("That is only for clinic staff")


@pytest.mark.parametrize("where", ["own chat", "own chat, on a real message"])
async def test_a_forged_take_changes_nothing(house: House, card: Message, where: str) -> None:
    async with house.app.store.read() as tx:
        alert_id, row_id = (await tx.execute(sa.select(alert.c.id, alert.c.message_id))).one()
    data = f"{row_id:x}.take:{alert_id}"
    target = house.patient.last.message_id if "real" in where else 1
    house.world.forge_press(house.patient, house.patient.chat_id, target, data)
    await house.settle(seconds=20)
    async with house.app.store.read() as tx:
        assert (await tx.scalar(sa.select(alert.c.state))) == "open"


async def test_in_another_group_the_bot_does_nothing_for_anybody(house: House) -> None:
    elsewhere = house.world.add_group("Elsewhere")
    stranger = elsewhere.add(house.world.add_user(66, "Stranger"))
    stranger.says("/status")
    stranger.says("chest pain")
    await house.settle()
    assert house.world.from_bot(elsewhere.chat_id) == []
    async with house.app.store.read() as tx:
        actions = list(await tx.scalars(sa.select(audit.c.action).where(audit.c.actor_id == 66)))
    assert actions == ["refused:status"]


async def test_when_the_group_throws_the_bot_out_owners_are_told_and_can_answer(house: House) -> None:
    house.staff.kick_bot(house.member)
    await house.settle()
    assert any("staff group cannot be reached" in m.text for m in house.world.from_bot(house.owner.chat_id))
    house.patient.says(QUESTION)
    await house.settle()
    told = [message for message in house.world.from_bot(house.owner.chat_id) if QUESTION in message.text]
    assert len(told) == 1
    assert (await house.app.health()).checks["staff_group"]
    house.owner.replies(told[0], "Yes, at the desk.")
    await house.settle()
    assert house.patient.last.text.endswith("Yes, at the desk.")
    house.staff.add_bot(house.member)
    await house.settle()
    assert not (await house.app.health()).checks["staff_group"]
    house.patient.says("/human")
    await house.settle()
    assert house.staff_texts[-1].startswith("Wants to hear from you")


async def test_a_group_that_moves_is_followed(house: House) -> None:
    basic = house.world.add_group("Old group", basic=True)
    member = basic.add(house.world.add_user(14, "Someone"))
    from bot.store import accounts

    async with house.app.store.write() as tx:
        await accounts.set_account(tx, house.app.settings.bot_id, staff_chat_id=basic.chat_id)
    new = basic.migrate(member)
    house.patient.says(QUESTION)
    await house.settle()
    del new
    async with house.app.store.read() as tx:
        account = await accounts.account(tx, house.app.settings.bot_id)
    assert account["staff_chat_id"] != basic.chat_id
    assert any(QUESTION in message.text for message in house.world.from_bot(account["staff_chat_id"]))


async def test_an_alert_the_group_refuses_goes_to_owners_once(house: House) -> None:
    house.world.faults.add(refuse("Bad Request: something new"), chat_id=house.staff.chat_id, times=None)
    house.patient.says("I have chest pain")
    await house.settle(seconds=30)
    alerts = [m.text for m in house.world.from_bot(house.owner.chat_id) if "I have chest pain" in m.text]
    assert len(alerts) == 1


async def test_no_answer_from_the_group_still_ends_with_somebody(house: House) -> None:
    house.world.faults.add(forbid(), chat_id=house.staff.chat_id, times=None)
    house.patient.says("I have chest pain")
    await house.settle()
    texts = [message.text for message in house.world.from_bot(house.owner.chat_id)]
    assert any(text.startswith("Emergency · P-") for text in texts)


async def test_a_reply_to_a_card_in_doubt_reaches_the_patient(house: House) -> None:
    """Telegram's id of the card never reached us; its buttons say which row it is."""
    house.world.faults.add(lose_answer(), method="sendMessage", chat_id=house.staff.chat_id)
    house.patient.says("Which paint did you use in the waiting room?")
    await house.settle(4)
    card = house.world.from_bot(house.staff.chat_id)[-1]
    house.member.replies(card, "It is called Morning Mist.")
    await house.settle()
    assert "Morning Mist" in house.bot_texts[-1]
    assert not any("sending this again" in text.lower() for text in house.staff_texts), "the reply proved that it came"


async def test_a_reply_to_what_the_bot_no_longer_knows_is_not_dropped_in_silence(house: House) -> None:
    house.patient.says("Which paint did you use in the waiting room?")
    await house.settle()
    card = house.world.from_bot(house.staff.chat_id)[-1]
    async with house.app.store.write() as tx:  # as after an older backup was put back
        await tx.execute(message.update().values(tg_message_id=None, payload=Payload("").to_json()))
    said = len(house.bot_texts)
    house.member.replies(card, "It is called Morning Mist.")
    await house.settle()
    assert house.staff_texts[-1].startswith("Not passed on: I cannot tell which patient")
    assert len(house.bot_texts) == said
