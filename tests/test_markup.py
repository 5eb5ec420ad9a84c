"""Telegram's HTML: what it means, what is refused, how it is cut."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MarkupError
from bot.markup import MAX_TEXT, Entity, escape, parse, plain, split, tail, utf16_len

ACCEPTED = {
    "no markup": ("Call 112 now.", "Call 112 now.", ()),
    "bold": ("<b>Call</b> now", "Call now", (Entity("bold", 0, 4),)),
    "strong is bold": ("<strong>a</strong>", "a", (Entity("bold", 0, 1),)),
    "em is italic": ("<em>a</em>", "a", (Entity("italic", 0, 1),)),
    "ins is underline": ("<ins>a</ins>", "a", (Entity("underline", 0, 1),)),
    "three ways to strike": (
        "<s>a</s> <strike>b</strike> <del>c</del>",
        "a b c",
        (Entity("strikethrough", 0, 1), Entity("strikethrough", 2, 1), Entity("strikethrough", 4, 1)),
    ),
    "both spoilers": (
        '<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>',
        "ab",
        (Entity("spoiler", 0, 1), Entity("spoiler", 1, 1)),
    ),
    "nested": ("<b>a<i>b</i></b>", "ab", (Entity("bold", 0, 2), Entity("italic", 1, 1))),
    "same type nested counts once": ("<b>a<strong>b</strong></b>", "ab", (Entity("bold", 0, 2),)),
    "upper case": ("<B>a</b>", "a", (Entity("bold", 0, 1),)),
    "empty tags leave nothing": ("a<b></b>", "a", ()),
    "nameless end tag": ("<b>a</>", "a", (Entity("bold", 0, 1),)),
    "offsets in utf-16 units": ("😀<b>é😀</b>", "😀é😀", (Entity("bold", 2, 3),)),
    "link": (
        '<a href="https://clinic.example/a?b=1&amp;c=2">site</a>',
        "site",
        (Entity("text_link", 0, 4, url="https://clinic.example/a?b=1&c=2"),),
    ),
    "link in single quotes": (
        "<a href='https://clinic.example/'>x</a>",
        "x",
        (Entity("text_link", 0, 1, url="https://clinic.example/"),),
    ),
    "link named by its words": (
        "<a>clinic.example</a>",
        "clinic.example",
        (Entity("text_link", 0, 14, url="http://clinic.example/"),),
    ),
    "chat link": ("<a href='tg://user?id=5'>Ann</a>", "Ann", (Entity("text_link", 0, 3, url="tg://user?id=5"),)),
    "a link that cannot open is only words": ('<a href="tel:112">112</a>', "112", ()),
    "a link without a host is only words": ('<a href="http://[">x</a>', "x", ()),
    "code holds nothing else": ("<code>a<b>b</b></code>", "ab", (Entity("code", 0, 2),)),
    "code in pre": ("<pre><code>x</code></pre>", "x", (Entity("pre", 0, 1),)),
    "code with a language in pre": (
        '<pre><code class="language-sql">x</code></pre>',
        "x",
        (Entity("pre", 0, 1, language="sql"),),
    ),
    "quote": ("<blockquote>a</blockquote>", "a", (Entity("blockquote", 0, 1),)),
    "expandable quote": ("<blockquote expandable>a</blockquote>", "a", (Entity("expandable_blockquote", 0, 1),)),
    "bare name as value": ("<blockquote expandable=yes>a</blockquote>", "a", (Entity("expandable_blockquote", 0, 1),)),
    "unknown attributes are ignored": ('<b style="x" id=y z>a</b>', "a", (Entity("bold", 0, 1),)),
    "named references": ("&lt;b&gt; &amp; &quot;", '<b> & "', ()),
    "numeric references": ("&#39;&#x1F600;", "'😀", ()),
    "reference without semicolon": ("5 &lt 6", "5 < 6", ()),
    "lone ampersand": ("Q & A, salt&pepper", "Q & A, salt&pepper", ()),
    "greater-than": ("a > b", "a > b", ()),
}

REFUSED = {
    "line break": ("a<br>", 1, 'Unsupported start tag "br" at byte offset 1'),
    "self-closing": ("<b/>", 0, 'Unsupported start tag "b/" at byte offset 0'),
    "stray less-than": ("é 3 < 4", 4, 'Unsupported start tag "" at byte offset 5'),
    "less-than at the end": ("3 <", 2, "Unclosed start tag at byte offset 2"),
    "offset counts bytes": ("😀<p>", 1, 'Unsupported start tag "p" at byte offset 4'),
    "never closed": ("a<b>c", 1, 'Can\'t find end tag corresponding to start tag "b"'),
    "cut in the tag": ("<b", 0, "Unclosed start tag at byte offset 0"),
    "cut in an attribute": ('<a href="https://x', 0, "Unclosed start tag at byte offset 0"),
    "cut after an attribute": ("<a href=x", 0, 'Unclosed start tag "a" at byte offset 0'),
    "cut after space": ("<a ", 0, 'Unclosed start tag "a" at byte offset 0'),
    "crossed": (
        "<b><i>x</b></i>",
        7,
        'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
    ),
    "end without start": ("x</b>", 1, "Unexpected end tag at byte offset 1"),
    "end tag cut": ("<b>x</b", 4, "Unclosed end tag at byte offset 4"),
    "empty attribute name": ('<a ="x">y</a>', 0, 'Empty attribute name in the tag "a" at byte offset 0'),
    "slash in a tag": ('<a href="x" />', 0, 'Empty attribute name in the tag "a" at byte offset 0'),
    "bare value with odd characters": ("<a href=http://x>y</a>", 8, "Unexpected end of name token at byte offset 8"),
    "span without its class": ("<span>x</span>", 0, 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    "unknown entity": ("a&nbsp;b", 1, 'Unsupported entity "&nbsp;" at byte offset 1'),
    "number out of range": ("&#x110000;", 0, 'Unsupported entity "&#x110000;" at byte offset 0'),
    "number of absurd length": ("&#" + "1" * 5000 + ";", 0, 'Unsupported entity "&#1111'),
    "zero": ("&#0;", 0, 'Unsupported entity "&#0;" at byte offset 0'),
    "half a surrogate pair": ("&#xD83D;", 0, "Text contains invalid Unicode characters"),
}


@pytest.mark.parametrize(("html", "text", "entities"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_parse_gives_words_and_entities(html: str, text: str, entities: tuple[Entity, ...]) -> None:
    parsed = parse(html)
    assert (parsed.text, parsed.entities) == (text, entities)
    assert plain(html) == text


@pytest.mark.parametrize(("html", "offset", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_parse_refuses_what_telegram_refuses(html: str, offset: int, message: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse(html)
    assert str(caught.value).startswith(message)
    assert caught.value.offset == offset


@pytest.mark.parametrize(("text", "units"), [("", 0), ("abc", 3), ("é", 1), ("😀", 2), ("👩‍⚕️", 5)])
def test_utf16_len_counts_as_telegram_does(text: str, units: int) -> None:
    assert utf16_len(text) == units


@given(st.text())
def test_escaped_text_is_read_back(text: str) -> None:
    assert parse(escape(text)).text == text
    assert parse(f'<a title="{escape(text)}">x</a>').text == "x"


# --- split ---------------------------------------------------------------------------------------------------------


def test_a_text_that_fits_is_left_alone() -> None:
    html = "<b>" + "x" * MAX_TEXT + "</b>"
    assert split(html) == [html]


@pytest.mark.parametrize("html", ["", " \n ", "<b> </b>"])
def test_nothing_to_say_gives_no_parts(html: str) -> None:
    assert split(html) == []


CUTS = {
    "paragraph before line": ("one two\n\nthree\nfour", 15, ["one two", "three\nfour"]),
    "line before word": ("one two\nthree four", 12, ["one two", "three four"]),
    "word": ("one two three", 8, ["one two", "three"]),
    "space right after the limit": ("one two three", 7, ["one two", "three"]),
    "an early paragraph does not leave a stub": (
        "a\n\n" + "word " * 6 + "end",
        24,
        ["a\n\nword word word word", "word word end"],
    ),
    "a long word is cut": ("abcdefgh", 3, ["abc", "def", "gh"]),
    "emoji stay whole": ("😀😀😀", 3, ["😀", "😀", "😀"]),
    "code keeps its indentation": (
        "<pre>first:\n    second</pre>",
        12,
        ["<pre>first:</pre>", "<pre>    second</pre>"],
    ),
    "tags are closed and reopened": (
        '<b>one <a href="https://x.example/">two three</a></b>',
        8,
        ['<b>one <a href="https://x.example/">two</a></b>', '<b><a href="https://x.example/">three</a></b>'],
    ),
    "references stay escaped": ("a &lt; b &amp; c", 5, ["a &lt; b", "&amp; c"]),
}


@pytest.mark.parametrize(("html", "limit", "parts"), CUTS.values(), ids=CUTS.keys())
def test_split_cuts_at_the_best_place(html: str, limit: int, parts: list[str]) -> None:
    assert split(html, limit) == parts


def test_split_needs_room_for_an_emoji() -> None:
    with pytest.raises(ValueError, match="room"):
        split("abc", 1)


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map(escape)
gaps = st.sampled_from([" ", "\n", "\n\n", "  "])
tags = st.sampled_from(["b", "i", "u", "s", "tg-spoiler", "code", "blockquote"])


@st.composite
def documents(draw: st.DrawFn, depth: int = 3) -> str:
    """Valid HTML: words, gaps, and nested tags."""
    pieces = []
    for _ in range(draw(st.integers(1, 5))):
        piece = draw(words)
        if depth and draw(st.booleans()):
            tag = draw(tags)
            piece = f"<{tag}>{draw(documents(depth - 1))}</{tag}>"
        pieces += [piece, draw(gaps)]
    return "".join(pieces)


@given(documents(), st.integers(2, 40))
def test_split_parts_fit_and_lose_no_words(html: str, limit: int) -> None:
    parts = split(html, limit)
    texts = [parse(part).text for part in parts]
    assert all(0 < utf16_len(text) <= limit and text.strip() for text in texts)
    assert re.sub(r"\s", "", "".join(texts)) == re.sub(r"\s", "", plain(html))


@given(documents())
def test_split_keeps_the_formatting_of_every_word(html: str) -> None:
    def styled(source: str) -> list[tuple[str, frozenset[str]]]:
        parsed = parse(source)
        out, at = [], 0
        for char in parsed.text:
            around = frozenset(e.type for e in parsed.entities if e.offset <= at < e.offset + e.length)
            if not char.isspace():
                out.append((char, around))
            at += utf16_len(char)
        return out

    assert [pair for part in split(html, 10) for pair in styled(part)] == styled(html)


@given(st.text("<>/ab&;=\"' \n#x1", max_size=30))
def test_parse_answers_or_refuses_anything(html: str) -> None:
    error: MarkupError | None = None
    try:
        parsed = parse(html)
    except MarkupError as caught:
        error = caught
    if error is None:
        assert all(e.length > 0 and e.offset + e.length <= utf16_len(parsed.text) for e in parsed.entities)
    else:
        assert 0 <= error.offset <= len(html)


def test_a_text_full_of_markup_is_read_in_a_moment() -> None:
    began = time.perf_counter()
    assert len(parse("<b>x</b>" * 20_000).entities) == 20_000
    assert len(parse("<b>" * 20_000 + "x" + "</b>" * 20_000).entities) == 1
    assert time.perf_counter() - began < 5  # quadratic would be minutes


@pytest.mark.parametrize(
    ("html", "start", "rest"),
    [
        ("/note <b>on &amp; off</b>", 6, "<b>on &amp; off</b>"),
        ("<b>/note on <i>time</i></b>", 6, "<b>on <i>time</i></b>"),
        ("<i>/note </i>on", 6, "on"),
        ('<a href="https://e.org/">😀 here</a>', 2, '<a href="https://e.org/">here</a>'),
        ("on", 0, "on"),
        ("<b>on</b>", 2, ""),
    ],
    ids=["before any tag", "inside tags", "a tag that ends there", "an emoji is one character", "all", "nothing"],
)
def test_the_rest_of_a_text_keeps_its_tags(html: str, start: int, rest: str) -> None:
    assert tail(html, start) == rest
