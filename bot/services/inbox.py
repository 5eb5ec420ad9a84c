"""From the inbox to an effect, exactly once.

`attempts` is raised and committed before an update is handled; its effect and `done` commit together under the chat's
lock, and with it those of other chats that came at the same time. Five failures park it, and the chat goes on.

A process that dies may have been killed by what it had in hand, or by somebody else. What was in hand is tried again
with nothing else in hand, and from the third time on only by a process that has already lived a while: so an update
is not held to blame for its neighbour, nor for a machine on which nothing lives long.
"""

import asyncio
import traceback
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import logs
from bot.clock import SECOND_US, woken
from bot.errors import StoreDown
from bot.model import Fetched, Incoming, PressIn, UserId
from bot.services.patients import Visit
from bot.services.post import Post
from bot.services.reception import Reception
from bot.store import inbox as rows

log = logs.get(__name__)

ATTEMPTS = 5
LEASE_US = 30 * SECOND_US
"""Longer than a batch takes; after this it is broken off, and another worker may try."""
TRIES_AT_ONCE = 2
"""So often an update is taken by whatever process there is …"""
STEADY_S = 10
"""… and then by one that has run for so long. Meanwhile the other chats are served, whatever that update does."""
WORKERS = 4
BATCH = 32
"""Updates taken with one commit and handled with another: in a flood nearly all work is what each commit costs."""
POLL_S = 0.5


