"""Whatever happens, in whatever order: nothing lost, nothing doubled in silence, order kept, a stop obeyed.

Hypothesis plays patients, staff, Telegram, the power supply and time against one outbox, and keeps its own books.
"""

import asyncio
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.clock import MINUTE_US, SECOND_US, ManualClock
from bot.delivery.outbox import WINDOW, Turn
from bot.model import (
    KINDS,
    ChatId,
    Doubtful,
    InDoubt,
    Kind,
    Lane,
    MessageId,
    MessageState,
    Method,
    NotSent,
    Refused,
    Scope,
    SendResult,
    Sent,
    Wait,
)
from bot.simulator.bench import ANN, BEN, GROUP, TICK, Bench, open_bench
from bot.store.tables import message

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

STORIES = 12

OTHERS = [ChatId(102), ChatId(103), ChatId(104)]

TO_PATIENTS = [Kind.EMERGENCY, Kind.REPLY, Kind.REPLY, Kind.CHECK_IN]
TO_STAFF = [Kind.ALERT, Kind.RELAY, Kind.CARD, Kind.DIGEST]
NEVER_ARRIVED = (Wait, NotSent, Refused)
ANSWERS: list[SendResult] = [
    Sent(1),
    Wait(0.5),
    Wait(20),
    NotSent("connect_error"),
    NotSent("connect_timeout"),
    Doubtful("read_timeout"),
    Refused("no"),
]


@pytest.fixture
def template(migrated_file: Path, fast_dir: Path) -> Path:
    """A migrated database in memory, to copy."""
    return Path(shutil.copy(migrated_file, fast_dir / "migrated.db"))


@dataclass
class Attempt:
    """One time a row left for the wire."""

    row: MessageId
    resent: bool
    answer: SendResult | None = None
    """None: a crash took it."""

    @property
    def may_have_arrived(self) -> bool:
        return not isinstance(self.answer, NEVER_ARRIVED)


@dataclass
class Books:
    """What the test knows without asking the outbox."""

    owed: dict[MessageId, tuple[ChatId, Kind]] = field(default_factory=dict)
    edits: set[MessageId] = field(default_factory=set)
    attempts: list[Attempt] = field(default_factory=list)
    stopped: set[ChatId] = field(default_factory=set)


