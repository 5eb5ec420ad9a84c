"""Which loops have something to look at: one question to a SQLite file, on a connection of its own, for all of them.

Each loop begins with a look of its own, mostly in vain, and those looks were half of what a house did. The conditions
here are those of these first looks, or wider: a loop that is asked in vain costs time, one that is not asked a message.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.clock import NEVER_US
from bot.model import BotId, DueState, InboxState, Lane, MessageState
from bot.store.drafts import IN_WORK
from bot.store.engine import sqlite_file
from bot.store.tables import draft, due, inbox, message


class Waiting(NamedTuple):
    """What there is for the loops. Both times are domain time."""

    update: bool
    """One that is not done, whether or not its turn has come."""
    draft: bool
    """An edit of the texts of which staff want the next step."""
    flight: bool
    """A message that was on its way when it was last written about."""
    timer_us: int | None
    message_us: int | None


@dataclass(frozen=True)
class Lookout:
    """Asks about one bot. Writes nothing."""

    _connection: sqlite3.Connection
    _question: str

    def close(self) -> None:
        """Let go of the file; from then on nobody knows what waits."""
        self._connection.close()

    def look(self) -> Waiting | None:
        """What waits now. None: the file cannot be read, so that the bot itself has to meet what is wrong with it."""
        try:
            update, of_edit, flight, timer_us, *by_lane = self._connection.execute(self._question).fetchone()
        except sqlite3.Error:
            return None
        message_us = min((us for us in by_lane if us is not None and us < NEVER_US), default=None)
        return Waiting(bool(update), bool(of_edit), bool(flight), timer_us, message_us)


@contextmanager
def open_lookout(database: sa.URL, bot_id: BotId) -> Iterator[Lookout | None]:
    """For the bot in this database; None where that is no SQLite file."""
    if (file := sqlite_file(database)) is None:
        yield None
        return
    with closing(Lookout(sqlite3.connect(file, isolation_level=None), _question(bot_id))) as lookout:
        yield lookout


@cache
def _question(bot_id: BotId) -> str:
    """One row: the fields of `Waiting` in order, the last of them for each lane."""

    def in_state(state: MessageState) -> tuple[sa.ColumnElement[bool], ...]:
        return message.c.bot_id == bot_id, message.c.state == state

    looks: list[sa.Exists | sa.ScalarSelect[Any]] = [
        sa.exists().where(inbox.c.bot_id == bot_id, inbox.c.state == InboxState.NEW),
        sa.exists().where(draft.c.bot_id == bot_id, draft.c.asking.in_(IN_WORK)),
        sa.exists().where(*in_state(MessageState.SENDING)),
        sa.select(sa.func.min(due.c.due_us))
        .where(due.c.bot_id == bot_id, due.c.state == DueState.WAITING)
        .scalar_subquery(),
    ]
    for lane in Lane:
        pending = (*in_state(MessageState.PENDING), message.c.lane == lane)
        looks.append(sa.select(sa.func.min(message.c.due_us)).where(*pending).scalar_subquery())
    return str(sa.select(*looks).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
