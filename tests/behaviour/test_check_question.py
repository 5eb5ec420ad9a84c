"""One safety question where something may be serious or harmless, what the answer leads to, and what silence does."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from bot.clock import to_us
from bot.core.outcome import State
from bot.model import ChatId
from bot.simulator.house import House
from bot.store import chats
from tests.on_a_plan import enrol

ASKED = {
    "chest_pain_breathless": "quoffing",
    "suspected_dvt": "zimmering",
    "infection_spreading": "snarfling",
    "self_harm": "mirkled",
    "mild_skin_reaction": "plaffing",
}
"""Words of no language that these tests make doubtful signs, so that the clinic may write its own as it likes."""
SIGN = "grommelled"
"""The same as a plain sign of `suspected_dvt`."""
JUMPED = "is it normal that my leg jumped"
SWOLLEN = "Is that leg more swollen than the other?"
SAFETY = "If you have trouble breathing, chest pain or heavy bleeding, or somebody collapses, call now:\n999"
PROMISE = "If that changes, write to me or ring us:\n01632 960123"


@pytest.fixture(scope="module")
def red_flags() -> str:
    """The clinic's `red_flags.yaml` with these words in it."""
    read = yaml.safe_load((Path(__file__).parents[2] / "faq" / "en" / "red_flags.yaml").read_text("utf-8"))
    for flag in read["red_flags"]:
        if word := ASKED.get(flag["id"]):
            flag["ask_if"] = [*(flag.get("ask_if") or ()), word]
        if flag["id"] == "suspected_dvt":
            flag["signs"] = [*flag["signs"], SIGN]
    written: str = yaml.safe_dump(read, allow_unicode=True, sort_keys=False)
    return written


@pytest.fixture
def content_dir(content_dir: Path, red_flags: str) -> Path:
    """The clinic's content with these words in it, and without the messages that might teach a doubt of their own."""
    (content_dir / "en" / "red_flags.yaml").write_text(red_flags, "utf-8")
    (content_dir / "en" / "red_flag_messages.yaml").unlink(missing_ok=True)
    return content_dir


async def says(house: House, text: str) -> str:
    """What the bot said last, once all is quiet."""
    house.patient.says(text)
    await house.settle()
    return house.patient.last.text


async def is_open(house: House) -> bool:
    """Whether a question waits for an answer."""
    chat_id = ChatId(house.patient.chat_id)
    async with house.app.store.read() as tx:
        talks = await chats.talks_with(tx, house.app.settings.bot_id, [chat_id])
    return State.from_json(talks[chat_id].state).check is not None


def cards(house: House) -> list[str]:
    """Cards about signs of danger."""
    return [text for text in house.staff_texts if text.startswith(("Emergency", "Urgent", "Advise"))]


# --- the question ----------------------------------------------------------------------------------------------------


async def test_the_question_comes_with_the_number_and_without_an_answer(house: House) -> None:
    last = await says(house, f"{JUMPED} and it is zimmering")
    assert last.splitlines()[0] == "I'd like to ask one thing first.", "nothing to see on a locked screen"
    assert SWOLLEN in last
    assert SAFETY in last
    assert house.labels == ["Yes", "No", "Not sure"]
    assert not any("Here is what the clinic says" in text for text in house.bot_texts)
    assert house.staff_texts == []


@pytest.mark.parametrize("answer", ["Yes", "Not sure", "yes", "yeah it is", "maybe", "dont know"])
async def test_yes_and_doubt_are_the_sign(house: House, answer: str) -> None:
    await says(house, "my calf is zimmering")
    if answer in house.labels:
        house.patient.presses(answer)
    else:
        house.patient.says(answer)
    await house.settle()
    assert "Somebody needs to look at this today." in house.patient.last.text
    assert "Ring us now: 01632 960123" in house.patient.last.text
    (card,) = cards(house)
    assert card.startswith("Urgent")
    assert "my calf is zimmering" in card, "the words that began it"
    assert SWOLLEN in card
    assert not await is_open(house)
    await house.pass_time(hours=1)
    assert not any("have not heard from you" in text for text in house.bot_texts)


@pytest.mark.parametrize("answer", ["No", "no", "No, it isn't"])
async def test_no_leads_to_the_answer(house: House, answer: str) -> None:
    await says(house, f"{JUMPED}, zimmering")
    if answer == "No":
        house.patient.presses(answer)
    else:
        house.patient.says(answer)
    await house.settle()
    last = house.patient.last.text
    assert last.startswith(PROMISE)
    assert "Here is what the clinic says." in last
    await house.pass_time(hours=1)
    assert house.staff_texts == [], "and nothing more comes of it"


