"""Formatting as Telegram tells it, as HTML that it takes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import MessageEntity, PhotoSize, User

from bot.markup import parse, utf16_len
from bot.telegram.said import as_html, largest_photo


def entity(kind: str, offset: int, length: int, **more: str) -> MessageEntity:
    return MessageEntity(kind, offset, length, **more)  # type: ignore[arg-type]  # the fields that are words


@pytest.mark.parametrize(
    ("text", "entities", "html"),
    [
        pytest.param("a < b & c", [], "a &lt; b &amp; c", id="no formatting"),
        pytest.param("be bold", [entity("bold", 3, 4)], "be <b>bold</b>", id="at the end"),
        pytest.param(
            "one two three",
            [entity("bold", 0, 13), entity("italic", 4, 3), entity("underline", 4, 3)],
            "<b>one <i><u>two</u></i> three</b>",
            id="nested, two on the same words",
        ),
        pytest.param(
            "ab",
            [entity("strikethrough", 0, 1), entity("code", 1, 1)],
            "<s>a</s><code>b</code>",
            id="side by side",
        ),
        pytest.param("a\nb", [entity("pre", 0, 3, language="python")], "<pre>a\nb</pre>", id="lines of code"),
        pytest.param(
            "secret",
            [entity("spoiler", 0, 6)],
            "<tg-spoiler>secret</tg-spoiler>",
            id="spoiler",
        ),
        pytest.param(
            "said\nlong",
            [entity("blockquote", 0, 4), entity("expandable_blockquote", 5, 4)],
            "<blockquote>said</blockquote>\n<blockquote expandable>long</blockquote>",
            id="quotations",
        ),
        pytest.param(
            "book",
            [entity("text_link", 0, 4, url='https://e.org/?a=1&lt=2&q="x"')],
            '<a href="https://e.org/?a=1&amp;lt=2&amp;q=&quot;x&quot;">book</a>',
            id="an address with signs of HTML",
        ),
        pytest.param(
            "👨‍👩‍👧 hi 👋 yes",
            [entity("bold", 9, 2), entity("custom_emoji", 12, 2, custom_emoji_id="5368324170671202286")],
            "👨‍👩‍👧 <b>hi</b> 👋 yes",
            id="a custom emoji becomes the plain one, and emoji count as Telegram counts them",
        ),
        pytest.param(
            "/start @clinic #x e.org",
            [entity("bot_command", 0, 6), entity("mention", 7, 7), entity("hashtag", 15, 2), entity("url", 18, 5)],
            "/start @clinic #x e.org",
            id="what Telegram finds by itself",
        ),
        pytest.param(
            "ask Bo",
            [MessageEntity("text_mention", 4, 2, user=User(5, "Bo", False))],
            "ask Bo",
            id="nobody's account is passed on",
        ),
        pytest.param("abc", [entity("bold", 0, 2), entity("italic", 1, 2)], "<b>a<i>b</i></b>c", id="overlapping"),
        pytest.param("ab", [entity("bold", 1, 9), entity("italic", 7, 2)], "a<b>b</b>", id="beyond the end"),
        pytest.param("😀a", [entity("bold", 1, 2)], "😀<b>a</b>", id="from within a character"),
        pytest.param("ab", [entity("sparkle", 0, 1)], "ab", id="newer than the library"),
    ],
)
def test_formatting_as_html(text: str, entities: list[MessageEntity], html: str) -> None:
    assert as_html(text, entities) == html
    assert parse(html).text == text


def test_what_telegram_would_make_of_it_is_what_it_told() -> None:
    text = "😀 one two & three"
    told = [entity("bold", 3, 7), entity("italic", 7, 3), entity("text_link", 13, 5, url="https://e.org/a")]

    found = parse(as_html(text, told)).entities

    assert [(e.type, e.offset, e.length, e.url) for e in found] == [
        ("bold", 3, 7, None),
        ("italic", 7, 3, None),
        ("text_link", 13, 5, "https://e.org/a"),
    ]


KINDS = st.sampled_from(["bold", "italic", "code", "spoiler", "expandable_blockquote", "url", "text_link"])


@given(
    st.text(st.sampled_from("ab<>&\"' 😀é\n"), max_size=12),
    st.lists(st.tuples(KINDS, st.integers(-2, 20), st.integers(-2, 20)), max_size=6),
)
def test_no_stretches_however_odd_change_a_word(text: str, odd: list[tuple[str, int, int]]) -> None:
    html = as_html(text, [entity(kind, at, length, url="https://e.org/") for kind, at, length in odd])

    assert parse(html).text == text
    assert all(e.offset + e.length <= utf16_len(text) for e in parse(html).entities)


def test_the_largest_size_stands_for_a_picture() -> None:
    sizes = [PhotoSize(name, name, side, side) for name, side in (("s", 90), ("l", 1280), ("m", 320))]

    assert (largest_photo(sizes), largest_photo([])) == ("l", None)
