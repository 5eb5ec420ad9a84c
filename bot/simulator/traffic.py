"""A clinic's day in fast motion: patients write and press, staff answer, check-ins fall due, broadcasts go out.

People act in the simulator; check-ins and broadcasts are rows, put into the bot's database as a program of its own
would. Every deed that has to have an effect is written down in `deeds`.
"""

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

import sqlalchemy as sa

from bot.clock import DAY_US, Clock
from bot.core.announcing import Announcement
from bot.model import KINDS, BotId, ChatKind, Kind, MessageState, Method, Payload
from bot.simulator.errors import Impossible
from bot.simulator.orders import CHECK_IN
from bot.simulator.people import Person
from bot.simulator.state import Key, Message
from bot.simulator.town import OWNER_ID, Town
from bot.store import dues
from bot.store.engine import Store
from bot.store.tables import broadcast, chat, message

PACE_S = 0.2
"""Between two deeds on average."""
CHUNK = 8
"""Recipients of one broadcast, besides a patient."""
BACKLOG = 60
"""With more rows pending the clinic starts nothing new: all of it has to arrive in the end."""
KNOWN = (
    "Is it normal that my leg jumped?",
    "can I go running tomorrow",
    "How long will I be sore?",
    "is a bruise normal",
)
UNKNOWN = ("Do you sell gift vouchers?", "Which paint did you use in the waiting room?")
DANGER = ("I have chest pain and cannot breathe", "my calf is swollen, hot and red")


class Act(Enum):
    """What may happen next."""

    ASK = "ask"
    PRESS = "press"
    CHECK_IN = "check_in"
    BROADCAST = "broadcast"
    STOP = "stop"
    RESUME = "resume"
    ASK_UNKNOWN = "ask_unknown"
    DANGER = "danger"
    STAFF = "staff"


QUIET = [Act.ASK] * 12 + [Act.PRESS] * 5 + [Act.CHECK_IN] * 4 + [Act.BROADCAST] * 2
BUSY = [*QUIET, Act.STOP, Act.RESUME, Act.ASK_UNKNOWN, Act.DANGER, Act.STAFF]
"""Every third round only: a group takes 20 messages a minute, and all has to arrive in the end."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a patient or staff did. `message_id`: of the words that must leave exactly one question; `text`: those
    words."""

    update_id: int
    chat_id: int
    message_id: int | None = None
    text: str = ""