async def test_no_to_what_nobody_understands_goes_to_people(house: House) -> None:
    await says(house, "do you sell gift vouchers, zimmering")
    last = await says(house, "no")
    assert last.startswith(PROMISE)
    assert "passed your message to our team" in last
    card = house.staff_texts[-1]
    assert card.startswith("Question")
    assert "gift vouchers" in card
    assert SWOLLEN in card


async def test_no_to_one_of_two_doubts_goes_to_people(house: House) -> None:
    await says(house, f"{JUMPED}, quoffing and zimmering")
    assert "trouble getting your breath" in house.patient.last.text, "the worse is asked about"
    last = await says(house, "no")
    assert "Here is what the clinic says." not in last
    assert "passed your message to our team" in last


async def test_a_milder_doubt_is_asked_about_too_and_nobody_is_hurried(house: House) -> None:
    last = await says(house, "my skin is plaffing")
    assert "Is there an itchy rash" in last
    await house.pass_time(hours=1)
    assert len(house.bot_texts) == 2, "the start screen and the question"
    assert house.staff_texts == []


async def test_what_has_always_been_so_is_asked_about(house: House) -> None:
    last = await says(house, "it has always been grommelled, same as ever")
    assert "Is it new or worse since your treatment?" in last
    assert "grommelled" not in "".join(cards(house))
    assert "Somebody needs to look at this today." in await says(house, "a bit worse")


# --- thoughts of self-harm -------------------------------------------------------------------------------------------


async def test_a_doubt_about_self_harm_is_told_at_once_and_asked_warmly(house: House) -> None:
    last = await says(house, "everything is mirkled")
    assert last.startswith("Thank you for telling me.")
    lines = last.splitlines()
    assert {"Samaritans 116 123", "Childline 0800 1111", "999"} <= set(lines), "each on a line of its own"
    (card,) = cards(house)
    assert card.startswith("Emergency")
    assert "everything is mirkled" in card
    last = await says(house, "no")
    assert last.startswith("Thank you for answering")
    assert "Samaritans 116 123" in last.splitlines()
    assert "Here is what the clinic says." not in last
    assert not await is_open(house)
    assert len(house.staff_texts) > 1, "staff hear of the answer"


async def test_no_to_self_harm_stays_with_staff_as_urgent(house: House) -> None:
    await says(house, "everything is mirkled")
    await says(house, "no")
    await house.pass_time(minutes=9)
    (card,) = cards(house)
    assert card.startswith("Urgent"), "the same card"
    assert "Answer: No" in card
    await house.pass_time(minutes=2)
    unseen = house.patient.last.text
    assert unseen.startswith("Nobody from the clinic has seen this yet.")
    assert unseen.index("Samaritans 116 123") < unseen.index("In danger now?")
    await house.pass_time(minutes=25)
    assert not any(text.startswith("Emergency") for text in cards(house))


async def test_no_to_self_harm_takes_back_no_plain_sign(house: House) -> None:
    await says(house, "I want to kill myself")
    await house.pass_time(minutes=130)
    await says(house, "everything is mirkled")
    await says(house, "no")
    await house.settle(20)
    assert cards(house)[-1].startswith("Emergency")


async def test_no_after_staff_were_told_reaches_them(house: House) -> None:
    await says(house, "I am quoffing")
    await house.pass_time(minutes=11)
    await says(house, "no")
    await house.settle(20)
    (card,) = cards(house)
    assert card.startswith("Urgent")
    assert "Answer: No" in card


async def test_yes_to_self_harm_names_both_lines(house: House) -> None:
    await says(house, "everything is mirkled")
    last = await says(house, "yes")
    assert last.startswith("I'm really glad you told me.")
    assert {"Samaritans 116 123", "Childline 0800 1111"} <= set(last.splitlines())
    assert "If you are under 18:" in last


# --- meanwhile -------------------------------------------------------------------------------------------------------


async def test_another_question_meanwhile_is_answered_and_the_first_one_put_again_once(house: House) -> None:
    await says(house, "my calf is zimmering")
    last = await says(house, JUMPED)
    assert "Here is what the clinic says." in house.bot_texts[-2]
    assert SWOLLEN in last
    last = await says(house, "how long will i be sore")
    assert SWOLLEN not in last, "once is enough"
    assert "Somebody needs to look at this today." in await says(house, "yes")


