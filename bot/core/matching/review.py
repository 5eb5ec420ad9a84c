"""What an index can tell the people who write the phrasings: which stand in the wrong place, which entries are easily
confused and by what they differ, and which need more.

Nothing is learnt for it: how each phrasing fared when it was hidden and asked again was noted while learning
(`index.Replayed`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.english import english
from bot.core.matching.features import stem_ids
from bot.core.matching.index import NEVER, Index
from bot.core.matching.matcher import MIN_PHRASINGS

SURE_ASTRAY = 0.5
"""So sure of another entry the bot has to be before a phrasing is worth a look, or as sure as it is when it answers.
Phrasings are meant to be unlike their neighbours, so many a good one is not found when it is hidden."""
WANTED = 25
"""Phrasings of an entry; with fewer it is found less often."""
SHARED = 3
"""Two entries are confusable from so many phrasings of either that reach the other…"""
SHARED_PART = 0.05
"""…if that is such a share of both."""
FOUND_LEAST = 0.6
"""Share of an entry's hidden phrasings, written well and badly, that still find it; below it is worth a look."""
_WORDS = 4
_TELLING = 1.0
"""Least difference between two entries, in standard errors, for which a word is said to tell them apart."""


class Stray(NamedTuple):
    """A line that reaches another entry when it is hidden and asked again."""

    entry: str | None
    """Where it stands; None: among what is left to people."""
    text: str
    reached: str
    answered: bool
    """Sure enough for a wrong answer."""
    only_misspelt: bool
    harm: float
    """How sure the bot would be of the wrong entry, as written, and half of that misspelt."""


class Pair(NamedTuple):
    """Two entries that are easily confused."""

    one: str
    other: str
    shared: int
    """Phrasings of either that reach the other…"""
    of: int
    """…of so many."""
    tells_one: tuple[str, ...]
    """Words said in the phrasings of the one more than in those of the other, most telling first."""
    tells_other: tuple[str, ...]


class Thin(NamedTuple):
    """An entry that needs more phrasings."""

    entry: str
    found: float
    """The share of its phrasings, hidden and asked again, that still find it."""


@dataclass(frozen=True)
class Review:
    """Each kind with the greatest harm first."""

    strays: tuple[Stray, ...]
    pairs: tuple[Pair, ...]
    thin: tuple[Thin, ...]


def review(index: Index) -> Review:
    """Everything there is to say about the phrasings of an index."""
    if not len(index.replayed.ahead) or len(index.entries) < 2:
        return Review((), (), ())
    return Review(
        strays=tuple(sorted(_strays(index), key=lambda stray: (not stray.answered, -stray.harm, stray.text))),
        pairs=tuple(sorted(_pairs(index), key=lambda pair: (-pair.shared / pair.of, pair.one))),
        thin=tuple(sorted(_thin(index), key=lambda thin: (thin.found, thin.entry))),
    )


def _strays(index: Index) -> Iterator[Stray]:
    replayed = index.replayed
    gate = index.gates.answer
    worth = min(gate, SURE_ASTRAY) if gate < NEVER else 0.0  # so few phrasings that each is worth a look
    for row, label in enumerate(index.labels.tolist()):
        is_ours = label < len(index.entries)
        sure = replayed.sure[:, row]
        answered = sure >= gate
        astray = replayed.ahead[:, row] < 0 if is_ours else answered
        seen = astray & (sure >= worth)
        if not seen.any():
            continue
        first = int(seen.argmax())
        yield Stray(
            entry=index.entries[label] if is_ours else None,
            text=index.lines[row],
            reached=index.entries[replayed.rivals[first, row]],
            answered=bool((astray & answered).any()),
            only_misspelt=first == 1,
            harm=float(sure[0] * astray[0] + sure[1] * astray[1] / 2),
        )


def _pairs(index: Index) -> Iterator[Pair]:
    entries = len(index.entries)
    sizes = _sizes(index)
    reached = np.zeros((entries, entries), np.int64)
    ours = index.labels < entries
    astray = (index.replayed.ahead[0] < 0) & ours
    np.add.at(reached, (index.labels[astray], index.replayed.rivals[0][astray]), 1)
    both = reached + reached.T
    told = _Words(index)
    for one, other in np.argwhere(np.triu(both, 1) >= SHARED).tolist():
        of = int(sizes[one] + sizes[other])
        if both[one, other] >= SHARED_PART * of:
            tells_one, tells_other = told.apart(one, other)
            yield Pair(index.entries[one], index.entries[other], int(both[one, other]), of, tells_one, tells_other)


def _thin(index: Index) -> Iterator[Thin]:
    found = (index.replayed.ahead > 0).mean(axis=0)
    for column, size in enumerate(_sizes(index).tolist()):
        share = float(found[index.labels == column].mean()) if size else 0.0
        if size > MIN_PHRASINGS and (size <= WANTED or share < FOUND_LEAST):  # with fewer it is never answered at all
            yield Thin(index.entries[column], share)


def _sizes(index: Index) -> NDArray[np.int64]:
    return np.bincount(index.labels, minlength=len(index.entries))[: len(index.entries)]


class _Words:
    """The stems of an index, with the word that patients mostly say for each."""

    def __init__(self, index: Index) -> None:
        self._known = index.known
        self._sizes = _sizes(index)
        words: dict[int, str] = {}
        for word, _ in sorted(index.counts.words.items(), key=lambda pair: pair[1]):
            words[int(stem_ids([word])[0])] = word  # the most frequent comes last
        self._words = [words.get(stem) for stem in index.known.ids.tolist()]
        rank = english().rows
        # "Me" may differ between two entries by chance, and nobody can make anything of it; "cramp" says something.
        self._says = np.log([2 + rank.get(word, len(rank)) if word else 1 for word in self._words])

    def apart(self, one: int, other: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What tells two entries apart: log odds of each stem in units of their standard error."""
        counts = self._known.counts
        odds, doubt = np.zeros(len(counts)), np.zeros(len(counts))
        for entry, sign in ((one, 1), (other, -1)):
            has, lacks = counts[:, entry] + 0.5, self._sizes[entry] - counts[:, entry] + 0.5
            odds += sign * np.log(has / lacks)
            doubt += 1 / has + 1 / lacks
        difference = odds / np.sqrt(doubt)
        return self._said(difference), self._said(-difference)

    def _said(self, difference: NDArray[np.float64]) -> tuple[str, ...]:
        order = np.argsort(-difference * self._says, kind="stable")
        words = (self._words[row] for row in order[difference[order] >= _TELLING].tolist())
        return tuple(word for word in words if word is not None)[:_WORDS]
