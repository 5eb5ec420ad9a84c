"""More of the bot's own sentences, a file for each part of its work: `faq/<language>/replies_<name>.yaml`.

Each is a model whose fields are the texts; all have to be there.
"""

from collections.abc import Mapping
from typing import ClassVar

from bot.content.parts import Line, Part, Text


class Sentences(Part):
    """Texts by name. Names that begin with `button_` are labels of buttons."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {}
    """What a text may name besides `PLACEHOLDERS`; whoever sends it fills these in, HTML-escaped."""


class EnrolmentReplies(Sentences):
    """`replies_enrolment.yaml`: joining a care plan, on the patient's phone and on the clinic's."""

    first_screen: Text
    """What a patient agrees to; its hash is stored with the agreement."""
    button_agree: Line
    button_not_now: Line


class CheckInReplies(Sentences):
    """`replies_check_ins.yaml`: what is the same in every check-in."""

    button_all_fine: Line
    """One tap for the whole check-in."""
    button_questions: Line
    """The questions, one by one."""


class RightsReplies(Sentences):
    """`replies_rights.yaml`: stopping, one's own data, being forgotten."""

    stop_scope: Text
    """Asked after STOP: which messages are meant."""


class PatientListReplies(Sentences):
    """`replies_patient_list.yaml`: open plans, the day's digest, notes."""

    no_plans: Text
    """Nobody has an open plan."""


SENTENCES: Mapping[str, type[Sentences]] = {
    "enrolment": EnrolmentReplies,
    "check_ins": CheckInReplies,
    "rights": RightsReplies,
    "patient_list": PatientListReplies,
}
"""By the file's name and by the field of `Content`."""
