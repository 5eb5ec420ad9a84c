"""A bench for the outbox: real store, limiter and settler; the wire, the policy and the hooks are scripted.

Nothing sleeps: time passes on a `ManualClock`, and only here. What the wire answers, and when, is the test's choice,
so that every row of the error table can be had on purpose.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from bot.clock import SECOND_US, ManualClock
from bot.core.settling import Event
from bot.delivery.limiter import BOT_INTERVAL_US
from bot.delivery.outbox import WINDOW, Outbox, Turn
from bot.model import (
    BotId,
    Call,
    ChatId,
    ChatKind,
    Kind,
    MessageId,
    MessageState,
    Outgoing,
    Payload,
    Scope,
    SendResult,
    SendWhy,
    Sent,
)
from bot.services.ladder import Ladder, Rungs
from bot.store import accounts, chats, messages
from bot.store.engine import Store, Tx, open_store
from bot.store.tables import chat, message, topic

BOT = BotId(1)
ANN = ChatId(100)
BEN = ChatId(101)
GROUP = ChatId(-500)
"""The staff group, a forum."""
OLGA = ChatId(700)
OTTO = ChatId(701)
"""Two owners."""
NIGHT_NURSE = ChatId(800)
"""Who is on call."""

Answer: TypeAlias = SendResult | BaseException | Callable[[Call], SendResult]

TICK = timedelta(milliseconds=40)
"""A little longer than the bot's rate needs for one more grant."""


class Wire:
    """Takes calls and answers by script: `answers` in turn, then always `default`."""

    def __init__(self, clock: ManualClock) -> None:
        self.calls: list[Call] = []
        self.at_us: list[int] = []
        """Machine time of each call."""
        self.answers: deque[Answer] = deque()
        self.default: Callable[[Call], SendResult] = lambda call: Sent(1000 + call.id)
        self.by_hand = False
        """Calls hang until the test answers them through `waiting`."""
        self.waiting: dict[MessageId, asyncio.Future[SendResult]] = {}
        self._clock = clock

    async def send(self, call: Call) -> SendResult:
        """Answer as scripted; a scripted exception is raised."""
        self.calls.append(call)
        self.at_us.append(self._clock.machine_us())
        if self.by_hand:
            self.waiting[call.id] = asyncio.get_running_loop().create_future()
            return await self.waiting[call.id]
        answer = self.answers.popleft() if self.answers else self.default
        if isinstance(answer, BaseException):
            raise answer
        return answer(call) if callable(answer) else answer

    def texts(self, chat_id: ChatId) -> list[str]:
        """What this chat was sent, in order."""
        return [call.payload.text for call in self.calls if call.chat_id == chat_id]


class FixedPolicy:
    """Quiet until `quiet_end`, days in UTC."""

    def __init__(self) -> None:
        self.quiet_end: datetime | None = None

    def quiet_until(self, at: datetime, zone: str | None) -> datetime | None:
        """`quiet_end` while it lies ahead. Raises LookupError for a zone nobody knows, as `zoneinfo` does."""
        if zone == "Nowhere/Land":
            raise KeyError(zone)
        return self.quiet_end if self.quiet_end is not None and at < self.quiet_end else None

    def announced_from(self, at: datetime, any_hour: bool) -> datetime:
        """At once."""
        return at

    def day_start(self, at: datetime, zone: str | None) -> datetime:
        """Midnight UTC."""
        return at.replace(hour=0, minute=0, second=0, microsecond=0)

    def resent_line(self) -> str:
        """What a repeated message begins with."""
        return "Once more:"


class Notes:
    """Hooks that take notes of what staff would be told. The ladder is real; who stands on it is scripted."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.events: list[tuple[Event, int]] = []
        self.skipped: list[tuple[SendWhy, int]] = []
        self.rungs = Rungs(owners=(OLGA, OTTO), on_call=(NIGHT_NURSE,))
        self.fault: Exception | None = None
        """Raised by every hook: a notice that cannot be written."""
        self._ladder = Ladder(store, clock, BOT, self._on_it)

    async def on_event(self, tx: Tx, event: Event, row: sa.RowMapping) -> None:
        """Note the event and the row's id."""
        self.events.append((event, row["id"]))
        if self.fault is not None:
            # A fault after a write of its own: that write must not stay.
            await tx.execute(chat.update().values(zone="written_by_hook"))
            raise self.fault

    async def on_skipped(self, tx: Tx, row: sa.RowMapping, why: SendWhy) -> None:
        """Note the reason and the row's id."""
        self.skipped.append((why, row["id"]))
        if self.fault is not None:
            raise self.fault

    async def lost(self, tx: Tx, row: sa.RowMapping) -> None:
        """The next people are told."""
        await self._ladder.down(tx, row)

    async def _on_it(self, tx: Tx) -> Rungs:
        return self.rungs


