"""What is learned from a content, the matcher's index and the second opinion on danger: read from where it was saved,
else learned and saved there.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bot import logs
from bot.content.schema import Content
from bot.core import opinion
from bot.core.matching import build_index, lines_of, spellings_of
from bot.core.matching.index import FORMAT, Index
from bot.core.matching.recipe import recipe
from bot.core.matching.semantic import SentenceModel
from bot.core.opinion import Lessons, learn_from, material_of
from bot.core.saved import WORDS
from bot.core.understand import Brain, build_brain

log = logs.get(__name__)

_KEPT = 8
"""Folders kept: what is served, the same of another model, and what was served before."""


def brain_for(content: Content, model: SentenceModel | None, folder: Path | None) -> Brain:
    """The brain for a content; quick where its index was saved before."""
    return build_brain(content, index_for(content, model, folder), model, lessons_for(content, folder))


def index_for(content: Content, model: SentenceModel | None, folder: Path | None) -> Index:
    """The index of this content. `folder`: where indexes are kept; None keeps nothing.

    A folder that cannot be read or written costs time, not the service, and is logged.
    """
    name = _name(content, model)
    index = _learned(folder, name, Index.load, lambda: build_index(content, model))
    assert index is not None, "there is an index for any content"
    return index


def lessons_for(content: Content, folder: Path | None) -> Lessons | None:
    """What the second opinion has learned from this content, kept like an index. None where there is too little."""
    return _learned(folder, _name_of_lessons(content), Lessons.load, lambda: learn_from(content))


class _Savable(Protocol):
    def save(self, folder: Path) -> None: ...


_Kept = TypeVar("_Kept", bound=_Savable)


def _learned(
    folder: Path | None, name: str, load: Callable[[Path], _Kept], learn: Callable[[], _Kept | None]
) -> _Kept | None:
    """What was saved under this name; else it is learned, by one process while the others wait for it."""
    if (saved := _read(folder, name, load)) is not None:
        return saved
    with _alone(folder):
        if (saved := _read(folder, name, load)) is not None:
            return saved
        learned = learn()
        if learned is not None:
            _keep(folder, name, learned)
        return learned


@contextmanager
def _alone(folder: Path | None) -> Iterator[None]:
    """Learning takes half a minute of a core and half a gigabyte: workers that start together do it one by one.

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


def _name_of_lessons(content: Content) -> str:
    spellings, material = spellings_of(content), material_of(content)
    words = [material.signs, material.look_alikes, material.ordinary, sorted(material.pressing)]
    made_with = recipe(opinion.training, opinion.pieces)
    return _hash([FORMAT, made_with, words, dict(spellings.meant), sorted(spellings.keep)])


def _hash(said: list[Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def _forget_old(folder: Path) -> None:
    found = [path for path in folder.iterdir() if (path / WORDS).is_file()]
    for path in sorted(found, key=lambda path: -path.stat().st_mtime)[_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
