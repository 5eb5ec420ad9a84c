"""What is learned from a content, the matcher's index and the second opinion on danger: read from where it was saved,
else learned and saved there.
"""

import asyncio
import fcntl
import hashlib
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bot import logs
from bot.content.schema import Content
from bot.core import opinion
from bot.core.matching import build_index, lines_of, spellings_of
from bot.core.matching.index import FORMAT, Index
from bot.core.matching.recipe import recipe
from bot.core.matching.semantic import SentenceModel
from bot.core.matching.spelling import Spellings
from bot.core.opinion import Lessons, learn, material_of
from bot.core.opinion.training import Material
from bot.core.saved import WORDS
from bot.core.understand import Brain, build_brain

log = logs.get(__name__)

_KEPT = 8
"""Folders kept: what is served, the same of another model, and what was served before."""


@dataclass(frozen=True, slots=True)
class Mind:
    """What answers from a content, and what that was learned from."""

    brain: Brain
    index: Index
    index_name: str
    lessons: Lessons | None
    lessons_name: str
    """Of what the second opinion would learn from this content…"""
    is_behind: bool = False
    """…and whether it has yet to: `lessons` are those of an earlier content."""
    matched: dict[int, Any] = field(default_factory=dict)
    """What the matcher found for texts asked of it, by their hashes (`impact.py`)."""


def brain_for(content: Content, model: SentenceModel | None, folder: Path | None) -> Brain:
    """The brain for a content; quick where its index was saved before."""
    return mind_for(content, model, folder).brain


def mind_for(
    content: Content, model: SentenceModel | None, folder: Path | None, before: Mind | None = None, *, keep: bool = True
) -> Mind:
    """The brain for a content with what it was learned from.

    `before`: what answers now. What is the same in both is not learned again, and its second opinion serves on where
    learning anew would take half a minute: `is_behind`, see `learn_apart`. Without `keep` nothing new is saved.
    """
    index_name, lessons_name = _name(content, model), _name_of_lessons(material_of(content), spellings_of(content))
    if before is not None and before.index_name == index_name:
        index = before.index
    else:
        index = _index(content, model, folder, index_name, before.index if before is not None else None, keep=keep)
    lessons, is_behind = _lessons(content, folder, lessons_name, before)
    triager = None
    if before is not None and lessons is before.lessons and rules_of(content) == rules_of(before.brain.content):
        triager = before.brain.triager
    if before is None or index is not before.index or not _asked_alike(content, before.brain.content):
        brain = build_brain(content, index, model, lessons, triager)
        return Mind(brain, index, index_name, lessons, lessons_name, is_behind)
    brain = build_brain(content, index, model, lessons, triager, before.brain.matcher)
    return Mind(brain, index, index_name, lessons, lessons_name, is_behind, before.matched)


def _asked_alike(one: Content, other: Content) -> bool:
    """Whether a matcher of one content says of any text what that of the other would; both have the same index."""
    ways = [[(entry.id, entry.question, entry.phrasings) for entry in of.entries.values()] for of in (one, other)]
    return ways[0] == ways[1] and one.words == other.words


def keep_mind(mind: Mind, folder: Path | None) -> None:
    """Save what `mind_for` was told not to."""
    if folder is not None and not (folder / mind.index_name / WORDS).is_file():
        _keep(folder, mind.index_name, mind.index)


def index_for(content: Content, model: SentenceModel | None, folder: Path | None) -> Index:
    """The index of this content. `folder`: where indexes are kept; None keeps nothing.

    A folder that cannot be read or written costs time, not the service, and is logged.
    """
    return _index(content, model, folder, _name(content, model))


def lessons_for(content: Content, folder: Path | None) -> Lessons | None:
    """What the second opinion has learned from this content, kept like an index. None where there is too little."""
    return _taught(material_of(content), spellings_of(content), folder)


async def learn_apart(content: Content, folder: Path) -> None:
    """Learn the lessons of a content in a process of its own, which saves them in `folder`.

    In a thread it would hold up every answer: it is half a minute of Python.
    """
    given = (material_of(content), spellings_of(content), folder)
    process = multiprocessing.get_context("spawn").Process(target=_teach, args=given, daemon=True)
    process.start()
    try:
        await asyncio.to_thread(process.join)
    finally:
        process.kill()


def _teach(material: Material, spellings: Spellings, folder: Path) -> None:
    os.nice(10)
    _taught(material, spellings, folder)


