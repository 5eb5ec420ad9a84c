"""What follows as an answer comes in: an alert, the next question, waiting for a later one, the end of the check-in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.care import ALL_FINE, ENDED_DONE, NO_REPLY, Care, CareChange, Later, Note, NoteKind, OpenCheckIn, PlanState
from bot.content.conditions import Lookup
from bot.content.plan import Plan, Question, Rule, Step, condition
from bot.content.schema import Content
from bot.core.care import rules
from bot.core.care.alerting import ALERT
from bot.core.care.asking import Asking
from bot.core.care.rules import Answers, Weighed
from bot.core.outcome import Say
from bot.model import Kind, Level

DONE, ALL_FINE_TAPPED = "done", "all_fine"
"""Why a check-in is closed (besides `ALERT` and `NO_REPLY`)."""
LEAVES_AFTER = timedelta(hours=48)
"""From then on a patient without complaints may end the plan by taking leave (content/check_ins.md: after C3)."""
FEW = 3
"""Up to this pain."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one answer leads to. `alerts`: red flags that are news, with their levels; the caller tells everybody."""

    change: CareChange
    says: tuple[Say, ...] = ()
    alerts: Mapping[str, Level] = field(default_factory=dict)
    asks: str | None = None
    """The question that one of `says` puts."""


