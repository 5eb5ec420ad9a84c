"""A patient in danger gets help, whatever else is going on."""

import pytest

from bot.core.triage import Triager
from bot.model import Triage
from bot.simulator.house import House
from tests.who_joins import UNTIL_AGREED, does, enrolled


async def test_an_emergency_gets_the_number_and_nothing_soothing(house: House) -> None:
    house.patient.says("i cant breathe properly and my calf is sore, is soreness normal")
    await house.settle(seconds=1)
    text = house.patient.last.text
    assert text.splitlines()[0] == "Call 999 now."
    assert "gym" not in text
    assert house.staff_texts[-1].splitlines()[0].startswith("Emergency · P-")


async def test_urgent_texts_depend_on_the_clock(house: House) -> None:
    house.patient.says("my foot won't lift since yesterday")
    await house.settle()
    assert "Ring us now" in house.patient.last.text
    await house.pass_time(hours=9)
    house.patient.says("my foot won't lift since yesterday")
    await house.settle()
    assert "nobody is reading this" in house.patient.last.text
    assert "Ring NHS 111 now" in house.patient.last.text


async def test_a_sign_in_two_messages_is_one_sign(house: House) -> None:
    house.patient.says("I can't")
    await house.settle(seconds=1)
    house.patient.says("breathe")
    await house.settle()
    assert "999" in house.patient.last.text
    assert not any("I'm not sure" in text for text in house.bot_texts)


async def test_a_warning_is_not_forgotten_by_the_next_reply(house: House) -> None:
    house.patient.says("I have chest pain")
    await house.settle()
    house.patient.says("hello")
    await house.settle()
    assert house.patient.last.text.startswith("If you have not called 999 yet, please call now.")
    await house.pass_time(hours=3)
    house.patient.says("hello")
    await house.settle()
    assert house.patient.last.text.startswith("Hello!")


async def test_an_urgent_warning_is_repeated_too(house: House) -> None:
    house.patient.says("my foot won't lift since yesterday")
    await house.settle()
    house.patient.says("/faq")
    await house.settle()
    assert "NHS 111" in house.patient.last.text.splitlines()[0]


async def test_who_opted_out_is_still_helped(house: House) -> None:
    house.patient.says("STOP")
    await house.settle()
    house.patient.says("I have chest pain")
    await house.settle()
    assert "999" in house.patient.last.text


async def test_advice_may_stand_before_a_sure_answer_and_an_emergency_never(house: House) -> None:
    house.patient.says("is it normal that my leg jumped? also an itchy rash")
    await house.settle()
    _, advice, answer = house.bot_texts
    assert "Please ring the clinic when it is open:\n01632 960123" in advice
    assert answer.startswith("Here is what the clinic says.")
    before = len(house.bot_texts)
    house.patient.says("is it normal that my leg jumped? also chest pain")
    await house.settle()
    assert len(house.bot_texts) == before + 1, "this text and nothing else"


@pytest.mark.parametrize("how", ["caption", "edit", "command"])
async def test_triage_reads_everything(house: House, how: str) -> None:
    match how:
        case "caption":
            house.patient.sends_photo("chest pain since this morning")
        case "edit":
            said = house.patient.says("hello")
            await house.settle()
            house.patient.edits(said, "chest pain since this morning")
        case "command":
            house.patient.says("/human chest pain since this morning")
    await house.settle()
    assert "999" in house.patient.last.text
    assert any(text.startswith("Emergency") for text in house.staff_texts)


async def test_a_broken_triage_counts_as_urgent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Triager, text: str) -> Triage:
        raise RuntimeError("triage is broken")

    monkeypatch.setattr(Triager, "triage", broken)
    house.patient.says("is it normal that my leg jumped")
    await house.settle()
    assert "Ring us now" in house.patient.last.text
    assert house.staff_texts[-1].startswith("Urgent")


async def test_an_alert_overtakes_what_waits(house: House) -> None:
    for number in range(12):
        house.patient.says(f"/help {number}")
    house.patient.says("chest pain")
    await house.settle(seconds=60)
    warning = next(i for i, text in enumerate(house.bot_texts) if text.startswith("Call 999"))
    assert warning <= 5, "the gap between two messages of one chat does not hold up an emergency"
    assert len(house.bot_texts) == 14, "the start screen, twelve answers and the warning"


async def test_a_childs_phone_gets_the_line_for_children_first(house: House) -> None:
    await enrolled(house, "heel L child")
    house.patient.says("I want to die")
    await house.settle()
    said = house.patient.last.text
    assert said.startswith("I'm really glad you told me.")
    assert "999" in said
    assert said.index("Childline 0800 1111") < said.index("Samaritans")


async def test_a_parent_with_a_plan_too_gets_the_text_for_everybody(house: House) -> None:
    await enrolled(house)
    await does(house, *UNTIL_AGREED, "6", "None of these", "No thanks")
    await enrolled(house, "calf R child for Ben")
    house.patient.says("I want to die")
    await house.settle()
    said = house.patient.last.text
    assert said.index("Samaritans") < said.index("If you are under 18:") < said.index("Childline 0800 1111")
