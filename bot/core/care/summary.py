"""A care plan as staff see it: how it stands, the line of pains, what was answered. Pure.

The words come from the plan; where a plan was taken out of the content, its ids stand in for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.care import BASELINE, Care, PlanState, Value, number_of
from bot.content.plan import Plan, Step, answer_in_words, label_of

UNKNOWN = "–"
ARROW = " → "
PAIN = "pain"
"""Scales whose id begins so ask for the pain, and those with a condition may stand in for one. In a step without such a
name it is the first scale."""
ASIDE = 0.3
"""How far beside the first and the last check-in a moment before and after them lies."""


class Standing(StrEnum):
    """How a plan stands, in the eyes of staff."""

    JOINING = "joining"
    OPEN = "open"
    PAUSED = "paused"
    NO_REPLY = "no_reply"
    """Open, but nothing is asked any more, as nobody answered."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Pain:
    """One pain, 0-10. `title`: of the check-in; empty for the one before the treatment."""

    step_id: str
    title: str
    pain: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer in words. `is_free`: in the patient's own ones."""

    question: str
    words: str
    is_free: bool = False


def standing(care: Care) -> Standing:
    """How the plan stands."""
    match care.state:
        case PlanState.JOINING:
            return Standing.JOINING
        case PlanState.PAUSED:
            return Standing.PAUSED
        case PlanState.ENDED:
            return Standing.ENDED
        case PlanState.OPEN:
            return Standing.NO_REPLY if care.silent else Standing.OPEN


def day_of(care: Care, now: datetime) -> int:
    """Local dates since the treatment: 0 on its day."""
    zone = ZoneInfo(care.zone)
    return (now.astimezone(zone).date() - care.treated_at.astimezone(zone).date()).days


def area_in_words(plan: Plan | None, care: Care) -> str:
    """ "Heel, left"."""
    areas, sides = (plan.areas, plan.sides) if plan is not None else ((), ())
    return ", ".join(filter(None, (label_of(areas, care.area), label_of(sides, care.side).lower())))


def careful_in_words(plan: Plan | None, care: Care) -> tuple[str, ...]:
    """What asks for more care with this patient, in the plan's order."""
    return tuple(item.staff for item in plan.careful if care.facts.get(item.id) is True) if plan is not None else ()


# --- pain ------------------------------------------------------------------------------------------------------------


def pains(plan: Plan | None, care: Care) -> tuple[Pain, ...]:
    """The pain before the treatment, as far as it is known, and that of each check-in that has one, in their order."""
    found = []
    baseline = number_of(care.facts.get(BASELINE))
    if baseline is not None:
        found.append(Pain(BASELINE, "", baseline))
    for step in plan.steps if plan is not None else ():
        pain = pain_of(step, answers_to(care, step.id))
        if pain is not None:
            found.append(Pain(step.id, step.title, pain))
    return tuple(found)


def pain_of(step: Step, answers: Mapping[str, Value]) -> int | None:
    """The pain in the answers to one check-in, 0-10; None where none was given."""
    scales = [question for question in step.questions if question.kind == "scale"]
    by_name = [one for one in scales if one.id.startswith(PAIN)] or scales[:1]
    instead = [one for one in scales if one.when is not None]  # first steps in the morning, where it is the heel
    asked = (*by_name, *instead)
    return next((pain for one in asked if (pain := number_of(answers.get(one.id))) is not None), None)


def pain_line(plan: Plan | None, care: Care) -> str:
    """ "6 → 4 → 2": before the treatment, then check-in by check-in; a dash where nobody knows how it began."""
    found = pains(plan, care)
    if not found:
        return UNKNOWN
    first = () if found[0].step_id == BASELINE else (UNKNOWN,)
    return ARROW.join((*first, *(str(one.pain) for one in found)))


def pain_in_words(plan: Plan | None, care: Care, before: str) -> str:
    """ "before 6, next morning 4": the same for somebody who does not see the picture. `before`: the first word."""
    return ", ".join(f"{_small(one.title) or before} {one.pain}" for one in pains(plan, care))


# --- answers ---------------------------------------------------------------------------------------------------------


def answers_to(care: Care, step_id: str) -> Mapping[str, Value]:
    """What was answered in a check-in, one that is still open too."""
    if care.open is not None and care.open.step_id == step_id:
        return care.open.answers
    return care.answers.get(step_id, {})


def answers_in_words(step: Step, answers: Mapping[str, Value]) -> tuple[Answer, ...]:
    """The answers to the questions of a step, in their order; what the step asks no more is left out."""
    return tuple(
        Answer(
            question.id.replace("_", " "),
            answer_in_words(question, answers[question.id]) or UNKNOWN,
            question.kind == "text",
        )
        for question in step.questions
        if question.id in answers
    )


def _small(title: str) -> str:
    """A title inside a sentence."""
    return title[:1].lower() + title[1:]


def places_of(moments: Sequence[datetime], sent: Sequence[datetime]) -> tuple[float, ...]:
    """Where moments lie among check-ins that were sent at `sent`, in order: 1.5 is between the second and the third,
    a little below 0 before the first, a little above the last after it."""
    return tuple(_place(at, sent) for at in moments)


def _place(at: datetime, sent: Sequence[datetime]) -> float:
    before = sum(one <= at for one in sent)
    if before and sent[before - 1] == at:
        return float(before - 1)
    if before in {0, len(sent)}:
        return -ASIDE if before == 0 else len(sent) - 1 + ASIDE
    return before - 0.5
