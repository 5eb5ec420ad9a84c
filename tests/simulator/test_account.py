"""The bot itself: who it is, what it says of itself, what it may call, and how calls are written down."""

import json
from collections.abc import Callable

import httpx
import pytest
from telegram import Bot, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram.error import BadRequest, InvalidToken

from bot.clock import ManualClock
from bot.simulator import Group, Person, SimulatorTransport, World


async def test_who_am_i(bot: Bot, world: World) -> None:
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.username) == (110201543, True, "aftercare_demo_bot")
    assert me.can_read_all_group_messages is False


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        ("/bot1:wrong/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 404, "Not Found"),
        ("/file/bot1:wrong/photos/x.png", 401, "Unauthorized"),
        ("/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getTea", 404, "Not Found: method not found"),
        ("/file/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/photos/x.png", 404, "Not Found"),
    ],
)
async def test_doors_that_stay_shut(world: World, path: str, status: int, description: str) -> None:
    async with httpx.AsyncClient(transport=SimulatorTransport(world), base_url="http://t") as http:
        answer = await http.get(path)
    assert answer.status_code == status
    assert answer.json() == {"ok": False, "error_code": status, "description": description}


async def test_a_revoked_token(bot: Bot, world: World, connect: Callable[[World, str], Bot]) -> None:
    world.revoke_token("110201543:BBHnewnewnewnewnewnewnewnewnewnewnew")
    with pytest.raises(InvalidToken, match="Unauthorized"):
        await bot.send_message(11, "x")
    async with connect(world, world.token) as renewed:
        assert (await renewed.get_me()).id == 110201543


async def test_method_names_in_any_case_by_get_and_json(web: httpx.AsyncClient, patient: Person) -> None:
    assert (await web.get("GETME")).json()["ok"] is True
    by_query = await web.get("sendMessage", params={"chat_id": 11, "text": "by query"})
    by_json = await web.post("sendMessage", json={"chat_id": 11, "text": "by json", "disable_notification": True})
    assert by_query.json()["result"]["text"] == "by query"
    assert by_json.json()["result"]["text"] == "by json"
    assert patient.last.silent


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        ("application/json", b"{", "can't parse JSON object"),
        ("application/json", b"[]", "request must be a JSON object"),
        ("multipart/form-data", b"", "boundary not found"),
    ],
)
async def test_bodies_that_are_none(web: httpx.AsyncClient, content_type: str, body: bytes, message: str) -> None:
    answer = await web.post("sendMessage", content=body, headers={"content-type": content_type})
    assert answer.json()["description"] == f"Bad Request: {message}"


async def test_every_call_is_written_down(bot: Bot, world: World, patient: Person, clock: ManualClock) -> None:
    await bot.send_message(11, "x")
    await bot.get_updates()
    with pytest.raises(BadRequest):
        await bot.send_message(404, "x")
    assert [(call.method, call.chat_id, call.at_us, call.error) for call in world.calls] == [
        ("sendMessage", 11, clock.machine_us(), None)
    ]
    assert [(call.chat_id, call.error) for call in world.refused] == [(404, "Bad Request: chat not found")]
    await bot.get_me()
    assert world.calls[-1].chat_id is None


async def test_commands_by_scope_and_language(bot: Bot, world: World, patient: Person, staff: Group) -> None:
    private, group = BotCommandScopeAllPrivateChats(), BotCommandScopeChat(staff.chat_id)
    await bot.set_my_commands([("help", "Help")], scope=private)
    await bot.set_my_commands([("hilfe", "Hilfe")], scope=private, language_code="de")
    await bot.set_my_commands([("enrol", "Enrol")], scope=group)
    assert [c.command for c in await bot.get_my_commands(private)] == ["help"]
    assert [c.command for c in await bot.get_my_commands(private, language_code="de")] == ["hilfe"]
    assert [c.command for c in await bot.get_my_commands(group)] == ["enrol"]
    assert await bot.get_my_commands() == ()
    await bot.delete_my_commands(group)
    assert await bot.get_my_commands(group) == ()
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.set_my_commands([("x", "x")], scope=BotCommandScopeChat(404))


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        ([("Help", "x")], "bot_command_invalid"),
        ([("x" * 33, "x")], "bot_command_invalid"),
        ([("x", " ")], "bot_command_description_invalid"),
        ([("x", "x" * 257)], "command description length must not exceed 256"),
        ([(f"c{i}", "x") for i in range(101)], "bot_commands_too_much"),
    ],
)
async def test_commands_telegram_refuses(bot: Bot, commands: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await bot.set_my_commands(commands)
    assert caught.value.message.lower() == message


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("setMyCommands", {"commands": "{"}, "can't parse commands JSON object"),
        ("setMyCommands", {"commands": "{}"}, "expected an Array of BotCommand"),
        ("setMyCommands", {"commands": "[1]"}, "can't parse BotCommand: expected an Object"),
        ("getMyCommands", {"scope": "[1]"}, "can't parse BotCommandScope: BotCommandScope must be an Object"),
        ("getUpdates", {"allowed_updates": "{}"}, "expected an Array of String as allowed_updates"),
    ],
)
async def test_json_of_the_wrong_shape(
    web: httpx.AsyncClient, method: str, params: dict[str, str], message: str
) -> None:
    answer = await web.post(method, data=params)
    assert answer.json()["description"] == f"Bad Request: {message}"


async def test_name_and_descriptions(bot: Bot, world: World) -> None:
    assert (await bot.get_my_name()).name == "Aftercare"
    await bot.set_my_name("Clinic helper")
    await bot.set_my_description("An automatic helper. Emergency: 112")
    await bot.set_my_short_description("Aftercare", language_code="en")
    assert (await bot.get_my_name()).name == "Clinic helper"
    assert (await bot.get_my_description()).description == "An automatic helper. Emergency: 112"
    assert (await bot.get_my_short_description("en")).short_description == "Aftercare"
    assert (await bot.get_my_short_description()).short_description == ""
    await bot.set_my_description("")
    assert (await bot.get_my_description()).description == ""
    for call in (bot.set_my_name("x" * 65), bot.set_my_description("x" * 513), bot.set_my_short_description("x" * 121)):
        with pytest.raises(BadRequest, match="is too long"):
            await call


async def test_entities_may_be_given_instead_of_markup(web: httpx.AsyncClient, patient: Person) -> None:
    entities = json.dumps([{"type": "bold", "offset": 0, "length": 2}])
    await web.post("sendMessage", data={"chat_id": "11", "text": "Hello", "entities": entities})
    assert [(e.type, e.length) for e in patient.last.words.entities] == [("bold", 2)]