async def test_an_unsure_reply_meanwhile_stands_in_front_of_it(house: House) -> None:
    await says(house, "my calf is zimmering")
    house.patient.says("massage or stretching")
    await house.settle()
    assert "Did you mean" in house.bot_texts[-2]
    assert SWOLLEN in house.bot_texts[-1]
    assert PROMISE in await says(house, "no"), "the question was the last thing asked"


async def test_a_no_that_may_be_for_an_offer_is_none_to_danger(house: House) -> None:
    await says(house, "my calf is zimmering")
    await says(house, JUMPED)
    await house.pass_time(minutes=1)
    await says(house, "massage or stretching")
    assert "Sorry I didn't get it." in await says(house, "no")
    assert await is_open(house)


async def test_a_sign_meanwhile_is_a_sign(house: House) -> None:
    await says(house, "my calf is zimmering")
    last = await says(house, "and I have chest pain")
    assert last.startswith("Call 999 now.")
    assert not await is_open(house)
    (card,) = cards(house)
    assert "my calf is zimmering" in card
    await house.pass_time(hours=1)
    assert SWOLLEN not in house.patient.last.text


async def test_milder_advice_meanwhile_leaves_the_question_open(house: House) -> None:
    await says(house, "I am quoffing")
    await says(house, "I've got an itchy rash")
    assert "Please tell the clinic about this" in house.bot_texts[-2]
    assert "trouble getting your breath" in house.patient.last.text
    assert (await says(house, "yes")).startswith("Call 999 now.")


async def test_a_second_doubt_meanwhile_counts(house: House) -> None:
    await says(house, "my calf is zimmering")
    last = await says(house, "and I am quoffing")
    assert last.startswith("Call 999 now."), "one question at a time"
    (card,) = cards(house)
    assert "chest_pain_breathless, suspected_dvt" in card


async def test_the_same_doubt_within_two_hours_counts(house: House) -> None:
    await says(house, "my calf is zimmering")
    await says(house, "no")
    await house.pass_time(minutes=90)
    assert "Somebody needs to look at this today." in await says(house, "still zimmering")


async def test_after_two_hours_it_is_asked_again(house: House) -> None:
    await says(house, "my calf is zimmering")
    await says(house, "no")
    await house.pass_time(minutes=125)
    assert SWOLLEN in await says(house, "it is zimmering once more")


async def test_who_was_warned_is_not_asked(house: House) -> None:
    await says(house, "my calf is grommelled")
    assert "Somebody needs to look at this today." in await says(house, "and zimmering")
    assert not any(SWOLLEN in text for text in house.bot_texts)


async def test_stop_meanwhile_is_stop(house: House) -> None:
    await says(house, "my calf is zimmering")
    await says(house, "yes please stop messaging me")
    assert house.bot_texts[-2].startswith("Done. You will get no more messages from us")
    assert SWOLLEN in house.bot_texts[-1], "and the danger is not forgotten over it"
    await house.pass_time(minutes=31)
    assert len(cards(house)) == 1


async def test_media_meanwhile_are_dealt_with_and_the_question_put_again(house: House) -> None:
    await says(house, "my calf is zimmering")
    house.patient.sends_photo()
    await house.settle()
    assert "I can't look at pictures" in house.bot_texts[-2]
    assert SWOLLEN in house.bot_texts[-1]


# --- every way of saying it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["caption", "edit", "slash", "command", "stopped", "two messages"])
async def test_every_way_of_saying_it(house: House, how: str) -> None:
    text = "my calf is zimmering"
    match how:
        case "caption":
            house.patient.sends_photo(text)
        case "edit":
            said = house.patient.says("hello")
            await house.settle()
            house.patient.edits(said, text)
        case "slash":
            house.patient.says("/zimmering calf")
        case "command":
            house.patient.says(f"/human {text}")
        case "stopped":
            house.patient.says("STOP")
            await house.settle()
            house.patient.says(text)
        case _:
            house.patient.says("my calf is")
            house.patient.says("zimmering")
    await house.settle()
    assert any(SWOLLEN in text and SAFETY in text for text in house.bot_texts)
    if how == "command":
        assert any("hear from a person" in text for text in house.bot_texts), "what was asked for happens as well"
        assert await says(house, "no") == PROMISE + "\nWhen closed: NHS 111"


