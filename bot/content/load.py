"""From the files of `faq/` to `Content`, with every problem of every file at once.

The same code reads a folder and a revision kept in the database, so a text means the same in both.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.content.broadcasts import BroadcastsFile
from bot.content.explain import drop_empty, explain, sort_problems
from bot.content.files import CLINIC_FILE, MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES, PLANS, read_files
from bot.content.parts import Id, LanguageCode, Line, Part
from bot.content.plan import Plan
from bot.content.schema import Clinic, Content, Group, Messages, OtherLanguage, RedFlag, Replies, Words
from bot.content.sentences import SENTENCES
from bot.content.staff_replies import StaffRepliesFile
from bot.content.yaml_reader import Document, clean_text, read_yaml
from bot.errors import ContentError, Problem

__all__ = ["Sources", "load_content", "parse_content", "parse_located", "read_files", "revision_of"]

_NO_GROUPS = (
    *("broadcasts", "for_people", "other_languages", "red_flag_messages", "red_flags", "replies", "words"),
    "staff_replies",
    *(f"replies_{name}" for name in SENTENCES),
)
"""Files of a language that hold no questions."""
_Model = TypeVar("_Model", bound=BaseModel)


class RedFlagsFile(Part):
    """`red_flags.yaml`."""

    concepts: Mapping[Id, tuple[Line, ...]] = Field(default_factory=dict)
    figures_of_speech: tuple[Line, ...] = ()
    red_flags: tuple[RedFlag, ...]


class ForPeopleFile(Part):
    """`for_people.yaml`: its one key."""

    for_people: Mapping[Id, tuple[Line, ...]] = Field(default_factory=dict)


class MessagesFile(Part):
    """`red_flag_messages.yaml`: its one key."""

    messages: Mapping[Id, Messages] = Field(default_factory=dict)


class OtherLanguagesFile(Part):
    """`other_languages.yaml`: its one key."""

    other_languages: Mapping[LanguageCode, OtherLanguage] = Field(default_factory=dict)


@dataclass(frozen=True)
class Sources:
    """Where each piece of a `Content` was written, for problems found later."""

    clinic: Document
    groups: tuple[Document, ...]
    """In the order of `Content.groups`."""
    red_flags: Document
    words: Document
    replies: Document
    for_people: Document | None
    """None where the clinic has no such file."""
    messages: Document | None = None
    other_languages: Document | None = None
    broadcasts: Document | None = None
    staff_replies: Document | None = None
    """The same."""
    plans: Mapping[str, Document] = field(default_factory=dict)
    """By the plan's id."""
    sentences: Mapping[str, Document] = field(default_factory=dict)
    """By the name in `SENTENCES`."""


def load_content(folder: Path, language: str = "en") -> Content:
    """What the clinic wrote in `folder`. Raises ContentError with every problem of every file."""
    return parse_content(read_files(folder), language)


def parse_content(files: Mapping[str, str], language: str = "en") -> Content:
    """The same from texts by path, as `read_files` gives them and as a revision keeps them."""
    return parse_located(files, language)[0]


def parse_located(files: Mapping[str, str], language: str = "en") -> tuple[Content, Sources]:
    """`parse_content` and where everything stands. Raises ContentError with every problem of every file."""
    _refuse_too_much(files)
    reading = _Reading(files)
    clinic = reading.one(CLINIC_FILE, Clinic, "the clinic's name, phone and hours belong here")
    red_flags = reading.one(f"{language}/red_flags.yaml", RedFlagsFile, "the signs of danger belong here")
    words = reading.one(f"{language}/words.yaml", Words, "what patients type for stop, yes and so on belongs here")
    replies = reading.one(f"{language}/replies.yaml", Replies, "the bot's own sentences belong here")
    for_people = reading.optional(f"{language}/for_people.yaml", ForPeopleFile)
    messages = reading.optional(f"{language}/red_flag_messages.yaml", MessagesFile)
    other_languages = reading.optional(f"{language}/other_languages.yaml", OtherLanguagesFile)
    broadcasts = reading.optional(f"{language}/broadcasts.yaml", BroadcastsFile)
    staff_replies = reading.optional(f"{language}/staff_replies.yaml", StaffRepliesFile)
    sentences = {
        name: read
        for name, model in SENTENCES.items()
        if (read := reading.one(f"{language}/replies_{name}.yaml", model, "the bot's own sentences belong here"))
    }
    plans = [plan for path in _plan_files(files, language) if (plan := reading.plan(path))]
    groups = [group for path in _group_files(files, language) if (group := reading.group(path))]
    if not groups and not reading.problems:
        reading.problems.append(Problem(f"{language}/", None, "there is not one file with questions and answers"))
    if reading.problems or not (clinic and red_flags and words and replies):
        raise ContentError(sort_problems(reading.problems))
    groups.sort(key=lambda pair: (pair[0].order, pair[0].id))
    content = Content(
        clinic=clinic[0],
        groups=tuple(group for group, _ in groups),
        red_flags=red_flags[0].red_flags,
        concepts=red_flags[0].concepts,
        figures_of_speech=red_flags[0].figures_of_speech,
        words=words[0],
        replies=replies[0],
        for_people=for_people[0].for_people if for_people else {},
        messages=messages[0].messages if messages else {},
        other_languages=other_languages[0].other_languages if other_languages else {},
        plans={plan.id: plan for plan, _ in plans},
        templates=broadcasts[0].templates if broadcasts else {},
        private_words=broadcasts[0].private_words if broadcasts else (),
        staff_replies=staff_replies[0].replies if staff_replies else {},
        revision=revision_of(files),
        **{name: read for name, (read, _) in sentences.items()},
    )
    documents = tuple(document for _, document in groups)
    return content, Sources(
        clinic=clinic[1],
        groups=documents,
        red_flags=red_flags[1],
        words=words[1],
        replies=replies[1],
        for_people=for_people[1] if for_people else None,
        messages=messages[1] if messages else None,
        other_languages=other_languages[1] if other_languages else None,
        broadcasts=broadcasts[1] if broadcasts else None,
        staff_replies=staff_replies[1] if staff_replies else None,
        plans={plan.id: document for plan, document in plans},
        sentences={name: document for name, (_, document) in sentences.items()},
    )


