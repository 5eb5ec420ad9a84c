"""The simple matcher: how much a text looks like an entry's phrasings, by its letters and by its words.

Two views of the same text, so that one mistake does not decide. Letters: cosine of character n-grams inside words,
weighed by how rare they are in the FAQ; survives slips and endings. Words: rapidfuzz's `token_sort_ratio` over the
words that carry meaning; cares for what is missing and what is extra. A phrasing's score is their mean, an entry's the
weighed mean of its three best phrasings: one chance resemblance is no answer.

Not used on purpose: `WRatio`, which gives 85 to a long phrasing for one shared word, and `token_set_ratio`, which gives
100 to any text whose words are all in a longer phrasing: one answers at random, the other answers everything.

The gates aim at 95 right in 100 answers while most questions are out of scope. They were chosen on six random splits
of CLINC150 (57 entries of 16 lines, 70 % of the questions out of scope): of the settings whose answers are at least
95 % right by the 95 % lower bound, the one that answers most. On six other splits 97.0 % of 362 answers were right
(94.6 to 98.3), 15 % of in-scope questions answered; on Banking77, not used for choosing, 97.7 % of 351 (95.6 to 98.8).
The splits share test sentences, so the true bounds are wider. A margin of 0.10 looked as good on single splits, and
was right in 84 to 90 % over several, mostly for answering what was out of scope. So this matcher answers little beyond
its own phrasings, and asks instead.
"""

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz

from bot.content.schema import Entry
from bot.core.matching.matcher import MAX_CANDIDATES, MIN_PHRASINGS
from bot.core.text import normalise, words
from bot.core.typos import Vocabulary
from bot.model import Candidate, Decision, Match

ANSWER_AT = 0.50
"""Least score for an answer …"""
MARGIN = 0.30
"""… which must be so far ahead of the next entry …"""
COVERED = 0.70
"""… whose phrasings must know so much of what the text says, by the rarity of its telling words."""
ASK_AT = 0.30
"""Least score for "did you mean"."""
_VOTES = (0.5, 0.3, 0.2)
"""Weights of an entry's best phrasings."""
_SHORTLIST = 60
"""Phrasings, nearest by letters, whose words are compared."""
_LONGEST = 60
"""Words of a text that are looked at; nobody's question needs more."""
_GRAMS = (3, 4)
_EMPTY_WORDS = frozenset(
    words(
        "a an the i im ive id ill me my mine you your yours he she it its we our they them this that these those there "
        "is am are was were be been being do does did done have has had having will would can could should may might "
        "to of in on at for from with by as and or but if so just then than too very really quite please thanks thank "
        "hi hello hey ok okay about any some get got gets getting u ur"
    )
)
"""Words every question has. Negations, "how", "when", "why" and "long" stay: they tell questions apart."""
_VAGUE_WORDS = frozenset(
    words(
        "how what when why where which who whats hows whens not no dont doesnt cant wont didnt long much many more "
        "less still last next time mean thing things want know think feel go going come need bit way back make take "
        "put one two again after before now today tomorrow yesterday week weeks day days good bad happen happens "
        "usually ask tell say said let sure normal use up out off down all other same different"
    )
)
"""Words that no question can be told by alone: "how long", "what about tomorrow"."""


@dataclass(frozen=True, slots=True)
class _Phrasing:
    entry_id: str
    text: str
    content_words: str


