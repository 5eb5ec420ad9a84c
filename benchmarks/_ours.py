"""Our own bot as a subject: `aftercare run` as one or four processes, observed (`bot/simulator/fleet.py`)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._peers import ROOT, Planned
from benchmarks._telegram import OWNER_ID, Town, now_us
from bot.clock import HOUR_US, SystemClock, from_us
from bot.model import BotId, ChatId, ChatKind, InboxState, Kind, MessageState, Outgoing, Payload
from bot.simulator.fleet import Fleet, free_port
from bot.store import chats, messages
from bot.store.engine import Store, Tx, open_store
from bot.store.tables import chat, inbox, message

SECRET = "a-long-random-word"
TEXT = "Good morning! How is your leg today?"


def noon_zone() -> str:
    """A time zone in which it is about noon: nobody's quiet hours hold up a benchmark by night."""
    ahead = 12 - now_us() // HOUR_US % 24
    return f"Etc/GMT{-ahead:+d}"  # the sign of these names is the other way round


@dataclass
class Ours:
    """Workers on one database. With several, or with `webhook`, updates come by webhook to the first."""

    town: Town
    folder: Path
    database_url: str
    workers: int = 1
    webhook: bool = False
    fleet: Fleet = field(init=False)
    bot_id: BotId = field(init=False)
    _reader: sa.Engine = field(init=False)
    _kills: int = 0

    def __post_init__(self) -> None:
        # As it comes, without extras: whether a sentence model lies about is not what is measured here.
        env = {"OWNER_IDS": str(OWNER_ID), "LOG_LEVEL": "WARNING", "SEMANTIC_MODEL": "none"}
        if self.webhook or self.workers > 1:
            port = free_port()
            env |= {"WEBHOOK_URL": f"http://127.0.0.1:{port}", "WEBHOOK_SECRET": SECRET}
            self._first_port = str(port)
        else:
            self._first_port = str(free_port())
        self.fleet = Fleet(self.town.url, self.town.world.token, self.database_url, self.folder, ROOT / "faq", env=env)
        # Not the store's own: a look at the figures must not hold what is measured.
        url = sa.make_url(self.database_url)
        self._reader = sa.create_engine(url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url)
        self.bot_id = BotId(self.town.world.bot_user.user_id)

    async def start(self) -> None:
        """Start every worker; the first makes the tables. Not done here: Alembic can do one database at a time only."""
        await self.restart()

    def lead_s(self, count: int) -> float:
        """A bulk insert."""
        return 0.5 + count / 2_000

    async def owe(self, planned: Sequence[Planned]) -> None:
        """Owe a check-in to each chat."""
        async with open_store(self.database_url, SystemClock()) as store, store.write() as tx:
            first = await self._owe_first(store, tx, planned[0])
            await _copy(tx, self.bot_id, first, planned[1:])

    async def _owe_first(self, store: Store, tx: Tx, first: Planned) -> int:
        await chats.touch_chat(store, tx, self.bot_id, ChatId(first.chat_id), ChatKind.PRIVATE, now_us())
        await tx.execute(chat.update().values(zone=noon_zone()))
        out = Outgoing(
            ChatId(first.chat_id), Kind.CHECK_IN, Payload(TEXT), f"owed:{first.chat_id}", due_at=from_us(first.due_us)
        )
        row_id = await messages.enqueue(store, tx, self.bot_id, out, now_us())
        assert row_id is not None
        return row_id

    async def kill(self) -> None:
        """SIGKILL one worker, each in turn."""
        alive = self.fleet.alive
        await alive[self._kills % len(alive)].kill()
        self._kills += 1

    async def restart(self) -> None:
        """Start what is missing of the workers."""
        missing = self.workers - len(self.fleet.alive)
        has_first = any(str(worker.port) == self._first_port for worker in self.fleet.alive)
        ports = [] if has_first else [self._first_port]
        ports += [str(free_port()) for _ in range(missing - len(ports))]
        await asyncio.gather(*(self.fleet.start(WEB_PORT=port) for port in ports))

    async def is_done(self) -> bool:
        """Nothing is pending or on the wire."""
        is_open = message.c.state.in_([MessageState.PENDING, MessageState.SENDING])
        return not await self.count(message, is_open)

    async def flagged(self) -> Mapping[int, str]:
        """Unknown for good, or sent once more with a line that says so."""
        is_flagged = sa.or_(message.c.resent, message.c.state == MessageState.UNKNOWN)
        with self._reader.connect() as connection:
            rows = connection.execute(sa.select(message.c.chat_id, message.c.state, message.c.resent).where(is_flagged))
            return {row.chat_id: "resent" if row.resent else row.state for row in rows}

    async def count(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        """Rows of this bot's."""
        statement = sa.select(sa.func.count()).select_from(table).where(table.c.bot_id == self.bot_id, *where)
        with self._reader.connect() as connection:
            return int(connection.execute(statement).scalar_one())

    def rows(self, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """What else is looked up."""
        with self._reader.connect() as connection:
            return connection.execute(statement).all()

    async def handled(self) -> int:
        """Updates whose effect is committed."""
        return await self.count(inbox, inbox.c.state == InboxState.DONE)

    async def close(self) -> None:
        """End every worker."""
        await self.fleet.kill_all()
        self._reader.dispose()


async def _copy(tx: Tx, bot_id: BotId, first: int, planned: Sequence[Planned]) -> None:
    """Owe what row `first` owes to others too: its row and its chat's, with another chat and time."""
    row = dict((await tx.execute(sa.select(message).where(message.c.id == first))).mappings().one())
    of_chat = sa.select(chat).where(chat.c.bot_id == bot_id, chat.c.chat_id == row["chat_id"])
    its_chat = dict((await tx.execute(of_chat)).mappings().one())
    del row["id"]
    if planned:
        await tx.execute(chat.insert(), [{**its_chat, "chat_id": one.chat_id} for one in planned])
        await tx.execute(
            message.insert(),
            [
                {
                    **row,
                    "chat_id": one.chat_id,
                    "planned_us": one.due_us,
                    "due_us": one.due_us,
                    "expires_us": one.due_us + HOUR_US,
                    "dedupe_key": f"owed:{one.chat_id}",
                }
                for one in planned
            ],
        )
