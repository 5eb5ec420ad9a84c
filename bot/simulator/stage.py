"""The demo's web page: the patient's phone and the staff group side by side.

    GET  /             the page                    POST /act    somebody on stage does something
    GET  /page/{file}  its style and scripts       POST /time   the clock moves forward
    GET  /events       what happens, live          GET  /why    how the bot came to a message

What people do is in `stage_acts.py`, what the page gets to see in `stage_view.py`, the live stream in `stage_watch.py`.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.simulator.events import Event, EventKind
from bot.simulator.stage_acts import BadAct, Cast, Wish, perform
from bot.simulator.stage_guard import ThisMachineOnly
from bot.simulator.stage_view import bot_view, chat_view, iso, message_view
from bot.simulator.stage_watch import EventStream, Watchers, changes, server_event
from bot.simulator.state import CallbackQuery, Json, Message
from bot.simulator.world import World

__all__ = ["Cast", "Controls", "Stage"]

PAGE = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Named here because some systems' registries call a script text/plain, which browsers then refuse to run."""
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
HEARTBEAT_S = 15.0
MAX_BODY_BYTES = 64 * 1024
MAX_STEP_S = 400 * 86400
"""The longest step of the clock: a little over a year."""


class Controls(Protocol):
    """What the page needs of the bot that is shown. Times are aware UTC, in domain time."""

    def now(self) -> datetime: ...

    def zone(self) -> ZoneInfo:
        """The clinic's zone, in which the page shows times."""

    async def advance(self, by: timedelta) -> None:
        """Move the clock forward."""

    async def to_next(self) -> datetime | None:
        """Move the clock to the next planned message or timer. None, and nothing moves, if there is none."""

    async def why(self, chat_id: int, message_id: int) -> Mapping[str, object] | None:
        """How the bot came to a message, as JSON values under the names of `Understanding`, with the content's
        `revision`. None for a message that no decision stands behind."""


