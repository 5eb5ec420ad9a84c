"""The demo's page without a browser: who may ask, what people on stage can do, what a watcher is told, the clock."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message as AsgiMessage

from bot.clock import ManualClock
from bot.markup import parse
from bot.simulator import Group, Member, Person, World
from bot.simulator.stage import HEARTBEAT_S, PAGE, Cast, Stage
from bot.simulator.stage_watch import MAX_BEHIND
from bot.simulator.state import Key, Words

ANN, BEA = 11, 12
WHY = {"text": "my leg jumped", "decision": "answer", "id": "leg_jump_quiver", "confidence": 0.93}


class FakeControls:
    """A clock without a bot: `planned` is how far off the next message is, `decisions` are by chat and message id."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.planned: timedelta | None = None
        self.decisions: dict[tuple[int, int], Mapping[str, object]] = {}

    def now(self) -> datetime:
        return self.clock.now()

    def zone(self) -> ZoneInfo:
        return ZoneInfo("Europe/Dublin")

    async def advance(self, by: timedelta) -> None:
        self.clock.advance(by)

    async def to_next(self) -> datetime | None:
        if self.planned is None:
            return None
        self.clock.advance(self.planned)
        return self.clock.now()

    async def why(self, chat_id: int, message_id: int) -> Mapping[str, object] | None:
        return self.decisions.get((chat_id, message_id))


@pytest.fixture
def ann(world: World) -> Person:
    return world.add_user(ANN, "Ann")


@pytest.fixture
def team(world: World) -> Group:
    return world.add_group("Clinic team")


@pytest.fixture
def bea(world: World, team: Group) -> Member:
    return team.add(world.add_user(BEA, "Bea"))


@pytest.fixture
def controls(clock: ManualClock) -> FakeControls:
    return FakeControls(clock)


@pytest.fixture
def stage(world: World, controls: FakeControls, ann: Person, bea: Member) -> Stage:
    return Stage(world, controls, Cast((ANN,), (BEA,), bea.chat_id))


@pytest.fixture
async def page(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    """What the page's own scripts can do."""
    async with client_of(stage) as client:
        yield client
    stage.close()


def client_of(stage: Stage) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=stage.routes()))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")


def says(world: World, chat_id: int, html: str, *buttons: str) -> int:
    """The bot writes. Returns the message's id."""
    parsed = parse(html)
    keyboard = tuple((Key(label, data=label.lower()),) for label in buttons)
    words = Words(parsed.text, parsed.entities, html)
    return world.post(world.chats[chat_id], world.bot_user, words=words, keyboard=keyboard).message_id


@asynccontextmanager
async def watched(stage: Stage) -> AsyncIterator[list[dict[str, Any]]]:
    """A page that is open for the length of the block; what it was told is in the list afterwards."""
    told: list[dict[str, Any]] = []
    async with client_of(stage) as client:
        stream = asyncio.create_task(client.get("/events"))
        while not stage.watching:
            await asyncio.sleep(0)
        yield told
        await asyncio.sleep(0)
        stage.close()
        response = await stream
    assert response.headers["content-type"].startswith("text/event-stream")
    told.extend(events_in(response.text))


def events_in(stream: str) -> list[dict[str, Any]]:
    """The data of each event, its name under `event`."""
    found = re.findall(r"^event: (\w+)\nretry: \d+\ndata: (.*)$", stream, re.MULTILINE)
    return [{"event": name, **json.loads(data)} for name, data in found]


# --- the page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/page/style.css", "text/css"),
        ("/page/app.js", "text/javascript"),
        ("/page/icon.svg", "image/svg+xml"),
    ],
)
async def test_its_files_are_served_and_may_load_nothing_from_elsewhere(
    page: httpx.AsyncClient, path: str, kind: str
) -> None:
    response = await page.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(kind)
    assert "default-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["nothing.js", "%2e%2e", "..%2fstage.py", "%00"])
