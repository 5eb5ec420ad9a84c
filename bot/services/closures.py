"""/closed: days on which the clinic is closed, beside those of clinic.yaml.

What was typed is shown as it was understood, and counts once somebody has pressed *Close*. Every worker serves the days
with its next look at the texts (`Library.look`).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from bot.content.sentences import PeopleReplies
from bot.core.days import LONG_DAYS, Stretch, Unread, read_stretch, whole_day
from bot.core.replies import Html
from bot.model import Button, Kind, Payload, PressIn, Sender
from bot.services.planner import replan
from bot.services.post import Post
from bot.store import accounts, closures, dues
from bot.store.engine import Tx

CLOSED = "cl"
"""What the data of its buttons begins with: `cl:<what>:<row>`."""
SERVED_AFTER = timedelta(seconds=5)
"""By then every worker serves the new days, and whichever plans check-ins anew plans by them."""
_ARGUMENT = re.compile(r"([a-z]{2,4}):(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Closures:
    """Sets closures, lists them, takes them back. The caller has checked rights."""

    post: Post

    @property
    def _texts(self) -> PeopleReplies:
        return self.post.library.served.content.people

    @property
    def _today(self) -> date:
        return self.post.clock.now().astimezone(self.post.library.served.content.clinic.zone).date()

    async def command(self, tx: Tx, sender: Sender, words: str) -> Payload:
        """The question whether these days are right; without any, the list."""
        if not words.strip():
            return await self._list(tx)
        found = read_stretch(words, self._today)
        if isinstance(found, Unread):
            texts = {
                Unread.UNCLEAR: self._texts.closed_unclear,
                Unread.ORDER: self._texts.closed_order,
                Unread.PAST: self._texts.closed_past,
            }
            return Payload(self.post.text(texts[found]))
        reason = found.reason[: closures.REASON_MAX].strip() or None
        now_us = self.post.clock.now_us()
        closure_id = await closures.propose(
            tx, self.post.bot_id, found.first, found.last, reason, sender.user_id, now_us
        )
        return self._question(found, closure_id)

    def _question(self, days: Stretch, closure_id: int) -> Payload:
        text = self.post.text(self._texts.closed_ask, days=self._days(days.first, days.last, days.reason))
        if days.days > LONG_DAYS:
            text += "\n\n" + self.post.text(self._texts.closed_long, count=str(days.days))
        close = Button(self._texts.button_close, f"{CLOSED}:yes:{closure_id}")
        return Payload(text, ((close, Button(self._texts.button_no, f"{CLOSED}:no:{closure_id}")),))

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Do what one of these buttons says."""
        found = _ARGUMENT.fullmatch(argument)
        if found is None or (do := self._by_name.get(found[1])) is None:
            return
        row = await closures.find(tx, self.post.bot_id, int(found[2]))
        payload = await do(tx, press, row) if row is not None else await self._list(tx)
        await self.post.redraw(tx, press, payload)

    @property
    def _by_name(self) -> Mapping[str, Callable[[Tx, PressIn, sa.RowMapping], Awaitable[Payload]]]:
        return {"yes": self._close, "no": self._discard, "back": self._take_back}

    async def _close(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> Payload:
        if date.fromisoformat(row["last_day"]) < self._today:
            return Payload(self.post.text(self._texts.closed_past))
        if not await closures.confirm(tx, self.post.bot_id, row["id"], press.sender.user_id, self.post.clock.now_us()):
            return await self._list(tx)
        now_us = self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, press.sender.user_id, "closure_set", row["id"], now_us)
        return await self._done(tx, press, row, self._texts.closed_done)

    async def _discard(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> Payload:
        if not await closures.discard(tx, self.post.bot_id, row["id"]):
            return await self._list(tx)
        return Payload(self.post.text(self._texts.closed_not_done))

    async def _take_back(self, tx: Tx, press: PressIn, row: sa.RowMapping) -> Payload:
        now_us = self.post.clock.now_us()
        if not await closures.withdraw(tx, self.post.bot_id, row["id"], now_us):
            return await self._list(tx)
        await accounts.write_audit(tx, self.post.bot_id, press.sender.user_id, "closure_taken_back", row["id"], now_us)
        return await self._done(tx, press, row, self._texts.closed_taken_back)

    async def _done(self, tx: Tx, press: PressIn, row: sa.RowMapping, template: str) -> Payload:
        """Plan check-ins by the new days, and tell the group who did it, wherever it was done."""
        key = f"closure:{row['id']}:{self.post.clock.now_us()}"
        await dues.plan(self.post.store, tx, self.post.bot_id, replan(self.post.clock.now() + SERVED_AFTER, key))
        who = press.sender.first_name or str(press.sender.user_id)
        payload = Payload(self.post.text(template, who=who, days=self._days_of(row)))
        if press.chat_id not in await self.post.staff_chats(tx):
            await self.post.tell(tx, Kind.CARD, payload, key)
        return payload

    # --- in words ---------------------------------------------------------------------------------------------------

    async def _list(self, tx: Tx) -> Payload:
        """Those to come: set here, with a button for each to take it back, and those of clinic.yaml."""
        rows = await closures.to_come(tx, self.post.bot_id, self._today)
        written = [one for one in self.post.library.served.written.closures if one.last >= self._today]
        lines = [self.post.text(self._texts.closed_line, days=self._days_of(row)) for row in rows]
        for one in written:
            days = self._days(one.first, one.last, one.reason)
            lines.append(self.post.text(self._texts.closed_line_written, days=days))
        text = self.post.text(self._texts.closed_list, lines=Html("\n".join(lines))) if lines else ""
        parts = (text or self.post.text(self._texts.closed_none), self.post.text(self._texts.closed_how))
        buttons = tuple((self._back_button(row),) for row in rows)
        return Payload("\n\n".join(parts), buttons)

    def _back_button(self, row: sa.RowMapping) -> Button:
        first = date.fromisoformat(row["first_day"])
        label = self._texts.button_take_back.replace("{day}", whole_day(first))
        return Button(label, f"{CLOSED}:back:{row['id']}")

    def _days_of(self, row: sa.RowMapping) -> str:
        first, last = (date.fromisoformat(row[name]) for name in ("first_day", "last_day"))
        return self._days(first, last, row["reason"] or "")

    def _days(self, first: date, last: date, reason: str) -> str:
        """ "Thursday 24 December 2026 to Saturday 2 January 2027 (Christmas)", not escaped."""
        texts = self._texts
        days = whole_day(first)
        if first != last:
            days = texts.closed_stretch.replace("{first}", days).replace("{last}", whole_day(last))
        return f"{days} ({reason})" if reason else days
