"""Staff talk with a patient in a topic of their own: both ways, quietly, and until somebody is done."""

import random
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.services.topics import look_at_group
from bot.simulator.faults import Fault, forbid, lose_answer, refuse
from bot.simulator.house import House
from bot.simulator.state import Message
from bot.store.tables import alert, enrolment, message, thread, topic
from tests.on_a_plan import code_of, enrol

QUESTION = "do you sell gift vouchers for my aunt"


async def telegram_thread(house: House, chat_id: int | None = None) -> int:
    """Telegram's number of the topic of this patient."""
    of_chat = chat_id if chat_id is not None else house.patient.chat_id
    async with house.app.store.read() as tx:
        found = await tx.scalar(
            sa.select(topic.c.thread_id)
            .join(thread, thread.c.topic_id == topic.c.id)
            .where(thread.c.chat_id == of_chat)
        )
    assert found is not None
    return int(found)


def seen_in(house: House, number: int) -> list[Message]:
    """What the bot wrote in this topic, oldest first."""
    return [one for one in house.world.from_bot(house.staff.chat_id) if one.thread_id == number]


@pytest.fixture(autouse=True)
async def has_topics(house: House) -> None:
    """The staff group has topics, and the bot has seen it."""
    await look_at_group(house.app.post, house.app.client)
    await house.settle(seconds=30)


@pytest.fixture
async def number(house: House) -> int:
    """A question was handed over; the topic it opened."""
    house.patient.says(QUESTION)
    await house.settle(seconds=30)
    return await telegram_thread(house)


async def test_a_hand_over_opens_a_topic_named_by_code_with_the_story(house: House, number: int) -> None:
    name = house.staff.chat.topics[number].name
    card, question = seen_in(house, number)
    assert name.startswith("P-")
    assert card.text.startswith(f"Talk with {name}")
    assert f"Patient: {QUESTION}" in card.text
    assert [key.label for key in card.keys] == ["I take it", "Done", "Why this answer", "Canned reply"]
    assert question.text.startswith("Question · P-")


async def test_the_topic_is_named_by_the_area_too_and_again_where_that_changes(house: House) -> None:
    house.patient.says("/help")
    await house.settle(seconds=30)
    plan_id = await enrol(house, area="calf")
    house.patient.says(QUESTION)
    await house.settle(seconds=30)
    number, code = await telegram_thread(house), await code_of(house, plan_id)
    assert house.staff.chat.topics[number].name == f"{code} calf"
    assert seen_in(house, number)[0].text.startswith(f"Talk with {code} calf")
    async with house.app.store.write() as tx:
        await tx.execute(enrolment.update().where(enrolment.c.id == plan_id).values(area="heel"))
    house.patient.says("do you sell tea for my uncle")
    await house.settle(seconds=30)
    assert house.staff.chat.topics[number].name == f"{code} heel"


async def test_what_staff_write_in_the_topic_reaches_the_patient(house: House, number: int) -> None:
    house.member.says("Yes, at the desk. <3", thread=number)
    await house.settle(seconds=30)
    assert house.patient.last.text == "A message from Demo Foot Clinic:\n\nYes, at the desk. <3"
    async with house.app.store.read() as tx:
        assert await tx.scalar(sa.select(alert.c.state)) == "taken"


async def test_whoever_writes_is_named_where_the_clinic_wants_it(house: House, number: int, content_dir: Path) -> None:
    clinic = content_dir / "clinic.yaml"
    clinic.write_text(clinic.read_text("utf-8").replace("staff_names: no", "staff_names: yes"), "utf-8")
    await house.app.look_at_content()
    await house.settle(seconds=30)

    said = house.member.says("Yes, at the desk. <3", thread=number)
    await house.settle(seconds=30)
    name = house.member.user.first_name
    assert house.patient.last.text == f"A message from {name} at Demo Foot Clinic:\n\nYes, at the desk. <3"
    house.member.edits(said, "No, later.")
    await house.settle(seconds=30)
    assert house.patient.last.text == f"A message from {name} at Demo Foot Clinic:\n\nNo, later."

    house.member.says("/r photo", thread=number)
    await house.settle(seconds=30)
    house.member.presses("Please send a photo")
    await house.settle(seconds=30)
    assert seen_in(house, number)[-1].text.startswith(f"A message from {name} at Demo Foot Clinic:")


