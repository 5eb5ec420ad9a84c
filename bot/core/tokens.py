"""The words of a message in order, each with where it stands: what signs of danger and denials are looked for in."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from bot.core.text import normalise, words


class Token(NamedTuple):
    """One word of a message, and where it stands."""

    word: str
    mark: str
    """The strongest punctuation before it; "" for none."""
    slot: int
    """How many words that carry meaning there are up to here."""
    stop: int
    """Number of its sentence as a reader sees it: people send half a sentence a line, so lines do not count."""
    sentence: int
    """Number of its sentence for the scope of a "no", which a line break ends too."""
    clause: int


Tokens = tuple[Token, ...]

SMALL_WORDS = frozenset(
    words(
        "a an the my your our is are was were am im be been being it its really very so quite pretty bit kind sort of "
        "little rather totally absolutely completely v"
    )
)
"""Words that say nothing about danger; phrases and messages are compared without them."""

_PIECE = re.compile(  # two words that are written short, a word, a mark
    r"(\b(?:[nN]/[aA]|[wW]/[oO])\b)|([^\W_](?:[^\W_]|'|(?<=\d)[.,/](?=\d))*)"
    r"|(\.{2,}|[.;!?,:()\n]|(?<=\s)-(?=\s))"
)
_ENDS = ".;!?"
"""A phrase never reaches over these; it does over a line break and over "…"."""
_STRENGTH = ("", "-", ",", ":", "(", ")", "..", "\n", ";", ".", "!", "?")
_STEMS = ("is", "are", "was", "were", "has", "have", "had", "does", "did", "do", "could", "would", "should")
_JOINED = {
    **{(stem, "not"): f"{stem}nt" for stem in _STEMS},
    **{(f"{stem}n", "t"): f"{stem}nt" for stem in _STEMS},
    ("can", "not"): "cant",
    ("can", "t"): "cant",
    ("will", "not"): "wont",
    ("won", "t"): "wont",
    ("i", "am"): "im",
    ("i", "have"): "ive",
    ("any", "more"): "anymore",
}
"""Said in two words, or with a blank where the apostrophe was."""
_WRITTEN = {
    "cant": "cannot cnt carnt cannae",
    "wont": "willnae wullnae",
    "couldnt": "couldnae couldent",
    "isnt": "isnae isint isent insnt aint",
    "arent": "arnt arenae",
    "wasnt": "wasnae wasent wasnot",
    "werent": "werenae",
    "dont": "dinnae dinna dnt donot dontt",
    "doesnt": "doesnae dosent doesent dosnt dossent doenst dosesnt doesnot",
    "didnt": "didnae dident didint diddnt ddint didnot",
    "havent": "havnt havenae hvnt haventt",
    "hasnt": "hasnae hasent",
    "hadnt": "hadnae hadent",
    "never": "nvr nver neva nevr niver",
    "without": "witout whitout withot wihtout",
    "nothing": "nothin nuthin nuffin",
    "still": "stil stll sitll",
    "though": "tho",
    "although": "altho",
    "you": "u",
    "want": "wanna",
}
_ALIASES = {typed: word for word, every in _WRITTEN.items() for typed in every.split()}
"""Words that decide what the others mean, as they are also typed."""
_BEFORE_IS = frozenset(words("he she it that this there here what who where how let one everything nothing something"))
_SHORT = {"n/a": "none", "w/o": "without"}
_YES = frozenset(words("yes yeah yep yup aye"))
"""After a question mark it says that again: "Pain? Yes, chest"."""
_TURNS = frozenset({"but", "and", "now", "however", "though", "although"})
"""A new clause begins with one of these."""


def canonical(text: str) -> list[tuple[str, str]]:
    """Words with the mark before each; "can not" and "cannot" are "cant", "I am" is "im"."""
    out: list[tuple[str, str]] = []
    mark = ""
    for short, typed, found in _PIECE.findall(text):
        if found:
            mark = max(mark, found[:2], key=_STRENGTH.index)
            continue
        word = _SHORT[short.lower()] if short else _plain(typed)
        joined = _JOINED.get((out[-1][0], word)) if out and not mark else None
        word = _ALIASES.get(word, word)
        if joined:
            out[-1] = (joined, out[-1][1])
        elif word:
            out.append((word, mark))
            mark = ""
    return out


def _plain(typed: str) -> str:
    """A word for comparing; "8/10" stays one, so that "voucher 8, 10 more" is not read as it."""
    if typed.isascii() and typed.isalpha():
        return typed.lower()  # mostly; the same in a fraction of the time
    return normalise(_without_s(typed)).replace(" ", "/")


def _without_s(word: str) -> str:
    """ "heart's racing" is about a heart; "he's" stays what it is."""
    bare, mark, ending = word.rpartition("'")
    return bare if mark and ending in {"s", "S"} and bare.lower() not in _BEFORE_IS else word


def tokens_of(text: str) -> Tokens:
    """The tokens of a cleaned text (see `text.clean`)."""
    tokens: list[Token] = []
    slot = stop = sentence = clause = 0
    for word, mark in canonical(text):
        slot += word not in SMALL_WORDS
        ended = mark != "" and mark in _ENDS and not (mark == "?" and word in _YES)
        stop += ended
        sentence += ended or mark == "\n"
        clause += mark != "" or word in _TURNS
        tokens.append(Token(word, mark, slot, stop, sentence, clause))
    return tuple(tokens)


def sentences(tokens: Tokens) -> Iterator[list[int]]:
    """Indices of each sentence."""
    begin = 0
    for index, token in enumerate(tokens):
        if token.sentence != tokens[begin].sentence:
            yield list(range(begin, index))
            begin = index
    if tokens:
        yield list(range(begin, len(tokens)))


def clauses(tokens: Tokens, indices: list[int]) -> list[list[int]]:
    """Indices of each clause of a sentence."""
    return [list(group) for _, group in groupby(indices, key=lambda index: tokens[index].clause)]


def said(tokens: Tokens, indices: list[int]) -> str:
    """The words at `indices`, parted by blanks."""
    return " ".join([tokens[index].word for index in indices])