@dataclass
class Inbox:
    """Stores updates and works through them. `wake_outbox` is called after each commit that may owe a message."""

    post: Post
    reception: Reception
    answer_press: Callable[[str, str], Coroutine[Any, Any, None]]
    """Given the press and a short notice, mostly none."""
    wake_outbox: Callable[[], None]

    def __post_init__(self) -> None:
        self._wake = asyncio.Event()
        self._stopping = False
        self._answers: set[asyncio.Task[None]] = set()
        self._began: float | None = None
        """When `run` did, in the clock's seconds; None: whoever calls decides when."""
        self._taking = asyncio.Lock()
        self._in_hand = 0
        """How many batches are being handled …"""
        self._alone = False
        """… and whether the one there is was tried before."""
        self._dropped: list[sa.RowMapping] = []
        """Taken, and neither handled nor given back when the database went away."""

    # --- in ---------------------------------------------------------------------------------------------------------

    async def save(self, fetched: Sequence[Fetched]) -> None:
        """Commit raw updates; only then may they be acknowledged. Raises StoreError when they could not be stored."""
        async with self.post.store.write() as tx:
            new = await rows.save(self.post.store, tx, self.post.bot_id, fetched, self.post.clock.now_us())
        log.info("updates_saved", fetched=len(fetched), new=new)
        self._wake.set()

    # --- the loop ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Handle updates until `stop`, several chats at a time, one update of a chat at a time."""
        self._began = self.post.clock.monotonic()
        await self.recover()
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())
        if self._answers:
            await asyncio.wait(self._answers)

    async def recover(self) -> None:
        """At a start: what the last process was handling may be tried at once, where this is the only one."""
        if not self.post.store.is_shared:
            async with self.post.store.write() as tx:
                await rows.release_leases(tx, self.post.bot_id)

    def stop(self) -> None:
        """Finish what is being handled and take nothing more."""
        self._stopping = True
        self._wake.set()

    async def _work(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                if await self.handle_next():
                    continue
            except Exception as error:  # the database, or a bug in parking: the other chats go on, this one later
                log.error("inbox_failed", exc=error)
            await woken(self._wake, POLL_S)

    async def handle_next(self) -> bool:
        """Handle the updates whose turn it is, `BATCH` at most, each of another chat. False when there is none now."""
        async with self.post.store.read() as tx:
            if not await rows.is_anything_new(tx, self.post.bot_id):
                return False
        async with self._taking:
            if self._alone:
                return False
            taken, team = await self._take()
            if not taken:
                return False
            self._in_hand += 1
            self._alone = taken[0]["attempts"] > 1
        self._wake.set()  # other chats may have something for the next worker
        try:
            async with asyncio.timeout(LEASE_US / SECOND_US):  # what hangs must not keep the others waiting for ever
                await self._handle_all(taken, team)
        except StoreDown:
            self._dropped += taken  # given back as soon as the database is there again; what is done stays done
            raise
        finally:
            self._in_hand -= 1
            self._alone = False
            self._wake.set()  # one that was tried before may have waited for that
        return True

    async def _take(self) -> tuple[Sequence[sa.RowMapping], Collection[UserId]]:
        """What this process may handle now, and who is of the team."""
        dropped, self._dropped = self._dropped, []  # nobody else gives these back meanwhile
        try:
            async with self.post.store.write() as tx:
                machine_us = await self.post.store.machine_us(tx)
                for row in dropped:
                    await rows.put_back(tx, row, machine_us, "StoreDown", counts=False)
                taken = await rows.take(
                    tx,
                    self.post.bot_id,
                    machine_us,
                    machine_us + LEASE_US,
                    BATCH,
                    most_tries=rows.ANY_TRIES if self._is_steady else TRIES_AT_ONCE,
                    only_new=self._in_hand > 0,
                )
                return taken, await self.reception.team(tx) if taken else frozenset()
        except BaseException:
            self._dropped += dropped
            raise

    @property
    def _is_steady(self) -> bool:
        """Whether this process has shown that it does not die of something else."""
        return self._began is None or self.post.clock.monotonic() - self._began >= STEADY_S

    async def _handle_all(self, taken: Sequence[sa.RowMapping], team: Collection[UserId]) -> None:
        """Those of patients with one commit, then the others one by one."""
        visits: list[Visit] = []
        others: list[tuple[sa.RowMapping, Incoming]] = []
        for row in taken:
            if row["attempts"] > ATTEMPTS:
                await self._park(row, "killed_the_process")  # it never got as far as being put back
                continue
            try:
                came = self.reception.read(row, team)
            except Exception as error:  # one bad update must not stop a chat, nor the bot
                await self._failed(row, error)
                continue
            if isinstance(came, Visit):
                visits.append(came)
            else:
                others.append((row, came))
        if visits:
            await self._try_together(visits)
        for row, incoming in others:
            await self._try(row, incoming)

    async def _try_together(self, visits: Sequence[Visit]) -> None:
        """Where they fail together, each alone: what is wrong with one must not stop another's chat."""
        try:
            await self.reception.visited(visits)
        except Exception as error:
            if len(visits) == 1:
                await self._failed(visits[0].row, error)
                return
            log.warning("one_by_one", exc=error, updates=len(visits))
            for visit in visits:
                await self._try_together([visit])
        else:
            for visit in visits:
                self._handled(visit.row, visit.incoming)

    async def _try(self, row: sa.RowMapping, incoming: Incoming) -> None:
        try:
            said = await self.reception.came(row, incoming)
        except Exception as error:
            await self._failed(row, error)
        else:
            self._handled(row, incoming, said)

    def _handled(self, row: sa.RowMapping, incoming: Incoming, said: str = "") -> None:
        """Directly after the commit."""
        log.info("handled", update=row["update_id"], what=type(incoming).__name__)
        if isinstance(incoming, PressIn):  # Telegram shows a spinner on a pressed button until it is answered
            task = asyncio.create_task(self.answer_press(incoming.press_id, said))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)
        self.wake_outbox()

    # --- failures ---------------------------------------------------------------------------------------------------

    async def _failed(self, row: sa.RowMapping, error: Exception) -> None:
        where = _place(error)
        log.error("update_failed", exc=error, update=row["update_id"], attempt=row["attempts"])
        counts = not isinstance(error, StoreDown)  # a restart of the database is not the update's fault
        if counts and row["attempts"] >= ATTEMPTS:
            await self._park(row, where)
            return
        async with self.post.store.write() as tx:
            machine_us = await self.post.store.machine_us(tx)
            await rows.put_back(tx, row, machine_us + SECOND_US * 2 ** (row["attempts"] - 1), where, counts)

    async def _park(self, row: sa.RowMapping, where: str) -> None:
        async with self.post.store.write() as tx:
            if not await rows.park(tx, row, where):
                return
            await self.reception.gave_up(tx, row)
        log.error("update_parked", update=row["update_id"])
        self.wake_outbox()


def _place(error: BaseException) -> str:
    """Type, file and line of a failure; never its text, which may quote a patient."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}@{Path(last.filename).name}:{last.lineno}"
