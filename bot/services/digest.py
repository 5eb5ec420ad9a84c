"""What staff have not dealt with yet, as a list: each morning as the clinic opens, and whenever they ask for it.

Once a week it comes with figures: how many alerts there were, how many were false, how long they waited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as wall_time

import sqlalchemy as sa

from bot.clock import from_us, to_us
from bot.core import escalation
from bot.core.figures import Past, figures, per_hundred
from bot.core.hours import is_open, open_until, wall_clock
from bot.core.replies import Html
from bot.model import Button, Buttons, Kind, Level, Payload, in_rows
from bot.services.cards import level_of
from bot.services.plan_words import PlanWords
from bot.services.post import Post
from bot.services.ticks import Handler, is_late
from bot.store import accounts, alerts, dues, patient_list
from bot.store.engine import Tx

DIGEST = "alert_digest"
"""The kind of the timer."""
LISTED = 20
"""Alerts shown one by one, and buttons, in one message."""
EXCERPT = 200
"""Characters of a patient's words in a list; the card has more."""
STATUS_DAYS = 28
REVIEW_DAYS = 90
"""How far back false alarms count."""


@dataclass(frozen=True)
class Digest:
    """Lists alerts, and counts them."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {DIGEST: self._digest}

    async def plan(self, tx: Tx) -> None:
        """Set the next timer; setting it again changes nothing."""
        clinic = self.post.library.served.content.clinic
        at = escalation.digest_at(clinic, self.post.clock.now())
        timer = dues.Due(DIGEST, at, f"{DIGEST}:{at:%Y-%m-%dT%H:%M}", until=open_until(clinic, at))
        await dues.plan(self.post.store, tx, self.post.bot_id, timer)

    async def listing(self, tx: Tx) -> Payload:
        """What is open, for /alerts."""
        replies = self.post.library.served.content.replies
        found = await alerts.not_closed(tx, self.post.bot_id)
        counts = await accounts.counts(tx, self.post.bot_id)
        questions = counts["open_alerts"] - sum(alert["state"] == "open" for alert in found)
        paused, plans = await self._paused(tx)
        if not found:
            text = self.post.text(replies.staff_alerts_none, questions=str(questions))
        else:
            lines = Html(await self._lines(tx, found))
            text = self.post.text(replies.staff_alerts, lines=lines, questions=str(questions))
        return Payload("\n\n".join(filter(None, (text, paused))), (*self._buttons(found), *plans))

    async def _paused(self, tx: Tx) -> tuple[str, Buttons]:
        """Care plans that wait for staff though no alert about them is open: they stay here until somebody acts."""
        found = await patient_list.left_paused(tx, self.post.bot_id, LISTED)
        if not found.count:
            return "", ()
        words = PlanWords(self.post)
        lines = [
            self.post.text(words.replies.paused_line, code=row["code"], why=words.why(row["reason"]))
            for row in found.rows
        ]
        lines += ["…"] if found.count > len(lines) else []
        text = self.post.text(words.replies.paused_plans, lines=Html("\n".join(lines)))
        buttons = [Button(row["code"], f"pl:view:{row['id']}") for row in found.rows]
        return text, in_rows(buttons, 4)

    async def in_words(self, tx: Tx, since: datetime, until: datetime) -> str:
        """Figures of the alerts between two moments, and what asks for a review; empty when there was none."""
        bot_id, replies = self.post.bot_id, self.post.library.served.content.replies
        past = await self._past(tx, since, until)
        lines = []
        if past:
            patients = await alerts.patients_heard(tx, bot_id, to_us(since), to_us(until))
            rate = per_hundred(len(past), patients)
            rate_in_words = "–" if rate is None else f"{rate:.0f}"
            lines.append(self.post.text(replies.staff_figures, count=str(len(past)), rate=rate_in_words))
        for one in figures(past):
            waited = "–" if one.waited_min is None else f"{one.waited_min:.0f}"
            lines.append(
                self.post.text(
                    replies.staff_figures_line,
                    id=one.flag_id,
                    count=str(one.count),
                    false=f"{100 * one.false_share:.0f}",
                    minutes=waited,
                )
            )
        for one in figures(await self._past(tx, until - timedelta(days=REVIEW_DAYS), until)):
            if one.wants_review:
                text = replies.staff_review_due
                lines.append(self.post.text(text, id=one.flag_id, count=str(one.count), false=str(one.false_count)))
        return "\n".join(lines)

    async def lately(self, tx: Tx) -> str:
        """The same for the last four weeks, for /status."""
        now = self.post.clock.now()
        return await self.in_words(tx, now - timedelta(days=STATUS_DAYS), now + timedelta(seconds=1))

    async def _digest(self, tx: Tx, row: sa.RowMapping) -> None:
        await self.plan(tx)
        clinic, now = self.post.library.served.content.clinic, self.post.clock.now()
        if is_late(row, self.post.clock.now_us()) or not is_open(clinic, now):  # the hours were changed since
            return
        replies = self.post.library.served.content.replies
        found = await alerts.not_closed(tx, self.post.bot_id)
        text, plans = await self._paused(tx)
        if found:
            listed = self.post.text(replies.staff_digest, lines=Html(await self._lines(tx, found)))
            text = "\n\n".join(filter(None, (listed, text)))
        if text:
            payload = Payload(text, (*self._buttons(found), *plans))
            await self.post.tell(tx, Kind.DIGEST, payload, row["dedupe_key"])
        await self._week(tx, now)

    async def _week(self, tx: Tx, now: datetime) -> None:
        """Figures of the week before, with the first digest of a week."""
        zone = self.post.library.served.content.clinic.zone
        today = now.astimezone(zone).date()
        monday = today - timedelta(days=today.weekday())
        since, until = (wall_clock(day, wall_time(0), zone) for day in (monday - timedelta(days=7), monday))
        if await self._past(tx, since, until):
            text = Html(await self.in_words(tx, since, until))
            shown = self.post.text(self.post.library.served.content.replies.staff_week, figures=text)
            await self.post.tell(tx, Kind.DIGEST, Payload(shown), f"alert_week:{monday}")

    async def _past(self, tx: Tx, since: datetime, until: datetime) -> list[Past]:
        rows = await alerts.past(tx, self.post.bot_id, to_us(since), to_us(until))
        return [
            Past(
                row["flags"][0],
                row["outcome"] == "false_alarm",
                (row["taken_us"] - row["at_us"]) / 60_000_000 if row["taken_us"] is not None else None,
            )
            for row in rows
            if row["flags"]
        ]

    async def _lines(self, tx: Tx, found: Sequence[sa.RowMapping]) -> str:
        shown = _in_order(found)
        lines = [await self._line(tx, alert) for alert in shown[:LISTED]]
        return "\n".join(lines) + ("\n…" if len(shown) > LISTED else "")

    async def _line(self, tx: Tx, alert: sa.RowMapping) -> str:
        replies = self.post.library.served.content.replies
        who = self.post.text(replies.staff_nobody)
        if alert["taken_by"] is not None:
            who = self.post.text(replies.staff_taken_short, who=alert["taken_name"] or str(alert["taken_by"]))
        level = level_of(alert)
        words = await alerts.words_of(tx, alert["id"]) if level is Level.ADVISE else ()
        text = " / ".join(dict.fromkeys(word["text"] for word in words))
        return self.post.text(
            replies.staff_alert_advise if level is Level.ADVISE else replies.staff_alert_line,
            level=level.value.capitalize(),
            code=alert["code"],
            id=", ".join(alert["flags"] or ()),
            age=_age(self.post.clock.now() - from_us(alert["at_us"])),
            who=Html(who),
            text=text if len(text) <= EXCERPT else f"{text[:EXCERPT]} […]",
        )

    def _buttons(self, found: Sequence[sa.RowMapping]) -> Buttons:
        """One for each: it brings the card, under which all can be done."""
        label = self.post.library.served.content.replies.staff_button_card
        buttons = [Button(f"{label} {one['code']}", f"card:{one['id']}") for one in _in_order(found)[:LISTED]]
        return in_rows(buttons, 2)


def _in_order(found: Sequence[sa.RowMapping]) -> list[sa.RowMapping]:
    """Those that nobody has taken first, the most pressing at the top, the oldest of them first."""
    return sorted(found, key=lambda one: (one["state"] != "open", -level_of(one).rank, one["id"]))


def _age(age: timedelta) -> str:
    """ "12 min", "5 h", "3 days"."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
