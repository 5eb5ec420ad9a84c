"""A script, a child with a phone, a cat on the keyboard: slowed down, and danger still heard."""

from datetime import timedelta
from pathlib import Path

from bot.clock import ManualClock
from bot.simulator.house import Cast, House, open_house


async def test_eighty_messages_are_all_handled_and_hardly_answered(house: House) -> None:
    for number in range(80):
        house.patient.says(f"voucher {number}")
    await house.settle(seconds=30)
    assert len(house.bot_texts) < 10
    async with house.app.store.read() as tx:
        from bot.store import inbox

        assert await inbox.next_try_us(tx, house.app.settings.bot_id) is None


async def test_a_flood_of_one_warning_does_not_bury_other_peoples_alerts(house: House) -> None:
    other = house.world.add_user(13, "Other")
    for _ in range(100):
        house.patient.says("I have chest pain")
    other.says("I have chest pain")
    await house.settle(seconds=60)
    alerts = [text for text in house.staff_texts if text.startswith("Emergency")]
    assert len(alerts) < 30
    assert len({text.splitlines()[0] for text in alerts}) == 2
    assert house.world.from_bot(13)[-1].text.startswith("Call 999 now.")


async def test_another_danger_in_a_flood_is_another_warning(house: House) -> None:
    for _ in range(60):
        house.patient.says("I have chest pain")
    house.patient.says("my face is drooping on one side and my speech is slurred")
    await house.settle(seconds=60)
    assert any("stroke_signs" in text for text in house.staff_texts)


async def test_stop_works_in_a_flood(house: House) -> None:
    for number in range(60):
        house.patient.says(f"voucher {number}")
    house.patient.says("STOP")
    await house.settle(seconds=10)
    assert any(text.startswith("Done.") for text in house.bot_texts)


async def test_what_piled_up_while_the_bot_was_off_is_no_flood(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    for _ in range(30):
        house.patient.says("is it normal that my leg jumped")
        clock.tick(timedelta(minutes=1))
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle(seconds=60)
        assert sum("reflex" in text for text in again.bot_texts) == 30
        assert not any("a lot of messages" in text for text in again.bot_texts)


async def test_what_is_written_after_a_press_is_read_though_the_bot_was_off_meanwhile(house: House) -> None:
    """A press has no date. Handled late it must not make what was written after it look like a flood."""
    house.patient.says("Is it normal that my leg jumped?")
    await house.settle()
    house.patient.presses(house.labels[0])  # from here on the bot is off
    house.clock.tick(timedelta(seconds=10))
    house.patient.says("Is it normal that my leg jumped?")
    house.clock.tick(timedelta(seconds=80))
    await house.settle()
    assert "reflex" in house.bot_texts[-1]
