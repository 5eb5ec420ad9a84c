"""The day of the clinic in one message, as it opens: who answered, who did not, whom to ring, what is to come.

Codes and facts only. Long lists are cut: the count is always whole, and /notes and /patients have the rest.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as wall_time

import sqlalchemy as sa

from bot.care import NoteKind
from bot.clock import from_us, to_us
from bot.core import escalation
from bot.core.hours import is_open, open_until, wall_clock
from bot.core.replies import Html, local_time
from bot.model import Button, Kind, Level, Payload
from bot.services.cards import level_of
from bot.services.plan_words import PlanWords
from bot.services.post import Post
from bot.services.ticks import Handler, is_late
from bot.store import alerts, care, dues, patient_list
from bot.store.engine import Tx
from bot.store.patient_list import Listed

DAY_DIGEST = "day_digest"
"""The kind of the timer. Its `ref` is the time (UTC microseconds) up to which the message before it told."""
LISTED = 10
"""What is shown of each list."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Day:
    """The stretches of time it is about, in UTC microseconds: since the last one, the clinic's today, and the days up
    to and with the one of the next message: on a Friday Saturday, Sunday and Monday."""

    since_us: int
    now_us: int
    today_us: int
    tomorrow_us: int
    after_us: int
    is_tomorrow: bool
    """The next message comes tomorrow."""


