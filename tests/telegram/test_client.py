"""The client against every answer Telegram, the network and what stands between them can give.

`Wire` stands where the network is, so the library's own code runs: how it wraps each failure is part of the test.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from bot.errors import (
    TelegramBusy,
    TelegramConflict,
    TelegramDown,
    TelegramError,
    TelegramRefused,
    TelegramUnauthorised,
)
from bot.model import (
    BadMarkup,
    BotRefused,
    Button,
    Call,
    ChatId,
    Doubtful,
    MessageId,
    Method,
    Migrated,
    NotSent,
    Payload,
    Refused,
    SendResult,
    Sent,
    TelegramMessageId,
    TopicGone,
    Unreachable,
    Wait,
)
from bot.telegram.client import Client, Limits

TOKEN = "4242:AAF-not-a-real-token-but-as-long-as-one"
PATIENT = ChatId(77)
GROUP = ChatId(-100500)

Answer = httpx.Response | Exception | Callable[[], Awaitable[httpx.Response]]


class Wire(httpx.AsyncBaseTransport):
    """Answers every call with `answer` and remembers what was asked."""

    def __init__(self) -> None:
        self.answer: Answer = ok({})
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, httpx.Response):
            return httpx.Response(self.answer.status_code, content=self.answer.content)
        return await self.answer()

    @property
    def methods(self) -> list[str]:
        return [request.url.path.rpartition("/")[2] for request in self.requests]

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters of the last call, JSON ones read."""
        fields = parse_qs(self.requests[-1].content.decode(), keep_blank_values=True)
        return {name: _read(values[0]) for name, values in fields.items()}


def _read(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def ok(result: object) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "result": result})


def no(code: int, description: str, **parameters: int) -> httpx.Response:
    body: dict[str, object] = {"ok": False, "error_code": code, "description": description}
    return httpx.Response(code, json=body | ({"parameters": parameters} if parameters else {}))


def message(**content: object) -> dict[str, object]:
    return {"message_id": 900, "date": 1772356200, "chat": {"id": PATIENT, "type": "private"}, **content}


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def client(wire: Wire) -> AsyncIterator[Client]:
    async with Client(TOKEN, "http://telegram.test", transport=wire) as opened:
        yield opened


def call(method: Method = Method.SEND_TEXT, text: str = "How is your leg?", **more: Any) -> Call:
    chat_id = more.pop("chat_id", PATIENT)
    payload = more.pop("payload", Payload(text=text))
    return Call(id=MessageId(46655), chat_id=chat_id, method=method, payload=payload, **more)


# --- what became of a call -----------------------------------------------------------------------------------------

