"""/review: texts read whole and signed in the chat, or taken out of use; and the dates on which they are read again."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import to_us
from bot.model import Role, UserId
from bot.services.review_cards import review_card
from bot.services.review_dates import review_dates
from bot.simulator.groups import Member
from bot.simulator.house import House
from bot.simulator.state import Message
from bot.store import people
from tests.at_the_desk import card, labels, press, types
from tests.few_texts import keep_few

REGISTRATION = "AB12345"


@pytest.fixture(autouse=True)
def few_texts(content_dir: Path) -> None:
    keep_few(content_dir)


@pytest.fixture
async def clinician(house: House) -> Member:
    """The member of the group, who may sign."""
    bot_id, now_us = house.app.settings.bot_id, to_us(house.clock.now())
    async with house.app.store.write() as tx:
        for user_id in (house.member.user_id, house.owner.user_id):
            who = UserId(user_id)
            await people.give_role(house.app.store, tx, bot_id, who, Role.CLINICIAN, f"Clinician {user_id}", now_us)
            await people.set_values(tx, bot_id, who, registration=REGISTRATION)
    return house.member


async def find(house: House, wanted: str) -> Message:
    """The first card of /review with such a button."""
    shown = await types(house, "/review")
    for _ in range(40):
        if wanted in labels(shown):
            return shown
        await press(house, "Later", on=shown)
        shown = now(house, shown)
    raise AssertionError(f"no card with {wanted!r}")


def now(house: House, message: Message) -> Message:
    """The message as it looks now."""
    return next(one for one in house.world.from_bot(house.staff.chat_id) if one.message_id == message.message_id)


async def test_an_answer_can_be_taken_out_of_use_from_the_review(house: House, clinician: Member) -> None:
    shown = await find(house, "Take out of use")
    await press(house, "Take out of use", on=shown)
    tried = now(house, shown)
    assert tried.text.startswith("Take this out?")
    await press(house, "Publish", on=tried)
    assert now(house, shown).text == "Done: this question is out of use."


async def test_a_long_text_is_signed_by_who_has_turned_all_its_pages(house: House, clinician: Member) -> None:
    shown = await find(house, "Next page")
    assert "Sign" not in labels(shown)
    pages = int(re.findall(r"Page 1 of (\d+)", shown.text)[0])
    assert pages > 1
    for number in range(2, pages + 1):
        await press(house, "Next page", on=now(house, shown))
        assert f"Page {number} of {pages}" in now(house, shown).text
    last = now(house, shown)
    assert labels(last)[:2] == ["Sign", "From the start"]
    colleague = house.staff.add(house.owner)
    await press(house, "Sign", who=colleague, on=last)
    assert now(house, shown).text.startswith("Somebody else has read this one here.")


async def test_who_turns_somebody_elses_page_begins_at_the_first(house: House, clinician: Member) -> None:
    shown = await find(house, "Next page")
    await press(house, "Next page", on=shown)
    colleague = house.staff.add(house.owner)
    label = labels(now(house, shown))[0]
    await press(house, "Next page" if label == "Next page" else "From the start", who=colleague, on=now(house, shown))
    assert "Page 1 of" in now(house, shown).text


async def test_a_reader_signs_after_the_last_page(house: House, clinician: Member) -> None:
    shown = await find(house, "Next page")
    while "Next page" in labels(now(house, shown)):
        await press(house, "Next page", on=now(house, shown))
    await press(house, "Sign", on=now(house, shown))
    assert now(house, shown).text.startswith(f"Signed by Member ({REGISTRATION}).")


async def test_pages_of_a_text_that_changed_meanwhile_begin_anew(house: House, clinician: Member) -> None:
    shown = await find(house, "Next page")
    await press(house, "Next page", on=shown)
    button = next(key.data for key in now(house, shown).keys if key.label in {"Next page", "From the start"})
    assert button is not None
    _, _, place = button.split(":")
    at, _, reader, start = place.split(".")
    turned = review_card(house.app.post, 0, number=1, reader=UserId(int(reader)), start=start)
    assert "Page 2 of" in turned.text, "found by its hash, wherever it stands now"
    changed = review_card(house.app.post, int(at), number=1, reader=UserId(int(reader)), start="ffffffff")
    assert changed.text.startswith("That text has changed since.")
    assert "Page 1 of" in changed.text


async def test_dates_to_read_answers_again_are_told_on_mondays(house: House, clinician: Member) -> None:
    assert review_dates(house.app.post) == ""
    content = house.app.library.served.whole
    last = max(entry.review_by for entry in content.entries.values())
    house.clock.tick(datetime(last.year, last.month, last.day, 12, tzinfo=UTC) - house.clock.now())
    assert "To be read again within two weeks:" in review_dates(house.app.post)
    await house.pass_time(days=1)
    lines = review_dates(house.app.post)
    assert lines.startswith(f"Answers overdue to be read again: {len(content.entries)}.")
    await house.pass_time(days=7)
    mornings = [text for text in house.staff_texts if text.startswith("Good morning")]
    assert sum("overdue to be read again" in text for text in mornings) == 1
    await types(house, "/status")
    assert "overdue to be read again" in card(house).text
    shown = await types(house, "/faq_edit sore")
    assert "It was to be read again by" in (await press(house, shown.keys[0].label)).text

    first = await types(house, "/review")  # what patients are given, though its date has gone by, comes first
    assert "It was to be read again by" in first.text
    await press(house, "Sign", on=first)
    year = house.clock.now().year + 1
    assert f"Signed by Member ({REGISTRATION}). It is to be read again by {year}-" in now(house, first).text
    await house.app.library.look()
    left = len(content.entries) - 1
    assert review_dates(house.app.post).startswith(f"Answers overdue to be read again: {left}.")
