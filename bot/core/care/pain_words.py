"""A number from 0 to 10 in a patient's own words: "six-ish", "7 out of 10", "6 yesterday, 4 now", "agony".

A number counts only where it can be nothing else: "it has been 3 days" and "2 hours" name no pain. Of several the
highest counts, and what was before counts for nothing where there is a now. Pure; nothing here raises.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from bot.core.text import clean

TOP = 10
MILD, MIDDLING, BAD = 3, 5, 8
"""What words without a number count as, until a number comes (content/check_ins.md: "very bad" = 8)."""


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from 0 to 10; `is_sure` is False where words, or a number beyond the scale, stand for it."""

    value: int
    is_sure: bool = True


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IN_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    )
}
_ALSO = {"nought": "0", "naught": "0", "nil": "0", "zilch": "0", "🔟": "10"}
_NOT_A_NUMBER = re.compile(r"\b(?:no one|this one|that one|the one|which one|the other one|one of|one more)\b")

_UNITS = _set(
    "hour hours hr hrs h day days d week weeks wk wks month months min mins minute minutes sec secs second seconds "
    "year years yr yrs time times am pm oclock o'clock tablet tablets pill pills paracetamol ibuprofen mg ml km k mile "
    "miles m metre metres step steps rep reps set sets toe toes needle needles percent degrees st nd rd th stone kg lb "
    "lbs cm mm inch inches people more other others bruise bruises spot spots place places session sessions visit "
    "visits nights night mornings"
)
"""After one of these a number counts something."""
_COUNTS = _set("day days week weeks aged age room number no nr level-of stage step steps mile every last next past for")
"""Before a number these make it part of something else: "day 3", "for 2"."""
_GOES_ON = _set(
    "and but or with when if at in this right now today tonight still because cause cos coz it its it's i i'm my pain "
    "please thanks thank though tho maybe probably perhaps so as after while on walking standing sitting resting lying "
    "going down up then yesterday last earlier before then really tops max though most is was the overall today's only "
    "just currently atm worst best hurts sore honestly tbh lol mate x xx again or which same not can"
)
"""What may follow a number that is a pain."""
_LEADS = _set(
    "is its it's it a an about around roughly approx approximately say maybe probably perhaps like at pain level score "
    "number now still to id i'd i think be was were nearly almost just only well hmm um erm ok okay so today now mine "
    "currently feels feel feeling hurts rate rated rating give gave giving would call put as of the more than yeah yes "
    "yep oh hi hello from into by ~"
)
"""What may stand before it."""
_TALK = (
    _GOES_ON
    | _LEADS
    | _set(
        "my me in the of on heel shin calf sole foot leg ankle area bit little morning evening night afternoon first "
        "second worst best ever had has have been being had got go gone went come came worse better bad strong sharp "
        "dull achy aching ache soreness stiff resting rest walk stairs scale out there here where that this those "
        "these i've ive i'm im say said guess reckon suppose got 's good fine great ok okay no not any than usual left "
        "right side both legs feet initially started moment am pm hurting painful tender im"
    )
)
"""Words about a pain and nothing else: where all of a clause is of these its number counts."""
_PAIN = re.compile(r"\b(?:pain|hurts?|hurting|sore|soreness|aching?|score|scale|rate|rating)\b")
_HEDGES = _set(
    "maybe about around a an like dunno idk perhaps i think i'd id say probably its it's it um hmm erm or roughly"
)
"""What may stand beside a number that ends in a question mark: "6?"."""
_BEFORE = _set("yesterday was were before earlier last initially previously started first ago woke")
_NOW = _set("now today currently moment atm tonight")
_ASKS = re.compile(
    r"^(?:can|could|should|shall|would|will|may|how|when|what|why|where|which|who|do|does|did|if|are|am i|"
    r"is (?:it|this|that|there|my|\d))\b"
)

