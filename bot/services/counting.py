"""Counts that take long, made before anything is locked.

What staff press is done in one transaction, and a count over 100,000 plans inside it would keep everybody else from
writing for a second. So it is asked of `Counted`: what is not at hand yet gives the transaction up, is counted with
nothing locked, and all is done again. The second time it has to be asked for under the same key, which names all that
it depends on: where that has changed meanwhile, it is counted anew.
"""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.store.engine import Store, Tx

T = TypeVar("T")
Query = Callable[[Tx], Awaitable[Any]]


class NotCounted(Exception):
    """Raised to give a transaction up: this has to be counted first."""

    def __init__(self, key: Hashable, query: Query) -> None:
        super().__init__(key)
        self.key, self.query = key, query


@dataclass(frozen=True)
class Counted:
    """What was counted for one thing that staff did."""

    _found: dict[Hashable, Any] = field(default_factory=dict)

    def of(self, key: Hashable, query: Callable[[Tx], Awaitable[T]]) -> T:
        """What `query` finds. Raises NotCounted where that is not at hand."""
        if key not in self._found:
            raise NotCounted(key, query)
        found: T = self._found[key]
        return found

    async def make(self, store: Store, missing: NotCounted) -> None:
        """Count what was missing."""
        async with store.read() as tx:
            self._found[missing.key] = await missing.query(tx)


async def with_counts(store: Store, do: Callable[[Counted], Awaitable[T]]) -> T:
    """Do something in a transaction of its own, as often as it takes until all that it counts is at hand."""
    counted = Counted()
    while True:
        try:
            return await do(counted)
        except NotCounted as missing:
            await counted.make(store, missing)