class Stage:
    """The page, for one world. Stop the server only after `close()`: it waits for open streams otherwise."""

    def __init__(self, world: World, controls: Controls, cast: Cast, *, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._world = world
        self._controls = controls
        self._cast = cast
        self._heartbeat_s = heartbeat_s
        self._watchers = Watchers()
        self._jumps: list[Json] = []
        self._moving = asyncio.Lock()
        self._leave_world = world.subscribe(self._on_event)

    def routes(self) -> list[BaseRoute]:
        """The routes for a Starlette app, each guarded against other pages and other names for this machine."""
        guard = [Middleware(ThisMachineOnly)]
        return [
            Route("/", self._index, middleware=guard),
            Route("/page/{file}", self._file, middleware=guard),
            Route("/events", self._events, middleware=guard),
            Route("/why", self._why, middleware=guard),
            Route("/act", self._act, methods=["POST"], middleware=guard),
            Route("/time", self._time, methods=["POST"], middleware=guard),
        ]

    @property
    def watching(self) -> int:
        """How many pages are open."""
        return len(self._watchers)

    def close(self) -> None:
        """End all streams and watch no more. Calling it again changes nothing."""
        self._watchers.close()
        self._leave_world()
        self._leave_world = _nothing

    # --- the page -------------------------------------------------------------------------------------------------

    async def _index(self, request: Request) -> Response:
        return _page_file("index.html")

    async def _file(self, request: Request) -> Response:
        return _page_file(request.path_params["file"])

    # --- what happens ---------------------------------------------------------------------------------------------

    async def _events(self, request: Request) -> Response:
        return EventStream(self._live())

    async def _live(self) -> AsyncGenerator[str, None]:
        explained = await self._explained()
        # Nothing is awaited between joining and looking: no change is missed, none told twice.
        with self._watchers.joined() as watcher:
            yield server_event("snapshot", self._snapshot(explained))
            async for change in changes(watcher, self._heartbeat_s):
                yield change

    def _snapshot(self, explained: list[list[int]]) -> Json:
        chats = self._world.chats
        users = self._world.users
        return {
            "now": iso(self._controls.now()),
            "zone": self._controls.zone().key,
            "bot": bot_view(self._world),
            "patients": [{"id": i, "name": users[i].first_name} for i in self._cast.patient_ids],
            "staff": [{"id": i, "name": users[i].first_name} for i in self._cast.staff_ids],
            "group": self._cast.staff_chat_id,
            "chats": [chat_view(chats[i]) for i in self._cast.chat_ids],
            "messages": [message_view(message) for i in self._cast.chat_ids for message in chats[i].history],
            "explained": explained,
            "jumps": self._jumps,
        }

    async def _explained(self) -> list[list[int]]:
        """Chat and id of each message to a patient that a decision stands behind."""
        said = [message for i in self._cast.patient_ids for message in self._world.from_bot(i)]
        return [
            [message.chat_id, message.message_id]
            for message in said
            if await self._controls.why(message.chat_id, message.message_id) is not None
        ]

    def _on_event(self, event: Event) -> None:
        change = self._change(event)
        if change is not None:
            self._watchers.tell(change)

    def _change(self, event: Event) -> Json | None:
        """What a watcher is told of an event; None for what nobody on stage could see."""
        if event.kind is EventKind.PROFILE:
            return {"kind": "bot", "bot": bot_view(self._world)}
        if event.chat_id not in self._cast.chat_ids:
            return None
        match event:
            case Event(kind=EventKind.MESSAGE | EventKind.EDITED | EventKind.DELETED, message=Message() as message):
                return {"kind": "message", "message": message_view(message)}
            case Event(kind=EventKind.CHAT | EventKind.TOPIC):
                return {"kind": "chat", "chat": chat_view(self._world.chats[event.chat_id])}
            case Event(kind=EventKind.ANSWERED, query=CallbackQuery() as query) if query.answer is not None:
                answer = {"text": query.answer.text, "alert": query.answer.show_alert}
                return {"kind": "answered", "chat_id": event.chat_id, "press_id": query.query_id} | answer
            case Event(kind=EventKind.ACTION):
                return {"kind": "action", "chat_id": event.chat_id, "thread": event.thread_id, "action": event.detail}
        return None

    # --- what the page asks for -----------------------------------------------------------------------------------

    async def _act(self, request: Request) -> Response:
        try:
            done = perform(self._world, self._cast, await _fields(request))
        except BadAct as error:
            return _bad(error)
        return JSONResponse(done)

    async def _time(self, request: Request) -> Response:
        try:
            step = _step(await _fields(request))
        except BadAct as error:
            return _bad(error)
        async with self._moving:
            moved = await self._move(step)
        return JSONResponse({"moved": moved, "now": iso(self._controls.now())})

    async def _move(self, step: timedelta | None) -> bool:
        """Move the clock by `step`, or to what is planned next. False when nothing is planned."""
        before = self._controls.now()
        seen = {str(i): self._world.chats[i].next_message_id - 1 for i in self._cast.chat_ids}
        if step is None:
            if await self._controls.to_next() is None:
                return False
            step = self._controls.now() - before
        else:
            await self._controls.advance(step)
        jump: Json = {"seconds": round(step.total_seconds()), "after": seen}
        self._jumps.append(jump)
        self._watchers.tell({"kind": "time", "now": iso(self._controls.now()), "jump": jump})
        return True

    async def _why(self, request: Request) -> Response:
        """The decision behind a message of the bot, or JSON's null."""
        try:
            wish = Wish({name: _number(value) for name, value in request.query_params.items()})
            chat_id, message_id = wish.number("chat_id"), wish.number("message_id")
            if chat_id not in self._cast.patient_ids:
                raise BadAct("“chat_id” has to be the chat of a patient on stage.")
        except BadAct as error:
            return _bad(error)
        return JSONResponse(await self._controls.why(chat_id, message_id), headers={"Cache-Control": "no-store"})


def _nothing() -> None:
    """What is left of a subscription that has ended."""


def _page_file(name: str) -> Response:
    path = PAGE / name
    if path.parent != PAGE or not path.is_file():  # a name is one part of a path, but may be ".."
        return JSONResponse({"error": "There is no such file."}, status_code=404)
    return FileResponse(path, media_type=_TYPES.get(path.suffix), headers=_HEADERS)


def _bad(error: BadAct) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)


async def _fields(request: Request) -> Mapping[str, object]:
    """The JSON object a request carries. Raises BadAct.

    The content type is asked for because a form of another site cannot have it: the browser would ask us first.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadAct("The content type has to be application/json.")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise BadAct(f"That is more than {MAX_BODY_BYTES // 1024} kB.")
    except ClientDisconnect:
        raise BadAct("The request broke off.") from None
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAct("That is not JSON.") from None
    if not isinstance(given, dict):
        raise BadAct("That has to be a JSON object.")
    return given


def _step(fields: Mapping[str, object]) -> timedelta | None:
    """How far the clock is to move; None: to what is planned next. Raises BadAct."""
    if fields.get("to") == "next":
        return None
    seconds = Wish(fields).number("advance_s")
    if not 0 < seconds <= MAX_STEP_S:
        raise BadAct("Time moves forward only, by at most 400 days at once.")
    return timedelta(seconds=seconds)


def _number(text: str) -> object:
    """The whole number a query holds, or the text itself for `Wish` to refuse."""
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 20 else text
