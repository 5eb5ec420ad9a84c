"""A whole care plan as one patient would get it: when, in which words, and what follows from given answers.

Values in, values out; the command line and staff show the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from bot.care import Care, PlanState, Value
from bot.content.plan import Plan, Rule, Step
from bot.content.schema import Content
from bot.core.care.asking import Asking
from bot.core.care.planning import LEFT_OUT, MOVED, PlannedStep, plan_steps
from bot.core.care.rehearsing import Played, Rehearsal, Shown, is_over, read_answer
from bot.errors import AftercareError
from bot.markup import escape, plain
from bot.model import PatientId

CODE = "P-0000"
"""Of the patient that there is not."""
Answers = Mapping[str, Mapping[str, Value]]
"""By step, then by question."""


class NoPreview(AftercareError):
    """Something was asked for that the content does not have; the sentence says what it has."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom the plan is shown for."""

    area: str = ""
    """Empty: the first of the plan; so is `side`."""
    side: str = ""
    careful: bool = False
    is_child: bool = False
    facts: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class PreviewStep:
    """One check-in. `at` is aware UTC; None: it is left out, and `why` says so."""

    step: Step
    at: datetime | None
    until: datetime | None
    why: str
    played: Played | None = None
    """None: nothing is sent."""
    is_answered: bool = False
    """Played with answers; otherwise everything it may ask is shown."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan from beginning to end. Times are aware UTC."""

    plan: Plan
    zone: ZoneInfo
    treated_at: datetime
    visit_at: datetime | None
    patient: Patient
    today: str
    """Advice for the day of the treatment, in Telegram's HTML."""
    steps: tuple[PreviewStep, ...]
    """By time, then those that are left out."""


def preview(
    content: Content,
    plan_id: str | None,
    zone: ZoneInfo,
    treated_at: datetime,
    visit_at: datetime | None = None,
    patient: Patient | None = None,
    answers: Answers | None = None,
    joined_at: datetime | None = None,
) -> Preview:
    """The plan for a treatment at this time, of a patient in `zone`. `joined_at`: when they agreed, if later.

    `plan_id` None: the clinic's first. `answers`: their check-ins are gone through with them, the others shown whole.
    Raises NoPreview.
    """
    plan = _plan(content, plan_id)
    patient = _known(plan, patient or Patient())
    steps = plan_steps(plan, content.clinic, zone, treated_at, joined_at or treated_at, visit_at)
    care = _care(plan, patient, zone, treated_at, visit_at)
    played = _played(content, plan, care, steps, answers or {})
    today = Asking(content).text(care, plan.today, treated_at)
    shown = sorted(played, key=lambda one: (one.at is None, one.at or treated_at))
    return Preview(plan, zone, treated_at, visit_at, patient, today, tuple(shown))


