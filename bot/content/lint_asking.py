"""What may be wrong with how a check-in asks: words nobody could type, and danger that is asked about too late."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from bot.care import Value
from bot.content.plan import Option, Plan, Question, Step, condition
from bot.content.yaml_reader import Place
from bot.model import Level

_PLAIN = re.compile(r"[^\W_]+(?:[ '’-][^\W_]+)*")
_SCALE = range(11)
_KNOWN: tuple[Value | None, ...] = (None, True)
"""What a fact may be that is no option: not known, or so."""


def check_said(question: Question) -> Iterator[tuple[Place, str]]:
    """What is wrong with the words that mean an answer inside a sentence, each with its place in the question."""
    seen: dict[str, str] = {}
    for index, option in enumerate(question.options):
        for number, line in enumerate(option.said):
            place: Place = ("options", index, "said", number)
            if question.kind != "choice":
                yield place, "'said' is for a question with one answer; write these under 'words'"
            elif _PLAIN.fullmatch(line) is None:
                yield place, f"'{line}' must be plain words, as a patient types them"
            elif (other := seen.setdefault(line.lower(), option.id)) != option.id:
                yield place, f"'{line}' means '{other}' already"


def check_order(plan: Plan, step: Step, usual: Mapping[str, Level]) -> Iterator[tuple[int, str]]:
    """Questions that decide an alert and come later than they could, by their place. `usual`: level of each red flag.

    Whoever is asked something ordinary first, and stops answering there, is never asked the one that matters.
    """
    for index, question in enumerate(step.questions):
        if not _decides(step, question, usual):
            continue
        could = next((at for at in range(index) if _may_be_asked(plan, step, question, at)), index - 1)
        between = [one for one in step.questions[could + 1 : index] if not _decides(step, one, usual)]
        if names := ", ".join(f"'{one.id}'" for one in between if one.later is None):
            text = (
                f"'{question.id}' decides a warning, but {names} is asked before it: whoever stops answering there is "
                f"never asked; put it right after '{step.questions[could].id}'"
            )
            yield index, text


def _decides(step: Step, question: Question, usual: Mapping[str, Level]) -> bool:
    """Whether an answer of this check-in leads to the question, and somebody has to act on its own answer."""
    if question.when is None or question.later is not None or not step.own_names(question.when) & step.by_id.keys():
        return False
    return bool(step.hanging_on(question.id, usual))


def _may_be_asked(plan: Plan, step: Step, question: Question, last: int) -> bool:
    """Whether some answers to the questions up to the place `last`, and to them alone, lead to this question."""
    assert question.when is not None
    when = condition(question.when)
    answered = {one.id: one for one in step.questions[: last + 1]}
    names = sorted(when.names)
    choices = [_values(plan, answered, step, name) for name in names]
    return any(when.holds(dict(zip(names, values, strict=True)).get) for values in product(*choices))


def _values(plan: Plan, answered: Mapping[str, Question], step: Step, name: str) -> Sequence[Value | None]:
    """What a name in a condition may stand for."""
    name = name.removeprefix(f"{step.id}.")
    facts: dict[str, tuple[Option, ...]] = {"area": plan.areas, "side": plan.sides}
    if name in facts:
        return [option.id for option in facts[name]]
    if name not in answered:
        return (None,) if name in step.by_id or "." in name else _KNOWN
    question = answered[name]
    if question.kind == "scale":
        return _SCALE
    ids = [option.id for option in question.options] or ["text"]
    return [(one,) for one in ids] if question.kind == "several" else ids
