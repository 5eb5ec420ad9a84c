"""What staff teach the bot from patients' questions: which are alike, and what a rewritten line must not hold. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.core.outcome import Outcome
from bot.core.replies import MONTH_NAMES, WEEKDAY_NAMES
from bot.core.text import words
from bot.model import Decision, Tap

LINE_MAX = 120
"""Letters of a line that patients' questions are compared with."""
COPIED = 60
"""A patient's own words longer than this are nobody else's; shorter ones ("can i swim") are everybody's."""
ALIKE = 80
"""From this score on (0-100, words in any order) two questions count as one."""

_REFUSED = frozenset({Tap.NOT_ASKED, Tap.NONE})
_ADDRESS = re.compile(r"\S*@\S+|(?:https?://|www\.)\S+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE_ENDS = ".!?:"
_MONTHS_ALSO_WORDS = frozenset({"may", "march"})
_DATES = frozenset(name.casefold() for name in (*WEEKDAY_NAMES, *MONTH_NAMES)) - _MONTHS_ALSO_WORDS | set(
    words("mon tue tues wed weds thu thur thurs fri jan feb apr jun jul aug sept oct nov dec christmas easter")
)
_NUMBERS = frozenset(
    words(
        "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
        "ninety hundred"
    )
)
"""Ages, mostly. Smaller ones stay: "two days" tells nothing about anybody."""
_STREETS = frozenset(words("street avenue lane crescent terrace postcode"))
_ALWAYS = frozenset({"i", "ok"})
"""Written with a capital wherever they stand."""


# --- which questions ---------------------------------------------------------------------------------------------


def is_unanswered(outcome: Outcome) -> bool:
    """Whether a question goes to people because no text answers it: not by the patient's wish, and not while somebody
    talks with them anyway."""
    understood = outcome.understanding
    if understood is None or understood.decision is not Decision.HAND_OVER or not understood.text.strip():
        return False
    return any(card.opens_alert and card.level is None for card in outcome.staff)


def is_refused(taps: Iterable[tuple[str, Tap]]) -> bool:
    """Whether the patient said that this was not what they had asked."""
    return any(tap in _REFUSED for _, tap in taps)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in a patient's own words."""

    question_id: int
    text: str


def grouped(asked: Sequence[Asked]) -> list[tuple[Asked, ...]]:
    """Questions that are nearly the same, together: the biggest group first, then the newest; each by id.

    A group is named by its first question, and keeps that name when others join it.
    """
    groups: list[list[Asked]] = []
    leaders: list[str] = []
    for one in sorted(asked, key=lambda one: one.question_id):
        said = " ".join(sorted(word.casefold() for word in _WORD.findall(one.text)))
        near = process.extractOne(said, leaders, scorer=fuzz.ratio, score_cutoff=ALIKE)
        if near is not None:
            groups[near[2]].append(one)
        else:
            leaders.append(said)
            groups.append([one])
    groups.sort(key=lambda group: (-len(group), -group[-1].question_id))
    return [tuple(group) for group in groups]


# --- a line in staff's words -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """The words that the clinic's own texts use."""

    words: frozenset[str]
    """In small letters…"""
    proper: frozenset[str]
    """…and those that are written with a capital inside a sentence, such as Achilles."""


def known_words(texts: Iterable[str]) -> Known:
    """The words of these texts, which are plain."""
    known, proper = set(), set()
    for text in texts:
        for word, begins in _words(text):
            known.add(_stem(word))
            if word[0].isupper() and not begins:
                proper.add(_stem(word))
    return Known(frozenset(known), frozenset(proper))


def telling(line: str, known: Known, names: Collection[str], is_word: Callable[[str], bool]) -> tuple[str, ...]:
    """What in a line could tell who wrote it, as it stands there: names, numbers, dates, places, addresses.

    `names`: of people and places, in small letters; `is_word`: whether something is an English word. A word that the
    clinic's texts do not use counts as a name where it has a capital, or is no word at all.
    """
    if line.isupper():
        line = line.lower()
    found = [address[0] for address in _ADDRESS.finditer(line)]
    for word, begins in _words(_ADDRESS.sub(" ", line)):
        if _tells(word, known, names, is_word, begins=begins):
            found.append(word)
    return tuple(dict.fromkeys(found))


def _tells(word: str, known: Known, names: Collection[str], is_word: Callable[[str], bool], *, begins: bool) -> bool:
    plain = _stem(word)
    if any(char.isdigit() for char in word) or plain in _DATES | _NUMBERS | _STREETS:
        return True
    if plain in _ALWAYS or plain in known.proper:
        return False
    is_ours = plain in known.words
    if word[0].isupper():
        return not (is_ours and begins)
    return not is_ours and (plain in names or not is_word(plain))


def is_copied(line: str, originals: Iterable[str]) -> bool:
    """Whether a line is what a patient wrote, or all but a few words of it, and long enough for somebody to know it
    again."""
    said = _spelt(line)
    for one in originals:
        wrote = _spelt(one)
        if len(one) > COPIED and (wrote == said or wrote in said):
            return True
        if len(line) > COPIED and said in wrote:
            return True
    return False


def is_word_for_word(line: str, originals: Iterable[str]) -> bool:
    """Whether a line stands like this in what a patient wrote, however short it is."""
    said = _spelt(line)
    return any(said in _spelt(one) for one in originals)


def _spelt(text: str) -> str:
    """The words alone, each between spaces."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it begins a sentence."""
    before = ""
    end = 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        yield found[0], not before or any(char in _SENTENCE_ENDS or char == "\n" for char in between)
        before, end = found[0], found.end()


def _stem(word: str) -> str:
    """In small letters, without what stands behind an apostrophe: "I'm" is "I", "Anna's" is "Anna"."""
    return re.split(r"['’]", word.casefold(), maxsplit=1)[0]
