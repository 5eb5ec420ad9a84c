"""A follow-up that decides an alert ("Is the calf very hard?") and that nobody answers: staff hear of it. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.care import Care, CareChange, OpenCheckIn
from bot.content.conditions import Lookup
from bot.content.plan import Question, Step
from bot.content.schema import Content
from bot.core.care import rules
from bot.core.care.alerting import ALERT, flags_of, red_flag
from bot.core.care.asking import Asking
from bot.core.care.following import Following
from bot.core.care.rules import Weighed
from bot.core.outcome import Outcome, Say, State
from bot.markup import plain
from bot.model import Level

WAIT = timedelta(minutes=30)
"""After so long without an answer staff are told, as for a safety question (`checking.SECOND`)."""


@dataclass(frozen=True)
class Unanswered:
    """Decides what the silence of a patient who told of something serious leads to. Values in, values out."""

    content: Content

    @property
    def asking(self) -> Asking:
        """How it is said."""
        return Asking(self.content)

    def look_at(self, care: Care, change: CareChange, now: datetime) -> datetime | None:
        """When to look whether the question was answered that `change` leaves open (aware UTC); None: nothing would
        follow."""
        open_ = change.open
        if open_ is None or not open_.asked or change.closed is not None:
            return None
        return now + WAIT if self._waiting(care, open_, open_.asked) is not None else None

    def outcome(self, care: Care, question_id: str, state: State, now: datetime) -> Outcome:
        """The alert, and why the patient hears of it; the same state where the question needs no answer any more."""
        open_ = care.open
        found = self._waiting(care, open_, question_id) if open_ is not None else None
        if open_ is None or found is None:
            return Outcome(state)
        step, question, weighed = found
        led = self.asking.what_led(step, question, open_.answers)
        if question_id in open_.answers:  # a number that was not confirmed
            led = ", ".join(filter(None, (led, self.asking.told(question, open_.answers[question_id]))))
        least = rules.deciding(self.content, step, question_id)[0]
        understanding = red_flag(
            self._for_staff(care, step, question, led, now), flags_of({least: Level.URGENT}, (led,))
        )
        closed = replace(open_, asked=None, repeated=False, ticked=())
        notes = Following(self.content).notes(weighed.rules)
        change = CareChange(care.enrolment_id, closed, closed=ALERT, answered=False, notes=notes)
        why = Say(self.asking.own(self.content.check_ins.unanswered))
        return Outcome(state, (why,), understanding=understanding, care=(change,))

    def _waiting(self, care: Care, open_: OpenCheckIn, question_id: str) -> tuple[Step, Question, Weighed] | None:
        """The question, where it decides, still needs an answer, and staff were not alerted by others.

        One that a put-off question took the place of on the screen needs its answer all the same.
        """
        plan = self.content.plans.get(care.plan_id)
        step = plan.by_id.get(open_.step_id) if plan is not None else None
        question = step.by_id.get(question_id) if step is not None else None
        if plan is None or step is None or question is None:
            return None
        look_up = rules.names(plan, care, step, open_.answers)
        weighed = rules.weigh(self.content, step, look_up)
        if question_id in open_.answers:
            is_doubted = open_.asked == question_id and question_id in open_.doubted
            is_due = is_doubted and self._would_press(step, open_, look_up, weighed)
            return (step, question, weighed) if is_due and rules.deciding(self.content, step, question_id) else None
        if weighed.is_pressing or not rules.applies(question, look_up):
            return None
        return (step, question, weighed) if rules.is_decisive(self.content, step, question) else None

    def _would_press(self, step: Step, open_: OpenCheckIn, look_up: Lookup, weighed: Weighed) -> bool:
        """Whether a number that was asked about once more ("is it 9 out of 10?") would lead to an alert, or to a
        question that decides one, if it is right: until it is confirmed nobody was told."""
        waiting = (one for one in step.questions if one.id not in open_.answers and rules.applies(one, look_up))
        return weighed.is_pressing or any(rules.is_decisive(self.content, step, one) for one in waiting)

    def _for_staff(self, care: Care, step: Step, question: Question, led: str, now: datetime) -> str:
        template, asked = self.content.check_ins.staff_unanswered, plain(self.asking.question(care, question, now))
        return self.asking.own_plain(template, step=step.code, answer=led, question=asked)
