"""Edits of the clinic's questions and answers, as files in and files out; nothing else in them changes by a byte.

An edit names what it is about by id, so that it can be made again on files that somebody else changed meanwhile. Any
change of a text takes its signature away. Whether the result may be used is for `lint.py` to say.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeAlias

import yaml

from bot.content.files import PLANS
from bot.content.load import parse_content
from bot.content.parts import Signable, parse_duration, say_length
from bot.content.schema import Content, Entry, Variant
from bot.content.yaml_text import EditError, Written, YamlText, items, lines_of, value_of

Files: TypeAlias = Mapping[str, str]
"""Path → text, as `read_files` gives them."""

_ID_LENGTH = 36
"""Letters of an id that a question gives; a number may follow."""
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "i",
        "my",
        "me",
        "you",
        "your",
        "we",
        "our",
        "is",
        "are",
        "do",
        "does",
        "did",
        "can",
        "could",
        "will",
        "would",
        "it",
        "of",
        "to",
        "in",
        "on",
        "for",
    ]
)
"""Words of a question that its id does without."""


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """Other words for an entry; None leaves a part as it is. `phrasings` and `variants` are all there shall be."""

    entry_id: str
    question: str | None = None
    answer: str | None = None
    phrasings: tuple[str, ...] | None = None
    variants: tuple[Variant, ...] | None = None
    review_by: date | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A question that was not there. Its id comes from its words, and is none that was ever used in these files."""

    group: str
    """The id of the group it joins, at its end."""
    question: str
    answer: str
    phrasings: tuple[str, ...]
    review_by: date
    variants: tuple[Variant, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Retire:
    """Take an entry out. Its id stays in the group's `retired` list, so that no other question gets it."""

    entry_id: str


@dataclass(frozen=True, slots=True)
class Sign:
    """A clinician approves an entry, a red flag or a plan as it stands. `text_hash`: of the text they have read.

    `review_by`: when an entry is to be read again; None leaves its date as it is.
    """

    item_id: str
    text_hash: str
    name: str
    registration: str
    on: date
    review_by: date | None = None


@dataclass(frozen=True, slots=True)
class LeaveToPeople:
    """A message the bot must not answer by itself, under a kind of `for_people.yaml`."""

    kind: str
    line: str


Edit: TypeAlias = ChangeEntry | NewEntry | Retire | Sign | LeaveToPeople


class Edited(NamedTuple):
    """What an edit made."""

    files: dict[str, str]
    item_id: str
    """What was edited: the id of an entry, a red flag, a plan, or a kind of message for people."""


def apply(files: Files, edit: Edit, language: str = "en") -> Edited:
    """The files with the edit made. Raises EditError when it cannot be made on these files."""
    match edit:
        case ChangeEntry():
            return _change(files, edit, language)
        case NewEntry():
            return _add(files, edit, language)
        case Retire():
            return _retire(files, edit, language)
        case Sign():
            return _sign(files, edit, language)
        case LeaveToPeople():
            return _leave(files, edit, language)


def differing(before: Content, after: Content) -> list[str]:
    """Ids of the entries, red flags and plans that are not the same in both, and names of other parts ("clinic")."""
    one, other = signables(before), signables(after)
    ids = [id_ for id_ in {**one, **other} if one.get(id_) != other.get(id_)]
    parts = (name for name in Content.model_fields if name not in ("groups", "red_flags", "plans", "revision"))
    return [*ids, *(name for name in parts if getattr(before, name) != getattr(after, name))]


def signables(content: Content) -> dict[str, Signable]:
    """Everything a clinician signs, by id."""
    return {**{flag.id: flag for flag in content.red_flags}, **content.plans, **content.entries}


def keep_ids(before: Files, after: Files, language: str = "en") -> dict[str, str]:
    """`after` with the ids of entries that only `before` has in the lists of retired ones."""
    known = _ids_ever(after, language)
    kept = dict(after)
    for path in _group_paths(before, language):
        gone = [id_ for id_ in _ids(before[path]) if id_ not in known]
        if gone and path in kept:
            kept[path] = _with_retired(kept[path], gone)
    return kept


def _change(files: Files, edit: ChangeEntry, language: str) -> Edited:
    path, page, entry = _entry(files, edit.entry_id, language)
    if edit.question is not None:
        page.set(entry, "question", _line(edit.question))
    if edit.phrasings is not None:
        page.set_lines(entry, "phrasings", [line.strip() for line in edit.phrasings])
    if edit.answer is not None:
        page.set(entry, "answer", edit.answer.strip())
    if edit.variants is not None:
        _set_variants(page, entry, edit.variants)
    if edit.review_by is not None:
        page.set(entry, "review_by", edit.review_by.isoformat())
    if page.text == files[path]:
        raise EditError("this changes nothing")
    page.drop(entry, "signed")
    return Edited({**files, path: page.text}, edit.entry_id)


def _set_variants(page: YamlText, entry: yaml.MappingNode, variants: tuple[Variant, ...]) -> None:
    """Where only words change, only the words; else all variants anew."""
    written = [dict(_variant(variant)) for variant in variants]
    nodes = items(entry, "variants")
    if nodes and [_times(node) for node in nodes] == [(variant.after, variant.until) for variant in variants]:
        for node, one in zip(nodes, written, strict=True):
            if value_of(node, "answer") != one["answer"]:
                page.set(node, "answer", one["answer"])
    elif written:
        page.set(entry, "variants", written)
    else:
        page.drop(entry, "variants")


def _times(node: yaml.MappingNode) -> tuple[object, object]:
    return parse_duration(value_of(node, "after") or "0s"), parse_duration(value_of(node, "until"))


def _variant(variant: Variant) -> Iterator[tuple[str, str]]:
    if variant.after:
        yield "after", say_length(variant.after)
    if variant.until is not None:
        yield "until", say_length(variant.until)
    yield "answer", variant.answer.strip()


def _add(files: Files, edit: NewEntry, language: str) -> Edited:
    path = f"{language}/{edit.group}.yaml"
    if path not in files or not items((page := YamlText(files[path])).root, "entries"):
        raise EditError(f"there is no group '{edit.group}' to put it in")
    entry_id = _new_id(edit.question, _ids_ever(files, language))
    entry: dict[str, Written] = {
        "id": entry_id,
        "question": _line(edit.question),
        "phrasings": [line.strip() for line in edit.phrasings],
        "answer": edit.answer.strip(),
        "variants": [dict(_variant(variant)) for variant in edit.variants],
        "sources": [line.strip() for line in edit.sources],
        "review_by": edit.review_by.isoformat(),
    }
    page.add_item("entries", {key: value for key, value in entry.items() if value})
    return Edited({**files, path: page.text}, entry_id)


def _retire(files: Files, edit: Retire, language: str) -> Edited:
    path, page, entry = _entry(files, edit.entry_id, language)
    if len(items(page.root, "entries")) == 1:
        raise EditError("it is the last question of its group; take the file away instead")
    page.drop_item(entry)
    return Edited({**files, path: _with_retired(page.text, [edit.entry_id])}, edit.entry_id)


def _with_retired(text: str, ids: list[str]) -> str:
    """A group's file with these ids among the retired ones, too."""
    page = YamlText(text)
    page.set_lines(page.root, "retired", [*lines_of(page.root, "retired"), *ids])
    return page.text


def _sign(files: Files, edit: Sign, language: str) -> Edited:
    parts = signables(parse_content(files, language))
    if edit.item_id not in parts:
        raise EditError(f"there is nothing called '{edit.item_id}'")
    if parts[edit.item_id].text_hash != edit.text_hash:
        raise EditError("the text was changed after it was read; read it again before it is signed")
    signed = parts[edit.item_id]
    path, page, part = _signable(files, edit.item_id, language)
    if edit.review_by is not None:
        if not isinstance(signed, Entry):
            raise EditError("only a question and its answer has a date on which to read it again")
        signed = signed.model_copy(update={"review_by": edit.review_by})
        page.set(part, "review_by", edit.review_by.isoformat())
        path, page, part = _signable({**files, path: page.text}, edit.item_id, language)
    block = {"name": edit.name, "registration": edit.registration, "on": edit.on.isoformat(), "hash": signed.text_hash}
    page.set(part, "signed", block)
    return Edited({**files, path: page.text}, edit.item_id)


def _signable(files: Files, item_id: str, language: str) -> tuple[str, YamlText, yaml.MappingNode]:
    path = f"{language}/{PLANS}/{item_id}.yaml"
    if path in files:
        page = YamlText(files[path])
        return path, page, page.root
    path = f"{language}/red_flags.yaml"
    if item_id in files[path]:
        page = YamlText(files[path])
        if (flag := page.find("red_flags", item_id)) is not None:
            return path, page, flag
    return _entry(files, item_id, language)


def _leave(files: Files, edit: LeaveToPeople, language: str) -> Edited:
    path = f"{language}/for_people.yaml"
    page = YamlText(files.get(path, f"for_people:\n  {edit.kind}: []\n"))
    kinds = next((value for key, value in page.root.value if key.value == "for_people"), None)
    if not isinstance(kinds, yaml.MappingNode):
        raise EditError("for_people.yaml is not as it should be; change it in the file")
    page.set_lines(kinds, edit.kind, [*lines_of(kinds, edit.kind), edit.line.strip()])
    return Edited({**files, path: page.text}, edit.kind)


def _entry(files: Files, entry_id: str, language: str) -> tuple[str, YamlText, yaml.MappingNode]:
    """Where an entry stands."""
    for path in _group_paths(files, language):
        if entry_id in files[path]:  # most files need not be taken apart
            page = YamlText(files[path])
            if (entry := page.find("entries", entry_id)) is not None:
                return path, page, entry
    raise EditError(f"there is no question '{entry_id}' any more")


def _ids_ever(files: Files, language: str) -> set[str]:
    """Ids of entries, those retired among them."""
    texts = [files[path] for path in _group_paths(files, language)]
    return {id_ for text in texts for id_ in (*_ids(text), *lines_of(YamlText(text).root, "retired"))}


def _ids(text: str) -> list[str]:
    """Ids of the entries of a group's file."""
    return [id_ for item in items(YamlText(text).root, "entries") if (id_ := value_of(item, "id"))]


def _group_paths(files: Files, language: str) -> list[str]:
    return [path for path in files if path.rpartition("/")[0] == language and "entries:" in files[path]]


def _line(text: str) -> str:
    """What stands on a button."""
    if "\n" in text.strip():
        raise EditError("a question has to be one line")
    return text.strip()


def _new_id(question: str, taken: set[str]) -> str:
    """A short name for a question, such as `gift_vouchers`."""
    said = _NO_LETTER.sub(" ", question.lower().replace("'", "").replace("’", "")).split()
    telling = [word for word in said if word not in _SMALL_WORDS] or said
    name = "_".join(telling)[:_ID_LENGTH].strip("_")
    if not name[:1].isalpha() or len(name) < 2:
        name = f"question_{name}".rstrip("_")
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found
