"""Slips of the finger: which word somebody meant to type.

Distances are OSA (insert, drop, change, or swap two neighbours), by rapidfuzz. The first letter is taken as right, or
swapped with the second: people rarely get it wrong, "right" is not "tight", and it keeps the work small.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise, product

from rapidfuzz import process
from rapidfuzz.distance import OSA

_MOST_SLIPS = 2
_REMEMBERED = 4_096
"""Words whose meaning is kept."""


@lru_cache(maxsize=4096)
def undoubled(word: str) -> str:
    """`word` with doubled letters single, if it has four letters or more: "stopp", "bleding"."""
    if len(word) < 4:
        return word
    return word[0] + "".join(char for before, char in pairwise(word) if char != before)


def slips_allowed(length: int) -> int:
    """How many slips a word of so many letters may have: "calf" is too near to "call" for any."""
    if length < 5:
        return 0
    return 1 if length < 8 else _MOST_SLIPS


def is_slip(typed: str, meant: str) -> bool:
    """True where `typed` is `meant`, or a likely slip for it. In four letters only swapped letters are a slip."""
    if typed == meant:
        return True
    if min(len(typed), len(meant)) < 4 or not typed.isalpha() or typed[0] not in meant[:2]:
        return False
    if undoubled(typed) == undoubled(meant):
        return True
    if len(meant) == 4:
        return len(typed) == 4 and typed[0] == meant[0] and sorted(typed) == sorted(meant)
    if typed[0] != meant[0] and typed[:2] != meant[1::-1]:
        return False
    slips = slips_allowed(len(meant))
    return OSA.distance(typed, meant, score_cutoff=slips) <= slips


class Vocabulary:
    """Words to be found as typed or with a slip. A word that `is_real` is never taken for a slip of another."""

    def __init__(self, vocabulary: Iterable[str], is_real: Callable[[str], bool] = lambda word: False) -> None:
        self._words = frozenset(vocabulary)
        self._is_real = is_real
        self._real: dict[str, frozenset[str]] = {}
        """What real words mean: names and numbers of patients are none, and are not kept."""
        self._near: dict[tuple[str, int], list[str]] = defaultdict(list)
        """Words by their start and the length of what may be typed for them: few for `is_slip` to look at."""
        for word in sorted(self._words):
            if len(word) >= 4 and word.isalpha():
                slips = max(slips_allowed(len(word)), 1)
                for length, start in product(range(len(word) - slips, len(word) + slips + 1), {word[0], word[1::-1]}):
                    self._near[start, length].append(word)

    def meant_by(self, typed: str) -> frozenset[str]:
        """The words that `typed` may stand for, itself included."""
        if (real := self._real.get(typed)) is not None:
            return real
        found = {typed} & self._words
        if len(typed) < 4 or not typed.isalpha():
            return frozenset(found)
        if self._is_real(typed):
            if len(self._real) >= _REMEMBERED:
                self._real.clear()
            return self._real.setdefault(typed, frozenset(found))
        for start in (typed[0], typed[:2]):
            bucket = self._near.get((start, len(typed)), ())
            near = process.extract(typed, bucket, scorer=OSA.distance, score_cutoff=_MOST_SLIPS, limit=None)
            found.update(word for word, _, _ in near if is_slip(typed, word))
        return frozenset(found)
