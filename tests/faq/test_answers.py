"""What patients get to read: short, plain, right for the time, and there for every topic."""

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from bot.content.schema import Content, Entry
from bot.core.replies import render
from bot.markup import plain
from tests.faq.readability import read, syllables

TOPICS = Path(__file__).resolve().parents[3] / "shared" / "content" / "topics.md"
TIMED = {
    "running_sport",
    "heat_or_ice",
    "soreness_duration",
    "shower_bath_swim",
    "alcohol_fluids",
    "bruising",
    "numb_tingling_after",
}
"""Where the advice of the first day would be wrong on the fourth, or the other way round."""


@pytest.fixture(scope="module")
def rendered(content: Content) -> dict[str, str]:
    """Every answer as it is sent, by the entry's id and the variant's number."""
    return {
        f"{entry.id}.{number}": plain(render(text, content.clinic))
        for entry in content.entries.values()
        for number, text in enumerate(texts(entry))
    }


def texts(entry: Entry) -> Iterator[str]:
    yield entry.answer
    for variant in entry.variants:
        yield variant.answer


class TestLength:
    def test_no_answer_is_longer_than_a_screen(self, rendered: dict[str, str]) -> None:
        assert {name: len(text) for name, text in rendered.items() if len(text) > 900} == {}

    def test_most_are_much_shorter(self, rendered: dict[str, str]) -> None:
        assert sum(len(text) <= 500 for text in rendered.values()) / len(rendered) >= 0.6


class TestReadability:
    """A reading age of 11 is about US grade 6."""

    def test_no_answer_is_hard_to_read(self, rendered: dict[str, str]) -> None:
        hard = {name: round(grade, 1) for name, text in rendered.items() if (grade := read(text).grade) > 6.5}

        assert hard == {}

    def test_half_are_for_a_ten_year_old(self, rendered: dict[str, str]) -> None:
        assert median(read(text).grade for text in rendered.values()) <= 5

    def test_sentences_are_short(self, rendered: dict[str, str]) -> None:
        words = {name: read(text).words_a_sentence for name, text in rendered.items()}

        assert {name: round(count, 1) for name, count in words.items() if count > 14} == {}

    def test_warnings_are_easy_too(self, content: Content) -> None:
        grades = {flag.id: read(plain(render(flag.text, content.clinic))).grade for flag in content.red_flags}

        assert sum(grades.values()) / len(grades) <= 6
        assert {id_: round(grade, 1) for id_, grade in grades.items() if grade > 8} == {}

    @pytest.mark.parametrize(
        ("word", "count"),
        [
            ("leg", 1),
            ("muscle", 2),
            ("emergency", 4),
            ("area", 3),
            ("treated", 2),
            ("eased", 1),
            ("Don't", 1),
            ("calf's", 1),
            pytest.param("orthotics", 3, id="not in the dictionary"),
        ],
    )
    def test_syllables(self, word: str, count: int) -> None:
        assert syllables(word) == count

    def test_the_measure_itself(self) -> None:
        """12 words and 18 syllables in two sentences; a link and a telephone number are one word each."""
        reading = read(
            "Ring 020 7946 0000.\n\nEmergency numbers are usually there: https://example.org/a.b?c=d, or at the desk"
        )

        assert (reading.sentences, reading.words, reading.syllables) == (2, 12, 18)
        assert reading.grade == pytest.approx(0.39 * 6 + 11.8 * 1.5 - 15.59)


class TestEveryTopic:
    def test_all_of_them_are_there(self, content: Content) -> None:
        if not TOPICS.is_file():
            pytest.skip("the list of topics is not on this machine")
        topics = set(re.findall(r"^### (\w+)$", TOPICS.read_text("utf-8"), re.MULTILINE))

        assert len(topics) == 57
        assert set(content.entries) == topics

    def test_groups_come_in_the_order_patients_ask(self, content: Content) -> None:
        assert [group.id for group in content.groups] == [
            *("about_treatment", "sensations", "twitch_response", "soreness", "bruising_bleeding", "after_effects"),
            *("activity", "self_care", "medication", "timing_results", "conditions", "suitability", "needle_safety"),
            "clinic",
        ]

    def test_phrasings_to_learn_from(self, content: Content) -> None:
        counts = {entry.id: len(entry.phrasings) for entry in content.entries.values()}

        assert {id_: count for id_, count in counts.items() if not 25 <= count <= 50} == {}

    def test_advice_that_changes_with_time_has_an_answer_for_each(self, content: Content) -> None:
        assert {id_ for id_ in TIMED if len(content.entries[id_].variants) < 2} == set()

    def test_what_to_look_at_next(self, content: Content) -> None:
        assert [entry.id for entry in content.entries.values() if not 2 <= len(entry.see_also) <= 3] == []
