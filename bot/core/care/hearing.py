"""What a text says in answer to a question of a check-in: a number, an option, several of them, any words. Pure.

Cautious on purpose: a text that may as well be something else is no answer, and the question is put again. An option
counts by its number, by the words on its button, by the words the plan lists for it, with slips of the finger; not
where a "no" stands before it. What a sentence tells in the question's own words goes before a "no" beside it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.care import Value
from bot.clock import from_us
from bot.content.plan import Question
from bot.content.schema import Words
from bot.core.care.options import FILLERS, spoken, told, whole
from bot.core.care.pain_words import hear_number
from bot.core.care.wellness import is_all_fine, listed
from bot.core.checking import Reply, read_reply
from bot.core.outcome import Check
from bot.core.text import clean, normalise
from bot.core.text import words as split_words
from bot.model import Flag, Level

MAX_OWN_WORDS = 300
"""Characters of an answer in the patient's own words; the whole message is kept with the questions."""

_LONGEST = 18
"""A message of more words holds more than an option; only the option itself, or a number, counts in it."""
_ASKS = re.compile(
    r"^(?:can|could|should|shall|would|will|may|how|when|what|why|where|which|who|do|does|did|if|"
    r"(?:is|are|was) (?:it|this|that|there|my|the|a|these|those|you))\b"
)
_USUAL = FILLERS | frozenset(split_words("sore soreness stiff stiffness achy aching tender tired slightly little"))
"""What may follow a "but" after the good answer."""
_NUMBERED = re.compile(r"(?:option|number|nr|no|answer|its|the)?\s*(\d{1,2})(?:st|nd|rd|th)?(?: one| please| thanks)*")
_NUMBERS = re.compile(r"\d{1,2}(?:\s*(?:,|and|&|\+|plus|\s)\s*\d{1,2})+")
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5}
_PIECES = re.compile(r"[,;+&/\n]|\band\b|\bplus\b|\balso\b|\bbut\b|\bwith\b|\. ")
_ALL_THAT_FITS = frozenset(map(normalise, ("done", "that's all", "that's it", "finished", "ready", "im done")))

_DOUBTFUL = Check(Flag("", Level.URGENT, ()), "", from_us(0))
"""For reading yes and no as answers to a question about danger are read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer. `is_sure` is False where a number was asked for and words came: `value` counts until it comes."""

    value: Value
    is_sure: bool = True


def hear(text: str, question: Question, known: Words, ticked: Sequence[str] = ()) -> Heard | None:
    """The answer to `question` that `text` is; None where it is something else. `ticked`: chosen so far, of several."""
    match question.kind:
        case "scale":
            number = hear_number(text, of_before="yesterday" in question.ask.lower())
            return Heard(number.value, number.is_sure) if number else None
        case "choice":
            option = _choice(text, question, known)
            return Heard(option) if option else None
        case "several":
            options = _several(text, question, known, ticked)
            return Heard(options) if options else None
        case "text":
            words = own_words(text)
            return Heard(words) if words and "?" not in words else None


def own_words(text: str) -> str:
    """An answer in the patient's own words, as it is kept: on one line, and not longer than `MAX_OWN_WORDS`."""
    return " ".join(text.split())[:MAX_OWN_WORDS]


# --- one option ------------------------------------------------------------------------------------------------------


def _choice(text: str, question: Question, known: Words) -> str | None:
    said = normalise(text)
    if not said:
        return None
    if (place := _place(said)) is not None:
        return question.options[place].id if place < len(question.options) else None
    if (exact := whole(said, question.options)) is not None:
        return exact
    is_asked = "?" in text and _ASKS.match(said)  # "when I press it, it is rock hard" asks nothing
    if not is_asked and (option := told(text, question.options)) is not None:
        return option
    by_id = {option.id: option for option in question.options}
    is_yes_or_no = {"yes", "no"} <= by_id.keys()
    if "?" not in text and not _ASKS.match(said) and len(said.split()) <= _LONGEST:
        others = [option for option in question.options if not (is_yes_or_no and option.id in {"yes", "no"})]
        found = spoken(said, others)
        if found:
            is_all = len(found) == 1 and not (found[0] == question.options[0].id and _has_a_but(said))
            return found[0] if is_all else None
    return _yes_or_no(text, question, known) if is_yes_or_no else None


