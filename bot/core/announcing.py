"""What an announcement says and how it goes: its text for one chat, when it starts, when it stops by itself. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Self

from bot.clock import SECOND_US
from bot.content.schema import Clinic
from bot.core.hours import quiet_until, wall_clock
from bot.core.replies import render
from bot.model import Button, Payload

SEND_FROM = time(9)
SEND_UNTIL = time(18)
"""Announcements go out between these times of the clinic's day (content/check_ins.md, "Broadcast reminders")."""
PER_SECOND = 28
"""Messages that Telegram lets one bot send for long."""
FIRST = 50
"""So many copies are looked at closely…"""
REFUSED_OF_FIRST = 5
"""…and this many refusals among them stop the rest."""
REFUSED_SHARE = 0.05
"""Later a larger share than this does."""
TAKE_BACK = timedelta(hours=48)
"""So long Telegram lets a bot delete what it sent (Bot API, `deleteMessage`)."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """As staff wrote it. `text` is Telegram's HTML with `{placeholders}`."""

    text: str
    links: tuple[tuple[str, str], ...] = ()
    """Label and address of each link button."""

    def to_json(self) -> dict[str, Any]:
        """The stored form."""
        return {"text": self.text, "links": [list(link) for link in self.links]}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        return cls(raw["text"], tuple((label, url) for label, url in raw["links"]))

    def payload(self, clinic: Clinic, values: Mapping[str, str]) -> Payload:
        """One copy. `values`: what differs from chat to chat, `PERSONAL`."""
        buttons = tuple((Button(label, url=url),) for label, url in self.links)
        return Payload(render(self.text, clinic, **values), buttons)


NEEDS_VISIT = frozenset({"day", "time"})
"""What a text may name of the next visit: only who has one gets such an announcement."""
PERSONAL = NEEDS_VISIT | {"area"}
"""What a text may name that differs from chat to chat."""


def may_start(clinic: Clinic, at: datetime, any_hour: bool) -> datetime:
    """The first moment from `at` on at which announcements go out: in the clinic's zone, outside quiet hours, and
    between `SEND_FROM` and `SEND_UNTIL` unless `any_hour`. Aware UTC."""
    zone = clinic.zone
    while True:
        start = quiet_until(clinic, at, zone) or at
        if not any_hour:
            local = start.astimezone(zone)
            if local.time() >= SEND_UNTIL:
                start = wall_clock(local.date() + timedelta(days=1), SEND_FROM, zone)
            elif local.time() < SEND_FROM:
                start = wall_clock(local.date(), SEND_FROM, zone)
        if start == at:
            return at
        at = start


def starts_at(clinic: Clinic, wished: datetime | None, now: datetime, any_hour: bool) -> datetime:
    """When the first copy goes, as things stand: at the time that was wished (None: now), moved as `may_start` says."""
    return may_start(clinic, now if wished is None else max(now, wished), any_hour)


def is_refused_too_often(sent: int, refused: int) -> bool:
    """Whether the rest should wait for somebody to look: so many refusals say that something is wrong with the text,
    the list or the bot."""
    if sent + refused <= FIRST:
        return refused >= REFUSED_OF_FIRST
    return refused > REFUSED_SHARE * (sent + refused)


def lasts(copies: int) -> timedelta:
    """How long so many copies take at the rate that Telegram allows."""
    return timedelta(microseconds=copies * SECOND_US // PER_SECOND)
