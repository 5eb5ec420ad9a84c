"""While staff talk with a patient: when the bot keeps quiet, what staff read of it, what is a note among them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.content.schema import Content
from bot.core.outcome import Asks, Check, Occasion, Outcome, Say, State, TellStaff, Thread
from bot.core.talking import Talking, is_note, is_talking, key_of, said_in, topic_link
from bot.model import (
    ChatId,
    Decision,
    Flag,
    Level,
    Media,
    MediaIn,
    PressIn,
    Scope,
    Sender,
    TelegramMessageId,
    TextIn,
    Understanding,
    UserId,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday; the clinic is at lunch until 13:30."""
CHAT, SENDER, NUMBER = ChatId(11), Sender(UserId(11)), TelegramMessageId(8)
ANSWERED = Understanding("can I drive", Decision.ANSWER, "driving", None, 0.9)
UNKNOWN = Understanding("is tea fine", Decision.HAND_OVER, None, None, 0.1)
ANSWER = Outcome(State(), says=(Say("Yes."),), understanding=ANSWERED)
FLAG = Flag("suspected_dvt", Level.URGENT, ("swollen calf",))


def said(text: str = "can I drive", *, edited: bool = False, media: Media | None = None) -> TextIn:
    return TextIn(CHAT, SENDER, text, NUMBER, NOW, edited=edited, media=media)


def occasion(minutes: float | None = None) -> Occasion:
    """A thread is open; staff wrote so many minutes ago, or did not."""
    at = NOW - timedelta(minutes=minutes) if minutes is not None else None
    return Occasion(now=NOW, sent_at=NOW, code="P-7F3K", thread=Thread(at))


def meta(what: str, **wish: object) -> Outcome:
    understanding = Understanding(what, Decision.META, what, None, 1)
    return replace(Outcome(State(), says=(Say(f"{what}."),), understanding=understanding), **wish)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "note"),
    [("// ask Bea", True), ("  //ask", True), ("//", True), ("/ ask", False), ("see http://x", False), ("", False)],
)
def test_a_note_begins_with_two_slashes(text: str, note: bool) -> None:
    assert is_note(text) is note


@pytest.mark.parametrize(
    ("minutes", "talking"),
    [(0, True), (119.9, True), (120, False), (None, False)],
)
def test_somebody_talks_for_two_hours_after_their_last_word(minutes: float | None, talking: bool) -> None:
    assert is_talking(occasion(minutes).thread, NOW) is talking
    assert not is_talking(None, NOW)


# --- what goes on ----------------------------------------------------------------------------------------------------

GOES_ON = [
    pytest.param(Outcome(State(), understanding=replace(UNKNOWN, decision=Decision.RED_FLAG)), id="red-flag"),
    pytest.param(Outcome(State(), understanding=replace(UNKNOWN, decision=Decision.CHECK)), id="safety-question"),
    pytest.param(Outcome(State(check=Check(FLAG, "calf", NOW))), id="answer-to-a-safety-question"),
    pytest.param(Outcome(State(), staff=(TellStaff("", level=Level.URGENT),)), id="alert"),
    pytest.param(meta("stop", stop=Scope.ALL), id="stop"),
    pytest.param(meta("resume", resume=True), id="resume"),
    pytest.param(meta("forget", asks_for=Asks.FORGET), id="forget-me"),
    pytest.param(Outcome(State(), joins="join"), id="joins"),
]


@pytest.mark.parametrize("outcome", GOES_ON)
def test_danger_and_wishes_go_on_while_somebody_talks(content: Content, outcome: Outcome) -> None:
    found = Talking(content).beside(said(), outcome, State(), occasion(5))
    assert replace(found, staff=outcome.staff) == outcome
    assert found.staff[0].is_line, "staff read it first"


SMALL_TALK = ("thanks", "greeting", "about_bot", "human", "help", "language")


@pytest.mark.parametrize("outcome", [ANSWER, *map(meta, SMALL_TALK)], ids=["answer", *SMALL_TALK])
def test_all_else_is_for_the_person(content: Content, outcome: Outcome) -> None:
    found = Talking(content).beside(said(), outcome, State(), occasion(5))
    assert found.says == ()
    assert [card.is_line for card in found.staff] == [True]
    assert "can I drive" not in str(found.state), "nothing is offered or remembered of it"


def test_what_was_not_answered_counts_as_handed_over(content: Content) -> None:
    found = Talking(content).beside(said(), ANSWER, State(), occasion(5))
    assert found.understanding == replace(ANSWERED, decision=Decision.HAND_OVER, id=None)
    assert not found.staff[0].entry_id


