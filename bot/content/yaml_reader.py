"""A strict, small YAML: text in, plain values and their lines out.

Content is edited by people who do not know YAML, and may come from anywhere, so this reads less than YAML allows.
Every scalar stays text: `no` is not False, `09:30` not 570, `0800 1111` not octal; the schema converts. Anchors,
aliases and tags are refused, which also rules out alias bombs and object construction. The reader listens to parser
events and builds the tree itself, because PyYAML's own composer recurses and keeps only the last of two equal keys.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from bot.content.yaml_errors import explain_yaml_error
from bot.errors import ContentError, Problem

MAX_DEPTH = 10
"""Nested lists and groups; our deepest file has five."""
MAX_VALUES = 50_000
"""Scalars, lists and groups in one file."""

Place: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys and list positions from 0, such as `("entries", 2, "answer")`."""
Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"
"""None: nothing stands after the colon or dash."""

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Blank letters and marks that Unicode does not class as format characters."""
_REFUSED = {
    "Cc": "a control character",
    "Cf": "an invisible character",
    "Zl": "an invisible line separator",
    "Zp": "an invisible paragraph separator",
    "Co": "a private character that other devices cannot show",
    "Cs": "half a character",
}
_SUSPECT = re.compile(r"[^ -~\n]")


@dataclass(frozen=True)
class Document:
    """One file's values, and the line (from 1) on which each key or list item begins."""

    file: str
    value: Value
    lines: Mapping[Place, int] = field(repr=False)

    def line(self, path: Place) -> int:
        """The line of `path`, or of the nearest thing around it that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def clean_text(text: str) -> str:
    """`text` without a byte order mark and with `\\n` line ends, as Windows editors do not write it."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def read_yaml(file: str, text: str) -> Document:
    """The values of `text`. Raises ContentError with every problem that can be told apart."""
    text = clean_text(text)
    if problems := list(_character_problems(file, text)):
        raise ContentError(problems)
    if (document := _read_quickly(file, text)) is not None:
        return document
    reader = _Reader(file)
    try:
        reader.read(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        line, sentence = explain_yaml_error(error, text)
        reader.problem(line, sentence)
    except (ValueError, OverflowError):
        # PyYAML leaves chr() and int() unguarded: "\UFFFFFFFF" in double quotes, %YAML with 5,000 digits.
        line = next((n for n, content in enumerate(text.split("\n"), start=1) if re.search(r"\\U|%YAML", content)), 1)
        reader.problem(line, "there is a backslash or % here that makes no sense; use plain letters")
    except _GiveUp:
        pass
    if reader.problems:
        raise ContentError(reader.problems)
    if reader.root is None:
        raise ContentError([Problem(file, None, "the file is empty; its first lines should say what belongs here")])
    return Document(file, reader.root, reader.lines)


def _read_quickly(file: str, text: str) -> Document | None:
    """What libyaml makes of a faultless text, ten times as fast; None where there is something to explain.

    Not every PyYAML has libyaml, and its own parser words the errors that `explain_yaml_error` knows.
    """
    if not yaml.__with_libyaml__:
        return None
    reader = _Reader(file)
    try:
        reader.read(text, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, OverflowError, _GiveUp):
        return None
    return None if reader.problems or reader.root is None else Document(file, reader.root, reader.lines)


def refused_character(char: str) -> str | None:
    """Why `char` has no place in a text for patients, or None."""
    if char in _INVISIBLE:
        return "an invisible character"
    if char == "\ufffd":
        return "the mark of a letter that was lost (save the file as UTF-8 and type the letter again)"
    if ord(char) & 0xFFFE == 0xFFFE:
        return "something that is not a character"
    return _REFUSED.get(unicodedata.category(char))


def _character_problems(file: str, text: str) -> Iterator[Problem]:
    """One problem a line: many equal ones help nobody."""
    for number, line in enumerate(text.split("\n"), start=1):
        for found in _SUSPECT.finditer(line):
            char = found[0]
            if char == "\t":
                yield Problem(file, number, "there is a tab here; use spaces instead")
                break
            if why := refused_character(char):
                yield Problem(file, number, f"there is {why} here (U+{ord(char):04X}); delete it and type it again")
                break


class _GiveUp(Exception):
    """Reading on would cost too much or say nothing new; the reason is among the problems."""


@dataclass
class _Open:
    """A list or group whose end has not been read. `key` waits for its value; a refused key's is dropped."""

    path: Place
    value: list[Value] | dict[str, Value]
    key: str | None = None
    key_refused: bool = False


@dataclass
class _Reader:
    file: str
    root: Value = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _stack: list[_Open] = field(default_factory=list)
    _seen: int = 0
    _documents: int = 0

    def problem(self, line: int | None, text: str) -> None:
        self.problems.append(Problem(self.file, line, text))

    def read(self, text: str, loader: "type[yaml.SafeLoader | yaml.CSafeLoader]") -> None:
        for event in yaml.parse(text, Loader=loader):
            mark = event.start_mark
            self._take(event, 1 if mark is None else mark.line + 1)

    def _take(self, event: yaml.Event, line: int) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._give_up(line, "a line of only --- begins a second document; keep everything in one")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._give_up(line, f"*{event.anchor} repeats another part; write the text out, or put it into quotes")
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, line)

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            self._give_up(line, f"&{event.anchor} marks a part for repeating, which is not used here; write text out")
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
            self._give_up(line, "a ! in front of a text has a meaning of its own; put the text into quotes")
        self._seen += 1
        if self._seen > MAX_VALUES:
            self._give_up(line, f"there are more than {MAX_VALUES} values in this file; split it")
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif len(self._stack) >= MAX_DEPTH:
            self._give_up(line, f"lists or groups are nested more than {MAX_DEPTH} deep; look for a stray [ or {{")
        else:
            self._open([] if isinstance(event, yaml.SequenceStartEvent) else {}, line)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        is_plain = event.style != '"' or (event.value.isascii() and event.value.isprintable())
        for char in "" if is_plain else event.value:
            # "\u200b" in double quotes becomes the character itself only now.
            if char != "\n" and (why := refused_character(char)):
                self.problem(line, f"this text contains {why} (U+{ord(char):04X}); take it out")
                break
        parent = self._stack[-1] if self._stack else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            self._key(parent, event.value, line)
        else:
            empty = not event.style and event.value == ""  # None, or "" from libyaml
            self._attach(None if empty else event.value, line)

    def _key(self, parent: _Open, key: str, line: int) -> None:
        parent.key, parent.key_refused = key, key in parent.value
        if parent.key_refused:
            first = self.lines[(*parent.path, key)]
            self.problem(line, f"'{key}' is here twice (first in line {first}); remove one of them")
        else:
            self.lines[(*parent.path, key)] = line

    def _attach(self, value: Value, line: int) -> Place:
        """Put a finished or just opened value where it belongs, and say where that is."""
        if not self._stack:
            self.root = value
            self.lines[()] = line
            return ()
        parent = self._stack[-1]
        if isinstance(parent.value, list):
            path: Place = (*parent.path, len(parent.value))
            self.lines[path] = line
            parent.value.append(value)
            return path
        assert parent.key is not None
        path = (*parent.path, parent.key)
        if not parent.key_refused:
            parent.value[parent.key] = value
        parent.key = None
        return path

    def _open(self, value: list[Value] | dict[str, Value], line: int) -> None:
        parent = self._stack[-1] if self._stack else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            self._give_up(line, "a { or [ stands where a key is expected; put the text into quotes")
        self._stack.append(_Open(self._attach(value, line), value))

    def _close(self) -> None:
        self._stack.pop()

    def _give_up(self, line: int, text: str) -> None:
        self.problem(line, text)
        raise _GiveUp
