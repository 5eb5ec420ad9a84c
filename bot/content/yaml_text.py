"""Changing single values in a YAML text: what is not changed stays as it is, byte for byte.

A value is found by where the parser saw it, and only its own characters are replaced. (The round trip of ruamel.yaml
wraps long lists anew: 615 lines of the shipped files, before anything is edited.)
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

import yaml

from bot.errors import AftercareError

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
Written: TypeAlias = "str | Sequence[Written] | Mapping[str, Written]"
"""What can be written: a text, a list, or keys with values."""


class EditError(AftercareError):
    """An edit cannot be made; the sentence says why, and is meant for whoever asked for it."""


class YamlText:
    """A file's text that takes changes. Say all of them, then take `text`; places are of the text as it was given."""

    def __init__(self, text: str) -> None:
        """Raises EditError for what is no YAML of keys and values."""
        self._text = text if text.endswith("\n") else f"{text}\n"
        try:
            root = yaml.compose(self._text, Loader=_LOADER)
        except yaml.YAMLError as error:
            raise EditError("this file has a mistake; `aftercare faq check` names it") from error
        if not isinstance(root, yaml.MappingNode):
            raise EditError("this file has no keys and values")
        self.root = root
        self._starts = [0, *(place + 1 for place, char in enumerate(self._text) if char == "\n")]
        self._changes: list[tuple[int, int, str]] = []

    @property
    def text(self) -> str:
        """The text with every change made."""
        done, at = [], 0
        for begin, end, instead in sorted(self._changes, key=lambda change: change[:2]):  # stable: in order of asking
            done += [self._text[at:begin], instead]
            at = end
        return "".join([*done, self._text[at:]])

    # --- reading ----------------------------------------------------------------------------------------------------

    def find(self, key: str, id_: str) -> yaml.MappingNode | None:
        """The item with this id in the list under a key of the root."""
        return next((item for item in items(self.root, key) if value_of(item, "id") == id_), None)

    # --- changing ---------------------------------------------------------------------------------------------------

    def set(self, owner: yaml.MappingNode, key: str, value: Written) -> None:
        """Give `key` of `owner` this value; a new key comes last."""
        self._mind_style(owner)
        column = _column(owner)
        if (pair := _pair(owner, key)) is None:
            self._insert(self._last_line(owner) + 1, "\n".join(_key_lines(key, value, column)))
        elif isinstance(value, str) and isinstance(pair[1], yaml.ScalarNode):
            self._set_text(pair[1], value, column)
        else:
            self._replace_lines(pair[0].start_mark.line, self._last_line(pair[1]), _key_lines(key, value, column))

    def set_lines(self, owner: yaml.MappingNode, key: str, lines: Sequence[str]) -> None:
        """Give `key` of `owner` this list of texts; of those that stay, nothing is touched."""
        pair = _pair(owner, key)
        if not lines:
            self.drop(owner, key)
        elif pair is None or not isinstance(pair[1], yaml.SequenceNode) or pair[1].flow_style:
            self.set(owner, key, lines)
        else:
            self._set_items(pair[1].value, lines)

    def drop(self, owner: yaml.MappingNode, key: str) -> None:
        """Take a key and its value out, if it is there."""
        self._mind_style(owner)
        if (pair := _pair(owner, key)) is not None:
            self._replace_lines(pair[0].start_mark.line, self._last_line(pair[1]), [])

    def add_item(self, key: str, item: Mapping[str, Written]) -> None:
        """Put an item at the end of the list of items under a key of the root, after an empty line."""
        last = items(self.root, key)[-1]
        self._mind_style(last)
        dash = _indent(self._line(last.start_mark.line))
        self._insert(self._last_line(last) + 1, "\n" + "\n".join(_item_lines(item, dash)))

    def drop_item(self, item: yaml.MappingNode) -> None:
        """Take an item out of its list, with the empty lines above it."""
        self._mind_style(item)
        first = item.start_mark.line
        while first and not self._line(first - 1).strip():
            first -= 1
        self._replace_lines(first, self._last_line(item), [])

    # --- how --------------------------------------------------------------------------------------------------------

    def _set_text(self, node: yaml.ScalarNode, text: str, column: int) -> None:
        begin, end = node.start_mark.index, node.end_mark.index
        is_block = node.style in ("|", ">")
        if is_block:
            end = self._starts[self._last_line(node) + 1] - 1
        gap = "" if self._text[begin - 1] == " " else " "
        if "\n" not in text:
            self._changes.append((begin, end, gap + _inline(text)))
        elif is_block:
            self._changes.append((begin, end, "|\n" + "\n".join(_block_lines(text, column + 2))))
        else:  # what stands behind the value, such as a note, stays in its line
            self._changes.append((begin, end, f"{gap}|"))
            self._insert(self._last_line(node) + 1, "\n".join(_block_lines(text, column + 2)))

    def _set_items(self, nodes: Sequence[yaml.Node], lines: Sequence[str]) -> None:
        old = [node.value.strip() if isinstance(node, yaml.ScalarNode) else "" for node in nodes]
        indent = " " * _indent(self._line(nodes[0].start_mark.line))
        for _, i1, i2, j1, j2 in _differences(old, lines):
            both = min(i2 - i1, j2 - j1)
            for node, text in zip(nodes[i1 : i1 + both], lines[j1 : j1 + both], strict=True):
                self._changes.append((node.start_mark.index, node.end_mark.index, _inline(text)))
            for node in nodes[i1 + both : i2]:
                self._replace_lines(node.start_mark.line, self._last_line(node), [])
            if added := [f"{indent}- {_inline(text)}" for text in lines[j1 + both : j2]]:
                before = i1 + both
                line = self._last_line(nodes[before - 1]) + 1 if before else nodes[0].start_mark.line
                self._insert(line, "\n".join(added))

    def _insert(self, line: int, text: str) -> None:
        self._changes.append((self._starts[line], self._starts[line], f"{text}\n"))

    def _replace_lines(self, first: int, last: int, lines: Sequence[str]) -> None:
        said = "".join(f"{line}\n" for line in lines)
        if lines and (before := self._line(first).lstrip()).startswith("- "):  # the first key of an item keeps its dash
            said = self._line(first)[: -len(before)] + "- " + said.lstrip()
        self._changes.append((self._starts[first], self._starts[last + 1], said))

    def _line(self, number: int) -> str:
        return self._text[self._starts[number] : self._starts[number + 1] - 1]

    def _last_line(self, node: yaml.Node) -> int:
        """The last line a value stands on. Marks of blocks run on over the empty lines and notes behind them."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._last_line(last[1] if isinstance(last, tuple) else last)
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            line = bisect_right(self._starts, node.end_mark.index) - 1
            if node.end_mark.column == 0 or line == len(self._starts) - 1:
                line -= 1
            while line > node.start_mark.line and not self._line(line).strip():
                line -= 1
            return line
        return int(node.end_mark.line)

    def _mind_style(self, node: yaml.MappingNode) -> None:
        if node.flow_style:
            raise EditError("this is written in {curly brackets} on one line; change it in the file")


def items(root: yaml.MappingNode, key: str) -> list[yaml.MappingNode]:
    """The items of the list under a key of the root; none where there is no such list."""
    pair = _pair(root, key)
    if pair is None or not isinstance(pair[1], yaml.SequenceNode):
        return []
    return [item for item in pair[1].value if isinstance(item, yaml.MappingNode)]


def value_of(owner: yaml.MappingNode, key: str) -> str | None:
    """The text under a key; None where there is no such key, or something else under it."""
    pair = _pair(owner, key)
    return str(pair[1].value) if pair is not None and isinstance(pair[1], yaml.ScalarNode) else None


def lines_of(owner: yaml.MappingNode, key: str) -> list[str]:
    """The texts listed under a key; none where there is no such list."""
    pair = _pair(owner, key)
    if pair is None or not isinstance(pair[1], yaml.SequenceNode):
        return []
    return [str(node.value) for node in pair[1].value if isinstance(node, yaml.ScalarNode)]


def child(owner: yaml.MappingNode, key: str) -> yaml.MappingNode | None:
    """The keys and values under a key."""
    pair = _pair(owner, key)
    return pair[1] if pair is not None and isinstance(pair[1], yaml.MappingNode) else None


def _pair(owner: yaml.MappingNode, key: str) -> tuple[yaml.ScalarNode, yaml.Node] | None:
    return next(((name, value) for name, value in owner.value if name.value == key), None)


def _column(owner: yaml.MappingNode) -> int:
    """Where the keys of `owner` begin."""
    return int(owner.start_mark.column)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _differences(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [one for one in found if one[0] != "equal"]


def _key_lines(key: str, value: Written, column: int) -> list[str]:
    """A key and its value as lines of a block, as the shipped files write them."""
    pad = " " * column
    if isinstance(value, str):
        if "\n" in value:
            return [f"{pad}{key}: |", *_block_lines(value, column + 2)]
        return [f"{pad}{key}: {_inline(value)}"]
    if isinstance(value, Mapping):
        inner = (line for name, one in value.items() for line in _key_lines(name, one, column + 2))
        return [f"{pad}{key}:", *inner]
    return [f"{pad}{key}:", *(line for one in value for line in _item_lines(one, column + 2))]


def _item_lines(item: Written, dash: int) -> Iterator[str]:
    """One item of a list, its dash in this column."""
    pad = " " * dash
    if isinstance(item, str):
        yield f"{pad}- {_inline(item)}"
    elif isinstance(item, Mapping):
        lines = [line for name, one in item.items() for line in _key_lines(name, one, dash + 2)]
        yield f"{pad}- {lines[0].lstrip()}"
        yield from lines[1:]


def _block_lines(text: str, column: int) -> list[str]:
    return [f"{' ' * column}{line}" if line else "" for line in text.split("\n")]


def _inline(text: str) -> str:
    """A text of one line: bare where that says the same, else in double quotes."""
    if "\n" in text:
        raise EditError("this has to be one line")
    if all(_means(text, written) for written in (f"- {text}\n", f"k: {text}\n")):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _means(text: str, written: str) -> bool:
    """Whether this one-item list, or this key, has exactly the text for its value."""
    try:
        node = yaml.compose(written, Loader=_LOADER)
    except yaml.YAMLError:
        return False
    value = node.value[0] if node is not None and node.value else None
    value = value[1] if isinstance(value, tuple) else value
    return isinstance(value, yaml.ScalarNode) and value.value == text and not value.style
