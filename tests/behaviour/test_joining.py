"""A patient joins a care plan on their own phone, and staff set it up on theirs."""

import re

import pytest

from bot.care import PlanState
from bot.clock import to_us
from bot.simulator.house import House
from bot.store.tables import agreement, audit, check_in, contact, patient_chat, question, said, staff_note
from tests.who_joins import UNTIL_AGREED, does, enrolled, number_of, plans, rows, staff_type, waiting

# --- the whole story -------------------------------------------------------------------------------------------------


async def test_a_patient_joins_in_a_few_taps(house: House) -> None:
    reply = await enrolled(house)
    assert re.search(r"P-\w{4} is set up: Heel", reply.text)
    assert [key.label for key in reply.keys] == ["Undo"]
    assert "What should we call you" in house.patient.last.text
    assert house.labels == ["This is not for me"]

    await does(house, "Anna")
    assert "heel" in house.patient.last.text
    assert "left" in house.patient.last.text
    await does(house, "Yes, that's right")
    assert "STOP ends messages" in house.patient.last.text
    (plan,) = await plans(house)
    assert plan["state"] == PlanState.JOINING
    assert await waiting(house, plan["id"]) == set()

    await does(house, "I agree")
    (plan,) = await plans(house)
    assert (plan["state"], plan["careful"]) == (PlanState.OPEN, True)
    assert plan["agreed_us"] == to_us(house.clock.now()) or plan["agreed_us"] is not None
    assert await waiting(house, plan["id"])
    advice, question_now = house.bot_texts[-2:]
    assert "old problem" in question_now
    assert "driv" in advice.lower()

    await does(house, "6", "None of these", "01632 960 555")
    assert house.patient.last.text.startswith("Thank you, that's all.")
    (plan,) = await plans(house)
    assert (plan["careful"], plan["facts"]["baseline"]) == (False, 6)
    (known,) = await rows(house, contact)
    assert (known["name"], known["phone"], known["key_id"]) == ("Anna", "01632 960 555", None)


async def test_what_was_agreed_to_is_kept_as_it_was_shown(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED)
    (kept,) = await rows(house, agreement)
    assert kept["agreed"] is True
    assert "Demo Foot Clinic" in kept["text"]
    assert len(kept["version"]) == 16


async def test_name_and_phone_stand_nowhere_but_in_the_contact_details(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "01632 960 555")
    asked = [*await rows(house, question), *await rows(house, said)]
    (answered,) = await rows(house, check_in, check_in.c.step_id == "joining")
    assert not any("Anna" in row["text"] or "960" in row["text"] for row in asked)
    assert "Anna" not in str(answered["answers"])
    assert "960" not in str(answered["answers"])
    typed = await rows(house, said, said.c.what != "press")
    assert [row["text"] for row in typed if row["what"] == "private"] == ["", ""], "that there was an answer stays"
    assert {row["text"] for row in typed if row["what"] == "text"} == {"/start"}, "without the token of the link"


async def test_on_saying_nothing_more_a_patient_counts_as_one_who_needs_care(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED)
    await house.pass_time(hours=4)
    (plan,) = await plans(house)
    assert plan["careful"] is True
    assert plan["reminded_us"] is None


async def test_not_sure_and_no_number_are_answers_too(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "Not sure", "Not sure", "Done", "No thanks")
    assert house.patient.last.text.startswith("Thank you, that's all.")
    (plan,) = await plans(house)
    assert plan["careful"] is True
    assert "baseline" not in plan["facts"]
    assert (await rows(house, contact))[0]["phone"] is None


