"""Check-ins as a conversation: what is asked, whose answer a text is, what is said to it. Pure.

An answer typed and an answer pressed weigh the same. Alerts are only named here, as an understanding of the decision
`RED_FLAG`; `Conversation` says and raises them as it does for danger in free words.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot.care import CONTACT, JOINING, Care, CareChange, OpenCheckIn
from bot.content.conditions import Lookup
from bot.content.plan import Question, Step
from bot.content.schema import Content
from bot.core.care import rules
from bot.core.care.alerting import flags_of, labelled, red_flag, stopped, with_flags
from bot.core.care.asking import ACTION, DONE, JOIN_ACTION, WHO_ACTION, Asking, of_patient
from bot.core.care.following import Following, Turn
from bot.core.care.hearing import hear
from bot.core.care.taking import Taking
from bot.core.care.unanswered import Unanswered
from bot.core.care.wellness import is_goodbye, is_well
from bot.core.hearing import is_wish
from bot.core.outcome import Occasion, Outcome, Redraw, Say, State
from bot.model import Decision, Kind, PressIn, Understanding

ANSWERED = "check_in_answer"
"""The id under which an answer is kept among the questions: an edit of it is an edit of the answer."""
_BARE_NUMBER = re.compile(r"\d{1,4}(?:[.,]\d)?(?: ?/ ?10)?[ .!]*")
_NOT_AFTER = frozenset({Decision.RED_FLAG, Decision.CHECK, Decision.ASK})


@dataclass(frozen=True)
class CheckIns:
    """Asks, hears, and says what follows. `semantics` of every method: values in, an `Outcome` or a part of one out."""

    content: Content

    @property
    def asking(self) -> Asking:
        """How it is said."""
        return Asking(self.content)

    @property
    def following(self) -> Following:
        """What an answer leads to."""
        return Following(self.content)

    @property
    def taking(self) -> Taking:
        """Takes the answers."""
        return Taking(self.content)

    def step_of(self, care: Care, step_id: str) -> Step | None:
        """A step of the patient's plan; None where it was taken out of the content."""
        plan = self.content.plans.get(care.plan_id)
        if plan is not None and step_id == JOINING:
            from bot.core.care.joining import joining_step

            return joining_step(self.content, care)
        return plan.by_id.get(step_id) if plan is not None else None

    def question(self, care: Care, step: Step, question: Question) -> Say:
        """One question with its buttons."""
        open_ = care.open or OpenCheckIn(0, step.id, care.treated_at, question.id)
        return self.asking.put(care, question, open_, open_.sent_at)

    # --- from a timer -----------------------------------------------------------------------------------------------

    def begin(
        self, care: Care, step: Step, check_in_id: int, now: datetime, carried: str = ""
    ) -> tuple[tuple[Say, ...], CareChange]:
        """The first message of a check-in, and the check-in as it then stands. `carried`: advice of one left out."""
        say, change = self.following.begin(care, step, check_in_id, now, carried)
        return (say,), change

    def later(self, care: Care, question_id: str, state: State, occasion: Occasion) -> Outcome:
        """The time of a question that was put off; the same state where there is nothing left to ask."""
        open_ = care.open
        step = self.step_of(care, open_.step_id) if open_ is not None else None
        question = step.by_id.get(question_id) if step is not None else None
        if open_ is None or step is None or question is None or question_id in open_.answers:
            return Outcome(state)
        if not rules.applies(question, self._names(care, step, open_)):
            return Outcome(state)
        open_ = replace(open_, asked=question_id, repeated=False, ticked=())
        change = CareChange(care.enrolment_id, open_, answered=False)
        # A reply, not a check-in: it was promised for this time, whatever hour it is.
        return Outcome(state, (self.asking.put(care, question, open_, occasion.now),), care=(change,))

    def unanswered(self, care: Care, question_id: str, state: State, occasion: Occasion) -> Outcome:
        """The time for an answer that decides is over; the same state where it came, or is not needed any more."""
        return Unanswered(self.content).outcome(care, question_id, state, occasion.now)

    def remind(self, care: Care) -> Say:
        """The one reminder of the plan."""
        plan = self.content.plans[care.plan_id]
        now = care.open.sent_at if care.open is not None else care.treated_at
        return self.asking.say(care, self.asking.text(care, plan.no_reply.remind, now), kind=Kind.REMINDER)

    def replaced(self, care: Care) -> CareChange:
        """The next check-in takes the place of the open one; saved answers count for notes."""
        assert care.open is not None
        notes = self.following.saved_notes(care, self.step_of(care, care.open.step_id))
        return CareChange(care.enrolment_id, care.open, closed="replaced", answered=False, notes=notes)

    def silenced(self, care: Care) -> CareChange:
        """Nobody answered: the open check-in is closed, saved answers count for notes, staff ring who needs it."""
        step = self.step_of(care, care.open.step_id) if care.open is not None else None
        return self.following.silenced(care, step)

    # --- typed ------------------------------------------------------------------------------------------------------

    def typed(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome | None:
        """What a text leads to as an answer to an open question, or to an edited one; None: it is no answer."""
        if is_wish(understanding) or understanding.id == "greeting":
            return None
        named, text = labelled(understanding.text, occasion.care)
        cares = [care for care in occasion.care if named is None or care == named]
        answer = replace(understanding, decision=Decision.META, id=ANSWERED, level=None)
        if occasion.earlier is not None and (edited := self._edited(cares, text, answer, state, occasion)) is not None:
            return edited
        waiting = tuple(care for care in cares if self._waits(care))
        turns = [self._turn(care, text, occasion.now) for care in waiting]
        if not any(turns):
            unfit = self._number_fits_none(waiting, text, answer, state, occasion)
            return unfit or self._left(cares, text, answer, state, occasion)
        state = replace(state.settled(), who_text="")
        if len(waiting) > 1:
            say = self.asking.who(waiting)
            return Outcome(replace(state, who_text=text), (say,), understanding=answer)
        return self._outcome(waiting[0], turns[0], state, occasion, answer)

    def _waits(self, care: Care) -> bool:
        """Whether a question of this plan is open."""
        return care.open is not None and care.open.asked is not None and care.plan_id in self.content.plans

    def _turn(self, care: Care, text: str, now: datetime) -> Turn | None:
        step = self.step_of(care, care.open.step_id) if care.open is not None else None
        turn = self.taking.typed(care, step, text, now) if step is not None else None
        return _settled(self.content, care, turn, now)

    def _number_fits_none(
        self, waiting: tuple[Care, ...], text: str, answer: Understanding, state: State, occasion: Occasion
    ) -> Outcome | None:
        """A bare number that answers none of the open questions: what can be answered is said, nobody else can tell
        what it means."""
        steps = ((care, self.step_of(care, care.open.step_id)) for care in waiting if care.open is not None)
        asked = [(care, step) for care, step in steps if step is not None and step.id != JOINING]
        if not asked or _BARE_NUMBER.fullmatch(text.strip()) is None:
            return None
        again = [self.asking.put_again(care, step, care.open, occasion.now) for care, step in asked if care.open]
        first = Say(self.asking.own(self.content.check_ins.number_fits_none, number=text.strip()))
        return Outcome(state.settled(), (first, *filter(None, again)), understanding=answer)

    def _edited(
        self, cares: list[Care], text: str, answer: Understanding, state: State, occasion: Occasion
    ) -> Outcome | None:
        """New words of a message that was an answer: another answer to the same question."""
        assert occasion.earlier is not None
        _, old = labelled(occasion.earlier.text, occasion.care)
        for care in cares:
            step = self.step_of(care, care.open.step_id) if care.open is not None else None
            if care.open is None or step is None:
                continue
            for question in reversed(step.questions):
                before = hear(old, question, self.content.words)
                after = hear(text, question, self.content.words)
                if before is None or after is None or care.open.answers.get(question.id) != before.value:
                    continue
                if after.value == before.value:  # a slip mended
                    return Outcome(state, understanding=answer)
                changed = self.taking.change(care, step, question, after.value, occasion.now)
                turn = _settled(self.content, care, changed, occasion.now)
                return self._outcome(care, turn, state.settled(), occasion, answer, question)
        if occasion.earlier.id == ANSWERED and not any(map(self._waits, cares)):
            return Outcome(state.settled(), (self._closed(),), understanding=answer)
        return None

    def _left(
        self, cares: list[Care], text: str, answer: Understanding, state: State, occasion: Occasion
    ) -> Outcome | None:
        """What is said between two check-ins: "All good, thanks, bye" ends the plan, once the first days are over; "all
        good" answers the one that nobody answered in time."""
        if len(cares) != 1 or cares[0].plan_id not in self.content.plans or cares[0].open is not None:
            return None
        (care,) = cares
        if is_goodbye(text) and self.following.may_leave(care, occasion.now):
            return self._outcome(care, self.following.leaves(care), state.settled(), occasion, answer)
        if care.lapsed is None or not is_well(text):
            return None
        late = self.following.late_fine(care, care.lapsed, occasion.now)
        return self._outcome(care, late, state.settled(), occasion, answer)

    def beside_danger(
        self, understanding: Understanding, occasion: Occasion
    ) -> tuple[Understanding, tuple[CareChange, ...], tuple[Say, ...]]:
        """A red flag in a text goes before everything; an answer in the same text is kept, and its alerts count too.

        With a pressing one every check-in of the chat is closed; after advice that can wait the questions go on.
        """
        named, text = labelled(understanding.text, occasion.care)
        cares = [care for care in occasion.care if named is None or care == named]
        waiting = [care for care in cares if self._waits(care)]
        turn = self._turn(waiting[0], text, occasion.now) if len(waiting) == 1 else None
        return beside_danger(understanding, turn, occasion)

    # --- told on the phone ------------------------------------------------------------------------------------------

    def told(self, words: str, care: Care, check_in_id: int, question_id: str, now: datetime) -> Turn | None:
        """What a patient's words lead to that staff took down as the answer to a question for words; None where that
        question is over."""
        open_ = care.open if care.open is not None and care.open.id == check_in_id else None
        step = self.step_of(care, open_.step_id) if open_ is not None else None
        question = step.by_id.get(question_id) if step is not None else None
        if open_ is None or step is None or question is None or question.kind != "text":
            return None
        is_put = question_id == open_.asked or question_id in open_.answers
        return self.taking.told(care, step, question, words, now) if is_put else None

    def told_alone(self, words: str, care: Care, turn: Turn, state: State, occasion: Occasion) -> Outcome:
        """Those words where nothing in them is a sign of danger by itself."""
        return self._outcome(care, turn, state, occasion, None, typed=words)

    # --- pressed ----------------------------------------------------------------------------------------------------

    def pressed(self, press: PressIn, state: State, occasion: Occasion) -> Outcome | None:
        """What a press under a check-in leads to; None where the button is no check-in's."""
        action, _, argument = (press.data or "").partition(":")
        if action == WHO_ACTION:
            return self._who(argument, state, occasion)
        if action == JOIN_ACTION:
            from bot.core.care.joining import press_joining

            return press_joining(self.content, press, state, occasion) or Outcome(state, (self._closed(),))
        check_in_id, _, rest = argument.partition(":")
        question_id, colon, option = rest.partition(":")
        if action != ACTION or not colon or not check_in_id.isdecimal():
            return None
        care = _pressed_under(int(check_in_id), question_id, occasion.care)
        step = self.step_of(care, care.open.step_id) if care is not None and care.open is not None else None
        turn = self.taking.pressed(care, step, question_id, option, occasion.now) if care and step else None
        turn = _settled(self.content, care, turn, occasion.now) if care else None
        if care is None or step is None or turn is None:
            return Outcome(state, (self._closed(),))
        question = step.by_id.get(question_id)
        outcome = self._outcome(care, turn, state, occasion, None, question)
        redraw = self._redraw(press, care, step, question, turn, occasion.now)
        return replace(outcome, redraws=redraw)

    def _redraw(
        self, press: PressIn, care: Care, step: Step, question: Question | None, turn: Turn, now: datetime
    ) -> tuple[Redraw, ...]:
        """The list with its ticks as they are now."""
        open_ = turn.change.open
        if press.row_id is None or open_ is None or question is None or question.kind != "several":
            return ()
        if (press.data or "").endswith(f":{DONE}") and question.id in open_.answers:
            return ()
        text = self.asking.question(care, question, now)
        if question == step.questions[0] and (care.careful or not step.all_fine):
            text = f"{self.asking.hello(care, step, now)}\n\n{text}"
        shown = self.asking.say(care, text, buttons=self.asking.buttons(question, open_))
        return (Redraw(press.row_id, shown.text, shown.buttons),)

    def _who(self, argument: str, state: State, occasion: Occasion) -> Outcome:
        """Whom the answer is about that was typed before."""
        text, now = state.who_text, occasion.now
        care = next((one for one in occasion.care if str(one.enrolment_id) == argument), None)
        state = replace(state, who_text="")
        if care is None or care.open is None or not text:
            done = self.content.check_ins.answered_already if care is not None and care.open else None
            say = Say(self.asking.own(done)) if done else self._closed()
            return Outcome(state, (say,))
        turn = self._turn(care, text, now) if self._waits(care) else None
        if turn is None:  # it was no answer to this one's question
            step = self.step_of(care, care.open.step_id)
            again = self.asking.put_again(care, step, care.open, now) if step is not None else None
            return Outcome(state, (again or self._closed(),))
        return self._outcome(care, turn, state, occasion, None, typed=text)

    def _closed(self) -> Say:
        return Say(self.asking.own(self.content.check_ins.closed))

    # --- between answers --------------------------------------------------------------------------------------------

    def again(self, outcome: Outcome, occasion: Occasion) -> Outcome:
        """`outcome` of something else that was said, with the open question once more behind it, once.

        Not behind danger, an offer to choose from, thanks, or while a safety question is open: that is put again then.
        """
        read = outcome.understanding
        is_other = read is not None and (read.decision in _NOT_AFTER or read.id in {"thanks", ANSWERED})
        if is_other or outcome.care or outcome.stop is not None or not outcome.says:
            return outcome
        if outcome.state.check_at(occasion.now) is not None:
            return outcome
        for care in occasion.care:
            open_ = care.open
            step = self.step_of(care, open_.step_id) if open_ is not None and self._waits(care) else None
            if open_ is None or step is None or open_.repeated:
                continue
            again = self.asking.put_again(care, step, open_, occasion.now)
            if again is None:
                continue
            again = replace(again, held=outcome.says[-1].held)
            change = CareChange(care.enrolment_id, replace(open_, repeated=True))
            return replace(outcome, says=(*outcome.says, again), care=(change,))
        return outcome

    def untold(self, occasion: Occasion) -> Occasion:
        """The occasion when what repeated the open question is taken back."""
        cares = (replace(one, open=replace(one.open, repeated=False)) if one.open else one for one in occasion.care)
        return replace(occasion, care=tuple(cares))

    def stopped(self, occasion: Occasion) -> tuple[CareChange, ...]:
        """Every check-in of the chat closed, after a sign that somebody has to act on."""
        return stopped(occasion, {})

    def named(self, says: tuple[Say, ...], changes: tuple[CareChange, ...], occasion: Occasion) -> tuple[Say, ...]:
        """What is said about the patient whose plan changes, under the name that the family uses."""
        ids = {change.enrolment_id for change in changes}
        care = next((one for one in occasion.care if one.enrolment_id in ids), None)
        return tuple(of_patient(care, say) for say in says) if care is not None else says

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _names(self, care: Care, step: Step, open_: OpenCheckIn) -> Lookup:
        return rules.names(self.content.plans[care.plan_id], care, step, open_.answers)

    def _outcome(
        self,
        care: Care,
        turn: Turn | None,
        state: State,
        occasion: Occasion,
        answer: Understanding | None,
        question: Question | None = None,
        typed: str = "",
    ) -> Outcome:
        """A turn as an outcome; with alerts its understanding is that of a red flag."""
        assert turn is not None
        change = turn.change
        if _is_private(care):  # a name, a phone number: kept apart from all that is said
            answer, state = None, replace(state, recent=state.recent[:-1])
        if not turn.alerts:
            return Outcome(state, turn.says, understanding=answer, care=(change,))
        assert change.open is not None
        step = self.step_of(care, change.open.step_id)
        assert step is not None
        question = question or _newest(step, care.open, change.open)
        in_words = for_staff = ""
        if question is not None:
            value = change.open.answers[question.id]
            in_words = self.asking.in_words(question, value)
            for_staff = self.asking.for_staff(care, step, question, value, occasion.now)
        own = answer.text if answer is not None else typed
        text = "\n".join(filter(None, (own, for_staff)))
        understanding = red_flag(text, flags_of(turn.alerts, (in_words,) if in_words else ()))
        return Outcome(state, turn.says, understanding=understanding, care=(change,))


def beside_danger(
    understanding: Understanding, turn: Turn | None, occasion: Occasion
) -> tuple[Understanding, tuple[CareChange, ...], tuple[Say, ...]]:
    """A red flag in words, and the answer that the same words are: with its alerts, what changes, and what is said."""
    if turn is not None:
        understanding = with_flags(understanding, flags_of(turn.alerts, ()))
    assert understanding.level is not None
    if not understanding.level.is_pressing:
        return understanding, (turn.change,) if turn else (), turn.says if turn else ()
    kept = {turn.change.enrolment_id: turn.change} if turn else {}
    return understanding, stopped(occasion, kept), ()


def _pressed_under(check_in_id: int, question_id: str, cares: tuple[Care, ...]) -> Care | None:
    """The plan whose open check-in this is; or whose last one that nobody answered, which the press opens again."""
    for care in cares:
        if care.open is not None and care.open.id == check_in_id:
            return care
        if care.lapsed is not None and care.lapsed.id == check_in_id:
            return replace(care, open=replace(care.lapsed, asked=question_id))
    return None


def _newest(step: Step, before: OpenCheckIn | None, after: OpenCheckIn) -> Question | None:
    """The question that was answered last."""
    known = before.answers if before is not None else {}
    asked = before.asked if before is not None else None
    new = [name for name, value in after.answers.items() if known.get(name) != value or name == asked]
    return step.by_id.get(new[-1]) if new else None


def _is_private(care: Care) -> bool:
    """Whether the open question is one whose answer belongs to the contact details."""
    return care.open is not None and care.open.step_id == JOINING and care.open.asked in CONTACT


def _settled(content: Content, care: Care, turn: Turn | None, now: datetime) -> Turn | None:
    """On joining, with what the answers make of the plan."""
    if turn is None or care.open is None or care.open.step_id != JOINING:
        return turn
    from bot.core.care.joining import settled

    return settled(content, care, turn, now)
