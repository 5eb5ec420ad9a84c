"""The table of kinds, by really sending one message of each kind: what stops it, what delays it, what repeats it.

The sets below are the promises in words of the clinic; `KINDS` has to keep them.
"""

from datetime import timedelta

import pytest

from bot.clock import HOUR_US
from bot.model import DAILY_CAP, ChatId, Doubtful, Kind, MessageState, Scope, Sent
from bot.simulator.bench import ANN, Bench

ASKED_FOR_NOTHING = {Kind.CHECK_IN, Kind.REMINDER, Kind.BROADCAST}
"""What the bot says unasked: it waits for the morning, counts to the daily cap, and a STOP ends it."""
STOPPED_BY = {
    Scope.CHECK_INS: {Kind.CHECK_IN, Kind.REMINDER},
    Scope.BROADCASTS: {Kind.BROADCAST},
    Scope.ALL: ASKED_FOR_NOTHING,
}
TOO_LATE_AFTER_H = {Kind.CHECK_IN: 12, Kind.REMINDER: 12, Kind.BROADCAST: 24, Kind.DIGEST: 24}
HELD_IN_DOUBT = {Kind.BROADCAST}
"""A second copy to a thousand people is worse than one that is missing."""
GOES_BEFORE = [
    {Kind.EMERGENCY, Kind.ALERT},
    {Kind.REPLY, Kind.RELAY},
    {Kind.CHECK_IN, Kind.REMINDER, Kind.CARD},
    {Kind.BROADCAST, Kind.DIGEST},
]

each_kind = pytest.mark.parametrize("kind", list(Kind))


@each_kind
async def test_stop_ends_what_nobody_asked_for_and_nothing_else(bench: Bench, kind: Kind) -> None:
    rows = {}
    for number, scope in enumerate(Scope):
        rows[scope] = await bench.owe(ChatId(200 + number), kind)
        await bench.opt_out(ChatId(200 + number), scope)
    await bench.settle()
    states = {scope: await bench.state(row) for scope, row in rows.items()}
    assert states == {
        scope: MessageState.SKIPPED if kind in STOPPED_BY[scope] else MessageState.SENT for scope in Scope
    }
    assert len(bench.wire.calls) == list(states.values()).count(MessageState.SENT)


@each_kind
async def test_quiet_hours(bench: Bench, kind: Kind) -> None:
    """A patient is woken by what is urgent or what they asked for, never by a check-in."""
    bench.policy.quiet_end = bench.clock.now() + timedelta(hours=8)
    row = await bench.owe(ANN, kind)
    await bench.settle()
    assert await bench.state(row) is (MessageState.PENDING if kind in ASKED_FOR_NOTHING else MessageState.SENT)
    await bench.pass_time(8 * 3600 + 1)
    assert await bench.state(row) is MessageState.SENT
    assert len(bench.wire.calls) == 1


@each_kind
async def test_the_daily_cap(bench: Bench, kind: Kind) -> None:
    """Two bot-started messages a day; what answers somebody is never counted."""
    rows = [await bench.owe(ANN, kind) for _ in range(DAILY_CAP + 1)]
    await bench.pass_time(10)
    last = MessageState.SKIPPED if kind in ASKED_FOR_NOTHING else MessageState.SENT
    assert [await bench.state(row) for row in rows] == [MessageState.SENT] * DAILY_CAP + [last]


@each_kind
async def test_expiry(bench: Bench, kind: Kind) -> None:
    """ "How is your leg this evening?" makes no sense the next day; an answer is owed however late it is."""
    ages_h = [11.99, 12, 23.99, 24, 24 * 365]
    for number, age_h in enumerate(ages_h):
        await bench.owe(ChatId(200 + number), kind, due_at=bench.clock.now() - timedelta(hours=age_h))
    bench.clock.tick(timedelta(seconds=1))
    await bench.settle()
    reasons = [row["reason"] for row in await bench.rows()]
    assert reasons == ["expired" if age_h >= TOO_LATE_AFTER_H.get(kind, 10**9) else None for age_h in ages_h]
    assert len(bench.wire.calls) == reasons.count(None)


