"""What is said and remembered, decision by decision: a conversation without a database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from bot.content.schema import Content, Entry
from bot.core.conversation import Conversation
from bot.core.matching import Matcher
from bot.core.outcome import Answered, Asked, Occasion, Outcome, State
from bot.core.understand import build_brain
from bot.model import (
    Candidate,
    ChatId,
    Decision,
    Match,
    MessageId,
    PressIn,
    Sender,
    Tap,
    TelegramMessageId,
    TextIn,
    UserId,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CHAT, SENDER = ChatId(11), Sender(UserId(11))
ASKED_IN = TelegramMessageId(7)


class TwoQuestions(Matcher):
    """A matcher that hears two questions in everything, and is sure of both."""

    def match(self, text: str) -> Match:
        decision: Literal[Decision.ANSWER] = Decision.ANSWER
        found = tuple(Candidate(entry_id, 0.9, "") for entry_id in ("bruising", "driving", "parking"))
        return Match(decision, found, text, second=found[1])


@pytest.fixture(scope="module")
def conversation(content: Content) -> Conversation:
    brain = replace(build_brain(content), matcher=TwoQuestions())
    return Conversation(content, brain)


def occasion(**fields: object) -> Occasion:
    return replace(Occasion(now=NOW, sent_at=NOW, code="P-7F3K"), **fields)  # type: ignore[arg-type]


def says(conversation: Conversation, text: str, state: State) -> Outcome:
    said = TextIn(CHAT, SENDER, text, ASKED_IN, NOW)
    return conversation.on_text(said, state, occasion())


def press(data: str) -> PressIn:
    return PressIn(CHAT, SENDER, "p", MessageId(3), data, TelegramMessageId(8))


def labels(outcome: Outcome) -> list[str]:
    return [button.data for row in outcome.says[0].buttons for button in row]


# --- two questions ---------------------------------------------------------------------------------------------------


def test_two_questions_get_one_message_with_both_answers(conversation: Conversation) -> None:
    outcome = says(conversation, "is a bruise ok and can I drive", State())
    (say,) = outcome.says
    assert say.text.index("<b>Is a bruise normal?</b>") < say.text.index("Answer to bruising.")
    assert say.text.index("Answer to bruising.") < say.text.index("<b>Can I drive home?</b>\n\nAnswer to driving.")
    assert labels(outcome) == ["helped:bruising", "not:bruising", "team:bruising"]
    assert outcome.understanding is not None
    assert (outcome.understanding.id, outcome.understanding.second) == ("bruising", "driving")
    assert outcome.state.answered is not None
    assert (outcome.state.answered.entry_ids, outcome.state.answered.others) == (("bruising", "driving"), ("parking",))


def test_what_helped_of_two_answers_is_both(conversation: Conversation) -> None:
    asked = Asked("?", ASKED_IN, ("bruising", "driving", "parking"), ("bruising", "driving"), "Two answers")
    pressed = conversation.on_press(press("helped:bruising"), State(), occasion(asked=asked))
    typed = says(conversation, "that helped", says(conversation, "two things", State()).state)
    for outcome in (pressed, typed):
        assert outcome.taps == (("bruising", Tap.HELPED), ("driving", Tap.HELPED))
        assert outcome.about == ASKED_IN
    (redraw,) = pressed.redraws
    assert (redraw.text, redraw.buttons) == ("Two answers\n\n<i>helped.</i>", ())


def test_neither_of_two_answers_leaves_the_third(conversation: Conversation) -> None:
    outcome = says(conversation, "not what I asked", says(conversation, "two things", State()).state)
    assert labels(outcome) == ["pick:parking", "none"]
    assert outcome.taps == (("bruising", Tap.NOT_ASKED), ("driving", Tap.NOT_ASKED))
    assert outcome.state.offered == ("parking",)


def test_yes_to_the_only_question_on_offer_is_a_choice(conversation: Conversation) -> None:
    state = says(conversation, "not what I asked", says(conversation, "two things", State()).state).state
    outcome = says(conversation, "yes", state)
    assert "Answer to parking." in outcome.says[0].text
    assert outcome.taps == (("parking", Tap.CHOSEN),)


def test_two_answers_that_do_not_fit_one_message_become_the_better(
    content: Content, make_entry: Callable[..., Entry]
) -> None:
    (group,) = content.groups
    long = tuple(entry.model_copy(update={"answer": "long " * 500}) for entry in group.entries)
    longer = content.model_copy(update={"groups": (group.model_copy(update={"entries": long}),)})
    outcome = says(Conversation(longer, replace(build_brain(content), matcher=TwoQuestions())), "two things", State())
    assert "Is a bruise normal?" in outcome.says[0].text
    assert "Can I drive home?" not in outcome.says[0].text
    assert outcome.state.answered is not None
    assert outcome.state.answered.others == ("driving", "parking"), "and the other one is the next to be offered"


# --- what is remembered ----------------------------------------------------------------------------------------------


def test_a_state_comes_back_as_it_was_stored(conversation: Conversation) -> None:
    state = says(conversation, "two things", State()).state
    state = replace(state, thanked_at=NOW, offered=("parking",), offered_until=NOW)
    assert State.from_json(state.to_json()) == state


def test_a_state_stored_by_an_older_version_can_be_read() -> None:
    stored = State(question="is it ok").to_json()
    for key in ("asked_in", "answered", "thanked_at"):
        del stored[key]
    assert State.from_json(stored) == State(question="is it ok")


def test_a_new_question_leaves_an_offer_behind(conversation: Conversation) -> None:
    state = State(offered=("parking",), offered_until=NOW + timedelta(minutes=5))
    assert says(conversation, "what about my bruise", state).state.offered == ()


def test_words_about_an_answer_mean_nothing_once_something_else_was_asked(conversation: Conversation) -> None:
    answered = Answered(("bruising",), (), NOW + timedelta(minutes=5), TelegramMessageId(1))
    state = State(question="later question", asked_in=TelegramMessageId(5), answered=answered)
    assert says(conversation, "that helped", state).taps == ()


def test_a_press_on_an_entry_that_is_gone_says_so(conversation: Conversation) -> None:
    for action in ("pick", "entry", "helped", "not"):
        outcome = conversation.on_press(press(f"{action}:gone"), State(), occasion())
        assert outcome.says[0].text == "stale_button."


def test_not_what_i_asked_without_anything_else_goes_to_people(conversation: Conversation) -> None:
    asked = Asked("is it ok", ASKED_IN, ("bruising",), ("bruising",), "An answer")
    first = conversation.on_press(press("not:bruising"), State(), occasion(asked=asked))
    assert first.says[0].text == "none_of_these.\n\nhand_over_open."
    assert len(first.staff) == 1
    assert first.taps == (("bruising", Tap.NOT_ASKED),)
    again = conversation.on_press(press("not:bruising"), first.state, occasion(asked=asked))
    assert again.staff == (), "staff have the card already"
