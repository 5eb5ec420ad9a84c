"""What of a text the second opinion reads: all of it together, and each sentence alone.

In a long letter one half sentence may hold the danger, and the rest would drown it. Nothing is passed over: what a
denial or a "last year" makes of a sign it has learned from the look-alikes, and taking such words out first found no
more on other writers' messages.
"""

from itertools import groupby

from bot.core.reading import Reading

MOST = 8
"""Pieces of one text; of more sentences neighbours are read together."""
_LEAST_WORDS = 3
_LONG, _WINDOW, _STEP = 20, 14, 8
"""A sentence of more words is also read a window at a time: people dictate without a full stop."""


def pieces(reading: Reading) -> list[str]:
    """First the whole text, then its sentences."""
    whole = [token.word for token in reading.tokens]
    sentences = [[token.word for token in group] for _, group in groupby(reading.tokens, key=lambda one: one.sentence)]
    parts = [part for words in _merged(sentences) for part in _windows(words, alone=len(sentences) == 1)]
    return [" ".join(words) for words in (whole, *parts[: MOST - 1])]


def _merged(sentences: list[list[str]]) -> list[list[str]]:
    share = -(-len(sentences) // (MOST - 1)) if sentences else 1
    grouped = (sentences[at : at + share] for at in range(0, len(sentences), share))
    return [[word for words in group for word in words] for group in grouped]


def _windows(words: list[str], *, alone: bool) -> list[list[str]]:
    found = [words] if len(words) >= _LEAST_WORDS and not alone else []
    if len(words) > _LONG:
        found += [words[at : at + _WINDOW] for at in range(0, len(words) - _LEAST_WORDS, _STEP)]
    return found