@dataclass
class Bench:
    """One outbox with everything a test wants to turn or read."""

    store: Store
    clock: ManualClock
    window: int = WINDOW
    policy: FixedPolicy = field(default_factory=FixedPolicy)
    grants_us: list[int] = field(default_factory=list)
    """Machine time of each claimed row."""
    notes: Notes = field(init=False)
    wire: Wire = field(init=False)
    outbox: Outbox = field(init=False)
    _keys: int = 0

    def __post_init__(self) -> None:
        self.wire = Wire(self.clock)
        self.notes = Notes(self.store, self.clock)
        self.outbox = self.new_outbox()

    def new_outbox(self, window: int | None = None) -> Outbox:
        """What a started process has: nothing in memory."""
        return Outbox(self.store, self.clock, BOT, self.wire, self.policy, self.notes, window or self.window)

    # --- what is owed -----------------------------------------------------------------------------------------------

    async def owe(
        self, chat_id: ChatId = ANN, kind: Kind = Kind.REPLY, text: str = "Hello", *, fallback: int = 0, **more: Any
    ) -> MessageId:
        """Enqueue one message; `more` are fields of `Outgoing`. Its chat is made on the way."""
        async with self.store.write() as tx:
            return await self.owe_in(tx, chat_id, kind, text, fallback=fallback, **more)

    async def owe_in(
        self, tx: Tx, chat_id: ChatId, kind: Kind, text: str = "Hello", *, fallback: int = 0, **more: Any
    ) -> MessageId:
        """The same inside a transaction of the caller's."""
        self._keys += 1
        more.setdefault("dedupe_key", f"key{self._keys}")
        chat_kind = ChatKind.PRIVATE if chat_id > 0 else ChatKind.STAFF
        payload = more.pop("payload", Payload(text))
        await chats.touch_chat(self.store, tx, BOT, chat_id, chat_kind, self.clock.now_us())
        out = Outgoing(chat_id, kind, payload, **more)
        made = await messages.enqueue(self.store, tx, BOT, out, self.clock.now_us(), fallback)
        assert made is not None
        return made

    async def new_topic(self, thread_id: int | None = None) -> int:
        """A topic of the staff group; without `thread_id` Telegram does not have it yet."""
        async with self.store.write() as tx:
            row = {"bot_id": BOT, "chat_id": GROUP, "name": "P-7F3K", "thread_id": thread_id, "created_us": 0}
            made = (await tx.execute(topic.insert().values(row))).inserted_primary_key
            assert made is not None
            return int(made[0])

    async def opt_out(self, chat_id: ChatId, scope: Scope = Scope.ALL) -> None:
        """What "STOP" does."""
        async with self.store.write() as tx:
            await chats.stop(tx, BOT, chat_id, scope, self.clock.now_us())

    # --- what happens -----------------------------------------------------------------------------------------------

    async def turn(self) -> Turn:
        """One turn; its calls have reached the wire."""
        turn = await self.outbox.turn()
        self.grants_us += [self.clock.machine_us()] * len(turn.claimed)
        self.outbox.launch(turn)
        await asyncio.sleep(0)
        return turn

    async def settle(self, rounds: int = 100) -> None:
        """Turns, a tick apart, until none does anything: all that may go now has gone and is written down."""
        for _ in range(rounds):
            landed_before = len(self.wire.calls)
            turn = await self.turn()
            await self.outbox.landed()
            if not turn.looked and turn.wait_us is None and len(self.wire.calls) == landed_before:
                return
            self.clock.tick(TICK)
        raise AssertionError("the outbox does not come to rest")

    async def pass_time(self, seconds: float) -> None:
        """Let this much time pass, sending what becomes due on the way."""
        end_us = self.clock.machine_us() + round(seconds * SECOND_US)
        while True:
            await self.settle()
            due_us = await self.next_due_us()
            left_us = end_us - self.clock.machine_us()
            if left_us <= 0:
                return
            ahead_us = left_us if due_us is None else due_us - self.clock.now_us()
            # Due and still here: something holds it back (a 429, its topic), so look again in a second.
            self.clock.tick(timedelta(microseconds=min(left_us, ahead_us if ahead_us > 0 else SECOND_US)))

    async def crash(self) -> None:
        """Kill the process and start it again: what was in memory is gone, calls under way get no answer."""
        lost, self.outbox = self.outbox, self.new_outbox()
        lost.stop()
        for future in self.wire.waiting.values():
            future.cancel()
        self.wire.waiting.clear()
        await lost.landed()
        await self.outbox.recover(everything=True)

    # --- what is there ----------------------------------------------------------------------------------------------

    async def row(self, message_id: int) -> sa.RowMapping:
        """One message as it is stored."""
        async with self.store.read() as tx:
            found = await messages.by_id(tx, BOT, MessageId(message_id))
        assert found is not None
        return found

    async def state(self, message_id: int) -> MessageState:
        """Its state."""
        return MessageState((await self.row(message_id))["state"])

    async def rows(self, *where: sa.ColumnElement[bool]) -> Sequence[sa.RowMapping]:
        """Every message, by id."""
        async with self.store.read() as tx:
            return (await tx.execute(sa.select(message).where(*where).order_by(message.c.id))).mappings().all()

    async def next_due_us(self) -> int | None:
        """When the next pending message is due; None when none is."""
        async with self.store.read() as tx:
            return await messages.next_due_us(tx, BOT)

    async def chat(self, chat_id: ChatId) -> sa.RowMapping:
        """A chat as it is stored."""
        async with self.store.read() as tx:
            return (await tx.execute(sa.select(chat).where(chat.c.chat_id == chat_id))).mappings().one()

    async def account(self) -> sa.RowMapping:
        """The bot's row."""
        async with self.store.read() as tx:
            return await accounts.account(tx, BOT)

    async def set_account(self, **values: object) -> None:
        """Change the bot's row."""
        async with self.store.write() as tx:
            await accounts.set_account(tx, BOT, **values)


@asynccontextmanager
async def open_bench(url: str, clock: ManualClock, window: int = WINDOW) -> AsyncIterator[Bench]:
    """A bench on a migrated database, with a bot and its staff group."""
    async with open_store(url, clock) as store:
        async with store.write() as tx:
            await accounts.ensure_bot(store, tx, BOT, GROUP, BOT_INTERVAL_US)
            await chats.touch_chat(store, tx, BOT, GROUP, ChatKind.STAFF, clock.now_us())
        bench = Bench(store, clock, window)
        yield bench
        for future in bench.wire.waiting.values():
            future.cancel()
        await bench.outbox.landed()
