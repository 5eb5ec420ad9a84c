"""A check-in gone through without a patient: everything it may ask, or what happens on given answers. Pure.

The live conversation does the talking, so what is shown here is what patients get. It is only ever pressed, never
written to: free words would need everything that reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.care import ALL_FINE, Care, CareChange, Later, Note, OpenCheckIn, PlanState, Value
from bot.content.plan import Question, Step
from bot.content.schema import Content
from bot.core.care import rules
from bot.core.care.asking import ACTION, DONE, QUESTIONS, Asking
from bot.core.care.following import Following
from bot.core.care.pain_words import TOP
from bot.core.conversation import Conversation
from bot.core.matching import Matcher
from bot.core.meta import Wishes
from bot.core.outcome import Occasion, Outcome, Say, State
from bot.core.understand import Brain
from bot.model import Buttons, ChatId, Flag, Match, MessageId, PressIn, Sender, Triage, UserId

MOST_TURNS = 200
"""No check-in is so long; one whose questions lead in a circle still has to end."""
ALL_IS_WELL = "all is well"
"""The condition of how a check-in ends that is shown whole."""
_CHECK_IN_ID = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """One message in Telegram's HTML, or the patient's answer to it."""

    text: str
    buttons: Buttons = ()
    by_patient: bool = False
    is_assumed: bool = False
    """An answer of nobody's choice."""
    only_if: str = ""
    """The condition under which it comes; empty: always."""
    later: timedelta | None = None
    """It is asked so long after that."""


@dataclass(frozen=True, slots=True)
class Played:
    """What one check-in came to."""

    care: Care
    """The plan afterwards."""
    messages: tuple[Shown, ...]
    alerts: tuple[Flag, ...] = ()
    """Red flags that staff are alerted to, with the level of the alert."""
    notes: tuple[Note, ...] = ()
    earlier: Mapping[str, datetime] = field(default_factory=dict)
    """Check-ins that move."""

    @property
    def is_pressing(self) -> bool:
        """Whether the plan pauses until staff resume or end it."""
        return any(flag.level.is_pressing for flag in self.alerts)


class _Silence(Matcher):
    """Reads nothing: pressed buttons carry no words."""

    def triage(self, text: str) -> Triage:
        raise NotImplementedError

    def match(self, text: str) -> Match:
        raise NotImplementedError


@dataclass(frozen=True)
class Rehearsal:
    """Goes through the check-ins of one content."""

    content: Content

    @property
    def _conversation(self) -> Conversation:
        silence = _Silence()
        return Conversation(self.content, Brain(self.content, silence, Wishes(self.content.words), silence))

    def everything(self, care: Care, step: Step, at: datetime, carried: str) -> Played:
        """How it begins, each question it may ask, and how it ends where all is well."""
        begun = _Scene(self._conversation, care, step, at)
        begun.begins(carried)
        open_ = begun.care.open
        assert open_ is not None
        asking = Asking(self.content)
        shown = [
            _asked(asking.put(begun.care, one, replace(open_, asked=one.id), at), one)
            for one in step.questions
            if one.id != open_.asked
        ]
        end = Following(self.content).all_fine(begun.care, step, replace(open_, asked=None), at)
        shown += [Shown(say.text, say.buttons, only_if=ALL_IS_WELL) for say in end.says]
        closed = replace(care, answers={**care.answers, step.id: {}})  # sent, so the footer is not said again
        return Played(closed, (*begun.messages, *shown))

    def answered(self, care: Care, step: Step, at: datetime, carried: str, answers: Mapping[str, Value]) -> Played:
        """What happens on these answers; to other questions the first answer is given that alerts nobody."""
        scene = _Scene(self._conversation, care, step, at, answers)
        scene.begins(carried)
        scene.goes_on()
        return Played(scene.care, tuple(scene.messages), tuple(scene.alerts), tuple(scene.notes), scene.earlier)


