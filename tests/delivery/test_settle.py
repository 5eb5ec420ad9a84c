"""The error table: what becomes of a row, its chat and the bot for each answer of Telegram's."""

import logging
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.clock import SECOND_US, ManualClock
from bot.core.settling import Event
from bot.delivery.limiter import BOT_INTERVAL_US
from bot.model import (
    BadMarkup,
    BotRefused,
    Button,
    ChatId,
    Doubtful,
    Kind,
    Lane,
    MessageState,
    Method,
    Migrated,
    NotSent,
    Payload,
    Refused,
    SendResult,
    SendWhy,
    Sent,
    TelegramMessageId,
    TopicGone,
    Unreachable,
    Wait,
)
from bot.services.ladder import Rungs
from bot.simulator.bench import ANN, BEN, BOT, GROUP, NIGHT_NURSE, OLGA, OTTO, Bench
from bot.store import chats, messages
from bot.store.accounts import NOBODY
from bot.store.tables import attachment, message, topic

NEW_GROUP = ChatId(-1001)


@dataclass(frozen=True)
class Case:
    """One answer to one message, and everything it changes."""

    answer: SendResult
    state: MessageState
    reason: str | None = None
    chat_id: ChatId = ANN
    kind: Kind = Kind.REPLY
    later_s: float = 0
    """How long a row that is pending again has to wait."""
    resent: bool = False
    unreachable: str | None = None
    chat_blocked_s: float = 0
    bot_blocked_s: float = 0
    staff_lost: str | None = None
    paused: str | None = None
    event: Event | None = None


