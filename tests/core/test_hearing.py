"""A message's words behind its command, with their formatting."""

from datetime import UTC, datetime

import pytest

from bot.core.hearing import html_behind_command
from bot.markup import plain
from bot.model import ChatId, Sender, TelegramMessageId, TextIn, UserId


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("/broadcast <b>Closed</b> on Friday", "<b>Closed</b> on Friday"),
        ("/broadcast@clinic_bot\n\n<i>Closed</i>", "<i>Closed</i>"),
        ("<b>/broadcast Closed</b> &amp; away", "<b>Closed</b> &amp; away"),
        ("/broadcast", ""),
        ("<b>Closed</b> on Friday", "<b>Closed</b> on Friday"),
    ],
    ids=["formatted words", "on lines of their own", "all of it formatted", "alone", "no command"],
)
def test_formatting_outlives_the_command(html: str, words: str) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    said = TextIn(ChatId(5), Sender(UserId(5)), plain(html), TelegramMessageId(1), at, html=html)

    assert html_behind_command(said) == words