async def test_pictures_and_voice_go_both_ways(house: House, number: int) -> None:
    house.member.sends_voice(thread=number)
    await house.settle(seconds=30)
    assert house.patient.last.media is not None
    before = len(seen_in(house, number))
    house.patient.sends_photo("like this?")
    await house.settle(seconds=30)
    (copied,) = seen_in(house, number)[before:]
    assert copied.media is not None
    assert house.patient.last.media is not None, "the bot said nothing to it"


@pytest.mark.parametrize("note", ["// ask Bea first", "  //no", "//"])
async def test_a_note_stays_in_the_topic(house: House, number: int, note: str) -> None:
    before, told = len(house.bot_texts), len(seen_in(house, number))
    said = house.member.says(note, thread=number)
    house.member.sends_photo(note, thread=number)
    await house.settle(seconds=30)
    assert len(seen_in(house, number)) == told, "the bot has nothing to say to it"
    house.member.edits(said, "// ask Tim first")
    await house.settle(seconds=30)
    assert len(house.bot_texts) == before


async def test_a_note_without_its_slashes_is_not_sent_by_an_edit(house: House, number: int) -> None:
    before = len(house.bot_texts)
    said = house.member.says("// ask Bea first", thread=number)
    await house.settle(seconds=30)
    house.member.edits(said, "ask Bea first")
    await house.settle(seconds=30)
    assert len(house.bot_texts) == before
    assert seen_in(house, number)[-1].text.startswith("Not sent")


async def test_an_edit_changes_the_patients_copy(house: House, number: int) -> None:
    said = house.member.says("Open until six.", thread=number)
    await house.settle(seconds=30)
    before = len(house.bot_texts)
    house.member.edits(said, "Open until seven.")
    await house.settle(seconds=30)
    assert house.patient.last.text.endswith("Open until seven.")
    assert len(house.bot_texts) == before
    await house.pass_time(hours=49)
    house.member.edits(said, "Open until eight.")
    await house.settle(seconds=30)
    assert house.patient.last.text.find("eight") < 0
    assert any(one.text.startswith("Not changed") for one in seen_in(house, number))


async def test_the_bot_is_quiet_while_somebody_talks_and_says_when_it_is_back(house: House, number: int) -> None:
    house.member.says("Which foot is it?", thread=number)
    await house.settle(seconds=30)
    before = len(house.bot_texts)
    house.patient.says("can I drive home")
    house.patient.says("thanks")
    await house.settle(seconds=30)
    assert len(house.bot_texts) == before
    assert any("can I drive home" in one.text for one in seen_in(house, number))
    await house.pass_time(hours=2)
    assert house.patient.last.text.startswith("I'm the clinic's automatic helper")
    assert len(house.bot_texts) == before + 1
    house.patient.says("can I drive home")
    await house.settle(seconds=30)
    assert "automatic helper" not in house.patient.last.text
    assert any("The bot answered:" in one.text for one in seen_in(house, number))


async def test_a_patient_who_waits_is_told_once_an_hour_when_somebody_reads(house: House, number: int) -> None:
    house.member.says("Which foot is it?", thread=number)
    await house.pass_time(minutes=15)
    before = len(house.bot_texts)
    for words in ("hello there", "ok", "do you sell tea for my uncle"):
        house.patient.says(words)
        await house.settle(seconds=30)
    assert len(house.bot_texts) == before + 1, house.bot_texts[before:]
    assert "Nobody is reading" in house.patient.last.text or "They read messages until" in house.patient.last.text


async def test_danger_and_stop_go_on_while_somebody_talks(house: House, number: int) -> None:
    house.member.says("Which foot is it?", thread=number)
    await house.settle(seconds=30)
    house.patient.says("I can't breathe and my chest hurts")
    await house.settle(seconds=30)
    assert any("999" in text for text in house.bot_texts)
    assert any("Emergency" in text for text in house.staff_texts)
    house.patient.says("STOP")
    await house.settle(seconds=30)
    assert "no more messages" in house.patient.last.text.lower() or "everything" in house.patient.last.text.lower()


