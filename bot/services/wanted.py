"""What staff press for and takes seconds: noted in the database, and done beside the loops, so that nobody waits."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot import logs
from bot.errors import StoreError
from bot.store.engine import Store, Tx

log = logs.get(__name__)

One = TypeVar("One")


async def do_next(
    store: Store,
    next_one: Callable[[Tx], Awaitable[One | None]],
    take_up: Callable[[Tx, One], Awaitable[bool]],
    do: Callable[[One], Awaitable[None]],
    tell_failed: Callable[[One], Awaitable[None]],
) -> bool:
    """Do what has been wanted longest. False when there was nothing. Raises StoreError.

    `take_up` says False where another worker has. Whatever else goes wrong, somebody waits for an answer and may press
    again: `tell_failed` says so.
    """
    async with store.read() as tx:
        one = await next_one(tx)
    if one is None:
        return False
    async with store.write() as tx:
        if not await take_up(tx, one):
            return True
    try:
        await do(one)
    except StoreError:
        raise
    except Exception as error:
        log.error("wanted_failed", exc=error)
        await tell_failed(one)
    return True
