"""What a "no" takes back. "No fever, no pus but my calf is hot" denies two things and states one.

A denial covers what follows up to "but", "however", "just", a full stop, a line break, or a new subject (red-flag
catalogue, "Border rules", Negation). Where that is unclear the word counts as said: under-triage is the worse mistake.
So a comma ends a denial unless a list goes on after it; doubt ("not sure") and what fails to get better ("no relief
from") deny nothing, nor do questions that expect a yes ("isn't my leg swollen?").

Every cue looks at a bounded number of words around it, so the work is linear in the text.
"""

from collections.abc import Iterator, Sequence

from bot.core.denial_words import (
    ABLE,
    ASKED,
    BODY,
    CLAIMED,
    CUES,
    DOUBT,
    ENDS,
    FAILING,
    FELT,
    FILLERS,
    HURTING,
    LIKE,
    LIST,
    LOST,
    NEAR,
    NEGATED_VERBS,
    NEGATIONS,
    NO,
    NO_GOES_ON,
    NOT_ABLE,
    NOTICED,
    NOUN_CUES,
    OF_A_PART,
    OTHERWISE,
    PLAIN_NO,
    PREPOSITIONS,
    QUESTION,
    REASSURED,
    STATES,
    STILL_GOING,
    SUBJECTS,
    THINGS,
    THINGS_TOO,
    TROUBLE,
    TURNED,
    UNLESS_BEFORE,
    UNLESS_WAS,
    UNWELL,
    VERB_CUES,
    VERBS,
    WELL,
)
from bot.core.tokens import SMALL_WORDS, Token, Tokens

# Put together once: a long message asks thousands of times.
_SMALL_OR_VERBS = SMALL_WORDS | VERBS
_NEVER_LAST = SUBJECTS | VERBS | BODY | CUES | ENDS | FAILING
_OF_A_SENTENCE = SUBJECTS | VERBS | CUES | ENDS
_OF_A_CLAUSE = SUBJECTS | VERBS | CUES
_ASKED_ABOUT = SUBJECTS | BODY | {"the"}
_TELLING = SUBJECTS | STATES
_TOLD_OF = SUBJECTS | VERBS
_STATES_OR_VERBS = STATES | VERBS
_WELL_OR_ABLE = WELL | ABLE
_ENDS_A_CLAIM = ENDS - SUBJECTS - CLAIMED
_NOT_BODILY = DOUBT | FAILING | LOST
_FELT = STATES | THINGS | {"discomfort"}
_HURTING_OR_STATES = HURTING | STATES
_STATES_OR_FILLERS = STATES | FILLERS
_FAILS = FAILING - FILLERS
_STATES_ONLY = STATES - THINGS_TOO
_OTHERWISE_BEGINS = frozenset({"cant", "couldnt", "none", "nothing"} | {first for first, _ in OTHERWISE})


def denied(tokens: Tokens) -> Iterator[int]:
    """Indices of words that a "no" before them, or a bare one behind them, takes back."""
    for index, token in enumerate(tokens):
        if token.word in PLAIN_NO and token.mark in {"", "-", ","} and _is_bare(tokens, index):
            yield from _named_before(tokens, index)
        if token.word in CUES and _denies(tokens, index):
            yield from _scope(tokens, index)
        elif (start := _begins_otherwise(tokens, index)) is not None:
            yield from _scope(tokens, start)
        elif token.word == "free" and index and not token.mark and tokens[index - 1].word not in _SMALL_OR_VERBS:
            yield index - 1


def answered_no(tokens: Tokens) -> Iterator[int]:
    """Indices of words in questions and headings that are answered with a no: "Can't breathe? No", "fever: none"."""
    for index, token in enumerate(tokens):
        if index and token.mark in {"?", ":"} and _is_no(tokens, index):
            yield from _question_before(tokens, index)


def is_statement(every: Sequence[str]) -> bool:
    """Whether a clause of these words tells something of its own: "calf is hot", "hot and throbbing", "my leg"."""
    telling = [
        word for word in every if word not in SMALL_WORDS and word not in {"left", "right", "and", "or", "whole"}
    ]
    if not every or not telling or every[0] in SUBJECTS or telling[0] in _TELLING:
        return True
    return telling[0] in BODY and (len(telling) == 1 or telling[1] in _STATES_OR_VERBS or "or" not in every)


def _at(tokens: Tokens, index: int) -> str:
    return tokens[index].word if 0 <= index < len(tokens) else ""


def _is_bare(tokens: Tokens, index: int) -> bool:
    """A "no" with nothing of its own after it; "…, no?" asks for a yes."""
    if index + 1 == len(tokens):
        return True
    return tokens[index + 1].mark not in {"", "?"}


