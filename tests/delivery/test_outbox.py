"""The outbox: claiming in order, what waits for what, crashes, and the loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.clock import MINUTE_US, SECOND_US, ManualClock, SystemClock
from bot.core.settling import Event
from bot.delivery import outbox as outbox_module
from bot.delivery.outbox import CALL_S, LEASE_US, WINDOW
from bot.errors import StoreError
from bot.model import (
    Button,
    ChatId,
    Doubtful,
    Kind,
    MessageId,
    MessageState,
    Method,
    NotSent,
    Payload,
    Scope,
    SendResult,
    SendWhy,
    Sent,
    Wait,
)
from bot.simulator.bench import ANN, BEN, GROUP, TICK, Bench
from bot.store import messages
from bot.store.engine import Store, Tx
from bot.store.tables import chat, message


def many(count: int, first: int = 200) -> list[ChatId]:
    return [ChatId(first + number) for number in range(count)]


def most_within(times_us: list[int], window_us: int) -> int:
    """The most of these in any window of this length, both ends included."""
    return max(sum(start <= at <= start + window_us for at in times_us) for start in times_us)


# --- limits ---------------------------------------------------------------------------------------------------------


async def test_a_broadcast_keeps_to_thirty_a_second_and_replies_pass_it(bench: Bench) -> None:
    for chat_id in many(80):
        await bench.owe(chat_id, Kind.BROADCAST, "news")
    for _ in range(20):
        await bench.turn()
        await bench.outbox.landed()
        bench.clock.tick(TICK)
    reply = await bench.owe(ANN, Kind.REPLY)
    calls_before = len(bench.wire.calls)
    await bench.settle()
    assert [call.id for call in bench.wire.calls].index(reply) - calls_before <= 1
    assert len(bench.wire.calls) == 81
    assert most_within(bench.grants_us, SECOND_US) <= 30


async def test_broadcasts_never_take_the_last_slot(bench: Bench, clock: ManualClock) -> None:
    bench.wire.by_hand = True
    for chat_id in many(10):
        await bench.owe(chat_id, Kind.BROADCAST)
    for _ in range(5):
        await bench.turn()
        clock.tick(timedelta(seconds=1))
    assert len(bench.wire.waiting) == WINDOW - 1
    reply = await bench.owe(ANN)
    await bench.turn()
    assert reply in bench.wire.waiting
    assert len(bench.wire.waiting) == WINDOW


async def test_one_chat_gets_a_message_a_second_after_a_small_burst(bench: Bench) -> None:
    for number in range(6):
        await bench.owe(ANN, text=str(number))
    await bench.pass_time(10)
    assert bench.wire.texts(ANN) == list("012345")
    assert most_within(bench.wire.at_us, SECOND_US // 2) == 3
    assert bench.wire.at_us[-1] - bench.wire.at_us[0] >= 2.9 * SECOND_US


async def test_an_emergency_text_does_not_wait_for_the_chats_gap(bench: Bench, clock: ManualClock) -> None:
    for _ in range(6):
        await bench.owe(ANN)
    await bench.settle()
    started_us = clock.machine_us()
    emergency = await bench.owe(ANN, Kind.EMERGENCY)
    await bench.settle()
    index = [call.id for call in bench.wire.calls].index(emergency)
    assert bench.wire.at_us[index] - started_us < SECOND_US // 10


async def test_a_group_gets_twenty_a_minute_and_alerts_go_first(bench: Bench) -> None:
    cards = [await bench.owe(GROUP, Kind.CARD) for _ in range(12)]
    await bench.settle()
    edits = [await bench.owe(GROUP, Kind.RELAY, method=Method.EDIT_TEXT, target_id=cards[0])]
    alerts = [await bench.owe(GROUP, Kind.ALERT) for _ in range(12)]
    await bench.pass_time(240)
    assert most_within(bench.wire.at_us, MINUTE_US) <= 20
    order = [call.id for call in bench.wire.calls]
    sent_before = 2  # the group's share for cards, before the alerts came
    assert order[sent_before : sent_before + 12] == alerts
    assert set(order) == {*cards, *alerts, *edits}


async def test_two_topics_of_one_group_share_its_limit_within_one_turn(bench: Bench, clock: ManualClock) -> None:
    """Each is the first of its line, so both are claimable at once: the second sees what the first took."""
    async with bench.store.write() as tx:
        # One grant left for cards.
        await tx.execute(chat.update().values(tat_us=clock.machine_us() + 4 * SECOND_US))
    rows = [await bench.owe(GROUP, Kind.CARD, topic_id=await bench.new_topic(number)) for number in (7, 8)]
    turn = await bench.turn()
    assert [call.id for call, _ in turn.claimed] == rows[:1]
    stored = await bench.row(rows[1])
    assert (stored["state"], stored["due_us"] > clock.now_us()) == (MessageState.PENDING, True)
    await bench.outbox.landed()


# --- what waits for what --------------------------------------------------------------------------------------------


async def test_what_is_written_during_a_back_off_waits_behind_it(bench: Bench) -> None:
    bench.wire.answers.append(NotSent("connect_error"))
    await bench.owe(ANN, text="first")
    await bench.settle()
    await bench.owe(ANN, text="second")
    await bench.owe(BEN, text="somebody else")
    await bench.owe(ANN, Kind.EMERGENCY, "another lane")
    await bench.pass_time(5)
    assert bench.wire.texts(ANN) == ["first", "another lane", "first", "second"]
    assert bench.wire.texts(BEN) == ["somebody else"]


async def test_a_repeat_does_not_hold_up_what_came_after_it(bench: Bench) -> None:
    bench.wire.answers.append(Doubtful("timeout"))
    await bench.owe(ANN, text="first")
    await bench.owe(ANN, text="second")
    await bench.pass_time(15)
    assert bench.wire.texts(ANN) == ["first", "second", "Once more:\n\nfirst"]


async def test_a_repeat_that_backs_off_puts_nobody_off(bench: Bench) -> None:
    """Who waits behind it would be put off; what is written afterwards would not, and would overtake."""
    bench.wire.answers += [Doubtful("timeout"), NotSent("connect_error")]
    await bench.owe(ANN, text="first")
    await bench.owe(ANN, text="second", due_at=bench.clock.now() + timedelta(seconds=10.5))
    await bench.pass_time(10.3)
    assert len(bench.wire.calls) == 2
    bench.clock.tick(timedelta(seconds=0.3))
    await bench.owe(ANN, text="third")
    await bench.pass_time(5)
    assert bench.wire.texts(ANN)[2:] == ["second", "third", "Once more:\n\nfirst"]


async def test_a_check_in_planned_for_next_week_holds_up_nobody(bench: Bench) -> None:
    week = await bench.owe(ANN, Kind.CHECK_IN, due_at=bench.clock.now() + timedelta(days=7))
    now = await bench.owe(ANN, Kind.CHECK_IN)
    await bench.settle()
    assert (await bench.state(week), await bench.state(now)) == (MessageState.PENDING, MessageState.SENT)


async def test_quiet_hours_keep_the_order(bench: Bench) -> None:
    bench.policy.quiet_end = bench.clock.now() + timedelta(hours=8)
    for number in (1, 2):
        await bench.owe(ANN, Kind.CHECK_IN, str(number))
    await bench.pass_time(9 * 3600)
    assert bench.wire.texts(ANN) == ["1", "2"]


async def test_a_check_in_that_expires_while_it_waits_for_the_morning(bench: Bench) -> None:
    bench.policy.quiet_end = bench.clock.now() + timedelta(hours=12)
    row = await bench.owe(ANN, Kind.CHECK_IN)
    await bench.pass_time(13 * 3600)
    assert (await bench.row(row))["reason"] == "expired"
    assert bench.notes.skipped == [(SendWhy.EXPIRED, row)]


async def test_an_edit_waits_for_its_message(bench: Bench, clock: ManualClock) -> None:
    bench.wire.answers.append(NotSent("connect_error"))
    card = await bench.owe(GROUP, Kind.CARD, "card")
    edit = await bench.owe(GROUP, Kind.CARD, "edited", method=Method.EDIT_TEXT, target_id=card)
    await bench.settle()
    assert (await bench.row(edit))["attempt"] == 0
    await bench.pass_time(30)
    assert bench.wire.texts(GROUP) == ["card", "card", "edited"]
    assert bench.wire.calls[-1].target == 1000 + card
    assert bench.wire.calls[-1].button_owner == card


@pytest.mark.parametrize("end", [MessageState.REFUSED, MessageState.CANCELLED, MessageState.SKIPPED])
async def test_an_edit_of_a_message_that_never_went_is_skipped(bench: Bench, end: MessageState) -> None:
    target = await bench.owe(due_at=bench.clock.now() + timedelta(hours=1))
    edit = await bench.owe(method=Method.EDIT_TEXT, target_id=target)
    async with bench.store.write() as tx:
        await messages.finish(tx, target, end, "test")
    await bench.settle()
    assert (await bench.row(edit))["reason"] == "target_lost"


async def test_an_older_edit_never_comes_last(bench: Bench) -> None:
    """The first edit is on the wire when the second is written, and times out: its words must not stay."""
    card = await bench.owe(GROUP, Kind.RELAY, "card")
    await bench.settle()
    bench.wire.by_hand = True
    first = await bench.owe(GROUP, Kind.RELAY, "first", method=Method.EDIT_TEXT, target_id=card)
    await bench.turn()
    await bench.owe(GROUP, Kind.RELAY, "second", method=Method.EDIT_TEXT, target_id=card)
    await bench.turn()
    bench.wire.by_hand = False
    bench.wire.waiting.pop(first).set_result(Doubtful("timeout"))
    await bench.outbox.landed()
    await bench.pass_time(30)
    assert bench.wire.texts(GROUP)[-1] == "second"


async def test_new_buttons_do_not_replace_new_words(bench: Bench) -> None:
    card = await bench.owe(GROUP, Kind.RELAY, "card")
    await bench.settle()
    await bench.owe(GROUP, Kind.RELAY, "words", method=Method.EDIT_TEXT, target_id=card)
    markup = Payload(buttons=((Button("Take", "take:1"),),))
    await bench.owe(GROUP, Kind.RELAY, method=Method.EDIT_MARKUP, target_id=card, payload=markup)
    await bench.pass_time(30)
    assert [call.method for call in bench.wire.calls[1:]] == [Method.EDIT_TEXT, Method.EDIT_MARKUP]


async def test_messages_wait_for_their_topic(bench: Bench) -> None:
    bench.wire.default = lambda call: Sent(9 if call.method is Method.CREATE_TOPIC else 1000 + call.id)
    topic_id = await bench.new_topic()
    creator = await bench.owe(GROUP, Kind.CARD, "P-7F3K", method=Method.CREATE_TOPIC, topic_id=topic_id)
    alert = await bench.owe(GROUP, Kind.ALERT, "alert", topic_id=topic_id)
    await bench.settle()
    assert [(call.id, call.thread_id) for call in bench.wire.calls] == [(creator, None), (alert, 9)]
    assert (await bench.row(creator))["tg_message_id"] is None


async def test_renaming_a_topic_is_no_message(bench: Bench) -> None:
    """Its answer is the topic's id; stored as a message's, replies in the topic would find the wrong row."""
    topic_id = await bench.new_topic(thread_id=9)
    bench.wire.answers.append(Sent(9))
    row = await bench.owe(GROUP, Kind.CARD, method=Method.EDIT_TOPIC, topic_id=topic_id)
    await bench.settle()
    stored = await bench.row(row)
    assert (stored["state"], stored["tg_message_id"]) == (MessageState.SENT, None)


# --- opt-out --------------------------------------------------------------------------------------------------------


async def test_a_stop_between_a_429_and_the_next_try_counts(bench: Bench) -> None:
    bench.wire.answers.append(Wait(30))
    row = await bench.owe(ANN, Kind.CHECK_IN)
    await bench.settle()
    await bench.opt_out(ANN)
    await bench.pass_time(60)
    assert (await bench.row(row))["reason"] == "opted_out"
    assert len(bench.wire.calls) == 1


async def test_a_repeat_that_a_stop_holds_back_stays_in_doubt(bench: Bench) -> None:
    """The first copy may have arrived: "skipped" would deny that."""
    bench.wire.answers.append(Doubtful("timeout"))
    row = await bench.owe(ANN, Kind.CHECK_IN)
    await bench.settle()
    await bench.opt_out(ANN, Scope.CHECK_INS)
    await bench.pass_time(60)
    stored = await bench.row(row)
    assert (stored["state"], stored["reason"], len(bench.wire.calls)) == (MessageState.UNKNOWN, "opted_out", 1)
    assert bench.notes.events == [(Event.IN_DOUBT, row)]


async def test_stops_race_with_claims_and_always_win(bench: Bench) -> None:
    """Whatever the interleaving: a claim that begins after a stop has committed leaves that patient alone."""
    chats, stopped = many(40), set[ChatId]()
    for chat_id in chats:
        await bench.owe(chat_id, Kind.CHECK_IN)

    async def send() -> list[bool]:
        was_stopped: list[bool] = []
        for _ in range(60):
            stopped_before = frozenset(stopped)
            turn = await bench.turn()
            was_stopped += [call.chat_id in stopped_before for call, _ in turn.claimed]
            await bench.outbox.landed()
            bench.clock.tick(timedelta(milliseconds=40))
        return was_stopped

    async def stop() -> None:
        for chat_id in reversed(chats):
            await bench.opt_out(chat_id)
            stopped.add(chat_id)

    was_stopped, _ = await asyncio.gather(send(), stop())
    assert was_stopped
    assert not any(was_stopped)
    states = [row["state"] for row in await bench.rows()]
    assert states.count(MessageState.SENT) == len(was_stopped)
    assert states.count(MessageState.SKIPPED) == len(chats) - len(was_stopped) > 0


# --- rows nobody can read -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["payload", "zone"])
async def test_a_row_that_cannot_be_read_holds_up_nobody_else(
    bench: Bench, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    bad = await bench.owe(ANN, Kind.CHECK_IN)
    async with bench.store.write() as tx:
        if fault == "payload":
            await tx.execute(message.update().values(payload={"v": 99, "text": "from a newer version"}))
        else:
            await tx.execute(chat.update().where(chat.c.chat_id == ANN).values(zone="Nowhere/Land"))
    good = await bench.owe(BEN, Kind.CHECK_IN)
    await bench.settle()
    assert await bench.state(good) is MessageState.SENT
    stored = await bench.row(bad)
    assert (stored["state"], stored["reason"]) == (MessageState.REFUSED, "unreadable")
    assert bench.notes.events == [(Event.REFUSED, bad)]
    assert "row_unreadable" in caplog.text


async def test_a_call_that_raises_is_in_doubt(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.wire.answers.append(RuntimeError("a fault in the client"))
    row = await bench.owe()
    await bench.settle()
    assert (await bench.row(row))["reason"] == "in_doubt:RuntimeError"
    assert "send_failed" in caplog.text
    assert "a fault in the client" not in caplog.text


async def test_a_cancelled_call_is_in_doubt(bench: Bench) -> None:
    bench.wire.by_hand = True
    row = await bench.owe()
    await bench.turn()
    bench.wire.waiting.pop(row).cancel()
    await bench.outbox.landed()
    bench.outbox.stop()
    await bench.turn()
    assert (await bench.row(row))["reason"] == "in_doubt:cancelled"


# --- crashes and failing commits ------------------------------------------------------------------------------------

RECOVERED = [
    pytest.param(Kind.CHECK_IN, MessageState.PENDING, id="check_in_again"),
    pytest.param(Kind.BROADCAST, MessageState.UNKNOWN, id="broadcast_held"),
]


@pytest.mark.parametrize("was_sent", [False, True], ids=["killed_before_sending", "killed_before_the_answer"])
@pytest.mark.parametrize(("kind", "state"), RECOVERED)
async def test_a_kill_leaves_a_row_in_doubt_and_says_so(
    bench: Bench, kind: Kind, state: MessageState, was_sent: bool
) -> None:
    bench.wire.by_hand = True
    row = await bench.owe(ANN, kind, "How are you?")
    if was_sent:
        await bench.turn()
    else:
        assert (await bench.outbox.turn()).claimed
    await bench.crash()
    assert await bench.state(row) is state
    bench.wire.by_hand = False
    bench.wire.calls.clear()
    await bench.pass_time(15)
    again = state is MessageState.PENDING
    assert bench.wire.texts(ANN) == (["Once more:\n\nHow are you?"] if again else [])
    assert bench.notes.events == ([] if again else [(Event.IN_DOUBT, row)])


async def test_a_second_kill_is_not_a_third_copy(bench: Bench) -> None:
    bench.wire.by_hand = True
    row = await bench.owe()
    for _ in range(3):
        await bench.turn()
        await bench.crash()
        bench.clock.tick(timedelta(seconds=11))
    assert len(bench.wire.calls) == 2
    assert await bench.state(row) is MessageState.UNKNOWN


async def test_a_killed_edit_is_repeated_without_a_word(bench: Bench) -> None:
    target = await bench.owe()
    await bench.settle()
    bench.wire.by_hand = True
    edit = await bench.owe(method=Method.EDIT_TEXT, target_id=target, text="edited")
    await bench.turn()
    await bench.crash()
    bench.wire.by_hand = False
    await bench.pass_time(10)
    assert (await bench.row(edit))["state"] == MessageState.SENT
    assert bench.wire.texts(ANN)[1:] == ["edited", "edited"]


async def test_another_worker_takes_only_rows_whose_lease_ran_out(bench: Bench, clock: ManualClock) -> None:
    bench.wire.by_hand = True
    row = await bench.owe()
    await bench.turn()
    other = bench.new_outbox()
    await other.recover(everything=False)
    assert await bench.state(row) is MessageState.SENDING
    clock.tick(timedelta(microseconds=LEASE_US + 1))
    await bench.outbox.recover(everything=False)
    assert await bench.state(row) is MessageState.SENDING, "its own call is still under way"
    await other.recover(everything=False)
    assert await bench.state(row) is MessageState.PENDING


LATE: list[tuple[str, SendResult, MessageState, int]] = [
    ("arrived", Sent(7), MessageState.SENT, 1),
    ("refused_to_wait", Wait(60), MessageState.SENT, 2),
]


@pytest.mark.parametrize(("late", "state", "copies"), [case[1:] for case in LATE], ids=[case[0] for case in LATE])
async def test_a_late_answer(
    bench: Bench, clock: ManualClock, late: SendResult, state: MessageState, copies: int
) -> None:
    """Given up after its lease, then the answer comes: "it arrived" mends the row, anything else is no news."""
    bench.wire.by_hand = True
    row = await bench.owe()
    await bench.turn()
    clock.tick(timedelta(microseconds=LEASE_US + 1))
    await bench.new_outbox().recover(everything=False)
    bench.wire.by_hand = False
    bench.wire.waiting.pop(row).set_result(late)
    await bench.outbox.landed()
    await bench.pass_time(30)
    assert await bench.state(row) is state
    assert len(bench.wire.calls) == copies
    assert not (await bench.account())["blocked_until_us"]


async def test_a_late_arrival_mends_a_row_given_up_for_good(bench: Bench, clock: ManualClock) -> None:
    bench.wire.by_hand = True
    row = await bench.owe(ANN, Kind.BROADCAST)
    await bench.turn()
    clock.tick(timedelta(microseconds=LEASE_US + 1))
    await bench.new_outbox().recover(everything=False)
    assert await bench.state(row) is MessageState.UNKNOWN
    bench.wire.waiting.pop(row).set_result(Sent(7))
    await bench.outbox.landed()
    await bench.turn()
    assert ((await bench.row(row))["tg_message_id"], await bench.state(row)) == (7, MessageState.SENT)


async def test_a_machine_that_slept_through_the_lease_does_not_send(bench: Bench, clock: ManualClock) -> None:
    row = await bench.owe()
    turn = await bench.outbox.turn()
    clock.tick(timedelta(microseconds=LEASE_US) - timedelta(seconds=CALL_S - 1))
    bench.outbox.launch(turn)
    await bench.outbox.landed()
    bench.outbox.stop()
    await bench.turn()
    stored = await bench.row(row)
    assert (bench.wire.calls, stored["state"], stored["reason"]) == ([], MessageState.PENDING, "lease_ran_out")


@asynccontextmanager
async def failing_commit(self: Store) -> AsyncIterator[Tx]:
    """A transaction that does everything but commit."""
    async with self.__class__.write(self) as tx:
        yield tx
        raise StoreError("database: OperationalError: disk full")


async def test_a_failed_commit_sends_nothing_and_forgets_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    done = await bench.owe(ANN, text="answered before the disk was full")
    await bench.turn()
    await bench.outbox.landed()
    waiting = await bench.owe(BEN, text="never claimed")
    bench.clock.tick(timedelta(seconds=1))
    with monkeypatch.context() as patched:
        patched.setattr(bench.store, "write", lambda: failing_commit(bench.store))
        for _ in range(3):
            with pytest.raises(StoreError):
                await bench.turn()
    assert len(bench.wire.calls) == 1
    assert [await bench.state(row) for row in (done, waiting)] == [MessageState.SENDING, MessageState.PENDING]
    await bench.settle()
    assert [await bench.state(row) for row in (done, waiting)] == [MessageState.SENT] * 2
    assert len(bench.wire.calls) == 2


# --- the loop -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def live(bench: Bench) -> Bench:
    """A bench in real time."""
    clock = SystemClock()
    bench.clock = bench.store._clock = clock  # type: ignore[assignment]
    bench.outbox = bench.new_outbox()
    return bench


async def until(bench: Bench, row: MessageId, state: MessageState) -> None:
    async with asyncio.timeout(10):
        while await bench.state(row) is not state:
            await asyncio.sleep(0.005)


async def test_the_loop_wakes_sends_and_stops(live: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It polls so rarely here that what happens sooner happens because it was woken."""
    monkeypatch.setattr(outbox_module, "POLL_US", 60_000_000)
    loop = asyncio.create_task(live.outbox.run())
    await asyncio.sleep(0.05)
    row = await live.owe()
    live.outbox.wake()
    await until(live, row, MessageState.SENT)
    live.outbox.stop()
    async with asyncio.timeout(2):
        await loop


