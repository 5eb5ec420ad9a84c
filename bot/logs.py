"""Logs that cannot tell anything about a patient: event names and ids, never words.

Our own code logs through `EventLog`, whose values are numbers, enums and short id-like strings; anything else becomes
`<withheld>`. Other packages log sentences of their own, with other people's data in them: of those only warnings and
worse are kept, their arguments withheld unless they are numbers. Of an exception, whoever logs it, only its type and
place are written: its text may hold a patient's words or, in a URL, the bot's token.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import Literal, TypeAlias

Value: TypeAlias = str | int | float | Enum | None
"""What an event may carry. A str must look like an id: letters, digits and `_.:/@+-`, at most 80."""

WITHHELD = "<withheld>"
_ID = re.compile(r"[\w.:/@+-]{1,80}")
_TOKEN = re.compile(r"\d+(?::|%3A)[A-Za-z0-9_-]{30,}", re.IGNORECASE)
"""In the addresses of files the library writes the colon as %3A."""
_FRAMES = 12
"""The innermost frames of a stack that are written."""
_QUIET = ("httpx", "httpcore", "telegram", "asyncio", "uvicorn.access")
"""Loggers that tell every call with its URL or parameters, below WARNING."""


def redact(text: str) -> str:
    """`text` with everything that looks like a bot token (`123456:ABC…`) withheld."""
    return _TOKEN.sub(WITHHELD, text)


def safe(value: object) -> str | int | float | bool | None:
    """`value` if it may be logged (an enum becomes its value), else `<withheld>`."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str) and _ID.fullmatch(value) and not _TOKEN.search(value):
        return value
    return WITHHELD


def where(exc: BaseException) -> dict[str, str]:
    """An exception without its text: its type, the types that caused it, and `file:line` outermost first."""
    causes: list[str] = []
    seen = {id(exc)}
    cause = exc.__cause__ or exc.__context__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        causes.append(type(cause).__qualname__)
        cause = cause.__cause__ or cause.__context__
    told = {"error": type(exc).__qualname__, "at": _stack(exc.__traceback__)}
    return {**told, "because": "<".join(causes)} if causes else told


def _stack(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    # Two folders are enough to find the file, and say nothing about the machine.
    return ">".join(f"{'/'.join(PurePath(f.filename).parts[-2:])}:{f.lineno}" for f in frames)


class EventLog:
    """Logs events of one module. `get(__name__)` makes one."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, event: str, **ids: Value) -> None:
        """Something only a developer wants to know."""
        self._emit(logging.DEBUG, event, ids)

    def info(self, event: str, **ids: Value) -> None:
        """Something that happened as planned: `log.info("message_sent", message_id=1, chat_id=2)`."""
        self._emit(logging.INFO, event, ids)

    def warning(self, event: str, *, exc: BaseException | None = None, **ids: Value) -> None:
        """Something that went wrong and is being dealt with."""
        self._emit(logging.WARNING, event, ids, exc)

    def error(self, event: str, *, exc: BaseException | None = None, **ids: Value) -> None:
        """Something a person has to look at. Of `exc` only type and place are written."""
        self._emit(logging.ERROR, event, ids, exc)

    def _emit(self, level: int, event: str, ids: Mapping[str, Value], exc: BaseException | None = None) -> None:
        if not self._logger.isEnabledFor(level):
            return
        fields = {name: safe(value) for name, value in ids.items()}
        if exc is not None:
            fields |= where(exc)
        told = _Told(str(safe(event)), fields)
        # The message is complete and safe by itself: a handler that is not ours (pytest's, a host's) shows no more.
        self._logger.log(level, "%s", told, extra={"told": told})


def get(name: str) -> EventLog:
    """The event log of a module; pass `__name__`."""
    return EventLog(logging.getLogger(name))


def setup(level: str = "INFO", fmt: Literal["text", "json"] = "text") -> None:
    """Send all logging of the process to stderr, safely. Calling it again replaces what the last call set up.

    `level` is a name such as "INFO" and governs our own events.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, SafeHandler)]:
        root.removeHandler(handler)
    root.addHandler(SafeHandler(fmt))
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class SafeHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic for type checkers only
    """Writes to stderr what `_Told` records say, and little of what others say."""

    def __init__(self, fmt: Literal["text", "json"]) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(_JsonLines() if fmt == "json" else _TextLines())
        self.addFilter(lambda record: hasattr(record, "told") or record.levelno >= logging.WARNING)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (the library's name)
        """The library would print the record's arguments here."""
        sys.stderr.write(f"log record lost: {redact(record.name)}\n")


class _Told:
    """An event with its fields, already safe. As text: `message_sent message_id=1 chat_id=2`."""

    def __init__(self, event: str, fields: Mapping[str, object]) -> None:
        self.event = event
        self.fields = fields

    def __str__(self) -> str:
        return " ".join([self.event, *(f"{name}={value}" for name, value in self.fields.items())])


def _told(record: logging.LogRecord) -> _Told:
    """What may be said of a record, ours or not."""
    ours = getattr(record, "told", None)
    if isinstance(ours, _Told):
        return ours
    exc = record.exc_info[1] if record.exc_info else None
    return _Told(_sentence(record), where(exc) if exc is not None else {})


def _sentence(record: logging.LogRecord) -> str:
    """The first line of a foreign message, its arguments withheld unless they are numbers.

    The lines after the first hold reprs (asyncio puts a failed task there with its exception's text).
    """
    sentence = str(record.msg)
    if isinstance(record.msg, BaseException):
        sentence = type(record.msg).__qualname__
    elif record.args:
        try:
            sentence = sentence % _numbers_only(record.args)
        except (TypeError, ValueError, KeyError):
            pass  # a placeholder wanted a number: the sentence without its arguments still says what happened
    return redact(sentence.partition("\n")[0])


def _numbers_only(args: object) -> object:
    if isinstance(args, Mapping):
        return {key: _number(value) for key, value in args.items()}
    return tuple(_number(value) for value in args) if isinstance(args, tuple) else WITHHELD


def _number(value: object) -> object:
    return value if isinstance(value, int | float) else WITHHELD


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _TextLines(logging.Formatter):
    """`2026-03-01T09:30:00.000Z INFO bot.delivery.outbox message_sent message_id=1`"""

    def format(self, record: logging.LogRecord) -> str:
        return redact(f"{_at(record)} {record.levelname} {record.name} {_told(record)}")


class _JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, event, and the ids in an object of their own."""

    def format(self, record: logging.LogRecord) -> str:
        told = _told(record)
        line = {"at": _at(record), "level": record.levelname, "logger": record.name, "event": told.event}
        return redact(json.dumps({**line, "ids": told.fields}))
