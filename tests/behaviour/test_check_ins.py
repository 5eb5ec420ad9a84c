"""Check-ins on their way: sent once and in time, moved or left out with a reason, silent after silence."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock, from_us, to_us
from bot.core.care.checking_in import CheckIns as Talk
from bot.model import ChatId, Kind, Outgoing, Payload
from bot.services.planner import Planner
from bot.simulator.house import Cast, House, open_house
from bot.store import care, patient_list
from bot.store.tables import check_in, due, enrolment, staff_note
from tests.on_a_plan import enrol, state_of, write_plan

FIRST, SECOND, THIRD = "Hello from the clinic.", "Good morning.", "Hello again."
REMINDER = "Just checking in."


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


async def treated(house: House, **values: Any) -> int:
    """The patient in the house is on a plan from now on; the house stands at Monday noon."""
    enrolment_id = await enrol(house, **values)
    async with house.app.store.write() as tx:
        await Planner(house.app.post).plan(tx, enrolment_id)
    return enrolment_id


def sent(house: House) -> list[tuple[str, str]]:
    """Check-ins and reminders on the patient's phone: local time, and which."""
    return [
        (f"{message.date:%a %H:%M}", text)
        for message in house.world.from_bot(house.patient.chat_id)
        for text in (FIRST, SECOND, THIRD, REMINDER)
        if message.text.startswith(text)
    ]


async def rows(house: House, table: sa.Table, *where: sa.ColumnElement[bool]) -> Sequence[sa.RowMapping]:
    async with house.app.store.read() as tx:
        return (await tx.execute(sa.select(table).where(*where).order_by(table.c.id))).mappings().all()


async def says(house: House, text: str) -> str:
    """What the bot answers."""
    house.patient.says(text)
    await house.settle()
    return house.patient.last.text


async def test_each_check_in_comes_at_its_time(house: House) -> None:
    await treated(house)
    await house.pass_time(hours=4)
    await says(house, "3")
    await says(house, "nothing else")
    await house.pass_time(hours=18)
    await says(house, "2")
    await says(house, "yes")
    await house.pass_time(days=6, hours=1)
    assert sent(house) == [("Mon 15:00", FIRST), ("Tue 09:30", SECOND), ("Mon 10:00", THIRD)]
    await says(house, "1")
    (plan,) = await rows(house, enrolment)
    assert (plan["state"], plan["reason"]) == ("ended", "done")
    assert [row["answers"] for row in await rows(house, check_in)] == [
        {"pain": 3, "words": "nothing else"},
        {"pain": 2, "walk": "yes"},
        {"pain": 1},
    ]


async def test_silence_is_reminded_of_once_and_then_respected(house: House) -> None:
    """The second check-in is the reminder of an unanswered first one; after that nothing more is sent."""
    plan_id = await treated(house)
    await house.pass_time(days=10)
    assert [text for _, text in sent(house)] == [FIRST, SECOND]
    (plan,) = await rows(house, enrolment, enrolment.c.id == plan_id)
    assert plan["silent_us"] is not None
    (note,) = await rows(house, staff_note)
    assert (note["kind"], note["text"]) == ("late", "C3 was not sent: no reply to the check-ins before.")


async def test_the_reminder_of_a_later_silence(house: House) -> None:
    await treated(house)
    await house.pass_time(hours=4)
    await says(house, "3")
    await says(house, "nothing else")
    await house.pass_time(days=10)
    assert sent(house)[1:] == [("Tue 09:30", SECOND), ("Tue 13:30", REMINDER)]


async def test_staff_ring_a_careful_patient_who_falls_silent(house: House) -> None:
    await treated(house, careful=True)
    await house.pass_time(days=10)
    assert [note["kind"] for note in await rows(house, staff_note)] == ["call", "late"]


async def test_a_word_ends_the_silence(house: House) -> None:
    plan_id = await treated(house)
    await house.pass_time(days=3)
    await says(house, "3")
    (plan,) = await rows(house, enrolment, enrolment.c.id == plan_id)
    assert plan["silent_us"] is None


@pytest.mark.parametrize("words", ["/resume", "start again"])
async def test_whoever_fell_silent_gets_check_ins_again_when_they_ask(words: str, house: House) -> None:
    plan_id = await treated(house, agreed_us=to_us(house.clock.now()))
    await house.pass_time(hours=4)
    async with house.app.store.write() as tx:  # as at the time of a check-in after an unanswered one
        plan, now_us = await care.plan(tx, house.app.settings.bot_id, plan_id), house.clock.now_us()
        assert plan is not None
        change = Talk(house.app.post.library.served.content).silenced(plan)
        await care.apply(house.app.store, tx, house.app.settings.bot_id, change, now_us)
        await care.set_plan(tx, plan_id, silent_us=now_us, reminded_us=now_us)
    said = await says(house, words)
    assert said.startswith("Your check-ins go on. The next one comes")
    await house.pass_time(days=1)
    assert [text for _, text in sent(house)] == [FIRST, SECOND]


async def test_whoever_fell_silent_is_told_where_none_is_left(house: House) -> None:
    await treated(house, agreed_us=to_us(house.clock.now()))
    await house.pass_time(days=10)
    assert (await says(house, "/resume")).startswith("There are no check-ins left")
    (plan,) = await rows(house, enrolment)
    assert plan["silent_us"] is not None


async def test_danger_pauses_the_plan_until_staff_let_it_go_on(house: House) -> None:
    plan_id = await treated(house)
    await house.pass_time(hours=4)
    await says(house, "I have chest pain and cannot breathe")
    assert await state_of(house, plan_id) == ("paused", "alert")
    await house.pass_time(days=2)
    assert [text for _, text in sent(house)] == [FIRST]


