"""What is too long for a message is cut where a line ends, with its markup whole."""

import pytest

from bot.markup import MAX_TEXT, parse, utf16_len
from bot.services.faq_entry_view import cut, is_long

LINES = "\n".join(f"<b>Line {number}</b> says 🙂 &amp; more" for number in range(400))


@pytest.mark.parametrize("limit", [100, 1000, 3900])
def test_what_is_cut_fits_and_ends_with_a_line(limit: int) -> None:
    found = cut(LINES, limit)
    words = parse(found).text
    assert utf16_len(words) <= limit
    assert words.endswith("says 🙂 & more\n…")
    assert LINES.startswith(found.removesuffix("\n…"))


def test_what_fits_is_not_cut() -> None:
    assert cut("<b>short</b>", 5) == "<b>short</b>"
    assert not is_long("x" * MAX_TEXT)
    assert not is_long("<b>" + "x" * MAX_TEXT + "</b>")
    assert is_long("🙂" * (MAX_TEXT // 2 + 1))
