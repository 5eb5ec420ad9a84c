"""A question that says too little by itself: "and for how long?", after an answer, is about what was answered.

Only asked when the text alone has no sure answer. It is then matched once more, behind the question that was answered;
that question is itself a phrasing, so its entry comes first for almost any text. What decides is therefore what the new
text brings along: nothing of its own, or words that entry knows, or words it does not.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property

from bot.content.schema import Entry
from bot.core.matching import Matcher
from bot.core.text import words
from bot.core.typos import Vocabulary
from bot.model import Decision, Match

_SHORT = 8
"""Words; a longer text says what it is about, unless it begins like a follow-up."""
_BEGINS = tuple(
    words(line)
    for line in (
        *("and", "what about", "how about", "so", "for how long", "is that", "is it", "does that", "does it"),
        *("will it", "will that", "can it", "why", "when", "how", "but", "or", "until when", "since when", "also"),
    )
)
_SAYS_NOTHING = frozenset(
    words(
        "a an the and or but so if then than also too just only still even again ever yet already i im ive id ill "
        "me my we our you your it its is isnt are arent was wasnt were be been being do does doesnt did didnt dont "
        "have has had having can cant could should shouldnt would wouldnt will wont may might must this that thats "
        "these those there theres here what whats when whens where which who why how hows long much many often "
        "soon late early until till since before after during for from of to in on at by with without about as "
        "like all any some no not yes ok okay oh well right really very quite please thanks thank sure normal "
        "usual usually fine good bad mean means meant ask know think say said tell happen happens going go goes "
        "get gets got take takes last lasts stay stays need want time times day days week weeks hour hours minute "
        "minutes today tomorrow now later next one ones same other way thing things max maximum exactly roughly "
        "ish away out"
    )
)
"""Words that no question can be told by: what is left of a text without them is what it brings along."""


@dataclass(frozen=True)
class FollowUps:
    """Reads follow-ups. `entries`: everything that may have been answered, by id."""

    matcher: Matcher
    entries: Mapping[str, Entry]

    def read_with(self, answered: Entry, text: str, alone: Match) -> Match | None:
        """What a cleaned text means after `answered`, when it is a follow-up; None: what it means alone stands.

        `alone`: what the matcher says of the text, which is no answer.
        """
        typed = words(text)
        if not typed or not (len(typed) <= _SHORT or _begins(typed)):
            return None
        together = self.matcher.match(f"{answered.question} {text}")
        together = replace(together, second=None)
        best = together.candidates[0].entry_id if together.candidates else None
        if best != answered.id:
            return together if together.decision is Decision.ANSWER else None
        own = [word for word in typed if word not in _SAYS_NOTHING]
        if not own:
            return replace(together, decision=Decision.ANSWER) if "?" in text or _begins(typed) else None
        if not all(self._vocabulary.meant_by(word) & self._said[answered.id] for word in own):
            return None
        if alone.candidates and alone.candidates[0].entry_id == answered.id:
            return replace(together, decision=Decision.ANSWER)
        return replace(together, decision=Decision.ASK) if alone.decision is Decision.HAND_OVER else None

    @cached_property
    def _said(self) -> Mapping[str, AbstractSet[str]]:
        """The words of each entry; those of all are kept once."""
        kept: dict[str, str] = {}
        said = ((entry.id, _said_by(entry)) for entry in self.entries.values())
        return {entry_id: frozenset(kept.setdefault(word, word) for word in spoken) for entry_id, spoken in said}

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        """One for all entries: it takes time to build, and which words may be meant does not depend on the others."""
        return Vocabulary(word for said in self._said.values() for word in said)


def _begins(typed: tuple[str, ...]) -> bool:
    return any(typed[: len(opening)] == opening for opening in _BEGINS)


def _said_by(entry: Entry) -> set[str]:
    lines = (entry.question, *entry.phrasings, entry.answer, *(variant.answer for variant in entry.variants))
    return {word for line in lines for word in words(line)}
