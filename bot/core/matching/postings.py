"""Which phrasings have which features, and the cosines of a text to all of them in one sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.features import AFTER, GROUPS, LONGEST, Bag, Floats, Ids, look_up, word_features

_COMMON = 16
"""A feature of one in so many phrasings is common: its postings are kept as a row."""
_AT_ONCE = 256
"""Texts compared at a time, for the memory."""
_MARK = 2
"""Bits for the group."""
_REMEMBERED = 4_096
"""Words whose places are kept, 1 MB."""


class _Places(NamedTuple):
    """Where the features of one word stand in the keys of one index."""

    stem: bytes
    before: int
    marked: NDArray[np.intp]
    """Of those that are known the places, each with its group in the last bits: one sort then puts equal ones
    together, the first group first."""


class Weighed(NamedTuple):
    """The known features of some texts, text by text."""

    text: NDArray[np.intp]
    """Which text has it…"""
    at: NDArray[np.intp]
    """…which feature of the keys it is…"""
    share: Floats
    """…and how much it is of the text; each group of a text has length 1."""


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
        return self._shares(at[known], text.counts[known], text.groups[known])

    def _shares(
        self, at: NDArray[np.intp], counts: Floats, groups: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], Floats]:
        share = (1 + np.log(counts)) * self.weights[at]
        lengths = np.sqrt(np.bincount(groups, share * share)).astype(np.float32)
        return at, share / lengths[groups]

    def weigh_words(self, texts: Sequence[list[str]]) -> Weighed:
        """The same of many texts' words, by what is remembered of each word: this runs for every question."""
        every = [[self._places_of(word[:LONGEST]) for word in words] for words in texts]
        pairs: list[int] = []
        owners: list[int] = []
        for number, text in enumerate(every):
            stems, befores = [places.stem for places in text], [places.before for places in text]
            found = [pair for far in AFTER for pair in map(crc32, stems[far:], befores)]
            pairs += found
            owners += [number] * len(found)
        at, is_known = look_up(np.array(pairs, np.uint32), self.keys)
        marked = np.concatenate([(at[is_known] << _MARK) + 1, *(places.marked for text in every for places in text)])
        if len(every) > 1:
            known = [sum(len(places.marked) for places in text) for text in every]
            of_text = np.concatenate((np.array(owners, np.intp)[is_known], np.repeat(np.arange(len(every)), known)))
            marked += of_text * (len(self.keys) << _MARK)
        if not len(marked):
            return Weighed(marked, marked, np.zeros(0, np.float32))
        marked.sort()
        at = marked >> _MARK
        is_first = np.empty(len(at), np.bool_)
        is_first[0] = True
        np.not_equal(at[1:], at[:-1], out=is_first[1:])
        begins = is_first.nonzero()[0]
        counts = np.empty(len(begins), np.float32)
        counts[:-1] = begins[1:] - begins[:-1]
        counts[-1] = len(at) - begins[-1]
        at = at[begins]
        groups = marked[begins] - (at << _MARK)
        owner = at // len(self.keys)
        return Weighed(owner, *self._shares(at - owner * len(self.keys), counts, groups + owner * GROUPS))

    def _places_of(self, word: str) -> _Places:
        if (found := self._remembered.get(word)) is not None:
            return found
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        stem, stem_id, before, grams = word_features(word)
        at, known = look_up(np.concatenate(([stem_id], grams)).astype(np.uint32), self.keys)
        marked = at << _MARK
        marked[1:] += 2
        found = self._remembered[word] = _Places(stem, before, marked[known])
        return found

    def cosines(self, words: list[str]) -> Floats:
        """The sum over the groups of the text's cosines to every phrasing, 0 to `GROUPS`."""
        _, at, share = self.weigh_words([words])
        row_of, common = self._common
        row = row_of[at]
        is_common = row >= 0
        sums: Floats = share[is_common] @ common.take(row[is_common], axis=0)
        at, share = at[~is_common], share[~is_common]
        places, lengths = self._postings_at(at)
        if len(places):
            each = self.values[places] * share.repeat(lengths)
            sums += np.bincount(self.rows[places], each, minlength=self.size).astype(np.float32)
        return sums

    def cosines_of(self, texts: Sequence[list[str]]) -> Floats:
        """The same of many texts (rows), in a third of the time."""
        found = np.empty((len(texts), self.size), np.float32)
        for begin in range(0, len(texts), _AT_ONCE):
            some = texts[begin : begin + _AT_ONCE]
            found[begin : begin + len(some)] = self._cosines_of(len(some), self.weigh_words(some))
        return found

    def _cosines_of(self, count: int, weighed: Weighed) -> Floats:
        row_of, common = self._common
        text, at, share = weighed
        row = row_of[at]
        is_common = row >= 0
        found = row[is_common]
        is_used = np.zeros(len(common), np.bool_)
        is_used[found] = True
        used, column_of = is_used.nonzero()[0], is_used.cumsum() - 1
        dense = np.zeros((count, len(used)), np.float32)
        dense[text[is_common], column_of[found]] = share[is_common]
        text, at, share = text[~is_common], at[~is_common], share[~is_common]
        places, lengths = self._postings_at(at)
        cells = self.rows[places] + (text * self.size).repeat(lengths)
        each = self.values[places]
        each *= share.repeat(lengths)
        sums: Floats = dense @ common.take(used, axis=0)
        rare = np.bincount(cells, each, minlength=sums.size).reshape(sums.shape)
        np.add(sums, rare, out=sums, casting="same_kind")
        return sums

    def _postings_at(self, at: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """The places of these features' postings one after the other, and how many each has."""
        begin = self.starts[at]
        lengths = self.starts[at + 1] - begin
        ends = lengths.cumsum()
        return np.arange(ends[-1] if len(ends) else 0) + (begin - ends + lengths).repeat(lengths), lengths

    @cached_property
    def _remembered(self) -> dict[str, _Places]:
        return {}

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
