"""Trouble on order: what the bot's client sees, and whether the call took effect."""

import asyncio
import time
from datetime import timedelta

import httpx
import pytest
from starlette.types import Message, Scope
from telegram import Bot
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.simulator import Group, Person, SimulatorTransport, World, serving
from bot.simulator.faults import (
    Fault,
    delay,
    forbid,
    garbage,
    lose_answer,
    lose_request,
    no_connection,
    refuse,
    server_error,
    too_many,
    unauthorized,
)
from bot.simulator.server import create_app

FAULTS = {
    "429": (too_many(7), RetryAfter, None, 0),
    "403": (forbid("user is deactivated"), Forbidden, None, 0),
    "400": (refuse("PEER_FLOOD"), BadRequest, None, 0),
    "401": (unauthorized(), InvalidToken, None, 0),
    "502": (server_error(), NetworkError, None, 0),
    "502 after acting": (server_error(acted=True), NetworkError, None, 1),
    "garbage": (garbage(), TelegramError, None, 0),
    "garbage after acting": (garbage(acted=True), TelegramError, None, 1),
    "no connection": (no_connection(), NetworkError, httpx.ConnectError, 0),
    "connect time-out": (no_connection(httpx.ConnectTimeout), TimedOut, httpx.ConnectTimeout, 0),
    "pool time-out": (no_connection(httpx.PoolTimeout), TimedOut, httpx.PoolTimeout, 0),
    "request lost": (lose_request(), NetworkError, httpx.WriteError, 0),
    "request lost, read error": (lose_request(httpx.ReadError), NetworkError, httpx.ReadError, 0),
    "answer lost": (lose_answer(), TimedOut, httpx.ReadTimeout, 1),
    "answer lost, read error": (lose_answer(httpx.ReadError), NetworkError, httpx.ReadError, 1),
    "protocol error": (lose_answer(httpx.RemoteProtocolError), NetworkError, httpx.RemoteProtocolError, 1),
}


