"""What may be wrong in `words.yaml`: one message with two meanings, a spelling that turns a text into another."""

import re
from collections.abc import Iterator

from bot.content import lint_text
from bot.content.lint_faq import Finding
from bot.content.schema import Words
from bot.content.yaml_reader import Document

MAX_MEANT = 4
"""Words that one typed word may stand for ("dunno": "do not know")."""
_NO_MESSAGES = frozenset({"spellings", "keep"})
"""The keys of `Words` that hold single words, not whole messages."""
_NEGATIVE = re.compile(
    r"(ai|are|ca|could|did|do|does|had|has|have|is|might|must|need|sha|should|was|were|wo|would)nt|cannot|no(pe|wt)?|nah|not"
)
"""Typed words that say no."""
_NEGATIONS = frozenset(
    {"no", "not", "nor", "never", "none", "nothing", "nobody", "nowhere", "neither", "without", "cannot"}
)


def check_words(words: Words, document: Document) -> Iterator[Finding]:
    """Everything about `words.yaml`."""
    yield from _messages(words, document)
    yield from _spellings(words, document)
    yield from _kept(words, document)


def _messages(words: Words, document: Document) -> Iterator[Finding]:
    seen: dict[str, tuple[str, int]] = {}
    for name in (name for name in type(words).model_fields if name not in _NO_MESSAGES):
        for index, word in enumerate(getattr(words, name)):
            place = (name, index)
            first = seen.setdefault(lint_text.normalise(word) or word, place)  # an emoji has nothing to normalise
            if first[0] != name:
                where = f"it also stands under '{first[0]}' (line {document.line(first)})"
                yield Finding.error(document, place, f"'{word}' cannot mean two things: {where}")
            elif first != place:
                yield Finding.warning(document, place, f"'{word}' is here twice (first in line {document.line(first)})")


def _spellings(words: Words, document: Document) -> Iterator[Finding]:
    kept = set(words.keep)
    for typed, meant in words.spellings.items():
        place = ("spellings", typed)
        if not _is_one_word(typed):
            text = f"'{typed}' must be one word as it is compared: small letters, no blanks, no apostrophe"
            yield Finding.error(document, place, text)
        elif said := _wrong_meaning(typed, meant):
            yield Finding.error(document, place, f"'{typed}' {said}")
        elif typed in kept:
            yield Finding.error(document, place, f"'{typed}' also stands under 'keep', where words are never changed")


def _wrong_meaning(typed: str, meant: str) -> str | None:
    """Why `meant` may not stand for `typed`, or None."""
    if typed == meant:
        return "stands for itself; leave it out"
    if lint_text.normalise(meant) != meant:
        return f"stands for '{meant}', which must be plain words: small letters, no apostrophe, no signs"
    if len(meant.split()) > MAX_MEANT:
        return f"stands for more than {MAX_MEANT} words"
    if typed.isdigit() or any(word.isdigit() for word in meant.split()):
        return 'changes a number; a patient\'s "2" may be two days'
    if _NEGATIVE.fullmatch(typed) and _NEGATIONS.isdisjoint(meant.split()):
        return f"stands for '{meant}', which loses its \"not\""
    return None


def _kept(words: Words, document: Document) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, word in enumerate(words.keep):
        at = first.setdefault(word, index)
        if not _is_one_word(word):
            text = f"'{word}' must be one word as it is compared: small letters, no blanks, no apostrophe"
            yield Finding.error(document, ("keep", index), text)
        elif at != index:
            text = f"'{word}' is here twice (first in line {document.line(('keep', at))})"
            yield Finding.warning(document, ("keep", index), text)


def _is_one_word(text: str) -> bool:
    return lint_text.normalise(text) == text and " " not in text
