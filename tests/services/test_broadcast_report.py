"""What staff see of an announcement: its card at every stage, the file at its end, its name on what patients answer."""

import csv
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.announcement import Audience, Counts, LeftOut, State, Task
from bot.clock import HOUR_US, MINUTE_US, SECOND_US, ManualClock, to_us
from bot.content.load import load_content
from bot.content.schema import Content
from bot.model import BotId, ChatId, Kind, MessageState, Method, Payload, SendWhy, UserId
from bot.services import broadcast_file
from bot.services.broadcast_file import safe
from bot.services.broadcast_report import Report, buttons
from bot.services.broadcasts import Broadcasts
from bot.services.library import Library
from bot.services.post import Post
from bot.simulator import faults
from bot.simulator.house import House
from bot.simulator.people import Person
from bot.simulator.state import Message
from bot.store import accounts, broadcasts
from bot.store.engine import Store
from bot.store.tables import attachment, message
from tests.conftest import MONDAY_NOON, ROOT
from tests.on_a_plan import enrol, write_plan

NOON_US = to_us(MONDAY_NOON)
AUTHOR = UserId(12)
GOING = Counts(sent=1480, refused=6, unknown=2, skipped={"opted_out": 8, "open_alert": 3, "paused": 1}, waiting=1512)
BY = "Written and sent by Member"


@pytest.fixture
def content_dir(content_dir: Any) -> Any:
    write_plan(content_dir)
    return content_dir


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content(ROOT / "faq")


@pytest.fixture
def report(content: Content, clock: ManualClock) -> Report:
    """Without a database: what it says of counts that are given."""
    library = cast(Library, SimpleNamespace(served=SimpleNamespace(content=content)))
    return Report(Post(cast(Store, None), clock, BotId(1), library))


def row(state: State = State.RUNNING, **values: Any) -> sa.RowMapping:
    """An announcement that has been going out for a minute."""
    of_it = {
        "id": 7,
        "payload": {"text": "{clinic_name}: we are closed on Friday.", "links": []},
        "state": state,
        "reason": None,
        "task": None,
        "due_us": None,
        "any_hour": False,
        "frozen_us": NOON_US - MINUTE_US,
        "started_us": NOON_US - MINUTE_US,
        "ended_us": NOON_US if state in {State.DONE, State.CANCELLED} else None,
        "judged_sent": 0,
        "judged_refused": 0,
        "created_by": 12,
        "created_name": "Member",
        "approved_by": 12,
        "approved_name": "Member",
        "card_id": None,
    }
    return cast(sa.RowMapping, of_it | values)


def lines(payload: Payload) -> list[str]:
    return payload.text.splitlines()


def pressable(payload: Payload) -> list[list[str]]:
    return [[button.data for button in one] for one in payload.buttons]


# --- the card -------------------------------------------------------------------------------------------------------


def test_the_card_says_how_far_it_is_in_words_and_as_a_bar(report: Report) -> None:
    card = report.progress(row(), GOING)
    assert lines(card) == [
        "<b>Announcement “we are closed on Friday.”</b>",
        "Going out now.",
        "",
        "▓▓▓▓░░░░░░ 49 %",
        "Sent: 1,480 of 3,000",
        "Still to go: 1,512",
        "Refused by Telegram: 6",
        "May not have arrived: 2",
        "Left out: 12",
        "– 8: said STOP",
        "– 4: a warning about them is open",
        "So far 25 a second. The rest takes less than a minute, until 12:00 (Europe/London).",
        "",
        BY,
    ]


STOPPED = {"reason": "refusals", "judged_sent": 100, "judged_refused": 1}


