"""How hard a text is to read: Flesch-Kincaid, as a US school grade (grade 5 or 6 is a reading age of about 11)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

_LINK = re.compile(r"https?://\S+")
_NUMBER = re.compile(r"\d[\d :.,/%]*")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|\n")
_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_SILENT = re.compile(r"(?<=[^aeioutdl])ed$|(?<=[aeiou][^aeiou])es?$|(?<=[^aeioul])e$")
AGE_AT_GRADE_0 = 5
"""Grade 6 is a reading age of about 11."""
_LEAST_HARD = 4
"""Words of a sentence that can be called hard: in a shorter one a single long word counts too much."""


@dataclass(frozen=True)
class Reading:
    """What a reader meets in one text."""

    sentences: int
    words: int
    syllables: int

    @property
    def words_a_sentence(self) -> float:
        return self.words / max(self.sentences, 1)

    @property
    def grade(self) -> float:
        """Flesch-Kincaid: school years needed, by the length of sentences and of words."""
        return 0.39 * self.words_a_sentence + 11.8 * self.syllables / max(self.words, 1) - 15.59


def by_vowels(word: str) -> int:
    """Syllables of an English word: groups of vowels, without a silent e or ed at the end. Mostly right, and of a whole
    answer within a grade of what a dictionary says."""
    word = _SILENT.sub("", re.sub(r"[^a-z]", "", word.lower()))
    return max(1, len(re.findall(r"[aeiouy]+", word)))


def read(text: str, syllables: Callable[[str], int] = by_vowels) -> Reading:
    """The measure of a plain text. A line end ends a sentence; a link or a number is a word."""
    text = _NUMBER.sub("one ", _LINK.sub("link ", text.replace("’", "'")))
    sentences = [found for part in _SENTENCE_END.split(text) if (found := _WORD.findall(part))]
    words = list(chain.from_iterable(sentences))
    return Reading(len(sentences), len(words), sum(map(syllables, words)))


def hardest(text: str) -> str:
    """The sentence that would be the hardest to read by itself, as it stands in the text; empty where all are a few
    words."""
    sentences = [found for part in _SENTENCE_END.split(text) if (found := part.strip())]
    measured = [(read(sentence), sentence) for sentence in sentences]
    long = [(found.grade, sentence) for found, sentence in measured if found.words >= _LEAST_HARD]
    return max(long)[1] if long else ""
