"""Polling as a story: what Telegram may forget, and when."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot.errors import (
    StoreError,
    TelegramBusy,
    TelegramConflict,
    TelegramDown,
    TelegramError,
    TelegramRefused,
    TelegramUnauthorised,
)
from bot.model import Fetched
from bot.telegram.intake import POLL_S, Poller

Batch = list[dict[str, Any]]


class EndOfStory(BaseException):
    """Ends an endless loop; no `except Exception` stops it."""


class Telegram:
    """Keeps what was not confirmed. `script` is what happens at each fetch: a failure, or None for an answer."""

    def __init__(self, *updates: dict[str, Any]) -> None:
        self.updates = list(updates)
        self.script: list[TelegramError | None] = [None]
        self.webhook_script: list[TelegramError | None] = [None]
        self.offsets: list[int | None] = []
        self.waits: list[int] = []

    async def delete_webhook(self) -> None:
        if failure := self.webhook_script.pop(0):
            raise failure

    async def get_raw_updates(self, offset: int | None, timeout_s: int) -> Batch:
        if not self.script:
            raise EndOfStory
        self.waits.append(timeout_s)
        self.offsets.append(offset)
        if failure := self.script.pop(0):
            raise failure
        if offset is not None:
            self.updates = [update for update in self.updates if update.get("update_id", offset) >= offset]
        return list(self.updates)


class Inbox:
    """Saves unless its database is in the way."""

    def __init__(self) -> None:
        self.saved: list[int] = []
        self.troubles: list[Exception] = []

    async def save(self, batch: Sequence[Fetched]) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.saved += [update.update_id for update in batch]


class Story:
    """A poller between the two, with a clock that does not wait."""

    def __init__(self, *updates: dict[str, Any]) -> None:
        self.telegram = Telegram(*updates)
        self.inbox = Inbox()
        self.slept: list[float] = []
        self.fetches = 0
        self.jitter: Callable[[], float] = lambda: 0.0

    async def runs(self) -> None:
        poller = Poller(self.telegram, self.inbox.save, self._fetched, sleep=self._sleep, jitter=self.jitter)
        with pytest.raises(EndOfStory):
            await poller.run()

    async def ends_with(self, error: type[TelegramError]) -> None:
        poller = Poller(self.telegram, self.inbox.save, self._fetched, sleep=self._sleep)
        with pytest.raises(error):
            await poller.run()

    def _fetched(self) -> None:
        self.fetches += 1

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def update(number: int) -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": 77}}}


async def test_only_the_first_answer_is_not_waited_for() -> None:
    story = Story()
    story.telegram.script = [TelegramDown("no_connection"), None, None, None]

    await story.runs()

    assert story.telegram.waits == [0, 0, POLL_S, POLL_S], "a start knows at once whether Telegram is there"


async def test_updates_are_saved_and_then_confirmed() -> None:
    story = Story(update(8), update(9))
    story.telegram.script = [None, None]

    await story.runs()

    assert story.inbox.saved == [8, 9]
    assert story.telegram.offsets == [None, 10], "the first fetch confirms nothing, the second both"
    assert story.telegram.updates == []
    assert story.fetches == 2
    assert story.slept == []


async def test_what_the_database_did_not_take_is_fetched_again() -> None:
    story = Story(update(8))
    story.inbox.troubles = [StoreError("database is locked"), OSError("disk full")]
    story.telegram.script = [None, None, None, None]

    await story.runs()

    assert story.telegram.offsets == [None, None, None, 9]
    assert story.inbox.saved == [8]
    assert story.fetches == 2, "a fetch that was not saved is no sign of life"
    assert story.slept == [1, 2]


async def test_without_network_it_asks_less_and_less_often_and_recovers() -> None:
    story = Story(update(8))
    story.telegram.script = [*[TelegramDown("connect_error") for _ in range(7)], None, TelegramDown("http_502")]

    await story.runs()

    assert story.slept == [1, 2, 4, 8, 16, 30, 30, 1]
    assert story.inbox.saved == [8]


async def test_a_weekend_without_network_is_survived() -> None:
    story = Story()
    story.telegram.script = [TelegramDown("connect_error") for _ in range(2000)]
    story.jitter = lambda: 1.0

    await story.runs()

    assert set(story.slept) == {0.5, 1, 2, 4, 8, 15}


async def test_telegram_says_how_long_to_wait() -> None:
    story = Story(update(8))
    story.telegram.script = [TelegramBusy(17), None]

    await story.runs()

    assert story.slept == [17]
    assert story.inbox.saved == [8]


async def test_an_old_webhook_is_taken_away_first_however_long_it_takes() -> None:
    story = Story(update(8))
    story.telegram.webhook_script = [TelegramDown("timeout"), TelegramBusy(3), TelegramRefused("odd"), None]

    await story.runs()

    assert story.slept == [1, 3, 2]
    assert story.inbox.saved == [8]


async def test_another_program_with_the_token_stops_polling(caplog: pytest.LogCaptureFixture) -> None:
    story = Story(update(8))
    story.telegram.script = [TelegramConflict()]

    await story.ends_with(TelegramConflict)

    assert story.fetches == 0
    assert "intake_conflict" in caplog.text


@pytest.mark.parametrize("at_start", [True, False], ids=["at the start", "while polling"])
async def test_a_revoked_token_stops_polling(at_start: bool) -> None:
    story = Story()
    refused: list[TelegramError | None] = [TelegramUnauthorised()]
    if at_start:
        story.telegram.webhook_script = refused
    else:
        story.telegram.script = refused

    await story.ends_with(TelegramUnauthorised)


async def test_one_unreadable_update_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    story = Story({"message": {"text": "my knee"}}, update(8))
    story.telegram.script = [None]

    await story.runs()

    assert story.inbox.saved == [8]
    assert "update_without_id" in caplog.text
    assert "knee" not in caplog.text


async def test_nothing_but_unreadable_updates_is_no_sign_of_life() -> None:
    story = Story({"message": {}})
    story.telegram.script = [None, None]

    await story.runs()

    assert story.fetches == 0
    assert story.slept == [1, 2], "asking again at once would bring the same"


async def test_cancelling_while_saving_confirms_nothing() -> None:
    telegram, saving = Telegram(update(8)), asyncio.Event()

    async def save(batch: Sequence[Fetched]) -> None:
        saving.set()
        await asyncio.Event().wait()

    polling = asyncio.create_task(Poller(telegram, save, lambda: None).run())
    await saving.wait()
    polling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await polling
    assert telegram.offsets == [None]
    assert telegram.updates == [update(8)]


async def test_a_poller_whose_turn_is_over_returns(caplog: pytest.LogCaptureFixture) -> None:
    """Asked before each fetch: of several workers one fetches, and holds the call open no longer than it may."""
    story = Story(update(1))
    story.telegram.script = [None, None, None]
    turns = [True, True, False]

    async def may_fetch() -> bool:
        return turns.pop(0)

    await Poller(story.telegram, story.inbox.save, lambda: None, may_fetch=may_fetch, hold_s=7).run()
    assert story.telegram.waits == [0, 7]
    assert story.inbox.saved == [1]


async def test_not_knowing_whose_turn_it_is_is_a_failure_like_any_other() -> None:
    story = Story()
    answers: list[Exception | bool] = [StoreError("gone"), True, False]

    async def may_fetch() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    await Poller(story.telegram, story.inbox.save, lambda: None, may_fetch=may_fetch, sleep=story._sleep).run()
    assert story.telegram.waits == [0]
    assert len(story.slept) == 1
