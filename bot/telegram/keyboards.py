"""Buttons on the wire. Callback data is our row's id and the button's own data, so a press proves its message arrived.

`encode(46655, "entry:leg_jump")` is "zzz.entry:leg_jump": the id in base 36, a dot, the data, at most 64 bytes
(Bot API, InlineKeyboardButton). Anybody can send any data with a modified client, so reading it promises nothing:
whoever handles a press checks that the row exists, belongs to the chat and has that button.
"""

import re

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.markup import MAX_CALLBACK_BYTES
from bot.model import Button, Buttons, Keys, MessageId

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ROW_ID = re.compile(r"0|[1-9a-z][0-9a-z]{0,12}")
_MAX_ROW_ID = 2**63 - 1
"""Both databases keep ids in 64 bits; a larger one was not ours."""


def encode(row_id: int, data: str) -> str:
    """The callback data of a button under row `row_id`. Raises ValueError for one Telegram would not take."""
    if not 0 <= row_id <= _MAX_ROW_ID:
        raise ValueError(f"{row_id} is not the id of a row")
    raw = f"{_base36(row_id)}.{data}"
    if len(raw.encode()) > MAX_CALLBACK_BYTES:
        raise ValueError(f"callback data over {MAX_CALLBACK_BYTES} bytes under row {row_id}")
    return raw


def decode(raw: str) -> tuple[MessageId | None, str | None]:
    """The row id and data `encode` put together; (None, None) for anything it cannot have written. Never raises."""
    head, dot, data = raw.partition(".")
    if not dot or not _ROW_ID.fullmatch(head) or len(raw.encode(errors="surrogatepass")) > MAX_CALLBACK_BYTES:
        return None, None
    row_id = int(head, 36)
    return (MessageId(row_id), data) if row_id <= _MAX_ROW_ID else (None, None)


def markup(buttons: Buttons, owner_row_id: int) -> InlineKeyboardMarkup | None:
    """The keyboard under a message whose row is `owner_row_id`; None without buttons, which takes an old one away.

    Raises ValueError for a button that has both data and a link, or neither, or data that does not fit.
    """
    rows = [[_button(button, owner_row_id) for button in row] for row in buttons if row]
    return InlineKeyboardMarkup(rows) if rows else None


def typing_area(keys: Keys) -> ReplyKeyboardMarkup | ReplyKeyboardRemove:
    """What takes the place of the patient's keyboard until they tap it, one key in a row; or takes it away."""
    rows = [[KeyboardButton(keys.share, request_contact=True)]] if keys.share else []
    rows += [[KeyboardButton(word)] for word in keys.words]
    if not rows:
        return ReplyKeyboardRemove()
    return ReplyKeyboardMarkup(rows, resize_keyboard=True, one_time_keyboard=True)


def _button(button: Button, owner_row_id: int) -> InlineKeyboardButton:
    if bool(button.data) == bool(button.url):
        raise ValueError(f"a button under row {owner_row_id} needs either data or a link")
    if button.url:
        return InlineKeyboardButton(button.label, url=button.url)
    return InlineKeyboardButton(button.label, callback_data=encode(owner_row_id, button.data))


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, last = divmod(number, 36)
        digits = _DIGITS[last] + digits
        if not number:
            return digits
