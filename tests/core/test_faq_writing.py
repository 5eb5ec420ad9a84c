"""What staff type about a question: lines, numbers, lengths of time, and answers by time without holes."""

from datetime import timedelta

import pytest

from bot.content.schema import Variant
from bot.core.faq_writing import Named, joined, lines_in, named, parted, read_length, with_end

LISTED = ("how long am i sore", "When does it stop?", "is this normal", "2. week still sore")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one way", ("one way",)),
        ("- one  way\n\n• another way \n3. a third", ("one way", "another way", "a third")),
        ("One way?\none way\n2 days later", ("One way?", "2 days later")),
        (" \n ", ()),
    ],
    ids=["one", "like lists", "twice", "nothing"],
)
def test_lines(text: str, lines: tuple[str, ...]) -> None:
    assert lines_in(text) == lines


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2", Named((1,))),
        ("1, 3", Named((0, 2))),
        ("3 and 1.", Named((0, 2))),
        ("2-4", Named((1, 2, 3))),
        ("1, 1-2", Named((0, 1))),
        ("9, 2", Named((1,), ("9",))),
        ("4-2", Named((), ("4-2",))),
        ("0", Named((), ("0",))),
        ("when does it STOP", Named((1,))),
        ("3. is this normal\nhow long am I sore", Named((0, 2))),
        ("2. week still sore", Named((3,))),
        ("is this normal\nis it art", Named((2,), ("is it art",))),
    ],
)
def test_which_lines_are_named(text: str, found: Named) -> None:
    assert named(LISTED, text) == found


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("36 hours", 36 * HOUR),
        ("36h", 36 * HOUR),
        ("1 Day.", 24 * HOUR),
        ("2 weeks", 336 * HOUR),
        ("0 days", None),
        ("soon", None),
        ("2", None),
        ("2 days or 3 days", None),
    ],
)
def test_lengths_of_time(text: str, length: timedelta | None) -> None:
    assert read_length(text) == length


def times(*spans: tuple[int, int | None]) -> tuple[Variant, ...]:
    """Answers by hours, each named by when it was made to begin."""
    return tuple(
        Variant(after=after * HOUR, until=until * HOUR if until is not None else None, answer=f"from {after}")
        for after, until in spans
    )


def spans(variants: tuple[Variant, ...] | None) -> list[tuple[float, float | None, str]] | None:
    if variants is None:
        return None
    return [(one.after / HOUR, one.until / HOUR if one.until is not None else None, one.answer) for one in variants]


THREE = times((0, 24), (24, 72), (72, None))


@pytest.mark.parametrize(
    ("at", "until", "made"),
    [
        (0, 36, [(0, 36, "from 0"), (36, 72, "from 24"), (72, None, "from 72")]),
        (1, 700, [(0, 24, "from 0"), (24, 700, "from 24"), (700, None, "from 72")]),
        (0, 72, None),
        (0, 90, None),
        (1, 24, None),
    ],
)
def test_when_one_ends_the_next_begins(at: int, until: int, made: list[tuple[float, float | None, str]] | None) -> None:
    assert spans(with_end(THREE, at, until * HOUR)) == made


def test_a_time_is_parted_in_two_with_the_same_answer() -> None:
    assert spans(parted(THREE, "always", 48 * HOUR)) == [
        *[(0, 24, "from 0"), (24, 48, "from 24"), (48, 72, "from 24"), (72, None, "from 72")]
    ]
    assert spans(parted((), "always", 48 * HOUR)) == [(0, 48, "always"), (48, None, "always")]
    assert parted(THREE, "always", 72 * HOUR) is None


@pytest.mark.parametrize(
    ("at", "made"),
    [
        (0, [(0, 72, "from 24"), (72, None, "from 72")]),
        (1, [(0, 72, "from 0"), (72, None, "from 72")]),
        (2, [(0, 24, "from 0"), (24, None, "from 24")]),
    ],
)
def test_without_one_there_is_no_hole(at: int, made: list[tuple[float, float | None, str]]) -> None:
    assert spans(joined(THREE, at)) == made


def test_one_alone_is_none() -> None:
    assert joined(times((0, 24), (24, None)), 0) == ()
