"""How check-ins look: questions with their buttons, answers in words, texts of a care plan filled in. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.care import ALL_FINE, JOINING, Care, OpenCheckIn, PlanState, Value
from bot.content.plan import Option, Plan, Question, Step, answer_in_words, label_of
from bot.content.schema import Content
from bot.core.care import rules
from bot.core.care.pain_words import TOP
from bot.core.care.planning import plan_steps
from bot.core.outcome import Say
from bot.core.replies import Html, time_in_words
from bot.core.voice import Voice
from bot.markup import escape, plain
from bot.model import Button, Buttons, Kind, in_rows

ACTION, WHO_ACTION = "care", "care_who"
"""Of the buttons: `care:<check-in>:<question>:<option>`, the question empty for the choice of "All fine"."""
JOIN_ACTION = "join"
"""Buttons beside the answers on joining: `join:<check-in>:<what>`. The step is built in `joining.py`."""
ACTIONS = frozenset({ACTION, WHO_ACTION, JOIN_ACTION})
FINE, QUESTIONS, DONE = "fine", "ask", "_done"
"""Options of our own; no option of a plan begins with an underscore."""

FAR = timedelta(days=30)
"""Seen from so long before, a time is told with its date."""
_DAY_AND_TIME = re.compile(r"\{day\}\W*\w*\W*\{time\}")
""""On {day} at {time}": of a visit that is not sure, one unknown is enough."""
_SCALE_ROW = TOP // 2 + 1
_PAIR = 14
"""Labels so short stand two in a row."""


@dataclass(frozen=True)
class Asking:
    """Words and buttons from the content it was built with."""

    content: Content

    @property
    def voice(self) -> Voice:
        """Who asks."""
        return Voice(self.content.clinic, self.content.replies)

    # --- texts ------------------------------------------------------------------------------------------------------

    def own(self, text: str, /, **extra: str) -> str:
        """A sentence of `replies_check_ins.yaml`, filled in."""
        return self.voice.say(text, **extra)

    def text(self, care: Care, text: str, now: datetime) -> str:
        """A text of the plan in Telegram's HTML: the clinic's names, the patient's area, the times."""
        plan, replies = self.content.plans.get(care.plan_id), self.content.check_ins
        values = {
            "area": label_of(plan.areas if plan else (), care.area).lower(),
            "side": label_of(plan.sides if plan else (), care.side).lower(),
        }
        if "{next}" in text:
            values["next"] = self._next(plan, care, now) or replies.next_unknown
        if care.visit_at is not None and rules.is_visit_fresh(care, now):
            values |= _day_and_time(care.visit_at, ZoneInfo(care.zone))
        else:
            text = _DAY_AND_TIME.sub("{day}", text)
            values |= {"day": replies.visit_day_unknown, "time": replies.visit_time_unknown}
        return self.voice.say(text, **values)

    def _next(self, plan: Plan | None, care: Care, now: datetime) -> str | None:
        """When the next check-in comes, in words."""
        first = self.next_at(plan, care, now) if plan is not None else None
        return time_in_words(first, now=now, zone=ZoneInfo(care.zone)) if first is not None else None

    def next_at(self, plan: Plan, care: Care, now: datetime) -> datetime | None:
        """When the next check-in comes (aware UTC); None: none is to come."""
        gone = {*care.answers, *((care.open.step_id,) if care.open is not None else ())}
        zone = ZoneInfo(care.zone)
        steps = plan_steps(plan, self.content.clinic, zone, care.treated_at, now, care.visit_at, gone)
        return min((one.at for one in steps if one.at is not None and one.at > now), default=None)

    def overview(self, cares: tuple[Care, ...], now: datetime) -> Say:
        """What is planned for everybody in this chat."""
        replies, lines = self.content.check_ins, []
        for care in cares:
            known = {"treated": _day_and_time(care.treated_at, ZoneInfo(care.zone))["day"]}
            if care.state is PlanState.PAUSED:
                lines.append(self.say(care, self.own(replies.plan_paused, **known)).text)
            elif care.state is PlanState.OPEN:
                following = self._next(self.content.plans.get(care.plan_id), care, now)
                template = replies.plan_open if following and not care.silent else replies.plan_quiet
                lines.append(self.say(care, self.own(template, next=following or "", **known)).text)
        return Say("\n\n".join((*(lines or [self.own(replies.plan_none)]), self.own(replies.when_to_ring))))

    def say(self, care: Care, *parts: str, kind: Kind = Kind.REPLY, buttons: Buttons = ()) -> Say:
        """A message about this patient, who is named first where the family shares the chat."""
        named = (f"<b>{escape(care.label)}:</b>",) if care.label else ()
        text = "\n\n".join(filter(None, (part.strip() for part in parts)))
        return Say("\n".join((*named, text)), kind, buttons, enrolment_id=care.enrolment_id)

    # --- questions --------------------------------------------------------------------------------------------------

    def question(self, care: Care, question: Question, now: datetime) -> str:
        """The bare question, in Telegram's HTML."""
        return self.text(care, question.child if care.is_child and question.child else question.ask, now)

    def hello(self, care: Care, step: Step, now: datetime) -> str:
        """How a check-in begins."""
        return self.text(care, step.child_hello if care.is_child and step.child_hello else step.hello, now)

    def buttons(self, question: Question, open_: OpenCheckIn) -> Buttons:
        """The buttons under a question, several with those ticked that are."""
        answers = self._answer_buttons(question, open_)
        return (*answers, *self._beside_joining(question, open_)) if open_.step_id == JOINING else answers

    def _beside_joining(self, question: Question, open_: OpenCheckIn) -> Buttons:
        """A way out of a question that needs no answer, and of joining for somebody else."""
        texts = self.content.enrolment
        ways = {"phone": texts.button_no_phone, "baseline": texts.button_not_sure}
        out = ((question.id, ways[question.id]),) if question.id in ways else ()
        labels = (*out, ("not_me", texts.button_not_me))
        return tuple((Button(label, f"{JOIN_ACTION}:{open_.id}:{what}"),) for what, label in labels)

    def _answer_buttons(self, question: Question, open_: OpenCheckIn) -> Buttons:
        match question.kind:
            case "scale":
                numbers = tuple(self._button(open_, question, str(number), str(number)) for number in range(TOP + 1))
                return numbers[:_SCALE_ROW], numbers[_SCALE_ROW:]
            case "choice":
                shown = tuple(self._button(open_, question, one.id, one.label) for one in question.options)
                return _in_rows(shown)
            case "several":
                ticked = open_.ticked if open_.asked == question.id else open_.answers.get(question.id, ())
                shown = tuple(self._tick(open_, question, one, ticked) for one in question.options)
                done = self._button(open_, question, DONE, self.content.check_ins.button_done)
                return (*_in_rows(shown), (done,))
            case "text":
                return ()

    def first_buttons(self, open_: OpenCheckIn) -> Buttons:
        """The choice of "All fine"."""
        replies = self.content.check_ins
        options = ((FINE, replies.button_all_fine), (QUESTIONS, replies.button_questions))
        return (tuple(Button(label, f"{ACTION}:{open_.id}:{ALL_FINE}:{option}") for option, label in options),)

    def sure_buttons(self, question: Question, open_: OpenCheckIn) -> Buttons:
        """The number that was given, to be confirmed, above all of them."""
        number = str(open_.answers[question.id])
        label = self.own_plain(self.content.check_ins.button_sure, number=number)
        return ((self._button(open_, question, number, label),), *self.buttons(question, open_))

    def own_plain(self, text: str, /, **extra: str) -> str:
        """A sentence of ours without markup, for buttons and for staff."""
        return plain(self.own(text, **extra))

    def _tick(self, open_: OpenCheckIn, question: Question, option: Option, ticked: Value) -> Button:
        is_ticked = isinstance(ticked, tuple) and option.id in ticked
        template = self.content.check_ins.button_ticked if is_ticked else "{label}"
        return self._button(open_, question, option.id, self.own_plain(template, label=option.label))

    def _button(self, open_: OpenCheckIn, question: Question, option_id: str, label: str) -> Button:
        return Button(label, f"{ACTION}:{open_.id}:{question.id}:{option_id}")

    def put(self, care: Care, question: Question, open_: OpenCheckIn, now: datetime, *before: str) -> Say:
        """A question as a message, after what is said `before` it."""
        return self.say(care, *before, self.question(care, question, now), buttons=self.buttons(question, open_))

    def put_again(self, care: Care, step: Step, open_: OpenCheckIn, now: datetime) -> Say | None:
        """The open question once more; None where none is open."""
        replies = self.content.check_ins
        if open_.asked == ALL_FINE:
            return self.say(care, self.own(replies.again_all_fine), buttons=self.first_buttons(open_))
        question = step.by_id.get(open_.asked or "")
        if question is None:
            return None
        text = self.own(replies.again, question=Html(self.question(care, question, now)))
        return self.say(care, text, buttons=self.buttons(question, open_))

    def number_please(self, care: Care, question: Question, open_: OpenCheckIn) -> Say:
        """For a number, after words."""
        return self.say(care, self.own(self.content.check_ins.number_please), buttons=self.buttons(question, open_))

    def to_be_sure(self, care: Care, question: Question, open_: OpenCheckIn) -> Say:
        """Whether a number is right that does not go with the rest."""
        text = self.own(self.content.check_ins.to_be_sure, number=str(open_.answers[question.id]))
        return self.say(care, text, buttons=self.sure_buttons(question, open_))

    def who(self, cares: tuple[Care, ...]) -> Say:
        """Which of the patients of a chat an answer is about."""
        rows = tuple((Button(care.label or care.code, f"{WHO_ACTION}:{care.enrolment_id}"),) for care in cares)
        return Say(self.own(self.content.check_ins.who), buttons=rows)

    # --- answers ----------------------------------------------------------------------------------------------------

    def in_words(self, question: Question, value: Value) -> str:
        """An answer as its buttons say it, plain."""
        return answer_in_words(question, value)

    def what_led(self, step: Step, question: Question, answers: Mapping[str, Value]) -> str:
        """What the patient told that led to a question, in few words: "pain 9", "Bleeding that hasn't stopped"."""
        known = (one for one in rules.reported(step, question) if one.id in answers)
        return ", ".join(self.told(one, answers[one.id]) for one in known)

    def told(self, question: Question, value: Value) -> str:
        """One answer in few words."""
        answer = self.in_words(question, value)
        return answer if question.kind == "several" else f"{question.id.replace('_', ' ')} {answer}"

    def for_staff(self, care: Care, step: Step, question: Question, value: Value, now: datetime) -> str:
        """An answer as staff read it, with its question where the answer says too little alone, and with what led to
        that one: "hard – No" is no reason to ring, a pain of 9 before it is."""
        answer = self.in_words(question, value)
        asked = "" if question.kind == "several" else plain(self.question(care, question, now))
        said = f"{asked} – {answer}" if asked else answer
        led = self.what_led(step, question, care.open.answers) if care.open is not None else ""
        said = f"{led}. {said}" if led else said
        return self.own_plain(self.content.check_ins.staff_answer, step=step.code, answer=said)


def of_patient(care: Care, say: Say) -> Say:
    """A message of another part of the bot, marked as about this patient."""
    text = f"<b>{escape(care.label)}:</b>\n{say.text}" if care.label else say.text
    return replace(say, text=text, enrolment_id=care.enrolment_id)


def _day_and_time(at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """The day with its date, "Monday 23 November", and the clock."""
    day, _, clock = time_in_words(at, now=at - FAR, zone=zone).rpartition(" ")
    return {"day": day, "time": clock}


def _in_rows(buttons: tuple[Button, ...]) -> Buttons:
    """One a row; two where all are short."""
    return in_rows(buttons, 1 if any(len(button.label) > _PAIR for button in buttons) else 2)
