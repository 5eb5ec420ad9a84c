"""One answer to a check-in, typed or pressed: stored, doubted once where it is strange, changed, or ticked. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.care import ALL_FINE, JOINING, Care, CareChange, OpenCheckIn, Value
from bot.content.plan import Question, Step
from bot.content.schema import Content
from bot.core.care import rules
from bot.core.care.asking import DONE, FINE, QUESTIONS, Asking
from bot.core.care.following import Following, Turn
from bot.core.care.hearing import Heard, hear, own_words, together
from bot.core.care.pain_words import TOP
from bot.core.care.wellness import is_all_fine, is_goodbye, is_not_fine
from bot.core.text import normalise


@dataclass(frozen=True)
class Taking:
    """Takes answers. Every method wants a plan with an open check-in (`care.open`) and its step."""

    content: Content

    @property
    def asking(self) -> Asking:
        """How it is said."""
        return Asking(self.content)

    @property
    def following(self) -> Following:
        """What an answer leads to."""
        return Following(self.content)

    # --- in words ---------------------------------------------------------------------------------------------------

    def typed(self, care: Care, step: Step, text: str, now: datetime) -> Turn | None:
        """What a text leads to as an answer to the open question; None where it is none."""
        open_ = _open(care)
        if open_.asked == ALL_FINE:
            return self._all_fine(care, step, text, now)
        question = step.by_id.get(open_.asked or "")
        if question is None:
            return None
        heard = self._heard(care, step, question, text)
        if heard is not None:
            return self.take(care, step, question, heard, now)
        return self._asked_twice(care, step, question, text, now) if question.id in open_.answers else None

    def _heard(self, care: Care, step: Step, question: Question, text: str) -> Heard | None:
        """The answer that a text is; on joining a name has to look like one."""
        if step.id == JOINING:
            from bot.core.care.joining import hear_joining

            heard = hear_joining(self.content, question, text)
            if heard is not None or question.kind == "text":
                return heard
        return hear(text, question, self.content.words, _open(care).ticked)

    def _all_fine(self, care: Care, step: Step, text: str, now: datetime) -> Turn | None:
        """The choice of "All fine"; an answer to the first question answers it as well."""
        open_, known = _open(care), self.content.words
        if is_goodbye(text) and self.following.may_leave(care, now):
            return self.following.leaves(care)
        if is_all_fine(text, known) or is_goodbye(text):
            return self.following.all_fine(care, step, open_, now)
        first = self._first(care, step)
        if first is not None and first.kind != "text" and (heard := hear(text, first, known)) is not None:
            return self.take(care, step, first, heard, now)
        return self.start(care, step, now) if is_not_fine(text, known) else None

    def _asked_twice(self, care: Care, step: Step, question: Question, text: str, now: datetime) -> Turn | None:
        """An answer to "is it 9 out of 10?", or to "which number?" from somebody who knows none."""
        open_, said, known = _open(care), normalise(text), self.content.words
        is_doubted = rules.contradiction(step, open_.answers) == question
        if is_doubted and said in map(normalise, known.no):
            say = self.asking.number_please(care, question, open_)
            return Turn(CareChange(care.enrolment_id, open_), (say,), asks=question.id)
        if said in map(normalise, (*known.not_sure, *(known.yes if is_doubted else ()))):
            return self.take(care, step, question, Heard(open_.answers[question.id]), now)
        return None

    # --- one answer -------------------------------------------------------------------------------------------------

    def start(self, care: Care, step: Step, now: datetime) -> Turn:
        """The questions, from the first."""
        return self.following.first(care, step, _open(care), now)

    def told(self, care: Care, step: Step, question: Question, words: str, now: datetime) -> Turn:
        """A patient's words as somebody on the phone with them took them down: whatever they are, they are the answer.
        Once more, they take the place of the first."""
        value = own_words(words)
        if question.id in _open(care).answers:
            return self.change(care, step, question, value, now)
        return self.take(care, step, question, Heard(value), now)

    def take(self, care: Care, step: Step, question: Question, heard: Heard, now: datetime) -> Turn:
        """Store an answer; ask once more where it is no number, or does not go with the rest."""
        open_ = _open(care)
        before = open_.answers
        if open_.asked == question.id:  # what is there of it was doubted, and has had no effect yet
            before = {name: value for name, value in before.items() if name != question.id}
        open_ = replace(open_, answers={**before, question.id: heard.value}, ticked=(), repeated=False)
        if not heard.is_sure and question.id not in open_.doubted:
            open_ = replace(open_, asked=question.id, doubted=(*open_.doubted, question.id))
            say = self.asking.number_please(care, question, open_)
            return Turn(CareChange(care.enrolment_id, open_), (say,), asks=question.id)
        strange = rules.contradiction(step, open_.answers)
        if strange is not None and strange.id not in open_.doubted:
            open_ = replace(open_, asked=strange.id, doubted=(*open_.doubted, strange.id))
            say = self.asking.to_be_sure(care, strange, open_)
            return Turn(CareChange(care.enrolment_id, open_), (say,), asks=strange.id)
        return self.following.after(care, step, open_, before, now)

    def change(self, care: Care, step: Step, question: Question, value: Value, now: datetime) -> Turn:
        """Another answer to a question that was answered: what follows is weighed anew."""
        open_ = _open(care)
        if open_.answers.get(question.id) == value:
            say = self.asking.say(care, self.asking.own(self.content.check_ins.answered_already))
            return Turn(CareChange(care.enrolment_id), (say,))
        answer = self.asking.in_words(question, value)
        changed = self.asking.own(self.content.check_ins.changed, answer=answer)
        new = replace(open_, answers={**open_.answers, question.id: value})
        turn = self.following.after(care, step, new, open_.answers, now)
        if turn.asks is not None and turn.asks == open_.asked:  # it stands above already
            assert turn.change.open is not None
            kept = replace(turn.change.open, ticked=open_.ticked, repeated=open_.repeated)
            return replace(turn, change=replace(turn.change, open=kept), says=(self.asking.say(care, changed),))
        if not turn.says:
            return replace(turn, says=(self.asking.say(care, changed),))
        return replace(turn, says=(self.asking.say(care, changed), *turn.says))

    # --- with a button ----------------------------------------------------------------------------------------------

    def pressed(self, care: Care, step: Step, question_id: str, option: str, now: datetime) -> Turn | None:
        """What a button leads to; None where no such button is to be had any more."""
        open_ = _open(care)
        if question_id == ALL_FINE:
            return self._pressed_first(care, step, option, now)
        question = step.by_id.get(question_id)
        if question is None:
            return None
        if question.kind == "several":
            return self._ticked(care, step, question, option, now)
        value = _value(question, option)
        if value is None:
            return None
        if open_.asked == question.id or question.id not in open_.answers:
            return self.take(care, step, question, Heard(value), now)
        return self.change(care, step, question, value, now)

    def _pressed_first(self, care: Care, step: Step, option: str, now: datetime) -> Turn | None:
        open_ = _open(care)
        if option == FINE and not open_.answers:
            if care.lapsed is not None:
                return self.following.late_fine(care, open_, now)
            return self.following.all_fine(care, step, open_, now)
        if option == QUESTIONS and open_.asked == ALL_FINE:
            return self.start(care, step, now)
        say = self.asking.say(care, self.asking.own(self.content.check_ins.answered_already))
        return Turn(CareChange(care.enrolment_id), (say,)) if option in {FINE, QUESTIONS} else None

    def _ticked(self, care: Care, step: Step, question: Question, option: str, now: datetime) -> Turn | None:
        """A tick, or Done. "None of these" with nothing ticked is an answer by itself."""
        open_, none = _open(care), question.options[0].id
        is_open = open_.asked == question.id
        if option != DONE and option not in {one.id for one in question.options}:
            return None
        if not is_open and question.id in open_.answers:
            before = open_.answers[question.id]
            after = before if option == DONE else _toggled(before, option, question)
            return self.change(care, step, question, after or (none,), now)
        if option == none and not open_.ticked:
            return self.take(care, step, question, Heard((none,)), now)
        if option != DONE:
            ticked = _toggled(open_.ticked if is_open else (), option, question)
            return Turn(CareChange(care.enrolment_id, replace(open_, asked=question.id, ticked=ticked)))
        if not open_.ticked:
            say = self.asking.say(care, self.asking.own(self.content.check_ins.tick_something))
            return Turn(CareChange(care.enrolment_id), (say,))
        return self.take(care, step, question, Heard(together(open_.ticked, question)), now)

    def _first(self, care: Care, step: Step) -> Question | None:
        answers = _open(care).answers
        look_up = rules.names(self.content.plans[care.plan_id], care, step, answers)
        return rules.next_question(step, answers, look_up)


def _open(care: Care) -> OpenCheckIn:
    assert care.open is not None, "only an open check-in takes answers"
    return care.open


def _value(question: Question, option: str) -> Value | None:
    """The answer behind a button of a choice or a scale."""
    if question.kind == "scale":
        return int(option) if option.isdecimal() and len(option) <= 2 and int(option) <= TOP else None
    return option if option in {one.id for one in question.options} else None


def _toggled(ticked: Value, option: str, question: Question) -> tuple[str, ...]:
    """Ticks after one more press, in the order of the list; the first option stands alone."""
    none = question.options[0].id
    now = set(ticked) if isinstance(ticked, tuple) else set()
    now = {option} if option == none and option not in now else now ^ {option}
    if option != none:
        now.discard(none)
    return tuple(one.id for one in question.options if one.id in now)
