"""The matcher's index for a content: read from where it was saved, else built and saved there."""

import hashlib
import json
import shutil
from pathlib import Path

from bot import logs
from bot.content.schema import Content
from bot.core.matching import build_index, lines_of, spellings_of
from bot.core.matching.index import FORMAT, Index
from bot.core.matching.semantic import SentenceModel
from bot.core.understand import Brain, build_brain

log = logs.get(__name__)

_KEPT = 4
"""Indexes kept in the folder: the served one, that of another model, and what was served before."""


def brain_for(content: Content, model: SentenceModel | None, folder: Path | None) -> Brain:
    """The brain for a content; quick where its index was saved before."""
    return build_brain(content, index_for(content, model, folder), model)


def index_for(content: Content, model: SentenceModel | None, folder: Path | None) -> Index:
    """The index of this content. `folder`: where indexes are kept; None keeps nothing.

    A folder that cannot be read or written costs time, not the service, and is logged.
    """
    name = _name(content, model)
    if folder is not None:
        try:
            return Index.load(folder / name)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("index_unreadable", index=name, error=type(error).__name__)
            shutil.rmtree(folder / name, ignore_errors=True)
    index = build_index(content, model)
    if folder is not None:
        try:
            index.save(folder / name)
            _forget_old(folder)
        except OSError as error:
            log.warning("index_not_saved", index=name, error=type(error).__name__)
    return index


def _name(content: Content, model: SentenceModel | None) -> str:
    """The same for the same words and model, whatever the revision is called."""
    spellings = spellings_of(content)
    said = [FORMAT, lines_of(content), dict(spellings.meant), sorted(spellings.keep), model.id if model else None]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:24]


def _forget_old(folder: Path) -> None:
    found = [path for path in folder.iterdir() if (path / "index.json").is_file()]
    for path in sorted(found, key=lambda path: -path.stat().st_mtime)[_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
