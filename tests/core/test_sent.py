"""What of a patient's is kept beside the questions, and what is kept nowhere but with the contact details."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.care import JOINING, Care, CareChange, OpenCheckIn, PlanState
from bot.core.outcome import Outcome, State
from bot.core.sent import Sent, beside_questions
from bot.model import (
    BlockedIn,
    ChatId,
    Decision,
    Media,
    MediaIn,
    PatientId,
    PressIn,
    SaidAs,
    Scope,
    Sender,
    TelegramMessageId,
    TextIn,
    Understanding,
    UserId,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHAT, ANNA, THIS = ChatId(11), Sender(UserId(11)), TelegramMessageId(5)


def text(words: str, *, edited: bool = False) -> TextIn:
    return TextIn(CHAT, ANNA, words, THIS, NOW, edited=edited)


def led_to(words: str | None = None, asked_in: int | None = None, *care: CareChange) -> Outcome:
    understood = Understanding(words, Decision.HAND_OVER, None, None, 0.0) if words is not None else None
    where = TelegramMessageId(asked_in) if asked_in is not None else None
    return Outcome(State(), understanding=understood, asked_in=where, care=care)


def joining(asked: str | None) -> Care:
    open_ = OpenCheckIn(1, JOINING, NOW, asked)
    return Care(7, PatientId(1), "P-7F3K", None, "plan", PlanState.JOINING, NOW, "UTC", "", "", False, open=open_)


def with_phone() -> Outcome:
    open_ = OpenCheckIn(1, JOINING, NOW, "agree", {"phone": "5550100100"})
    return led_to(None, None, CareChange(7, open_))


STOPPED = replace(led_to(), stop=Scope.ALL)


@pytest.mark.parametrize(
    ("incoming", "outcome", "cares", "kept"),
    [
        pytest.param(text("why so sore"), led_to("why so sore"), (), None, id="a question"),
        pytest.param(text("two"), led_to("one\ntwo"), (), None, id="the end of a question"),
        pytest.param(text("ok"), led_to(), (), Sent(SaidAs.TEXT, "ok"), id="no question"),
        pytest.param(text("ok", edited=True), led_to(), (), Sent(SaidAs.EDIT, "ok"), id="changed"),
        pytest.param(text("no"), led_to("numb, no", 4), (), Sent(SaidAs.TEXT, "no"), id="about an earlier question"),
        pytest.param(text("/help"), led_to(), (), Sent(SaidAs.TEXT, "/help"), id="a command"),
        pytest.param(text("/human my calf"), led_to("my calf"), (), Sent(SaidAs.TEXT, "/human"), id="with a question"),
        pytest.param(text("/start a1B2c3D4e5F6g7H8i9J0kL"), led_to(), (), Sent(SaidAs.TEXT, "/start"), id="a token"),
        pytest.param(text("Zanzibar"), led_to(), (joining("name"),), Sent(SaidAs.PRIVATE), id="a name"),
        pytest.param(text("my number"), led_to(), (joining("phone"),), Sent(SaidAs.PRIVATE), id="no number"),
        pytest.param(text("5550100100"), with_phone(), (joining("agree"),), Sent(SaidAs.PRIVATE), id="unasked"),
        pytest.param(text("STOP"), STOPPED, (joining("name"),), Sent(SaidAs.TEXT, "STOP"), id="a wish on joining"),
        pytest.param(text("yes"), led_to(), (joining("agree"),), Sent(SaidAs.TEXT, "yes"), id="agreeing"),
        pytest.param(
            text("/help"), led_to(), (joining("name"),), Sent(SaidAs.TEXT, "/help"), id="a command on joining"
        ),
        pytest.param(MediaIn(CHAT, ANNA, Media.STICKER, THIS, NOW), led_to(), (), Sent(Media.STICKER), id="a sticker"),
        pytest.param(BlockedIn(CHAT, ANNA, blocked=True), led_to(), (), None, id="nothing sent"),
    ],
)
def test_what_is_kept(
    incoming: TextIn | MediaIn | BlockedIn, outcome: Outcome, cares: tuple[Care, ...], kept: Sent | None
) -> None:
    assert beside_questions(incoming, outcome, cares) == kept


def test_a_press_is_kept_by_the_words_on_the_button_even_where_it_asks_an_earlier_question() -> None:
    press = PressIn(CHAT, ANNA, "1", None, "human", THIS)
    assert beside_questions(press, led_to("why so sore"), (), "Ask the team") == Sent(SaidAs.PRESS, "Ask the team")