class SimpleMatcher:
    """Scores texts against every phrasing; a few ms for 1,500 of them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        lines = {entry.id: tuple(dict.fromkeys((entry.question, *entry.phrasings))) for entry in entries}
        self._answerable = frozenset(entry.id for entry in entries if len(entry.phrasings) >= MIN_PHRASINGS)
        self._phrasings = tuple(
            _Phrasing(i, line, _content_words(line)) for i, texts in lines.items() for line in texts
        )
        self._votes = {entry_id: _VOTES[: len(texts)] for entry_id, texts in lines.items()}
        self._letters = _Letters([phrasing.text for phrasing in self._phrasings])
        self._telling = _TellingWords(lines)

    def match(self, text: str) -> Match:
        """See `Matcher.match`. The confidence is the entry's score."""
        normal = normalise(text)
        asked = " ".join(normal.split()[:_LONGEST])
        candidates = self._best_entries(asked)
        return Match(self._decide(asked, candidates), candidates, normal)

    def _decide(
        self, asked: str, candidates: tuple[Candidate, ...]
    ) -> Literal[Decision.ANSWER, Decision.ASK, Decision.HAND_OVER]:
        if not candidates or candidates[0].confidence < ASK_AT:
            return Decision.HAND_OVER
        best, *others = candidates
        ahead = best.confidence - (others[0].confidence if others else 0.0)
        sure = best.entry_id in self._answerable and best.confidence >= ANSWER_AT and ahead >= MARGIN
        return Decision.ANSWER if sure and self._telling.share(asked, best.entry_id) >= COVERED else Decision.ASK

    def _best_entries(self, asked: str) -> tuple[Candidate, ...]:
        scores: dict[str, list[tuple[float, str]]] = defaultdict(list)
        content_words = _content_words(asked)
        for number, letters in self._letters.nearest(asked):
            phrasing = self._phrasings[number]
            alike = fuzz.token_sort_ratio(content_words, phrasing.content_words) / 100
            scores[phrasing.entry_id].append(((letters + alike) / 2, phrasing.text))
        found = (self._vote(entry_id, scored) for entry_id, scored in scores.items())
        return tuple(heapq.nsmallest(MAX_CANDIDATES, found, key=lambda c: (-c.confidence, c.entry_id)))

    def _vote(self, entry_id: str, scored: list[tuple[float, str]]) -> Candidate:
        votes = self._votes[entry_id]
        best = heapq.nlargest(len(votes), scored)
        total = sum(weight * score for weight, (score, _) in zip(votes, best, strict=False)) / sum(votes)
        return Candidate(entry_id, round(min(total, 1.0), 4), best[0][1])


class _Letters:
    """Character n-grams of the phrasings, by n-gram."""

    def __init__(self, lines: Sequence[str]) -> None:
        counts = [Counter(_grams(line)) for line in lines]
        seen_in = Counter(gram for count in counts for gram in count)
        self._rarity = {gram: math.log((1 + len(lines)) / n) for gram, n in seen_in.items()}
        self._unseen = math.log(1 + len(lines))
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, count in enumerate(counts):
            for gram, weight in self._weigh(count).items():
                self._postings[gram].append((number, weight))

    def nearest(self, asked: str) -> list[tuple[int, float]]:
        """Numbers of the phrasings that share most with `asked`, with their cosines, best first."""
        cosines: dict[int, float] = defaultdict(float)
        for gram, weight in self._weigh(Counter(_grams(asked))).items():
            for number, other in self._postings.get(gram, ()):
                cosines[number] += weight * other
        return heapq.nsmallest(_SHORTLIST, cosines.items(), key=lambda pair: (-pair[1], pair[0]))

    def _weigh(self, count: Counter[str]) -> dict[str, float]:
        """Weights of unit length; a gram no phrasing has weighs most, so that foreign words lower every cosine."""
        raw = {gram: (1 + math.log(n)) * self._rarity.get(gram, self._unseen) for gram, n in count.items()}
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {gram: weight / length for gram, weight in raw.items()}


class _TellingWords:
    """What each entry's phrasings speak of."""

    def __init__(self, lines: dict[str, tuple[str, ...]]) -> None:
        by_line = [(entry_id, set(_telling(line))) for entry_id, texts in lines.items() for line in texts]
        seen_in = Counter(word for _, found in by_line for word in found)
        self._rarity = {word: math.log((1 + len(by_line)) / n) for word, n in seen_in.items()}
        self._unknown = math.log(1 + len(by_line))
        self._vocabulary = Vocabulary(seen_in)
        self._said: dict[str, set[str]] = defaultdict(set)
        for entry_id, found in by_line:
            self._said[entry_id] |= found

    def share(self, asked: str, entry_id: str) -> float:
        """How much of what `asked` tells is in the entry's phrasings, 0-1; 0 for a text that tells nothing."""
        total = known = 0.0
        for word in dict.fromkeys(_telling(asked)):
            meant = self._vocabulary.meant_by(word)
            weight = max((self._rarity[other] for other in meant), default=self._unknown)
            total += weight
            known += weight if not meant.isdisjoint(self._said[entry_id]) else 0.0
        return known / total if total else 0.0


def _grams(text: str) -> Iterator[str]:
    """Runs of three and four letters inside each word, with its ends marked."""
    for word in words(text):
        marked = f" {word} "
        for size in _GRAMS:
            for start in range(max(len(marked) - size + 1, 1)):
                yield marked[start : start + size]


def _content_words(text: str) -> str:
    typed = words(text)
    return " ".join([word for word in typed if word not in _EMPTY_WORDS] or typed)


def _telling(text: str) -> Iterable[str]:
    return (word for word in words(text) if word not in _EMPTY_WORDS and word not in _VAGUE_WORDS)