async def test_only_its_own_files_are_served(page: httpx.AsyncClient, name: str) -> None:
    response = await page.get(f"/page/{name}")
    assert response.status_code == 404
    assert "class Stage" not in response.text


def test_it_names_only_files_it_has_and_no_other_site() -> None:
    for path in PAGE.iterdir():
        text = path.read_text()
        for name in re.findall(r'(?:"/page/|from "\./)([\w.]+)"', text):
            assert (PAGE / name).is_file(), f"{path.name} asks for {name}"
        elsewhere = set(re.findall(r"https?://[\w.]+", text)) - {"http://www.w3.org"}
        assert not elsewhere, f"{path.name} names {elsewhere}"


# --- who may ask ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="no browser"),
        pytest.param({"origin": "http://127.0.0.1:8080"}, 200, id="its own page"),
        pytest.param({"host": "localhost:8080", "origin": "http://localhost:8080"}, 200, id="under the name localhost"),
        pytest.param({"host": "[::1]:8080", "origin": "http://[::1]:8080"}, 200, id="over IPv6"),
        pytest.param({"origin": "http://evil.example"}, 403, id="another site"),
        pytest.param({"origin": "http://127.0.0.1:9999"}, 403, id="another program on this machine"),
        pytest.param({"origin": "null"}, 403, id="a sandboxed frame"),
        pytest.param({"host": "evil.example", "origin": "http://evil.example"}, 403, id="DNS rebinding"),
        pytest.param({"host": "127.0.0.1.evil.example"}, 403, id="a name that looks like an address"),
        pytest.param({"host": "[::1"}, 403, id="a broken host"),
        pytest.param({"host": ""}, 403, id="no host"),
    ],
)
async def test_only_its_own_page_may_act(
    page: httpx.AsyncClient, ann: Person, headers: dict[str, str], status: int
) -> None:
    response = await page.post("/act", json={"who": ANN, "do": "say", "text": "hello"}, headers=headers)
    assert response.status_code == status
    assert ann.chat.texts == (["hello"] if status == 200 else [])


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/events", "/why?chat_id=11&message_id=1", "/time"])
async def test_every_route_refuses_other_names_for_this_machine(page: httpx.AsyncClient, path: str) -> None:
    method = "POST" if path == "/time" else "GET"
    response = await page.request(method, path, headers={"host": "rebound.example"})
    assert response.status_code == 403
    assert response.json() == {"error": "The demonstration answers only on this machine, as localhost or 127.0.0.1."}


async def test_a_form_of_another_site_is_refused_even_without_an_origin(page: httpx.AsyncClient, ann: Person) -> None:
    sly = json.dumps({"who": ANN, "do": "say", "text": "hello"})
    response = await page.post("/act", content=sly, headers={"content-type": "text/plain"})
    assert response.status_code == 400
    assert ann.chat.texts == []


# --- what people on stage can do ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        pytest.param({"do": "say", "text": "my leg jumped"}, "my leg jumped", id="say"),
        pytest.param({"do": "start"}, "/start", id="start"),
        pytest.param({"do": "start", "payload": "p7"}, "/start p7", id="start from a link"),
        pytest.param({"do": "photo", "caption": "look"}, "photo: look", id="photo"),
        pytest.param({"do": "document"}, "document: ", id="document"),
        pytest.param({"do": "voice"}, "voice: ", id="voice"),
        pytest.param({"do": "sticker"}, "sticker: ", id="sticker"),
        pytest.param({"do": "contact"}, "contact: ", id="contact"),
        pytest.param({"do": "location"}, "location: ", id="location"),
    ],
)
async def test_the_patient_sends(page: httpx.AsyncClient, ann: Person, fields: dict[str, str], seen: str) -> None:
    response = await page.post("/act", json={"who": ANN, **fields})
    newest = ann.chat.last
    assert response.json() == {"message_id": newest.message_id}
    assert (f"{newest.media.kind}: {newest.text}" if newest.media else newest.text) == seen


