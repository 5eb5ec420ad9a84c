"""What may be wrong with an announcement before it goes out, and what it still lacks. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from urllib.parse import urlsplit

from bot.content.broadcasts import TEMPLATE_PLACEHOLDERS
from bot.content.lint_text import MAX_LABEL
from bot.content.locked_screen import locked_screen, names_clinic, private_word
from bot.content.schema import PLACEHOLDERS, Content
from bot.core.announcing import PERSONAL, Announcement
from bot.core.replies import closure_in_words, names_of, render
from bot.errors import MarkupError
from bot.markup import MAX_CAPTION, MAX_TEXT, parse, plain, utf16_len

MAX_LINKS = 3
MAX_URL = 2_000
"""Characters; no browser minds so many."""
MAX_FAMILY_LABEL = 40
"""What a family may call a patient: it stands in front of what is about one of them (`patient_chat.label`)."""
_CLOSURE = "{closure}"
_IN_BRACKETS = re.compile(r"\{([^{}]*)\}")
_LONGEST_DAY = {"day": "Wednesday", "time": "00:00"}


class Fault(StrEnum):
    """What was found; each has its sentence for staff in `replies_broadcasts.yaml`, under `check_…`."""

    EMPTY = "empty"
    MARKUP = "markup"
    UNKNOWN_NAME = "unknown_name"
    UNKNOWN_NAME_NEAR = "unknown_name_near"
    """Mistyped, it seems."""
    BRACKET = "bracket"
    NO_CLOSURE = "no_closure"
    """It names the next closure, and none is to come."""
    TOO_LONG = "too_long"
    TOO_LONG_FOR_PHOTO = "too_long_for_photo"
    TOO_MANY_LINKS = "too_many_links"
    LINK_NOT_HTTPS = "link_not_https"
    LINK_TOO_LONG = "link_too_long"
    LABEL_TOO_LONG = "label_too_long"
    PRIVATE_WORD = "private_word"
    CLINIC_NOT_NAMED = "clinic_not_named"
    NO_OPT_OUT = "no_opt_out"


_WARNINGS = frozenset({Fault.PRIVATE_WORD, Fault.CLINIC_NOT_NAMED, Fault.NO_OPT_OUT})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong; `values` fill in its sentence."""

    kind: Fault
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_problem(self) -> bool:
        """Whether it keeps the announcement from going out; the others are for staff to weigh."""
        return self.kind not in _WARNINGS


def check(announcement: Announcement, content: Content, *, has_photo: bool = False) -> tuple[Finding, ...]:
    """Everything wrong or doubtful, problems first. `has_photo`: the text is the caption of a picture."""
    found = [
        *_names(announcement.text),
        *_links(announcement.links),
        *_text(announcement.text, content, has_photo),
    ]
    return tuple(sorted(found, key=lambda finding: not finding.is_problem))


def problems(announcement: Announcement, content: Content, *, has_photo: bool = False) -> tuple[Finding, ...]:
    """What keeps it from going out."""
    return tuple(one for one in check(announcement, content, has_photo=has_photo) if one.is_problem)


def in_words(finding: Finding, content: Content) -> str:
    """A finding as staff read it; HTML."""
    sentence: str = getattr(content.broadcasts, f"check_{finding.kind}")
    return render(sentence, content.clinic, **finding.values)


def longest(text: str, content: Content) -> int:
    """UTF-16 units of the longest copy. Raises MarkupError."""
    areas = (area.label.lower() for plan in content.plans.values() for area in plan.areas)
    values = _LONGEST_DAY | {"area": max(areas, key=utf16_len, default="")}
    length = utf16_len(plain(render(text, content.clinic, **values)))
    return length if names_of(text).isdisjoint(PERSONAL) else length + MAX_FAMILY_LABEL + len(":\n")


def limit(has_photo: bool) -> int:
    """UTF-16 units that Telegram takes."""
    return MAX_CAPTION if has_photo else MAX_TEXT


