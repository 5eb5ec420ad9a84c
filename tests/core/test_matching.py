"""The matcher answers what it is sure of, asks in between, and leaves the rest to people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import Content, Entry
from bot.core.matching import MIN_PHRASINGS, Matcher, build_matcher
from bot.core.matching.exact import ExactMatcher
from bot.core.matching.simple import SimpleMatcher
from bot.model import Decision


@pytest.fixture(scope="module")
def matcher(content: Content) -> Matcher:
    return build_matcher(content)


@pytest.mark.parametrize(
    ("text", "entry_id"),
    [
        pytest.param("How long will I be sore?", "soreness_duration", id="the question"),
        pytest.param("PURPLE MARK on my calf!!", "bruising", id="a phrasing, shouted"),
        pytest.param("how long does the sorenes last?", "soreness_duration", id="a slip"),
        pytest.param("is it safe for me to drive home", "driving", id="words added"),
    ],
)
def test_what_is_surely_meant_is_answered(matcher: Matcher, text: str, entry_id: str) -> None:
    match = matcher.match(text)
    assert match.decision is Decision.ANSWER
    assert match.candidates[0].entry_id == entry_id


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("how long", id="words every question has"),
        pytest.param("does the bruise make me sore when I drive", id="three entries at once"),
        pytest.param("sore throat for days, what can I take", id="sore, but of something else"),
        pytest.param("best tyres to drive home in snow", id="one shared word"),
        pytest.param("what is the capital of Australia", id="something else"),
        pytest.param("asdfghjkl", id="no words"),
        pytest.param("", id="empty"),
        pytest.param("🙏🙏", id="pictures"),
    ],
)
def test_what_is_not_sure_is_never_answered(matcher: Matcher, text: str) -> None:
    assert matcher.match(text).decision is not Decision.ANSWER


def test_a_near_question_is_asked_about_with_the_right_one_among_three(matcher: Matcher) -> None:
    match = matcher.match("my leg is sore, when does it go away")
    assert match.decision is Decision.ASK
    assert "soreness_duration" in [candidate.entry_id for candidate in match.candidates]
    assert len(match.candidates) <= 3


def test_nothing_in_common_is_handed_over(matcher: Matcher) -> None:
    match = matcher.match("zzz qqq xxx")
    assert match.decision is Decision.HAND_OVER


def test_an_entry_with_few_phrasings_is_offered_but_never_answered(
    matcher: Matcher, entries: tuple[Entry, ...]
) -> None:
    parking = entries[-1]
    assert len(parking.phrasings) < MIN_PHRASINGS
    for text in (parking.question, *parking.phrasings):
        match = matcher.match(text)
        assert match.decision is Decision.ASK
        assert match.candidates[0].entry_id == "parking"


def test_a_phrasing_word_for_word_has_full_confidence_and_still_brings_others(matcher: Matcher) -> None:
    match = matcher.match("how long does the soreness last")
    assert match.candidates[0].confidence == 1.0
    assert [candidate.entry_id for candidate in match.candidates].count("soreness_duration") == 1
    assert len(match.candidates) > 1


def test_a_phrasing_of_two_entries_is_asked_about(entries: tuple[Entry, ...]) -> None:
    twin = entries[0].model_copy(update={"id": "twin"})
    both = (*entries, twin)
    match = ExactMatcher(both, otherwise=SimpleMatcher(both)).match("how long does the soreness last")
    assert match.decision is Decision.ASK
    assert {candidate.entry_id for candidate in match.candidates[:2]} == {"soreness_duration", "twin"}


def test_no_entries_no_answer() -> None:
    assert SimpleMatcher(()).match("anything").decision is Decision.HAND_OVER


@given(
    st.one_of(
        st.text(max_size=120),
        st.lists(st.sampled_from(("how", "long", "sore", "drive", "bruise", "home", "my"))).map(" ".join),
    )
)
def test_candidates_are_ordered_and_each_entry_once(matcher: Matcher, text: str) -> None:
    match = matcher.match(text)
    confidences = [candidate.confidence for candidate in match.candidates]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)
    assert len({candidate.entry_id for candidate in match.candidates}) == len(match.candidates) <= 3


def test_the_same_text_always_gets_the_same_answer(content: Content) -> None:
    text = "when may I drive, I am sore and have a bruise"
    assert len({build_matcher(content).match(text) for _ in range(3)}) == 1
