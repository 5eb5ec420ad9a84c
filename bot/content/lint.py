"""What the schema cannot see: texts Telegram refuses, promises nobody may make, questions that get in each other's way.

Errors keep a revision from being used; warnings are for the editor to weigh. Both come with file and line, all at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.content import lint_broadcasts, lint_faq, lint_plan, lint_staff_replies, lint_text, lint_words
from bot.content.explain import sort_problems
from bot.content.files import PLANS
from bot.content.lint_faq import Finding
from bot.content.load import Sources, parse_located
from bot.content.parts import Part
from bot.content.schema import CONCEPT, REPLY_PLACEHOLDERS, WEEKDAYS, Clinic, Content, RedFlag
from bot.content.sentences import Sentences
from bot.content.yaml_reader import Document, Place
from bot.errors import ContentError, Problem
from bot.model import Level

RED_FLAGS: Mapping[str, Level] = {
    "chest_pain_breathless": Level.EMERGENCY,
    "collapse_unresponsive": Level.EMERGENCY,
    "anaphylaxis": Level.EMERGENCY,
    "stroke_signs": Level.EMERGENCY,
    "seizure": Level.EMERGENCY,
    "heavy_bleeding": Level.EMERGENCY,
    "compartment_limb_threat": Level.EMERGENCY,
    "sepsis_signs": Level.EMERGENCY,
    "self_harm": Level.EMERGENCY,
    "suspected_dvt": Level.URGENT,
    "infection_spreading": Level.URGENT,
    "persistent_bleeding": Level.URGENT,
    "nerve_injury": Level.URGENT,
    "retained_needle": Level.URGENT,
    "severe_escalating_pain": Level.URGENT,
    "faint_recovered": Level.URGENT,
    "pregnancy_concern": Level.URGENT,
    "needlestick_other": Level.URGENT,
    "diabetic_foot_wound": Level.URGENT,
    "slow_to_settle": Level.ADVISE,
    "mild_skin_reaction": Level.ADVISE,
}
"""The signs every clinic must have, with the lowest level each may have. A clinic may add its own."""


@dataclass(frozen=True)
class Findings:
    """What was found, in file and line order."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Checked:
    """The outcome of `check_files`: the content, unless it could not be read, and everything there is to say."""

    content: Content | None
    findings: Findings

    @property
    def ok(self) -> bool:
        """True when it may be used: warnings do not stop it."""
        return self.content is not None and not self.findings.errors


def check_files(files: Mapping[str, str], today: date | None = None, language: str = "en") -> Checked:
    """Read and check in one go. Never raises for what an editor wrote; `today` is a date at the clinic."""
    try:
        content, sources = parse_located(files, language)
    except ContentError as error:
        return Checked(None, Findings(errors=tuple(error.problems)))
    return Checked(content, check(content, sources, today))


def check(content: Content, sources: Sources, today: date | None = None) -> Findings:
    """Everything wrong or doubtful in content that has the right shape. Without `today` no review is overdue."""
    found = [
        *_clinic(content, sources.clinic),
        *_replies(content.replies, content.clinic, REPLY_PLACEHOLDERS, sources.replies),
        *_sentences(content, sources.sentences),
        *lint_words.check_words(content.words, sources.words),
        *_red_flags(content, sources.red_flags),
        *_concepts(content, sources.red_flags),
        *lint_faq.check_groups(content, sources.groups, today),
        *lint_faq.check_for_people(content, sources.groups, sources.for_people),
        *_other_languages(content, sources.other_languages),
        *lint_plan.check_plans(content, sources),
        *lint_broadcasts.check_broadcasts(content, sources.broadcasts, today),
        *lint_staff_replies.check_staff_replies(content, sources.staff_replies),
    ]
    return Findings(
        errors=tuple(sort_problems([f.problem for f in found if f.is_error])),
        warnings=tuple(sort_problems([f.problem for f in found if not f.is_error])),
    )


def unsigned(content: Content) -> list[str]:
    """Ids of what no clinician has signed as it now stands: red flags first, then care plans, then entries."""
    parts = (*content.red_flags, *content.plans.values(), *content.entries.values())
    return [part.id for part in parts if not part.is_signed]


def unfit_to_run(content: Content) -> list[Problem]:
    """What refuses a start with a real token, each with its file; empty: nothing does.

    Unsigned entries do not: their questions go to staff. A warning that no clinician approved cannot be left out and
    cannot be sent, and a patient on a plan waits for its check-ins.
    """
    reasons = []
    if ids := [flag.id for flag in content.red_flags if not flag.is_signed]:
        text = (
            f"No clinician has signed {len(ids)} of {len(content.red_flags)} warnings in red_flags.yaml: "
            f"{', '.join(ids)}. Have them signed, or set ALLOW_UNSIGNED=1 for a trial."
        )
        reasons.append(Problem("en/red_flags.yaml", None, text))
    for plan in content.plans.values():
        if not plan.is_signed:
            text = f"No clinician has signed the care plan '{plan.id}'. "
            text += "Have it signed, or set ALLOW_UNSIGNED=1 for a trial."
            reasons.append(Problem(f"en/{PLANS}/{plan.id}.yaml", None, text))
    return reasons


def _clinic(content: Content, document: Document) -> Iterator[Finding]:
    for day in WEEKDAYS:
        if day not in content.clinic.hours:
            text = f"'{day}' has no opening hours; write {day}: closed if nobody reads then"
            yield Finding.error(document, ("hours",), text)
    if not any(content.clinic.hours.values()):
        yield Finding.error(document, ("hours",), "nobody ever reads messages; give at least one day opening hours")


