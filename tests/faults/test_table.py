"""The error table of the design (section 4), met on the wire: every fault, every kind of message, all the way through.

What is expected stands here as data, read off the design. `tests/delivery` has the same table with a scripted wire;
here the answers are HTTP, or the lack of it, and what counts is what people have on their screens in the end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

import httpx
import pytest
import sqlalchemy as sa

from bot.model import ChatId, Kind, MessageId, MessageState
from bot.simulator.errors import ApiError
from bot.simulator.faults import (
    Fault,
    forbid,
    garbage,
    lose_answer,
    lose_request,
    no_connection,
    refuse,
    server_error,
    too_many,
    unauthorized,
)
from bot.simulator.storm import BAD_HTML
from bot.simulator.ward import Ward
from bot.store.chats import patient_of
from bot.store.tables import chat
from tests.faults.conftest import SLOW_ON_POSTGRES

pytestmark = SLOW_ON_POSTGRES

RESENT = "Sending this again in case it did not arrive."
WORDS = "Words of one kind or another."
WHY = "whatever the answer says"
P, S, R, U = MessageState.PENDING, MessageState.SENT, MessageState.REFUSED, MessageState.UNKNOWN


@dataclass(frozen=True)
class Fate:
    """What became of one message, and who knows."""

    state: MessageState
    reason: str | None = None
    resent: bool = False
    copies: int = 0
    """Of its words, where it was meant to go, as if for the first time…"""
    again: int = 0
    """…and with a line that says it may be there already."""
    instead: str = ""
    """Who got its words in place of the group."""
    told: str = ""
    """Who heard that something went wrong with it: staff in the group, owner, nurse (on call)."""
    unreachable: bool = False
    red: str = ""
    """The checks of `/readyz` that fail."""

    def because(self, why: str) -> "Fate":
        """With the reason filled in."""
        return replace(self, reason=why) if self.reason == WHY else self

    @property
    def later(self) -> "Fate":
        """When Telegram is well again: what was pending arrives, and what is over is over."""
        return replace(self, state=S, reason=None, copies=1, red="") if self.state is P else self


class To(StrEnum):
    """Whom a message is for, as far as the table cares."""

    PATIENT = "patient"
    PLANNED = "planned"
    MANY = "many"
    ALERT = "alert"
    STAFF = "staff"
    STAFF_LATER = "staff_later"
    """What can wait until the group is back."""


KINDS = {
    To.PATIENT: (Kind.EMERGENCY, Kind.REPLY, Kind.RELAY),
    To.PLANNED: (Kind.CHECK_IN, Kind.REMINDER),
    To.MANY: (Kind.BROADCAST,),
    To.ALERT: (Kind.ALERT,),
    To.STAFF: (Kind.RELAY,),
    To.STAFF_LATER: (Kind.CARD, Kind.DIGEST),
}
PRIVATE, GROUP = (To.PATIENT, To.PLANNED, To.MANY), (To.ALERT, To.STAFF, To.STAFF_LATER)

ARRIVES = Fate(S, copies=1)
WAITS = Fate(P, WHY)


@dataclass(frozen=True)
class Row:
    """One row of the table: what comes of it when it happens once, and while it lasts."""

    once: Mapping[To, Fate]
    lasting: Mapping[To, Fate]


def everybody(fate: Fate) -> dict[To, Fate]:
    return dict.fromkeys(To, fate)


NEVER_LEFT = Row(everybody(ARRIVES), everybody(WAITS))
TOO_MANY = Row(everybody(ARRIVES), everybody(WAITS))
LOST = Row(
    # Silence is the harm: once more, saying so. For a broadcast a copy is the harm: it is held and listed.
    {**everybody(Fate(S, resent=True, again=1)), To.MANY: Fate(U, WHY, told="staff")},
    {
        **everybody(Fate(U, WHY, resent=True, told="staff")),
        To.MANY: Fate(U, WHY, told="staff"),
        To.ALERT: Fate(U, WHY, resent=True, instead="owner"),
        To.STAFF: Fate(U, WHY, resent=True, told="owner"),
        To.STAFF_LATER: Fate(U, WHY, resent=True),
    },
)
ARRIVED_UNHEARD = Row(
    {**everybody(Fate(S, resent=True, copies=1, again=1)), To.MANY: Fate(U, WHY, copies=1, told="staff")},
    {
        **everybody(Fate(U, WHY, resent=True, copies=1, again=1, told="staff")),
        To.MANY: Fate(U, WHY, copies=1, told="staff"),
        To.ALERT: Fate(U, WHY, resent=True, copies=1, again=1, instead="owner"),
        To.STAFF: Fate(U, WHY, resent=True, copies=1, again=1, told="owner"),
        To.STAFF_LATER: Fate(U, WHY, resent=True, copies=1, again=1),
    },
)
_NO_GROUP = Fate(R, WHY, instead="owner", told="owner", red="staff_group")
OUT_OF_REACH = Row(
    {
        **everybody(Fate(R, WHY, told="staff", unreachable=True)),
        # Nobody counts on a broadcast: staff need not hear of each of a thousand patients who left.
        To.MANY: Fate(R, WHY, unreachable=True),
        To.ALERT: _NO_GROUP,
        To.STAFF: _NO_GROUP,
        To.STAFF_LATER: Fate(S, copies=1, told="owner"),
    },
    {
        **everybody(Fate(R, WHY, told="staff", unreachable=True)),
        To.MANY: Fate(R, WHY, unreachable=True),
        To.ALERT: _NO_GROUP,
        To.STAFF: _NO_GROUP,
        To.STAFF_LATER: Fate(P, WHY, told="owner", red="staff_group"),
    },
)
BAD_MARKUP = Row(
    {
        To.PATIENT: Fate(S, copies=1, told="staff"),
        To.PLANNED: Fate(R, WHY, told="staff"),
        To.MANY: Fate(R, WHY, told="staff"),
        To.ALERT: Fate(S, copies=1),
        To.STAFF: Fate(S, copies=1),
        To.STAFF_LATER: Fate(R, WHY),
    },
    {},  # Plain words have no HTML: tests/delivery says what happens if Telegram insists, test_alerts for alerts
)
_NO = {
    **everybody(Fate(R, WHY, told="staff")),
    To.ALERT: Fate(R, WHY, instead="owner"),
    To.STAFF: Fate(R, WHY, told="owner"),
    To.STAFF_LATER: Fate(R, WHY),
}
NO = Row(_NO, _NO)
TOKEN = Row(everybody(Fate(P, WHY, red="sending")), everybody(Fate(P, WHY, red="sending")))

FAULTS: dict[str, tuple[Fault, Row, str]] = {
    "connection_refused": (no_connection(), NEVER_LEFT, "connect_error"),
    "connect_timeout": (no_connection(httpx.ConnectTimeout), NEVER_LEFT, "connect_timeout"),
    "no_free_connection": (no_connection(httpx.PoolTimeout), NEVER_LEFT, "pool_timeout"),
    "proxy_refuses": (no_connection(httpx.ProxyError), NEVER_LEFT, "proxy_error"),
    "dropped_before_write": (lose_request(), LOST, "write_error"),
    "dropped_while_waiting": (lose_request(httpx.ReadError), LOST, "read_error"),
    "write_timeout": (lose_request(httpx.WriteTimeout), LOST, "write_timeout"),
    "read_timeout_not_taken": (lose_request(httpx.ReadTimeout), LOST, "read_timeout"),
    "500": (server_error(500), LOST, "http_500"),
    "502": (server_error(502), LOST, "http_502"),
    "not_json": (garbage(), LOST, "invalid_server_response"),
    "a_hotels_login_page": (garbage(b"<html>", 403), LOST, "http_403_not_from_telegram"),
    "409": (Fault(error=ApiError(409, "Conflict: terminated")), LOST, "conflict"),
    "read_timeout": (lose_answer(), ARRIVED_UNHEARD, "read_timeout"),
    "dropped_after_write": (lose_answer(httpx.ReadError), ARRIVED_UNHEARD, "read_error"),
    "answer_cut_off": (lose_answer(httpx.RemoteProtocolError), ARRIVED_UNHEARD, "remote_protocol_error"),
    "502_but_taken": (server_error(502, acted=True), ARRIVED_UNHEARD, "http_502"),
    "not_json_but_taken": (garbage(acted=True), ARRIVED_UNHEARD, "invalid_server_response"),
    "429": (too_many(5), TOO_MANY, "429"),
    "429_long": (too_many(45), TOO_MANY, "429"),
    "blocked": (forbid(), OUT_OF_REACH, "bot_was_blocked_by_the_user"),
    "account_deleted": (forbid("user is deactivated"), OUT_OF_REACH, "user_is_deactivated"),
    "chat_not_found": (refuse("chat not found"), OUT_OF_REACH, "chat_not_found"),
    "removed": (
        forbid("bot was kicked from the supergroup chat"),
        OUT_OF_REACH,
        "bot_was_kicked_from_the_supergroup_chat",
    ),
    "may_not_write": (
        refuse("not enough rights to send text messages to the chat"),
        OUT_OF_REACH,
        "not_enough_rights_to_send_text_messages_to_the_chat",
    ),
    "bad_html": (refuse(BAD_HTML), BAD_MARKUP, "byte_3"),
    "another_400": (refuse("PEER_FLOOD"), NO, "peer_flood"),
    "401": (unauthorized(), TOKEN, "token_refused"),
    "404": (Fault(error=ApiError(404, "Not Found")), TOKEN, "token_refused"),
}

SORTS = (
    "connection_refused",
    "502",
    "read_timeout",
    "429_long",
    "blocked",
    "removed",
    "bad_html",
    "another_400",
    "401",
)
"""One fault for each row of the table; the others end in the same row and are tried only in the long run."""
NOT_TO_GROUPS = {"blocked", "account_deleted"}
NOT_TO_PATIENTS = {"removed", "may_not_write"}
STOPS_THE_BOT = {"429", "429_long", "401", "404"}
"""With these in its way each message is tried alone."""
LASTS_S = 60.0


@dataclass
class Trial:
    """One message with a fault in its way."""

    ward: Ward
    to: To
    kind: Kind
    chat_id: int
    staff: int
    owner: int
    code: str = ""
    """The patient's."""
    row_id: MessageId | None = None

    @property
    def words(self) -> str:
        return f"Words of one {self.kind}."

    async def begin(self, fault: Fault, times: int | None) -> None:
        """Owe it, with the fault in its way."""
        self.ward.weather.add(fault, chat_id=self.chat_id, times=times)
        self.row_id = await self.ward.owe(self.chat_id, self.kind, self.words)

    async def fate(self) -> Fate:
        """As it is now."""
        assert self.row_id is not None
        row = await self.ward.row(self.row_id)
        texts = [message.text for message in self.ward.house.world.from_bot(self.chat_id) if self.words in message.text]
        again = sum(text.startswith(RESENT) for text in texts)
        async with self.ward.store.read() as tx:
            unreachable_us = await tx.scalar(sa.select(chat.c.unreachable_us).where(chat.c.chat_id == self.chat_id))
        return Fate(
            MessageState(row["state"]),
            row["reason"],
            row["resent"],
            len(texts) - again,
            again,
            self._those_with(lambda text: self.words in text),
            self._those_with(self._is_notice),
            unreachable_us is not None,
            " ".join(sorted(await self.ward.red())),
        )

    def _those_with(self, has: Callable[[str], bool]) -> str:
        """Who else has such a text."""
        chats = {"staff": self.staff, "owner": self.owner, "nurse": self.ward.nurse.chat_id}
        world = self.ward.house.world
        return " ".join(
            who
            for who, chat_id in chats.items()
            if chat_id != self.chat_id and any(has(message.text) for message in world.from_bot(chat_id))
        )

    def _is_notice(self, text: str) -> bool:
        """Whether it is about this message. A message to the group is tried alone, so there everything is."""
        return self.words not in text and (self.to in GROUP or self.code in text or str(self.row_id) in text.split())


