"""The shape of a care plan as read from `faq/<language>/check_ins/*.yaml`: check-ins, their questions and rules.

Frozen values, validated, no I/O; the format is explained to its editors in the header of each plan.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from bot.care import Value
from bot.content.conditions import Condition, parse_condition
from bot.content.parts import Id, Line, Part, Range, Signable, Text, parse_duration
from bot.model import Level

ShortId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,15}$")]
"""Of a step, a question or an option: several have to fit a button's 64 bytes."""
Length = Annotated[timedelta, BeforeValidator(parse_duration)]
"""`90s`, `90m`, `36h`, `2d`."""

PLAN_PLACEHOLDERS = frozenset({"area", "side", "next"})
"""What the patient's texts of a plan may name besides the clinic's: "heel", "left", when the next check-in comes."""
VISIT_PLACEHOLDERS = frozenset({"day", "time"})
"""The same, of the next visit; only in a check-in that needs one."""

_AFTER = re.compile(r"\+\s*(\d{1,4}\s*[smhd])")
_ON_DAY = re.compile(r"(?:day (\d{1,3})|(next morning)) (\d\d:\d\d)")
_BEFORE_VISIT = re.compile(r"before visit (\d{1,4}\s*[smhd])")


def _condition(text: str) -> str:
    parse_condition(text)
    return text


ConditionText = Annotated[str, AfterValidator(_condition)]
"""A condition as written (`conditions.py`)."""


class Moment(Part):
    """A time counted from the treatment or, with `before_visit`, back from the next visit; one of the three is set."""

    after: timedelta | None = None
    """So long after the treatment."""
    day: int | None = None
    """So many local dates after that of the treatment, at `clock`."""
    clock: time | None = None
    before_visit: timedelta | None = None


def parse_moment(value: object) -> object:
    """`+3h`, `next morning 09:30`, `day 7 10:00`, `before visit 48h`. Raises ValueError for any other text."""
    if not isinstance(value, str):
        return value
    text = " ".join(value.split())
    if found := _AFTER.fullmatch(text):
        return {"after": parse_duration(found[1])}
    if found := _ON_DAY.fullmatch(text):
        return {"day": int(found[1]) if found[1] else 1, "clock": found[3]}
    if found := _BEFORE_VISIT.fullmatch(text):
        return {"before_visit": parse_duration(found[1])}
    raise ValueError("write a time as +3h, next morning 09:30, day 7 10:00 or before visit 48h")


When = Annotated[Moment, BeforeValidator(parse_moment)]


class Option(Part):
    """One answer: its button, and what patients type for it besides the button's words and its number."""

    id: ShortId
    label: Line
    words: tuple[Line, ...] = ()
    said: tuple[Line, ...] = ()
    """Words of the question that mean this answer wherever they stand in a sentence ("rock hard", "cold and pale"),
    unless they are denied there. Of several answers told so the later one in the list counts, the more serious."""


class Question(Part):
    """One question of a check-in. Asked in order where `when` holds, or so long after that became true (`later`)."""

    id: ShortId
    ask: Text
    child: Text | None = None
    """The same to a guardian about their child; None: it fits both."""
    kind: Literal["choice", "several", "scale", "text"]
    """`scale`: a whole number, 0 to 10."""
    options: tuple[Option, ...] = ()
    """Of a choice; of `several` the first means none of them."""
    when: ConditionText | None = None
    later: Length | None = None

    @model_validator(mode="after")
    def _options_fit(self) -> "Question":
        if (self.kind in {"choice", "several"}) != bool(self.options):
            raise ValueError(f"a {self.kind} question {'has no' if self.options else 'needs'} options")
        return self


class Rule(Part):
    """What follows when a condition holds. One with `alert` acts at once and ends the check-in; the others as it
    closes, in the order of the file."""

    when: ConditionText
    alert: Id | None = None
    """A red flag: its text to the patient, an alert to staff, and the plan pauses."""
    level: Level | None = None
    """Another level than the red flag's own."""
    say: Text | None = None
    """Advice for the patient."""
    instead: bool = False
    """The closing advice of the step is left out beside it."""
    note: Line | None = None
    """For staff, in the morning's digest."""
    task: Literal["call", "booking", "visit"] | None = None
    """Something a person has to do: ring, see to a booking, look at it before the visit."""
    earlier: time | None = None
    """The next check-in goes out at this time of its day instead of its own."""


