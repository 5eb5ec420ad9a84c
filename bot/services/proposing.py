"""An edit of the texts tried out: what is wrong with it, and what it would change for patients."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bot.content.edit import Edit, Edited, differing
from bot.content.lint import check
from bot.content.load import Sources, parse_content, parse_located, revision_of
from bot.content.schema import Content
from bot.core.understand import Reader
from bot.errors import ContentError, Problem
from bot.model import is_pressing
from bot.services.impact import Dangers, Impact, impact
from bot.services.library import Library, Served


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back what one revision changed."""

    revision_id: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edit that was tried out. It can be published unless `problems` or the impact's refusals say no."""

    edit: Edit | Undo
    base_id: int
    """The revision it was made on."""
    item_id: str
    """What it edits: for a new entry, the id it gets."""
    files: Mapping[str, str]
    content: Content
    """All texts as they would be, unsigned ones too: for showing the item as patients will see it."""
    touched: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    """What keeps it from being used…"""
    warnings: tuple[Problem, ...] = ()
    """…and what the editor should weigh, as far as it is about what was touched."""
    impact: Impact = field(default_factory=Impact)
    tried: Served | None = None
    """Ready to answer; None where there are problems."""

    @property
    def refusals(self) -> tuple[str, ...]:
        """Everything that keeps it from going live, in sentences."""
        return (*map(str, self.problems), *self.impact.refusals)


def try_out(
    library: Library,
    dangers: Dangers,
    edit: Edit | Undo,
    base_id: int,
    files: Mapping[str, str],
    edited: Edited,
    asked: Sequence[str],
    today: date,
) -> Proposal:
    """The edit with all there is to say about it. Seconds of work where phrasings change: not in the loop.

    `files`: of the base; `asked`: questions of patients; `today`: a date at the clinic.
    """
    whole = library.served.whole  # mostly those that the edit is made on: reading them takes half a second
    before = whole if whole.revision == revision_of(files) else parse_content(files)
    proposal = Proposal(edit, base_id, edited.item_id, edited.files, before, (edited.item_id,))
    try:
        content, sources = parse_located(edited.files)
    except ContentError as error:
        return replace(proposal, problems=tuple(error.problems))
    findings = check(content, sources, today)
    proposal = replace(
        proposal,
        content=content,
        touched=tuple(differing(before, content)),
        problems=(*findings.errors, *_dangerous(library.served.brain.triager, before, content, sources)),
        warnings=tuple(_about(findings.warnings, sources, content, edited.item_id)),
    )
    if proposal.problems:
        return proposal
    try:
        tried = library.try_out(content)
    except ContentError as error:
        return replace(proposal, problems=tuple(error.problems))
    return replace(proposal, impact=impact(library.served.mind, tried.mind, asked, dangers), tried=tried)


def _dangerous(triager: Reader, before: Content, after: Content, sources: Sources) -> Iterator[Problem]:
    """New phrasings that sound like danger: triage takes them first, and nobody would ever get the answer."""
    for group, document in zip(after.groups, sources.groups, strict=True):
        for number, entry in enumerate(group.entries):
            known = before.entries[entry.id].phrasings if entry.id in before.entries else ()
            for at, line in enumerate(entry.phrasings):
                if line not in known and is_pressing(triager.triage(line).flags):
                    place = ("entries", number, "phrasings", at)
                    text = f"'{line}' sounds like danger, so that nobody who writes it would ever get this answer"
                    yield Problem(document.file, document.line(place), text)


def _about(problems: Sequence[Problem], sources: Sources, content: Content, entry_id: str) -> Iterator[Problem]:
    """Those that stand in the lines of one entry; none for what is no entry."""
    for group, document in zip(content.groups, sources.groups, strict=True):
        for number, entry in enumerate(group.entries):
            if entry.id == entry_id:
                is_last = number + 1 == len(group.entries)
                first, end = document.line(("entries", number)), document.line(("entries", number + 1))
                for problem in problems:
                    line = problem.line or 0
                    if problem.file == document.file and first <= line and (is_last or line < end):
                        yield problem
