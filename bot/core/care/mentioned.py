"""What a patient mentions that staff should know, while the bot answers as always. Pure.

Red-flag catalogue, "Border rules", Staff alert without alarming: they take a blood thinner after all, had a fit once,
or ask about a danger in the days after the treatment. None of it is a sign. Staff get a note, and the patient hears
nothing of it. Pictures, complaints and wishes for a person go to staff anyway; pain and its trend are the plan's own.
"""

from collections.abc import Iterator
from datetime import timedelta

from bot.care import CAREFUL, Care, CareChange, Note, NoteKind, PlanState
from bot.content.plan import Careful
from bot.content.schema import Clinic, Content
from bot.core.care.options import every_told
from bot.core.outcome import Occasion
from bot.core.reading import Why
from bot.core.replies import render
from bot.core.triage import NO_RISK, ruled_out_of
from bot.markup import plain
from bot.model import Understanding

HISTORY = frozenset(
    {
        "suspected_dvt",
        "chest_pain_breathless",
        "collapse_unresponsive",
        "faint_recovered",
        "seizure",
        "anaphylaxis",
        "heavy_bleeding",
        "persistent_bleeding",
    }
)
"""Red flags that matter also where they are long over: clot, faint, epilepsy, allergy, bleeding (catalogue, "Past")."""
ASKED_WITHIN = timedelta(hours=72)
"""So long after the treatment staff hear of a question about a danger that is not there ("Staff alert without…")."""


def mentioned(content: Content, understanding: Understanding, occasion: Occasion) -> tuple[CareChange, ...]:
    """What staff are to know of this text, for the one plan that it can be about; nothing in a family's chat."""
    care = only_plan(occasion)
    if care is None:
        return ()
    told = _newly_told(content, care, understanding.text)
    notes = (
        *_facts(content, told),
        *_upset(content, understanding),
        *_passed_over(content, care, understanding, occasion),
    )
    if not notes:
        return ()
    facts = {**{one.id: True for one in told}, CAREFUL: True} if told else {}
    return (CareChange(care.enrolment_id, answered=False, facts=facts, notes=notes),)


def only_plan(occasion: Occasion) -> Care | None:
    """The plan that what this chat says can be about; None where there are none or several."""
    going = [care for care in occasion.care if care.state in {PlanState.OPEN, PlanState.PAUSED}]
    return going[0] if len(going) == 1 else None


def _newly_told(content: Content, care: Care, text: str) -> tuple[Careful, ...]:
    """What asks for care and was not known. A guardian's "I" is not the child."""
    plan = content.plans.get(care.plan_id)
    if plan is None or care.is_child:
        return ()
    asked = {id_: lines for id_, lines in plan.mentions.items() if care.facts.get(id_) is not True}
    told = every_told(text, asked, NO_RISK)
    return tuple(one for one in plan.careful if one.id in told)


def _facts(content: Content, told: tuple[Careful, ...]) -> Iterator[Note]:
    for one in told:
        yield to_know(content.check_ins.note_told, content.clinic, what=one.staff)


def _upset(content: Content, understanding: Understanding) -> Iterator[Note]:
    """Nobody to alarm, and somebody to ring."""
    if every_told(understanding.text, {"distressed": content.words.distressed}, NO_RISK):
        yield to_know(content.check_ins.note_distressed, content.clinic)


def _passed_over(content: Content, care: Care, understanding: Understanding, occasion: Occasion) -> Iterator[Note]:
    """Signs of danger that were none, of which staff should hear all the same; of each sign once."""
    is_soon = occasion.now - care.treated_at <= ASKED_WITHIN
    once: dict[tuple[str, str], str] = {}
    for line in understanding.ruled_out:
        flag_id, why, words = ruled_out_of(line)
        once.setdefault((flag_id, why), words)
    for (flag_id, why), words in once.items():
        if why == Why.PAST and flag_id in HISTORY:
            yield to_know(content.check_ins.note_history, content.clinic, id=flag_id, words=words)
        elif why == Why.HYPOTHETICAL and is_soon:
            yield to_know(content.check_ins.note_asked, content.clinic, id=flag_id, words=words)


def to_know(text: str, clinic: Clinic, **values: str) -> Note:
    """A note that asks for nothing; `values` fill in its sentence."""
    return Note(NoteKind.NOTE, plain(render(text, clinic, **values)))
