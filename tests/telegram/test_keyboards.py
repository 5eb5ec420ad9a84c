"""Callback data there and back, and what comes back from somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardButton, KeyboardButton, ReplyKeyboardMarkup, ReplyKeyboardRemove

from bot.model import Button, Keys
from bot.telegram.keyboards import decode, encode, markup, typing_area

ROW_IDS = st.integers(min_value=0, max_value=2**63 - 1)
DATA = st.text(st.characters(exclude_categories=["Cs"]), max_size=50).filter(lambda text: len(text.encode()) <= 50)


@given(ROW_IDS, DATA)
def test_what_goes_out_comes_back(row_id: int, data: str) -> None:
    raw = encode(row_id, data)

    assert len(raw.encode()) <= 64
    assert decode(raw) == (row_id, data)


@given(st.text(st.characters(), max_size=80))
def test_anything_can_be_read_and_only_ours_means_something(raw: str) -> None:
    row_id, data = decode(raw)

    if row_id is None:
        assert data is None
    else:
        assert data is not None
        assert encode(row_id, data) == raw


@pytest.mark.parametrize(
    "raw",
    [
        "",
        ".",
        "zzz",
        ".entry:leg",
        "01.entry:leg",
        "ZZZ.entry:leg",
        "-1.entry:leg",
        "+1.entry:leg",
        "1_0.entry:leg",
        " 1.entry:leg",
        "١.entry:leg",
        "1y2p0ij32e8e8.entry:leg",
        "zzzzzzzzzzzzzz.entry:leg",
        "1." + "a" * 63,
        "\ud83d.entry:leg",
    ],
    ids=[
        "empty",
        "dot",
        "no dot",
        "no id",
        "leading zero",
        "capitals",
        "negative",
        "plus",
        "underscore",
        "space",
        "other digits",
        "2 to the 63",
        "long id",
        "65 bytes",
        "half a character",
    ],
)
def test_forged_data_is_nobodys(raw: str) -> None:
    assert decode(raw) == (None, None)


@pytest.mark.parametrize(
    ("row_id", "data"), [(-1, "a"), (2**63, "a"), (1, "a" * 63), (1, "é" * 32)], ids=["-1", "2^63", "long", "wide"]
)
def test_data_telegram_would_refuse_is_not_made(row_id: int, data: str) -> None:
    with pytest.raises(ValueError, match=r"row"):
        encode(row_id, data)


def test_a_keyboard_carries_its_row_in_every_button_but_links() -> None:
    rows = ((Button("Yes", "yes"), Button("No", "no")), (), (Button("Map", url="https://clinic.example"),))

    keyboard = markup(rows, 46655)

    assert keyboard is not None
    assert keyboard.inline_keyboard == (
        (InlineKeyboardButton("Yes", callback_data="zzz.yes"), InlineKeyboardButton("No", callback_data="zzz.no")),
        (InlineKeyboardButton("Map", url="https://clinic.example"),),
    )


@pytest.mark.parametrize("rows", [(), ((),)], ids=["no rows", "an empty row"])
def test_no_buttons_are_no_keyboard(rows: tuple[tuple[Button, ...], ...]) -> None:
    assert markup(rows, 1) is None


@pytest.mark.parametrize("button", [Button("?"), Button("?", "a", "https://b.example")], ids=["neither", "both"])
def test_a_button_does_exactly_one_thing(button: Button) -> None:
    with pytest.raises(ValueError, match="data or a link"):
        markup(((button,),), 1)


def test_keys_stand_in_place_of_the_keyboard_until_they_are_taken_away() -> None:
    shown = typing_area(Keys("My number", ("No",)))
    assert isinstance(shown, ReplyKeyboardMarkup)
    assert shown.keyboard == ((KeyboardButton("My number", request_contact=True),), (KeyboardButton("No"),))
    assert isinstance(typing_area(Keys()), ReplyKeyboardRemove)