async def test_the_own_contact_may_be_shared_instead_of_typing(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these")
    house.patient.shares_contact("+441632960556")
    await house.settle()
    assert house.patient.last.text.startswith("Thank you, that's all.")
    assert (await rows(house, contact))[0]["phone"] == "+441632960556"


async def test_a_question_in_between_is_answered_and_the_open_one_comes_again(house: House) -> None:
    await enrolled(house)
    await does(house, "can I go swimming today?")
    assert "What should we call you" in house.patient.last.text
    assert (await rows(house, contact)) == []


async def test_danger_goes_before_every_question(house: House) -> None:
    await enrolled(house)
    await does(house, "I can't breathe and my chest hurts")
    assert "999" in house.patient.last.text


# --- what staff do ---------------------------------------------------------------------------------------------------


async def test_staff_may_tap_it_all(house: House) -> None:
    number = await number_of(house)
    await staff_type(house, "/enrol")
    for label in (number, "Heel", "Left"):
        house.member.presses(label)
        await house.settle(20)
    (plan,) = await plans(house)
    assert (plan["area"], plan["side"]) == ("heel", "left")


@pytest.mark.parametrize("wrong", ["/enrol 0000 heel L", "/enrol heel L", "/enrol 0000 heel banana"])
async def test_a_command_that_cannot_be_done_says_why_and_changes_nothing(house: House, wrong: str) -> None:
    number = await number_of(house)
    reply = await staff_type(house, wrong if number != "0000" else "/enrol 0001 heel L")
    assert "enrol" in reply.text or "0000" in reply.text or "0001" in reply.text
    assert await plans(house) == []


async def test_guessing_numbers_is_stopped(house: House) -> None:
    number = await number_of(house)
    wrong = [f"{one:04d}" for one in range(6) if f"{one:04d}" != number][:5]
    for one in wrong:
        await staff_type(house, f"/enrol {one} heel L")
    reply = await staff_type(house, f"/enrol {number} heel L")
    assert reply.text.startswith("Too many wrong numbers")
    await house.pass_time(minutes=11)
    reply = await staff_type(house, f"/enrol {await number_of(house)} heel L")
    assert "is set up" in reply.text


async def test_a_number_stays_until_it_is_used_or_over(house: House) -> None:
    number = await number_of(house)
    assert await number_of(house) == number
    await house.pass_time(minutes=11)
    reply = await staff_type(house, f"/enrol {number} heel L")
    assert reply.text.startswith("No patient shows")


async def test_numbers_are_not_given_without_end(house: House) -> None:
    for _ in range(5):
        await number_of(house)
        await house.pass_time(minutes=11)
    house.patient.starts("join")
    await house.settle()
    assert "try again in an hour" in house.patient.last.text or re.search(r"\d{4}", house.patient.last.text)
    assert len(await rows(house, audit, audit.c.action == "enrol_number")) <= 6


async def test_joining_can_be_typed(house: House) -> None:
    house.patient.says("Enrol me!")
    await house.settle()
    assert re.search(r"\b\d{4}\b", house.patient.last.text)


async def test_undo_takes_it_back_without_a_word_before_the_patient_agreed(house: House) -> None:
    await enrolled(house)
    before = len(house.bot_texts)
    house.member.presses("Undo")
    await house.settle(20)
    assert "Taken back" in house.staff_texts[-1]
    assert len(house.bot_texts) == before + 1
    assert "set up by mistake" in house.patient.last.text, "the first question is still on the screen"
    assert [plan["state"] for plan in await plans(house)] == [PlanState.ENDED]


async def test_undo_tells_a_patient_who_had_agreed(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED)
    house.member.presses("Undo")
    await house.settle(20)
    assert "set up by mistake" in house.patient.last.text
    (plan,) = await plans(house)
    assert await waiting(house, plan["id"]) == set()


async def test_undo_has_its_time(house: House) -> None:
    await enrolled(house)
    await house.pass_time(minutes=11)
    house.member.presses("Undo")
    await house.settle(20)
    assert "more than 10 minutes ago" in house.staff_texts[-1]
    assert [plan["state"] for plan in await plans(house)] == [PlanState.JOINING]


async def test_a_second_session_ends_the_first_and_an_undo_brings_it_back(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "No thanks")
    await house.pass_time(days=2)
    reply = await enrolled(house)
    assert "The care plan before this one has ended." in reply.text
    first, second = await plans(house)
    assert (first["state"], first["reason"]) == (PlanState.ENDED, "new session")
    assert await waiting(house, first["id"]) == set()
    assert "What was treated" in house.patient.last.text, "the name is known"

    house.member.presses("Undo", reply.message_id)
    await house.settle(20)
    first, second = await plans(house)
    assert (first["state"], second["state"]) == (PlanState.OPEN, PlanState.ENDED)
    assert await waiting(house, first["id"])


# --- other answers ---------------------------------------------------------------------------------------------------


async def test_not_now_ends_it_and_questions_are_answered(house: House) -> None:
    await enrolled(house)
    await does(house, "Anna", "Yes, that's right", "Not now")
    assert house.patient.last.text.startswith("That's fine.")
    (plan,) = await plans(house)
    assert (plan["state"], plan["reason"]) == (PlanState.ENDED, "not now")
    (kept,) = await rows(house, agreement)
    assert kept["agreed"] is False


async def test_another_area_than_staff_typed_goes_to_staff_and_joining_goes_on(house: House) -> None:
    await enrolled(house)
    await does(house, "Anna", "No")
    assert "STOP ends messages" in house.patient.last.text
    assert any("area or side is not right" in text for text in house.staff_texts)
    assert [row["text"] for row in await rows(house, staff_note)] == [
        "The patient says that area or side is not right."
    ]


async def test_not_me_ends_it_and_erases_what_was_typed(house: House) -> None:
    await enrolled(house)
    await does(house, "Anna", "This is not for me")
    assert house.patient.last.text.startswith("Sorry about that.")
    (plan,) = await plans(house)
    assert (plan["state"], plan["reason"]) == (PlanState.ENDED, "not me")
    assert [row["name"] for row in await rows(house, contact)] == [None]
    assert all(row["answers"] == {} for row in await rows(house, check_in))
    assert any("not for them" in text for text in house.staff_texts)
    await does(house, "is bruising normal?")
    assert (
        len([row for row in await rows(house, patient_chat) if row["until_us"] is None and row["chat_id"] == 11]) == 1
    )


async def test_a_young_person_alone_gets_no_plan(house: House) -> None:
    await enrolled(house)
    await does(house, "Anna", "Yes, that's right", "I am under 16")
    assert "a parent or guardian has to agree" in house.patient.last.text
    (plan,) = await plans(house)
    assert (plan["state"], plan["reason"]) == (PlanState.ENDED, "under age")
    assert any("wrote alone" in text for text in house.staff_texts)


async def test_a_guardian_agrees_for_a_child(house: House) -> None:
    await enrolled(house, "heel L child")
    assert "your child" in house.patient.last.text
    await does(house, "Ben", "Yes, that's right")
    assert house.labels == ["I agree for my child", "Not now", "This is not for me"]
    await does(house, "I agree for my child")
    (plan,) = await plans(house)
    assert (plan["state"], plan["is_child"]) == (PlanState.OPEN, True)


async def test_two_people_of_a_family_share_a_chat(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "No thanks")
    await enrolled(house, "calf R for Ben")
    assert house.patient.last.text.startswith("Ben:")
    first, second = await plans(house)
    assert first["patient_id"] != second["patient_id"]
    assert (first["state"], second["state"]) == (PlanState.OPEN, PlanState.JOINING)
    labels = {row["patient_id"]: row["label"] for row in await rows(house, patient_chat)}
    assert labels[first["patient_id"]] == "Anna"
    reply = await enrolled(house)
    assert reply.text.startswith("More than one patient uses this chat: Anna, Ben.")


async def test_somebody_who_said_stop_before_and_agrees_gets_check_ins(house: House) -> None:
    await does(house, "STOP")
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "No thanks")
    before = len(house.bot_texts)
    await house.pass_time(hours=4)
    assert len(house.bot_texts) > before


