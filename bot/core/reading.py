"""A message as a row of words, each with the reason why it is not said of the patient here and now, if there is one.

"No fever, no pus but my calf is hot" denies two things and states one. The rules for what a denial, a question about
what could happen, an old story or hearsay cover are the clinic's (red-flag catalogue, "Border rules"): `denial.py` and
`borders.py`. Where the scope is unclear the word counts as said: under-triage is the worse mistake.
"""

from dataclasses import dataclass
from functools import cached_property

from bot.core.borders import Why, reasons
from bot.core.tokens import SMALL_WORDS, Token, Tokens, canonical, tokens_of

__all__ = ["SMALL_WORDS", "Reading", "Token", "Why", "canonical", "read"]


@dataclass(frozen=True)
class Reading:
    """The words of a message in order, and for each the reason not to take it as said, or None."""

    tokens: Tokens

    @cached_property
    def why(self) -> tuple[Why | None, ...]:
        """Worked out when it is asked for: most messages hold no sign of danger that could be denied."""
        return reasons(self.tokens)


def read(text: str) -> Reading:
    """The reading of a cleaned text (see `text.clean`)."""
    return Reading(tokens_of(text))
