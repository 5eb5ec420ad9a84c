"""What the answers of a check-in lead to: names behind conditions, alerts, notes, the next question. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.care import Care, Note, NoteKind, Value, number_of
from bot.content.conditions import Lookup
from bot.content.plan import Plan, Question, Rule, Step, condition
from bot.content.schema import Content
from bot.core.hours import wall_clock
from bot.model import Level

Answers = Mapping[str, Value]

VISIT_IS_FRESH = timedelta(hours=24)
"""A visit's time is told to the patient only where it was imported so lately."""
CONTRADICTS = 8
"""From this pain on "fine" in the same check-in is asked about (content/check_ins.md, "Contradiction")."""
_TASKS = {"call": NoteKind.CALL, "booking": NoteKind.BOOKING, "visit": NoteKind.VISIT}


@dataclass(frozen=True, slots=True)
class Weighed:
    """The rules of a check-in that hold for some answers."""

    rules: tuple[Rule, ...]
    """In the order of the file."""
    alerts: Mapping[str, Level]
    """Red flag → the highest level that a rule gives it."""

    @property
    def is_pressing(self) -> bool:
        """Whether somebody has to act today."""
        return any(level.is_pressing for level in self.alerts.values())

    def news(self, before: "Weighed") -> dict[str, Level]:
        """Alerts that were not there before, or were less pressing."""
        return {
            flag_id: level
            for flag_id, level in self.alerts.items()
            if flag_id not in before.alerts or before.alerts[flag_id].rank < level.rank
        }


def names(plan: Plan, care: Care, step: Step | None, answers: Answers) -> Lookup:
    """The values that conditions weigh: answers of this check-in, of others ("next_morning.pain"), facts.

    Without a step, as for a condition of the whole plan, a bare name is the newest answer to a question of that name.
    """

    def look_up(name: str) -> Value | None:
        where, dot, question_id = name.partition(".")
        if dot:
            of_step = plan.by_id.get(where)
            known = answers if step is not None and where == step.id else care.answers.get(where, {})
            return _counts_as(plan, care, of_step, question_id, known.get(question_id))
        if step is not None and name in step.by_id:
            return _counts_as(plan, care, step, name, answers.get(name))
        newest = _newest(plan, care, name) if step is None else None
        return newest if newest is not None else fact(care, name)

    return look_up


def fact(care: Care, name: str) -> Value | None:
    """What is known of the patient under this name."""
    match name:
        case "careful":
            return care.careful
        case "area":
            return care.area
        case "side":
            return care.side
        case "visit":
            return care.visit_at is not None
        case _:
            return care.facts.get(name)


def is_visit_fresh(care: Care, now: datetime) -> bool:
    """Whether the time of the next visit may be told to the patient."""
    return care.visit_at is not None and care.visit_seen_at is not None and now - care.visit_seen_at <= VISIT_IS_FRESH


def _newest(plan: Plan, care: Care, name: str) -> Value | None:
    known: list[tuple[Step, Answers]] = []
    if care.open is not None and (of_open := plan.by_id.get(care.open.step_id)) is not None:
        known.append((of_open, care.open.answers))
    known += [(step, care.answers[step.id]) for step in reversed(plan.steps) if step.id in care.answers]
    return next((_counts_as(plan, care, step, name, of[name]) for step, of in known if name in of), None)


def _counts_as(plan: Plan, care: Care, step: Step | None, question_id: str, value: Value | None) -> Value | None:
    """In a careful patient some pains count as higher ones."""
    if not care.careful or step is None or isinstance(value, bool) or not isinstance(value, int):
        return value
    question = step.by_id.get(question_id)
    is_scale = question is not None and question.kind == "scale"
    return plan.careful_pain.get(value, value) if is_scale else value


def weigh(content: Content, step: Step, look_up: Lookup) -> Weighed:
    """The rules that hold."""
    rules = tuple(rule for rule in step.rules if condition(rule.when).holds(look_up))
    usual = {flag.id: flag.level for flag in content.red_flags}
    alerts: dict[str, Level] = {}
    for rule in rules:
        if rule.alert is None:
            continue
        level = rule.level or usual.get(rule.alert, Level.URGENT)
        if rule.alert not in alerts or alerts[rule.alert].rank < level.rank:
            alerts[rule.alert] = level
    return Weighed(rules, alerts)


# --- questions -------------------------------------------------------------------------------------------------------


def applies(question: Question, look_up: Lookup) -> bool:
    """Whether a question is asked, for what is known."""
    return question.when is None or condition(question.when).holds(look_up)


