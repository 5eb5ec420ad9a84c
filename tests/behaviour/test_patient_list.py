"""Staff look at care plans and change them: the list, one patient, the chart, notes, and plans after an alert."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.care import Note, NoteKind, PlanState
from bot.clock import to_us
from bot.services import pain_chart
from bot.simulator.house import House
from bot.simulator.state import Message
from bot.store import care
from bot.store.tables import audit, due
from tests.on_a_plan import answer, code_of, enrol, plan_step, state_of, write_plan

FOOT, UNKNOWN = "my foot won't lift since yesterday", "do you sell gift vouchers for my aunt"


@pytest.fixture
def content_dir(content_dir: Path) -> Path:
    write_plan(content_dir)
    return content_dir


async def asked(house: House, command: str) -> Message:
    """What the bot replies to a command in the group."""
    house.member.says(command)
    await house.settle()
    return newest(house)


def newest(house: House) -> Message:
    """The newest message of the bot in the group."""
    return house.world.from_bot(house.staff.chat_id)[-1]


def shown(house: House, message: Message) -> Message:
    """The message as it looks now."""
    return next(one for one in house.world.from_bot(house.staff.chat_id) if one.message_id == message.message_id)


async def presses(house: House, label: str, on: Message | None = None) -> Message:
    """Press a button; the message that had it, as it looks then."""
    on = on or newest(house)
    house.member.presses(label, on.message_id)
    await house.settle(20)
    return shown(house, on)


def labels(message: Message) -> list[str]:
    return [key.label for key in message.keys]


async def opened(house: House, plan_id: int) -> Message:
    """One patient, opened from the list."""
    await asked(house, "/patients")
    house.member.presses(await code_of(house, plan_id))
    await house.settle(20)
    return newest(house)


async def actions(house: House) -> list[str]:
    async with house.app.store.read() as tx:
        found = await tx.scalars(sa.select(audit.c.action).order_by(audit.c.id))
        return [action for action in found if action.startswith(("plan_", "note_"))]


# --- the list -------------------------------------------------------------------------------------------------------


async def test_nobody_is_on_a_plan(house: House) -> None:
    assert (await asked(house, "/patients")).text == "Nobody has an open care plan."
    assert (await asked(house, "/notes")).text == "No note is open."


async def test_who_may_look(house: House) -> None:
    house.patient.says("/patients")
    await house.settle()
    assert house.patient.last.text.startswith("That is only for clinic staff")
    house.owner.says("/patients")
    await house.settle()
    assert house.owner.last.text == "Nobody has an open care plan."


async def test_each_line_says_how_it_stands(house: House) -> None:
    await enrol(house, "P-1", state=PlanState.PAUSED, reason="staff")
    silent = await enrol(house, "P-2", silent_us=1, facts={})
    joining = await enrol(house, "P-3", state=PlanState.JOINING, treated_us=to_us(house.clock.now()) - 1)
    plan_id = await enrol(house, treated_us=to_us(house.clock.now()) - 2)
    await answer(house, plan_id, "first", pain=4)
    await answer(house, plan_id, "second", pain=2)
    await answer(house, silent, "first", pain=3)
    await plan_step(house, plan_id, "third", days=1)
    await plan_step(house, joining, "second", hours=20)
    lines = (await asked(house, "/patients")).text.splitlines()
    assert lines == [
        "Care plans: 4 (all patients)",
        "P-1 · Heel, left · day 0 · paused: by the team · pain 6 · nothing to come",
        "P-2 · Heel, left · day 0 · no reply · pain – → 3 · nothing to come",
        "P-3 · Heel, left · day 0 · has not agreed yet · pain 6 · nothing to come",
        f"{await code_of(house, plan_id)} · Heel, left · day 0 · open · pain 6 → 4 → 2 · C3 Tuesday 12:00",
    ]


async def test_pages_and_ones_own_patients(house: House) -> None:
    for number in range(1, 11):
        await enrol(house, f"P-{number}", podiatrist_id=house.member.user_id if number < 3 else 99)
    first = await asked(house, "/patients")
    assert labels(first) == ["P-2", "P-1", "Mine", "All"]
    everybody = await presses(house, "All", first)
    assert labels(everybody)[:8] == [f"P-{number}" for number in range(10, 2, -1)]
    assert labels(everybody)[8:] == ["Next", "Mine", "All"]
    rest = await presses(house, "Next", first)
    assert labels(rest) == ["P-2", "P-1", "Previous", "Mine", "All"]
    assert "Care plans: 10" in (await presses(house, "Previous", first)).text
    assert "Care plans: 2 (your own patients)" in (await presses(house, "Mine", first)).text
    house.owner.says("/patients")
    await house.settle()
    house.owner.presses("Mine")
    await house.settle()
    assert house.owner.last.text == "None of your own patients has an open care plan."


# --- one patient ----------------------------------------------------------------------------------------------------


async def test_one_patient_with_all_there_is_to_know(house: House) -> None:
    now = to_us(house.clock.now())
    plan_id = await enrol(house, careful=True, facts={"baseline": 6, "thinner": True}, visit_us=now + 86_400_000_000)
    await answer(house, plan_id, "first", pain=4, words="it tickles <3")
    await plan_step(house, plan_id, "second", hours=21.5)
    house.patient.says(UNKNOWN)
    await house.settle()
    async with house.app.store.write() as tx:
        notes = [Note(NoteKind.CALL, "Pain 7 of 10"), Note(NoteKind.VISIT, "New medicine")]
        await care.add_notes(house.app.store, tx, house.app.settings.bot_id, plan_id, "first", notes, now)
    view = await opened(house, plan_id)
    code = await code_of(house, plan_id)
    assert view.text.splitlines() == [
        f"{code} · Heel, left · day 0",
        "State: open",
        "Pain: 6 → 4",
        "Treated by: nobody named yet",
        "Last answer: C1, 12:00",
        "pain: 4 · words: it tickles <3",
        "Careful: blood thinner",
        "Questions that nobody has taken: 1",
        "1. Please ring: Pain 7 of 10 (12:00)",
        "2. Before the visit: New medicine (12:00)",
        "Next visit: Tuesday 12:00",
        "Next check-in: C2, Tuesday 09:30",
    ]
    assert [entity.type for entity in view.words.entities] == ["spoiler"], "the patient's own words"
    assert labels(view) == ["Pause", "End", "Move", "Message", "Chart", "Treated by", "Done: 1", "Done: 2"]
    view = await presses(house, "Done: 1", view)
    assert "1. Before the visit: New medicine" in view.text
    assert labels(view)[-1] == "Done: 1"
    assert await actions(house) == ["plan_view", "note_done"]


async def test_pause_resume_and_end_once_asked(house: House) -> None:
    plan_id = await enrol(house)
    view = await opened(house, plan_id)
    view = await presses(house, "Pause", view)
    assert "State: paused: by the team" in view.text
    assert labels(view) == ["Resume", "End", "Message", "Chart", "Treated by"]
    view = await presses(house, "Resume", view)
    assert "State: open" in view.text
    assert "Next check-in: C1, 15:00" in view.text
    view = await presses(house, "End", view)
    assert view.text.startswith(f"End {await code_of(house, plan_id)}'s plan?")
    view = await presses(house, "Keep", view)
    assert "State: open" in view.text
    await presses(house, "End", view)
    view = await presses(house, "End", view)
    assert "State: ended: by the team" in view.text
    assert labels(view) == ["Message", "Chart"]
    assert await state_of(house, plan_id) == ("ended", "staff")
    assert await actions(house) == ["plan_view", "plan_pause", "plan_resume", "plan_end"]


async def test_a_stale_button_changes_nothing_and_says_so(house: House) -> None:
    plan_id = await enrol(house)
    view = await opened(house, plan_id)
    old = next(key.data for key in view.keys if key.label == "Pause")
    assert old is not None
    await presses(house, "End", view)
    await presses(house, "End", view)
    house.world.forge_press(house.member.user, house.staff.chat_id, view.message_id, old)
    await house.settle(20)
    assert shown(house, view).text.endswith("Nothing changed. It is over, or was sent meanwhile.")
    assert await state_of(house, plan_id) == ("ended", "staff")


async def test_a_forged_press_does_nothing(house: House) -> None:
    plan_id = await enrol(house)
    view = await opened(house, plan_id)
    real = next(key.data for key in view.keys if key.label == "Pause")
    assert real is not None
    house.world.forge_press(house.patient, house.patient.chat_id, house.patient.last.message_id, real)
    house.world.forge_press(house.member.user, house.staff.chat_id, view.message_id, real.replace("pause", "endsure"))
    house.world.forge_press(
        house.member.user, house.staff.chat_id, view.message_id, real.replace(f"pause:{plan_id}", "chart:x")
    )
    await house.settle(20)
    assert await state_of(house, plan_id) == ("open", None)
    async with house.app.store.read() as tx:
        refused = await tx.scalars(sa.select(audit.c.action).where(audit.c.action.startswith("refused:")))
        assert set(refused) == {"refused:forged_pl"}


async def test_the_next_check_in_is_put_off(house: House) -> None:
    plan_id = await enrol(house)
    due_id = await plan_step(house, plan_id, "second", hours=21.5)
    view = await opened(house, plan_id)
    view = await presses(house, "Move", view)
    assert view.text.splitlines()[1:] == [
        "Later today: no, it is not due today",
        "Tomorrow: no, it is not due before that",
    ]
    assert labels(view) == ["+1 day: Wednesday 09:30", "Back"]
    moving = next(key.data for key in view.keys if key.label.startswith("+1"))
    assert moving is not None
    view = await presses(house, "+1 day: Wednesday 09:30", view)
    assert view.text.endswith("C2 comes Wednesday 09:30 instead.")
    house.world.forge_press(house.member.user, house.staff.chat_id, view.message_id, moving)  # the second tap of two
    await house.settle(20)
    assert shown(house, view).text.endswith("It was so already.")
    async with house.app.store.read() as tx:
        row = (await tx.execute(sa.select(due).where(due.c.id == due_id))).mappings().one()
    assert row["due_us"] == to_us(house.clock.now().replace(day=25, hour=9, minute=30, second=0, microsecond=0))
    assert await actions(house) == ["plan_view", "plan_move"]


async def test_nothing_is_there_to_move(house: House) -> None:
    plan_id = await enrol(house)
    view = await presses(house, "Move", await opened(house, plan_id))
    assert view.text.endswith("No check-in is to come.")


async def test_a_reply_to_the_patient_or_to_message_reaches_the_patient(house: House) -> None:
    plan_id = await enrol(house)
    view = await opened(house, plan_id)
    house.member.replies(view, "How are you?")
    await house.settle()
    assert house.patient.last.text.endswith("How are you?")
    await presses(house, "Message", view)
    assert newest(house).text.startswith(f"Write to {await code_of(house, plan_id)}")
    house.member.replies(newest(house), "Please ring us.")
    await house.settle()
    assert house.patient.last.text.endswith("Please ring us.")


async def test_somebody_without_telegram_is_rung(house: House) -> None:
    plan_id = await enrol(house, "P-77", chat_id=care.NO_CHAT)
    view = await opened(house, plan_id)
    assert "Not on Telegram. Calls only." in view.text
    await presses(house, "Message", view)
    assert newest(house).text == "P-77 is not on Telegram. Please ring."


# --- the chart ------------------------------------------------------------------------------------------------------


async def test_the_chart_is_a_picture_with_the_same_in_words(house: House) -> None:
    plan_id = await enrol(house)
    await answer(house, plan_id, "first", pain=8)
    await house.pass_time(hours=1)
    house.patient.says(FOOT)
    await house.settle()
    await answer(house, plan_id, "second", pain=5)
    view = await opened(house, plan_id)
    for _ in range(2):
        await presses(house, "Chart", view)
    charts = [one for one in house.world.from_bot(house.staff.chat_id) if one.media is not None]
    code = await code_of(house, plan_id)
    assert [one.text for one in charts] == [f"{code}\nPain: before 6, first hours 8, next morning 5"] * 2
    assert charts[0].media is not None
    assert charts[0].media.file is not None
    data = charts[0].media.file.data
    assert data.startswith(b"\x89PNG")
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (640, 360)
    house.member.replies(charts[0], "That looks better.")
    await house.settle()
    assert house.patient.last.text.endswith("That looks better.")


async def test_without_the_extra_the_words_come_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pain_chart, "can_draw", lambda: False)
    plan_id = await enrol(house)
    view = await opened(house, plan_id)
    await answer(house, plan_id, "first", pain=4)
    await presses(house, "Chart", view)
    assert newest(house).text.endswith("Pain: before 6, first hours 4")
    assert newest(house).media is None


async def test_no_pain_no_chart(house: House) -> None:
    plan_id = await enrol(house, facts={})
    await presses(house, "Chart", await opened(house, plan_id))
    assert newest(house).text.endswith("No pain was asked or answered yet.")
    assert newest(house).media is None


# --- notes ----------------------------------------------------------------------------------------------------------


async def test_notes_are_listed_until_they_are_done(house: House) -> None:
    plan_id, now_us = await enrol(house, "P-5"), to_us(house.clock.now())
    async with house.app.store.write() as tx:
        notes = [Note(NoteKind.CALL, f"Number {number}") for number in range(1, 13)]
        await care.add_notes(house.app.store, tx, house.app.settings.bot_id, plan_id, None, notes, now_us)
    listed = await asked(house, "/notes")
    assert listed.text.splitlines()[:2] == ["Notes: 12", "1. P-5 · Please ring: Number 1 (12:00)"]
    assert labels(listed)[-2:] == ["Done: 10", "Next"]
    listed = await presses(house, "Next", listed)
    assert labels(listed) == ["Done: 11", "Done: 12", "Previous"]
    listed = await presses(house, "Done: 12", listed)
    assert listed.text.splitlines() == ["Notes: 11", "11. P-5 · Please ring: Number 11 (12:00)", "", "Done."]
    listed = await presses(house, "Done: 11", listed)
    assert "Notes: 10" in listed.text
    assert await actions(house) == ["note_done", "note_done"]


# --- after an alert -------------------------------------------------------------------------------------------------


@pytest.fixture
async def stopped(house: House) -> int:
    """A plan that an alert has paused."""
    plan_id = await enrol(house)
    house.patient.says(FOOT)
    await house.settle()
    assert await state_of(house, plan_id) == ("paused", care.ALERT)
    return plan_id


async def test_after_the_call_the_card_asks_what_becomes_of_the_plan(house: House, stopped: int) -> None:
    card = newest(house)
    card = await presses(house, "Call done", card)
    assert labels(card) == ["Resume check-ins", "End check-ins"]
    assert await state_of(house, stopped) == ("paused", care.ALERT)
    card = await presses(house, "Resume check-ins", card)
    assert labels(card) == []
    assert newest(house).text.startswith("Goes on.")
    assert await state_of(house, stopped) == ("open", None)


async def test_ending_it_from_the_card_asks_in_a_message_of_its_own(house: House, stopped: int) -> None:
    card = await presses(house, "Call done", newest(house))
    card = await presses(house, "End check-ins", card)
    assert labels(card) == ["Resume check-ins", "End check-ins"], "the card stays as it is"
    question = newest(house)
    assert question.text.startswith(f"End {await code_of(house, stopped)}'s plan?")
    await presses(house, "End", question)
    assert labels(shown(house, card)) == []
    assert await state_of(house, stopped) == ("ended", "staff")


async def test_not_a_red_flag_lets_it_go_on_by_itself(house: House, stopped: int) -> None:
    card = await presses(house, "Not a red flag", newest(house))
    assert labels(card) == []
    assert await state_of(house, stopped) == ("open", None)


async def test_it_does_not_go_on_while_the_alert_is_open(house: House, stopped: int) -> None:
    view = await presses(house, "Resume", await opened(house, stopped))
    assert view.text.endswith("Please close it first.")
    assert "Warning: nerve_injury, 12:00 (nobody has it)" in view.text
    assert await state_of(house, stopped) == ("paused", care.ALERT)


async def test_paused_plans_stay_under_alerts_until_somebody_acts(house: House, stopped: int) -> None:
    code = await code_of(house, stopped)
    assert "Paused" not in (await asked(house, "/alerts")).text, "its alert is listed"
    house.member.presses("Call done")
    await house.settle(20)
    listed = await asked(house, "/alerts")
    assert listed.text.startswith("No alert is open.")
    assert listed.text.endswith(f"{code} · after a warning")
    await house.pass_time(days=1)
    assert any(text.startswith("Paused, no check-ins") and code in text for text in house.staff_texts)
    await presses(house, code, listed)
    view = newest(house)
    assert "(closed)" in view.text
    await presses(house, "Resume", view)
    assert "Paused" not in (await asked(house, "/alerts")).text


async def test_staff_see_a_whole_plan_for_any_time(house: House) -> None:
    await asked(house, "/preview 2026-12-23 16:30")
    shown = "\n".join(house.staff_texts)
    assert "Wed 2026-12-23 16:30" in shown
    assert "Thu 2026-12-24 09:30" in shown
    said = await asked(house, "/preview tomorrow")
    assert "/preview 2026-12-23 16:30" in said.text