class Step(Part):
    """One check-in: when it is sent, what it asks, what follows."""

    id: ShortId
    code: Line
    """What staff call it: C1."""
    title: Line
    """For staff."""
    at: When
    at_least: Length | None = None
    """Not sooner than this after the treatment …"""
    instead_at: time | None = None
    """… but at this time of the same day."""
    window: Range | None = None
    """The patient's wall-clock times between which it may be sent; None: whenever it is not quiet."""
    latest: When
    """After this it is left out."""
    if_quiet: Literal["move", "skip"] = "move"
    """What to do when it falls into quiet hours."""
    carries: ShortId | None = None
    """The step whose advice this one opens with, where that one was skipped."""
    needs: Literal["visit", "no_visit"] | None = None
    """Only where the next visit is known, or only where none is."""
    needs_staff: bool = False
    """Not on days when the clinic is closed: what it offers takes a person."""
    despite_silence: bool = False
    """Goes out also to somebody who answered nothing before."""
    all_fine: bool = False
    """To patients who are not careful ones it begins with "All fine", one tap for the whole."""
    hello: Text
    """How the first message begins; the first question, or the choice of "All fine", follows."""
    child_hello: Text | None = None
    questions: tuple[Question, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = ()
    advice: Text
    """What is said as it closes."""

    @property
    def by_id(self) -> Mapping[str, Question]:
        """Its questions."""
        return {question.id: question for question in self.questions}

    def own_names(self, when: str) -> frozenset[str]:
        """What a condition asks about, names of this very check-in without the check-in's."""
        return frozenset(name.removeprefix(f"{self.id}.") for name in condition(when).names)

    def hanging_on(self, question_id: str, usual: Mapping[str, Level]) -> Mapping[str, Level]:
        """Red flags that somebody has to act on whose alerts hang on the answer to this question, or to one that
        follows from it ("Soaking through?" "Still bleeding?"), with their levels. `usual`: the level of each red flag.
        """
        hanging = self._and_what_follows(question_id)
        levels: dict[str, Level] = {}
        for rule in self.rules:
            if rule.alert is None or hanging.isdisjoint(self.own_names(rule.when)):
                continue
            level = rule.level or usual.get(rule.alert, Level.URGENT)
            if level.is_pressing:
                levels[rule.alert] = min(level, levels.get(rule.alert, level), key=lambda one: one.rank)
        return levels

    def _and_what_follows(self, question_id: str) -> frozenset[str]:
        """A question, and those that are asked because of its answer."""
        found = {question_id}
        while more := {one.id for one in self.questions if one.when and found & self.own_names(one.when)} - found:
            found |= more
        return frozenset(found)


class NoReply(Part):
    """What silence leads to: one reminder in the whole plan, then nothing more."""

    after: Length
    """So long after the first check-in without an answer, or at the next allowed time."""
    remind: Text
    call_if: ConditionText
    """Staff ring these patients."""


class Careful(Part):
    """One thing that asks for more care (blood thinners): a fact about the patient, asked on joining."""

    id: ShortId
    label: Line
    """On the patient's button."""
    staff: Line
    """What staff see."""


class Plan(Signable):
    """A care plan: everything counted from one treatment."""

    later_fields: ClassVar[frozenset[str]] = frozenset({"mentions"})

    title: Line
    areas: tuple[Option, ...] = Field(min_length=1)
    """What is treated; `words`: what staff type for it."""
    sides: tuple[Option, ...] = Field(min_length=1)
    careful: tuple[Careful, ...] = ()
    mentions: Mapping[ShortId, tuple[Line, ...]] = Field(default_factory=dict)
    """By id under `careful`, words with which a patient tells of it in passing, later on."""
    careful_pain: Mapping[int, int] = Field(default_factory=dict)
    """In a careful patient a pain of this number counts as that one."""
    today: Text
    """Advice for the day of the treatment, sent on agreeing."""
    footer: Text
    """Under the first check-in."""
    steps: tuple[Step, ...] = Field(min_length=1)
    """In the order of their times."""
    no_reply: NoReply
    done_if: ConditionText | None = None
    """The plan ends before its time when this holds as a check-in closes."""

    @property
    def by_id(self) -> Mapping[str, Step]:
        """Its steps."""
        return {step.id: step for step in self.steps}


def label_of(options: Iterable[Option], option_id: str) -> str:
    """What stands on the button of an option; the id itself where the plan has it no more."""
    return next((option.label for option in options if option.id == option_id), option_id)


def answer_in_words(question: Question, value: Value) -> str:
    """An answer as its buttons say it, plain; empty where several could have been ticked and none was."""
    chosen = value if isinstance(value, tuple) else (value,)
    return ", ".join(label_of(question.options, str(one)) for one in chosen)


@lru_cache(maxsize=1024)
def condition(text: str) -> Condition:
    """A condition of a plan, which was checked when the plan was read; each answer weighs dozens of them."""
    return parse_condition(text)
