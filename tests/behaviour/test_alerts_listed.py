"""What staff see of all alerts: the list, the digest of the morning, the figures; and what triage got wrong."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.clock import to_us
from bot.simulator.house import House
from bot.simulator.state import Message
from bot.store.tables import alert, question, triage_review

CHEST, FOOT, ITCH = "I have chest pain", "my foot won't lift since yesterday", "itchy bumps around the needle marks"
UNKNOWN = "do you sell gift vouchers for my aunt"


def digests(house: House) -> list[Message]:
    shown = house.world.from_bot(house.staff.chat_id)
    return [message for message in shown if message.text.startswith("Still open today")]


def weeks(house: House) -> list[str]:
    return [text for text in house.staff_texts if text.startswith("Alerts of last week")]


async def says(house: House, text: str) -> None:
    house.patient.says(text)
    await house.settle()


async def asked(house: House, command: str) -> str:
    """What the bot replies to a command in the group."""
    house.member.says(command)
    await house.settle()
    return house.staff_texts[-1]


@pytest.fixture
async def add_alerts(house: House) -> None:
    """Twenty-one alerts of last week, of which eleven were false; the others were taken after six minutes."""
    await says(house, UNKNOWN)
    begun_us = to_us(house.clock.now() - timedelta(days=3))
    async with house.app.store.write() as tx:
        for number in range(21):
            await tx.execute(
                alert.insert().values(
                    bot_id=house.app.settings.bot_id,
                    patient_id=1,
                    chat_id=house.patient.chat_id,
                    level="urgent",
                    flags=["suspected_dvt"],
                    state="closed",
                    outcome="false_alarm" if number < 11 else "done",
                    at_us=begun_us,
                    taken_us=begun_us + 6 * 60_000_000,
                )
            )
        await tx.execute(question.update().values(at_us=begun_us))


# --- the list -------------------------------------------------------------------------------------------------------


async def test_nothing_open(house: House) -> None:
    assert await asked(house, "/alerts") == "No alert is open.\nQuestions that nobody has taken: 0"


async def test_the_list_has_age_and_who_took_it(house: House) -> None:
    other = house.world.add_user(13, "Other")
    other.says(FOOT)
    await house.settle()
    house.member.presses("I take it")
    await house.pass_time(minutes=12)
    await says(house, CHEST)
    await says(house, UNKNOWN)
    await house.pass_time(minutes=3)
    lines = (await asked(house, "/alerts")).splitlines()
    assert lines[0] == "Alerts"
    assert lines[1].startswith("Emergency · P-")
    assert lines[1].endswith("· chest_pain_breathless · 3 min · nobody has it")
    assert lines[2].startswith("Urgent · P-")
    assert lines[2].endswith("· nerve_injury · 15 min · taken by Member")
    assert lines[-1] == "Questions that nobody has taken: 1"


async def test_who_may_ask_for_it(house: House) -> None:
    await says(house, "/alerts")
    assert house.patient.last.text.startswith("That is only for clinic staff")
    house.owner.says("/alerts")
    await house.settle()
    assert house.world.from_bot(house.owner.chat_id)[-1].text.startswith("No alert is open.")


# --- the morning ----------------------------------------------------------------------------------------------------


async def test_advice_waits_for_the_digest_and_its_card_comes_on_request(house: House) -> None:
    await says(house, ITCH)
    assert house.staff_texts == []
    await house.pass_time(hours=22)
    (digest,) = digests(house)
    line = digest.text.splitlines()[1]
    assert line.startswith("Advise · P-")
    assert re.search(rf"· 2[01] h · nobody has it: {re.escape(ITCH)}$", line)
    assert [entity.type for entity in digest.words.entities] == ["spoiler"]
    house.member.presses(digest.keys[0].label)
    await house.settle(20)
    card = house.world.from_bot(house.staff.chat_id)[-1]
    assert card.text.startswith("Advise · P-")
    house.member.replies(card, "A cool cloth helps.")
    await house.settle(20)
    assert house.patient.last.text.endswith("A cool cloth helps.")
    house.member.presses("Call done", card.message_id)
    await house.pass_time(days=1)
    assert len(digests(house)) == 1, "what is closed is not listed again"


async def test_an_emergency_that_nobody_took_stands_at_the_top(house: House) -> None:
    other = house.world.add_user(13, "Other")
    other.says(ITCH)
    await house.settle()
    await house.pass_time(hours=9)
    await says(house, CHEST)
    await house.pass_time(hours=13)
    (digest,) = digests(house)
    assert [line.split(" ")[0] for line in digest.text.splitlines()[1:3]] == ["Emergency", "Advise"]


async def test_with_nothing_open_no_digest_comes(house: House) -> None:
    await house.pass_time(days=2)
    assert digests(house) == []
    assert weeks(house) == []


async def test_no_digest_at_the_weekend(house: House) -> None:
    await says(house, ITCH)
    await house.pass_time(days=4)
    assert len(digests(house)) == 4
    await house.pass_time(days=2)
    assert len(digests(house)) == 4
    await house.pass_time(days=1)
    assert len(digests(house)) == 5


# --- figures --------------------------------------------------------------------------------------------------------


async def test_status_counts_them_and_proposes_a_review(house: House, add_alerts: None) -> None:
    lines = (await asked(house, "/status")).splitlines()
    assert lines[0] == "Status"
    assert lines[-3:] == [
        "Alerts: 21, which is 2100 per 100 patients who wrote",
        "suspected_dvt: 21, false 52 %, half of those that were taken: within 6 min",
        "suspected_dvt: 11 of 21 alerts were false. Please have a clinician review its signs. Nothing is switched off.",
    ]
    await says(house, "one calf is swollen and hot")
    assert any("suspected_dvt" in text for text in house.staff_texts), "it is never muted"


async def test_the_weeks_figures_come_on_monday(house: House, add_alerts: None) -> None:
    await house.pass_time(days=6)
    assert len(weeks(house)) == 1, "of the week before this one, with the next digest"
    await house.pass_time(days=7)
    assert len(weeks(house)) == 1, "a week without alerts has none"


# --- what was missed ------------------------------------------------------------------------------------------------


async def reviews(house: House) -> list[tuple[str, str, int]]:
    """Verdict, the patient's words, and by whom."""
    async with house.app.store.read() as tx:
        rows = await tx.execute(
            sa.select(triage_review.c.verdict, question.c.text, triage_review.c.by_id)
            .join(question, question.c.id == triage_review.c.question_id)
            .order_by(triage_review.c.id)
        )
        return [tuple(row) for row in rows]


