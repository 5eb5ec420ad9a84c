"""What an edit of the texts would change for patients: questions they have asked, asked again of both.

Patients' words stay in memory and go to whoever made the edit; no log and no file gets them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from bot.content.schema import Content
from bot.core.matching.index import NEVER, Index
from bot.core.matching.training import WRONG_AT_MOST
from bot.core.pleasantries import without_pleasantries
from bot.core.text import clean
from bot.core.understand import Brain, build_triager, is_beyond_doubt
from bot.errors import ContentError
from bot.model import Decision
from bot.services import recall
from bot.services.indexes import Mind, rules_of

MOST_QUESTIONS = 500
DAYS = 90
"""So many of the last questions are asked again, and none older than so many days."""


class Outcome(NamedTuple):
    """What one text leads to: an answer with an entry's id, and so on."""

    decision: Decision
    id: str | None


@dataclass(frozen=True, slots=True)
class Shift:
    """A text that would be answered otherwise."""

    text: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Impact:
    """What would change. Shares are 0-1, each before and after."""

    asked: int = 0
    """Questions of patients that were asked again…"""
    shifts: tuple[Shift, ...] = ()
    """…and those of them that would be answered otherwise."""
    held_out: int = 0
    """Phrasings in both, each hidden and asked again…"""
    held_out_shifts: tuple[Shift, ...] = ()
    """…and those that would now be answered otherwise; HAND_OVER stands for everything but an answer."""
    answered: tuple[float, float] = (0.0, 0.0)
    """Of all phrasings, hidden and asked again."""
    wrong: tuple[float, float] = (0.0, 0.0)
    """Of those, by the upper 95 % bound: the stated error rate."""
    refusals: tuple[str, ...] = ()
    """Why it must not go live."""

    @property
    def moves(self) -> dict[tuple[Outcome, Outcome], int]:
        """How many questions go from what to what, most frequent first."""
        return dict(Counter((shift.before, shift.after) for shift in self.shifts).most_common())


@dataclass
class Dangers:
    """The labelled messages about danger (`recall.CASES`) that no rule of triage hears: only those can be answered."""

    folder: Path
    _rules: tuple[object, ...] = ()
    _unheard: tuple[str, ...] = ()

    def unheard(self, content: Content) -> tuple[str, ...]:
        """Seconds the first time with these rules. None where the folder is not there. Raises as `recall` does."""
        rules = rules_of(content)
        if rules != self._rules:
            triager = build_triager(content, None)
            texts = recall.danger_texts(content, self.folder)
            self._unheard = tuple(text for text in texts if not triager.triage(clean(text)).flags)
            self._rules = rules
        return self._unheard


def impact(before: Mind, after: Mind, asked: Sequence[str], dangers: Dangers) -> Impact:
    """Ask `asked` of both, and of the messages about danger what might soothe. Takes seconds: not in the loop."""
    gates = (before.index.gates, after.index.gates)
    is_same = before.index is after.index and _rest_is_same(before.brain, after.brain)
    held_out = {} if is_same else _held_out(before.index)
    now_held_out = {} if is_same else _held_out(after.index)
    common = [text for text in held_out if text in now_held_out]
    return Impact(
        asked=len(asked),
        shifts=() if is_same else tuple(_shifts(before, after, asked)),
        held_out=len(common),
        held_out_shifts=tuple(
            Shift(text, held_out[text], now_held_out[text]) for text in common if held_out[text] != now_held_out[text]
        ),
        answered=(gates[0].answered, gates[1].answered),
        wrong=(gates[0].wrong, gates[1].wrong),
        refusals=() if is_same else (*_worse_rate(before, after), *_danger(before, after, dangers)),
    )


def _rest_is_same(before: Brain, after: Brain) -> bool:
    """Whether nothing but the matcher may tell them apart."""
    one, other = before.content, after.content
    same_words = one.words == other.words and one.other_languages == other.other_languages
    return before.triager is after.triager and same_words


