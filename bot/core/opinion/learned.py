"""The second opinion in use.

pieces of a text → mean cosine of each to every message → ridge: a score for each sign of danger, and one for none →
signs of how grave it looks → a probability → surely, perhaps, or nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from bot.core import saved
from bot.core.matching.confidence import Logistic
from bot.core.matching.english import English, english
from bot.core.matching.features import Floats
from bot.core.matching.index import arrays_of, heard_again, logistic_of, postings_of, rows_of, spoken
from bot.core.matching.postings import Postings
from bot.core.matching.ridge import into_kernel
from bot.core.matching.spelling import Counts, Mender, Spellings
from bot.core.matching.training import mean_cosines
from bot.core.opinion.pieces import pieces
from bot.core.reading import Reading
from bot.core.tokens import SMALL_WORDS
from bot.core.triage import Suspicion
from bot.core.wish_words import kind

_LATELY = 4_096
"""Pieces whose scores are kept, 500 kB."""
_NOTHING, _TOO_LITTLE = 3, 5
"""Fewer different words mean nothing by themselves ("/help 11"); so few are never surely danger unless a rule names
them, since half of such alarms were about "what if I don't"."""
_ONLY_JUST = 0.9
"""Below it a sure opinion is faint. Heard as if for the first time, two of the 2,586 pressing messages learned from are
asked about for that and alarm no more, and every second ordinary question that would."""
_CLEARLY = 0.05
"""By so much a text has to be more like another sign than like those the rules have found in it: "red and hot" is as
grave as it sounds because it may be an infection. Of 21 messages beside the lessons that were raised to an emergency,
three of the ten that are none are raised no more, and all eleven others still are."""
_WHERE = SMALL_WORDS | kind(
    "left right both side sides one ones other another upper lower inner outer inside outside top bottom front back",
    "middle first second third last big foot feet heel heels toe toes sole arch ankle ankles leg legs shin shins calf",
    "calves knee knees thigh thighs hip hips hand hands finger fingers thumb wrist elbow arm arms shoulder shoulders",
    "his her their this that these those he she i you we they of on in at to from near by and or only just also too",
    "please yes think mean did do done had treated needled",
)
"""Words that only say which or where. Nothing is wrong with "the left one" or "it was my right foot", though messages
about a stroke are full of such words."""
NO_SENTENCES = np.zeros((0, 0), np.float32)
"""The second opinion compares words and letters only."""


class Gates(NamedTuple):
    """From which probability of danger on something is done."""

    sure: float
    """It is an alarm."""
    perhaps: float
    """The patient is asked."""


@dataclass(frozen=True)
class Lessons:
    """What was learned. Rows are messages; columns are `ids`, the pressing ones first, and one more for no danger."""

    ids: tuple[str, ...]
    pressing: int
    """So many of the ids are emergencies or urgent; only those are ever named."""
    spellings: Spellings
    counts: Counts
    postings: Postings
    vectors: NDArray[np.float32]
    weights: Floats
    grave: Logistic
    """Over `Looks`."""
    gates: Gates

    def save(self, folder: Path) -> None:
        """Write it so that a reader sees all of it or nothing. Raises OSError."""
        words = {"ids": self.ids, "pressing": self.pressing, "gates": self.gates, **spoken(self.spellings, self.counts)}
        arrays = arrays_of(self.postings)
        arrays |= {"vectors": self.vectors, "weights": self.weights, "grave": rows_of(self.grave)}
        saved.save(folder, words, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back by memory map. Raises OSError, ValueError, KeyError or TypeError for what is no such folder."""
        words, arrays = saved.load(folder)
        spellings, counts = heard_again(words)
        return cls(
            ids=tuple(words["ids"]),
            pressing=words["pressing"],
            spellings=spellings,
            counts=counts,
            postings=postings_of(arrays, len(arrays["vectors"])),
            vectors=arrays["vectors"],
            weights=arrays["weights"],
            grave=logistic_of(arrays["grave"]),
            gates=Gates(*words["gates"]),
        )


class Looks(NamedTuple):
    """What the probability of danger is read from; the gravest piece is where a sign is furthest ahead of none."""

    ahead: float
    """How far the best sign is ahead of none, in the gravest piece…"""
    whole: float
    """…and in the whole text."""
    together: float
    """How far all signs together are ahead of none in the whole text."""
    top: float
    """Of the gravest piece: the best sign's score…"""
    none: float
    """…that of none…"""
    none_of_whole: float
    every: float
    """…of all signs together…"""
    clear: float
    """…and how far the best sign is ahead of the next."""
    pieces: float
    words: float
    piece_words: float


