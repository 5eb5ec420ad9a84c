"""Messages with what should come of them, from the files beside this module."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.content.schema import Content
from bot.content.yaml_reader import read_yaml

HERE = Path(__file__).parent
FOR_PEOPLE = "for_people"


@dataclass(frozen=True)
class Case:
    """One message and the id of what should answer it; None: nothing should."""

    text: str
    expected: str | None


def unseen(content: Content) -> tuple[Case, ...]:
    """`unseen/<group>.yaml` in the order of `content`. Raises OSError where a group has no file."""
    return tuple(
        Case(text, entry_id)
        for group in content.groups
        for entry_id, lines in _lists(HERE / "unseen" / f"{group.id}.yaml").items()
        for text in lines
    )


def for_people() -> tuple[Case, ...]:
    """Messages that no entry fits."""
    return tuple(Case(text, None) for text in _lists(HERE / "unseen" / "for_people.yaml")[FOR_PEOPLE])


def small_talk() -> tuple[Case, ...]:
    """Messages with the wish each of them is; None: it is a question that only sounds like a wish."""
    return tuple(
        Case(text, None if wish == "question" else wish)
        for wish, lines in _lists(HERE / "small_talk.yaml").items()
        for text in lines
    )


def _lists(path: Path) -> dict[str, list[str]]:
    """A file of lists by key. Raises ValueError for any other shape."""
    value = read_yaml(path.name, path.read_text("utf-8")).value
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} is no group of lists")
    return {key: list(_texts(lines, path)) for key, lines in value.items()}


def _texts(lines: object, path: Path) -> Iterator[str]:
    for line in lines if isinstance(lines, list) else [lines]:
        if not isinstance(line, str):
            raise ValueError(f"{path.name} holds something that is no text")
        yield line
