"""The content that ships: it loads, it may be said, and it was written and not copied."""

import re
from datetime import date, timedelta
from functools import partial

import pytest

from bot.announcement import Audience
from bot.content.lint import RED_FLAGS, unfit_to_run, unsigned
from bot.content.schema import CONCEPT, Content
from bot.core.announcement_check import check, completed, longest
from bot.core.announcing import Announcement
from bot.core.audience import choices_of, read_line
from bot.core.language import LANGUAGES, Tongues
from bot.core.text import clean, words
from bot.core.triage import Triager
from bot.markup import MAX_CAPTION
from bot.model import Level
from tests.conftest import MONDAY_NOON
from tests.faq.conftest import WRITTEN_ON
from tests.faq.evaluation import FOLDER, Evaluation


@pytest.fixture(scope="module")
def triager(content: Content) -> Triager:
    """The rules alone."""
    return Triager(content.red_flags, content.concepts, content.figures_of_speech)


@pytest.fixture(scope="module")
def tongues(content: Content) -> Tongues:
    return Tongues(content.other_languages, content.red_flags)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    if not FOLDER.is_dir():
        pytest.skip("the evaluation sentences are not on this machine")
    return Evaluation()


class TestWhatIsThere:
    def test_the_topics_this_clinic_begins_with(self, content: Content) -> None:
        groups = {group.id: {entry.id for entry in group.entries} for group in content.groups}

        assert len(content.entries) == 57
        assert groups["sensations"] == {"does_it_hurt", "sensation_kinds", "sole_sensitivity"}
        assert groups["twitch_response"] == {"twitch_meaning", "leg_jump_quiver", "no_twitch"}
        assert groups["soreness"] == {"soreness_duration", "worse_before_better", "heat_or_ice"}

    def test_every_sign_of_danger_at_its_level(self, content: Content) -> None:
        assert {flag.id: flag.level for flag in content.red_flags} == RED_FLAGS

    def test_enough_phrasings_to_learn_from(self, content: Content) -> None:
        assert {entry.id: len(entry.phrasings) for entry in content.entries.values() if len(entry.phrasings) < 12} == {}
        assert [flag.id for flag in content.red_flags if len(flag.signs) < 8] == []

    def test_sources_for_every_answer(self, content: Content) -> None:
        assert [entry.id for entry in content.entries.values() if not entry.sources] == []

    def test_nobody_has_signed_it_yet(self, content: Content) -> None:
        """A clinic's own clinician has to; until then a real token refuses to start."""
        assert len(unsigned(content)) == len(content.entries) + len(content.red_flags) + len(content.plans)
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
        *within, beyond = content.entries["soreness_duration"].variants

        assert (within[-1].until, beyond.after, beyond.until) == (timedelta(days=3), timedelta(days=3), None)
        assert "please ring us" in beyond.answer
        assert [variant for variant in within if "please ring us" in variant.answer] == []


class TestAnnouncements:
    def test_the_four_that_a_clinic_sends(self, content: Content) -> None:
        assert list(content.templates) == ["holiday_closing", "visit_tips", "exercise_nudge", "clinic_details"]

    @pytest.mark.parametrize("name", ["holiday_closing", "visit_tips", "exercise_nudge", "clinic_details"])
    def test_each_can_go_out_as_it_is(self, content: Content, name: str) -> None:
        text = completed(content.templates[name].text, content, WRITTEN_ON)

        assert check(Announcement(text), content) == ()
        assert "STOP" in text
        assert longest(text, content) <= MAX_CAPTION

    def test_whom_each_is_for_is_understood(self, content: Content) -> None:
        lines = {name: one.audience for name, one in content.templates.items() if one.audience is not None}
        meant = {
            name: read_line(line, choices_of(content), content.clinic.zone, MONDAY_NOON) for name, line in lines.items()
        }

        assert meant == {
            "visit_tips": Audience(visit_from=date(2026, 11, 24), visit_until=date(2026, 11, 24)),
            "exercise_nudge": Audience(treated_days=30),
        }