async def test_done_ends_the_talk_and_a_new_question_opens_the_same_topic(house: House, number: int) -> None:
    house.member.says("At the desk.", thread=number)
    await house.settle(seconds=30)
    house.member.presses("Done")
    await house.settle(seconds=20)
    assert house.staff.chat.topics[number].name.startswith("done – P-")
    assert house.patient.last.text.startswith("I'm the clinic's automatic helper")
    async with house.app.store.read() as tx:
        assert await tx.scalar(sa.select(alert.c.state)) == "closed"
    house.patient.says("do you sell tea for my uncle")
    await house.settle(seconds=30)
    assert await telegram_thread(house) == number
    assert house.staff.chat.topics[number].name.startswith("P-")


async def test_a_question_taken_back_within_its_two_seconds_opens_no_topic(house: House) -> None:
    house.patient.says("do you sell gift")
    await house.settle(seconds=1)
    house.patient.says("chest pain and I can't breathe")
    await house.settle(seconds=30)
    async with house.app.store.read() as tx:
        states = list(await tx.scalars(sa.select(message.c.state).where(message.c.method == "create_topic")))
    assert "pending" not in states


async def test_a_deleted_topic_is_made_anew_with_the_last_lines(house: House, number: int) -> None:
    house.staff.delete_topic(number)
    house.patient.sends_photo("look at this heel")
    await house.settle(seconds=20)
    anew = await telegram_thread(house)
    assert anew != number
    assert any(f"Patient: {QUESTION}" in one.text for one in seen_in(house, anew))


async def test_a_canned_reply_is_shown_first_and_sent_once(house: House, number: int) -> None:
    house.member.says("/r photo", thread=number)
    await house.settle(seconds=30)
    house.member.presses("Please send a photo")
    await house.settle(seconds=30)
    before = len(house.bot_texts)
    shown = seen_in(house, number)[-1]
    house.member.presses("Send", shown.message_id)
    house.member.presses("Send", shown.message_id)
    await house.settle(seconds=30)
    assert house.patient.last.text == shown.text
    assert len(house.bot_texts) == before + 1


async def test_an_unknown_command_in_the_topic_is_not_for_the_patient(house: House, number: int) -> None:
    before = len(house.bot_texts)
    house.member.says("/ring her", thread=number)
    await house.settle(seconds=30)
    assert len(house.bot_texts) == before
    assert seen_in(house, number)[-1].text.startswith("Not sent")


async def test_why_this_answer_is_one_tap(house: House, number: int) -> None:
    house.patient.says("can I drive home")
    await house.settle(seconds=30)
    house.member.presses("Why this answer")
    await house.settle(seconds=30)
    said = seen_in(house, number)[-1].text
    assert "can I drive home" in said
    assert "Nearest question:" in said
    assert "Texts: " in said


async def test_words_to_somebody_who_blocked_the_bot_are_said_not_to_arrive(house: House, number: int) -> None:
    house.patient.blocks()
    await house.settle(seconds=30)
    house.member.says("At the desk.", thread=number)
    await house.settle(seconds=30)
    assert seen_in(house, number)[-1].text.startswith("Not passed on")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(refuse("message can't be copied"), "Not arrived · P-", id="refused"),
        pytest.param(forbid(), "Cannot be reached · P-", id="blocked-just-now"),
        pytest.param(lose_answer(), "Not sure it arrived · P-", id="nobody-knows"),
    ],
)
async def test_what_did_not_arrive_is_said_under_the_words(house: House, number: int, fault: Fault, said: str) -> None:
    house.world.faults.add(fault, method="sendMessage", chat_id=house.patient.chat_id, times=2)
    words = house.member.says("At the desk.", thread=number)
    await house.settle(seconds=60)
    told = seen_in(house, number)[-1]
    assert told.text.startswith(said)
    assert told.reply_to == words.message_id


