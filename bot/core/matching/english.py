"""What is known of English words before any FAQ is read: which there are, and which mean alike.

`data/wordpiece.txt` is the vocabulary of BERT base uncased, most frequent words first; each of its whole words has a
static vector in `data/vectors.npy`. They and the rarer ones of `data/words.txt` are the known words: never taken for a
slip of another. Of the rarer ones only the checksums in `data/words.npy` are read. `data/README.md` says where all come
from and under which licence.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
WORDPIECE = DATA / "wordpiece.txt"
RARER = DATA / "words.txt"
VECTORS = DATA / "vectors.npy"
CHECKSUMS = DATA / "words.npy"

_WHOLE = re.compile(r"^(?:[a-z]{2,}|[ai])$", re.MULTILINE)
_ENDINGS = ("s", "es", "ed", "ing", "ly", "ish", "y")
_FREQUENT = 12_000
"""So many words are also offered as what a misspelt word may mean; rarer ones would be guesses."""


@dataclass(frozen=True)
class English:
    """Known words and their vectors; see the module. `rows`: word → row, most frequent first."""

    rows: dict[str, int]
    vectors: NDArray[np.int8]
    """One row a word, all of one length."""
    rarer: NDArray[np.uint32]
    """Checksums of known words without a vector, rising: a set of so many texts would take megabytes."""

    def knows(self, word: str) -> bool:
        """Whether this is an English word."""
        if word in self.rows:
            return True
        checksum = np.uint32(crc32(word.encode()))
        at = int(np.searchsorted(self.rarer, checksum))
        return at < len(self.rarer) and bool(self.rarer[at] == checksum)

    @cached_property
    def frequent(self) -> tuple[str, ...]:
        """The words worth guessing, most frequent first."""
        return tuple(word for word, row in self.rows.items() if row < _FREQUENT and len(word) > 2)

    def vectors_of(self, texts: Sequence[list[str]]) -> NDArray[np.float32]:
        """Where each text (rows) points: its words' vectors together, rare words weighing more; length 1, 0 if none is
        known."""
        found = np.zeros((len(texts), self.vectors.shape[1]), np.float32)
        for text, words in enumerate(texts):
            if rows := [row for word in words if (row := self._row(word)) is not None]:
                weights = np.array([math.log(2 + row) for row in rows], np.float32)
                np.matmul(weights, self.vectors[rows].astype(np.float32), out=found[text])
        lengths = np.sqrt(np.einsum("ij,ij->i", found, found))
        lengths[lengths == 0] = 1
        found /= lengths[:, None]
        return found

    def _row(self, word: str) -> int | None:
        if (row := self.rows.get(word)) is not None:
            return row
        for ending in _ENDINGS:
            if word.endswith(ending) and (row := self.rows.get(word.removesuffix(ending))) is not None:
                return row
        return None


@lru_cache(maxsize=1)
def english() -> English:
    """The shipped words and vectors, read once."""
    vectors = np.load(VECTORS, mmap_mode="r").view(np.ndarray)
    rarer = np.load(CHECKSUMS, mmap_mode="r").view(np.ndarray)
    return English({word: row for row, word in enumerate(english_words())}, vectors, rarer)


def english_words() -> list[str]:
    """The whole words of the WordPiece list, most frequent first."""
    return _WHOLE.findall(WORDPIECE.read_text("utf-8"))


def checksums() -> NDArray[np.uint32]:
    """Those of `words.txt`, rising; `benchmarks/make_words.py` saves them, to spare every start the hashing."""
    return np.unique(np.array([crc32(word) for word in RARER.read_bytes().split()], np.uint32))
