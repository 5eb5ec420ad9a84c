"""The last look before an announcement goes out: one copy as patients get it, and everything worth knowing about all.

What was looked at is what goes out: the button that sends carries a fingerprint of it.
"""

import re
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property

import sqlalchemy as sa

from bot.announcement import Audience, LeftOut, State
from bot.clock import to_us
from bot.content.locked_screen import locked_screen
from bot.core import announcement_check
from bot.core.announcing import SEND_FROM, SEND_UNTIL, Announcement, lasts
from bot.core.composing import ends_at, fingerprint
from bot.core.hours import wall_clock
from bot.core.replies import MONTH_NAMES, WEEKDAY_NAMES, Html
from bot.model import Button, Payload
from bot.services.broadcast_desk_cards import Cards, whom
from bot.services.broadcast_desk_words import DeskWords, data
from bot.services.broadcasts import Broadcasts
from bot.services.post import Post
from bot.store import broadcasts, recipients
from bot.store.engine import Tx

BY_DAY = re.compile(r"\b(?:today|tonight|tomorrow)\b", re.IGNORECASE)
"""Words that are about the day on which they are read."""


@dataclass(frozen=True)
class LastLook:
    """An announcement as it would go out now."""

    post: Post
    row: sa.RowMapping
    copy: Payload
    """One copy of it."""
    counts: Mapping[LeftOut | None, int]
    """How many get it (None), and who not."""
    check_ins: int
    """How many of those get a check-in on the day it starts."""
    others: tuple[sa.RowMapping, ...]
    """Announcements that are on their way."""
    audience: str
    """Whom it is for, in words."""

    @cached_property
    def announcement(self) -> Announcement:
        """What it says."""
        return Announcement.from_json(self.row["payload"])

    @property
    def count(self) -> int:
        """How many get it."""
        return self.counts.get(None, 0)

    @property
    def starts_at(self) -> datetime:
        """When the first copy goes."""
        return Broadcasts(self.post).starts_at(self.row)

    @property
    def fingerprint(self) -> str:
        """Differs when anything does that this look shows."""
        starts_at = self.starts_at if self.starts_at > self.post.clock.now() else None
        row, audience = self.row, Audience.from_json(self.row["audience"])
        clinic = self.post.library.served.content.clinic
        return fingerprint(
            self.announcement, clinic, row["attachment_id"], audience, starts_at, row["any_hour"], self.count
        )

    # --- the card ---------------------------------------------------------------------------------------------------

    def card(self, said: str = "") -> Payload:
        """The figures with the button that sends. `said`: stands above them."""
        words = DeskWords(self.post)
        lines = [*self._lines(words)]
        text = self.post.text(
            words.texts.desk_check,
            patients=words.patients(self.count),
            audience=self.audience,
            lines=Html("\n".join(lines)),
        )
        back = Button(words.texts.button_back, data("show", self.row["id"]))
        return Payload(
            "\n\n".join(filter(None, (said, text))), (*((self._send(words),) if self.count else ()), (back,))
        )

    def _send(self, words: DeskWords) -> tuple[Button, ...]:
        if self.row["state"] == State.DRAFT and words.content.clinic.broadcast_needs_second:
            return (Button(words.texts.button_propose, data("propose", self.row["id"], self.fingerprint)),)
        label = words.texts.button_send.replace("{patients}", words.patients(self.count))
        return (Button(label, data("send", self.row["id"], self.fingerprint)),)

    def _lines(self, words: DeskWords) -> Iterator[str]:
        texts, text = words.texts, self.post.text
        if not self.count:
            yield text(texts.desk_nobody)
        yield from words.needs_visit(self.announcement)
        yield from words.left_out(self.counts)
        has_photo = self.row["attachment_id"] is not None
        length = announcement_check.longest(self.announcement.text, words.content)
        limit = announcement_check.limit(has_photo)
        yield text(texts.desk_longest, count=f"{length:,}", limit=f"{limit:,}")
        yield text(texts.desk_locked, line=locked_screen(self.copy.text))
        yield from self._runs(words)
        yield from self._clashes(words)
        if words.content.clinic.broadcast_needs_second:
            yield text(texts.desk_needs_second)

    def _runs(self, words: DeskWords) -> Iterator[str]:
        clinic, starts_at = words.content.clinic, self.starts_at
        end = ends_at(clinic, starts_at, self.count, self.row["any_hour"])
        yield self.post.text(
            words.texts.desk_runs,
            start=words.when(starts_at),
            zone=words.zone_name,
            lasts=words.lasts(lasts(self.count)),
            end=words.at(end, starts_at),
        )
        if end - starts_at > lasts(self.count) + timedelta(minutes=1):
            hours = {"start": f"{SEND_FROM:%H:%M}", "end": f"{SEND_UNTIL:%H:%M}"}
            yield self.post.text(words.texts.desk_overnight, **hours)

    def _clashes(self, words: DeskWords) -> Iterator[str]:
        """What else there is on that day."""
        texts, clinic = words.texts, words.content.clinic
        day = self.starts_at.astimezone(clinic.zone).date()
        by_day = BY_DAY.search(self.announcement.text)
        if by_day is not None and day != self.post.clock.now().astimezone(clinic.zone).date():
            said = f"{WEEKDAY_NAMES[day.weekday()]} {day.day} {MONTH_NAMES[day.month - 1]}"
            yield self.post.text(texts.desk_by_day, word=by_day[0].lower(), day=said)
        for closure in clinic.closures:
            if closure.first <= day <= closure.last:
                yield self.post.text(texts.desk_closed, reason=closure.reason)
        if self.check_ins:
            yield self.post.text(texts.desk_check_ins, patients=words.patients(self.check_ins))
        for row in self.others:
            yield self.post.text(texts.desk_other, title=words.title(row))


async def last_look(post: Post, tx: Tx, row: sa.RowMapping) -> LastLook:
    """Look at a draft as it stands."""
    cards, all_ = Cards(post), Broadcasts(post)
    announcement, meant = Announcement.from_json(row["payload"]), all_.meant(row)
    zone = cards.words.content.clinic.zone
    day = all_.starts_at(row).astimezone(zone).date()
    from_us, until_us = (to_us(wall_clock(one, time(0), zone)) for one in (day, day + timedelta(days=1)))

    def check_ins(tx: Tx) -> Awaitable[int]:
        return recipients.check_ins_between(tx, post.bot_id, meant, from_us, until_us)

    going = await broadcasts.listed(tx, post.bot_id, (State.RUNNING, State.PAUSED), 3)
    return LastLook(
        post,
        row,
        await cards.sample(tx, row, announcement),
        await cards.counts(tx, row),
        await post.count(tx, (whom(row), day), check_ins),
        tuple(going),
        await cards.words.audience(tx, Audience.from_json(row["audience"])),
    )