async def new_trials(ward: Ward, columns: Sequence[To]) -> list[Trial]:
    """One of each kind to patients of their own."""
    group, owner = await ward.new_staff()
    trials = []
    for to, kind in [(column, kind) for column in columns for kind in KINDS[column]]:
        person = await ward.new_patient()
        async with ward.store.read() as tx:
            patient = await patient_of(tx, ward.bot_id, ChatId(person.chat_id))
        assert patient is not None
        trials.append(Trial(ward, to, kind, person.chat_id, group.chat_id, owner.chat_id, patient.code))
    return trials


async def midday(ward: Ward) -> None:
    """The next one, in fine weather, with what the days bring over: quiet hours are another test's business."""
    ward.weather.clear()
    now = ward.clock.now()
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    ward.clock.tick(noon + timedelta(days=0 if now <= noon else 1) - now)
    await ward.house.settle(0)


Seen: TypeAlias = dict[Kind, Fate]


async def try_all(ward: Ward, trials: list[Trial], fault: Fault, times: int | None) -> tuple[Seen, Seen]:
    """What becomes of them within a minute, and after Telegram is well again and somebody saw to the token."""
    for trial in trials:
        await trial.begin(fault, times)
    await ward.sender.pass_time(seconds=LASTS_S)
    then = {trial.kind: await trial.fate() for trial in trials}
    ward.weather.clear()
    await ward.operator_mends()
    await ward.sender.pass_time(seconds=120)
    return then, {trial.kind: await trial.fate() for trial in trials}


