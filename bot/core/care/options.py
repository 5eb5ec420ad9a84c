"""Options of a question found in a patient's words: as the whole message, or inside a sentence. Pure.

Slips of the finger are allowed for; what a "no" stands before, or a "gone" behind, is not meant. Where the plan lists
what a sentence says for an option (`said`), the sentence is read as carefully as triage reads it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from bot.content.plan import Option
from bot.core.matching.english import english
from bot.core.phrases import Finder, Pattern, patterns
from bot.core.reading import Why, read
from bot.core.text import clean, normalise
from bot.core.text import words as split_words
from bot.core.typos import Vocabulary

_ALIKE = 88
"""Of 100: so much like the button's words; a slip or two."""
_DENIALS = frozenset(split_words("no not never none without isnt arent wasnt dont doesnt didnt havent hasnt cant nor"))
_EVERY = frozenset(Why)
_GONE = frozenset(split_words("gone went disappeared vanished cleared"))
FILLERS = frozenset(
    split_words(
        "a an the it its is i im ive id my me feel feels feeling think say would just only still well so quite very "
        "really please thanks thank you ok okay yes yeah and option number answer that this one hi hello now today "
        "right have got has there been bit of about more or less mostly probably say to be honest same as lol x xx"
    )
)
"""Words that stand around an option without changing it."""


def whole(said: str, options: Sequence[Option]) -> str | None:
    """The option that the whole message is, give or take a slip."""
    bare = _bare(said)
    alike: dict[str, float] = {}
    for option in options:
        for phrase in _phrases(option):
            if said == phrase or (bare and bare == _bare(phrase)):
                return option.id
            if len(phrase) >= 4 and not (_denies(said) ^ _denies(phrase)):
                score = max(fuzz.ratio(said, phrase), fuzz.ratio(bare, _bare(phrase)) if len(bare) >= 4 else 0)
                alike[option.id] = max(alike.get(option.id, 0), score)
    if not alike:
        return None
    best = max(alike, key=alike.__getitem__)
    return best if alike[best] >= _ALIKE and sum(score == alike[best] for score in alike.values()) == 1 else None


def _bare(said: str) -> str:
    return " ".join(word for word in said.split() if word not in FILLERS)


def _denies(said: str) -> bool:
    return not _DENIALS.isdisjoint(said.split())


@dataclass(frozen=True, slots=True)
class _Span:
    option_id: str
    start: int
    end: int


def spoken(said: str, options: Sequence[Option]) -> tuple[str, ...]:
    """The options named in a message, in their order, without those that are denied or said to be gone."""
    typed = said.split()
    spans = list(_spans(typed, options))
    longest = [
        span
        for span in spans
        if not any(
            (other.start <= span.start and span.end <= other.end and other.end - other.start > span.end - span.start)
            for other in spans
        )
    ]
    meant = {span.option_id for span in longest if not _is_denied(typed, span)}
    return tuple(option.id for option in options if option.id in meant)


def _spans(typed: list[str], options: Sequence[Option]) -> Iterator[_Span]:
    for option in options:
        for phrase in _phrases(option):
            wanted = phrase.split()
            for start in range(len(typed) - len(wanted) + 1):
                if all(_same(*pair) for pair in zip(typed[start:], wanted, strict=False)):
                    yield _Span(option.id, start, start + len(wanted))


def _same(typed: str, wanted: str) -> bool:
    """The same word, with a slip in a longer one; the first letter is rarely wrong."""
    if typed == wanted:
        return True
    return len(wanted) >= 5 and typed[0] == wanted[0] and OSA.distance(typed, wanted, score_cutoff=1) <= 1


def _is_denied(typed: list[str], span: _Span) -> bool:
    """Whether a "no" stands shortly before it, or "gone" shortly after it."""
    before = typed[max(span.start - 3, 0) : span.start]
    if "but" in before:
        before = before[before.index("but") + 1 :]
    if not _DENIALS.isdisjoint(before):
        return True
    after = typed[span.end : span.end + 3]
    return not _GONE.isdisjoint(after) and _DENIALS.isdisjoint(after)


# --- in the question's own words -------------------------------------------------------------------------------------


def told(text: str, options: Sequence[Option]) -> str | None:
    """The option that a sentence tells of in the words that the plan lists for it, the last of several: "it's rock
    hard" where the calf may be very hard. Words that are denied, only imagined or long past tell of nothing."""
    found = every_told(text, {option.id: option.said for option in options if option.said})
    return found[-1] if found else None


def every_told(text: str, said: Mapping[str, tuple[str, ...]], settles: frozenset[Why] = _EVERY) -> tuple[str, ...]:
    """All that a text tells of, by id, in the words that `said` lists for each. What stands there for a reason that
    `settles` it (denied, imagined, long past) tells of nothing."""
    if not said:
        return ()
    reading = read(clean(text))
    finder = Finder(reading, _vocabulary(tuple(said.values())))
    there = [
        (id_, pattern)
        for id_, lines in said.items()
        for pattern in _told_by(lines)
        if finder.first(pattern) is not None
    ]
    if not there:
        return ()
    barred = frozenset(index for index, why in enumerate(reading.why) if why in settles)

    def counts(pattern: Pattern) -> bool:
        has_a_no = not _DENIALS.isdisjoint(pattern.words)  # "can't feel": that "no" is part of what is told
        return has_a_no or finder.first(pattern, barred) is not None

    return tuple(dict.fromkeys(id_ for id_, pattern in there if counts(pattern)))


@lru_cache(maxsize=512)
def _told_by(said: tuple[str, ...]) -> tuple[Pattern, ...]:
    return patterns(said)


@lru_cache(maxsize=512)
def _vocabulary(said: tuple[tuple[str, ...], ...]) -> Vocabulary:
    every = (pattern for lines in said for pattern in _told_by(lines))
    return Vocabulary({word for pattern in every for word in pattern.words}, is_real=english().knows)


@lru_cache(maxsize=512)
def _phrases(option: Option) -> tuple[str, ...]:
    """The words that mean this option, normalised: its button's first."""
    return tuple(dict.fromkeys(filter(None, map(normalise, (option.label, *option.words)))))
