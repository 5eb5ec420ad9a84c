"""A choice typed instead of pressed: "2", "the second one", "option 3 please", or the words on the button."""

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from bot.core.text import normalise, words

_ORDINALS = (
    frozenset({"1", "1st", "first", "one", "top"}),
    frozenset({"2", "2nd", "second", "two"}),
    frozenset({"3", "3rd", "third", "three"}),
    frozenset({"4", "4th", "fourth", "four"}),
)
_LAST = frozenset({"last", "bottom", "final"})
_FILLERS = frozenset(
    words(
        "the a its it is i mean meant think number nr no option question answer button choice choose pick take "
        "please yes yeah thanks thank you ok that would be"
    )
)
"""Words that stand around a number without changing it; "one" may: "the second one"."""
_POINTS = re.compile(r"\b(?:the|that|this|which) one\b")
"""With these "one" is no number."""
_ALIKE = 88
"""Of 100: so much like the button's words; a slip or two."""


def chosen(text: str, questions: Sequence[str]) -> int | None:
    """Which of the offered questions, in the order they were shown, from 0; None when the text chooses none of them."""
    typed = normalise(text)
    left = [word for word in typed.split() if word not in _FILLERS]
    if left[-1:] == ["one"] and (len(left) > 1 or _POINTS.search(typed)):
        left.pop()
    if len(left) == 1:
        if left[0] in _LAST and questions:
            return len(questions) - 1
        found = next((place for place, ordinal in enumerate(_ORDINALS) if left[0] in ordinal), None)
        if found is not None:
            return found if found < len(questions) else None
    alike = [fuzz.ratio(typed, normalise(question)) for question in questions]
    best = max(range(len(alike)), key=alike.__getitem__, default=None)
    return best if best is not None and alike[best] >= _ALIKE else None
