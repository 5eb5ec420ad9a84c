"""Puts back the spaces of words that were typed together: "cantbreathe", "mycalfisswollen". Pure.

Of all ways to part a run of letters the one with the most usual words is taken (Viterbi over word ranks). Only runs
that are no word themselves are parted, only into words that all are, and only where one of them may matter.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping

SHORTEST = 7
"""Letters; a shorter run is a name or a slip more often than two words."""
_LONGEST_WORD = 16
_MOST_LETTERS = 600
"""Of all runs of a message: more is no message, and must not take long."""
_RARE = 4_000
"""The rank of a word that the rules know and the list of usual words does not."""
_USUAL = 400
"""Two letters are a word only up to this rank: further down the list come syllables."""
_RUN = re.compile(rf"(?<![^\W\d])(?<!')[A-Za-z][A-Za-z']{{{SHORTEST - 1},}}(?![^\W\d]|')")
"""Numbers may stand beside it: "9weeksandbleeding"."""


class Spaces:
    """`telling`: words that matter; `ranks`: usual words, 0 the most frequent; `is_word`: what is left as it is."""

    def __init__(self, telling: Iterable[str], ranks: Mapping[str, int], is_word: Callable[[str], bool]) -> None:
        self._telling = frozenset(word for word in telling if word.isalpha() and len(word) > 2)
        self._is_word = is_word
        usual = {word: rank for word, rank in ranks.items() if len(word) > 2 or rank < _USUAL}
        rare = (*self._telling, *(f"{word}s" for word in self._telling))
        known = dict.fromkeys(rare, _RARE) | usual | {"i": 0, "a": 0, "im": 0, "ive": 0, "cant": 0, "wont": 0}
        self._costs = {word: 1 + math.log(2 + rank) for word, rank in known.items() if len(word) > 1 or word in "ia"}

    def put_back(self, text: str) -> str:
        """The text with such runs parted."""
        left = _MOST_LETTERS

        def parted(run: re.Match[str]) -> str:
            nonlocal left
            word = run[0].lower().replace("'", "")
            if left < len(word) or self._is_word(word):
                return run[0]
            left -= len(word)
            parts = self._parts(word)
            return f" {' '.join(parts)} " if self._telling.intersection(parts) else run[0]

        return _RUN.sub(parted, text)

    def _parts(self, run: str) -> list[str]:
        """The most usual words that together are the run; none where there are no such words."""
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(run) + 1):
            ways = (
                (best[start][0] + cost, start)
                for start in range(max(0, end - _LONGEST_WORD), end)
                if (cost := self._costs.get(run[start:end])) is not None
            )
            best.append(min(ways, default=(math.inf, end)))
        if math.isinf(best[-1][0]):
            return []
        parts, end = [], len(run)
        while end:
            start = best[end][1]
            parts.append(run[start:end])
            end = start
        return parts[::-1]
