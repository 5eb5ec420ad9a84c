"""What a patient tells in passing reaches staff as a note; the patient reads nothing of it (red-flag catalogue)."""

import pytest
import sqlalchemy as sa

from bot.simulator.house import House
from bot.store.tables import enrolment, staff_note
from tests.on_a_plan import on_shipped_plan, says


async def notes(house: House) -> list[str]:
    async with house.app.store.read() as tx:
        return list(await tx.scalars(sa.select(staff_note.c.text).order_by(staff_note.c.id)))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("I'm on blood thinners by the way, can I shower", ["Told by the way: blood thinner"]),
        ("should have said, I am 12 weeks pregnant", ["Told by the way: pregnant"]),
        (
            "I take warfarin and I have diabetes",
            ["Told by the way: blood thinner", "Told by the way: diabetes or numb feet"],
        ),
        ("I'm not on blood thinners, can I shower", []),
        ("can people on blood thinners have it", []),
        ("can I shower", []),
    ],
)
async def test_what_asks_for_care_is_noted_and_counts(house: House, words: str, told: list[str]) -> None:
    plan_id = await on_shipped_plan(house)
    answer = await says(house, words)
    assert "Told" not in answer
    assert await notes(house) == told
    async with house.app.store.read() as tx:
        row = (await tx.execute(sa.select(enrolment).where(enrolment.c.id == plan_id))).mappings().one()
    assert row["careful"] is bool(told)
    await says(house, words)
    assert await notes(house) == told, "once"


async def test_what_is_known_is_no_news(house: House) -> None:
    await on_shipped_plan(house, facts={"thinner": True})
    await says(house, "can I shower, I'm on blood thinners")
    assert await notes(house) == []


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("I had a fit as a child, can I shower", "Had it before: seizure (had fit)"),
        ("I had a DVT in 2015, can I shower", "Had it before: suspected_dvt (had dvt)"),
        ("I've had a blood clot before, can I shower", "Had it before: suspected_dvt (ive clot)"),
        ("I've had a seizure before, can I shower", "Had it before: seizure (seizure)"),
    ],
)
async def test_what_was_long_ago_is_noted_and_raises_no_alarm(house: House, words: str, note: str) -> None:
    await on_shipped_plan(house)
    await says(house, words)
    assert await notes(house) == [note]
    assert not any("take it" in text for text in house.staff_texts)


@pytest.mark.parametrize(
    ("words", "is_noted"),
    [
        ("I'm so scared, is a bruise normal", True),
        ("been crying all morning, can I shower", True),
        ("not in tears or anything, can I shower", False),
        ("can I shower", False),
    ],
)
async def test_somebody_very_upset_is_noted_and_answered_as_always(house: House, words: str, is_noted: bool) -> None:
    await on_shipped_plan(house)
    await says(house, words)
    assert ("Wrote as somebody very upset" in await notes(house)) is is_noted


@pytest.mark.parametrize(("days", "is_noted"), [(1, True), (4, False)])
async def test_a_question_about_a_danger_is_noted_in_the_first_days(house: House, days: int, is_noted: bool) -> None:
    await on_shipped_plan(house)
    await house.pass_time(days=days)
    await says(house, "could dry needling cause chest pain")
    assert (
        any(note.startswith("Asked whether it could be: chest_pain_breathless") for note in await notes(house))
        is is_noted
    )


async def test_a_parent_speaks_of_the_child_not_of_themselves(house: House) -> None:
    await on_shipped_plan(house, is_child=True)
    await says(house, "I'm on blood thinners by the way, can he shower")
    assert await notes(house) == []


async def test_the_same_question_three_times_in_a_day_is_noted(house: House) -> None:
    await on_shipped_plan(house)
    for words in ("can I shower", "can i have a shower", "can I shower tonight"):
        assert await notes(house) == []
        await says(house, words)
        await house.pass_time(minutes=10)
    assert await notes(house) == ["Asked three times in one day: Can I shower, bathe or swim?"]


async def test_two_answers_that_missed_the_question_are_noted(house: House) -> None:
    await on_shipped_plan(house)
    for words in ("can I shower", "can I drive home"):
        assert await notes(house) == []
        await says(house, words)
        house.patient.presses("Not what I asked")
        await house.settle()
        await house.pass_time(minutes=5)
    assert await notes(house) == ["Two answers of the bot in one day were not what was asked"]
