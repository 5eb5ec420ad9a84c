"""How much of everything a run does: all of it in 20 minutes, or a rough look in one."""

from dataclasses import dataclass, replace
from typing import Self

from benchmarks._loads import Ordeal

POSTGRES = ("_postgres", "_postgres_4")


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    rounds: int
    senders: tuple[str, ...]
    """Who gets the steady load: suffixes of ours, prefixes of peers."""
    side_by_side: bool
    """All senders at the same time, which is quicker; else one after the other, each with the machine to itself."""
    late_s: float
    backlog_s: float
    ordeal: Ordeal
    sufferers: tuple[str, ...]
    """Who gets the kills."""
    lease_s: float | None
    """Leases of our workers during the kills; None: their own."""
    answering: tuple[str, ...]
    replies: int
    emergencies: int
    ahead: int
    posts: int
    updates: int
    stores: tuple[str, ...]
    """Which get a large future."""
    future: int
    due: int
    looks: int
    claims: int

    @property
    def wants_postgres(self) -> bool:
        """Whether anybody in it needs PostgreSQL."""
        return any(name in POSTGRES for name in (*self.senders, *self.sufferers, *self.answering, *self.stores))

    def without_postgres(self) -> Self:
        """The same without those who need it."""
        return replace(
            self,
            senders=_without_postgres(self.senders),
            sufferers=_without_postgres(self.sufferers),
            answering=_without_postgres(self.answering),
            stores=_without_postgres(self.stores),
        )


def _without_postgres(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in POSTGRES)


FULL = Sizes(
    rounds=2,
    senders=("_sqlite", "_postgres", "_postgres_4", "loop_", "jobqueue_"),
    side_by_side=False,
    late_s=15,
    backlog_s=60,
    ordeal=Ordeal(burst=150, per_second=10, seconds=15, kills=5, gap_s=4),
    sufferers=("_sqlite", "_postgres_4", "loop_", "jobqueue_", "jobqueue_default_"),
    lease_s=None,
    answering=("_sqlite", "_postgres"),
    replies=60,
    emergencies=10,
    ahead=5_000,
    posts=800,
    updates=2_000,
    stores=("_sqlite", "_postgres"),
    future=1_000_000,
    due=100_000,
    looks=3,
    claims=300,
)
QUICK = replace(
    FULL,
    rounds=1,
    senders=("_sqlite", "loop_", "jobqueue_"),
    side_by_side=True,
    late_s=2,
    backlog_s=2,
    ordeal=Ordeal(burst=30, per_second=10, seconds=2, kills=1, gap_s=0.8, down_s=0.3),
    sufferers=("_sqlite", "loop_", "jobqueue_"),
    lease_s=6,
    answering=("_sqlite",),
    replies=15,
    emergencies=3,
    ahead=1_000,
    posts=200,
    updates=150,
    stores=("_sqlite",),
    future=50_000,
    due=5_000,
    looks=1,
    claims=60,
)