@pytest.mark.parametrize(
    ("found", "counts", "said"),
    [
        pytest.param(
            row(frozen_us=None, started_us=None),
            Counts(),
            "Getting ready: the list of who gets it is being made.",
            id="freezing",
        ),
        pytest.param(
            row(started_us=None, due_us=NOON_US + HOUR_US),
            Counts(waiting=3),
            "Goes out at 13:00 (Europe/London).",
            id="waits for its time",
        ),
        pytest.param(
            row(started_us=None, due_us=NOON_US + 7 * HOUR_US),
            Counts(waiting=3),
            "Goes out at Tuesday 09:00 (Europe/London).",
            id="its time is after the hours",
        ),
        pytest.param(row(), GOING, "Going out now.", id="going"),
        pytest.param(
            row(State.PAUSED, reason="staff"),
            GOING,
            "Paused. Nothing goes out before somebody presses “Go on”.",
            id="paused",
        ),
        pytest.param(
            row(State.PAUSED, **STOPPED),
            Counts(sent=145, refused=6, waiting=900),
            "Stopped by itself: Telegram refused 5 of 50. Please look at it before you press “Go on”.",
            id="stopped: those before it went on the last time do not count",
        ),
        pytest.param(row(State.DONE), GOING, "Finished at 12:00 (Europe/London).", id="done"),
        pytest.param(
            row(State.CANCELLED),
            GOING,
            "Cancelled at 12:00 (Europe/London). Whoever had no copy by then gets none.",
            id="cancelled",
        ),
        pytest.param(
            row(State.DONE, task=Task.CORRECT),
            GOING,
            "The new text is being put on the phones of those who got it.",
            id="corrected",
        ),
        pytest.param(
            row(State.CANCELLED, task=Task.TAKE_BACK),
            GOING,
            "The copies are being deleted from the phones of those who got it.",
            id="taken back",
        ),
        pytest.param(
            row(State.CANCELLED, task=Task.TAKEN_BACK),
            GOING,
            "Taken back. All copies that can be deleted were deleted.",
            id="was taken back",
        ),
    ],
)
def test_its_second_line_says_how_it_stands(report: Report, found: sa.RowMapping, counts: Counts, said: str) -> None:
    assert lines(report.progress(found, counts))[1] == said


def test_what_is_not_known_yet_is_not_said(report: Report) -> None:
    card = report.progress(row(frozen_us=None, started_us=None), Counts())
    assert lines(card)[2:] == ["", BY]


def test_a_cancelled_one_still_has_copies_on_the_wire(report: Report) -> None:
    card = report.progress(row(State.CANCELLED), Counts(sent=3, cancelled=6, waiting=1))
    assert lines(card)[3:7] == ["▓▓▓▓▓▓▓▓▓░ 90 %", "Sent: 3 of 10", "Still to go: 1", "Cancelled before it went: 6"]


def test_copies_that_wait_for_later_have_no_pace(report: Report) -> None:
    card = report.progress(row(), Counts(sent=3, waiting=2), later=2)
    assert lines(card)[3:] == [
        "▓▓▓▓▓▓░░░░ 60 %",
        "Sent: 3 of 5",
        "Still to go: 2",
        "– 2 of them later, mostly after quiet hours",
        "",
        BY,
    ]


def test_one_that_reaches_nobody_says_so(report: Report) -> None:
    card = report.progress(row(State.DONE), Counts(skipped={"no_visit": 2}))
    assert lines(card)[3:6] == ["Nobody gets it.", "Left out: 2", "– 2: no visit to come"]


def test_it_says_who_confirmed_it(report: Report) -> None:
    card = report.progress(row(approved_by=700, approved_name="Colleague"), GOING)
    assert lines(card)[-1] == "Written by Member, confirmed by Colleague"