def _sentences(content: Content, documents: Mapping[str, Document]) -> Iterator[Finding]:
    for name, document in documents.items():
        replies: Sentences = getattr(content, name)
        yield from _replies(replies, content.clinic, replies.placeholders, document)


def _replies(
    replies: Part, clinic: Clinic, placeholders: Mapping[str, frozenset[str]], document: Document
) -> Iterator[Finding]:
    for key in type(replies).model_fields:
        text: str | Mapping[str, str] = getattr(replies, key)
        by_place = {(key,): text} if isinstance(text, str) else {(key, part): said for part, said in text.items()}
        for place, one in by_place.items():
            for said in lint_text.check_reply(key, one, clinic, placeholders.get(key, frozenset())):
                yield Finding.error(document, place, f"'{'.'.join(place)}' {said}")


def _red_flags(content: Content, document: Document) -> Iterator[Finding]:
    first_line: dict[str, int] = {}
    for index, flag in enumerate(content.red_flags):
        place = ("red_flags", index)
        if flag.id in first_line:
            text = f"'{flag.id}' is here twice (first in line {first_line[flag.id]})"
            yield Finding.error(document, (*place, "id"), text)
        first_line.setdefault(flag.id, document.line((*place, "id")))
        for said in lint_text.check_warning(flag.text, content.clinic):
            yield Finding.error(document, (*place, "text"), f"the text of '{flag.id}' {said}")
        if flag.level is Level.EMERGENCY and "{emergency_number}" not in flag.text:
            yield Finding.error(document, (*place, "text"), "the text of an emergency must name {emergency_number}")
        least = RED_FLAGS.get(flag.id, Level.ADVISE)
        if flag.level.rank < least.rank:
            text = f"'{flag.id}' may not be less than {least}, which the list of signs of danger gives it"
            yield Finding.error(document, (*place, "level"), text)
        for said in lint_text.check_text(flag.question, content.clinic):
            yield Finding.error(document, (*place, "question"), f"the question of '{flag.id}' {said}")
        for at, late in enumerate(flag.late):
            if late.entry not in content.entries and not any(late.entry in group.retired for group in content.groups):
                said = f"late: '{late.entry}' is the id of no question, so '{flag.id}' is not asked about by time"
                yield Finding.warning(document, (*place, "late", at, "entry"), said)
        yield from _look_alikes(document, place, flag)
        yield from lint_faq.signature(document, place, flag)
    for missing in RED_FLAGS.keys() - first_line.keys():
        yield Finding.error(document, (), f"'{missing}' is missing; no clinic may go without this sign of danger")


def _concepts(content: Content, document: Document) -> Iterator[Finding]:
    """Concepts that are named but not there, and those that nothing names: words added to them would never be heard."""
    named = set()
    for place, lines in _patterns(content):
        for index, line in enumerate(lines):
            for name in CONCEPT.findall(line):
                named.add(name)
                if name not in content.concepts:
                    yield Finding.error(document, (*place, index), f"there is no concept '{name}'")
    for name in content.concepts:
        if name not in named:
            text = f"no sign names the concept '{name}'; write <{name}> into one, or take it out"
            yield Finding.warning(document, ("concepts", name), text)


def _patterns(content: Content) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """Every list whose lines may name concepts, with its place."""
    yield ("figures_of_speech",), content.figures_of_speech
    for at, flag in enumerate(content.red_flags):
        place: Place = ("red_flags", at)
        for key in ("signs", "any_two", "risks", "ask_if", "look_alikes"):
            yield (*place, key), getattr(flag, key)
        for number, change in enumerate(flag.changes):
            yield (*place, "changes", number, "signs"), change.signs


def _other_languages(content: Content, document: Document | None) -> Iterator[Finding]:
    """Lines that name the number to call, and signs of dangers that there are."""
    if document is None:
        return
    known = {flag.id for flag in content.red_flags}
    for code, language in content.other_languages.items():
        place: Place = ("other_languages", code)
        for key, line in (("emergency", language.emergency), ("call_now", language.call_now)):
            for said in lint_text.check_text(line, content.clinic):
                yield Finding.error(document, (*place, key), f"'{key}' of '{code}' {said}")
            if "{emergency_number}" not in line:
                yield Finding.error(document, (*place, key), f"'{key}' of '{code}' must name {{emergency_number}}")
        for flag_id, lines in language.signs.items():
            if flag_id not in known:
                yield Finding.error(document, (*place, "signs", flag_id), f"there is no sign of danger '{flag_id}'")
            for index, line in enumerate(lines):
                if not lint_text.normalise(line):
                    text = f"'{line}' has no letters in it"
                    yield Finding.error(document, (*place, "signs", flag_id, index), text)


def _look_alikes(document: Document, place: Place, flag: RedFlag) -> Iterator[Finding]:
    """A look-alike inside a sign would silence that sign for good."""
    signs = [(phrase, f" {lint_text.normalise(phrase)} ") for phrase in flag.signs]
    for index, look_alike in enumerate(flag.look_alikes):
        inner = f" {lint_text.normalise(look_alike)} "
        for phrase, said in signs:
            if inner in said:
                text = f"'{look_alike}' is part of the sign '{phrase}', which could then never count"
                yield Finding.error(document, (*place, "look_alikes", index), text)