@pytest.mark.parametrize(
    ("staff_wrote", "told", "expected"),
    [
        pytest.param(9, None, 0, id="staff-wrote-just-now"),
        pytest.param(10, None, 1, id="ten-minutes-without-a-word"),
        pytest.param(30, 59, 0, id="told-within-the-hour"),
        pytest.param(30, 60, 1, id="told-an-hour-ago"),
    ],
)
def test_who_waits_is_told_once_an_hour(content: Content, staff_wrote: int, told: int | None, expected: int) -> None:
    before = State(heard_at=NOW - timedelta(minutes=told) if told is not None else None)
    found = Talking(content).beside(said(), ANSWER, before, occasion(staff_wrote))
    assert len(found.says) == expected
    assert (found.state.heard_at == NOW) is bool(expected)


# --- what staff read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "incoming",
    [
        pytest.param(PressIn(CHAT, SENDER, "p1", None, "x", NUMBER), id="press"),
        pytest.param(said("/help"), id="command"),
    ],
)
def test_presses_and_commands_are_no_talk(content: Content, incoming: PressIn | TextIn) -> None:
    assert Talking(content).beside(incoming, ANSWER, State(), occasion(5)) == ANSWER


@pytest.mark.parametrize("when", [replace(occasion(5), thread=None), replace(occasion(5), flooding=True)])
def test_without_a_thread_and_in_a_flood_nothing_changes(content: Content, when: Occasion) -> None:
    assert Talking(content).beside(said(), ANSWER, State(), when) == ANSWER


def test_an_answer_of_the_bot_is_marked_so_that_staff_can_ask_why(content: Content) -> None:
    found = Talking(content).beside(said(), ANSWER, State(), occasion())
    assert found.says == ANSWER.says
    assert (found.staff[0].is_line, found.staff[0].entry_id) == (True, ANSWERED.id)


@pytest.mark.parametrize(
    ("decision", "is_said"),
    [
        pytest.param(Decision.ASK, True, id="asking-back"),
        pytest.param(Decision.RED_FLAG, True, id="warning"),
        pytest.param(Decision.CHECK, True, id="safety-question"),
        pytest.param(Decision.META, False, id="wish"),
    ],
)
def test_why_may_be_asked_of_every_reply(content: Content, decision: Decision, is_said: bool) -> None:
    replied = replace(ANSWER, understanding=replace(ANSWERED, decision=decision, id=None), taps=())
    (line,) = Talking(content).beside(said(), replied, State(), occasion()).staff
    assert line.has_why
    assert (line.text == content.threads.did) is is_said
    (silent,) = Talking(content).beside(said(), replace(replied, says=()), State(), occasion()).staff
    assert not silent.has_why


def test_media_is_copied_as_it_is(content: Content) -> None:
    picture = MediaIn(CHAT, SENDER, Media.PHOTO, NUMBER, NOW)
    (card,) = Talking(content).beside(picture, Outcome(State()), State(), occasion(5)).staff
    assert (card.copy_message_id, card.is_line) == (NUMBER, True)


@pytest.mark.parametrize(
    "card",
    [
        pytest.param(TellStaff("Question", opens_alert=True), id="a-card-with-the-question"),
        pytest.param(TellStaff("", copy_message_id=NUMBER), id="the-picture-itself"),
    ],
)
def test_what_a_card_shows_is_not_said_twice(content: Content, card: TellStaff) -> None:
    outcome = Outcome(State(), staff=(card,), understanding=UNKNOWN)
    assert Talking(content).beside(said(), outcome, State(), occasion()).staff == (card,)


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (key_of(ChatId(-1005), TelegramMessageId(7)), (-1005, 7)),
        ("said:-1005:7.0", (-1005, 7)),
        ("said:700:7", (700, 7)),
        ("said:-1005:7:123:456", None),
        ("canned:7", None),
        ("u7:say0", None),
    ],
)
def test_a_key_tells_what_it_passes_on(key: str, found: tuple[int, int] | None) -> None:
    assert said_in(key) == found


def test_a_topic_has_an_address() -> None:
    assert topic_link(ChatId(-1001234567890), 42) == "https://t.me/c/1234567890/42"


def test_what_the_bot_would_take_for_its_own_is_kept_while_a_person_talks(content: Content) -> None:
    nodded = Outcome(State(), (Say("Good."),))
    found = Talking(content).beside(said("yes"), nodded, State(), occasion(5))
    assert found.says == ()
    assert found.understanding == Understanding("yes", Decision.HAND_OVER, None, None, 0.0)
    assert Talking(content).beside(said("yes"), nodded, State(), occasion()).understanding is None
