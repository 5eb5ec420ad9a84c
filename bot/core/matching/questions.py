"""Where one message asks several things: its parts, each a question that could stand alone."""

import re

MOST_PARTS = 3
"""Parts looked at, the last ones: people tell first and ask last."""
_LEAST_WORDS = 3
_ASKS = "can could should shall do does did is are was were will would how what when why where which who may any am"
_ASKING = re.compile(
    rf"\?|^\W*(?:(?:ok|and|but|so|also|or|then|hi|hello|pls|please)\W+)*(?:{_ASKS.replace(' ', '|')})\b", re.I
)
"""A sentence that tells something is no question, however well it would match one."""
_BREAK = re.compile(
    rf"""
    (?<=[?!.])\s+                                                    # a sentence ends
    | \n+
    | [,;]?\s+(?:and\s+)?(?:also|another\s+thing)\s+
    | [,;]?\s+and\s+(?=(?:{_ASKS.replace(" ", "|")})\b)              # "… and can I run?"
    """,
    re.IGNORECASE | re.VERBOSE,
)


def questions(text: str) -> list[str]:
    """The last questions of a cleaned text, in order; the text itself where it cannot be told apart."""
    parts = [part.strip() for part in _BREAK.split(text)]
    asking = [part for part in parts if len(part.split()) >= _LEAST_WORDS and _ASKING.search(part)]
    return asking[-MOST_PARTS:] if len(parts) > 1 and asking else [text]
