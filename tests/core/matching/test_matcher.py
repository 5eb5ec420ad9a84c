"""What every matcher promises, on a small FAQ; how often it is right is measured on the real one (`tests/faq`)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.schema import Content, Entry
from bot.core.matching import MIN_PHRASINGS, Matcher, build_matcher
from bot.core.matching.exact import ExactMatcher
from bot.core.text import MAX_CHARS, clean
from bot.model import Decision


@pytest.fixture(scope="module")
def matcher(content: Content) -> Matcher:
    return build_matcher(content)


@pytest.mark.parametrize(
    ("text", "entry_id"),
    [
        pytest.param("How long will I be sore?", "soreness_duration", id="the question"),
        pytest.param("PURPLE MARK on my calf!!", "bruising", id="a phrasing, shouted"),
    ],
)
def test_a_phrasing_is_answered(matcher: Matcher, text: str, entry_id: str) -> None:
    match = matcher.match(text)
    assert match.decision is Decision.ANSWER
    assert match.candidates[0].entry_id == entry_id


@pytest.mark.parametrize(
    ("text", "entry_id"),
    [
        pytest.param("how long does the sorenes last?", "soreness_duration", id="a slip"),
        pytest.param("is it safe for me to drive home", "driving", id="words added"),
        pytest.param("are bruises normal", "bruising", id="other endings"),
        pytest.param("whn can i drvie agian", "driving", id="three slips"),
    ],
)
def test_what_is_near_a_phrasing_is_found(matcher: Matcher, text: str, entry_id: str) -> None:
    match = matcher.match(text)
    assert match.candidates[0].entry_id == entry_id
    assert match.decision is not Decision.HAND_OVER


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("how long", id="words every question has"),
        pytest.param("what is the capital of Australia", id="something else"),
        pytest.param("asdfghjkl", id="no words"),
        pytest.param("zzz qqq xxx", id="nothing in common"),
        pytest.param("", id="empty"),
        pytest.param("🙏🙏", id="pictures"),
    ],
)
def test_what_is_not_sure_is_never_answered(matcher: Matcher, text: str) -> None:
    assert matcher.match(text).decision is not Decision.ANSWER


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


def test_a_phrasing_of_two_entries_is_asked_about(matcher: Matcher, entries: tuple[Entry, ...]) -> None:
    twin = entries[0].model_copy(update={"id": "twin"})
    both = ExactMatcher((*entries, twin), {entries[0].id, "twin"}, otherwise=matcher)
    match = both.match("how long does the soreness last")
    assert match.decision is Decision.ASK
    assert {candidate.entry_id for candidate in match.candidates[:2]} == {"soreness_duration", "twin"}


def test_what_is_left_to_people_is_not_answered(content: Content) -> None:
    left = content.model_copy(update={"for_people": {"other_shop": ("when may I drive the new car home",)}})
    assert build_matcher(left).match("when may I drive the new car home").decision is not Decision.ANSWER


def test_a_content_without_questions_answers_nothing(content: Content) -> None:
    bare = content.model_copy(update={"groups": ()})
    match = build_matcher(bare).match("how long does the soreness last")
    assert (match.decision, match.candidates) == (Decision.HAND_OVER, ())


def test_an_entry_of_one_line_is_no_trouble(content: Content, entries: tuple[Entry, ...]) -> None:
    lonely = entries[0].model_copy(update={"phrasings": ()})
    group = content.groups[0].model_copy(update={"entries": (lonely,)})
    match = build_matcher(content.model_copy(update={"groups": (group,)})).match("how long am I sore")
    assert match.decision is not Decision.ANSWER


@given(
    st.one_of(
        st.text(max_size=120),
        st.lists(st.sampled_from(("how", "long", "sore", "drive", "bruise", "home", "my"))).map(" ".join),
    )
)
def test_candidates_are_ordered_and_each_entry_once(matcher: Matcher, text: str) -> None:
    match = matcher.match(clean(text))
    confidences = [candidate.confidence for candidate in match.candidates]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)
    assert len({candidate.entry_id for candidate in match.candidates}) == len(match.candidates) <= 3
    assert match.second is None or match.decision is Decision.ANSWER


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * MAX_CHARS, id="one letter"),
        pytest.param("? " * (MAX_CHARS // 2), id="question marks"),
        pytest.param("sorr " * (MAX_CHARS // 5), id="one slip"),
        pytest.param(" ".join(f"bruse{n}x" for n in range(400)), id="slips that all differ"),
        pytest.param(" ".join(f"{n}" for n in range(800)), id="numbers"),
        pytest.param("how long? " * (MAX_CHARS // 10), id="many questions"),
        pytest.param("ألم" * (MAX_CHARS // 3), id="another script"),
        pytest.param("🦶" * (MAX_CHARS // 2), id="feet"),
    ],
)
def test_no_text_is_too_much(matcher: Matcher, text: str) -> None:
    assert matcher.match(clean(text)).decision is not Decision.ANSWER


def test_the_same_text_always_gets_the_same_answer(content: Content) -> None:
    text = "when may I drive, I am sore and have a bruise"
    assert len({build_matcher(content).match(text) for _ in range(3)}) == 1


def test_many_texts_together_are_answered_as_each_alone(matcher: Matcher) -> None:
    said = (
        "",
        "how long am I sore",
        "when may I drive, I am sore and have a bruise",
        "zzzz",
        "how lng am i sroe",
        "hi",
    )
    texts = [f"{said[number % len(said)]}{' please' * (number % 5)}" for number in range(300)]
    for text, together in zip(texts, matcher.match_each(texts), strict=True):
        alone = matcher.match(text)
        assert (together.decision, together.repaired, together.second) == (alone.decision, alone.repaired, alone.second)
        assert [one.entry_id for one in together.candidates] == [one.entry_id for one in alone.candidates]
        confidences = [one.confidence for one in alone.candidates]
        assert [one.confidence for one in together.candidates] == pytest.approx(confidences, abs=2e-4)
