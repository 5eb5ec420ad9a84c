"""Whether a message may go now, as a table: one row that may, and what stops it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.announcement import State
from bot.clock import NEVER_US, to_us
from bot.core.sending import as_call, held_back, is_warning, waits_until_us
from bot.model import DAILY_CAP, ChatKind, Kind, Lane, MessageState, Method, Payload, SendWhy

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
NOW_US = to_us(NOW)
MORNING, NOON = NOW + timedelta(hours=8), NOW + timedelta(hours=12, minutes=30)
PLAIN = {
    "id": 7,
    "chat_id": 11,
    "chat_kind": ChatKind.PRIVATE,
    "kind": Kind.CHECK_IN,
    "lane": Lane.SCHEDULED,
    "method": Method.SEND_TEXT,
    "payload": Payload("Hello").to_json(),
    "target_id": None,
    "target_state": None,
    "target_tg_id": None,
    "opted_out": False,
    "broadcast_state": None,
    "any_hour": None,
    "paused": False,
    "plan_paused": False,
    "expires_us": None,
    "unreachable_us": None,
    "resent": False,
    "fallback": 0,
    "zone": None,
    "reply_to_id": None,
    "thread_id": None,
    "file_id": None,
    "file_name": None,
}
EDIT = {"method": Method.EDIT_TEXT, "target_id": 5, "target_state": MessageState.SENT, "target_tg_id": 50}
COPY = {"kind": Kind.BROADCAST, "lane": Lane.BROADCAST, "any_hour": False}


class Night:
    """Until eight in the morning, and announcements from noon on."""

    def quiet_until(self, at: datetime, zone: str | None) -> datetime | None:
        return MORNING if at < MORNING else None

    def announced_from(self, at: datetime, any_hour: bool) -> datetime:
        return at if any_hour else NOON

    def day_start(self, at: datetime, zone: str | None) -> datetime:
        return at

    def resent_line(self) -> str:
        return "Again, in case it did not arrive:"


HELD: dict[str, tuple[dict[str, Any], int, SendWhy | None]] = {
    "nothing in its way": ({}, 0, None),
    "stop": ({"opted_out": True}, 0, SendWhy.OPTED_OUT),
    "what is taken back, after a stop": (EDIT | {"opted_out": True, "method": Method.DELETE}, 0, None),
    "another edit, after a stop": (EDIT | {"opted_out": True}, 0, SendWhy.OPTED_OUT),
    "an edit of what never went": (EDIT | {"target_state": MessageState.REFUSED}, 0, SendWhy.TARGET_LOST),
    "a copy of what is called off": (COPY | {"broadcast_state": State.CANCELLED}, 0, SendWhy.CALLED_OFF),
    "an edit of such a copy": (COPY | EDIT | {"broadcast_state": State.CANCELLED}, 0, None),
    "an alert is open": ({"paused": True}, 0, SendWhy.PAUSED),
    "an edit while an alert is open": (EDIT | {"paused": True}, 0, None),
    "a plan is paused": (COPY | {"plan_paused": True}, 0, SendWhy.PLAN_PAUSED),
    "its last moment": ({"expires_us": NOW_US}, 0, SendWhy.EXPIRED),
    "a moment before that": ({"expires_us": NOW_US + 1}, 0, None),
    "blocked by the patient": ({"unreachable_us": 1}, 0, SendWhy.UNREACHABLE),
    "a group is never out of reach": ({"unreachable_us": 1, "chat_kind": ChatKind.STAFF, "kind": Kind.CARD}, 0, None),
    "one too many today": ({}, DAILY_CAP, SendWhy.DAILY_CAP),
    "the last of today": ({}, DAILY_CAP - 1, None),
    "a reply does not count": ({"kind": Kind.REPLY}, DAILY_CAP, None),
    "nor an edit": (EDIT, DAILY_CAP, None),
    "a repeat was counted before": ({"resent": True}, DAILY_CAP, None),
    "stop is the reason, of several": ({"opted_out": True, "paused": True, "expires_us": 0}, 9, SendWhy.OPTED_OUT),
}


@pytest.mark.parametrize(("differs", "begun_today", "why"), HELD.values(), ids=HELD)
def test_what_holds_a_message_back_for_good(differs: dict[str, Any], begun_today: int, why: SendWhy | None) -> None:
    assert held_back(PLAIN | differs, NOW_US, begun_today) is why


WAITS: dict[str, tuple[dict[str, Any], datetime | None]] = {
    "a check-in waits for the morning": ({}, MORNING),
    "an announcement until announcements go out": (COPY, NOON),
    "one that may come at any hour does not": (COPY | {"any_hour": True}, MORNING),
    "whoever wrote gets an answer at night": ({"kind": Kind.REPLY}, None),
    "what is there may be changed at night": (EDIT, None),
}


@pytest.mark.parametrize(("differs", "until"), WAITS.values(), ids=WAITS)
def test_what_waits_for_the_morning(differs: dict[str, Any], until: datetime | None) -> None:
    assert waits_until_us(PLAIN | differs, NOW_US, Night()) == (None if until is None else to_us(until))
    assert waits_until_us(PLAIN | differs, to_us(NOON), Night()) is None


def test_a_copy_of_a_paused_announcement_waits_and_its_edits_do_not() -> None:
    held = PLAIN | COPY | {"broadcast_state": State.PAUSED}
    assert waits_until_us(held, to_us(NOON), Night()) == NEVER_US
    assert waits_until_us(held | EDIT, to_us(NOON), Night()) is None


def test_only_an_emergency_text_to_a_patient_waits_for_no_gap() -> None:
    urgent = PLAIN | {"lane": Lane.EMERGENCY}
    assert is_warning(urgent)
    assert not any(
        is_warning(urgent | other) for other in ({"lane": Lane.REPLY}, {"chat_kind": ChatKind.STAFF}, {"fallback": 1})
    )


def test_a_repeat_says_so_unless_its_words_are_not_ours() -> None:
    line = Night().resent_line()
    said = {method: as_call(PLAIN | {"method": method, "resent": True}, line, None).payload.text for method in Method}
    ours = {Method.SEND_TEXT, Method.SEND_PHOTO, Method.SEND_DOCUMENT}
    assert said == {method: f"{line}\n\nHello" if method in ours else "Hello" for method in Method}
    assert as_call(PLAIN, line, None).payload.text == "Hello"


def test_buttons_of_an_edit_are_those_of_the_message_that_is_edited() -> None:
    assert as_call(PLAIN, "", None).button_owner == 7
    assert as_call(PLAIN | EDIT, "", None).button_owner == 5
    assert as_call(PLAIN | EDIT, "", None).target == 50