async def compare(name: str, trials: list[Trial], times: int | None) -> None:
    """Hold what is seen against the table."""
    fault, row, why = FAULTS[name]
    fates = row.once if times else row.lasting
    expected = {trial.kind: fates[trial.to].because(why) for trial in trials}
    seen, later = await try_all(trials[0].ward, trials, fault, times)
    assert seen == expected
    assert later == {kind: fate.later for kind, fate in expected.items()}


def each_fault(but: set[str]) -> pytest.MarkDecorator:
    """Every fault, once and lasting."""
    cases = [
        pytest.param(
            name,
            times,
            id=f"{name}-{'once' if times else 'lasting'}",
            marks=[] if name in SORTS else [pytest.mark.slow],
        )
        for name, (_, row, _) in FAULTS.items()
        for times in (1, None)
        if name not in but and (times or row.lasting)
    ]
    return pytest.mark.parametrize(("name", "times"), cases)


@each_fault(NOT_TO_PATIENTS)
async def test_to_one_patient(ward: Ward, name: str, times: int | None) -> None:
    await midday(ward)
    trials = await new_trials(ward, [To.PATIENT, To.PLANNED])
    for some in [[trial] for trial in trials] if name in STOPS_THE_BOT else [trials]:
        await compare(name, some, times)


@each_fault(NOT_TO_PATIENTS)
async def test_to_many_patients(ward: Ward, name: str, times: int | None) -> None:
    await midday(ward)
    await compare(name, await new_trials(ward, [To.MANY]), times)


