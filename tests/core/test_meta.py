"""A wish is heard in whatever polite words it comes; a question that shares a word with it is none."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import Words
from bot.core.meta import Wish, Wishes

PIECES = ("stop", "start", "again", "my", "pain", "hi", "thanks", "me", "messages", "polish", "?", ",", "is")


@pytest.fixture(scope="module")
def wishes(wish_words: Words) -> Wishes:
    return Wishes(wish_words)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        pytest.param("STOP!!", "stop", id="capitals"),
        pytest.param("please stop, thanks", "stop", id="polite on both sides"),
        pytest.param("stoppp", "stop", id="stretched"),
        pytest.param("stpo", "stop", id="slip"),
        pytest.param("Hi, could you stop messaging me please", "stop", id="asked nicely"),
        pytest.param("no more messages pls", "stop", id="short for please"),
        pytest.param("no more reminders", "stop", id="another word for messages"),
        pytest.param("no more check-in messages please, all fine", "stop", id="a word or two beside it"),
        pytest.param("unsubscibe", "stop", id="letter left out"),
        pytest.param("I want to stop", "stop", id="wanting to"),
        pytest.param("start again", "resume", id="whole phrase"),
        pytest.param("you can start the reminders again", "resume", id="start what again"),
        pytest.param("can I speak to somebody about my foot", "human", id="with what it is about"),
        pytest.param("could I chat to a human please", "human", id="other words for it"),
        pytest.param("ring me", "human", id="ring for call"),
        pytest.param("hiii", "greeting", id="stretched greeting"),
        pytest.param("Good morning all 👋", "greeting", id="greeting with company"),
        pytest.param("hello?? anyone there", "greeting", id="greeting with question marks"),
        pytest.param("Thank you so much!", "thanks", id="warm thanks"),
        pytest.param("ok great, thanks a million", "thanks", id="thanks at the end"),
        pytest.param("are you a bot?", "about_bot", id="bot for robot"),
        pytest.param("do you speak polish", "language", id="language"),
        pytest.param("can I get it in Polish", "language", id="only its name fits"),
        pytest.param("Mówi pan po polsku?", "language", id="in that language"),
    ],
)
def test_a_wish_is_heard(wishes: Wishes, text: str, wish: Wish) -> None:
    assert wishes.wish(text) == wish


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("when will the pain stop", id="pain stops"),
        pytest.param("it won't stop bleeding", id="bleeding stops"),
        pytest.param("stop bleeding", id="stop and more"),
        pytest.param("can I stop", id="may I stop"),
        pytest.param("should I stop the exercises", id="stop exercises"),
        pytest.param("spot", id="another word"),
        pytest.param("when can I start again", id="start sport again"),
        pytest.param("can I start running again", id="start running again"),
        pytest.param("hi how long will I be sore", id="greeting and question"),
        pytest.param("is that normal? thanks", id="question and thanks"),
        pytest.param("no thanks", id="declined"),
        pytest.param("should I call someone if it bleeds", id="whether to call"),
        pytest.param("who is this good for", id="question that starts like one"),
        pytest.param("polish my shoes", id="word with two meanings"),
        pytest.param("", id="empty"),
        pytest.param("🙏", id="only a picture"),
        pytest.param("please", id="only polite"),
        pytest.param("stop " * 40 + "pain", id="too long to be a wish"),
    ],
)
def test_a_question_is_no_wish(wishes: Wishes, text: str) -> None:
    assert wishes.wish(text) is None


def test_stopping_weighs_more_than_thanks_or_a_person(wishes: Wishes) -> None:
    assert wishes.wish("thanks, stop messaging me") == "stop"
    assert wishes.wish("stop messaging me, speak to someone") == "stop"


def test_every_listed_phrase_is_its_wish(wishes: Wishes, wish_words: Words) -> None:
    for wish in ("stop", "resume", "human", "greeting", "thanks", "about_bot", "language"):
        for line in getattr(wish_words, wish):
            assert wishes.wish(f"{line.upper()}.") == wish, line


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_whatever_the_words_it_is_a_wish_we_know_or_none(wishes: Wishes, pieces: list[str]) -> None:
    assert wishes.wish(" ".join(pieces)) in {None, *get_args(Wish)}
