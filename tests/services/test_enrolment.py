"""A list of appointments: read with every problem by line, compared with what is known, written all or nothing."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.care import PlanState
from bot.clock import to_us
from bot.model import ChatId
from bot.services.enrolment_import import AT_ONCE, Appointments, Does, Done
from bot.services.enrolment_list import read
from bot.services.planner import REPLAN
from bot.services.poster import Cut, link_to, links, poster
from bot.simulator.house import House
from bot.store import enrolling
from bot.store.contacts import Contacts
from bot.store.joining_timers import JOINING_OVER
from bot.store.tables import contact, due, enrol_link, enrolment, patient
from tests.shipped import CONTENT
from tests.who_joins import does

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEAD = "reference,name,phone,area,side,treated,visit,careful\n"
WITH_CHILD = HEAD.replace("\n", ",child\n")
ROW = "4711,,01632 960555,heel,L,2026-11-23 10:00,2026-12-07 10:00,thinner\n"
NAMED = ",Anna B,01632 960555,heel,L,2026-11-23 10:00,,\n"


def test_a_row_is_read() -> None:
    (row,), problems = read(HEAD + ROW, "list.csv", CONTENT, NOW)
    assert problems == []
    assert (row.line, row.reference, row.area, row.side) == (2, "4711", "heel", "left")
    assert row.treated_at == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert row.visit_at == datetime(2026, 12, 7, 10, 0, tzinfo=UTC)
    assert row.facts == {"thinner": True}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("reference,area,side\n", 1, "'treated' is missing", id="column missing"),
        pytest.param("foo," + HEAD, 1, "no column 'foo'", id="column unknown"),
        pytest.param(HEAD + ROW.replace("heel", "elbow"), 2, "the area is none of", id="area"),
        pytest.param(HEAD + ROW.replace(",L,", ",X,"), 2, "the side is none of", id="side"),
        pytest.param(HEAD + ROW.replace("2026-11-23 10:00", "soon"), 2, "needs a date and a time", id="treated"),
        pytest.param(HEAD + ROW.replace("2026-11-23", "2026-10-23"), 2, "treated more than", id="long ago"),
        pytest.param(HEAD + ROW.replace("2026-12-07", "2026-11-22"), 2, "in the past", id="visit"),
        pytest.param(HEAD + ROW.replace("01632 960555", "ring mum"), 2, "phone number", id="phone"),
        pytest.param(HEAD + ROW.replace("thinner", "perhaps"), 2, "careful is yes, no", id="careful"),
        pytest.param(HEAD + ROW.replace("4711,", ","), 2, "neither a reference nor a name", id="nobody"),
        pytest.param(HEAD + ROW + ROW, 3, "line 2 already", id="twice"),
        pytest.param(HEAD + NAMED + NAMED, 3, "name and phone number stand in line 2", id="twice by phone"),
        pytest.param(
            HEAD + NAMED + NAMED.replace("960555", "960556"), 3, "name and treatment time stand", id="twice by time"
        ),
        pytest.param(HEAD + ROW.replace("thinner", "yes,more"), 2, "more values than columns", id="comma"),
        pytest.param(WITH_CHILD + ROW.replace("\n", ",12\n"), 2, "child is yes or no", id="child"),
    ],
)
def test_what_is_wrong_is_told_by_line(text: str, line: int, words: str) -> None:
    _, problems = read(text, "list.csv", CONTENT, NOW)
    assert [(problem.file, problem.line) for problem in problems] == [("list.csv", line)]
    assert words in problems[0].text


def test_a_file_from_a_spreadsheet_is_read() -> None:
    text = "\ufeff" + HEAD.upper() + ROW + ",,,,,,,\n"
    rows, problems = read(text, "list.csv", CONTENT, NOW)
    assert (len(rows), problems) == (1, [])


async def run(house: House, text: str, head: str = HEAD) -> list[Done]:
    now = house.clock.now()
    rows, problems = read(head + text, "list.csv", CONTENT, now)
    assert problems == []
    work = Appointments(house.app.store, house.app.settings.bot_id, Contacts(), CONTENT, now)
    async with house.app.store.write() as tx:
        return await work.do(tx, await work.decide(tx, rows), lambda: None)


async def plans(house: House) -> list[sa.RowMapping]:
    async with house.app.store.read() as tx:
        return list((await tx.execute(sa.select(enrolment).order_by(enrolment.c.id))).mappings())


async def test_somebody_on_a_list_joins_by_their_own_link(house: House) -> None:
    (done,) = await run(house, ROW)
    assert done.planned.does is Does.NEW
    async with house.app.store.read() as tx:
        assert done.token not in str((await tx.execute(sa.select(enrol_link))).mappings().all())
    house.patient.starts(done.token)
    await house.settle()
    assert "What should we call you" in house.patient.last.text
    house.patient.says("Anna")
    await house.settle()
    house.patient.presses("Yes, that's right")
    await house.settle()
    house.patient.presses("I agree")
    await house.settle()
    (plan,) = await plans(house)
    assert (plan["state"], plan["chat_id"]) == (PlanState.OPEN, house.patient.chat_id)
    house.patient.presses("6")
    await house.settle()
    house.patient.presses("None of these", house.patient.last.message_id)
    await house.settle()
    assert house.patient.last.text.startswith("Thank you, that's all."), "the number was in the list"
    (plan,) = await plans(house)
    assert plan["careful"] is True, "the list says so"


async def test_the_parent_of_a_child_on_a_list_joins_in_their_own_words(house: House) -> None:
    (done,) = await run(house, ROW.replace("\n", ",yes\n"), WITH_CHILD)
    house.patient.starts(done.token)
    await house.settle()
    assert "your child" in house.patient.last.text
    (plan,) = await plans(house)
    assert plan["is_child"] is True
    (again,) = await run(house, ROW.replace("\n", ",no\n"), WITH_CHILD)
    assert again.planned.in_words == "nothing new; whether it is a child stays as it was: to change it, end the plan"
    (plan,) = await plans(house)
    assert plan["is_child"] is True
    (silent,) = await run(house, ROW)
    assert silent.planned.in_words == "nothing new"


@pytest.mark.parametrize(
    ("visit", "does"),
    [
        ("2026-12-07 10:00", Does.SAME),
        ("2026-12-08 11:00", Does.VISIT),
        ("", Does.CANCELLED),
    ],
)
async def test_the_same_reference_again_moves_or_cancels_the_visit(house: House, visit: str, does: Does) -> None:
    await run(house, ROW)
    house.clock.tick(timedelta(hours=1))
    (done,) = await run(house, ROW.replace("2026-12-07 10:00", visit))
    assert (done.planned.does, done.token) == (does, "")
    (plan,) = await plans(house)
    expected = datetime.fromisoformat(f"{visit}+00:00") if visit else None
    assert plan["visit_us"] == (to_us(expected) if expected else None)
    assert plan["visit_seen_us"] == to_us(house.clock.now())
    async with house.app.store.read() as tx:
        replans = (await tx.scalars(sa.select(due.c.id).where(due.c.kind == REPLAN))).all()
    assert bool(replans) is (does is not Does.SAME)


async def test_a_treatment_on_another_day_is_a_new_session(house: House) -> None:
    await run(house, ROW)
    (done,) = await run(house, ROW.replace("2026-11-23", "2026-11-24"))
    assert done.planned.does is Does.SESSION
    first, second = await plans(house)
    assert (first["state"], first["reason"]) == (PlanState.ENDED, "new session, was joining")
    assert second["state"] == PlanState.JOINING
    assert first["patient_id"] == second["patient_id"]


async def test_a_long_list_is_written_some_rows_at_a_time_in_its_order(house: House) -> None:
    """Longer than what is written together; known and new patients among each other, each with their own link."""
    count = AT_ONCE + 20
    people = [f"{number},,,heel,L,2026-11-23 10:00,," for number in range(count)]
    await run(house, "\n".join(people[::2]) + "\n")
    done = await run(house, "\n".join(people) + "\n")
    assert [one.planned.row.reference for one in done] == [str(number) for number in range(count)]
    assert [one.planned.does for one in done] == [Does.SAME, Does.NEW] * (count // 2)
    made = await plans(house)
    assert len(made) == len({plan["patient_id"] for plan in made}) == count
    assert len({one.code for one in done}) == count
    assert len({one.token for one in done if one.token}) == count // 2
    async with house.app.store.read() as tx:
        codes = sa.select(contact.c.reference, patient.c.code).join(patient, patient.c.id == contact.c.patient_id)
        assert {(one.planned.row.reference, one.code) for one in done} == set(map(tuple, await tx.execute(codes)))
        over = sa.select(sa.func.count()).select_from(due).where(due.c.kind == JOINING_OVER)
        assert await tx.scalar(over) == count


async def details(house: House) -> list[tuple[str | None, str | None, str | None]]:
    async with house.app.store.read() as tx:
        rows = await tx.execute(sa.select(contact).order_by(contact.c.patient_id))
        return [(row.reference, row.name, row.phone) for row in rows]


async def test_a_new_number_of_a_known_patient_is_kept_and_said(house: House) -> None:
    await run(house, ROW)
    (done,) = await run(house, ROW.replace("960555", "960556"))
    assert done.planned.in_words == "phone changed"
    assert await details(house) == [("4711", None, "01632 960556")]
    assert len(await plans(house)) == 1


@pytest.mark.parametrize(
    ("row", "in_words"),
    [
        (",Anna B,01632 960555,heel,L,2026-11-23 10:00,,\n", "nothing new; known by name and phone number"),
        (",Anna B,,heel,L,2026-11-23 10:00,,\n", "nothing new; known by name and treatment time"),
    ],
)
async def test_the_same_file_again_makes_no_second_patient(house: House, row: str, in_words: str) -> None:
    await run(house, row)
    (done,) = await run(house, row)
    assert (done.planned.in_words, done.token) == (in_words, "")
    assert len(await plans(house)) == len(await details(house)) == 1


async def test_not_me_keeps_what_the_clinic_knew_and_erases_what_was_typed(house: House) -> None:
    """A link that reached somebody else: staff can still ring the patient of the list."""
    (first,) = await run(house, NAMED)
    house.patient.starts(first.token)
    await house.settle()
    await does(house, "This is not for me")
    ((_, name, phone),) = await details(house)
    assert (name, phone) == ("Anna B", "01632 960555")


async def test_two_links_without_names_on_one_phone_are_told_apart(house: House) -> None:
    """A clinic's list often has references alone: the names that are typed stand in front of what is said."""
    mother, son = await run(house, ROW.replace("thinner", "") + ROW.replace("4711", "4712").replace("960555", "960556"))
    house.patient.starts(mother.token)
    await house.settle()
    await does(house, "Anna", "Yes, that's right", "I agree", "6", "None of these")
    house.patient.starts(son.token)
    await house.settle()
    await does(house, "Ben", "Yes, that's right")
    assert house.patient.last.text.startswith("Ben:")
    async with house.app.store.read() as tx:
        in_chat = await enrolling.patients_in(tx, house.app.settings.bot_id, ChatId(house.patient.chat_id))
    assert [one.label for one in in_chat] == ["Anna", "Ben"]


