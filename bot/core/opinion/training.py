"""From messages to a second opinion: ridge over whole messages, and gates that were tried on the messages themselves.

Each message is heard again, piece by piece, as if it had not been there (ridge gives that in closed form); how grave it
then looks teaches the probability, and how many look-alikes and ordinary questions would alarm sets the gates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.matching.confidence import Logistic
from bot.core.matching.english import english
from bot.core.matching.features import Floats, bag
from bot.core.matching.postings import Postings
from bot.core.matching.ridge import into_kernel, inverse_of, levelled
from bot.core.matching.spelling import Counts, Spellings
from bot.core.matching.training import mean_cosines
from bot.core.opinion.learned import NO_SENTENCES, Ear, Gates, Lessons, heard
from bot.core.opinion.pieces import pieces
from bot.core.reading import read as reading_of
from bot.core.text import clean

LEAST_SIGNS = 200
"""Fewer messages teach nothing worth hearing."""
ORDINARY = 1_800
"""So many ordinary questions are learned from: those most like a sign of danger. All are used to set the gates."""
SHRINK = 0.1
"""How much a single message may be wrong (`ridge.LAMBDA`)."""
ALARMS = (0.05, 0.007)
"""Of look-alikes, and of ordinary questions, so many may raise an alarm when heard as if for the first time…"""
QUESTIONS = (0.12, 0.040)
"""…and so many an alarm or a question to the patient. The messages were written to be unlike one another, so that in
use both are rarer: `deploy/safety/` has the figures."""
_LOOK_ALIKE_WEIGHT, _ORDINARY_WEIGHT = 1.5, 0.7
_AT_ONCE = 256
"""Pieces compared at a time, for the memory."""


@dataclass(frozen=True)
class Material:
    """What there is to learn from."""

    signs: tuple[tuple[str, str], ...]
    """Ids and messages."""
    look_alikes: tuple[str, ...]
    ordinary: tuple[str, ...]
    """Questions and wishes that mean no danger."""
    pressing: frozenset[str]
    """Ids that are emergencies or urgent."""


def learn(material: Material, spellings: Spellings) -> Lessons | None:
    """Learn it; takes half a minute, so keep it (`bot/services/indexes.py`). Deterministic.

    None where there are too few messages, or no look-alike or question beside them.
    """
    if len(material.signs) < LEAST_SIGNS or not material.look_alikes or not material.ordinary:
        return None
    named = sorted({id_ for id_, _ in material.signs}, key=lambda id_: (id_ not in material.pressing, id_))
    pressing = sum(id_ in material.pressing for id_ in named)
    none = len(named)
    signs = [text for _, text in material.signs]
    others = [*signs, *material.look_alikes]
    known = english()
    heard_texts, ordinary = (
        [spellings.spell_out(clean(text)) for text in texts] for texts in (others, material.ordinary)
    )
    near = _nearest(heard_texts[: len(signs)], ordinary)
    rows = [*others, *(material.ordinary[at] for at in near)]
    texts = [*heard_texts, *(ordinary[at] for at in near)]
    labels = np.full(len(rows), none, np.int64)
    labels[: len(signs)] = [named.index(id_) for id_, _ in material.signs]

    counts = Counts.of(texts)
    postings = Postings.build([bag(words) for words in texts], labels)
    vectors = known.vectors_of(texts)
    inverse = _inverse(mean_cosines(texts, postings, vectors, NO_SENTENCES, vectors, None))
    weights = inverse @ np.eye(none + 1, dtype=np.float32)[labels]
    ear = Ear(spellings, counts, postings, vectors)

    far = sorted(set(material.ordinary) - set(rows[len(others) :]))
    replays = [(text, row) for row, text in enumerate(rows)] + [(text, None) for text in far]
    looks = np.array(list(_replay(replays, ear, inverse, weights, pressing)))
    is_danger = np.r_[labels < pressing, np.zeros(len(far), bool)]
    is_alike = np.zeros(len(replays), bool)
    is_alike[len(signs) : len(others)] = True
    is_advise = np.r_[(labels >= pressing) & (labels < none), np.zeros(len(far), bool)]
    shares = np.where(is_danger, 1.0, np.where(is_alike | is_advise, _LOOK_ALIKE_WEIGHT, _ORDINARY_WEIGHT))
    grave = Logistic.fit(looks, is_danger.astype(np.float64), shares)
    danger = grave.of(looks)
    is_ordinary = ~(is_danger | is_alike | is_advise)
    return Lessons(
        ids=tuple(named),
        pressing=pressing,
        spellings=spellings,
        counts=counts,
        postings=postings,
        vectors=vectors,
        weights=weights,
        grave=grave,
        gates=Gates(
            sure=_gate(danger[is_alike], danger[is_ordinary], ALARMS),
            perhaps=_gate(danger[is_alike], danger[is_ordinary], QUESTIONS),
        ),
    )


def _nearest(signs: Sequence[list[str]], ordinary: Sequence[list[str]]) -> list[int]:
    """Places of the ordinary questions most like a sign of danger, rising."""
    known = english()
    postings = Postings.build([bag(words) for words in signs], np.arange(len(signs)))
    vectors = known.vectors_of(signs)
    best: list[float] = []
    for begin in range(0, len(ordinary), _AT_ONCE):
        some = ordinary[begin : begin + _AT_ONCE]
        near = mean_cosines(some, postings, vectors, NO_SENTENCES, known.vectors_of(some), None)
        best += near.max(axis=1).tolist()
    return sorted(np.argsort(-np.array(best), kind="stable")[:ORDINARY].tolist())


def _inverse(cosines: Floats) -> Floats:
    """(K + λI)⁻¹, made in the memory of `cosines`."""
    regular = levelled(into_kernel(cosines))
    np.fill_diagonal(regular, regular.diagonal() + SHRINK)
    return inverse_of(regular)


def _replay(
    replays: Sequence[tuple[str, int | None]], ear: Ear, inverse: Floats, weights: Floats, pressing: int
) -> Iterable[Sequence[float]]:
    """How each text looks, with the row that it is itself taken out of what was learned."""
    batch: list[tuple[list[str], int | None]] = []
    for number, (text, row) in enumerate(replays):
        batch.append((pieces(reading_of(clean(text))), row))
        if sum(len(parts) for parts, _ in batch) < _AT_ONCE and number + 1 < len(replays):
            continue
        likeness = ear.likeness([part for parts, _ in batch for part in parts])
        begin = 0
        for parts, own in batch:
            mine = likeness[begin : begin + len(parts)]
            begin += len(parts)
            scores = mine @ weights
            if own is not None:
                share = mine @ inverse[own] / inverse[own, own]  # a row: it is symmetric, and rows are read faster
                scores = scores - share[:, None] * weights[own]
            yield heard(scores, parts, pressing).looks
        batch = []


def _gate(alike: NDArray[np.float64], ordinary: NDArray[np.float64], most: tuple[float, float]) -> float:
    """The lowest probability from which at most these shares are over it."""
    return max(float(np.quantile(found, 1 - share)) for found, share in zip((alike, ordinary), most, strict=True))
