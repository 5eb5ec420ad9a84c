"""How fast the local Telegram lets a bot talk, in machine time."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot
from telegram.error import RetryAfter

from bot.clock import MINUTE_US, SECOND_US, ManualClock
from bot.simulator import ApiError, Limits, World
from bot.simulator.limits import Speedometer

SECOND = timedelta(seconds=1)


@pytest.fixture
async def world(clock: ManualClock) -> AsyncIterator[World]:
    """With Telegram's limits, and forty people who have pressed Start."""
    world = World(clock)
    for user_id in range(1, 41):
        world.add_user(user_id, "P").starts()
    yield world
    await world.aclose()


async def wait_s(call: object) -> float:
    """The delay of the 429."""
    with pytest.raises(RetryAfter) as caught:
        await call  # type: ignore[misc]
    retry_after = caught.value.retry_after
    assert isinstance(retry_after, timedelta)
    return retry_after.total_seconds()


async def test_thirty_in_any_second_over_all_chats(bot: Bot, world: World, clock: ManualClock) -> None:
    for user_id in range(1, 31):
        await bot.send_message(user_id, "x")
    assert await wait_s(bot.send_message(31, "x")) == 1
    clock.tick(SECOND / 2)
    assert await wait_s(bot.send_message(32, "x")) == 1  # everybody waits
    clock.tick(SECOND / 2)
    await bot.send_message(31, "x")
    assert world.speed.max_in_any_second == 30
    assert len(world.calls) == 31
    assert [call.error for call in world.refused] == ["Too Many Requests: retry after 1"] * 2


async def test_one_chat_takes_a_burst_and_then_one_a_second(bot: Bot, clock: ManualClock) -> None:
    for _ in range(Limits().private_burst):
        await bot.send_message(1, "x")
    assert await wait_s(bot.send_message(1, "x")) == 1
    await bot.send_message(2, "others are not held up")
    clock.tick(SECOND)
    await bot.send_message(1, "x")
    assert await wait_s(bot.send_message(1, "x")) == 1


async def test_a_group_takes_twenty_a_minute_edits_and_topics_included(
    bot: Bot, world: World, clock: ManualClock
) -> None:
    group = world.add_group("Clinic").chat_id
    sent = await bot.send_message(group, "0")
    await bot.create_forum_topic(group, "P-1")
    for number in range(1, 19):
        clock.tick(SECOND)
        await bot.edit_message_text(f"{number}", group, sent.message_id)
    assert await wait_s(bot.send_message(group, "x")) == 42
    await bot.send_message(1, "a patient")
    clock.tick(timedelta(seconds=41))
    assert await wait_s(bot.send_message(group, "x")) == 1
    clock.tick(SECOND)
    await bot.send_message(group, "x")


async def test_what_is_no_message_is_not_counted(bot: Bot, world: World) -> None:
    world.speed.limits = Limits(per_second=1)
    sent = await bot.send_message(1, "x")
    await bot.send_chat_action(1, "typing")
    await bot.delete_message(1, sent.message_id)
    assert world.speed.max_in_any_second == 1


async def test_the_answer_says_how_long_in_body_and_header(web: httpx.AsyncClient, world: World) -> None:
    world.speed.limits = Limits(per_second=0 + 1)
    await web.post("sendMessage", data={"chat_id": "1", "text": "x"})
    answer = await web.post("sendMessage", data={"chat_id": "2", "text": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }


@given(st.lists(st.tuples(st.integers(0, 400_000), st.sampled_from([1, 2, -1])), max_size=200))
def test_no_window_ever_holds_more_than_its_limit(steps: list[tuple[int, int]]) -> None:
    limits = Limits(per_second=4, private_per_second=2, private_burst=3, group_per_minute=5)
    speed = Speedometer(limits)
    accepted: list[tuple[int, int]] = []
    waits: list[int] = []
    now_us = 0
    for gap_us, chat_id in steps:
        now_us += gap_us
        try:
            speed.accept(chat_id, now_us)
        except ApiError as error:
            waits.append(error.retry_after or 0)
        else:
            accepted.append((now_us, chat_id))
    in_second = [sum(0 <= at - start < SECOND_US for at, _ in accepted) for start, _ in accepted]
    in_minute = [sum(0 <= at - start < MINUTE_US and c < 0 for at, c in accepted) for start, _ in accepted]
    assert max(in_second, default=0) == speed.max_in_any_second <= 4
    assert max(in_minute, default=0) <= 5
    assert min(waits, default=1) >= 1