class _Scene:
    """One check-in as it goes on."""

    def __init__(
        self,
        conversation: Conversation,
        care: Care,
        step: Step,
        now: datetime,
        answers: Mapping[str, Value] | None = None,
    ) -> None:
        self.talk, self.care, self.step, self.now, self.answers = conversation, care, step, now, answers or {}
        self.state = State()
        self.messages: list[Shown] = []
        self.alerts: list[Flag] = []
        self.notes: list[Note] = []
        self.later: list[Later] = []
        self.earlier: dict[str, datetime] = {}

    @property
    def occasion(self) -> Occasion:
        care = self.care
        return Occasion(self.now, self.now, treated_at=care.treated_at, code=care.code, care=(care,))

    def begins(self, carried: str) -> None:
        self._take(
            self.talk.on_check_in(self.care, self.step, _CHECK_IN_ID, self.state, self.occasion, carried=carried)
        )

    def goes_on(self) -> None:
        """Answer until there is nothing left to answer."""
        for _ in range(MOST_TURNS):
            before = self.care.open
            if before is None or not self._turn(before) or self.care.open == before:
                return

    def _turn(self, open_: OpenCheckIn) -> bool:
        """One answer, or waiting for a question that was put off. False when neither is to be had."""
        if open_.asked is None:
            return self._waits()
        if open_.asked == ALL_FINE:
            self.messages.append(Shown(self.talk.content.check_ins.button_questions, by_patient=True))
            self._press("", QUESTIONS)
            return True
        question = self.step.by_id[open_.asked]
        value = self.answers.get(question.id, _harmless(self.talk.content, self.care, self.step, question, open_))
        if value is None:
            return False
        in_words = Asking(self.talk.content).in_words(question, value)
        self.messages.append(Shown(in_words, by_patient=True, is_assumed=question.id not in self.answers))
        for option_id in (*value, DONE) if isinstance(value, tuple) else (str(value),):
            self._press(question.id, option_id)
        return True

    def _waits(self) -> bool:
        if not self.later:
            return False
        first = min(self.later, key=lambda one: one.at)
        self.later.remove(first)
        self.now = first.at
        self._take(self.talk.on_later(self.care, first.question_id, self.state, self.occasion))
        return True

    def _press(self, question_id: str, option_id: str) -> None:
        data = f"{ACTION}:{_CHECK_IN_ID}:{question_id}:{option_id}"
        press = PressIn(ChatId(0), Sender(UserId(0)), "", MessageId(_CHECK_IN_ID), data, None)
        self._take(self.talk.on_press(press, self.state, self.occasion))

    def _take(self, outcome: Outcome) -> None:
        self.state = outcome.state
        self.messages += [Shown(say.text, say.buttons) for say in outcome.says]
        for card in outcome.staff:
            if card.level is not None:
                self.alerts += [Flag(flag_id, card.level, ()) for flag_id in card.flag_ids]
        for change in outcome.care:
            self._change(change)

    def _change(self, change: CareChange) -> None:
        self.notes += [note for note in change.notes if note not in self.notes]  # each is kept once for a step
        self.later += change.later
        self.earlier |= dict(change.earlier)
        care = replace(self.care, facts={**self.care.facts, **change.facts}, state=change.state or self.care.state)
        if change.open is not None and change.closed is not None:
            care = replace(care, open=None, answers={**care.answers, self.step.id: change.open.answers})
        elif change.open is not None:
            care = replace(care, open=change.open)
        self.care = care


def _asked(say: Say, question: Question) -> Shown:
    return Shown(say.text, say.buttons, only_if=question.when or "", later=question.later)


def _harmless(content: Content, care: Care, step: Step, question: Question, open_: OpenCheckIn) -> Value | None:
    """The first answer that alerts nobody; None where only free words would do."""
    if question.kind == "text":
        return None
    if question.kind == "scale":
        return 0
    plan = content.plans[care.plan_id]
    options: list[Value] = [(one.id,) if question.kind == "several" else one.id for one in question.options]

    def alerts(answers: Mapping[str, Value]) -> int:
        return len(rules.weigh(content, step, rules.names(plan, care, step, answers)).alerts)

    known = alerts(open_.answers)
    return next((one for one in options if alerts({**open_.answers, question.id: one}) <= known), options[0])


def read_answer(question: Question, text: str) -> Value:
    """An answer as ids or as a number; several are separated by commas. Raises ValueError with what fits."""
    if question.kind == "text":
        raise ValueError("takes free words, which cannot be tried here")
    if question.kind == "scale":
        if not text.isdecimal() or int(text) > TOP:
            raise ValueError(f"takes a number from 0 to {TOP}")
        return int(text)
    known = [option.id for option in question.options]
    chosen = tuple(part.strip() for part in text.split(","))
    if not set(chosen) <= set(known) or (question.kind == "choice" and len(chosen) > 1):
        raise ValueError(f"takes {'one' if question.kind == 'choice' else 'some'} of {', '.join(known)}")
    return chosen if question.kind == "several" else chosen[0]


def is_over(care: Care) -> bool:
    """Whether the plan ended on an answer."""
    return care.state is PlanState.ENDED
