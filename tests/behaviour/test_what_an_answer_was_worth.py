"""What patients make of the answers they get: with a button, or in words; and what the clinic learns from it."""

import pytest

from bot.simulator.house import House
from bot.store import feedback
from bot.store.feedback import Counts

BRUISE = "I have a bruise. Is that normal?"
SWIM = "Can I shower, bathe or swim?"


async def counts(house: House) -> dict[str, Counts]:
    async with house.app.store.read() as tx:
        return await feedback.by_entry(tx, house.app.settings.bot_id)


@pytest.fixture
async def answered(house: House) -> House:
    """A house in which the patient has just read the answer about bruises."""
    house.patient.says(BRUISE)
    await house.settle()
    assert "1 to 2 weeks" in house.patient.last.text
    return house


async def other_than(house: House, entry_id: str) -> list[str]:
    """Labels on offer, without the way out; the answer that was wrong is not among them."""
    assert house.labels[-1] == "None of these"
    wrong = house.app.library.served.content.entries[entry_id].question
    assert wrong not in house.labels
    return house.labels[:-1]


# --- that helped -----------------------------------------------------------------------------------------------------


async def test_an_answer_can_be_judged_and_the_team_asked(answered: House) -> None:
    assert answered.labels[-3:] == ["That helped", "Not what I asked", "Ask the team"]


async def test_that_helped_takes_the_buttons_away_and_keeps_what_leads_on(answered: House) -> None:
    shown, related = answered.patient.last, answered.labels[:-3]
    before = len(answered.bot_texts)
    answered.patient.presses("That helped")
    await answered.settle()
    assert len(answered.bot_texts) == before, "no new message"
    assert answered.patient.last.message_id == shown.message_id
    assert answered.patient.last.text.startswith(shown.text)
    assert answered.patient.last.text.endswith("I'm glad that helped.")
    assert answered.labels == related != []
    assert (await counts(answered))["bruising"] == Counts(answered=1, helped=1)


async def test_two_quick_presses_count_once(answered: House) -> None:
    shown = answered.patient.last.message_id
    answered.patient.presses("That helped", shown)
    answered.patient.presses("That helped", shown)
    await answered.settle()
    assert (await counts(answered))["bruising"] == Counts(answered=1, helped=1)


@pytest.mark.parametrize("words", ["That helped!", "yes that helped", "thanks, that's it"])
async def test_that_helped_can_be_typed(answered: House, words: str) -> None:
    answered.patient.says(words)
    await answered.settle()
    assert answered.patient.last.text == "Thank you for telling me. I'm glad that helped."
    assert (await counts(answered))["bruising"] == Counts(answered=1, helped=1)
    assert answered.staff_texts == []


async def test_after_ten_minutes_nobody_knows_what_helped(answered: House) -> None:
    await answered.pass_time(minutes=11)
    answered.patient.says("that helped")
    await answered.settle()
    assert (await counts(answered))["bruising"] == Counts(answered=1)


# --- not what I asked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["pressed", "typed"])
async def test_not_what_i_asked_offers_what_else_it_may_have_been(answered: House, how: str) -> None:
    if how == "pressed":
        answered.patient.presses("Not what I asked")
    else:
        answered.patient.says("no, that's not it")
    await answered.settle()
    assert answered.patient.last.text.startswith("Sorry, then I took it the wrong way. Did you mean one of these?")
    assert await other_than(answered, "bruising")
    assert (await counts(answered))["bruising"] == Counts(answered=1, not_asked=1)
    assert answered.staff_texts == []


async def test_two_quick_presses_offer_once(answered: House) -> None:
    shown, before = answered.patient.last.message_id, len(answered.bot_texts)
    answered.patient.presses("Not what I asked", shown)
    answered.patient.presses("Not what I asked", shown)
    await answered.settle()
    assert len(answered.bot_texts) == before + 1
    judged = answered.patient.chat.find(shown)
    assert judged is not None
    assert [key.label for key in judged.keys][-1] == "Ask the team"
    assert "Not what I asked" not in [key.label for key in judged.keys]