@dataclass
class Traffic:
    """Makes things happen until told to stop."""

    town: Town
    store: Store
    clock: Clock
    bot_id: BotId
    chance: random.Random
    deeds: list[Deed] = field(default_factory=list)
    check_ins: list[str] = field(default_factory=list)
    """Dedupe keys of the check-ins that were planned."""
    _stopped: list[Person] = field(default_factory=list)

    async def run(self, until: asyncio.Event) -> None:
        """Act after act, each at least once. What nobody can do now (no button to press) is left out."""
        for patient in self.town.patients:
            patient.starts()
            self._note(patient.chat_id)
        for number, act in enumerate(self._acts()):
            if until.is_set() and number >= len(BUSY):
                return
            try:
                await self._do(act)
            except Impossible:
                continue
            await asyncio.sleep(self.chance.uniform(0, 2 * PACE_S))

    def _acts(self) -> Iterator[Act]:
        for number in itertools.count():
            acts = list(QUIET if number % 3 else BUSY)
            self.chance.shuffle(acts)
            yield from acts

    async def _do(self, act: Act) -> None:
        patient = self.chance.choice(self.town.patients)
        match act:
            case Act.ASK:
                self._says(patient, self.chance.choice(KNOWN))
            case Act.ASK_UNKNOWN:
                self._says(patient, self.chance.choice(UNKNOWN))
            case Act.DANGER:
                self._says(patient, self.chance.choice(DANGER))
            case Act.PRESS:
                self._press(patient)
            case Act.STAFF:
                self._staff_answers()
            case Act.CHECK_IN | Act.BROADCAST if await self._is_behind():
                raise Impossible("more is owed than a bot that keeps being killed can send")
            case Act.CHECK_IN:
                await self._plan_check_in(self.chance.choice((patient, self.town.add_listener())))
            case Act.BROADCAST:
                await self._broadcast([patient, *(self.town.add_listener() for _ in range(CHUNK))])
            case Act.STOP:
                await self._stop()
            case Act.RESUME:
                self._resume()

    # --- people -----------------------------------------------------------------------------------------------------

    def _says(self, patient: Person, text: str) -> None:
        self._note(patient.chat_id, patient.says(text).message_id, text)

    def _press(self, patient: Person) -> None:
        message, key = self._some_button(patient)
        assert key.data is not None
        self.town.world.press(patient.chat, patient.user, message.message_id, key.data)
        self._note(patient.chat_id)

    def _some_button(self, patient: Person) -> tuple[Message, Key]:
        """A button of the newest message that has any, but none that tells staff. Raises Impossible without one."""
        for shown in patient.chat.newest_first():
            keys = [key for key in shown.keys if key.data and "team" not in key.data and not key.data.endswith("none")]
            if keys:
                return shown, self.chance.choice(keys)
        raise Impossible(f"nothing to press in chat {patient.chat_id}")

    def _staff_answers(self) -> None:
        """Somebody replies to a card, which the bot may not even know to be there."""
        cards = [shown for shown in self.town.group.chat.visible if shown.keys]
        if cards:
            self.town.member.replies(self.chance.choice(cards), "Somebody will ring you today.")
            self._note(self.town.group.chat_id)

    async def _stop(self) -> None:
        """Somebody writes STOP just while messages are due that the stop is about."""
        person = self.town.add_listener()
        await self._plan_check_in(person, self.chance.uniform(0, 0.5))
        await self._broadcast([person])
        self._says(person, "STOP")
        await self._plan_check_in(person, self.chance.uniform(0, 1))
        self._stopped.append(person)

    def _resume(self) -> None:
        if self._stopped:
            person = self._stopped.pop(0)
            person.says("/resume")
            self._note(person.chat_id)

    def _note(self, chat_id: int, message_id: int | None = None, text: str = "") -> None:
        """The newest update is a deed."""
        self.deeds.append(Deed(self.town.world.updates.log[-1].update_id, chat_id, message_id, text))

    async def _is_behind(self) -> bool:
        async with self.store.read() as tx:
            owed = await tx.scalar(
                sa.select(sa.func.count()).select_from(message).where(message.c.state == MessageState.PENDING)
            )
        return bool(owed and owed > BACKLOG)

    # --- rows -------------------------------------------------------------------------------------------------------

    async def _plan_check_in(self, person: Person, in_s: float = 0) -> None:
        key = f"{person.chat_id}:{len(self.check_ins)}"
        timer = dues.Due(CHECK_IN, self.clock.now() + timedelta(seconds=in_s), key, ref=person.chat_id)
        async with self.store.write() as tx:
            await dues.plan(self.store, tx, self.bot_id, timer)
        self.check_ins.append(key)

    async def _broadcast(self, people: Sequence[Person]) -> None:
        """One text to all these, confirmed just now."""
        now_us = self.clock.now_us()
        announced = Announcement("The clinic is closed on Friday.")
        seen = {"bot_id": self.bot_id, "kind": ChatKind.PRIVATE, "first_seen_us": now_us}
        async with self.store.write() as tx:
            made = await tx.execute(
                broadcast.insert().values(
                    bot_id=self.bot_id,
                    payload=announced.to_json(),
                    audience={},
                    state="running",
                    created_by=OWNER_ID,
                    created_us=now_us,
                )
            )
            assert made.inserted_primary_key is not None
            row = {
                "bot_id": self.bot_id,
                "lane": KINDS[Kind.BROADCAST].lane,
                "kind": Kind.BROADCAST,
                "method": Method.SEND_TEXT,
                "payload": Payload(announced.text).to_json(),
                "broadcast_id": made.inserted_primary_key[0],
                "planned_us": now_us,
                "due_us": now_us,
                "expires_us": now_us + DAY_US,
                "state": MessageState.PENDING,
            }
            ids = [person.chat_id for person in people]
            await self.store.insert_once(tx, chat, [{**seen, "chat_id": to} for to in ids], "bot_id", "chat_id")
            rows = [{**row, "chat_id": to, "dedupe_key": f"b:{row['broadcast_id']}:{to}"} for to in ids]
            await self.store.insert_once(tx, message, rows, "bot_id", "dedupe_key")
