"""Joining a care plan on the patient's own phone: its questions as a step, and what the answers make of the plan. Pure.

The step is built from the clinic's sentences and run by the engine of the check-ins. A name and a phone number go to
the contact details at once (`services/enrolment_patients.py`); among the answers only `TYPED` stays of them.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.care import BASELINE, JOINING, Care, CareChange, Note, NoteKind, OpenCheckIn, PlanState, Value
from bot.care import CAREFUL as IS_CAREFUL
from bot.content.plan import Careful, Moment, Option, Plan, Question, Rule, Step
from bot.content.schema import Content
from bot.content.sentences import EnrolmentReplies
from bot.core.care.asking import ACTION, Asking
from bot.core.care.following import Following, Turn
from bot.core.care.hearing import Heard
from bot.core.care.taking import Taking
from bot.core.outcome import Occasion, Outcome, Say, State
from bot.core.replies import render, time_in_words
from bot.core.text import normalise
from bot.markup import plain
from bot.model import Keys, PressIn

NAME, OTHER, AREA, AGREE, CAREFUL, PHONE = "name", "other", "area_right", "agree", "careful_of", "phone"
"""Ids of the questions, beside `BASELINE`."""
KNOWN, TYPED = "known", "typed_here"
"""Stand for an answer that was known before, and for one that was given on this phone and is kept elsewhere."""
YES, NO, NOT_NOW, YOUNG = "yes", "no", "not_now", "young"
NONE, NOT_SURE, NOT_ME = "none", "not_sure", "not_me"
BY_STAFF = "careful_by_staff"
"""The fact: staff asked for care and said nothing more."""
ENDED_NOT_NOW, ENDED_YOUNG, ENDED_NOT_ME = "not now", "under age", "not me"
"""Why a plan ended before it began."""
UNFINISHED_AFTER = timedelta(hours=48)
"""Without an answer for so long, joining is over."""
ADVICE_AFTER = timedelta(minutes=30)
"""After the time of a treatment that was still to come on agreeing: most take no longer (clinical judgement)."""

_NAME_MAX = 40
_NAME = re.compile(r"[^\W\d_][^\W\d_]*(?:[ '’.-]+[^\W\d_]+){0,3}\.?")
_PHONE = re.compile(r"\+?[\d\s().\-/]{6,24}")
_DIGITS = (6, 15)
"""Of a phone number: from a short local one to the longest there is (E.164)."""
_AROUND_NAME = re.compile(r"(?i)^(?:(?:hi|hello|hey)[,! ]+)?(?:my name is|i am|i'm|i’m|it is|it's|it’s|call me)\s+")
_AROUND_PHONE = re.compile(r"(?i)^(?:(?:my )?(?:number|phone|mobile)(?: number)? is|it is|it's|it’s)\s*:?\s*")
_UNDER = re.compile(r"under_(\d{1,2})")


# --- the step --------------------------------------------------------------------------------------------------------


def joining_step(content: Content, care: Care) -> Step:
    """What a patient is asked on joining, in the words for this patient or for the parent of this child."""
    texts = content.enrolment
    return Step(
        id=JOINING,
        code=texts.staff_step,
        title=texts.staff_step,
        at=Moment(),
        latest=Moment(),
        hello=texts.hello,
        child_hello=texts.hello_child,
        questions=_questions(content, care),
        rules=_rules(content, care),
        advice=texts.joined,
    )


def _questions(content: Content, care: Care) -> tuple[Question, ...]:
    texts, plan = content.enrolment, content.plans[care.plan_id]
    agreed = f"{AGREE} is {YES}"
    asks = (
        Question(id=NAME, ask=texts.ask_name, child=texts.ask_name_child, kind="text"),
        Question(id=OTHER, ask=texts.ask_other, kind="text"),
        Question(id=AREA, ask=texts.ask_area, child=texts.ask_area_child, kind="choice", options=_right(texts)),
        Question(id=AGREE, ask=first_screen(content, care), kind="choice", options=_agree(content, care)),
        Question(id=BASELINE, ask=texts.ask_baseline, child=texts.ask_baseline_child, kind="scale", when=agreed),
    )
    careful = Question(
        id=CAREFUL,
        ask=texts.ask_careful,
        child=texts.ask_careful_child,
        kind="several",
        options=_careful(texts, plan),
        when=agreed,
    )
    phone = Question(id=PHONE, ask=texts.ask_phone, child=texts.ask_phone_child, kind="text", when=agreed)
    return (*asks, *((careful,) if plan.careful else ()), phone)


def _right(texts: EnrolmentReplies) -> tuple[Option, ...]:
    return (Option(id=YES, label=texts.button_right), Option(id=NO, label=texts.button_wrong))


def _agree(content: Content, care: Care) -> tuple[Option, ...]:
    texts = content.enrolment
    agree = texts.button_agree_child if care.is_child else texts.button_agree
    options = (
        Option(id=YES, label=agree, words=("agree", "i agree", "yes", "ok", "okay", "yes please")),
        Option(id=NOT_NOW, label=texts.button_not_now, words=("not now", "no", "no thanks", "later")),
    )
    if care.is_child:
        return options
    return (*options, Option(id=YOUNG, label=render(texts.button_young, content.clinic, age=_age(content))))


def _careful(texts: EnrolmentReplies, plan: Plan) -> tuple[Option, ...]:
    known = tuple(Option(id=one.id, label=one.label) for one in plan.careful)
    return (
        Option(id=NONE, label=texts.button_none_of_these),
        *known,
        Option(id=NOT_SURE, label=texts.button_not_sure, words=("not sure", "dont know", "i dont know", "no idea")),
    )


def _rules(content: Content, care: Care) -> tuple[Rule, ...]:
    texts = content.enrolment
    young = render(texts.young, content.clinic, age=_age(content))
    rules = [
        Rule(when=f"{AGREE} is {NOT_NOW}", say=texts.not_now, instead=True),
        Rule(when=f"{AGREE} is {YOUNG}", say=young, instead=True),
    ]
    alone = [] if care.is_child else [one for one in content.plans[care.plan_id].careful if _is_young(content, one)]
    rules += [Rule(when=f"{CAREFUL} has {one.id}", say=young, instead=True) for one in alone]
    return tuple(rules)


def _is_young(content: Content, careful: Careful) -> bool:
    """Whether this thing that asks for care is being too young to agree alone (`under_16`)."""
    found = _UNDER.fullmatch(careful.id)
    return found is not None and int(found[1]) <= content.clinic.guardian_age


def _age(content: Content) -> str:
    return str(content.clinic.guardian_age)


def first_screen(content: Content, care: Care) -> str:
    """What this patient, or the parent, agrees to: a text with placeholders."""
    texts = content.enrolment
    return texts.first_screen_child if care.is_child else texts.first_screen


def agree_button(check_in_id: int) -> str:
    """The data of the button by which somebody agrees."""
    return f"{ACTION}:{check_in_id}:{AGREE}:{YES}"


def agreed_text(content: Content, care: Care, shown: str | None) -> tuple[str, str]:
    """What was agreed to, in Telegram's HTML, and its version: a hash of that. `shown`: the whole message with the
    button, as it was sent; None where it is not known any more.

    It is the first screen as it now reads, if that is what was shown; else the clinic edited it meanwhile, and what
    was shown counts.
    """
    text = render(first_screen(content, care), content.clinic)
    if shown is not None and text.strip() not in shown:
        text = shown
    return text, hashlib.sha256(text.encode()).hexdigest()[:16]


# --- asking ----------------------------------------------------------------------------------------------------------


def begin_joining(
    content: Content, care: Care, check_in_id: int, now: datetime, known: Mapping[str, Value]
) -> tuple[Say, CareChange]:
    """The first message, and the check-in as it then stands. `known`: questions that need no answer any more."""
    step, asking = joining_step(content, care), Asking(content)
    open_ = OpenCheckIn(check_in_id, JOINING, now, asked=None, answers=dict(known))
    care = replace(care, open=open_)
    turn = Following(content).first(care, step, open_, now)
    assert turn.change.open is not None, "there is always something to agree to"
    question = step.by_id[turn.asks or ""]
    shown = asking.question(care, question, now)
    buttons = asking.buttons(question, turn.change.open)
    say = asking.say(care, asking.hello(care, step, now), shown, buttons=buttons)
    return say, replace(turn.change, open=turn.change.open, answered=False)


def hear_joining(content: Content, question: Question, text: str) -> Heard | None:
    """What a text says to one of the questions whose answer is nobody else's: a name, a phone number, "not sure" of a
    number. None: it is something else, or for others to read."""
    said = normalise(text)
    if question.id in {NAME, OTHER}:
        name = _AROUND_NAME.sub("", " ".join(text.split())).strip(" .!")
        is_name = len(name) <= _NAME_MAX and _NAME.fullmatch(name) is not None
        return Heard(name) if is_name else None
    if question.id == PHONE:
        if (number := hear_phone(text)) is not None:
            return Heard(number)
        no = (*content.words.no, *content.words.none_of_these, content.enrolment.button_no_phone)
        return Heard(NO) if said in map(normalise, no) else None
    if question.id == BASELINE and said in map(normalise, (*content.words.not_sure, "not sure")):
        return Heard(NOT_SURE)
    return None


def hear_phone(text: str) -> str | None:
    """The phone number that a text is, with its own spaces; None where it is none."""
    number = _AROUND_PHONE.sub("", text.strip()).strip(" .!")
    is_number = _PHONE.fullmatch(number) and _DIGITS[0] <= sum(map(str.isdecimal, number)) <= _DIGITS[1]
    return " ".join(number.split()) if is_number else None


def press_joining(content: Content, press: PressIn, state: State, occasion: Occasion) -> Outcome | None:
    """What a press of *Not me*, *No thanks* or *Not sure* leads to (`join:<check-in>:<what>`); None: that is over."""
    _, _, argument = (press.data or "").partition(":")
    check_in_id, _, what = argument.partition(":")
    care = next((one for one in occasion.care if one.open is not None and str(one.open.id) == check_in_id), None)
    if care is None or care.open is None or care.open.step_id != JOINING:
        return None
    if what == NOT_ME:
        return not_me(content, care, state)
    step = joining_step(content, care)
    question, value = {PHONE: (step.by_id[PHONE], NO), BASELINE: (step.by_id[BASELINE], NOT_SURE)}.get(what, (None, ""))
    if question is None or care.open.asked != question.id:
        return None
    turn = Taking(content).take(care, step, question, Heard(value), occasion.now)
    turn = settled(content, care, turn, occasion.now)
    return Outcome(state, turn.says, care=(turn.change,))


def not_me(content: Content, care: Care, state: State) -> Outcome:
    """It is for somebody else: the plan ends, and nothing that was answered is kept. What stays among the answers tells
    which contact details have to go."""
    assert care.open is not None
    typed = {question: value for question, value in care.open.answers.items() if value == TYPED}
    open_ = replace(care.open, asked=None, ticked=(), answers=typed)
    change = CareChange(
        care.enrolment_id, open_, closed=NOT_ME, answered=False, state=PlanState.ENDED, reason=ENDED_NOT_ME
    )
    keys = Keys() if care.open.asked == PHONE else None
    return Outcome(state, (Say(render(content.enrolment.not_me, content.clinic), keys=keys),), care=(change,))


# --- what the answers make of the plan -------------------------------------------------------------------------------


def settled(content: Content, care: Care, turn: Turn, now: datetime) -> Turn:
    """A turn of joining with all that it means for the plan: agreeing opens it at once, and today's advice goes out."""
    change = turn.change
    if change.open is None:
        return turn
    before = care.open.answers if care.open is not None else {}
    answers = change.open.answers
    texts, notes, says = content.enrolment, change.notes, turn.says
    if answers.get(AREA) == NO and before.get(AREA) != NO:
        notes = (*notes, Note(NoteKind.NOTE, plain(render(texts.note_mismatch, content.clinic))))
    if answers.get(AGREE) == YES and before.get(AGREE) != YES:
        says = (_for_today(content, care, now), *says)
        change = replace(change, state=PlanState.OPEN if care.state is PlanState.JOINING else None)
    if change.closed is not None:
        made = joined(content, care, answers)
        change = replace(
            change,
            state=made.state or change.state,
            reason=made.reason or change.reason,
            facts={**change.facts, **made.facts},
        )
        notes = (*notes, *made.notes)
    says = _with_keys(content, care, replace(turn, says=says))
    return replace(turn, change=replace(change, notes=notes), says=says)


