"""What a reply begins with: what the patient must not forget, and why it comes late or again."""

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.content.schema import Content
from bot.core.outcome import Occasion, Outcome
from bot.core.voice import Voice
from bot.model import Kind, Level

LATE = timedelta(minutes=10)
"""A text read later than this begins with "I was off" (issue 2)."""


@dataclass(frozen=True)
class Prefacing:
    """Puts lines before a reply. Values in, an `Outcome` out."""

    content: Content

    @property
    def _voice(self) -> Voice:
        return Voice(self.content.clinic, self.content.replies)

    def in_time(self, outcome: Outcome, edited: bool, occasion: Occasion) -> Outcome:
        """Begin with what the patient must not forget, and with what explains the reply: read late, or read again.

        A warning itself comes before all that.
        """
        lines = self._still_in_danger(outcome, occasion)
        if occasion.now - occasion.sent_at > LATE:
            lines.append(self._voice.say(self.content.replies.was_off))
        if edited:
            lines.append(self._voice.say(self.content.replies.edited))
        if not lines or not outcome.says:
            return outcome
        first = outcome.says[0]
        parts = [first.text, *lines] if first.kind is Kind.EMERGENCY else [*lines, first.text]
        return replace(outcome, says=(replace(first, text="\n\n".join(parts)), *outcome.says[1:]))

    def _still_in_danger(self, outcome: Outcome, occasion: Occasion) -> list[str]:
        """Two hours after a warning a friendly answer must not sound as if all were well."""
        state, replies = outcome.state, self.content.replies
        if not state.is_in_danger(occasion.now):
            return []
        if outcome.says and outcome.says[0].kind is Kind.EMERGENCY:
            return []
        levels = {flag.level for flag in self.content.red_flags if flag.id in state.warned}
        if Level.EMERGENCY in levels:
            return [self._voice.say(replies.still_emergency)]
        return [self._voice.say(replies.still_urgent)] if Level.URGENT in levels else []
