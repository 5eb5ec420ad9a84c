"""Which FAQ entry a text asks for: the interface (`matcher.py`), and the matcher in use.

A matcher is built once per content and asked often; it is pure, never raises, and says `answer` only when it is sure.
`exact.py` goes first in any of them: a text that is a phrasing needs no guess.
"""

from bot.content.schema import Content
from bot.core.matching.exact import ExactMatcher
from bot.core.matching.matcher import MIN_PHRASINGS, Matcher
from bot.core.matching.simple import SimpleMatcher

__all__ = ["MIN_PHRASINGS", "Matcher", "build_matcher"]


def build_matcher(content: Content) -> Matcher:
    """The matcher in use: exact first, else the simple score."""
    entries = tuple(content.entries.values())
    return ExactMatcher(entries, otherwise=SimpleMatcher(entries))
