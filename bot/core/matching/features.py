"""What a text is compared by: its stems, pairs of stems near each other, and runs of letters inside words.

Three groups, because each forgives what another minds: stems forgive endings, letters forgive slips, pairs know "sore
after" from "after sore". A feature is kept as a 32-bit checksum, so an index needs no dictionary; two features in a
hundred thousand may share one, which moves no decision.
"""

from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

Ids = NDArray[np.uint32]
Floats = NDArray[np.float32]

_stemmer = snowballstemmer.stemmer("english")
AFTER = range(1, 4)
"""How far behind a stem those stand that it is paired with."""
_GRAMS = range(3, 5)
LONGEST = 24
"""Letters of a word that are looked at; longer "words" are none, and would fill the memory of those seen before."""
GROUPS = 3


class Bag(NamedTuple):
    """The features of one text, each once."""

    ids: Ids
    counts: Floats
    """How often the text has each."""
    groups: NDArray[np.intp]
    """Which group each belongs to: 0 stems, 1 pairs, 2 letters."""


class Word(NamedTuple):
    """The features of one word."""

    stem: bytes
    stem_id: int
    before: int
    """The checksum of a pair of which it is the first, as far as it goes."""
    grams: Ids


@lru_cache(maxsize=16_384)
def word_features(word: str) -> Word:
    """Of a word of at most `LONGEST` letters; remembered."""
    is_word = word.isascii() and word.isalpha() and len(word) < LONGEST
    stem = (_stemmer.stemWord(word) if is_word else word).encode()
    marked = f" {word} "
    grams = [marked[i : i + size] for size in _GRAMS for i in range(len(marked) - size + 1)]
    ids = np.array([crc32(b"c" + gram.encode()) for gram in grams], np.uint32)
    return Word(stem, crc32(b"w" + stem), crc32(b"s" + stem + b"|"), ids)


def stem_ids(words: list[str]) -> Ids:
    """The stems of a text, each once, rising."""
    return np.array(sorted({word_features(word[:LONGEST]).stem_id for word in words}), np.uint32)


def bag(words: list[str]) -> Bag:
    """The features of the words of a text."""
    known = [word_features(word[:LONGEST]) for word in words]
    stems = [word.stem_id for word in known]
    pairs = [
        crc32(other.stem, word.before)
        for place, word in enumerate(known)
        for other in known[place + 1 : place + 1 + len(AFTER)]
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
