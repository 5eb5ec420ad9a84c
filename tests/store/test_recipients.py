"""Who gets an announcement: whom an audience means, who is left out and why, and one row for each chat."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.announcement import Audience, LeftOut
from bot.care import UNDONE, PlanState
from bot.clock import DAY_US, HOUR_US, ManualClock, to_us
from bot.model import ChatId, ChatKind, DueState, Kind, MessageState, Outgoing, PatientId, Payload, Scope
from bot.store import broadcasts, chats, enrolling, erasing, erasures, messages, new_phone, recipients
from bot.store.care import CHECK_IN
from bot.store.contacts import Contacts
from bot.store.engine import Store, Tx
from bot.store.recipients import Meant
from bot.store.tables import alert, chat, due, enrolment, erasure, message, patient_chat, recipient
from tests.agreed import BOT, agreed, announcement, patient_in, plan_of

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday, where the clock stands
NOW_US = to_us(NOW)
TOMORROW_US = NOW_US + DAY_US
COPY = None
"""Why somebody is left out who gets a copy."""


def everyone(**values: Any) -> Meant:
    return Meant(NOW_US, **values)


async def count(store: Store, meant: Meant) -> dict[LeftOut | None, int]:
    async with store.read() as tx:
        return await recipients.count(tx, BOT, meant)


async def frozen(store: Store, meant: Meant, limit: int = 100) -> tuple[int, dict[int, sa.RowMapping]]:
    """An announcement whose recipients were written down, `limit` at a time, and their rows by chat."""
    async with store.write() as tx:
        broadcast_id = await announcement(tx, NOW_US)
    after: ChatId | None = ChatId(0)
    while after is not None:
        async with store.write() as tx:
            after = await recipients.freeze(store, tx, BOT, broadcast_id, meant, after, limit)
    async with store.read() as tx:
        rows = (await tx.execute(sa.select(recipient).order_by(recipient.c.chat_id))).mappings().all()
    return broadcast_id, {row["chat_id"]: row for row in rows if row["broadcast_id"] == broadcast_id}


async def change(store: Store, *statements: sa.Update | sa.Insert) -> None:
    async with store.write() as tx:
        for statement in statements:
            await tx.execute(statement)


# --- what an audience comes to --------------------------------------------------------------------------------------


def at(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("audience", "needs_visit", "expected"),
    [
        (Audience(), False, Meant(NOW_US)),
        (Audience(treated_days=14), False, Meant(NOW_US, treated_since_us=NOW_US - 14 * DAY_US)),
        (Audience(no_visit=True), False, Meant(NOW_US, no_visit=True)),
        (
            Audience(visit_from=date(2026, 11, 24), visit_until=date(2026, 11, 26)),
            False,
            Meant(NOW_US, visit_from_us=at("2026-11-24T00:00"), visit_before_us=at("2026-11-27T00:00")),
        ),
        (  # of today's visits those that are to come
            Audience(visit_from=date(2026, 11, 23), visit_until=date(2026, 11, 23)),
            False,
            Meant(NOW_US, visit_from_us=NOW_US, visit_before_us=at("2026-11-24T00:00")),
        ),
        (Audience(), True, Meant(NOW_US, visit_from_us=at("2026-11-25T09:00"))),
        (  # it goes out in the middle of them
            Audience(visit_from=date(2026, 11, 24), visit_until=date(2026, 11, 26)),
            True,
            Meant(NOW_US, visit_from_us=at("2026-11-25T09:00"), visit_before_us=at("2026-11-27T00:00")),
        ),
    ],
)
def test_an_audience_in_the_databases_terms(audience: Audience, needs_visit: bool, expected: Meant) -> None:
    goes_at = datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert recipients.meant(audience, LONDON, NOW, goes_at, needs_visit=needs_visit) == expected


@pytest.mark.parametrize(
    ("first", "last", "from_us", "before_us"),
    [
        # the clocks go back on Sunday 25 October 2026, and forward on Sunday 28 March 2027
        ("2026-10-24", "2026-10-25", at("2026-10-23T23:00"), at("2026-10-26T00:00")),
        ("2027-03-27", "2027-03-28", at("2027-03-27T00:00"), at("2027-03-28T23:00")),
        ("2026-12-31", "2026-12-31", at("2026-12-31T00:00"), at("2027-01-01T00:00")),
    ],
)
def test_days_are_the_clinics(first: str, last: str, from_us: int, before_us: int) -> None:
    audience = Audience(visit_from=date.fromisoformat(first), visit_until=date.fromisoformat(last))
    now = datetime(2026, 10, 1, tzinfo=UTC)
    found = recipients.meant(audience, LONDON, now, now)
    assert (found.visit_from_us, found.visit_before_us) == (from_us, before_us)


@pytest.mark.parametrize(
    ("goes_at", "today"), [("2026-06-01T23:30", "2026-06-01T23:00"), ("2026-06-02T22:59", "2026-06-01T23:00")]
)
def test_two_a_day_counts_from_the_clinics_midnight(goes_at: str, today: str) -> None:
    now = datetime(2026, 6, 1, 23, 15, tzinfo=UTC)  # a quarter past midnight in London
    sent_at = datetime.fromisoformat(goes_at).replace(tzinfo=UTC)
    assert recipients.meant(Audience(), LONDON, now, sent_at).today_us == at(today)


def test_two_a_day_are_not_known_before_that_day() -> None:
    assert recipients.meant(Audience(), LONDON, NOW, datetime(2026, 11, 24, 9, tzinfo=UTC)).today_us is None


# --- who is meant ---------------------------------------------------------------------------------------------------

FILTERS: dict[str, tuple[Meant, dict[str, Any], dict[str, Any]]] = {
    "treated": (
        everyone(treated_since_us=NOW_US - 7 * DAY_US),
        {"treated_us": NOW_US - 7 * DAY_US},
        {"treated_us": NOW_US - 7 * DAY_US - 1},
    ),
    "area": (everyone(areas=frozenset({"heel", "sole"})), {"area": "sole"}, {"area": "calf"}),
    "plan": (everyone(plans=frozenset({"main"})), {"plan_id": "main"}, {"plan_id": "other"}),
    "podiatrist": (everyone(podiatrists=frozenset({7})), {"podiatrist_id": 7}, {"podiatrist_id": None}),
    "visit from": (everyone(visit_from_us=TOMORROW_US), {"visit_us": TOMORROW_US}, {"visit_us": TOMORROW_US - 1}),
    "visit before": (everyone(visit_before_us=TOMORROW_US), {"visit_us": TOMORROW_US - 1}, {"visit_us": TOMORROW_US}),
    "a visit": (everyone(visit_from_us=NOW_US), {"visit_us": TOMORROW_US}, {"visit_us": None}),
    "no visit": (everyone(no_visit=True), {"visit_us": NOW_US}, {"visit_us": NOW_US + 1}),
    "never booked": (everyone(no_visit=True), {"visit_us": None}, {"visit_us": TOMORROW_US}),
    "agreed": (everyone(), {"agreed_us": 1}, {"agreed_us": None}),
    "joining": (everyone(), {"state": PlanState.ENDED}, {"state": PlanState.JOINING}),
    "undone": (everyone(), {"reason": "done"}, {"state": PlanState.ENDED, "reason": UNDONE}),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_whom_a_filter_means(store: Store, name: str) -> None:
    meant, values, other = FILTERS[name]
    await agreed(store, 11, NOW_US, **values)
    await agreed(store, 12, NOW_US, **other)
    _, rows = await frozen(store, meant)
    assert list(rows) == [11]
    assert await count(store, meant) == {COPY: 1}


async def test_one_plan_has_to_fulfil_all(store: Store) -> None:
    async with store.write() as tx:
        patient_id = await patient_in(store, tx, 11, NOW_US)
        await plan_of(tx, patient_id, 11, NOW_US, area="heel", plan_id="old")
        await plan_of(tx, patient_id, 11, NOW_US, area="calf", plan_id="new")
    assert await count(store, everyone(areas=frozenset({"heel"}), plans=frozenset({"new"}))) == {}
    assert await count(store, everyone(areas=frozenset({"calf"}), plans=frozenset({"new"}))) == {COPY: 1}


async def test_whoever_has_a_visit_by_another_plan_has_one(store: Store) -> None:
    async with store.write() as tx:
        patient_id = await patient_in(store, tx, 11, NOW_US)
        await plan_of(tx, patient_id, 11, NOW_US, state=PlanState.ENDED)
        booked = await plan_of(tx, patient_id, 11, NOW_US, visit_us=TOMORROW_US)
    assert await count(store, everyone(no_visit=True)) == {}
    await change(store, enrolment.update().where(enrolment.c.id == booked).values(state="ended", reason=UNDONE))
    assert await count(store, everyone(no_visit=True)) == {COPY: 1}


async def test_nobody_without_a_phone_of_theirs_is_meant(store: Store) -> None:
    await agreed(store, 11, NOW_US)
    await agreed(store, 12, NOW_US)
    async with store.write() as tx:
        on_paper = await patient_in(store, tx, 13, NOW_US)
        await plan_of(tx, on_paper, 0, NOW_US)
        await tx.execute(patient_chat.update().where(patient_chat.c.chat_id == 12).values(until_us=NOW_US))
    assert list((await frozen(store, everyone()))[1]) == [11]


@pytest.mark.parametrize(
    ("state", "is_meant"),
    [(erasures.ASKED, False), (erasures.WAITING, False), (erasures.DONE, False), (erasures.WITHDRAWN, True)],
)
async def test_nobody_who_asked_to_be_forgotten_is_meant(store: Store, state: str, is_meant: bool) -> None:
    await agreed(store, 11, NOW_US)
    async with store.write() as tx:
        await erasures.ask(tx, BOT, ChatId(11), NOW_US)
        await tx.execute(erasure.update().values(state=state))
    assert await count(store, everyone()) == ({COPY: 1} if is_meant else {})


async def test_another_bots_patients_are_not_meant(store: Store) -> None:
    await agreed(store, 11, NOW_US, bot_id=2)
    assert await count(store, everyone()) == {}


# --- one row a chat -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plans", "chosen"),
    [
        ([{"visit_us": NOW_US + 2 * DAY_US}, {"visit_us": TOMORROW_US}], 1),
        ([{"visit_us": TOMORROW_US}, {"visit_us": None}], 0),
        ([{"visit_us": NOW_US - DAY_US}, {"visit_us": TOMORROW_US}], 1),
        ([{"visit_us": NOW_US - DAY_US, "treated_us": 1}, {"visit_us": None, "treated_us": 2}], 1),
        ([{"treated_us": 2}, {"treated_us": 1}], 0),
        ([{}, {}], 1),
    ],
)
async def test_a_family_gets_one_copy_by_the_plan_that_comes_first(
    store: Store, plans: list[dict[str, Any]], chosen: int
) -> None:
    async with store.write() as tx:
        mother, child = await patient_in(store, tx, 11, NOW_US), await patient_in(store, tx, 11, NOW_US, "b")
        ids = [await plan_of(tx, who, 11, NOW_US, **values) for who, values in zip((mother, child), plans, strict=True)]
    _, rows = await frozen(store, everyone())
    assert [(row["enrolment_id"], row["patient_id"]) for row in rows.values()] == [
        (ids[chosen], (mother, child)[chosen])
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_stretches_write_down_everybody_once(store: Store, limit: int) -> None:
    people = [11, 12, 5_000_000_101, 5_000_000_102, 5_000_000_103, 7_000_000_000, 2]
    for chat_id in people:
        await agreed(store, chat_id, NOW_US)
    broadcast_id, rows = await frozen(store, everyone(), limit)
    assert list(rows) == sorted(people)
    async with store.write() as tx:
        assert await recipients.freeze(store, tx, BOT, broadcast_id, everyone(), None, limit) is not None
        assert await recipients.still_waiting(tx, broadcast_id) == len(people)


# --- why somebody is left out ---------------------------------------------------------------------------------------


def an_alert(chat_id: int, patient_id: int, **values: Any) -> sa.Insert:
    row = {"bot_id": BOT, "chat_id": chat_id, "patient_id": patient_id, "state": "open", "at_us": NOW_US}
    return alert.insert().values(row | {"level": "urgent"} | values)


async def make(store: Store, tx: Tx, chat_id: int, reason: LeftOut) -> None:
    """Give this chat a reason to be left out."""
    match reason:
        case LeftOut.UNREACHABLE:
            await tx.execute(chat.update().where(chat.c.chat_id == chat_id).values(unreachable_us=NOW_US))
        case LeftOut.OPTED_OUT:
            await chats.stop(tx, BOT, ChatId(chat_id), Scope.BROADCASTS, NOW_US)
        case LeftOut.OPEN_ALERT:
            patient_id = await tx.scalar(sa.select(enrolment.c.patient_id).where(enrolment.c.chat_id == chat_id))
            assert patient_id is not None
            await tx.execute(an_alert(chat_id, patient_id))
        case LeftOut.SELF_HARM:
            patient_id = await tx.scalar(sa.select(enrolment.c.patient_id).where(enrolment.c.chat_id == chat_id))
            assert patient_id is not None
            await tx.execute(an_alert(chat_id, patient_id, state="closed", flags=["seizure", "self_harm"]))
        case LeftOut.PLAN_PAUSED:
            await tx.execute(enrolment.update().where(enrolment.c.chat_id == chat_id).values(state=PlanState.PAUSED))
        case LeftOut.TWICE_TODAY:
            await sent_today(store, tx, chat_id, 2)


async def sent_today(store: Store, tx: Tx, chat_id: int, count: int, at_us: int = NOW_US) -> None:
    for number in range(count):
        out = Outgoing(ChatId(chat_id), Kind.CHECK_IN, Payload("Hello"), f"{chat_id}:{number}:{at_us}")
        made = await messages.enqueue(store, tx, BOT, out, at_us, 0)
        await tx.execute(message.update().where(message.c.id == made).values(state=MessageState.SENT, sent_us=at_us))


ORDER = (
    LeftOut.UNREACHABLE,
    LeftOut.OPTED_OUT,
    LeftOut.OPEN_ALERT,
    LeftOut.SELF_HARM,
    LeftOut.PLAN_PAUSED,
    LeftOut.TWICE_TODAY,
)


@pytest.mark.parametrize("reason", ORDER)
async def test_the_first_reason_counts(store: Store, reason: LeftOut) -> None:
    await agreed(store, 11, NOW_US)
    await agreed(store, 12, NOW_US)
    async with store.write() as tx:
        for one in ORDER[ORDER.index(reason) :]:
            await make(store, tx, 12, one)
    meant = everyone(today_us=NOW_US - HOUR_US)
    _, rows = await frozen(store, meant)
    assert {chat_id: row["reason"] for chat_id, row in rows.items()} == {11: COPY, 12: reason}
    assert await count(store, meant) == {COPY: 1, reason: 1}


@pytest.mark.parametrize(("scope", "is_left"), [(Scope.ALL, True), (Scope.BROADCASTS, True), (Scope.CHECK_INS, False)])
async def test_which_opt_outs_count(store: Store, scope: Scope, is_left: bool) -> None:
    await agreed(store, 11, NOW_US)
    async with store.write() as tx:
        await chats.stop(tx, BOT, ChatId(11), scope, NOW_US)
    assert await count(store, everyone()) == {LeftOut.OPTED_OUT if is_left else COPY: 1}
    async with store.write() as tx:
        await chats.resume(tx, BOT, ChatId(11), NOW_US)
    assert await count(store, everyone()) == {COPY: 1}


@pytest.mark.parametrize(
    "values", [{"state": "closed"}, {"level": None}, {"level": "advise"}, {"state": "closed", "flags": ["seizure"]}]
)
async def test_which_alerts_do_not_count(store: Store, values: dict[str, Any]) -> None:
    await agreed(store, 11, NOW_US)
    async with store.write() as tx:
        patient_id = await tx.scalar(sa.select(enrolment.c.patient_id))
        assert patient_id is not None
        await tx.execute(an_alert(11, patient_id, **values))
    assert await count(store, everyone()) == {COPY: 1}


@pytest.mark.parametrize(
    ("sent", "at_us", "today_us", "is_left"),
    [
        (2, NOW_US, NOW_US - HOUR_US, True),
        (1, NOW_US, NOW_US - HOUR_US, False),
        (2, NOW_US - 2 * HOUR_US, NOW_US - HOUR_US, False),
        (2, NOW_US, None, False),
    ],
    ids=["two today", "one today", "two yesterday", "it goes another day"],
)
async def test_who_had_two_messages_today(
    store: Store, sent: int, at_us: int, today_us: int | None, is_left: bool
) -> None:
    await agreed(store, 11, NOW_US)
    async with store.write() as tx:
        await sent_today(store, tx, 11, sent, at_us)
    found = await count(store, everyone(today_us=today_us))
    assert found == {LeftOut.TWICE_TODAY if is_left else COPY: 1}


async def test_only_the_plan_that_is_meant_can_be_paused(store: Store) -> None:
    async with store.write() as tx:
        patient_id = await patient_in(store, tx, 11, NOW_US)
        await plan_of(tx, patient_id, 11, NOW_US, area="heel")
        await plan_of(tx, patient_id, 11, NOW_US, area="calf", state=PlanState.PAUSED)
    assert await count(store, everyone(areas=frozenset({"heel"}))) == {COPY: 1}
    assert await count(store, everyone(areas=frozenset({"calf"}))) == {LeftOut.PLAN_PAUSED: 1}


# --- copies ---------------------------------------------------------------------------------------------------------


async def make_copies(store: Store, broadcast_id: int, limit: int = 100) -> list[int]:
    """What the feed does: copies for the next who wait. Returns their chats."""
    async with store.write() as tx:
        found = await recipients.waiting(tx, BOT, broadcast_id, limit, NOW_US)
        outs = [
            Outgoing(
                ChatId(to["chat_id"]),
                Kind.BROADCAST,
                Payload("Hello"),
                recipients.copy_key(broadcast_id, ChatId(to["chat_id"])),
                enrolment_id=to["enrolment_id"],
                broadcast_id=broadcast_id,
            )
            for to in found
        ]
        await messages.enqueue_all(store, tx, BOT, outs, NOW_US)
        if found:
            await recipients.set_copies(tx, broadcast_id, ChatId(found[-1]["chat_id"]))
        return [to["chat_id"] for to in found]


async def test_copies_are_made_in_order_and_once(store: Store) -> None:
    for chat_id in (13, 11, 12, 14):
        await agreed(store, chat_id, NOW_US)
    async with store.write() as tx:
        await make(store, tx, 12, LeftOut.OPTED_OUT)
    broadcast_id, _ = await frozen(store, everyone())
    other_id, _ = await frozen(store, everyone())
    assert await make_copies(store, broadcast_id, 2) == [11, 13]
    async with store.read() as tx:
        assert await recipients.still_waiting(tx, broadcast_id) == 1
        assert await recipients.still_waiting(tx, other_id) == 3
    assert await make_copies(store, broadcast_id, 2) == [14]
    assert await make_copies(store, broadcast_id, 2) == []
    async with store.read() as tx:
        pairs = sa.select(recipient.c.chat_id, message.c.chat_id).join(message, message.c.id == recipient.c.message_id)
        assert {tuple(pair) for pair in await tx.execute(pairs)} == {(11, 11), (13, 13), (14, 14)}
        assert await recipients.left_out(tx, broadcast_id) == {"opted_out": 1}


async def test_whoever_is_left_out_later_waits_no_more(store: Store) -> None:
    for chat_id in (11, 12):
        await agreed(store, chat_id, NOW_US)
    broadcast_id, _ = await frozen(store, everyone())
    async with store.write() as tx:
        await recipients.leave_out(tx, broadcast_id, [ChatId(12)], LeftOut.NO_VISIT)
        assert await recipients.still_waiting(tx, broadcast_id) == 1
        assert await recipients.left_out(tx, broadcast_id) == {"no_visit": 1}
    assert await make_copies(store, broadcast_id) == [11]


async def test_what_a_copy_may_say(store: Store) -> None:
    await agreed(store, 11, NOW_US, visit_us=TOMORROW_US, area="calf", zone="Europe/Dublin")
    async with store.write() as tx:
        child = await patient_in(store, tx, 12, NOW_US, "Kit")
        await plan_of(tx, child, 12, NOW_US)
    facts: list[dict[str, Any]] = [
        {"chat_id": 11, "visit_us": TOMORROW_US, "zone": "Europe/Dublin", "area": "calf", "label": None},
        {"chat_id": 12, "visit_us": None, "zone": "Europe/London", "area": "heel", "label": "Kit"},
    ]
    broadcast_id, _ = await frozen(store, everyone())
    async with store.read() as tx:
        shown = await recipients.first_chats(tx, BOT, everyone(), 5)
        waiting = await recipients.waiting(tx, BOT, broadcast_id, 5, NOW_US)
        assert len(await recipients.first_chats(tx, BOT, everyone(), 1)) == 1
    for rows in (shown, waiting):
        assert [{name: row[name] for name in facts[0]} for row in rows] == facts


async def test_check_ins_of_the_same_hours_are_counted(store: Store) -> None:
    async with store.write() as tx:
        for chat_id, due_us, state in (
            (11, NOW_US, DueState.WAITING),
            (12, NOW_US + HOUR_US, DueState.WAITING),
            (13, NOW_US, DueState.DONE),
            (14, NOW_US, DueState.WAITING),
        ):
            plan_id = await plan_of(tx, await patient_in(store, tx, chat_id, NOW_US), chat_id, NOW_US)
            timer = {"bot_id": BOT, "kind": CHECK_IN, "ref": plan_id, "part": "first", "due_us": due_us}
            await tx.execute(due.insert().values(**timer, state=state, dedupe_key=str(chat_id)))
        await make(store, tx, 14, LeftOut.OPTED_OUT)
    async with store.read() as tx:
        assert await recipients.check_ins_between(tx, BOT, everyone(), NOW_US, NOW_US + HOUR_US) == 1


# --- afterwards -----------------------------------------------------------------------------------------------------


async def test_the_report_says_what_became_of_everybody(store: Store) -> None:
    for chat_id in (11, 12, 13):
        await agreed(store, chat_id, NOW_US)
    async with store.write() as tx:
        await make(store, tx, 12, LeftOut.UNREACHABLE)
    broadcast_id, _ = await frozen(store, everyone())
    await make_copies(store, broadcast_id, 1)
    await change(store, message.update().values(state=MessageState.SENT, sent_us=NOW_US))
    async with store.read() as tx:
        rows = await recipients.report(tx, broadcast_id, None, 10)
        rest = await recipients.report(tx, broadcast_id, ChatId(11), 1)
    told = [(row["chat_id"], row["code"], row["left_out"], row["state"], row["sent_us"]) for row in rows]
    assert told == [
        (11, "P-11", None, MessageState.SENT, NOW_US),
        (12, "P-12", LeftOut.UNREACHABLE, None, None),
        (13, "P-13", None, None, None),
    ]
    assert [row["chat_id"] for row in rest] == [12]


async def test_the_last_announcement_that_reached_a_chat(store: Store) -> None:
    await agreed(store, 11, NOW_US)
    for sent_us in (NOW_US, NOW_US + 2, NOW_US + 1):
        broadcast_id, _ = await frozen(store, everyone())
        await make_copies(store, broadcast_id)
        mine = message.c.broadcast_id == broadcast_id
        await change(store, message.update().where(mine).values(state=MessageState.SENT, sent_us=sent_us))
    unsent_id, _ = await frozen(store, everyone())
    await make_copies(store, unsent_id)
    async with store.read() as tx:
        last = await recipients.last_announcement(tx, BOT, ChatId(11), NOW_US)
        assert last is not None
        assert (last["broadcast_id"], last["sent_us"]) == (broadcast_id - 1, NOW_US + 2)
        assert last["payload"]["text"] == "We are closed on Friday."
        assert await recipients.last_announcement(tx, BOT, ChatId(11), NOW_US + 3) is None
        assert await recipients.last_announcement(tx, BOT, ChatId(12), NOW_US) is None


# --- a patient moves, or is forgotten -------------------------------------------------------------------------------


async def moves(store: Store, old: int, new: int) -> None:
    async with store.write() as tx:
        patient_id = PatientId((await tx.scalars(sa.select(enrolment.c.patient_id).filter_by(chat_id=old))).one())
        await chats.touch_chat(store, tx, BOT, ChatId(new), ChatKind.PRIVATE, NOW_US)
        await enrolling.leave_chat(tx, BOT, ChatId(old), patient_id, NOW_US)
        await enrolling.join_chat(store, tx, BOT, ChatId(new), patient_id, NOW_US, None)
        await new_phone.move_chat(tx, BOT, patient_id, ChatId(old), ChatId(new), NOW_US)


@pytest.mark.parametrize("is_fed", [False, True], ids=["before its copy is made", "with its copy pending"])
@pytest.mark.parametrize(("new", "chats_"), [(12, [12]), (99, [12, 99])], ids=["a chat that gets one", "another chat"])
async def test_a_copy_goes_along_to_a_new_phone(store: Store, new: int, chats_: list[int], is_fed: bool) -> None:
    await agreed(store, 11, NOW_US)
    await agreed(store, 12, NOW_US)
    broadcast_id, _ = await frozen(store, everyone())
    if is_fed:
        await make_copies(store, broadcast_id)
    await moves(store, 11, new)
    if not is_fed:
        await make_copies(store, broadcast_id)
    async with store.read() as tx:
        pending = sa.select(message.c.chat_id).where(message.c.state == MessageState.PENDING)
        assert sorted(await tx.scalars(pending)) == chats_
        assert await recipients.still_waiting(tx, broadcast_id) == 0


async def test_nothing_says_what_a_forgotten_patient_was_sent(store: Store, clock: ManualClock) -> None:
    await agreed(store, 11, NOW_US)
    await agreed(store, 12, NOW_US)
    broadcast_id, rows = await frozen(store, everyone())
    await make_copies(store, broadcast_id, 1)
    who = erasing.Subject(BOT, ChatId(11), (rows[11]["patient_id"],), clock.now_us(), keeps_record=True)
    async with store.write() as tx:
        await erasing.erase(tx, who, Contacts())
        left = await tx.scalars(sa.select(recipient.c.chat_id))
        assert list(left) == [12]
        assert (await broadcasts.counts(tx, broadcast_id)).waiting == 1
