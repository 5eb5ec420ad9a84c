"""From phrasings to an index: features, ridge, and a confidence that was tried on the phrasings themselves."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.confidence import Known, Logistic, Signs, replayed_signs
from bot.core.matching.english import english
from bot.core.matching.features import GROUPS, Ids, bag, stem_ids
from bot.core.matching.index import NEVER, Gates, Index, Replayed
from bot.core.matching.matcher import MAX_CANDIDATES
from bot.core.matching.mutate import misspell
from bot.core.matching.postings import Postings
from bot.core.matching.ridge import Ridge, into_kernel
from bot.core.matching.spelling import Counts, Mender, Spellings

Matrix = NDArray[np.float64]
Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to rows of length 1 (`semantic.py`)."""

WORDS_SHARE = 3.0
"""What the static vectors' cosine weighs in the mean, where each group of letters and stems weighs 1."""
SENTENCE_SHARE = 6.0
"""What the sentence model's cosine weighs, where there is one."""
NEAR_SCOPE, FAR_SCOPE = 0.1, 0.25
"""Expected shares of questions that no entry answers: those one would expect to find (an entry's phrasings with the
entry taken out), and all others (`for_people.yaml`, or the former again where it is empty)."""
WRONG_AT_MOST, WRONG_AT_MOST_BY_LETTERS = 0.15, 0.16
"""Of a hundred answers to replays so many may be wrong, out of scope included; the second without the sentence model,
which half of the replays, the misspelt ones, hurt more. Replays are harder than patients: each phrasing is meant to be
unlike its neighbours, half of them are misspelt, and a third of them has no answer. Of answers to other people's
questions 1 to 3 in a hundred are wrong (`benchmarks/matching.py`)…"""
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
    stems: Ids


def read(words: list[str]) -> Read:
    """The words meant, with their stems."""
    return Read(words, stem_ids(words))