async def why_under(house: House, number: int, line: Message) -> str:
    """What the button under a line of the thread brings."""
    house.member.presses("Why this answer", line.message_id)
    await house.settle(seconds=30)
    return seen_in(house, number)[-1].text


async def test_why_this_answer_stands_under_the_line_that_says_it(house: House, number: int) -> None:
    for words in ("can I drive home", "can I shower tonight"):
        house.patient.says(words)
        await house.settle(seconds=30)
    first = next(one for one in seen_in(house, number) if "can I drive home" in one.text and one.keys)
    assert "The bot answered:" in first.text
    why = await why_under(house, number, first)
    assert "can I drive home" in why
    assert "shower" not in why
    house.patient.says("do you sell tea for my uncle")
    await house.settle(seconds=30)
    house.member.says("No, sorry.", thread=number)
    await house.settle(seconds=30)
    house.patient.says("what a pity, can I drive home")
    await house.settle(seconds=30)
    assert seen_in(house, number)[-1].keys == [], "what the bot did not answer has nothing to explain"


@pytest.mark.parametrize(
    ("words", "did", "why"),
    [
        pytest.param(
            "massage or stretching", "The bot asked what was meant.", "Asked what was meant", id="asking-back"
        ),
        pytest.param("I have chest pain", "The bot gave a safety warning.", "Warning", id="warning"),
        pytest.param("I have a lump in my throat", "The bot asked a safety question.", "Safety question", id="check"),
    ],
)
async def test_why_stands_under_every_reply_of_the_bot(
    house: House, number: int, words: str, did: str, why: str
) -> None:
    house.patient.says(words)
    await house.settle(seconds=30)
    line = next(one for one in seen_in(house, number) if did in one.text)
    assert words in line.text
    assert [key.label for key in line.keys] == ["Why this answer"]
    said = await why_under(house, number, line)
    assert words in said
    assert why in said


@pytest.mark.parametrize(
    ("words", "answer", "did"),
    [
        pytest.param("I have a lump in my throat", "Yes", "The bot gave a safety warning.", id="yes"),
        pytest.param(
            "my foot feels cold, can I shower tonight", "No", "The bot asked what was meant.", id="no-and-more"
        ),
        pytest.param("can't cope with this any more", "No", "", id="no-and-nothing"),
    ],
)
async def test_why_stands_under_the_reply_to_an_answered_safety_question(
    house: House, number: int, words: str, answer: str, did: str
) -> None:
    house.patient.says(words)
    await house.settle(seconds=30)
    house.patient.presses(answer)
    await house.settle(seconds=60)
    line = next(one for one in seen_in(house, number) if f"answered the safety question: {answer}" in one.text)
    assert did in line.text
    assert [key.label for key in line.keys] == ["Why this answer"]
    assert words in await why_under(house, number, line)


async def test_the_pencil_stands_under_the_line_that_says_what_the_bot_answered(house: House, number: int) -> None:
    house.patient.says("can I drive home")
    await house.settle(seconds=30)
    line = seen_in(house, number)[-1]
    assert [key.label for key in line.keys] == ["Why this answer", "Edit this answer"]
    house.member.presses("Edit this answer", line.message_id)
    await house.settle(seconds=30)
    assert "Can I drive" in seen_in(house, number)[-1].text


async def test_an_answer_that_a_button_got_is_seen_too(house: House, number: int) -> None:
    house.patient.says("can I drive home")
    await house.settle(seconds=30)
    house.patient.presses("Can I go back to work?")
    await house.settle(seconds=30)
    line = seen_in(house, number)[-1]
    assert line.text.endswith("chose a question. The bot answered: Can I go back to work?")
    assert [key.label for key in line.keys] == ["Edit this answer"]
    told = len(seen_in(house, number))
    house.patient.presses("That helped")
    await house.settle(seconds=30)
    assert len(seen_in(house, number)) == told


