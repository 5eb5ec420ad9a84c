"""Whether something here was copied from the sentences the bot is judged by.

Those are read by this module alone, and only our own lines leave it: who has read them can no longer write for a bot
that is measured on them. They lie beside the project on some machines and are no part of it.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from bot.content.lint_text import normalise

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "eval"
RUN = 6
"""So many words in a row are a sentence of somebody's, not a coincidence."""
INSIDE = 5
"""A whole message of so many words does not stand inside a line of ours by chance."""


class Evaluation:
    """The evaluation's messages, for asking and not for reading: a failed test shows none of them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Raises OSError or ValueError where a file cannot be read."""
        lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
        self._whole = {normalise(json.loads(line)["text"]) for line in lines}
        self._runs = {run for text in self._whole for run in runs(text)}
        self._inside = [f" {text} " for text in self._whole if len(text.split()) >= INSIDE]

    def __repr__(self) -> str:
        return f"<{len(self._whole)} messages>"

    def taken(self, ours: Iterable[str], *, shortest: int) -> list[str]:
        """Our lines that share a run of words with a message, hold one, or are one of `shortest` words or more."""
        return sorted(line for line in set(ours) if self._is_taken(normalise(line), shortest))

    def _is_taken(self, line: str, shortest: int) -> bool:
        if line in self._whole and len(line.split()) >= shortest:
            return True
        return not self._runs.isdisjoint(runs(line)) or any(text in f" {line} " for text in self._inside)


def runs(text: str) -> set[str]:
    """Every `RUN` words of a normalised text that stand one after the other."""
    words = text.split()
    return {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
