"""What may be wrong with one text: names in curly brackets, Telegram's HTML, length, promises."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from math import ceil

from bot.content.readability import AGE_AT_GRADE_0, hardest, read
from bot.content.schema import PLACEHOLDERS, Clinic
from bot.errors import MarkupError
from bot.markup import MAX_TEXT, escape, parse, utf16_len

MAX_ANSWER = 900
"""Rendered characters of an answer: about one screen of a phone."""
HARD_GRADE = 6.5
"""School years that an answer may need: a reading age of about 11."""
MAX_LABEL = 40
"""Characters of a button: what a phone shows without cutting it."""
MAX_REPLY_BUTTON = 25
"""Characters of the bot's own buttons, two of which stand side by side."""
MAX_BESIDE_NUMBER = 20
"""Letters beside a number to ring, in a warning: whoever is frightened has to find it at a glance."""
NUMBERS = ("clinic_phone", "emergency_number", "urgent_line", "crisis_line", "youth_line")
"""The placeholders that are numbers to ring."""
IN_WARNINGS = frozenset(
    (
        *("urgent_open", "urgent_closed", "advise_footer", "media"),
        *("check", "check_nudge", "check_self_harm", "check_no", "check_no_self_harm"),
        *("unseen_emergency", "unseen_self_harm", "unseen_urgent_open", "unseen_urgent_closed"),
        *("seen_emergency", "seen_self_harm", "seen_urgent", "self_harm_child"),
    )
)
"""The bot's own sentences that stand in warnings, or are one."""
MAX_DESCRIPTION = 512
"""Bot API, setMyDescription."""
MAX_SHORT_DESCRIPTION = 120
"""Bot API, setMyShortDescription."""
EXTRA_VALUE = "x" * 64
"""Stands for what is filled in only at run time. Who fills in a patient's words cuts them to fit."""

HOURS_VALUE = "x" * 250
"""Stands for the opening hours in words: seven days that all differ."""

_EXCERPT = 160
"""Letters of a sentence that are shown."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SPACE = re.compile(r"\s+")
_NO_WORD = re.compile(r"[^\w\s]")
_PROMISES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), said)
    for pattern, said in (
        (r"\bguarantee\w*", "guarantee"),
        (r"\b(100|hundred)\s*(%|per\s?cent)\s*(safe|sure|certain)", "100 % safe"),
        (r"\b(completely|totally|perfectly|absolutely)\s+(safe|harmless|painless)\b", "completely safe"),
        (r"\b(risk[- ]free|no risks?|without (any )?risks?)\b", "no risk"),
        (r"\bcure[sd]?\b", "cure"),
        (r"\balways (works|helps)\b", "always works"),
        (r"\bprobably nothing\b|\bnothing to worry about\b", "nothing to worry about"),
    )
)
_NUMBER = re.compile(rf"\{{(?:{'|'.join(NUMBERS)})\}}")
_TAG = re.compile(r"</?\w+>")
_PLAIN_LIMITS = {"bot_description": MAX_DESCRIPTION, "bot_short_description": MAX_SHORT_DESCRIPTION}


def check_text(text: str, clinic: Clinic, extra: frozenset[str] = frozenset()) -> Iterator[str]:
    """What is wrong with a text that is sent as HTML, each as the rest of a sentence ("names …").

    `extra` are the placeholders this text may have besides `PLACEHOLDERS`.
    """
    yield from _check_placeholders(text, extra)
    for pattern, said in _PROMISES:
        if pattern.search(text):
            yield f'promises too much ("{said}"); say what is usual instead'
    try:
        length = utf16_len(parse(fill(text, clinic, extra)).text)
    except MarkupError as error:
        yield f"has formatting that Telegram refuses: {error}"
        return
    if length > MAX_TEXT:
        yield f"is {length} letters long when filled in; Telegram takes {MAX_TEXT} (an emoji counts two)"


def check_warning(text: str, clinic: Clinic, extra: frozenset[str] = frozenset()) -> Iterator[str]:
    """The same for a text about danger, in which each number to ring stands on a line of its own."""
    yield from check_text(text, clinic, extra)
    for line in text.splitlines():
        numbers = _NUMBER.findall(line)
        beside = _TAG.sub("", _NUMBER.sub("", line)).strip()
        if len(numbers) > 1:
            yield f"has two numbers to ring in one line ({' and '.join(numbers)}); give each its own"
        elif numbers and len(beside) > MAX_BESIDE_NUMBER:
            yield f"has {numbers[0]} in the middle of a line; put it on a line of its own"


def check_answer(text: str, clinic: Clinic) -> Iterator[str]:
    """The same for an answer to a patient's question, which has to fit a screen."""
    yield from check_text(text, clinic)
    try:
        length = len(parse(fill(text, clinic)).text)
    except MarkupError:
        return  # said already
    if MAX_ANSWER < length <= MAX_TEXT:
        yield f"is {length} letters long; nobody reads more than {MAX_ANSWER} on a phone"