async def test_message_on_a_plan_opens_the_patients_topic(house: House) -> None:
    plan_id = await enrol(house)
    house.member.says("/patients")
    await house.settle(seconds=30)
    house.member.presses(await code_of(house, plan_id))
    await house.settle(seconds=30)
    house.member.presses("Message")
    await house.settle(seconds=30)
    number = await telegram_thread(house)
    house.member.presses("Message")
    await house.settle(seconds=30)
    told = house.world.from_bot(house.staff.chat_id)[-1]
    name = house.staff.chat.topics[number].name
    assert f"in the topic {name}." in told.text
    assert f'<a href="https://t.me/c/{-house.staff.chat_id - 10**12}/{number}">{name}</a>' in told.words.html
    house.member.says("How is it going?", thread=number)
    await house.settle(seconds=30)
    assert house.patient.last.text.endswith("How is it going?")


async def test_an_alert_leads_to_the_talk_once_somebody_has_taken_it(house: House) -> None:
    house.patient.says("I can't breathe and my chest hurts")
    await house.settle(seconds=30)
    house.member.presses("I take it")
    await house.settle(seconds=60)
    number = await telegram_thread(house)
    card = next(one for one in house.world.from_bot(house.staff.chat_id) if one.text.startswith("Emergency"))
    assert f"Talk: {house.staff.chat.topics[number].name}" in card.text
    assert f'/{number}">' in card.words.html


async def test_lines_that_wait_for_one_topic_are_joined_in_order(house: House, number: int) -> None:
    house.member.says("Tell me all.", thread=number)
    await house.settle(seconds=30)
    for count in range(19):
        house.patient.says(f"line {count} of what I have to say")
        await house.settle(seconds=0)
    await house.settle(seconds=180)
    shown = "\n".join(one.text for one in seen_in(house, number) if not one.text.startswith("Talk with"))
    places = [shown.find(f"line {count} of") for count in range(19)]
    assert -1 not in places
    assert places == sorted(places)


AT_ONCE = 5
"""So many write in the same moment; fifteen a minute, as the group takes twenty."""
SIZES = [
    pytest.param(12, 4, 120, id="an-hour"),
    pytest.param(200, 20, 10_000, id="weeks", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("patients", "staff", "count"), SIZES)
async def test_nothing_reaches_the_wrong_topic_and_nothing_is_lost_or_doubled(
    house: House, patients: int, staff: int, count: int
) -> None:
    people = [house.world.add_user(5000 + at, f"Patient{at}") for at in range(patients)]
    team = [house.staff.add(house.world.add_user(6000 + at, f"Member{at}")) for at in range(staff)]
    for person in people:
        person.says(QUESTION)
    await house.settle(seconds=60 * patients)
    numbers = {person.chat_id: await telegram_thread(house, person.chat_id) for person in people}
    choose = random.Random(8)
    to_staff: dict[int, set[str]] = {person.chat_id: set() for person in people}
    to_patient: dict[int, set[str]] = {person.chat_id: set() for person in people}
    for at in range(count):
        person, word = choose.choice(people), f"word{at:05}x"
        if choose.random() < 0.5:
            choose.choice(team).says(word, thread=numbers[person.chat_id])
            to_patient[person.chat_id].add(word)
        else:
            person.says(f"{word} is what I say")
            to_staff[person.chat_id].add(word)
        if at % AT_ONCE == 0:
            await house.pass_time(seconds=4 * AT_ONCE)
    await house.settle(seconds=10 * count)
    assert words_in(one for one in house.world.from_bot(house.staff.chat_id) if one.thread_id is None) == Counter()
    for person in people:
        chat_id = person.chat_id
        assert words_in(house.world.from_bot(chat_id)) == Counter(to_patient[chat_id])
        shown = seen_in(house, numbers[chat_id])
        assert words_in(one for one in shown if not one.text.startswith("Talk with")) == Counter(to_staff[chat_id])
        assert set(words_in(shown)) <= to_staff[chat_id] | to_patient[chat_id], "cards tell what was said here"


def words_in(shown: Iterable[Message]) -> Counter[str]:
    """How often each word of the trial stands there."""
    return Counter(word for one in shown for word in re.findall(r"word\d{5}x", one.text))
