"""What a trial has to show, promise by promise, from both sides: the bot's rows, and what the chats received.

Each check gives the findings that break one promise; they name ids only.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.core.settling import NEW_MESSAGES
from bot.delivery.outbox import WINDOW
from bot.markup import plain
from bot.model import KINDS, InboxState, Kind, MessageState, Scope
from bot.simulator.fleet import Grant, max_in_any_second
from bot.simulator.ledger import Ledger
from bot.simulator.traffic import Deed
from bot.store import threads
from bot.store.engine import Tx
from bot.store.tables import alert, inbox, opt_out, patient_chat, question

PER_SECOND = 30
"""Telegram's limit over all chats."""
COPIES = 2
"""The most a chat may get of one message: itself, and once more."""
NOT_SENT = frozenset({MessageState.SKIPPED, MessageState.CANCELLED, MessageState.REFUSED})
_OPEN = frozenset({MessageState.PENDING, MessageState.SENDING})
_UPDATE_OF = re.compile(r"(?:^|:)u(\d+):([\w.]+)")
"""The update and the part in a row's dedupe key: `u7:say0`, `held:11:3:u7:staff0`."""

Rows = Sequence[sa.RowMapping]


class Broken(StrEnum):
    """Promises, by what it is called when one is broken."""

    EFFECT_MISSING = "effect_missing"
    EFFECT_DOUBLED = "effect_doubled"
    LOST = "lost"
    """Did not arrive, and nobody can know it."""
    DOUBLED = "doubled"
    """Arrived again without being marked as sent again, or more than twice."""
    ORDER = "order"
    OPT_OUT = "opt_out"
    """Granted while a stop was in force."""
    IN_DOUBT = "in_doubt"
    """More at one kill than may be in flight."""
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise."""

    broken: Broken
    line: str


@dataclass
class Evidence:
    """What was seen from outside. `offset_us`: domain time ahead of machine time."""

    ledger: Ledger
    update_ids: list[int]
    deeds: list[Deed]
    check_ins: list[str]
    """Dedupe keys of due rows."""
    grants: list[Grant]
    offset_us: int
    kills: int = 0
    in_doubt: list[int] = field(default_factory=list)
    """After each kill, the most rows that one worker had on the wire."""

    @property
    def max_in_any_second(self) -> int:
        """Grants of all workers."""
        return max_in_any_second(grant.at_us for grant in self.grants)


# --- effects ----------------------------------------------------------------------------------------------------------


async def updates(tx: Tx, seen: Evidence) -> Iterator[Finding]:
    """Every update was taken in and is done; every text left one question, every chat has one patient."""
    states = {row.update_id: row.state for row in await tx.execute(sa.select(inbox.c.update_id, inbox.c.state))}
    asked = Counter((row.chat_id, row.message_id) for row in await tx.execute(sa.select(question)))
    patients = Counter(await tx.scalars(sa.select(patient_chat.c.chat_id)))
    alerts = Counter(await tx.scalars(sa.select(alert.c.question_id).where(alert.c.question_id.is_not(None))))
    return _updates(seen, states, asked, patients, alerts)


def _updates(
    seen: Evidence,
    states: dict[int, str],
    asked: Counter[tuple[int, int]],
    patients: Counter[int],
    alerts: Counter[int],
) -> Iterator[Finding]:
    for update_id in seen.update_ids:
        if states.get(update_id) != InboxState.DONE:
            yield Finding(Broken.EFFECT_MISSING, f"update {update_id} is {states.get(update_id, 'not there')}")
    for deed in seen.deeds:
        if deed.message_id is not None and not asked[deed.chat_id, deed.message_id]:
            yield Finding(Broken.EFFECT_MISSING, f"update {deed.update_id} left no question")
    doubled: dict[str, Counter[Any]] = {
        "questions of chat and message": asked,
        "patients of chat": patients,
        "alerts of question": alerts,
    }
    for what, counts in doubled.items():
        for key, count in counts.items():
            if count > 1:
                yield Finding(Broken.EFFECT_DOUBLED, f"{count} {what} {key}")


def replies(rows: Rows, seen: Evidence) -> Iterator[Finding]:
    """Every deed has a message, none has the same one twice; every check-in has one. Keys name what a row is for.

    While staff talk with somebody the bot keeps quiet: then the words have to stand where staff read them.
    """
    parts = Counter(
        (int(found[1]), found[2], row["chat_id"])
        for row in rows
        if (found := _UPDATE_OF.search(row["dedupe_key"])) is not None
    )
    answered = {update_id for update_id, _, _ in parts}
    passed_on = _passed_on(rows)
    for deed in seen.deeds:
        if deed.update_id in answered:
            continue
        if passed_on[deed.chat_id].count(deed.text) > 0 and deed.text:
            passed_on[deed.chat_id] = passed_on[deed.chat_id].replace(deed.text, "", 1)  # it stands for one of them
        else:
            yield Finding(Broken.EFFECT_MISSING, f"update {deed.update_id} has no reply")
    for (update_id, part, _), count in parts.items():
        if count > 1:
            yield Finding(Broken.EFFECT_DOUBLED, f"update {update_id} has {part} {count} times")
    keys = {row["dedupe_key"] for row in rows}
    for key in seen.check_ins:
        if f"trial:{key}" not in keys:
            yield Finding(Broken.EFFECT_MISSING, f"check-in {key} has no message")


def _passed_on(rows: Rows) -> dict[int, str]:
    """What staff read of each chat, line by line, in the topic of a talk."""
    lines: dict[int, str] = defaultdict(str)
    for row in rows:
        if row["dedupe_key"].startswith(threads.LINE):
            lines[row["subject_chat_id"]] += plain(row["payload"]["text"]) + "\n"
    return lines


# --- arrivals ---------------------------------------------------------------------------------------------------------


def arrivals(rows: Rows, seen: Evidence) -> Iterator[Finding]:
    """Each row's state against what its chat received."""
    told = {row["dedupe_key"].partition("|")[0] for row in rows}
    for row in rows:
        if (why := _lost(row, seen.ledger, told)) is not None:
            yield Finding(Broken.LOST, f"message {row['id']} ({row['kind']}) {why}")
        if row["method"] in NEW_MESSAGES and (why := _doubled(row, seen.ledger)) is not None:
            yield Finding(Broken.DOUBLED, f"message {row['id']} ({row['kind']}) {why}")
    for delivery in seen.ledger.deliveries:
        if delivery.row_id is None:
            yield Finding(Broken.DOUBLED, f"chat {delivery.chat_id} got {delivery.message_id}, which is no row's")


