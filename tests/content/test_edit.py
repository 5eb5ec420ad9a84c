"""Edits of the texts: what was asked for is there, and nothing else changed by a byte."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from difflib import ndiff
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content.edit import ChangeEntry, Edit, LeaveToPeople, NewEntry, Retire, Sign, apply
from bot.content.lint import check_files
from bot.content.load import parse_content
from bot.content.schema import Content, Entry, Variant
from bot.content.yaml_text import EditError, YamlText
from tests.shipped import CONTENT, FILES

SMALL = {path: text for path, text in FILES.items() if path.rpartition("/")[2] not in {"red_flag_messages.yaml"}}
IDS = sorted(CONTENT.entries)


def diff(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Lines taken out and put in."""
    found = []
    for path in before.keys() | after.keys():
        if before.get(path) != after.get(path):
            lines = ndiff(before.get(path, "").splitlines(), after.get(path, "").splitlines())
            found += [line for line in lines if line[:1] in "+-"]
    return found


@pytest.mark.parametrize("path", FILES)
def test_without_an_edit_a_file_stays_as_it_is(path: str) -> None:
    assert YamlText(FILES[path]).text == FILES[path]


ANSWER = "Yes.\n\nRing us: {clinic_phone}."
CASES: dict[str, tuple[Edit, list[str]]] = {
    "one more phrasing": (
        ChangeEntry("soreness_duration", phrasings=(*CONTENT.entries["soreness_duration"].phrasings, "note: #1 ache?")),
        ['+       - "note: #1 ache?"'],
    ),
    "another question": (
        ChangeEntry("soreness_duration", question="How long am I sore?"),
        ["-     question: How long will I be sore?", "+     question: How long am I sore?"],
    ),
    "one phrasing less": (
        ChangeEntry("soreness_duration", phrasings=CONTENT.entries["soreness_duration"].phrasings[1:]),
        ["-       - how long will I be sore"],
    ),
    "later review": (
        ChangeEntry("soreness_duration", review_by=date(2030, 1, 2)),
        [f"-     review_by: {CONTENT.entries['soreness_duration'].review_by}", "+     review_by: 2030-01-02"],
    ),
}


@pytest.mark.parametrize(("edit", "lines"), CASES.values(), ids=CASES)
def test_only_the_lines_that_were_touched_differ(edit: Edit, lines: list[str]) -> None:
    assert diff(FILES, apply(FILES, edit).files) == lines


def test_words_of_a_variant_change_alone() -> None:
    first, *others = CONTENT.entries["heat_or_ice"].variants
    other = first.model_copy(update={"answer": "Cold for a bruise."})
    files = apply(FILES, ChangeEntry("heat_or_ice", variants=(other, *others))).files
    assert "+         answer: Cold for a bruise." in diff(FILES, files)
    assert not [line for line in diff(FILES, files) if "until" in line or "after" in line]
    assert parse_content(files).entries["heat_or_ice"].variants == (other, *others)


def signed(files: Mapping[str, str], item_id: str) -> dict[str, str]:
    """The files with the item signed as it stands."""
    content = parse_content(files)
    parts: dict[str, Any] = {**{flag.id: flag for flag in content.red_flags}, **content.plans, **content.entries}
    sign = Sign(item_id, parts[item_id].text_hash, "C. Linician: MSc", "HCPC 01", date(2026, 11, 23))
    return apply(files, sign).files


@pytest.mark.parametrize("item_id", ["no_twitch", "seizure", "diabetic_foot_wound", "dry_needling"])
def test_a_signature_is_for_the_text_as_it_stands(item_id: str) -> None:
    files = signed(FILES, item_id)
    content = parse_content(files)
    parts: dict[str, Any] = {**{flag.id: flag for flag in content.red_flags}, **content.plans, **content.entries}
    assert parts[item_id].is_signed
    assert parts[item_id].signed.name == "C. Linician: MSc"
    assert len(diff(FILES, files)) == 5
    assert signed(files, item_id) == files, "signing anew writes over the old signature"


