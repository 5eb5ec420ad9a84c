"""Phrases looked for in a reading: their words in order, close together, as written or with a slip of the finger."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from bot.core.reading import SMALL_WORDS, Reading, canonical
from bot.core.text import clean
from bot.core.typos import Vocabulary

_NEAR = 3
"""Two words of a phrase may be parted by up to two others that carry meaning …"""
_REACH = 8
"""… and by no more than this, small words counted."""
_PATHS = 8
"""So many half-found places of a phrase are followed on; a text that has more says the same word over and over."""

Path: TypeAlias = tuple[int, ...]
"""Where a phrase was found: indices into a reading's tokens, rising."""
_NOTHING: AbstractSet[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase ready to be looked for, and the line of content it comes from."""

    words: tuple[str, ...]
    line: str


def phrases(lines: Iterable[str]) -> tuple[Phrase, ...]:
    """Phrases without small words, if two others are left. A line without any word is dropped."""
    found: dict[tuple[str, ...], Phrase] = {}
    for line in lines:
        every = tuple(word for word, _ in canonical(clean(line)))
        telling = tuple(word for word in every if word not in SMALL_WORDS)
        kept = telling if len(telling) > 1 else every
        if kept:
            found.setdefault(kept, Phrase(kept, line))
    return tuple(found.values())


class PhraseBook:
    """Phrases by one of their words, the one that fewest of them share: most texts hold none of most books."""

    def __init__(self, every: Iterable[Phrase]) -> None:
        self._phrases = tuple(every)
        shared = Counter(word for phrase in self._phrases for word in set(phrase.words))
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for number, phrase in enumerate(self._phrases):
            self._by_word[min(phrase.words, key=shared.__getitem__)].append(number)

    def __iter__(self) -> Iterator[Phrase]:
        return iter(self._phrases)

    def possible(self, finder: "Finder") -> Iterator[Phrase]:
        """Those that may be in the finder's text, in the order of the book."""
        found = [number for word in finder.meant for number in self._by_word.get(word, ())]
        return (self._phrases[number] for number in sorted(found))


class Finder:
    """Looks for phrases in one reading. The work for one is bounded by how often its rarest word occurs."""

    def __init__(self, reading: Reading, vocabulary: Vocabulary) -> None:
        self._reading = reading
        self._places = _places(reading, vocabulary)
        self.meant = self._places.keys()
        """The words of phrases that are in the text, or may be meant by a slip in it."""
        self.steps = 0
        """Pairs of words compared so far."""

    def first(self, phrase: Phrase, barred: AbstractSet[int] = _NOTHING) -> Path | None:
        """The first place of `phrase` that uses none of the `barred` tokens."""
        return next(self._all(phrase, barred), None)

    def all(self, phrase: Phrase) -> Iterator[Path]:
        """The places of `phrase`, one for each place of its rarest word."""
        return self._all(phrase, _NOTHING)

    def said(self, path: Path) -> str:
        """The patient's own words at `path`."""
        return " ".join(self._reading.tokens[index].word for index in path)

    def _all(self, phrase: Phrase, barred: AbstractSet[int]) -> Iterator[Path]:
        if all(word in self._places for word in phrase.words):
            rarest = min(range(len(phrase.words)), key=lambda number: len(self._places[phrase.words[number]]))
            for anchor in self._places[phrase.words[rarest]]:
                if anchor not in barred:
                    yield from self._around(phrase, rarest, anchor, barred)

    def _around(self, phrase: Phrase, rarest: int, anchor: int, barred: AbstractSet[int]) -> list[Path]:
        """The phrase with its rarest word at `anchor`, grown to the left, then to the right; one place or none."""
        paths: list[Path] = [(anchor,)]
        for word in reversed(phrase.words[:rarest]):
            paths = [(index, *path) for path in paths[:_PATHS] for index in self._near(word, path[0], -1, barred)]
        for word in phrase.words[rarest + 1 :]:
            paths = [(*path, index) for path in paths[:_PATHS] for index in self._near(word, path[-1], +1, barred)]
        return paths[:1]

    def _near(self, word: str, index: int, step: int, barred: AbstractSet[int]) -> Iterator[int]:
        """Places of `word` before (step -1) or after (+1) `index`, close by in the same sentence, nearest first."""
        places = self._places[word]
        cut = bisect_right(places, index) if step > 0 else bisect_left(places, index)
        here = self._reading.tokens[index]
        for place in places[cut : cut + _REACH] if step > 0 else reversed(places[max(cut - _REACH, 0) : cut]):
            self.steps += 1
            there = self._reading.tokens[place]
            if abs(place - index) > _REACH or abs(there.slot - here.slot) > _NEAR or there.stop != here.stop:
                return
            if place not in barred:
                yield place


def _places(reading: Reading, vocabulary: Vocabulary) -> dict[str, list[int]]:
    """For each word of the phrases the indices of the tokens that may mean it, rising."""
    meant: dict[str, set[str]] = {}
    places: dict[str, list[int]] = defaultdict(list)
    for index, token in enumerate(reading.tokens):
        if token.word not in meant:
            meant[token.word] = vocabulary.meant_by(token.word)
        for word in meant[token.word]:
            places[word].append(index)
    return dict(places)
