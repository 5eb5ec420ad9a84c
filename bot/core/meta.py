"""Wishes in free words: what a patient wants of the bot, rather than to know from it.

"Please stop, thanks" is a wish; "when will the pain stop" is a question. So a message counts only when a phrase of
`words.yaml` is all of it, or nearly all, once polite words are set aside: what is left unexplained decides. What no
phrase covers is told by the kinds of its words (`wish_kinds.py`).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, get_args

from bot.content.schema import Words
from bot.core.matching.english import english
from bot.core.text import clean, words
from bot.core.typos import Vocabulary
from bot.core.wish_kinds import Wish, wish_by_kinds

__all__ = ["Wish", "Wishes"]

_BY_WEIGHT: tuple[Wish, ...] = get_args(Wish)
_SPARE: dict[Wish, int] = {"stop": 3, "human": 3, "resume": 3, "language": 2, "about_bot": 3}
"""So many words may stand unexplained beside a phrase that tells enough (`_tells_enough`); beside others none."""
_POLITE = frozenset(
    words(
        "please pls plz plse thanks thank thx ta cheers hi hello hey hiya ok okay oh well just now sorry yes lads guys "
        "can could would will im id ill want wanna need would like to the a an me my us so very much really kindly "
        "here then this that your x xx xxx lol"
    )
)
"""Set aside in messages and phrases alike, unless nothing else is left."""
_SAYS_LITTLE = frozenset(
    words("i you your who what is are am do does did this that it no not more all from for in on off up and or again")
)
_QUESTIONS = frozenset(words("when how why where which should if because after before"))
""""When can I start again" is no wish, however few its words."""
_WITH_THANKS = frozenset(
    words(
        "you so very much for that all thats its was a an and again oh ok okay right well the perfect great grand "
        "super lovely brilliant fab fantastic nice one sorted good help helpful helps helped your everyone team "
        "everybody folks lads mate love x xx xxx million bunch lot now really appreciate appreciated i it im "
        "bye byebye goodbye cya see ya later soon tomorrow then till next time everything fine good all"
    )
)
_WITH_GREETING = frozenset(
    words("there all everyone everybody anyone about again team folks lads hows how are you things well oh")
)
"""What may stand beside thanks or a greeting without making it a question."""
_WITH_LANGUAGE = frozenset(words("i you do in into it get got have has switch change talk write read only info any"))
"""What may stand beside the name of a language: "can I get this in Polish", "switch to French"."""
_ASKED_NICELY = re.compile(r"\b(?:can|could|would|will) you\b|\bi (?:want|wish|need|would like|d like)\b(?: you\b)?")
_DOUBLED = re.compile(r"([^\W\d_])\1")
_MAIL = re.compile(r"\b(?:check ?ins?|messages?|texts?|msgs?|reminders?|notifications?|updates)\b(?: mail\b)?")
_ALIKE = {
    **dict.fromkeys(words("messaging texting contacting"), "mailing"),
    **dict.fromkeys(words("speak chat"), "talk"),
    **dict.fromkeys(words("speaking chatting"), "talking"),
    **dict.fromkeys(words("call phone"), "ring"),
    **dict.fromkeys(words("human someone somebody anyone anybody"), "person"),
    **dict.fromkeys(words("bot machine computer ai"), "robot"),
}
"""Words that mean the same in a wish."""
_ABOUT_THE_BOT = frozenset(words("mail mailing robot list unsubscribe subscribe opt language english contact"))
_REAL_WORDS = frozenset(words("spot post thinks three smart stars stairs reason pressing calf call heal"))
"""Words that are no slip for one of ours."""
_LONGEST = 24
"""A message of more words is no bare wish."""


class Wishes:
    """Recognises the wishes it was built with."""

    def __init__(self, content: Words) -> None:
        lines: dict[Wish, tuple[tuple[str, ...], ...]] = {
            "stop": _lines(content.stop),
            "human": _lines(content.human),
            "resume": _lines(content.resume),
            "language": _lines(content.language),
            "about_bot": _lines(content.about_bot),
            "thanks": _lines(content.thanks),
            "greeting": _lines(content.greeting),
        }
        self._word_by_word: dict[tuple[str, ...], Wish] = {
            **dict.fromkeys(_lines(content.mydata), "mydata"),
            **dict.fromkeys(_lines(content.forget), "forget"),
        }
        """Not a slip of the finger may lead there: much follows from it."""
        self._whole: dict[tuple[str, ...], Wish] = {}
        for wish in (wish for wish in _BY_WEIGHT if wish in lines):
            for line in lines[wish]:
                self._whole.setdefault(line, wish)
        self._cores = {wish: tuple(dict.fromkeys(_core(line) for line in lines[wish])) for wish in _SPARE}
        everything = {word for of_wish in lines.values() for line in of_wish for word in line}
        self._vocabulary = Vocabulary(everything | _POLITE | _ALIKE.keys(), is_real=_REAL_WORDS.__contains__)
        self._spellings = {typed: words(meant) for typed, meant in content.spellings.items()}
        self._polite_lines = {"thanks": lines["thanks"], "greeting": lines["greeting"]}
        self._pleasant = {
            "thanks": _WITH_THANKS | {word for line in (*lines["thanks"], *lines["greeting"]) for word in line},
            "greeting": _WITH_GREETING | {word for line in lines["greeting"] for word in line},
        }

    def wish(self, text: str) -> Wish | None:
        """The wish that `text` is, from first word to last, or None."""
        text = clean(text)
        typed = words(text)
        bare = tuple(word for word in typed if word not in {"please", "pls", "thanks"})
        if (exact := self._word_by_word.get(bare)) is not None:
            return exact
        asks = "?" in text
        found = self._wish(typed, asks)
        if found is None and (relaxed := tuple(map(_unstretched, typed))) != typed:
            found = self._wish(relaxed, asks)
        return found or wish_by_kinds(self._written_out(typed), asks=asks)

    def _written_out(self, typed: tuple[str, ...]) -> Iterator[str]:
        """The words meant: "dont" is "do not"."""
        for word in typed:
            yield from self._spellings.get(word, (word,))

    def _wish(self, typed: tuple[str, ...], asks: bool) -> Wish | None:
        if not typed or len(typed) > _LONGEST:
            return None
        typed = tuple(map(self._repaired, typed))
        if typed in self._whole:
            return self._whole[typed]
        core = _core(typed)
        there = set(core)
        for wish, spare in _SPARE.items():
            possible = (phrase for phrase in self._cores[wish] if there.issuperset(phrase))
            if core and any(_is_said(wish, phrase, core, spare) for phrase in possible):
                return wish
        if self._is_only("thanks", typed) and not asks:
            return "thanks"
        return "greeting" if self._is_only("greeting", typed) else None

    def _repaired(self, word: str) -> str:
        """`word`, or the one of our words it is a slip for; of several the first in the alphabet."""
        meant = self._vocabulary.meant_by(word)
        return word if word in meant else min(meant, default=word)

    def _is_only(self, wish: Literal["thanks", "greeting"], typed: tuple[str, ...]) -> bool:
        """Thanks or a greeting, with pleasantries and nothing else."""
        if not self._pleasant[wish].issuperset(typed):
            return False
        return any(_stands_in(line, typed) for line in self._polite_lines[wish])


def _unstretched(word: str) -> str:
    """ "hii", which is all that cleaning leaves of "hiiii", is "hi"; "too" is a word."""
    return word if english().knows(word) else _DOUBLED.sub(r"\1", word)


def _lines(lines: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(found for line in lines if (found := words(clean(line))))


def _core(typed: Iterable[str]) -> tuple[str, ...]:
    """The telling words, those that mean the same made the same, none twice running; empty for mere politeness."""
    said = _MAIL.sub("mail", _ASKED_NICELY.sub("", " ".join(typed)))
    alike = (_ALIKE.get(word, word) for word in said.split() if word not in _POLITE)
    return tuple(word for word, _ in groupby(alike))


def _is_said(wish: Wish, phrase: tuple[str, ...], core: tuple[str, ...], spare: int) -> bool:
    """`phrase` is `core`, or stands in it with few words beside it, none of which makes it a question."""
    found = _stands_in(phrase, core)
    if found and len(phrase) == len(core):
        return True
    if found and wish == "language" and len(phrase) == 1:
        return _WITH_LANGUAGE.union(phrase).issuperset(core)
    if not _tells_enough(wish, phrase, core) or not _QUESTIONS.isdisjoint(core):
        return False
    if found and len(core) - len(phrase) <= spare:
        return True
    bare = tuple(word for word in core if word != "mail")
    return len(bare) < len(core) and len(bare) - len(phrase) <= spare and _stands_in(phrase, bare)


def _tells_enough(wish: Wish, phrase: tuple[str, ...], core: tuple[str, ...]) -> bool:
    """Words of weight, in a message that is about messages, people or robots; "start again" alone may be sport."""
    heavy = [word for word in phrase if word not in _SAYS_LITTLE]
    if wish == "language":
        return len(heavy) > 1
    if "person" in heavy or "robot" in heavy:
        return len(phrase) > 1
    return len(phrase) > 1 and bool(heavy) and not _ABOUT_THE_BOT.isdisjoint(core)


def _stands_in(phrase: tuple[str, ...], typed: tuple[str, ...]) -> bool:
    """The words of `phrase` stand in `typed` one after the other."""
    size = len(phrase)
    return size > 0 and any(typed[start : start + size] == phrase for start in range(len(typed) - size + 1))
