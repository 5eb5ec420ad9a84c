"""A message as a row of words, each with the reason why it is not said of the patient here and now, if there is one.

"No fever, no pus but my calf is hot" denies two things and states one. The rules for what a denial, a question about
what could happen, an old story or hearsay cover are the clinic's (red-flag catalogue, "Border rules"). Where the scope
is unclear the word counts as said: under-triage is the worse mistake.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import groupby

from bot.core.text import normalise, words


class Why(StrEnum):
    """Why words that look like a sign of danger are not one."""

    DENIED = "denied"
    HYPOTHETICAL = "hypothetical"
    PAST = "past"
    HEARSAY = "hearsay"


@dataclass(frozen=True, slots=True)
class Token:
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


@dataclass(frozen=True)
class Reading:
    """The words of a message in order, and for each the reason not to take it as said, or None."""

    tokens: tuple[Token, ...]

    @cached_property
    def why(self) -> tuple[Why | None, ...]:
        """Worked out when it is asked for: most messages hold no sign of danger that could be denied."""
        why: list[Why | None] = [None] * len(self.tokens)
        for reason, indices in (
            (Why.HEARSAY, _hearsay(self.tokens)),
            (Why.PAST, _past(self.tokens)),
            (Why.HYPOTHETICAL, _hypothetical(self.tokens)),
            (Why.DENIED, _denied(self.tokens)),
        ):
            for index in indices:
                why[index] = reason
        return tuple(why)


SMALL_WORDS = frozenset(
    words(
        "a an the my your our is are was were am im be been being it its really very so quite pretty bit kind sort of "
        "little rather totally absolutely completely v"
    )
)
"""Words that say nothing about danger; phrases and messages are compared without them."""

_PIECE = re.compile(r"(?P<word>[^\W_](?:[^\W_]|'|(?<=\d)[.,](?=\d))*)|(?P<mark>\.{2,}|[.;!?,:()\n]|(?<=\s)-(?=\s))")
_ENDS = ".;!?"
"""A phrase never reaches over these; it does over a line break and over "…"."""
_STRENGTH = ("", "-", ",", ":", "(", ")", "..", "\n", ";", ".", "!", "?")
_JOINED = {
    ("can", "not"): "cant",
    ("could", "not"): "couldnt",
    ("will", "not"): "wont",
    ("do", "not"): "dont",
    ("does", "not"): "doesnt",
    ("did", "not"): "didnt",
    ("is", "not"): "isnt",
    ("are", "not"): "arent",
    ("was", "not"): "wasnt",
    ("has", "not"): "hasnt",
    ("have", "not"): "havent",
    ("i", "am"): "im",
    ("i", "have"): "ive",
}
_ALIASES = {"cannot": "cant", "cnt": "cant", "carnt": "cant", "couldn": "couldnt", "u": "you", "wanna": "want"}

_NEGATED_VERBS = frozenset(words("isnt arent wasnt werent hasnt havent hadnt dont doesnt didnt"))
_DENIALS = _NEGATED_VERBS | frozenset(words("no not without never nor neither denies zero"))
_NO_DENIAL_AFTER = frozenset(
    words(
        "only just sure certain convinced to want think know mean like need understand idea doubt wonder matter joke "
        "rush bother worry offence panic one much long getting going gone stopping improving sleeping able thinking"
    )
)
"""Doubt ("not sure"), politeness ("no rush"), and failing to get better are no denials of what follows."""
_SCOPE_ENDS = frozenset(
    words(
        "and but however except just though only yet although because cos cause since as when after so while then "
        "also plus still now with i im ive id he she hes shes we they theyre you this that it its there well right "
        "good great better normal myself himself herself yes"
    )
)
_PREPOSITIONS = frozenset(words("in on of around near at under to from by round"))
_SUBJECTS = frozenset(words("my it this that the he she there his her your"))
_BARE_NO = frozenset(words("no none nope nah nil"))
_SCOPE_WORDS = 6
_LIST_WORDS = 14

_NOW = re.compile(
    r"\b(?:my|mine|im|ive|hes|shes|theyre|i feel|i felt|i think i|i cant|i get (?:this|a)|cant|wont|now|still|today"
    r"|tonight|keeps?|since|this morning|yesterday|currently|at the moment|feels|hurts|started|woke|again)\b"
)
"""A body here and now: then a question is about it, whatever its form."""
_HYPOTHETICAL = re.compile(
    r"\b(?:can|could|does|do|would|will|might|may)(?: \w+){1,6}? (?:cause|lead|give|trigger|puncture"
    r"|happen|result|set off)\b"
    r"|\b(?:can|could|might|may|do|would) (?:i|you|people|patients|someone|somebody|anyone|anybody)(?: \w+)?"
    r" (?:get|have|develop|suffer)\b"
    r"|\bis it possible\b|\bis there (?:a|any) (?:risk|chance|danger)\b|\b(?:risks?|chances?|signs?|symptoms) of\b"
    r"|\bhow (?:would|will|do) i (?:know|tell)\b|\bhow (?:common|likely)\b|\bwhat happens (?:if|when)\b|\bwhat if\b"
    r"|\bwhat (?:signs|symptoms)\b|\bwhat (?:would|does|do|might)(?: \w+){1,4} (?:look|feel) like\b|\bin case\b"
    r"|\bwhat (?:should|do|would) i do if (?:i|you|there)\b|\bif i (?:get|develop|start|notice)\b"
)
_PAST = re.compile(
    r"(?<!since )\b(?:19[5-9]\d|20[0-4]\d)\b|\blast year\b|\b(?:years?|months|decades) (?:ago|back)\b|\blong ago\b"
    r"|\bas a (?:child|kid|teenager|baby|boy|girl|student)\b|\bwhen i was (?:a|little|young|small|at|in|\d+)\b"
    r"|\bhistory of\b|\b(?:i|he|she|we|they) used to\b|\bpreviously\b|\bin the past\b|\bin my (?:teens|twenties|\d0s)\b"
    r"|\bbefore i (?:came|started|had)\b"
)
_NOT_PAST = re.compile(r"\b(?:now|still|again|today|tonight|currently|since|keeps?|this morning|yesterday)\b")
_HEARSAY = re.compile(
    r"\b(?:i|ive|just) (?:read|heard|watched|googled)\b|\b(?:read|heard|watched) (?:about|of|that|online|somewhere)\b"
    r"|\bon (?:tv|telly|youtube|tiktok|facebook|reddit|google|the (?:news|internet|radio))\b"
    r"|\bin (?:a|the) (?:film|movie|news|papers?|book|forum|series)\b|\b(?:someone|somebody) i (?:know|knew)\b"
    r"|\bmy (?:friend|cousin|neighbour|colleague|brother|sister|mate)s (?:friend|cousin|neighbour|mate|colleague)\b"
)
_LONE_CUE = 4
"""A clause of so few words that names a time ("In 2015,") speaks of its neighbour."""


def read(text: str) -> Reading:
    """The reading of a cleaned text (see `text.clean`)."""
    return Reading(_tokens(text))


def canonical(text: str) -> list[tuple[str, str]]:
    """Words with the mark before each; "can not" and "cannot" are "cant", "I am" is "im"."""
    out: list[tuple[str, str]] = []
    mark = ""
    for piece in _PIECE.finditer(text):
        if (found := piece["mark"]) is not None:
            mark = max(mark, found[:2], key=_STRENGTH.index)
            continue
        word = normalise(piece["word"])
        word = _ALIASES.get(word, word)
        joined = _JOINED.get((out[-1][0], word)) if out and not mark else None
        if joined:
            out[-1] = (joined, out[-1][1])
        elif word:
            out.append((word, mark))
            mark = ""
    return out


def _tokens(text: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    slot = stop = sentence = clause = 0
    for word, mark in canonical(text):
        slot += word not in SMALL_WORDS
        ended = mark != "" and mark in _ENDS
        stop += ended
        sentence += ended or mark == "\n"
        clause += mark != "" or word in {"but", "and", "now", "however", "though"}
        tokens.append(Token(word, mark, slot, stop, sentence, clause))
    return tuple(tokens)


def _sentences(tokens: tuple[Token, ...]) -> Iterator[tuple[list[int], str]]:
    """Indices and words of each sentence."""
    for _, group in groupby(range(len(tokens)), key=lambda index: tokens[index].sentence):
        indices = list(group)
        yield indices, " ".join(tokens[index].word for index in indices)


def _hypothetical(tokens: tuple[Token, ...]) -> Iterator[int]:
    for indices, said in _sentences(tokens):
        if _HYPOTHETICAL.search(said) and not _NOW.search(said):
            yield from indices


def _hearsay(tokens: tuple[Token, ...]) -> Iterator[int]:
    for indices, said in _sentences(tokens):
        told = _HEARSAY.search(said)
        if told and not _NOW.search(said.replace(told[0], " ")):
            yield from indices


def _past(tokens: tuple[Token, ...]) -> Iterator[int]:
    """Words of clauses that name a distant time, unless their sentence also speaks of now."""
    for indices, said in _sentences(tokens):
        if not _PAST.search(said) or _NOT_PAST.search(said):
            continue
        clauses = [list(group) for _, group in groupby(indices, key=lambda index: tokens[index].clause)]
        for number, clause in enumerate(clauses):
            if not _PAST.search(" ".join(tokens[index].word for index in clause)):
                continue
            yield from clause
            if len(clause) <= _LONE_CUE and len(clauses) > 1:
                yield from clauses[1] if number == 0 else clauses[number - 1]


def _denied(tokens: tuple[Token, ...]) -> Iterator[int]:
    for index, token in enumerate(tokens):
        if token.word in _BARE_NO and _is_bare(tokens, index):
            yield from _asked_before(tokens, index)
        elif token.word in _DENIALS and _denies(tokens, index):
            yield from _scope(tokens, index)


def _is_bare(tokens: tuple[Token, ...], index: int) -> bool:
    """A "no" with nothing of its own after it."""
    return index + 1 == len(tokens) or tokens[index + 1].mark != ""


def _asked_before(tokens: tuple[Token, ...], index: int) -> Iterator[int]:
    """What a bare "no" answers: "Chest pain? No", "fever: none", "swelling no". Nothing after "…pain. No."."""
    if index == 0 or tokens[index].mark not in {"", "?", ":", "-"}:
        return
    clause = tokens[index - 1].clause
    for before in range(index - 1, max(index - 1 - _SCOPE_WORDS, -1), -1):
        if tokens[before].clause != clause:
            return
        yield before


def _denies(tokens: tuple[Token, ...], index: int) -> bool:
    """False for doubt ("not sure"), and for questions that expect a yes ("Isn't my leg swollen?", "why isn't it…")."""
    if index + 1 == len(tokens) or tokens[index + 1].word in _NO_DENIAL_AFTER:
        return False
    if tokens[index].word not in _NEGATED_VERBS:
        return True
    if index and tokens[index - 1].word == "why":
        return False
    starts = index == 0 or tokens[index - 1].sentence != tokens[index].sentence
    return not (starts and tokens[index + 1].word in _SUBJECTS)


def _scope(tokens: tuple[Token, ...], cue: int) -> Iterator[int]:
    """Indices after a denial up to where it stops. A comma stops it, unless the list goes on to an "or"."""
    reach = _SCOPE_WORDS
    for index in range(cue + 1, min(cue + 1 + _LIST_WORDS, len(tokens))):
        token = tokens[index]
        if token.sentence != tokens[cue].sentence or (token.mark and token.mark != ","):
            return
        if token.mark == "," and not _or_follows(tokens, index):
            return
        if token.word in _SCOPE_ENDS or (token.word == "my" and tokens[index - 1].word not in _PREPOSITIONS):
            return
        if token.mark == "," or token.word in {"or", "nor"}:
            reach = index - cue + _SCOPE_WORDS
        if index - cue > reach:
            return
        yield index


def _or_follows(tokens: tuple[Token, ...], index: int) -> bool:
    for token in tokens[index : index + _LIST_WORDS]:
        if token.sentence != tokens[index].sentence or token.word in _SCOPE_ENDS:
            return False
        if token.word in {"or", "nor"}:
            return True
    return False