def revision_of(files: Mapping[str, str]) -> str:
    """16 hex digits that change with any letter of any file, whatever the order and the line ends."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path, clean_text(files[path])):
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()[:16]


@dataclass
class _Reading:
    """Reads file after file and gathers what is wrong."""

    files: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def one(self, path: str, model: type[_Model], purpose: str) -> tuple[_Model, Document] | None:
        if path not in self.files:
            self.problems.append(Problem(path, None, f"this file is missing; {purpose}"))
            return None
        return self._validate(self._document(path), model, {})

    def optional(self, path: str, model: type[_Model]) -> tuple[_Model, Document] | None:
        """None where there is no such file, and where there are problems in it."""
        return self._validate(self._document(path), model, {}) if path in self.files else None

    def group(self, path: str) -> tuple[Group, Document] | None:
        return self._named(path, Group, "group")

    def plan(self, path: str) -> tuple[Plan, Document] | None:
        return self._named(path, Plan, "plan")

    def _named(self, path: str, model: type[_Model], what: str) -> tuple[_Model, Document] | None:
        """A file whose name is the id of what it holds."""
        name = PurePosixPath(path).stem
        if not _is_id(name):
            text = f"the file's name is the {what}'s id: use small letters, digits and _ only, and begin with a letter"
            self.problems.append(Problem(path, None, text))
            return None
        document = self._document(path)
        if document and isinstance(document.value, dict) and "id" in document.value:
            text = f"'id' is not a key I know here; the {what}'s id is the name of the file"
            self.problems.append(Problem(path, document.line(("id",)), text))
            return None
        return self._validate(document, model, {"id": name})

    def _document(self, path: str) -> Document | None:
        try:
            return read_yaml(path, self.files[path])
        except ContentError as error:
            self.problems += error.problems
            return None

    def _validate(
        self, document: Document | None, model: type[_Model], given: Mapping[str, str]
    ) -> tuple[_Model, Document] | None:
        if document is None:
            return None
        value = drop_empty(document.value)
        try:
            return model.model_validate({**value, **given} if isinstance(value, dict) else value), document
        except ValidationError as error:
            self.problems += explain(document, model, error)
            return None


def _group_files(files: Iterable[str], language: str) -> list[str]:
    known = {f"{language}/{name}.yaml" for name in _NO_GROUPS}
    return sorted(path for path in _in_folder(files, language) if path not in known)


def _plan_files(files: Iterable[str], language: str) -> list[str]:
    return sorted(_in_folder(files, f"{language}/{PLANS}"))


def _in_folder(files: Iterable[str], folder: str) -> Iterator[str]:
    """Those directly in it."""
    return (path for path in files if path.rpartition("/")[0] == folder)


def _is_id(name: str) -> bool:
    try:
        TypeAdapter(Id).validate_python(name)
    except ValidationError:
        return False
    return True


def _refuse_too_much(files: Mapping[str, str]) -> None:
    """The bounds of `read_files` again: a revision does not come through it."""
    too_long = [path for path, text in files.items() if len(text) > MAX_FILE_BYTES]
    problems = [Problem(path, None, f"this is over {MAX_FILE_BYTES // 1_000_000} MB; split it") for path in too_long]
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_TOTAL_BYTES:
        problems.append(Problem("", None, f"over {MAX_FILES} files or {MAX_TOTAL_BYTES // 1_000_000} MB together"))
    if problems:
        raise ContentError(sort_problems(problems))