@dataclass(frozen=True)
class Following:
    """Decides what follows. Values in, a `Turn` out."""

    content: Content

    @property
    def asking(self) -> Asking:
        """How it is said."""
        return Asking(self.content)

    # --- the beginning ----------------------------------------------------------------------------------------------

    def begin(self, care: Care, step: Step, check_in_id: int, now: datetime, carried: str) -> tuple[Say, CareChange]:
        """The first message of a check-in, and the check-in as it then stands. `carried`: advice of one left out."""
        asking = self.asking
        open_ = OpenCheckIn(check_in_id, step.id, now, asked=None)
        care = replace(care, open=open_)
        turn = self.first(care, step, open_, now)
        assert turn.change.open is not None
        open_, question = turn.change.open, step.by_id.get(turn.asks or "")
        kind, footer = self._kind_and_footer(care, step, now)
        parts = [asking.hello(care, step, now), asking.text(care, carried, now)]
        if question is None:  # nothing to ask this patient
            parts += [say.text for say in turn.says]
            say = asking.say(care, *parts, footer, kind=kind)
        elif step.all_fine and not care.careful and question.when is None:
            # Whoever is asked about an earlier answer first gets no short cut past that.
            open_ = replace(open_, asked=ALL_FINE)
            say = asking.say(care, *parts, footer, kind=kind, buttons=asking.first_buttons(open_))
        else:
            parts.append(asking.question(care, question, now))
            say = asking.say(care, *parts, footer, kind=kind, buttons=asking.buttons(question, open_))
        return say, replace(turn.change, open=open_, answered=False)

    def _kind_and_footer(self, care: Care, step: Step, now: datetime) -> tuple[Kind, str]:
        """Joining is a reply; the first check-in of the plan says who writes, and that nobody watches."""
        plan = self.content.plans[care.plan_id]
        if step.id not in plan.by_id:
            return Kind.REPLY, ""
        is_first = not any(known in plan.by_id for known in care.answers)
        return Kind.CHECK_IN, self.asking.text(care, plan.footer, now) if is_first else ""

    def first(self, care: Care, step: Step, open_: OpenCheckIn, now: datetime) -> Turn:
        """The first question; the end at once where there is none for this patient."""
        care = replace(care, open=open_)
        look_up = rules.names(self.content.plans[care.plan_id], care, step, open_.answers)
        late = rules.put_off(step, open_.answers, look_up)
        later = tuple(Later(one.id, now + (one.later or timedelta(0))) for one in late)
        question = rules.next_question(step, open_.answers, look_up)
        if question is None:
            return self.all_fine(care, step, open_, now)
        open_ = replace(open_, asked=question.id, repeated=False, ticked=())
        change = CareChange(care.enrolment_id, open_, later=later)
        return Turn(change, (self.asking.put(care, question, open_, now),), asks=question.id)

    def after(self, care: Care, step: Step, open_: OpenCheckIn, before: Answers, now: datetime) -> Turn:
        """What the answers of `open_` lead to; those of `before` have had their effect."""
        plan = self.content.plans[care.plan_id]
        care = replace(care, open=open_)
        was = rules.weigh(self.content, step, rules.names(plan, care, step, before))
        look_up = rules.names(plan, care, step, open_.answers)
        weighed = rules.weigh(self.content, step, look_up)
        news = weighed.news(was)
        if weighed.is_pressing:
            return self._alerted(care, step, open_, weighed, news, now)
        later = self._later(plan, care, step, open_, before, now)
        question = rules.next_question(step, open_.answers, look_up)
        if question is not None:
            open_ = replace(open_, asked=question.id, repeated=False, ticked=())
            change = CareChange(care.enrolment_id, open_, later=later)
            return Turn(change, (self.asking.put(care, question, open_, now),), news, question.id)
        is_late = _has_waited(step, before, open_.answers, rules.names(plan, care, step, before))
        if late := rules.put_off(step, open_.answers, look_up):
            waited = rules.next_question(step, before, rules.names(plan, care, step, before)) is None
            turn = self._waits(care, step, open_, weighed, () if waited and not later else late, now)
            if is_late and not turn.says:  # another late question is waited for still
                thanks = self.asking.own(self.content.check_ins.later_thanks)
                turn = replace(turn, says=(self.asking.say(care, thanks),))
            return replace(turn, change=replace(turn.change, later=later), alerts=news)
        known = was if is_late else None
        return replace(self.close(care, step, open_, weighed, now, known), alerts=news)

    def _later(
        self, plan: Plan, care: Care, step: Step, open_: OpenCheckIn, before: Answers, now: datetime
    ) -> tuple[Later, ...]:
        """Questions that became due in some time by this answer."""
        old = {one.id for one in rules.put_off(step, before, rules.names(plan, care, step, before))}
        new = rules.put_off(step, open_.answers, rules.names(plan, care, step, open_.answers))
        return tuple(Later(one.id, now + (one.later or timedelta(0))) for one in new if one.id not in old)

    # --- alerts -----------------------------------------------------------------------------------------------------

    def _alerted(
        self, care: Care, step: Step, open_: OpenCheckIn, weighed: Weighed, news: Mapping[str, Level], now: datetime
    ) -> Turn:
        """Somebody has to act: only what may make it worse is asked still."""
        plan = self.content.plans[care.plan_id]
        look_up = rules.names(plan, care, step, open_.answers)
        worst = max(weighed.alerts.values(), key=lambda level: level.rank)
        notes = self.notes(weighed.rules) if news else ()
        if (question := rules.may_raise(self.content, step, open_.answers, look_up, worst)) is not None:
            open_ = replace(open_, asked=question.id, repeated=False, ticked=())
            asked = self.asking.put(care, question, open_, now)
            return Turn(CareChange(care.enrolment_id, open_, notes=notes), (asked,), news, question.id)
        open_ = replace(open_, asked=None, ticked=())
        says = () if news else (self.asking.say(care, self.asking.own(self.content.check_ins.alert_stands)),)
        return Turn(CareChange(care.enrolment_id, open_, closed=ALERT, notes=notes), says, news)

    # --- the end ----------------------------------------------------------------------------------------------------

    def _waits(
        self,
        care: Care,
        step: Step,
        open_: OpenCheckIn,
        weighed: Weighed,
        late: tuple[Question, ...],
        now: datetime,
    ) -> Turn:
        """All is answered but what is asked later: the advice is given now. `late`: empty where it was given."""
        says: tuple[Say, ...] = ()
        if late:
            minutes = str(round(min(one.later or timedelta(0) for one in late) / timedelta(minutes=1)))
            soon = self.asking.own(self.content.check_ins.ask_later, minutes=minutes)
            says = (self.asking.say(care, *self._advice(care, step, weighed.rules, now), soon),)
        open_ = replace(open_, asked=None, repeated=False, ticked=())
        return Turn(CareChange(care.enrolment_id, open_, notes=self.notes(weighed.rules)), says)

    def close(
        self,
        care: Care,
        step: Step,
        open_: OpenCheckIn,
        weighed: Weighed,
        now: datetime,
        known: Weighed | None = None,
    ) -> Turn:
        """The check-in is over. `known`: rules whose advice was given before, as a later question was waited for."""
        plan = self.content.plans[care.plan_id]
        open_ = replace(open_, asked=None, repeated=False, ticked=())
        if known is None:
            parts = self._advice(care, step, weighed.rules, now)
        else:
            parts = [self.asking.own(self.content.check_ins.later_thanks)]
            new = [rule for rule in weighed.rules if rule not in known.rules]
            parts += [self.asking.text(care, rule.say, now) for rule in new if rule.say]
        says = (self.asking.say(care, *self._with_phone(parts)),)
        change = CareChange(
            care.enrolment_id,
            open_,
            closed=DONE,
            notes=self.notes(weighed.rules),
            earlier=rules.earlier(plan, care, step, weighed.rules),
        )
        return Turn(self._ending(care, step, change), says)

    def all_fine(self, care: Care, step: Step, open_: OpenCheckIn, now: datetime) -> Turn:
        """One tap for the whole check-in."""
        open_ = replace(open_, asked=None, repeated=False)
        says = (self.asking.say(care, *self._with_phone([self.asking.text(care, step.advice, now)])),)
        change = CareChange(care.enrolment_id, open_, closed=ALL_FINE_TAPPED)
        return Turn(self._ending(care, step, change), says)

    def late_fine(self, care: Care, lapsed: OpenCheckIn, now: datetime) -> Turn:
        """All is well, told after the plan fell silent: it counts, and the plan goes on, or ends where it is over."""
        replies, plan = self.content.check_ins, self.content.plans[care.plan_id]
        change = CareChange(care.enrolment_id, replace(lapsed, asked=None, ticked=()), closed=ALL_FINE_TAPPED)
        goes_on = self.asking.next_at(plan, care, now) is not None
        if not goes_on:
            change = replace(change, state=PlanState.ENDED, reason=ENDED_DONE)
        parts = self._with_phone([self.asking.own(replies.late_fine if goes_on else replies.late_fine_over)])
        return Turn(change, (self.asking.say(care, *parts),))

    def may_leave(self, care: Care, now: datetime) -> bool:
        """Whether nothing speaks against ending the plan: the first days are over, little pain, no sign."""
        plan = self.content.plans[care.plan_id]
        if now - care.treated_at < LEAVES_AFTER:
            return False
        known = [step for step in plan.steps if care.answers.get(step.id)]
        if not known:
            return True
        step, answers = known[-1], care.answers[known[-1].id]
        look_up = rules.names(plan, care, step, answers)
        pains = [look_up(one.id) for one in step.questions if one.kind == "scale"]
        weighed = rules.weigh(self.content, step, look_up)
        is_sign = any(rule.alert or rule.note or rule.task for rule in weighed.rules)
        return not is_sign and all(not isinstance(pain, int) or pain <= FEW for pain in pains)

    def leaves(self, care: Care) -> Turn:
        """The patient takes leave: the plan ends."""
        open_ = replace(care.open, asked=None, ticked=()) if care.open is not None else None
        closed = ALL_FINE_TAPPED if open_ is not None else None
        change = CareChange(care.enrolment_id, open_, closed=closed, state=PlanState.ENDED, reason=ENDED_DONE)
        parts = self._with_phone([self.asking.own(self.content.check_ins.goodbye)])
        return Turn(change, (self.asking.say(care, *parts),))

    def _ending(self, care: Care, step: Step, change: CareChange) -> CareChange:
        """With the end of the plan, where this was its last check-in or nothing is left to ask about."""
        plan = self.content.plans[care.plan_id]
        assert change.open is not None
        if step.id not in plan.by_id:
            return change
        after = replace(care, open=None, answers={**care.answers, step.id: change.open.answers})
        is_done = plan.done_if is not None and condition(plan.done_if).holds(rules.names(plan, after, None, {}))
        if is_done or rules.is_last(plan, care, step):
            return replace(change, state=PlanState.ENDED, reason=ENDED_DONE)
        return change

    def _advice(self, care: Care, step: Step, holding: tuple[Rule, ...], now: datetime) -> list[str]:
        """What the rules say, in the order of the file, and the step's own advice."""
        said = [rule.say for rule in holding if rule.say]
        if not any(rule.instead for rule in holding):
            said.append(step.advice)
        return [self.asking.text(care, text, now) for text in dict.fromkeys(said)]

    def _with_phone(self, parts: list[str]) -> list[str]:
        """Nobody is left without knowing whom to ring."""
        phone = self.asking.own("{clinic_phone}")
        if any(phone in part for part in parts):
            return parts
        return [*parts, self.asking.own(self.content.check_ins.when_to_ring)]

    def notes(self, holding: tuple[Rule, ...]) -> tuple[Note, ...]:
        """What staff should know, or do."""
        replies = self.content.check_ins
        texts = {
            NoteKind.CALL: replies.note_call,
            NoteKind.BOOKING: replies.note_booking,
            NoteKind.VISIT: replies.note_visit,
        }
        return rules.notes(holding, texts)

    def saved_notes(self, care: Care, step: Step | None) -> tuple[Note, ...]:
        """What staff should know of a check-in that was answered in part, and is answered no further."""
        if care.open is None or step is None or not care.open.answers:
            return ()
        look_up = rules.names(self.content.plans[care.plan_id], care, step, care.open.answers)
        return self.notes(tuple(one for one in rules.weigh(self.content, step, look_up).rules if not one.alert))

    def silenced(self, care: Care, step: Step | None) -> CareChange:
        """No reply: what was answered counts for notes, and staff ring those who need it."""
        plan, replies = self.content.plans[care.plan_id], self.content.check_ins
        notes = self.saved_notes(care, step)
        needs_call = condition(plan.no_reply.call_if).holds(rules.names(plan, care, None, {}))
        if care.careful or needs_call:
            notes = (*notes, Note(NoteKind.CALL, replies.note_no_reply))
        open_ = replace(care.open, asked=None, ticked=()) if care.open is not None else None
        closed = NO_REPLY if open_ is not None else None
        return CareChange(care.enrolment_id, open_, closed=closed, answered=False, notes=notes)


def _has_waited(step: Step, before: Answers, answers: Answers, look_before: Lookup) -> bool:
    """Whether the newest answer is one that was waited for, all others having been given before."""
    new: list[Question] = [step.by_id[name] for name in answers if name not in before and name in step.by_id]
    is_late = bool(new) and all(question.later is not None for question in new)
    return is_late and rules.next_question(step, before, look_before) is None
