"""An alert until somebody has acted: one card, repeated until it is taken, and a patient who is never left waiting."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.clock import ManualClock
from bot.model import ChatId, Kind, Outgoing, Payload
from bot.simulator.faults import server_error
from bot.simulator.groups import Member
from bot.simulator.house import Cast, House, open_house
from bot.simulator.state import Message
from bot.store import alerts
from bot.store.tables import alert, audit, contact, due, enrolment, message, triage_review
from bot.telegram.keyboards import encode

CHEST, FACE, FOOT = "I have chest pain", "my face is drooping on one side", "my foot won't lift since yesterday"
SEEN = "The team has seen this."
UNSEEN = "Nobody from the clinic has seen this yet."


def in_group(house: House) -> list[Message]:
    """What the bot wrote in the staff group, oldest first."""
    return house.world.from_bot(house.staff.chat_id)


def cards(house: House) -> list[Message]:
    """The cards of alerts among it, repeats too."""
    return [shown for shown in in_group(house) if shown.text.startswith(("Emergency · P-", "Urgent · P-"))]


def told(house: House, beginning: str) -> list[str]:
    """What the patient was told that begins like this."""
    return [text for text in house.bot_texts if text.startswith(beginning)]


async def only_alert(house: House) -> sa.RowMapping:
    async with house.app.store.read() as tx:
        return (await tx.execute(sa.select(alert))).mappings().one()


async def is_paused(house: House) -> bool:
    async with house.app.store.read() as tx:
        return await alerts.is_paused(tx, house.app.settings.bot_id, ChatId(house.patient.chat_id))


async def says(house: House, text: str) -> None:
    house.patient.says(text)
    await house.settle()


# --- the card -------------------------------------------------------------------------------------------------------


async def test_a_card_says_what_happened_and_whom_to_ring(house: House) -> None:
    await says(house, CHEST)
    (card,) = cards(house)
    first, *lines = card.text.splitlines()
    assert first.startswith("Emergency · P-")
    assert first.endswith("· take it")
    assert "chest" not in first
    assert "Warning: chest_pain_breathless" in lines
    assert "When: no treatment on file" in lines
    assert "The patient was told: Call 999 now." in lines
    assert "No phone on file." in lines
    assert [entity.type for entity in card.words.entities] == ["spoiler"], "the words are for whoever opens it"
    assert CHEST in lines
    assert [key.label for key in card.keys] == ["I take it", "Call done", "Not a red flag"]


@pytest.mark.parametrize(
    ("details", "line"),
    [
        pytest.param({"phone": "01632 960777", "reference": "4821"}, "Phone: 01632 960777", id="phone"),
        pytest.param({"reference": "4821"}, "No phone on file. Look up ref 4821.", id="reference"),
        pytest.param({"phone": "gAAAA", "key_id": "k1"}, "No phone on file.", id="encrypted"),
    ],
)
async def test_how_to_reach_the_patient(house: House, details: dict[str, str], line: str) -> None:
    async with house.app.store.write() as tx:
        await tx.execute(contact.insert().values(patient_id=1, updated_us=0, **details))
    await says(house, CHEST)
    assert line in cards(house)[0].text.splitlines()


async def test_what_was_treated_and_how_long_before_it_was_written(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    async with house.app.store.write() as tx:
        treated_us = house.clock.now_us()
        row = {"patient_id": 1, "chat_id": house.patient.chat_id, "plan_id": "dry_needling", "zone": "Europe/London"}
        row |= {"area": "calf", "side": "left", "careful": False, "facts": {}, "state": "open", "created_us": 0}
        await tx.execute(enrolment.insert().values(bot_id=house.app.settings.bot_id, treated_us=treated_us, **row))
    clock.tick(timedelta(hours=3, seconds=1))
    house.patient.says(CHEST)
    clock.tick(timedelta(hours=2))
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        assert "When: 3 h after treatment, calf" in cards(again)[0].text


async def test_more_words_are_added_to_the_one_card_and_said_under_it(house: House) -> None:
    await says(house, CHEST)
    await says(house, FACE)
    await house.settle(20)
    (card,) = cards(house)
    assert CHEST in card.text
    assert FACE in card.text
    assert "stroke_signs" in card.text
    more = in_group(house)[-1]
    assert more.text.startswith("More from P-")
    assert FACE in more.text
    assert CHEST not in more.text
    assert more.reply_to == card.message_id
    await only_alert(house)


async def test_the_same_words_again_are_no_news(house: House) -> None:
    for _ in range(4):
        await says(house, CHEST)
    assert len(in_group(house)) == 1


async def test_what_is_worse_gets_a_new_card_in_place_of_the_old(house: House) -> None:
    await says(house, FOOT)
    await says(house, CHEST)
    await house.settle(20)
    old, new = cards(house)
    assert old.text.startswith("Urgent · P-")
    assert old.text.endswith("There is a newer card about this patient.")
    assert old.keys == []
    assert new.text.startswith("Emergency · P-")
    assert FOOT in new.text
    assert CHEST in new.text
    await house.pass_time(minutes=16)
    assert not any(shown.text.startswith("Urgent") for shown in cards(house)[2:]), "only the new one is repeated"


async def test_danger_again_when_nobody_is_told_any_more_is_a_new_card(house: House) -> None:
    await says(house, CHEST)
    await house.pass_time(minutes=50)
    before = len(cards(house))
    await says(house, f"{CHEST} and I feel worse")
    assert cards(house)[-1].text.splitlines()[0].endswith("take it")
    await house.pass_time(minutes=6)
    assert len(cards(house)) == before + 2


# --- until it is taken ----------------------------------------------------------------------------------------------


async def test_an_emergency_is_repeated_then_the_owners_hear_then_every_hour(house: House) -> None:
    await says(house, CHEST)
    await house.pass_time(minutes=16)
    assert [shown.text.splitlines()[0].rpartition("· ")[2] for shown in cards(house)] == [
        "take it",
        *["not taken yet"] * 3,
    ]
    await house.pass_time(minutes=5)
    private = [m for m in house.world.from_bot(house.owner.chat_id) if m.text.startswith("Emergency")]
    assert len(private) == 1
    assert CHEST in private[0].text
    await house.pass_time(hours=3)
    assert len(cards(house)) == 4 + 3
    assert len([m for m in house.world.from_bot(house.owner.chat_id) if m.text.startswith("Emergency")]) == 1


async def test_what_is_urgent_at_night_waits_for_the_morning(house: House) -> None:
    await house.pass_time(hours=8)
    await says(house, FOOT)
    assert len(cards(house)) == 1, "the card itself comes at all hours"
    await house.pass_time(hours=12)
    assert len(cards(house)) == 1
    await house.pass_time(hours=1, minutes=20)
    assert len(cards(house)) == 3, "at 9:00 and 9:15"
    await house.pass_time(hours=5)
    assert len(cards(house)) == 5, "four times"


async def test_taking_ends_the_repeats_and_the_patient_hears_of_it(house: House) -> None:
    await says(house, CHEST)
    assert told(house, SEEN) == []
    house.member.presses("I take it")
    await house.settle(20)
    (card,) = cards(house)
    assert card.text.splitlines()[0].endswith("· taken")
    assert card.text.endswith("Taken by Member.")
    assert [key.label for key in card.keys] == ["Call done", "Not a red flag"]
    (seen,) = told(house, SEEN)
    assert "999" in seen, "it is no reason not to call"
    await house.pass_time(hours=2)
    assert len(cards(house)) == 1
    assert told(house, UNSEEN) == []
    row = await only_alert(house)
    assert (row["state"], row["taken_by"], row["taken_name"]) == ("taken", house.member.user_id, "Member")


async def test_a_repeat_can_be_taken_too_and_all_copies_say_so(house: House) -> None:
    await says(house, CHEST)
    await house.pass_time(minutes=21)
    house.owner.presses("I take it")
    await house.settle(60)
    shown = [cards(house)[0], cards(house)[-1], house.world.from_bot(house.owner.chat_id)[-1]]
    assert [message.text.endswith("Taken by Owner.") for message in shown] == [True] * 3
    older = cards(house)[1]
    assert older.text.splitlines()[0].endswith("not taken yet")
    house.member.presses("I take it", older.message_id)
    await house.settle(20)
    assert cards(house)[1].text.endswith("Taken by Owner."), "whoever presses an old one learns who has it"


async def test_answering_takes_it_and_the_words_speak_for_themselves(house: House) -> None:
    await says(house, CHEST)
    house.member.replies(cards(house)[0], "I am ringing you now.")
    await house.settle(20)
    assert house.patient.last.text.endswith("I am ringing you now.")
    assert told(house, SEEN) == []
    assert cards(house)[0].text.endswith("Taken by Member.")


async def test_a_patient_nobody_has_seen_is_told_once_not_to_wait(house: House) -> None:
    await says(house, CHEST)
    await house.pass_time(minutes=9)
    assert told(house, UNSEEN) == []
    await house.pass_time(minutes=2)
    assert told(house, UNSEEN) == [f"{UNSEEN} Please don't wait for us.\n\nCall now:\n999"]
    await house.pass_time(hours=3)
    assert len(told(house, UNSEEN)) == 1


@pytest.mark.parametrize(
    ("hours", "whom"), [pytest.param(0, "Ring 01632 960123", id="open"), pytest.param(8, "Ring NHS 111", id="closed")]
)
async def test_the_same_of_what_is_urgent_by_the_clock(house: House, hours: int, whom: str) -> None:
    await house.pass_time(hours=hours)
    await says(house, FOOT)
    await house.pass_time(minutes=11)
    (text,) = told(house, UNSEEN)
    assert text.splitlines()[2] == whom


async def test_somebody_who_wants_to_die_is_told_whom_to_talk_to(house: House) -> None:
    await says(house, "I want to kill myself")
    await house.pass_time(minutes=11)
    (unseen,) = told(house, UNSEEN)
    house.member.presses("I take it")
    await house.settle()
    (seen,) = told(house, SEEN)
    for text in (unseen, seen):
        lines = text.splitlines()
        assert lines.index("Samaritans 116 123") < lines.index("Childline 0800 1111") < lines.index("999")


async def test_a_bot_that_was_off_for_two_hours_repeats_once(
    house: House, cast: Cast, database_url: str, content_dir: Path, clock: ManualClock
) -> None:
    await says(house, CHEST)
    clock.tick(timedelta(hours=2))
    async with open_house(cast, database_url, content_dir, clock) as again:
        await again.settle()
        assert len(cards(again)) == 2
        assert len(told(again, UNSEEN)) == 1
        await again.pass_time(minutes=6)
        assert len(cards(again)) == 3


async def test_repeats_whose_timer_was_given_up_are_mended(house: House) -> None:
    await says(house, CHEST)
    async with house.app.store.write() as tx:
        await tx.execute(due.update().where(due.c.kind == "alert_repeat").values(state="dropped", reason="failed:Boom"))
    await house.pass_time(minutes=30)
    assert len(cards(house)) == 1
    await house.app.beat()
    await house.settle()
    assert len(cards(house)) == 2
    await house.app.beat()
    await house.settle()
    assert len(cards(house)) == 2


# --- closing it -----------------------------------------------------------------------------------------------------


async def test_call_done_ends_it_and_the_pause(house: House) -> None:
    await says(house, CHEST)
    assert await is_paused(house)
    house.member.presses("I take it")
    await house.settle(20)
    assert await is_paused(house), "taking is not clearing"
    house.member.presses("Call done")
    await house.settle(20)
    assert not await is_paused(house)
    (card,) = cards(house)
    assert card.text.splitlines()[0].endswith("· closed")
    assert card.text.endswith("Taken by Member.\nCall done, says Member.")
    assert card.keys == []
    row = await only_alert(house)
    assert (row["state"], row["outcome"], row["closed_by"]) == ("closed", "done", house.member.user_id)
    async with house.app.store.read() as tx:
        actions = list(await tx.scalars(sa.select(audit.c.action).order_by(audit.c.id)))
        assert (await tx.execute(sa.select(triage_review))).all() == []
    assert actions == ["take", "call_done"]
    await says(house, CHEST)
    assert len(cards(house)) == 2, "danger after that is a new alert"


async def test_not_a_red_flag_is_kept_for_review(house: House) -> None:
    await says(house, CHEST)
    house.member.presses("Not a red flag")
    await house.settle(20)
    assert not await is_paused(house)
    assert len(told(house, SEEN)) == 1, "whoever closes it has seen it"
    assert cards(house)[0].text.endswith("Not a red flag, says Member.")
    row = await only_alert(house)
    assert (row["outcome"], row["taken_by"], row["closed_by"]) == ("false_alarm", house.member.user_id, 12)
    async with house.app.store.read() as tx:
        review = (await tx.execute(sa.select(triage_review))).mappings().one()
    assert (review["verdict"], review["question_id"], review["by_id"]) == ("false_alarm", row["question_id"], 12)
    await house.pass_time(hours=1)
    assert len(cards(house)) == 1


@pytest.fixture
def other(house: House) -> Member:
    """A second member of staff."""
    return house.staff.add(house.world.add_user(13, "Other"))


async def test_two_who_press_at_once_make_one_taker(house: House, other: Member) -> None:
    await says(house, CHEST)
    card = cards(house)[0].message_id
    house.member.presses("I take it", card)
    other.presses("I take it", card)
    await house.settle(20)
    assert cards(house)[0].text.endswith("Taken by Member.")
    assert len(told(house, SEEN)) == 1
    async with house.app.store.read() as tx:
        assert list(await tx.scalars(sa.select(audit.c.action))) == ["take"]


async def test_two_who_close_it_differently_close_it_once(house: House, other: Member) -> None:
    await says(house, CHEST)
    card = cards(house)[0].message_id
    house.member.presses("Call done", card)
    other.presses("Not a red flag", card)
    await house.settle(20)
    assert (await only_alert(house))["outcome"] == "done"
    async with house.app.store.read() as tx:
        assert (await tx.execute(sa.select(triage_review))).all() == []


async def test_a_press_after_the_end_changes_nothing(house: House) -> None:
    await says(house, CHEST)
    await house.pass_time(minutes=6)
    house.member.presses("Call done", cards(house)[0].message_id)
    await house.settle(20)
    taken_us = (await only_alert(house))["taken_us"]
    async with house.app.store.read() as tx:
        row_id = (await tx.execute(sa.select(alert.c.message_id))).scalar_one()
    for action in ("take", "false", "done"):
        data = encode(row_id, f"{action}:1")
        house.world.forge_press(house.member.user, house.staff.chat_id, cards(house)[0].message_id, data)
    await house.settle(20)
    row = await only_alert(house)
    assert (row["outcome"], row["taken_us"]) == ("done", taken_us)
    assert len(told(house, SEEN)) == 1


@pytest.mark.parametrize("action", ["take", "done", "false", "card", "oncall"])
async def test_a_patient_can_do_nothing_about_it(house: House, action: str) -> None:
    await says(house, CHEST)
    async with house.app.store.read() as tx:
        row_id = (await tx.execute(sa.select(alert.c.message_id))).scalar_one()
    house.world.forge_press(house.patient, house.patient.chat_id, 1, encode(row_id, f"{action}:1"))
    await house.settle(20)
    assert (await only_alert(house))["state"] == "open"
    assert len(cards(house)) == 1


# --- when something is wrong ----------------------------------------------------------------------------------------


async def test_without_the_group_every_repeat_reaches_the_owners(house: House) -> None:
    house.staff.kick_bot(house.member)
    await house.settle()
    await says(house, CHEST)
    await house.pass_time(minutes=6)
    private = [m for m in house.world.from_bot(house.owner.chat_id) if m.text.startswith("Emergency")]
    assert len(private) == 2
    house.owner.presses("I take it", private[0].message_id)
    await house.settle(20)
    assert len(told(house, SEEN)) == 1
    assert (await only_alert(house))["taken_by"] == house.owner.user_id


async def test_a_patient_who_blocked_the_bot_is_still_an_alert(house: House) -> None:
    await says(house, CHEST)
    house.patient.blocks()
    await house.settle()
    await house.pass_time(minutes=11)
    assert any(text.startswith("Cannot be reached · P-") for text in house.staff_texts), "somebody has to ring"
    assert len(cards(house)) == 3
    house.member.presses("I take it")
    await house.settle(20)
    assert (await only_alert(house))["state"] == "taken"


async def test_check_ins_and_announcements_wait_until_it_is_closed(house: House) -> None:
    await says(house, FOOT)
    chat_id, states = ChatId(house.patient.chat_id), {}
    for when in ("during", "after"):
        async with house.app.store.write() as tx:
            for kind in (Kind.CHECK_IN, Kind.BROADCAST, Kind.RELAY):
                out = Outgoing(chat_id, kind, Payload("How are you?"), f"{when}:{kind}")
                await house.app.post.enqueue(tx, out)
        await house.settle()
        async with house.app.store.read() as tx:
            rows = await tx.execute(
                sa.select(message.c.kind, message.c.state, message.c.reason).where(
                    message.c.dedupe_key.startswith(f"{when}:")
                )
            )
            states[when] = {row.kind: (row.state, row.reason) for row in rows}
        if when == "during":
            house.member.presses("Call done")
            await house.settle()
    assert states["during"] == {
        "check_in": ("skipped", "paused"),
        "broadcast": ("skipped", "paused"),
        "relay": ("sent", None),
    }
    assert {state for state, _ in states["after"].values()} == {"sent"}


async def test_an_alert_goes_to_its_topic_and_arrives_when_that_is_gone(house: House) -> None:
    for _ in range(2):
        await house.app.look_at_group()
        await house.settle()
    assert [topic.name for topic in house.staff.chat.topics.values()] == ["Alerts"]
    await says(house, CHEST)
    thread = cards(house)[0].thread_id
    assert thread is not None
    assert thread in house.staff.chat.topics
    house.staff.delete_topic(thread)
    await house.pass_time(minutes=6)
    assert len(cards(house)) == 1, "the first went with the topic, and the repeat arrived"


@pytest.mark.parametrize("why", ["no topics", "no right to make them", "out of reach"])
async def test_without_a_topic_alerts_go_to_the_group_itself(house: House, why: str) -> None:
    match why:
        case "no topics":
            house.staff.set_forum(False)
        case "no right to make them":
            house.staff.add_bot(house.member, rights=frozenset())
        case _:
            house.world.faults.add(server_error(502), method="getChat", times=None)
    await house.app.look_at_group()
    await says(house, CHEST)
    assert cards(house)[0].thread_id is None
    assert house.staff.chat.topics == {}