def check_ease(text: str, clinic: Clinic) -> Iterator[str]:
    """Whether a child of 11 could read an answer: a hint, since medicine has long words."""
    try:
        plain = parse(fill(text, clinic)).text
    except MarkupError:
        return  # said already
    found = read(plain)
    if found.grade > HARD_GRADE:
        worst = hardest(plain)
        yield (
            f"is hard to read (for age {ceil(found.grade) + AGE_AT_GRADE_0}; "
            f"aim at {int(HARD_GRADE) + AGE_AT_GRADE_0}); use shorter words and sentences"
            + (f". Hardest: “{worst[:_EXCERPT]}{' […]' if len(worst) > _EXCERPT else ''}”" if worst else "")
        )


def check_reply(key: str, text: str, clinic: Clinic, extra: frozenset[str]) -> Iterator[str]:
    """The same for one of the bot's own sentences, by its kind: a message, a button, the bot's page."""
    if key.startswith(("button_", "staff_button_")) or key in _PLAIN_LIMITS:
        yield from _check_placeholders(text, extra)
        limit = _PLAIN_LIMITS.get(key, MAX_REPLY_BUTTON)
        length = utf16_len(_fill(text, _values(clinic)))
        if length > limit:
            yield f"is {length} letters long; {limit} fit"
        if "<" in text or "&" in text:
            yield "is shown as plain words; leave out < and &"
    else:
        yield from (check_warning if key in IN_WARNINGS else check_text)(text, clinic, extra)


def fill(text: str, clinic: Clinic, extra: frozenset[str] = frozenset()) -> str:
    """`text` as it would be sent, with something of usual length for what is only known then."""
    values = {name: escape(value) for name, value in _values(clinic).items()}
    return _fill(text, {**values, **dict.fromkeys(extra, EXTRA_VALUE)})


def normalise(text: str) -> str:
    """`text` as two phrasings are compared: small letters, no signs, single spaces, apostrophes left out."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return _SPACE.sub(" ", _NO_WORD.sub(" ", text)).strip()


def _values(clinic: Clinic) -> dict[str, str]:
    special = {
        "clinic_name": clinic.name,
        "clinic_phone": clinic.phone,
        "clinic_address": clinic.address,
        "clinic_hours": HOURS_VALUE,
    }
    return {name: special.get(name) or getattr(clinic, name) for name in PLACEHOLDERS}


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _check_placeholders(text: str, extra: frozenset[str]) -> Iterator[str]:
    known = {*PLACEHOLDERS, *extra}
    for name in sorted(set(_PLACEHOLDER.findall(text)) - known):
        yield f"names {{{name}}}, which nobody fills in; there are {', '.join(f'{{{k}}}' for k in sorted(known))}"
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        yield "has a curly bracket without its partner, or a space in between"
