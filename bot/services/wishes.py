"""Who said stop, who was forgotten, and who may do what, in a file beside the backups: a backup that is put back knows
nothing of later.

`wishes.log` has one JSON object a line: ids and times, no words. It only grows. Every minute what is new in the
database is appended; a line that is there twice does no harm. Restoring reads it and makes it true again: of somebody
in the team the last line counts.
"""

import asyncio
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import logs
from bot.clock import HOUR_US
from bot.errors import StoreError
from bot.model import BotId
from bot.store import erasures
from bot.store.engine import Store, Tx
from bot.store.tables import opt_out, staff

log = logs.get(__name__)

FILE = "wishes.log"
_OVERLAP_US = HOUR_US
"""How far back is looked again, for what was committed later than its time says."""
_STOP = ("bot_id", "chat_id", "scope", "at_us", "ended_us")
_ERASURE = ("bot_id", "chat_id", "patient_id", "state", "asked_us", "done_us", "counts")
_TEAM = ("bot_id", "user_id", "role", "since_us", "removed_us")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What patients wished, of every bot: rows of `opt_out` and of `erasure`, by column; and rows of `staff` as they
    were one after the other, with `signs` for a registration."""

    stops: tuple[Mapping[str, Any], ...] = ()
    erasures: tuple[Mapping[str, Any], ...] = ()
    team: tuple[Mapping[str, Any], ...] = ()

    def __add__(self, more: "Wishes") -> "Wishes":
        return Wishes(self.stops + more.stops, self.erasures + more.erasures, self.team + more.team)


@dataclass
class WishList:
    """The file in the folder of the backups."""

    folder: Path
    _lines: set[str] | None = field(default=None, repr=False)
    """Those in the file; None: not read yet."""
    _team: dict[tuple[int, int], Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """What it says last of each member of staff, by bot and user."""
    _since_us: int = 0

    async def note(self, store: Store, bot_id: BotId) -> None:
        """Append what is new. A failure is logged: the next minute is another chance, and the backup tells staff."""
        async with store.read() as tx:
            found = await wishes_in(tx, bot_id, self._since_us)
        try:
            await asyncio.to_thread(self._append, found)
        except (OSError, StoreError) as error:
            log.error("wishes_not_written", exc=error)

    def _append(self, found: Wishes) -> None:
        if self._lines is None:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            known = read(self.folder)
            self._lines, self._team = set(_lines(known)), by_member(known.team)
        # A role may be given back: only against the last line of the same person can a change be seen.
        team = by_member(found.team)
        changed = tuple(row for who, row in team.items() if row != self._team.get(who))
        wished = Wishes(found.stops, found.erasures)
        new = [*(line for line in _lines(wished) if line not in self._lines), *_lines(Wishes(team=changed))]
        if new:
            _write(self.folder / FILE, new)
            self._lines.update(new)
            self._team |= team
            log.info("wishes_written", count=len(new))
        times = [_last_us(row) - _OVERLAP_US for row in (*found.stops, *found.erasures)]
        self._since_us = max([self._since_us, *times])


def read(folder: Path) -> Wishes:
    """What the file says; nothing where there is none. Raises StoreError for a line that cannot be read."""
    file = folder / FILE
    if not file.exists():
        return Wishes()
    lines = file.read_text("utf-8").split("\n")
    if lines[-1]:
        lines.pop()  # a kill cut it short; it was appended again
    found: dict[str, list[Mapping[str, Any]]] = {"stop": [], "erasure": [], "team": []}
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line) if line else None
            if row is not None:
                found[row.pop("wish")].append(row)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StoreError(f"{file}:{number}: this line cannot be read. Mend it or take it out.") from None
    return Wishes(tuple(found["stop"]), tuple(found["erasure"]), tuple(found["team"]))


def by_member(team: Iterable[Mapping[str, Any]]) -> dict[tuple[int, int], Mapping[str, Any]]:
    """The last of these rows for each member of staff, by bot and user."""
    return {(row["bot_id"], row["user_id"]): row for row in team}


async def wishes_in(tx: Tx, bot_id: BotId, since_us: int = 0) -> Wishes:
    """What was stopped, started again or erased since then, as the database has it; and the whole team as it is."""
    is_new = sa.or_(opt_out.c.at_us >= since_us, opt_out.c.ended_us >= since_us)
    stops = (await tx.execute(sa.select(opt_out).where(opt_out.c.bot_id == bot_id, is_new))).mappings()
    erased = await erasures.done_since(tx, bot_id, since_us)
    team = (await tx.execute(sa.select(staff).where(staff.c.bot_id == bot_id))).mappings()
    return Wishes(
        tuple({name: row[name] for name in _STOP} for row in stops),
        tuple({name: row[name] for name in _ERASURE} for row in erased),
        tuple({name: row[name] for name in _TEAM} | {"signs": row["registration"] is not None} for row in team),
    )


def _lines(wishes: Wishes) -> Iterable[str]:
    for kind, rows in (("stop", wishes.stops), ("erasure", wishes.erasures), ("team", wishes.team)):
        for row in rows:
            yield json.dumps({"wish": kind, **row}, sort_keys=True)


def _last_us(row: Mapping[str, Any]) -> int:
    return max(row.get("at_us") or 0, row.get("ended_us") or 0, row.get("done_us") or 0)


def _write(file: Path, lines: Iterable[str]) -> None:
    handle = os.open(file, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
    with os.fdopen(handle, "r+b") as to:
        known = to.read()
        to.truncate(known.rfind(b"\n") + 1)  # a line that a kill cut short
        to.write("".join(f"{line}\n" for line in lines).encode())
        to.flush()
        os.fsync(handle)
