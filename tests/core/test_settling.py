"""The error table for every kind of message, method, place and answer: what must hold whatever else it says.

What each answer leads to in the database is in `tests/delivery/test_settle.py`.
"""

from itertools import product
from typing import Any

import pytest

from bot.clock import SECOND_US
from bot.core.settling import BACK_OFF_MAX_S, NEW_MESSAGES, Event, Fate, fate_of, left_in_doubt
from bot.model import (
    KINDS,
    BadMarkup,
    BotRefused,
    ChatId,
    ChatKind,
    Doubtful,
    InDoubt,
    Kind,
    Lane,
    MessageState,
    Method,
    Migrated,
    NotSent,
    NotTaken,
    Payload,
    Refused,
    TopicGone,
    Unreachable,
    Wait,
)

ANSWERS: tuple[NotTaken, ...] = (
    Wait(5),
    NotSent("connect_error"),
    Doubtful("timeout"),
    Unreachable("kicked"),
    TopicGone(),
    BadMarkup("byte_3"),
    Migrated(ChatId(-100)),
    BotRefused("token_refused"),
    Refused("too_long"),
)
OVER = {MessageState.REFUSED, MessageState.UNKNOWN}
CHANGES = {Method.EDIT_TEXT, Method.EDIT_MARKUP, Method.DELETE}


def a_row(kind: Kind, method: Method, **differs: Any) -> dict[str, Any]:
    plain = {
        "kind": kind,
        "method": method,
        "lane": KINDS[kind].lane,
        "chat_kind": ChatKind.PRIVATE,
        "payload": Payload("Hello").to_json(),
        "target_id": 5 if method in CHANGES else None,
        "topic_id": None,
        "fallback": 0,
        "attempt": 1,
        "resent": False,
    }
    return plain | differs


def everything() -> list[tuple[dict[str, Any], NotTaken]]:
    """Each way a row can be, with each answer."""
    places: tuple[dict[str, Any], ...] = (
        {},
        {"fallback": 1},
        {"chat_kind": ChatKind.STAFF},
        {"chat_kind": ChatKind.STAFF, "topic_id": 3},
    )
    return [
        (a_row(kind, method, **place, resent=resent), answer)
        for kind, method, place, resent, answer in product(Kind, Method, places, (False, True), ANSWERS)
    ]


ALL = everything()


def test_a_row_is_over_or_pending_and_says_why() -> None:
    fates = [fate_of(row, answer) for row, answer in ALL]
    assert {fate.state for fate in fates} == OVER | {MessageState.PENDING}
    assert all(fate.reason for fate in fates)
    assert all(fate.wait_us is None for fate in fates if fate.state in OVER)


def test_an_alert_that_may_not_have_been_read_goes_on_to_the_next_people() -> None:
    for row, answer in ALL:
        fate = fate_of(row, answer)
        is_alert = row["kind"] == Kind.ALERT and row["method"] in NEW_MESSAGES
        if is_alert and fate.state in OVER and (row["chat_kind"] == ChatKind.STAFF or row["fallback"]):
            assert fate.is_lost, (row, answer)
        if fate.is_lost:
            assert fate.state in OVER


def test_a_new_message_never_ends_without_anybody_hearing_of_it() -> None:
    unheard = [
        (row, answer)
        for row, answer in ALL
        if row["method"] in NEW_MESSAGES and (fate := fate_of(row, answer)).state in OVER and fate.event is None
    ]
    assert unheard == []


def test_what_may_have_arrived_is_sent_again_once_at_most_and_announcements_never() -> None:
    for row, answer in ALL:
        fate = fate_of(row, answer)
        again = bool(fate.changes.get("resent"))
        may_be = isinstance(answer, Doubtful) and not row["method"].repeatable and not row["resent"]
        assert again == (may_be and KINDS[row["kind"]].in_doubt is InDoubt.RESEND)
        if isinstance(answer, Doubtful) and row["method"].repeatable:  # done twice is as done once
            assert (fate.state, fate.event) == (MessageState.PENDING, None)


def test_what_surely_did_not_leave_is_tried_for_ever_ever_more_slowly() -> None:
    waits = [fate_of(a_row(Kind.REPLY, Method.SEND_TEXT, attempt=tries), NotSent("down")) for tries in range(9)]
    assert [fate.wait_us for fate in waits] == [
        min(BACK_OFF_MAX_S, seconds) * SECOND_US for seconds in (1, 2, 4, 8, 16, 32, 64, 64, 64)
    ]


@pytest.mark.parametrize("method", [Method.CREATE_TOPIC, Method.EDIT_TOPIC])
def test_what_was_for_a_topic_that_is_gone_ends_and_words_in_it_go_to_general(method: Method) -> None:
    gone = {"chat_kind": ChatKind.STAFF, "topic_id": 3}
    assert fate_of(a_row(Kind.CARD, method, **gone), TopicGone()).state is MessageState.REFUSED
    fate = fate_of(a_row(Kind.CARD, Method.SEND_TEXT, **gone), TopicGone())
    assert fate == Fate(MessageState.PENDING, "topic_gone", 0, {"topic_id": None, "lane": Lane.EMERGENCY})


def test_markup_that_is_refused_goes_once_more_as_plain_words() -> None:
    first = a_row(Kind.REPLY, Method.SEND_TEXT)
    fate = fate_of(first, BadMarkup("byte_3"))
    assert (fate.state, fate.event) == (MessageState.PENDING, Event.BAD_MARKUP)
    assert fate_of(first | dict(fate.changes), BadMarkup("byte_3")).state is MessageState.REFUSED


def test_only_new_alerts_that_stay_in_doubt_go_to_the_next_people() -> None:
    lost = {(kind, method) for kind, method in product(Kind, Method) if left_in_doubt(a_row(kind, method), "x").is_lost}
    assert lost == {(Kind.ALERT, method) for method in NEW_MESSAGES}
