"""What is wrong with content of the right shape; every finding with file and line."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from bot.content.lint import RED_FLAGS, Findings, check, check_files, unfit_to_run, unsigned
from bot.content.load import parse_content, parse_located
from bot.content.parts import Signature
from bot.content.schema import Content, Late, Replies
from tests.content.conftest import SPELT

TODAY = date(2026, 11, 22)
SORENESS = "en/soreness.yaml"
FLAGS = "en/red_flags.yaml"
REPLIES = "en/replies.yaml"
START = list(Replies.model_fields).index("start") + 1
RESENT = list(Replies.model_fields).index("resent") + 1
WORDS = "en/words.yaml"
PEOPLE = "en/for_people.yaml"
TONGUES = "en/other_languages.yaml"
CHECK = list(Replies.model_fields).index("check") + 1
BUTTON = list(Replies.model_fields).index("button_back") + 1
DESCRIPTION = list(Replies.model_fields).index("bot_description") + 1


def look(files: Mapping[str, str]) -> Findings:
    return check(*parse_located(files), TODAY)


def test_good_files_have_nothing_to_tell(good: dict[str, str]) -> None:
    assert look(good) == Findings()


ERRORS: dict[str, tuple[str, str, str, int, str]] = {
    "unclosed tag": (SORENESS, "answer: Warmth", "answer: <b>Warmth", 27, "formatting that Telegram refuses"),
    "unknown tag": (FLAGS, "text: Call", "text: <h1>Call</h1>", 6, "formatting that Telegram refuses"),
    "bare ampersand is fine, a bare < is not": (REPLIES, "start: Hello", "start: 1 < 2", START, "Telegram refuses"),
    "in a variant": (SORENESS, "answer: Please", "answer: <i>Please", 16, "an answer of 'soreness_duration'"),
    "over a screen": (SORENESS, "Warmth for an ache.", "word " * 190, 27, "is 949 letters long; nobody reads"),
    "over Telegram's limit": (REPLIES, "start: Hello", "start: " + "😀" * 2049, START, "Telegram takes 4096"),
    "over the limit once filled in": (
        REPLIES,
        "start: Hello",
        "start: Hi " + "{clinic_hours}" * 17,
        START,
        "is 4253 letters long when filled in",
    ),
    "unknown placeholder": (SORENESS, "{clinic_phone} if", "{clinic_fone} if", 11, "names {clinic_fone}"),
    "another reply's placeholder": (REPLIES, "start: Hello", "start: Hi {next_opening}", START, "names {next_opening}"),
    "placeholder on a button": (REPLIES, "button_back: Hello", "button_back: '{what}'", BUTTON, "names {what}"),
    "lonely bracket": (SORENESS, "{clinic_phone} if", "{clinic_phone if", 11, "curly bracket without its partner"),
    "promise": (SORENESS, "Warmth for", "Guaranteed warmth for", 27, 'promises too much ("guarantee")'),
    "promise of a cure": (SORENESS, "Warmth for", "This cures", 27, 'promises too much ("cure")'),
    "promise of safety": (REPLIES, "start: Hello", "start: It is 100 % safe", START, '("100 % safe")'),
    "soothing": (FLAGS, "text: Call", "text: It is probably nothing. Call", 6, '("nothing to worry about")'),
    "emergency without its number": (
        FLAGS,
        "Call {emergency_number} now",
        "Call us",
        6,
        "must name {emergency_number}",
    ),
    "number in the middle of a warning": (
        FLAGS,
        "text: Call {emergency_number} now.",
        "text: If you feel faint, call {emergency_number} at once.",
        6,
        "has {emergency_number} in the middle of a line",
    ),
    "two numbers in a line of a warning": (
        FLAGS,
        "text: Call {emergency_number} now.",
        "text: Call {emergency_number} or {urgent_line}.",
        6,
        "two numbers to ring in one line ({emergency_number} and {urgent_line})",
    ),
    "number in the middle of the safety question": (
        REPLIES,
        "check: Hello",
        "check: In danger you had better call {emergency_number} now",
        CHECK,
        "'check' has {emergency_number} in the middle of a line",
    ),
    "line about emergencies without the number": (
        TONGUES,
        "call_now: Llame ahora al {emergency_number}.",
        "call_now: Llame ahora.",
        4,
        "'call_now' of 'es' must name {emergency_number}",
    ),
    "line about emergencies with another name": (
        TONGUES,
        "Llame ahora al {emergency_number}.",
        "Llame ahora al {emergency}.",
        4,
        "'call_now' of 'es' names {emergency}",
    ),
    "sign of no danger there is": (TONGUES, "seizure:", "fits:", 6, "there is no sign of danger 'fits'"),
    "sign without letters": (TONGUES, "- convulsiones", "- '!!'", 7, "has no letters in it"),
    "level lowered": (FLAGS, "level: emergency", "level: advise", 3, "may not be less than emergency"),
    "red flag missing": (FLAGS, "id: seizure", "id: my_seizure", 1, "'seizure' is missing"),
    "red flag twice": (FLAGS, "id: seizure", "id: anaphylaxis", 22, "'anaphylaxis' is here twice (first in line 12)"),
    "look-alike that silences": (
        FLAGS,
        "    signs: [seizure]\n",
        "    signs: [had a seizure]\n    look_alikes: [A seizure]\n",
        25,
        "is part of the sign 'had a seizure'",
    ),
    "concept that is not there": (FLAGS, "signs: [seizure]", "signs: [<fit>]", 24, "there is no concept 'fit'"),
    "concept that is not there, in a figure of speech": (
        FLAGS,
        "red_flags:\n",
        "figures_of_speech: [<fit> of laughter]\nred_flags:\n",
        1,
        "there is no concept 'fit'",
    ),
    "id twice": (SORENESS, "id: heat_or_ice", "id: soreness_duration", 19, "first in en/soreness.yaml:3"),
    "question twice": (
        SORENESS,
        "question: Heat or ice?",
        "question: How long, will I be sore",
        20,
        "is there already (en/soreness.yaml:4)",
    ),
    "phrasing under two questions": (
        SORENESS,
        "- ice pack",
        "- When does THE ache stop?!",
        24,
        "also stands under 'soreness_duration' (en/soreness.yaml:7)",
    ),
    "phrasing without letters": (SORENESS, "- ice pack", "- '???'", 24, "has no letters in it"),
    "see_also to nothing": (SORENESS, "[heat_or_ice]", "[heat_or_snow]", 17, "'heat_or_snow' is the id of no question"),
    "see_also to itself": (SORENESS, "[heat_or_ice]", "[soreness_duration]", 17, "is this question itself"),
    "hole between answers": (
        SORENESS,
        "      - until: 72h\n",
        "      - until: 1d\n",
        15,
        "nothing covers 24h to 72h",
    ),
    "no answer from the treatment on": (
        SORENESS,
        "      - until: 72h\n",
        "      - after: 3h\n        until: 72h\n",
        13,
        "nothing covers 0h to 3h; the first should have no 'after'",
    ),
    "no answer in the end": (
        SORENESS,
        "      - after: 72h\n",
        "      - after: 72h\n        until: 5d\n",
        15,
        "nothing covers 120h and later; the last has no 'until'",
    ),
    "answers overlap": (
        SORENESS,
        "      - until: 72h\n",
        "      - until: 4d\n",
        15,
        "begins at 72h, but the one before runs until 96h",
    ),
    "answer after an endless one": (
        SORENESS,
        "      - until: 72h\n",
        "      - after: 0h\n",
        15,
        "the answer before has no 'until', so this one is never given",
    ),
    "answer that ends before it begins": (
        SORENESS,
        "after: 72h",
        "after: 90m\n        until: 1h",
        15,
        "ends (1h) before",
    ),
    "question too long for a button": (SORENESS, "Heat or ice?", "Heat or ice, " * 4, 20, "a button shows 40"),
    "title too long for a button": (SORENESS, "title: Soreness", "title: " + "So" * 21, 1, "has 42 letters"),
    "group without questions": ("en/empty.yaml", "", "title: None\nentries: []\n", 2, "there is no question here"),
    "reply button too long": (
        REPLIES,
        "button_back: Hello",
        "button_back: " + "x" * 26,
        BUTTON,
        "is 26 letters long; 25 fit",
    ),
    "description too long": (
        REPLIES,
        "bot_description: Hello",
        "bot_description: " + "x" * 513,
        DESCRIPTION,
        "is 513 letters long; 512 fit",
    ),
    "description with formatting": (
        REPLIES,
        "bot_description: Hello",
        "bot_description: <b>x</b>",
        DESCRIPTION,
        "is shown as plain words",
    ),
    "word with two meanings": (
        "en/words.yaml",
        "resume:\n",
        "resume:\n  - Stop word!\n",
        4,
        "also stands under 'stop' (line 2)",
    ),
    "spelling of two words": (WORDS, '"tmrw"', '"t mrw"', SPELT + 1, "'t mrw' must be one word as it is compared"),
    "spelling with an apostrophe": (WORDS, '"dont"', '"don\'t"', SPELT, "'don't' must be one word"),
    "spelling of itself": (WORDS, '"tomorrow"', '"tmrw"', SPELT + 1, "'tmrw' stands for itself"),
    "spelling that stands for signs": (WORDS, '"tomorrow"', '"To-morrow!"', SPELT + 1, "must be plain words"),
    "spelling that stands for a sentence": (WORDS, '"tomorrow"', '"the day after this one"', SPELT + 1, "more than 4"),
    "spelling that loses its not": (WORDS, '"do not"', '"do"', SPELT, "'dont' stands for 'do', which loses its"),
    "spelling of a number": (WORDS, '"tmrw": "tomorrow"', '"2": "to"', SPELT + 1, "changes a number"),
    "spelling that makes a number": (WORDS, '"tomorrow"', '"in 1 day"', SPELT + 1, "changes a number"),
    "spelling of a word to keep": (WORDS, '"tmrw"', '"apixaban"', SPELT + 1, "also stands under 'keep'"),
    "two words to keep": (WORDS, "- apixaban", "- plantar fascia", SPELT + 3, "'plantar fascia' must be one word"),
    "left to people and answered": (
        PEOPLE,
        "- my back hurts",
        "- Heat, or ICE?\n    - hot water bottle!",
        4,
        "is left to people and stands under 'heat_or_ice' (en/soreness.yaml:25)",
    ),
    "left to people without letters": (PEOPLE, "- my back hurts", "- '???'", 3, "has no letters in it"),
    "weekday forgotten": ("clinic.yaml", "  sun: closed\n", "", 4, "write sun: closed"),
}


@pytest.mark.parametrize(("file", "old", "new", "line", "said"), ERRORS.values(), ids=ERRORS)
def test_errors(good: dict[str, str], file: str, old: str, new: str, line: int, said: str) -> None:
    text = good.get(file, "")
    assert old in text
    good[file] = text.replace(old, new, 1)

    told = [str(problem) for problem in look(good).errors]

    assert any(text.startswith(f"{file}:{line}: ") and said in text for text in told), told


WARNINGS: dict[str, tuple[str, str, str, int, str]] = {
    "doubt about no question": (
        FLAGS,
        "signs: [seizure]",
        "signs: [seizure]\n    late: [{entry: fits, after: 24h}]",
        25,
        "late: 'fits' is the id of no question, so 'seizure' is not asked about by time",
    ),
    "few phrasings": (SORENESS, "      - ice pack\n", "", 21, "has 4 phrasings and is not answered automatically"),
    "review overdue": (SORENESS, "2027-11-30\n  - id", "2026-11-21\n  - id", 18, "was to be reviewed by 2026-11-21"),
    "phrasing twice": (SORENESS, "- ice pack", "- Warm, or cold?", 24, "is here twice (first in line 23)"),
    "word twice": ("en/words.yaml", "  - stop word\n", "  - stop word\n  - STOP WORD\n", 3, "is here twice"),
    "word to keep twice": (WORDS, "  - apixaban\n", "  - apixaban\n" * 2, SPELT + 4, f"first in line {SPELT + 3}"),
    "concept that no sign names": (
        FLAGS,
        "red_flags:\n",
        "concepts:\n  shake: [shaking, shook]\n  limb: [leg, foot]\nfigures_of_speech: [<shake> my head]\nred_flags:\n",
        3,
        "no sign names the concept 'limb'",
    ),
    "left to people twice": (PEOPLE, "- tell me a joke", "- My back hurts!", 6, "is here twice (first in line 3)"),
    "signature of another text": (
        SORENESS,
        "    question: Heat",
        "    signed: {name: A. Podiatrist, registration: CH1, on: 2026-11-01, hash: abc}\n    question: Heat",
        20,
        "was changed after A. Podiatrist signed it on 2026-11-01",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "line", "said"), WARNINGS.values(), ids=WARNINGS)
def test_warnings_do_not_stop_a_revision(
    good: dict[str, str], file: str, old: str, new: str, line: int, said: str
) -> None:
    assert old in good[file]
    good[file] = good[file].replace(old, new, 1)

    checked = check_files(good, TODAY)

    assert checked.ok
    told = [str(problem) for problem in checked.findings.warnings]
    assert any(text.startswith(f"{file}:{line}: ") and said in text for text in told), told


def test_without_a_date_no_review_is_overdue(good: dict[str, str]) -> None:
    good[SORENESS] = good[SORENESS].replace("2027", "1999")

    assert check(*parse_located(good)) == Findings()


def test_every_reply_may_use_its_own_placeholders(good: dict[str, str]) -> None:
    good[REPLIES] = good[REPLIES].replace(
        "staff_red_flag: Hello", "staff_red_flag: '{code} {text} {since} {id} {level}'"
    )

    assert look(good) == Findings()


def test_both_kinds_come_in_one_go_and_in_order(good: dict[str, str]) -> None:
    good[SORENESS] = good[SORENESS].replace("Warmth", "<b>Warmth").replace("{clinic_phone}", "{fone}")
    good["clinic.yaml"] = good["clinic.yaml"].replace("  sun: closed\n", "")

    checked = check_files(good, TODAY)

    assert not checked.ok
    assert [(p.file, p.line) for p in checked.findings.errors] == [
        ("clinic.yaml", 4),
        (SORENESS, 11),
        (SORENESS, 16),
        (SORENESS, 27),
    ]


def test_files_that_cannot_be_read_are_findings_too(good: dict[str, str]) -> None:
    good[SORENESS] = "titel: x"

    checked = check_files(good, TODAY)

    assert checked.content is None
    assert not checked.ok
    assert len(checked.findings.errors) == 3


def signed(content: Content, *ids: str) -> Content:
    """The content with `ids` signed by a clinician."""

    def signature(hash_: str) -> Signature:
        return Signature(name="A. Podiatrist", registration="CH1", on=TODAY, hash=hash_)

    flags = tuple(
        flag.model_copy(update={"signed": signature(flag.text_hash)}) if flag.id in ids else flag
        for flag in content.red_flags
    )
    return content.model_copy(update={"red_flags": flags})


def test_a_field_that_came_later_leaves_signatures_as_they_are_until_it_is_used(good: dict[str, str]) -> None:
    flag = parse_content(good).red_flags[0]
    before = flag.model_dump_json(exclude={"signed", "late"})
    assert flag.text_hash == hashlib.sha256(before.encode()).hexdigest()[:16]
    late = (Late(entry="heat_or_ice", after=timedelta(hours=24)),)
    assert flag.model_copy(update={"late": late}).text_hash != flag.text_hash


def test_a_start_is_refused_until_every_red_flag_is_signed(good: dict[str, str]) -> None:
    content = parse_content(good)
    (refusal,) = (problem.text for problem in unfit_to_run(content))
    (shorter,) = (problem.text for problem in unfit_to_run(signed(content, *list(RED_FLAGS)[1:])))

    assert "No clinician has signed 21 of 21 warnings" in refusal
    assert "1 of 21 warnings in red_flags.yaml: chest_pain_breathless." in shorter
    assert "ALLOW_UNSIGNED=1" in refusal
    assert unfit_to_run(signed(content, *RED_FLAGS)) == []


def test_a_part_of_the_content_has_the_entries_of_that_part(good: dict[str, str]) -> None:
    """What is left out for want of a signature must not come back from a cache."""
    content = parse_content(good)
    assert set(content.entries) == {"soreness_duration", "heat_or_ice"}

    assert content.model_copy(update={"groups": ()}).entries == {}


def test_an_edit_takes_the_signature_back(good: dict[str, str]) -> None:
    content = signed(parse_content(good), *RED_FLAGS)
    assert unsigned(content) == ["soreness_duration", "heat_or_ice"]

    first, *others = content.red_flags
    edited = content.model_copy(
        update={"red_flags": (first.model_copy(update={"text": "Call {emergency_number}!"}), *others)}
    )

    assert "chest_pain_breathless" in unsigned(edited)