@pytest.mark.parametrize(("fault", "error", "cause", "copies"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_fault_strikes_once(
    bot: Bot,
    world: World,
    patient: Person,
    fault: Fault,
    error: type[TelegramError],
    cause: type[Exception] | None,
    copies: int,
) -> None:
    world.faults.add(fault, method="sendMessage")
    with pytest.raises(error) as caught:
        await bot.send_message(11, "x")
    if cause is not None:
        assert type(caught.value.__cause__) is cause
    assert len(world.from_bot(11)) == len(world.accepted("sendMessage")) == copies
    await bot.send_message(11, "y")
    assert len(world.accepted("sendMessage", 11)) == copies + 1


async def test_rules_fit_by_method_chat_and_number(bot: Bot, world: World, patient: Person, staff: Group) -> None:
    rule = world.faults.add(too_many(2), method="sendmessage", chat_id=11, skip=1, times=2)
    answers: list[str] = []
    for chat_id in (11, staff.chat_id, 11, 11, staff.chat_id, 11):
        try:
            await bot.send_message(chat_id, "x")
        except RetryAfter:
            answers.append("429")
        else:
            answers.append("ok")
    assert answers == ["ok", "ok", "429", "429", "ok", "ok"]
    assert rule.struck == 2


async def test_rules_stay_until_cleared(bot: Bot, world: World, patient: Person) -> None:
    kept = world.faults.add(forbid(), chat_id=11, times=None)
    world.faults.clear(world.faults.add(refuse("x"), times=None))
    for _ in range(3):
        with pytest.raises(Forbidden):
            await bot.send_message(11, "x")
    world.faults.clear()
    await bot.send_message(11, "x")
    assert kept.struck == 3


async def test_chance_is_repeatable(patient: Person) -> None:
    async def run(seed: int) -> list[bool]:
        world = World(limits=None, seed=seed)
        world.add_user(1, "A").starts()
        world.faults.add(refuse("x"), probability=0.5, times=None)
        async with httpx.AsyncClient(transport=SimulatorTransport(world)) as http:
            url = f"http://t/bot{world.token}/sendMessage"
            return [(await http.post(url, data={"chat_id": "1", "text": "x"})).is_success for _ in range(40)]

    first, again, other = await run(1), await run(1), await run(2)
    assert first == again != other
    assert 5 < sum(first) < 35


async def test_a_slow_answer_runs_into_the_callers_time_out(bot: Bot, world: World, patient: Person) -> None:
    world.faults.add(delay(0.2, acted=True), method="sendMessage")
    with pytest.raises(TimedOut) as caught:
        await bot.send_message(11, "x", read_timeout=0.01)
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)
    assert world.chats[11].texts[-1] == "x"


async def test_the_server_goes_on_when_the_caller_has_left(bot: Bot, world: World, patient: Person) -> None:
    world.faults.add(delay(0.05), method="sendMessage", times=2)
    call = asyncio.create_task(bot.send_message(11, "cancelled"))
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(TimedOut):
        await bot.send_message(11, "given up", read_timeout=0.01)
    assert world.from_bot(11) == []
    await asyncio.sleep(0.1)
    assert sorted(m.text for m in world.from_bot(11)) == ["cancelled", "given up"]


async def test_a_delay_can_come_before_another_fault(bot: Bot, world: World, patient: Person) -> None:
    world.faults.add(delay(0.05))
    world.faults.add(refuse("late"))
    began = time.monotonic()
    with pytest.raises(BadRequest, match="Late"):
        await bot.send_message(11, "x")
    assert time.monotonic() - began >= 0.05


async def test_downloads_fail_too(bot: Bot, world: World, patient: Person) -> None:
    photo = patient.sends_photo()
    assert photo.media is not None
    assert photo.media.file is not None
    file = await bot.get_file(photo.media.file.file_id)
    world.faults.add(delay(0.001), method="file")
    world.faults.add(server_error(500), method="file")
    with pytest.raises(NetworkError):
        await file.download_as_bytearray()
    assert len(await file.download_as_bytearray()) == len(photo.media.file.data)


async def test_polling_fails_too(bot: Bot, world: World, patient: Person) -> None:
    world.faults.add(no_connection(), method="getUpdates")
    with pytest.raises(NetworkError):
        await bot.get_updates()
    patient.says("x")
    assert len(await bot.get_updates()) == 1


async def test_over_a_socket_the_connection_closes(world: World, patient: Person) -> None:
    world.faults.add(lose_answer(), method="sendMessage")
    world.faults.add(too_many(3), method="getMe")
    async with serving(world) as url, httpx.AsyncClient(base_url=f"{url}/bot{world.token}/") as http:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await http.post("sendMessage", data={"chat_id": "11", "text": "x"})
        assert len(world.from_bot(11)) == 1
        assert (await http.get("getMe")).json()["parameters"] == {"retry_after": 3}
        assert (await http.get("getMe")).json()["result"]["is_bot"] is True


async def test_retry_after_is_what_the_plan_says(bot: Bot, world: World, patient: Person) -> None:
    world.faults.add(too_many(41))
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(11, "x")
    assert caught.value.retry_after == timedelta(seconds=41)


async def test_a_call_that_breaks_off_on_its_way_is_not_heard(world: World) -> None:
    person = world.add_user(11, "Patient")
    person.starts()
    begins = {"type": "http.request", "body": b'{"chat_id": 11, "te', "more_body": True}
    arrives = iter((begins, {"type": "http.disconnect"}))
    answers: list[Message] = []

    async def receive() -> Message:
        return next(arrives)

    async def send(message: Message) -> None:
        answers.append(message)

    path = f"/bot{world.token}/sendMessage"
    headers = [(b"content-type", b"application/json")]
    scope: Scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await create_app(world)(scope, receive, send)
    assert answers == []
    assert world.from_bot(11) == []
