"""What a patient says on joining beside the open question: a phone number too early, "this is not for me". Pure."""

from dataclasses import replace
from datetime import datetime

from bot.care import JOINING, Care, CareChange
from bot.content.schema import Content
from bot.core.care.asking import Asking
from bot.core.care.hearing import Heard
from bot.core.care.joining import PHONE, hear_phone, joining_step, not_me, settled
from bot.core.care.taking import Taking
from bot.core.outcome import Occasion, Outcome, State
from bot.core.replies import render
from bot.core.text import normalise

_DIGITS = 7
"""Of a phone number that nobody has asked for yet: fewer may be an answer to another question."""


def share_phone(content: Content, number: str, state: State, occasion: Occasion) -> Outcome | None:
    """What sharing one's own contact leads to on joining, asked for or not yet; None: nobody joins, or it is none."""
    care, heard = _who_joins(occasion), hear_phone(number)
    if care is None or care.open is None or heard is None:
        return None
    if care.open.asked != PHONE:
        return _kept_unasked(content, care, heard, state, occasion.now)
    step = joining_step(content, care)
    turn = Taking(content).take(care, step, step.by_id[PHONE], Heard(heard), occasion.now)
    turn = settled(content, care, turn, occasion.now)
    return Outcome(state, turn.says, care=(turn.change,))


def said_unasked(content: Content, text: str, state: State, occasion: Occasion) -> Outcome | None:
    """What a text leads to on joining that answers no open question: a phone number before it is asked for, or that
    this is for somebody else, typed. None: it is something else."""
    care, number = _who_joins(occasion), hear_phone(text)
    if care is None or care.open is None:
        return None
    if normalise(text) == normalise(content.enrolment.button_not_me):
        return not_me(content, care, state)
    if number is None or care.open.asked == PHONE or sum(map(str.isdecimal, number)) < _DIGITS:
        return None
    state = replace(state.settled(), recent=state.recent[:-1])  # kept apart from all that is said
    return _kept_unasked(content, care, number, state, occasion.now)


def _who_joins(occasion: Occasion) -> Care | None:
    """The plan in which a question on joining is open."""
    asked = (one for one in occasion.care if one.open is not None and one.open.asked is not None)
    return next((one for one in asked if one.open is not None and one.open.step_id == JOINING), None)


def _kept_unasked(content: Content, care: Care, number: str, state: State, now: datetime) -> Outcome | None:
    """The number is kept, and need not be asked for; the open question is put again."""
    assert care.open is not None
    question = joining_step(content, care).by_id.get(care.open.asked or "")
    if question is None:
        return None
    open_ = replace(care.open, answers={**care.open.answers, PHONE: number})
    thanks = render(content.enrolment.phone_kept, content.clinic)
    say = Asking(content).put(care, question, open_, now, thanks)
    return Outcome(state, (say,), care=(CareChange(care.enrolment_id, open_),))
