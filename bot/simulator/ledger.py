"""What every chat really received, and for which of the bot's rows: the simulator's side of a trial.

ledger = Ledger(world)
async with serving(ledger.app) as url: ...    # workers (`bot.simulator.worker`) name the row in each call
ledger.copies(row_id)
"""

from collections import defaultdict
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from bot.simulator.events import Event, EventKind
from bot.simulator.orders import ROW_HEADER
from bot.simulator.server import create_app

if TYPE_CHECKING:
    from bot.simulator.world import World

_row: ContextVar[int | None] = ContextVar("row", default=None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A new message of the bot in a chat. `number` counts arrivals over all chats; `at_us` is machine time."""

    number: int
    row_id: int | None
    chat_id: int
    message_id: int
    at_us: int


class Ledger:
    """The Bot API of one world, as an ASGI app that notes each new message of the bot from now on."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._api = create_app(world)
        self.deliveries: list[Delivery] = []
        """In order of arrival."""
        self._by_row: dict[int | None, list[Delivery]] = defaultdict(list)
        world.subscribe(self._seen)

    def copies(self, row_id: int) -> list[Delivery]:
        """Every message that this row became, oldest first."""
        return self._by_row.get(row_id, [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers", ())).get(ROW_HEADER.encode())
        token = _row.set(int(given) if given else None)
        try:
            await self._api(scope, receive, send)
        except ClientDisconnect:
            pass  # the worker was killed in the middle of its request
        finally:
            _row.reset(token)

    def _seen(self, event: Event) -> None:
        message = event.message
        if event.kind is not EventKind.MESSAGE or message is None or message.sender is not self._world.bot_user:
            return
        now_us = self._world.clock.machine_us()
        delivery = Delivery(len(self.deliveries), _row.get(), message.chat_id, message.message_id, now_us)
        self.deliveries.append(delivery)
        self._by_row[delivery.row_id].append(delivery)
