"""Typing as on a bus: a seeded copy of a text with slips and abbreviations.

Made for the benchmark only; what the bot trains itself with (`bot/core/matching/mutate.py`) makes half as many slips
and no abbreviations.
"""

import random
import re
from collections.abc import Sequence

SLIPS = 1 / 8
"""Share of letters that go wrong: four in ten hit the key beside, a quarter is dropped, a quarter swapped with the next
letter, one in ten doubled."""
ABBREVIATED = 0.35
"""Share of words with a usual abbreviation that are abbreviated; these get no slip on top."""

_ABBREVIATIONS = """
you=u are=r your=ur please=pls why=y what=wat to=2 for=4 because=cuz thanks=thx tomorrow=tmrw today=2day before=b4 and=n
be=b see=c account=acct message=msg with=w have=hv people=ppl about=abt something=smth okay=k the=da that=dat this=dis
my=ma number=no. appointment=appt through=thru know=kno would=wud could=cud should=shud how=hw much=mch when=wen
going=goin text=txt money=$$
"""
_SHORT: dict[str, str] = dict(re.findall(r"(\w+)=(\S+)", _ABBREVIATIONS))
_KEYS = {key: (x, y) for y, row in enumerate(("qwertyuiop", "asdfghjkl", "zxcvbnm")) for x, key in enumerate(row)}
_BESIDE = {
    key: "".join(other for other, (u, v) in _KEYS.items() if other != key and abs(x - u) <= 1 and abs(y - v) <= 1)
    for key, (x, y) in _KEYS.items()
}


def typed_badly(text: str, seed: int) -> str:
    """`text` with slips and abbreviations, the same for the same seed; never empty unless `text` is."""
    chance = random.Random(seed)
    words = (_word(word, chance) for word in text.split())
    return " ".join(word for word in words if word) or text


def all_typed_badly(texts: Sequence[str], seed: int = 7) -> list[str]:
    """Each text with slips of its own."""
    return [typed_badly(text, seed * 1_000_003 + number) for number, text in enumerate(texts)]


def _word(word: str, chance: random.Random) -> str:
    bare = "".join(filter(str.isalpha, word.lower()))
    if bare in _SHORT and chance.random() < ABBREVIATED:
        return _SHORT[bare]
    typed: list[str] = []
    rest = list(reversed(word))
    while rest:
        letter = rest.pop()
        if not letter.isalpha() or chance.random() >= SLIPS:
            typed.append(letter)
            continue
        kind = chance.random()
        if kind < 0.40 and letter.lower() in _BESIDE:
            typed.append(chance.choice(_BESIDE[letter.lower()]))
        elif kind < 0.65:
            pass
        elif kind < 0.90 and rest and rest[-1].isalpha():
            typed += (rest.pop(), letter)
        else:
            typed += (letter, letter)
    return "".join(typed)
