"""Why words of a message are not said of the patient here and now (red-flag catalogue, "Border rules").

Questions about what could happen, other times, other people's stories and what has been so for years are told by turns
of phrase, sentence by sentence. One word of a body here and now ("my", "still", "since") and all of the sentence
counts: under-triage is the worse mistake. What a "no" takes back is told in `denial.py`.

The expressions (`border_words.py`) repeat nothing without a small bound, so a text costs no more than its length.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum

from bot.core.border_words import (
    ASIDE,
    ASKS,
    ASKS_ON,
    BEFORE,
    GOES_ON,
    HARMLESS,
    HEARSAY,
    HELP,
    HERE,
    IF,
    IN_GENERAL,
    MINE,
    NOT_SO_THEN,
    NOT_USUAL,
    NOW,
    PAST,
    PRESENT,
    REFERS,
    RETURNED,
    SHORT,
    STORY,
    STORY_TIME,
    THEIRS,
    THEY,
    TOLD,
    USUAL,
    USUAL_ASIDES,
    WENT_ON,
    WHETHER,
    WOULD,
)
from bot.core.denial import answered_no, denied, is_statement
from bot.core.tokens import Tokens, clauses, said, sentences


class Why(StrEnum):
    """Why words that look like a sign of danger are not one."""

    DENIED = "denied"
    ANSWERED = "denied in an answer"
    """Holds even for a sign with a "no" of its own: "Can't breathe? No"."""
    HYPOTHETICAL = "hypothetical"
    PAST = "past"
    HEARSAY = "hearsay"
    USUAL = "usual"
    """So for years: only whoever says it knows whether it is new or worse now."""


def reasons(tokens: Tokens) -> tuple[Why | None, ...]:
    """For each word why it does not count, or None; of several reasons the one that settles most."""
    why: list[Why | None] = [None] * len(tokens)
    for reason, find in _RULES:
        for index in find(tokens):
            why[index] = reason
    return tuple(why)


def _usual(tokens: Tokens) -> Iterator[int]:
    for indices in sentences(tokens):
        text = said(tokens, indices)
        if not USUAL.search(text) or NOT_USUAL.search(USUAL_ASIDES.sub("…", text)):
            continue
        before: list[int] = []
        for clause in clauses(tokens, indices):
            if USUAL.search(said(tokens, clause)):
                yield from clause
                if tokens[clause[0]].word in REFERS and len(clause) <= SHORT + 2:
                    yield from before
            before = clause


def _hearsay(tokens: Tokens) -> Iterator[int]:
    for indices in sentences(tokens):
        text = said(tokens, indices)
        if not (told := HEARSAY.search(text)):
            continue
        rest = STORY_TIME.sub("…", text[: told.start()] + "…" + text[told.end() :])
        rest = HARMLESS.sub("…", rest)
        if not (HERE.search(rest) or NOW.search(rest) or HELP.search(rest)):
            yield from _story(tokens, indices, text, told.start())


def _story(tokens: Tokens, indices: list[int], text: str, cue: int) -> Iterator[int]:
    """The clause of a cue of hearsay, those before it about "somebody", and those that go on with the story."""
    at = indices[text.count(" ", 0, cue)]
    is_about_somebody = False
    is_going_on = True
    for clause in clauses(tokens, indices):
        part = said(tokens, clause)
        if clause[-1] < at:
            if STORY.match(part):
                yield from clause
            continue
        if clause[0] > at:
            first = part.removeprefix("and ").split(" ", 1)[0]
            tells_on = first in THEY and not PRESENT.search(part)
            is_going_on = is_going_on and (tells_on or (is_about_somebody and part.startswith("and ")))
            if not is_going_on or is_statement(
                [tokens[index].word for index in clause if tokens[index].word != "and"]
            ) > (first in THEY):
                continue
        is_about_somebody = is_about_somebody or STORY.search(part) is not None
        yield from clause


def _past(tokens: Tokens) -> Iterator[int]:
    for indices in sentences(tokens):
        text = said(tokens, indices)
        if not PAST.search(text):
            continue
        plain = HARMLESS.sub("…", text)
        if not (NOW.search(plain) or RETURNED.search(plain)):
            yield from _told_of_then(tokens, indices)


def _told_of_then(tokens: Tokens, indices: list[int]) -> Iterator[int]:
    """The clauses that name another time, the neighbour of one that names nothing else, and what goes on from them."""
    every = clauses(tokens, indices)
    texts = [said(tokens, clause) for clause in every]
    covered = set()
    for number, text in enumerate(texts):
        if not PAST.search(text) or (BEFORE.search(text) and NOT_SO_THEN.search(text)):
            continue
        covered.add(number)
        if len(every) > 1 and not set(PAST.sub("", text).split()) - ASIDE:
            covered.add(1 if number == 0 else number - 1)
        if number + 1 < len(every) and covered.issuperset(range(number)) and _leads_to(text, texts[number + 1]):
            covered.add(number + 1)
    for number in range(1, len(every)):
        if number - 1 in covered and _goes_on(texts[number]):
            covered.add(number)
    for number in range(len(every) - 1, 0, -1):
        if number in covered and _goes_on(texts[number]):
            covered.add(number - 1)
    for number in sorted(covered):
        yield from every[number]


def _leads_to(text: str, following: str) -> bool:
    """Whether a clause only says when what follows it was: "when I was expecting, I fainted"."""
    is_then = text.startswith(("when ", "while ", "before ", "back ", "as a "))
    return is_then and TOLD.match(following) is not None and not PRESENT.search(following)


def _goes_on(text: str) -> bool:
    """Whether a clause goes on with the story before it: "with his tongue swelling", "and hit my head"."""
    first = text.removeprefix("and ").split(" ", 1)[0]
    is_more = first in GOES_ON or text.endswith(" then") or (text.startswith("and ") and first in WENT_ON)
    return is_more and not (NOW.search(text) or PRESENT.search(text))


def _hypothetical(tokens: Tokens) -> Iterator[int]:
    every = list(sentences(tokens))
    texts = [said(tokens, indices) for indices in every]
    asked = [number for number, text in enumerate(texts) if IN_GENERAL.search(text)]
    mine = {number for number, text in enumerate(texts) if asked and MINE.search(HARMLESS.sub("…", text))}
    for number in asked:
        plain = HARMLESS.sub("…", texts[number])
        if not (HERE.search(plain) or THEIRS.search(plain) or NOW.search(plain) or {number, number + 1} & mine):
            found = IN_GENERAL.search(texts[number])
            yield from _asked_from(tokens, every[number], texts[number], found.start() if found else 0)
    for number, text in enumerate(texts):
        if ASKS.search(text):
            yield from _imagined(tokens, every[number], text)


def _imagined(tokens: Tokens, indices: list[int], text: str) -> Iterator[int]:
    """From an "if" of what may yet happen to the end of its clause and of the list that goes on from it."""
    until = -1
    for found in IF.finditer(text):
        before = found[1] or ""
        if before in WHETHER or (found["told"] and not (before == "what" or WOULD.search(text))):
            continue
        start = indices[text.count(" ", 0, found.end(1) + 1 if found[1] else found.start())]
        if start <= until:
            continue
        rest = [index for index in indices if index >= start]
        for number, clause in enumerate(clauses(tokens, rest)):
            words_of = [tokens[index].word for index in clause]
            plain = HARMLESS.sub("…", " ".join(words_of))
            if NOW.search(plain) or (number and (is_statement(words_of) or len(clause) > SHORT)):
                break
            yield from clause
            until = clause[-1]


def _asked_from(tokens: Tokens, indices: list[int], text: str, cue: int) -> Iterator[int]:
    """A question from its first word, with the clauses that go on from it: "what are signs of a clot, pain or heat"."""
    at = indices[text.count(" ", 0, cue)]
    for number, clause in enumerate(clauses(tokens, [index for index in indices if index >= at])):
        every = [tokens[index].word for index in clause]
        if number and (is_statement(every) or not ("or" in every or every[0] in ASKS_ON)):
            return
        yield from clause


_RULES: tuple[tuple[Why, Callable[[Tokens], Iterator[int]]], ...] = (
    (Why.USUAL, _usual),
    (Why.HEARSAY, _hearsay),
    (Why.PAST, _past),
    (Why.HYPOTHETICAL, _hypothetical),
    (Why.DENIED, denied),
    (Why.ANSWERED, answered_no),
)
"""In rising order: the last that applies is given."""
