"""Hints about phrasings name the file and the line that an editor has to open."""

from pathlib import Path

import pytest

from bot.content.load import parse_located, read_files
from bot.content.sentences import SENTENCES
from bot.core.matching import build_index
from bot.errors import Problem
from bot.services.phrasing_review import Hint, Kind, hints, worst

FAQ = Path(__file__).parents[2] / "faq"
NEEDED = (
    *("clinic.yaml", "en/red_flags.yaml", "en/replies.yaml", "en/words.yaml"),
    *(f"en/replies_{name}.yaml" for name in SENTENCES),
)
PLANTED = "when does the soreness stop, how many days does it last"
GROUP = f"""\
title: Soreness
entries:
  - id: soreness_duration
    question: How long will I be sore?
    phrasings:
      - how long does the soreness last
      - when does the ache stop
      - still aching after how many days
      - how many days is sore normal
      - my legs are sore since needling
      - does the soreness stop soon
    answer: Two days or three.
    review_by: 2027-11-30
  - id: heat_or_ice
    question: Heat or ice?
    phrasings:
      - heat or ice
      - may I use an ice pack
      - is a hot water bottle good for it
      - frozen peas on the calf
      - {PLANTED}
      - warm or cold, which is better
    answer: Warmth for an ache.
    review_by: 2027-11-30
"""
LINES = GROUP.splitlines()


@pytest.fixture(scope="module")
def found() -> tuple[Hint, ...]:
    """Of an FAQ with one phrasing under the wrong entry."""
    shipped = read_files(FAQ)
    content, sources = parse_located({**{name: shipped[name] for name in NEEDED}, "en/soreness.yaml": GROUP})
    return hints(content, sources, build_index(content))


def test_each_hint_stands_where_its_phrasing_stands(found: tuple[Hint, ...]) -> None:
    strays = {hint.problem.text.split("'")[1]: hint.problem for hint in found if hint.kind is Kind.STRAY}
    for phrasing, problem in strays.items():
        assert (problem.file, problem.line) == ("en/soreness.yaml", LINES.index(f"      - {phrasing}") + 1)
    assert strays[PLANTED].text.startswith(f"'{PLANTED}' stands under 'heat_or_ice'")
    assert "it reaches 'soreness_duration'" in strays[PLANTED].text


def test_an_entry_that_needs_more_is_named_by_the_line_it_begins_in(found: tuple[Hint, ...]) -> None:
    thin = {hint.problem.line: hint.problem.text for hint in found if hint.kind is Kind.THIN}
    assert set(thin) == {number for number, line in enumerate(LINES, 1) if line.startswith("  - id:")}
    assert all("has 6 phrasings, 25 are wanted" in text for text in thin.values())


def test_the_worst_of_each_kind_are_shown() -> None:
    problem = Problem("en/soreness.yaml", 1, "…")
    found = [*[Hint(Kind.STRAY, problem)] * 5, *[Hint(Kind.THIN, problem)] * 2]
    assert [hint.kind for hint in worst(found, 3)] == [Kind.STRAY] * 3 + [Kind.THIN] * 2
