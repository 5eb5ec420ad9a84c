"""Phrases looked for in a reading: their words in order, close together, as written or with a slip of the finger.

A word of a phrase may be a concept, `<leg>`: any of the clinic's words for one thing. Phrases joined by "+" make a
pattern: all of them in one sentence, in any order.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from typing import TypeAlias

from bot.content.schema import CONCEPT
from bot.core.reading import SMALL_WORDS, Reading, canonical
from bot.core.text import clean
from bot.core.typos import Vocabulary

_NEAR = 3
"""Two words of a phrase may be parted by up to two others that carry meaning …"""
_REACH = 8
"""… and by no more than this, small words counted."""
_SPREAD = 12
"""The phrases of a pattern begin within so many words that carry meaning."""
_PATHS = 8
"""So many half-found places of a phrase are followed on; a text that has more says the same word over and over."""
_PLACES = 16
"""So many places of a phrase are tried in a pattern, for the same reason: of a phrase that has more, those nearest to
the pattern's rarest one ("she" says little about where in a long letter "she collapsed")."""

_JOIN = re.compile(r"\s\+\s")

Path: TypeAlias = tuple[int, ...]
"""Where something was found: indices into a reading's tokens, rising."""
_NOTHING: AbstractSet[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase ready to be looked for: words, and concepts as `<name>`."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of content: a phrase, or several that must stand in one sentence."""

    parts: tuple[Phrase, ...]
    line: str
    words: frozenset[str] = field(init=False, compare=False, repr=False)
    """Of all its phrases."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", frozenset(chain.from_iterable(part.words for part in self.parts)))


def patterns(lines: Iterable[str]) -> tuple[Pattern, ...]:
    """Lines of content as patterns, each once. A line without any word is dropped."""
    found: dict[tuple[Phrase, ...], Pattern] = {}
    for line in lines:
        parts = tuple(filter(None, map(_phrase, _JOIN.split(line))))
        if parts:
            found.setdefault(parts, Pattern(parts, line))
    return tuple(found.values())


@lru_cache(maxsize=32_768)  # a content is read anew with each edit, and most of its lines stay
def _phrase(text: str) -> Phrase | None:
    """Without small words, if two others are left."""
    every: list[str] = []
    begin = 0
    for name in CONCEPT.finditer(text):
        every += [word for word, _ in canonical(clean(text[begin : name.start()]))]
        every.append(name[0])
        begin = name.end()
    every += [word for word, _ in canonical(clean(text[begin:]))]
    telling = [word for word in every if word not in SMALL_WORDS]
    kept = telling if len(telling) > 1 else every
    return Phrase(tuple(kept)) if kept else None


class PatternBook:
    """Patterns that mean one thing: what is looked for together, and told apart by who asks for it."""

    def __init__(self, every: Iterable[Pattern]) -> None:
        self._patterns = tuple(every)

    def __iter__(self) -> Iterator[Pattern]:
        return iter(self._patterns)


class Shelf:
    """Books that are looked through at once, by one word of each pattern, the one that fewest patterns share: most
    texts hold none of most books."""

    def __init__(self, books: Iterable[PatternBook]) -> None:
        self._places = [(book, pattern) for book in books for pattern in book]
        shared = Counter(chain.from_iterable(pattern.words for _, pattern in self._places))
        self._by_word: dict[str, list[tuple[int, frozenset[str]]]] = defaultdict(list)
        for number, (_, pattern) in enumerate(self._places):
            rarest = min(sorted(pattern.words), key=shared.__getitem__)
            self._by_word[rarest].append((number, pattern.words))

    def open(self, meant: frozenset[str]) -> Mapping[PatternBook, Sequence[Pattern]]:
        """The patterns that may be in a text with these words and concepts, by book and in its order."""
        found: dict[PatternBook, list[Pattern]] = defaultdict(list)
        rarest = self._by_word.keys() & meant
        for number in sorted(number for word in rarest for number, words in self._by_word[word] if words <= meant):
            book, pattern = self._places[number]
            found[book].append(pattern)
        return found


class Concepts:
    """The clinic's words for one thing, by name: `{"leg": ["leg", "calf", …]}`. They may not name one another."""

    def __init__(self, said: Mapping[str, Iterable[str]]) -> None:
        self._by_line: dict[Pattern, list[str]] = defaultdict(list)
        for name, lines in said.items():
            for pattern in patterns(lines):
                self._by_line[Pattern(pattern.parts, "")].append(f"<{name}>")
        self._book = PatternBook(self._by_line)
        self._shelf = Shelf([self._book])
        self.words = frozenset(word for pattern in self._by_line for word in pattern.words)

    def found(self, finder: "Finder") -> Iterator[tuple[str, Path]]:
        """Every concept that is in the finder's text, and where."""
        for pattern in self._shelf.open(finder.meant).get(self._book, ()):
            is_word = len(pattern.words) == 1  # costs nothing; "she" at the end of a letter about her counts too
            for path in islice(finder.all(pattern), None if is_word else _PLACES):
                for name in self._by_line[pattern]:
                    yield name, path


class Finder:
    """Looks for patterns in one reading. The work for one is bounded by how often its rarest word occurs."""

    def __init__(
        self, reading: Reading, vocabulary: Vocabulary, concepts: Concepts | None = None, shelf: Shelf | None = None
    ) -> None:
        self._reading = reading
        self._places: dict[str, list[Path]] = _places(reading, vocabulary)
        self._begins: dict[str, list[int]] = {}
        self.meant = frozenset(self._places)
        """The words and concepts of patterns that are in the text, or may be meant by a slip in it."""
        self.steps = 0
        """Pairs of places compared so far."""
        if concepts is not None:
            named: dict[str, set[Path]] = defaultdict(set)
            for name, path in concepts.found(self):
                named[name].add(path)
            self._places |= {name: sorted(paths) for name, paths in named.items()}
            self.meant |= named.keys()
        self._open: Mapping[PatternBook, Sequence[Pattern]] = shelf.open(self.meant) if shelf is not None else {}

    @property
    def books(self) -> Iterable[PatternBook]:
        """Those on the shelf of which anything may be in the text."""
        return self._open.keys()

    def possible(self, book: PatternBook) -> Sequence[Pattern]:
        """What may be in the text of a book that stands on the shelf, in its order."""
        return self._open.get(book, ())

    def first(self, pattern: Pattern, barred: AbstractSet[int] = _NOTHING) -> Path | None:
        """The first place of `pattern` that uses none of the `barred` tokens."""
        return next(self._all(pattern, barred), None)

    def all(self, pattern: Pattern) -> Iterator[Path]:
        """The places of `pattern`, one for each place of its (first phrase's) rarest word."""
        return self._all(pattern, _NOTHING)

    def said(self, path: Path) -> str:
        """The patient's own words at `path`."""
        return " ".join(self._reading.tokens[index].word for index in path)

    def _all(self, pattern: Pattern, barred: AbstractSet[int]) -> Iterator[Path]:
        if not pattern.words <= self.meant:
            return
        if len(pattern.parts) == 1:
            yield from self._each(pattern.parts[0], barred)
            return
        found = [list(islice(self._each(part, barred), _PLACES + 1)) for part in pattern.parts]
        if max(map(len, found)) <= _PLACES:
            yield from self._together(found)
            return
        counts = [min(len(self._places[word]) for word in part.words) for part in pattern.parts]
        rarest = counts.index(min(counts))
        for path in found[rarest][:_PLACES]:
            beside = [list(islice(self._each(part, barred, path[0]), _PLACES)) for part in pattern.parts]
            beside[rarest] = [path]
            yield from self._together(beside)

    def _together(self, found: Sequence[Sequence[Path]]) -> Iterator[Path]:
        """For each place of the first phrase the whole pattern, where every other phrase has a place beside it."""
        first, *others = found
        for path in first:
            together = [path]
            for paths in others:
                beside = next((other for other in paths if self._is_beside(path, other, together)), None)
                if beside is None:
                    break
                together.append(beside)
            else:
                yield tuple(sorted(set(chain.from_iterable(together))))

    def _is_beside(self, path: Path, other: Path, taken: Sequence[Path]) -> bool:
        """Whether `other` is in the sentence of `path`, near it, and has words of its own."""
        self.steps += 1
        here, there = self._reading.tokens[path[0]], self._reading.tokens[other[0]]
        if here.stop != there.stop or abs(here.slot - there.slot) > _SPREAD:
            return False
        return all(set(other).isdisjoint(one) for one in taken)

    def _each(self, phrase: Phrase, barred: AbstractSet[int], near: int | None = None) -> Iterator[Path]:
        """Its places, rising; those nearest to the token `near`, where one is given."""
        counts = [len(self._places[word]) for word in phrase.words]
        rarest = counts.index(min(counts))
        anchors = self._places[phrase.words[rarest]]
        if near is not None and len(anchors) > _PLACES:
            at = bisect_left(anchors, (near,))
            around = anchors[max(at - _PLACES, 0) : at + _PLACES]
            anchors = sorted(sorted(around, key=lambda path: abs(path[0] - near))[:_PLACES])
        for anchor in anchors:
            if barred.isdisjoint(anchor):
                yield from self._around(phrase, rarest, anchor, barred) if len(counts) > 1 else (anchor,)

    def _around(self, phrase: Phrase, rarest: int, anchor: Path, barred: AbstractSet[int]) -> list[Path]:
        """The phrase with its rarest word at `anchor`, grown to the left, then to the right; one place or none."""
        paths: list[Path] = [anchor]
        for word in reversed(phrase.words[:rarest]):
            paths = [(*more, *path) for path in paths[:_PATHS] for more in self._near(word, path[0], -1, barred)]
        for word in phrase.words[rarest + 1 :]:
            paths = [(*path, *more) for path in paths[:_PATHS] for more in self._near(word, path[-1], +1, barred)]
        return paths[:1]

    def _near(self, word: str, index: int, step: int, barred: AbstractSet[int]) -> Iterator[Path]:
        """Places of `word` before (step -1) or after (+1) `index`, close by in the same sentence, nearest first."""
        places = self._places[word]
        begins = self._begins.get(word)
        if begins is None:
            begins = self._begins[word] = [place[0] for place in places]
        cut = bisect_right(begins, index) if step > 0 else bisect_left(begins, index)
        here = self._reading.tokens[index]
        for place in places[cut : cut + _REACH] if step > 0 else reversed(places[max(cut - _REACH, 0) : cut]):
            self.steps += 1
            edge = place[0] if step > 0 else place[-1]
            if step < 0 and edge >= index:
                continue
            there = self._reading.tokens[edge]
            if abs(edge - index) > _REACH or abs(there.slot - here.slot) > _NEAR or there.stop != here.stop:
                return
            if barred.isdisjoint(place):
                yield place


def _places(reading: Reading, vocabulary: Vocabulary) -> dict[str, list[Path]]:
    """For each word of the patterns the tokens that may mean it, rising."""
    meant: dict[str, frozenset[str]] = {}
    places: dict[str, list[Path]] = defaultdict(list)
    for index, token in enumerate(reading.tokens):
        if token.word not in meant:
            meant[token.word] = vocabulary.meant_by(token.word)
        for word in meant[token.word]:
            places[word].append((index,))
    return dict(places)
