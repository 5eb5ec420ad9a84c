"""From files to content, and from mistakes to sentences with file and line."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content.load import load_content, parse_content, parse_located, read_files, revision_of
from bot.content.schema import Content
from bot.errors import ContentError, Problem
from bot.model import Level
from tests.content.conftest import SPELT

SORENESS = "en/soreness.yaml"


def problems_of(files: Mapping[str, str]) -> list[Problem]:
    with pytest.raises(ContentError) as caught:
        parse_content(files)
    return caught.value.problems


class TestGoodFiles:
    def test_everything_arrives_with_its_type(self, good: dict[str, str]) -> None:
        content = parse_content(good)

        assert content.clinic.emergency_number == "999"
        assert content.clinic.hours["tue"][1].start == time(13)
        assert content.clinic.hours["wed"] == ()
        assert content.clinic.on_call == ()
        assert content.groups[0].id == "soreness"
        entry = content.entries["soreness_duration"]
        assert entry.answer == "Two days, at most three.\nRing {clinic_phone} if it lasts."
        assert (entry.variants[0].until, entry.variants[1].after) == (timedelta(days=3), timedelta(days=3))
        assert entry.review_by == date(2027, 11, 30)
        assert content.red_flags[0].level is Level.EMERGENCY
        assert content.words.spellings == {"dont": "do not", "tmrw": "tomorrow"}
        assert content.words.keep == ("apixaban",)
        assert content.for_people["other_body"] == ("my back hurts", "toothache again")
        assert content.other_languages["es"].signs["heavy_bleeding"] == ("sangra mucho",)

    def test_a_block_keeps_its_lines(self, good: dict[str, str]) -> None:
        good[SORENESS] = good[SORENESS].replace("answer: Warmth", "answer: |\n      First.\n\n      Warmth")

        assert parse_content(good).entries["heat_or_ice"].answer == "First.\n\nWarmth for an ache."

    def test_nothing_need_be_left_to_people(self, good: dict[str, str]) -> None:
        before = parse_content(good)
        good["en/for_people.yaml"] = "for_people:\n  other_body:\n    # - my back hurts\n"
        emptied = parse_content(good)
        del good["en/for_people.yaml"]
        content, sources = parse_located(good)

        assert (emptied.for_people, content.for_people, sources.for_people) == ({}, {}, None)
        assert len({before.revision, emptied.revision, content.revision}) == 3
        assert [group.id for group in content.groups] == ["soreness"]

    def test_no_other_language_need_be_known(self, good: dict[str, str]) -> None:
        del good["en/other_languages.yaml"]
        content, sources = parse_located(good)

        assert (content.other_languages, sources.other_languages) == ({}, None)

    def test_short_forms_that_yaml_takes_for_yes_and_no(self, good: dict[str, str]) -> None:
        good["en/words.yaml"] = good["en/words.yaml"].replace('"dont": "do not"', "y: why\n  n: no\n  on: no")

        assert parse_content(good).words.spellings == {"y": "why", "n": "no", "on": "no", "tmrw": "tomorrow"}

    def test_a_folder_and_its_stored_revision_are_the_same_content(self, folder: Path) -> None:
        files = read_files(folder)

        assert load_content(folder) == parse_content(files)
        assert load_content(folder).revision == revision_of(files)

    def test_words_of_yaml_stay_words(self, good: dict[str, str]) -> None:
        """YAML 1.1 makes False, 570, 576 and None of these."""
        good["en/words.yaml"] = good["en/words.yaml"].replace(
            "- no word", "- no\n  - 09:30\n  - 01100\n  - ~\n  - null"
        )

        assert parse_content(good).words.no == ("no", "09:30", "01100", "~", "null")

    def test_windows_line_ends_and_a_byte_order_mark_change_nothing(self, good: dict[str, str]) -> None:
        windows = {path: "\ufeff" + text.replace("\n", "\r\n") for path, text in good.items()}

        assert parse_content(windows) == parse_content(good)

    def test_the_revision_follows_every_letter_and_no_order(self, good: dict[str, str]) -> None:
        turned = dict(reversed(good.items()))
        edited = {**good, SORENESS: good[SORENESS].replace("three", "four")}
        moved = {**good, "en/other.yaml": good[SORENESS]}

        assert revision_of(turned) == revision_of(good)
        assert len({revision_of(files) for files in (good, edited, moved)}) == 3

    def test_groups_come_by_order_then_name(self, good: dict[str, str]) -> None:
        entry = "entries:\n  - {id: %s, question: Q, answer: A, review_by: 2027-01-01}\n"
        good["en/about.yaml"] = "title: About\n" + entry % "about_it"
        good["en/zebra.yaml"] = "title: Zebra\norder: 1\n" + entry % "zebra_it"

        assert [group.id for group in parse_content(good).groups] == ["zebra", "about", "soreness"]

    def test_a_key_whose_list_is_all_comments_counts_as_not_given(self, good: dict[str, str]) -> None:
        good[SORENESS] = good[SORENESS].replace("see_also: [heat_or_ice]", "see_also:\n      # - heat_or_ice")

        assert parse_content(good).entries["soreness_duration"].see_also == ()

    def test_every_piece_knows_its_line(self, good: dict[str, str]) -> None:
        _, sources = parse_located(good)

        assert sources.groups[0].line(("entries", 1)) == 19
        assert sources.groups[0].line(("entries", 0, "phrasings", 2)) == 8
        assert sources.groups[0].line(("entries", 0, "signed", "name")) == 3


REPLACED: dict[str, tuple[str, str, str, int, str]] = {
    # name: file, what, by what, expected line, part of the sentence
    "unknown key": (
        SORENESS,
        "    phrasings:\n      - how",
        "    phrasing:\n      - how",
        5,
        "did you mean 'phrasings'?",
    ),
    "unknown key, nothing alike": (
        SORENESS,
        "title: Soreness",
        "title: S\nxyzzy: 1",
        2,
        "the keys are id, title, order",
    ),
    "unknown key deep down": (SORENESS, "      - after: 72h", "      - from: 72h", 15, "'from' is not a key I know"),
    "unknown weekday": ("clinic.yaml", "  mon: 09", "  monday: 09", 5, "did you mean 'mon'?"),
    "group id": (SORENESS, "title: Soreness", "id: soreness\ntitle: S", 1, "the group's id is the name of the file"),
    "duplicate key": (SORENESS, "    question: Heat", "    id: x\n    question: Heat", 20, "twice (first in line 19)"),
    "duplicate list": (
        SORENESS,
        "    answer: Warmth",
        "    phrasings: []\n    answer: W",
        27,
        "twice (first in line 21)",
    ),
    "missing key": (SORENESS, "    question: Heat or ice?\n", "", 19, "'heat_or_ice' has no 'question'"),
    "empty value": (SORENESS, "question: Heat or ice?", "question:", 20, "nothing stands after 'question:'"),
    "missing key of the file": ("clinic.yaml", "phone: 01632 960000\n", "", 1, "the file has no 'phone'"),
    "blank text": (SORENESS, "question: Heat or ice?", "question: '  '", 20, "'question' is empty"),
    "text too long": (SORENESS, "Heat or ice?", "x" * 301, 20, "longer than 300 characters"),
    "list where text": (SORENESS, "answer: Warmth for an ache.", "answer: [a, b]", 27, "'answer' must be one text"),
    "text where list": (SORENESS, "see_also: [heat_or_ice]", "see_also: heat", 17, "'see_also' must be a list"),
    "group where item": (
        SORENESS,
        "- warm or cold",
        "- warm: or cold",
        23,
        "this item of 'phrasings' must be one text",
    ),
    "empty item": (SORENESS, "- warm or cold", "-", 23, "this item of 'phrasings' is empty"),
    "text where entry": (
        SORENESS,
        "  - id: heat_or_ice\n    question",
        "  - heat\n  - question",
        19,
        "must be a group of lines",
    ),
    "bad id": (SORENESS, "id: heat_or_ice", "id: Heat-or-ice", 19, "'id' cannot be 'Heat-or-ice'"),
    "bad date": (SORENESS, "2027-11-30\n  - id", "30.11.2027\n  - id", 18, "write a date as 2027-11-30"),
    "no such day": (SORENESS, "2027-11-30\n  - id", "2027-02-30\n  - id", 18, "'review_by'"),
    "bad length of time": (SORENESS, "after: 72h", "after: 3 days", 15, "90m, 36h or 2d"),
    "bare number as time": (SORENESS, "after: 72h", "after: 72", 15, "90m, 36h or 2d"),
    "bad level": ("en/red_flags.yaml", "level: emergency", "level: emergancy", 3, "did you mean emergency?"),
    "bad hours": ("clinic.yaml", "mon: 09:00-17:00", "mon: 9 to 5", 5, "write times as 09:00-17:30"),
    "bare numbers as hours": ("clinic.yaml", "mon: 09:00-17:00", "mon: 0900-1700", 5, "write times as 09:00-17:30"),
    "no such hour": ("clinic.yaml", "mon: 09:00-17:00", "mon: 09:00-25:00", 5, "is no time of the day"),
    "bad zone": ("clinic.yaml", "Europe/London", "Europe/Londn", 12, "is not a time zone"),
    "bad number": ("clinic.yaml", "guardian_age: 16", "guardian_age: sixteen", 20, "whole number, not 'sixteen'"),
    "number too small": ("clinic.yaml", "guardian_age: 16", "guardian_age: -1", 20, "must be 0 or more"),
    "nobody on call, in other words": ("clinic.yaml", "on_call: none", "on_call: nobody", 17, "write none, or a list"),
    "on call without an id": ("clinic.yaml", "on_call: none", "on_call:\n  - phone: 1", 18, "has no 'telegram_id'"),
    "closure turned round": (
        "clinic.yaml",
        "time_zone",
        "closures:\n  - {first: 2026-12-24, last: 2026-12-01, reason: x}\ntime_zone",
        13,
        "'last' is before 'first'",
    ),
    "not a list of entries": (
        SORENESS,
        "  - id: soreness_duration",
        "  id: soreness_duration",
        4,
        "begins under its neighbours",
    ),
    "colon in a text": (SORENESS, "Heat or ice?", "Heat: or ice?", 20, "double quotes"),
    "open quotation mark": (SORENESS, "- warm or cold", '- "warm or cold', 23, "never closed"),
    "open bracket": (SORENESS, "[heat_or_ice]", "[heat_or_ice", 18, "not closed"),
    "begins with a sign": (SORENESS, "- warm or cold", "- @home", 23, "put the text into quotes"),
    "begins with a star": (SORENESS, "- warm or cold", "- *home", 23, "quotes"),
    "begins with a !": (SORENESS, "- warm or cold", "- !home", 23, "put the text into quotes"),
    "python object": (SORENESS, "- warm or cold", "- !!python/object:os.system x", 23, "put the text into quotes"),
    "anchor": (SORENESS, "- warm or cold", "- &a warm", 23, "&a marks a part for repeating"),
    "bad escape": (SORENESS, "- warm or cold", '- "warm \\q"', 23, "backslash"),
    "escape beyond Unicode": (SORENESS, "- warm or cold", '- "\\UFFFFFFFF"', 23, "makes no sense"),
    "second document": (SORENESS, "  - id: heat_or_ice", "---\n  - id: heat_or_ice", 19, "begins a second document"),
    "moved in too far": (SORENESS, "    question: Heat", "      question: Heat", 20, "colon where none is expected"),
    "tab": (SORENESS, "    question: Heat", "\tquestion: Heat", 20, "there is a tab here"),
    "control character": (SORENESS, "or ice?", "or\x07 ice?", 20, "a control character here (U+0007)"),
    "zero-width space": (SORENESS, "or ice?", "or\u200b ice?", 20, "an invisible character here (U+200B)"),
    "right-to-left override": (SORENESS, "or ice?", "or\u202e ice?", 20, "an invisible character here (U+202E)"),
    "line separator": (SORENESS, "or ice?", "or\u2028 ice?", 20, "an invisible line separator"),
    "stray carriage return": (SORENESS, "or ice?", "or\r ice?", 20, "a control character here (U+000D)"),
    "lost letter": (SORENESS, "or ice?", "or \ufffd ice?", 20, "a letter that was lost"),
    "hidden by an escape": (SORENESS, "Heat or ice?", '"Heat\\u200b or ice?"', 20, "contains an invisible character"),
    "kind that is no id": (
        "en/for_people.yaml",
        "  other_body:",
        "  Other body:",
        2,
        "use small letters, digits and _",
    ),
    "message left to people that is a list": (
        "en/for_people.yaml",
        "- my back",
        "- [a]\n    - my",
        3,
        "must be one text",
    ),
    "kinds without messages": (
        "en/for_people.yaml",
        "  chit_chat:\n    - tell",
        "  chit_chat: tell",
        5,
        "must be a list",
    ),
    "key beside for_people": (
        "en/for_people.yaml",
        "for_people:",
        "people: {}\nfor_people:",
        1,
        "did you mean 'for_people'",
    ),
    "language that is no code": ("en/other_languages.yaml", "  es:", "  Spanish:", 2, "Spanish"),
    "slip in a key of a language": (
        "en/other_languages.yaml",
        "    call_now: Llame",
        "    call_nwo: Llame",
        4,
        "did you mean 'call_now'",
    ),
    "spelling that stands for a list": ("en/words.yaml", '"tomorrow"', "[a]", SPELT + 1, "'tmrw' must be one text"),
    "spellings as a list": (
        "en/words.yaml",
        '"dont": "do not"\n  "tmrw": "tomorrow"',
        "- dont",
        SPELT - 1,
        "a group of lines",
    ),
    "half a character by an escape": (SORENESS, "Heat or ice?", '"Heat \\ud800"', 20, "half a character"),
}


@pytest.mark.parametrize(("file", "old", "new", "line", "said"), REPLACED.values(), ids=REPLACED)
def test_a_mistake_is_told_with_file_and_line(
    good: dict[str, str], file: str, old: str, new: str, line: int, said: str
) -> None:
    assert old in good[file]
    good[file] = good[file].replace(old, new, 1)

    told = [str(problem) for problem in problems_of(good)]

    assert any(text.startswith(f"{file}:{line}: ") and said in text for text in told), told
    assert not any(
        word in text for text in told for word in ("Traceback", "yaml.", "Error", "Input should", "pydantic")
    )


WHOLE_FILES: dict[str, tuple[str, int, str]] = {
    "empty": ("", 0, "the file is empty"),
    "only comments": ("# nothing yet\n", 0, "the file is empty"),
    "one word": ("hello\n", 1, "the file must be a group of lines"),
    "a list": ("- a\n- b\n", 1, "the file must be a group of lines"),
    "alias bomb": (
        "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        1,
        "&a marks a part for repeating",
    ),
    "alias alone": ("a: x\nb: *a\n", 2, "*a repeats another part"),
    "deep nesting": ("title: x\nentries: " + "[" * 50_000, 2, "nested more than 10 deep"),
    "too many values": ("a: [" + "x, " * 60_000 + "]", 1, "more than 50000 values"),
    "group as key": ("{a: b}: c\n", 1, "where a key is expected"),
    "tab first": ("\ttitle: x\n", 1, "there is a tab here"),
    "unending text": ("title: 'x\n\n\n\n", 1, "never closed"),
    "yaml directive": ("%YAML " + "9" * 5000 + ".1\n---\na: b\n", 1, ""),
}


@pytest.mark.parametrize(("text", "line", "said"), WHOLE_FILES.values(), ids=WHOLE_FILES)
def test_a_hopeless_file_is_told_too(good: dict[str, str], text: str, line: int, said: str) -> None:
    good[SORENESS] = text

    problem, *_ = problems_of(good)

    assert (problem.file, problem.line or 0) == (SORENESS, line)
    assert said in problem.text


def test_all_problems_of_all_files_come_at_once_in_order(good: dict[str, str]) -> None:
    good["clinic.yaml"] = good["clinic.yaml"].replace("guardian_age: 16", "guardian_age: x").replace("phone:", "fone:")
    good[SORENESS] = good[SORENESS].replace("title:", "titel:")
    good["en/words.yaml"] = "\t"
    del good["en/replies.yaml"]

    told = [(problem.file, problem.line) for problem in problems_of(good)]

    assert told == [
        ("clinic.yaml", 1),  # no 'phone'
        ("clinic.yaml", 2),  # 'fone'
        ("clinic.yaml", 20),
        ("en/replies.yaml", None),
        (SORENESS, 1),
        (SORENESS, 1),
        ("en/words.yaml", 1),
    ]


def test_a_missing_file_says_what_belongs_there(good: dict[str, str]) -> None:
    del good["clinic.yaml"]

    assert [str(p) for p in problems_of(good)] == [
        "clinic.yaml: this file is missing; the clinic's name, phone and hours belong here"
    ]


def test_a_clinic_without_questions_is_refused(good: dict[str, str]) -> None:
    del good[SORENESS]

    assert [p.text for p in problems_of(good)] == ["there is not one file with questions and answers"]


def test_a_group_needs_a_name_that_can_be_an_id(good: dict[str, str]) -> None:
    good["en/After care.yaml"] = good.pop(SORENESS)

    problem, *_ = problems_of(good)
    assert problem.file == "en/After care.yaml"
    assert "the file's name is the group's id" in problem.text


def test_a_stored_revision_is_bounded_too(good: dict[str, str]) -> None:
    good[SORENESS] = "x" * 1_000_001

    assert [p.text for p in problems_of(good)] == ["this is over 1 MB; split it"]


def problems_or_content(files: Mapping[str, str]) -> Content | list[Problem]:
    try:
        return parse_content(files)
    except ContentError as error:
        return error.problems


SPICES = (
    "\t",
    ": ",
    "- ",
    "&a ",
    "*a",
    "!!x ",
    "[",
    "}",
    '"',
    "'",
    "|",
    "#",
    "\n",
    "\x00",
    "\u202e",
    "---\n",
    "%",
    "?",
    "<<: ",
)


@st.composite
def mutations(draw: st.DrawFn) -> tuple[int, int, str]:
    """Where to cut, how much, and what to put there instead."""
    junk = st.one_of(st.sampled_from(SPICES), st.text(max_size=8))
    return draw(st.integers(0, 2000)), draw(st.integers(0, 12)), draw(junk)


@settings(max_examples=50, deadline=None)
@given(
    file=st.sampled_from(["clinic.yaml", SORENESS, "en/words.yaml"]), cuts=st.lists(mutations(), min_size=1, max_size=4)
)
def test_no_edit_makes_the_loader_fail_in_another_way(
    good_files: dict[str, str], file: str, cuts: list[tuple[int, int, str]]
) -> None:
    text = good_files[file]
    for start, length, junk in cuts:
        at = start % (len(text) + 1)
        text = text[:at] + junk + text[at + length :]
    outcome = problems_or_content({**good_files, file: text})

    if isinstance(outcome, Content):
        assert outcome.entries
    else:
        assert outcome
        assert all(problem.text for problem in outcome)


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=200))
def test_no_text_at_all_makes_the_loader_fail_in_another_way(good_files: dict[str, str], text: str) -> None:
    with pytest.raises(ContentError):
        parse_content({**good_files, "en/replies.yaml": text})
