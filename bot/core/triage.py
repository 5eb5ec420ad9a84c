"""The first look at every text: are there words in it that mean danger?

Two readers. The **rules** are the clinic's (`red_flags.yaml`): patterns of words and concepts, each as written or with
a slip of the finger ("cant breahte"). Words that are denied, only imagined, long past or hearsay are passed over
(`reading.py`), and so are look-alikes and figures of speech; what was passed over is reported with its reason. The
**second opinion** (`opinion/`) has learned from whole messages; it may raise an alarm or a doubt, never take one
back.

In doubt a plain sign counts: a false alarm costs a phone call, a missed one may cost a leg. Where something harmless is
as likely, the sign is suspected only, and the patient is asked one question.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.content.schema import RedFlag
from bot.core.matching.english import english
from bot.core.phrases import Concepts, Finder, Path, Pattern, PatternBook, Shelf, patterns
from bot.core.reading import Reading, Why, read
from bot.core.spaces import Spaces
from bot.core.text import clean, words
from bot.core.typos import Vocabulary
from bot.model import SELF_HARM, Flag, Level, Triage

TRIAGE_FAILED = "triage_failed"
"""Id of the flag raised when triage itself broke."""
_MAX_WORDS = 5
"""So many fired phrases are named in a flag; more would not help whoever reads the alert."""
_SIGNS_IN_A_NO = frozenset(
    words(
        "cant couldnt wont not no nor dont doesnt didnt isnt wasnt arent werent hadnt hasnt havent never nothing "
        "without unable hardly barely"
    )
)
"""A sign with one of these IS the sign ("can't breathe"): no denial before it takes it back."""
_BAD_TO_HAVE = frozenset(words("loss lack trouble problem problems issue issues difficulty change"))
"""Between that "no" and the rest they turn it round."""
_NEVER_HYPOTHETICAL = frozenset({SELF_HARM})
""""What if I just…" is always a flag (red-flag catalogue, "Border rules", Hypothetical)."""
NO_RISK = frozenset({Why.DENIED, Why.ANSWERED, Why.HYPOTHETICAL, Why.HEARSAY})
"""Diabetes "for fifteen years" is a risk as much as any."""
_EVERY = frozenset(Why)
_RAISES_A_DOUBT = frozenset({Why.USUAL})
"""Reasons for which the patient is asked, where the others settle it."""


class Opinion(Protocol):
    """The second opinion on one text."""

    def of(self, reading: Reading, found: Collection[str]) -> "Suspicion":
        """What it makes of the words, beside the signs (ids) that the rules have found in them."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Ids, the most probable first: surely there, and perhaps there."""

    sure: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    is_faint: bool = False
    """Only just sure, of a text of one sentence (`Flag.faint`)."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A red flag with its patterns ready to be looked for."""

    flag: RedFlag
    signs: PatternBook
    any_two: PatternBook
    risks: PatternBook
    ask_if: PatternBook
    look_alikes: PatternBook
    changes: tuple[tuple[Level, PatternBook], ...]

    @property
    def books(self) -> Iterator[PatternBook]:
        """All of them."""
        yield from (self.signs, self.any_two, self.risks, self.ask_if, self.look_alikes)
        yield from (book for _, book in self.changes)


@dataclass(slots=True)
class _Seen:
    """What one rule found."""

    fired: dict[str, Path] = field(default_factory=dict)
    """The patient's words, and where they stand."""
    doubted: dict[str, bool] = field(default_factory=dict)
    """The same, each with whether the only doubt is that it has always been so."""
    ruled_out: dict[str, None] = field(default_factory=dict)


