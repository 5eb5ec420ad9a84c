"""What a locked phone shows of a message to whoever passes by, and what should not stand there."""

import re
from collections.abc import Iterable

from bot.content.lint_text import normalise
from bot.markup import plain

_SHOWN = re.compile(r".{0,60}\S{0,20}")
"""About sixty characters, to the end of a word: phones differ, and half a word says it all."""
_NAME_CHARS = 40
"""So much of the clinic's name is enough to know it by."""


def locked_screen(html: str) -> str:
    """The first words of a message, on one line. Raises MarkupError."""
    words = " ".join(plain(html).split())
    found = _SHOWN.match(words)
    shown = found[0].rstrip() if found else ""
    return shown if shown == words else f"{shown}…"


def names_clinic(shown: str, clinic_name: str) -> bool:
    """Whether these words say who writes."""
    return normalise(clinic_name)[:_NAME_CHARS] in normalise(shown)


def private_word(shown: str, clinic_name: str, private_words: Iterable[str]) -> str | None:
    """The first of `private_words` in these words, or `{area}`; those of the clinic's name are not counted."""
    if "{area}" in shown:
        return "{area}"
    said = f" {normalise(shown)} ".replace(f" {normalise(clinic_name)} ", " ")
    return next((word for word in private_words if f" {normalise(word)} " in said), None)
