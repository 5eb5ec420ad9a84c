"""Builds every part once, and owns the loops: intake → inbox → outbox, timers, heartbeat, content.

`build` wires, `App.run` runs until `App.stop`. Tests and the demo use the same parts.
"""

import asyncio
import gc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx

from bot import logs
from bot.clock import MINUTE_US, Clock, from_us
from bot.delivery.limiter import BOT_INTERVAL_US
from bot.delivery.outbox import Outbox
from bot.delivery.settle import ALERT_WAITS_US
from bot.errors import StoreError, TelegramConflict, TelegramError, TelegramUnauthorised
from bot.model import Kind, Payload
from bot.services import watch
from bot.services.alive import BEAT_S, Alive
from bot.services.backups import Backups
from bot.services.broadcast_showing import Showing
from bot.services.broadcasts import Broadcasts
from bot.services.check_ins import CheckIns
from bot.services.checks import Checks
from bot.services.edit_publishing import EditPublishing
from bot.services.enrolment_timers import EnrolmentTimers
from bot.services.faq_edits import FaqEdits
from bot.services.inbox import Inbox
from bot.services.library import Changed, Library
from bot.services.models import model_for
from bot.services.patients import Patients
from bot.services.planner import Planner
from bot.services.policy import ClinicPolicy
from bot.services.post import Notices, Post
from bot.services.publishing import Publisher
from bot.services.reception import Reception
from bot.services.routine import Routine
from bot.services.staff import Staff
from bot.services.teach_edits import TeachEdits
from bot.services.thread_place import ThreadPlace
from bot.services.threads import Threads
from bot.services.ticks import Ticks
from bot.services.topics import look_at_group
from bot.services.watch import IntakeWatch
from bot.settings import Settings
from bot.store import accounts, messages, people, schema
from bot.store.contacts import Contacts, read_key
from bot.store.engine import Store, open_store
from bot.telegram import intake
from bot.telegram.client import Client, WebhookFacts
from bot.telegram.intake import Poller
from bot.telegram.updates import read_update
from bot.web.routes import WEBHOOK_PATH, Health, make_app
from bot.web.server import WebServer

log = logs.get(__name__)

CONTENT_S = 2.0
"""How soon a changed folder, or a revision made by another worker, is seen."""
GROUP_S = 3600.0
"""How soon topics that were switched on, or off, in the staff group are seen."""
EDITING_S = 1.0
"""How soon what staff have written is tried out: somebody waits for it."""
WEBHOOK_CHECK_S = 30.0
DRAIN_S = 20.0
"""A stop takes no longer. Docker kills after 10 s unless told otherwise, systemd after 90."""
LAST_WORK_S = 4.0
"""Of these, for what the inbox and the timers have in hand …"""
LAST_REPLIES_S = 2.0
"""… and for what came of it to be claimed; the rest is for what is in flight, which ends within 15 s."""
ALERT_LATE_US = 3 * MINUTE_US
"""An alert that waits longer turns `/readyz` red, whatever holds it up; a full group takes one every four seconds."""