class Triager:
    """Reads texts for the red flags it was built with.

    Building takes a moment; asking takes a millisecond for a usual text, or three with a second opinion.
    """

    def __init__(
        self,
        red_flags: Sequence[RedFlag],
        concepts: Mapping[str, Sequence[str]] | None = None,
        figures_of_speech: Sequence[str] = (),
        opinion: Opinion | None = None,
    ) -> None:
        by_level = sorted(red_flags, key=lambda flag: -flag.level.rank)
        self._levels = {flag.id: flag.level for flag in by_level}
        self._rules = tuple(_rule(flag, figures_of_speech) for flag in by_level)
        self._rule_of = {
            book: number
            for number, rule in enumerate(self._rules)
            for book in (rule.signs, rule.any_two, rule.ask_if)  # nothing else makes a sign by itself
        }
        self._concepts = Concepts(concepts or {})
        self._shelf = Shelf(book for rule in self._rules for book in rule.books)
        used = {word for rule in self._rules for book in rule.books for pattern in book for word in pattern.words}
        self._vocabulary = Vocabulary(used | self._concepts.words, is_real=english().knows)
        self._spaces = Spaces(used | self._concepts.words, english().rows, self._is_word)
        self._opinion = opinion

    def _is_word(self, typed: str) -> bool:
        return english().knows(typed) or bool(self._vocabulary.meant_by(typed))

    def triage(self, text: str) -> Triage:
        """Every red flag in `text`, highest level first, and what was seen and ruled out as "flag: reason (words)"."""
        reading = read(self._spaces.put_back(clean(text)))
        finder = Finder(reading, self._vocabulary, self._concepts, self._shelf)
        flags: dict[str, Flag] = {}
        doubts: dict[str, Flag] = {}
        ruled_out: dict[str, None] = {}
        telling = {self._rule_of[book] for book in finder.books if book in self._rule_of}  # mostly none
        for rule in map(self._rules.__getitem__, sorted(telling)):
            seen = _look(rule, reading, finder)
            ruled_out |= {f"{rule.flag.id}: {why}": None for why in seen.ruled_out}
            level = _level(rule, reading, finder, seen)
            if seen.fired:
                flags[rule.flag.id] = Flag(rule.flag.id, level, tuple(seen.fired)[:_MAX_WORDS])
            elif seen.doubted:
                is_usual = all(seen.doubted.values())
                doubts[rule.flag.id] = Flag(rule.flag.id, level, tuple(seen.doubted)[:_MAX_WORDS], is_usual)
        is_plain = any(flag.level is Level.EMERGENCY for flag in flags.values())  # nothing could raise it further
        if self._opinion is not None and not is_plain:
            try:
                suspicion = self._opinion.of(reading, flags)
            except Exception as error:  # it must not take back what the rules have found, and people must see the text
                suspicion = Suspicion()
                flags[TRIAGE_FAILED] = Flag(TRIAGE_FAILED, Level.URGENT, ())
                ruled_out[f"{TRIAGE_FAILED}: {type(error).__name__}"] = None
            faint = suspicion.is_faint
            for found, into in ((suspicion.sure, flags), (suspicion.perhaps, doubts)):
                new = [id_ for id_ in found if id_ not in flags and id_ not in into]
                into |= {id_: Flag(id_, self._levels[id_], (), faint=faint) for id_ in new}
        by_level = sorted(flags.values(), key=lambda flag: -flag.level.rank)
        suspected = sorted((doubts[id_] for id_ in doubts if id_ not in flags), key=lambda flag: -flag.level.rank)
        return Triage(tuple(by_level), tuple(ruled_out), tuple(suspected))


def ruled_out_of(line: str) -> tuple[str, str, str]:
    """Red flag, reason and words of a line of `Triage.ruled_out`."""
    flag_id, _, said = line.partition(": ")
    why, _, words = said.partition(" (")
    return flag_id, why, words.removesuffix(")")


def _rule(flag: RedFlag, figures_of_speech: Sequence[str]) -> _Rule:
    def book(lines: Sequence[str]) -> PatternBook:
        return PatternBook(patterns(lines))

    return _Rule(
        flag,
        signs=book(flag.signs),
        any_two=book(flag.any_two),
        risks=book(flag.risks),
        ask_if=book(flag.ask_if),
        look_alikes=book((*flag.look_alikes, *figures_of_speech)),
        changes=tuple((change.to, book(change.signs)) for change in flag.changes),
    )


