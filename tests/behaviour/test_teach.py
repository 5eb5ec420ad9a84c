"""Questions that no text answered become ways to ask, in staff's words; and who asked may get the answer."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.services.teach_answers import TeachAnswers
from bot.services.topics import look_at_group
from bot.simulator.house import House
from bot.simulator.people import Person
from bot.simulator.state import Message
from bot.store.tables import audit, lesson, question
from tests.few_texts import keep_few

ASKED = "do you sell gift vouchers for my aunt sheila"
LIKE_IT = "Do you sell gift vouchers for aunt Sheila, my aunt?"
CLEAN = "do you sell gift vouchers"


@pytest.fixture
def few_texts(content_dir: Path) -> None:
    keep_few(content_dir)


async def says(house: House, text: str, who: Person | None = None) -> None:
    (who or house.patient).says(text)
    await house.settle(seconds=20)


def card(house: House) -> Message:
    """The newest message in the staff group."""
    return house.world.from_bot(house.staff.chat_id)[-1]


async def teach(house: House) -> Message:
    house.member.says("/teach")
    await house.settle(seconds=20)
    return card(house)


async def press(house: House, label: str) -> Message:
    """Press a button that is among the newest, by how it begins. Returns the newest message."""
    found = [key.label for key in card(house).keys if key.label.startswith(label)]
    assert found, card(house)
    house.member.presses(found[0], card(house).message_id)
    await house.settle(seconds=20)
    return card(house)


def labels(message: Message) -> list[str]:
    return [key.label for key in message.keys]


async def reply(house: House, text: str) -> Message:
    house.member.replies(card(house), text)
    await house.settle(seconds=20)
    return card(house)


async def lessons(house: House) -> list[tuple[str, str, str]]:
    """Text, reason and state."""
    statement = sa.select(question.c.text, lesson.c.reason, lesson.c.state).join(
        lesson, lesson.c.question_id == question.c.id
    )
    async with house.app.store.read() as tx:
        return [tuple(row) for row in await tx.execute(statement.order_by(question.c.id))]


async def press_none(house: House, who: Person | None = None) -> None:
    """With few texts, the bot offers what is nearest."""
    (who or house.patient).presses("None of these")
    await house.settle(seconds=20)


# --- what becomes a lesson -------------------------------------------------------------------------------------------


async def test_a_question_without_an_answer_is_one(house: House) -> None:
    await says(house, ASKED)
    assert await lessons(house) == [(ASKED, "unanswered", "open")]


@pytest.mark.parametrize(
    "text",
    [
        "can I swim after needling",
        "can i talk to a real person please",
        "I cannot breathe and my chest hurts",
        "mijn voet doet pijn en ik weet niet wat ik moet doen",
    ],
    ids=["answered", "a wish for a person", "danger", "another language"],
)
async def test_what_is_none(house: House, text: str) -> None:
    await says(house, text)
    assert await lessons(house) == []


async def test_a_question_that_goes_on_is_one_question(house: House) -> None:
    house.patient.says("do you sell")
    await house.settle(seconds=1)
    await says(house, "gift vouchers for my aunt sheila")
    assert [text for text, _, _ in await lessons(house)] == ["do you sell\ngift vouchers for my aunt sheila"]


async def test_not_what_i_asked_is_one(house: House) -> None:
    await says(house, "can I swim after needling")
    house.patient.presses("Not what I asked")
    await house.settle(seconds=20)
    assert [(reason, state) for _, reason, state in await lessons(house)] == [("not_asked", "open")]


async def test_a_wrong_answer_in_a_thread_is_one(house: House) -> None:
    await look_at_group(house.app.post, house.app.client)
    await says(house, ASKED)
    await says(house, "can I swim after needling")
    why = next(one for one in house.world.from_bot(house.staff.chat_id) if "Why this answer" in labels(one))
    house.member.presses("Why this answer", why.message_id)
    await house.settle(seconds=30)
    assert [key.label for key in card(house).keys] == ["Wrong answer", "Edit this answer"]
    house.member.presses("Wrong answer", card(house).message_id)
    await house.settle(seconds=30)
    assert card(house).text == "Noted. /teach shows this question."
    assert ("can I swim after needling", "wrong", "open") in await lessons(house)
    house.owner.starts()
    house.owner.says("/audit")
    await house.settle(seconds=30)
    assert re.search(r"Member said that P-\w+ got the wrong answer", house.owner.last.text)


# --- one group at a time ---------------------------------------------------------------------------------------------


async def test_there_is_nothing_to_teach(house: House) -> None:
    assert (await teach(house)).text.startswith("There is nothing to teach me now")


async def test_near_duplicates_stand_together_with_whom_and_when(house: House) -> None:
    other = house.world.add_user(21, "Other")
    other.starts()
    await says(house, "which paint is on the wall of your waiting room")
    await says(house, ASKED)
    await says(house, LIKE_IT, other)
    shown = await teach(house)
    assert shown.text.startswith("Teach me: asked 2 times (2 to look at)")
    assert f"“{ASKED}” (P-" in shown.text
    assert LIKE_IT in shown.text
    assert "no answer found" in shown.text
    assert labels(shown)[-3:] == ["Leave it to us", "Put aside", "Next one"]
    assert "which paint" in (await press(house, "Next one")).text


async def test_putting_aside_settles_it_once(house: House) -> None:
    await says(house, ASKED)
    shown = await teach(house)
    other = house.staff.add(house.world.add_user(13, "Other"))
    house.member.presses("Put aside")
    other.presses("Put aside", shown.message_id)
    await house.settle(seconds=20)
    assert await lessons(house) == [(ASKED, "unanswered", "ignored")]
    async with house.app.store.read() as tx:
        assert list(await tx.scalars(sa.select(audit.c.action).where(audit.c.action.startswith("teach_")))) == [
            "teach_ignore"
        ]
    assert card(house).text.startswith("Somebody has seen to this one already")


async def test_the_card_goes_with_the_patient_who_is_forgotten(house: House) -> None:
    await says(house, ASKED)
    await teach(house)
    await says(house, "/forget")
    for button in ("Yes, delete my data", "Yes, delete it"):
        house.patient.presses(button)
        await house.settle(seconds=20)
        await house.pass_time(minutes=10)
    assert not any(ASKED in text for text in house.staff_texts)
    assert await lessons(house) == []


# --- a line in staff's words -----------------------------------------------------------------------------------------


async def test_a_line_that_tells_who_asked_is_not_taken(house: House) -> None:
    await says(house, ASKED)
    await teach(house)
    await press(house, "Leave it to us")
    assert "Sheila, 50" in (await reply(house, "vouchers for Sheila who is 50")).text
    assert "That has 130 letters" in (await reply(house, "can i " + "x" * 124)).text
    shown = await reply(house, CLEAN)
    assert f"“{CLEAN}”" in shown.text
    assert shown.text.endswith("Could anyone tell who wrote this?")
    assert "The patient wrote it just so." in shown.text
    assert labels(shown) == ["No, go on", "Change it"]


async def test_a_line_in_staffs_own_words_is_not_called_the_patients(house: House) -> None:
    await says(house, ASKED)
    await teach(house)
    asked = await press(house, "Leave it to us")
    assert "Only a short question that anybody might ask, of up to 60 letters," in asked.text
    shown = await reply(house, "are there gift vouchers to buy")
    assert "just so" not in shown.text
    assert shown.text.endswith("Could anyone tell who wrote this?")


async def test_a_line_whose_author_went_on_to_another_is_asked_for_again(house: House) -> None:
    await says(house, ASKED)
    await teach(house)
    await press(house, "Leave it to us")
    asking = card(house)
    first = await reply(house, CLEAN)
    house.member.replies(asking, "are there gift vouchers")
    await house.settle(seconds=20)
    house.member.presses("No, go on", first.message_id)
    await house.settle(seconds=20)
    assert card(house).text.startswith("I don't have that line any more")


async def test_a_line_is_left_to_people(few_texts: None, house: House, content_dir: Path) -> None:
    await says(house, ASKED)
    await press_none(house)
    await teach(house)
    await press(house, "Leave it to us")
    await reply(house, CLEAN)
    tried = await press(house, "No, go on")
    assert "Nothing has changed yet" in tried.text
    assert "all would be answered as before" in tried.text
    learnt = await press(house, "Put it in")
    assert learnt.text == f"Learnt: “{CLEAN}”\nQuestions seen to: 1"
    assert not learnt.keys
    assert await lessons(house) == [(ASKED, "not_asked", "taught")]
    text = (content_dir / "en" / "for_people.yaml").read_text()
    assert CLEAN in text
    assert "sheila" not in text


async def test_who_asked_within_a_day_gets_the_answer_once(few_texts: None, house: House) -> None:
    stopped = house.world.add_user(21, "Stopped")
    stopped.starts()
    for who in (stopped, house.patient):
        await says(house, ASKED, who)
        await press_none(house, who)
    await says(house, "/stop", stopped)
    shown = await teach(house)
    label = shown.keys[0].label
    assert label.startswith("Fits: ")
    await press(house, label)
    await reply(house, CLEAN)
    await press(house, "No, go on")
    learnt = await press(house, "Put it in")
    assert labels(learnt) == ["Send answer to 1"]
    before = len(house.bot_texts)
    house.member.presses("Send answer to 1", learnt.message_id)
    house.member.presses("Send answer to 1", learnt.message_id)
    await house.settle(seconds=20)
    (answer,) = house.bot_texts[before:]
    assert answer.startswith("You asked us something today. We now have an answer.")
    assert ASKED in answer
    assert label.removeprefix("Fits: ")[:20] in answer
    assert card(house).text.startswith("Nobody waits for it")
    assert house.staff_texts[-2] == "The answer is on its way to 1."


async def test_staff_are_told_who_asked_it_and_is_talking_with_them(few_texts: None, house: House) -> None:
    await look_at_group(house.app.post, house.app.client)
    await says(house, ASKED)
    await press_none(house)
    house.patient.says("I want to talk to a person")
    await house.settle(seconds=30)
    shown = await teach(house)
    await press(house, shown.keys[0].label)
    await reply(house, CLEAN)
    await press(house, "No, go on")
    learnt = await press(house, "Put it in")
    assert "who asked this too: please give them the answer there" in learnt.text
    assert not [label for label in labels(learnt) if label.startswith("Send answer")]


async def test_staff_are_told_who_asked_it_and_may_be_in_danger(few_texts: None, house: House) -> None:
    await says(house, ASKED)
    await press_none(house)
    await says(house, "I have chest pain and cannot breathe")
    shown = await teach(house)
    await press(house, shown.keys[0].label)
    await reply(house, CLEAN)
    await press(house, "No, go on")
    learnt = await press(house, "Put it in")
    assert "An alert is not closed for P-" in learnt.text
    assert not [label for label in labels(learnt) if label.startswith("Send answer")]


async def test_a_line_goes_in_with_its_lesson_or_not_at_all(
    few_texts: None, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that ends between the two leaves neither, and the button is there to be pressed again."""
    await says(house, ASKED)
    await press_none(house)
    shown = await teach(house)
    await press(house, shown.keys[0].label)
    await reply(house, CLEAN)
    await press(house, "No, go on")
    before = house.app.library.served.revision_id
    with monkeypatch.context() as broken:
        broken.setattr(TeachAnswers, "learnt", _breaks)
        failed = await press(house, "Put it in")
    assert failed.text == "That did not work, and nothing has changed. Please try again."
    assert house.app.library.served.revision_id == before
    assert await lessons(house) == [(ASKED, "not_asked", "open")]
    await press(house, "Try again")
    await press(house, "Put it in")
    assert await lessons(house) == [(ASKED, "not_asked", "taught")]


async def _breaks(*_: object) -> None:
    raise RuntimeError("the worker ended here")
