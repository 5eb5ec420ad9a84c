"""A patient asks, and is answered, asked back, or handed to a person."""

import pytest
import sqlalchemy as sa

from bot.simulator.house import House
from bot.store.tables import alert, question

UNKNOWN = "do you sell gift vouchers for my aunt"


async def test_the_first_screen_is_honest(house: House) -> None:
    first = house.bot_texts[0]
    assert "automatic helper" in first
    assert "Nobody watches this chat all the time" in first
    assert "999" in first
    assert "STOP" in first


async def test_a_known_question_is_answered_at_once(house: House) -> None:
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle(seconds=1)
    answer = house.patient.last
    assert "reflex" in answer.text
    assert "Ask the team" in house.labels
    assert house.staff_texts == []


async def test_shouting_and_politeness_do_not_matter(house: House) -> None:
    house.patient.says("HELLO how long will i be sore please!!")
    await house.settle()
    assert "like the ache after hard exercise" in house.patient.last.text


async def test_an_unsure_bot_says_so_and_hands_over(house: House) -> None:
    house.patient.says(UNKNOWN)
    await house.settle()
    assert "I'm not sure" in house.patient.last.text
    assert "until 17:30 today" in house.patient.last.text
    card = house.staff_texts[-1]
    assert UNKNOWN in card
    assert card.splitlines()[0].startswith("Question · P-")


async def test_when_closed_it_says_that_nobody_reads(house: House) -> None:
    await house.pass_time(hours=9)
    house.patient.says(UNKNOWN)
    await house.settle()
    assert "Nobody is reading this until Tuesday 09:00" in house.patient.last.text
    assert "NHS 111" in house.patient.last.text


async def test_one_question_in_several_messages_is_read_as_one(house: House) -> None:
    house.patient.says("hello, one thing about")
    await house.settle(seconds=1)
    house.patient.says("gift vouchers, who")
    await house.settle(seconds=1)
    house.patient.says("sells those to my aunt")
    await house.settle()
    assert sum("I'm not sure" in text for text in house.bot_texts) == 1
    assert len(house.staff_texts) == 1
    assert "gift vouchers, who\nsells those" in house.staff_texts[0]
    async with house.app.store.read() as tx:
        states = list(await tx.scalars(sa.select(alert.c.state)))
    assert states.count("open") == 1, "cards that were taken back leave no open alert"


async def test_did_you_mean_can_be_pressed(house: House, asking: str) -> None:
    offered = house.labels
    assert "None of these" in offered
    house.patient.presses(offered[0])
    await house.settle()
    assert offered[0].rstrip("…") in house.patient.last.text


async def test_did_you_mean_can_be_typed(house: House, asking: str) -> None:
    wanted = house.labels[1]
    house.patient.says("2")
    await house.settle()
    assert wanted.rstrip("…") in house.patient.last.text


@pytest.mark.parametrize("how", ["pressed", "typed"])
async def test_none_of_these_goes_to_staff(house: House, asking: str, how: str) -> None:
    if how == "pressed":
        house.patient.presses("None of these")
    else:
        house.patient.says("none of these")
    await house.settle()
    assert asking in house.staff_texts[-1]
    assert "our team" in house.patient.last.text


async def test_ask_the_team_passes_the_question_on(house: House) -> None:
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle()
    house.patient.presses("Ask the team")
    await house.settle()
    assert "leg jumped" in house.staff_texts[-1]
    assert "person" in house.patient.last.text


async def test_browsing_needs_no_typing_and_stays_in_one_message(house: House) -> None:
    house.patient.says("/faq")
    await house.settle()
    shown = house.patient.last
    house.patient.presses(house.labels[3])
    await house.settle()
    house.patient.presses(house.labels[0])
    await house.settle()
    assert house.patient.last.message_id == shown.message_id, "pages replace each other"
    assert "Back" in house.labels
    house.patient.presses("Back")
    await house.settle()
    assert "Pick a question" in house.patient.last.text


async def test_an_edit_is_read_again_only_when_it_changes_the_answer(house: House) -> None:
    said = house.patient.says("Is it normal that my leg jumped?")
    await house.settle()
    before = len(house.bot_texts)
    house.patient.edits(said, "is it normal that my leg jumped")
    await house.settle()
    assert len(house.bot_texts) == before
    house.patient.edits(said, "how long will i be sore")
    await house.settle()
    assert house.patient.last.text.startswith("I've read your changed message.")


@pytest.mark.parametrize(
    ("send", "said"),
    [
        pytest.param("sends_photo", "I can't look at pictures", id="photo"),
        pytest.param("sends_voice", "I can't look at pictures or hear messages", id="voice"),
        pytest.param("sends_document", "Please tell me in words", id="document"),
        pytest.param("sends_video", "Please tell me in words", id="video"),
        pytest.param("sends_sticker", "I can't read stickers", id="sticker"),
        pytest.param("shares_contact", "now has this contact", id="contact"),
        pytest.param("sends_location", "call 999", id="location"),
    ],
)
async def test_what_is_not_words_gets_a_kind_reply(house: House, send: str, said: str) -> None:
    getattr(house.patient, send)()
    await house.settle()
    assert said in house.patient.last.text


async def test_a_photo_reaches_staff(house: House) -> None:
    house.patient.sends_photo()
    await house.settle()
    card, copy = house.world.from_bot(house.staff.chat_id)[-2:]
    assert "photo" in card.text
    assert copy.media is not None


async def test_a_caption_is_read_like_a_text(house: House) -> None:
    house.patient.sends_photo("Is it normal that my leg jumped?")
    await house.settle()
    assert "reflex" in house.patient.last.text
    assert "I can't look at the photo" in house.patient.last.text


async def test_the_decision_is_stored_with_its_reasons(house: House) -> None:
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle()
    async with house.app.store.read() as tx:
        row = (await tx.execute(sa.select(question).order_by(question.c.id.desc()))).mappings().first()
    assert row is not None
    assert (row["decision"], row["entry_id"]) == ("answer", "leg_jump_quiver")
    assert row["why"]["candidates"][0][0] == "leg_jump_quiver"
    assert row["revision_id"] is not None


@pytest.mark.parametrize("wish", ["hello", "thank you so much", "are you a robot?", "/help", "/privacy", "/nonsense"])
async def test_small_talk_and_commands_are_answered_by_nobody_else(house: House, wish: str) -> None:
    before = len(house.bot_texts)
    house.patient.says(wish)
    await house.settle()
    assert len(house.bot_texts) == before + 1
    assert house.staff_texts == []


@pytest.mark.parametrize("word", ["ok", "yes", "no"])
async def test_a_nod_needs_no_person(house: House, word: str) -> None:
    house.patient.says(word)
    await house.settle()
    assert house.patient.last.text.startswith("All right.")
    assert house.staff_texts == []


async def test_speaking_to_a_person_can_be_asked_for_in_words(house: House) -> None:
    house.patient.says("can i talk to a real person please")
    await house.settle()
    assert "real person" in house.staff_texts[-1]


async def test_a_flood_is_slowed_down_once_and_danger_still_gets_through(house: House) -> None:
    for number in range(40):
        house.patient.says(f"voucher {number}")
    await house.settle(seconds=10)
    assert sum("a lot of messages" in text for text in house.bot_texts) == 1
    house.patient.says("I have chest pain")
    await house.settle()
    assert "Call 999" in house.patient.last.text or "call 999" in house.patient.last.text
