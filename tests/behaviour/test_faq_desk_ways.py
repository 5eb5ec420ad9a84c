"""Ways to ask, added and taken out in the chat; answers by time; and what is too long for one message."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.content.edit import ChangeEntry
from bot.content.load import parse_content, read_files
from bot.content.schema import Entry
from bot.markup import MAX_TEXT, utf16_len
from bot.model import UserId
from bot.services.proposing import Proposal
from bot.simulator.house import House
from bot.simulator.state import Message
from tests.at_the_desk import card, labels, press, reply, types
from tests.few_texts import keep_few

ID = "soreness_duration"


@pytest.fixture(autouse=True)
def few_texts(content_dir: Path) -> None:
    keep_few(content_dir)


def entry(content_dir: Path) -> Entry:
    """As it stands in the files."""
    return parse_content(read_files(content_dir)).entries[ID]


async def open_one(house: House, content_dir: Path) -> Message:
    found = await types(house, "/faq_edit how long will I be sore")
    question = entry(content_dir).question
    assert question in labels(found)
    return await press(house, question)


async def publish(house: House) -> Message:
    tried = await press(house, "See what changes")
    assert tried.text.startswith("This is how it will be"), tried.text
    return await press(house, "Publish")


# --- ways to ask -----------------------------------------------------------------------------------------------------


async def test_ways_are_added_and_taken_out_together(house: House, content_dir: Path) -> None:
    known = entry(content_dir).phrasings
    await open_one(house, content_dir)
    listed = await press(house, "Ways to ask")
    assert f"1. {known[0]}" in listed.text
    await reply(house, "- will the ache ever go\n- is day three still normal")
    await press(house, "Ways to ask")
    await press(house, "Take some out")
    shown = await reply(house, "1, 3 and 8")
    assert "will the ache ever go" in shown.text, "the eighth is one that was added just now"
    assert "is day three still normal" not in shown.text
    assert f"Goes out:\n{known[0]}\n{known[2]}" in shown.text
    assert (await publish(house)).text.startswith("Published: ")
    expected = (*(line for line in known if line not in {known[0], known[2]}), "will the ache ever go")
    assert entry(content_dir).phrasings == expected


async def test_a_way_named_again_stays_and_one_can_be_typed(house: House, content_dir: Path) -> None:
    known = entry(content_dir).phrasings
    await open_one(house, content_dir)
    await press(house, "Ways to ask")
    await press(house, "Take some out")
    assert f"Goes out:\n{known[1]}" in (await reply(house, known[1].upper())).text
    await press(house, "Ways to ask")
    await press(house, "Take some out")
    shown = await reply(house, "2")
    assert "Goes out" not in shown.text
    assert "Take out of use" in labels(shown), "nothing is written any more"


async def test_not_all_ways_can_go(house: House, content_dir: Path) -> None:
    await open_one(house, content_dir)
    await press(house, "Ways to ask")
    await press(house, "Take some out")
    asking = card(house)
    assert (await reply(house, "1-6")).text.startswith("At least 5 ways to ask have to stay")
    house.member.replies(asking, "7 and that other one")
    await house.settle(seconds=20)
    assert card(house).text == "I don't find this in the list: 7 and that other one"
    house.member.replies(asking, "6")
    await house.settle(seconds=20)
    assert f"Goes out:\n{entry(content_dir).phrasings[5]}" in card(house).text


async def test_a_way_of_another_question_is_not_taken(house: House, content_dir: Path) -> None:
    other = parse_content(read_files(content_dir)).entries["heat_or_ice"]
    await open_one(house, content_dir)
    await press(house, "Ways to ask")
    told = await reply(house, f"why so long\n{other.phrasings[0]}")
    assert told.text.startswith(f"“{other.phrasings[0]}” is a way to ask {other.question}.")
    assert labels(told) == [other.question]
    assert (await press(house, other.question)).text.startswith("This is what patients see.")


async def test_a_colleague_cannot_press_or_write_on_it(house: House, content_dir: Path) -> None:
    await open_one(house, content_dir)
    mine = await press(house, "Ways to ask")
    other = house.staff.add(house.world.add_user(13, "Other"))
    assert (await press(house, "Take some out", other, mine)).text.startswith("A colleague is changing this one.")
    other.replies(mine, "is it art")
    await house.settle(seconds=20)
    assert card(house).text.startswith("A colleague is changing this one.")


# --- answers by time -------------------------------------------------------------------------------------------------


async def test_one_answer_by_time_is_changed(house: House, content_dir: Path) -> None:
    opened = await open_one(house, content_dir)
    for span in ("When I don't know the time of the treatment:", "First day:", "Day 2 to 3:", "From day 4 on:"):
        assert span in opened.text
    shown = await press(house, "By time")
    assert labels(shown)[:3] == ["First day", "Day 2 to 3", "From day 4 on"]
    asked = await press(house, "Day 2 to 3")
    assert asked.text.startswith("Day 2 to 3: reply")
    await reply(house, "It is at its worst now. Ring us on {clinic_phone} if it gets worse.")
    await publish(house)
    variants = entry(content_dir).variants
    assert variants[1].answer == "It is at its worst now. Ring us on {clinic_phone} if it gets worse."
    assert len(variants) == 3


async def test_times_move_part_and_join_without_a_hole(house: House, content_dir: Path) -> None:
    before = entry(content_dir).variants
    await open_one(house, content_dir)
    await press(house, "By time")
    await press(house, "First day")
    asking = await press(house, "When it ends")
    assert (await reply(house, "after lunch")).text.startswith("I need a time such as")
    house.member.replies(asking, "5 days")
    await house.settle(seconds=20)
    assert card(house).text.startswith("Another time begins or ends there.")
    house.member.replies(asking, "36 hours")
    await house.settle(seconds=20)
    assert "First 36 hours:" in card(house).text
    assert "After 36 hours, up to 3 days:" in card(house).text
    await press(house, "By time")
    await press(house, "Add a time")
    assert "From day 8 on:" in (await reply(house, "1 week")).text
    await press(house, "By time")
    await press(house, "Day 4 to 7")
    shown = await press(house, "Take this time out")
    assert labels(shown)[:3] == ["First 36 hours", "After 36 hours, up to 7 days", "From day 8 on"]
    await press(house, "Back")
    await publish(house)
    hours = timedelta(hours=1)
    made = entry(content_dir).variants
    assert [(one.after / hours, one.until and one.until / hours) for one in made] == [(0, 36), (36, 168), (168, None)]
    assert [one.answer for one in made] == [one.answer for one in before]


async def test_what_a_check_refuses_goes_back_to_its_author(house: House, content_dir: Path) -> None:
    await open_one(house, content_dir)
    await press(house, "By time")
    await press(house, "First day")
    await reply(house, "It is completely safe, and nothing to worry about.")
    refused = await press(house, "See what changes")
    assert refused.text.startswith("This cannot go live:")
    assert "promises too much" in refused.text
    assert "soreness.yaml" not in refused.text
    assert "completely safe" in (await press(house, "Change")).text


# --- too long for one message ----------------------------------------------------------------------------------------


async def colleague_publishes(house: House, answer: str, phrasings: tuple[str, ...] | None = None) -> None:
    publisher = house.app.editing.publisher
    proposal = await publisher.propose(ChangeEntry(ID, answer=answer, phrasings=phrasings))
    assert isinstance(proposal, Proposal)
    assert not proposal.refusals
    await publisher.publish(proposal, UserId(house.owner.user_id))
    await house.app.look_at_content()


def now(house: House, message: Message) -> Message:
    """A message as it looks now."""
    return next(one for one in house.world.from_bot(house.staff.chat_id) if one.message_id == message.message_id)


def long_lines(count: int) -> str:
    """So many ways to ask that nobody has thought of, of nearly 100 letters each."""
    begin = "please tell me how many more days it will take until the ache of my leg has gone"
    return "\n".join(
        f"{begin} {'so ' * (number % 4)}{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(count)
    )


async def test_an_entry_too_long_for_a_message_is_seen_whole_before_it_goes_live(
    house: House, content_dir: Path
) -> None:
    await open_one(house, content_dir)
    await press(house, "Ways to ask")
    await reply(house, long_lines(25))
    await press(house, "Ways to ask")
    shown = await reply(house, "\n".join(f"{line} too" for line in long_lines(25).splitlines()))
    assert shown.text.endswith("There is more: press Show whole.")
    listed = await press(house, "Ways to ask")
    assert "Further ones" in labels(listed)
    assert "Earlier ones" in labels(await press(house, "Further ones"))
    await press(house, "Back")
    tried = await press(house, "See what changes")
    assert labels(tried) == ["Show whole", "Change"]
    assert utf16_len(tried.text) <= MAX_TEXT
    before = len(house.staff_texts)
    again = await press(house, "Show whole")
    assert labels(again) == ["Publish", "Change"]
    assert long_lines(25).splitlines()[24] + " too" in "\n".join(house.staff_texts[before:])
    assert (await press(house, "Publish")).text.startswith("Published: ")
    assert len(entry(content_dir).phrasings) == 56


async def test_a_conflict_too_long_for_a_message_shows_both(house: House, content_dir: Path) -> None:
    await open_one(house, content_dir)
    await press(house, "Ways to ask")
    mine = await reply(house, long_lines(45))
    theirs = tuple(f"{line} again" for line in long_lines(30).splitlines())
    await colleague_publishes(house, answer="Theirs is short.", phrasings=theirs)
    await press(house, "See what changes", on=mine)
    seen = now(house, mine)
    assert "Theirs is short." in seen.text
    assert long_lines(1) in seen.text
    assert labels(seen) == ["Show whole", "Take theirs", "Mine on top of it"]
    before = len(house.staff_texts)
    again = await press(house, "Show whole", on=seen)
    shown = "\n".join(house.staff_texts[before:])
    assert "Theirs is short." in shown
    assert long_lines(45).splitlines()[-1] in shown
    assert labels(again) == ["Show whole", "Take theirs", "Mine on top of it"]
    assert "This is how it will be" in (await press(house, "Mine on top of it")).text


async def test_a_third_change_is_not_overwritten_by_who_saw_the_second(house: House, content_dir: Path) -> None:
    await open_one(house, content_dir)
    await press(house, "Answer")
    mine = await reply(house, "Mine is the best answer.")
    await colleague_publishes(house, answer="The second answer.")
    await press(house, "See what changes", on=mine)
    assert "The second answer." in now(house, mine).text
    await colleague_publishes(house, answer="The third answer.")
    await press(house, "Mine on top of it", on=now(house, mine))
    assert "The third answer." in now(house, mine).text, "they had seen only the second"
    await press(house, "Mine on top of it", on=now(house, mine))
    assert now(house, mine).text.startswith("This is how it will be")