def _taught(material: Material, spellings: Spellings, folder: Path | None) -> Lessons | None:
    name = _name_of_lessons(material, spellings)
    return _learned(folder, name, Lessons.load, lambda: learn(material, spellings))


def _index(
    content: Content,
    model: SentenceModel | None,
    folder: Path | None,
    name: str,
    before: Index | None = None,
    *,
    keep: bool = True,
) -> Index:
    index = _learned(folder, name, Index.load, lambda: build_index(content, model, before), keep=keep)
    assert index is not None, "there is an index for any content"
    return index


def _lessons(content: Content, folder: Path | None, name: str, before: Mind | None) -> tuple[Lessons | None, bool]:
    """The lessons to use, and whether they are behind the content."""
    if before is not None and before.lessons_name == name and not before.is_behind:
        return before.lessons, False
    if (saved := _read(folder, name, Lessons.load)) is not None:
        return saved, False
    if before is not None and before.lessons is not None and _fits(before.lessons, material_of(content)):
        return before.lessons, True
    return lessons_for(content, folder), False


def _fits(lessons: Lessons, material: Material) -> bool:
    """Whether they name the signs of danger that there are, at their levels."""
    ids = {id_ for id_, _ in material.signs}
    return set(lessons.ids) == ids and set(lessons.ids[: lessons.pressing]) == ids & material.pressing


def rules_of(content: Content) -> tuple[object, ...]:
    """What triage is made of, beside the lessons."""
    return content.red_flags, content.concepts, content.figures_of_speech


class _Savable(Protocol):
    def save(self, folder: Path) -> None: ...


_Kept = TypeVar("_Kept", bound=_Savable)


def _learned(
    folder: Path | None,
    name: str,
    load: Callable[[Path], _Kept],
    learn: Callable[[], _Kept | None],
    *,
    keep: bool = True,
) -> _Kept | None:
    """What was saved under this name; else it is learned, by one process while the others wait for it.

    What is not kept is of use to nobody else, so that nobody waits.
    """
    if (saved := _read(folder, name, load)) is not None:
        return saved
    if not keep:
        return learn()
    with _alone(folder):
        if (saved := _read(folder, name, load)) is not None:
            return saved
        learned = learn()
        if learned is not None:
            _keep(folder, name, learned)
        return learned


@contextmanager
def _alone(folder: Path | None) -> Iterator[None]:
    """Learning takes half a minute of a core and 700 MB: workers that start together do it one by one.

    A folder that cannot be written, or locked, holds nobody up.
    """
    with ExitStack() as held:
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                lock = held.enter_context((folder / "learning.lock").open("w"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            except OSError as error:
                log.warning("learning_not_alone", error=type(error).__name__)
        yield


def _read(folder: Path | None, name: str, load: Callable[[Path], _Kept]) -> _Kept | None:
    if folder is None:
        return None
    try:
        return load(folder / name)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("index_unreadable", index=name, error=type(error).__name__)
        shutil.rmtree(folder / name, ignore_errors=True)
        return None


def _keep(folder: Path | None, name: str, learned: _Savable) -> None:
    if folder is None:
        return
    try:
        learned.save(folder / name)
        _forget_old(folder)
    except OSError as error:
        log.warning("index_not_saved", index=name, error=type(error).__name__)


def is_kept(content: Content, model: SentenceModel | None, folder: Path | None) -> bool:
    """Whether `index_for` would find it saved; else it takes its time."""
    return folder is not None and (folder / _name(content, model) / WORDS).is_file()


def _name(content: Content, model: SentenceModel | None) -> str:
    """The same for the same words, model and recipe, whatever the revision is called."""
    spellings = spellings_of(content)
    words = [lines_of(content), dict(spellings.meant), sorted(spellings.keep)]
    return _hash([FORMAT, recipe(), *words, model.id if model else None])


def _name_of_lessons(material: Material, spellings: Spellings) -> str:
    words = [material.signs, material.look_alikes, material.ordinary, sorted(material.pressing)]
    made_with = recipe(opinion.training, opinion.pieces)
    return _hash([FORMAT, made_with, words, dict(spellings.meant), sorted(spellings.keep)])


def _hash(said: list[Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def _forget_old(folder: Path) -> None:
    found = [path for path in folder.iterdir() if (path / WORDS).is_file()]
    for path in sorted(found, key=lambda path: -path.stat().st_mtime)[_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