def _shifts(before: Mind, after: Mind, texts: Sequence[str]) -> Iterator[Shift]:
    matcher_alone = _rest_is_same(before.brain, after.brain)
    gists = zip(_gists(before, texts), _gists(after, texts), strict=True) if matcher_alone else repeat(None)
    for text, both in zip(texts, gists, strict=False):
        if both is not None and both[0] == both[1]:
            continue  # spares looking for signs of danger, most of the work
        shift = Shift(text, _outcome(before.brain, text), _outcome(after.brain, text))
        if shift.before != shift.after:
            yield shift


class _Gist(NamedTuple):
    """All that a decision may take from the matcher (`Brain.understand`)."""

    decision: Decision
    first: str | None
    second: str | None
    is_beyond_doubt: bool


def _gists(mind: Mind, texts: Sequence[str]) -> list[_Gist]:
    """Of each text, in order. Remembered, since what is asked of an edit is asked of the next one too."""
    known: dict[int, _Gist] = mind.matched
    new = [text for text in dict.fromkeys(texts) if hash(text) not in known]
    words = mind.brain.content.words
    asked = [without_pleasantries(clean(text), words) for text in new]
    for text, match in zip(new, mind.brain.matcher.match_each(asked), strict=True):
        first = match.candidates[0].entry_id if match.candidates else None
        second = match.second.entry_id if match.second else None
        known[hash(text)] = _Gist(match.decision, first, second, is_beyond_doubt(match))
    return [known[hash(text)] for text in texts]


def _outcome(brain: Brain, text: str) -> Outcome:
    understood = brain.understand(text)
    return Outcome(understood.decision, understood.id)


def _held_out(index: Index) -> Mapping[str, Outcome]:
    """What each phrasing led to, hidden and asked again, as was noted while learning."""
    found: dict[str, Outcome] = {}
    replayed = index.replayed
    if not len(replayed.ahead):
        return found
    for row, label in enumerate(index.labels.tolist()):
        if label < len(index.entries):
            reached = label if replayed.ahead[0, row] > 0 else int(replayed.rivals[0, row])
            is_answered = replayed.sure[0, row] >= index.gates.answer
            outcome = Outcome(Decision.ANSWER, index.entries[reached]) if is_answered else _NO_ANSWER
            found[index.lines[row]] = outcome
    return found


_NO_ANSWER = Outcome(Decision.HAND_OVER, None)


def _worse_rate(before: Mind, after: Mind) -> Iterator[str]:
    """Whether the stated error rate leaves its bound."""
    old, new = before.index.gates, after.index.gates
    if old.answer < NEVER <= new.answer:
        yield "with these phrasings the bot could not be sure of any answer, and would leave everything to you"
    elif new.wrong > max(WRONG_AT_MOST, old.wrong):
        yield (
            f"up to {100 * new.wrong:.0f} % of the bot's answers could be wrong ({100 * old.wrong:.0f} % now); "
            f"{100 * WRONG_AT_MOST:.0f} % is the most"
        )


def _danger(before: Mind, after: Mind, dangers: Dangers) -> Iterator[str]:
    """Messages about danger that would get an answer for a question, or would no longer be found."""
    content, triager = after.brain.content, after.brain.triager
    try:
        if before.brain.triager is not triager and (dangers.folder / recall.CONTRACT).is_file():
            yield from (problem.text for problem in recall.broken(content, triager, dangers.folder))
        texts = dangers.unheard(content)
    except ContentError as error:
        yield from (str(problem) for problem in error.problems)
        return
    for text, gist in zip(texts, _gists(after, texts), strict=True):
        if gist.decision is Decision.ANSWER:  # nothing else the matcher says can soothe
            old, new = _outcome(before.brain, text), _outcome(after.brain, text)
            if new.decision is Decision.ANSWER and new != old:
                yield f"a message about danger would be answered with '{new.id}'"
