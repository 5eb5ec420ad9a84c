"""Who did what, by patient, by person and by time, on both stores."""

import pytest

from bot.model import BotId, ChatId, PatientId, UserId
from bot.store import accounts, alerts, audits, people, threads, topics
from bot.store.audits import Wanted
from bot.store.engine import Store, Tx
from bot.store.enrolling import NEW_NUMBER
from bot.store.tables import erasure, question, staff_note
from tests.agreed import BOT, patient_in, plan_of

ANNA, BEA = UserId(11), UserId(12)
CHAT, OTHER = ChatId(501), ChatId(502)


async def everything_about(store: Store, tx: Tx, chat_id: ChatId) -> dict[str, int]:
    """A patient with something of every kind; by action, the number that the audit would have."""
    patient_id = PatientId(await patient_in(store, tx, chat_id, 0))
    topic_id = await topics.add(tx, BOT, ChatId(-5), "P-501", 0)
    await threads.add(tx, BOT, chat_id, topic_id, 0)
    talk = await threads.of_chat(tx, BOT, chat_id)
    assert talk is not None
    of_patient = {"bot_id": BOT, "patient_id": patient_id}
    asked = {"chat_id": chat_id, "text": "It hurts", "decision": "hand_over", "at_us": 0, "why": {}}
    note = {"kind": "note", "text": "Ring", "at_us": 0, "dedupe_key": f"note:{chat_id}"}
    gone = {"chat_id": chat_id, "state": "done", "asked_us": 0}
    made = {
        "missed": question.insert().values(of_patient | asked).returning(question.c.id),
        "note_done": staff_note.insert().values(of_patient | note).returning(staff_note.c.id),
        "forgotten": erasure.insert().values(of_patient | gone).returning(erasure.c.id),
    }
    return {
        "take": await alerts.open_alert(tx, BOT, patient_id, chat_id, None, 0),
        "thread_take": talk["id"],
        "relay": chat_id,
        "plan_end": await plan_of(tx, patient_id, chat_id, 0),
        "show_who": patient_id,
        **{action: (await tx.execute(insert)).scalar_one() for action, insert in made.items()},
    }


async def noted(tx: Tx, wanted: Wanted) -> list[str]:
    return [row["action"] for row in await audits.page(tx, BOT, wanted, 50)]


async def test_all_that_was_done_about_a_patient_and_nothing_else(store: Store) -> None:
    async with store.write() as tx:
        numbers = {chat_id: await everything_about(store, tx, chat_id) for chat_id in (CHAT, OTHER)}
        for chat_id, by_action in numbers.items():
            for action, number in by_action.items():
                await accounts.write_audit(tx, BOT, ANNA if chat_id == CHAT else BEA, action, number, 100)
        await accounts.write_audit(tx, BOT, None, NEW_NUMBER, CHAT, 100)
        patient_id = PatientId(numbers[CHAT]["show_who"])
        assert await noted(tx, Wanted(patient_id=patient_id)) == list(reversed(numbers[CHAT]))
        rows = await audits.page(tx, BOT, Wanted(), 50)
        shown = await audits.subjects(tx, BOT, rows)
    assert len(rows) == 2 * len(numbers[CHAT]), "numbers that patients saw are left out"
    assert [shown[row["id"]] for row in rows] == ["P-502"] * len(numbers[CHAT]) + ["P-501"] * len(numbers[CHAT])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ["team_remove", "restored", "relay", "take"]),
        (Wanted(user_id=ANNA), ["relay", "take"]),
        (Wanted(user_id=BEA), ["team_remove"]),
        (Wanted(since_us=100, until_us=200), ["relay", "take"]),
    ],
    ids=["all", "by somebody", "about somebody", "of a day"],
)
async def test_what_somebody_did_and_when(store: Store, wanted: Wanted, expected: list[str]) -> None:
    async with store.write() as tx:
        for actor, action, ref, at_us in (
            (ANNA, "take", 1, 100),
            (ANNA, "relay", CHAT, 199),
            (None, "restored", None, 200),
            (None, "team_remove", BEA, 300),
        ):
            await accounts.write_audit(tx, BOT, actor, action, ref, at_us)
        await accounts.write_audit(tx, BotId(2), ANNA, "take", 1, 100)
        assert await noted(tx, wanted) == expected


async def test_pages_follow_each_other(store: Store) -> None:
    async with store.write() as tx:
        for number in range(5):
            await accounts.write_audit(tx, BOT, ANNA, f"did_{number}", None, 100)
        first = await audits.page(tx, BOT, Wanted(), 3)
        second = await audits.page(tx, BOT, Wanted(), 3, first[-1]["id"])
    assert [row["action"] for row in (*first, *second)] == ["did_4", "did_3", "did_2", "did_1", "did_0"]


async def test_colleagues_are_named(store: Store) -> None:
    async with store.write() as tx:
        await people.note_name(store, tx, BOT, BEA, "Bea", 0, None)
        await accounts.write_audit(tx, BOT, ANNA, "team_remove", BEA, 100)
        await accounts.write_audit(tx, BOT, ANNA, "broadcast_draft", 7, 100)
        rows = await audits.page(tx, BOT, Wanted(), 5)
        assert list((await audits.subjects(tx, BOT, rows)).values()) == ["Bea"]
        assert await audits.people_named(tx, BOT, {ANNA, BEA}) == {ANNA: "11", BEA: "Bea"}
