"""Last of all (its name sorts it there): nothing that anybody said in the whole suite is in what was logged."""

import re

import pytest

from bot.simulator.world import TOKEN

ENOUGH = 12
"""Shorter texts ("stop", "hello") are words that an event name may hold too."""


def test_no_log_line_holds_words_or_the_token(request: pytest.FixtureRequest) -> None:
    heard = request.getfixturevalue("overheard")
    log: str = heard.log.getvalue()
    if len(heard.said) < 100:
        pytest.skip("only meaningful after the whole suite")
    assert "settled" in log, "our own events are listened to"
    assert TOKEN not in log
    assert not re.search(r"\d+:[A-Za-z0-9_-]{30,}", log)
    leaked = [line for text in heard.said for line in text.splitlines() if len(line) >= ENOUGH and line in log]
    assert leaked == []