async def test_a_corrected_slip_is_no_second_doubt(house: House) -> None:
    said = house.patient.says("my clf is zimmering")
    await house.settle()
    house.patient.edits(said, "my calf is zimmering")
    await house.settle()
    assert SWOLLEN in house.patient.last.text
    assert cards(house) == []


async def test_buttons_pressed_twice_or_late(house: House) -> None:
    await says(house, "my calf is zimmering")
    shown = house.patient.last.message_id
    house.patient.presses("No", shown)
    house.patient.presses("No", shown)
    await house.settle()
    assert cards(house) == []
    await house.pass_time(hours=3)
    house.patient.presses("Yes", shown)
    house.patient.presses("Yes", shown)
    await house.settle()
    assert "Somebody needs to look at this today." in house.patient.last.text, "a yes is never too late"
    (card,) = cards(house)
    assert "my calf is zimmering" in card


# --- silence ---------------------------------------------------------------------------------------------------------


async def test_silence_about_an_emergency_brings_people_in_after_ten_minutes(house: House) -> None:
    await says(house, "I am quoffing")
    await house.pass_time(minutes=9)
    assert cards(house) == []
    await house.pass_time(minutes=2)
    (card,) = cards(house)
    assert card.startswith("Emergency")
    assert "I am quoffing" in card
    assert "Answer: none yet" in card
    assert (await says(house, "yes")).startswith("Call 999 now."), "an answer still counts"


async def test_silence_about_something_urgent_is_asked_again_and_then_told(house: House) -> None:
    await says(house, "my calf is zimmering")
    await house.pass_time(minutes=11)
    last = house.patient.last.text
    assert last.startswith("I asked you something, and have not heard from you yet.")
    assert SWOLLEN in last
    assert house.labels == ["Yes", "No", "Not sure"]
    assert cards(house) == []
    await house.pass_time(minutes=20)
    (card,) = cards(house)
    assert card.startswith("Urgent")
    assert "Answer: none yet" in card
    assert sum("have not heard from you yet" in text for text in house.bot_texts) == 1
    house.patient.presses("No")
    await house.settle()
    assert house.patient.last.text.startswith(PROMISE)


async def test_silence_about_what_is_usual_counts_as_new(house: House) -> None:
    await says(house, "it has always been grommelled, same as ever")
    await house.pass_time(minutes=11)
    last = house.patient.last.text
    assert last.startswith("Somebody needs to look at this today.")
    assert "have not heard from you" in last
    (card,) = cards(house)
    assert "Answer: none yet" in card
    assert not await is_open(house)


async def test_silence_while_the_bot_was_off_is_dealt_with_once(house: House) -> None:
    await says(house, "my calf is zimmering")
    house.clock.advance(timedelta(hours=2))
    await house.settle()
    assert len(cards(house)) == 1


# --- a question of the FAQ that is a doubt by now --------------------------------------------------------------------

TINGLES = "is tingling normal afterwards"
STILL_NUMB = "Is the foot or leg weak, or has a numb patch lasted for more than a day?"
GONE_BY_NOW = "Tingling from the needle should have gone by now."


async def treated(house: House, hours_ago: float) -> None:
    await enrol(house, treated_us=to_us(house.clock.now() - timedelta(hours=hours_ago)))


async def test_numbness_is_asked_about_from_the_next_day_on_and_answered_after_a_no(house: House) -> None:
    await treated(house, 30)
    assert STILL_NUMB in await says(house, TINGLES)
    house.patient.presses("No")
    await house.settle(seconds=30)
    assert GONE_BY_NOW in house.patient.last.text
    assert cards(house) == []
    assert GONE_BY_NOW in await says(house, TINGLES), "asked once, not each time"


async def test_numbness_of_a_day_that_is_still_there_is_the_sign(house: House) -> None:
    await treated(house, 30)
    await says(house, TINGLES)
    house.patient.presses("Yes")
    await house.settle(seconds=30)
    assert len(cards(house)) == 1
    assert cards(house)[0].startswith("Urgent")


@pytest.mark.parametrize("hours_ago", [2, None])
async def test_on_the_day_and_where_no_treatment_is_known_it_is_answered(house: House, hours_ago: float | None) -> None:
    if hours_ago is not None:
        await treated(house, hours_ago)
    last = await says(house, TINGLES)
    assert STILL_NUMB not in last
    assert "ingling" in last


async def test_whoever_says_when_they_were_treated_is_asked_without_a_plan(house: House) -> None:
    assert STILL_NUMB in await says(house, "I had my session on Friday, is tingling normal afterwards")
