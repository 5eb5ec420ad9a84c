"""A question without the greeting before it and the thanks behind it, which no phrasing has."""

import re
from functools import lru_cache

from bot.content.schema import Words

_SURE_GREETINGS = ("hi", "hello", "hey", "hiya")
"""Single words that greet without a comma behind them; "morning" may be the time of day."""
_ROUNDS = 3
"""So many of them one after the other: "hi", "good morning"; "thanks", "x"."""
_LONGEST = 60
"""Characters that are looked at for thanks."""
_AT_THE_END = ("please", "pls", "x", "xx", "xxx")


def without_pleasantries(text: str, words: Words) -> str:
    """`text` from its first telling word to its last; as it is where there is nothing else."""
    bare = text.strip()
    leading, trailing = _leading(words.greeting), _trailing((*words.thanks, *_AT_THE_END))
    for _ in range(_ROUNDS):
        if found := leading.match(bare):
            bare = bare[found.end() :]
        tail = max(len(bare) - _LONGEST, 0)
        if found := trailing.search(bare[tail:]):
            bare = bare[: tail + found.start()]
    return bare if any(char.isalnum() for char in bare) else text


@lru_cache(maxsize=8)
def _leading(greetings: tuple[str, ...]) -> re.Pattern[str]:
    sure = [line for line in greetings if " " in line or line in _SURE_GREETINGS]
    ends = rf"(?:{_any(sure)})\b[\s,.!:;-]*|(?:{_any(greetings)})\s*[,.!:;\n-]\s*"
    return re.compile(ends, re.IGNORECASE)


@lru_cache(maxsize=8)
def _trailing(thanks: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:[\s,.!;-]+|(?<=\?))(?:{_any(thanks)})[\s.!,]*\Z", re.IGNORECASE)


def _any(lines: tuple[str, ...] | list[str]) -> str:
    """One of these, the longest first; never an empty alternative, which would match everywhere."""
    return "|".join(sorted(map(re.escape, lines), key=len, reverse=True)) or r"(?!)"