@each_kind
async def test_a_messages_own_expiry_wins_over_its_kinds(bench: Bench, kind: Kind) -> None:
    row = await bench.owe(ANN, kind, expires_at=bench.clock.now() + timedelta(minutes=5))
    assert (await bench.row(row))["expires_us"] == bench.clock.now_us() + HOUR_US // 12
    bench.clock.tick(timedelta(minutes=5))
    await bench.settle()
    assert (await bench.row(row))["reason"] == "expired"


@each_kind
async def test_in_doubt(bench: Bench, kind: Kind) -> None:
    """Silence is the harm, so it is said once more and says so; of broadcasts a copy is the harm."""
    bench.wire.answers.append(Doubtful("read_timeout"))
    row = await bench.owe(ANN, kind, "How is your leg?")
    await bench.settle()
    assert await bench.state(row) is (MessageState.UNKNOWN if kind in HELD_IN_DOUBT else MessageState.PENDING)
    await bench.pass_time(11)
    stored = await bench.row(row)
    if kind in HELD_IN_DOUBT:
        assert (stored["state"], stored["resent"]) == (MessageState.UNKNOWN, False)
        assert len(bench.wire.calls) == 1
    else:
        assert (stored["state"], stored["resent"]) == (MessageState.SENT, True)
        assert bench.wire.texts(ANN) == ["How is your leg?", "Once more:\n\nHow is your leg?"]


async def test_lanes(bench: Bench) -> None:
    """With one message at a time, the order is the order of harm."""
    bench.outbox = bench.new_outbox(window=1)
    owed = {await bench.owe(ChatId(200 + number), kind): kind for number, kind in enumerate(reversed(Kind))}
    await bench.settle()
    sent = [owed[call.id] for call in bench.wire.calls]
    assert len(sent) == len(Kind)
    for same in GOES_BEFORE:
        assert set(sent[: len(same)]) == same
        del sent[: len(same)]


async def test_a_kind_is_capped_together_with_the_others(bench: Bench) -> None:
    """A check-in in the morning and a reminder at noon leave no room for a broadcast; tomorrow there is."""
    for kind in (Kind.CHECK_IN, Kind.REMINDER):
        await bench.owe(ANN, kind)
    await bench.settle()
    today = await bench.owe(ANN, Kind.BROADCAST)
    tomorrow = await bench.owe(ANN, Kind.BROADCAST, due_at=bench.clock.now() + timedelta(days=1))
    await bench.pass_time(25 * 3600)
    assert (await bench.row(today))["reason"] == "daily_cap"
    assert await bench.state(tomorrow) is MessageState.SENT


@pytest.mark.parametrize("kinds", [(Kind.CHECK_IN, Kind.BROADCAST), (Kind.BROADCAST, Kind.CHECK_IN)])
async def test_the_cap_counts_what_is_claimed_in_the_same_turn(bench: Bench, kinds: tuple[Kind, Kind]) -> None:
    """Two lanes reach one chat in one turn: neither is written as sent yet."""
    await bench.owe(ANN, Kind.CHECK_IN)
    await bench.settle()
    rows = [await bench.owe(ANN, kind) for kind in kinds]
    bench.clock.tick(timedelta(minutes=1))
    turn = await bench.turn()
    assert len(turn.claimed) == 1
    await bench.outbox.landed()
    await bench.settle()
    assert sorted([(await bench.row(row))["state"] for row in rows]) == [MessageState.SENT, MessageState.SKIPPED]


async def test_the_cap_counts_what_may_have_arrived(bench: Bench) -> None:
    """One arrived, one is in doubt and about to be repeated: the patient may have had two already."""
    bench.wire.answers += [Sent(1), Doubtful("read_timeout")]
    await bench.owe(ANN, Kind.CHECK_IN)
    doubtful = await bench.owe(ANN, Kind.CHECK_IN)
    await bench.pass_time(3)
    third = await bench.owe(ANN, Kind.REMINDER)
    await bench.pass_time(20)
    assert (await bench.row(third))["reason"] == "daily_cap"
    assert await bench.state(doubtful) is MessageState.SENT