def _has_a_but(said: str) -> bool:
    """Whether a complaint follows: "fine, but my calf is hard" is more than fine. What is usual is none."""
    _, but, rest = said.partition(" but ")
    return bool(but) and not set(rest.split()) <= _USUAL


def _yes_or_no(text: str, question: Question, known: Words) -> str | None:
    """Yes or no, read as carefully as where danger is asked about; doubt counts as yes where a question follows up."""
    if "?" in text:
        return None
    match read_reply(text, _DOUBTFUL, question.ask, known):
        case Reply.YES:
            return "yes"
        case Reply.NO:
            return "no"
        case Reply.NOT_SURE:
            unsure = next(
                (option.id for option in question.options if option.id.startswith(("not_sure", "unsure"))), None
            )
            return unsure or ("yes" if question.when is not None else None)
        case None:
            return None


def _place(said: str) -> int | None:
    """A place in the list, from 0: "2", "option 2 please", "the second one"."""
    if (found := _NUMBERED.fullmatch(said)) is not None:
        return int(found[1]) - 1 if int(found[1]) else 99
    left = [word for word in said.split() if word not in FILLERS]
    return _ORDINALS.get(left[0]) if len(left) == 1 and len(said.split()) <= 4 else None


# --- several options -------------------------------------------------------------------------------------------------


def _several(text: str, question: Question, known: Words, ticked: Sequence[str]) -> tuple[str, ...] | None:
    """All options that a text names, with those ticked before; the first option, none of them, stands alone."""
    said, none, others = normalise(text), question.options[0], question.options[1:]
    if not said:
        return None
    if said in _ALL_THAT_FITS:
        return tuple(ticked) or None
    if (places := _places(clean(text).lower(), said)) is not None:
        if not all(place < len(question.options) for place in places):
            return None
        return together((*ticked, *(question.options[place].id for place in places)), question)
    if (exact := whole(said, question.options)) is not None:
        return (none.id,) if exact == none.id else together((*ticked, exact), question)
    if _is_none(text, said, known):
        return (none.id,)
    if "?" in text or _ASKS.match(said):
        return None
    found = set(spoken(said, others) if len(said.split()) <= _LONGEST else ())
    for piece in _PIECES.split(clean(text).lower()):
        if piece.strip() and (named := whole(normalise(piece), others)) is not None:
            found.add(named)
    return together((*ticked, *found), question) if found else None


def _places(plain: str, said: str) -> tuple[int, ...] | None:
    """Places in the list, from 0, where a text is nothing but numbers."""
    if _NUMBERS.fullmatch(plain.strip(" .!")):
        return tuple(int(number) - 1 if int(number) else 99 for number in re.findall(r"\d+", plain))
    place = _place(said)
    return (place,) if place is not None else None


def _is_none(text: str, said: str, known: Words) -> bool:
    """ "None of these", "nothing", "no"."""
    if said in listed(known.no) or (said in listed(known.none_of_these) and not said.startswith("something")):
        return True
    if re.fullmatch(
        r"(?:none|nothing|nope|no|nil|not any)(?: (?:of|these|them|those|that|the|above|at|all|really|here|"
        r"thanks|thank|you|im|fine|just|nope))*",
        said,
    ):
        return True
    return "?" not in text and said.split()[0] in {"no", "none", "nope"} and is_all_fine(text, known)


def together(ticked: Iterable[str], question: Question) -> tuple[str, ...]:
    """Ticked options in the order of the list; beside any other the first one, none of them, goes."""
    chosen = set(ticked)
    real = tuple(option.id for option in question.options[1:] if option.id in chosen)
    return real or (question.options[0].id,)
