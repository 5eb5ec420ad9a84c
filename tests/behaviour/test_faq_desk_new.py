"""A question that was not there, added in the chat step by step: from /faq_edit, and from a patient's question."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import DAY_US
from bot.content.load import parse_content, read_files
from bot.content.schema import Entry
from bot.simulator.house import House
from bot.simulator.state import Message
from bot.store.tables import audit, draft, lesson
from tests.at_the_desk import card, labels, press, reply, types
from tests.few_texts import keep_few

ASKED = "do you sell gift vouchers for my aunt sheila"
CLEAN = "do you sell gift vouchers"
WAYS = (
    "can I buy a gift voucher\nhave you got gift vouchers\nI want to give a visit as a present\nis there a gift card\n"
    "can somebody else pay for my visit as a present"
)
ANSWER = "Yes. Ask at the desk, or ring us on {clinic_phone}."


@pytest.fixture(autouse=True)
def few_texts(content_dir: Path) -> None:
    keep_few(content_dir)


def entries(content_dir: Path) -> dict[str, Entry]:
    """As they stand in the files."""
    return parse_content(read_files(content_dir)).entries


async def drafts_left(house: House) -> int:
    async with house.app.store.read() as tx:
        return len((await tx.scalars(sa.select(draft.c.user_id))).all())


async def actions(house: House) -> list[str]:
    async with house.app.store.read() as tx:
        return list(await tx.scalars(sa.select(audit.c.action)))


async def question_and_answer(house: House) -> Message:
    """From the choice of the group on."""
    asked = await press(house, "Soreness")
    assert "Reply to this message with the question" in asked.text
    assert labels(asked) == ["Cancel"]
    asked = await reply(house, "Can I buy a gift voucher?")
    assert "Now reply to this message with the answer" in asked.text
    assert "Can I buy a gift voucher?" in asked.text
    return await reply(house, ANSWER)


# --- from /faq_edit --------------------------------------------------------------------------------------------------


async def test_a_new_question_is_asked_for_step_by_step(house: House, content_dir: Path) -> None:
    await types(house, "/faq_edit gift vouchers")
    await press(house, "New question")
    asked = await question_and_answer(house)
    assert "I need 5 more." in asked.text
    assert ANSWER.partition("{")[0] in asked.text
    assert "I need 3 more." in (await reply(house, "\n".join(WAYS.splitlines()[:2]))).text
    ready = await reply(house, WAYS)
    assert ready.text.startswith("This is what patients will see.")
    assert WAYS in ready.text
    tried = await press(house, "See what changes")
    assert tried.text.startswith("This is how it will be")
    assert "gift_voucher" not in str(entries(content_dir))
    done = await press(house, "Publish")
    assert done.text.startswith("Added: Can I buy a gift voucher?")
    assert labels(done) == ["Sign"]
    made = entries(content_dir)["buy_gift_voucher"]
    assert made.phrasings == tuple(WAYS.splitlines())
    assert made.answer == ANSWER
    assert made.signed is None
    assert "faq_new" in await actions(house)
    assert await drafts_left(house) == 0


async def test_its_parts_can_be_changed_before_it_goes_live(house: House, content_dir: Path) -> None:
    await types(house, "/faq_edit")
    await press(house, "Soreness")
    await press(house, "New question")
    await reply(house, "Can I buy a gift voucher?")
    await press(house, "Question")
    asked = await reply(house, "Do you sell vouchers?")
    assert "Now reply to this message with the answer" in asked.text
    await reply(house, "It is completely safe.")
    await reply(house, WAYS)
    refused = await press(house, "See what changes")
    assert "promises too much" in refused.text
    await press(house, "Change")
    await press(house, "Answer")
    await reply(house, "Yes.")
    await press(house, "By time")
    await press(house, "Add a time")
    await reply(house, "2 days")
    await press(house, "By time")
    await press(house, "From day 3 on")
    await reply(house, "Not any more.")
    await press(house, "See what changes")
    await press(house, "Publish")
    made = entries(content_dir)["sell_vouchers"]
    assert [one.answer for one in made.variants] == ["Yes.", "Not any more."]


async def test_a_question_that_is_there_already_or_too_long_is_not_taken(house: House, content_dir: Path) -> None:
    known = entries(content_dir)["soreness_duration"].question
    await types(house, "/faq_edit")
    await press(house, "New question")
    asking = await press(house, "Soreness")
    assert (await reply(house, "Can I buy a gift voucher for my whole family?")).text.startswith("That has 45 letters")
    house.member.replies(asking, known.lower())
    await house.settle(seconds=20)
    assert card(house).text == f"There is a question like that already: {known}"
    opened = await press(house, known)
    assert opened.text.startswith("This is what patients see.")


async def test_two_who_add_the_same_question_make_one(house: House, content_dir: Path) -> None:
    await types(house, "/faq_edit")
    await press(house, "New question")
    await question_and_answer(house)
    mine = await reply(house, WAYS)
    other = house.staff.add(house.world.add_user(13, "Other"))
    other.says("/faq_edit")
    await house.settle(seconds=20)
    await press(house, "New question", other)
    await press(house, "Soreness", other)
    for words in ("Can I buy a gift voucher?", "No.", WAYS.replace("present", "gift")):
        await reply(house, words, other)
    await press(house, "See what changes", other)
    await press(house, "Publish", other)
    await house.app.look_at_content()
    await press(house, "See what changes", on=mine)
    shown = next(one for one in house.world.from_bot(house.staff.chat_id) if one.message_id == mine.message_id)
    assert "There is a question like that already" in shown.text
    assert [one.answer for one in entries(content_dir).values() if "gift" in one.question] == ["No."]


@pytest.mark.parametrize("steps", range(4))
async def test_it_can_be_cancelled_at_any_step(house: House, steps: int) -> None:
    await types(house, "/faq_edit")
    await press(house, "New question")
    if steps:
        await press(house, "Soreness")
    for words in ("Can I buy a gift voucher?", ANSWER, WAYS)[: max(steps - 1, 0)]:
        await reply(house, words)
    other = house.staff.add(house.world.add_user(13, "Other"))
    at = card(house)
    assert (await press(house, "Cancel", other)).text.startswith("A colleague is changing this one.")
    house.member.presses("Cancel", at.message_id)
    await house.settle(seconds=20)
    shown = next(one for one in house.world.from_bot(house.staff.chat_id) if one.message_id == at.message_id)
    assert shown.text.startswith("Nothing was added.")
    assert await drafts_left(house) == 0


async def test_what_a_killed_worker_left_is_asked_for_again(house: House) -> None:
    await types(house, "/faq_edit")
    await press(house, "New question")
    await question_and_answer(house)
    mine = await reply(house, WAYS)
    async with house.app.store.write() as tx:
        await tx.execute(draft.update().values(asking="trying"))
    await press(house, "See what changes", on=mine)
    shown = next(one for one in house.world.from_bot(house.staff.chat_id) if one.message_id == mine.message_id)
    assert shown.text.startswith("This is how it will be")


async def test_what_nobody_goes_on_with_is_swept(house: House) -> None:
    await types(house, "/faq_edit")
    await press(house, "New question")
    await house.pass_time(days=1)
    assert await drafts_left(house) == 1
    async with house.app.store.write() as tx:
        await tx.execute(draft.update().values(changed_us=draft.c.changed_us - 30 * DAY_US))
    await house.pass_time(days=1)
    assert await drafts_left(house) == 0


# --- from a patient's question ---------------------------------------------------------------------------------------


async def teach_new(house: House) -> Message:
    """A patient asks, and staff begin a new question with their own words for it."""
    house.patient.says(ASKED)
    await house.settle(seconds=20)
    house.patient.presses("None of these")
    await house.settle(seconds=20)
    await types(house, "/teach")
    await press(house, "New question")
    assert "Sheila, 50" in (await reply(house, "vouchers for Sheila who is 50")).text
    assert (await reply(house, CLEAN)).text.endswith("Could anyone tell who wrote this?")
    return await press(house, "No, go on")


async def test_a_patients_question_becomes_a_new_one_and_they_get_the_answer(house: House, content_dir: Path) -> None:
    assert "Where does it belong?" in (await teach_new(house)).text
    asked = await question_and_answer(house)
    assert "I need 4 more." in asked.text
    assert CLEAN in asked.text
    told = await reply(house, WAYS.replace("visit", "visit for Sheila"))
    assert "This could tell who asked, or I don't know the word: Sheila" in told.text
    house.member.replies(asked, WAYS)
    await house.settle(seconds=20)
    await press(house, "See what changes")
    learnt = await press(house, "Publish")
    assert learnt.text.startswith("Added: Can I buy a gift voucher?")
    assert f"Learnt: “{CLEAN}”\nQuestions seen to: 1" in learnt.text
    assert labels(learnt) == ["Send answer to 1", "Sign"]
    assert entries(content_dir)["buy_gift_voucher"].phrasings == (CLEAN, *WAYS.splitlines())
    assert "sheila" not in str(read_files(content_dir)).casefold()
    await house.app.look_at_content()
    before = len(house.bot_texts)
    house.member.presses("Send answer to 1", learnt.message_id)
    await house.settle(seconds=20)
    (answer,) = house.bot_texts[before:]
    assert "Yes. Ask at the desk" in answer
    async with house.app.store.read() as tx:
        assert list(await tx.scalars(sa.select(lesson.c.state))) == ["taught"]


async def test_cancelling_leaves_the_patients_question_to_be_taught(house: House) -> None:
    await teach_new(house)
    await press(house, "Soreness")
    assert (await press(house, "Cancel")).text.startswith("Nothing was added.")
    assert (await types(house, "/teach")).text.startswith("Teach me: asked once")


async def test_the_draft_goes_with_the_patient_who_is_forgotten(house: House) -> None:
    await teach_new(house)
    await question_and_answer(house)
    house.patient.says("/forget")
    await house.settle(seconds=20)
    for button in ("Yes, delete my data", "Yes, delete it"):
        house.patient.presses(button)
        await house.settle(seconds=20)
        await house.pass_time(minutes=10)
    assert await drafts_left(house) == 0
