"""Long polling that loses nothing: an update is saved, and committed, before Telegram may forget it.

The library's own updater acknowledges up to 100 updates before anybody has handled them, and a kill loses them.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

from bot import logs
from bot.errors import TelegramBusy, TelegramConflict, TelegramUnauthorised, UnreadableUpdate
from bot.model import Fetched
from bot.telegram.updates import fetched

log = logs.get(__name__)

POLL_S = 25
"""How long Telegram holds an empty poll open. Many home routers drop connections that are silent for 30 s."""
_LONGEST_BACKOFF_S = 30.0

Save: TypeAlias = Callable[[Sequence[Fetched]], Awaitable[None]]
"""Puts updates into the inbox and commits. One it has already changes nothing."""


class UpdateSource(Protocol):
    """The part of `Client` that intake uses."""

    async def delete_webhook(self) -> None:
        """Allow polling."""

    async def get_raw_updates(self, offset: int | None, timeout_s: int) -> list[dict[str, Any]]:
        """Updates from `offset` on, oldest first."""


class Poller:
    """Fetches updates one after the other.

    `save` is awaited before the offset moves. `on_fetch` is called after each fetch whose updates (if any) are saved:
    Telegram and the database both work. `may_fetch` is asked before each fetch, which `hold_s` keeps open at most.
    """

    def __init__(
        self,
        client: UpdateSource,
        save: Save,
        on_fetch: Callable[[], None],
        *,
        may_fetch: Callable[[], Awaitable[bool]] | None = None,
        hold_s: int = POLL_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._save = save
        self._on_fetch = on_fetch
        self._may_fetch = may_fetch
        self._hold_s = hold_s
        self._sleep = sleep
        self._jitter = jitter
        # Not stored: after a restart Telegram repeats what was not confirmed, and the inbox knows what it has.
        self._offset: int | None = None
        self._failures = 0
        self._reached = False
        self._ended = False

    async def run(self) -> None:
        """Poll until `may_fetch` says no.

        Raises TelegramConflict or TelegramUnauthorised, which waiting does not cure.
        """
        # Telegram refuses to be polled while it has a webhook, such as one from an earlier installation.
        while not await self._succeeds(self._client.delete_webhook):
            pass
        while not self._ended:
            await self._succeeds(self._fetch)

    async def _fetch(self) -> None:
        if self._may_fetch is not None and not await self._may_fetch():
            self._ended = True
            return
        # The first one does not wait for news: whether Telegram is there should be known at once.
        raw = await self._client.get_raw_updates(self._offset, self._hold_s if self._reached else 0)
        self._reached = True
        batch = _readable(raw)
        if batch:
            await self._save(batch)
            self._offset = max(update.update_id for update in batch) + 1
        elif raw:
            raise UnreadableUpdate
        self._on_fetch()

    async def _succeeds(self, step: Callable[[], Awaitable[None]]) -> bool:
        """Do `step`; after a failure that may pass, wait and return False."""
        try:
            await step()
        except TelegramBusy as busy:
            log.warning("intake_told_to_wait", seconds=busy.seconds)
            await self._sleep(busy.seconds)
            return False
        except TelegramConflict:
            log.error("intake_conflict")
            raise
        except TelegramUnauthorised:
            log.error("intake_unauthorised")
            raise
        except Exception as error:  # the network, the database, a bug: none may end intake, each is tried again
            log.warning("intake_failed", exc=error, failures=self._failures + 1)
            await self._sleep(self._backoff_s())
            return False
        self._failures = 0
        return True

    def _backoff_s(self) -> float:
        """1, 2, 4 … 30 seconds, less up to half of it so that restarted bots do not come back all at once."""
        longest = min(2.0**self._failures, _LONGEST_BACKOFF_S)
        # No further than 30 s is reached: the counter must not grow into an overflow over a weekend without network.
        self._failures = min(self._failures + 1, 10)
        return longest * (1 - self._jitter() / 2)


def _readable(raw: Sequence[dict[str, Any]]) -> list[Fetched]:
    batch: list[Fetched] = []
    for update in raw:
        try:
            batch.append(fetched(update))
        except UnreadableUpdate:
            log.error("update_without_id")
    return batch