def test_an_edit_takes_the_signature_away_and_nothing_else() -> None:
    files = apply(signed(FILES, "no_twitch"), ChangeEntry("no_twitch", review_by=date(2031, 1, 1))).files
    assert parse_content(files).entries["no_twitch"].signed is None
    assert len(diff(FILES, files)) == 2


def test_nobody_signs_a_text_they_have_not_read() -> None:
    hash_ = CONTENT.entries["no_twitch"].text_hash
    files = apply(FILES, ChangeEntry("no_twitch", question="No twitch?")).files
    with pytest.raises(EditError, match="read it again"):
        apply(files, Sign("no_twitch", hash_, "C", "R", date(2026, 11, 23)))


NEW = NewEntry("clinic", "Do you sell gift vouchers?", ANSWER, ("do you sell vouchers",) * 1, date(2027, 11, 30))


def test_a_new_entry_stands_last_in_its_group_as_the_others_are_written() -> None:
    edited = apply(FILES, NEW)
    assert edited.item_id == "sell_gift_vouchers"
    *_, last = parse_content(edited.files).groups[-1].entries
    assert (last.id, last.question, last.answer, last.phrasings) == (
        edited.item_id,
        NEW.question,
        ANSWER,
        NEW.phrasings,
    )
    assert diff(FILES, edited.files)[:4] == [
        *("+ ", "+   - id: sell_gift_vouchers", "+     question: Do you sell gift vouchers?", "+     phrasings:"),
    ]
    assert not [line for line in diff(FILES, edited.files) if line.startswith("-")]


def test_an_id_is_never_used_again() -> None:
    files = apply(FILES, NEW).files
    assert apply(files, NEW).item_id == "sell_gift_vouchers_2"
    retired = apply(files, Retire("sell_gift_vouchers")).files
    assert "sell_gift_vouchers" not in parse_content(retired).entries
    assert apply(retired, NEW).item_id == "sell_gift_vouchers_2"
    reused = {**retired, "en/soreness.yaml": retired["en/soreness.yaml"].replace("heat_or_ice", "sell_gift_vouchers")}
    assert [p.text for p in check_files(reused).findings.errors if "was taken out" in p.text]


def test_a_retired_entry_may_still_be_named_by_others() -> None:
    files = apply(FILES, Retire("heat_or_ice")).files
    checked = check_files(files)
    assert checked.ok, checked.findings.errors
    assert [line for line in diff(FILES, files) if line.startswith("+")] == ["+ retired:", "+   - heat_or_ice"]


def test_a_message_for_people_joins_its_kind() -> None:
    assert diff(FILES, apply(FILES, LeaveToPeople("other_treatment", "do you do tattoos")).files) == [
        "+     - do you do tattoos"
    ]
    files = apply(FILES, LeaveToPeople("new_kind", "do you do tattoos")).files
    assert parse_content(files).for_people["new_kind"] == ("do you do tattoos",)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        pytest.param(ChangeEntry("gone", answer="x"), "no question 'gone'", id="no such entry"),
        pytest.param(ChangeEntry("no_twitch"), "changes nothing", id="nothing asked"),
        pytest.param(replace(NEW, group="red_flags"), "no group", id="not a group"),
        pytest.param(ChangeEntry("no_twitch", question="a\nb"), "be one line", id="two lines on a button"),
        pytest.param(Sign("gone", "", "C", "R", date(2026, 1, 1)), "nothing called", id="nothing to sign"),
    ],
)
def test_what_cannot_be_done_is_said(edit: Edit, why: str) -> None:
    with pytest.raises(EditError, match=why):
        apply(FILES, edit)


ODD = """\
title: Odd
entries:

  # before the first
  - id: first_one
    question: "Quoted: yes"  # why it is quoted
    phrasings: [a b c, 'd e']
    answer: plain on
      two lines  # behind
    review_by: 2027-11-30
    # after the first

  - answer: >
      folded
      text

    id: second_one
    question: 'Second'
    phrasings:
      # hard ones
      - one  # rare
      - "two: too"

      - three
    review_by: 2027-11-30
"""


