"""The shape of `broadcasts.yaml`: announcements kept for use again, and words that do not belong on a locked screen."""

from collections.abc import Mapping

from pydantic import Field

from bot.content.parts import Id, Line, Part, Text

TEMPLATE_PLACEHOLDERS = frozenset({"day", "time", "area", "closure"})
"""What a template may name besides the clinic's: the patient's next visit, what was treated, the next closure."""


class BroadcastTemplate(Part):
    """One announcement as staff find it; they change it before it goes out."""

    title: Line
    """What its button says."""
    text: Text
    audience: Line | None = None
    """Whom it is for, as somebody would type it; None: everyone."""


class BroadcastsFile(Part):
    """`broadcasts.yaml`."""

    private_words: tuple[Line, ...] = ()
    templates: Mapping[Id, BroadcastTemplate] = Field(default_factory=dict)
