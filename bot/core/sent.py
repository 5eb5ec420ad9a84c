"""What a patient sent that no question holds: for the record, which has every message both ways. Pure.

Commands, "ok", answers in check-ins and offers, presses by the words on the button, things without words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.care import CONTACT, JOINING, Care
from bot.core.hearing import is_payload, words_and_command
from bot.core.outcome import Outcome
from bot.model import BlockedIn, Media, MediaIn, PressIn, SaidAs, TextIn


@dataclass(frozen=True, slots=True)
class Sent:
    """One such thing. `text`: its words, or those on the button; empty where there are none to keep."""

    what: SaidAs | Media
    text: str = ""


def beside_questions(
    incoming: TextIn | MediaIn | PressIn | BlockedIn, outcome: Outcome, cares: Sequence[Care], pressed: str = ""
) -> Sent | None:
    """What is to be kept of `incoming` beside the question it may have become; None: all of it stands there.

    `cares`: the chat's care plans as they stood before. `pressed`: the words on the button.
    """
    match incoming:
        case TextIn():
            return _text(incoming, outcome, cares)
        case MediaIn():
            return Sent(incoming.media)
        case PressIn():
            return Sent(SaidAs.PRESS, pressed)
        case BlockedIn():
            return None


def _text(said: TextIn, outcome: Outcome, cares: Sequence[Care]) -> Sent | None:
    words, command = words_and_command(said.text)
    what = SaidAs.EDIT if said.edited else SaidAs.TEXT
    is_wish = outcome.stop is not None or outcome.resume or outcome.asks_for is not None
    if outcome.understanding is None and command is None and not is_wish and _is_contact(outcome, cares):
        return Sent(SaidAs.PRIVATE)
    if command == "start" and is_payload(words):
        return Sent(what, f"/{command}")  # behind it stands the token of a personal link, which opens a care plan
    if not _is_asked(words, said, outcome):
        return Sent(what, said.text)
    return Sent(what, f"/{command}") if command is not None else None


def _is_asked(words: str, said: TextIn, outcome: Outcome) -> bool:
    """Whether these words stand in the question that is kept, which may be of several messages, or of another one."""
    understanding = outcome.understanding
    if understanding is None or outcome.asked_in not in {None, said.message_id}:
        return False
    return bool(words.strip()) and f"\n{words.strip()}\n" in f"\n{understanding.text.strip()}\n"


def _is_contact(outcome: Outcome, cares: Sequence[Care]) -> bool:
    """Whether it answers, or tries to, a question on joining for a name or a number, or tells one that nobody asked
    for yet."""
    before = {one.enrolment_id: one.open for one in cares if one.open is not None and one.open.step_id == JOINING}
    if any(open_.asked in CONTACT for open_ in before.values()):
        return True
    after = {change.enrolment_id: change.open for change in outcome.care if change.open is not None}
    return any(
        open_.answers.get(name) != before[plan_id].answers.get(name)
        for plan_id, open_ in after.items()
        if plan_id in before
        for name in CONTACT
    )
