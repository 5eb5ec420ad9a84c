"""The only way out: one loop that claims rows, sends them and writes down what became of them.

A *turn* is one transaction: lock the bot's row → write the results of finished sends → see how many sends the limits
allow → take the first rows that may go; every row looked at moves (sent on, put off, or skipped with its reason), so
nothing that cannot move sits at the head of the index. After the commit the claimed rows go to the wire. The
`sending` mark is thus on disk before the first byte leaves: after a kill at most `WINDOW` rows are in doubt, and each
says so.

Raises nothing for what Telegram answers; database errors end the turn and are tried again by `run`.
"""

import asyncio
import contextlib
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa

from bot import logs
from bot.clock import SECOND_US, Clock, to_us, woken
from bot.core import sending
from bot.core.sending import Policy
from bot.delivery.limiter import Allowance, allowance, chat_rate
from bot.delivery.settle import Hooks, Landed, Settler
from bot.model import (
    BotId,
    Call,
    ChatId,
    Doubtful,
    Lane,
    MessageId,
    MessageState,
    NotSent,
    Refused,
    SendResult,
    SendWhy,
    Unreachable,
)
from bot.store import accounts, attachments, chats, claiming, messages
from bot.store.engine import Store, Tx

log = logs.get(__name__)

WINDOW = 4
"""Sends in flight at once: carries 28/s at 140 ms a call, and bounds what a kill leaves in doubt."""
CALL_S = 25.0
"""The longest a call may take (an upload); the client's own timeouts are no longer."""
LEASE_US = 40 * SECOND_US
"""Call time plus 15 s: after this a row's worker is taken for dead."""
POLL_US = SECOND_US // 10
"""How soon rows from another process are seen."""
LOOK_AGAIN_US = 5_000
"""How long another worker's claim takes, about."""
RECOVER_S = 5.0
"""How often workers of a shared database look for rows of dead ones."""
LOOK_MAX = 200
"""Rows one turn may look at, so that a transaction stays short."""


class Messenger(Protocol):
    """The wire (`telegram.client`)."""

    async def send(self, call: Call) -> SendResult:
        """Do one call; every answer of Telegram's is a value."""


@dataclass(slots=True)
class Turn:
    """What one turn did."""

    claimed: list[tuple[Call, sa.RowMapping]] = field(default_factory=list)
    looked: int = 0
    wait_us: int | None = None
    """Machine time of the next free grant, when the limit was what stopped the turn."""
    send_by: float = math.inf
    """Monotonic time after which the claimed calls must not start: their leases could run out on the wire."""
    tats: dict[ChatId, int] = field(default_factory=dict)
    """Each chat's tat as this turn moved it: two rows of one group may come in one batch."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A call on the wire."""

    row: sa.RowMapping
    task: asyncio.Task[SendResult]