def completed(text: str, content: Content, today: date) -> str:
    """A text as staff wrote or picked it, made ready: the days of the next closure filled in, how to opt out below.

    `today`: a date at the clinic.
    """
    to_come = [closure for closure in content.clinic.closures if closure.last >= today]
    if to_come:
        next_one = min(to_come, key=lambda closure: closure.first)
        text = text.replace(_CLOSURE, closure_in_words(next_one))
    return with_opt_out(text, content.broadcasts.opt_out)


def with_opt_out(text: str, line: str) -> str:
    """`text` with the line that says how to opt out, unless it is there or there is no text."""
    return f"{text.rstrip()}\n\n{line}" if text.strip() and not _says(text, line) else text


def _says(text: str, line: str) -> bool:
    """Whether the words are there, however they are formatted."""
    try:
        text, line = plain(text), plain(line)
    except MarkupError:
        pass  # told as such
    return line.rstrip(".").casefold() in text.casefold()


def _names(text: str) -> Iterator[Finding]:
    """Names in curly brackets that nobody fills in: patients would read them as they stand."""
    known = {*PLACEHOLDERS, *TEMPLATE_PLACEHOLDERS}
    for name in dict.fromkeys(_IN_BRACKETS.findall(text)):
        said = {"name": f"{{{name}}}"}
        if said["name"] == _CLOSURE:
            yield Finding(Fault.NO_CLOSURE, said)
        elif name not in known:
            near = get_close_matches(name.strip().lower().replace(" ", "_"), sorted(known), n=1)
            if near:
                yield Finding(Fault.UNKNOWN_NAME_NEAR, said | {"near": f"{{{near[0]}}}"})
            else:
                yield Finding(Fault.UNKNOWN_NAME, said)
    if any(bracket in _IN_BRACKETS.sub("", text) for bracket in "{}"):
        yield Finding(Fault.BRACKET)


def _links(links: tuple[tuple[str, str], ...]) -> Iterator[Finding]:
    if len(links) > MAX_LINKS:
        yield Finding(Fault.TOO_MANY_LINKS, {"count": str(len(links)), "limit": str(MAX_LINKS)})
    for label, url in links:
        if utf16_len(label) > MAX_LABEL:
            yield Finding(Fault.LABEL_TOO_LONG, {"label": label, "limit": str(MAX_LABEL)})
        if len(url) > MAX_URL:
            yield Finding(Fault.LINK_TOO_LONG, {"label": label, "limit": str(MAX_URL)})
        elif not _is_https(url):
            yield Finding(Fault.LINK_NOT_HTTPS, {"link": url})


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and "." in (parts.hostname or "") and not any(char.isspace() for char in url)


def _text(text: str, content: Content, has_photo: bool) -> Iterator[Finding]:
    clinic = content.clinic
    try:
        length = longest(text, content)
        rendered = render(text, clinic, **_LONGEST_DAY)
        shown = locked_screen(rendered)
    except MarkupError as error:
        yield Finding(Fault.MARKUP, {"why": str(error)})
        return
    if not shown:
        yield Finding(Fault.EMPTY)
        return
    if length > limit(has_photo):
        kind = Fault.TOO_LONG_FOR_PHOTO if has_photo else Fault.TOO_LONG
        yield Finding(kind, {"length": str(length), "limit": str(limit(has_photo))})
    for stretch in parse(rendered).entities:
        if stretch.url and not _is_https(stretch.url):
            yield Finding(Fault.LINK_NOT_HTTPS, {"link": stretch.url})
    if (word := private_word(shown, clinic.name, content.private_words)) is not None:
        yield Finding(Fault.PRIVATE_WORD, {"word": word, "line": shown})
    if not names_clinic(shown, clinic.name):
        yield Finding(Fault.CLINIC_NOT_NAMED, {"line": shown})
    if not _says(text, content.broadcasts.opt_out):
        yield Finding(Fault.NO_OPT_OUT)
