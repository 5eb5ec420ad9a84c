"""Staff hear, as a note, of somebody on a plan who asks the same thing all day, or whom the bot misunderstood twice.

Red-flag catalogue, "Border rules", Staff alert without alarming. What the words tell: `core/care/mentioned.py`.
"""

from dataclasses import dataclass

from bot.care import Note
from bot.clock import to_us
from bot.content.schema import Entry
from bot.core.care.mentioned import only_plan, to_know
from bot.core.outcome import Occasion, Outcome
from bot.core.teaching import is_refused
from bot.model import ChatId, Decision
from bot.services.policy import ClinicPolicy
from bot.services.post import Post
from bot.store import care, feedback
from bot.store.engine import Tx

OFTEN = 3
"""So many messages of one day that got the same answer…"""
MISSED = 2
"""…and so many answers of one day that were not what had been asked."""


@dataclass(frozen=True)
class AskedAgain:
    """Counts, once the newest question and what was said of the one before are stored."""

    post: Post

    async def look(self, tx: Tx, chat_id: ChatId, outcome: Outcome, occasion: Occasion) -> None:
        """Leave a note where it is one too many, for the one plan that it can be about."""
        known, entry = only_plan(occasion), self._answer(outcome)
        if known is None or not (entry or is_refused(outcome.taps)):
            return
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        day_us = to_us(ClinicPolicy(self.post.library).day_start(self.post.clock.now(), known.zone))
        content, notes = self.post.library.served.content, list[Note]()
        if entry and await feedback.answered_with(tx, bot_id, chat_id, entry.id, day_us) >= OFTEN:
            notes.append(to_know(content.check_ins.note_often, content.clinic, question=entry.question))
        if is_refused(outcome.taps) and await feedback.refused(tx, bot_id, chat_id, day_us) >= MISSED:
            notes.append(to_know(content.check_ins.note_missed, content.clinic))
        await care.add_notes(self.post.store, tx, bot_id, known.enrolment_id, None, notes, now_us)

    def _answer(self, outcome: Outcome) -> Entry | None:
        """What the newest question was answered with."""
        understood = outcome.understanding
        if understood is None or understood.decision is not Decision.ANSWER or understood.id is None:
            return None
        return self.post.library.served.content.entries.get(understood.id)
