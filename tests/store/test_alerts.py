"""Alerts about red flags, on both databases: one is live, one hand takes it, and a pause lasts until it is closed."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.model import BotId, ChatId, ChatKind, Kind, Lane, Level, Outgoing, Payload, UserId, Verdict
from bot.store import alerts, chats, claiming, messages
from bot.store.alerts import Person
from bot.store.engine import Store
from bot.store.tables import bot, contact, enrolment, question, triage_review

BOT = BotId(1)
ANNA, BEN = ChatId(11), ChatId(12)
MEMBER, OTHER = Person(UserId(5), "Member"), Person(UserId(6), "Other")


async def asked(store: Store, clock: ManualClock, text: str = "?", chat_id: ChatId = ANNA) -> tuple[int, int]:
    """A patient's question. Returns its row and the patient's."""
    async with store.write() as tx:
        await chats.touch_chat(store, tx, BOT, chat_id, ChatKind.PRIVATE, clock.now_us())
        patient = await chats.welcome_patient(store, tx, BOT, chat_id, clock.now_us())
        row: dict[str, Any] = {"bot_id": BOT, "patient_id": patient.patient_id, "chat_id": chat_id, "text": text}
        row |= {"decision": "red_flag", "why": {}, "at_us": clock.now_us()}
        made = await tx.execute(question.insert().values(row))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0]), int(patient.patient_id)


async def opened(store: Store, clock: ManualClock, level: Level | None, chat_id: ChatId = ANNA) -> int:
    """An alert with one question."""
    question_id, patient_id = await asked(store, clock, "chest pain", chat_id)
    async with store.write() as tx:
        flags = ("chest_pain_breathless",) if level else ()
        alert_id = await alerts.open_alert(
            tx,
            BOT,
            patient_id,  # type: ignore[arg-type]
            chat_id,
            question_id,
            clock.now_us(),
            level,
            flags,
        )
        await alerts.add_words(store, tx, alert_id, question_id)
    return alert_id


@pytest.mark.parametrize(
    ("level", "pauses"), [(Level.EMERGENCY, True), (Level.URGENT, True), (Level.ADVISE, False), (None, False)]
)
async def test_a_pressing_alert_pauses_until_it_is_closed(
    store: Store, clock: ManualClock, level: Level | None, pauses: bool
) -> None:
    alert_id = await opened(store, clock, level)
    async with store.write() as tx:
        assert await alerts.is_paused(tx, BOT, ANNA) is pauses
        assert not await alerts.is_paused(tx, BOT, BEN)
        assert await alerts.take(tx, alert_id, MEMBER, clock.now_us())
        assert await alerts.is_paused(tx, BOT, ANNA) is pauses
        assert await alerts.close(tx, alert_id, "done", clock.now_us(), MEMBER)
        assert not await alerts.is_paused(tx, BOT, ANNA)


@pytest.mark.parametrize("kind", list(Kind))
async def test_the_outbox_sees_the_pause(store: Store, clock: ManualClock, kind: Kind) -> None:
    await opened(store, clock, Level.URGENT)
    async with store.write() as tx:
        await tx.execute(bot.insert().values(id=BOT, interval_us=1))
        await messages.enqueue(store, tx, BOT, Outgoing(ANNA, kind, Payload("Hello"), "m"), clock.now_us())
        rows = [row for lane in Lane for row in await claiming.claimable(tx, BOT, lane, clock.now_us(), 1)]
    assert [bool(row["paused"]) for row in rows] == [kind in {Kind.CHECK_IN, Kind.REMINDER, Kind.BROADCAST}]


async def test_one_hand_takes_it_and_one_closes_it(store: Store, clock: ManualClock) -> None:
    alert_id = await opened(store, clock, Level.EMERGENCY)
    async with store.write() as tx:
        assert [await alerts.take(tx, alert_id, who, 7) for who in (MEMBER, OTHER)] == [True, False]
        ends = [("false_alarm", OTHER), ("done", MEMBER)]
        assert [await alerts.close(tx, alert_id, how, 9, who) for how, who in ends] == [True, False]
        assert not await alerts.take(tx, alert_id, OTHER, 11)
        row = await alerts.by_id(tx, BOT, alert_id, lock=True)
    assert row is not None
    assert (row["state"], row["outcome"], row["taken_name"], row["closed_name"]) == (
        *("closed", "false_alarm"),
        *("Member", "Other"),
    )


async def test_the_live_one_and_its_words(store: Store, clock: ManualClock) -> None:
    old_id = await opened(store, clock, Level.URGENT)
    more_id, _ = await asked(store, clock, "and my arm")
    async with store.write() as tx:
        for note in ("", "Asked: is it new?"):
            await alerts.add_words(store, tx, old_id, more_id, note)
        await alerts.close(tx, old_id, "replaced", clock.now_us())
        assert await alerts.live(tx, BOT, ANNA) is None
    new_id = await opened(store, clock, Level.EMERGENCY)
    async with store.write() as tx:
        await alerts.take_words_over(tx, old_id, new_id)
        live = await alerts.live(tx, BOT, ANNA)
        assert live is not None
        assert live["id"] == new_id
        words = await alerts.words_of(tx, new_id)
        assert [alert["id"] for alert in await alerts.not_closed(tx, BOT)] == [new_id]
        past = await alerts.past(tx, BOT, 0, clock.now_us() + 1)
        assert [row["flags"] for row in past] == [["chest_pain_breathless"]], "what was replaced is not counted"
        assert await alerts.patients_heard(tx, BOT, 0, clock.now_us() + 1) == 1
    assert [(word["text"], word["note"]) for word in words] == [
        ("chest pain", None),
        ("and my arm", "Asked: is it new?"),
        ("chest pain", None),
    ]


async def test_what_is_known_of_the_person(store: Store, clock: ManualClock) -> None:
    _, patient_id = await asked(store, clock)
    async with store.write() as tx:
        person = await alerts.person_of(tx, BOT, ANNA, patient_id)
        assert (person["treated_us"], person["phone"], person["key_id"]) == (None, None, None)
        await tx.execute(contact.insert().values(patient_id=patient_id, phone="01632", reference="4821", updated_us=0))
        row = {"bot_id": BOT, "patient_id": patient_id, "chat_id": ANNA, "plan_id": "dry_needling", "zone": "UTC"}
        row |= {"area": "calf", "side": "left", "careful": False, "facts": {}, "state": "open", "created_us": 0}
        for treated_us in (5, 9):
            await tx.execute(enrolment.insert().values(treated_us=treated_us, **row))
        person = await alerts.person_of(tx, BOT, ANNA, patient_id)
        assert await alerts.chat_of(tx, BOT, person["code"]) == ANNA
        assert await alerts.chat_of(tx, BOT, "P-0000") is None
    assert (person["treated_us"], person["area"], person["phone"], person["reference"]) == (9, "calf", "01632", "4821")


async def test_who_is_on_call(store: Store, clock: ManualClock) -> None:
    ann, ben, eve = UserId(11), UserId(12), UserId(13)
    async with store.write() as tx:
        assert await alerts.confirmed(tx, BOT, ()) == ()
        for user in (eve, ann, ann):
            await alerts.confirm_on_call(store, tx, BOT, user, clock.now_us())
        assert await alerts.confirmed(tx, BOT, (ann, ben, eve)) == (ann, eve)
        await chats.touch_chat(store, tx, BOT, ANNA, ChatKind.PRIVATE, clock.now_us())
        await chats.note_heard(tx, BOT, [chats.Heard(ANNA, 0, reachable=False)], clock.now_us())
        assert await alerts.confirmed(tx, BOT, (ann, ben, eve)) == (eve,), "Ann blocked the bot"


async def test_what_triage_got_wrong_is_kept_once(store: Store, clock: ManualClock) -> None:
    question_id, _ = await asked(store, clock)
    async with store.write() as tx:
        kept = [
            await alerts.review(store, tx, BOT, question_id, verdict, UserId(5), 1)
            for verdict in (Verdict.MISSED, Verdict.MISSED, Verdict.FALSE_ALARM)
        ]
        assert await tx.scalar(sa.select(sa.func.count()).select_from(triage_review)) == 2
        last = await alerts.last_question(tx, BOT, ANNA, clock.now_us())
        assert await alerts.last_question(tx, BOT, ANNA, clock.now_us() - 1) is None
        same = await alerts.question_by_id(tx, BOT, question_id)
    assert kept == [True, False, True]
    assert last is not None
    assert last == same
