"""What a message of Telegram's holds: its words with their formatting, its picture."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from telegram import MessageEntity, PhotoSize

from bot.markup import escape, utf16_len

_TAGS = {
    MessageEntity.BOLD: "b",
    MessageEntity.ITALIC: "i",
    MessageEntity.UNDERLINE: "u",
    MessageEntity.STRIKETHROUGH: "s",
    MessageEntity.SPOILER: "tg-spoiler",
    MessageEntity.CODE: "code",
    MessageEntity.PRE: "pre",
    MessageEntity.BLOCKQUOTE: "blockquote",
}


def as_html(text: str, entities: Sequence[MessageEntity]) -> str:
    """The words as Telegram's HTML. Never raises: a stretch that overlaps another, or lies outside, is cut to fit.

    What is no formatting is left as words: commands, addresses that Telegram finds by itself, the name of somebody
    with an account, and the emoji that a custom one stands for. (The library's own `text_html` writes tags for those
    that `bot/markup.py` refuses, and leaves an address unescaped.)
    """
    starts = list(accumulate(map(utf16_len, text), initial=0))
    stretches = []
    for entity in entities:
        if (tags := _tags(entity)) is not None:
            begin, end = (bisect_left(starts, at) for at in (entity.offset, entity.offset + entity.length))
            stretches.append((begin, min(end, len(text)), tags))
    out: list[str] = []
    opened: list[tuple[int, str]] = []
    at = 0
    for begin, end, (opening, closing) in sorted(stretches, key=lambda stretch: (stretch[0], -stretch[1])):
        at = _close(out, opened, text, at, begin)
        last = min(end, opened[-1][0]) if opened else end
        if begin < last:
            out += [escape(text[at:begin]), opening]
            opened.append((last, closing))
            at = begin
    at = _close(out, opened, text, at, len(text))
    return "".join([*out, escape(text[at:])])


def largest_photo(sizes: Sequence[PhotoSize]) -> str | None:
    """Telegram makes several sizes of a photo; the id of the largest stands for the whole."""
    largest = max(sizes, key=lambda size: size.width * size.height, default=None)
    return largest.file_id if largest else None


def _close(out: list[str], opened: list[tuple[int, str]], text: str, at: int, until: int) -> int:
    """End the stretches that end by `until`; how far the words are written now."""
    while opened and opened[-1][0] <= until:
        end, closing = opened.pop()
        out += [escape(text[at:end]), closing]
        at = end
    return at


def _tags(entity: MessageEntity) -> tuple[str, str] | None:
    """The start and end tag, or None for what is no formatting."""
    if entity.type == MessageEntity.TEXT_LINK and entity.url:
        return f'<a href="{escape(entity.url)}">', "</a>"
    if entity.type == MessageEntity.EXPANDABLE_BLOCKQUOTE:
        return "<blockquote expandable>", "</blockquote>"
    tag = _TAGS.get(entity.type)
    return None if tag is None else (f"<{tag}>", f"</{tag}>")
