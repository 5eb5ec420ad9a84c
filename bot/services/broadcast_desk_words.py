"""Announcements in words for staff: whom they are for and how many that is, when they go, what each is called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.announcement import Audience, LeftOut, State
from bot.content.locked_screen import locked_screen
from bot.content.schema import Content
from bot.content.sentences import BroadcastReplies
from bot.core import audience as audiences
from bot.core.announcement_check import Finding, in_words
from bot.core.announcing import NEEDS_VISIT, Announcement
from bot.core.replies import WEEKDAY_NAMES, Html, full_time, names_of, render, time_in_words
from bot.errors import MarkupError
from bot.model import UserId
from bot.services.broadcast_file import reasons
from bot.services.people import People
from bot.services.post import Post
from bot.store import people
from bot.store.engine import Tx

DESK = "bc"
"""What the data of buttons about announcements begins with."""
_TITLE = 30
"""Letters by which an announcement is known in a list and on a button."""


def data(what: str, broadcast_id: int, more: str | int = "") -> str:
    """What a button does."""
    return f"{DESK}:{what}:{broadcast_id}" + (f".{more}" if more != "" else "")


@dataclass(frozen=True)
class DeskWords:
    """Puts what staff see into words, all of it plain: `Post.text` escapes it."""

    post: Post

    def found(self, findings: Iterable[Finding]) -> list[str]:
        """A line for each thing that is wrong or doubtful; HTML."""
        kinds = {True: self.texts.desk_problem, False: self.texts.desk_warning}
        return [self.post.text(kinds[one.is_problem], what=Html(in_words(one, self.content))) for one in findings]

    @property
    def content(self) -> Content:
        """What is served now."""
        return self.post.library.served.content

    @property
    def texts(self) -> BroadcastReplies:
        """The sentences."""
        return self.content.broadcasts

    @property
    def zone_name(self) -> str:
        """Whose times are meant."""
        return self.content.clinic.time_zone

    def patients(self, count: int) -> str:
        """ "1 patient", "12 patients"."""
        return self.texts.desk_patient if count == 1 else self.texts.desk_patients.replace("{count}", f"{count:,}")

    def messages(self, count: int) -> str:
        """ "1 message", "12 messages"."""
        return self.texts.desk_message if count == 1 else self.texts.desk_messages.replace("{count}", f"{count:,}")

    async def choices(self, tx: Tx) -> audiences.Choices:
        """What an audience can be made of, with the names that staff have for who treats."""
        treating = await People(self.post).who_treat(tx)
        return audiences.choices_of(self.content, {int(user_id): name for user_id, name in treating.items()})

    async def audience(self, tx: Tx, audience: Audience) -> str:
        """Whom it is for. Who does not treat any more has a name all the same."""
        choices, bot_id = await self.choices(tx), self.post.bot_id
        others = audience.podiatrists - choices.podiatrists.keys()
        known = {one: await people.name_of(tx, bot_id, UserId(one)) for one in others} | dict(choices.podiatrists)
        return audiences.in_words(audience, replace(choices, podiatrists=known), self.texts)

    def when(self, at: datetime) -> str:
        """A moment on the clinic's clock, with its day: cards are read later than they are written."""
        local = at.astimezone(self.content.clinic.zone)
        return f"{WEEKDAY_NAMES[local.weekday()]} {full_time(at, self.content.clinic.zone)}"

    def at(self, at: datetime, beside: datetime) -> str:
        """A moment named beside another: the day only where it is another one."""
        return time_in_words(at, now=beside, zone=self.content.clinic.zone)

    def on_button(self, at: datetime) -> str:
        """ "Today 17:00", "Tomorrow 09:00", "Friday 09:00"."""
        now, zone = self.post.clock.now(), self.content.clinic.zone
        clock = f"{at.astimezone(zone):%H:%M}"
        match (at.astimezone(zone).date() - now.astimezone(zone).date()).days:
            case 0:
                return self.texts.button_today.replace("{time}", clock)
            case 1:
                return self.texts.button_tomorrow.replace("{time}", clock)
            case _:
                return self.at(at, now)

    def lasts(self, lasts: timedelta) -> str:
        """How long."""
        minutes = round(lasts / timedelta(minutes=1))
        return self.texts.desk_minutes.replace("{count}", str(minutes)) if minutes > 1 else self.texts.desk_minute

    def left_out(self, counts: Mapping[LeftOut | None, int]) -> list[str]:
        """How many of those who are meant get none, and why, a line each; HTML."""
        why, line = reasons(self.texts), self.texts.report_left_out_line
        lines = [
            self.post.text(line, count=f"{counts[reason]:,}", why=why[reason])
            for reason in LeftOut
            if counts.get(reason)
        ]
        if not lines:
            return [self.post.text(self.texts.desk_left_nobody)]
        left = sum(count for reason, count in counts.items() if reason is not None)
        return [self.post.text(self.texts.desk_left_out, patients=self.patients(left)), *lines]

    def needs_visit(self, announcement: Announcement) -> list[str]:
        """That only those with a visit get it, where the text speaks of one; HTML."""
        if names_of(announcement.text).isdisjoint(NEEDS_VISIT):
            return []
        return [self.post.text(self.texts.desk_needs_visit)]

    def title(self, row: sa.RowMapping) -> str:
        """What an announcement is called: its first words, behind the clinic's name that all of them begin with."""
        clinic, written = self.content.clinic, Announcement.from_json(row["payload"]).text
        text = written.replace(self.texts.opt_out, "")
        try:
            shown = locked_screen(render(text, clinic)).removeprefix(f"{clinic.name}:").strip()
        except MarkupError:
            shown = text
        return shown if len(shown) <= _TITLE else f"{shown[: _TITLE - 1].rstrip()}…"

    def state(self, row: sa.RowMapping) -> str:
        """How far one is that is no draft any more."""
        if row["state"] == State.RUNNING and row["started_us"] is None:
            return self.texts.desk_state_planned
        return {
            State.PROPOSED: self.texts.desk_state_proposed,
            State.RUNNING: self.texts.desk_state_running,
            State.PAUSED: self.texts.desk_state_paused,
            State.DONE: self.texts.desk_state_done,
            State.CANCELLED: self.texts.desk_state_cancelled,
        }[State(row["state"])]