def _is_no(tokens: Tokens, index: int) -> bool:
    """Whether what begins at `index` answers no: "no", "none thanks", "not at all", "I don't", "haven't had any"."""
    here, after, third = (_at(tokens, index + step) for step in range(3))
    if here in NO:
        return _is_bare(tokens, index) or after in NO_GOES_ON
    if here in {"i", "he", "she", "they", "we", "ive", "it"}:
        here, after, third = after, third, _at(tokens, index + 3)
    if here not in NEGATED_VERBS | {"not"}:
        return False
    return (
        not after or after == "any" or third == "any" or (after in {"had", "got", "have"} and third in {"it", "that"})
    )


def _named_before(tokens: Tokens, index: int) -> Iterator[int]:
    """What a bare "no" says no to: "swelling no", "fever - none", "chest pain, no". Never a whole statement."""
    begin = index
    while begin and index - begin < NEAR and tokens[begin].sentence == tokens[index].sentence:
        begin -= 1
        if tokens[begin].mark:
            break
    every = [tokens[number].word for number in range(begin, index)]
    if tokens[begin].sentence != tokens[index].sentence or len(every) > 3 or not every:
        return
    if every[-1] in {"or", "yes", "and"} or any(word in _OF_A_CLAUSE for word in every):
        return
    if len(every) > 1 and every[0] in BODY and every[1] in STATES:
        return
    yield from range(begin, index)


def _question_before(tokens: Tokens, index: int) -> Iterator[int]:
    """The question or heading that ends before `index`, with the list of bare things that may stand before it."""
    found: list[int] = []
    segment: list[int] = []
    sentence = tokens[index - 1].sentence
    for before in range(index - 1, max(index - 1 - QUESTION, -1), -1):
        if tokens[before].sentence != sentence or tokens[before].word in {"yes", "none"}:
            break
        segment.append(before)
        if tokens[before].mark or before == 0:
            every = [tokens[number].word for number in reversed(segment)]
            if found and (any(word in _TOLD_OF for word in every) or len(every) > 4):
                break
            found += segment
            segment = []
            if tokens[before].mark not in {"", ","}:
                break
    asked = {tokens[number].word for number in found}
    if found and _at(tokens, min(found)) not in ABLE and (asked & UNWELL or not asked & _WELL_OR_ABLE):
        yield from found


def _begins_otherwise(tokens: Tokens, index: int) -> int | None:
    """The last word of a denial of another form: "can't see any", "ruled out", "negative for", "free of"."""
    here = tokens[index].word
    if here not in _OTHERWISE_BEGINS:
        return None
    after, third = _at(tokens, index + 1), _at(tokens, index + 2)
    if here in {"cant", "couldnt"} and after in NOTICED | {"feel"} and third == "any":
        felt = _at(tokens, index + 3)
        return index + 2 if felt in FELT or (after != "feel" and felt != "of") else None
    if (here, after) in OTHERWISE:
        return None if _is_turned(tokens, index) else index + 1
    if (here, after) == ("none", "of") and third not in {"it", "my", "us"}:
        return index + 1
    if here == "nothing" and after in STATES and after not in {"bad", "painful"} and not tokens[index + 1].mark:
        return index
    return None


def _denies(tokens: Tokens, cue: int) -> bool:
    """False for doubt, for what fails to get better, and for questions that expect a yes."""
    word = tokens[cue].word
    if cue + 1 == len(tokens) or tokens[cue + 1].mark or _expects_yes(tokens, cue):
        return False
    before = _at(tokens, cue - 1)
    if word == "not" and before in {"or", "if"}:
        return False
    if word == "without" and _is_after(tokens, cue, NOT_ABLE):
        return False
    told = _telling(tokens, cue)
    if told is None or _is_only_new(tokens, cue) or _is_turned(tokens, cue):
        return False
    if tokens[told].word in CUES or (tokens[told].word, _at(tokens, told + 1)) in OTHERWISE:
        return False  # the second "no" says what of it holds: "don't have no pain", "not free of pain"
    if tokens[cue + 1].word == "to":
        return word == "no"
    if tokens[told].word == "want":
        return _at(tokens, told + 2) in {"die", "harm", "hurt", "kill", "end"}
    if tokens[told].word in NOTICED:
        return _at(tokens, told + 1) == "any"
    return _at(tokens, told + 1) in TROUBLE or _is_of_a_body(tokens, cue, told)


