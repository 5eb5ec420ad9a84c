"""What becomes of a message once Telegram answered, or did not: the error table of the design. Pure.

A *row* is the message as it was claimed, with the kind of its chat (`chat_kind`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from bot.clock import SECOND_US
from bot.core.sending import Row
from bot.model import (
    KINDS,
    BadMarkup,
    BotRefused,
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

RESEND_AFTER_US = 10 * SECOND_US
"""Time for a press to prove that a message in doubt arrived after all."""
BACK_OFF_MAX_S = 60
PRESSING = frozenset({Lane.EMERGENCY, Lane.REPLY})
"""What somebody waits for."""
NEW_MESSAGES = frozenset({Method.SEND_TEXT, Method.SEND_PHOTO, Method.SEND_DOCUMENT, Method.COPY})
"""Methods that put a new message into the chat; the others change what is there."""


class Event(StrEnum):
    """What staff may have to hear about."""

    IN_DOUBT = "in_doubt"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    BAD_MARKUP = "bad_markup"
    STAFF_LOST = "staff_lost"
    TOPIC_GONE = "topic_gone"
    TOPIC_STAYS = "topic_stays"
    MEMBER_STAYS = "member_stays"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - an event, not a secret


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one row, and who hears of it."""

    state: MessageState
    reason: str
    wait_us: int | None = None
    """How long until it is tried again (domain time); None: its own time stays as it is."""
    changes: Mapping[str, object] = field(default_factory=dict)
    """Other columns of the row."""
    event: Event | None = None
    is_lost: bool = False
    """Whether somebody of the clinic had to read it and may not have: the next people get it."""


def fate_of(row: Row, answer: NotTaken) -> Fate:
    """Where the table says that a row ends which Telegram did not take, or may not have."""
    match answer:
        case Wait():
            return _again("429", int(answer.seconds * SECOND_US))
        case NotSent():
            return _back_off(row, answer.reason)
        case Doubtful():
            return _in_doubt(row, answer.reason)
        case Unreachable() if row["chat_kind"] == ChatKind.STAFF:
            return _group_lost(row, answer.reason)
        case Unreachable():
            event = Event.STAFF_LOST if row["fallback"] else Event.UNREACHABLE
            return _refused(answer.reason, event, is_lost=bool(row["fallback"]))
        case TopicGone():
            return _topic_gone(row, answer.reason)
        case BadMarkup():
            return _bad_markup(row, answer.reason)
        case Migrated():
            return Fate(MessageState.PENDING, "migrated")
        case BotRefused():
            return Fate(MessageState.PENDING, answer.reason, event=Event.TOKEN_REFUSED)
        case Refused():
            return _said_no(row, answer.reason)
    assert_never(answer)


def left_in_doubt(row: Row, reason: str) -> Fate:
    """Nobody will ever know whether it arrived: listed for staff, and an alert goes to the next people."""
    return Fate(MessageState.UNKNOWN, reason, event=Event.IN_DOUBT, is_lost=is_new_alert(row))


def is_new_alert(row: Row) -> bool:
    """Whether it alerts somebody of the clinic, and does not only change what they have read."""
    return row["kind"] == Kind.ALERT and row["method"] in NEW_MESSAGES


def _again(reason: str, wait_us: int, event: Event | None = None, **changes: object) -> Fate:
    return Fate(MessageState.PENDING, reason, wait_us, changes, event)


def _refused(reason: str, event: Event | None = None, *, is_lost: bool = False) -> Fate:
    return Fate(MessageState.REFUSED, reason, event=event, is_lost=is_lost)


def _back_off(row: Row, reason: str, event: Event | None = None) -> Fate:
    # attempt counts the one that just failed once it has been claimed: 1, 2, 4, … 60 s.
    seconds = min(BACK_OFF_MAX_S, 2 ** min(row["attempt"], 6))
    return _again(reason, seconds * SECOND_US, event)


def _in_doubt(row: Row, reason: str) -> Fate:
    if Method(row["method"]).repeatable:
        return _back_off(row, reason)
    if KINDS[Kind(row["kind"])].in_doubt is InDoubt.RESEND and not row["resent"]:
        return _again(f"in_doubt:{reason}", RESEND_AFTER_US, resent=True)
    return left_in_doubt(row, reason)


def _group_lost(row: Row, reason: str) -> Fate:
    """The group cannot be written to: what is pressing goes to people; cards and digests wait until it is back."""
    if row["method"] not in NEW_MESSAGES:
        return _refused(reason)
    if row["lane"] not in PRESSING:
        return _back_off(row, reason, Event.STAFF_LOST)
    return _refused(reason, Event.STAFF_LOST, is_lost=True)


def _topic_gone(row: Row, reason: str) -> Fate:
    """To the group's General at once; what the topic was for is refused with it."""
    if row["topic_id"] is None:
        return _said_no(row, reason)
    if row["target_id"] is not None or row["method"] in {Method.CREATE_TOPIC, Method.EDIT_TOPIC}:
        return _refused(reason)
    return _again(reason, 0, topic_id=None, lane=Lane.EMERGENCY)


def _bad_markup(row: Row, reason: str) -> Fate:
    payload = Payload.from_json(row["payload"])
    if row["lane"] in PRESSING and not payload.plain:
        return _again("sent_plain", 0, Event.BAD_MARKUP, payload=replace(payload, plain=True).to_json())
    return _refused(reason, Event.BAD_MARKUP, is_lost=is_new_alert(row))


def _said_no(row: Row, reason: str) -> Fate:
    match row["method"]:
        case Method.DELETE_TOPIC:  # that needs another right than making one
            return _again(reason, 0, Event.TOPIC_STAYS, method=Method.EDIT_TOPIC)
        case Method.PUT_OUT:
            return _refused(reason, Event.MEMBER_STAYS)
        case _ if row["target_id"] is not None:
            return _refused(reason)
        case _:
            return _refused(reason, Event.REFUSED, is_lost=is_new_alert(row))
