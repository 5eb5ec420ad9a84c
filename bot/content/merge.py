"""Two changes of the same files put together, line by line."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import NamedTuple


class _Change(NamedTuple):
    """Lines `begin` to `end` (exclusive) of the base become `lines`."""

    begin: int
    end: int
    lines: tuple[str, ...]


def merged(base: Mapping[str, str], one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str] | None:
    """The files with what changed from `base` to `one` and from `base` to `other`; None where both touch a place."""
    found = dict(one)
    for path in base.keys() | other.keys():
        was, mine, theirs = base.get(path), one.get(path), other.get(path)
        if theirs in (was, mine):
            continue
        if mine != was:
            if was is None or mine is None or theirs is None:
                return None
            theirs = _merged_text(was, mine, theirs)
            if theirs is None:
                return None
        if theirs is None:
            del found[path]
        else:
            found[path] = theirs
    return found


def _merged_text(base: str, one: str, other: str) -> str | None:
    lines = base.splitlines(keepends=True)
    done: list[str] = []
    at = -1
    for change in sorted({*_changes(lines, one), *_changes(lines, other)}):
        if change.begin <= at:
            return None  # they touch: nobody can tell which comes first
        done += [*lines[max(at, 0) : change.begin], *change.lines]
        at = change.end
    return "".join([*done, *lines[max(at, 0) :]])


def _changes(lines: list[str], text: str) -> Iterator[_Change]:
    new = text.splitlines(keepends=True)
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, lines, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield _Change(i1, i2, tuple(new[j1:j2]))