@pytest.mark.parametrize(
    ("found", "counts", "expected"),
    [
        pytest.param(row(started_us=None), Counts(), [["bc:pause:7", "bc:cancel:7"]], id="waits"),
        pytest.param(row(), GOING, [["bc:pause:7", "bc:cancel:7"], ["bc:correct:7", "bc:back:7"]], id="going"),
        pytest.param(
            row(State.PAUSED), GOING, [["bc:resume:7", "bc:cancel:7"], ["bc:correct:7", "bc:back:7"]], id="paused"
        ),
        pytest.param(row(State.DONE), GOING, [["bc:again:7"], ["bc:correct:7", "bc:back:7"]], id="done, two unknown"),
        pytest.param(row(State.DONE), Counts(sent=3), [["bc:correct:7", "bc:back:7"]], id="done"),
        pytest.param(row(State.CANCELLED, started_us=None), Counts(cancelled=3), [], id="cancelled before it began"),
        pytest.param(row(State.CANCELLED, task=Task.TAKE_BACK), GOING, [], id="is being taken back"),
        pytest.param(
            row(State.CANCELLED, task=Task.TAKEN_BACK), GOING, [["bc:correct:7"]], id="what could not be deleted"
        ),
    ],
)
def test_its_buttons_are_what_can_be_done(
    report: Report, content: Content, found: sa.RowMapping, counts: Counts, expected: list[list[str]]
) -> None:
    assert pressable(Payload("", buttons(found, counts, content.broadcasts, "2 messages"))) == expected
    assert pressable(report.progress(found, counts)) == expected


