"""From phrasings to an index: features, ridge, and a confidence that was tried on the phrasings themselves."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.confidence import Known, Logistic, Signs, best_entries, signs
from bot.core.matching.english import English, english
from bot.core.matching.features import GROUPS, Bag, Ids, Postings, bag, stem_ids
from bot.core.matching.index import NEVER, Gates, Index, Replayed
from bot.core.matching.mutate import misspell
from bot.core.matching.ridge import Matrix, Ridge, kernel
from bot.core.matching.spelling import Counts, Mender, Spellings

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to rows of length 1 (`semantic.py`)."""

WORDS_SHARE = 3.0
"""What the static vectors' cosine weighs in the mean, where each group of letters and stems weighs 1."""
SENTENCE_SHARE = 6.0
"""What the sentence model's cosine weighs, where there is one."""
NEAR_SCOPE, FAR_SCOPE = 0.1, 0.25
"""Expected shares of questions that no entry answers: those one would expect to find (an entry's phrasings with the
entry taken out), and all others (`for_people.yaml`, or the former again where it is empty)."""
WRONG_AT_MOST = 0.15
"""Of a hundred answers to replays so many may be wrong, out of scope included. Replays are harder than patients: each
phrasing is meant to be unlike its neighbours, half of them are misspelt, and a third of them has no answer. Of answers
to other people's questions 1 to 3 in a hundred are wrong (`benchmarks/matching.py`)…"""
ASK_RIGHT = 0.33
"""…and "did you mean" is worth asking from this probability that the right entry is among three."""
SHRINK = 0.003
"""Pull of the weights of the three models to 0, a replay; at least 1 in all."""
LEAST_REPLAYS = 200
"""With fewer in scope (a hundred phrasings) nobody can tell how sure is sure enough: phrasings are answered, all else
asked about."""


class Line(NamedTuple):
    """One phrasing of an entry; or, for `is_ours` False, a message of this kind is left to people."""

    entry: str
    text: str
    is_ours: bool = True


_NOTHING = Line("nothing", "nothing", is_ours=False)
"""Stands for an FAQ without a word in it; nothing is ever answered from it."""


class Read(NamedTuple):
    """A text ready to be compared."""

    words: list[str]
    bag: Bag
    stems: Ids


def read(words: list[str]) -> Read:
    """Features of the words meant."""
    return Read(words, bag(words), stem_ids(words))


