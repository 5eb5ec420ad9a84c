"""People write as they talk: one thought in several messages, a picture with it, a correction a second later."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.simulator.house import Cast, House, open_house
from bot.simulator.state import Message
from bot.store.tables import alert, message, opt_out

QUESTION = "do you sell gift vouchers for my aunt"
OTHER = "is there a place to lock my bicycle"


async def alerts(house: House) -> list[str]:
    """The states of all alerts, oldest first."""
    async with house.app.store.read() as tx:
        return list(await tx.scalars(sa.select(alert.c.state).order_by(alert.c.id)))


def pictures(house: House) -> list[Message]:
    """What staff were shown."""
    return [shown for shown in house.world.from_bot(house.staff.chat_id) if shown.media is not None]


@pytest.mark.parametrize("wish", ["STOP", "please stop, thanks", "/stop"])
async def test_stop_right_after_a_question_is_no_part_of_the_question(house: House, wish: str) -> None:
    house.patient.says(QUESTION)
    await house.settle(seconds=1)
    house.patient.says(wish)
    await house.settle()
    assert any(text.startswith("Done.") for text in house.bot_texts)
    assert len(house.staff_texts) == 1, "the question still reaches staff"
    async with house.app.store.read() as tx:
        assert len((await tx.execute(sa.select(opt_out))).all()) == 1


@pytest.mark.parametrize("first", ["what if somebody", "I would like to know about", "my friend once said to me"])
async def test_danger_is_seen_alone_whatever_it_is_joined_with(house: House, first: str) -> None:
    house.patient.says(first)
    await house.settle(seconds=1)
    house.patient.says("I have chest pain and I can't breathe")
    await house.settle()
    assert house.patient.last.text.startswith("Call 999 now.")
    assert not any("I'm not sure" in text for text in house.bot_texts)
    assert first in house.staff_texts[-1], "staff read both"
    assert (await alerts(house)).count("open") == 1


async def test_a_picture_in_the_middle_reaches_staff_once(house: House) -> None:
    house.patient.says("one thing about")
    await house.settle(seconds=1)
    house.patient.sends_photo("gift vouchers, who")
    await house.settle(seconds=1)
    house.patient.says("sells those to my aunt")
    await house.settle()
    assert len(pictures(house)) == 1
    assert len(house.staff_texts) == 2, "one card and the picture"
    assert sum("I'm not sure" in text for text in house.bot_texts) == 1
    assert (await alerts(house)).count("open") == 1


async def test_an_album_gets_one_reply_and_every_picture_is_shown(house: House) -> None:
    for _ in range(4):
        house.patient.sends_photo()
    await house.settle(seconds=30)
    assert sum("I can't look at pictures" in text for text in house.bot_texts) == 1
    assert len(pictures(house)) == 4
    assert await alerts(house) == ["open"]


async def test_a_second_voice_message_is_not_met_with_silence(house: House) -> None:
    house.patient.sends_voice()
    house.patient.sends_voice()
    await house.settle(seconds=30)
    assert sum("hear messages" in text for text in house.bot_texts) == 2


async def test_a_reply_that_just_went_out_keeps_its_promise(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.patient.says(QUESTION)
    await house.settle(seconds=1)
    async with house.app.store.write() as tx:  # the outbox was quicker than the decision about the next message
        reply = message.c.dedupe_key.startswith("held:") & (message.c.chat_id == house.patient.chat_id)
        await tx.execute(message.update().where(reply).values(state="sending", owner="w", lease_us=0))
    house.patient.says("who would know")
    await house.settle()
    assert any(QUESTION in text and "who would know" not in text for text in house.staff_texts)
    assert await alerts(house) == ["open", "open"]


async def test_questions_asked_hours_apart_are_not_one_question_after_a_downtime(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    house.patient.says(QUESTION)
    clock.tick(timedelta(hours=2))
    house.patient.says(OTHER)
    clock.tick(timedelta(hours=1))
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        cards = [text for text in again.staff_texts if text.startswith("Question")]
    assert [QUESTION in card for card in cards] == [True, False]
    assert [OTHER in card for card in cards] == [False, True]


async def test_words_said_hours_apart_are_no_sign_of_danger_together(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    house.patient.says("I can't")
    clock.tick(timedelta(hours=2))
    house.patient.says("breathe")
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        assert not any("999 now" in text for text in again.bot_texts)


async def test_a_long_story_shows_staff_how_it_ends(house: House) -> None:
    house.patient.says("and then " * 300 + "I have chest pain")
    await house.settle()
    assert "I have chest pain" in house.staff_texts[-1]


# --- corrections -----------------------------------------------------------------------------------------------------


async def test_a_slip_mended_at_once_is_one_question(house: House) -> None:
    said = house.patient.says("do you sell gift vuchers for my ant")
    await house.settle(seconds=1)
    house.patient.edits(said, QUESTION)
    await house.settle()
    assert sum("I'm not sure" in text for text in house.bot_texts) == 1
    assert len(house.staff_texts) == 1
    assert QUESTION in house.staff_texts[0]
    assert "vuchers" not in house.staff_texts[0]


async def test_staff_get_the_new_words_of_a_question_nobody_understood(house: House) -> None:
    said = house.patient.says(QUESTION)
    await house.settle()
    house.patient.edits(said, QUESTION.upper() + "?")
    await house.settle()
    assert len(house.staff_texts) == 1, "the same words are no news"
    house.patient.edits(said, OTHER)
    await house.settle()
    assert OTHER in house.staff_texts[-1]
    assert house.patient.last.text.startswith("I've read your changed message.")


async def test_a_caption_that_turns_dangerous_is_acted_on_and_its_picture_not_shown_twice(house: House) -> None:
    said = house.patient.sends_photo("is it normal that my leg jumped")
    await house.settle()
    house.patient.edits(said, "I have chest pain")
    await house.settle()
    assert house.patient.last.text.startswith("Call 999 now.")
    assert len(pictures(house)) == 1


async def test_an_edit_of_something_from_before_the_bot_is_a_message_like_any_other(house: House) -> None:
    said = house.patient.says("is it normal that my leg jumped")
    await house.app.client.get_raw_updates(house.world.updates.log[-1].update_id + 1, 0)  # another program had it
    house.patient.edits(said, "how long will i be sore")
    await house.settle()
    assert "like the ache after hard exercise" in house.patient.last.text


# --- commands --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "/help\nI have chest pain",
        "/chest pain",
        "/cant breathe",
        "/stop chest pain",
        "/faq@aftercare_demo_bot chest pain",
    ],
)
async def test_a_slash_hides_no_danger(house: House, text: str) -> None:
    house.patient.says(text)
    await house.settle()
    assert house.patient.last.text.startswith("Call 999 now.")


async def test_what_stands_behind_human_reaches_them(house: House) -> None:
    house.patient.says("/human the bill for my aunt is wrong")
    await house.settle()
    assert "the bill for my aunt is wrong" in house.staff_texts[-1]


async def test_a_slash_before_a_question_is_forgiven(house: House) -> None:
    house.patient.says("/how long will i be sore")
    await house.settle()
    assert "like the ache after hard exercise" in house.patient.last.text
