"""Announcements on their way: everybody meant gets one copy, staff can stop it at any moment and mend what was sent."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.announcement import Audience, State
from bot.care import PlanState
from bot.clock import ManualClock, to_us
from bot.model import ChatId, Level, UserId
from bot.services.broadcasts import Broadcasts, Done
from bot.simulator import faults
from bot.simulator.house import Cast, House, open_house
from bot.simulator.people import Person
from bot.store import alerts, broadcasts
from bot.store.tables import alert, audit, chat, enrolment, message, recipient
from tests.on_a_plan import enrol, write_plan

AUTHOR, SECOND = UserId(12), UserId(700)
TEXT = "{clinic_name}: we are closed on Friday."
Act = Callable[[Broadcasts, Any], Awaitable[Done]]


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


async def recipients(house: House, count: int, **values: Any) -> list[Person]:
    """Patients who agreed to messages, each with a phone of their own."""
    values = {"agreed_us": to_us(house.clock.now())} | values
    people = []
    for number in range(count):
        person = house.world.add_user(5000 + number, "Patient")
        person.starts()
        people.append(person)
        await enrol(house, f"P-{9000 + number}", chat_id=person.chat_id, **values)
    await house.settle(2)
    return people


async def draft(house: House, text: str = TEXT, **values: Any) -> int:
    now_us = to_us(house.clock.now())
    row = {
        "payload": {"text": text, "links": []},
        "audience": Audience().to_json(),
        "state": State.DRAFT,
        "created_by": AUTHOR,
        "created_us": now_us,
    }
    async with house.app.store.write() as tx:
        return await broadcasts.add(tx, house.app.settings.bot_id, **(row | values))


async def does(house: House, act: Act) -> Done:
    async with house.app.store.write() as tx:
        return await act(Broadcasts(house.app.post), tx)


async def announce(house: House, text: str = TEXT, **values: Any) -> int:
    """A draft that was confirmed."""
    broadcast_id = await draft(house, text, **values)
    assert await does(house, lambda all_, tx: all_.confirm(tx, AUTHOR, broadcast_id)) is Done.DONE
    return broadcast_id


async def row_of(house: House, broadcast_id: int) -> sa.RowMapping:
    async with house.app.store.read() as tx:
        row = await broadcasts.get(tx, house.app.settings.bot_id, broadcast_id)
    assert row is not None
    return row


def got(house: House, person: Person, words: str = "closed on Friday") -> int:
    """How many messages with these words are on this phone."""
    return sum(words in one.text for one in house.world.from_bot(person.chat_id))


async def until_sent(house: House, people: list[Person], count: int) -> int:
    """Let it run until so many have their copy; how many have it then."""
    while (there := sum(got(house, person) for person in people)) < count:
        await house.settle(0)
        house.clock.tick(timedelta(milliseconds=40))
    return there


async def test_everybody_meant_gets_one_copy(house: House) -> None:
    people = await recipients(house, 7)
    broadcast_id = await announce(house)
    await house.settle(60)
    assert [got(house, person) for person in people] == [1] * 7
    row = await row_of(house, broadcast_id)
    assert row["state"] == State.DONE
    assert row["ended_us"] is not None


async def test_a_family_in_one_chat_gets_one_copy(house: House) -> None:
    (person,) = await recipients(house, 1)
    await enrol(house, "P-8000", chat_id=person.chat_id, agreed_us=to_us(house.clock.now()))
    await announce(house)
    await house.settle(60)
    assert got(house, person) == 1


async def test_it_waits_for_its_time(house: House) -> None:
    (person,) = await recipients(house, 1)
    due = house.clock.now() + timedelta(hours=2)
    await announce(house, due_us=to_us(due))
    await house.pass_time(hours=1, minutes=59)
    assert got(house, person) == 0
    await house.pass_time(minutes=2)
    assert got(house, person) == 1


async def test_whoever_joins_after_it_was_confirmed_gets_none(house: House) -> None:
    await recipients(house, 1)
    await announce(house, due_us=to_us(house.clock.now() + timedelta(hours=2)))
    await house.settle(10)
    late = house.world.add_user(6000, "Patient")
    late.starts()
    await enrol(house, "P-8001", chat_id=late.chat_id, agreed_us=to_us(house.clock.now()))
    await house.pass_time(hours=3)
    assert got(house, late) == 0


async def test_a_stop_after_it_was_confirmed_counts(house: House) -> None:
    (person,) = await recipients(house, 1)
    broadcast_id = await announce(house, due_us=to_us(house.clock.now() + timedelta(hours=2)))
    await house.settle(10)
    person.says("STOP")
    await house.pass_time(hours=3)
    assert got(house, person) == 0
    async with house.app.store.read() as tx:
        counts = await broadcasts.counts(tx, broadcast_id)
    assert (counts.sent, dict(counts.skipped or {})) == (0, {"opted_out": 1})


async def test_a_second_person_confirms_where_the_clinic_wants_it(house: House, content_dir: Path) -> None:
    clinic = content_dir / "clinic.yaml"
    text = clinic.read_text("utf-8")
    assert "broadcast_needs_second: no" in text
    clinic.write_text(text.replace("broadcast_needs_second: no", "broadcast_needs_second: yes"), "utf-8")
    await house.app.look_at_content()
    assert house.app.library.problems == ()
    (person,) = await recipients(house, 1)
    broadcast_id = await draft(house)
    said = [
        await does(house, lambda all_, tx: all_.confirm(tx, AUTHOR, broadcast_id)),
        await does(house, lambda all_, tx: all_.confirm(tx, AUTHOR, broadcast_id)),
    ]
    assert said == [Done.NEEDS_SECOND, Done.NOT_YOU]
    await house.settle(30)
    assert got(house, person) == 0
    assert await does(house, lambda all_, tx: all_.confirm(tx, SECOND, broadcast_id)) is Done.DONE
    await house.settle(30)
    assert got(house, person) == 1
    row = await row_of(house, broadcast_id)
    assert (row["created_by"], row["approved_by"]) == (AUTHOR, SECOND)


async def test_a_pause_holds_the_rest_and_a_resume_sends_it(house: House) -> None:
    people = await recipients(house, 60)
    broadcast_id = await announce(house)
    at_pause = await until_sent(house, people, 20)
    assert await does(house, lambda all_, tx: all_.pause(tx, AUTHOR, broadcast_id)) is Done.DONE
    await house.settle(300)
    assert sum(got(house, person) for person in people) == at_pause
    assert await does(house, lambda all_, tx: all_.pause(tx, AUTHOR, broadcast_id)) is Done.ALREADY
    assert await does(house, lambda all_, tx: all_.resume(tx, AUTHOR, broadcast_id)) is Done.DONE
    await house.settle(120)
    assert [got(house, person) for person in people] == [1] * 60


async def test_a_cancel_ends_it_for_whoever_has_no_copy(house: House) -> None:
    people = await recipients(house, 60)
    broadcast_id = await announce(house)
    at_cancel = await until_sent(house, people, 20)
    assert await does(house, lambda all_, tx: all_.cancel(tx, AUTHOR, broadcast_id)) is Done.DONE
    await house.settle(300)
    assert sum(got(house, person) for person in people) == at_cancel
    async with house.app.store.read() as tx:
        counts = await broadcasts.counts(tx, broadcast_id)
    assert (counts.sent, counts.waiting) == (at_cancel, 0)
    assert counts.cancelled == 60 - at_cancel
    assert await does(house, lambda all_, tx: all_.resume(tx, AUTHOR, broadcast_id)) is Done.GONE


async def test_refusals_stop_it_and_staff_are_told(house: House) -> None:
    people = await recipients(house, 40)
    for person in people[:12]:
        person.blocks()
    await house.settle(1)
    async with house.app.store.write() as tx:  # the clinic does not know it yet
        await tx.execute(chat.update().values(unreachable_us=None, unreachable_why=None))
    broadcast_id = await announce(house)
    await house.settle(300)
    row = await row_of(house, broadcast_id)
    assert (row["state"], row["reason"]) == (State.PAUSED, "refusals")
    refused = [person for person in people[:12] if got(house, person) == 0]
    assert len(refused) == 12
    assert sum(got(house, person) for person in people) < 28
    assert await does(house, lambda all_, tx: all_.resume(tx, AUTHOR, broadcast_id)) is Done.DONE


async def test_a_correction_edits_what_was_sent_and_changes_what_waits(house: House) -> None:
    people = await recipients(house, 60)
    broadcast_id = await announce(house)
    await until_sent(house, people, 20)
    new = "{clinic_name}: we are closed on Thursday."
    assert await does(house, lambda all_, tx: all_.correct(tx, AUTHOR, broadcast_id, new, AUTHOR)) is Done.DONE
    await house.settle(300)
    assert [got(house, person, "closed on Thursday") for person in people] == [1] * 60
    assert [got(house, person) for person in people] == [0] * 60
    assert (await row_of(house, broadcast_id))["state"] == State.DONE


async def test_taking_it_back_deletes_the_copies(house: House) -> None:
    people = await recipients(house, 5)
    broadcast_id = await announce(house)
    await house.settle(60)
    assert await does(house, lambda all_, tx: all_.take_back(tx, AUTHOR, broadcast_id)) is Done.DONE
    await house.settle(60)
    assert [got(house, person) for person in people] == [0] * 5


async def test_after_two_days_telegram_deletes_nothing_and_staff_hear_so(house: House) -> None:
    (person,) = await recipients(house, 1)
    broadcast_id = await announce(house)
    await house.settle(60)
    await house.pass_time(hours=49)
    assert await does(house, lambda all_, tx: all_.take_back(tx, AUTHOR, broadcast_id)) is Done.TOO_OLD
    await house.settle(60)
    assert got(house, person) == 1


async def test_a_copy_in_doubt_is_sent_again_only_by_staff(house: House) -> None:
    (person,) = await recipients(house, 1)
    house.world.faults.add(faults.lose_answer(), method="sendMessage", chat_id=person.chat_id, times=1)
    broadcast_id = await announce(house)
    await house.settle(120)
    assert got(house, person) == 1
    assert await does(house, lambda all_, tx: all_.send_unknown_again(tx, AUTHOR, broadcast_id)) is Done.DONE
    await house.settle(120)
    assert got(house, person) == 2
    assert "again" in person.last.text
    assert await does(house, lambda all_, tx: all_.send_unknown_again(tx, AUTHOR, broadcast_id)) is Done.NOTHING


async def test_a_text_about_a_visit_goes_to_who_has_one_in_their_own_time(house: House) -> None:
    now = house.clock.now()
    with_visit, cancelled, without = await recipients(house, 3)
    async with house.app.store.write() as tx:
        for person in (with_visit, cancelled):
            visit_us = to_us(now + timedelta(days=1))
            await tx.execute(enrolment.update().where(enrolment.c.chat_id == person.chat_id).values(visit_us=visit_us))
    broadcast_id = await announce(
        house, "{clinic_name}: see you {day} at {time}.", due_us=to_us(now + timedelta(hours=1))
    )
    await house.settle(30)
    async with house.app.store.write() as tx:  # one is cancelled before it goes
        await tx.execute(enrolment.update().where(enrolment.c.chat_id == cancelled.chat_id).values(visit_us=None))
    await house.pass_time(hours=2)
    assert [got(house, person, "see you") for person in (with_visit, cancelled, without)] == [1, 0, 0]
    async with house.app.store.read() as tx:
        frozen = (await tx.execute(sa.select(recipient.c.chat_id, recipient.c.reason))).all()
    assert dict(frozen) == {with_visit.chat_id: None, cancelled.chat_id: "no_visit"}
    assert (await row_of(house, broadcast_id))["state"] == State.DONE


async def in_doubt(house: House, person: Person, text: str = TEXT) -> int:
    """An announcement of which nobody knows whether it arrived."""
    house.world.faults.add(faults.lose_answer(), method="sendMessage", chat_id=person.chat_id, times=1)
    broadcast_id = await announce(house, text)
    await house.settle(120)
    return broadcast_id


async def test_what_is_sent_again_has_the_corrected_words(house: House) -> None:
    (person,) = await recipients(house, 1)
    broadcast_id = await in_doubt(house, person)
    new = "{clinic_name}: we are closed on Thursday."
    await does(house, lambda all_, tx: all_.correct(tx, AUTHOR, broadcast_id, new, AUTHOR))
    await house.settle(120)
    assert await does(house, lambda all_, tx: all_.send_unknown_again(tx, AUTHOR, broadcast_id)) is Done.DONE
    await house.settle(120)
    assert "closed on Thursday" in person.last.text


@pytest.mark.parametrize("end", [Broadcasts.cancel, Broadcasts.take_back])
async def test_what_was_ended_is_not_sent_again(house: House, end: Callable[..., Awaitable[Done]]) -> None:
    people = await recipients(house, 60)
    house.world.faults.add(faults.lose_answer(), method="sendMessage", chat_id=people[0].chat_id, times=1)
    broadcast_id = await announce(house)
    await until_sent(house, people, 20)
    assert await does(house, lambda all_, tx: end(all_, tx, AUTHOR, broadcast_id)) is Done.DONE
    await house.settle(300)
    assert await does(house, lambda all_, tx: all_.send_unknown_again(tx, AUTHOR, broadcast_id)) is Done.GONE


async def set_visit(house: House, person: Person, visit_us: int | None) -> None:
    async with house.app.store.write() as tx:
        await tx.execute(enrolment.update().where(enrolment.c.chat_id == person.chat_id).values(visit_us=visit_us))


async def test_a_visit_that_moved_to_another_day_is_not_told_as_tomorrows(house: House) -> None:
    now = house.clock.now()
    stays, moved = await recipients(house, 2)
    for person in (stays, moved):
        await set_visit(house, person, to_us(now + timedelta(days=1)))
    tomorrow = (now + timedelta(days=1)).date()
    audience = Audience(visit_from=tomorrow, visit_until=tomorrow).to_json()
    text, due_us = "{clinic_name}: see you tomorrow at {time}.", to_us(now + timedelta(hours=1))
    await announce(house, text, audience=audience, due_us=due_us)
    await house.settle(30)
    await set_visit(house, moved, to_us(now + timedelta(days=8)))
    await house.pass_time(hours=2)
    assert [got(house, person, "see you") for person in (stays, moved)] == [1, 0]


async def test_copies_that_were_held_tell_the_visit_as_it_is_when_they_go(house: House) -> None:
    now = house.clock.now()
    people = await recipients(house, 60)
    for person in people:
        await set_visit(house, person, to_us(now + timedelta(days=1)))
    broadcast_id = await announce(house, "{clinic_name}: see you {day} at {time}.")
    while not any(got(house, person, "see you") for person in people):
        await house.settle(0)
        house.clock.tick(timedelta(milliseconds=40))
    await does(house, lambda all_, tx: all_.pause(tx, AUTHOR, broadcast_id))
    await house.settle(60)
    cancelled, moved = [person for person in people if not got(house, person, "see you")][:2]
    await set_visit(house, cancelled, None)
    await set_visit(house, moved, to_us(now + timedelta(days=1, hours=3)))
    await does(house, lambda all_, tx: all_.resume(tx, AUTHOR, broadcast_id))
    await house.settle(300)
    assert got(house, cancelled, "see you") == 0
    assert "Tuesday at 15:00" in moved.last.text
    assert (await row_of(house, broadcast_id))["state"] == State.DONE


async def test_a_correction_names_no_visit_to_who_has_none(house: House) -> None:
    with_visit, without = await recipients(house, 2)
    await set_visit(house, with_visit, to_us(house.clock.now() + timedelta(days=1)))
    broadcast_id = await announce(house)
    await house.settle(60)
    new = "{clinic_name}: see you {day} at {time}."
    await does(house, lambda all_, tx: all_.correct(tx, AUTHOR, broadcast_id, new, AUTHOR))
    await house.settle(60)
    assert "see you Tuesday" in with_visit.last.text
    assert "closed on Friday" in without.last.text


async def test_what_goes_on_in_the_evening_goes_in_the_morning(house: House) -> None:
    people = await recipients(house, 60)
    broadcast_id = await announce(house)
    at_pause = await until_sent(house, people, 20)
    await does(house, lambda all_, tx: all_.pause(tx, AUTHOR, broadcast_id))
    await house.pass_time(hours=8)
    await does(house, lambda all_, tx: all_.resume(tx, AUTHOR, broadcast_id))
    await house.pass_time(hours=12, minutes=55)
    assert sum(got(house, person) for person in people) <= at_pause + 4, "what was on the wire"
    await house.pass_time(minutes=15)
    assert [got(house, person) for person in people] == [1] * 60


@pytest.mark.parametrize("is_made", [False, True], ids=["before its copy", "with its copy made"])
async def test_a_plan_that_was_paused_since_gets_none(house: House, is_made: bool) -> None:
    people = await recipients(house, 60)
    if is_made:
        broadcast_id = await announce(house)
        await until_sent(house, people, 20)
        await does(house, lambda all_, tx: all_.pause(tx, AUTHOR, broadcast_id))
        await house.settle(60)
    else:
        broadcast_id = await announce(house, due_us=to_us(house.clock.now() + timedelta(hours=2)))
        await house.settle(60)
    spared = next(person for person in people if not got(house, person))
    async with house.app.store.write() as tx:
        mine = enrolment.c.chat_id == spared.chat_id
        await tx.execute(enrolment.update().where(mine).values(state=PlanState.PAUSED, reason="staff"))
    if is_made:
        await does(house, lambda all_, tx: all_.resume(tx, AUTHOR, broadcast_id))
    await house.pass_time(hours=3)
    assert [got(house, person) for person in people if person is not spared] == [1] * 59
    assert got(house, spared) == 0
    async with house.app.store.read() as tx:
        counts = await broadcasts.counts(tx, broadcast_id)
    assert dict(counts.skipped or {}) == {"plan_paused": 1}


async def test_what_quiet_hours_put_off_goes_in_the_hours_for_announcements(house: House) -> None:
    """It is night where the patient is; when their night is over, it is night at the clinic."""
    (person,) = await recipients(house, 1)
    async with house.app.store.write() as tx:
        await tx.execute(chat.update().where(chat.c.chat_id == person.chat_id).values(zone="Asia/Tokyo"))
    await announce(house)
    await house.pass_time(hours=20, minutes=55)  # from noon
    assert got(house, person) == 0
    await house.pass_time(minutes=10)
    assert got(house, person) == 1


@pytest.mark.parametrize(
    ("outcome", "days", "copies"),
    [
        pytest.param("done", 80, 0, id="lately"),
        pytest.param("done", 91, 1, id="long ago"),
        pytest.param("false_alarm", 1, 1, id="was none"),
    ],
)
async def test_whoever_was_in_danger_of_self_harm_gets_none_for_a_while(
    house: House, outcome: str, days: int, copies: int
) -> None:
    person, other = await recipients(house, 2)
    async with house.app.store.write() as tx:
        mine = sa.select(enrolment.c.patient_id).where(enrolment.c.chat_id == person.chat_id)
        patient_id = (await tx.execute(mine)).scalar_one()
        bot_id, at_us = house.app.settings.bot_id, to_us(house.clock.now() - timedelta(days=days))
        flags = ["severe_escalating_pain", "self_harm"]
        alert_id = await alerts.open_alert(
            tx, bot_id, patient_id, ChatId(person.chat_id), None, at_us, Level.EMERGENCY, flags
        )
        await tx.execute(alert.update().where(alert.c.id == alert_id).values(state="closed", outcome=outcome))
    broadcast_id = await announce(house)
    await house.settle(60)
    assert (got(house, person), got(house, other)) == (copies, 1)
    async with house.app.store.read() as tx:
        counts = await broadcasts.counts(tx, broadcast_id)
    assert dict(counts.skipped or {}) == ({} if copies else {"self_harm": 1})


async def test_the_same_where_it_came_and_was_closed_after_it_was_confirmed(house: House) -> None:
    (person,) = await recipients(house, 1)
    await announce(house, due_us=to_us(house.clock.now() + timedelta(days=2)))
    await house.settle(30)
    person.says("I want to kill myself")
    await house.settle(60)
    async with house.app.store.write() as tx:
        await tx.execute(alert.update().values(state="closed", outcome="done"))
        await tx.execute(enrolment.update().values(state=PlanState.OPEN, reason=None))
    await house.pass_time(days=3)
    assert got(house, person) == 0


async def test_one_that_is_wrong_by_its_time_is_not_sent(house: House) -> None:
    (person,) = await recipients(house, 1)
    due_us = to_us(house.clock.now() + timedelta(hours=2))
    broadcast_id = await announce(house, "{clinic_name}: closed on {friday}.", due_us=due_us)
    await house.pass_time(hours=3)
    row = await row_of(house, broadcast_id)
    assert (row["state"], row["reason"], row["started_us"]) == (State.PAUSED, "problem", None)
    (alarm,) = [text for text in house.staff_texts if text.startswith("An announcement was not sent")]
    assert "Nobody fills in {friday}." in alarm
    assert any("Not sent: something is wrong with it now." in text for text in house.staff_texts)
    assert await does(house, lambda all_, tx: all_.resume(tx, AUTHOR, broadcast_id)) is Done.DONE
    await house.pass_time(hours=1)
    assert (await row_of(house, broadcast_id))["state"] == State.PAUSED
    assert got(house, person, "closed on") == 0


@pytest.mark.parametrize("is_paused", [False, True])
async def test_a_restart_in_the_middle_loses_and_doubles_nothing(
    cast: Cast, database_url: str, content_dir: Path, clock: ManualClock, is_paused: bool
) -> None:
    async with open_house(cast, database_url, content_dir, clock) as house:
        people = await recipients(house, 60)
        broadcast_id = await announce(house)
        there = await until_sent(house, people, 20)
        if is_paused:
            await does(house, lambda all_, tx: all_.pause(tx, AUTHOR, broadcast_id))
            await house.settle(60)
            there = sum(got(house, person) for person in people)
    async with open_house(cast, database_url, content_dir, clock) as house:
        await house.settle(300)
        if is_paused:
            assert sum(got(house, person) for person in people) == there
            await does(house, lambda all_, tx: all_.resume(tx, AUTHOR, broadcast_id))
            await house.settle(300)
        assert [got(house, person) for person in people] == [1] * 60
        assert (await row_of(house, broadcast_id))["state"] == State.DONE


async def test_new_words_may_still_be_written_when_it_ends_meanwhile(house: House) -> None:
    await recipients(house, 1)
    broadcast_id = await announce(house)
    async with house.app.store.write() as tx:
        await broadcasts.set_values(tx, broadcast_id, asking="correct")
    await house.settle(60)
    row = await row_of(house, broadcast_id)
    assert (row["state"], row["asking"]) == (State.DONE, "correct")


async def test_a_question_overtakes_it(house: House) -> None:
    people = await recipients(house, 200)
    await announce(house)
    await until_sent(house, people, 20)
    asked_at = house.clock.now()
    house.patient.says("hi")
    await house.settle(1)
    assert house.patient.last.text
    async with house.app.store.read() as tx:
        sent_us = await tx.scalar(
            sa.select(message.c.sent_us).where(message.c.chat_id == house.patient.chat_id, message.c.kind == "reply")
        )
    assert sent_us is not None
    assert sent_us - to_us(asked_at) < 1_000_000


async def test_every_action_is_audited(house: House) -> None:
    await recipients(house, 1)
    broadcast_id = await announce(house)
    await does(house, lambda all_, tx: all_.pause(tx, AUTHOR, broadcast_id))
    await does(house, lambda all_, tx: all_.resume(tx, SECOND, broadcast_id))
    async with house.app.store.read() as tx:
        noted = (await tx.execute(sa.select(audit.c.actor_id, audit.c.action, audit.c.ref).order_by(audit.c.id))).all()
    assert [tuple(one) for one in noted] == [
        (AUTHOR, "broadcast_confirm", broadcast_id),
        (AUTHOR, "broadcast_pause", broadcast_id),
        (SECOND, "broadcast_resume", broadcast_id),
    ]
