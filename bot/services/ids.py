"""Which ids go into .env? Telegram's apps show them to nobody, but the bot sees who writes to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.clock import Clock
from bot.errors import StoreError
from bot.store.engine import Store

POLL_S = 25
PAUSE_S = 2.0
"""Between two looks. Nothing is confirmed, so Telegram answers at once with what it showed before."""
_WHERE = ("message", "edited_message", "my_chat_member")
_KINDS: Mapping[str, Literal["person", "basic group", "group"]] = {
    "private": "person",
    "group": "basic group",
    "supergroup": "group",
}
"""Telegram's types of chat. A basic group gets another id when it becomes a supergroup, as it does with Topics."""


class UpdateSource(Protocol):
    """The part of the client that is used here."""

    async def get_raw_updates(self, offset: int | None, timeout_s: int) -> list[dict[str, Any]]:
        """Updates, oldest first."""


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody, or a group the bot is in. `name` is as on the screen, safe to print."""

    id: int
    kind: Literal["person", "basic group", "group"]
    name: str


def hold_the_bot_off(store: Store) -> None:
    """Make sure that the bot does not run while we listen, nor starts: Telegram lets one program listen per token, and
    would end the bot's intake.

    Raises StoreBusy when it runs. Raises StoreError on PostgreSQL, where workers share the roles and nothing tells.
    """
    if store.is_shared:
        raise StoreError(
            "On PostgreSQL nothing tells whether a worker runs. Stop them all, then look up ids with "
            "DATABASE_URL=sqlite+aiosqlite:///data/ids.db in front of the command."
        )
    store.take_role("intake")


async def meet(
    source: UpdateSource, clock: Clock, seconds: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[Met]:
    """Everybody who writes within `seconds` or wrote in the last 24 hours, and every group of theirs, each once.

    Telegram is never given an offset, so it forgets nothing: the bot gets it all at its next start. Raises
    TelegramError; TelegramConflict when another program listens.
    """
    seen: set[int] = set()
    until = clock.monotonic() + seconds
    while (left := until - clock.monotonic()) > 0:
        for update in await source.get_raw_updates(None, int(min(left, POLL_S))):
            for met in _met(update):
                if met.id not in seen:
                    seen.add(met.id)
                    yield met
        await sleep(PAUSE_S)


def _met(update: Mapping[str, Any]) -> Iterator[Met]:
    for where in _WHERE:
        happened = update.get(where)
        if not isinstance(happened, Mapping):
            continue
        for someone in (happened.get("chat"), happened.get("from")):
            if isinstance(someone, Mapping) and not someone.get("is_bot"):
                yield from _one(someone)


def _one(someone: Mapping[str, Any]) -> Iterator[Met]:
    kind = _KINDS.get(someone.get("type", "private"))  # a user has no type; a private chat has the user's id
    id_ = someone.get("id")
    if kind is not None and isinstance(id_, int):
        name = str(someone.get("title") or someone.get("first_name") or "")
        # People choose their names, and a terminal obeys what it is shown.
        yield Met(id_, kind, "".join(letter if letter.isprintable() else "?" for letter in name))