def _look(rule: _Rule, reading: Reading, finder: Finder) -> _Seen:
    alike = {
        index: other for other in finder.possible(rule.look_alikes) for path in finder.all(other) for index in path
    }
    seen = _Seen()
    _sift(rule, rule.signs, reading, finder, alike, seen)
    weak = _Seen()
    _sift(rule, rule.any_two, reading, finder, alike, weak)
    seen.ruled_out |= weak.ruled_out
    if weak.fired:
        risk = _Seen()
        _sift(rule, rule.risks, reading, finder, alike, risk, NO_RISK)
        if risk.fired or _are_two(weak.fired.values()):
            seen.fired |= weak.fired
    asked = _Seen()
    _sift(rule, rule.ask_if, reading, finder, alike, asked)
    seen.doubted |= dict.fromkeys(asked.fired, False) | asked.doubted
    seen.ruled_out |= asked.ruled_out
    if len(weak.fired) + len(weak.doubted) > 1:
        seen.doubted |= weak.doubted
    return seen


def _are_two(paths: Iterable[Path]) -> bool:
    """Whether two of the places each have a word that the other has not: "calf hot … throbbing"."""
    every = [set(path) for path in paths]
    return any(one - other and other - one for number, one in enumerate(every) for other in every[:number])


def _sift(
    rule: _Rule,
    book: PatternBook,
    reading: Reading,
    finder: Finder,
    alike: Mapping[int, Pattern],
    seen: _Seen,
    only: frozenset[Why] = _EVERY,
) -> None:
    """Sort the patterns that are in the text by whether their words count."""
    barred: dict[frozenset[Why], frozenset[int]] = {}
    for pattern in finder.possible(book):
        path = finder.first(pattern)
        if path is None:
            continue
        reasons = _reasons(rule.flag, path, reading) & only
        why = _reason(path, reasons, reading, alike)
        if why is not None:
            if reasons not in barred:
                barred[reasons] = frozenset(i for i, one in enumerate(reading.why) if one in reasons) | alike.keys()
            elsewhere = finder.first(pattern, barred[reasons])
            path, why = (path, why) if elsewhere is None else (elsewhere, None)
        said = finder.said(path)
        if why is None:
            seen.fired.setdefault(said, path)
        elif why in _RAISES_A_DOUBT:
            seen.doubted[said] = True
        else:
            seen.ruled_out[f"{why} ({said})"] = None


def _reasons(flag: RedFlag, path: Path, reading: Reading) -> frozenset[Why]:
    """The reasons for which words at `path` may not count."""
    despite = set()
    if any(_is_of_the_sign(index, path, reading) for index in path):
        despite.add(Why.DENIED)
    if flag.id in _NEVER_HYPOTHETICAL:
        despite.add(Why.HYPOTHETICAL)
    return _EVERY - despite if despite else _EVERY


def _is_of_the_sign(index: int, path: Path, reading: Reading) -> bool:
    """Whether the word at `index` is a "no" that belongs to a sign: of "no feeling", not of "no loss of feeling"."""
    if reading.tokens[index].word not in _SIGNS_IN_A_NO:
        return False
    following = min((other for other in path if other > index), default=index)
    return not any(token.word in _BAD_TO_HAVE for token in reading.tokens[index + 1 : following])


def _reason(path: Path, reasons: frozenset[Why], reading: Reading, alike: Mapping[int, Pattern]) -> str | None:
    """Why what was found at `path` does not count, or None if it does. What settles it goes before a doubt."""
    found: str | None = None
    for index in path:
        why = reading.why[index]
        if index in alike:
            return f"sounds like “{alike[index].line}”"
        if why is not None and why in reasons and (found is None or found in _RAISES_A_DOUBT):
            found = why
    return found


def _level(rule: _Rule, reading: Reading, finder: Finder, seen: _Seen) -> Level:
    """The level for this message: the highest an upgrade gives it, else the lowest a downgrade does."""
    level = rule.flag.level
    if not (seen.fired or seen.doubted):
        return level
    changed = []
    for to, book in rule.changes:
        found = _Seen()
        _sift(rule, book, reading, finder, {}, found)
        if found.fired:
            changed.append(to)
    if not changed:
        return level
    highest = max(changed, key=lambda one: one.rank)
    return highest if highest.rank > level.rank else min(changed, key=lambda one: one.rank)
