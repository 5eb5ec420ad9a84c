"""The second opinion on danger: learned from whole messages, for wordings that no rule names.

`pieces` (what of a text is read), `learned` (the model in use), `training` (from messages to a model). It may raise an
alarm or a doubt; it never takes back what a rule has found (`bot/core/triage.py`).

Words, letters and static vectors only, the same with and without the extra `semantic`: on other writers' messages the
sentence model's cosines found no sign more at the same rate of false alarms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.opinion.learned import LearnedOpinion, Lessons
from bot.core.opinion.training import Material, learn

if TYPE_CHECKING:
    from bot.content.schema import Content

__all__ = ["LearnedOpinion", "Lessons", "learn", "material_of"]


def material_of(content: Content) -> Material:
    """Everything there is to learn danger from."""
    questions = [text for entry in content.entries.values() for text in (entry.question, *entry.phrasings)]
    for_people = [text for texts in content.for_people.values() for text in texts]
    return Material(
        signs=tuple((id_, text) for id_, messages in content.messages.items() for text in messages.signs),
        look_alikes=tuple(text for messages in content.messages.values() for text in messages.look_alikes),
        ordinary=tuple(dict.fromkeys((*questions, *for_people))),
        pressing=frozenset(flag.id for flag in content.red_flags if flag.level.is_pressing),
    )
