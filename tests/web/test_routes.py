"""The webhook and the health pages, asked over HTTP in process."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from bot.errors import StoreError
from bot.model import Fetched
from bot.web import routes
from bot.web.routes import Health, make_app

SECRET = "Wf3-not-a-real-secret"
UPDATE = {"update_id": 8, "message": {"chat": {"id": 77}, "text": "my knee"}}
HEADERS = {routes.SECRET_HEADER: SECRET, "Content-Type": "application/json"}


class Bot:
    """What stands behind the routes, and a browser in front of them."""

    def __init__(self, secret: str | None = SECRET) -> None:
        self.saved: list[Fetched] = []
        self.trouble: Exception | None = None
        self.health: Health | Exception = Health({"database": "", "telegram": ""})
        self.app = make_app(save=self._save, secret=secret, health=self._health)

    async def _save(self, batch: Sequence[Fetched]) -> None:
        if self.trouble:
            raise self.trouble
        self.saved += batch

    async def _health(self) -> Health:
        if isinstance(self.health, Exception):
            raise self.health
        return self.health

    async def asked(self, method: str, path: str, **request: object) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bot.test") as client:
            return await client.request(method, path, **request)  # type: ignore[arg-type]

    async def posts(self, body: object = UPDATE, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.asked("POST", "/telegram", content=content, headers=HEADERS | headers)


@pytest.fixture
def bot() -> Bot:
    return Bot()


async def test_an_update_is_saved_before_telegram_may_forget_it(bot: Bot) -> None:
    answer = await bot.posts()

    assert answer.status_code == 200
    assert [(update.update_id, update.chat_id) for update in bot.saved] == [(8, 77)]
    assert json.loads(bot.saved[0].raw) == UPDATE


@pytest.mark.parametrize("trouble", [StoreError("locked"), RuntimeError("my knee")], ids=["database", "bug"])
async def test_an_update_that_is_not_saved_is_asked_for_again(
    bot: Bot, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    bot.trouble = trouble

    assert (await bot.posts()).status_code == 503
    assert "webhook_not_saved" in caplog.text
    assert "knee" not in caplog.text

    bot.trouble = None
    assert (await bot.posts()).status_code == 200
    assert len(bot.saved) == 1


@pytest.mark.parametrize(
    "headers",
    [{}, {routes.SECRET_HEADER: ""}, {routes.SECRET_HEADER: SECRET[:-1]}, {routes.SECRET_HEADER: SECRET + "é"}],
    ids=["none", "empty", "cut short", "not ASCII"],
)
async def test_nobody_without_the_secret_can_write_as_a_patient(bot: Bot, headers: dict[str, str]) -> None:
    sent = {name: value.encode() for name, value in (headers | {"Content-Type": "application/json"}).items()}
    answer = await bot.asked("POST", "/telegram", content=b"{}", headers=sent)

    assert (answer.status_code, answer.content) == (403, b"")
    assert not bot.saved


@pytest.mark.parametrize("secret", [None, ""], ids=["none", "empty"])
async def test_without_a_secret_there_is_no_webhook(secret: str | None) -> None:
    bot = Bot(secret)
    answer = await bot.posts(UPDATE, **{routes.SECRET_HEADER: ""})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"\xff\xfe", b"[]", b"7", b'{"message": {}}', b'{"update_id": "8"}', b"[" * 200_000],
    ids=["empty", "words", "not UTF-8", "list", "number", "no id", "id is text", "deep"],
)
async def test_what_is_no_update_is_refused(bot: Bot, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert (await bot.posts(body)).status_code == 400
    assert not bot.saved
    assert "webhook_unreadable" in caplog.text


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("application/json; charset=utf-8", 200), ("Application/JSON", 200), ("text/plain", 415), ("", 415)],
)
async def test_only_json_is_taken(bot: Bot, content_type: str, status: int) -> None:
    assert (await bot.posts(**{"Content-Type": content_type})).status_code == status


async def test_other_methods_are_refused(bot: Bot) -> None:
    assert (await bot.asked("GET", "/telegram", headers=HEADERS)).status_code == 405


async def test_an_endless_body_is_cut_off(bot: Bot) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50:
            sent += 1
            yield b" " * 100_000

    answer = await bot.asked("POST", "/telegram", content=endless(), headers=HEADERS)

    assert answer.status_code == 413
    assert sent == 11, "read no further than the limit"
    assert (await bot.posts({**UPDATE, "x": "y" * 900_000})).status_code == 200


async def test_a_body_that_never_ends_is_given_up(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_BODY_S", 0.01)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    assert (await bot.asked("POST", "/telegram", content=stalled(), headers=HEADERS)).status_code == 408


async def test_a_caller_that_hangs_up_leaves_nothing_behind(bot: Bot) -> None:
    sent: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(part: dict[str, object]) -> None:
        if isinstance(status := part.get("status"), int):
            sent.append(status)

    headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/telegram",
        "raw_path": b"/telegram",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "http_version": "1.1",
        "scheme": "http",
        "server": ("bot.test", 80),
        "client": ("127.0.0.1", 1),
    }
    await bot.app(scope, receive, send)  # type: ignore[arg-type]

    assert sent == [400]
    assert not bot.saved


async def test_alive_needs_nothing_else(bot: Bot) -> None:
    bot.health = RuntimeError("no database")
    answer = await bot.asked("GET", "/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


@pytest.mark.parametrize(
    ("health", "status", "shown"),
    [
        (
            Health({"database": "", "telegram": ""}),
            200,
            {"ok": True, "checks": {"database": "ok", "telegram": "ok"}},
        ),
        (
            Health({"database": "", "telegram": "token refused"}),
            503,
            {"ok": False, "checks": {"database": "ok", "telegram": "token refused"}},
        ),
        (Health({}), 503, {"ok": False, "checks": {}}),
        (RuntimeError("postgresql://user:password@host"), 503, {"ok": False, "checks": {"health": "unknown"}}),
    ],
    ids=["good", "one is bad", "still starting", "cannot look"],
)
async def test_ready_says_what_is_wrong(
    bot: Bot, health: Health | Exception, status: int, shown: dict[str, object]
) -> None:
    bot.health = health

    answer = await bot.asked("GET", "/readyz")

    assert (answer.status_code, answer.json()) == (status, shown)
    assert answer.headers["cache-control"] == "no-store"