async def test_the_loop_waits_for_the_next_that_is_due_and_no_longer(
    live: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after a turn that only wrote down an answer: left to polling, each message after a pause came late."""
    monkeypatch.setattr(outbox_module, "POLL_US", 60_000_000)
    first = await live.owe(ANN)
    second = await live.owe(BEN, due_at=live.clock.now() + timedelta(seconds=0.3))
    loop = asyncio.create_task(live.outbox.run())
    await until(live, first, MessageState.SENT)
    await until(live, second, MessageState.SENT)
    live.outbox.stop()
    async with asyncio.timeout(2):
        await loop


async def test_the_loop_drains_what_is_under_way_and_claims_nothing_more(live: Bench) -> None:
    live.wire.by_hand = True
    row = await live.owe(ANN)
    loop = asyncio.create_task(live.outbox.run())
    await until(live, row, MessageState.SENDING)
    live.outbox.stop()
    late = await live.owe(BEN)
    await asyncio.sleep(0.05)
    assert not loop.done()
    live.wire.waiting.pop(row).set_result(Sent(7))
    async with asyncio.timeout(2):
        await loop
    assert [await live.state(one) for one in (row, late)] == [MessageState.SENT, MessageState.PENDING]


async def test_the_loop_begins_with_what_a_dead_process_left(live: Bench) -> None:
    row = await live.owe(ANN, Kind.BROADCAST)
    await live.outbox.turn()
    live.outbox = live.new_outbox()
    loop = asyncio.create_task(live.outbox.run())
    await until(live, row, MessageState.UNKNOWN)
    live.outbox.stop()
    await loop
    assert live.wire.calls == []


async def test_the_loop_survives_a_database_that_is_gone_for_a_while(
    live: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """From its very first look: the recovery, too, is tried again."""
    orphan = await live.owe(ANN, Kind.BROADCAST)
    await live.outbox.turn()
    live.outbox = live.new_outbox()
    row = await live.owe(BEN)
    with monkeypatch.context() as patched:
        patched.setattr(live.store, "write", lambda: failing_commit(live.store))
        loop = asyncio.create_task(live.outbox.run())
        async with asyncio.timeout(2):
            while "turn_failed" not in caplog.text:
                await asyncio.sleep(0.01)
    live.outbox.wake()
    await until(live, row, MessageState.SENT)
    assert await live.state(orphan) is MessageState.UNKNOWN
    live.outbox.stop()
    await loop


async def test_an_idle_or_paused_loop_writes_nothing(live: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "POLL_US", 10_000)
    await live.set_account(paused="by_hand")
    row = await live.owe()
    loop = asyncio.create_task(live.outbox.run())
    await asyncio.sleep(0.2)
    live.outbox.stop()
    await loop
    stored = await live.row(row)
    assert (stored["state"], stored["attempt"], live.wire.calls) == (MessageState.PENDING, 0, [])


async def test_a_call_that_ends_during_a_turn_frees_no_slot_before_it_is_written_down(bench: Bench) -> None:
    bench.wire.by_hand = True
    for number in range(2 * WINDOW):
        await bench.owe(ChatId(100 + number))
    while len(bench.wire.waiting) < WINDOW:
        await bench.turn()
        bench.clock.tick(TICK)
    machine_us = bench.store.machine_us

    async def and_meanwhile_all_land(tx: Tx) -> int:
        for row_id, future in list(bench.wire.waiting.items()):
            if not future.done():
                future.set_result(Sent(1000 + row_id))
        for _ in range(5):
            await asyncio.sleep(0)
        return await machine_us(tx)

    bench.store.machine_us = and_meanwhile_all_land  # type: ignore[method-assign]
    await bench.outbox.turn()
    sending = await bench.rows(message.c.state == MessageState.SENDING)
    assert len(sending) <= WINDOW


async def test_a_row_that_waits_for_its_groups_limit_is_not_overtaken_by_a_younger_one(bench: Bench) -> None:
    for number in range(2):
        await bench.owe(GROUP, Kind.RELAY, f"before {number}")
    await bench.settle()
    bench.clock.tick(timedelta(seconds=1))
    older = await bench.owe(GROUP, Kind.RELAY, "older")
    machine_us = bench.store.machine_us

    async def and_then_it_takes_a_while(tx: Tx) -> int:
        read_us = await machine_us(tx)
        bench.clock.tick(timedelta(milliseconds=5))
        return read_us

    bench.store.machine_us = and_then_it_takes_a_while  # type: ignore[method-assign]
    await bench.turn()  # the older one is put off, 5 ms too long
    bench.store.machine_us = machine_us  # type: ignore[method-assign]
    younger = await bench.owe(GROUP, Kind.RELAY, "younger")
    await bench.turn()  # the younger one is put off, exactly
    older_us = (await bench.row(older))["due_us"]
    bench.clock.tick(timedelta(microseconds=older_us - bench.clock.now_us() - 20_000))
    await bench.turn()
    assert len(bench.wire.calls) == 2, "nothing may go before the group's limit ends"
    for sent, tick in ((3, timedelta(milliseconds=1)), (4, TICK)):
        while len(bench.wire.calls) < sent:
            bench.clock.tick(tick)
            await bench.turn()
            await bench.outbox.landed()
    assert [call.id for call in bench.wire.calls[2:]] == [older, younger]