# --- the file -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("P-7F3K", "P-7F3K"),
        ("=1+1", "'=1+1"),
        ("+44", "'+44"),
        ("-2", "'-2"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(cell: str, expected: str) -> None:
    assert safe(cell) == expected


NOT_MADE: dict[str, Any] = dict.fromkeys(("left_out", "state", "reason", "sent_us", "resent", "is_taken_back"))
COPY = NOT_MADE | {"chat_id": 1, "code": "P-1"}


@pytest.mark.parametrize(
    ("values", "is_over", "expected"),
    [
        pytest.param(
            {"state": MessageState.SENT, "sent_us": NOON_US},
            False,
            ("sent", "", "2026-11-23 12:00:00"),
            id="sent",
        ),
        pytest.param(
            {"state": MessageState.SENT, "sent_us": NOON_US, "resent": True},
            False,
            ("sent twice, the second one marked as a repeat", "", "2026-11-23 12:00:00"),
            id="sent again",
        ),
        pytest.param(
            {"state": MessageState.SENT, "sent_us": NOON_US, "is_taken_back": True},
            False,
            ("taken back", "", "2026-11-23 12:00:00"),
            id="taken back",
        ),
        pytest.param(
            {"state": MessageState.UNKNOWN, "reason": "ReadTimeout"},
            False,
            ("may not have arrived", "", ""),
            id="unknown",
        ),
        pytest.param(
            {"state": MessageState.REFUSED, "reason": "bot_was_blocked_by_the_user"},
            False,
            ("refused by Telegram", "bot was blocked by the user", ""),
            id="refused",
        ),
        pytest.param({"left_out": LeftOut.OPTED_OUT}, False, ("left out", "said STOP", ""), id="left out beforehand"),
        pytest.param(
            {"state": MessageState.SKIPPED, "reason": SendWhy.OPTED_OUT.value},
            False,
            ("left out", "said STOP", ""),
            id="left out in the last moment",
        ),
        pytest.param(
            {"state": MessageState.SKIPPED, "reason": "nobody knows"},
            False,
            ("left out", "another reason", ""),
            id="else",
        ),
        pytest.param({"state": MessageState.PENDING, "reason": "x"}, False, ("not sent yet", "", ""), id="pending"),
        pytest.param({}, False, ("not sent yet", "", ""), id="no copy yet"),
        pytest.param({}, True, ("cancelled before it went", "", ""), id="no copy, and there will be none"),
        pytest.param(
            {"state": MessageState.CANCELLED, "reason": SendWhy.CALLED_OFF.value},
            True,
            ("cancelled before it went", "", ""),
            id="cancelled",
        ),
    ],
)
def test_a_line_says_what_happened_and_why(
    content: Content, values: dict[str, Any], is_over: bool, expected: tuple[str, str, str]
) -> None:
    words = broadcast_file.Words(content.broadcasts, ZoneInfo("Europe/London"), is_over=is_over)
    assert words.cells(COPY | values) == ("P-1", *expected)


def test_each_reason_has_words(content: Content) -> None:
    known = broadcast_file.reasons(content.broadcasts)
    assert {one.value for one in LeftOut} <= set(known)
    assert {why.value for why in (SendWhy.OPTED_OUT, SendWhy.UNREACHABLE, SendWhy.PAUSED, SendWhy.DAILY_CAP)} <= set(
        known
    )


# --- in the staff group ---------------------------------------------------------------------------------------------


async def people(house: House, count: int) -> list[Person]:
    """Patients who agreed to messages, by the codes P-9000, P-9001…"""
    found = []
    for number in range(count):
        person = house.world.add_user(5000 + number, "Patient")
        person.starts()
        found.append(person)
        await enrol(house, f"P-{9000 + number}", chat_id=person.chat_id, agreed_us=NOON_US)
    await house.settle()
    return found


async def announce(house: House, text: str = "{clinic_name}: we are closed on Friday.") -> int:
    bot_id, values = house.app.settings.bot_id, {"created_by": AUTHOR, "created_name": "Member"}
    async with house.app.store.write() as tx:
        broadcast_id = await broadcasts.add(
            tx,
            bot_id,
            payload={"text": text, "links": []},
            audience=Audience().to_json(),
            state=State.DRAFT,
            created_us=house.clock.now_us(),
            **values,
        )
        await Broadcasts(house.app.post).confirm(tx, AUTHOR, broadcast_id)
    return broadcast_id


def cards(house: House) -> list[Message]:
    return [one for one in house.world.from_bot(house.staff.chat_id) if one.text.startswith("Announcement “")]


def reports(house: House) -> list[Message]:
    return [one for one in house.world.from_bot(house.staff.chat_id) if one.media is not None]


async def files(house: House) -> list[list[list[str]]]:
    async with house.app.store.read() as tx:
        kept = await tx.scalars(sa.select(attachment.c.content).order_by(attachment.c.id))
        return [list(csv.reader(one.decode("utf-8-sig").splitlines())) for one in kept]


async def test_one_card_is_kept_up_to_date_and_a_file_ends_it(house: House) -> None:
    await people(house, 3)
    await announce(house)
    await house.settle(120)
    (card,) = cards(house)
    assert "Finished at 12:00 (Europe/London).\n\n▓▓▓▓▓▓▓▓▓▓ 100 %\nSent: 3 of 3" in card.text
    (report,) = reports(house)
    assert report.text == (
        "Report: “we are closed on Friday.”\n\nSent to 3 patients. The file says of all 3 what happened, why and when."
    )
    (rows,) = await files(house)
    assert rows[0] == ["Patient", "What happened", "Why", "Time (Europe/London)"]
    assert [line[:3] for line in rows[1:]] == [[f"P-{9000 + number}", "sent", ""] for number in range(3)]


async def test_the_card_is_drawn_anew_every_fifteen_seconds_at_most(house: House) -> None:
    await people(house, 50)
    async with house.app.store.write() as tx:
        await accounts.set_account(
            tx, house.app.settings.bot_id, interval_us=SECOND_US, last_wait_us=house.clock.machine_us()
        )
    await announce(house)
    await house.settle(120)
    async with house.app.store.read() as tx:
        edits = sa.select(message.c.sent_us).where(
            message.c.kind == Kind.CARD, message.c.method == Method.EDIT_TEXT, message.c.sent_us.is_not(None)
        )
        times = (await tx.scalars(edits.order_by(message.c.sent_us))).all()
    gaps_s = [round((later - earlier) / SECOND_US) for earlier, later in pairwise(times)]
    assert len(gaps_s) >= 2
    assert all(15 <= gap_s <= 21 for gap_s in gaps_s), gaps_s


async def test_the_same_report_is_sent_once_and_a_new_one_when_something_changed(house: House) -> None:
    await people(house, 2)
    house.world.faults.add(faults.lose_answer(), method="sendMessage", chat_id=5001)
    broadcast_id = await announce(house)
    await house.settle(120)
    assert len(reports(house)) == 1
    for expected in (1, 1):
        async with house.app.store.write() as tx:
            found = await broadcasts.get(tx, house.app.settings.bot_id, broadcast_id)
            assert found is not None
            report = Report(house.app.post)
            await report.send(tx, found, await report.file(tx, found))
        await house.settle(60)
        assert len(reports(house)) == expected
    async with house.app.store.write() as tx:
        await Broadcasts(house.app.post).send_unknown_again(tx, AUTHOR, broadcast_id)
    await house.settle(120)
    assert len(reports(house)) == 2
    assert ["P-9001", "sent twice, the second one marked as a repeat"] in [
        line[:2] for line in (await files(house))[-1]
    ]


async def test_our_copy_of_a_report_is_gone_after_a_night(house: House) -> None:
    await people(house, 1)
    await announce(house)
    await house.settle(120)
    assert len(await files(house)) == 1
    await house.pass_time(days=2)
    assert await files(house) == []


async def test_staff_hear_at_once_that_it_stopped(house: House) -> None:
    for person in await people(house, 8):
        person.blocks()
    house.world.updates.drop_pending()  # the bot finds out by sending
    await announce(house)
    await house.settle(60)
    (alarm,) = [text for text in house.staff_texts if text.startswith("An announcement stopped by itself")]
    assert "“we are closed on Friday.”: Telegram refused 5 of 5." in alarm
    (alarm_message,) = [one for one in house.world.from_bot(house.staff.chat_id) if one.text == alarm]
    assert [key.label for key in alarm_message.keys] == ["Go on", "Cancel the rest"]


# --- answers to it --------------------------------------------------------------------------------------------------

UNKNOWN, DANGER = "can my neighbour borrow your parking space", "my foot won't lift since yesterday"


@pytest.mark.parametrize("words", [pytest.param(UNKNOWN, id="a question"), pytest.param(DANGER, id="danger")])
async def test_the_card_names_the_announcement_somebody_writes_after(house: House, words: str) -> None:
    (person,) = await people(house, 1)
    await announce(house)
    await house.settle(60)
    person.says(words)
    await house.settle(60)
    (card,) = [text for text in house.staff_texts if words in text]
    assert "After the announcement “we are closed on Friday.”" in card


@pytest.mark.parametrize("is_answer", [pytest.param(True, id="an answer"), pytest.param(False, id="not an answer")])
async def test_a_day_later_only_an_answer_to_it_names_it(house: House, is_answer: bool) -> None:
    (person,) = await people(house, 1)
    await announce(house)
    await house.settle(60)
    copy = person.last
    await house.pass_time(hours=25)
    person.says(UNKNOWN, reply_to=copy.message_id if is_answer else None)
    await house.settle(60)
    (card,) = [text for text in house.staff_texts if UNKNOWN in text]
    assert ("After the announcement “we are closed on Friday.”" in card) is is_answer


async def test_what_was_written_before_it_is_not_about_it(house: House) -> None:
    (person,) = await people(house, 1)
    before = house.clock.now()
    await house.pass_time(minutes=5)
    await announce(house)
    await house.settle(60)
    async with house.app.store.read() as tx:
        report, chat_id = Report(house.app.post), ChatId(person.chat_id)
        assert await report.named(tx, chat_id, before) == ""
        assert await report.named(tx, chat_id, house.clock.now()) != ""
        assert await report.named(tx, chat_id, house.clock.now() + timedelta(hours=25)) == ""
