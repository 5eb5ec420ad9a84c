"""From what was typed to the words that were meant.

Slips are mended onto the FAQ's own words first, then onto frequent English ones, by rapidfuzz's OSA distance and by the
words beside them. This is the largest single gain there is (misspelt questions of Banking77: 58 → 72 % right with an
early prototype), and comparing whole sentences with rapidfuzz the largest loss.

Never touched: known English words, words of the FAQ, numbers, words shorter than three letters, and the clinic's `keep`
list (names of medicines). Nothing is mended into a negation or a side of the body: either would change what was said.
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.core.matching.english import English, english
from bot.core.text import words

MAX_WORDS = 120
"""Words of one text that are looked at; nobody's question needs more, and hostile texts cost no more."""

_START, _END = "^", "$"
_NEVER_MEANT = frozenset(words("no not never none nor without cant dont wont left right both"))
_VOWELS = b"aeiou"
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

    def __init__(self, counts: Counts, keep: AbstractSet[str]) -> None:
        self._counts = counts
        self._known: English = english()
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
        if word in self._counts.words or not 3 <= len(word) <= _LONGEST or not (word.isalpha() and word.isascii()):
            return word
        if word in self._keep or self._known.knows(word):
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
        letters, ours = _letters(word), self._counts.words
        alike = self._ours.alike(letters, len(word), slips)
        for first in dict.fromkeys(word[:2]):
            others = _frequent().alike(letters, len(word), slips, first)
            alike += [other for other in others if other not in ours]
        near = process.extract(word, alike, scorer=OSA.distance, score_cutoff=slips, limit=None)
        bare = _bare(word)
        scored = [(self._likelihood(word, bare, meant, distance), meant) for meant, distance, _ in near]
        guesses = tuple(sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:_GUESSES])
        if len(self._found) >= _REMEMBERED:
            self._found.clear()
        self._found[word] = guesses
        return guesses

    def _likelihood(self, typed: str, bare: bytes, meant: str, distance: float) -> float:
        """Chosen on Banking77 and CLINC150 with made-up slips; only the order matters.

        `bare`: `typed` without vowels.
        """
        count = self._counts.words.get(meant, 0)
        often = 0.35 * math.log(count) if count else -1.0 - 0.15 * math.log1p(self._known.rows[meant] / 1000)
        score = often - 1.6 * distance - 0.25 * abs(len(meant) - len(typed))
        score += 0.7 if meant[0] == typed[0] else -0.4
        score += 0.3 if meant[-1] == typed[-1] else 0.0
        return score + (0.5 if _bare(meant) == bare else 0.0)

    @cached_property
    def _ours(self) -> "_Shelf":
        """The FAQ's words."""
        return _Shelf.of([word for word in self._counts.words if len(word) > 2 and word.isalpha()])


@dataclass(frozen=True)
class _Shelf:
    """Words to be meant, with their letters: few are near enough to be worth a distance."""

    words: Sequence[str]
    places: Sequence[int]
    """Where each stands, rising: see `_place`."""
    letters: NDArray[np.uint64]

    @classmethod
    def of(cls, meant: Sequence[str], *, by_first: bool = False) -> "_Shelf":
        """`by_first`: by their first letters, which must be plain; otherwise all together."""
        kept = list(set(meant) - _NEVER_MEANT)
        codes = np.array([word.encode("ascii", "ignore") for word in kept], "S")
        lengths = np.fromiter(map(len, kept), np.intp, len(kept))
        places = lengths + (codes.astype("S1").view(np.uint8).astype(np.intp) << _ROOM) * by_first
        order = np.lexsort((codes, places))
        return cls([kept[at] for at in order.tolist()], places[order].tolist(), _letters_of_each(codes[order]))

    def alike(self, letters: np.uint64, length: int, slips: int, first: str = "") -> list[str]:
        """Words that so many slips might make of one with these letters: a slip changes two of them at most.

        `first`: of those alone that begin with it, on a shelf that stands by first letters.
        """
        begin = bisect_left(self.places, _place(first, length - slips))
        end = bisect_right(self.places, _place(first, length + slips))
        differ = np.bitwise_count(self.letters[begin:end] ^ letters)
        return [self.words[begin + place] for place in (differ <= 2 * slips).nonzero()[0].tolist()]


_ROOM = 6
"""Bits for a length."""


def _place(first: str, length: int) -> int:
    """Words stand by their first letter where that counts, then by length."""
    return (ord(first) << _ROOM if first else 0) + length


def _bare(word: str) -> bytes:
    """Without vowels."""
    return word.encode().translate(None, _VOWELS)


@cache
def _frequent() -> _Shelf:
    """Frequent English words by their first letter, which is the one people rarely get wrong."""
    return _Shelf.of(english().frequent, by_first=True)


_BIT = tuple(1 << code - ord("a") if ord("a") <= code <= ord("z") else 0 for code in range(256))
_BITS = np.array(_BIT, np.uint64)


def _letters(word: str) -> np.uint64:
    """A bit for every letter from a to z that a word has, and one more for every letter it has twice."""
    once = twice = 0
    for code in word.encode("ascii", "ignore"):
        bit = _BIT[code]
        twice |= once & bit
        once |= bit
    return np.uint64(once | twice << 32)


def _letters_of_each(codes: NDArray[np.bytes_]) -> NDArray[np.uint64]:
    """The same for thousands of words in a few sweeps."""
    once = twice = np.zeros(len(codes), np.uint64)
    for column in codes.view(np.uint8).reshape(len(codes), -1).T if len(codes) else ():
        bits = _BITS[column]
        twice = twice | (once & bits)
        once = once | bits
    return once | twice << np.uint64(32)
