"""A talk goes on: what a short question is about, thanks, and messages in other languages."""

import pytest
import sqlalchemy as sa

from bot.simulator.house import House
from bot.store.tables import question

BRUISE = "I have a bruise. Is that normal?"
RUN = "When can I run or do sport?"


async def ask(house: House, *texts: str) -> str:
    """Say them one after the other; what is on the screen then."""
    for text in texts:
        house.patient.says(text)
        await house.settle()
    return house.patient.last.text


async def test_for_how_long_is_about_what_was_just_answered(house: House) -> None:
    assert BRUISE in await ask(house, BRUISE, "and for how long?")
    assert "1 to 2 weeks" in house.patient.last.text
    async with house.app.store.read() as tx:
        row = (await tx.execute(sa.select(question).order_by(question.c.id.desc()))).mappings().first()
    assert row is not None
    assert (row["text"], row["entry_id"], row["why"]["about"]) == ("and for how long?", "bruising", "bruising")


async def test_the_same_answer_is_not_given_over_and_over(house: House) -> None:
    last = await ask(house, BRUISE, "and for how long?", "yes but for how long?")
    assert not last.startswith("Here is what the clinic says.") or BRUISE not in last


async def test_what_about_something_else_is_about_that(house: House) -> None:
    last = await ask(house, RUN, "and what about swimming?")
    assert "shower, bathe or swim" in " ".join([last, *house.labels])
    assert RUN not in last


async def test_a_question_of_its_own_is_not_bent_to_the_last_topic(house: House) -> None:
    last = await ask(house, BRUISE, "is there a place to lock my bicycle")
    assert BRUISE not in last
    assert not last.startswith("Here is what the clinic says.")


async def test_after_ten_minutes_a_talk_is_over(house: House) -> None:
    await ask(house, BRUISE)
    await house.pass_time(minutes=11)
    assert BRUISE not in await ask(house, "and for how long?")


async def test_a_sign_of_danger_is_no_follow_up(house: House) -> None:
    assert (await ask(house, BRUISE, "and chest pain?")).startswith("Call 999 now.")


# --- politeness ------------------------------------------------------------------------------------------------------


async def test_thanks_are_answered_once(house: House) -> None:
    await ask(house, "thanks")
    assert house.patient.last.text.startswith("You're welcome.")
    before = len(house.bot_texts)
    await ask(house, "thank you so much", "ok", "cheers")
    assert len(house.bot_texts) == before
    assert house.staff_texts == []
    await house.pass_time(minutes=11)
    await ask(house, "thanks again")
    assert len(house.bot_texts) == before + 1


async def test_thanks_after_a_warning_are_met_with_the_warning_each_time(house: House) -> None:
    await ask(house, "I have chest pain")
    for _ in range(2):
        assert (await ask(house, "thanks")).startswith("If you have not called 999 yet")


async def test_a_greeting_with_a_question_is_a_question(house: House) -> None:
    assert BRUISE in await ask(house, f"Hello! {BRUISE} Thank you")


async def test_a_picture_with_the_second_thanks_is_still_spoken_of(house: House) -> None:
    await ask(house, "thanks")
    house.patient.sends_photo("thank you")
    await house.settle()
    assert house.patient.last.text.startswith("I only read your words.")


# --- other languages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "theirs", "language"),
    [
        pytest.param("hola, ¿es normal que me duela la pierna?", "Solo puedo responder", "Spanish", id="es"),
        pytest.param("czy to normalne że boli mnie noga", "Mogę odpowiadać tylko po angielsku", "Polish", id="pl"),
        pytest.param("هل من الطبيعي أن تؤلمني ساقي؟", "لا أستطيع الإجابة", "Arabic", id="ar"),
    ],
)  # fmt: skip
async def test_another_language_is_met_in_it_and_goes_to_people(
    house: House, text: str, theirs: str, language: str
) -> None:
    last = await ask(house, text)
    emergency, _, rest = last.partition("\n\n")
    assert "999" in emergency
    assert rest.startswith(theirs)
    assert "I can only answer in English" in last
    assert "until 17:30 today" in last
    card = house.staff_texts[-1]
    assert text in card
    assert f"Language: {language}" in card


@pytest.mark.parametrize(
    ("text", "first", "warning"),
    [
        pytest.param("Hola. No puedo respirar!!", "Llame ahora al 999.", "Call 999 now.", id="es"),
        pytest.param("nie moge oddychac", "Zadzwoń teraz pod numer 999.", "Call 999 now.", id="pl, no accents"),
        pytest.param("НЕ МОГУ ДЫШАТЬ", "Позвоните сейчас 999.", "Call 999 now.", id="ru, capitals"),
        pytest.param("mujhe saans nahi aa rahi hai", "अभी 999 पर फ़ोन करें।", "Call 999 now.", id="hi, in Latin letters"),
        pytest.param("je veux mourir", "Appelez maintenant le 999.", "I'm really glad you told me.", id="fr"),
        pytest.param("mi s-a umflat piciorul", "În caz de urgență, sunați la 999.", "Somebody", id="ro, urgent"),
    ],
)
async def test_danger_in_another_language_is_danger(house: House, text: str, first: str, warning: str) -> None:
    last = await ask(house, text)
    theirs, _, ours = last.partition("\n\n")
    assert theirs == first
    assert ours.startswith(warning)
    card = house.staff_texts[-1]
    assert card.startswith(("Emergency", "Urgent"))
    assert text in card


async def test_a_language_without_words_of_its_own_gets_the_english_ones_by_the_clock(house: House) -> None:
    await house.pass_time(hours=9)
    last = await ask(house, "είναι φυσιολογικό να πονάει το πόδι μου")
    assert last.startswith("I can only answer in English")
    assert "nobody is reading this until Tuesday 09:00" in last
    assert "Language: Greek" in house.staff_texts[-1]
