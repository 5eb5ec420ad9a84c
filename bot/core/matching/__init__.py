"""Which FAQ entry a text asks for.

`matcher.py` is the interface; `exact.py` goes first: a text that is a phrasing needs no guess; `learned.py` is what is
in use. The rest in the order of use: `english` (known words), `spelling` (words as meant), `features`, `postings`,
`ridge` (a score an entry), `confidence` (how sure), `training` (all of it from phrasings), `index` (saved), `recipe`
(what it was made with), `review` (what it says about phrasings), `semantic`, `prepared`, `quick` and `onnx_file` (the
extra).

A matcher is built once per content and asked often; it is pure, never raises, and says `answer` only when it is sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.matching.exact import ExactMatcher
from bot.core.matching.index import Index
from bot.core.matching.learned import LearnedMatcher
from bot.core.matching.matcher import MIN_PHRASINGS, Matcher
from bot.core.matching.semantic import SentenceModel
from bot.core.matching.spelling import Spellings
from bot.core.matching.training import Line, build

if TYPE_CHECKING:
    from bot.content.schema import Content  # only its name: a process that only matches does without pydantic

__all__ = ["MIN_PHRASINGS", "Matcher", "build_index", "build_matcher", "lines_of", "spellings_of"]


def lines_of(content: Content) -> tuple[Line, ...]:
    """Everything there is to learn from: questions and phrasings, and what is left to people."""
    ours = (
        Line(entry.id, text)
        for entry in content.entries.values()
        for text in dict.fromkeys((entry.question, *entry.phrasings))
    )
    not_ours = (Line(kind, text, is_ours=False) for kind, texts in content.for_people.items() for text in texts)
    return (*ours, *not_ours)


def spellings_of(content: Content) -> Spellings:
    """How this clinic's patients type what."""
    return Spellings(content.words.spellings, frozenset(content.words.keep))


def build_index(content: Content, model: SentenceModel | None = None, before: Index | None = None) -> Index:
    """The index of a content; takes seconds, so keep it (`bot/services/indexes.py`). `before`: see `build`."""
    return build(lines_of(content), spellings_of(content), model.embed if model else None, before=before)


def build_matcher(content: Content, index: Index | None = None, model: SentenceModel | None = None) -> Matcher:
    """The matcher in use. `index`: of this content, built with `model`; without one it is built now."""
    entries = tuple(content.entries.values())
    answerable = frozenset(entry.id for entry in entries if len(entry.phrasings) >= MIN_PHRASINGS)
    learned = LearnedMatcher(index or build_index(content, model), answerable, model.embed if model else None)
    return ExactMatcher(entries, answerable, otherwise=learned)
