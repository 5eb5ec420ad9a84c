"""Short questions after an answer: about the same, about something else, or on their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from bot.content.schema import Entry
from bot.core.follow_up import FollowUps
from bot.core.matching import Matcher
from bot.model import Candidate, Decision, Match

SAME = "bruising"
"""The entry that was answered before."""


def match(decision: Decision, *entry_ids: str) -> Match:
    assert decision in {Decision.ANSWER, Decision.ASK, Decision.HAND_OVER}
    candidates = tuple(Candidate(entry_id, 0.6, "") for entry_id in entry_ids)
    return Match(decision, candidates, "")


UNSURE, ASKS, SURE = Decision.HAND_OVER, Decision.ASK, Decision.ANSWER


@dataclass(frozen=True)
class Told(Matcher):
    """A matcher that was told what to say to a question and what follows it."""

    says: Mapping[str, Match]

    def match(self, text: str) -> Match:
        return self.says[text]


@pytest.fixture
def bruising(make_entry: Callable[..., Entry]) -> Entry:
    return make_entry(SAME, "Is a bruise normal?", "purple mark on my calf", answer="It turns yellow and fades.")


@pytest.mark.parametrize(
    ("text", "alone", "together", "meant"),
    [
        pytest.param("and for how long?", match(UNSURE), match(ASKS, SAME), (SURE, SAME), id="nothing of its own"),
        pytest.param("why", match(ASKS, "other"), match(ASKS, SAME), (SURE, SAME), id="one word"),
        pytest.param("is that normal", match(ASKS, "other"), match(ASKS, SAME), (SURE, SAME), id="begins like one"),
        pytest.param("for how long?", match(UNSURE), match(SURE, "soreness"), (SURE, "soreness"), id="a neighbour"),
        pytest.param("will it turn yellow", match(ASKS, SAME), match(ASKS, SAME), (SURE, SAME), id="both agree"),
        pytest.param("and the purple?", match(UNSURE), match(SURE, SAME), (ASKS, SAME), id="its words, unsure"),
        pytest.param("and the purple?", match(ASKS, "other"), match(SURE, SAME), None, id="its words, and others'"),
        pytest.param("and swimming?", match(ASKS, "bath"), match(ASKS, SAME), None, id="words of its own"),
        pytest.param("and swimming?", match(UNSURE), match(ASKS, "bath"), None, id="unsure of another"),
        pytest.param("hm", match(UNSURE), match(ASKS, SAME), None, id="no question"),
        pytest.param("good", match(UNSURE), match(ASKS, SAME), None, id="a nod"),
        pytest.param("?", match(UNSURE), match(SURE, SAME), None, id="no word"),
    ],
)  # fmt: skip
def test_what_follows(
    bruising: Entry, text: str, alone: Match, together: Match, meant: tuple[Decision, str] | None
) -> None:
    told = Told({f"Is a bruise normal? {text}": together})
    found = FollowUps(told, {SAME: bruising}).read_with(bruising, text, alone)
    assert (found and (found.decision, found.candidates[0].entry_id)) == meant


def test_a_long_text_speaks_for_itself(bruising: Entry) -> None:
    text = "my neighbour said her cat was not feeling well at all"
    assert FollowUps(Told({}), {SAME: bruising}).read_with(bruising, text, match(UNSURE)) is None


def test_what_another_entry_says_is_not_said_by_the_one_answered(
    bruising: Entry, make_entry: Callable[..., Entry]
) -> None:
    entries = {SAME: bruising, "bath": make_entry("bath", "May I swim?", "swimming in the sea")}
    told = Told({"Is a bruise normal? and swimming?": match(ASKS, SAME)})
    assert FollowUps(told, entries).read_with(bruising, "and swimming?", match(UNSURE)) is None