class TestHowPeopleSpell:
    def test_what_is_typed_is_one_word_and_what_is_meant_a_few(self, content: Content) -> None:
        spelled = content.words.spellings
        assert len(spelled) >= 100
        assert [typed for typed in (*spelled, *content.words.keep) if words(typed) != (typed,)] == []
        assert {typed: meant for typed, meant in spelled.items() if words(meant) != tuple(meant.split())} == {}

    def test_what_is_meant_is_not_spelled_out_again(self, content: Content) -> None:
        """Or a second look at a text would read it otherwise than the first."""
        spelled = content.words.spellings

        assert [typed for typed, meant in spelled.items() if not spelled.keys().isdisjoint(meant.split())] == []

    def test_the_medicines_patients_name_are_kept(self, content: Content) -> None:
        assert {"apixaban", "eliquis", "warfarin", "clopidogrel", "ibuprofen", "fasciitis"} <= set(content.words.keep)


def spelt_out(content: Content, line: str) -> str:
    """A pattern as somebody may say it: each concept by its first words."""
    return CONCEPT.sub(lambda name: content.concepts[name[1]][0], line).replace(" + ", " ")


class TestDangerAndQuestionsKeepApart:
    def test_every_phrase_fires(self, content: Content, triager: Triager) -> None:
        silent = [
            (flag.id, phrase)
            for flag in content.red_flags
            for phrase in map(partial(spelt_out, content), flag.signs)
            if flag.id not in {found.id for found in triager.triage(phrase).flags}
        ]
        assert silent == []

    def test_no_look_alike_fires(self, content: Content, triager: Triager) -> None:
        loud = [
            (flag.id, look_alike)
            for flag in content.red_flags
            for look_alike in map(partial(spelt_out, content), flag.look_alikes)
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


class TestOtherLanguages:
    def test_the_languages_most_spoken_by_patients_here(self, content: Content) -> None:
        assert set(content.replies.language_foreign) <= set(content.other_languages) <= set(LANGUAGES)
        with_signs = {code for code, language in content.other_languages.items() if language.signs}
        assert {"ar", "de", "es", "fr", "hi", "it", "pl", "pt", "ro", "ru"} <= with_signs
        few = {code: sum(map(len, content.other_languages[code].signs.values())) for code in with_signs}
        assert {code: count for code, count in few.items() if count < 15} == {}

    def test_every_sign_counts_in_capitals_too(self, content: Content, tongues: Tongues) -> None:
        silent = [
            (code, line)
            for code, language in content.other_languages.items()
            for flag_id, lines in language.signs.items()
            for line in lines
            if any(flag_id not in {flag.id for flag in tongues.signs_in(clean(said))} for said in (line, line.upper()))
        ]
        assert silent == []

    def test_no_english_sentence_of_ours_is_one(self, content: Content, tongues: Tongues) -> None:
        lines = [line for entry in content.entries.values() for line in (entry.question, *entry.phrasings)]
        lines += [line for kind in content.for_people.values() for line in kind]
        lines += [line for flag in content.red_flags for line in (*flag.signs, *flag.look_alikes)]
        assert [line for line in lines if tongues.signs_in(clean(line))] == []


class TestWrittenNotCopied:
    """Copied evaluation sentences would make every measurement on them worthless."""

    def test_no_question_or_sign_of_danger_is_taken(self, content: Content, evaluation: Evaluation) -> None:
        entries = [text for entry in content.entries.values() for text in (entry.question, *entry.phrasings)]
        flags = [text for flag in content.red_flags for text in (*flag.signs, *flag.look_alikes)]

        assert evaluation.taken([*entries, *flags], shortest=3) == []

    def test_nothing_left_to_people_is_taken(self, content: Content, evaluation: Evaluation) -> None:
        assert evaluation.taken([line for lines in content.for_people.values() for line in lines], shortest=4) == []

    def test_no_wish_is_taken(self, content: Content, evaluation: Evaluation) -> None:
        """ "Are you a bot" belongs to everybody; four words that a patient sent whole may not."""
        lists = [value for value in dict(content.words).values() if isinstance(value, tuple)]

        assert evaluation.taken([line for lines in lists for line in lines], shortest=4) == []
