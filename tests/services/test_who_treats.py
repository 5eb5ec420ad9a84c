"""Who treats a patient: whom enrolments name by themselves, and what staff make of it."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import to_us
from bot.model import Role, UserId
from bot.services.people import People
from bot.simulator.house import House
from bot.store import people
from bot.store.tables import audit
from tests.on_a_plan import code_of, enrol, write_plan

DESK, ONE, OTHER, GUEST = UserId(31), UserId(32), UserId(33), UserId(34)


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


async def add(house: House, user_id: UserId, role: Role, name: str, registration: str | None = None) -> None:
    bot_id, now_us = house.app.settings.bot_id, to_us(house.clock.now())
    async with house.app.store.write() as tx:
        await people.give_role(house.app.store, tx, bot_id, user_id, role, name, now_us)
        await people.set_values(tx, bot_id, user_id, registration=registration)


@pytest.mark.parametrize(
    ("clinicians", "author", "expected"),
    [
        pytest.param((), GUEST, GUEST, id="nobody has a role: whoever enrols treats"),
        pytest.param((), DESK, None, id="the desk never does"),
        pytest.param((ONE,), DESK, ONE, id="the only clinician"),
        pytest.param((ONE,), GUEST, ONE, id="the only clinician, whoever wrote"),
        pytest.param((ONE, OTHER), OTHER, OTHER, id="a clinician enrols their own"),
        pytest.param((ONE, OTHER), DESK, None, id="one of two: nobody yet"),
    ],
)
async def test_whom_an_enrolment_names(
    house: House, clinicians: tuple[UserId, ...], author: UserId, expected: UserId | None
) -> None:
    await add(house, DESK, Role.DESK, "Desk")
    for user_id in clinicians:
        await add(house, user_id, Role.CLINICIAN, f"Clinician {user_id}")
    async with house.app.store.read() as tx:
        assert await People(house.app.post).podiatrist_of(tx, author) == expected


async def test_an_owner_with_a_registration_treats_too_and_who_left_does_not(house: House) -> None:
    await add(house, ONE, Role.OWNER, "Owner", "AB12345")
    await add(house, OTHER, Role.CLINICIAN, "Left", "CD12345")
    async with house.app.store.write() as tx:
        await people.remove(tx, house.app.settings.bot_id, OTHER, to_us(house.clock.now()))
        assert await People(house.app.post).who_treat(tx) == {ONE: "Owner"}


async def test_staff_name_who_treats_and_an_alert_calls_that_person(house: House) -> None:
    house.patient.starts()
    plan_id = await enrol(house)
    await add(house, ONE, Role.CLINICIAN, "Clinician one")
    await add(house, OTHER, Role.CLINICIAN, "Clinician two")
    await _press(house, "/patients", await code_of(house, plan_id), "Treated by")
    asked = house.world.from_bot(house.staff.chat_id)[-1]
    assert asked.text.endswith("Now: nobody named yet")
    assert [key.label for key in asked.keys] == ["Member", "Clinician one", "Clinician two", "Back"]
    await _press(house, "", "Clinician two")
    assert "Treated by: Clinician two\n" in house.staff_texts[-1]
    assert house.staff_texts[-1].endswith("Clinician two is told first of a warning now.")
    await _press(house, "", "Treated by", "Clinician two")
    assert house.staff_texts[-1].endswith("It was so already.")
    house.patient.says("I have chest pain")
    await house.settle()
    assert any("Clinician two: your patient." in text for text in house.staff_texts)
    async with house.app.store.read() as tx:
        found = await tx.scalar(sa.select(sa.func.count()).where(audit.c.action == "plan_podiatrist"))
    assert found == 1


async def test_a_button_that_names_who_has_left_changes_nothing(house: House) -> None:
    plan_id = await enrol(house)
    await add(house, ONE, Role.CLINICIAN, "Clinician one")
    await _press(house, "/patients", await code_of(house, plan_id), "Treated by")
    async with house.app.store.write() as tx:
        await people.remove(tx, house.app.settings.bot_id, ONE, to_us(house.clock.now()))
    await _press(house, "", "Clinician one")
    assert "Treated by: nobody named yet" in house.staff_texts[-1]
    assert house.staff_texts[-1].endswith("Nothing changed. It is over, or was sent meanwhile.")


async def _press(house: House, command: str, *labels: str) -> None:
    if command:
        house.member.says(command)
        await house.settle()
    for label in labels:
        house.member.presses(label)
        await house.settle(20)
