"""The machine's clock is set forward or back by an hour: nothing is stuck, nothing is sent twice, no lease misjudged.

Set back, a message may wait for about a minute beyond the wait it had anyway; set forward, for no longer than that.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import pytest_asyncio

from bot.clock import SECOND_US, ManualClock
from bot.delivery.outbox import Outbox
from bot.model import Kind, MessageId, MessageState
from bot.services.alive import BEAT_S
from bot.services.patients import Patients
from bot.services.policy import ClinicPolicy
from bot.services.post import Notices
from bot.simulator.faults import delay, lose_request, no_connection, too_many
from bot.simulator.ward import Ward, open_ward
from tests.faults.conftest import SLOW_ON_POSTGRES

pytestmark = SLOW_ON_POSTGRES

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
GRACE_S = 70
"""About a minute (`limiter.STEP_US`, and the heartbeat)."""


class SteppingClock(ManualClock):
    """The clock of a machine, which somebody sets now and then; what counts seconds in a process does not notice."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._stepped_s = 0.0

    def step(self, by: timedelta) -> None:
        """No time passes."""
        self.tick(by)
        self._stepped_s += by.total_seconds()

    def monotonic(self) -> float:
        return self._machine_us / SECOND_US - self._stepped_s


@pytest.fixture(scope="module")
def clock() -> SteppingClock:
    return SteppingClock(NOON)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(
    database: str, content_on_call: Path, virtual_machine_time: None, clock: SteppingClock
) -> AsyncIterator[Ward]:
    async with open_ward(database, content_on_call, clock) as ward:
        ward.house.world.speed.limits = None  # Telegram counts by a clock of its own, which nobody sets
        yield ward


@pytest_asyncio.fixture(loop_scope="module")
async def ward(opened: Ward, clock: SteppingClock) -> Ward:
    """At the next noon, in fine weather, with new people."""
    opened.weather.clear()
    clock.tick(timedelta(days=1) - (clock.now() - NOON) % timedelta(days=1))
    await opened.house.settle(0)
    await opened.house.app.beat()
    await opened.new_staff()
    return opened


# --- what waits when the clock is set -------------------------------------------------------------------------------

Waiting: TypeAlias = tuple[list[MessageId], float]
"""Rows, and how long in seconds they have to wait if nobody touches the clock."""


async def due_now(ward: Ward) -> Waiting:
    """Owed a moment ago; the outbox has not looked yet."""
    person = await ward.new_patient()
    return [await ward.owe(person.chat_id, Kind.EMERGENCY)], 0


async def told_to_wait(ward: Ward) -> Waiting:
    """429 in a private chat stops the whole bot."""
    person, other = await ward.new_patient(), await ward.new_patient()
    ward.weather.add(too_many(30), chat_id=person.chat_id)
    first = await ward.owe(person.chat_id, Kind.REPLY)
    await ward.sender.settle(0)
    return [first, await ward.owe(other.chat_id, Kind.REPLY)], 30


async def group_told_to_wait(ward: Ward) -> Waiting:
    """429 in the group stops the group; then there is an alert."""
    group, _ = await ward.new_staff()
    ward.weather.add(too_many(30), chat_id=group.chat_id)
    card = await ward.owe(group.chat_id, Kind.CARD)
    await ward.sender.settle(0)
    return [card, await ward.owe(group.chat_id, Kind.ALERT)], 30


async def one_a_second(ward: Ward) -> Waiting:
    """Seven messages to one patient: three at once, the others at a distance."""
    person = await ward.new_patient()
    rows = [await ward.owe(person.chat_id, Kind.REPLY) for _ in range(7)]
    await ward.sender.settle(1)
    return rows, 5


async def fifteen_a_minute(ward: Ward) -> Waiting:
    group, _ = await ward.new_staff()
    rows = [await ward.owe(group.chat_id, Kind.CARD) for _ in range(6)]
    await ward.sender.settle(1)
    return rows, 20


async def backing_off(ward: Ward) -> Waiting:
    """No connection for five tries: 1 + 2 + 4 + 8 + 16 s."""
    person = await ward.new_patient()
    ward.weather.add(no_connection(), chat_id=person.chat_id, times=5)
    row = await ward.owe(person.chat_id, Kind.REPLY)
    await ward.sender.settle(20)
    return [row], 16


async def in_doubt(ward: Ward) -> Waiting:
    """To be sent once more after ten seconds."""
    person = await ward.new_patient()
    ward.weather.add(lose_request(httpx.ReadTimeout), chat_id=person.chat_id)
    row = await ward.owe(person.chat_id, Kind.EMERGENCY)
    await ward.sender.settle(0)
    return [row], 10


async def all_at_once(ward: Ward) -> Waiting:
    """Thirty patients: the bot's own rate."""
    rows = [await ward.owe((await ward.new_patient()).chat_id, Kind.REPLY) for _ in range(30)]
    await ward.sender.settle(0.2)
    return rows, 5


SCENES: list[Callable[[Ward], Awaitable[Waiting]]] = [
    due_now,
    told_to_wait,
    group_told_to_wait,
    one_a_second,
    fifteen_a_minute,
    backing_off,
    in_doubt,
    all_at_once,
]


STEPS = [pytest.param(-HOUR, id="back"), pytest.param(HOUR, id="forward")]


