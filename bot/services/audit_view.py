"""/audit: who did what, in words, twenty at a time."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from bot.clock import from_us, to_us
from bot.content.sentences import TeamReplies
from bot.core.replies import Html, full_time, local_time
from bot.model import Button, Payload, PressIn, UserId
from bot.services.post import Post
from bot.store import audits, enrolling
from bot.store.audits import Wanted
from bot.store.chats import full_code
from bot.store.engine import Tx

AUDIT = "au"
"""What the data of its buttons begins with: `au:<row>:<what was typed>`, the rows before that one."""
PAGE = 20
_ARGUMENT = re.compile(r"(\d{1,18}):([\w-]{0,20})")
_USER = re.compile(r"\d{5,15}", re.ASCII)
"""A person's number at Telegram has more figures than a code has letters."""
_REFUSED, _ANNOUNCEMENT = "refused:", "broadcast_"


@dataclass(frozen=True)
class AuditView:
    """Shows the audit to those who may read it, whose rights the caller has checked."""

    post: Post

    @property
    def _texts(self) -> TeamReplies:
        return self.post.library.served.content.team

    async def command(self, tx: Tx, words: str) -> Payload:
        """The newest rows, of the patient, the person or the day that was typed."""
        return await self._page(tx, words.strip(), None)

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Show other rows in the same message."""
        found = _ARGUMENT.fullmatch(argument)
        if found is None:
            return
        await self.post.redraw(tx, press, await self._page(tx, found[2], int(found[1]) or None))

    async def _page(self, tx: Tx, typed: str, before_id: int | None) -> Payload:
        wanted = await self._read(tx, typed)
        if wanted is None:
            return Payload(self.post.text(self._texts.audit_unread, word=typed))
        rows = await audits.page(tx, self.post.bot_id, wanted, PAGE + 1, before_id)
        if not rows:
            return Payload("\n\n".join(map(self.post.text, (self._texts.audit_none, self._texts.audit_how))))
        shown = rows[:PAGE]
        text = self.post.text(self._texts.audit, lines=Html("\n".join(await self._lines(tx, shown))))
        older = Button(self._texts.button_older, f"{AUDIT}:{shown[-1]['id']}:{typed}")
        newest = Button(self._texts.button_newest, f"{AUDIT}:0:{typed}")
        buttons = (*((newest,) if before_id else ()), *((older,) if len(rows) > PAGE else ()))
        how = () if typed else (self.post.text(self._texts.audit_how),)
        return Payload("\n\n".join((text, *how)), (buttons,) if buttons else ())

    async def _read(self, tx: Tx, typed: str) -> Wanted | None:
        """Which rows are meant; None where nobody can tell."""
        if not typed:
            return Wanted()
        if _USER.fullmatch(typed):
            return Wanted(user_id=UserId(int(typed)))
        if (day := _day(typed)) is not None:
            zone = self.post.library.served.content.clinic.zone
            since, until = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
            return Wanted(since_us=to_us(since.astimezone(UTC)), until_us=to_us(until.astimezone(UTC)))
        patient_id = await enrolling.patient_by_code(tx, self.post.bot_id, full_code(typed))
        return Wanted(patient_id=patient_id) if patient_id is not None else None

    # --- in words ---------------------------------------------------------------------------------------------------

    async def _lines(self, tx: Tx, rows: Sequence[sa.RowMapping]) -> list[str]:
        clinic, now = self.post.library.served.content.clinic, self.post.clock.now()
        times = (local_time(clinic, from_us(row["at_us"]), now) for row in rows)
        return self._timed(times, await self._deeds(tx, rows))

    async def in_full(self, tx: Tx, rows: Sequence[sa.RowMapping]) -> list[str]:
        """Each row as a line of HTML, with its whole date: for something that is read years later."""
        zone = self.post.library.served.content.clinic.zone
        times = (full_time(from_us(row["at_us"]), zone) for row in rows)
        return self._timed(times, await self._deeds(tx, rows))

    def _timed(self, times: Iterable[str], deeds: Iterable[str]) -> list[str]:
        line = self._texts.audit_line
        return [self.post.text(line, time=time, what=what) for time, what in zip(times, deeds, strict=True)]

    async def _deeds(self, tx: Tx, rows: Sequence[sa.RowMapping]) -> list[Html]:
        """What each says was done, and by whom."""
        actors = {row["actor_id"] for row in rows if row["actor_id"] is not None}
        names = await audits.people_named(tx, self.post.bot_id, actors)
        subjects = await audits.subjects(tx, self.post.bot_id, rows)
        bot = self._texts.audit_bot
        return [Html(self._did(row, names.get(row["actor_id"], bot), subjects.get(row["id"], ""))) for row in rows]

    def _did(self, row: sa.RowMapping, who: str, what: str) -> str:
        """What was done, in the clinic's words; its name where there are none."""
        say, texts, action = self.post.text, self._texts, row["action"]
        if action.startswith(_REFUSED):
            return say(texts.audit_refused, who=who, action=action.removeprefix(_REFUSED))
        if action.startswith(_ANNOUNCEMENT):
            what = say(texts.audit_announcement, number=str(row["ref"]))
        if (text := texts.actions.get(action)) is None:
            return say(texts.audit_unnamed, who=who, action=action, what=what)
        return say(text, who=who, what=what)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