def _lost(row: sa.RowMapping, ledger: Ledger, told: set[str]) -> str | None:
    state = row["state"]
    if state in _OPEN:
        return f"is still {state}"
    if state in NOT_SENT and not row["reason"]:
        return f"is {state} without a reason"
    is_for_staff = row["chat_id"] < 0 or row["subject_chat_id"] is not None or row["fallback"]
    # One word stands for all of a broadcast.
    about = row["id"] if row["broadcast_id"] is None else f"broadcast:{row['broadcast_id']}"
    if state == MessageState.UNKNOWN and not is_for_staff and f"in_doubt:{about}" not in told:
        return "is unknown and staff were not told"
    if state == MessageState.SENT and row["method"] in NEW_MESSAGES:
        there = {(copy.chat_id, copy.message_id) for copy in ledger.copies(row["id"])}
        if (row["chat_id"], row["tg_message_id"]) not in there:
            return "counts as sent and is not in its chat"
    return None


def _doubled(row: sa.RowMapping, ledger: Ledger) -> str | None:
    count = len(ledger.copies(row["id"]))
    if count > (COPIES if row["resent"] else 1):
        return f"arrived {count} times" + ("" if row["resent"] else " and is not marked as sent again")
    if count and row["state"] in NOT_SENT:
        return f"arrived and is {row['state']}"
    return None


def order(rows: Rows, seen: Evidence) -> Iterator[Finding]:
    """In one chat, lane and topic no row overtook an older one that was due; repeats aside."""
    lines: dict[tuple[int, int, int | None], list[sa.RowMapping]] = defaultdict(list)
    for row in rows:
        if row["method"] in NEW_MESSAGES and seen.ledger.copies(row["id"]) and not row["resent"]:
            lines[row["chat_id"], row["lane"], row["topic_id"]].append(row)
    granted_us = {grant.message_id: grant.at_us + seen.offset_us for grant in seen.grants}
    for line in lines.values():
        for older, newer in _overtaken(line, seen.ledger):
            if older["planned_us"] <= granted_us[newer["id"]]:
                yield Finding(Broken.ORDER, f"message {newer['id']} arrived before {older['id']}")


def _overtaken(line: Rows, ledger: Ledger) -> Iterator[tuple[sa.RowMapping, sa.RowMapping]]:
    """Pairs (older, newer) of which the newer arrived first. `line` is in order of id."""
    for place, older in enumerate(line):
        for newer in line[place + 1 :]:
            if ledger.copies(newer["id"])[0].number < ledger.copies(older["id"])[0].number:
                yield older, newer


# --- limits -----------------------------------------------------------------------------------------------------------


async def opt_outs(tx: Tx, rows: Rows, seen: Evidence) -> Iterator[Finding]:
    """Nothing that a stop is about was granted while it was in force."""
    return crossed((await tx.execute(sa.select(opt_out))).mappings().all(), rows, seen)


def crossed(stops: Rows, rows: Rows, seen: Evidence) -> Iterator[Finding]:
    """Grants that a stop in force was about.

    A stop holds its chat's lock from before `at_us` until its commit, and a grant takes that lock after the limiter's
    time was read: a grant with a later time has therefore seen the stop.
    """
    by_id = {row["id"]: row for row in rows}
    for grant in seen.grants:
        row, at_us = by_id[grant.message_id], grant.at_us + seen.offset_us
        scope = KINDS[Kind(row["kind"])].opt_out
        for stop in stops if scope is not None else ():
            is_about_it = stop["chat_id"] == row["chat_id"] and stop["scope"] in {scope, Scope.ALL}
            if is_about_it and stop["at_us"] < at_us and (stop["ended_us"] is None or at_us < stop["ended_us"]):
                yield Finding(Broken.OPT_OUT, f"message {row['id']} was granted after stop {stop['id']}")


def limits(rows: Rows, seen: Evidence) -> Iterator[Finding]:
    """Not more in doubt than may be in flight, not more in any second than Telegram takes."""
    for count in seen.in_doubt:
        if count > WINDOW:
            yield Finding(Broken.IN_DOUBT, f"{count} of one worker were on the wire at a kill")
    in_doubt = sum(row["resent"] or row["state"] == MessageState.UNKNOWN for row in rows)
    if in_doubt > WINDOW * seen.kills:
        yield Finding(Broken.IN_DOUBT, f"{in_doubt} in {seen.kills} kills")
    if seen.max_in_any_second > PER_SECOND:
        yield Finding(Broken.RATE, f"{seen.max_in_any_second} grants in one second")