async def test_a_plan_that_is_over_is_not_begun_again_by_the_same_row(house: House) -> None:
    (first,) = await run(house, ROW)
    house.patient.starts(first.token)
    await house.settle()
    for said in ("Anna", "Yes, that's right", "Not now"):
        await does(house, said)
    (done,) = await run(house, ROW)
    assert done.planned.does is Does.OVER
    assert len(await plans(house)) == 1


async def test_where_it_may_be_somebody_else_nothing_is_done(house: House) -> None:
    row = ",Anna B,01632 960555,heel,L,2026-11-23 10:00,,\n"
    await run(house, row)
    rows, _ = read(HEAD + row.replace("960555", "960777"), "list.csv", CONTENT, house.clock.now())
    work = Appointments(house.app.store, house.app.settings.bot_id, Contacts(), CONTENT, house.clock.now())
    async with house.app.store.read() as tx:
        (planned,) = await work.decide(tx, rows)
    assert (planned.does, planned.patient_id) == (Does.NOTHING, None)
    assert "another phone number" in planned.problem


async def test_a_link_that_nobody_opens_ends_the_plan_with_it(house: House) -> None:
    await run(house, ROW)
    await house.pass_time(days=6)
    async with house.app.store.write() as tx:
        (plan,) = await plans(house)
        now_us = to_us(house.clock.now())
        await enrolling.new_link(tx, house.app.settings.bot_id, plan["patient_id"], plan["id"], None, now_us)
    await house.pass_time(days=2)
    assert [plan["state"] for plan in await plans(house)] == [PlanState.JOINING], "the newer link still works"
    await house.pass_time(days=6)
    (plan,) = await plans(house)
    assert (plan["state"], plan["reason"]) == (PlanState.ENDED, "did not finish joining")


def test_the_poster_leads_to_the_bot_and_knows_no_patient() -> None:
    made = poster(CONTENT, link_to("some_bot", "join"))
    assert "https://t.me/some_bot?start=join" in made
    assert "<svg" in made
    assert "Demo Foot Clinic" in made
    assert "http" not in made.replace("https://t.me/", "").replace("http://www.w3.org/", "")


def test_links_to_cut_are_escaped() -> None:
    made = links(CONTENT, [Cut("<b>4711", link_to("some_bot", "A" * 22))], "1 December 2026")
    assert "&lt;b&gt;4711" in made
    assert made.count("<svg") == 1
