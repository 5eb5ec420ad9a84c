"""Telegram's HTML: read it as Telegram does, measure it, cut it.

Source: Bot API, "HTML style" and "Message entities", and the parser of TDLib (td/telegram/MessageEntity.cpp), which
is what answers "can't parse entities". Lengths and offsets are UTF-16 code units, as everywhere in Telegram.

Two places are stricter than Telegram, because what it does there is never what the writer meant: an unknown named
entity (`&nbsp;`) is refused where Telegram shows it letter by letter, and `<tg-emoji>` and `<tg-time>`, which we do not
use, are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import MarkupError

MAX_TEXT = 4096
"""UTF-16 units of a message's text, counted after the markup is taken out."""
MAX_CAPTION = 1024
"""The same for the words under a photo or file."""
MAX_CALLBACK_BYTES = 64
"""UTF-8 bytes of a button's callback data."""

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPACE = " \t\r\n\v\0"
_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]*)|#(?P<dec>[0-9]*)|(?P<name>[a-zA-Z]+));?")
_VERBATIM = {"code", "pre"}
_NEAREST_CUT = 4
"""A paragraph or line end in the first quarter of a part is too early to cut at; a word end is better."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One formatted stretch. `type` is the Bot API's name; `url` belongs to `text_link`, `language` to `pre`."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """The words without markup, and what formats them: by offset, the longer first."""

    text: str
    entities: tuple[Entity, ...]


def utf16_len(text: str) -> int:
    """How long Telegram says `text` is: UTF-16 code units, so most emoji count two."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def escape(text: str) -> str:
    """`text` made safe to stand between tags or inside a double-quoted attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def plain(html: str) -> str:
    """The words of `html` without its markup. Raises MarkupError."""
    return parse(html).text


def parse(html: str) -> Parsed:
    """The words and entities of `html`. Raises MarkupError, in Telegram's own wording, for what Telegram refuses.

    A link Telegram cannot use (`ftp:`, `tel:`, no host) is no error: like Telegram, its words stay and the link goes.
    """
    text: list[str] = []
    length = 0
    begun: dict[int, int] = {}
    found: list[tuple[_Open, int, int]] = []
    for token in _tokens(html):
        if isinstance(token, str):
            text.append(token)
            length += utf16_len(token)
        elif isinstance(token, _Open):
            begun[token.at] = length
        elif length > (start := begun.pop(token.opened.at)):
            found.append((token.opened, start, length))
    words = "".join(text)
    return Parsed(words, _entities(words, found))


def split(html: str, limit: int = MAX_TEXT) -> list[str]:
    """`html` as parts of at most `limit` UTF-16 units each, in order; [] when it holds nothing but white space.

    Cuts after a paragraph, else a line, else a word, else (a word longer than a part) between characters. Only white
    space at a cut is lost. Every part is valid by itself: what was open at a cut is closed and opened again.
    Raises MarkupError, and ValueError for a limit under 2 (an emoji is two units).
    """
    if limit < 2:
        raise ValueError(f"a part needs room for one character of two units, not {limit}")
    runs = _runs(html)
    text = "".join(run.text for run in runs)
    if utf16_len(text) <= limit:
        return [html] if text.strip() else []
    return [_render(runs, start, stop) for start, stop in _cuts(text, limit)]


def tail(html: str, start: int) -> str:
    """The HTML of the words from character `start` on, with the tags that are open there. Raises MarkupError."""
    runs = _runs(html)
    return _render(runs, start, sum(len(run.text) for run in runs))


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Open:
    """A start tag: its lower-case name, the attribute that counts, where it stands and how it was written."""

    name: str
    value: str
    at: int
    source: str


@dataclass(frozen=True, slots=True)
class _Close:
    """An end tag and the start tag it closes."""

    opened: _Open


_Token = str | _Open | _Close


def _tokens(html: str) -> Iterator[_Token]:
    """Words (decoded), start tags and end tags in order, properly nested. Raises MarkupError."""
    at = 0
    stack: list[_Open] = []
    while at < len(html):
        if html[at] == "<" and html[at + 1 : at + 2] == "/":
            at = _read_end_tag(html, at, stack)
            yield _Close(stack.pop())
        elif html[at] == "<":
            opened = _StartTag(html, at).read()
            at += len(opened.source)
            stack.append(opened)
            yield opened
        else:
            end = html.find("<", at)
            end = len(html) if end < 0 else end
            yield _decode(html, at, end)
            at = end
    if stack:
        name = stack[-1].name
        raise MarkupError(f'Can\'t find end tag corresponding to start tag "{name}"', stack[-1].at)


def _read_end_tag(html: str, at: int, stack: list[_Open]) -> int:
    """The position after the end tag at `at`, which must close the top of `stack`."""
    if not stack:
        raise MarkupError(f"Unexpected end tag at byte offset {_bytes(html, at)}", at)
    end = at + 2
    while end < len(html) and html[end] not in _SPACE and html[end] != ">":
        end += 1
    name = html[at + 2 : end].lower()
    while end < len(html) and html[end] in _SPACE:
        end += 1
    if html[end : end + 1] != ">":
        raise MarkupError(f"Unclosed end tag at byte offset {_bytes(html, at)}", at)
    if name and name != stack[-1].name:
        expected = f'expected "</{stack[-1].name}>", found "</{name}>"'
        raise MarkupError(f"Unmatched end tag at byte offset {_bytes(html, at)}, {expected}", at)
    return end + 1


class _StartTag:
    """Reads one start tag with its attributes."""

    def __init__(self, html: str, at: int) -> None:
        self.html = html
        self.at = at
        self.pos = at + 1
        self.name = ""
        self.value = ""

    def read(self) -> _Open:
        self.name = self._until(_SPACE + ">").lower()
        if self.pos >= len(self.html):
            raise self._error("Unclosed start tag at byte offset {offset}")
        if self.name not in _TYPES:
            raise self._error('Unsupported start tag "{name}" at byte offset {offset}')
        self._skip_space()
        while self._peek() != ">":
            self._attribute()
            self._skip_space()
        if self.name == "span" and self.value != "spoiler":
            raise self._error('Tag "span" must have class "tg-spoiler" at byte offset {offset}')
        self.pos += 1
        return _Open(self.name, self.value, self.at, self.html[self.at : self.pos])

    def _attribute(self) -> None:
        key = self._until(_SPACE + "=>/\"'")
        if not key:
            raise self._error(
                'Unclosed start tag "{name}" at byte offset {offset}'
                if self.pos >= len(self.html)
                else 'Empty attribute name in the tag "{name}" at byte offset {offset}'
            )
        self._skip_space()
        value = ""
        if self._peek() == "=":
            self.pos += 1
            self._skip_space()
            value = self._attribute_value()
        if self.pos >= len(self.html):
            raise self._error('Unclosed start tag "{name}" at byte offset {offset}')
        self._keep(key, value)

    def _attribute_value(self) -> str:
        quote = self._peek()
        if quote in {'"', "'"}:
            end = self.html.find(quote, self.pos + 1)
            if end < 0:
                raise self._error("Unclosed start tag at byte offset {offset}")
            value = _decode(self.html, self.pos + 1, end)
            self.pos = end + 1
            return value
        start = self.pos
        while (char := self._peek()) and char.isascii() and (char.isalnum() or char in ".-"):
            self.pos += 1
        if self.pos < len(self.html) and self._peek() not in _SPACE + ">":
            raise MarkupError(f"Unexpected end of name token at byte offset {_bytes(self.html, start)}", start)
        return self.html[start : self.pos].lower()

    def _keep(self, key: str, value: str) -> None:
        """Remember the one attribute each tag may have; others are ignored, as Telegram does."""
        match self.name, key:
            case "a", "href":
                self.value = value
            case "code", "class" if value.startswith("language-"):
                self.value = value.removeprefix("language-")
            case "span", "class" if value.startswith("tg-"):
                self.value = value.removeprefix("tg-")
            case "blockquote", "expandable":
                self.value = "expandable"

    def _peek(self) -> str:
        return self.html[self.pos : self.pos + 1]

    def _until(self, stops: str) -> str:
        start = self.pos
        while self.pos < len(self.html) and self.html[self.pos] not in stops:
            self.pos += 1
        return self.html[start : self.pos]

    def _skip_space(self) -> None:
        while self.pos < len(self.html) and self.html[self.pos] in _SPACE:
            self.pos += 1

    def _error(self, text: str) -> MarkupError:
        return MarkupError(text.format(name=self.name, offset=_bytes(self.html, self.at)), self.at)


def _decode(html: str, start: int, end: int) -> str:
    """`html[start:end]` with its character references resolved."""

    def resolve(match: re.Match[str]) -> str:
        at = start + match.start()
        if (name := match["name"]) is not None:
            if name in _NAMED:
                return _NAMED[name]
            if match[0].endswith(";"):
                raise MarkupError(f'Unsupported entity "{match[0]}" at byte offset {_bytes(html, at)}', at)
            return match[0]  # "salt&pepper": an ampersand in words, as Telegram reads it
        short = len(match[0].rstrip(";")) < 10
        code = int(match["hex"] or "0", 16) or int(match["dec"] or "0") if short else 0
        if not 0 < code < 0x10FFFF:
            raise MarkupError(f'Unsupported entity "{match[0]}" at byte offset {_bytes(html, at)}', at)
        if 0xD800 <= code <= 0xDFFF:
            raise MarkupError(
                "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched "
                "surrogate code units",
                at,
            )
        return chr(code)

    return _REFERENCE.sub(resolve, html[start:end])


def _bytes(html: str, at: int) -> int:
    """Telegram counts the place of an error in UTF-8 bytes."""
    return len(html[:at].encode("utf-8", "surrogatepass"))


# --- entities ------------------------------------------------------------------------------------------------------


def _entities(text: str, found: list[tuple[_Open, int, int]]) -> tuple[Entity, ...]:
    """The entities Telegram keeps: nothing inside code or pre, no type inside itself, no link it cannot use."""
    kept: list[Entity] = []
    around: list[int] = []  # positions in `kept` of the entities that enclose the present one
    for tag, start, end in sorted(found, key=lambda item: (item[1], -item[2], item[0].at)):
        while around and kept[around[-1]].offset + kept[around[-1]].length <= start:
            around.pop()
        entity = _entity(text, tag, start, end)
        outer = [kept[position] for position in around]
        if entity is None or any(_family(e.type) == _family(entity.type) for e in outer):
            continue
        if outer and outer[-1].type in _VERBATIM:
            if tag.name == "code" and tag.value and (outer[-1].offset, outer[-1].length) == (start, end - start):
                kept[around[-1]] = Entity("pre", start, end - start, language=tag.value)
            continue
        around.append(len(kept))
        kept.append(entity)
    return tuple(kept)


def _family(kind: str) -> str:
    return kind.removeprefix("expandable_")


def _entity(text: str, tag: _Open, start: int, end: int) -> Entity | None:
    if tag.name == "a":
        url = tag.value or _slice_utf16(text, start, end)
        return Entity("text_link", start, end - start, url=_usable(url)) if _usable(url) else None
    if tag.name == "blockquote" and tag.value:
        return Entity("expandable_blockquote", start, end - start)
    return Entity(_TYPES[tag.name], start, end - start)


def _usable(url: str) -> str | None:
    """The link as Telegram keeps it ("clinic.example" becomes "http://clinic.example/"), or None if it drops it."""
    url = url.strip()
    try:
        parts = urlsplit(url if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", url) else f"http://{url}")
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme in {"tg", "ton", "tonsite"}:
        return url
    if parts.scheme not in {"http", "https"} or "." not in host or re.search(r"\s", url):
        return None
    return parts._replace(path=parts.path or "/").geturl()


def _slice_utf16(text: str, start: int, end: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")


# --- cutting -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Run:
    """Words under the same open tags, outermost first."""

    text: str
    tags: tuple[_Open, ...]


def _runs(html: str) -> list[_Run]:
    runs: list[_Run] = []
    stack: list[_Open] = []
    for token in _tokens(html):
        if isinstance(token, str):
            runs.append(_Run(token, tuple(stack)))
        elif isinstance(token, _Open):
            stack.append(token)
        else:
            stack.pop()
    return runs


def _cuts(text: str, limit: int) -> Iterator[tuple[int, int]]:
    """Start and stop of each part in `text`, in characters; parts of mere white space are left out."""
    start = 0
    while start < len(text):
        stop = resume = start + _fits(text, start, limit)
        if stop < len(text):
            stop, resume = _best_cut(text, start, stop)
        end = start + len(text[start:stop].rstrip())
        if end > start:
            yield start, end
        start = resume


def _fits(text: str, start: int, limit: int) -> int:
    """How many characters from `start` make up at most `limit` units."""
    chars = min(limit, len(text) - start)
    while (over := utf16_len(text[start : start + chars]) - limit) > 0:
        chars -= (over + 1) // 2
    return chars


def _best_cut(text: str, start: int, stop: int) -> tuple[int, int]:
    """Where to end the part that could reach from `start` to `stop`, and where the next begins.

    After a line end only line ends are skipped, so that indented code keeps its indentation.
    """
    early = start + (stop - start) // _NEAREST_CUT
    for separator in ("\n\n", "\n"):
        cut = text.rfind(separator, max(early, start + 1), stop + len(separator))
        if cut >= 0:
            return cut, _skip(text, cut, "\n")
    gaps = list(re.finditer(r"\s+", text[start : stop + 1]))
    if gaps and gaps[-1].start() > 0:
        cut = start + gaps[-1].start()
        return cut, _skip(text, cut, None)
    return stop, stop


def _skip(text: str, at: int, chars: str | None) -> int:
    """The first position from `at` that holds none of `chars` (None: no white space)."""
    return len(text) - len(text[at:].lstrip(chars))


def _render(runs: list[_Run], start: int, stop: int) -> str:
    """The HTML of the characters from `start` to `stop`, with the tags around them."""
    out: list[str] = []
    open_tags: tuple[_Open, ...] = ()
    position = 0
    for run in runs:
        words = run.text[max(start - position, 0) : max(stop - position, 0)]
        position += len(run.text)
        if words:
            out += [_change(open_tags, run.tags), escape(words)]
            open_tags = run.tags
    return "".join([*out, _change(open_tags, ())])


def _change(before: tuple[_Open, ...], after: tuple[_Open, ...]) -> str:
    """The end and start tags that lead from one set of open tags to another."""
    common = 0
    while common < min(len(before), len(after)) and before[common] is after[common]:
        common += 1
    closing = "".join(f"</{tag.name}>" for tag in reversed(before[common:]))
    return closing + "".join(tag.source for tag in after[common:])
