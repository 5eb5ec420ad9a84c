"""What may be wrong with a care plan that has the right shape: names nobody answers, times that miss, texts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta

from bot.content import lint_asking, lint_faq, lint_text
from bot.content.conditions import parse_condition
from bot.content.lint_faq import Finding
from bot.content.load import Sources
from bot.content.parts import TimeRange
from bot.content.plan import PLAN_PLACEHOLDERS, VISIT_PLACEHOLDERS, Moment, Option, Plan, Question, Rule, Step
from bot.content.schema import Clinic, Content
from bot.content.yaml_reader import Document, Place
from bot.errors import MarkupError
from bot.markup import parse
from bot.model import Level

MAX_QUESTION = 300
"""Rendered characters: a question is read at a glance."""
BASELINE = "baseline"
FACTS = frozenset({"careful", "area", "side", "visit", BASELINE})
"""What is known of every patient, besides the careful facts of the plan."""
MAX_PAIN = 10
_USES = {"choice": {"is"}, "several": {"has"}, "scale": {"number"}, "text": set[str]()}
_SAID = {"is": "'is'", "has": "'has'", "number": "a number"}


def check_plans(content: Content, sources: Sources) -> Iterator[Finding]:
    """Everything wrong or doubtful in the care plans."""
    for plan_id, document in sources.plans.items():
        yield from _Checking(content.plans[plan_id], content, document).all()


@dataclass(frozen=True)
class _Checking:
    plan: Plan
    content: Content
    document: Document

    @property
    def clinic(self) -> Clinic:
        return self.content.clinic

    def all(self) -> Iterator[Finding]:
        plan = self.plan
        for key in ("areas", "sides", "careful", "steps"):
            yield from self._twice((key,), [part.id for part in getattr(plan, key)])
        for key, options in (("areas", plan.areas), ("sides", plan.sides)):
            yield from self._labels((key,), options)
        for index, fact in enumerate(plan.careful):
            if fact.id in FACTS:
                yield self._error(("careful", index, "id"), f"'{fact.id}' is a fact already; give it another id")
            yield from self._label(("careful", index, "label"), fact.label)
        for fact_id in plan.mentions.keys() - {fact.id for fact in plan.careful}:
            yield self._error(("mentions",), f"'{fact_id}' is no id under careful")
        for pain, counts in plan.careful_pain.items():
            if not 0 <= pain < counts <= MAX_PAIN:
                text = f"{pain} cannot count as {counts}: pains are from 0 to 10, and it may only count as more"
                yield self._error(("careful_pain",), text)
        for place, text in ((("today",), plan.today), (("footer",), plan.footer)):
            yield from self._text(place, text)
        yield from self._text(("no_reply", "remind"), plan.no_reply.remind)
        yield from self._condition(("no_reply", "call_if"), plan.no_reply.call_if, None)
        if plan.done_if is not None:
            yield from self._condition(("done_if",), plan.done_if, None)
        for index, step in enumerate(plan.steps):
            yield from self._step(("steps", index), step)
        yield from lint_faq.signature(self.document, (), plan)

    # --- a check-in ---------------------------------------------------------------------------------------------------

    def _step(self, place: Place, step: Step) -> Iterator[Finding]:
        yield from self._twice((*place, "questions"), [question.id for question in step.questions])
        yield from self._times(place, step)
        earlier = [one.id for one in self._before(step)]
        if step.carries is not None and step.carries not in earlier:
            yield self._error((*place, "carries"), f"'{step.carries}' is no earlier check-in")
        for key in ("hello", "child_hello", "advice"):
            if (text := getattr(step, key)) is not None:
                yield from self._text((*place, key), text, step)
        for index, question in enumerate(step.questions):
            yield from self._question((*place, "questions", index), step, question)
        usual = {flag.id: flag.level for flag in self.content.red_flags}
        for index, said in lint_asking.check_order(self.plan, step, usual):
            yield Finding.warning(self.document, (*place, "questions", index, "id"), said)
        for index, rule in enumerate(step.rules):
            yield from self._rule((*place, "rules", index), step, rule)
        used = {name for text in self._conditions() for name in parse_condition(text).names}
        for index, question in enumerate(step.questions):
            is_used = question.id in used or f"{step.id}.{question.id}" in used
            if question.kind in {"scale", "choice"} and not is_used:
                text = f"nothing follows from the answer to '{question.id}'; write a rule for it"
                yield Finding.warning(self.document, (*place, "questions", index, "id"), text)

    def _conditions(self) -> Iterator[str]:
        """All of the plan: answers may be used in later check-ins too."""
        yield self.plan.no_reply.call_if
        if self.plan.done_if is not None:
            yield self.plan.done_if
        for other in self.plan.steps:
            yield from (rule.when for rule in other.rules)
            yield from (question.when for question in other.questions if question.when is not None)

    def _times(self, place: Place, step: Step) -> Iterator[Finding]:
        if step.at.before_visit is not None and step.needs != "visit":
            yield self._error((*place, "at"), "a time before the visit needs 'needs: visit'")
        order = _order(step.at), _order(step.latest)
        if (step.at.before_visit is None) != (step.latest.before_visit is None):
            yield self._error((*place, "latest"), "'at' and 'latest' must both be counted from the treatment or visit")
        elif order[0] >= order[1]:
            yield self._error((*place, "latest"), "'latest' is not after 'at', so it would never go out")
        if (step.at_least is None) != (step.instead_at is None):
            given = "instead_at" if step.at_least is None else "at_least"
            yield self._error((*place, given), "'at_least' and 'instead_at' belong together")
        for key, clock in (("at", step.at.clock), ("instead_at", step.instead_at)):
            if clock is not None and step.window is not None and not _is_inside(clock, step.window):
                yield self._error((*place, key), f"{clock:%H:%M} is outside the window")

    def _question(self, place: Place, step: Step, question: Question) -> Iterator[Finding]:
        if question.id in FACTS or question.id in {fact.id for fact in self.plan.careful}:
            yield self._error((*place, "id"), f"'{question.id}' is a fact about the patient; give it another id")
        for key in ("ask", "child"):
            if (text := getattr(question, key)) is None:
                continue
            yield from self._text((*place, key), text, step)
            length = _length(text, self.clinic, _extra(step))
            if length > MAX_QUESTION:
                yield self._error((*place, key), f"is {length} letters long; a question has at most {MAX_QUESTION}")
        yield from self._twice((*place, "options"), [option.id for option in question.options])
        yield from self._labels((*place, "options"), question.options)
        for inner, said in lint_asking.check_said(question):
            yield self._error((*place, *inner), said)
        if question.when is not None:
            yield from self._condition((*place, "when"), question.when, step)
            if question.id in parse_condition(question.when).names:
                yield self._error((*place, "when"), f"'{question.id}' waits for its own answer")

    def _rule(self, place: Place, step: Step, rule: Rule) -> Iterator[Finding]:
        yield from self._condition((*place, "when"), rule.when, step)
        flags = {flag.id: flag.level for flag in self.content.red_flags}
        if rule.alert is not None and rule.alert not in flags:
            yield self._error((*place, "alert"), f"there is no sign of danger '{rule.alert}'")
        if rule.level is not None and rule.alert is None:
            yield self._error((*place, "level"), "a level belongs to an alert")
        least = flags.get(rule.alert or "", Level.ADVISE)
        if rule.level is not None and rule.level.rank < least.rank:
            yield self._error((*place, "level"), f"'{rule.alert}' may not be less than {least}")
        if rule.say is not None:
            yield from self._text((*place, "say"), rule.say, step)
            if rule.alert is not None:
                text = "an alert ends the check-in with the text of its sign; this one is not said"
                yield Finding.warning(self.document, (*place, "say"), text)
        if not (rule.alert or rule.say or rule.note or rule.task or rule.earlier or rule.instead):
            yield self._error(place, "nothing follows from this rule; give it alert, say, note, task or earlier")
        if rule.earlier is not None and step is self.plan.steps[-1]:
            yield self._error((*place, "earlier"), "there is no check-in after this one")

    # --- conditions ---------------------------------------------------------------------------------------------------

    def _condition(self, place: Place, text: str, step: Step | None) -> Iterator[Finding]:
        """Names and options that are not there. `step` None: a condition of the whole plan."""
        condition = parse_condition(text)
        for name in sorted(condition.names):
            if (said := self._unknown(name, step)) is not None:
                yield self._error(place, said)
        for name, option in condition.options:
            known = self._options(name, step)
            if known is not None and option not in known:
                yield self._error(place, f"'{name}' has no answer '{option}'; there are {', '.join(sorted(known))}")
        for name, use in dict.fromkeys(condition.uses):
            questions = self._questions(name, step)
            if questions and all(use not in _USES[question.kind] for question in questions):
                text = f"'{name}' is a {questions[0].kind} question and cannot be compared with {_SAID[use]}"
                yield self._error(place, text)

    def _unknown(self, name: str, step: Step | None) -> str | None:
        if self._questions(name, step):
            return None
        where, dot, _ = name.partition(".")
        if not dot:
            if name in FACTS or name in {fact.id for fact in self.plan.careful}:
                return None
            return f"'{name}' is neither a question of this {'check-in' if step else 'plan'} nor a fact"
        if step is not None and where in self.plan.by_id and where not in {one.id for one in self._before(step)}:
            return f"'{name}' is not of an earlier check-in"
        return f"'{name}' is no question of an earlier check-in"

    def _questions(self, name: str, step: Step | None) -> list[Question]:
        """The questions a name may mean; none for a fact and for what is not there."""
        where, dot, question_id = name.partition(".")
        if dot:
            among = [one for one in self._before(step) if one.id == where]
        else:
            question_id, among = name, [step] if step is not None else list(self.plan.steps)
        return [one.by_id[question_id] for one in among if question_id in one.by_id]

    def _options(self, name: str, step: Step | None) -> frozenset[str] | None:
        """The options a name may be compared with; None where there is nothing to say about them."""
        if questions := self._questions(name, step):
            return frozenset(option.id for question in questions for option in question.options)
        facts = {"area": self.plan.areas, "side": self.plan.sides}
        return frozenset(option.id for option in facts[name]) if name in facts else None

    def _before(self, step: Step | None) -> Sequence[Step]:
        steps = self.plan.steps
        return steps[: next((at for at, one in enumerate(steps) if one is step), 0)] if step is not None else steps

    # --- small things -------------------------------------------------------------------------------------------------

    def _text(self, place: Place, text: str, step: Step | None = None) -> Iterator[Finding]:
        for said in lint_text.check_text(text, self.clinic, _extra(step)):
            yield self._error(place, f"'{place[-1]}' {said}")

    def _labels(self, place: Place, options: Sequence[Option]) -> Iterator[Finding]:
        for index, option in enumerate(options):
            yield from self._label((*place, index, "label"), option.label)

    def _label(self, place: Place, label: str) -> Iterator[Finding]:
        if len(label) > lint_text.MAX_LABEL:
            yield self._error(place, f"'{label}' is {len(label)} letters long; {lint_text.MAX_LABEL} fit a button")

    def _twice(self, place: Place, ids: Sequence[str]) -> Iterator[Finding]:
        counts: Mapping[str, int] = Counter(ids)
        seen: set[str] = set()
        for index, id_ in enumerate(ids):
            if counts[id_] > 1 and id_ in seen:
                yield self._error((*place, index, "id"), f"'{id_}' is here twice")
            seen.add(id_)

    def _error(self, place: Place, text: str) -> Finding:
        return Finding.error(self.document, place, text)


def _extra(step: Step | None) -> frozenset[str]:
    return PLAN_PLACEHOLDERS | (VISIT_PLACEHOLDERS if step is not None and step.needs == "visit" else frozenset())


def _length(text: str, clinic: Clinic, extra: frozenset[str]) -> int:
    try:
        return len(parse(lint_text.fill(text, clinic, extra)).text)
    except MarkupError:
        return 0  # said already


def _order(moment: Moment) -> timedelta:
    """For comparing two moments: from the treatment, taken to be at midnight, or from the visit backwards."""
    if moment.before_visit is not None:
        return -moment.before_visit
    if moment.after is not None:
        return moment.after
    clock = moment.clock
    return timedelta(days=moment.day or 0, hours=clock.hour if clock else 0, minutes=clock.minute if clock else 0)


def _is_inside(clock: time, window: TimeRange) -> bool:
    if window.start <= window.end:
        return window.start <= clock < window.end
    return clock >= window.start or clock < window.end
