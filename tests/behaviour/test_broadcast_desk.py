"""Staff write an announcement: its text, whom it is for, when it goes, the last look, and what comes after."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from bot.announcement import Audience, State
from bot.clock import to_us
from bot.model import Role, UserId
from bot.services import broadcast_file
from bot.simulator import faults
from bot.simulator.house import House
from bot.simulator.people import Participant, Person
from bot.simulator.state import Message
from bot.store import broadcasts, recipients
from bot.store import people as team
from bot.store.engine import Tx
from bot.store.tables import attachment, audit, broadcast, chat, enrolment
from tests.on_a_plan import enrol, plan_step, write_plan

TEXT = "{clinic_name}: we are closed on Friday."
SHOWN = "Demo Foot Clinic: we are closed on Friday."
DAY_US = 86_400_000_000


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


@pytest.fixture
async def people(house: House) -> list[Person]:
    """Three patients who agreed to messages, each with a phone."""
    found = []
    for number in range(3):
        person = house.world.add_user(5000 + number, "Patient")
        person.starts()
        found.append(person)
        await joined(house, f"P-{number + 1}", person.chat_id, area="calf" if number == 2 else "heel")
    await house.settle()
    return found


async def joined(house: House, code: str, chat_id: int, **values: object) -> int:
    return await enrol(house, code, chat_id, agreed_us=to_us(house.clock.now()), **values)


async def writes(house: House, text: str, by: Participant | None = None, *, is_html: bool = False) -> Message:
    """What the bot says last to a message in the chat of `by`: in the group, unless told."""
    by = by or house.member
    by.says(text, is_html=is_html)
    await house.settle(20)
    return newest(house, by)


async def answers(house: House, card: Message, text: str) -> Message:
    house.member.replies(card, text)
    await house.settle(20)
    return newest(house)


async def presses(house: House, label: str, on: Message, by: Participant | None = None) -> Message:
    """Press a button; the message that had it, as it looks then."""
    by = by or house.member
    by.presses(label, on.message_id)
    await house.settle(20)
    return shown(house, on, by)


def newest(house: House, by: Participant | None = None) -> Message:
    return house.world.from_bot((by or house.member).chat_id)[-1]


def shown(house: House, message: Message, by: Participant | None = None) -> Message:
    """The message as it looks now."""
    here = house.world.from_bot((by or house.member).chat_id)
    return next(one for one in here if one.message_id == message.message_id)


def labels(message: Message) -> list[str]:
    return [key.label for key in message.keys]


def data(message: Message, label: str) -> str:
    found = next(key.data for key in message.keys if key.label == label)
    assert found is not None
    return found


async def rows(house: House) -> list[sa.RowMapping]:
    async with house.app.store.read() as tx:
        return list((await tx.execute(sa.select(broadcast).order_by(broadcast.c.id))).mappings())


async def actions(house: House) -> list[str]:
    async with house.app.store.read() as tx:
        found = await tx.scalars(sa.select(audit.c.action).order_by(audit.c.id))
        return [action for action in found if action.startswith("broadcast_")]


def got(person: Person, words: str) -> int:
    """How many messages with these words are on this phone."""
    return sum(words in one.text for one in person.world.from_bot(person.chat_id))


async def looked_at(house: House, card: Message) -> Message:
    """The last look."""
    await presses(house, "Check and send", card)
    return newest(house)


# --- writing --------------------------------------------------------------------------------------------------------


async def test_the_text_behind_the_command_is_a_draft_at_once(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    assert card.text.splitlines() == [
        "Announcement, not sent yet",
        "",
        SHOWN,
        "",
        "Reply STOP to opt out.",
        "",
        "———",
        "Who gets it: Everyone who agreed to messages – 3 patients",
        "When: as soon as you send it",
        "Written by Member",
    ]
    assert labels(card) == ["Change text", "Add a link", "Who gets it", "When", "Check and send", "Throw away"]
    assert not any(got(person, "closed on Friday") for person in people)


async def test_formatting_is_kept(house: House, people: list[Person]) -> None:
    card = await writes(house, "/broadcast Demo Foot Clinic: closed on <b>Friday</b>.", is_html=True)
    bold = [entity for entity in card.words.entities if entity.type == "bold"]
    assert [card.text[one.offset : one.offset + one.length] for one in bold][1:] == ["Friday"]
    look = await looked_at(house, card)
    await presses(house, "Send to 3 patients", look)
    await house.settle(60)
    assert [entity.type for entity in people[0].last.words.entities] == ["bold"]


async def test_the_command_alone_takes_the_text_as_an_answer(house: House, people: list[Person]) -> None:
    start = await writes(house, "/broadcast")
    assert start.text.startswith("New announcement\n\nWrite it as an answer to this message.")
    card = await answers(house, start, TEXT)
    assert SHOWN in card.text
    assert shown(house, start).text == "It goes on below."
    assert labels(shown(house, start)) == []
    assert len(await rows(house)) == 1


async def test_a_template_brings_its_text_and_whom_it_is_for(house: House, people: list[Person]) -> None:
    start = await writes(house, "/broadcast")
    card = await presses(house, "Tips the day before a visit", start)
    assert "see you tomorrow at" in card.text
    assert "– 0 patients" in card.text
    assert "only patients who have one booked get it" in card.text
    await presses(house, "Back", await presses(house, "Who gets it", card))
    card = await presses(house, "Change text", card)
    assert card.text.startswith("Write the new text")
    card = await answers(house, card, TEXT)
    assert "tomorrow at" not in card.text
    assert len(await rows(house)) == 1


async def test_a_template_for_nobody_one_knows_says_so(house: House, people: list[Person], content_dir: Path) -> None:
    templates = content_dir / "en" / "broadcasts.yaml"
    templates.write_text(templates.read_text("utf-8").replace("audience: visit tomorrow", "audience: elbow"), "utf-8")
    await house.app.look_at_content()
    await house.settle(20)  # staff are told of it
    await presses(house, "Tips the day before a visit", await writes(house, "/broadcast"))
    assert newest(house).text.startswith("I don't know who is meant by “elbow”.")


async def test_a_photo_with_words(house: House, people: list[Person]) -> None:
    house.member.sends_photo(f"/broadcast {TEXT}")
    await house.settle()
    card = newest(house)
    assert "Photo: yes" in card.text
    look = await looked_at(house, card)
    copy = house.world.from_bot(house.staff.chat_id)[-2]
    assert copy.media is not None
    assert copy.text.startswith(SHOWN)
    assert "of 1,024 that fit" in look.text
    await presses(house, "Send to 3 patients", look)
    await house.settle(60)
    assert people[0].last.media is not None
    assert people[0].last.text.startswith(SHOWN)


async def test_a_photo_can_be_added_and_removed(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    house.member.sends_photo(reply_to=card.message_id)
    await house.settle()
    card = newest(house)
    assert "Photo: yes" in card.text
    assert SHOWN in card.text
    assert "Photo" not in (await presses(house, "Remove photo", card)).text
    house.member.sends_sticker()
    await house.settle()
    assert newest(house).message_id == card.message_id, "a sticker in the group is no answer"


async def test_links_are_added_and_removed(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    card = await presses(house, "Add a link", card)
    assert "Book a visit https://" in card.text
    assert (await answers(house, card, "example.org")).text.startswith("I need words and an address")
    card = await answers(house, card, "Book a visit https://example.org/book")
    assert "Button: Book a visit (https://example.org/book)" in card.text
    card = await presses(house, "Add a link", card)
    card = await answers(house, card, "Our page http://example.org")
    assert "Please change: A link has to begin with https://" in card.text
    assert "Check and send" not in labels(card)
    card = await presses(house, "Remove links", card)
    assert "Button" not in card.text
    assert "Check and send" in labels(card)


async def test_an_edited_message_changes_the_text_it_was(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    said = next(one for one in house.staff.chat.newest_first() if one.text.startswith("/broadcast"))
    house.member.edits(said, f"/broadcast {TEXT} And on Monday.")
    await house.settle(20)
    assert "And on Monday." in shown(house, card).text
    answer = house.member.replies(card, f"{TEXT} Not on Monday.")
    await house.settle(20)
    card = newest(house)
    house.member.edits(said, f"/broadcast {TEXT} That was before.")
    house.member.edits(answer, f"{TEXT} On Tuesday.")
    await house.settle(20)
    assert "On Tuesday." in shown(house, card).text
    assert len(await rows(house)) == 1
    look = await looked_at(house, card)
    await presses(house, "Send to 3 patients", look)
    house.member.edits(answer, f"{TEXT} Too late.")
    await house.settle(60)
    assert any(text.startswith("That one has been sent.") for text in house.staff_texts)
    assert got(people[0], "On Tuesday.") == 1
    assert got(people[0], "Too late.") == 0


async def test_what_is_wrong_with_a_text_is_said_and_it_cannot_be_sent(house: House) -> None:
    card = await writes(house, "/broadcast Hello {frist_name}, your heel pain is gone.")
    assert "Please change: Nobody fills in {frist_name}." in card.text
    assert "Please look: Anybody can read “pain” on a locked phone" in card.text
    assert "Check and send" not in labels(card)


async def test_a_text_longer_than_a_card_is_shown_in_part(house: House, people: list[Person]) -> None:
    card = await writes(house, "/broadcast {clinic_name}: " + "we are closed. " * 200)
    assert "this is the beginning" in card.text
    look = await looked_at(house, card)
    assert "letters of 4,096 that fit" in look.text
    copy = house.world.from_bot(house.staff.chat_id)[-2]
    assert copy.text.count("we are closed.") == 200


async def test_throwing_away_is_noted_and_sends_nothing(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    old = data(card, "Who gets it")
    card = await presses(house, "Throw away", card)
    assert card.text == "Member threw this announcement away. Nothing was sent."
    assert labels(card) == []
    house.world.forge_press(house.member.user, house.staff.chat_id, card.message_id, old)
    await house.settle(20)
    assert shown(house, card).text == "“we are closed on Friday.” is past that: cancelled."
    assert await actions(house) == ["broadcast_draft", "broadcast_cancel"]


# --- whom it is for -------------------------------------------------------------------------------------------------


async def test_whom_it_is_for_by_buttons(house: House, people: list[Person]) -> None:
    await joined(house, "P-9", 6000, treated_us=to_us(house.clock.now()) - 20 * DAY_US)
    card = await writes(house, f"/broadcast {TEXT}")
    card = await presses(house, "Who gets it", card)
    assert "4 patients" in card.text
    card = await presses(house, "Treated in 7 days", card)
    assert "3 patients" in card.text
    assert "on: Treated in 7 days" in labels(card)
    card = await presses(house, "Treated in 30 days", card)
    assert "4 patients" in card.text
    assert "on: Treated in 7 days" not in labels(card)
    card = await presses(house, "Visit tomorrow", card)
    assert "0 patients" in card.text
    card = await presses(house, "None booked", card)
    assert "on: Visit tomorrow" not in labels(card)
    card = await presses(house, "Everyone", card)
    assert not any(label.startswith("on:") for label in labels(card))
    card = await presses(house, "Back", card)
    assert "Who gets it: Everyone who agreed to messages – 4 patients" in card.text


async def test_a_second_tap_on_a_choice_changes_nothing(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    card = await presses(house, "Who gets it", card)
    tap = data(card, "Treated in 7 days")
    for _ in range(2):
        house.world.forge_press(house.member.user, house.staff.chat_id, card.message_id, tap)
    await house.settle(20)
    assert (await rows(house))[0]["audience"] == Audience(treated_days=7).to_json()


async def test_areas_have_a_menu_of_their_own(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    card = await presses(house, "Who gets it", card)
    card = await presses(house, "Area …", card)
    card = await presses(house, "Heel", card)
    assert "on: Heel" in labels(card)
    assert "2 patients" in card.text
    card = await presses(house, "Back", card)
    assert "Treated in 7 days" in labels(card)


async def test_podiatrists_are_chosen_by_name(house: House, people: list[Person]) -> None:
    """By the names that /team shows, whoever of the team treats."""
    bot_id, now_us = house.app.settings.bot_id, to_us(house.clock.now())
    async with house.app.store.write() as tx:
        for number, name in ((71, "Ann"), (72, "Bob")):
            await team.give_role(house.app.store, tx, bot_id, UserId(number), Role.CLINICIAN, name, now_us)
    await joined(house, "P-9", 6000, podiatrist_id=71)
    card = await presses(house, "Who gets it", await writes(house, f"/broadcast {TEXT}"))
    card = await presses(house, "Podiatrist …", card)
    assert labels(card)[:2] == ["Podiatrist Ann", "Podiatrist Bob"]
    card = await presses(house, "Podiatrist Ann", card)
    assert "With podiatrist Ann – 1 patient" in card.text
    async with house.app.store.write() as tx:
        await team.remove(tx, bot_id, UserId(71), now_us)
    card = await presses(house, "Back", await presses(house, "Back", card))
    assert "With podiatrist Ann – 1 patient" in card.text, "who has left has a name all the same"
    card = await presses(house, "Who gets it", card)
    assert "With podiatrist Bob – 0 patients" in (await answers(house, card, "bob")).text


async def test_whom_it_is_for_in_one_line(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    card = await presses(house, "Who gets it", card)
    assert (await answers(house, card, "heel, last fortnite")).text.startswith("I don't know who is meant by")
    card = await answers(house, card, "heel, last 14 days")
    assert "2 patients" in card.text
    assert SHOWN in card.text


# --- when -----------------------------------------------------------------------------------------------------------


async def test_when_it_goes(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    card = await presses(house, "When", card)
    assert "Times are those of Europe/London." in card.text
    assert labels(card) == ["Now", "Today 17:00", "Tomorrow 09:00", "Send outside these hours", "Back"]
    assert (await answers(house, card, "soon")).text.startswith("I can't read that as a time.")
    assert (await answers(house, card, "9:00")).text.startswith("Monday 23 November 2026, 09:00 is over.")
    assert (await answers(house, card, "24 Nov 2027 10:00")).text.startswith("That is more than 90 days ahead.")
    card = await answers(house, card, "tomorrow 10:30")
    assert "When: Tuesday 24 November 2026, 10:30 (Europe/London)" in card.text
    card = await presses(house, "When", card)
    card = await presses(house, "Today 17:00", card)
    assert "When: Monday 23 November 2026, 17:00 (Europe/London)" in card.text
    card = await presses(house, "When", card)
    card = await presses(house, "Now", card)
    assert "When: as soon as you send it" in card.text


async def test_the_evening_has_to_be_asked_for(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    card = await presses(house, "When", card)
    card = await answers(house, card, "19:00")
    moved = "Announcements go out from 09:00 to 18:00, so it starts Tuesday 24 November 2026, 09:00."
    assert moved in card.text
    card = await presses(house, "When", card)
    card = await presses(house, "Send outside these hours", card)
    assert moved not in card.text
    card = await presses(house, "Back", card)
    look = await looked_at(house, card)
    assert "Starts: Monday 23 November 2026, 19:00 (Europe/London)." in look.text
    await presses(house, "Send to 3 patients", look)
    await house.pass_time(hours=6)
    assert got(people[0], "closed on Friday") == 0
    await house.pass_time(hours=1, minutes=5)
    assert got(people[0], "closed on Friday") == 1


async def test_a_time_that_went_by_while_the_card_lay_there(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    card = await presses(house, "When", card)
    await house.pass_time(hours=6)
    card = await presses(house, "Today 17:00", card)
    assert newest(house).text.startswith("Monday 23 November 2026, 17:00 is over.")
    assert "When: as soon as you send it" in card.text


# --- the last look --------------------------------------------------------------------------------------------------


async def test_the_last_look_says_all_there_is_to_know(house: House, people: list[Person]) -> None:
    plan_id = await joined(house, "P-9", 6000)
    await plan_step(house, plan_id, "first", hours=3)
    people[2].says("STOP")
    await house.settle()
    async with house.app.store.write() as tx:
        await tx.execute(chat.update().where(chat.c.chat_id == people[1].chat_id).values(unreachable_us=1))
    card = await writes(house, f"/broadcast {TEXT}")
    look = await looked_at(house, card)
    assert shown(house, card).text == "It goes on below."
    copy = house.world.from_bot(house.staff.chat_id)[-2]
    assert copy.text == f"{SHOWN}\n\nReply STOP to opt out."
    assert look.text.splitlines() == [
        "Ready to send? Above is what each patient gets.",
        "",
        "Goes to: 2 patients (Everyone who agreed to messages)",
        "Left out: 2 patients",
        "– 1: said STOP",
        "– 1: can't be reached on Telegram",
        "Longest copy: 66 letters of 4,096 that fit",
        "On a locked screen: “Demo Foot Clinic: we are closed on Friday. Reply STOP to opt…”",
        "Starts: Monday 23 November 2026, 12:00 (Europe/London). Takes less than a minute. Ends: 12:00.",
        "Note: a check-in comes that day too, for 1 patient. Nobody gets more than two messages a day from us: a third "
        "one moves to the next day or is left out.",
    ]
    assert labels(look) == ["Send to 2 patients", "Back"]


async def test_tomorrow_is_asked_about_where_patients_read_it_on_another_day(
    house: House, people: list[Person]
) -> None:
    card = await writes(house, "/broadcast {clinic_name}: we open late tomorrow.")
    assert "Note: the text says" not in (await looked_at(house, card)).text
    card = await writes(house, "/broadcast {clinic_name}: we open late tomorrow.")
    card = await presses(house, "When", card)
    card = await presses(house, "Tomorrow 09:00", card)
    asked = "Note: the text says “tomorrow”, and patients read it on Tuesday 24 November or later. Is it right then?"
    assert asked in (await looked_at(house, card)).text


async def test_it_goes_out_once_confirmed(house: House, people: list[Person]) -> None:
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    send = data(look, "Send to 3 patients")
    look = await presses(house, "Send to 3 patients", look)
    assert look.text.startswith("Confirmed by Member: “we are closed on Friday.")
    house.world.forge_press(house.member.user, house.staff.chat_id, look.message_id, send)
    await house.settle(60)
    assert [got(person, "closed on Friday") for person in people] == [1, 1, 1]
    assert await actions(house) == ["broadcast_draft", "broadcast_confirm"]


async def test_what_changed_since_is_looked_at_again(house: House, people: list[Person]) -> None:
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    people[0].says("STOP")
    await house.settle()
    await presses(house, "Send to 3 patients", look)
    again = newest(house)
    assert again.message_id != look.message_id
    assert again.text.startswith("Something changed since you looked.")
    assert (await rows(house))[0]["state"] == State.DRAFT
    await presses(house, "Send to 2 patients", again)
    await house.settle(60)
    assert [got(person, "closed on Friday") for person in people] == [0, 1, 1]


async def test_an_old_card_cannot_send_a_text_written_since(house: House, people: list[Person]) -> None:
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    send = data(look, "Send to 3 patients")
    await answers(house, look, "{clinic_name}: something else.")
    house.world.forge_press(house.member.user, house.staff.chat_id, look.message_id, send)
    await house.settle(60)
    assert newest(house).text.startswith("Something changed since you looked.")
    assert not any(got(person, "closed on Friday") + got(person, "something else") for person in people)


async def test_nobody_to_send_to(house: House) -> None:
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    assert "Nobody would get it." in look.text
    assert labels(look) == ["Back"]


async def test_closures_and_others_on_their_way_are_named(
    house: House, people: list[Person], content_dir: Path
) -> None:
    clinic = content_dir / "clinic.yaml"
    clinic.write_text(clinic.read_text("utf-8").replace("first: 2026-12-24", "first: 2026-11-24"), "utf-8")
    await house.app.look_at_content()
    await house.settle(20)  # staff are told of it
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    await presses(house, "Send to 3 patients", look)
    async with house.app.store.write() as tx:
        await broadcasts.set_values(tx, 1, state=State.PAUSED)
    card = await presses(house, "When", await writes(house, "/broadcast {clinic_name}: we have moved."))
    card = await presses(house, "Tomorrow 09:00", card)
    look = await looked_at(house, card)
    assert "Note: the clinic is closed that day (Christmas and New Year)." in look.text
    assert "Note: another announcement is on its way (“we are closed on Friday." in look.text


# --- a second person ------------------------------------------------------------------------------------------------


@pytest.fixture
async def two_people(house: House, content_dir: Path) -> None:
    clinic = content_dir / "clinic.yaml"
    text = clinic.read_text("utf-8")
    clinic.write_text(text.replace("broadcast_needs_second: no", "broadcast_needs_second: yes"), "utf-8")
    await house.app.look_at_content()
    await house.settle(20)  # staff are told of it


@pytest.mark.usefixtures("two_people")
async def test_a_colleague_confirms(house: House, people: list[Person]) -> None:
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    assert labels(look) == ["Ask a colleague", "Back"]
    propose = data(look, "Ask a colleague")
    look = await presses(house, "Ask a colleague", look)
    assert look.text.startswith("Member asks a colleague to confirm this announcement.")
    house.world.forge_press(house.member.user, house.staff.chat_id, look.message_id, propose)  # the second tap of two
    look = await presses(house, "Send to 3 patients", look)
    assert look.text.startswith("You wrote this, so a colleague has to confirm it.")
    assert (await rows(house))[0]["state"] == State.PROPOSED
    colleague = house.staff.add(house.world.add_user(13, "Colleague"))
    look = await presses(house, "Send to 3 patients", look, colleague)
    assert look.text.startswith("Confirmed by Colleague")
    await house.settle(60)
    assert [got(person, "closed on Friday") for person in people] == [1, 1, 1]
    (row,) = await rows(house)
    assert (row["created_by"], row["approved_by"]) == (house.member.user_id, 13)


@pytest.mark.usefixtures("two_people")
async def test_whoever_changes_a_proposal_has_written_it(house: House, people: list[Person]) -> None:
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    look = await presses(house, "Ask a colleague", look)
    colleague = house.staff.add(house.world.add_user(13, "Colleague"))
    colleague.replies(look, "{clinic_name}: we are closed on Monday.")
    await house.settle(20)
    card = newest(house)
    assert "Written by Colleague" in card.text
    look = await looked_at(house, card)
    assert labels(look) == ["Ask a colleague", "Back"]
    look = await presses(house, "Ask a colleague", look, colleague)
    look = await presses(house, "Send to 3 patients", look, colleague)
    assert look.text.startswith("You wrote this")
    look = await presses(house, "Send to 3 patients", look)
    assert look.text.startswith("Confirmed by Member")


@pytest.mark.usefixtures("two_people")
async def test_what_an_owner_writes_privately_is_confirmed_in_the_group(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}", house.owner)
    await presses(house, "Check and send", card, house.owner)
    look = await presses(house, "Ask a colleague", newest(house, house.owner), house.owner)
    assert look.text.startswith("Your colleagues have it now.")
    there = newest(house)
    assert there.text.startswith("Owner asks a colleague to confirm this announcement.")
    assert house.world.from_bot(house.staff.chat_id)[-2].text.startswith(SHOWN)
    there = await presses(house, "Send to 3 patients", there)
    assert there.text.startswith("Confirmed by Member")
    await house.settle(60)
    assert [got(person, "closed on Friday") for person in people] == [1, 1, 1]


async def to_correct(house: House, text: str) -> Message:
    """The question about a new text for the announcement that was sent last."""
    card = next(one for one in reversed(house.world.from_bot(house.staff.chat_id)) if "Correct" in labels(one))
    await presses(house, "Correct", card)
    return await answers(house, newest(house), text)


@pytest.mark.usefixtures("two_people")
async def test_a_colleague_confirms_a_new_text_too(house: House, people: list[Person]) -> None:
    colleague = house.staff.add(house.world.add_user(13, "Colleague"))
    look = await presses(house, "Ask a colleague", await looked_at(house, await writes(house, f"/broadcast {TEXT}")))
    await presses(house, "Send to 3 patients", look, colleague)
    await house.settle(60)
    sure = await to_correct(house, "{clinic_name}: we are closed on Monday.")
    assert sure.text.endswith("A colleague has to confirm it before it goes out.")
    await presses(house, "Correct 3 messages", sure)
    assert newest(house).text == "You wrote this, so a colleague has to confirm it."
    await house.settle(60)
    assert [got(person, "closed on Monday") for person in people] == [0, 0, 0]
    sure = await presses(house, "Correct 3 messages", sure, colleague)
    assert sure.text.startswith("Colleague corrected it.")
    await house.settle(60)
    assert [got(person, "closed on Monday") for person in people] == [1, 1, 1]


# --- on its way -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def planned(house: House, people: list[Person]) -> Message:
    """The card of an announcement that goes out tomorrow morning."""
    card = await presses(house, "When", await writes(house, f"/broadcast {TEXT}"))
    look = await looked_at(house, await presses(house, "Tomorrow 09:00", card))
    await presses(house, "Send to 3 patients", look)
    await house.settle(30)
    return newest(house)


async def test_pause_and_go_on(house: House, people: list[Person], planned: Message) -> None:
    await presses(house, "Pause", planned)
    assert newest(house).text.startswith("Member paused it.")
    assert "Go on" in labels(shown(house, planned))
    await house.pass_time(hours=24)
    assert got(people[0], "closed on Friday") == 0
    await presses(house, "Go on", shown(house, planned))
    assert "Member let it go on." in house.staff_texts
    await house.settle(120)
    assert got(people[0], "closed on Friday") == 1


async def test_the_rest_is_cancelled_once_asked(house: House, people: list[Person], planned: Message) -> None:
    await presses(house, "Cancel the rest", planned)
    question = newest(house)
    assert question.text.startswith("Cancel the rest of “we are closed on Friday.")
    assert "Sent: 0 messages. Not sent yet: 3 messages." in question.text
    question = await presses(house, "Leave it as it is", question)
    assert question.text == "Nothing was changed."
    await presses(house, "Cancel the rest", question)
    sure = newest(house)
    again = data(sure, "Yes, cancel the rest")
    sure = await presses(house, "Yes, cancel the rest", sure)
    assert sure.text.startswith("Member cancelled the rest.")
    house.world.forge_press(house.member.user, house.staff.chat_id, sure.message_id, again)
    await house.pass_time(hours=24)
    assert got(people[0], "closed on Friday") == 0


async def test_a_sent_one_is_corrected_once_it_was_seen(house: House, people: list[Person]) -> None:
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    await presses(house, "Send to 3 patients", look)
    await house.settle(60)
    card = next(one for one in reversed(house.world.from_bot(house.staff.chat_id)) if "Correct" in labels(one))
    await presses(house, "Correct", card)
    asked = newest(house)
    assert (await answers(house, asked, "Closed {friday}")).text.startswith("Please change: Nobody fills in {friday}.")
    sure = await answers(house, asked, "{clinic_name}: we are closed on <Monday>.")
    assert "we are closed on <Monday>." in sure.text
    assert "3 messages on patients' phones will be changed to this." in sure.text
    tap = data(sure, "Correct 3 messages")
    sure = await presses(house, "Correct 3 messages", sure)
    assert sure.text.startswith("Member corrected it. 3 messages will be changed")
    house.world.forge_press(house.member.user, house.staff.chat_id, sure.message_id, tap)
    await house.settle(60)
    assert [got(person, "closed on <Monday>") for person in people] == [1, 1, 1]
    assert [got(person, "closed on Friday") for person in people] == [0, 0, 0]
    assert (await actions(house)).count("broadcast_correct") == 1


async def test_the_words_under_a_picture_are_corrected(house: House, people: list[Person]) -> None:
    house.member.sends_photo(f"/broadcast {TEXT}")
    await house.settle()
    await presses(house, "Send to 3 patients", await looked_at(house, newest(house)))
    await house.settle(60)
    sure = await to_correct(house, "{clinic_name}: we are closed on Monday.")
    await presses(house, "Correct 3 messages", sure)
    await house.settle(60)
    assert people[0].last.media is not None
    assert "closed on Monday" in people[0].last.text


async def test_a_copy_in_doubt_is_named_and_sent_again_by_a_button(house: House, people: list[Person]) -> None:
    chat_id = people[0].chat_id
    house.world.faults.add(faults.lose_answer(), method="sendMessage", chat_id=chat_id, times=1)
    await presses(house, "Send to 3 patients", await looked_at(house, await writes(house, f"/broadcast {TEXT}")))
    await house.settle(120)
    sure = await to_correct(house, "{clinic_name}: we are closed on Monday.")
    assert sure.text.endswith(
        "May not have arrived: 1 message. If they did, they stay as they are: they can be neither changed nor deleted."
    )
    card = next(one for one in reversed(house.world.from_bot(house.staff.chat_id)) if "Take back" in labels(one))
    await presses(house, "Take back", card)
    assert "May not have arrived: 1 message." in newest(house).text
    await presses(house, "Send again: 1 message", card)
    assert "Member sent the copies again that may not have arrived. They are marked as a repeat." in house.staff_texts
    await house.settle(120)
    assert [got(person, "closed on Friday") for person in people] == [2, 1, 1]


async def test_a_sent_one_is_taken_back_once_asked(house: House, people: list[Person]) -> None:
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    await presses(house, "Send to 3 patients", look)
    await house.settle(60)
    card = next(one for one in reversed(house.world.from_bot(house.staff.chat_id)) if "Take back" in labels(one))
    await presses(house, "Take back", card)
    question = newest(house)
    assert "deleted from the phones of those who got it: 3 messages." in question.text
    question = await presses(house, "Yes, take it back", question)
    assert question.text.startswith("Member took it back.")
    await house.settle(60)
    assert [got(person, "closed on Friday") for person in people] == [0, 0, 0]
    async with house.app.store.read() as tx:
        files = await tx.scalars(sa.select(attachment.c.content).order_by(attachment.c.id.desc()))
        report = (files.first() or b"").decode("utf-8-sig")
    assert report.count("taken back") == 3, "it reads as the patients' phones look"


async def test_the_command_lists_those_on_their_way(house: House, planned: Message) -> None:
    start = await writes(house, "/broadcast")
    assert "“we are closed on Friday.”: waits for its time" in start.text
    await presses(house, "Open: we are closed on Friday.", start)
    assert {"Pause", "Cancel the rest"} <= set(labels(newest(house)))
    await presses(house, "Pause", newest(house))
    assert newest(house).text.startswith("Member paused it.")
    assert "Go on" in labels(newest(house))


async def test_an_earlier_one_is_used_again(house: House, people: list[Person]) -> None:
    assert (
        "No announcement has been sent yet."
        in (await presses(house, "Earlier announcements", await writes(house, "/broadcast"))).text
    )
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    await presses(house, "Send to 3 patients", look)
    await house.settle(60)
    start = await presses(house, "Earlier announcements", await writes(house, "/broadcast"))
    card = await presses(house, "we are closed on Friday.", start)
    assert card.text.count("Reply STOP to opt out.") == 1
    assert SHOWN in card.text


@pytest.mark.parametrize(
    ("whom", "again"),
    [
        pytest.param("heel, last 14 days", "Heel, treated in the last 14 days – 2 patients", id="kept"),
        pytest.param("heel, visit tomorrow", "Heel – 2 patients", id="its days are over"),
    ],
)
async def test_an_earlier_one_brings_back_whom_it_was_for(
    house: House, people: list[Person], whom: str, again: str
) -> None:
    async with house.app.store.write() as tx:
        visit_us = house.clock.now_us() + DAY_US
        await tx.execute(sa.update(enrolment).values(visit_us=visit_us))
    card = await writes(house, f"/broadcast {TEXT}")
    await presses(house, "Who gets it", card)
    card = await answers(house, shown(house, card), whom)
    await presses(house, "Send to 2 patients", await looked_at(house, card))
    await house.settle(60)
    start = await presses(house, "Earlier announcements", await writes(house, "/broadcast"))
    card = await presses(house, "we are closed on Friday.", start)
    assert f"Who gets it: {again}" in card.text
    is_told = any(text.startswith("That one was for visits on certain days") for text in house.staff_texts)
    assert is_told == ("tomorrow" in whom)


# --- rights ---------------------------------------------------------------------------------------------------------


async def test_who_may_write_one(house: House, people: list[Person]) -> None:
    assert (await writes(house, f"/broadcast {TEXT}", people[0])).text.startswith("That is only for clinic staff")
    assert SHOWN in (await writes(house, f"/broadcast {TEXT}", house.owner)).text
    elsewhere = house.world.add_group("Another group").add(house.owner)
    elsewhere.says(f"/broadcast {TEXT}")
    await house.settle()
    assert len(await rows(house)) == 1


async def test_a_forged_press_does_nothing(house: House, people: list[Person]) -> None:
    card = await writes(house, f"/broadcast {TEXT}")
    real = data(card, "Throw away")
    look = await looked_at(house, card)
    send = data(look, "Send to 3 patients")
    house.world.forge_press(people[0].user, people[0].chat_id, people[0].last.message_id, send)
    house.world.forge_press(
        house.member.user, house.staff.chat_id, look.message_id, send.replace("bc:send", "bc:cancelsure")
    )
    house.world.forge_press(
        house.member.user, house.staff.chat_id, look.message_id, real.replace("discard:1", "discard:x")
    )
    house.world.forge_press(house.member.user, house.staff.chat_id, look.message_id, send[:-1] + "!")
    await house.settle(60)
    (row,) = await rows(house)
    assert row["state"] == State.DRAFT
    assert not any(got(person, "closed on Friday") for person in people)


# --- nobody waits for a count ----------------------------------------------------------------------------------------


async def test_nothing_long_is_counted_while_others_wait_to_write(
    house: House, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 100,000 plans each of these takes a second: never on the connection that writes."""
    counted = set[str]()

    def watch(module: ModuleType, name: str) -> None:
        original = getattr(module, name)

        async def watched(tx: Tx, *more: Any) -> Any:
            assert await tx.scalar(sa.text("pragma query_only")) == 1, name
            counted.add(name)
            return await original(tx, *more)

        monkeypatch.setattr(module, name, watched)

    for name in ("count", "first_chats", "check_ins_between"):
        watch(recipients, name)
    watch(broadcasts, "counts")
    watch(broadcast_file, "draw")
    look = await looked_at(house, await writes(house, f"/broadcast {TEXT}"))
    await presses(house, "Send to 3 patients", look)
    await house.settle(60)
    assert [got(person, "closed on Friday") for person in people] == [1, 1, 1]
    card = next(one for one in reversed(house.world.from_bot(house.staff.chat_id)) if "Take back" in labels(one))
    await presses(house, "Take back", card)
    await presses(house, "Yes, take it back", newest(house))
    await house.settle(60)
    assert [got(person, "closed on Friday") for person in people] == [0, 0, 0]
    assert counted == {"count", "first_chats", "check_ins_between", "counts", "draw"}