def next_question(step: Step, answers: Answers, look_up: Lookup) -> Question | None:
    """The first question in order that waits for an answer; those put off come by their timers."""
    open_ones = (one for one in step.questions if one.id not in answers and one.later is None)
    return next((question for question in open_ones if applies(question, look_up)), None)


def put_off(step: Step, answers: Answers, look_up: Lookup) -> tuple[Question, ...]:
    """Questions without an answer that are asked so much later."""
    late = (one for one in step.questions if one.id not in answers and one.later is not None)
    return tuple(question for question in late if applies(question, look_up))


def may_raise(content: Content, step: Step, answers: Answers, look_up: Lookup, level: Level) -> Question | None:
    """The next question whose answer may lead to an alert that is worse than `level`: danger is followed up even where
    staff were alerted already ("One calf swollen": "Any chest pain?")."""
    usual = {flag.id: flag.level for flag in content.red_flags}
    worse = {
        name
        for rule in step.rules
        if rule.alert is not None and (rule.level or usual.get(rule.alert, level)).rank > level.rank
        for name in condition(rule.when).names
    }
    follow_ups = (one for one in step.questions if one.when is not None and one.later is None and one.id in worse)
    return next((one for one in follow_ups if one.id not in answers and applies(one, look_up)), None)


def deciding(content: Content, step: Step, question_id: str) -> tuple[str, ...]:
    """Red flags that somebody has to act on whose alerts hang on the answer to this question, or to one that follows
    from it ("Soaking through?" "Still bleeding?"); the least pressing first, then in the order of the file."""
    levels = step.hanging_on(question_id, {flag.id: flag.level for flag in content.red_flags})
    return tuple(sorted(levels, key=lambda flag_id: levels[flag_id].rank))


def is_decisive(content: Content, step: Step, question: Question) -> bool:
    """Whether an answer of this check-in led to the question, and it decides whether somebody has to act.

    One that is asked because of a fact ("diabetes") or an earlier check-in asks about nothing that was told just now:
    whoever leaves it open is no worse off than before.
    """
    return bool(reported(step, question)) and bool(deciding(content, step, question.id))


def reported(step: Step, question: Question) -> tuple[Question, ...]:
    """The questions of the same check-in whose answers led to this one, in the order of the file."""
    own = step.own_names(question.when) if question.when is not None else frozenset[str]()
    return tuple(one for one in step.questions if one.id in own)


def contradiction(step: Step, answers: Answers) -> Question | None:
    """The number that does not go with the good answer given beside it: "fine", and a pain of 9.

    Questions that hang on facts count ("first steps", of a heel); those that hang on other answers do not.
    """
    main = [one for one in step.questions if not reported(step, one)]
    is_good = any(
        one.kind == "choice" and one.options[0].id not in {"yes", "no"} and answers.get(one.id) == one.options[0].id
        for one in main
    )
    scales = (one for one in main if one.kind == "scale") if is_good else ()
    return next((one for one in scales if (number_of(answers.get(one.id)) or 0) >= CONTRADICTS), None)


# --- what follows ----------------------------------------------------------------------------------------------------


def notes(rules: Sequence[Rule], texts: Mapping[NoteKind, str]) -> tuple[Note, ...]:
    """For staff, in the order of the file. `texts`: what a task without words of its own says."""
    found = []
    for rule in rules:
        if rule.note is None and rule.task is None:
            continue
        kind = _TASKS[rule.task] if rule.task is not None else NoteKind.NOTE
        found.append(Note(kind, rule.note or texts[kind]))
    return tuple(dict.fromkeys(found))


def earlier(plan: Plan, care: Care, step: Step, rules: Sequence[Rule]) -> tuple[tuple[str, datetime], ...]:
    """The next check-in, where a rule wants it at another time of its day (aware UTC)."""
    times = [rule.earlier for rule in rules if rule.earlier is not None]
    following = plan.steps[plan.steps.index(step) + 1 :] if step in plan.steps else ()
    if not times or not following:
        return ()
    zone, then = ZoneInfo(care.zone), following[0].at
    if then.after is not None:
        day = (care.treated_at + then.after).astimezone(zone).date()
    elif then.day is not None:
        day = care.treated_at.astimezone(zone).date() + timedelta(days=then.day)
    else:
        return ()
    return ((following[0].id, wall_clock(day, min(times), zone)),)


def is_last(plan: Plan, care: Care, step: Step) -> bool:
    """Whether no other check-in of the plan is to come after this one."""
    if step not in plan.steps:
        return False
    needs = "visit" if care.visit_at is not None else "no_visit"
    following = plan.steps[plan.steps.index(step) + 1 :]
    return not any(later.needs is None or later.needs == needs for later in following)
