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
        pytest.param("hii", "greeting", id="stretched greeting, as cleaning leaves it"),
        pytest.param("Good morning all 👋", "greeting", id="greeting with company"),
        pytest.param("hello?? anyone there", "greeting", id="greeting with question marks"),
        pytest.param("Thank you so much!", "thanks", id="warm thanks"),
        pytest.param("ok great, thanks a million", "thanks", id="thanks at the end"),
        pytest.param("fine now thanks, see you later, bye", "thanks", id="fine, thanks and leave"),
        pytest.param("are you a bot?", "about_bot", id="bot for robot"),
        pytest.param("do you speak polish", "language", id="language"),
        pytest.param("can I get it in Polish", "language", id="only its name fits"),
        pytest.param("Mówi pan po polsku?", "language", id="in that language"),
        pytest.param("could you switch these notifications off", "stop", id="off, and what"),
        pytest.param("i do not need any more reminders thanks", "stop", id="not, need, reminders"),
        pytest.param("delete me from your system", "stop", id="delete whom from what"),
        pytest.param("how do i turn these messages off", "stop", id="asked how"),
        pytest.param("these check-ins are annoying, make them stop", "stop", id="said of the check-ins"),
        pytest.param("please put the reminders on again", "resume", id="again, and what"),
        pytest.param("i stopped it by accident, can you start sending again", "resume", id="by accident"),
        pytest.param("could one of your staff ring me", "human", id="person, ring, could"),
        pytest.param("transfer me to an agent", "human", id="transfer to whom"),
        pytest.param("i would rather not chat to a bot", "human", id="not with a robot"),
        pytest.param("is there a version of this in urdu", "language", id="a language nobody listed"),
        pytest.param("my mother only speaks ukrainian", "language", id="for somebody else"),
        pytest.param("sorry my english is very bad", "language", id="little English"),
        pytest.param("pode falar portugues comigo", "language", id="language by its own name"),
        pytest.param("so you are only a computer then", "about_bot", id="you, computer"),
        pytest.param("what are you able to do", "about_bot", id="able to do"),
        pytest.param("hello, how are you today", "greeting", id="how are you"),
        pytest.param("hi, its me again", "greeting", id="me again"),
        pytest.param("you have been very helpful", "thanks", id="praise"),
        pytest.param("thank you for getting back to me so quick", "thanks", id="thanks for what"),
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
        pytest.param("will the clinic send me a message before my visit", id="messages to come"),
        pytest.param("i did not get the message", id="a message that did not come"),
        pytest.param("why did i get no reminder", id="a reminder that did not come"),
        pytest.param("cancel tomorrows text", id="one message, not all"),
        pytest.param("do people get used to the needle", id="people in general"),
        pytest.param("do i need someone to drive me", id="somebody, not to talk to"),
        pytest.param("can i ring the doctor about my tablets", id="another doctor"),
        pytest.param("my english teacher said to ice it", id="English in passing"),
        pytest.param("the polish physio told me to swim", id="nationality"),
        pytest.param("is it an ai that picks the points", id="robots elsewhere"),
        pytest.param("what do i do", id="asked for advice"),
        pytest.param("what do you do about the knots", id="what is done, not who does it"),
        pytest.param("hello my toe is blue", id="greeting and complaint"),
        pytest.param("good to know but is it safe for kids", id="praise and question"),
        pytest.param("is that helpful?", id="question about help"),
        pytest.param("is it alright now", id="alright in the middle"),
        pytest.param("", id="empty"),
        pytest.param("🙏", id="only a picture"),
        pytest.param("please", id="only polite"),
        pytest.param("stop " * 40 + "pain", id="too long to be a wish"),
    ],
)
def test_a_question_is_no_wish(wishes: Wishes, text: str) -> None:
    assert wishes.wish(text) is None


def test_short_forms_count_as_what_they_stand_for(wish_words: Words) -> None:
    wishes = Wishes(wish_words.model_copy(update={"spellings": {"dont": "do not", "txt": "text", "u": "you"}}))

    assert wishes.wish("pls dont txt me") == "stop"
    assert wishes.wish("r u an app, u there") is None
    assert wishes.wish("are u an app") == "about_bot"


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
