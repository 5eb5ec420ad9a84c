"""`aftercare demo`: the local Telegram, the real bot and the page in one process; no token, no internet.

The bot reaches the local Telegram over a real socket on loopback, with the same client as in earnest.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette

from bot.app import App, build
from bot.clock import SECOND_US, SystemClock, from_us, to_us
from bot.delivery.limiter import GROUP
from bot.model import ChatId, TelegramMessageId
from bot.services.doctor import introduce
from bot.services.explain import why
from bot.settings import Settings
from bot.simulator.groups import Group
from bot.simulator.server import api_routes
from bot.simulator.stage import Cast, Stage
from bot.simulator.transport import serving
from bot.simulator.world import World
from bot.store import accounts, dues, messages

PATIENT_ID, MEMBER_ID, OWNER_ID = 1001, 2001, 2002
FAR = timedelta(days=7)
"""Where to stop when nobody is written to for so long."""
DUE_LOOK_S = 0.05
DUE_LOOKS = 120
GROUP_GAP = timedelta(microseconds=GROUP.interval_us)
"""How long a group's limit may hold one message back, in real time."""


class DemoControls:
    """The page's time buttons and its "why", on the running bot."""

    def __init__(self, app: App, clock: SystemClock) -> None:
        self._app = app
        self._clock = clock

    def now(self) -> datetime:
        """Domain time, aware UTC."""
        return self._clock.now()

    def zone(self) -> ZoneInfo:
        """The clinic's."""
        return self._app.library.served.content.clinic.zone

    async def advance(self, by: timedelta) -> None:
        """Move domain time forward, stopping at everything that falls due on the way: it happens at its own time."""
        until = self.now() + by
        while (due := await self._next_due()) is not None and due <= until:
            await self._jump_to(due)
            await self._wait_for_what_is_due()
        await self._jump_to(until)

    async def to_next(self) -> datetime | None:
        """Move to the next message that anybody gets: most timers have nothing to say. None: nothing is planned."""
        began = self.now()
        while (due := await self._next_due()) is not None:
            await self.advance(max(timedelta(0), due - self.now()))
            if await self._anything_said(began) or self.now() >= began + FAR:
                return self.now()
        return None

    async def _next_due(self) -> datetime | None:
        async with self._app.store.read() as tx:
            bot_id = self._app.settings.bot_id
            planned = [await messages.next_due_us(tx, bot_id), await dues.next_due_us(tx, bot_id)]
        return min((from_us(us) for us in planned if us is not None), default=None)

    async def _anything_said(self, since: datetime) -> bool:
        async with self._app.store.read() as tx:
            return await messages.any_between(tx, self._app.settings.bot_id, to_us(since), self._clock.now_us())

    async def _jump_to(self, at: datetime) -> None:
        """Set domain time, and remember it, so that a restarted demo does not go back in time."""
        self._clock.advance(max(timedelta(0), at - self.now()))
        async with self._app.store.write() as tx:
            await accounts.set_account(tx, self._app.settings.bot_id, offset_us=self._clock.offset_us)
        self._app.ticks.wake()
        self._app.outbox.wake()

    async def _wait_for_what_is_due(self) -> None:
        """Give the loops time for it, and for what a group's limit holds back: no jump shortens that.

        After some seconds the rest has to wait for the next jump.
        """
        for _ in range(DUE_LOOKS):
            due = await self._next_due()
            if due is None or due > self.now() + GROUP_GAP:
                return
            await asyncio.sleep(DUE_LOOK_S)

    async def why(self, chat_id: int, message_id: int) -> Mapping[str, object] | None:
        """How the bot came to a message."""
        async with self._app.store.read() as tx:
            return await why(tx, self._app.settings.bot_id, ChatId(chat_id), TelegramMessageId(message_id))


async def run_demo(
    port: int,
    data: Path | None,
    content_dir: Path,
    say: Callable[[str], None],
    on_signals: Callable[[Callable[[], None]], None],
) -> None:
    """Run until a signal. `say` gets the page's address; `data` None: everything is thrown away at the end."""
    stopped = asyncio.Event()
    on_signals(stopped.set)
    with contextlib.ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aftercare-demo-")))
        async with open_demo(port, folder, content_dir, stopped.set) as address:
            say(address)
            await stopped.wait()


@contextlib.asynccontextmanager
async def open_demo(
    port: int, folder: Path, content_dir: Path, on_end: Callable[[], None] = lambda: None, offset_us: int = 0
) -> AsyncIterator[str]:
    """The whole demo, serving; gives the page's address. `port` 0 takes a free one.

    `on_end` is called when the bot itself ends; leaving the block then raises what ended it. `offset_us`: how far
    domain time is ahead of the machine's when a demo begins; one that goes on keeps its own.
    """
    clock = SystemClock(offset_us)
    world, group = _stage_world(clock, known=(folder / "demo.db").exists())
    web = Starlette(routes=api_routes(world))
    async with serving(web, port=port) as address:
        settings = Settings(
            _env_file=None,
            bot_token=world.token,
            telegram_api_url=address,
            database_url=f"sqlite+aiosqlite:///{folder}/demo.db",
            content_dir=content_dir,
            staff_chat_id=group.chat_id,
            owner_ids=str(OWNER_ID),
            webhook_url="",  # these two may be set in the environment of a machine that also runs the real bot
            heartbeat_url="",
        )
        async with build(settings, clock, signed_only=False) as app, _running(app, clock, on_end):
            cast = Cast((PATIENT_ID,), (MEMBER_ID, OWNER_ID), group.chat_id)
            stage = Stage(world, DemoControls(app, clock), cast)
            web.router.routes.extend(stage.routes())
            await introduce(ChatId(group.chat_id), app.client, app.library.served.content)
            try:
                yield address
            finally:
                stage.close()
        await world.aclose()  # before the server stops: it would wait for the bot's last long poll


def _stage_world(clock: SystemClock, known: bool) -> tuple[World, Group]:
    """The people of the demo. `known`: the bot's database remembers them, though this Telegram began anew.

    Then its ids go on above all that the database may hold, and the patient need not press Start again.
    """
    seconds = clock.machine_us() // SECOND_US
    world = World(clock, first_update_id=seconds)
    group = world.add_group("Clinic team")
    patient = world.add_user(PATIENT_ID, "Sample patient")
    owner = world.add_user(OWNER_ID, "Practice manager")
    if known:
        patient.chat.started = True
        for chat in world.chats.values():
            chat.next_message_id = seconds
    owner.starts()
    group.add(owner)
    group.add(world.add_user(MEMBER_ID, "Podiatrist"))
    return world, group


@contextlib.asynccontextmanager
async def _running(app: App, clock: SystemClock, on_end: Callable[[], None]) -> AsyncIterator[None]:
    """The bot's loops, ended and drained with the block."""
    async with app.store.read() as tx:
        clock.offset_us = (await accounts.account(tx, app.settings.bot_id))["offset_us"] or clock.offset_us
    running = asyncio.create_task(app.run(web=False))
    running.add_done_callback(lambda _: on_end())
    try:
        yield
    finally:
        app.stop()
        await running
