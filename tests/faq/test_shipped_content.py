"""The content that ships: it loads, it may be said, people can read it, and it was written and not copied."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from bot.content.lint import RED_FLAGS, check_files, unfit_to_run, unsigned
from bot.content.lint_text import fill, normalise
from bot.content.load import read_files
from bot.content.schema import Content, Entry
from bot.core.triage import Triager
from bot.markup import plain
from bot.model import Level

ROOT = Path(__file__).resolve().parents[2]
EVALUATION = ROOT.parent / "shared" / "eval"
WRITTEN_ON = date(2026, 11, 22)
NGRAM = 6
"""So many words in a row are a sentence of somebody's, not a coincidence."""


@pytest.fixture(scope="module")
def content() -> Content:
    checked = check_files(read_files(ROOT / "faq"), WRITTEN_ON)
    assert checked.findings.errors == ()
    assert checked.findings.warnings == ()
    assert checked.content is not None
    return checked.content


@pytest.fixture(scope="module")
def triager(content: Content) -> Triager:
    return Triager(content.red_flags)


@pytest.fixture(scope="module")
def evaluation() -> list[str]:
    if not EVALUATION.is_dir():
        pytest.skip("the evaluation sentences are not on this machine")
    lines = [line for path in sorted(EVALUATION.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [normalise(json.loads(line)["text"]) for line in lines]


@pytest.fixture(scope="module")
def ours(content: Content) -> set[str]:
    entries = [text for entry in content.entries.values() for text in (entry.question, *entry.phrasings)]
    flags = [text for flag in content.red_flags for text in (*flag.phrases, *flag.look_alikes)]
    return {normalise(text) for text in (*entries, *flags)}


def answers(entry: Entry) -> list[str]:
    return [entry.answer, *(variant.answer for variant in entry.variants)]


class TestWhatIsThere:
    def test_the_topics_this_clinic_begins_with(self, content: Content) -> None:
        groups = {group.id: {entry.id for entry in group.entries} for group in content.groups}

        assert len(content.entries) >= 16
        assert groups["sensations"] == {"does_it_hurt", "sensation_kinds", "sole_sensitivity"}
        assert groups["twitch_response"] == {"twitch_meaning", "leg_jump_quiver", "no_twitch"}
        assert groups["soreness"] == {"soreness_duration", "worse_before_better", "heat_or_ice"}

    def test_every_sign_of_danger_at_its_level(self, content: Content) -> None:
        assert {flag.id: flag.level for flag in content.red_flags} == RED_FLAGS

    def test_enough_phrasings_to_learn_from(self, content: Content) -> None:
        assert {entry.id: len(entry.phrasings) for entry in content.entries.values() if len(entry.phrasings) < 12} == {}
        assert [flag.id for flag in content.red_flags if len(flag.phrases) < 8] == []

    def test_sources_for_every_answer(self, content: Content) -> None:
        assert [entry.id for entry in content.entries.values() if not entry.sources] == []

    def test_nobody_has_signed_it_yet(self, content: Content) -> None:
        """A clinic's own clinician has to; until then a real token refuses to start."""
        assert len(unsigned(content)) == len(content.entries) + len(content.red_flags)
        assert unfit_to_run(content)


class TestWhatIsSaid:
    def test_an_emergency_begins_with_the_call(self, content: Content) -> None:
        """Except where a person first needs to hear that somebody is glad they spoke."""
        firsts = {f.id: f.text.splitlines()[0] for f in content.red_flags if f.level is Level.EMERGENCY}

        assert [id_ for id_, line in firsts.items() if "Call {emergency_number} now" not in line] == ["self_harm"]

    def test_no_text_about_danger_shouts_or_hints_at_a_diagnosis(self, content: Content) -> None:
        shouted = [flag.id for flag in content.red_flags if "!" in flag.text]
        named = [flag.id for flag in content.red_flags if re.search(r"\b(clot|stroke|heart attack)\b", flag.text)]

        assert (shouted, named) == ([], [])

    def test_the_first_words_say_what_this_is(self, content: Content) -> None:
        for text in (content.replies.start, content.replies.bot_description):
            assert "automatic helper" in text
            assert "{emergency_number}" in text
            assert "Nobody watches this chat all the time" in text
        assert "STOP" in content.replies.start

    @pytest.mark.parametrize("key", ["hand_over_closed", "human_closed", "urgent_closed"])
    def test_closed_means_that_nobody_reads(self, content: Content, key: str) -> None:
        text: str = getattr(content.replies, key)

        assert re.search(r"nobody is reading this until \{next_opening\}", text, re.IGNORECASE)
        assert "{urgent_line}" in text

    def test_sore_after_three_days_is_another_answer(self, content: Content) -> None:
        (within, beyond) = content.entries["soreness_duration"].variants

        assert (within.until, beyond.until) == (beyond.after, None)
        assert "please ring us" in beyond.answer


class TestReadability:
    """Reading age 11 is about US grade 6; Flesch-Kincaid counts words a sentence and syllables a word."""

    def test_answers_are_for_everybody(self, content: Content) -> None:
        grades = [grade(text, content) for entry in content.entries.values() for text in answers(entry)]

        assert sum(grades) / len(grades) <= 7
        assert max(grades) <= 10

    def test_warnings_are_easier_still(self, content: Content) -> None:
        grades = [grade(flag.text, content) for flag in content.red_flags]

        assert sum(grades) / len(grades) <= 6

    @pytest.mark.parametrize(
        ("word", "count"), [("leg", 1), ("muscle", 2), ("emergency", 4), ("treated", 2), ("eased", 1)]
    )
    def test_the_measure_itself(self, word: str, count: int) -> None:
        assert syllables(word) == count


class TestDangerAndQuestionsKeepApart:
    def test_every_phrase_fires(self, content: Content, triager: Triager) -> None:
        silent = [
            (flag.id, phrase)
            for flag in content.red_flags
            for phrase in flag.phrases
            if flag.id not in {found.id for found in triager.triage(phrase).flags}
        ]
        assert silent == []

    def test_no_look_alike_fires(self, content: Content, triager: Triager) -> None:
        loud = [
            (flag.id, look_alike)
            for flag in content.red_flags
            for look_alike in flag.look_alikes
            if flag.id in {found.id for found in triager.triage(look_alike).flags}
        ]
        assert loud == []

    def test_no_question_sounds_the_alarm(self, content: Content, triager: Triager) -> None:
        alarmed = [
            (entry.id, phrasing)
            for entry in content.entries.values()
            for phrasing in (entry.question, *entry.phrasings)
            if triager.triage(phrasing).flags
        ]
        assert alarmed == []


class TestWrittenNotCopied:
    """Copied evaluation sentences would make every measurement on them worthless."""

    def test_no_sentence_is_taken_whole(self, evaluation: list[str], ours: set[str]) -> None:
        """ "Is it ok" belongs to everybody; five words in a row, or a whole message, do not."""
        whole = {text for text in evaluation if len(text.split()) >= 3}
        inside = [f" {text} " for text in whole if len(text.split()) >= 5]

        assert sorted(ours & whole) == []
        assert [text for text in ours if any(sentence in f" {text} " for sentence in inside)] == []

    def test_no_long_stretch_is_taken(self, evaluation: list[str], ours: set[str]) -> None:
        theirs = {gram for text in evaluation for gram in ngrams(text)}

        assert sorted({gram for text in ours for gram in ngrams(text)} & theirs) == []


def ngrams(text: str) -> set[str]:
    words = text.split()
    return {" ".join(words[at : at + NGRAM]) for at in range(len(words) - NGRAM + 1)}


def grade(text: str, content: Content) -> float:
    """The Flesch-Kincaid grade of a text as sent; a line end ends a sentence."""
    sentences = [s for s in re.split(r"[.!?]+(?:\s|$)|\n", plain(fill(text, content.clinic))) if re.search(r"[a-z]", s)]
    words = [word for sentence in sentences for word in re.findall(r"[A-Za-z][A-Za-z']*", sentence)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e or ed at the end: close enough for a mean."""
    word = re.sub(r"[^a-z]", "", word.lower())
    word = re.sub(r"(?<=[^aeioutdl])ed$|(?<=[aeiou][^aeiou])es?$|(?<=[^aeioul])e$", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", word)))
