"""What the shapes of all content files are made of: frozen pieces, their usual types, what a clinician signs.

`schema.py` has the clinic, the questions and the red flags, `plan.py` the care plans.
"""

import hashlib
import re
from datetime import date, time, timedelta
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

_DURATION = re.compile(r"(\d{1,4})\s*(s|m|h|d)")
_TIME_RANGE = re.compile(r"(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

# The readers below take text in one form only. Left to itself pydantic reads "0900" as 900 seconds after
# midnight and "36" as 36 seconds: a slip of the pen would become a quiet wrong time.


def parse_duration(value: object) -> object:
    """`"36h"`, `"2d"`, `"90m"`, `"20s"` as a timedelta. Raises ValueError for any other text."""
    if not isinstance(value, str):
        return value
    if not (found := _DURATION.fullmatch(value.strip())):
        raise ValueError("write a length of time as 90m, 36h or 2d")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def say_length(length: timedelta) -> str:
    """A length of time as the files write it, in the largest unit up to hours that says it whole."""
    seconds = length // timedelta(seconds=1)
    if seconds % 60:
        return f"{seconds}s"
    return f"{seconds // 60}m" if seconds % 3600 else f"{seconds // 3600}h"


def parse_time_range(value: object) -> object:
    """`"09:00-17:30"` as its two times. Raises ValueError for any other text."""
    if not isinstance(value, str):
        return value
    if not (found := _TIME_RANGE.fullmatch(value.strip())):
        raise ValueError("write times as 09:00-17:30")
    return {"start": found[1], "end": found[2]}


def parse_date(value: object) -> object:
    """`"2027-11-30"`, left for pydantic to read. Raises ValueError for any other text."""
    if isinstance(value, str) and not _DATE.fullmatch(value.strip()):
        raise ValueError("write a date as 2027-11-30 (year-month-day)")
    return value.strip() if isinstance(value, str) else value


Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
"""snake_case and short enough for a button's 64 bytes."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]
"""Telegram HTML with `{placeholders}`; its rendered length is checked by `lint.py`."""
Letter = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
"""A whole message of a patient's, on one line."""
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
"""ISO 639-1, such as es."""
Day = Annotated[date, BeforeValidator(parse_date)]


class Part(BaseModel):
    """A frozen piece of content; a key nobody knows is an error, since it is mostly a slip of the pen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeRange(Part):
    """Wall-clock times of the clinic, end exclusive; `start > end` runs over midnight."""

    start: time
    end: time


Range = Annotated[TimeRange, BeforeValidator(parse_time_range)]


class Signature(Part):
    """A named clinician approved exactly this text; `hash` is of the text signed, so any edit drops it."""

    name: Line
    registration: Line
    on: Day
    hash: str


class Signable(Part):
    """Something a patient may be told about health: used with a real token only when signed."""

    id: Id
    signed: Signature | None = None

    later_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields that came after texts had been signed: empty, they leave those signatures as they are."""

    # A plain property: `model_copy` would carry a cached hash over to an edited text and keep it signed.
    @property
    def text_hash(self) -> str:
        """Hash of all but the signature itself."""
        left_out = {"signed", *(name for name in self.later_fields if not getattr(self, name))}
        body = self.model_dump_json(exclude=left_out)
        return hashlib.sha256(body.encode()).hexdigest()[:16]

    @property
    def is_signed(self) -> bool:
        """True when a signature is there and is for the text as it now stands."""
        return self.signed is not None and self.signed.hash == self.text_hash