_NONE = re.compile(
    r"(?:none|nothing|nil|no|zero|nought|not any|absolutely no|hardly any)\b(?: (?:at all|pain|soreness|hurt|left|now|"
    r"really))*|(?:pain free|painless|pain[- ]free|painfree)|not (?:sore|painful|hurting|in pain)(?: at all)?|"
    r"(?:it |pain )?(?:doesn't|doesnt|does not|isn't|isnt|not) (?:hurt(?:ing)?|sore|painful)(?: at all| any ?more)?|"
    r"(?:pain |it )?(?:is |has |it's |its )?(?:all |completely |totally )?gone(?: now)?"
)
_NOT_BAD = re.compile(
    r"\b(?:not|isn't|isnt|never|hardly|nothing)(?: \w+)? (?:too |so |very |that |really |as )*"
    r"(?:bad|much|a lot|lots|terrible|awful|severe|painful|sore|strong)\b"
)
_BAD = re.compile(
    r"\b(?:lots?|a lot|loads|agony|agonising|agonizing|unbearable|excruciating|terrible|awful|horrible|horrendous|"
    r"horrific|killing me|extreme|extremely|severe|too much|off the scale|(?:really|very|so|proper|pretty) bad|"
    r"v bad|bad|very (?:painful|sore|strong|high)|really (?:painful|sore|hurts)|so (?:painful|sore|much)|"
    r"(?:the )?worst(?: ever)?|massive|huge|high|intense|strong|insane|crazy|max(?:imum)?|the most)\b"
)
_MIDDLE = re.compile(r"\b(?:medium|moderate|middling|middle|average|so so|half ?way|quite (?:sore|bad|painful))\b")
_LIGHT = re.compile(
    r"\b(?:(?:a )?(?:tiny |little |wee )?bit|a little|little|mild|slight(?:ly)?|low|not much|bearable|manageable|minor|"
    r"tiny|small|twinge|niggle|not bad|barely|hardly|a touch|fine|alright)\b"
)
_LONGEST_VAGUE = 9

_TOKEN = re.compile(r"\d+(?:\.\d+)?@?|[a-z'~]+|[^\s\w]")


def hear_number(text: str, *, of_before: bool = False) -> Number | None:
    """The number that a text names; None where it names none. `of_before`: the question is about yesterday."""
    plain = _prepared(text)
    if not plain:
        return None
    if re.fullmatch(r"(?:it'?s |about )?-\s?\d+\W*", plain):
        return Number(BAD, is_sure=False)
    found: list[_Said] = []
    for clause, asks in _clauses(plain):
        found += _numbers(clause, asks)
    if found:
        return _settled(found, of_before)
    return _without_a_number(plain)


# --- making numbers comparable ---------------------------------------------------------------------------------------

_STEPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\b(?:scale )?(?:of|from|between) [01] (?:to|-|and) 10\b", " "),
        (r"(\d),(5)(?!\d)", r"\1.\2"),
        (r"(\d+) and a half\b", r"\1.5"),
        (r"(\d+)\s*-?\s*ish\b", r"\1"),
        (r"\b(\d+(?:\.\d+)?)\s*(?:-|to|or|/)\s*(\d+(?:\.\d+)?)\s*(?:/|out of|of|outta)\s*(?:a )?10\b", r"\1@ \2@"),
        (r"\b(\d+(?:\.\d+)?)\s*(?:/|out of|of|outta|over)\s*(?:a )?10\b", r"\1@"),
        (r"\bnot (?:a |an |really |even )?\d+(?:\.\d+)?@?", " "),
        (
            r"\bfrom (?:a |an |about )?\d+@? (?:\w+ )?(?:down |up )?(?:to|->) (?:a |an |about )?(\d+(?:\.\d+)?@?)",
            r"\1 now",
        ),
        (r"\b\d+@? (?:down|up) to (?:a |an |about )?(\d+(?:\.\d+)?@?)", r"\1 now"),
        (r"\b\d+@?\s*(?:-+>|=+>|→)\s*(\d+(?:\.\d+)?@?)", r"\1 now"),
        (
            r"\b(?:down|dropped|eased|gone|went|risen|up) (?:down |up )?to (?:a |an |about )?(\d+(?:\.\d+)?@?)",
            r"\1 now",
        ),
        (r"\bbetween (\d+) and (\d+)\b", r"\1 , \2"),
        (
            r"\b(\d+(?:\.\d+)?)\s*(?:-|to|or|/)\s*(?:a |an |maybe )?(10|\d(?:\.\d+)?)"
            r"(?![\d:/])\b(?! ?(?:hours?|days?|mins?|times))",
            r"\1 , \2",
        ),
    )
)
_MORE = re.compile(r"\b(?:more than|over|above|higher than|worse than|at least|minimum)\s*(\d+)|(\d+)\s*(?:\+|plus\b)")
_LESS = re.compile(r"\b(?:less than|under|below|lower than|not quite)\s*(\d+)")