@pytest.mark.parametrize(
    ("edit", "lines"),
    [
        (ChangeEntry("first_one", answer="a\nb"), "    answer: |  # behind\n      a\n      b\n    review_by"),
        (ChangeEntry("first_one", answer="short"), "    answer: short  # behind\n    review_by"),
        (ChangeEntry("first_one", question="Now"), "    question: Now  # why it is quoted\n"),
        (ChangeEntry("first_one", phrasings=("a b c",)), "    phrasings:\n      - a b c\n    answer: plain on\n"),
        (ChangeEntry("second_one", answer="x\ny"), "  - answer: |\n      x\n      y\n\n    id: second_one\n"),
        (
            ChangeEntry("second_one", phrasings=("one", "2", "three")),
            "      - one  # rare\n      - 2\n\n      - three\n",
        ),
        (
            ChangeEntry("second_one", phrasings=("zero", "one", "two: too", "three")),
            "ones\n      - zero\n      - one  #",
        ),
        (Retire("first_one"), "  # before the first\n    # after the first\n\n  - answer: >\n"),
    ],
    ids=["long", "short", "quoted", "flow list", "folded", "one phrasing", "first phrasing", "retired"],
)
def test_odd_ways_of_writing_survive(edit: Edit, lines: str) -> None:
    files = {**FILES, "en/odd.yaml": ODD}
    after = apply(files, edit).files["en/odd.yaml"]
    assert lines in after
    notes = {"# before the first", "# after the first", "# hard ones", "# rare"}
    assert {note for note in notes if note not in after} == set()
    parse_content({**FILES, "en/odd.yaml": after})


LINES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40)
LINE = LINES.map(str.strip).filter(bool)
TEXT = st.lists(st.one_of(LINE, st.just("")), min_size=1, max_size=5).map("\n".join).map(str.strip).filter(bool)
VARIANTS = st.builds(
    lambda first, second, hours: (
        Variant(until=timedelta(hours=hours), answer=first),
        Variant(after=timedelta(hours=hours), answer=second),
    ),
    TEXT,
    TEXT,
    st.integers(1, 99),
)


def maybe(strategy: Any) -> Any:
    return st.one_of(st.none(), strategy)


@st.composite
def changes(draw: Any) -> ChangeEntry:
    """Any change of any entry; of phrasings, some of the old ones among new ones."""
    entry = CONTENT.entries[draw(st.sampled_from(IDS))]
    kept = draw(st.lists(st.sampled_from(entry.phrasings), max_size=60, unique=True))
    phrasings = draw(st.permutations([*kept, *draw(st.lists(LINE, max_size=4))]))
    return ChangeEntry(
        entry.id,
        question=draw(maybe(LINE)),
        answer=draw(maybe(TEXT)),
        phrasings=draw(st.one_of(st.none(), st.just(tuple(phrasings)))),
        variants=draw(maybe(st.one_of(st.just(()), VARIANTS))),
        review_by=draw(maybe(st.dates(date(2000, 1, 1), date(2099, 1, 1)))),
    )


def wanted(entry: Entry, edit: ChangeEntry) -> Entry:
    given = {name: value for name in EDITABLE if (value := getattr(edit, name)) is not None}
    return entry.model_copy(update={**given, "signed": None})


EDITABLE = ("question", "answer", "phrasings", "variants", "review_by")


def without(content: Content, entry_id: str) -> list[Entry]:
    return [entry for entry in content.entries.values() if entry.id != entry_id]


@settings(max_examples=25, deadline=None)
@given(changes())
def test_any_edit_loads_back_to_what_was_asked_and_nothing_else_changes(edit: ChangeEntry) -> None:
    if wanted(CONTENT.entries[edit.entry_id], edit) == CONTENT.entries[edit.entry_id]:
        return
    files = apply(SMALL, edit).files
    after = parse_content(files)
    assert after.entries[edit.entry_id] == wanted(CONTENT.entries[edit.entry_id], edit)
    assert without(after, edit.entry_id) == without(CONTENT, edit.entry_id)
    (path,) = [path for path in SMALL if files[path] != SMALL[path]]
    notes = [line for line in SMALL[path].splitlines() if line.lstrip().startswith("#")]
    assert [line for line in files[path].splitlines() if line.lstrip().startswith("#")][: len(notes)] == notes