async def test_what_was_put_aside_is_not_offered_again_and_in_the_end_people_look(answered: House) -> None:
    seen = ["bruising"]
    for _ in range(4):
        answered.patient.presses("Not what I asked", answered.patient.last.message_id)
        await answered.settle()
        if "our team" in answered.patient.last.text and "None of these" not in answered.labels:
            break
        for entry_id in seen:
            await other_than(answered, entry_id)
        label = answered.labels[0]
        entries = answered.app.library.served.content.entries.values()
        seen.append(next(entry.id for entry in entries if entry.question == label))
        answered.patient.presses(label)
        await answered.settle()
        assert label in answered.patient.last.text
    assert "Sorry I didn't get it." in answered.patient.last.text
    assert len(answered.staff_texts) == 1
    assert BRUISE in answered.staff_texts[0]
    assert "Not what they asked: " in answered.staff_texts[0]
    made = await counts(answered)
    assert all(made[entry_id].not_asked == 1 for entry_id in seen)
    assert all(made[entry_id].chosen == 1 for entry_id in seen[1:])


async def test_a_press_under_an_old_answer_is_about_that_question(answered: House) -> None:
    old = answered.patient.last.message_id
    answered.patient.says(SWIM)
    await answered.settle()
    await answered.pass_time(hours=2)
    answered.patient.presses("Ask the team", old)
    await answered.settle()
    assert BRUISE in answered.staff_texts[-1]
    assert SWIM not in answered.staff_texts[-1]
    answered.patient.presses("Not what I asked", old)
    await answered.settle()
    made = await counts(answered)
    assert (made["bruising"].not_asked, made["shower_bath_swim"].not_asked) == (1, 0)


# --- asking back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["pressed", "2", "the second one", "number 2 please", "its words"])
async def test_a_choice_is_counted_however_it_is_made(house: House, asking: str, how: str) -> None:
    wanted = house.labels[1]
    if how == "pressed":
        house.patient.presses(wanted)
    else:
        house.patient.says(wanted.upper() if how == "its words" else how)
    await house.settle()
    assert wanted in house.patient.last.text
    chosen = [entry_id for entry_id, made in (await counts(house)).items() if made == Counts(chosen=1)]
    assert [house.app.library.served.content.entries[entry_id].question for entry_id in chosen] == [wanted]
    house.patient.presses("That helped")
    await house.settle()
    assert (await counts(house))[chosen[0]] == Counts(chosen=1, helped=1)


@pytest.mark.parametrize("how", ["pressed", "none of these", "no", "that's not what I asked"])
async def test_none_of_these_is_counted_for_each_that_was_offered(house: House, asking: str, how: str) -> None:
    offered = len(house.labels) - 1
    if how == "pressed":
        house.patient.presses("None of these")
    else:
        house.patient.says(how)
    await house.settle()
    assert list((await counts(house)).values()) == [Counts(none=1)] * offered
    assert asking in house.staff_texts[-1]


async def test_yes_to_several_questions_is_asked_once_more(house: House, asking: str) -> None:
    offered = house.labels
    house.patient.says("yes")
    await house.settle()
    assert "Which one do you mean?" in house.patient.last.text
    assert house.labels == offered
    assert house.staff_texts == []
    house.patient.says("the first")
    await house.settle()
    assert offered[0] in house.patient.last.text


async def test_a_number_after_ten_minutes_is_no_choice(house: House, asking: str) -> None:
    wanted = house.labels[1]
    await house.pass_time(minutes=11)
    house.patient.says("2")
    await house.settle()
    assert f"{wanted}\n" not in house.patient.last.text


async def test_danger_comes_before_any_choice(house: House, asking: str) -> None:
    house.patient.says("none of these, I have chest pain")
    await house.settle()
    assert house.patient.last.text.startswith("Call 999 now.")


# --- ask the team ----------------------------------------------------------------------------------------------------


async def test_ask_the_team_typed_minutes_later_still_says_what_about(answered: House) -> None:
    await answered.pass_time(minutes=5)
    answered.patient.says("ask the team")
    await answered.settle()
    card = answered.staff_texts[-1]
    assert card.startswith("Wants to hear from you")
    assert BRUISE in card
    assert f"About: {BRUISE}" in card