class Heard(NamedTuple):
    """One text as the model sees it."""

    looks: Looks
    column: int
    """The best pressing sign of the gravest piece."""
    signs: Floats
    """How much that piece is like each sign."""


class Ear:
    """Reads texts as a model was taught to; used for teaching it too."""

    def __init__(self, spellings: Spellings, counts: Counts, postings: Postings, vectors: NDArray[np.float32]) -> None:
        self._spellings = spellings
        self._english: English = english()
        self._mender = Mender(counts, spellings.keep)
        self._postings = postings
        self._vectors = vectors

    def likeness(self, texts: Sequence[str]) -> Floats:
        """Of each piece (rows) to every message."""
        meant = [self._mender.mend(self._spellings.spell_out(text)) for text in texts]
        pointing = self._english.vectors_of(meant)
        return into_kernel(mean_cosines(meant, self._postings, self._vectors, NO_SENTENCES, pointing, None))


def heard(scores: Floats, texts: Sequence[str], pressing: int) -> Heard:
    """From the scores of the pieces of one text (rows), the whole first."""
    none = scores[:, -1]
    ahead = scores[:, :pressing].max(axis=1) - none
    gravest = int(ahead.argmax())
    signs = scores[gravest, :-1]
    *_, second, first = sorted(signs.tolist())
    return Heard(
        Looks(
            ahead=float(ahead[gravest]),
            whole=float(ahead[0]),
            together=float(scores[0, :-1].sum() - none[0]),
            top=float(scores[gravest, :pressing].max()),
            none=float(none[gravest]),
            none_of_whole=float(none[0]),
            every=float(signs.sum()),
            clear=float(first - second),
            pieces=float(np.log1p(len(texts))),
            words=float(np.log1p(len(texts[0].split()))),
            piece_words=float(np.log1p(len(texts[gravest].split()))),
        ),
        int(scores[gravest, :pressing].argmax()),
        signs,
    )


class LearnedOpinion:
    """Says what `Lessons` taught. A millisecond or two for a usual text."""

    def __init__(self, lessons: Lessons) -> None:
        self._lessons = lessons
        self._ear = Ear(lessons.spellings, lessons.counts, lessons.postings, lessons.vectors)
        self._lately: dict[int, Floats] = {}
        """By the hash of a piece, since what patients wrote is not to be kept here."""

    def of(self, reading: Reading, found: Collection[str]) -> Suspicion:
        """See `triage.Opinion`."""
        said = {token.word for token in reading.tokens if token.word.isalpha()}
        if len(said) < _NOTHING or said <= _WHERE:
            return Suspicion()
        id_, probability = self._gravest(reading, found)
        if probability >= self._lessons.gates.sure and len(said) > _TOO_LITTLE:
            is_one = reading.tokens[0].sentence == reading.tokens[-1].sentence  # a letter may be about two things
            return Suspicion(sure=(id_,), is_faint=is_one and probability < _ONLY_JUST)
        if probability >= self._lessons.gates.perhaps:
            return Suspicion(perhaps=(id_,))
        return Suspicion()

    def _gravest(self, reading: Reading, found: Collection[str]) -> tuple[str, float]:
        """The most probable pressing sign, and the probability that there is one which is not among those found."""
        texts = pieces(reading)
        scores = self._scores(texts)
        looks, column, signs = heard(scores, texts, self._lessons.pressing)
        explained = (signs[row] for row, id_ in enumerate(self._lessons.ids) if id_ in found)
        if any(signs[column] - known < _CLEARLY for known in explained):
            return self._lessons.ids[column], 0.0
        return self._lessons.ids[column], float(self._lessons.grave.of(np.array(looks)))

    def _scores(self, texts: Sequence[str]) -> Floats:
        """How much each piece is like each sign. They are asked again soon, of all that was written in two minutes."""
        known = {text: scores for text in texts if (scores := self._lately.get(hash(text))) is not None}
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            found = dict(zip(new, self._ear.likeness(new) @ self._lessons.weights, strict=True))
            if len(self._lately) >= _LATELY:
                self._lately.clear()
            self._lately |= {hash(text): scores for text, scores in found.items()}
            known |= found
        return np.array([known[text] for text in texts])
