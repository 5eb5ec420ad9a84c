"""Who treats a patient is called first when there is an alert, unless they are away: /away and /back, by themselves."""

from dataclasses import dataclass
from datetime import date, time

import sqlalchemy as sa

from bot.clock import to_us
from bot.content.sentences import PeopleReplies
from bot.core.days import read_day, whole_day
from bot.core.hours import wall_clock
from bot.core.replies import Html
from bot.model import Payload, Sender, UserId
from bot.services.post import Post
from bot.store import accounts, people
from bot.store.engine import Tx

_UNTIL = "until "


@dataclass(frozen=True)
class Away:
    """Keeps who is away, and says whom an alert calls. The caller has checked rights, and has noted the name."""

    post: Post

    @property
    def _texts(self) -> PeopleReplies:
        return self.post.library.served.content.people

    async def leave(self, tx: Tx, sender: Sender, words: str) -> Payload:
        """`/away`, or `/away until 4 Jan`: back at the beginning of that day, on the clinic's clock."""
        until: date | None = None
        if words.strip():
            zone = self.post.library.served.content.clinic.zone
            today = self.post.clock.now().astimezone(zone).date()
            until = read_day(words.strip().lower().removeprefix(_UNTIL), today)
            if until is None or until == today:
                return Payload(self.post.text(self._texts.away_unclear))
        now_us, until_us = self.post.clock.now_us(), self._morning_us(until)
        await people.set_values(tx, self.post.bot_id, sender.user_id, away_us=now_us, away_until_us=until_us)
        await accounts.write_audit(tx, self.post.bot_id, sender.user_id, "went_away", sender.user_id, now_us)
        if until is None:
            return Payload(self.post.text(self._texts.away))
        return Payload(self.post.text(self._texts.away_until, day=whole_day(until)))

    def _morning_us(self, day: date | None) -> int | None:
        if day is None:
            return None
        return to_us(wall_clock(day, time(0), self.post.library.served.content.clinic.zone))

    async def come_back(self, tx: Tx, sender: Sender) -> Payload:
        """`/back`."""
        row = await people.find(tx, self.post.bot_id, sender.user_id)
        if row is None or not self._is_away(row):
            return Payload(self.post.text(self._texts.back_already))
        now_us = self.post.clock.now_us()
        await people.set_values(tx, self.post.bot_id, sender.user_id, away_us=None, away_until_us=None)
        await accounts.write_audit(tx, self.post.bot_id, sender.user_id, "came_back", sender.user_id, now_us)
        return Payload(self.post.text(self._texts.back))

    async def call(self, tx: Tx, alert: sa.RowMapping, podiatrist_id: int | None) -> str:
        """The line of an alert's card that calls whoever treats the patient. Empty once staff had to be told a second
        time, where nobody is known, and for who has left the team: then it is everybody's."""
        if podiatrist_id is None or alert["state"] != "open" or alert["repeats"]:
            return ""
        row = await people.find(tx, self.post.bot_id, UserId(podiatrist_id))
        if row is None or row["removed_us"] is not None:
            return ""
        name = row["name"] or str(podiatrist_id)
        if self._is_away(row):
            return self.post.text(self._texts.alert_away, name=name)
        linked = self.post.text(self._texts.alert_link, name=name, number=str(podiatrist_id))
        return self.post.text(self._texts.alert_first, person=Html(linked))

    def _is_away(self, row: sa.RowMapping) -> bool:
        return people.is_away(row, self.post.clock.now_us())