P, S, R, U = MessageState.PENDING, MessageState.SENT, MessageState.REFUSED, MessageState.UNKNOWN
CASES = {
    "ok": Case(Sent(7), S),
    "429_private_blocks_the_bot": Case(Wait(5), P, "429", later_s=5, bot_blocked_s=5),
    "429_group_blocks_the_group": Case(Wait(5), P, "429", GROUP, Kind.ALERT, later_s=5, chat_blocked_s=5),
    "never_left": Case(NotSent("connect_error"), P, "connect_error", later_s=1),
    "doubt_reply": Case(Doubtful("http_502"), P, "in_doubt:http_502", later_s=10, resent=True),
    "doubt_alert": Case(Doubtful("timeout"), P, "in_doubt:timeout", GROUP, Kind.ALERT, later_s=10, resent=True),
    "doubt_broadcast": Case(Doubtful("timeout"), U, "timeout", kind=Kind.BROADCAST, event=Event.IN_DOUBT),
    "blocked_by_patient": Case(
        Unreachable("bot_was_blocked"), R, "bot_was_blocked", unreachable="bot_was_blocked", event=Event.UNREACHABLE
    ),
    "group_lost_alert": Case(
        Unreachable("kicked"), R, "kicked", GROUP, Kind.ALERT, staff_lost="kicked", event=Event.STAFF_LOST
    ),
    "group_lost_relay": Case(
        Unreachable("kicked"), R, "kicked", GROUP, Kind.RELAY, staff_lost="kicked", event=Event.STAFF_LOST
    ),
    "group_lost_card_waits": Case(
        Unreachable("kicked"), P, "kicked", GROUP, Kind.CARD, later_s=1, staff_lost="kicked", event=Event.STAFF_LOST
    ),
    "group_lost_digest_waits": Case(
        Unreachable("kicked"), P, "kicked", GROUP, Kind.DIGEST, later_s=1, staff_lost="kicked", event=Event.STAFF_LOST
    ),
    "topic_gone_without_topic": Case(TopicGone(), R, "topic_gone", GROUP, Kind.CARD, event=Event.REFUSED),
    "bad_html_emergency": Case(BadMarkup("byte_3"), P, "sent_plain", kind=Kind.EMERGENCY, event=Event.BAD_MARKUP),
    "bad_html_reply": Case(BadMarkup("byte_3"), P, "sent_plain", event=Event.BAD_MARKUP),
    "bad_html_check_in": Case(BadMarkup("byte_3"), R, "byte_3", kind=Kind.CHECK_IN, event=Event.BAD_MARKUP),
    "bad_html_broadcast": Case(BadMarkup("byte_3"), R, "byte_3", kind=Kind.BROADCAST, event=Event.BAD_MARKUP),
    "token_refused": Case(
        BotRefused("token_refused"), P, "token_refused", paused="token_refused", event=Event.TOKEN_REFUSED
    ),
    "refused": Case(Refused("message_is_too_long"), R, "message_is_too_long", event=Event.REFUSED),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_the_error_table(bench: Bench, clock: ManualClock, case: Case) -> None:
    row = await bench.owe(case.chat_id, case.kind)
    bench.wire.answers.append(case.answer)
    await bench.turn()
    await bench.outbox.landed()
    # The turn that writes the answer would at once take what is pending again.
    bench.outbox.stop()
    await bench.turn()
    stored, chat, account = await bench.row(row), await bench.chat(case.chat_id), await bench.account()
    assert (stored["state"], stored["reason"], stored["resent"]) == (case.state, case.reason, case.resent)
    assert (stored["owner"], stored["lease_us"], stored["attempt"]) == (None, None, 1)
    if case.state is P:
        assert stored["due_us"] - clock.now_us() == case.later_s * SECOND_US
    assert (chat["unreachable_why"], bool(chat["unreachable_us"])) == (case.unreachable, case.unreachable is not None)
    assert max(0, chat["blocked_until_us"] - clock.machine_us()) == case.chat_blocked_s * SECOND_US
    assert max(0, account["blocked_until_us"] - clock.machine_us()) == case.bot_blocked_s * SECOND_US
    assert (account["staff_lost"], account["paused"]) == (case.staff_lost, case.paused)
    assert bench.notes.events == ([(case.event, row)] if case.event else [])


async def test_ok_keeps_telegrams_ids(bench: Bench) -> None:
    """The message's id for edits and replies; the file's, so that a picture is uploaded once."""
    async with bench.store.write() as tx:
        made = await tx.execute(attachment.insert().values(bot_id=BOT, name="map.png", sha256="0", content=b"PNG"))
        assert made.inserted_primary_key is not None
    picture = {"method": Method.SEND_PHOTO, "attachment_id": made.inserted_primary_key[0]}
    bench.wire.answers.append(Sent(7, file_id="AgAC"))
    first = await bench.owe(ANN, **picture)
    await bench.settle()
    await bench.owe(BEN, **picture)
    await bench.settle()
    stored = await bench.row(first)
    assert (stored["tg_message_id"], stored["sent_us"] is not None) == (7, True)
    sent = [(call.file_bytes, call.file_id, call.file_name) for call in bench.wire.calls]
    assert sent == [(b"PNG", None, "map.png"), (None, "AgAC", "map.png")]


async def test_back_off_doubles_up_to_a_minute_and_never_gives_up(bench: Bench, clock: ManualClock) -> None:
    bench.wire.default = lambda call: NotSent("connect_error")
    row = await bench.owe()
    waits = []
    for _ in range(8):
        await bench.settle()
        wait_us = (await bench.row(row))["due_us"] - clock.now_us()
        waits.append(round(wait_us / SECOND_US))
        clock.tick(timedelta(microseconds=wait_us))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize("method", [Method.EDIT_TEXT, Method.EDIT_MARKUP, Method.DELETE])
async def test_a_doubtful_change_is_simply_repeated(bench: Bench, method: Method) -> None:
    target = await bench.owe()
    await bench.settle()
    bench.wire.answers += [Doubtful("timeout")] * 3
    change = await bench.owe(method=method, target_id=target)
    await bench.pass_time(30)
    stored = await bench.row(change)
    assert (stored["state"], stored["resent"], stored["attempt"]) == (MessageState.SENT, False, 4)
    assert bench.notes.events == []


async def test_a_second_doubt_is_the_last(bench: Bench) -> None:
    bench.wire.default = lambda call: Doubtful("timeout")
    row = await bench.owe()
    await bench.pass_time(3600)
    assert await bench.state(row) is MessageState.UNKNOWN
    assert len(bench.wire.calls) == 2
    assert bench.notes.events == [(Event.IN_DOUBT, row)]


async def test_a_press_proves_arrival_and_stops_the_repeat(bench: Bench) -> None:
    bench.wire.answers.append(Doubtful("timeout"))
    row = await bench.owe(payload=Payload("Better?", ((Button("Yes", "a:yes"),),)))
    await bench.settle()
    async with bench.store.write() as tx:
        assert await messages.proved(tx, BOT, row, TelegramMessageId(7), bench.clock.now_us())
    await bench.pass_time(60)
    assert len(bench.wire.calls) == 1
    assert (await bench.row(row))["reason"] == "proved_by_press"


async def test_a_press_may_overtake_the_answer_to_its_message(bench: Bench) -> None:
    """Telegram delivered, the patient pressed, and only then did our read time out: nothing is repeated."""
    bench.wire.by_hand = True
    row = await bench.owe(payload=Payload("Better?", ((Button("Yes", "a:yes"),),)))
    await bench.turn()
    async with bench.store.write() as tx:
        assert await messages.proved(tx, BOT, row, TelegramMessageId(7), bench.clock.now_us())
    bench.wire.waiting.pop(row).set_result(Doubtful("timeout"))
    await bench.outbox.landed()
    await bench.pass_time(60)
    stored = await bench.row(row)
    assert (stored["state"], stored["tg_message_id"], len(bench.wire.calls)) == (MessageState.SENT, 7, 1)


# --- one bad chat is one bad chat -----------------------------------------------------------------------------------


async def test_a_blocked_patient_gets_nothing_more_until_they_write(bench: Bench) -> None:
    answer_by_chat(bench, lost(ANN))
    found = await bench.owe(ANN, Kind.EMERGENCY)
    other = await bench.owe(BEN)
    await bench.settle()
    for kind in Kind:
        await bench.owe(ANN, kind)
    await bench.settle()
    assert [call.chat_id for call in bench.wire.calls] == [ANN, BEN]
    assert await bench.state(other) is MessageState.SENT
    assert bench.notes.events == [(Event.UNREACHABLE, found)]
    assert [why for why, _ in bench.notes.skipped] == [SendWhy.UNREACHABLE] * len(Kind)
    answer_by_chat(bench, {})
    async with bench.store.write() as tx:
        await chats.note_heard(tx, BOT, [chats.Heard(ANN, 0)], bench.clock.now_us())
    again = await bench.owe(ANN)
    await bench.settle()
    assert await bench.state(again) is MessageState.SENT


async def test_a_429_stops_everybody_but_only_for_that_long(bench: Bench) -> None:
    bench.wire.answers.append(Wait(30))
    await bench.owe(ANN)
    await bench.settle()
    await bench.owe(BEN, Kind.EMERGENCY)
    await bench.pass_time(29)
    assert len(bench.wire.calls) == 1
    await bench.pass_time(2)
    assert [call.chat_id for call in bench.wire.calls] == [ANN, BEN, ANN]


async def test_a_groups_429_stops_only_the_group(bench: Bench) -> None:
    bench.wire.answers.append(Wait(30))
    await bench.owe(GROUP, Kind.CARD)
    await bench.settle()
    await bench.owe(GROUP, Kind.ALERT)
    await bench.owe(ANN)
    await bench.pass_time(29)
    assert [call.chat_id for call in bench.wire.calls] == [GROUP, ANN]
    await bench.pass_time(10)
    assert [call.chat_id for call in bench.wire.calls] == [GROUP, ANN, GROUP, GROUP]


async def test_a_second_429_within_a_minute_slows_the_bot(bench: Bench) -> None:
    bench.wire.answers += [Wait(1), Wait(1)]
    await bench.owe()
    await bench.pass_time(5)
    assert (await bench.account())["interval_us"] == int(BOT_INTERVAL_US * 1.25)


async def test_a_429_noted_before_the_clock_was_set_back_is_asked_again(bench: Bench, clock: ManualClock) -> None:
    bench.wire.answers.append(Wait(5))
    await bench.owe(ANN)
    await bench.settle()
    clock.tick(-timedelta(hours=1))
    await bench.owe(BEN)
    await bench.settle()
    assert [call.chat_id for call in bench.wire.calls] == [ANN, BEN]


async def test_bad_html_twice_is_refused(bench: Bench) -> None:
    """Plain words cannot have bad HTML; if Telegram says so all the same, nobody tries for ever."""
    bench.wire.default = lambda call: BadMarkup("byte_3")
    row = await bench.owe(text="5 < 6")
    await bench.settle()
    assert [call.payload.plain for call in bench.wire.calls] == [False, True]
    assert await bench.state(row) is MessageState.REFUSED


async def test_a_refused_token_stops_all_and_loses_nothing(bench: Bench) -> None:
    bench.wire.answers.append(BotRefused("token_refused"))
    rows = [await bench.owe(chat_id) for chat_id in (ANN, BEN, GROUP)]
    await bench.settle()
    calls_before = len(bench.wire.calls)
    assert calls_before <= 2  # those that went in the same turn
    bench.clock.tick(timedelta(hours=1))
    await bench.settle()
    assert len(bench.wire.calls) == calls_before
    await bench.set_account(paused=None)
    await bench.pass_time(5)
    assert {await bench.state(row) for row in rows} == {MessageState.SENT}


async def test_a_refused_edit_is_no_news_for_staff(bench: Bench) -> None:
    """Somebody deleted the message meanwhile."""
    target = await bench.owe()
    await bench.settle()
    bench.wire.answers.append(Refused("target_missing"))
    edit = await bench.owe(method=Method.EDIT_TEXT, target_id=target)
    await bench.settle()
    assert await bench.state(edit) is MessageState.REFUSED
    assert bench.notes.events == []


async def test_a_notice_that_cannot_be_written_does_not_undo_what_is_known(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.notes.fault = LookupError("a template without its key")
    bench.wire.answers += [Refused("too_long"), Unreachable("blocked")]
    rows = [await bench.owe(ANN), await bench.owe(BEN)]
    held = await bench.owe(BEN, Kind.CHECK_IN)
    await bench.settle()
    assert [await bench.state(row) for row in rows] == [MessageState.REFUSED] * 2
    assert await bench.state(held) is MessageState.SKIPPED
    assert (await bench.chat(ANN))["zone"] is None
    assert caplog.text.count("notice_failed") == 3


# --- the ladder -----------------------------------------------------------------------------------------------------


def lost(*chats: ChatId) -> dict[ChatId, SendResult]:
    return dict.fromkeys(chats, Unreachable("gone"))


def answer_by_chat(bench: Bench, answers: dict[ChatId, SendResult]) -> None:
    bench.wire.default = lambda call: answers.get(call.chat_id, Sent(1000 + call.id))


LADDER = {
    "group_lost": (lost(GROUP), [OLGA, OTTO]),
    "one_owner_blocked_us": (lost(GROUP, OLGA), [OTTO]),
    "no_owner_reached": (lost(GROUP, OLGA, OTTO), [NIGHT_NURSE]),
    "nobody_reached": (lost(GROUP, OLGA, OTTO, NIGHT_NURSE), []),
}


@pytest.mark.parametrize(("answers", "reached"), LADDER.values(), ids=LADDER)
async def test_an_alert_goes_down_the_ladder(
    bench: Bench, caplog: pytest.LogCaptureFixture, answers: dict[ChatId, SendResult], reached: list[ChatId]
) -> None:
    answer_by_chat(bench, answers)
    await bench.owe(GROUP, Kind.ALERT, "P-7F3K: chest pain", subject_chat_id=ANN)
    await bench.pass_time(5)
    sent = await bench.rows(message.c.state == MessageState.SENT)
    assert [(row["chat_id"], row["payload"]["text"], row["subject_chat_id"]) for row in sent] == [
        (chat_id, "P-7F3K: chest pain", ANN) for chat_id in reached
    ]
    assert (await bench.account())["staff_lost"] == ("gone" if reached else NOBODY)
    assert ("nobody_reached" in caplog.text) is not bool(reached)


async def test_an_owner_known_to_be_out_of_reach_is_passed_over(bench: Bench) -> None:
    """Their chat was marked yesterday; today's alert must not end there as skipped."""
    answer_by_chat(bench, lost(GROUP, OLGA, OTTO))
    await bench.owe(GROUP, Kind.ALERT, "first")
    await bench.pass_time(5)
    await bench.owe(GROUP, Kind.ALERT, "second")
    await bench.pass_time(5)
    assert bench.wire.texts(NIGHT_NURSE) == ["first", "second"]
    assert bench.wire.texts(OLGA) == ["first"]


async def test_without_owners_it_goes_straight_to_on_call(bench: Bench) -> None:
    bench.notes.rungs = Rungs(owners=(), on_call=(NIGHT_NURSE,))
    answer_by_chat(bench, lost(GROUP))
    await bench.owe(GROUP, Kind.ALERT, "chest pain")
    await bench.pass_time(5)
    assert bench.wire.texts(NIGHT_NURSE) == ["chest pain"]


async def test_without_anybody_it_says_so_loudly(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.notes.rungs = Rungs(owners=(), on_call=())
    answer_by_chat(bench, lost(GROUP))
    row = await bench.owe(GROUP, Kind.ALERT)
    await bench.pass_time(5)
    assert [record.levelno for record in caplog.records if "nobody_reached" in record.getMessage()] == [logging.ERROR]
    assert (await bench.account())["staff_lost"] == NOBODY
    assert bench.notes.events == [(Event.STAFF_LOST, row)]


async def test_a_clinic_without_a_group_climbs_down_from_its_owners(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """There the alert is a row per owner from the start; when none gets it `/readyz` has to turn red too."""
    await bench.set_account(staff_chat_id=None)
    answers = lost(OLGA, OTTO, NIGHT_NURSE)
    answer_by_chat(bench, answers)
    for owner in (OLGA, OTTO):
        await bench.owe(owner, Kind.ALERT, "chest pain", fallback=1, dedupe_key=f"u5:staff0|1|{owner}")
    await bench.pass_time(5)
    assert bench.wire.texts(NIGHT_NURSE) == ["chest pain"]
    assert (await bench.account())["staff_lost"] == NOBODY
    answers.clear()
    await bench.owe(ChatId(702), Kind.ALERT, "again", fallback=1, dedupe_key="u6:staff0|1|702")
    await bench.pass_time(5)
    assert (await bench.account())["staff_lost"] is None


async def test_a_pictures_copy_is_a_picture(bench: Bench) -> None:
    """A patient's voice message for staff must not arrive at the owner as an empty text."""
    answer_by_chat(bench, lost(GROUP))
    voice = Payload(copy_chat_id=ANN, copy_message_id=TelegramMessageId(55))
    await bench.owe(GROUP, Kind.RELAY, method=Method.COPY, payload=voice)
    await bench.pass_time(5)
    copies = [(call.chat_id, call.method, call.payload) for call in bench.wire.calls[1:]]
    assert copies == [(OLGA, Method.COPY, voice), (OTTO, Method.COPY, voice)]


async def test_the_group_comes_back(bench: Bench) -> None:
    """What could wait did wait, in order; a copy to an owner does not turn `/readyz` green, the group does."""
    answers = lost(GROUP)
    answer_by_chat(bench, answers)
    for number in (1, 2):
        await bench.owe(GROUP, Kind.CARD, f"card {number}")
    await bench.owe(GROUP, Kind.ALERT, "alert")
    await bench.pass_time(120)
    assert bench.wire.texts(OLGA) == ["alert"]
    assert (await bench.account())["staff_lost"] == "gone"
    assert not (await bench.chat(GROUP))["unreachable_us"]
    answers.clear()
    bench.wire.calls.clear()
    await bench.pass_time(70)
    assert bench.wire.texts(GROUP) == ["card 1", "card 2"]
    assert (await bench.account())["staff_lost"] is None


# --- topics ---------------------------------------------------------------------------------------------------------


async def test_a_deleted_topic_is_made_anew_and_nothing_in_it_is_lost(bench: Bench) -> None:
    topic_id = await bench.new_topic(thread_id=9)
    bench.wire.default = lambda call: (
        TopicGone() if call.thread_id == 9 else Sent(10 if call.method is Method.CREATE_TOPIC else 1000 + call.id)
    )
    rows = [await bench.owe(GROUP, Kind.RELAY, f"relay {number}", topic_id=topic_id) for number in (1, 2, 3)]
    alert = await bench.owe(GROUP, Kind.ALERT, "alert", topic_id=topic_id)
    await bench.pass_time(60)
    arrived = [(call.payload.text, call.thread_id) for call in bench.wire.calls if call.thread_id != 9]
    assert sorted(arrived) == sorted(
        [("P-7F3K", None), ("alert", None), ("relay 1", None), ("relay 2", 10), ("relay 3", 10)]
    )
    assert {await bench.state(row) for row in (*rows, alert)} == {MessageState.SENT}
    creators = await bench.rows(message.c.method == Method.CREATE_TOPIC)
    assert [(row["state"], row["payload"]["text"]) for row in creators] == [(MessageState.SENT, "P-7F3K")]


async def test_what_finds_its_topic_gone_goes_to_general_as_pressing(bench: Bench) -> None:
    topic_id = await bench.new_topic(thread_id=9)
    bench.wire.answers.append(TopicGone())
    row = await bench.owe(GROUP, Kind.CARD, topic_id=topic_id)
    await bench.settle()
    stored = await bench.row(row)
    assert (stored["state"], stored["topic_id"], stored["lane"]) == (MessageState.SENT, None, Lane.EMERGENCY)


async def test_a_late_topic_gone_does_not_undo_the_new_topic(bench: Bench) -> None:
    """Two lanes met the deletion; the second answer comes when the topic exists again."""
    topic_id = await bench.new_topic(thread_id=9)
    bench.wire.by_hand = True
    alert = await bench.owe(GROUP, Kind.ALERT, "alert", topic_id=topic_id)
    relay = await bench.owe(GROUP, Kind.RELAY, "relay", topic_id=topic_id)
    for _ in range(2):
        await bench.turn()
        bench.clock.tick(timedelta(seconds=1))
    late = bench.wire.waiting.pop(relay)
    bench.wire.by_hand = False
    bench.wire.waiting.pop(alert).set_result(TopicGone())
    bench.wire.default = lambda call: Sent(10 if call.method is Method.CREATE_TOPIC else 1000 + call.id)
    for _ in range(30):
        await bench.turn()
        bench.clock.tick(timedelta(seconds=1))
    late.set_result(TopicGone())
    await bench.outbox.landed()
    await bench.pass_time(60)
    async with bench.store.read() as tx:
        assert await tx.scalar(sa.select(topic.c.thread_id)) == 10
    assert len(await bench.rows(message.c.method == Method.CREATE_TOPIC)) == 1
    assert await bench.state(relay) is MessageState.SENT


NO_TOPIC: dict[str, tuple[SendResult, MessageState]] = {
    "refused": (Refused("not_enough_rights"), MessageState.REFUSED),
    "in_doubt": (Doubtful("timeout"), MessageState.UNKNOWN),
    "bad_name": (BadMarkup("byte_0"), MessageState.REFUSED),
}


@pytest.mark.parametrize(("answer", "state"), NO_TOPIC.values(), ids=NO_TOPIC)
async def test_without_a_topic_its_messages_go_to_general(
    bench: Bench, answer: SendResult, state: MessageState
) -> None:
    """Also those written afterwards: a row nobody can ever claim is a lost message."""
    bench.wire.default = lambda call: answer if call.method is Method.CREATE_TOPIC else Sent(1000 + call.id)
    topic_id = await bench.new_topic()
    creator = await bench.owe(GROUP, Kind.CARD, method=Method.CREATE_TOPIC, topic_id=topic_id)
    before = await bench.owe(GROUP, Kind.ALERT, "before", topic_id=topic_id)
    await bench.pass_time(60)
    after = await bench.owe(GROUP, Kind.CARD, "after", topic_id=topic_id)
    await bench.pass_time(60)
    assert await bench.state(creator) is state
    assert [await bench.state(row) for row in (before, after)] == [MessageState.SENT] * 2
    assert {call.thread_id for call in bench.wire.calls} == {None}


async def test_a_group_lost_before_its_topic_was_made_still_reaches_the_owners(bench: Bench) -> None:
    answer_by_chat(bench, lost(GROUP))
    topic_id = await bench.new_topic()
    await bench.owe(GROUP, Kind.RELAY, "P-7F3K", method=Method.CREATE_TOPIC, topic_id=topic_id)
    await bench.owe(GROUP, Kind.ALERT, "chest pain", topic_id=topic_id)
    await bench.pass_time(60)
    assert bench.wire.texts(OLGA) == bench.wire.texts(OTTO) == ["chest pain"]


# --- a group that changes its id ------------------------------------------------------------------------------------


async def test_a_migrated_group_gets_everything_under_its_new_id(bench: Bench) -> None:
    bench.wire.default = lambda call: Migrated(NEW_GROUP) if call.chat_id == GROUP else Sent(1000 + call.id)
    topic_id = await bench.new_topic(thread_id=9)
    for number in range(3):
        await bench.owe(GROUP, Kind.ALERT, f"alert {number}")
    await bench.owe(GROUP, Kind.RELAY, "relay", topic_id=topic_id)
    await bench.owe(GROUP, Kind.CARD, "card", due_at=bench.clock.now() + timedelta(hours=1))
    await bench.pass_time(3700)
    assert bench.wire.texts(NEW_GROUP) == ["alert 0", "alert 1", "alert 2", "relay", "card"]
    assert (await bench.account())["staff_chat_id"] == NEW_GROUP
    assert {row["chat_id"] for row in await bench.rows()} == {NEW_GROUP}
    assert (await bench.chat(NEW_GROUP))["kind"] == "staff"
    async with bench.store.read() as tx:
        assert await tx.scalar(sa.select(topic.c.chat_id)) == NEW_GROUP


@pytest.mark.parametrize("answer", [Wait(30), NotSent("connect_error"), Migrated(NEW_GROUP)], ids=str)
async def test_a_group_may_migrate_under_a_call(bench: Bench, answer: SendResult) -> None:
    """The update about it came first; the answer then speaks of a row that has another chat by now."""
    bench.wire.by_hand = True
    row = await bench.owe(GROUP, Kind.ALERT)
    await bench.turn()
    async with bench.store.write() as tx:
        await chats.follow_migration(bench.store, tx, BOT, GROUP, NEW_GROUP, bench.clock.now_us())
    bench.wire.by_hand = False
    bench.wire.waiting.pop(row).set_result(answer)
    await bench.outbox.landed()
    await bench.turn()
    if not isinstance(answer, Migrated):
        assert (await bench.row(row))["due_us"] > bench.clock.now_us()
    await bench.pass_time(60)
    assert (await bench.row(row))["chat_id"] == NEW_GROUP
    assert await bench.state(row) is MessageState.SENT