class Story:
    """One outbox and everything that happens to it, drawn from a seed."""

    def __init__(self, bench: Bench, clock: ManualClock, seed: int) -> None:
        self.bench = bench
        self.bench.wire.by_hand = True
        self.clock = clock
        self.draw = random.Random(seed)
        self.books = Books()

    async def tell(self, steps: int) -> None:
        """So many things happen; then Telegram is well, everything owed comes to an end, and the books are checked."""
        happenings: dict[Callable[[], Awaitable[None]], int] = {
            self.time_passes: 8,
            self.telegram_answers: 8,
            self.patients_are_written_to: 6,
            self.a_broadcast_begins: 1,
            self.staff_are_told: 3,
            self.a_message_is_edited: 2,
            self.the_power_fails: 1,
            self.the_power_fails_before_the_first_byte: 1,
            self.a_patient_says_stop: 1,
        }
        for happening in self.draw.choices(list(happenings), list(happenings.values()), k=steps):
            await happening()
        await self._let_it_end()
        await self._check()

    # --- what can happen --------------------------------------------------------------------------------------------

    async def patients_are_written_to(self) -> None:
        chat_id, kind = self.draw.choice([ANN, BEN]), self.draw.choice(TO_PATIENTS)
        for _ in range(self.draw.randint(1, 4)):
            self.books.owed[await self.bench.owe(chat_id, kind)] = (chat_id, kind)

    async def a_broadcast_begins(self) -> None:
        for chat_id in [ANN, BEN, *OTHERS]:
            self.books.owed[await self.bench.owe(chat_id, Kind.BROADCAST)] = (chat_id, Kind.BROADCAST)

    async def staff_are_told(self) -> None:
        kind = self.draw.choice(TO_STAFF)
        for _ in range(self.draw.randint(1, 3)):
            self.books.owed[await self.bench.owe(GROUP, kind)] = (GROUP, kind)

    async def a_message_is_edited(self) -> None:
        messages = sorted(self.books.owed.keys() - self.books.edits)
        if messages:
            target = self.draw.choice(messages)
            chat_id, kind = self.books.owed[target]
            edit = await self.bench.owe(chat_id, kind, method=Method.EDIT_TEXT, target_id=target)
            self.books.owed[edit] = (chat_id, kind)
            self.books.edits.add(edit)

    async def a_patient_says_stop(self) -> None:
        chat_id = self.draw.choice([ANN, BEN])
        await self.bench.opt_out(chat_id, Scope.ALL)
        self.books.stopped.add(chat_id)

    async def time_passes(self) -> None:
        self.clock.tick(timedelta(seconds=self.draw.choice([0.04, 0.04, 0.04, 0.5, 2, 15])))
        for _ in range(self.draw.randint(1, 3)):
            await self._turn()
            self.clock.tick(TICK)

    async def telegram_answers(self) -> None:
        """Some calls under way get their answers, in any order; the next turn writes them down."""
        waiting = sorted(self.bench.wire.waiting)
        for row in self.draw.sample(waiting, self.draw.randint(0, len(waiting))):
            await self._answer(row, self.draw.choice(ANSWERS))
        await self._turn()

    async def the_power_fails(self) -> None:
        await self.bench.crash()

    async def the_power_fails_before_the_first_byte(self) -> None:
        """Between the commit of a claim and the call."""
        await self._note(await self.bench.outbox.turn())
        await self.bench.crash()

    # --- keeping the books ------------------------------------------------------------------------------------------

    async def _turn(self) -> Turn:
        turn = await self.bench.turn()
        await self._note(turn)
        return turn

    async def _note(self, turn: Turn) -> None:
        for call, row in turn.claimed:
            if row["fallback"]:  # an alert that may not have arrived, on its way to somebody else
                self.books.owed.setdefault(call.id, (call.chat_id, Kind(row["kind"])))
            chat_id, kind = self.books.owed[call.id]
            assert not (chat_id in self.books.stopped and KINDS[kind].opt_out), "written to after a stop"
            self.books.attempts.append(Attempt(call.id, call.resent))
        sending = await self.bench.rows(message.c.state == MessageState.SENDING)
        assert len(sending) <= WINDOW
        bulk = [row for row in sending if row["lane"] == Lane.BROADCAST]
        assert len(bulk) <= WINDOW - 1

    async def _answer(self, row: MessageId, answer: SendResult) -> None:
        attempt = next(one for one in reversed(self.books.attempts) if one.row == row)
        attempt.answer = answer
        self.bench.wire.waiting.pop(row).set_result(answer)
        await asyncio.sleep(0)  # the call returns
        await asyncio.sleep(0)  # and lands

    async def _let_it_end(self) -> None:
        for _ in range(1000):
            for row in list(self.bench.wire.waiting):
                await self._answer(row, Sent(1))
            turn = await self._turn()
            due_us = await self.bench.next_due_us()
            if not turn.claimed and not self.bench.wire.waiting and due_us is None:
                return
            ahead_us = 0 if due_us is None else due_us - self.clock.now_us()
            self.clock.tick(TICK if turn.looked else timedelta(microseconds=max(SECOND_US, ahead_us)))
        raise AssertionError("a message is never sent and never ends")

    async def _check(self) -> None:
        rows = await self.bench.rows()
        assert {row["id"] for row in rows if not row["fallback"]} <= self.books.owed.keys(), "a row from nowhere"
        assert self.books.owed.keys() <= {row["id"] for row in rows}, "a row is lost"
        by_row: dict[MessageId, list[Attempt]] = defaultdict(list)
        for attempt in self.books.attempts:
            by_row[attempt.row].append(attempt)
        for row in rows:
            self._check_row(row["state"], row["resent"], row["id"], by_row[row["id"]])
        self._check_order()
        assert _most_within(self.bench.grants_us, SECOND_US) <= 30
        to_group = [at for call, at in self._calls() if call == GROUP]
        assert _most_within(to_group, MINUTE_US) <= 20

    def _check_row(self, state: str, resent: bool, row: MessageId, attempts: list[Attempt]) -> None:
        arrived = [attempt for attempt in attempts if attempt.may_have_arrived]
        answers = [attempt.answer for attempt in attempts]
        assert (state == MessageState.SENT) == any(isinstance(answer, Sent) for answer in answers)
        assert (state == MessageState.REFUSED) == any(isinstance(answer, Refused) for answer in answers)
        if state in {MessageState.SKIPPED, MessageState.CANCELLED} and row not in self.books.edits:
            assert not arrived, "denied, but it may have arrived"
        if row in self.books.edits:
            return
        assert len(arrived) <= 2
        assert all(attempt.resent for attempt in arrived[1:]), "a copy that does not say so"
        if KINDS[self.books.owed[row][1]].in_doubt is InDoubt.HOLD:
            assert len(arrived) <= 1
            assert not resent

    def _check_order(self) -> None:
        """First attempts of one chat and lane leave in the order in which they were written."""
        lines: dict[tuple[ChatId, int], list[MessageId]] = defaultdict(list)
        seen: set[MessageId] = set()
        for attempt in self.books.attempts:
            if attempt.may_have_arrived and attempt.row not in seen | self.books.edits:
                seen.add(attempt.row)
                chat_id, kind = self.books.owed[attempt.row]
                lines[chat_id, KINDS[kind].lane].append(attempt.row)
        for line in lines.values():
            assert line == sorted(line)

    def _calls(self) -> list[tuple[ChatId, int]]:
        wire = self.bench.wire
        return [(call.chat_id, at) for call, at in zip(wire.calls, wire.at_us, strict=True)]


