"""The shape of `staff_replies.yaml`: what staff write again and again, ready to send to one patient."""

from collections.abc import Mapping

from pydantic import Field

from bot.content.parts import Id, Line, Part, Text


class StaffReply(Part):
    """One canned reply."""

    title: Line
    """What its button says."""
    text: Text


class StaffRepliesFile(Part):
    """`staff_replies.yaml`: its one key."""

    replies: Mapping[Id, StaffReply] = Field(default_factory=dict)