def mean_cosines(
    texts: Sequence[Read],
    postings: Postings,
    vectors: NDArray[np.float32],
    sentences: NDArray[np.float32],
    known: English,
    embedded: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """Mean cosine of each text to every phrasing: the likeness everything else is made of.

    `embedded`: the sentence model's rows for the texts, where there is a model.
    """
    total = np.array([postings.cosines(text.bag) for text in texts])
    total += np.array([known.vector(text.words) for text in texts]) @ vectors.T * np.float32(WORDS_SHARE)
    shares = GROUPS + WORDS_SHARE
    if embedded is not None:
        total += embedded @ sentences.T * np.float32(SENTENCE_SHARE)
        shares += SENTENCE_SHARE
    total /= np.float32(shares)
    return total


def build(
    lines: Sequence[Line], spellings: Spellings, embed: Embed | None = None, seed: int = 7, before: Index | None = None
) -> Index:
    """The index of these phrasings. Deterministic. A second or two for a thousand phrasings, ten for three thousand.

    The sentence model makes it several times that. `before`: an index built with it, for most of the same phrasings,
    which spares it those.
    """
    embed = _sparing(embed, before.embedded()) if embed and before else embed
    spelt = [(line, words) for line in lines if (words := spellings.spell_out(line.text))]
    spelt = spelt or [(_NOTHING, [_NOTHING.text])]
    of_entry = sorted(dict.fromkeys((not line.is_ours, line.entry) for line, _ in spelt))
    column = {key: number for number, key in enumerate(of_entry)}
    entries = tuple(entry for is_other, entry in of_entry if not is_other)
    spelt.sort(key=lambda pair: column[not pair[0].is_ours, pair[0].entry])
    lines, typed = [line for line, _ in spelt], [words for _, words in spelt]
    labels = np.array([column[not line.is_ours, line.entry] for line in lines], np.int64)
    columns = len(column)
    known_words = english()
    counts = Counts.of(words for words, line in zip(typed, lines, strict=True) if line.is_ours)
    texts = [read(words) for words in typed]
    postings = Postings.build([text.bag for text in texts], labels)
    vectors = np.vstack([known_words.vector(words) for words in typed])
    embedded = embed([" ".join(words) for words in typed]) if embed else None
    sentences = embedded if embedded is not None else np.zeros((len(lines), 0), np.float32)
    cosines = mean_cosines(texts, postings, vectors, sentences, known_words, embedded)
    ridge = Ridge.fit(cosines, labels, columns)
    known = _known(texts, labels, columns)

    mender = Mender(counts, known_words, spellings.keep)
    misspelt = [
        spellings.spell_out(misspell(line.text, seed * 7919 + crc32(line.text.encode()))) or words
        for line, words in zip(lines, typed, strict=True)  # the same slips whatever stands beside it
    ]
    slips = [read(mender.mend(words)) for words in misspelt]
    slip_texts = tuple(" ".join(text.words) for text in slips)
    slipped = embed(slip_texts) if embed else None
    replays = _Replays(ridge, known, labels, len(entries))
    if entries:
        replays.add(texts, cosines)
        replays.add(slips, mean_cosines(slips, postings, vectors, sentences, known_words, slipped))
    learnt = replays.learn()
    return Index(
        entries=entries,
        lines=tuple(line.text for line in lines),
        labels=labels,
        spellings=spellings,
        counts=counts,
        postings=postings,
        vectors=vectors,
        sentences=sentences,
        slips=slip_texts,
        slip_sentences=slipped if slipped is not None else sentences,
        weights=ridge.weights.astype(np.float32),
        known=known,
        right=learnt.right,
        scope=learnt.scope,
        among=learnt.among,
        gates=learnt.gates,
        replayed=learnt.replayed,
    )


def _sparing(embed: Embed, known: Mapping[str, NDArray[np.float32]]) -> Embed:
    """`embed`, asked for nothing that is known."""

    def found(texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        rows = {**known, **dict(zip(new, embed(new), strict=True))} if new else known
        return np.array([rows[text] for text in texts], np.float32)

    return found


def _known(texts: Sequence[Read], labels: NDArray[np.int64], columns: int) -> Known:
    ids = np.unique(np.concatenate([text.stems for text in texts]))
    counts = np.zeros((len(ids), columns), np.int32)
    for text, label in zip(texts, labels, strict=True):
        counts[np.searchsorted(ids, text.stems), label] += 1
    return Known(ids, counts, len(texts))


class _Scope(Enum):
    IN = auto()
    NEAR = auto()
    """Its entry was taken out."""
    FAR = auto()
    """A line that is left to people."""


class _Replay(NamedTuple):
    signs: Signs
    scope: _Scope
    is_right: bool
    is_among: bool


class _Learnt(NamedTuple):
    right: Logistic
    scope: Logistic
    among: Logistic
    gates: Gates
    replayed: Replayed


class _Replays:
    """Phrasings asked again as if they had not been there."""

    def __init__(self, ridge: Ridge, known: Known, labels: NDArray[np.int64], entries: int) -> None:
        self._ridge = ridge
        self._known = known
        self._labels = labels
        self._starts = np.searchsorted(labels, np.arange(labels[-1] + 1))
        self._entries = entries
        self._found: list[_Replay] = []
        self._rivals: list[NDArray[np.int32]] = []
        self._ahead: list[NDArray[np.float32]] = []

    def add(self, texts: Sequence[Read], cosines: NDArray[np.float32]) -> None:
        """One copy of every phrasing, in order, with its mean cosines to all phrasings."""
        likeness = kernel(cosines)
        held_out = self._ridge.held_out(likeness)
        without = self._ridge.without_entry(likeness)
        self._note_rivals(held_out)
        for row, (text, label) in enumerate(zip(texts, self._labels, strict=True)):
            near = cosines[row].astype(np.float64)
            near[row] = 0.0
            own = np.zeros((len(text.stems), self._known.counts.shape[1]), np.int32)
            own[:, label] = 1
            self._add(text, int(label), held_out[row], near, own, _Scope.IN if label < self._entries else _Scope.FAR)
            if label < self._entries and self._entries > 1:
                near[self._labels == label] = 0.0
                gone = np.zeros_like(own)
                gone[:, label] = self._known.size
                scores = np.where(np.isfinite(without[row]), without[row], -5.0)
                self._add(text, int(label), scores, near, gone, _Scope.NEAR)

    def _note_rivals(self, scores: Matrix) -> None:
        rows = np.arange(len(scores))
        own = scores[rows, self._labels]
        others = scores[:, : self._entries].copy()
        ours = self._labels < self._entries
        others[rows[ours], self._labels[ours]] = -np.inf
        rivals = others.argmax(axis=1)
        self._rivals.append(rivals.astype(np.int32))
        self._ahead.append((own - others[rows, rivals]).astype(np.float32))

    def _add(
        self, text: Read, label: int, scores: Matrix, near: Matrix, minus: NDArray[np.int32], scope: _Scope
    ) -> None:
        nearest = np.maximum.reduceat(near, self._starts)
        best = best_entries(scores, self._entries)
        shares = self._known.shares(text.stems, best[0], minus)
        found = signs(scores, nearest, best, shares, len(text.words), self._entries)
        is_in = scope is _Scope.IN
        self._found.append(_Replay(found, scope, is_in and label == best[0], is_in and label in best))

    def learn(self) -> _Learnt:
        """The three models and the gates they lead to; without a replay, those of somebody who never speaks."""
        if not self._found:
            mute = Logistic(np.zeros(len(Signs._fields)), np.ones(len(Signs._fields)), np.zeros(1 + len(Signs._fields)))
            gates = Gates(answer=NEVER, ask=NEVER, answered=0.0, wrong=0.0, strangers=0.0)
            nothing = np.zeros((0, len(self._labels)), np.float32)
            return _Learnt(mute, mute, mute, gates, Replayed(nothing.astype(np.int32), nothing, nothing))
        values = np.array([replay.signs for replay in self._found])
        is_right = np.array([replay.is_right for replay in self._found], np.float64)
        is_among = np.array([replay.is_among for replay in self._found], np.float64)
        in_scope = np.array([replay.scope is _Scope.IN for replay in self._found])
        share = self._shares()
        weight = share * len(share)
        shrink = max(1.0, SHRINK * len(share))
        known = (is_right, in_scope.astype(np.float64), is_among)
        right, scope, among = (Logistic.fit(values, outcome, weight, shrink) for outcome in known)
        scopes = [replay.scope for replay in self._found]
        sure = right.of(values) * scope.of(values)
        replayed = Replayed(
            np.vstack(self._rivals),
            np.vstack(self._ahead),
            sure[[scope is not _Scope.NEAR for scope in scopes]].reshape(-1, len(self._labels)).astype(np.float32),
        )
        return _Learnt(right, scope, among, _gates(sure, is_right, share, scopes), replayed)

    def _shares(self) -> Matrix:
        """What each replay stands for, 1 in all."""
        scopes = [replay.scope for replay in self._found]
        far = FAR_SCOPE if _Scope.FAR in scopes else 0.0
        near = NEAR_SCOPE + FAR_SCOPE - far if _Scope.NEAR in scopes else 0.0  # not with one entry only
        expected = {_Scope.IN: 1 - near - far, _Scope.NEAR: near, _Scope.FAR: far}
        counts = Counter(scopes)
        shares = np.array([expected[scope] / counts[scope] for scope in scopes], np.float64)
        total = float(shares.sum())
        return shares / total


def _gates(sure: Matrix, is_right: Matrix, share: Matrix, scopes: Sequence[_Scope]) -> Gates:
    """The lowest sureness from which at most `WRONG_AT_MOST` of the answers are wrong, by the upper 95 % bound."""
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum((share * (1 - is_right))[order]) / np.cumsum(share[order])
    fit = np.flatnonzero(_upper_bound(wrong, np.arange(1, len(order) + 1)) <= WRONG_AT_MOST)
    in_scope = np.array([scope is _Scope.IN for scope in scopes])
    if not len(fit) or in_scope.sum() < LEAST_REPLAYS:
        return Gates(answer=NEVER, ask=ASK_RIGHT, answered=0.0, wrong=0.0, strangers=0.0)
    given = order[: int(fit[-1]) + 1]
    far = np.array([scope is _Scope.FAR for scope in scopes])
    answers = int(in_scope[given].sum())
    return Gates(
        answer=float(sure[given[-1]]),
        ask=ASK_RIGHT,
        answered=answers / max(int(in_scope.sum()), 1),
        wrong=_bound(answers - int(is_right[given].sum()), answers),
        strangers=_bound(int(far[given].sum()), int(far.sum())),
    )


def _bound(count: int, of: int) -> float:
    return float(_upper_bound(np.array([count / of]), np.array([of]))[0]) if of else 0.0


def _upper_bound(share: Matrix, of: NDArray[np.int64]) -> Matrix:
    """Wilson's one-sided upper 95 % bound of a share seen in so many."""
    z = 1.6448536269514722
    centre = share + z * z / (2 * of)
    spread = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    found: Matrix = (centre + spread) / (1 + z * z / of)
    return found