class Outbox:
    """Claims, sends, settles, for one bot in one process."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bot_id: BotId,
        messenger: Messenger,
        policy: Policy,
        hooks: Hooks,
        window: int = WINDOW,
    ) -> None:
        self._store = store
        self._clock = clock
        self._bot_id = bot_id
        self._messenger = messenger
        self._policy = policy
        self._settler = Settler(store, clock, bot_id, hooks)
        self._window = window
        self._owner = f"w-{uuid.uuid4().hex[:12]}"
        self._flying: dict[MessageId, Flight] = {}
        self._done: list[Landed] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._pause_us = POLL_US
        """How long to the next look, unless woken before."""
        self.trouble = ""
        """Why nothing is sent at the moment, without ids or words; empty while all is well."""

    # --- the loop ---------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something was enqueued or a send ended: look again now."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns once what is in flight has been settled."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Send until `stop`. What goes wrong is logged, kept in `trouble`, and the turn tried again after a second."""
        recover_at = self._clock.monotonic()
        while not (self._stopping and not self._flying and not self._done):
            self._wake.clear()
            looked = 0
            try:
                if self._clock.monotonic() >= recover_at:
                    await self.recover(everything=not self._store.is_shared)
                    # SQLite has one sender: only its own past leaves orphans there, so once is enough.
                    recover_at = self._clock.monotonic() + RECOVER_S if self._store.is_shared else math.inf
                if await self.has_work():
                    turn = await self.turn()
                    self.launch(turn)
                    looked = turn.looked
                pause_s = 0.0 if looked else min(self._pause_us, POLL_US) / SECOND_US
                self.trouble = ""
            except Exception as error:  # mostly the database; a bug that ended this loop would end every message
                log.error("turn_failed", exc=error)
                self.trouble = f"turns fail ({type(error).__name__})"
                pause_s = 1.0
            await woken(self._wake, pause_s)

    async def has_work(self) -> bool:
        """Whether a turn would have anything to do: a cheap look, so that an idle bot writes nothing."""
        if self._done:
            return True
        self._pause_us = POLL_US
        if not self._may_claim:
            return False
        async with self._store.read() as tx:
            due_us = await messages.next_due_us(tx, self._bot_id)
            if due_us is None:
                return False
            if (ahead_us := due_us - self._clock.now_us()) > 0:
                self._pause_us = ahead_us
                return False
            allowance = self._allowance(await accounts.account(tx, self._bot_id), await self._store.machine_us(tx))
        if allowance.wait_us is not None:
            self._pause_us = allowance.wait_us
        return allowance.tokens > 0

    @property
    def _may_claim(self) -> bool:
        return not self._stopping and self._slots > 0

    @property
    def _slots(self) -> int:
        """How many more may be in flight. What has landed is still `sending` in the database until a turn says else."""
        return self._window - len(self._flying) - len(self._done)

    async def recover(self, everything: bool) -> None:
        """Settle rows that a dead process left `sending`: nobody knows whether those arrived.

        `everything`: this process is the only sender, so all such rows are orphans; otherwise only those whose lease
        ran out.
        """
        async with self._store.write() as tx:
            before_us = None if everything else await self._store.machine_us(tx)
            for row in await claiming.orphans(tx, self._bot_id, before_us):
                if row["id"] in self._flying:
                    continue  # ours, and its answer is still to come
                log.warning("orphan", message_id=row["id"])
                await self._settler.settle(tx, row, Doubtful("process_died"))

    # --- one turn ---------------------------------------------------------------------------------------------------

    async def turn(self) -> Turn:
        """Write what is known, claim what may go. The claimed calls must be launched."""
        finished, self._done = self._done, []
        try:
            async with self._store.write() as tx:
                await self._settler.settle_all(tx, finished, self._owner)
                return await self._claim(tx) if self._may_claim else Turn()
        except BaseException:
            self._done = finished + self._done  # known results outlive a failed transaction
            raise

    def _allowance(self, account: sa.RowMapping, machine_us: int) -> Allowance:
        return allowance(account, machine_us, 0 if self._stopping else self._slots)

    async def _claim(self, tx: Tx) -> Turn:
        turn = Turn()
        now_us = self._clock.now_us()
        next_us = await messages.due_by_lane(tx, self._bot_id)
        due = [lane for lane, due_us in next_us.items() if due_us <= now_us]
        # Of several workers one claims at a time; the others do not queue for the row, which each holds for a commit.
        # Locks are taken in one order, chat, message, bot, and what is claimed after that is skipped where it is held.
        locked = await accounts.try_lock(self._store, tx, self._bot_id) if due else None
        if locked is None:
            self._pause_us = LOOK_AGAIN_US if due else min(next_us.values(), default=now_us + POLL_US) - now_us
            return turn
        account, machine_us = locked
        turn.send_by = self._clock.monotonic() + LEASE_US / SECOND_US - CALL_S
        allowance = self._allowance(account, machine_us)
        turn.wait_us = allowance.wait_us
        self._pause_us = POLL_US if allowance.wait_us is None else allowance.wait_us
        for lane in due:
            while (room := self._room(turn, allowance.tokens, lane)) > 0 and turn.looked < LOOK_MAX:
                rows = await claiming.claimable(tx, self._bot_id, lane, now_us, room)
                await self._look_at(tx, rows, machine_us, turn)
                if len(rows) < room:
                    break
        if turn.claimed:
            tat_us = allowance.rate.take(account["tat_us"], machine_us, len(turn.claimed))
            await accounts.set_account(tx, self._bot_id, tat_us=tat_us)
            await chats.set_tats(tx, self._bot_id, turn.tats)
        return turn

    def _room(self, turn: Turn, tokens: int, lane: Lane) -> int:
        """How many more rows of this lane may go; broadcasts leave one slot free."""
        room = tokens - len(turn.claimed)
        if lane is Lane.BROADCAST:
            rows = [flight.row for flight in self._flying.values()] + [row for row, _ in self._done]
            rows += [row for _, row in turn.claimed]
            bulk = sum(row["lane"] == Lane.BROADCAST for row in rows)
            room = min(room, max(1, self._window - 1) - bulk)
        return room

    async def _look_at(self, tx: Tx, rows: Sequence[sa.RowMapping], machine_us: int, turn: Turn) -> None:
        """Examine rows and mark those that go; one that cannot be read is refused, or it would hold up everybody's."""
        claimed_before = len(turn.claimed)
        today = await self._capped_today(tx, rows)
        for row in rows:
            turn.looked += 1
            try:
                await self._examine(tx, row, machine_us, turn, today)
            except (ValueError, LookupError) as error:  # its payload's version, its chat's time zone
                log.error("row_unreadable", exc=error, message_id=row["id"])
                await self._settler.settle(tx, row, Refused("unreadable"))
        if ids := [call.id for call, _ in turn.claimed[claimed_before:]]:
            await claiming.claim(tx, ids, self._owner, machine_us + LEASE_US)

    async def _capped_today(self, tx: Tx, rows: Sequence[sa.RowMapping]) -> Mapping[ChatId, int]:
        """How many bot-started messages the chats of these rows got today, where that matters; without those whose
        time zone cannot be read."""
        starts_us: dict[ChatId, int] = {}
        for row in rows:
            with contextlib.suppress(ValueError, LookupError):  # the row itself is refused when its turn comes
                if sending.counts_today(row):
                    starts_us[row["chat_id"]] = to_us(self._policy.day_start(self._clock.now(), row["zone"]))
        return await messages.capped_today(tx, self._bot_id, starts_us)

    async def _examine(
        self, tx: Tx, row: sa.RowMapping, machine_us: int, turn: Turn, today: Mapping[ChatId, int]
    ) -> None:
        """Send on, put off, or skip one row: it moves in any case."""
        begun_today = today.get(row["chat_id"], 0)
        if (why := sending.held_back(row, self._clock.now_us(), begun_today)) is not None:
            await self._skip(tx, row, why)
            return
        chat_tat_us = turn.tats.get(row["chat_id"], row["tat_us"])
        later_us = self._waits_until_us(row, chat_tat_us, machine_us)
        if later_us is not None:
            await messages.move(tx, row, later_us)
            await self._settler.alerts_wait(tx, row, later_us - self._clock.now_us())
            return
        call = sending.as_call(row, self._policy.resent_line(), await self._file_bytes(tx, row))
        turn.tats[row["chat_id"]] = chat_rate(row).take(chat_tat_us, machine_us)
        turn.claimed.append((call, row))

    async def _skip(self, tx: Tx, row: sa.RowMapping, why: SendWhy) -> None:
        log.info("skipped", message_id=row["id"], reason=why)
        if why is SendWhy.UNREACHABLE and row["fallback"]:
            # An owner who once blocked the bot: the next rung of the ladder has to be told instead.
            await self._settler.settle(tx, row, Unreachable(why.value))
            return
        if row["resent"]:  # held back, but its first copy may have arrived
            await self._settler.leave_in_doubt(tx, row, why.value)
            return
        await messages.finish(tx, row["id"], MessageState.SKIPPED, why.value)
        await messages.drop_secret(tx, row)
        await self._settler.tell(tx, why, row)

    def _waits_until_us(self, row: sa.RowMapping, chat_tat_us: int, machine_us: int) -> int | None:
        """The domain time this row has to wait for, by the clinic's rules or a limit, or None: it may go now."""
        now_us = self._clock.now_us()
        if (until_us := sending.waits_until_us(row, now_us, self._policy)) is not None:
            return until_us
        free_us: int = row["blocked_until_us"]
        if not sending.is_warning(row):
            free_us = max(free_us, chat_rate(row).next_us(chat_tat_us, machine_us))
        # A gap is machine time; as both clocks run at one speed, it is as long in domain time.
        return now_us + free_us - machine_us if free_us > machine_us else None

    async def _file_bytes(self, tx: Tx, row: sa.RowMapping) -> bytes | None:
        """What Telegram has no copy of yet."""
        if row["attachment_id"] is None or row["file_id"] is not None:
            return None
        return await attachments.content_of(tx, row["attachment_id"])

    # --- the wire ---------------------------------------------------------------------------------------------------

    def launch(self, turn: Turn) -> None:
        """Start the claimed calls; each result is written by a later turn."""
        for call, row in turn.claimed:
            task = asyncio.create_task(self._send(call, turn.send_by), name=f"send-{call.id}")
            self._flying[call.id] = Flight(row, task)
            task.add_done_callback(self._landed(call.id))

    async def _send(self, call: Call, send_by: float) -> SendResult:
        if self._clock.monotonic() > send_by:
            # The machine slept: another worker may have this row by now.
            return NotSent("lease_ran_out")
        return await self._messenger.send(call)

    def _landed(self, message_id: MessageId) -> Callable[[asyncio.Task[SendResult]], None]:
        def done(task: asyncio.Task[SendResult]) -> None:
            flight = self._flying.pop(message_id)
            self._done.append((flight.row, _result_of(task)))
            self.wake()

        return done

    async def landed(self) -> None:
        """Wait until nothing is in flight; the results are written by the next turn (tests, shutdown)."""
        while self._flying:
            await asyncio.wait([flight.task for flight in self._flying.values()])
            await asyncio.sleep(0)


def _result_of(task: asyncio.Task[SendResult]) -> SendResult:
    if task.cancelled():
        return Doubtful("cancelled")
    if (error := task.exception()) is not None:
        log.error("send_failed", exc=error)
        return Doubtful(type(error).__name__)
    return task.result()