def _is_turned(tokens: Tokens, cue: int) -> bool:
    """Whether a "no" before it turns this one round: "not no pain", "I never said that I don't have pain". "No, no
    pain" and "don't have no pain" only say it twice."""
    if tokens[cue].mark:
        return False
    if _at(tokens, cue - 1) in NEGATIONS:
        return True
    is_claimed = False
    for before in range(cue - 1, max(cue - 1 - NEAR, -1), -1):
        word, after = tokens[before].word, _at(tokens, before + 1)
        is_claimed = is_claimed or word in CLAIMED or (word == "that" and after in SUBJECTS)
        if word in NEGATIONS and is_claimed:
            return True
        if tokens[before].mark or word in _ENDS_A_CLAIM:
            return False
    return False


def _is_of_a_body(tokens: Tokens, cue: int, told: int) -> bool:
    """Whether what is denied is something a body has, is or does. "Doesn't squeeze my hand" denies nothing."""
    word, after, negation = tokens[told].word, _at(tokens, told + 1), tokens[cue].word
    if word in {"pass", "passed", "passing"} and after == "out":
        return True
    if word in TURNED:
        return after in STATES
    if word in _NOT_BODILY:
        return False
    if any(tokens[index].word in {"feel", "felt", "feeling"} for index in range(cue + 1, told)):
        return word in _FELT
    if negation in VERB_CUES and told == cue + 1:
        return word in HURTING
    if negation in VERB_CUES and tokens[told - 1].word == "been" and word.endswith(("ed", "en")):
        return word in _HURTING_OR_STATES
    if negation not in NOUN_CUES or negation == "never":
        is_doing = word.endswith("ing") and len(word) > 4
        does = negation == "never" and word.endswith("s") and not word.endswith("ss")
        return not (is_doing or does) or word in _HURTING_OR_STATES
    return True


def _telling(tokens: Tokens, cue: int) -> int | None:
    """The first word after a denial that carries its meaning; None if it is what somebody has lost."""
    is_of_things = tokens[cue].word in NOUN_CUES
    for index in range(cue + 1, min(cue + NEAR, len(tokens))):
        token = tokens[index]
        if token.sentence != tokens[cue].sentence:
            return None
        if is_of_things and token.word in LOST:
            return None
        if token.word not in FILLERS or (token.word == "feeling" and is_of_things):
            return index
        is_of_things = is_of_things or token.word in NOUN_CUES
    return None


def _expects_yes(tokens: Tokens, cue: int) -> bool:
    """ "Isn't my leg swollen?", "why isn't it…", "is it not infected?" """
    word, before = tokens[cue].word, _at(tokens, cue - 1)
    if before in {"why", "come"}:
        return True
    begins = cue == 0 or tokens[cue].mark != "" or before in {"but", "and", "so", "or", "well", "hi", "hello", "sorry"}
    if word in NEGATED_VERBS and begins:
        after = _at(tokens, cue + 1)
        return after in _ASKED_ABOUT or (after not in _STATES_OR_FILLERS and _is_asked(tokens, cue))
    if word == "not":
        for aux in range(max(cue - 4, 0), cue - 1):
            first = aux == 0 or tokens[aux].mark != "" or tokens[aux - 1].word in {"but", "and", "so", "say"}
            if first and tokens[aux].word in ASKED:
                return all(tokens[number].word not in REASSURED for number in range(aux + 1, cue))
    return False


def _is_asked(tokens: Tokens, cue: int) -> bool:
    """Whether the words from `cue` run to a question mark without another mark between."""
    for index in range(cue + 1, min(cue + LIST, len(tokens))):
        if tokens[index].mark:
            return tokens[index].mark == "?"
    return False


def _is_after(tokens: Tokens, index: int, every: frozenset[str]) -> bool:
    """Whether one of `every` stands before `index` in its clause: "can't walk without"."""
    for before in range(index - 1, max(index - 9, -1), -1):
        if tokens[before + 1].mark or tokens[before].sentence != tokens[index].sentence:
            return False
        if tokens[before].word in every:
            return True
    return False


def _is_only_new(tokens: Tokens, cue: int) -> bool:
    """What was not so before is so: "never had such pain", "no swelling until today"; and what is no longer so, was."""
    word = tokens[cue].word
    if _at(tokens, cue + 1) in {"as", "longer", "more"} or (word == "never" and _is_before(tokens, cue)):
        return True
    times = UNLESS_WAS if word in {"wasnt", "werent"} else UNLESS_BEFORE
    for index in range(cue + 1, min(cue + LIST, len(tokens))):
        token, before = tokens[index], tokens[index - 1].word
        if token.mark or token.sentence != tokens[cue].sentence or token.word == "but":
            return False
        if token.word == "anymore" or (token.word == "more" and before == "any"):
            return True
        if token.word in times:
            every = {_at(tokens, index + step) for step in (1, 2)}
            return not (every & {"or", "since", "after"}) or "came" in every
        if token.word == "like" and _at(tokens, index + 1) in LIKE | {"it"}:
            return before not in {"anything", "nothing", "something"}
        if token.word in {"such", "worse"} and word == "never":
            return True
        if (
            token.word in {"so", "this"}
            and word in {"never", "wasnt", "werent"}
            and _at(tokens, index + 1) not in {"", "i"}
        ):
            return index - cue <= NEAR
    return False


