"""A house for trouble: messages are owed directly, and each trial gets people of its own.

Like the house it is a whole bot in virtual time; here nobody has to say anything for a message to be due.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.clock import ManualClock, from_us
from bot.model import BotId, ChatId, ChatKind, Kind, MessageId, MessageState, Outgoing, Payload, Role
from bot.simulator.groups import Group
from bot.simulator.house import House, make_cast, open_house
from bot.simulator.media import PNG
from bot.simulator.people import Person
from bot.simulator.storm import Weather, Witness
from bot.simulator.transport import SimulatorTransport
from bot.store import accounts, chats, messages
from bot.store.engine import Store
from bot.store.tables import OPEN, attachment, message, staff, topic

NURSE_ID = 800
"""Who is on call, as `on_call` in the ward's content says."""


class Sender(House):
    """A house in which only the outbox runs: nobody says anything, and no timer is due."""

    async def _step(self) -> bool:
        return await self._send()

    async def _next_wait(self) -> timedelta | None:
        if (there := self._look()) is not None:
            return from_us(there.message_us) - self.clock.now() if there.message_us is not None else None
        async with self.app.store.read() as tx:
            due_us = await messages.next_due_us(tx, self.app.settings.bot_id)
        return from_us(due_us) - self.clock.now() if due_us is not None else None


@dataclass
class Ward:
    """One started bot, whoever is on call, and a witness of every attempt."""

    house: House
    sender: Sender
    """The same bot, for trials that are only about what it sends."""
    weather: Weather
    witness: Witness
    nurse: Person
    _numbers: int = 0

    @property
    def clock(self) -> ManualClock:
        return self.house.clock

    @property
    def store(self) -> Store:
        return self.house.app.store

    @property
    def bot_id(self) -> BotId:
        return self.house.app.settings.bot_id

    # --- people -----------------------------------------------------------------------------------------------------

    async def new_patient(self) -> Person:
        """Somebody who pressed Start long ago."""
        person = self._new_person("Patient")
        async with self.store.write() as tx:
            chat_id = ChatId(person.chat_id)
            await chats.touch_chat(self.store, tx, self.bot_id, chat_id, ChatKind.PRIVATE, self.clock.now_us())
            await chats.welcome_patient(self.store, tx, self.bot_id, chat_id, self.clock.now_us())
        return person

    async def new_staff(self, *, basic: bool = False) -> tuple[Group, Person]:
        """Another group and another owner take over: nothing is owed, and nothing known against bot or people."""
        group, owner = self.house.world.add_group("Clinic", basic=basic), self._new_person("Owner")
        async with self.store.write() as tx:
            await accounts.set_account(
                tx,
                self.bot_id,
                staff_chat_id=group.chat_id,
                staff_lost=None,
                paused=None,
                blocked_until_us=0,
                last_wait_us=0,
                tat_us=0,
            )
            await tx.execute(
                message.update().where(sa.text(OPEN)).values(state=MessageState.CANCELLED, reason="another_trial")
            )
            await tx.execute(staff.delete().where(staff.c.bot_id == self.bot_id))
            row = {"user_id": owner.user_id, "role": Role.OWNER, "since_us": 0}
            await tx.execute(staff.insert().values(bot_id=self.bot_id, **row))
            await chats.note_heard(tx, self.bot_id, [chats.Heard(ChatId(NURSE_ID), 0)], self.clock.now_us())
        return group, owner

    async def operator_mends(self) -> None:
        """The token is good again: what a start does about a bot that was paused."""
        async with self.store.write() as tx:
            await accounts.set_account(tx, self.bot_id, paused=None)

    async def new_topic(self, group: Group, thread_id: int | None = None) -> int:
        """A topic of this group; without `thread_id` Telegram does not have it yet."""
        async with self.store.write() as tx:
            row = {"chat_id": group.chat_id, "name": "P-7F3K", "thread_id": thread_id, "created_us": 0}
            made = (await tx.execute(topic.insert().values(bot_id=self.bot_id, **row))).inserted_primary_key
            assert made is not None
            return int(made[0])

    def _new_person(self, name: str) -> Person:
        self._numbers += 1
        person = self.house.world.add_user(10_000 + self._numbers, name)
        person.chat.started = True
        return person

    # --- what is owed -----------------------------------------------------------------------------------------------

    @property
    def next_key(self) -> str:
        """What the next message that is owed will say, if nothing else is given."""
        return f"w{self._numbers + 1:06}"

    async def owe(self, chat_id: int, kind: Kind, text: str = "", *, fallback: int = 0, **more: Any) -> MessageId:
        """Enqueue one message; `more` are fields of `Outgoing`. Without `text` it says its own key ("w000001")."""
        key = self.next_key
        self._numbers += 1
        out = Outgoing(ChatId(chat_id), kind, more.pop("payload", Payload(text or key)), key, **more)
        async with self.store.write() as tx:
            made = await self.house.app.post.enqueue(tx, out, fallback)
        assert made is not None, key
        return made

    # --- what is there ----------------------------------------------------------------------------------------------

    async def rows(self, *where: sa.ColumnElement[bool]) -> Sequence[sa.RowMapping]:
        """Messages as they are stored, by id."""
        async with self.store.read() as tx:
            return (await tx.execute(sa.select(message).where(*where).order_by(message.c.id))).mappings().all()

    async def row(self, message_id: MessageId) -> sa.RowMapping:
        """One of them."""
        (found,) = await self.rows(message.c.id == message_id)
        return found

    async def account(self) -> sa.RowMapping:
        """The bot's row."""
        async with self.store.read() as tx:
            return await accounts.account(tx, self.bot_id)

    async def red(self) -> set[str]:
        """The checks of `/readyz` that fail because of what was sent, or was not."""
        checks = (await self.house.app.health()).checks
        return {name for name, why in checks.items() if why} - {"database", "telegram"}

    async def new_picture(self) -> int:
        """An attachment that Telegram does not have yet."""
        async with self.store.write() as tx:
            row = {"name": "map.png", "sha256": "0", "content": PNG}
            made = (await tx.execute(attachment.insert().values(bot_id=self.bot_id, **row))).inserted_primary_key
            assert made is not None
            return int(made[0])


@asynccontextmanager
async def open_ward(database_url: str, content_dir: Path, clock: ManualClock, seed: int = 0) -> AsyncIterator[Ward]:
    """A ward on this database; `content_dir` has somebody on call. The weather is fine until it is changed."""
    cast = make_cast(clock)
    world = cast.world
    world.faults = weather = Weather(seed)
    witness = Witness(SimulatorTransport(world))
    nurse = world.add_user(NURSE_ID, "Nurse")
    nurse.chat.started = cast.owner.chat.started = True
    async with open_house(cast, database_url, content_dir, clock, transport=witness) as house:
        witness.follow(house.app.client)
        yield Ward(house, Sender(cast, clock, house.app, lookout=house.lookout), weather, witness, nurse)
    await world.aclose()
