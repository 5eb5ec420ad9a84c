"""The listener of `conftest.py`, which at the end of the session compares all logs with all that was said."""

from typing import Protocol

from bot import logs
from bot.simulator.house import House
from bot.simulator.world import TOKEN


class Listener(Protocol):
    """`conftest.Overheard`."""

    said: set[str]

    def leaks(self) -> list[str]: ...


async def test_it_hears_what_is_said_and_what_is_logged(house: House, overheard: Listener) -> None:
    house.patient.says("a sentence only this test says")
    await house.settle()
    assert "a sentence only this test says" in overheard.said
    assert overheard.leaks() == []


def test_it_would_notice_a_leak(overheard: Listener) -> None:
    leaky = type(overheard)()
    leaky.said.add("one line\nthe line with the secret")
    leaky.log.write(f"INFO x the line with the secret {TOKEN}")  # type: ignore[attr-defined]
    assert leaky.leaks() == ["the line with the secret", TOKEN]


def test_our_own_events_are_listened_to(overheard: Listener) -> None:
    logs.get("bot.test").debug("an_event_of_this_test", number=7)
    assert "an_event_of_this_test number=7" in overheard.log.getvalue()  # type: ignore[attr-defined]
