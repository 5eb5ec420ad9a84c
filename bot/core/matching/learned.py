"""The matcher in use: scores every entry by its phrasings, and speaks only from a probability that was tried.

words as meant → features → mean cosine to every phrasing → ridge: a score an entry → signs → how probably the first is
right → `answer`, `ask` or `hand_over`.
"""

import math
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.confidence import Together, best_entries, signs
from bot.core.matching.english import english
from bot.core.matching.index import Index
from bot.core.matching.questions import questions
from bot.core.matching.ridge import into_kernel
from bot.core.matching.spelling import Mender
from bot.core.matching.training import Embed, Read, mean_cosines, read
from bot.core.text import normalise
from bot.model import Candidate, Decision, Match

_FADES = 8.0
"""How quickly the confidence of the second and third falls with their scores."""


_AT_ONCE = 128
"""Texts compared at a time, for the memory."""


class Found(NamedTuple):
    """What is known of one text: probabilities, and entries' columns best first with their confidence."""

    words: list[str]
    sure: float
    among: float
    best: list[tuple[int, float]]
    cosines: NDArray[np.float32]


class LearnedMatcher:
    """Answers from an index.

    `answerable`: entries that may be answered; others are offered. `embed` must be the sentence model the index was
    built with, or None if there was none.
    """

    def __init__(self, index: Index, answerable: AbstractSet[str], embed: Embed | None = None) -> None:
        if index.is_semantic != (embed is not None):
            raise ValueError("the index and the sentence model do not belong together")
        self._index = index
        self._embed = embed
        self._mender = Mender(index.counts, index.spellings.keep)
        self._answerable = frozenset(n for n, entry in enumerate(index.entries) if entry in answerable)
        # Rows stand by entry (`training.build`), so that the nearest phrasing of each is one sweep.
        self._starts = np.searchsorted(index.labels, np.arange(index.weights.shape[1]))
        self._ends = np.append(self._starts[1:], len(index.labels))
        self._confidence = Together.of_models(index.right, index.scope, index.among)

    def match(self, text: str) -> Match:
        """See `Matcher.match`. The confidence of the first is its sureness."""
        return self._match(text, self._find([text])[0])

    def match_each(self, texts: Sequence[str]) -> Iterator[Match]:
        """The same of many texts in order, in half the time."""
        for begin in range(0, len(texts), _AT_ONCE):
            some = texts[begin : begin + _AT_ONCE]
            yield from map(self._match, some, self._find(some))

    def _match(self, text: str, whole: Found) -> Match:
        if not whole.best:
            return Match(Decision.HAND_OVER, (), normalise(text))
        first, second = self._two_answers(whole, [part for part in dict.fromkeys(questions(text)) if part != text])
        candidates = self._candidates(first)
        return Match(
            self._decide(first),
            candidates,
            " ".join(whole.words),
            second=self._candidates(second)[0] if second is not None else None,
        )

    def _two_answers(self, whole: Found, parts: Sequence[str]) -> tuple[Found, Found | None]:
        """The text as a whole, unless its questions are surer apart; and the second of two that both are."""
        is_sure = self._decide(whole) is Decision.ANSWER
        apart: dict[int, Found] = {}
        for left, part in zip(range(len(parts), 0, -1), parts, strict=True):
            if is_sure and len(apart) + left < 2:
                break  # there cannot be two any more, and nothing else would change the answer
            one = self._find([part])[0]
            if self._decide(one) is not Decision.ANSWER:
                continue
            column = one.best[0][0]
            if column not in apart or apart[column].sure < one.sure:
                apart[column] = one
        if len(apart) == 2:
            first, second = sorted(apart.values(), key=lambda one: -one.sure)
            return first, second
        if len(apart) == 1 and not is_sure:
            return next(iter(apart.values())), None
        return whole, None

    def _decide(self, found: Found) -> Literal[Decision.ANSWER, Decision.ASK, Decision.HAND_OVER]:
        gates = self._index.gates
        if found.sure >= gates.answer and found.best[0][0] in self._answerable:
            return Decision.ANSWER
        return Decision.ASK if found.among >= gates.ask else Decision.HAND_OVER

    def _candidates(self, found: Found) -> tuple[Candidate, ...]:
        index = self._index
        candidates = []
        for column, confidence in found.best:
            begin, end = self._starts[column], self._ends[column]
            nearest = int(begin + found.cosines[begin:end].argmax())
            candidates.append(Candidate(index.entries[column], round(confidence, 4), index.lines[nearest]))
        return tuple(candidates)

    def _find(self, texts: Sequence[str]) -> list[Found]:
        index = self._index
        each = [read(self._mender.mend(index.spellings.spell_out(text))) for text in texts]
        meant = [one.words for one in each]
        # One by one: what was embedded lately is remembered.
        embedded = np.vstack([self._embed([" ".join(words)]) for words in meant]) if self._embed else None
        pointing = english().vectors_of(meant)
        cosines = mean_cosines(meant, index.postings, index.vectors, index.sentences, pointing, embedded)
        scores = (into_kernel(cosines.copy()) @ index.weights).astype(np.float64)
        nearest = np.maximum.reduceat(cosines, self._starts, axis=1).astype(np.float64)
        return list(map(self._judge, each, scores, nearest, cosines))

    def _judge(
        self, one: Read, scores: NDArray[np.float64], nearest: NDArray[np.float64], cosines: NDArray[np.float32]
    ) -> Found:
        index = self._index
        entries = len(index.entries)
        if not one.words or not entries:
            return Found(one.words, 0.0, 0.0, [], cosines)
        order = best_entries(scores, entries)
        shares = index.known.shares(one.stems, order[0])
        found = signs(scores, nearest, order, shares, len(one.words), entries)
        right, scope, among = self._confidence.of(found)
        sure = right * scope
        top = scores[order[0]]
        best = [(column, sure * math.exp(_FADES * float(scores[column] - top))) for column in order]
        return Found(one.words, sure, among, best, cosines)