@dataclass
class App:
    """Every part of one running bot."""

    settings: Settings
    clock: Clock
    store: Store
    client: Client
    library: Library
    post: Post
    inbox: Inbox
    ticks: Ticks
    routine: Routine
    editing: EditPublishing
    outbox: Outbox
    alive: Alive
    watch: IntakeWatch
    stopping: asyncio.Event
    intake_trouble: str = ""
    """Why no updates are fetched any more; empty while they are."""

    # --- life -------------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """What is done once at a start, before any loop: the first beat, timers, and what staff should know."""
        await self.beat()
        if self.library.problems:
            await self._tell_broken()
        if line := self.routine.unsigned_line():
            await self._tell(Kind.DIGEST, line, f"unsigned:{self.library.served.revision_id}")

    async def look_at_group(self) -> None:
        """What is done at a start and every hour: see if the staff group has topics, and make the one for alerts."""
        await look_at_group(self.post, self.client)

    async def beat(self) -> None:
        """What is done every minute: show that we live, and see that the timers are set."""
        await self.routine.plan()
        await self.alive.beat()

    async def run(self, web: bool = True) -> None:
        """Run until `stop`, then drain. Raises StoreBusy when another process has this SQLite file."""
        for role in ("sender", "intake"):
            self.store.take_role(role)
        server = self._web_server() if web else None
        await self.begin()
        _keep_unswept()
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(self._intake(), name="intake")]
            helpers.append(group.create_task(self._every(BEAT_S, self.beat), name="beat"))
            helpers.append(group.create_task(self.routine.backups.run(), name="backups"))
            helpers.append(group.create_task(self._every(EDITING_S, self._edit), name="edit"))
            helpers.append(group.create_task(self._every(CONTENT_S, self._content), name="content"))
            helpers.append(group.create_task(self._every(GROUP_S, self.look_at_group, at_once=True), name="group"))
            mains = [
                group.create_task(loop.run(), name=type(loop).__name__)
                for loop in (self.inbox, self.ticks, self.outbox)
            ]
            if server is not None:
                helpers.append(group.create_task(server.serve(), name="web"))
            log.info("running", bot_id=self.settings.bot_id, revision=self.library.served.content.revision)
            await self.stopping.wait()
            await self._drain(helpers, mains, server)
        log.info("stopped")

    async def _edit(self) -> None:
        await self.editing.work()

    async def _content(self) -> None:
        served = self.library.served
        await self.look_at_content()
        if self.library.served is not served:
            gc.unfreeze()  # what the texts before leave is swept up
            _keep_unswept()

    def stop(self) -> None:
        """Take nothing new, finish what is in hand, and let `run` return. Safe to call from a signal handler."""
        self.stopping.set()

    async def _drain(
        self, helpers: list[asyncio.Task[None]], mains: list[asyncio.Task[None]], server: WebServer | None
    ) -> None:
        """Intake first, so that nothing new comes in; then the inbox, whose replies the outbox still sends."""
        log.info("draining")
        until = self.clock.monotonic() + DRAIN_S - 1  # the last second is for closing everything
        if server is not None:
            server.stop()
        for task in helpers:
            if task.get_name() != "web":
                task.cancel()
        self.inbox.stop()
        self.ticks.stop()
        inbox, ticks, outbox = mains
        await asyncio.wait([inbox, ticks], timeout=LAST_WORK_S)
        try:
            await self.watch.give_back()
            await self._send_what_is_due(outbox)
        except StoreError as error:  # a database that is gone holds nobody up: leases run out by themselves
            log.warning("drain_without_database", exc=error)
        self.outbox.stop()
        await asyncio.wait([outbox], timeout=until - self.clock.monotonic())
        for task in (*helpers, *mains):
            task.cancel()

    async def _send_what_is_due(self, outbox: asyncio.Task[None]) -> None:
        """Give the outbox a moment for the last replies; what it cannot send in it goes out after the next start."""
        until = self.clock.monotonic() + LAST_REPLIES_S
        while self.clock.monotonic() < until and not outbox.done():
            async with self.store.read() as tx:
                due_us = await messages.next_due_us(tx, self.settings.bot_id)
            if due_us is None or due_us > self.clock.now_us():
                return
            await asyncio.sleep(0.02)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]], *, at_once: bool = False) -> None:
        """Repeat `work`; a failure is logged and the next time is another chance."""
        wait_s = 0 if at_once else seconds
        while True:
            await asyncio.sleep(wait_s)
            wait_s = seconds
            try:
                await work()
            except Exception as error:  # a bad address to call, a text nobody foresaw: patients are still answered
                log.error("routine_failed", exc=error)

    # --- intake -----------------------------------------------------------------------------------------------------

    async def _intake(self) -> None:
        if self.settings.webhook_url:
            await self._webhook()
            return
        try:
            while True:
                await self._stand_by()
                hold_s = watch.POLL_S if self.store.is_shared else intake.POLL_S
                await Poller(
                    self.client, self.inbox.save, self.alive.fetched, may_fetch=self.watch.take, hold_s=hold_s
                ).run()
        except TelegramConflict:
            self.intake_trouble = "another program polls with this token"
        except TelegramUnauthorised:
            self.intake_trouble = "Telegram refuses the token"
        # The rest goes on: what is owed is sent, /readyz is red, and staff are told while they can be.
        await self._tell_deaf()

    async def _stand_by(self) -> None:
        """Wait until it is this worker's turn to fetch updates; until then it handles and sends, and asks now and then
        whether it could reach Telegram. Raises TelegramUnauthorised."""
        ask_at = self.clock.monotonic()
        while True:
            try:
                if await self.watch.take():
                    return
                if self.clock.monotonic() >= ask_at:
                    ask_at = self.clock.monotonic() + watch.REACH_S
                    await self.client.webhook_info()
                    self.alive.fetched()
            except StoreError as error:
                log.warning("stand_by_failed", exc=error)
            except TelegramUnauthorised:
                raise
            except TelegramError as error:
                log.warning("stand_by_unreached", exc=error)
            await asyncio.sleep(watch.STAND_BY_S)

    async def _webhook(self) -> None:
        """Register our route, mend the registration when it drifts, and notice when nothing comes through."""
        url = self.settings.webhook_url.rstrip("/") + WEBHOOK_PATH
        is_ours = False  # Telegram tells the address it has, but not the secret: that of an earlier start, perhaps
        while True:
            try:
                facts = await self.client.webhook_info()
                if is_ours and facts.url == url:
                    self.intake_trouble = self._undelivered(facts)
                else:
                    await self.client.set_webhook(url, self.settings.webhook_secret.get_secret_value())
                    is_ours = True
                    self.intake_trouble = ""
                    log.info("webhook_set")
                if not self.intake_trouble:
                    self.alive.fetched()
            except TelegramUnauthorised:
                self.intake_trouble = "Telegram refuses the token"
            except TelegramError as error:
                log.warning("webhook_check_failed", exc=error)
            await asyncio.sleep(WEBHOOK_CHECK_S)

    def _undelivered(self, facts: WebhookFacts) -> str:
        """Why updates wait at Telegram; empty when they come through."""
        is_recent = facts.last_error_at is not None and (
            from_us(self.clock.machine_us()) - facts.last_error_at < timedelta(seconds=2 * WEBHOOK_CHECK_S)
        )
        return "Telegram cannot deliver to WEBHOOK_URL" if is_recent and facts.pending_updates else ""

    async def _tell_deaf(self) -> None:
        log.error("intake_ended")
        text = self.post.text(self.library.served.content.replies.staff_deaf, reason=self.intake_trouble)
        await self._tell(Kind.ALERT, text, f"deaf:{self.clock.now_us()}")

    def _web_server(self) -> WebServer:
        secret = self.settings.webhook_secret.get_secret_value() if self.settings.webhook_url else None
        app = make_app(save=self.inbox.save, secret=secret, health=self.health)
        return WebServer(app, self.settings.web_host, self.settings.web_port)

    async def health(self) -> Health:
        """What `/readyz` shows: each check empty when good, else a short reason without secrets."""
        checks = {
            "database": "" if self.alive.writes() else "not written lately",
            "telegram": "" if self.alive.reaches_telegram() else "not reached lately",
            "intake": self.intake_trouble,
        }
        try:
            async with self.store.read() as tx:
                account = await accounts.account(tx, self.settings.bot_id)
                is_late = await messages.has_late_alert(tx, self.settings.bot_id, self.clock.now_us() - ALERT_LATE_US)
        except StoreError:
            return Health({**checks, "database": "cannot be read"})
        told_to_wait = account["blocked_until_us"] - self.clock.machine_us() > ALERT_WAITS_US
        sending = account["paused"] or self.outbox.trouble or ("Telegram says wait" if told_to_wait else "")
        checks["alerts"] = "an alert waits" if is_late else ""
        return Health({**checks, "sending": sending, "staff_group": account["staff_lost"] or ""})

    # --- content ----------------------------------------------------------------------------------------------------

    async def look_at_content(self) -> None:
        """See whether the texts changed, and tell staff what came of it."""
        match await self.library.look():
            case Changed.BROKEN:
                await self._tell_broken()
            case Changed.NEW:
                served = self.library.served
                text = self.post.text(served.content.replies.staff_content_new, revision=served.content.revision[:7])
                await self._tell(Kind.CARD, text, f"content:{served.revision_id}")
                async with self.store.write() as tx:
                    await Planner(self.post).plan_all_anew(tx, str(served.revision_id))
            case Changed.NOTHING:
                pass

    async def _tell_broken(self) -> None:
        problems = self.library.problems
        lines = "\n".join(str(problem) for problem in problems[:10]) + ("\n…" if len(problems) > 10 else "")
        replies = self.library.served.content.replies
        text = self.post.text(replies.staff_content_broken, problems=lines)
        # Once, though each worker sees it; and again when it is broken again.
        key = f"broken:{zlib.crc32(lines.encode())}:{self.clock.now_us() // MINUTE_US}"
        await self._tell(Kind.CARD, text, key)

    async def _tell(self, kind: Kind, text: str, dedupe_key: str) -> None:
        """Tell staff once per `dedupe_key`, now."""
        async with self.store.write() as tx:
            await self.post.tell(tx, kind, Payload(text), dedupe_key)
        self.outbox.wake()


