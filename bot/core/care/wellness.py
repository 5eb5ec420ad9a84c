"""Whether a patient says that all is well, that it is not, or that no more messages are needed. Pure."""

import re
from functools import lru_cache

from bot.content.schema import Words
from bot.core.text import normalise
from bot.core.text import words as split_words

_FINE = frozenset(split_words("fine good great ok okay alright well perfect lovely grand brilliant fantastic super"))
_AROUND_FINE = _FINE | frozenset(
    split_words(
        "all im i am is are it its feel feeling feels doing going everything everythings thats that just very really "
        "pretty absolutely completely totally so far yes yeah yep here and with me my leg foot thanks thank you ta "
        "cheers no problem problems issue issues complaints worries nothing to report wrong bye goodbye hi hello good "
        "morning afternoon evening day the now today much appreciated for asking checking in a x xx been honestly "
        "hunky dory sorted tickety boo at moment any on front every thing better than expected as gold"
    )
)
_AGREES = frozenset(split_words("ok okay alright well"))
_NOTHING_WRONG = re.compile(
    r"\b(?:no (?:problems?|issues?|complaints|worries)|nothing (?:wrong|to report)|all sorted|hunky dory|"
    r"good as gold)\b"
)
_NOT_FINE = re.compile(
    r"\b(?:not (?:quite|really|great|good|so good|fine|too good|ok|okay|well|all fine)|no|nope|nah)\b"
)
# "All good, bye": there the "good" is the news, and no part of the goodbye.
_GOODBYE = re.compile(
    r"\b(?:bye bye|bye|goodbye|(?<!all )(?<!is )(?<!im )(?<!feeling )good bye|cheerio|ta ra|"
    r"no need (?:to|for)|dont need)\b"
)


def is_all_fine(text: str, known: Words) -> bool:
    """Whether a text says that all is well, and nothing else ("all good thanks")."""
    said = normalise(text)
    if "?" in text or not said:
        return False
    return said in listed(known.yes) or _is_only_fine(said, _FINE)


def is_well(text: str) -> bool:
    """The same, said without being asked: "ok thanks" says too little then."""
    return "?" not in text and _is_only_fine(normalise(text), _FINE - _AGREES)


def _is_only_fine(said: str, fine: frozenset[str]) -> bool:
    typed = set(said.split())
    return typed <= _AROUND_FINE and (bool(typed & fine) or _NOTHING_WRONG.search(said) is not None)


def is_not_fine(text: str, known: Words) -> bool:
    """Whether a text says no more than that not all is well."""
    said = normalise(text)
    return said in listed(known.no) or (len(said.split()) <= 5 and _NOT_FINE.match(said) is not None)


def is_goodbye(text: str) -> bool:
    """ "All good, thanks, bye": all is well, and no more messages are needed."""
    said = normalise(text)
    if "?" in text or _GOODBYE.search(said) is None:
        return False
    left = set(_GOODBYE.sub(" ", said).split())
    return bool(left & _FINE) and left <= _AROUND_FINE | {"more", "check", "checks", "messages", "need", "again", "you"}


@lru_cache(maxsize=32)
def listed(lines: tuple[str, ...]) -> frozenset[str]:
    """Whole messages, made comparable."""
    return frozenset(filter(None, map(normalise, lines)))
