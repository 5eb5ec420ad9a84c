"""The words and buttons of a call, checked as strictly as Telegram checks them."""

import re
from urllib.parse import urlsplit

from bot.errors import MarkupError
from bot.markup import MAX_CALLBACK_BYTES, MAX_CAPTION, MAX_TEXT, Entity, Parsed, escape, parse, utf16_len
from bot.simulator.errors import bad_request
from bot.simulator.params import Params
from bot.simulator.state import Json, Key, Keyboard, Words

MAX_SOURCE_BYTES = 1 << 15
"""Text with its markup, in UTF-8."""
MAX_BUTTONS = 100


def read_text(params: Params) -> Words:
    """The text of a message. Raises ApiError when it is missing, blank, too long or cannot be parsed."""
    if not params.text("text"):
        raise bad_request("message text is empty")
    words = _read_words(params, "text", "entities")
    if not words.text:
        raise bad_request("text must be non-empty")
    if utf16_len(words.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return words


def read_caption(params: Params) -> Words:
    """The caption of a photo or file, empty if there is none."""
    words = _read_words(params, "caption", "caption_entities")
    if utf16_len(words.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return words


def _read_words(params: Params, name: str, entities_name: str) -> Words:
    source = params.text(name)
    if len(source.encode()) > MAX_SOURCE_BYTES:
        raise bad_request("text is too long")
    mode = params.text("parse_mode").lower()
    if mode == "html":
        try:
            return _trimmed(parse(source), source)
        except MarkupError as error:
            raise bad_request(f"can't parse entities: {error}") from None
    if mode not in {"", "none"}:
        # Telegram also knows Markdown and MarkdownV2; this bot writes HTML alone, so anything else is a mistake.
        raise bad_request("unsupported parse_mode")
    return _trimmed(Parsed(source, tuple(_read_entities(params, entities_name))), escape(source))


def _read_entities(params: Params, name: str) -> list[Entity]:
    given = params.json(name, "can't parse entities JSON object")
    if not isinstance(given, list):
        return []
    return [Entity(str(e["type"]), int(e["offset"]), int(e["length"]), e.get("url")) for e in given]


def _trimmed(parsed: Parsed, html: str) -> Words:
    """Telegram cuts white space at the end, and blanks and line ends at the start up to the first entity."""
    text = parsed.text.rstrip()
    start = len(text) - len(text.lstrip(" \n"))
    if parsed.entities:
        start = min(start, parsed.entities[0].offset)  # what is cut is ASCII: units are characters
    length = utf16_len(text)
    kept = tuple(
        Entity(e.type, e.offset - start, min(e.length, length - e.offset), e.url, e.language)
        for e in parsed.entities
        if e.offset < length
    )
    return Words(text[start:], kept, html.strip())


def read_markup(params: Params, *, inline_only: bool = False) -> tuple[Keyboard, Json | None]:
    """Inline buttons, and any other reply markup as it was sent. Raises ApiError for buttons Telegram refuses."""
    given = params.json("reply_markup", "can't parse reply keyboard markup JSON object")
    if given is None:
        return (), None
    if not isinstance(given, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" not in given:
        if inline_only and given:
            raise bad_request("inline keyboard expected")
        return (), _read_typing_area(given)
    rows = given["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    keyboard = tuple(tuple(_read_key(button) for button in row) for row in rows if row)
    if sum(len(row) for row in keyboard) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    return keyboard, None


def _read_typing_area(given: Json) -> Json | None:
    """A keyboard in place of the person's own, or its removal; None for an empty object."""
    rows = given.get("keyboard")
    if rows is None:
        return given or None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "keyboard" of the ReplyKeyboardMarkup must be an Array of Arrays')
    for button in (button for row in rows for button in row):
        label = button.get("text") if isinstance(button, dict) else button
        if not isinstance(label, str):
            raise bad_request("can't parse keyboard button: KeyboardButton must be a String or an Object")
        if not label.strip():
            raise bad_request("keyboard button text must be non-empty")
    return given


def asks_for_phone(typing_area: Json | None) -> bool:
    """Whether a key of this keyboard shares the person's phone number."""
    rows = typing_area.get("keyboard") if typing_area is not None else None
    buttons = [button for row in rows for button in row] if isinstance(rows, list) else []
    return any(isinstance(button, dict) and button.get("request_contact") for button in buttons)


def _read_key(button: object) -> Key:
    if not isinstance(button, dict):
        raise _button_error("InlineKeyboardButton must be an Object")
    label, data, url = (str(button.get(name) or "") for name in ("text", "callback_data", "url"))
    if data and url:
        # Telegram silently prefers the link; its documentation asks for exactly one, and so do we.
        raise _button_error("exactly one of url and callback_data must be used")
    if not data and not url:
        raise _button_error("Text buttons are unallowed in the inline keyboard")
    if not label.strip():
        raise bad_request("inline keyboard button text must be non-empty")
    if len(data.encode()) > MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if url and not _is_link(url):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return Key(label, data or None, url or None)


def _button_error(text: str) -> Exception:
    return bad_request(f"can't parse inline keyboard button: {text}")


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "tg":
        return True
    return parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and not re.search(r"\s", url)