def _most_within(times_us: list[int], window_us: int) -> int:
    return max((sum(start <= at <= start + window_us for at in times_us) for start in times_us), default=0)


async def tell(template: Path, seed: int, steps: int) -> None:
    """One story on a database of its own."""
    folder = Path(tempfile.mkdtemp(dir=template.parent))
    shutil.copy(template, folder / "bench.db")
    clock = ManualClock(START)
    try:
        async with open_bench(f"sqlite+aiosqlite:///{folder}/bench.db", clock) as bench:
            await Story(bench, clock, seed).tell(steps)
    finally:
        shutil.rmtree(folder)


@settings(deadline=None, max_examples=STORIES, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 60))
@example(seed=1, steps=120)
def test_nothing_is_lost_doubled_or_out_of_order(template: Path, seed: int, steps: int) -> None:
    """A failing story is told again with fewer and fewer steps, until the shortest that fails is left."""
    asyncio.run(tell(template, seed, steps))


@pytest.mark.slow
def test_the_same_for_hundreds_of_stories(template: Path) -> None:
    """What goes wrong in one story of a hundred: a repeat that put off those behind it was found only here."""
    for seed in range(10_200, 10_400):
        try:
            asyncio.run(tell(template, seed, steps=20 + seed % 80))
        except AssertionError as error:
            raise AssertionError(f"the story of seed {seed}") from error


async def test_the_books_would_notice(bench: Bench, clock: ManualClock) -> None:
    """A story that proves nothing would pass as well: here a copy goes out that does not say so."""
    story = Story(bench, clock, seed=0)
    story.books.owed[await bench.owe()] = (ANN, Kind.REPLY)
    await story.time_passes()
    (attempt,) = story.books.attempts
    attempt.answer = Doubtful("read_timeout")
    story.books.attempts.append(Attempt(attempt.row, False, Sent(1)))
    with pytest.raises(AssertionError, match="does not say so"):
        story._check_row(MessageState.SENT, False, attempt.row, story.books.attempts)
    story.books.attempts.pop()
    await story._let_it_end()
