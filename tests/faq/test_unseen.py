"""How the bot does on messages it was not taught. Rates, because no single line has to come out right."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from bot.content.lint_text import normalise
from bot.content.schema import Content
from bot.core.meta import Wishes
from bot.core.understand import SPEAK_TO_HUMAN, Brain
from bot.model import Decision, Understanding
from tests.faq.cases import Case, for_people, small_talk, unseen

SHOWN = 12
"""Examples in a report: enough to see a pattern."""


@dataclass(frozen=True)
class Outcome:
    """What came of one message."""

    case: Case
    understood: Understanding

    @property
    def thought_of(self) -> tuple[str, ...]:
        """Up to three entries, best first, whatever was decided."""
        return tuple(candidate.entry_id for candidate in self.understood.candidates)

    @property
    def is_first(self) -> bool:
        return self.thought_of[:1] == (self.case.expected,)

    @property
    def is_among(self) -> bool:
        return self.case.expected in self.thought_of

    @property
    def answered(self) -> str | None:
        """What the bot answered by itself; the wish for a person is answered like the entry about it."""
        understood = self.understood
        if understood.decision not in {Decision.ANSWER, Decision.META}:
            return None
        return SPEAK_TO_HUMAN if understood.id == "human" else understood.id

    @property
    def is_wrong(self) -> bool:
        return self.answered is not None and self.answered != self.case.expected


@pytest.fixture(scope="module")
def outcomes(content: Content, brain: Brain) -> list[Outcome]:
    return [Outcome(case, brain.understand(case.text)) for case in unseen(content)]


@pytest.fixture(scope="module")
def strangers(brain: Brain) -> list[Outcome]:
    return [Outcome(case, brain.understand(case.text)) for case in for_people()]


@pytest.fixture(scope="module")
def heard(content: Content) -> list[tuple[Case, str | None]]:
    """Small talk, and the wish heard in it."""
    wishes = Wishes(content.words)
    return [(case, wishes.wish(case.text)) for case in small_talk()]


class TestTheMessages:
    def test_every_entry_has_some(self, content: Content) -> None:
        asked = Counter(case.expected for case in unseen(content))

        assert set(asked) == set(content.entries)
        assert min(asked.values()) >= 5

    def test_none_was_taught(self, content: Content) -> None:
        lines = [line for entry in content.entries.values() for line in (entry.question, *entry.phrasings)]
        lines += [line for kind in content.for_people.values() for line in kind]
        taught = {normalise(line) for line in lines}

        assert [case.text for case in (*unseen(content), *for_people()) if normalise(case.text) in taught] == []

    def test_each_stands_once(self, content: Content) -> None:
        texts = Counter(normalise(case.text) for case in (*unseen(content), *for_people()))

        assert [text for text, count in texts.items() if count > 1] == []


class TestQuestions:
    def test_the_first_thought_is_mostly_right(self, outcomes: list[Outcome]) -> None:
        assert rate(outcomes, lambda o: o.is_first) >= 0.80, report(outcomes, lambda o: not o.is_first)

    def test_the_right_one_is_nearly_always_among_three(self, outcomes: list[Outcome]) -> None:
        assert rate(outcomes, lambda o: o.is_among) >= 0.92, report(outcomes, lambda o: not o.is_among)

    def test_an_answer_is_hardly_ever_the_wrong_one(self, outcomes: list[Outcome]) -> None:
        answered = [outcome for outcome in outcomes if outcome.answered]

        assert len(answered) >= 0.5 * len(outcomes), "silence is no way to be right"
        assert rate(answered, lambda o: o.is_wrong) <= 0.06, report(answered, lambda o: o.is_wrong)

    def test_few_sound_the_alarm(self, outcomes: list[Outcome]) -> None:
        """An alarm too many wears staff out; one too few is what the tests of the signs of danger are about."""
        assert rate(outcomes, is_alarm) <= 0.02, report(outcomes, is_alarm)


class TestWhatIsLeftToPeople:
    def test_it_is_hardly_ever_answered(self, strangers: list[Outcome]) -> None:
        assert rate(strangers, lambda o: bool(o.answered)) <= 0.06, report(strangers, lambda o: bool(o.answered))

    def test_few_sound_the_alarm(self, strangers: list[Outcome]) -> None:
        assert rate(strangers, is_alarm) <= 0.03, report(strangers, is_alarm)


class TestSmallTalk:
    def test_it_is_mostly_heard_as_what_it_is(self, heard: list[tuple[Case, str | None]]) -> None:
        wrong = [f"{case.expected}, heard {found}: {case.text}" for case, found in heard if found != case.expected]

        assert len(wrong) <= 0.10 * len(heard), "\n".join(wrong)

    def test_a_question_is_hardly_ever_taken_for_a_wish(self, heard: list[tuple[Case, str | None]]) -> None:
        """A wish heard where there was none is worse than one missed: the question goes unanswered."""
        questions = [(case, found) for case, found in heard if case.expected is None]
        taken = [f"{found}: {case.text}" for case, found in questions if found]

        assert len(taken) <= 0.05 * len(questions), "\n".join(taken)


def is_alarm(outcome: Outcome) -> bool:
    return outcome.understood.decision is Decision.RED_FLAG


def rate(outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> float:
    """The share for which `holds`; 0 of nothing."""
    return sum(map(holds, outcomes)) / len(outcomes) if outcomes else 0.0


def report(outcomes: Sequence[Outcome], is_bad: Callable[[Outcome], bool]) -> str:
    """What went wrong, the entries with most of it first, for somebody who wants to mend it."""
    bad = [outcome for outcome in outcomes if is_bad(outcome)]
    lines = [f"{len(bad)} of {len(outcomes)} ({rate(outcomes, is_bad):.1%})"]
    for expected, count in Counter(outcome.case.expected for outcome in bad).most_common(SHOWN):
        lines.append(f"  {expected}: {count}")
        lines += [f"    {_told(outcome)}" for outcome in bad if outcome.case.expected == expected][:3]
    return "\n".join(lines)


def _told(outcome: Outcome) -> str:
    flags = [flag.id for flag in outcome.understood.flags]
    return f"{outcome.understood.decision} {flags or list(outcome.thought_of)}: {outcome.case.text}"


@pytest.mark.parametrize(
    "text",
    ["all good, bye!", "im fine now, thanks, goodbye", "Thanks, that's everything, bye", "sorted, cheers. bye bye"],
)
def test_taking_leave_alarms_nobody(brain: Brain, text: str) -> None:
    understood = brain.understand(text)
    assert (understood.decision, understood.id) == (Decision.META, "thanks")
    assert understood.level is None


@pytest.mark.parametrize("text", ["goodbye everyone, I'm sorry", "I won't be here tomorrow. Goodbye all of you"])
def test_a_farewell_for_good_is_heard(brain: Brain, text: str) -> None:
    triage = brain.triager.triage(text)
    assert "self_harm" in {flag.id for flag in (*triage.flags, *triage.suspected)}


@pytest.mark.parametrize(
    "text", ["the left one", "it was my right foot", "only the left", "the big toe", "the other side"]
)
def test_which_and_where_alarms_nobody(brain: Brain, text: str) -> None:
    triage = brain.triager.triage(text)
    assert not triage.flags
    assert not triage.suspected


@pytest.mark.parametrize("text", ["cant move my left arm", "my left foot is cold and white"])
def test_what_is_wrong_with_it_is_heard(brain: Brain, text: str) -> None:
    triage = brain.triager.triage(text)
    assert triage.flags or triage.suspected
