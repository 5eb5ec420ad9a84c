"""What somebody has written of a question and its answer so far, kept in the values of a draft; and the edit it asks
for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.content.edit import ChangeEntry, Edit, NewEntry, Retire, Sign
from bot.content.schema import Entry, Variant
from bot.services.proposing import Undo
from bot.store.drafts import NEW, Draft

GROUP = NEW
"""The group that a new question joins; empty until one is chosen."""
REVIEW = "by"
"""When a new question has to be read again: a date, as the files have it."""
LINE = "line"
"""The line from /teach that a new question began with."""
TIMES = "times"
"""All answers by time there shall be, as JSON."""
OUT = "out"
"""Ways to ask that are taken out, a line each."""
LISTED = "listed"
"""The ways to ask as they were numbered on the card that asks which to take out."""
SEEN = "seen"
"""What is too long for one message was shown whole in several."""

_WRITTEN = (GROUP, REVIEW, LINE, "question", "answer", "phrasing", OUT, TIMES)


def words_of(draft: Draft) -> dict[str, str]:
    """What was written so far: whoever goes on writing does not take the entry out, or sign it, any more."""
    return {part: words for part, words in draft.values.items() if part in _WRITTEN}


def with_value(draft: Draft, part: str, value: str) -> Draft:
    """The draft with other words for a part; none: as if nothing had been written for it."""
    values = {**words_of(draft), part: value}
    return replace(draft, values={key: words for key, words in values.items() if words or key == GROUP})


def is_new(draft: Draft) -> bool:
    """Whether it is about a question that is not there yet."""
    return GROUP in draft.values


def is_written(draft: Draft) -> bool:
    """Whether there is anything to try out."""
    return bool(words_of(draft))


@dataclass(frozen=True, slots=True)
class Written:
    """A question and its answer as they will be."""

    question: str
    answer: str
    variants: tuple[Variant, ...]
    listed: tuple[str, ...]
    """Ways to ask that are there, those that go out among them."""
    added: tuple[str, ...]
    out: tuple[str, ...]

    @property
    def phrasings(self) -> tuple[str, ...]:
        """All there shall be."""
        return tuple(line for line in (*self.listed, *self.added) if line not in self.out)


def written(draft: Draft, entry: Entry | None) -> Written:
    """The draft's words upon those of its entry; None: there is none yet."""
    values = draft.values
    known = entry.phrasings if entry is not None else ()
    added = tuple(line for line in _lines(values, "phrasing") if line not in known)
    return Written(
        values.get("question", entry.question if entry is not None else ""),
        values.get("answer", entry.answer if entry is not None else ""),
        _variants(values) if TIMES in values else (entry.variants if entry is not None else ()),
        known,
        added,
        tuple(line for line in _lines(values, OUT) if line in known),
    )


def times_value(variants: Sequence[Variant]) -> str:
    """Answers by time, as a draft keeps them."""
    return json.dumps([[_seconds(one.after), _seconds(one.until), one.answer] for one in variants])


def edit_of(draft: Draft, entry: Entry | None) -> Edit | Undo | None:
    """The edit that a draft asks for; None where the entry is gone."""
    values, item_id = draft.values, draft.item_id or ""
    if "undo" in values:
        return Undo(int(values["undo"]))
    if "sign" in values:
        on, again = date.fromisoformat(values["on"]), values.get("again")
        again_on = date.fromisoformat(again) if again is not None else None
        return Sign(item_id, values["sign"], values["name"], values["registration"], on, again_on)
    one = written(draft, entry)
    if is_new(draft):
        by = date.fromisoformat(values[REVIEW])
        return NewEntry(values[GROUP], one.question, one.answer, one.phrasings, by, one.variants)
    if entry is None:
        return None
    if "retire" in values:
        return Retire(item_id)
    phrasings = one.phrasings if one.added or one.out else None
    variants = one.variants if TIMES in values else None
    return ChangeEntry(item_id, values.get("question"), values.get("answer"), phrasings, variants)


def _lines(values: Mapping[str, str], part: str) -> list[str]:
    return values.get(part, "").splitlines()


def _variants(values: Mapping[str, str]) -> tuple[Variant, ...]:
    def read() -> Iterator[Variant]:
        for after, until, answer in json.loads(values[TIMES]):
            ends = timedelta(seconds=until) if until is not None else None
            yield Variant(after=timedelta(seconds=after), until=ends, answer=answer)

    return tuple(read())


def _seconds(length: timedelta | None) -> int | None:
    return length // timedelta(seconds=1) if length is not None else None