def _for_today(content: Content, care: Care, now: datetime) -> Say:
    """The advice for the day of the treatment; before that, when it comes."""
    asking = Asking(content)
    if care.treated_at <= now:
        return asking.say(care, asking.text(care, content.plans[care.plan_id].today, now))
    time = time_in_words(advice_at(care), now=now, zone=ZoneInfo(care.zone))
    return asking.say(care, render(content.enrolment.today_later, content.clinic, time=time))


def advice_at(care: Care) -> datetime:
    """When the advice for the day comes to somebody who agreed before the treatment."""
    return care.treated_at + ADVICE_AFTER


def _with_keys(content: Content, care: Care, turn: Turn) -> tuple[Say, ...]:
    """What is said; one tap shares the number that is asked for, and the keyboard for that goes as joining ends."""
    texts, says = content.enrolment, turn.says
    if not says or care.open is None:
        return says
    *others, last = says
    if turn.asks == PHONE:
        words = (texts.button_no_phone, texts.button_not_me)
        return (*others, replace(last, buttons=(), keys=Keys(texts.button_share_phone, words)))
    if care.open.asked == PHONE and turn.change.closed is not None and not last.buttons:
        return (*others, replace(last, keys=Keys()))
    return says


def joined(content: Content, care: Care, answers: Mapping[str, Value]) -> CareChange:
    """What the answers come to: facts, whether to be careful, the plan open or ended. Whatever was not answered, or
    not surely, asks for care."""
    texts, plan = content.enrolment, content.plans[care.plan_id]
    agree, ticks = answers.get(AGREE), answers.get(CAREFUL, () if plan.careful else (NONE,))
    chosen = set(ticks) if isinstance(ticks, tuple) else set()
    young = [one for one in plan.careful if one.id in chosen and _is_young(content, one) and not care.is_child]
    note = Note(NoteKind.NOTE, plain(render(texts.note_young, content.clinic)))
    if agree == YOUNG or young:
        return CareChange(care.enrolment_id, state=PlanState.ENDED, reason=ENDED_YOUNG, notes=(note,))
    if agree == NOT_NOW:
        return CareChange(care.enrolment_id, state=PlanState.ENDED, reason=ENDED_NOT_NOW)
    known = {one.id for one in plan.careful if care.facts.get(one.id) is True}
    facts: dict[str, Value] = {one.id: one.id in chosen | known for one in plan.careful}
    facts[IS_CAREFUL] = chosen != {NONE} or bool(known) or care.facts.get(BY_STAFF) is True
    baseline = answers.get(BASELINE)
    if isinstance(baseline, int) and not isinstance(baseline, bool):
        facts[BASELINE] = baseline
    is_new = care.state is PlanState.JOINING and agree == YES
    return CareChange(care.enrolment_id, state=PlanState.OPEN if is_new else None, facts=facts)


def left_joining(content: Content, care: Care) -> CareChange:
    """The first check-in is due before all was answered on joining: what was answered counts."""
    assert care.open is not None
    made = joined(content, care, care.open.answers)
    open_ = replace(care.open, asked=None, ticked=())
    return CareChange(care.enrolment_id, open_, closed="replaced", answered=False, facts=made.facts)
