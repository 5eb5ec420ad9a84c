"""Logging must be unable to tell what a patient wrote, whoever logs."""

import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from bot.model import Kind, Lane

TOKEN = "4242:AAF-not-a-real-token-but-as-long-as-one"
WORDS = "I can't feel my foot"


@pytest.fixture(autouse=True)
def _untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in (*logs._QUIET, "bot")}
    logging.getLogger("bot").setLevel(logging.NOTSET)  # the session listens to all our events
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def fail(words: str) -> None:
    """Raise as services do: a cause with words in it, wrapped."""
    try:
        raise KeyError(words)
    except KeyError as cause:
        raise RuntimeError(f"could not handle {words!r}") from cause


def test_an_event_is_a_line_with_ids(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("INFO", "text")

    logs.get("bot.delivery.outbox").info(
        "message_sent", message_id=1, chat_id=-100500, kind=Kind.CHECK_IN, lane=Lane.REPLY, late_s=0.5, topic_id=None
    )

    line = capsys.readouterr().err
    assert line.partition(" ")[2] == (
        "INFO bot.delivery.outbox message_sent "
        "message_id=1 chat_id=-100500 kind=check_in lane=1 late_s=0.5 topic_id=None\n"
    )
    assert line.partition(" ")[0].endswith("Z")


def test_an_event_is_a_json_object_with_its_ids_apart(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("INFO", "json")

    logs.get("bot.core.triage").warning("red_flag", level="urgent", chat_id=7)

    shown = json.loads(capsys.readouterr().err)
    assert shown.pop("at").endswith("Z")
    assert shown == {
        "level": "WARNING",
        "logger": "bot.core.triage",
        "event": "red_flag",
        "ids": {"level": "urgent", "chat_id": 7},
    }


@pytest.mark.parametrize(
    "value",
    [WORDS, "two words", "", "line\n", "a" * 81, TOKEN, f"https://api.telegram.org/bot{TOKEN}/x", [1], b"x", object()],
    ids=["sentence", "two words", "empty", "line end", "long", "token", "address", "list", "bytes", "object"],
)
def test_what_is_no_id_is_withheld(value: object) -> None:
    assert logs.safe(value) == logs.WITHHELD


@pytest.mark.parametrize(
    "value", [1, -1, 0.5, True, None, "leg_jump", "P-7F3K", "2026-03-01T09:00:00+00:00", "faq/en/soreness.yaml:12"]
)
def test_ids_are_kept(value: object) -> None:
    assert logs.safe(value) == value


@given(st.text(max_size=100))
def test_no_text_with_a_space_is_ever_kept(text: str) -> None:
    assert logs.safe(f"{text} {text}") == logs.WITHHELD


@pytest.mark.parametrize("fmt", ["text", "json"])
def test_an_exception_is_its_type_and_place(fmt: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("INFO", "json" if fmt == "json" else "text")
    try:
        fail(WORDS)
    except RuntimeError as error:
        logs.get("bot.services.inbox").error("update_failed", exc=error, update_id=8)

    line = capsys.readouterr().err
    assert "RuntimeError" in line
    assert "KeyError" in line
    assert "tests/test_logs.py:" in line
    assert "foot" not in line
    assert len(line.splitlines()) == 1


def test_causes_that_go_round_in_circles_end() -> None:
    first, second = ValueError(WORDS), TypeError(WORDS)
    first.__cause__, second.__cause__ = second, first

    assert logs.where(first) == {"error": "ValueError", "at": "", "because": "TypeError"}


FOREIGN: list[tuple[str, str, tuple[object, ...], str]] = [
    ("plain", "Task was destroyed but it is pending!", (), "Task was destroyed but it is pending!"),
    ("words", 'Can not load invalid JSON data: "%s"', (WORDS,), 'Can not load invalid JSON data: "<withheld>"'),
    ("number", "Pool is full, %d waiting", (7,), "Pool is full, 7 waiting"),
    ("number wanted", "HTTP Request: %s %d", ("GET", "x"), "HTTP Request: %s %d"),
    ("too few", "%s and %s", (WORDS,), "%s and %s"),
    ("by name", "hello %(name)s", ({"name": WORDS},), "hello <withheld>"),
    (
        "token",
        f"POST https://api.telegram.org/bot{TOKEN}/getMe",
        (),
        "POST https://api.telegram.org/bot<withheld>/getMe",
    ),
    (
        "token in an address",
        f"GET https://api.telegram.org/file/bot{TOKEN.replace(':', '%3A')}/1.jpg",
        (),
        "GET https://api.telegram.org/file/bot<withheld>/1.jpg",
    ),
    (
        "asyncio",
        f"Task exception was never retrieved\nfuture: <Task exception=ValueError({WORDS!r})>",
        (),
        "Task exception was never retrieved",
    ),
]


@pytest.mark.parametrize(("msg", "args", "shown"), [row[1:] for row in FOREIGN], ids=[row[0] for row in FOREIGN])
def test_warnings_of_others_are_kept_without_what_they_quote(
    msg: str, args: tuple[object, ...], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.setup("INFO", "text")
    root = logging.getLogger()
    # pytest's own handlers fail the test for arguments that do not fit
    root.handlers[:] = [handler for handler in root.handlers if isinstance(handler, logs.SafeHandler)]

    logging.getLogger("somebody").warning(msg, *args)

    assert capsys.readouterr().err.partition("somebody ")[2] == f"{shown}\n"


def test_exceptions_of_others_lose_their_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("INFO", "text")
    try:
        fail(f"{WORDS} {TOKEN}")
    except RuntimeError as error:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
        logging.getLogger("somebody").error(error)

    shown = capsys.readouterr().err
    assert "Exception in ASGI application error=RuntimeError at=" in shown
    assert "somebody RuntimeError" in shown
    assert "foot" not in shown
    assert "AAF" not in shown


@pytest.mark.parametrize("name", ["httpx", "httpcore.http11", "telegram.Bot", "asyncio", "uvicorn.access", "somebody"])
def test_others_are_not_heard_below_warning(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("DEBUG", "text")

    logging.getLogger(name).info("HTTP Request: POST https://api.telegram.org/bot%s/sendMessage", TOKEN)

    assert capsys.readouterr().err == ""


def test_our_own_debugging_is_heard_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for level in ("INFO", "DEBUG"):
        logs.setup(level, "text")
        logs.get("bot.app").debug("tick", number=1)

    assert capsys.readouterr().err.count("tick") == 1, "and setting up twice does not say everything twice"


def test_a_record_that_cannot_be_written_shows_nothing_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    class Nasty(str):
        __slots__ = ()

        def partition(self, sep: str, /) -> tuple[str, str, str]:
            raise RuntimeError(WORDS)

        def __str__(self) -> str:
            return self

    logs.setup("INFO", "text")
    logging.getLogger("somebody").warning(Nasty("x"))

    shown = capsys.readouterr().err
    assert "somebody" in shown
    assert "foot" not in shown


def test_other_handlers_see_no_more_than_ours(caplog: pytest.LogCaptureFixture) -> None:
    logs.get("bot.app").warning("odd", exc=ValueError(WORDS), said=WORDS, chat_id=7)

    assert caplog.messages == ["odd said=<withheld> chat_id=7 error=ValueError at="]
