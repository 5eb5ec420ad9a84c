"""The bot is killed, comes back late, or meets a message it cannot handle: nobody is lost without a word."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.core.conversation import Conversation
from bot.model import ChatId, Kind, Outgoing, Payload
from bot.simulator.faults import lose_answer
from bot.simulator.house import Cast, House, open_house
from bot.store.tables import enrolment, inbox, message, patient


async def test_what_came_in_before_a_kill_is_answered_after_it(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    house.patient.says("Is it normal that my leg jumped?")
    raw = await house.app.client.get_raw_updates(None, 0)
    from bot.telegram.updates import fetched

    await house.app.inbox.save([fetched(update) for update in raw])
    # Killed here: stored, acknowledged, not handled.
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        assert "reflex" in again.patient.last.text
        assert len(again.bot_texts) == 2


async def test_an_update_that_telegram_repeats_has_one_effect(house: House) -> None:
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle()
    before = len(house.bot_texts)
    house.world.redeliver(house.world.updates.log[-1].update_id)
    await house.settle()
    assert len(house.bot_texts) == before


async def test_a_message_in_flight_at_a_kill_is_sent_again_and_says_so(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    async with house.app.store.write() as tx:
        await house.app.post.enqueue(tx, Outgoing(ChatId(11), Kind.CHECK_IN, Payload("How are you?"), "c1"))
        await house.app.post.enqueue(tx, Outgoing(ChatId(11), Kind.BROADCAST, Payload("We are closed."), "b1"))
    clock.tick(timedelta(seconds=1))  # both first screens have just gone out
    await house.app.outbox.turn()  # claimed and committed; killed before the first byte
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle(seconds=15)
        assert again.bot_texts[1:] == ["Sending this again in case it did not arrive.\n\nHow are you?"]
        assert any("Not sure it arrived" in text for text in again.staff_texts), "the broadcast is held and listed"


async def test_a_press_proves_that_a_message_in_doubt_arrived(house: House) -> None:
    house.world.faults.add(lose_answer(), method="sendMessage", chat_id=11)
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle(seconds=2)
    assert "reflex" in house.patient.last.text, "it did arrive; only the answer was lost"
    house.patient.presses("Ask the team")
    await house.settle(seconds=30)
    assert not any("Sending this again" in text for text in house.bot_texts)


async def test_a_gap_is_told_and_late_answers_say_so(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    house.patient.says("Is it normal that my leg jumped?")
    clock.tick(timedelta(minutes=45))
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        assert again.patient.last.text.startswith("I was off and only read this now.")
        assert again.staff_texts[0].startswith("I was off\nFrom 12:00 until 12:45")


async def test_after_more_than_a_day_open_plans_are_listed(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    async with house.app.store.write() as tx:
        patient_id, code = (await tx.execute(sa.select(patient.c.id, patient.c.code).limit(1))).one()
        row: dict[str, Any] = {"plan_id": "main", "zone": "Europe/London", "area": "heel", "side": "left"}
        await tx.execute(
            enrolment.insert().values(
                bot_id=house.app.settings.bot_id,
                patient_id=patient_id,
                chat_id=11,
                treated_us=0,
                careful=False,
                facts={},
                state="open",
                created_us=0,
                **row,
            )
        )
    clock.tick(timedelta(hours=30))
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        told = next(text for text in again.staff_texts if text.startswith("I was off for more than a day"))
        assert code in told
        assert "24 hours" in told


async def test_a_restart_of_a_minute_is_no_news(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    clock.tick(timedelta(minutes=2))
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        assert again.staff_texts == []


async def test_an_update_that_cannot_be_handled_is_parked_and_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Conversation.on_text

    def broken(self: Conversation, said: Any, state: Any, occasion: Any) -> Any:
        if "poison" in said.text:
            raise ZeroDivisionError("poison with a patient's words")
        return real(self, said, state, occasion)

    monkeypatch.setattr(Conversation, "on_text", broken)
    house.patient.says("poison")
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle(seconds=60)
    assert house.bot_texts[-2].startswith("Something went wrong on our side")
    assert "reflex" in house.bot_texts[-1], "the chat goes on"
    assert house.staff_texts[-1].startswith("Not handled · P-")
    assert "poison" not in house.staff_texts[-1]
    async with house.app.store.read() as tx:
        parked = (await tx.execute(sa.select(inbox).where(inbox.c.state == "parked"))).mappings().one()
    assert parked["attempts"] == 5
    assert "words" not in parked["error"]


async def test_done_updates_forget_their_words(house: House) -> None:
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle()
    async with house.app.store.read() as tx:
        assert set(await tx.scalars(sa.select(inbox.c.json).where(inbox.c.state == "done"))) == {None}
    await house.pass_time(days=3)
    async with house.app.store.read() as tx:
        assert (await tx.execute(sa.select(inbox))).first() is None, "and after two days the rows are gone too"


async def test_each_morning_staff_hear_that_it_runs(house: House) -> None:
    await house.pass_time(days=2)
    lines = [text for text in house.staff_texts if text.startswith("Good morning. I am running.")]
    assert len(lines) == 2
    async with house.app.store.read() as tx:
        kinds = list(await tx.scalars(sa.select(message.c.kind).where(message.c.dedupe_key.startswith("morning"))))
    assert kinds == ["digest", "digest"]