@dataclass(frozen=True)
class DayDigest:
    """Sends it, one timer a day."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {DAY_DIGEST: self._digest}

    @property
    def _words(self) -> PlanWords:
        return PlanWords(self.post)

    async def plan(self, tx: Tx, since_us: int | None = None) -> None:
        """Set the next timer; setting it again changes nothing. `since_us`: up to when staff were told; None: now."""
        clinic = self.post.library.served.content.clinic
        at = escalation.digest_at(clinic, self.post.clock.now())
        ref = since_us if since_us is not None else self.post.clock.now_us()
        timer = dues.Due(DAY_DIGEST, at, f"{DAY_DIGEST}:{at:%Y-%m-%dT%H:%M}", until=open_until(clinic, at), ref=ref)
        await dues.plan(self.post.store, tx, self.post.bot_id, timer)

    async def text(self, tx: Tx, since_us: int) -> str:
        """The message as of now; empty when there is nothing to say."""
        now, clinic = self.post.clock.now(), self.post.library.served.content.clinic
        today = now.astimezone(clinic.zone).date()
        next_on = escalation.digest_at(clinic, now).astimezone(clinic.zone).date()
        days = (today, today + _DAY, max(next_on, today + _DAY) + _DAY)
        today_us, tomorrow_us, after_us = (to_us(wall_clock(one, wall_time(0), clinic.zone)) for one in days)
        day = _Day(since_us, to_us(now), today_us, tomorrow_us, after_us, is_tomorrow=next_on <= days[1])
        lines = [line async for line in self._lines(tx, day)]
        date = local_time(clinic, now, now - 7 * _DAY).rpartition(" ")[0]  # "Monday 23 November"
        return self.post.text(self._words.replies.day_digest, date=date, lines=Html("\n".join(lines))) if lines else ""

    async def _digest(self, tx: Tx, row: sa.RowMapping) -> None:
        clinic, now = self.post.library.served.content.clinic, self.post.clock.now()
        since_us = row["ref"] or row["due_us"]
        await patient_list.drop_charts(tx, self.post.bot_id, to_us(now - _DAY))
        if is_late(row, to_us(now)) or not is_open(clinic, now):  # the next one tells of this day too
            await self.plan(tx, since_us)
            return
        await self.plan(tx, to_us(now))
        if text := await self.text(tx, since_us):
            replies = self._words.replies
            buttons = (Button(replies.button_patients, "pl:patients:0"), Button(replies.button_notes, "pl:listnotes:0"))
            await self.post.tell(tx, Kind.DIGEST, Payload(text, (buttons,)), row["dedupe_key"])

    # --- its lines, only where there is something -------------------------------------------------------------------

    async def _lines(self, tx: Tx, day: _Day) -> AsyncIterator[str]:
        for part in (self._answers, self._warnings, self._notes, self._to_come):
            async for line in part(tx, day):
                yield line

    async def _answers(self, tx: Tx, day: _Day) -> AsyncIterator[str]:
        bot_id, replies = self.post.bot_id, self._words.replies
        content = self.post.library.served.content
        steps = sorted({step.id for plan in content.plans.values() for step in plan.steps})
        answered = await patient_list.answered(tx, bot_id, day.since_us, day.now_us, steps, LISTED)
        since = local_time(content.clinic, from_us(day.since_us), from_us(day.now_us))
        if answered.count:
            yield self._codes(replies.digest_answered, answered, since=since)
        if (silent := await patient_list.silent(tx, bot_id, LISTED)).count:
            yield self._codes(replies.digest_silent, silent)

    async def _warnings(self, tx: Tx, _day: _Day) -> AsyncIterator[str]:
        replies = self._words.replies
        found = await alerts.not_closed(tx, self.post.bot_id)
        advise = [alert for alert in found if level_of(alert) is Level.ADVISE]
        pressing = [alert for alert in found if level_of(alert) is not Level.ADVISE]
        for template, some in ((replies.digest_advise, advise), (replies.digest_alerts, pressing)):
            if some:
                shown = [f"{alert['code']} {', '.join(alert['flags'] or ())}".strip() for alert in some[:LISTED]]
                yield self._line(template, len(some), shown)
        paused = await patient_list.paused(tx, self.post.bot_id, LISTED)
        if paused.count:
            shown = [f"{row['code']} {self._words.why(row['reason'])}" for row in paused.rows]
            yield self._line(replies.digest_paused, paused.count, shown)

    async def _notes(self, tx: Tx, day: _Day) -> AsyncIterator[str]:
        bot_id, replies = self.post.bot_id, self._words.replies
        notes = await care.open_notes(tx, bot_id, day.tomorrow_us)  # whom to ring later today is told in the morning
        by_kind = {kind: [note for note in notes if note["kind"] == kind] for kind in NoteKind}
        to_ring = await patient_list.silent_to_ring(tx, bot_id, LISTED)
        calls = [self._note(note) for note in by_kind[NoteKind.CALL]]
        calls += [f"{row['code']}: {replies.digest_no_reply_call}" for row in to_ring.rows]
        count = len(by_kind[NoteKind.CALL]) + to_ring.count
        if count:
            yield self._list(replies.digest_calls, count, calls)
        late = [note for note in by_kind[NoteKind.LATE] if note["at_us"] >= day.since_us]
        for template, some in (
            (replies.digest_bookings, by_kind[NoteKind.BOOKING]),
            (replies.digest_before_visit, by_kind[NoteKind.VISIT]),
            (replies.digest_notes, by_kind[NoteKind.NOTE]),
            (replies.digest_late, late),
        ):
            if some:
                yield self._list(template, len(some), [self._note(note) for note in some[:LISTED]])

    async def _to_come(self, tx: Tx, day: _Day) -> AsyncIterator[str]:
        bot_id, replies = self.post.bot_id, self._words.replies
        visits = await patient_list.visits(tx, bot_id, day.today_us, day.tomorrow_us, LISTED)
        if visits.count:
            shown = [f"{self._clock(row['visit_us'])} {row['code']}" for row in visits.rows]
            yield self._line(replies.digest_visits_today, visits.count, shown)
        steps = await patient_list.steps_between(tx, bot_id, day.tomorrow_us, day.after_us, LISTED)
        if steps.count:
            shown = [
                f"{self._when(row['due_us'], day)} {row['code']} {self._words.step(row['plan_id'], row['part'])}"
                for row in steps.rows
            ]
            until = self._local(day.after_us - 1, day).rpartition(" ")[0]
            template = replies.digest_tomorrow if day.is_tomorrow else replies.digest_until
            yield self._line(template, steps.count, shown, until=until)
        if (unknown := await patient_list.without_phone(tx, bot_id, LISTED)).count:
            yield self._codes(replies.digest_no_phone, unknown)

    # --- how they are written ---------------------------------------------------------------------------------------

    def _codes(self, template: str, found: Listed, **extra: str) -> str:
        return self._line(template, found.count, [row["code"] for row in found.rows], **extra)

    def _line(self, template: str, count: int, shown: Sequence[str], **extra: str) -> str:
        more = ("…",) if count > len(shown) else ()
        return self.post.text(template, count=str(count), codes=", ".join((*shown, *more)), **extra)

    def _list(self, template: str, count: int, shown: Sequence[str]) -> str:
        """A line with more lines below it."""
        below: Iterable[str] = (self.post.text("{line}", line=f"· {line}") for line in shown[:LISTED])
        more = (self._words.replies.digest_more,) if count > LISTED else ()
        return self.post.text(template, count=str(count), lines=Html("".join(f"\n{line}" for line in (*below, *more))))

    def _note(self, note: sa.RowMapping) -> str:
        return f"{note['code']}: {note['text']}"

    def _when(self, at_us: int, day: _Day) -> str:
        """With its day, where that may be another than tomorrow."""
        return self._clock(at_us) if day.is_tomorrow else self._local(at_us, day)

    def _local(self, at_us: int, day: _Day) -> str:
        return local_time(self.post.library.served.content.clinic, from_us(at_us), from_us(day.now_us))

    def _clock(self, at_us: int) -> str:
        """On the clinic's clock: that is where it is read."""
        return f"{self._at(at_us):%H:%M}"

    def _at(self, at_us: int) -> datetime:
        return from_us(at_us).astimezone(self.post.library.served.content.clinic.zone)
