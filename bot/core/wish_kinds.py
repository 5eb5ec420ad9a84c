"""Wishes told by the kinds of words in a message, for the many ways to say one that no list holds.

A wish needs one word of each of a few kinds ("stop" and "reminders"), may stand among words that mean nothing by
themselves, and has next to nothing else beside it. A word about the body or the treatment makes it a question.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.core.wish_words import (
    ABOUT_MAIL,
    ABOUT_ROBOTS,
    ASK,
    CEASE,
    GREETING,
    HOW_ARE_YOU,
    LANGUAGES,
    MAIL,
    OWN_NAMES,
    PERSON,
    ROBOT,
    SEND,
    SMALL,
    SPEAK,
    START,
    THANKFUL,
    TREATMENT,
    WITH_GREETING,
    WITH_LANGUAGE,
    WITH_THANKS,
    kind,
)

Wish = Literal["stop", "human", "resume", "mydata", "forget", "language", "about_bot", "thanks", "greeting"]
"""In order of weight: of two wishes in one message the first counts. `human`: wants a person."""


@dataclass(frozen=True)
class _Pattern:
    """One way of saying a wish."""

    wish: Wish
    needs: tuple[frozenset[str], ...]
    """One word of each has to be there."""
    beside: frozenset[str] = frozenset()
    """What else may be there, besides `SMALL`."""
    spare: int = 0
    """So many words more may be there."""
    never: frozenset[str] = frozenset()
    about: frozenset[str] = TREATMENT
    """What the message must not be about."""

    def fits(self, said: frozenset[str]) -> bool:
        if any(one_of.isdisjoint(said) for one_of in self.needs):
            return False
        if not self.never.isdisjoint(said) or not self.about.isdisjoint(said):
            return False
        return len(said.difference(SMALL, self.beside, *self.needs)) <= self.spare


_NOT = kind("not no never")
_AS_A_REPORT = kind("when why did should if where which how")
_NO_USE = kind("want need clinic told useless rubbish stupid no help helpful wrong")
"""About a bot that is of no use, or another clinic's."""
_NOT_ABOUT_IT = kind(
    "in on at with all again it here now was be like need or and my so as would will",
)
_ONLY_NOW = kind("today todays tonight tonights tomorrow tomorrows morning evening week visit photo")
"""One message is to stop, not all."""
_PATTERNS = (
    _Pattern("stop", (CEASE, MAIL), ABOUT_MAIL, 1, _ONLY_NOW | kind("when why did should if start continue not")),
    _Pattern("stop", (kind("turn switch shut"), kind("off"), MAIL | kind("this it these them bot")), ABOUT_MAIL),
    _Pattern("stop", (_NOT, kind("want need"), MAIL | kind("these them anymore")), ABOUT_MAIL, 1, _AS_A_REPORT),
    _Pattern("stop", (_NOT, SEND, kind("me us")), ABOUT_MAIL, 0, _AS_A_REPORT | kind("get getting start want")),
    _Pattern("stop", (kind("no"), kind("more"), MAIL), ABOUT_MAIL, 1, _AS_A_REPORT | kind("get getting")),
    _Pattern("stop", (kind("remove delete take"), kind("me number name"), kind("list service system off")), MAIL),
    _Pattern("stop", (kind("unsubscribe"),), ABOUT_MAIL, 0, _NOT),
    _Pattern("stop", (kind("leave"), kind("alone")), MAIL | kind("peace in me us")),
    _Pattern(
        "resume",
        (START, MAIL | kind("write")),
        ABOUT_MAIL
        | kind("on ready come coming stopped mistake accident changed mind turn switch put sign missed miss"),
        1,
        _AS_A_REPORT | _NOT | kind("stop"),
        about=TREATMENT - kind("back"),
    ),
    _Pattern(
        "resume",
        (kind("put sign opt add turn switch"), kind("back again"), kind("on in up")),
        kind("changed mind list me stopped mistake"),
        0,
        _AS_A_REPORT | _NOT,
        about=TREATMENT - kind("back"),
    ),
    _Pattern("resume", (kind("start"), kind("again")), kind("up"), 0, _AS_A_REPORT | kind("i my can it")),
    _Pattern(
        "resume",
        (kind("unstop"),),
        kind("hit pressed wrong thing button mistake accident by stopped did not mean"),
    ),
    _Pattern(
        "human",
        (SPEAK, PERSON, ASK),
        kind(
            "real actual live alive proper else not one any some herself himself directly member about clinic",
            "moment",
        ),
        1,
        kind("when if told said how should why where today tomorrow week"),
    ),
    _Pattern(
        "human",
        (
            kind("want need prefer rather get give put pass transfer connect let"),
            PERSON - kind("people nurse doctor podiatrist worker member"),
        ),
        ROBOT | SPEAK | kind("real actual live alive proper not instead through over stop answers replies one"),
        1,
        kind("when if told said how should why where who had came after before help"),
    ),
    _Pattern("human", (_NOT, ROBOT, SPEAK | kind("want need")), kind("rather real some any")),
    _Pattern(
        "language",
        (LANGUAGES,),
        WITH_LANGUAGE,
        0,
        kind("physio neighbour friend told mean"),
    ),
    _Pattern("language", (OWN_NAMES,), spare=4),
    _Pattern(
        "language",
        (kind("english"), kind("besides beside except than other another else")),
        kind("speak talk write anything any language languages something only understand know"),
    ),
    _Pattern(
        "language",
        (kind("english"), kind("not no small little bad poor weak")),
        kind("speak talk write read understand understanding understood language know much only good"),
    ),
    _Pattern("about_bot", (ROBOT, kind("you this it i"), kind("is are am")), ABOUT_ROBOTS, 1, _NO_USE),
    _Pattern("about_bot", (ROBOT, kind("you this it i")), ABOUT_ROBOTS, 0, _NO_USE),
    _Pattern("about_bot", (kind("is are am"), kind("real actual live"), PERSON, SPEAK), ABOUT_ROBOTS, 0, _NO_USE),
    _Pattern(
        "about_bot",
        (kind("who what"), kind("you")),
        kind(
            "made built runs owns behind exactly name job purpose kind kinds sort things stuff questions ask",
            "know about",
        )
        | kind("supposed meant able called"),
        0,
        _NOT_ABOUT_IT,
    ),
    _Pattern(
        "about_bot",
        (kind("what"), kind("you"), kind("help do")),
        kind("exactly kind things"),
        0,
        kind("i all need"),
    ),
    _Pattern(
        "about_bot", (kind("what"), kind("i"), kind("ask")), kind("kind kinds sort things stuff"), 0, _NOT_ABOUT_IT
    ),
    _Pattern(
        "about_bot", (kind("who"), kind("me i"), MAIL | SPEAK - kind("phone reach call bell ring")), kind("keeps")
    ),
    _Pattern(
        "thanks",
        (THANKFUL,),
        WITH_THANKS,
        0,
        kind("question should no not can could would if"),
        about=TREATMENT - kind("back job"),
    ),
    _Pattern("thanks", (kind("nice great big real"), kind("one help job")), kind("was such mate pal lads that so")),
    _Pattern(
        "greeting",
        (GREETING,),
        WITH_GREETING,
        0,
        kind("can could should do would"),
        about=TREATMENT - kind("working back"),
    ),
    _Pattern("greeting", (kind("how whats hows"), HOW_ARE_YOU), GREETING | kind("today day keeping life team up sup")),
)
_CHECK_INS = re.compile(r"\bcheck ins?\b")
_LONGEST = 14
"""A message of more words has something else to say."""


def wish_by_kinds(typed: Iterable[str], *, asks: bool) -> Wish | None:
    """The wish in the normalised words of a message, short forms written out. `asks`: it has a question mark."""
    counted = tuple(_CHECK_INS.sub("checkins", " ".join(typed)).split())
    said = frozenset(counted)
    if len(counted) > _LONGEST:
        return None
    for pattern in _PATTERNS:
        if not pattern.fits(said) or (asks and pattern.wish == "thanks"):
            continue
        if pattern.wish == "greeting" and pattern.needs[0].isdisjoint(counted[:2]):
            continue  # "is it alright now" greets nobody
        return pattern.wish
    return None
