"""From what was typed to the words that were meant.

Slips are mended onto the FAQ's own words first, then onto frequent English ones, by rapidfuzz's OSA distance and by the
words beside them. This is the largest single gain there is (misspelt questions of Banking77: 58 → 72 % right with an
early prototype), and comparing whole sentences with rapidfuzz the largest loss.

Never touched: known English words, words of the FAQ, numbers, words shorter than three letters, and the clinic's `keep`
list (names of medicines). Nothing is mended into a negation or a side of the body: either would change what was said.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.core.matching.english import English
from bot.core.text import words

MAX_WORDS = 120
"""Words of one text that are looked at; nobody's question needs more, and hostile texts cost no more."""

_START, _END = "^", "$"
_NEVER_MEANT = frozenset(words("no not never none nor without cant dont wont left right both"))
_VOWELS = re.compile("[aeiou]")
_LONGEST = 24
"""Letters; longer "words" are no slip of anything."""
_GUESSES = 6
_REMEMBERED = 4096


@dataclass(frozen=True)
class Spellings:
    """How people type what: from `words.yaml`. Keys and values normalised."""

    meant: Mapping[str, str]
    keep: AbstractSet[str]

    def spell_out(self, text: str) -> list[str]:
        """The words of a cleaned text with "dont" as "do not" and "u" as "you"; at most `MAX_WORDS`."""
        spelt = (self.meant.get(word, word) for word in words(text)[:MAX_WORDS])
        return " ".join(spelt).split()[:MAX_WORDS]


@dataclass(frozen=True)
class Counts:
    """How often words and neighbours occur in the FAQ's phrasings."""

    words: Mapping[str, int]
    pairs: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> "Counts":
        """Counted once a phrasing."""
        seen: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for text in texts:
            seen.update(set(text))
            pairs.update(set(zip((_START, *text), (*text, _END), strict=True)))
        return cls(seen, pairs)


class Mender:
    """Mends slips. Not thread-safe beyond what a dict is; remembers what it found."""

    def __init__(self, counts: Counts, known: English, keep: AbstractSet[str]) -> None:
        self._counts = counts
        self._known = known
        self._keep = keep
        self._found: dict[str, tuple[tuple[float, str], ...]] = {}

    def mend(self, typed: Sequence[str]) -> list[str]:
        """The words meant, one for one. Two slips side by side are each judged by the other as it stands."""
        meant: list[str] = []
        for place, word in enumerate(typed):
            before = meant[-1] if meant else _START
            after = typed[place + 1] if place + 1 < len(typed) else _END
            meant.append(self._meant(word, before, after))
        return meant

    def _meant(self, word: str, before: str, after: str) -> str:
        if not 3 <= len(word) <= _LONGEST or not word.isalpha() or not word.isascii():
            return word
        if word in self._counts.words or word in self._keep or self._known.knows(word):
            return word
        guesses = self._guesses(word)
        if not guesses:
            return word
        pairs = self._counts.pairs

        def fit(guess: tuple[float, str]) -> float:
            beside = math.log1p(pairs.get((before, guess[1]), 0)) + math.log1p(pairs.get((guess[1], after), 0))
            return guess[0] + 0.9 * beside

        return max(guesses, key=fit)[1]

    def _guesses(self, word: str) -> tuple[tuple[float, str], ...]:
        """Words it may be a slip for with their scores, best first."""
        if (found := self._found.get(word)) is not None:
            return found
        slips = 1 if len(word) <= 4 else 2 if len(word) <= 8 else 3
        scored: list[tuple[float, str]] = []
        for length in range(len(word) - slips, len(word) + slips + 1):
            general = (self._general.get((length, first), ()) for first in dict.fromkeys(word[:2]))
            for words_so_long in (self._ours.get(length, ()), *general):
                near = process.extract(word, words_so_long, scorer=OSA.distance, score_cutoff=slips, limit=None)
                scored += ((self._likelihood(word, meant, distance), meant) for meant, distance, _ in near)
        guesses = tuple(sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:_GUESSES])
        if len(self._found) >= _REMEMBERED:
            self._found.clear()
        self._found[word] = guesses
        return guesses

    def _likelihood(self, typed: str, meant: str, distance: float) -> float:
        """Chosen on Banking77 and CLINC150 with made-up slips; only the order matters."""
        count = self._counts.words.get(meant, 0)
        often = 0.35 * math.log(count) if count else -1.0 - 0.15 * math.log1p(self._known.rows[meant] / 1000)
        score = often - 1.6 * distance - 0.25 * abs(len(meant) - len(typed))
        score += 0.7 if meant[0] == typed[0] else -0.4
        score += 0.3 if meant[-1] == typed[-1] else 0.0
        return score + (0.5 if _VOWELS.sub("", meant) == _VOWELS.sub("", typed) else 0.0)

    @cached_property
    def _ours(self) -> Mapping[int, Sequence[str]]:
        """The FAQ's words by length."""
        ours = (word for word in self._counts.words if len(word) > 2 and word.isalpha())
        return _grouped((len(word), word) for word in ours)

    @cached_property
    def _general(self) -> Mapping[tuple[int, str], Sequence[str]]:
        """Frequent English words by length and first letter, which is the one people rarely get wrong."""
        general = (word for word in self._known.frequent if word not in self._counts.words)
        return _grouped(((len(word), word[0]), word) for word in general)


_Key = TypeVar("_Key")


def _grouped(pairs: Iterable[tuple[_Key, str]]) -> Mapping[_Key, Sequence[str]]:
    found: dict[_Key, list[str]] = {}
    for key, word in pairs:
        if word not in _NEVER_MEANT:
            found.setdefault(key, []).append(word)
    return found