def read_answers(content: Content, plan_id: str | None, given: list[str]) -> Answers:
    """Answers written as `first_hours.pain=8` or `first_hours.signs=numb,weak`. Raises NoPreview."""
    plan = _plan(content, plan_id)
    answers: dict[str, dict[str, Value]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        step_id, dot, question_id = name.strip().partition(".")
        if not (equals and dot):
            raise NoPreview(f"“{text}” is no answer. Write it as first_hours.pain=8: check-in, question, answer.")
        step = plan.by_id.get(step_id)
        if step is None:
            raise NoPreview(f"There is no check-in called {step_id}. There are {', '.join(plan.by_id)}.")
        question = step.by_id.get(question_id)
        if question is None:
            raise NoPreview(f"{step_id} does not ask {question_id}. It asks {', '.join(step.by_id)}.")
        try:
            answers.setdefault(step_id, {})[question_id] = read_answer(question, value.strip())
        except ValueError as error:
            raise NoPreview(f"{name.strip()} {error}.") from error
    return answers


def _plan(content: Content, plan_id: str | None) -> Plan:
    if not content.plans:
        raise NoPreview("There is no care plan. Put one into check_ins/ beside the questions and answers.")
    plan = content.plans.get(plan_id) if plan_id is not None else next(iter(content.plans.values()))
    if plan is None:
        raise NoPreview(f"There is no care plan called {plan_id}. There is {', '.join(content.plans)}.")
    return plan


def _known(plan: Plan, patient: Patient) -> Patient:
    """The patient with the first area and side where none is given; a risk makes careful."""
    area = patient.area or plan.areas[0].id
    side = patient.side or plan.sides[0].id
    for what, chosen, options in (("area", area, plan.areas), ("side", side, plan.sides)):
        if chosen not in (known := [option.id for option in options]):
            raise NoPreview(f"There is no {what} called {chosen}. There are {', '.join(known)}.")
    risks = [one.id for one in plan.careful]
    if unknown := [name for name, value in patient.facts.items() if value is True and name not in risks]:
        raise NoPreview(f"There is no risk called {unknown[0]}. There are {', '.join(risks)}.")
    is_careful = patient.careful or any(value is True for value in patient.facts.values())
    return replace(patient, area=area, side=side, careful=is_careful)


def _care(plan: Plan, patient: Patient, zone: ZoneInfo, treated_at: datetime, visit_at: datetime | None) -> Care:
    return Care(
        enrolment_id=1,
        patient_id=PatientId(1),
        code=CODE,
        label=None,
        plan_id=plan.id,
        state=PlanState.OPEN,
        treated_at=treated_at,
        zone=zone.key,
        area=patient.area,
        side=patient.side,
        careful=patient.careful,
        is_child=patient.is_child,
        facts={one.id: False for one in plan.careful} | dict(patient.facts),
        visit_at=visit_at,
    )


def _played(
    content: Content, plan: Plan, care: Care, steps: tuple[PlannedStep, ...], answers: Answers
) -> list[PreviewStep]:
    """Each step by time, with what the ones before it led to: an alert pauses the plan, some answers end it."""
    rehearsal, found, over = Rehearsal(content), [], ""
    waiting = {one.step_id: one for one in steps}
    while waiting:
        one = min(waiting.values(), key=lambda one: (one.at is None, one.at or care.treated_at))
        del waiting[one.step_id]
        step = plan.by_id[one.step_id]
        if one.at is None or over:
            found.append(PreviewStep(step, None, one.until, f"{LEFT_OUT}{over}" if one.at is not None else one.why))
            continue
        carried = plan.by_id.get(step.carries or "")
        is_sent = carried is not None and any(other.step is carried and other.at is not None for other in found)
        opening = carried.advice if carried is not None and not is_sent else ""
        care = replace(care, open=None, visit_seen_at=one.at)
        if step.id in answers:
            played = rehearsal.answered(care, step, one.at, opening, answers[step.id])
        else:
            played = rehearsal.everything(care, step, one.at, opening)
        found.append(PreviewStep(step, one.at, one.until, one.why, played, step.id in answers))
        care = played.care
        over = "an alert pauses the plan" if played.is_pressing else "the plan ended" if is_over(care) else ""
        for step_id, at in played.earlier.items():
            if step_id in waiting and waiting[step_id].at is not None:
                waiting[step_id] = replace(waiting[step_id], at=at, why=f"{MOVED}earlier by an answer")
    return found


# --- shown -----------------------------------------------------------------------------------------------------------


def as_text(shown: Preview, *, branches: bool = False) -> str:
    """For people, in Telegram's HTML; longer than one message (`markup.split`). `branches`: every rule as well."""
    visit = f", next visit {_clock(shown.visit_at, shown.zone)}" if shown.visit_at is not None else ""
    head = (
        f"<b>{escape(shown.plan.title)}</b>\nTreated {_clock(shown.treated_at, shown.zone)} ({shown.zone.key}){visit}"
    )
    patient = shown.patient
    kinds = [*(["careful"] if patient.careful else []), *(["child"] if patient.is_child else [])]
    who = ", ".join([f"{patient.area} {patient.side}", *kinds])
    parts = [f"{head}\n{escape(who)}", f"<b>On agreeing</b>\n{shown.today}"]
    parts += [_step_as_text(step, shown.zone, branches) for step in shown.steps]
    return "\n\n".join(parts)


def _step_as_text(one: PreviewStep, zone: ZoneInfo, branches: bool) -> str:
    when = _clock(one.at, zone) if one.at is not None else "–"
    lines = [f"<b>{escape(one.step.code)} {escape(one.step.title)}</b>\n{when} · {escape(one.why)}"]
    if one.played is not None:
        lines += [_message_as_text(message) for message in one.played.messages]
        lines += [f"ALERT {escape(flag.id)} ({flag.level})" for flag in one.played.alerts]
        lines += [f"For staff ({note.kind}): {escape(note.text)}" for note in one.played.notes]
        if branches:
            lines += [_rule_as_text(rule) for rule in one.step.rules]
    return "\n\n".join(lines)


def _message_as_text(message: Shown) -> str:
    if message.by_patient:
        return f"→ <i>{escape(message.text)}</i>{' (assumed)' if message.is_assumed else ''}"
    later = f"{_length(message)} later" if message.later is not None else ""
    asked = ", ".join(filter(None, (later, f"if {message.only_if}" if message.only_if else "")))
    rows = [" ".join(f"[{button.label}]" for button in row) for row in message.buttons]
    return "\n".join([*([f"<i>{escape(asked)}:</i>"] if asked else []), message.text, *map(escape, rows)])


def _length(message: Shown) -> str:
    assert message.later is not None
    minutes, seconds = divmod(round(message.later.total_seconds()), 60)
    return f"{minutes} min" if not seconds else f"{minutes * 60 + seconds} s"


def _rule_as_text(rule: Rule) -> str:
    alert = f"ALERT {rule.alert}{f' ({rule.level})' if rule.level else ''}" if rule.alert else ""
    note = f"for staff: {rule.note}" if rule.note else ""
    task = f"task: {rule.task}" if rule.task else ""
    earlier = f"next check-in at {rule.earlier:%H:%M}" if rule.earlier else ""
    then = escape("; ".join(filter(None, (alert, note, task, earlier))))
    return "\n".join(filter(None, (f"<i>if {escape(rule.when)}:</i>", then, rule.say)))


def _clock(at: datetime, zone: ZoneInfo) -> str:
    """`Sun 2026-03-29 09:30`, in no language of the machine's."""
    local = at.astimezone(zone)
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def as_json(shown: Preview) -> dict[str, Any]:
    """For programs: times as ISO 8601 with the patient's offset, texts without markup."""

    def when(at: datetime | None) -> str | None:
        return at.astimezone(shown.zone).isoformat() if at is not None else None

    return {
        "plan": shown.plan.id,
        "title": shown.plan.title,
        "zone": shown.zone.key,
        "treated_at": when(shown.treated_at),
        "visit_at": when(shown.visit_at),
        "area": shown.patient.area,
        "side": shown.patient.side,
        "careful": shown.patient.careful,
        "child": shown.patient.is_child,
        "today": plain(shown.today),
        "steps": [
            {
                "id": one.step.id,
                "code": one.step.code,
                "title": one.step.title,
                "at": when(one.at),
                "until": when(one.until),
                "why": one.why,
                "answered": one.is_answered,
                **_played_as_json(one.played),
            }
            for one in shown.steps
        ],
    }


def _played_as_json(played: Played | None) -> dict[str, Any]:
    if played is None:
        return {"messages": [], "alerts": [], "notes": []}
    return {
        "messages": [
            {
                "from": "patient" if message.by_patient else "bot",
                "assumed": message.is_assumed,
                "text": message.text if message.by_patient else plain(message.text),
                "buttons": [[button.label for button in row] for row in message.buttons],
                "only_if": message.only_if or None,
                "later_s": message.later.total_seconds() if message.later is not None else None,
            }
            for message in played.messages
        ],
        "alerts": [{"id": flag.id, "level": flag.level} for flag in played.alerts],
        "notes": [{"kind": note.kind, "text": note.text} for note in played.notes],
    }