async def test_the_patient_edits_and_answers(page: httpx.AsyncClient, world: World, ann: Person) -> None:
    typo = ann.says("my log jumped")
    asked = says(world, ANN, "Your leg?")
    await page.post("/act", json={"who": ANN, "do": "edit", "message_id": typo.message_id, "text": "my leg jumped"})
    await page.post("/act", json={"who": ANN, "do": "reply", "message_id": asked, "text": "yes"})
    assert typo.text == "my leg jumped"
    assert (ann.chat.last.text, ann.chat.last.reply_to) == ("yes", asked)


async def test_a_press_reaches_the_bot(page: httpx.AsyncClient, world: World, ann: Person) -> None:
    ann.starts()
    offered = says(world, ANN, "Which?", "Yes", "No")
    response = await page.post("/act", json={"who": ANN, "do": "press", "message_id": offered, "button": "no"})
    query = world.queries[response.json()["press_id"]]
    assert (query.user, query.message_id, query.data) == (ann.user, offered, "no")


async def test_staff_write_in_a_topic_and_reply_to_a_card(
    page: httpx.AsyncClient, world: World, team: Group, bea: Member
) -> None:
    topic = team.open_topic("P-7F3K", by=bea)
    card = says(world, team.chat_id, "P-7F3K asks for a person")
    await page.post("/act", json={"who": BEA, "do": "say", "text": "mine", "thread": topic.thread_id})
    await page.post("/act", json={"who": BEA, "do": "reply", "message_id": card, "text": "Hello Ann"})
    assert team.texts_in(topic.thread_id) == ["mine"]
    assert (team.chat.last.sender, team.chat.last.reply_to) == (bea.user, card)


