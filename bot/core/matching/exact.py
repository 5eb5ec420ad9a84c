"""A text that, normalised, is one of an entry's phrasings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from bot.core.matching.matcher import MAX_CANDIDATES, Matcher
from bot.core.text import normalise
from bot.model import Candidate, Decision, Match

if TYPE_CHECKING:
    from bot.content.schema import Entry  # only its name: a process that only matches does without pydantic


class ExactMatcher:
    """Answers phrasings word for word and leaves everything else to `otherwise`."""

    def __init__(self, entries: Sequence[Entry], answerable: AbstractSet[str], otherwise: Matcher) -> None:
        self._otherwise = otherwise
        found: dict[str, dict[str, Candidate]] = defaultdict(dict)
        for entry in entries:
            for phrasing in (entry.question, *entry.phrasings):
                found[normalise(phrasing)].setdefault(entry.id, Candidate(entry.id, 1.0, phrasing))
        self._candidates = {text: tuple(by_entry.values()) for text, by_entry in found.items() if text}
        self._answerable = answerable

    def match(self, text: str) -> Match:
        """`answer` with confidence 1 for a phrasing of one entry; `ask` where several entries share it."""
        return self._first(text, self._otherwise.match(text))

    def match_each(self, texts: Sequence[str]) -> Iterator[Match]:
        """The same of many texts in order, in half the time."""
        return map(self._first, texts, self._otherwise.match_each(texts))

    def _first(self, text: str, otherwise: Match) -> Match:
        normal = normalise(text)
        exact = self._candidates.get(normal)
        if exact is None:
            return otherwise
        sure = len(exact) == 1 and exact[0].entry_id in self._answerable
        guesses = otherwise.candidates
        known = {candidate.entry_id for candidate in exact}
        others = tuple(guess for guess in guesses if guess.entry_id not in known)
        return Match(Decision.ANSWER if sure else Decision.ASK, (*exact, *others)[:MAX_CANDIDATES], normal)
