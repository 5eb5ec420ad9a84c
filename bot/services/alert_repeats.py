"""An alert that nobody takes: told again, to more people, and once to the patient, so that nobody waits for us.

A repeat holds the lock of the alert's own row; what tells the patient, that of the chat.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import logs
from bot.clock import from_us, to_us
from bot.core import escalation
from bot.core.escalation import Whom
from bot.core.hours import is_open
from bot.model import SELF_HARM, ChatId, Kind, Level, Outgoing, Payload, UserId
from bot.services.alert_view import AlertView, subject_of
from bot.services.cards import level_of
from bot.services.post import Post
from bot.services.ticks import Handler
from bot.store import alerts, dues
from bot.store.chats import lock_chat
from bot.store.engine import Tx
from bot.store.people import owners

log = logs.get(__name__)

REPEAT, UNSEEN = "alert_repeat", "alert_unseen"
"""The kinds of the timers."""
OVERDUE = timedelta(minutes=20)
"""A repeat that did not come for so long was given up by its timer, and is planned anew."""


@dataclass(frozen=True)
class AlertRepeats:
    """Sees to it that an open alert is not forgotten."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {REPEAT: self._repeat, UNSEEN: self._unseen}

    @property
    def _view(self) -> AlertView:
        return AlertView(self.post)

    async def on_call(self, tx: Tx) -> tuple[UserId, ...]:
        """Who is on call and has confirmed that our messages arrive."""
        people = self.post.library.served.content.clinic.on_call
        return await alerts.confirmed(tx, self.post.bot_id, (person.telegram_id for person in people))

    async def mend(self) -> None:
        """Plan repeats anew whose timer was given up: an alert nobody takes must not fall silent."""
        async with self.post.store.read() as tx:
            late = [alert["id"] for alert in await alerts.not_closed(tx, self.post.bot_id) if self._is_overdue(alert)]
        for alert_id in late:
            log.warning("repeat_mended", alert_id=alert_id)
            async with self.post.store.write() as tx:
                await self._plan_at(tx, await self._view.alert(tx, alert_id), self.post.clock.now())

    def _is_overdue(self, alert: sa.RowMapping) -> bool:
        return (
            alert["state"] == "open"
            and alert["repeat_us"] is not None
            and from_us(alert["repeat_us"]) + OVERDUE < self.post.clock.now()
        )

    async def _repeat(self, tx: Tx, row: sa.RowMapping) -> None:
        alert = await alerts.by_id(tx, self.post.bot_id, row["ref"], lock=True)
        now = self.post.clock.now()
        if alert is None or alert["state"] != "open" or alert["repeat_us"] is None or to_us(now) < alert["repeat_us"]:
            return  # taken, or another timer has done it
        people = await self.on_call(tx)
        level, clinic = level_of(alert), self.post.library.served.content.clinic
        if escalation.may_repeat(level, clinic, now):
            await self._tell_again(tx, alert, people)
            await alerts.set_values(tx, alert["id"], repeats=alert["repeats"] + 1)
        await self.plan(tx, alert["id"], has_on_call=bool(people))

    async def _tell_again(self, tx: Tx, alert: sa.RowMapping, people: tuple[UserId, ...]) -> None:
        whom = escalation.whom(level_of(alert), alert["repeats"], has_on_call=bool(people))
        key = f"alert:{alert['id']}:{alert['repeat_us']}"
        to = people if whom is Whom.ON_CALL else await owners(tx, self.post.bot_id)
        log.info("alert_repeated", alert_id=alert["id"], whom=whom)
        if whom is Whom.GROUP or not to:
            await self._view.show(tx, alert["id"], key, again=True)
            return
        payload = await self._view.cards.payload(tx, alert, again=True)
        for user in to:
            out = Outgoing(
                ChatId(user),
                Kind.ALERT,
                payload,
                f"{key}|1|{user}",
                subject_chat_id=subject_of(alert),
                question_id=alert["question_id"],
            )
            await self._view.send(tx, alert["id"], out, fallback=1 if whom is Whom.OWNERS else 0)

    async def plan(self, tx: Tx, alert_id: int, *, has_on_call: bool) -> None:
        """Set the timer of the next repeat, if there is to be one."""
        alert = await self._view.alert(tx, alert_id)
        at = escalation.next_repeat(
            level_of(alert),
            alert["repeats"],
            self.post.library.served.content.clinic,
            at=from_us(alert["at_us"]),
            now=self.post.clock.now(),
            has_on_call=has_on_call,
        )
        await self._plan_at(tx, alert, at)

    async def _plan_at(self, tx: Tx, alert: sa.RowMapping, at: datetime | None) -> None:
        await alerts.set_values(tx, alert["id"], repeat_us=to_us(at) if at else None)
        if at is not None:
            timer = dues.Due(REPEAT, at, f"repeat:{alert['id']}:{alert['repeats']}:{to_us(at)}", ref=alert["id"])
            await dues.plan(self.post.store, tx, self.post.bot_id, timer)

    async def _unseen(self, tx: Tx, row: sa.RowMapping) -> None:
        """Tell the patient that nobody has taken it, so that nobody waits for us."""
        if (alert := await alerts.by_id(tx, self.post.bot_id, row["ref"])) is None:
            return
        chat_id = ChatId(alert["chat_id"])
        await lock_chat(tx, self.post.bot_id, chat_id)
        alert = await self._view.alert(tx, alert["id"])  # as it is now that nobody can take it
        if alert["state"] != "open":
            return
        text = self.post.text(self._unseen_text(alert))
        out = Outgoing(chat_id, Kind.EMERGENCY, Payload(text), f"unseen:{alert['id']}")
        await self.post.enqueue(tx, out)

    def _unseen_text(self, alert: sa.RowMapping) -> str:
        replies, clinic = self.post.library.served.content.replies, self.post.library.served.content.clinic
        if is_self_harm(alert):
            return replies.unseen_self_harm
        if level_of(alert) is Level.URGENT:
            is_staffed = is_open(clinic, self.post.clock.now())
            return replies.unseen_urgent_open if is_staffed else replies.unseen_urgent_closed
        return replies.unseen_emergency


def is_self_harm(alert: sa.RowMapping) -> bool:
    """Whether it is about that alone: somebody to talk to is then named before the ambulance."""
    return list(alert["flags"] or ()) == [SELF_HARM]