def _prepared(text: str) -> str:
    """Lower case, numbers as digits, "7 out of 10" as "7@", ranges as two numbers, what is denied taken out."""
    raw = text.replace("½", ".5").replace("🔟", "10").replace("→", "->")
    plain = _NOT_A_NUMBER.sub(" ", clean(raw).lower())
    plain = re.sub(r"[a-z]+", lambda found: _digit(found[0]), plain)
    plain = re.sub(r"\b\d{1,2}[:.]\d\d\b(?!@)|\b\d{1,2}\s?(?:am|pm)\b", " ", plain)  # clock times
    for pattern, instead in _STEPS:
        plain = pattern.sub(instead, plain)
    plain = _MORE.sub(_raised, plain)
    plain = _LESS.sub(lambda found: str(max(int(found[1]) - 1, 0)), plain)
    return " ".join(plain.split())


def _raised(found: re.Match[str]) -> str:
    number = int(found[1] or found[2])
    return str(number if found[0].startswith(("at least", "minimum")) else min(number + 1, max(TOP, number)))


def _digit(word: str) -> str:
    """Digits for a number word, also one with a slip in it or "ish" behind it."""
    bare = word.removesuffix("ish") if len(word) > 5 else word
    if bare in _IN_WORDS:
        return _IN_WORDS[bare]
    if word in _ALSO:
        return _ALSO[word]
    if len(word) >= 4 and word not in _KNOWN:
        near = [number for name, number in _IN_WORDS.items() if len(name) >= 4 and OSA.distance(word, name) == 1]
        if len(near) == 1:
            return near[0]
    return word


_KNOWN = _set(
    "even event then there these here ever never seen heaven leven dine fine mine line wine nice pine four your hour "
    "tour pour sour fours eights night right eight light fight sight might weight height freight three tree free five "
    "give live dive hive drive fire file seven fever nine none zone hero hers sever severe sixty three's"
) | frozenset(_TALK)
"""English words that are no slip for a number."""


# --- the parts of a message ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    number: float
    is_now: bool
    is_before: bool


def _clauses(plain: str) -> Iterator[tuple[str, bool]]:
    """The clauses of a message, each with whether it asks something."""
    for sentence in re.findall(r"[^?!;\n]*[?!;\n]?", plain):
        asks = sentence.endswith("?")
        parts = re.split(r",(?!\d)|\. |\.$| but | - |; ", sentence.strip("?!;\n "))
        for place, part in enumerate(parts):
            if part.strip():
                yield part.strip(), (asks and place == len(parts) - 1) or bool(_ASKS.match(part.strip()))


def _numbers(clause: str, asks: bool) -> Iterator[_Said]:
    """The pains named in one clause."""
    tokens = _TOKEN.findall(clause)
    said = {token for token in tokens if token[0].isalpha()}
    for place, token in enumerate(tokens):
        if not token[0].isdigit():
            continue
        number = token.removesuffix("@")
        is_sure = token.endswith("@")
        if asks and not is_sure and not said <= _HEDGES:
            continue
        if not is_sure and not _is_pain(tokens, place, said):
            continue
        times = {tokens[at] for at, belongs in _times(tokens) if belongs == place}
        yield _Said(float(number), bool(times & _NOW), bool(times & _BEFORE))


