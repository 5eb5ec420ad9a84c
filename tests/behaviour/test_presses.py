"""Buttons are pressed twice, late, by the wrong person, and by programs that press what was never there."""

import pytest
import sqlalchemy as sa

from bot.model import ChatId, Kind, Outgoing, Payload
from bot.simulator.faults import lose_request
from bot.simulator.house import House
from bot.simulator.people import Person
from bot.store.tables import alert, audit, inbox, message

STALE = "That button is too old to use."


@pytest.fixture
def stranger(house: House) -> Person:
    """Somebody with a modified Telegram, who has started the bot too."""
    person = house.world.add_user(66, "Stranger")
    person.starts()
    return person


async def row_of(house: House, tg_message_id: int) -> int:
    """Our row behind a message on the patient's screen."""
    async with house.app.store.read() as tx:
        where = (message.c.chat_id == house.patient.chat_id, message.c.tg_message_id == tg_message_id)
        found: int = (await tx.execute(sa.select(message.c.id).where(*where))).scalar_one()
    return found


def wire(row_id: int, data: str) -> str:
    """Callback data as our own keyboards carry it (small row ids only)."""
    return f"{'0123456789abcdefghijklmnopqrstuvwxyz'[row_id]}.{data}"


@pytest.mark.parametrize("button", ["Ask the team", "None of these"])
async def test_a_double_press_tells_staff_once(house: House, button: str) -> None:
    none = button == "None of these"
    house.patient.says("massage or stretching" if none else "is it normal that my leg jumped")
    await house.settle()
    shown = house.patient.last.message_id
    house.patient.presses(button, shown)
    house.patient.presses(button, shown)
    await house.settle()
    assert len(house.staff_texts) == 1
    async with house.app.store.read() as tx:
        assert len((await tx.execute(sa.select(alert))).all()) == 1
    house.patient.says("how long will i be sore")
    await house.settle()
    house.patient.presses("Ask the team")
    await house.settle()
    assert len(house.staff_texts) == 2, "another question is another matter"


@pytest.mark.parametrize(
    "data",
    [
        "",
        "entry:leg_jump_quiver",
        ".",
        "0.",
        "1.entry:nothing_here",
        "1." + "é" * 31,
        "1.\x00",
        "zzzzzzzzzzzzz.faq",
        "1.take:1",
    ],
    ids=["empty", "no row", "dot", "row zero", "no such entry", "64 bytes", "nul", "huge row", "staff's"],
)
async def test_forged_data_is_a_button_that_no_longer_means_anything(house: House, stranger: Person, data: str) -> None:
    await house.settle()
    house.world.forge_press(stranger, stranger.chat_id, stranger.last.message_id, data)
    await house.settle()
    assert stranger.last.text.startswith(STALE)
    async with house.app.store.read() as tx:
        assert set(await tx.scalars(sa.select(inbox.c.attempts))) == {1}, "no attempt failed"


async def test_somebody_elses_button_is_not_ones_own(house: House, stranger: Person) -> None:
    house.patient.says("is it normal that my leg jumped")
    await house.settle()
    row_id = await row_of(house, house.patient.last.message_id)
    house.world.forge_press(stranger, stranger.chat_id, stranger.last.message_id, wire(row_id, "team:leg_jump_quiver"))
    await house.settle()
    assert stranger.last.text.startswith(STALE)
    assert house.staff_texts == []


async def test_a_forged_press_proves_nothing_about_somebody_elses_message(house: House, stranger: Person) -> None:
    await house.settle()
    house.world.faults.add(lose_request(), method="sendMessage", chat_id=house.patient.chat_id)
    async with house.app.store.write() as tx:
        out = Outgoing(ChatId(house.patient.chat_id), Kind.EMERGENCY, Payload("Call 999 now."), "warning")
        row_id = await house.app.post.enqueue(tx, out)
    assert row_id is not None
    await house.settle(seconds=2)
    house.world.forge_press(stranger, stranger.chat_id, stranger.last.message_id, wire(row_id, "faq"))
    await house.settle(seconds=15)
    assert house.patient.last.text.endswith("Call 999 now."), "it never arrived, and is sent again"


async def test_a_button_under_an_edited_message_works_and_so_does_an_old_one(house: House) -> None:
    house.patient.says("/faq")
    await house.settle()
    shown = house.patient.last
    first = house.labels[3]
    old = next(key.data for key in shown.keys if key.label == first)
    house.patient.presses(first)
    await house.settle()
    assert old is not None
    house.world.forge_press(house.patient, house.patient.chat_id, shown.message_id, old)  # two quick taps on one page
    await house.settle()
    assert house.patient.last.message_id == shown.message_id
    assert "Back" in house.labels


async def test_a_button_of_an_answer_that_is_gone_says_so(house: House, content_dir: object) -> None:
    house.patient.says("massage or stretching")
    await house.settle()
    button = next(key for key in house.patient.last.keys if key.data and ".pick:" in key.data)
    served = house.app.library.served
    gone = served.content.model_copy(update={"groups": ()})
    object.__setattr__(served.conversation, "content", gone)
    house.patient.presses(button.label)
    await house.settle()
    assert house.patient.last.text.startswith(STALE)


async def test_an_owner_learns_how_things_stand_only_where_nobody_else_reads(house: House) -> None:
    elsewhere = house.world.add_group("Elsewhere")
    owner_there = elsewhere.add(house.owner.user)
    owner_there.says("/status")
    await house.settle()
    assert house.world.from_bot(elsewhere.chat_id) == []


async def test_a_press_in_another_group_leaves_no_words_behind(house: House) -> None:
    elsewhere = house.world.add_group("Elsewhere")
    somebody = elsewhere.add(house.world.add_user(67, "Somebody"))
    house.world.forge_press(somebody.user, elsewhere.chat_id, 1, "1.my secret words that are quite long indeed")
    await house.settle()
    async with house.app.store.read() as tx:
        assert list(await tx.scalars(sa.select(audit.c.action))) == ["refused:press"]


async def test_a_changed_staff_reply_changes_the_patients_copy(house: House) -> None:
    house.patient.says("do you sell gift vouchers for my aunt")
    await house.settle()
    reply = house.member.replies(house.world.from_bot(house.staff.chat_id)[-1], "Yes, at 9.")
    await house.settle()
    house.member.edits(reply, "Yes, at 10.")
    await house.settle(20)
    assert house.patient.last.text.endswith("Yes, at 10.")
    assert "Yes, at 9." not in "".join(house.bot_texts)


async def test_a_long_staff_reply_arrives_whole(house: House) -> None:
    house.patient.says("do you sell gift vouchers for my aunt")
    await house.settle()
    words = " ".join(f"word{number}" for number in range(450))
    words = f"{words} {words}"[:4090].rpartition(" ")[0]
    house.member.replies(house.world.from_bot(house.staff.chat_id)[-1], words)
    await house.settle()
    arrived = " ".join(house.bot_texts[-2:]).removeprefix("A message from Demo Foot Clinic:").split()
    assert arrived == words.split()
    assert "Passed on to the patient." in house.staff_texts[-2:], "beside the card of the talk"