async def test_a_missed_sign_is_noted_by_replying_to_the_card(house: House) -> None:
    await says(house, UNKNOWN)
    card = house.world.from_bot(house.staff.chat_id)[-1]
    await says(house, "how long will i be sore")
    said = len(house.bot_texts)
    for _ in range(2):
        house.member.replies(card, "/missed")
        await house.settle()
    assert house.staff_texts[-1].startswith("Noted for review · P-")
    assert UNKNOWN not in house.staff_texts[-1]
    assert await reviews(house) == [("missed", UNKNOWN, house.member.user_id)]
    assert len(house.bot_texts) == said, "the patient hears nothing of it"


async def test_a_missed_sign_is_noted_by_the_patients_code(house: House) -> None:
    await says(house, UNKNOWN)
    code = house.staff_texts[-1].splitlines()[0].rpartition("· ")[2]
    await says(house, "how long will i be sore")
    assert (await asked(house, f"/missed {code.lower()}")).startswith(f"Noted for review · {code}")
    assert await reviews(house) == [("missed", "how long will i be sore", house.member.user_id)]


async def test_a_missed_sign_in_a_picture_that_was_passed_on(house: House) -> None:
    await says(house, UNKNOWN)
    house.patient.sends_photo()
    await house.settle()
    house.member.replies(house.world.from_bot(house.staff.chat_id)[-1], "/missed")
    await house.settle()
    assert await reviews(house) == [("missed", UNKNOWN, house.member.user_id)]


@pytest.mark.parametrize("command", ["/missed", "/missed P-0000", "/missed my appointment"])
async def test_missed_what(house: House, command: str) -> None:
    assert (await asked(house, command)).startswith("I do not know which message you mean.")
    assert await reviews(house) == []
