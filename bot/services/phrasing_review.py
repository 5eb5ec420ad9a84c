"""What `aftercare faq check` says about phrasings: `bot/core/matching/review.py` in words, with file and line."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from bot.content.load import Sources
from bot.content.schema import Content
from bot.content.yaml_reader import Document, Place
from bot.core.matching.index import Index
from bot.core.matching.review import WANTED, Pair, Review, Stray, Thin, review
from bot.errors import Problem


class Kind(StrEnum):
    """What a hint is about."""

    STRAY = "phrasing"
    """A phrasing that reaches another entry."""
    PAIR = "pair"
    """Two entries that are easily confused."""
    THIN = "thin"
    """An entry that needs more phrasings."""


class Hint(NamedTuple):
    """Something for the editor to weigh."""

    kind: Kind
    problem: Problem


def hints(content: Content, sources: Sources, index: Index) -> tuple[Hint, ...]:
    """By kind, the greatest harm first. `index`: of this content; `sources`: where it stands."""
    found: Review = review(index)
    where = _Where(content, sources)
    return (
        *(Hint(Kind.STRAY, _stray(stray, where)) for stray in found.strays),
        *(Hint(Kind.PAIR, _pair(pair, where)) for pair in found.pairs),
        *(Hint(Kind.THIN, _thin(thin, len(content.entries[thin.entry].phrasings), where)) for thin in found.thin),
    )


def worst(found: Iterable[Hint], most: int) -> tuple[Hint, ...]:
    """The first `most` of each kind."""
    seen: dict[Kind, int] = {}
    kept = []
    for hint in found:
        seen[hint.kind] = seen.get(hint.kind, 0) + 1
        if seen[hint.kind] <= most:
            kept.append(hint)
    return tuple(kept)


class _Where:
    """The place of each line and entry."""

    def __init__(self, content: Content, sources: Sources) -> None:
        self._lines: dict[tuple[str | None, str], tuple[str, int]] = {}
        self._entries: dict[str, tuple[str, int]] = {}
        for (entry, text), (document, place) in _placed(content, sources):
            self._lines.setdefault((entry, text), (document.file, document.line(place)))
            if entry is not None:
                self._entries.setdefault(entry, (document.file, document.line(place[:2])))

    def line(self, entry: str | None, text: str) -> tuple[str, int]:
        return self._lines[entry, text]

    def entry(self, entry: str) -> tuple[str, int]:
        return self._entries[entry]


def _placed(content: Content, sources: Sources) -> Iterator[tuple[tuple[str | None, str], tuple[Document, Place]]]:
    for group, document in zip(content.groups, sources.groups, strict=True):
        for at, entry in enumerate(group.entries):
            yield (entry.id, entry.question), (document, ("entries", at, "question"))
            for number, phrasing in enumerate(entry.phrasings):
                yield (entry.id, phrasing), (document, ("entries", at, "phrasings", number))
    if sources.for_people is not None:
        for kind, lines in content.for_people.items():
            for number, line in enumerate(lines):
                yield (None, line), (sources.for_people, ("for_people", kind, number))


def _stray(stray: Stray, where: _Where) -> Problem:
    file, line = where.line(stray.entry, stray.text)
    if stray.entry is None:
        said = f"'{stray.text}' is left to people, but much like it would be answered with '{stray.reached}'"
    else:
        how = ", misspelt," if stray.only_misspelt else ""
        said = f"'{stray.text}' stands under '{stray.entry}'; hidden and asked again{how} it reaches '{stray.reached}'"
        said += ", which would be the answer" if stray.answered else ""
    return Problem(file, line, said)


def _pair(pair: Pair, where: _Where) -> Problem:
    file, line = where.entry(pair.one)
    other_file, other_line = where.entry(pair.other)
    apart: Mapping[str, tuple[str, ...]] = {pair.one: pair.tells_one, pair.other: pair.tells_other}
    words = "; ".join(f"{', '.join(said)} ({entry})" for entry, said in apart.items() if said)
    return Problem(
        file,
        line,
        f"'{pair.one}' and '{pair.other}' ({other_file}:{other_line}) are easily confused: {pair.shared} of "
        f"{pair.of} phrasings reach the other one. "
        + (f"Words that tell them apart: {words}" if words else "No word tells them apart; are they two questions?"),
    )


def _thin(thin: Thin, phrasings: int, where: _Where) -> Problem:
    file, line = where.entry(thin.entry)
    found = f"{thin.found:.0%} of them, hidden and asked again, still find it"
    if phrasings < WANTED:
        return Problem(file, line, f"'{thin.entry}' has {phrasings} phrasings, {WANTED} are wanted; {found}")
    return Problem(file, line, f"'{thin.entry}' is asked in more ways than its {phrasings} phrasings cover: {found}")
