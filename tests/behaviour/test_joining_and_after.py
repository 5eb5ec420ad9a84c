"""Joining where it does not go straight: a second session taken back, an edit of the clinic's, a treatment to come, a
number nobody asked for, no answer at all."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.care import PlanState
from bot.clock import from_us
from bot.content.load import load_content
from bot.services.enrolment_import import Appointments
from bot.services.enrolment_list import read
from bot.simulator.faults import lose_answer
from bot.simulator.house import House
from bot.store.contacts import Contacts
from bot.store.tables import agreement, contact, erasure, message, question, said, staff_note
from tests.who_joins import UNTIL_AGREED, does, enrolled, number_of, plans, rows, staff_type

ALL = (*UNTIL_AGREED, "6", "None of these")
PHONE = "01632 960 555"


async def code_of(house: House) -> str:
    """What staff call the patient: in the last message of the group that names one."""
    codes: list[str] = re.findall(r"P-\w{4}", "\n".join(house.staff_texts))
    return codes[-1]


async def stored(house: House, words: str) -> list[str]:
    """States of the messages in the database in which these words stand."""
    return [row["state"] for row in await rows(house, message) if words in str(row["payload"])]


# --- what staff see once ----------------------------------------------------------------------------------------------


async def test_a_name_that_staff_were_shown_is_kept_in_no_message(house: House) -> None:
    await enrolled(house)
    await does(house, *ALL, PHONE)
    await does(house, "I can't breathe and my chest hurts")
    house.member.presses("Show who")
    await house.settle(20)
    assert any("Name: Anna" in text and PHONE in text for text in house.staff_texts)
    assert await stored(house, "Name: Anna") == []


async def test_a_link_is_kept_in_no_message_and_still_sent_again_in_doubt(house: House) -> None:
    await enrolled(house)
    code = await code_of(house)
    house.world.faults.add(lose_answer(), method="sendMessage", chat_id=house.staff.chat_id)
    await staff_type(house, f"/enrol link {code}")
    await house.pass_time(seconds=30)
    links = [re.findall(r"start=([\w-]{22})", text) for text in house.staff_texts]
    assert [found for found in links if found] == [links[-1]] * 2, "sent again, as nobody knew whether it arrived"
    assert await stored(house, links[-1][0]) == []


# --- undo -------------------------------------------------------------------------------------------------------------


async def test_an_undone_session_leaves_the_plan_before_it_paused_if_staff_had_paused_it(house: House) -> None:
    await enrolled(house)
    await does(house, *ALL, "No thanks")
    await staff_type(house, "/patients")
    house.member.presses(await code_of(house))
    await house.settle()
    house.member.presses("Pause")
    await house.settle(20)
    reply = await enrolled(house)
    assert [plan["state"] for plan in await plans(house)] == [PlanState.ENDED, PlanState.JOINING]
    house.member.presses("Undo", reply.message_id)
    await house.settle(20)
    first, second = await plans(house)
    assert (first["state"], first["reason"]) == (PlanState.PAUSED, "staff")
    assert (second["state"], second["reason"]) == (PlanState.ENDED, "undone")


async def test_an_undone_plan_is_no_care_record(house: House) -> None:
    reply = await enrolled(house)
    house.member.presses("Undo", reply.message_id)
    await house.settle(20)
    await does(house, "/forget", "Yes, delete my data")
    await house.pass_time(minutes=10)
    await does(house, "Yes, delete it")
    assert house.patient.last.text.startswith("Done.")
    (done,) = await rows(house, erasure)
    assert done["counts"]["record"] == 0


async def test_nobody_is_to_ring_after_an_undone_plan_without_telegram(house: House) -> None:
    reply = await staff_type(house, "/enrol none heel L")
    assert len(await rows(house, staff_note, staff_note.c.done_us.is_(None))) == 2
    house.member.presses("Undo", reply.message_id)
    await house.settle(20)
    assert await rows(house, staff_note, staff_note.c.done_us.is_(None)) == []


async def test_the_morning_tells_whom_to_ring_on_that_day(house: House) -> None:
    await staff_type(house, "/enrol none heel L")
    await house.pass_time(hours=22)
    assert any("Please ring: 1" in text and "Tuesday" in text for text in house.staff_texts)


# --- other phones -----------------------------------------------------------------------------------------------------


async def test_nobody_can_be_linked_to_a_patient_who_was_forgotten(house: House) -> None:
    await enrolled(house)
    await does(house, *ALL, "No thanks")
    code = await code_of(house)
    await does(house, "/forget", "Yes, delete my data")
    await house.pass_time(minutes=10)
    await does(house, "Yes, delete it")
    said = await staff_type(house, f"/enrol link {code}")
    assert "asked us to delete their data" in said.text


@pytest.mark.parametrize("answer", ["Keep my data", "Yes, delete my data"])
async def test_a_wish_to_be_forgotten_goes_along_to_a_new_phone(house: House, answer: str) -> None:
    await enrolled(house)
    await does(house, *ALL, "No thanks")
    code = await code_of(house)
    await does(house, "/forget", "Yes, delete my data")
    said = await staff_type(house, f"/enrol link {code}")
    token = re.search(r"start=([\w-]{22})", said.text)
    assert token
    phone = house.world.add_user(55, "Patient")
    phone.starts(token[1])
    await house.settle(20)
    assert phone.last.text.startswith("On your other phone you asked us to delete your data.")
    await does(house, answer, who=phone)
    if answer.startswith("Yes"):
        await house.pass_time(minutes=10)
        await does(house, "Yes, delete it", who=phone)
        assert phone.last.text.startswith("Done.")
    (request,) = await rows(house, erasure)
    assert (request["chat_id"], request["state"]) == (55, "done" if answer.startswith("Yes") else "withdrawn")
    await house.pass_time(minutes=11)
    assert "Still sure" not in house.patient.last.text, "the old phone is asked no more"


async def test_an_open_alert_goes_along_and_its_answer_reaches_the_new_phone(house: House) -> None:
    await enrolled(house)
    await does(house, *ALL, "No thanks")
    code = await code_of(house)
    await does(house, "I can't breathe and my chest hurts")
    card = next(one for one in reversed(house.world.from_bot(house.staff.chat_id)) if "I take it" in str(one.keys))
    said = await staff_type(house, f"/enrol link {code}")
    token = re.search(r"start=([\w-]{22})", said.text)
    assert token
    phone = house.world.add_user(55, "Patient")
    phone.starts(token[1])
    await house.settle(20)
    house.member.replies(card, "Are you all right?")
    await house.settle(20)
    assert any("Are you all right?" in one.text for one in house.world.from_bot(55))


# --- what was agreed to -----------------------------------------------------------------------------------------------


async def test_the_text_that_was_seen_is_kept_though_the_clinic_edits_it_meanwhile(
    house: House, content_dir: Path
) -> None:
    await enrolled(house)
    await does(house, "Anna", "Yes, that's right")
    seen = house.patient.last.text
    file = content_dir / "en" / "replies_enrolment.yaml"
    file.write_text(file.read_text("utf-8").replace("I'm an automatic helper", "I'm a robot"), "utf-8")
    await house.app.look_at_content()
    await does(house, "I agree")
    (kept,) = await rows(house, agreement)
    assert "automatic helper" in kept["text"]
    assert "robot" not in kept["text"]
    assert seen.splitlines()[0] in kept["text"]


# --- a treatment to come ----------------------------------------------------------------------------------------------


async def test_before_a_treatment_its_advice_waits(house: House) -> None:
    now = house.clock.now()
    treated_at = now + timedelta(days=2)
    text = f"reference,name,phone,area,side,treated,visit,careful\n4711,,,heel,L,{treated_at:%Y-%m-%d %H:%M},,\n"
    content = load_content(house.app.settings.content_dir)
    found, problems = read(text, "list.csv", content, now)
    assert problems == []
    work = Appointments(house.app.store, house.app.settings.bot_id, Contacts(), content, now)
    async with house.app.store.write() as tx:
        (done,) = await work.do(tx, await work.decide(tx, found), lambda: None)
    house.patient.starts(done.token)
    await house.settle()
    await does(house, *ALL, "No thanks")
    said = "\n".join(house.bot_texts)
    assert "come after your treatment: Wednesday 12:30" in said
    assert "Some tips for today." not in said
    await house.pass_time(days=2, minutes=29)
    assert "Some tips for today." not in "\n".join(house.bot_texts)
    await house.pass_time(minutes=2)
    assert "Some tips for today." in house.patient.last.text
    assert from_us((await plans(house))[0]["treated_us"]) == treated_at


# --- the phone number -------------------------------------------------------------------------------------------------


async def test_the_own_number_is_one_tap_away_and_the_key_goes_again(house: House) -> None:
    await enrolled(house)
    await does(house, *ALL)
    assert house.labels == [], "Telegram takes buttons or keys"
    house.patient.taps("Share my number")
    await house.settle()
    assert house.patient.last.text.startswith("Thank you, that's all.")
    assert (await rows(house, contact))[0]["phone"] == "+15550100"
    assert house.patient.chat.typed_keys == []


@pytest.mark.parametrize(("key", "state"), [("No thanks", PlanState.OPEN), ("This is not for me", PlanState.ENDED)])
async def test_other_keys_say_what_they_are_called(house: House, key: str, state: PlanState) -> None:
    await enrolled(house)
    await does(house, *ALL)
    house.patient.taps(key)
    await house.settle()
    assert (await plans(house))[0]["state"] == state
    assert house.patient.chat.typed_keys == []
    assert [row["phone"] for row in await rows(house, contact)] == [None]


@pytest.mark.parametrize("is_shared", [False, True])
async def test_a_number_before_it_is_asked_for_is_kept_and_not_asked_for_again(house: House, is_shared: bool) -> None:
    await enrolled(house)
    await does(house, "Anna")
    before = len(house.staff_texts)
    if is_shared:
        house.patient.shares_contact(PHONE)
        await house.settle()
    else:
        await does(house, f"my number is {PHONE}")
    assert house.patient.last.text.startswith("Thank you, I've kept that number")
    assert "What was treated" in house.patient.last.text
    assert len(house.staff_texts) == before
    await does(house, "Yes, that's right", "I agree", "6", "None of these")
    assert house.patient.last.text.startswith("Thank you, that's all.")
    assert (await rows(house, contact))[0]["phone"] == PHONE
    for table in (question, said):
        assert not any("960" in row["text"] for row in await rows(house, table))


# --- no answer --------------------------------------------------------------------------------------------------------


async def test_joining_ends_after_two_days_without_an_answer_and_can_begin_again(house: House) -> None:
    await enrolled(house)
    await house.pass_time(hours=47)
    await does(house, "Anna")
    said = len(house.bot_texts)
    await house.pass_time(hours=47)
    assert [plan["state"] for plan in await plans(house)] == [PlanState.JOINING]
    await house.pass_time(hours=2)
    (plan,) = await plans(house)
    assert (plan["state"], plan["reason"]) == (PlanState.ENDED, "did not finish joining")
    assert len(house.bot_texts) == said, "nobody who has not agreed is written to"
    code = await code_of(house)
    assert f"Did not finish joining: {code}." in (await staff_type(house, "/patients")).text
    assert [row["kind"] for row in await rows(house, staff_note)] == ["note"]

    assert await number_of(house)
    await enrolled(house)
    assert "What was treated" in house.patient.last.text
    assert "Did not finish joining" not in (await staff_type(house, "/patients")).text


async def test_who_agreed_has_joined(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED)
    await house.pass_time(hours=49)
    (plan,) = await plans(house)
    assert (plan["state"], plan["agreed_us"] is not None) == (PlanState.OPEN, True)