def _times(tokens: list[str]) -> Iterator[tuple[int, int]]:
    """The words that tell when, each with the number it stands nearest to, both by place."""
    places = [place for place, token in enumerate(tokens) if token[0].isdigit()]
    for at, token in enumerate(tokens):
        if token in _NOW | _BEFORE and places:
            # "6 yesterday 4 now" and "was 8 now 3": in between, only these look back.
            looks_back = token in {"yesterday", "earlier", "ago", "before", "initially", "previously"}
            yield at, min(places, key=lambda place: (abs(place - at), (place > at) is looks_back))


def _is_pain(tokens: list[str], place: int, said: set[str]) -> bool:
    """Whether a bare number can only be the pain."""
    before, after = tokens[place - 1] if place else "", tokens[place + 1] if place + 1 < len(tokens) else ""
    if after in _UNITS or before in _COUNTS or before in {"£", "$", "€", "#"} or after in {"%", ":"}:
        return False
    if len(tokens[place].partition(".")[0]) > 3:
        return False
    if said <= _TALK:
        return True
    ends = not after or not after[0].isalnum() or after in _GOES_ON
    if not ends:
        return False
    leads = tokens[:place]
    if all(lead in _LEADS or not lead[0].isalnum() for lead in leads):
        return True
    return before in _LEADS and before not in {"from", "by", "of"} and _PAIN.search(" ".join(leads)) is not None


def _settled(found: list[_Said], of_before: bool) -> Number | None:
    """The one number: of now where there is one, never of before alone, unless that was asked; the highest."""
    if of_before:
        chosen = [said for said in found if said.is_before and not said.is_now] or found
    else:
        now = [said for said in found if said.is_now and not said.is_before] if len(found) > 1 else []
        chosen = now or [said for said in found if said.is_now or not said.is_before]
    if not chosen:
        return None
    worst = max(said.number for said in chosen)
    if worst > TOP:
        return Number(BAD, is_sure=False)
    return Number(min(math.floor(worst + 0.5), TOP))


def _without_a_number(plain: str) -> Number | None:
    """What words alone say, in a message that is about nothing else."""
    if "?" in plain or _ASKS.match(plain):
        return None
    bare = re.sub(r"[^a-z' ]+", " ", plain)
    bare = " ".join(bare.split())
    if _is_about_pain_only(_NONE, bare):
        return Number(0)
    if len(bare.split()) > _LONGEST_VAGUE:
        return None
    if _NOT_BAD.search(bare):
        return Number(MILD, is_sure=False) if _is_about_pain_only(_NOT_BAD, bare) else None
    for pattern, value in ((_MIDDLE, MIDDLING), (_BAD, BAD), (_LIGHT, MILD)):
        if pattern.search(bare) and _is_about_pain_only(pattern, bare):
            return Number(value, is_sure=False)
    return None


def _is_about_pain_only(pattern: re.Pattern[str], bare: str) -> bool:
    """Whether nothing is left beside the pattern but talk about a pain; a "no" or a "not" beside it is too much."""
    left = pattern.sub(" ", bare, count=1) if pattern is not _NONE else _without_none(bare)
    words = set(left.split()) if left is not None else {"-"}
    return words <= (_TALK - {"no", "not", "any"})


def _without_none(bare: str) -> str | None:
    """What is left of a message that begins or ends with "no pain"; None where it says no such thing."""
    for lead in (
        "",
        "there is ",
        "there's ",
        "theres ",
        "i have ",
        "i've ",
        "i feel ",
        "it's ",
        "its ",
        "feels ",
        "now ",
    ):
        if bare.startswith(lead) and (found := _NONE.match(bare, len(lead))) and found[0].strip() != "no":
            return bare[found.end() :]
    return None