ANSWERS: list[tuple[str, Answer, SendResult]] = [
    ("taken", ok(message(text="How is your leg?")), Sent(900)),
    ("429", no(429, "Too Many Requests: retry after 17", retry_after=17), Wait(17)),
    ("429 without seconds", no(429, "Too Many Requests"), Wait(5)),
    ("429 with zero seconds", no(429, "Too Many Requests: retry after 0", retry_after=0), Wait(5)),
    ("429 of a proxy", httpx.Response(429, text="slow down"), Wait(5)),
    (
        "blocked",
        no(403, "Forbidden: bot was blocked by the user"),
        Unreachable("bot_was_blocked_by_the_user"),
    ),
    ("deactivated", no(403, "Forbidden: user is deactivated"), Unreachable("user_is_deactivated")),
    ("deactivated, code", no(400, "Bad Request: INPUT_USER_DEACTIVATED"), Unreachable("input_user_deactivated")),
    (
        "kicked",
        no(403, "Forbidden: bot was kicked from the group chat"),
        Unreachable("bot_was_kicked_from_the_group_chat"),
    ),
    ("kicked, 400", no(400, "Bad Request: bot was kicked from the chat"), Unreachable("bot_was_kicked_from_the_chat")),
    ("no such chat", no(400, "Bad Request: chat not found"), Unreachable("chat_not_found")),
    ("no such peer", no(400, "Bad Request: PEER_ID_INVALID"), Unreachable("peer_id_invalid")),
    ("group closed", no(400, "Bad Request: group chat was deactivated"), Unreachable("group_chat_was_deactivated")),
    (
        "muted",
        no(400, "Bad Request: not enough rights to send text messages to the chat"),
        Unreachable("not_enough_rights_to_send_text_messages_to_the_chat"),
    ),
    (
        "muted, other words",
        no(400, "Bad Request: have no rights to send a message"),
        Unreachable("have_no_rights_to_send_a_message"),
    ),
    ("muted, code", no(400, "Bad Request: CHAT_WRITE_FORBIDDEN"), Unreachable("chat_write_forbidden")),
    ("no such thread", no(400, "Bad Request: message thread not found"), TopicGone()),
    ("topic deleted", no(400, "Bad Request: TOPIC_DELETED"), TopicGone()),
    ("topic deleted, words", no(400, "Bad Request: topic was deleted"), TopicGone()),
    ("topic closed", no(400, "Bad Request: TOPIC_CLOSED"), TopicGone()),
    ("topic unknown", no(400, "Bad Request: TOPIC_ID_INVALID"), TopicGone()),
    (
        "bad HTML",
        no(400, 'Bad Request: can\'t parse entities: Unsupported start tag "leg" at byte offset 12'),
        BadMarkup("byte_12"),
    ),
    ("bad HTML, no place", no(400, "Bad Request: can't parse entities"), BadMarkup("unparsed")),
    (
        "group migrated",
        no(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009),
        Migrated(ChatId(-1009)),
    ),
    ("token revoked", no(401, "Unauthorized"), BotRefused("token_refused")),
    ("token malformed", no(404, "Not Found"), BotRefused("token_refused")),
    ("not an API server", httpx.Response(404, text="<html>nothing here</html>"), BotRefused("token_refused")),
    ("too long", no(400, "Bad Request: message is too long"), Refused("message_is_too_long")),
    ("empty", no(400, "Bad Request: message text is empty"), Refused("message_text_is_empty")),
    (
        "quotes our words",
        no(400, "Bad Request: inline keyboard button URL 'http://leg' is invalid: Wrong HTTP URL"),
        Refused("inline_keyboard_button_url_is_invalid"),
    ),
    ("too large", no(413, "Request Entity Too Large"), Refused("request_entity_too_large")),
    ("no connection", httpx.ConnectError("refused"), NotSent("connect_error")),
    ("no connection in time", httpx.ConnectTimeout("slow"), NotSent("connect_timeout")),
    ("no free connection", httpx.PoolTimeout("busy"), NotSent("pool_timeout")),
    ("proxy lets nobody through", httpx.ProxyError("407"), NotSent("proxy_error")),
    ("no answer in time", httpx.ReadTimeout("slow"), Doubtful("read_timeout")),
    ("not written in time", httpx.WriteTimeout("slow"), Doubtful("write_timeout")),
    ("cut off while writing", httpx.WriteError("reset"), Doubtful("write_error")),
    ("cut off while reading", httpx.ReadError("reset"), Doubtful("read_error")),
    ("hung up", httpx.RemoteProtocolError("Server disconnected"), Doubtful("remote_protocol_error")),
    ("500", no(500, "Internal Server Error: restart"), Doubtful("http_500")),
    ("502", httpx.Response(502, text="<html>Bad Gateway</html>"), Doubtful("http_502")),
    ("503 with seconds", no(503, "Service Unavailable", retry_after=3), Doubtful("http_503")),
    ("403 of a proxy", httpx.Response(403, text="Forbidden by policy"), Doubtful("http_403_not_from_telegram")),
    ("log-in page", httpx.Response(302, headers={"Location": "/login"}), Doubtful("http_302_not_from_telegram")),
    ("409", no(409, "Conflict: terminated by other getUpdates request"), Doubtful("conflict")),
    ("page instead of JSON", httpx.Response(200, text="<html>Welcome!</html>"), Doubtful("invalid_server_response")),
    ("list instead of object", httpx.Response(200, json=[1]), Doubtful("invalid_server_response")),
    ("no result", httpx.Response(200, json={"ok": True}), Doubtful("key_error")),
    ("half a message", ok({"message_id": 900}), Doubtful("key_error")),
    ("bug in the transport", RuntimeError("boom"), Doubtful("unknown_error_in_http_implementation")),
]


