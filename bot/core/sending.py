"""Whether a message may go now, has to wait, or never goes; and what goes on the wire. Pure.

A *row* is a message that nothing has to come before, with what its chat, the message it changes, its announcement and
its plan say at this moment, as `store.claiming.claimable` reads them under lock: whoever said stop is not written to.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from bot.announcement import State
from bot.clock import NEVER_US, from_us, to_us
from bot.model import (
    DAILY_CAP,
    KINDS,
    Call,
    ChatId,
    ChatKind,
    Kind,
    Lane,
    MessageId,
    MessageState,
    Method,
    Payload,
    SendWhy,
)

Row: TypeAlias = Mapping[Any, Any]
"""Columns by name."""
_WITH_OUR_WORDS = frozenset({Method.SEND_TEXT, Method.SEND_PHOTO, Method.SEND_DOCUMENT})


class Policy(Protocol):
    """What the clinic's content says about sending; asked at the moment of sending."""

    def quiet_until(self, at: datetime, zone: str | None) -> datetime | None:
        """The end of the quiet hours that `at` falls into, in this zone (None: the clinic's); None outside them."""

    def announced_from(self, at: datetime, any_hour: bool) -> datetime:
        """The first moment from `at` on at which announcements go out. `any_hour`: in the evening too."""

    def day_start(self, at: datetime, zone: str | None) -> datetime:
        """Local midnight before `at`."""

    def resent_line(self) -> str:
        """What a repeated message begins with."""


def held_back(row: Row, now_us: int, begun_today: int) -> SendWhy | None:
    """Why it must not go at all, or None. `now_us`: domain time.

    `begun_today`: how many messages the bot began by itself in this chat since its midnight.
    """
    if row["target_id"] is not None and row["target_state"] != MessageState.SENT:
        return SendWhy.TARGET_LOST
    if row["opted_out"] and row["method"] != Method.DELETE:  # what is taken back does not write to anybody
        return SendWhy.OPTED_OUT
    if row["broadcast_state"] == State.CANCELLED and row["target_id"] is None:
        return SendWhy.CALLED_OFF
    if row["paused"] and row["target_id"] is None:
        return SendWhy.PAUSED
    if row["plan_paused"] and row["target_id"] is None:
        return SendWhy.PLAN_PAUSED
    if row["expires_us"] is not None and row["expires_us"] <= now_us:
        return SendWhy.EXPIRED
    if row["unreachable_us"] is not None and row["chat_kind"] == ChatKind.PRIVATE:
        return SendWhy.UNREACHABLE
    return SendWhy.DAILY_CAP if counts_today(row) and begun_today >= DAILY_CAP else None


def waits_until_us(row: Row, now_us: int, policy: Policy) -> int | None:
    """The domain time it has to wait for by the clinic's rules, or None. Limits of sending are the outbox's.

    Raises ValueError or LookupError when the chat's time zone is none.
    """
    if row["target_id"] is not None:
        return None
    if row["broadcast_state"] == State.PAUSED:
        return NEVER_US  # it was on the wire when the announcement was paused, and came back
    if not KINDS[Kind(row["kind"])].quiet_hours:
        return None
    until = policy.quiet_until(from_us(now_us), row["zone"])
    if until is not None and row["kind"] == Kind.BROADCAST:
        until = policy.announced_from(until, row["any_hour"])
    return None if until is None else to_us(until)


def counts_today(row: Row) -> bool:
    """Whether it is one of the few messages a day that the bot may begin by itself."""
    return KINDS[Kind(row["kind"])].daily_cap and row["target_id"] is None and not row["resent"]


def is_warning(row: Row) -> bool:
    """Whether it is an emergency text to a patient, which waits for no gap between messages."""
    return row["lane"] == Lane.EMERGENCY and row["chat_kind"] == ChatKind.PRIVATE and not row["fallback"]


def as_call(row: Row, resent_line: str, file_bytes: bytes | None) -> Call:
    """What goes on the wire. `file_bytes`: of an attachment that Telegram has no copy of yet.

    Raises ValueError when the payload is not of a version we write.
    """
    payload = Payload.from_json(row["payload"])
    method = Method(row["method"])
    if row["resent"] and method in _WITH_OUR_WORDS:
        payload = replace(payload, text=f"{resent_line}\n\n{payload.text}")
    return Call(
        id=MessageId(row["id"]),
        chat_id=ChatId(row["chat_id"]),
        method=method,
        payload=payload,
        resent=row["resent"],
        target=row["target_tg_id"],
        button_owner=MessageId(row["target_id"] or row["id"]),
        reply_to=row["reply_to_id"],
        thread_id=row["thread_id"],
        file_id=row["file_id"],
        file_bytes=file_bytes,
        file_name=row["file_name"],
    )
