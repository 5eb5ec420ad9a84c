"""The interface every matcher fills."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from bot.model import Match

MIN_PHRASINGS = 5
"""With fewer, an entry cannot be told from a look-alike question: it is offered, never answered."""
MAX_CANDIDATES = 3


class Matcher(Protocol):
    """Anything that can tell which entry a text asks for."""

    def match(self, text: str) -> Match:
        """Which entry a cleaned text asks for. Never raises.

        Up to three candidates whatever the decision, best first, each entry once, confidences 0-1 and not rising.
        `answer`: the first is meant. `ask`: one of them may be. `hand_over`: nobody can tell. An entry with fewer than
        `MIN_PHRASINGS` phrasings is never answered.
        """
        ...

    def match_each(self, texts: Sequence[str]) -> Iterator[Match]:
        """The same of many texts, in order."""
        return map(self.match, texts)