def _keep_unswept() -> None:
    """Take what is there out of the garbage collector's rounds: each round over all texts, a quarter of a million
    objects, holds up every reply for a quarter of a second."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def build(
    settings: Settings,
    clock: Clock,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    signed_only: bool = True,
    stopping: asyncio.Event | None = None,
) -> AsyncIterator[App]:
    """All parts wired on an up-to-date database, with content loaded; closed again at the end.

    `transport` replaces the network to Telegram (in-process simulator). `stopping` is what `App.stop` sets: given from
    outside it can be set before the app is there. Raises SettingsError, StoreError, ContentError.
    """
    settings.require_token()
    settings.require_staff()
    await schema.upgrade(settings.database_url)
    token = settings.bot_token.get_secret_value()
    async with (
        open_store(settings.database_url, clock) as store,
        Client(token, settings.telegram_api_url, transport=transport) as client,
        httpx.AsyncClient(timeout=10) as outside,
    ):
        bot_id = settings.bot_id
        async with store.write() as tx:
            await accounts.ensure_bot(store, tx, bot_id, settings.staff_chat_id, BOT_INTERVAL_US)
            await people.ensure_owners(store, tx, bot_id, settings.owner_ids, clock.now_us())
            # A token that was refused is tried again at each start: the operator may have mended it.
            await accounts.set_account(tx, bot_id, paused=None)
        model = model_for(settings.semantic_model, settings.index_dir)
        library = Library(store, clock, bot_id, settings.content_dir, signed_only, settings.index_dir, model)
        await library.load()
        post = Post(store, clock, bot_id, library, Contacts(read_key(settings.secret_key_file)))
        yield _wire(settings, post, client, _caller(settings, outside), stopping or asyncio.Event())


def _wire(
    settings: Settings,
    post: Post,
    client: Client,
    call_out: Callable[[], Awaitable[None]] | None,
    stopping: asyncio.Event,
) -> App:
    store, clock, bot_id, library = post.store, post.clock, post.bot_id, post.library
    backups = Backups(post, settings.database_url, settings.backup_dir, timedelta(days=settings.backup_keep))
    keeping = {"retention_days": settings.retention_days, "backup_keep": settings.backup_keep}
    routine = Routine(post, clock.now(), is_trial=settings.allow_unsigned, backups=backups, **keeping)
    talks = Threads(post)
    notices = Notices(post, Broadcasts(post).on_refused, talks.made_anew, ThreadPlace(post).under_words)
    outbox = Outbox(store, clock, bot_id, client, ClinicPolicy(library), notices)
    staff = Staff(post, routine.status, _name_of(client))
    inbox = Inbox(post, Reception(post, Patients(post), staff, read_update), client.answer_press, outbox.wake)
    care_plans = CheckIns(post).handlers | EnrolmentTimers(post).handlers
    handlers = (
        routine.handlers
        | Checks(post).handlers
        | care_plans
        | Broadcasts(post).handlers
        | Showing(post).handlers
        | talks.handlers
    )
    ticks = Ticks(post, handlers, outbox.wake, Showing(post).prepare)
    publisher = Publisher(post, settings.content_dir)
    editing = EditPublishing(post, publisher, outbox.wake, {False: FaqEdits(post), True: TeachEdits(post)})
    return App(
        settings=settings,
        clock=clock,
        store=store,
        client=client,
        library=library,
        post=post,
        inbox=inbox,
        ticks=ticks,
        routine=routine,
        editing=editing,
        outbox=outbox,
        alive=Alive(post, call_out),
        watch=IntakeWatch(post),
        stopping=stopping,
    )


def _name_of(client: Client) -> Callable[[], Awaitable[str]]:
    async def name() -> str:
        return (await client.get_me()).username

    return name


def _caller(settings: Settings, outside: httpx.AsyncClient) -> Callable[[], Awaitable[None]] | None:
    """Calls the watchdog's address; None when there is none. The address is a secret and reaches no log."""
    url = settings.heartbeat_url.get_secret_value()
    if not url:
        return None

    async def call_out() -> None:
        (await outside.get(url)).raise_for_status()

    return call_out