async def test_stop_ends_the_plan(house: House) -> None:
    plan_id = await treated(house)
    await says(house, "stop")
    assert (await state_of(house, plan_id))[0] == "ended"
    await house.pass_time(days=10)
    assert sent(house) == []
    assert {row["state"] for row in await rows(house, due, due.c.kind == care.CHECK_IN)} == {"dropped"}


async def test_what_was_due_while_the_bot_was_off_goes_out_late_or_is_left_out_with_its_reason(
    cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    async with open_house(cast, database_url, content_dir, clock) as house:
        house.patient.starts()
        await house.settle()
        plan_id = await treated(house)
    clock.tick(timedelta(hours=4))  # the first was due an hour ago and may be sent until nine hours after
    async with open_house(cast, database_url, content_dir, clock) as house:
        await house.settle()
        assert sent(house) == [("Mon 16:00", FIRST)]
    clock.tick(timedelta(days=4))  # the second is too late now
    async with open_house(cast, database_url, content_dir, clock) as house:
        await house.settle()
        assert [text for _, text in sent(house)] == [FIRST]
        (note,) = await rows(house, staff_note)
        assert (note["kind"], note["enrolment_id"]) == ("late", plan_id)
        assert note["text"].startswith("C2")


async def test_late_outside_its_window_it_waits_for_the_next_one(
    cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    async with open_house(cast, database_url, content_dir, clock) as house:
        house.patient.starts()
        await house.settle()
        await treated(house)
        await house.pass_time(hours=4)
        await says(house, "3")
        await says(house, "nothing else")
    clock.tick(timedelta(hours=24))  # Tuesday 16:00: its window ended at noon, and it may go until Thursday
    async with open_house(cast, database_url, content_dir, clock) as house:
        await house.settle()
        assert len(sent(house)) == 1
        await house.pass_time(hours=18)
        assert sent(house)[1:] == [("Wed 09:00", SECOND)]


async def test_a_restart_sends_nothing_twice(
    cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    for _ in range(3):
        async with open_house(cast, database_url, content_dir, clock) as house:
            if not house.bot_texts:
                house.patient.starts()
                await house.settle()
                await treated(house)
            async with house.app.store.write() as tx:
                await Planner(house.app.post).plan_all_anew(tx, str(clock.now_us()))
            await house.pass_time(hours=4)
    assert [text for _, text in sent(house)] == [FIRST]


async def test_an_edited_plan_moves_what_waits(house: House, content_dir: Path) -> None:
    plan_id = await treated(house)
    path = content_dir / "en" / "check_ins" / "small_plan.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("at: next morning 09:30", "at: next morning 10:15"), "utf-8")
    await house.app.look_at_content()
    await house.settle()
    async with house.app.store.read() as tx:
        waiting = await patient_list.steps_of(tx, house.app.settings.bot_id, plan_id)
    when = {row["part"]: from_us(row["due_us"]) for row in waiting}
    assert f"{when['second']:%a %H:%M}" == "Tue 10:15"
    assert set(when) == {"first", "second", "third"}


async def test_an_unanswered_question_is_put_once_more_after_another_answer(house: House) -> None:
    await treated(house)
    await house.pass_time(hours=4)
    said = await says(house, "can I have a hot bath tonight?")
    texts = "\n".join(house.bot_texts[-2:])
    assert "How much does it hurt" in texts
    assert said


async def test_a_patient_without_telegram_is_sent_nothing(house: House) -> None:
    plan_id = await enrol(house, "P-7001", chat_id=0)
    async with house.app.store.write() as tx:
        await Planner(house.app.post).plan(tx, plan_id)
    await house.pass_time(days=10)
    assert await rows(house, check_in, check_in.c.enrolment_id == plan_id) == []


async def test_two_messages_a_day_are_the_most(house: House) -> None:
    """Beside two other bot-started messages the third waits for the next day."""
    await treated(house)
    async with house.app.store.write() as tx:
        for number in range(2):
            out = Outgoing(ChatId(house.patient.chat_id), Kind.BROADCAST, Payload(f"News {number}"), f"news:{number}")
            await house.app.post.enqueue(tx, out)
    await house.pass_time(hours=6)
    assert sent(house) == []
    (first,) = await rows(house, staff_note)
    assert "C1" in first["text"]


async def test_patients_can_see_what_is_planned(house: House) -> None:
    assert "No check-ins are planned" in await says(house, "/plan")
    plan_id = await treated(house)
    shown = await says(house, "/plan")
    assert "Monday 23 November" in shown
    assert "15:00" in shown
    async with house.app.store.write() as tx:
        await care.set_plan(tx, plan_id, state="paused", reason="staff")
    assert "on hold" in await says(house, "/plan")


async def test_what_staff_moved_stays_where_it_is_when_the_plan_is_edited(house: House) -> None:
    plan_id = await treated(house)
    async with house.app.store.write() as tx:
        waiting = {row["part"]: row for row in await patient_list.steps_of(tx, house.app.settings.bot_id, plan_id)}
        moved_us = waiting["second"]["due_us"] + 3600 * 1_000_000
        await patient_list.put_off(tx, waiting["second"]["id"], moved_us)
        await Planner(house.app.post).plan(tx, plan_id)
        again = {row["part"]: row for row in await patient_list.steps_of(tx, house.app.settings.bot_id, plan_id)}
    assert again["second"]["due_us"] == moved_us
    assert again["third"]["due_us"] == waiting["third"]["due_us"]
