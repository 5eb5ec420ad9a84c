"""What was learned, in a folder: arrays that are read back by memory map, and one file of words."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORDS = "index.json"
"""The file of words; a folder without it is none of ours."""


def save(folder: Path, words: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a folder so that a reader sees all of it or nothing. Raises OSError."""
    with whole(folder, WORDS) as unfinished:
        for name, array in arrays.items():
            np.save(unfinished / f"{name}.npy", array)
        (unfinished / WORDS).write_text(json.dumps(words), "utf-8")


@contextmanager
def whole(folder: Path, proof: str) -> Iterator[Path]:
    """A place to write files into, which becomes `folder` in the end: a reader sees all of it or nothing.

    `proof`: a file that tells a folder of the same kind, made by a process that was quicker. Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        yield unfinished
        try:
            os.replace(unfinished, folder)
        except OSError:
            if not (folder / proof).is_file():
                raise  # not merely another process that was quicker
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def load(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The words and the arrays. Raises OSError or ValueError for what is not such a folder."""
    words: dict[str, Any] = json.loads((folder / WORDS).read_text("utf-8"))
    # As plain arrays: numpy's memmap class costs a microsecond at every touch.
    return words, {path.stem: np.load(path, mmap_mode="r").view(np.ndarray) for path in folder.glob("*.npy")}