@pytest.mark.parametrize("to", GROUP)
@each_fault(NOT_TO_GROUPS)
async def test_to_the_group(ward: Ward, name: str, to: To, times: int | None) -> None:
    await midday(ward)
    for kind in KINDS[to]:
        group, owner = await ward.new_staff()
        await compare(name, [Trial(ward, to, kind, group.chat_id, group.chat_id, owner.chat_id)], times)


# --- the group moves, and its topics go ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for to in GROUP for kind in KINDS[to]])
async def test_a_group_that_moved(ward: Ward, kind: Kind) -> None:
    """Its old id answers with the new one, before any update has told of it."""
    await midday(ward)
    group, owner = await ward.new_staff(basic=True)
    moved = group.migrate(group.add(owner))
    row_id = await ward.owe(group.chat_id, kind, WORDS)
    await ward.sender.pass_time(minutes=1)
    row = await ward.row(row_id)
    assert (row["state"], row["chat_id"], row["attempt"]) == (S, moved.chat_id, 2)
    assert [message.text for message in ward.house.world.from_bot(moved.chat_id)] == [WORDS]
    assert (await ward.account())["staff_chat_id"] == moved.chat_id
    assert (ward.house.world.from_bot(owner.chat_id), await ward.red()) == ([], set())


@pytest.mark.parametrize("kind", [kind for to in GROUP for kind in KINDS[to]])
async def test_a_topic_that_was_deleted(ward: Ward, kind: Kind) -> None:
    """The message that finds out goes to General at once, the next one into the topic that was made anew."""
    await midday(ward)
    group, owner = await ward.new_staff()
    gone = group.open_topic("P-7F3K", group.add(owner))
    topic_id = await ward.new_topic(group, gone.thread_id)
    group.delete_topic(gone.thread_id)
    rows = [await ward.owe(group.chat_id, kind, f"{WORDS} {number}", topic_id=topic_id) for number in (1, 2)]
    await ward.sender.pass_time(minutes=1)
    assert [(await ward.row(row))["state"] for row in rows] == [S, S]
    (anew,) = (topic.thread_id for topic in group.chat.topics.values() if not topic.deleted)
    shown = {message.text: message.thread_id for message in ward.house.world.from_bot(group.chat_id)}
    assert shown == {f"{WORDS} 1": None, f"{WORDS} 2": anew}
    assert (ward.house.world.from_bot(owner.chat_id), await ward.red()) == ([], set())


# --- what is asked, not sent ----------------------------------------------------------------------------------------

DEAF = {
    "409": "another program polls with this token",
    "401": "Telegram refuses the token",
    "404": "Telegram refuses the token",
}


@pytest.mark.parametrize("name", DEAF)
async def test_polling_stops_and_says_so(ward: Ward, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff hear that nobody is heard any more, as far as anything can still be sent, and `/readyz` is red."""
    await midday(ward)
    group, _ = await ward.new_staff()
    app = ward.house.app
    ward.weather.add(FAULTS[name][0], method="getUpdates", times=None)
    monkeypatch.setattr(app, "intake_trouble", "")
    await app._intake()
    await ward.sender.pass_time(minutes=1)
    assert (await app.health()).checks["intake"] == DEAF[name]
    assert [message.text.splitlines()[0] for message in ward.house.world.from_bot(group.chat_id)] == [
        "I no longer hear from patients"
    ]
