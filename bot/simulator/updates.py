"""The queue of updates a bot has not confirmed yet, read by getUpdates or drained by a webhook.

Bot API, "Getting updates": ids rise, updates are kept at most 24 hours, and asking with an offset confirms all before
it. Only one reader at a time: a second long poll ends the first with 409.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.clock import DAY_US, Clock
from bot.simulator.errors import OTHER_POLLER, WEBHOOK_ACTIVE, WEBHOOK_TAKES_OVER, ApiError
from bot.simulator.state import Json

KEPT_US = DAY_US
MAX_POLL_S = 50
"""Longer time-outs are cut to this."""
MAX_BATCH = 100
FIRST_UPDATE_ID = 700_000_001
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Sent only to a bot that names them in `allowed_updates`."""


@dataclass(frozen=True)
class Update:
    """One update. `chat_id` orders webhook delivery; `at_us` is domain time."""

    update_id: int
    kind: str
    chat_id: int
    at_us: int
    payload: Json

    def json(self) -> Json:
        return {"update_id": self.update_id, self.kind: self.payload}


@dataclass
class Webhook:
    """Where updates are posted, and how it goes."""

    url: str
    secret: str = ""
    max_connections: int = 40
    ip_address: str = ""
    last_error_us: int | None = None
    last_error: str = ""


@dataclass
class UpdateQueue:
    """Pending updates. Reading awaits; pushing does not."""

    clock: Clock
    allowed: frozenset[str] = frozenset()
    """Empty: all but those sent on request only."""
    webhook: Webhook | None = None
    log: list[Update] = field(default_factory=list)
    """Every update ever queued, for `redeliver` and for tests."""
    on_push: Callable[[Update], None] | None = None
    """Called for each pushed update while a webhook is set."""
    _pending: dict[int, Update] = field(default_factory=dict)
    _again: list[Update] = field(default_factory=list)
    _poll: asyncio.Future[None] | None = None
    next_id: int = FIRST_UPDATE_ID

    @property
    def pending(self) -> list[Update]:
        """Updates not confirmed and not over 24 hours old, in the order they will be delivered."""
        now_us = self.clock.now_us()
        self._pending = {i: update for i, update in self._pending.items() if now_us - update.at_us <= KEPT_US}
        return [*self._again, *self._pending.values()]

    def push(self, kind: str, chat_id: int, payload: Json) -> Update | None:
        """Queue an update; None when the bot did not ask for this kind."""
        if kind not in self.allowed if self.allowed else kind in ON_REQUEST:
            return None
        update = Update(self.next_id, kind, chat_id, self.clock.now_us(), payload)
        self.next_id += 1
        self._pending[update.update_id] = update
        self.log.append(update)
        self._announce(update)
        return update

    def redeliver(self, update_id: int) -> Update:
        """Deliver an update once more, confirmed or not. Raises LookupError for an id that never was."""
        update = next((update for update in self.log if update.update_id == update_id), None)
        if update is None:
            raise LookupError(f"there was no update {update_id}")
        self._again.append(update)
        self._announce(update)
        return update

    def shuffle(self, order: Callable[[list[Update]], list[Update]]) -> None:
        """Hand out what is pending in another order ("reversed"), as a webhook may after failures."""
        self._pending = {update.update_id: update for update in order(list(self._pending.values()))}

    def confirm(self, update: Update) -> None:
        """The webhook took it."""
        if update in self._again:
            self._again.remove(update)
        else:
            self._pending.pop(update.update_id, None)

    def drop_pending(self) -> None:
        self._pending.clear()
        self._again.clear()

    async def read(self, offset: int, limit: int, timeout_s: int) -> list[Update]:
        """At most `limit` updates from `offset` on, waiting up to `timeout_s` for the first.

        Raises ApiError 409 when a webhook is set, or when another call takes over while this one waits.
        """
        if self.webhook is not None:
            raise ApiError(409, WEBHOOK_ACTIVE)
        self._confirm_before(offset)
        if not self.pending and timeout_s > 0:
            await self._wait(min(timeout_s, MAX_POLL_S))
        batch = self.pending[: max(1, min(limit, MAX_BATCH))]
        self._again = self._again[len(batch) :]
        return batch

    def stop_poll(self, description: str) -> None:
        """End a waiting getUpdates with 409."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(ApiError(409, description))

    def end_poll(self) -> None:
        """Answer a waiting getUpdates with what there is: a server that shuts down need not wait for it."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def set_webhook(self, webhook: Webhook | None) -> None:
        """Switch to a webhook, or back to polling."""
        if webhook is not None:
            self.stop_poll(WEBHOOK_TAKES_OVER)
        self.webhook = webhook

    def _confirm_before(self, offset: int) -> None:
        if offset < 0:
            keep = list(self._pending)[offset:]
            self._pending = {i: self._pending[i] for i in keep}
        else:
            self._pending = {i: update for i, update in self._pending.items() if i >= offset}

    async def _wait(self, timeout_s: float) -> None:
        self.stop_poll(OTHER_POLLER)
        self._poll = poll = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(poll, timeout_s)
        except TimeoutError:
            return
        finally:
            if self._poll is poll:
                self._poll = None

    def _announce(self, update: Update) -> None:
        if self.webhook is not None:
            if self.on_push is not None:
                self.on_push(update)
        elif self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
