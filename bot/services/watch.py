"""Whose turn it is to fetch updates, when several workers share a database.

Telegram gives updates to one caller of `getUpdates` at a time: a second one gets 409 and ends the first one's call. So
one worker at a time has the watch, by a lease in the `bot` row that it renews with every fetch; whoever finds it run
out takes over. On a SQLite file there is one worker, and it always has the watch.
"""

import uuid
from dataclasses import dataclass, field

from bot import logs
from bot.clock import SECOND_US
from bot.services.post import Post
from bot.store import accounts

log = logs.get(__name__)

LEASE_US = 20 * SECOND_US
"""A dead worker's updates wait at Telegram no longer than this."""
POLL_S = 10
"""Half the lease: how long one fetch may be held open. A fetch in trouble takes longer, and may cost the watch."""
STAND_BY_S = 2.0
"""How often a worker without the watch asks for it."""
REACH_S = 25.0
"""How often such a worker asks Telegram for anything at all: one that is cut off is of no use, and has to be seen."""


@dataclass
class IntakeWatch:
    """One worker's part in it."""

    post: Post
    owner: str = field(default_factory=lambda: f"p-{uuid.uuid4().hex[:12]}")
    has_it: bool = field(default=False, init=False)

    async def take(self) -> bool:
        """Take or renew the watch. False while another worker has it. Raises StoreError."""
        if not self.post.store.is_shared:
            return True
        async with self.post.store.write() as tx:
            machine_us = await self.post.store.machine_us(tx)
            has_it = await accounts.take_watch(tx, self.post.bot_id, self.owner, machine_us, LEASE_US)
        if has_it is not self.has_it:
            log.info("polling" if has_it else "another_worker_polls")
        self.has_it = has_it
        return has_it

    async def give_back(self) -> None:
        """At a stop: another worker need not wait for the lease to run out. Raises StoreError."""
        if not self.has_it:
            return
        async with self.post.store.write() as tx:
            await accounts.give_watch_back(tx, self.post.bot_id, self.owner)
        self.has_it = False