def _is_before(tokens: Tokens, cue: int) -> bool:
    """Whether a "before" leads up to the denial: "before the needling I never had…"."""
    return any(
        tokens[index].word == "before" and tokens[index].sentence == tokens[cue].sentence
        for index in range(max(cue - NEAR, 0), cue)
    )


def _scope(tokens: Tokens, cue: int) -> list[int]:
    """Indices after a denial up to where it stops."""
    found: list[int] = []
    is_of_things = tokens[cue].word in NOUN_CUES or _at(tokens, cue + 1) in NOUN_CUES
    told = _telling(tokens, cue) or cue + 1
    reach = cue + NEAR
    is_in_list = False
    for index in range(cue + 1, min(cue + 1 + LIST, len(tokens))):
        token = tokens[index]
        if token.mark == ",":
            if not _list_goes_on(tokens, index, is_of_things, more=is_in_list):
                break
            is_in_list = True
            reach = index + NEAR
        elif token.word in {"or", "nor"}:
            reach = index + NEAR
        if token.word in STILL_GOING and found and _at(tokens, index + 1) != "up":
            return []
        if token.word == "and" and _is_last(tokens, index, is_of_things):
            return [*found, index + 1]
        if _ends(tokens, cue, told, index) or index > reach:
            break
        if token.word in VERBS and token.word not in FILLERS and index - cue > 1:
            return found[: told - cue]
        found.append(index)
    return found


def _ends(tokens: Tokens, cue: int, told: int, index: int) -> bool:
    """Whether the scope of a denial ends before this word: another sentence, a "but", a new subject."""
    token, before = tokens[index], tokens[index - 1].word
    if token.sentence != tokens[cue].sentence or token.mark not in {"", ","}:
        return True
    if token.word in ENDS or token.word == "and":
        return True
    if index > told and token.word in _FAILS:
        return _at(tokens, index + 1) not in TROUBLE
    if token.word in {"my", "the", "his", "her"}:
        return index - cue > 2 and before not in PREPOSITIONS | {"or", "nor"} and not token.mark
    if token.word in BODY and index - cue > 1 and not token.mark:
        return before not in OF_A_PART and _at(tokens, index + 1) in _STATES_OR_VERBS
    return False


def _is_last(tokens: Tokens, index: int, is_of_things: bool) -> bool:
    """Whether one more bare thing follows this "and", and nothing else: "no redness and swelling"."""
    after = _at(tokens, index + 1)
    if not after or tokens[index + 1].mark or after in _NEVER_LAST:
        return False
    if is_of_things and after in _STATES_ONLY:
        return False
    return index + 2 == len(tokens) or tokens[index + 2].mark != "" or tokens[index + 2].word in {"but", "just", "only"}


def _list_goes_on(tokens: Tokens, comma: int, is_of_things: bool, more: bool) -> bool:
    """Whether a list of bare things goes on after this comma: up to an "or", or two, or one where there were `more`."""
    items: list[list[Token]] = [[]]
    for index in range(comma, min(comma + LIST, len(tokens))):
        token = tokens[index]
        if token.sentence != tokens[comma].sentence or token.mark not in {"", ","}:
            break
        if (token.mark == "," and index > comma) or token.word in {"or", "nor", "and"}:
            if not _is_item(items[-1], is_of_things):
                return False
            if token.word in {"or", "nor"}:
                return _at(tokens, index + 1) not in SUBJECTS
            items.append([])
            if token.word == "and":
                continue
        if token.word in {"but", "just", "only", "though"} and not items[-1]:
            items.pop()
            break
        items[-1].append(token)
    return (
        is_of_things
        and len(items) > 1 - more
        and all(item and _is_thing(item[-1].word) for item in items)
        and all(_is_item(item, is_of_things) for item in items)
    )


def _is_thing(word: str) -> bool:
    return word in THINGS or word.endswith("ness")


def _is_item(item: Sequence[Token], is_of_things: bool) -> bool:
    """Whether these words are one bare thing of a list, no statement."""
    telling = [token.word for token in item if token.word not in SMALL_WORDS]
    if not 0 < len(telling) <= 3 or any(token.word in _OF_A_SENTENCE for token in item):
        return False
    if telling[0] in _STATES_ONLY and (is_of_things or len(telling) > 1):
        return False
    return not (telling[0] in BODY and (len(telling) == 1 or telling[1] in STATES))