async def live(ward: Ward, seconds: float) -> None:
    """Let so much time pass, with a heartbeat every minute as in `App.run`."""
    for _ in range(int(seconds // BEAT_S)):
        await ward.sender.pass_time(seconds=BEAT_S)
        await ward.house.app.beat()
    await ward.sender.pass_time(seconds=seconds % BEAT_S)


async def copies(ward: Ward, row_id: MessageId) -> int:
    row = await ward.row(row_id)
    return sum(row["dedupe_key"] in message.text for message in ward.house.world.from_bot(row["chat_id"]))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_nobody_waits_for_the_clock(
    ward: Ward, clock: SteppingClock, scene: Callable[[Ward], Awaitable[Waiting]], step: timedelta
) -> None:
    rows, wait_s = await scene(ward)
    clock.step(step)
    await live(ward, wait_s + GRACE_S)
    assert Counter([(await ward.row(row))["state"] for row in rows]) == {MessageState.SENT: len(rows)}
    await live(ward, 600)
    assert [await copies(ward, row) for row in rows] == [1] * len(rows)


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forward"])
async def test_a_plan_is_kept_by_the_new_clock(ward: Ward, clock: SteppingClock, step: timedelta) -> None:
    """A check-in for two o'clock goes out when it is two o'clock, whoever sets the clock before."""
    person = await ward.new_patient()
    planned = clock.now() + 2 * HOUR
    row = await ward.owe(person.chat_id, Kind.CHECK_IN, due_at=planned)
    clock.step(step)
    left = planned - clock.now()
    await ward.sender.pass_time(seconds=left.total_seconds() - 1)
    assert await copies(ward, row) == 0
    await ward.sender.pass_time(seconds=2)
    assert await copies(ward, row) == 1


# --- leases ---------------------------------------------------------------------------------------------------------


def another_worker(ward: Ward) -> Outbox:
    """Of the same bot on the same database."""
    app = ward.house.app
    return Outbox(app.store, app.clock, ward.bot_id, app.client, ClinicPolicy(app.library), Notices(app.post))


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forward"])
async def test_a_call_under_way_is_not_repeated_by_another_worker(
    ward: Ward, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    """Set forward, its lease seems to have run out long ago; its answer comes in time to stop the repeat."""
    answered = asyncio.Event()

    async def until_answered(seconds: float) -> None:
        await answered.wait()

    monkeypatch.setattr(ward.house.world, "sleep", until_answered)
    person, outbox = await ward.new_patient(), ward.house.app.outbox
    ward.weather.add(delay(1, acted=True), chat_id=person.chat_id)
    row = await ward.owe(person.chat_id, Kind.REPLY)
    outbox.launch(await outbox.turn())
    clock.step(step)
    await another_worker(ward).recover(everything=False)
    answered.set()
    await outbox.landed()
    await live(ward, 120)
    assert ((await ward.row(row))["state"], await copies(ward, row)) == (MessageState.SENT, 1)


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forward"])
async def test_a_claimed_row_is_sent_though_the_clock_was_set(
    ward: Ward, clock: SteppingClock, step: timedelta
) -> None:
    """Between the claim and the first byte: whether the lease still holds is not asked of this clock."""
    person, outbox = await ward.new_patient(), ward.house.app.outbox
    row = await ward.owe(person.chat_id, Kind.REPLY)
    turn = await outbox.turn()
    clock.step(step)
    outbox.launch(turn)
    await outbox.landed()
    await outbox.turn()
    assert ((await ward.row(row))["state"], await copies(ward, row)) == (MessageState.SENT, 1)


@pytest.mark.parametrize("step", STEPS)
async def test_what_a_dead_worker_left_is_found(ward: Ward, clock: SteppingClock, step: timedelta) -> None:
    person = await ward.new_patient()
    row = await ward.owe(person.chat_id, Kind.REPLY)
    await another_worker(ward).turn()  # claimed, and then it died
    clock.step(step)
    for _ in range(3):
        await live(ward, 60)
        await ward.house.app.outbox.recover(everything=False)
    await live(ward, 60)
    assert ((await ward.row(row))["state"], await copies(ward, row)) == (MessageState.SENT, 1)


# --- what comes in, and what shows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
async def test_an_update_that_failed_is_tried_again(
    ward: Ward, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    person, failures = await ward.new_patient(), [ZeroDivisionError()]
    handle = Patients.handle

    async def fails_once(*args: Any) -> None:
        if failures:
            raise failures.pop()
        await handle(*args)

    monkeypatch.setattr(Patients, "handle", fails_once)
    person.says("Is it normal that my leg jumped?")
    await ward.house.settle(0)
    assert failures == []
    clock.step(step)
    await ward.house.pass_time(seconds=BEAT_S)
    await ward.house.app.beat()
    await ward.house.pass_time(seconds=GRACE_S - BEAT_S)
    assert "reflex" in person.last.text


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(-HOUR, id="back"),
        pytest.param(HOUR, id="forward"),
    ],
)
async def test_a_silent_telegram_turns_ready_red(ward: Ward, clock: SteppingClock, step: timedelta) -> None:
    """Whether it answered lately must not be asked of a clock that people set."""
    ward.house.app.alive.fetched()
    clock.step(step)
    clock.tick(timedelta(minutes=5))
    assert (await ward.house.app.health()).checks["telegram"]