@pytest.mark.parametrize(("answer", "result"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
async def test_every_answer_has_its_result(client: Client, wire: Wire, answer: Answer, result: SendResult) -> None:
    wire.answer = answer

    assert await client.send(call()) == result
    assert wire.methods == ["sendMessage"], "nothing but the outbox may repeat a call"


GONE = no(400, "Bad Request: message to edit not found")
TARGETS: list[tuple[str, Method, Answer, SendResult]] = [
    ("edited", Method.EDIT_TEXT, ok(message(text="Thanks")), Sent(31)),
    ("edited, not ours to see", Method.EDIT_TEXT, ok(True), Sent(31)),
    (
        "unchanged",
        Method.EDIT_TEXT,
        no(400, "Bad Request: message is not modified: specified new message content and reply markup are the same"),
        Sent(31),
    ),
    ("buttons unchanged", Method.EDIT_MARKUP, no(400, "Bad Request: message is not modified"), Sent(31)),
    ("edit of a deleted one", Method.EDIT_TEXT, GONE, Refused("target_missing")),
    ("edit, code", Method.EDIT_MARKUP, no(400, "Bad Request: MESSAGE_ID_INVALID"), Refused("target_missing")),
    ("deleted", Method.DELETE, ok(True), Sent(31)),
    ("deleted before", Method.DELETE, no(400, "Bad Request: message to delete not found"), Sent(31)),
    (
        "too old to delete",
        Method.DELETE,
        no(400, "Bad Request: message can't be deleted for everyone"),
        Refused("message_cant_be_deleted_for_everyone"),
    ),
]


@pytest.mark.parametrize(("method", "answer", "result"), [t[1:] for t in TARGETS], ids=[t[0] for t in TARGETS])
async def test_edits_and_deletes_can_be_repeated(
    client: Client, wire: Wire, method: Method, answer: Answer, result: SendResult
) -> None:
    wire.answer = answer

    assert await client.send(call(method, target=TelegramMessageId(31))) == result


async def test_an_endless_answer_is_in_doubt(wire: Wire) -> None:
    wire.answer = _never
    async with Client(TOKEN, transport=wire, limits=Limits(call_s=0.02)) as client:
        assert await client.send(call()) == Doubtful("timeout")


async def test_an_upload_may_take_longer_than_a_text(wire: Wire) -> None:
    async def slowly() -> httpx.Response:
        await asyncio.sleep(0.05)
        return ok(message(document={"file_id": "doc-1", "file_unique_id": "u"}))

    wire.answer = slowly
    async with Client(TOKEN, transport=wire, limits=Limits(call_s=0.01, upload_s=5)) as client:
        upload = call(Method.SEND_DOCUMENT, file_bytes=b"%PDF", file_name="exercises.pdf")
        known = call(Method.SEND_DOCUMENT, file_bytes=b"%PDF", file_name="exercises.pdf", file_id="doc-1")
        assert await client.send(upload) == Sent(900, "doc-1")
        assert await client.send(known) == Doubtful("timeout"), "with a file id nothing is uploaded"


async def test_cancelling_a_call_is_not_swallowed(client: Client, wire: Wire) -> None:
    wire.answer = _never
    sending = asyncio.create_task(client.send(call()))
    while not wire.requests:
        await asyncio.sleep(0)
    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sending


async def _never() -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def test_a_page_in_place_of_an_answer_is_not_logged(
    client: Client, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    wire.answer = httpx.Response(200, text="you wrote: my leg is swollen")

    await client.send(call())
    wire.answer = ok({"message_id": "my leg is swollen"})
    await client.send(call())

    assert "swollen" not in caplog.text
    assert "answer_unreadable" in caplog.text


# --- what is asked -------------------------------------------------------------------------------------------------


async def test_a_text_is_html_without_preview_and_says_which_row_its_buttons_belong_to(
    client: Client, wire: Wire
) -> None:
    wire.answer = ok(message(text="x"))
    buttons = ((Button("Fine", "answer:ok"),), (Button("Map", url="https://clinic.example"),))

    await client.send(
        call(
            chat_id=GROUP,
            payload=Payload("<b>Day 2</b>", buttons),
            thread_id=12,
            reply_to=TelegramMessageId(5),
        )
    )

    assert str(wire.requests[-1].url) == f"http://telegram.test/bot{TOKEN}/sendMessage"
    assert wire.asked == {
        "chat_id": GROUP,
        "text": "<b>Day 2</b>",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "message_thread_id": 12,
        "reply_parameters": {"message_id": 5, "allow_sending_without_reply": True},
        "reply_markup": {
            "inline_keyboard": [
                [{"text": "Fine", "callback_data": "zzz.answer:ok"}],
                [{"text": "Map", "url": "https://clinic.example"}],
            ]
        },
    }


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<b>5 &lt; 6</b>", "5 < 6"),
        ("<b>never closed &amp; <i>crossed</b></i>", "never closed & crossed"),
        ("pain <3 of 10", "pain <3 of 10"),
    ],
    ids=["good HTML", "broken HTML", "no HTML at all"],
)
async def test_plain_text_loses_its_tags_even_if_they_are_broken(
    client: Client, wire: Wire, html: str, words: str
) -> None:
    wire.answer = ok(message(text="x"))

    await client.send(call(payload=Payload(html, plain=True)))

    assert wire.asked["text"] == words
    assert "parse_mode" not in wire.asked


async def test_a_photo_is_uploaded_once_and_then_known_by_its_id(client: Client, wire: Wire) -> None:
    sizes = [{"file_id": f"photo-{w}", "file_unique_id": "u", "width": w, "height": w} for w in (90, 1280, 320)]
    wire.answer = ok(message(photo=sizes))

    first = await client.send(call(Method.SEND_PHOTO, "Stretch", file_bytes=b"\x89PNG", file_name="stretch.png"))
    upload = wire.requests[-1].content
    assert first == Sent(900, "photo-1280")
    assert b'filename="stretch.png"' in upload
    assert b"\x89PNG" in upload

    await client.send(call(Method.SEND_PHOTO, "", file_id="photo-1280"))
    assert wire.asked["photo"] == "photo-1280"
    assert "caption" not in wire.asked


async def test_a_copy_names_its_source(client: Client, wire: Wire) -> None:
    wire.answer = ok({"message_id": 901})
    payload = Payload(copy_chat_id=PATIENT, copy_message_id=TelegramMessageId(3))

    assert await client.send(call(Method.COPY, chat_id=GROUP, payload=payload, thread_id=12)) == Sent(901)
    assert wire.methods == ["copyMessage"]
    assert wire.asked == {"chat_id": GROUP, "from_chat_id": PATIENT, "message_id": 3, "message_thread_id": 12}


async def test_an_edit_keeps_the_row_its_buttons_came_with(client: Client, wire: Wire) -> None:
    wire.answer = ok(message(text="x"))
    payload = Payload("Noted", ((Button("Undo", "undo"),),))

    await client.send(call(Method.EDIT_TEXT, payload=payload, target=TelegramMessageId(31), button_owner=MessageId(1)))
    assert wire.asked["message_id"] == 31
    assert wire.asked["reply_markup"] == {"inline_keyboard": [[{"text": "Undo", "callback_data": "1.undo"}]]}

    await client.send(call(Method.EDIT_MARKUP, "", target=TelegramMessageId(31)))
    assert wire.asked == {"chat_id": PATIENT, "message_id": 31}, "no keyboard takes the old one away"


async def test_a_topic_is_made_and_renamed(client: Client, wire: Wire) -> None:
    wire.answer = ok({"message_thread_id": 12, "name": "P-7F3K", "icon_color": 7322096})
    assert await client.send(call(Method.CREATE_TOPIC, "P-7F3K", chat_id=GROUP)) == Sent(12)
    assert wire.asked == {"chat_id": GROUP, "name": "P-7F3K"}

    wire.answer = ok(True)
    assert await client.send(call(Method.EDIT_TOPIC, "P-7F3K, done", chat_id=GROUP, thread_id=12)) == Sent(12)
    assert wire.asked == {"chat_id": GROUP, "message_thread_id": 12, "name": "P-7F3K, done"}

    wire.answer = no(400, "Bad Request: TOPIC_NOT_MODIFIED")
    assert await client.send(call(Method.EDIT_TOPIC, "P-7F3K, done", chat_id=GROUP, thread_id=12)) == Sent(12)


async def test_a_topic_is_deleted_and_one_that_is_gone_counts_as_deleted(client: Client, wire: Wire) -> None:
    delete = call(Method.DELETE_TOPIC, "Deleted patient", chat_id=GROUP, thread_id=12)
    wire.answer = ok(True)
    assert await client.send(delete) == Sent(12)
    assert (wire.methods, wire.asked) == (["deleteForumTopic"], {"chat_id": GROUP, "message_thread_id": 12})

    wire.answer = no(400, "Bad Request: TOPIC_ID_INVALID")
    assert await client.send(delete) == Sent(12)
    wire.answer = no(400, "Bad Request: not enough rights to delete the topic")
    assert await client.send(delete) == Refused("not_enough_rights_to_delete_the_topic")


async def test_a_person_is_taken_out_of_the_group_and_not_banned(client: Client, wire: Wire) -> None:
    put_out = call(Method.PUT_OUT, "77", chat_id=GROUP)
    wire.answer = ok(True)
    assert await client.send(put_out) == Sent()
    assert (wire.methods, wire.asked) == (["unbanChatMember"], {"chat_id": GROUP, "user_id": 77})
    wire.answer = no(400, "Bad Request: not enough rights to restrict/unrestrict chat member")
    assert await client.send(put_out) == Refused("not_enough_rights_to_restrict_unrestrict_chat_member")


@pytest.mark.parametrize(
    "broken",
    [
        call(Method.EDIT_TEXT),
        call(Method.DELETE),
        call(Method.SEND_PHOTO),
        call(Method.COPY),
        call(Method.EDIT_TOPIC),
        call(Method.DELETE_TOPIC),
        call(Method.PUT_OUT, "somebody"),
        call(payload=Payload("x", ((Button("Both", "a", "https://b.example"),),))),
        call(payload=Payload("x", ((Button("Long", "a" * 64),),))),
    ],
    ids=[
        "no target",
        "nothing to delete",
        "no file",
        "no source",
        "no topic",
        "no topic to delete",
        "nobody to take out",
        "two-way button",
        "long data",
    ],
)
async def test_a_row_that_cannot_be_sent_is_refused_without_a_call(client: Client, wire: Wire, broken: Call) -> None:
    assert await client.send(broken) == Refused("call_broken")
    assert not wire.requests


# --- presses, polling, doctor --------------------------------------------------------------------------------------


async def test_a_press_is_answered_shortly(client: Client, wire: Wire) -> None:
    wire.answer = ok(True)
    await client.answer_press("press-1", "Noted. " * 100)
    assert wire.methods == ["answerCallbackQuery"]
    assert len(str(wire.asked["text"])) == 200

    await client.answer_press("press-2")
    assert wire.asked == {"callback_query_id": "press-2"}


@pytest.mark.parametrize(
    ("answer", "logged"),
    [
        (no(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"), False),
        (no(400, "Bad Request: QUERY_TEXT_TOO_LONG"), True),
        (httpx.ConnectError("refused"), True),
    ],
    ids=["too old", "refused", "no network"],
)
async def test_a_press_that_cannot_be_answered_harms_nobody(
    client: Client, wire: Wire, answer: Answer, logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    wire.answer = answer
    await client.answer_press("press-1", "Noted")
    assert ("press_not_answered" in caplog.text) is logged


async def test_updates_come_as_telegram_wrote_them(client: Client, wire: Wire) -> None:
    update = {"update_id": 8, "message": {"new_field": [1, None]}}
    wire.answer = ok([update, "garbage"])

    assert await client.get_raw_updates(8, 25) == [update]
    assert wire.asked == {
        "offset": 8,
        "timeout": 25,
        "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (no(409, "Conflict: terminated by other getUpdates request"), TelegramConflict),
        (no(401, "Unauthorized"), TelegramUnauthorised),
        (no(404, "Not Found"), TelegramUnauthorised),
        (no(429, "Too Many Requests: retry after 4", retry_after=4), TelegramBusy),
        (no(502, "Bad Gateway"), TelegramDown),
        (httpx.ConnectError(f"https://api.telegram.org/bot{TOKEN}/getUpdates"), TelegramDown),
        (httpx.Response(200, text="<html>"), TelegramDown),
        (ok("not a list"), TelegramDown),
        (_never, TelegramDown),
        (no(400, "Bad Request: wrong offset"), TelegramRefused),
    ],
    ids=["409", "401", "404", "429", "502", "no network", "a page", "no list", "silence", "400"],
)
async def test_failures_outside_the_outbox_are_errors_with_a_remedy(
    wire: Wire, answer: Answer, error: type[TelegramError]
) -> None:
    wire.answer = answer
    async with Client(TOKEN, transport=wire, limits=Limits(call_s=0.05)) as client:
        with pytest.raises(error) as caught:
            await client.get_raw_updates(None, 0)

    assert "AAF" not in str(caught.value)
    assert str(caught.value).endswith(".")
    if isinstance(caught.value, TelegramBusy):
        assert caught.value.seconds == 4


async def test_a_webhook_is_set_seen_and_taken_away(client: Client, wire: Wire) -> None:
    wire.answer = ok(True)
    await client.set_webhook("https://bot.clinic.example/telegram", "s3cret")
    assert wire.asked["secret_token"] == "s3cret"
    assert wire.asked["allowed_updates"][0] == "message"

    await client.delete_webhook()
    assert wire.asked == {"drop_pending_updates": False}, "waiting messages are patients' messages"

    wire.answer = ok(
        {
            "url": "https://bot.clinic.example/telegram",
            "has_custom_certificate": False,
            "pending_update_count": 3,
            "last_error_date": 1772356200,
            "last_error_message": "Connection refused",
        }
    )
    facts = await client.webhook_info()
    assert (facts.pending_updates, facts.last_error) == (3, "Connection refused")
    assert facts.last_error_at is not None
    assert facts.last_error_at.isoformat() == "2026-03-01T09:10:00+00:00"
    assert "clinic" not in repr(facts)


async def test_who_the_token_is_for(client: Client, wire: Wire) -> None:
    wire.answer = ok({"id": 4242, "is_bot": True, "first_name": "Aftercare", "username": "aftercare_bot"})
    me = await client.get_me()
    assert (me.bot_id, me.username, me.reads_whole_groups) == (4242, "aftercare_bot", False)


async def test_the_profile_has_a_menu_for_patients_and_one_for_staff(client: Client, wire: Wire) -> None:
    wire.answer = ok(True)
    await client.set_profile(
        "Automatic helper. Emergency: 112.", "Automatic helper", {None: [("help", "What I can do")], GROUP: []}
    )

    assert wire.methods == ["setMyDescription", "setMyShortDescription", "setMyCommands", "setMyCommands"]
    patients = parse_qs(wire.requests[2].content.decode())
    assert json.loads(patients["commands"][0]) == [{"command": "help", "description": "What I can do"}]
    assert json.loads(patients["scope"][0]) == {"type": "all_private_chats"}
    assert wire.asked["scope"] == {"type": "chat", "chat_id": GROUP}


ADMIN_RIGHTS = [
    "can_be_edited",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "is_anonymous",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
]


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ({"status": "administrator", **dict.fromkeys(ADMIN_RIGHTS, True)}, (True, True, True, True, True, True)),
        (
            {"status": "administrator", **dict.fromkeys(ADMIN_RIGHTS, False), "can_pin_messages": True},
            (True, True, False, True, False, False),
        ),
        ({"status": "member"}, (True, False, False, False, False, False)),
        ({"status": "left"}, (False, False, False, False, False, False)),
    ],
    ids=["all rights", "few rights", "no admin", "not there"],
)
async def test_the_doctor_learns_our_rights_in_the_group(
    client: Client, wire: Wire, member: dict[str, object], expected: tuple[bool, ...]
) -> None:
    chat = {"id": GROUP, "type": "supergroup", "title": "Clinic Noord", "is_forum": True}
    user = {"id": 4242, "is_bot": True, "first_name": "Aftercare"}
    accepted = dict.fromkeys(
        ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"], False
    )

    async def answer() -> httpx.Response:
        if wire.methods[-1] == "getChat":
            return ok({**chat, "accent_color_id": 1, "max_reaction_count": 11, "accepted_gift_types": accepted})
        assert wire.asked["user_id"] == 4242
        return ok({"user": user, **member})

    wire.answer = answer
    facts = await client.chat_facts(GROUP)

    assert (facts.is_group, facts.is_forum, facts.title) == (True, True, "Clinic Noord")
    is_there = (facts.bot_is_member, facts.bot_is_admin)
    may = (facts.can_manage_topics, facts.can_pin, facts.can_delete, facts.can_restrict)
    assert is_there + may == expected
    assert "Noord" not in repr(facts)


async def test_a_file_is_fetched_by_its_id(client: Client, wire: Wire) -> None:
    async def answer() -> httpx.Response:
        if wire.methods[-1] == "getFile":
            return ok({"file_id": "f", "file_unique_id": "u", "file_path": "photos/1.jpg"})
        return httpx.Response(200, content=b"\xff\xd8")

    wire.answer = answer
    assert await client.download("f") == b"\xff\xd8"
    assert wire.requests[-1].url.path == f"/file/bot{TOKEN}/photos/1.jpg"


async def test_opening_calls_nobody_and_a_client_can_be_opened_again(wire: Wire) -> None:
    wire.answer = ok(message(text="x"))
    client = Client(TOKEN, transport=wire)
    for _ in range(2):
        async with client:
            assert await client.send(call()) == Sent(900)
    assert wire.methods == ["sendMessage"] * 2
