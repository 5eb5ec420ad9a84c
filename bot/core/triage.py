"""The first look at every text: are there words in it that mean danger?

A red flag's phrase fires when its words come in order, close together, each as written or with a slip of the finger
("cant breahte"). Words that are denied, only imagined, long past or hearsay are passed over (`reading.py`), and so are
those of the flag's look-alikes; what was passed over is reported with its reason. In doubt a phrase fires: a false
alarm costs a phone call, a missed one may cost a leg.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.content.schema import RedFlag
from bot.core.phrases import Finder, Path, Phrase, PhraseBook, phrases
from bot.core.reading import Reading, Why, read
from bot.core.text import clean, words
from bot.core.typos import Vocabulary
from bot.model import Flag, Triage

_MAX_WORDS = 5
"""So many fired phrases are named in a flag; more would not help whoever reads the alert."""
_SIGNS_IN_A_NO = frozenset(words("cant couldnt wont not no dont doesnt isnt wasnt never nothing without hasnt havent"))
"""A phrase with one of these IS the sign ("can't breathe"): no denial before it takes it back."""
_NEVER_HYPOTHETICAL = frozenset({"self_harm"})
""""What if I just…" is always a flag (red-flag catalogue, "Border rules", Hypothetical)."""
_REAL_WORDS = frozenset(
    words(
        "while where there their these those think thing things thought though through right night might sight "
        "heated needed heard board beard chess cheat cheese check cheap cheek beast breast bleach flash stuff "
        "still shape share short start smart chart shirt shoe shoes feel fell field filled fitted fixed tried "
        "third threat treat treated treating standing handing heating hearing eating nothing something anything "
        "moving loving living leaving leave closing losing choking cooking looking booking jumping pumping "
        "walking talking taking making waking bending breeding"
    )
)
"""English words one letter away from words of danger. They are never read as a slip for another word."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A red flag with its phrases and look-alikes ready to be looked for."""

    flag: RedFlag
    phrases: PhraseBook
    look_alikes: PhraseBook

    def passed_over(self, phrase: Phrase) -> frozenset[Why]:
        """The reasons for which words do not count towards `phrase`."""
        despite = set()
        if not _SIGNS_IN_A_NO.isdisjoint(phrase.words):
            despite.add(Why.DENIED)
        if self.flag.id in _NEVER_HYPOTHETICAL:
            despite.add(Why.HYPOTHETICAL)
        return frozenset(Why) - despite


class Triager:
    """Reads texts for the red flags it was built with. Building takes a moment, asking ≤ 2 ms for a usual text."""

    def __init__(self, red_flags: Sequence[RedFlag]) -> None:
        by_level = sorted(red_flags, key=lambda flag: -flag.level.rank)
        self._rules = tuple(
            _Rule(flag, PhraseBook(phrases(flag.phrases)), PhraseBook(phrases(flag.look_alikes))) for flag in by_level
        )
        every = (phrase for rule in self._rules for phrase in (*rule.phrases, *rule.look_alikes))
        self._vocabulary = Vocabulary((word for phrase in every for word in phrase.words), real=_REAL_WORDS)

    def triage(self, text: str) -> Triage:
        """Every red flag in `text`, highest level first, and what was seen and ruled out as "flag: reason (words)"."""
        reading = read(clean(text))
        finder = Finder(reading, self._vocabulary)
        flags: list[Flag] = []
        ruled_out: dict[str, None] = {}
        for rule in self._rules:
            fired: dict[str, None] = {}
            for said, reason in _seen(rule, reading, finder):
                if reason is None:
                    fired[said] = None
                else:
                    ruled_out[f"{rule.flag.id}: {reason} ({said})"] = None
            if fired:
                flags.append(Flag(rule.flag.id, rule.flag.level, tuple(fired)[:_MAX_WORDS]))
        return Triage(tuple(flags), tuple(ruled_out))


def _seen(rule: _Rule, reading: Reading, finder: Finder) -> Iterator[tuple[str, str | None]]:
    """For each phrase that is in the text: the patient's words, and why they do not count; None if they do."""
    alike = {
        index: other for other in rule.look_alikes.possible(finder) for path in finder.all(other) for index in path
    }
    barred: dict[frozenset[Why], frozenset[int]] = {}
    for phrase in rule.phrases.possible(finder):
        path = finder.first(phrase)
        if path is None:
            continue
        reasons = rule.passed_over(phrase)
        reason = _reason(path, reasons, reading, alike)
        if reason is not None:
            if reasons not in barred:
                barred[reasons] = frozenset(i for i, why in enumerate(reading.why) if why in reasons) | alike.keys()
            elsewhere = finder.first(phrase, barred[reasons])
            path, reason = (path, reason) if elsewhere is None else (elsewhere, None)
        yield finder.said(path), reason


def _reason(path: Path, reasons: frozenset[Why], reading: Reading, alike: Mapping[int, Phrase]) -> str | None:
    """Why what was found at `path` does not count, or None if it does."""
    for index in path:
        why = reading.why[index]
        if why is not None and why in reasons:
            return str(why)
        if index in alike:
            return f"sounds like “{alike[index].line}”"
    return None
