"""What may be wrong with the questions and answers, alone and among each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from bot.content import lint_text
from bot.content.parts import Signable, say_length
from bot.content.schema import Clinic, Content, Entry
from bot.content.yaml_reader import Document, Place
from bot.errors import Problem

MIN_PHRASINGS = 5
"""Fewer teach the matcher nothing it can rely on; the question then always goes to staff."""


@dataclass(frozen=True)
class Finding:
    """A problem, and whether it keeps the content from being used."""

    problem: Problem
    is_error: bool

    @classmethod
    def error(cls, document: Document, place: Place, text: str) -> Self:
        return cls(Problem(document.file, document.line(place), text), is_error=True)

    @classmethod
    def warning(cls, document: Document, place: Place, text: str) -> Self:
        return cls(Problem(document.file, document.line(place), text), is_error=False)


@dataclass(frozen=True)
class _Placed:
    """An entry and where it stands."""

    entry: Entry
    document: Document
    place: Place

    def where(self, *more: str | int) -> str:
        return f"{self.document.file}:{self.document.line((*self.place, *more))}"


def check_for_people(
    content: Content, documents: tuple[Document, ...], for_people: Document | None
) -> Iterator[Finding]:
    """A message cannot be both left to people and answered; `documents` in the order of the groups."""
    if for_people is None:
        return
    answered = {
        lint_text.normalise(phrasing): (one, index)
        for one in _placed(content, documents)
        for index, phrasing in enumerate(one.entry.phrasings)
    }
    first: dict[str, Place] = {}
    for kind, lines in content.for_people.items():
        for index, line in enumerate(lines):
            place: Place = ("for_people", kind, index)
            key = lint_text.normalise(line)
            if key in answered:
                one, at = answered[key]
                where = f"'{one.entry.id}' ({one.where('phrasings', at)})"
                yield Finding.error(for_people, place, f"'{line}' is left to people and stands under {where}")
            elif not key:
                yield Finding.error(for_people, place, f"'{line}' has no letters in it")
            elif (earlier := first.setdefault(key, place)) != place:
                text = f"'{line}' is here twice (first in line {for_people.line(earlier)})"
                yield Finding.warning(for_people, place, text)


def check_groups(content: Content, documents: tuple[Document, ...], today: date | None) -> Iterator[Finding]:
    """Everything about the entries; `documents` in the order of the groups, `today` a date at the clinic or None."""
    placed = _placed(content, documents)
    for group, document in zip(content.groups, documents, strict=True):
        yield from _label(document, ("title",), group.title)
        if not group.entries:
            yield Finding.error(document, ("entries",), "there is no question here; add one or remove the file")
    yield from _ids(placed)
    yield from _retired(content, documents, placed)
    yield from _questions(placed)
    yield from _phrasings(placed)
    known = {one.entry.id for one in placed}
    known |= {id_ for group in content.groups for id_ in group.retired}
    for one in placed:
        yield from _entry(one, content.clinic, known, today)


def _placed(content: Content, documents: tuple[Document, ...]) -> list[_Placed]:
    return [
        _Placed(entry, document, ("entries", index))
        for group, document in zip(content.groups, documents, strict=True)
        for index, entry in enumerate(group.entries)
    ]


def signature(document: Document, place: Place, part: Signable) -> Iterator[Finding]:
    """A warning when somebody signed another text than this one."""
    if part.signed is not None and not part.is_signed:
        text = f"'{part.id}' was changed after {part.signed.name} signed it on {part.signed.on}; it counts as unsigned"
        yield Finding.warning(document, (*place, "signed"), text)


def _entry(one: _Placed, clinic: Clinic, known: set[str], today: date | None) -> Iterator[Finding]:
    entry, document, place = one.entry, one.document, one.place
    for inner, text in _answers(entry):
        name = f"the answer of '{entry.id}'" if len(inner) == 1 else f"an answer of '{entry.id}'"
        for said in lint_text.check_answer(text, clinic):
            yield Finding.error(document, (*place, *inner), f"{name} {said}")
        for said in lint_text.check_ease(text, clinic):
            yield Finding.warning(document, (*place, *inner), f"{name} {said}")
    yield from _variants(one)
    yield from _label(document, (*place, "question"), entry.question)
    for index, other in enumerate(entry.see_also):
        if other not in known or other == entry.id:
            why = "is this question itself" if other == entry.id else "is the id of no question"
            yield Finding.error(document, (*place, "see_also", index), f"see_also: '{other}' {why}")
    if len(entry.phrasings) < MIN_PHRASINGS:
        text = (
            f"'{entry.id}' has {len(entry.phrasings)} phrasings and is not answered automatically; "
            f"write at least {MIN_PHRASINGS}"
        )
        yield Finding.warning(document, (*place, "phrasings"), text)
    if today is not None and entry.review_by < today:
        text = f"'{entry.id}' was to be reviewed by {entry.review_by}; read it again and set a new date"
        yield Finding.warning(document, (*place, "review_by"), text)
    yield from signature(document, place, entry)


def _answers(entry: Entry) -> Iterator[tuple[Place, str]]:
    """Each answer with its place in the entry, the general one first."""
    yield ("answer",), entry.answer
    for index, variant in enumerate(entry.variants):
        yield ("variants", index, "answer"), variant.answer


def _label(document: Document, place: Place, label: str) -> Iterator[Finding]:
    """Titles and questions stand on buttons, which a phone cuts off."""
    if len(label) > lint_text.MAX_LABEL:
        text = f"'{label}' has {len(label)} letters; a button shows {lint_text.MAX_LABEL}"
        yield Finding.error(document, place, text)


def _ids(placed: list[_Placed]) -> Iterator[Finding]:
    first: dict[str, _Placed] = {}
    for one in placed:
        other = first.setdefault(one.entry.id, one)
        if other is not one:
            text = f"the id '{one.entry.id}' is taken (first in {other.where('id')}); choose another"
            yield Finding.error(one.document, (*one.place, "id"), text)


def _retired(content: Content, documents: tuple[Document, ...], placed: list[_Placed]) -> Iterator[Finding]:
    """What patients asked in the past names an entry by its id, so that no other may ever have it."""
    taken_out = {
        id_: (document, index)
        for group, document in zip(content.groups, documents, strict=True)
        for index, id_ in enumerate(group.retired)
    }
    for one in placed:
        if one.entry.id in taken_out:
            document, index = taken_out[one.entry.id]
            where = f"{document.file}:{document.line(('retired', index))}"
            text = f"the id '{one.entry.id}' belonged to a question that was taken out ({where}); choose another"
            yield Finding.error(one.document, (*one.place, "id"), text)


def _questions(placed: list[_Placed]) -> Iterator[Finding]:
    """On two buttons with the same words nobody could tell which to press."""
    first: dict[str, _Placed] = {}
    for one in placed:
        other = first.setdefault(lint_text.normalise(one.entry.question), one)
        if other is not one:
            text = f"the question '{one.entry.question}' is there already ({other.where('question')}); keep one of them"
            yield Finding.error(one.document, (*one.place, "question"), text)


def _phrasings(placed: list[_Placed]) -> Iterator[Finding]:
    """Two questions with one phrasing cannot both be right; twice under one question is only untidy."""
    first: dict[str, tuple[_Placed, int]] = {}
    for one in placed:
        for index, phrasing in enumerate(one.entry.phrasings):
            place = (*one.place, "phrasings", index)
            key = lint_text.normalise(phrasing)
            other, at = first.setdefault(key, (one, index))
            if not key:
                yield Finding.error(one.document, place, f"'{phrasing}' has no letters in it")
            elif other is not one:
                where = f"'{other.entry.id}' ({other.where('phrasings', at)})"
                yield Finding.error(one.document, place, f"'{phrasing}' also stands under {where}; keep one of them")
            elif at != index:
                text = f"'{phrasing}' is here twice (first in line {one.document.line((*one.place, 'phrasings', at))})"
                yield Finding.warning(one.document, place, text)


def _variants(one: _Placed) -> Iterator[Finding]:
    """Variants come in order of time, from the treatment on and without end, and leave no hole between them.

    The main answer is for when the time is unknown, and may say less than any of them.
    """
    end: timedelta | None = timedelta(0)
    for index, variant in enumerate(one.entry.variants):
        place = (*one.place, "variants", index)
        if variant.until is not None and variant.until <= variant.after:
            yield Finding.error(one.document, place, f"this answer ends ({say_length(variant.until)}) before it begins")
        if end is None:
            yield Finding.error(one.document, place, "the answer before has no 'until', so this one is never given")
        elif variant.after < end:
            text = f"this answer begins at {say_length(variant.after)}, but the one before runs until {say_length(end)}"
            yield Finding.error(one.document, place, text)
        elif variant.after > end:
            hint = "one answer should end where the next begins" if index else "the first should have no 'after'"
            text = f"nothing covers {say_length(end)} to {say_length(variant.after)}; {hint}"
            yield Finding.error(one.document, place, text)
        end = variant.until
    if one.entry.variants and end is not None:
        place = (*one.place, "variants", len(one.entry.variants) - 1)
        yield Finding.error(one.document, place, f"nothing covers {say_length(end)} and later; the last has no 'until'")
