"""What a text is compared by: its stems, pairs of stems near each other, and runs of letters inside words.

Three groups, because each forgives what another minds: stems forgive endings, letters forgive slips, pairs know "sore
after" from "after sore". A feature is kept as a 32-bit checksum, so an index needs no dictionary; two features in a
hundred thousand may share one, which moves no decision.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

Ids = NDArray[np.uint32]
Floats = NDArray[np.float32]

_stemmer = snowballstemmer.stemmer("english")
_WINDOW = 3
"""A stem is paired with so many that follow."""
_GRAMS = range(3, 5)
_LONGEST = 24
"""Letters of a word that are looked at; longer "words" are none, and would fill the memory of those seen before."""
GROUPS = 3
_COMMON = 16
"""A feature of one in so many phrasings is common: its postings are kept as a row."""


class Bag(NamedTuple):
    """The features of one text, each once."""

    ids: Ids
    counts: Floats
    """How often the text has each."""
    groups: NDArray[np.intp]
    """Which group each belongs to: 0 stems, 1 pairs, 2 letters."""


class _Word(NamedTuple):
    stem: bytes
    stem_id: int
    before: int
    """The checksum of a pair of which it is the first, as far as it goes."""
    grams: Ids


@lru_cache(maxsize=16_384)
def _word(word: str) -> _Word:
    is_word = word.isascii() and word.isalpha() and len(word) < _LONGEST
    stem = (_stemmer.stemWord(word) if is_word else word).encode()
    marked = f" {word} "
    grams = [marked[i : i + size] for size in _GRAMS for i in range(len(marked) - size + 1)]
    ids = np.array([crc32(b"c" + gram.encode()) for gram in grams], np.uint32)
    return _Word(stem, crc32(b"w" + stem), crc32(b"s" + stem + b"|"), ids)


def stem_ids(words: list[str]) -> Ids:
    """The stems of a text, each once, rising."""
    return np.array(sorted({_word(word[:_LONGEST]).stem_id for word in words}), np.uint32)


def bag(words: list[str]) -> Bag:
    """The features of the words of a text."""
    known = [_word(word[:_LONGEST]) for word in words]
    stems = [word.stem_id for word in known]
    pairs = [
        crc32(other.stem, word.before)
        for place, word in enumerate(known)
        for other in known[place + 1 : place + 1 + _WINDOW]
    ]
    letters = [word.grams for word in known]
    ids = np.concatenate([np.array(stems + pairs, np.uint32), *letters])
    groups = np.zeros(len(ids), np.intp)
    groups[len(stems) :] = 1
    groups[len(stems) + len(pairs) :] = 2
    # `np.unique` with its counts, without its detours: this runs for every question.
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    begins = np.flatnonzero(np.concatenate(([True], ids[1:] != ids[:-1]))) if len(ids) else np.zeros(0, np.intp)
    ends = np.concatenate((begins[1:], [len(ids)])) if len(ids) else begins
    return Bag(ids[begins], (ends - begins).astype(np.float32), groups[order[begins]])


def look_up(ids: Ids, keys: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where each id stands in `keys` (rising, at least one), and whether it is there at all."""
    at = np.searchsorted(keys, ids)
    at[at == len(keys)] = 0
    return at, keys[at] == ids


@dataclass(frozen=True)
class Postings:
    """Which phrasings have which features, and how much of each: the cosines to all phrasings in one sweep."""

    keys: Ids
    """Every feature, rising."""
    weights: Floats
    """What each feature weighs."""
    starts: NDArray[np.int32]
    """Where each feature's postings begin, and one more for the end."""
    rows: NDArray[np.int32]
    values: Floats
    size: int
    """How many phrasings there are."""

    @classmethod
    def build(cls, texts: list[Bag], labels: NDArray[np.int64]) -> "Postings":
        """From the features of every phrasing; `labels[i]` is the entry of phrasing `i`.

        A feature weighs the more the fewer phrasings and, above all, the fewer entries have it: counting entries
        (inverse class frequency) instead of phrasings alone is worth two points on Banking77, since "card" is in every
        second phrasing of ten entries and tells nothing, "contactless" in all of one.
        """
        rows = np.repeat(np.arange(len(texts)), [len(text.ids) for text in texts])
        ids = np.concatenate([text.ids for text in texts])
        keys, column = np.unique(ids, return_inverse=True)
        phrasings = np.bincount(column, minlength=len(keys))
        of_entry = np.unique(column.astype(np.int64) * (labels.max() + 2) + labels[rows]) // (labels.max() + 2)
        entries = np.bincount(of_entry, minlength=len(keys))
        size, classes = len(texts), len(np.unique(labels))
        by_phrasing = np.log((1 + size) / (1 + phrasings)) + 1
        by_entry = np.log((1 + classes) / (1 + entries)) + 1
        weights = np.sqrt(by_entry * np.sqrt(by_phrasing)).astype(np.float32)
        unsorted = cls(keys, weights, np.zeros(1, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32), size)
        found = [unsorted.weigh(text) for text in texts]
        at = np.concatenate([columns for columns, _ in found])
        order = np.argsort(at, kind="stable")
        starts = np.searchsorted(at[order], np.arange(len(keys) + 1)).astype(np.int32)
        owner = np.repeat(np.arange(size, dtype=np.int32), [len(columns) for columns, _ in found])
        values = np.concatenate([shares for _, shares in found])
        return cls(keys, weights, starts, owner[order], values[order], size)

    def weigh(self, text: Bag) -> tuple[NDArray[np.intp], Floats]:
        """Where the known features of a text stand in `keys`, and their share; each group has length 1."""
        at, known = look_up(text.ids, self.keys)
        at, groups = at[known], text.groups[known]
        share = (1 + np.log(text.counts[known])) * self.weights[at]
        lengths = np.sqrt(np.bincount(groups, share * share, minlength=GROUPS)).astype(np.float32)
        return at, share / lengths[groups]

    def cosines(self, text: Bag) -> Floats:
        """The sum over the groups of the text's cosines to every phrasing, 0 to `GROUPS`."""
        at, share = self.weigh(text)
        row_of, common = self._common
        row = row_of[at]
        is_common = row >= 0
        sums: Floats = share[is_common] @ common[row[is_common]]
        at, share = at[~is_common], share[~is_common]
        begin = self.starts[at]
        lengths = self.starts[at + 1] - begin
        ends = np.cumsum(lengths)
        if len(ends) and ends[-1]:
            places = np.arange(ends[-1]) + np.repeat(begin - ends + lengths, lengths)
            each = self.values[places] * np.repeat(share, lengths)
            sums += np.bincount(self.rows[places], each, minlength=self.size).astype(np.float32)
        return sums

    @cached_property
    def _common(self) -> tuple[NDArray[np.int32], Floats]:
        """For each feature its row, -1 if it is not common; and the rows, a column a phrasing.

        Most postings that a question meets are of a few hundred common features, and a row is summed much faster.
        """
        features = np.flatnonzero(np.diff(self.starts) * _COMMON >= self.size)
        row_of = np.full(len(self.keys), -1, np.int32)
        row_of[features] = np.arange(len(features))
        of_posting = np.repeat(row_of, np.diff(self.starts))
        kept = np.flatnonzero(of_posting >= 0)
        rows = np.zeros((len(features), self.size), np.float32)
        rows[of_posting[kept], self.rows[kept]] = self.values[kept]
        return row_of, rows