def mean_cosines(
    texts: Sequence[list[str]],
    postings: Postings,
    vectors: NDArray[np.float32],
    sentences: NDArray[np.float32],
    pointing: NDArray[np.float32],
    embedded: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """Mean cosine of each text, in words as meant, to every phrasing: the likeness everything else is made of.

    `pointing`: the texts' static vectors (`English.vectors_of`); `embedded`: the sentence model's rows for them, where
    there is a model.
    """
    shares = GROUPS + WORDS_SHARE + (SENTENCE_SHARE if embedded is not None else 0)
    total = postings.cosines_of(texts) if len(texts) > 1 else np.array([postings.cosines(words) for words in texts])
    total += pointing * np.float32(WORDS_SHARE) @ vectors.T
    if embedded is not None:
        total += embedded * np.float32(SENTENCE_SHARE) @ sentences.T
    total /= np.float32(shares)
    return total


def build(
    lines: Sequence[Line], spellings: Spellings, embed: Embed | None = None, seed: int = 7, before: Index | None = None
) -> Index:
    """The index of these phrasings. Deterministic. A second for a thousand phrasings, four for three thousand.

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
    postings = Postings.build([bag(words) for words in typed], labels)
    vectors = known_words.vectors_of(typed)
    embedded = embed([" ".join(words) for words in typed]) if embed else None
    sentences = embedded if embedded is not None else np.zeros((len(lines), 0), np.float32)
    known = _known(texts, labels, columns)

    def replayed_as_written() -> _Replays:
        cosines = mean_cosines(typed, postings, vectors, sentences, vectors, embedded)
        likeness = into_kernel(cosines.copy())
        replays = _Replays(Ridge.fit(likeness, labels, columns), known, labels, len(entries))
        replays.add(texts, cosines, likeness)
        return replays

    with ThreadPoolExecutor(1) as beside:  # a second or two of arithmetic, while Python reads misspelt words
        as_written = beside.submit(replayed_as_written)
        mender = Mender(counts, spellings.keep)
        misspelt = [
            spellings.spell_out(misspell(line.text, seed * 7919 + crc32(line.text.encode()))) or words
            for line, words in zip(lines, typed, strict=True)  # the same slips whatever stands beside it
        ]
        meant = [mender.mend(words) for words in misspelt]
        slip_texts = tuple(" ".join(words) for words in meant)
        slipped = embed(slip_texts) if embed else None
        slips = [read(words) for words in meant]
        cosines = mean_cosines(meant, postings, vectors, sentences, known_words.vectors_of(meant), slipped)
        replays = as_written.result()
    replays.add(slips, cosines, into_kernel(cosines.copy()))
    learnt = replays.learn(WRONG_AT_MOST if embed else WRONG_AT_MOST_BY_LETTERS)
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
        weights=replays.ridge.weights,
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


_IN, _NEAR, _FAR = range(3)
"""Scopes of replays: `_NEAR`, its entry was taken out; `_FAR`, a line that is left to people."""


class _Learnt(NamedTuple):
    right: Logistic
    scope: Logistic
    among: Logistic
    gates: Gates
    replayed: Replayed


class _Replayed(NamedTuple):
    """Some replays, by rows."""

    signs: Matrix
    scopes: NDArray[np.int64]
    is_right: NDArray[np.bool_]
    is_among: NDArray[np.bool_]


class _Replays:
    """Phrasings asked again as if they had not been there."""

    def __init__(self, ridge: Ridge, known: Known, labels: NDArray[np.int64], entries: int) -> None:
        self.ridge = ridge
        self._known = known
        self._labels = labels
        self._starts = np.searchsorted(labels, np.arange(labels[-1] + 1))
        self._entries = entries
        self._found: list[_Replayed] = []
        self._rivals: list[NDArray[np.int32]] = []
        self._ahead: list[NDArray[np.float32]] = []

    def add(self, texts: Sequence[Read], cosines: NDArray[np.float32], likeness: NDArray[np.float32]) -> None:
        """One copy of every phrasing, in order, with its mean cosines to all phrasings, which are spoilt, and its
        likeness to them (`into_kernel`)."""
        if not self._entries:
            return
        held_out = self.ridge.held_out(likeness).astype(np.float64)
        self._note_rivals(held_out)
        np.fill_diagonal(cosines, 0.0)
        nearest = np.maximum.reduceat(cosines, self._starts, axis=1).astype(np.float64)
        ours = np.flatnonzero(self._labels < self._entries)
        scopes = np.full(len(texts), _FAR)
        scopes[ours] = _IN
        self._add(texts, self._labels, held_out, nearest, scopes)
        if self._entries > 1:
            without = self.ridge.without_entry(likeness)[ours].astype(np.float64)
            without[~np.isfinite(without)] = -5.0
            nearest[ours, self._labels[ours]] = 0.0
            near = np.full(len(ours), _NEAR)
            self._add([texts[row] for row in ours.tolist()], self._labels[ours], without, nearest[ours], near)

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
        self,
        texts: Sequence[Read],
        labels: NDArray[np.int64],
        scores: Matrix,
        nearest: Matrix,
        scopes: NDArray[np.int64],
    ) -> None:
        best = np.argsort(-scores[:, : self._entries], axis=1, kind="stable")[:, :MAX_CANDIDATES]
        gone = bool(scopes[0] == _NEAR)
        shares = self._known.replayed_shares([text.stems for text in texts], best[:, 0], labels, gone=gone)
        lengths = np.array([len(text.words) for text in texts])
        found = replayed_signs(scores, nearest, best, shares, lengths, self._entries)
        is_found = (best == labels[:, None]) & (scopes == _IN)[:, None]
        self._found.append(_Replayed(found, scopes, is_found[:, 0], is_found.any(axis=1)))

    def learn(self, wrong_at_most: float) -> _Learnt:
        """The three models and the gates they lead to; without a replay, those of somebody who never speaks."""
        if not self._found:
            mute = Logistic(np.zeros(len(Signs._fields)), np.ones(len(Signs._fields)), np.zeros(1 + len(Signs._fields)))
            gates = Gates(answer=NEVER, ask=NEVER, answered=0.0, wrong=0.0, strangers=0.0)
            nothing = np.zeros((0, len(self._labels)), np.float32)
            return _Learnt(mute, mute, mute, gates, Replayed(nothing.astype(np.int32), nothing, nothing))
        values, scopes, is_right, is_among = (np.concatenate(part) for part in zip(*self._found, strict=True))
        share = _shares_of(scopes)
        weight = share * len(share)
        shrink = max(1.0, SHRINK * len(share))
        outcomes = (is_right, scopes == _IN, is_among)
        right, scope, among = (Logistic.fit(values, outcome.astype(np.float64), weight, shrink) for outcome in outcomes)
        sure = right.of(values) * scope.of(values)
        replayed = Replayed(
            np.vstack(self._rivals),
            np.vstack(self._ahead),
            sure[scopes != _NEAR].reshape(-1, len(self._labels)).astype(np.float32),
        )
        return _Learnt(right, scope, among, _gates(sure, is_right, share, scopes, wrong_at_most), replayed)


def _shares_of(scopes: NDArray[np.int64]) -> Matrix:
    """What each replay stands for, 1 in all."""
    counts = np.bincount(scopes, minlength=3)
    far = FAR_SCOPE if counts[_FAR] else 0.0
    near = NEAR_SCOPE + FAR_SCOPE - far if counts[_NEAR] else 0.0  # not with one entry only
    expected = np.array([1 - near - far, near, far])
    shares: Matrix = (expected / np.maximum(counts, 1))[scopes]
    return shares / float(shares.sum())


def _gates(
    sure: Matrix, is_right: NDArray[np.bool_], share: Matrix, scopes: NDArray[np.int64], wrong_at_most: float
) -> Gates:
    """The lowest sureness from which at most so many of the answers are wrong, by the upper 95 % bound."""
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum((share * ~is_right)[order]) / np.cumsum(share[order])
    fit = np.flatnonzero(_upper_bound(wrong, np.arange(1, len(order) + 1)) <= wrong_at_most)
    in_scope = scopes == _IN
    if not len(fit) or in_scope.sum() < LEAST_REPLAYS:
        return Gates(answer=NEVER, ask=ASK_RIGHT, answered=0.0, wrong=0.0, strangers=0.0)
    given = order[: int(fit[-1]) + 1]
    far = scopes == _FAR
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
