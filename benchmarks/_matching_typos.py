"""Typing as on a bus: a seeded copy of a text with slips and abbreviations.

Made for the benchmark only; what the bot trains itself with makes half as many slips of the same kinds and abbreviates
nothing.
"""

import random
import re
from collections.abc import Sequence

from bot.core.matching.mutate import slipped

SLIPS = 1 / 8
"""Share of letters that go wrong."""
ABBREVIATED = 0.35
"""Share of words with a usual abbreviation that are abbreviated; these get no slip on top."""

_ABBREVIATIONS = """
you=u are=r your=ur please=pls why=y what=wat to=2 for=4 because=cuz thanks=thx tomorrow=tmrw today=2day before=b4 and=n
be=b see=c account=acct message=msg with=w have=hv people=ppl about=abt something=smth okay=k the=da that=dat this=dis
my=ma number=no. appointment=appt through=thru know=kno would=wud could=cud should=shud how=hw much=mch when=wen
going=goin text=txt money=$$
"""
_SHORT: dict[str, str] = dict(re.findall(r"(\w+)=(\S+)", _ABBREVIATIONS))


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
    return slipped(word, chance, SLIPS)