async def test_a_blocked_bot_hears_nothing_until_it_is_unblocked(page: httpx.AsyncClient, ann: Person) -> None:
    ann.starts()
    assert (await page.post("/act", json={"who": ANN, "do": "block"})).json() == {}
    assert ann.chat.blocked
    refused = await page.post("/act", json={"who": ANN, "do": "say", "text": "hello?"})
    assert refused.status_code == 400
    assert "blocked" in refused.json()["error"]
    assert (await page.post("/act", json={"who": ANN, "do": "unblock"})).json() == {}
    assert not ann.chat.blocked


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param({"do": "say", "text": "x"}, "“who” has to be a whole number", id="nobody"),
        pytest.param({"who": True, "do": "say", "text": "x"}, "“who” has to be a whole number", id="true is no number"),
        pytest.param({"who": 99, "do": "say", "text": "x"}, "Nobody on stage has the id 99", id="a stranger"),
        pytest.param({"who": ANN}, "“do” has to be a text", id="nothing to do"),
        pytest.param({"who": ANN, "do": "dance"}, "“do” has to be one of say", id="an unknown deed"),
        pytest.param({"who": ANN, "do": "say"}, "“text” has to be a text that is not empty", id="no words"),
        pytest.param({"who": ANN, "do": "say", "text": " \n"}, "not empty", id="blank words"),
        pytest.param({"who": ANN, "do": "say", "text": 5}, "“text” has to be a text", id="a number for words"),
        pytest.param({"who": ANN, "do": "say", "text": "😀" * 2049}, "takes 4096 characters", id="too long in UTF-16"),
        pytest.param({"who": ANN, "do": "say", "text": "\ud83d"}, "half a character", id="a lone surrogate"),
        pytest.param({"who": ANN, "do": "photo", "caption": "x" * 1025}, "takes 1024 characters", id="long caption"),
        pytest.param({"who": ANN, "do": "press", "message_id": 1, "button": "x"}, "no button", id="no such button"),
        pytest.param({"who": ANN, "do": "edit", "message_id": 7, "text": "x"}, "no message 7", id="no such message"),
        pytest.param({"who": BEA, "do": "block"}, "Only a patient can do that", id="staff cannot block"),
        pytest.param({"who": BEA, "do": "say", "text": "x", "thread": 77}, "closed or gone", id="no such topic"),
        pytest.param({"who": BEA, "do": "say", "text": "x", "thread": "1"}, "“thread” has to be", id="a topic's name"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_sentence(
    page: httpx.AsyncClient, ann: Person, bea: Member, fields: dict[str, object], sentence: str
) -> None:
    before = (len(ann.chat.history), len(bea.chat.history))
    headers = {"content-type": "application/json"}
    response = await page.post("/act", content=json.dumps(fields), headers=headers)
    assert response.status_code == 400
    assert sentence in response.json()["error"]
    assert (len(ann.chat.history), len(bea.chat.history)) == before


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"{", "not JSON", id="broken"),
        pytest.param(b"\xff\xfe\xff", "not JSON", id="not text"),
        pytest.param(b"[" * 60_000, "not JSON", id="nested without end"),
        pytest.param(b"[1]", "has to be a JSON object", id="a list"),
        pytest.param(b'{"text": "' + b"x" * 70_000 + b'"}', "more than 64 kB", id="too big"),
    ],
)
async def test_what_cannot_be_read_is_refused(page: httpx.AsyncClient, body: bytes, sentence: str) -> None:
    response = await page.post("/act", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert sentence in response.json()["error"]


# --- the clock ------------------------------------------------------------------------------------------------------


async def test_time_moves_by_hours_and_days(page: httpx.AsyncClient, clock: ManualClock) -> None:
    before = clock.now()
    response = await page.post("/time", json={"advance_s": 3600})
    await page.post("/time", json={"advance_s": 86400})
    assert response.json() == {"moved": True, "now": "2026-03-02T13:00:00+00:00"}
    assert clock.now() - before == timedelta(days=1, hours=1)


async def test_time_moves_to_what_is_planned_if_anything_is(
    page: httpx.AsyncClient, controls: FakeControls, clock: ManualClock
) -> None:
    before = clock.now()
    assert (await page.post("/time", json={"to": "next"})).json()["moved"] is False
    assert clock.now() == before
    controls.planned = timedelta(hours=19)
    assert (await page.post("/time", json={"to": "next"})).json()["moved"] is True
    assert clock.now() - before == timedelta(hours=19)


@pytest.mark.parametrize(
    "fields", [{}, {"advance_s": 0}, {"advance_s": -60}, {"advance_s": "3600"}, {"advance_s": 10**9}, {"to": "then"}]
)
async def test_time_moves_only_forward_and_not_beyond_reason(
    page: httpx.AsyncClient, clock: ManualClock, fields: dict[str, object]
) -> None:
    before = clock.now()
    assert (await page.post("/time", json=fields)).status_code == 400
    assert clock.now() == before


# --- why ------------------------------------------------------------------------------------------------------------


async def test_a_decision_can_be_looked_into(
    page: httpx.AsyncClient, world: World, controls: FakeControls, ann: Person
) -> None:
    ann.starts()
    decided, relayed = says(world, ANN, "That is normal."), says(world, ANN, "A message from the clinic")
    controls.decisions[ANN, decided] = WHY
    assert (await page.get("/why", params={"chat_id": ANN, "message_id": decided})).json() == WHY
    assert (await page.get("/why", params={"chat_id": ANN, "message_id": relayed})).json() is None


@pytest.mark.parametrize(
    "query",
    ["", "chat_id=11", "chat_id=11&message_id=x", "chat_id=12&message_id=1", f"chat_id=11&message_id={'9' * 30}"],
)
async def test_only_a_patients_messages_can_be_looked_into(page: httpx.AsyncClient, query: str) -> None:
    response = await page.get(f"/why?{query}")
    assert response.status_code == 400
    assert response.json()["error"].startswith("“")


# --- what a watcher is told -----------------------------------------------------------------------------------------


async def test_it_begins_with_all_there_is(
    stage: Stage, world: World, controls: FakeControls, ann: Person, bea: Member
) -> None:
    ann.says("my leg jumped")
    controls.decisions[ANN, says(world, ANN, "<b>Normal.</b> It passes.", "Why?")] = WHY
    bea.says("quiet today")
    async with watched(stage) as told:
        pass
    (snapshot,) = told
    assert snapshot["event"] == "snapshot"
    assert (snapshot["now"], snapshot["zone"]) == ("2026-03-02T12:00:00+00:00", "Europe/Dublin")
    assert (snapshot["patients"], snapshot["staff"]) == ([{"id": ANN, "name": "Ann"}], [{"id": BEA, "name": "Bea"}])
    assert [chat["id"] for chat in snapshot["chats"]] == [ANN, bea.chat_id]
    assert [m["text"] for m in snapshot["messages"]] == ["my leg jumped", "Normal. It passes.", "", "quiet today"]
    assert snapshot["explained"] == [[ANN, 2]]
    answer = snapshot["messages"][1]
    assert answer["entities"] == [{"type": "bold", "offset": 0, "length": 7, "url": None}]
    assert answer["keyboard"] == [[{"label": "Why?", "data": "why?", "url": None}]]


async def test_then_every_change_in_order(stage: Stage, world: World, ann: Person, team: Group, bea: Member) -> None:
    async with watched(stage) as told:
        typo = ann.says("my log")
        ann.edits(typo, "my leg")
        ann.deletes(typo)
        ann.blocks()
        topic = team.open_topic("P-7F3K", by=bea)
        team.delete_topic(topic.thread_id)
    changes = told[1:]
    assert [change["kind"] for change in changes] == ["message"] * 3 + ["chat", "message", "chat", "chat"]
    assert [change["message"]["text"] for change in changes[:3]] == ["my log", "my leg", ""]
    assert [change["message"]["edited"] for change in changes[:3]] == [False, True, True]
    assert changes[2]["message"]["deleted"]
    assert changes[3]["chat"]["blocked"]
    assert changes[4]["message"]["service"] == "Topic “P-7F3K” opened"
    assert [change["chat"]["topics"] for change in changes[5:]] == [
        [{"id": topic.thread_id, "name": "P-7F3K", "closed": False}],
        [],
    ]


async def test_presses_typing_and_the_bots_profile(stage: Stage, world: World, ann: Person, bot: Any) -> None:
    ann.starts()
    says(world, ANN, "Which?", "Yes")
    async with watched(stage) as told:
        press = ann.presses("Yes")
        await bot.answer_callback_query(press.query_id, "Noted", show_alert=True)
        await bot.send_chat_action(ANN, "typing")
        await bot.set_my_description("An automatic helper")
        await bot.set_my_commands([("help", "What I can do")])
    answered, typing, described, menu = told[1:]
    assert answered["press_id"] == press.query_id
    assert (answered["text"], answered["alert"]) == ("Noted", True)
    assert (typing["kind"], typing["action"]) == ("action", "typing")
    assert described["bot"]["description"] == "An automatic helper"
    assert menu["bot"]["commands"] == [{"command": "help", "description": "What I can do"}]


async def test_people_off_stage_stay_unseen(stage: Stage, world: World) -> None:
    async with watched(stage) as told:
        world.add_user(77, "Zoe").says("hello")
    assert [event["event"] for event in told] == ["snapshot"]


async def test_jumps_of_the_clock_are_told_and_remembered(stage: Stage, page: httpx.AsyncClient, ann: Person) -> None:
    ann.says("hello")
    await page.post("/time", json={"advance_s": 3600})
    async with watched(stage) as told:
        ann.says("me again")
        await page.post("/time", json={"advance_s": 86400})
    snapshot, _, moved = told
    assert snapshot["jumps"] == [{"seconds": 3600, "after": {str(ANN): 1, str(stage_group(snapshot)): 2}}]
    assert moved["now"] == "2026-03-03T13:00:00+00:00"
    assert moved["jump"]["seconds"] == 86400
    assert moved["jump"]["after"][str(ANN)] == 2


def stage_group(snapshot: dict[str, Any]) -> int:
    group = snapshot["group"]
    assert isinstance(group, int)
    return group


SENDS: list[tuple[Callable[[Person], object], dict[str, str]]] = [
    (lambda p: p.sends_photo("x"), {"kind": "photo", "name": "Photo", "detail": ""}),
    (lambda p: p.sends_voice(75), {"kind": "voice", "name": "Voice message", "detail": "1:15"}),
    (lambda p: p.sends_video(), {"kind": "video", "name": "Video", "detail": "0:04"}),
    (lambda p: p.sends_sticker("👍"), {"kind": "sticker", "name": "Sticker", "detail": "👍"}),
    (lambda p: p.sends_document(), {"kind": "document", "name": "File", "detail": "letter.pdf"}),
    (lambda p: p.shares_contact(), {"kind": "contact", "name": "Contact", "detail": "Ann +15550100"}),
    (lambda p: p.sends_location(), {"kind": "location", "name": "Location", "detail": "52.09, 5.12"}),
]


@pytest.mark.parametrize(("send", "media"), SENDS, ids=[media["kind"] for _, media in SENDS])
async def test_what_is_no_text_has_words_to_stand_for_it(
    stage: Stage, ann: Person, send: Callable[[Person], object], media: dict[str, str]
) -> None:
    async with watched(stage) as told:
        send(ann)
    assert told[1]["message"]["media"] == media


async def test_who_joined_and_who_left_is_said(stage: Stage, world: World, team: Group, bea: Member) -> None:
    async with watched(stage) as told:
        team.add(world.add_user(13, "Tom"))
        team.kick(bea)
    said = [change["message"]["service"] for change in told[1:] if change["kind"] == "message"]
    assert said == ["Tom joined the group", "Bea was removed from the group"]


# --- streams begin and end ------------------------------------------------------------------------------------------


async def test_a_silent_stream_still_shows_that_it_lives(
    world: World, controls: FakeControls, ann: Person, bea: Member
) -> None:
    stage = Stage(world, controls, Cast((ANN,), (BEA,), bea.chat_id), heartbeat_s=0.01)
    async with client_of(stage) as client:
        stream = asyncio.create_task(client.get("/events"))
        await asyncio.sleep(0.05)
        stage.close()
        text = (await stream).text
    assert text.count(": still here\n\n") >= 2
    assert len(events_in(text)) == 1
    assert HEARTBEAT_S == 15


async def test_after_the_close_nobody_is_kept_waiting(stage: Stage, page: httpx.AsyncClient, ann: Person) -> None:
    stage.close()
    stage.close()
    ann.says("too late")
    response = await page.get("/events")
    assert [event["event"] for event in events_in(response.text)] == ["snapshot"]
    assert stage.watching == 0


async def test_a_watcher_that_does_not_read_is_sent_away(stage: Stage, ann: Person) -> None:
    async with client_of(stage) as client:
        stream = asyncio.create_task(client.get("/events"))
        while not stage.watching:
            await asyncio.sleep(0)
        for number in range(MAX_BEHIND + 1):  # without a pause, so the stream has no turn to read
            ann.says(f"message {number}")
        response = await stream
    assert [event["event"] for event in events_in(response.text)] == ["snapshot"]
    assert stage.watching == 0
    stage.close()


async def test_who_leaves_is_forgotten(stage: Stage) -> None:
    app = Starlette(routes=stage.routes())
    scope = {"type": "http", "method": "GET", "path": "/events", "query_string": b"", "headers": [(b"host", b"[::1]")]}
    leaves = asyncio.Event()
    sent: list[AsgiMessage] = []

    async def receive() -> AsgiMessage:
        await leaves.wait()
        return {"type": "http.disconnect"}

    async def send(message: AsgiMessage) -> None:
        sent.append(message)

    request = asyncio.create_task(app(scope, receive, send))
    while not stage.watching:
        await asyncio.sleep(0)
    leaves.set()
    await request
    assert stage.watching == 0
    assert sent[0]["status"] == 200
    stage.close()
