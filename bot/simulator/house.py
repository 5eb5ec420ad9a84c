"""The house: a whole bot on the simulator, in virtual time, for tests that read as stories.

Nothing sleeps and nothing is mocked: the real client talks to the simulator below it. `settle` lets everything happen
that is due now and in the next few seconds; `pass_time` lets time pass. Both clocks move together, and only here.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from bot.app import App, build
from bot.clock import ManualClock, from_us
from bot.settings import Settings
from bot.simulator.groups import Group, Member
from bot.simulator.lookout import Lookout, Waiting, open_lookout
from bot.simulator.people import Person
from bot.simulator.transport import SimulatorTransport
from bot.simulator.world import World
from bot.store import dues, inbox, messages
from bot.telegram.updates import fetched

OWNER_ID = 700
MEMBER_ID = 12
PATIENT_ID = 11
LOOK_AGAIN = timedelta(milliseconds=50)


@dataclass(frozen=True)
class Cast:
    """Who is there: a staff group with one member, an owner, a patient. They outlive a restart of the bot."""

    world: World
    staff: Group
    owner: Person
    member: Member
    patient: Person


@dataclass
class House:
    """One started bot among its people, in virtual time."""

    cast: Cast
    clock: ManualClock
    app: App
    _offset: int | None = None
    _look_everywhere: bool = True
    """Time moved, or something was done from outside: what nothing in here sets going has to be looked at as well."""
    lookout: Lookout | None = None
    """Sees which loops have something to do. Without one all are asked."""

    @property
    def world(self) -> World:
        return self.cast.world

    @property
    def patient(self) -> Person:
        return self.cast.patient

    @property
    def staff(self) -> Group:
        return self.cast.staff

    @property
    def member(self) -> Member:
        return self.cast.member

    @property
    def owner(self) -> Person:
        return self.cast.owner

    async def settle(self, seconds: float = 5) -> None:
        """Let happen whatever is due within `seconds` from now; time moves only as far as something happens."""
        until = self.clock.now() + timedelta(seconds=seconds)
        patience = LOOK_AGAIN
        while True:
            self._look_everywhere = True
            while await self._step():
                patience = LOOK_AGAIN
            wait = await self._next_wait()
            if wait is not None and wait < patience:
                # Something due that did not move waits for a limit: look again a little later, then ever later.
                wait, patience = patience, min(patience * 2, timedelta(minutes=1))
            if wait is None or self.clock.now() + wait > until:
                return
            self.clock.tick(wait)

    async def pass_time(self, **by: float) -> None:
        """Let time pass, with everything that falls due on the way."""
        until = self.clock.now() + timedelta(**by)
        await self.settle((until - self.clock.now()).total_seconds())
        if until > self.clock.now():
            self.clock.tick(until - self.clock.now())
        await self.settle(0)

    async def lose_database(self) -> None:
        """Let go of the file, which a test may then take away; this bot can do nothing any more."""
        if self.lookout is not None:
            self.lookout.close()
        await self.app.store.close()

    async def _step(self) -> bool:
        """One round of every loop that may have something to do. True when anything happened."""
        everywhere = self._look_everywhere
        raw = await self.app.client.get_raw_updates(self._offset, 0) if self.world.updates.pending else []
        self.app.alive.fetched()
        if raw:
            await self.app.inbox.save([fetched(update) for update in raw])
            self._offset = max(update["update_id"] for update in raw) + 1
        app = self.app
        handled = bool(raw or everywhere) and self._sees_update and await app.inbox.handle_next()
        ticked = self._sees_timer and await app.ticks.run_next()
        worked = await app.routine.backups.work()
        if everywhere or handled:  # a press asks for it
            worked = (self._sees_draft and await app.editing.work()) or worked
        self._look_everywhere = handled or worked  # there may be more of the same
        return bool(raw or handled or ticked or worked) | await self._send()

    async def _send(self) -> bool:
        """One turn of the outbox, if it has anything to do, and its calls. True when it looked at any row."""
        outbox = self.app.outbox
        if not (self._sees_message and await outbox.has_work()):
            return False
        turn = await outbox.turn()
        outbox.launch(turn)
        await outbox.landed()
        return turn.looked > 0

    async def _next_wait(self) -> timedelta | None:
        """How long until something is due; None: nothing is."""
        there = self._look()
        domain: list[int | None]
        machine: list[int | None] = []
        if there is not None and not there.update:
            domain = [there.message_us, there.timer_us]
        else:
            store, bot_id = self.app.store, self.app.settings.bot_id
            async with store.read() as tx:
                domain = [await messages.next_due_us(tx, bot_id), await dues.next_due_us(tx, bot_id)]
                machine = [await inbox.next_try_us(tx, bot_id)]
        waits = [from_us(us) - self.clock.now() for us in domain if us is not None]
        waits += [from_us(us) - from_us(self.clock.machine_us()) for us in machine if us is not None]
        return min(waits, default=None)

    # --- what the loops would find; where nobody can tell, each is to look for itself ---

    def _look(self) -> Waiting | None:
        return self.lookout.look() if self.lookout is not None else None

    @property
    def _sees_update(self) -> bool:
        return (there := self._look()) is None or there.update

    @property
    def _sees_draft(self) -> bool:
        return (there := self._look()) is None or there.draft

    @property
    def _sees_timer(self) -> bool:
        return (there := self._look()) is None or self._is_due(there.timer_us)

    @property
    def _sees_message(self) -> bool:
        return (there := self._look()) is None or there.flight or self._is_due(there.message_us)

    def _is_due(self, at_us: int | None) -> bool:
        return at_us is not None and at_us <= self.clock.now_us()

    @property
    def labels(self) -> list[str]:
        """The buttons under the newest message on the patient's screen, top to bottom."""
        return [key.label for key in self.patient.last.keys]

    @property
    def bot_texts(self) -> list[str]:
        """What the bot said to the patient, oldest first."""
        return [message.text for message in self.world.from_bot(self.patient.chat_id)]

    @property
    def staff_texts(self) -> list[str]:
        """What the bot said in the staff group, oldest first."""
        return [message.text for message in self.world.from_bot(self.staff.chat_id)]


def make_cast(clock: ManualClock) -> Cast:
    """A world with one clinic and one patient, before anybody has written."""
    world = World(clock)
    staff = world.add_group("Clinic")
    owner = world.add_user(OWNER_ID, "Owner")
    member = staff.add(world.add_user(MEMBER_ID, "Member"))
    return Cast(world, staff, owner, member, world.add_user(PATIENT_ID, "Patient"))


@asynccontextmanager
async def open_house(
    cast: Cast,
    database_url: str,
    content_dir: Path,
    clock: ManualClock,
    signed_only: bool = False,
    transport: httpx.AsyncBaseTransport | None = None,
    backup_dir: Path | None = None,
) -> AsyncIterator[House]:
    """The bot started on this database. Open it a second time on the same cast and it is a restart.

    `transport`: what stands between the client and the simulator; by default nothing.
    """
    settings = Settings(
        _env_file=None,
        bot_token=cast.world.token,
        database_url=database_url,
        content_dir=content_dir,
        staff_chat_id=cast.staff.chat_id,
        owner_ids=str(OWNER_ID),
        backup_dir=backup_dir,
    )
    between = transport or SimulatorTransport(cast.world)
    async with build(settings, clock, transport=between, signed_only=signed_only) as app:
        await app.outbox.recover(everything=True)
        await app.inbox.recover()
        await app.begin()
        with open_lookout(app.store.url, settings.bot_id) as lookout:
            yield House(cast, clock, app, lookout=lookout)