# --- another phone, and none -----------------------------------------------------------------------------------------


async def test_a_new_phone_takes_everything_along(house: House) -> None:
    reply = await enrolled(house)
    code = re.search(r"P-\w{4}", reply.text)
    assert code
    await does(house, *UNTIL_AGREED)
    said = await staff_type(house, f"/enrol link {code[0]}")
    token = re.search(r"start=([\w-]{22})", said.text)
    assert token, said.text
    phone = house.world.add_user(55, "Patient")
    phone.starts(token[1])
    await house.settle()
    assert "This phone is now the one I write to" in house.world.from_bot(phone.chat_id)[-2].text
    assert "old problem" in phone.last.text, "the open question comes along"
    assert "another phone" in house.patient.last.text
    (plan,) = await plans(house)
    assert plan["chat_id"] == phone.chat_id
    await does(house, "6", "None of these", "No thanks", who=phone)
    assert (await plans(house))[0]["facts"]["baseline"] == 6

    stranger = house.world.add_user(56, "Stranger")
    stranger.starts(token[1])
    await house.settle()
    assert stranger.last.text.startswith("This link has been used")


async def test_the_token_of_a_link_is_stored_as_a_hash_only(house: House) -> None:
    from bot.store.tables import enrol_link

    reply = await enrolled(house)
    code = re.search(r"P-\w{4}", reply.text)
    assert code
    said = await staff_type(house, f"/enrol link {code[0]}")
    token = re.search(r"start=([\w-]{22})", said.text)
    assert token
    (link,) = await rows(house, enrol_link)
    assert token[1] not in str(dict(link))


async def test_a_patient_without_telegram_gets_a_sheet_and_calls(house: House) -> None:
    reply = await staff_type(house, "/enrol none heel L @ref 4711")
    sheet = next(m for m in house.world.from_bot(house.staff.chat_id) if m.media is not None)
    assert "is set up without Telegram" in reply.text or "Sheet for" in reply.text
    assert sheet.media is not None
    (plan,) = await plans(house)
    assert (plan["state"], plan["chat_id"], plan["careful"]) == (PlanState.OPEN, 0, True)
    assert [row["kind"] for row in await rows(house, staff_note)] == ["call", "call"]
    assert (await rows(house, contact))[0]["reference"] == "4711"
    assert await waiting(house, plan["id"]) == set()


# --- who is who ------------------------------------------------------------------------------------------------------


async def test_looking_who_it_is_is_noted(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "01632 960 555")
    await does(house, "I can't breathe and my chest hurts")
    house.member.presses("Show who")
    await house.settle(20)
    assert any("Name: Anna" in text and "01632 960 555" in text for text in house.staff_texts)
    looked = await rows(house, audit, audit.c.action == "show_who")
    assert [row["actor_id"] for row in looked] == [house.member.user_id]


async def test_a_plan_set_up_for_somebody_else_costs_a_known_patient_nothing(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "No thanks")
    await house.pass_time(days=2)
    await enrolled(house)
    await does(house, "This is not for me")
    assert [row["name"] for row in await rows(house, contact)] == ["Anna"]
    assert "what we know of" in house.staff_texts[-1]
    assert [plan["state"] for plan in await plans(house)] == [PlanState.ENDED, PlanState.ENDED]
