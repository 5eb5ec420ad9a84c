"""An alert about a red flag, until somebody has acted: opened, taken, closed. Repeated: `alert_repeats.py`.

Staff see one card for one patient. New words are added to it, and sent under it as well, because nobody watches a card
for changes; danger that is worse than before gets a new card in its place. The patient hears when somebody has taken
the alert, and, once, when nobody has.

What patients and staff do to an alert holds the lock of the patient's chat.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import logs
from bot.clock import from_us, to_us
from bot.core import escalation
from bot.core.escalation import Known, Then
from bot.model import (
    ChatId,
    Kind,
    Level,
    MessageId,
    Outgoing,
    PatientId,
    Payload,
    Sender,
    Verdict,
)
from bot.services.alert_repeats import UNSEEN, AlertRepeats, is_self_harm
from bot.services.alert_view import LINKED, AlertView, subject_of
from bot.services.cards import level_of
from bot.services.plan_actions import PlanActions
from bot.services.post import Post
from bot.services.threads import Threads
from bot.store import accounts, alerts, care, dues, messages
from bot.store.alerts import Person
from bot.store.chats import lock_chat
from bot.store.engine import Tx

log = logs.get(__name__)

LINKED_AFTER = timedelta(seconds=10)
"""So long after a thread was opened Telegram has made its topic, and the card leads there."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A sign of danger in what a patient wrote. `question_id`: our row with those words."""

    patient_id: PatientId
    chat_id: ChatId
    question_id: int | None
    level: Level
    flag_ids: tuple[str, ...]
    said_at: datetime
    """When the patient wrote it, aware UTC."""
    is_named: bool = False
    """It is surely about this patient: an answer in their check-in, or words that name them."""
    note: str = ""
    """What the patient was asked about it, and the answer, in Telegram's HTML."""


@dataclass(frozen=True)
class Alerts:
    """Opens alerts and sees them through."""

    post: Post

    @property
    def _view(self) -> AlertView:
        return AlertView(self.post)

    @property
    def _repeats(self) -> AlertRepeats:
        return AlertRepeats(self.post)

    # --- danger -----------------------------------------------------------------------------------------------------

    async def raise_(self, tx: Tx, raised: Raised) -> None:
        """Open an alert, or add the words to the one there is. The caller holds the chat's lock."""
        old = await self._live(tx, raised)
        people = await self._repeats.on_call(tx)
        known = _known(old) if old is not None else None
        match escalation.becomes_of(raised.level, known, self.post.clock.now(), has_on_call=bool(people)):
            case Then.JOIN:
                assert old is not None
                await self._join(tx, old, raised)
            case Then.REPLACE:
                assert old is not None
                await self._replace(tx, old, raised, has_on_call=bool(people))
            case Then.NEW:
                await self._open(tx, raised, raised.flag_ids, None, has_on_call=bool(people))

    async def deny(self, tx: Tx, raised: Raised) -> None:
        """Add a "no" to the alert about what was only suspected. It stays with staff, as urgent where it was an
        emergency about nothing else. The caller holds the chat's lock."""
        old = await self._live(tx, raised) or await alerts.live(tx, self.post.bot_id, raised.chat_id)
        if old is None:
            return  # staff have closed it
        if old["state"] == "open" and await self._is_about_nothing_else(tx, old, raised):
            await alerts.set_values(tx, old["id"], level=Level.URGENT)
            await self._repeats.plan(tx, old["id"], has_on_call=False)
        await self._join(tx, old, raised)

    async def _live(self, tx: Tx, raised: Raised) -> sa.RowMapping | None:
        """The open alert about the same patient; of a family's phone, where nobody was named, the newest."""
        patient_id = raised.patient_id if raised.is_named else None
        return await alerts.live(tx, self.post.bot_id, raised.chat_id, patient_id)

    async def _is_about_nothing_else(self, tx: Tx, old: sa.RowMapping, raised: Raised) -> bool:
        """Whether an emergency was told only because an answer to the question about these words was due."""
        if level_of(old) is not Level.EMERGENCY or tuple(old["flags"] or ()) != raised.flag_ids:
            return False
        told = await alerts.words_of(tx, old["id"])
        denied = await alerts.text_of(tx, raised.question_id) if raised.question_id is not None else None
        return len(told) == 1 and told[0]["note"] is not None and told[0]["text"] == denied

    async def _open(
        self, tx: Tx, raised: Raised, flag_ids: Iterable[str], instead_of: int | None, *, has_on_call: bool
    ) -> None:
        post, now = self.post, self.post.clock.now()
        flags = tuple(dict.fromkeys(flag_ids))
        alert_id = await alerts.open_alert(
            tx,
            post.bot_id,
            raised.patient_id,
            raised.chat_id,
            raised.question_id,
            to_us(now),
            raised.level,
            flags,
            to_us(raised.said_at),
        )
        if instead_of is not None:
            await alerts.take_words_over(tx, instead_of, alert_id)
        await self._add_words(tx, alert_id, raised)
        log.info("alert_opened", alert_id=alert_id, level=raised.level)
        if raised.level is Level.ADVISE:
            return  # the digest has it
        await care.pause_in(tx, post.bot_id, raised.chat_id, raised.patient_id, care.ALERT)
        await self._view.show(tx, alert_id, f"alert:{alert_id}")
        await self._repeats.plan(tx, alert_id, has_on_call=has_on_call)
        if raised.chat_id == care.NO_CHAT:
            return  # whoever is on the phone with the patient has told them
        unseen = dues.Due(UNSEEN, now + escalation.UNSEEN, f"unseen:{alert_id}", ref=alert_id)
        await dues.plan(post.store, tx, post.bot_id, unseen)

    async def _replace(self, tx: Tx, old: sa.RowMapping, raised: Raised, *, has_on_call: bool) -> None:
        """A new alert with all the words; the old cards point to it. What nobody took presses no less than before."""
        if old["taken_us"] is None and level_of(old).rank > raised.level.rank:
            raised = replace(raised, level=level_of(old))
        await alerts.close(tx, old["id"], "replaced", self.post.clock.now_us())
        await self._open(tx, raised, (*raised.flag_ids, *(old["flags"] or ())), old["id"], has_on_call=has_on_call)
        await self._view.draw(tx, old["id"])

    async def _join(self, tx: Tx, old: sa.RowMapping, raised: Raised) -> None:
        """Add the words; staff get those that they have not read, another sign of danger before everything else."""
        known = {line for word in await alerts.words_of(tx, old["id"]) for line in word["text"].splitlines()}
        new_flags = set(raised.flag_ids) - set(old["flags"] or ())
        if new_flags:
            flags = list(dict.fromkeys((*(old["flags"] or ()), *raised.flag_ids)))
            await alerts.set_values(tx, old["id"], flags=flags)
        await self._add_words(tx, old["id"], raised)
        if raised.question_id is None or old["message_id"] is None:
            return  # without a card, the digest has all of it
        text = await alerts.text_of(tx, raised.question_id)
        if not (new_flags or raised.note or set(text.splitlines()) - known):
            return  # the same again
        payload = await self._view.cards.more(tx, await self._view.alert(tx, old["id"]), text, raised.note)
        key = f"alert:{old['id']}:more:{raised.question_id}"
        kind = Kind.ALERT if new_flags else Kind.RELAY
        under = await self._view.newest(tx, old["id"])
        subject = subject_of(old)
        await self.post.tell(tx, kind, payload, key, subject, question_id=raised.question_id, place=under)
        await self._view.draw(tx, old["id"])

    async def _add_words(self, tx: Tx, alert_id: int, raised: Raised) -> None:
        if raised.question_id is not None:
            await alerts.add_words(self.post.store, tx, alert_id, raised.question_id, raised.note)

    # --- what staff do ----------------------------------------------------------------------------------------------

    async def take(self, tx: Tx, sender: Sender, alert_id: int, seen: MessageId, *, tell: bool = True) -> None:
        """Note who has it, if nobody had. `seen`: the message it was done on; `tell` the patient that it was seen."""
        alert = await alerts.by_id(tx, self.post.bot_id, alert_id)
        if alert is None:
            return
        if alert["level"] is None:
            await self._take_question(tx, sender, alert, seen)
            return
        await self._take(tx, sender, alert, tell=tell)
        await self._view.draw(tx, alert_id, seen)

    async def close(self, tx: Tx, sender: Sender, alert_id: int, seen: MessageId, outcome: str) -> None:
        """End it as `done` or `false_alarm`, and with it the patient's pause. Whoever ends it has taken it."""
        alert = await alerts.by_id(tx, self.post.bot_id, alert_id)
        if alert is None or alert["level"] is None:
            return
        await self._take(tx, sender, alert, tell=True)
        now_us = self.post.clock.now_us()
        if await alerts.close(tx, alert_id, outcome, now_us, _person(sender)):
            action = "call_done" if outcome == "done" else "not_red_flag"
            await accounts.write_audit(tx, self.post.bot_id, sender.user_id, action, alert_id, now_us)
            if outcome == "false_alarm":
                for word in await alerts.words_of(tx, alert_id):
                    await self.review(tx, word["id"], Verdict.FALSE_ALARM, sender)
                await PlanActions(self.post).resume_after_alert(tx, alert)
        await self._view.draw(tx, alert_id, seen)

    async def open_again(self, tx: Tx, alert: sa.RowMapping) -> None:
        """Whoever had taken it has left the team: the others are told as of a new one."""
        await self._lock(tx, alert)
        if not await alerts.give_back(tx, alert["id"]):
            return
        if alert["level"] is None:
            await self._ask_again(tx, alert)
            return
        if level_of(alert).is_pressing:
            await self._view.show(tx, alert["id"], f"alert:{alert['id']}:open:{self.post.clock.now_us()}", again=True)
        await self._repeats.plan(tx, alert["id"], has_on_call=bool(await self._repeats.on_call(tx)))
        await self._view.draw(tx, alert["id"])

    async def _ask_again(self, tx: Tx, alert: sa.RowMapping) -> None:
        """The card of a question that was handed over looks as it did before somebody took it."""
        if alert["message_id"] is None:
            return
        card = await messages.by_id(tx, self.post.bot_id, MessageId(alert["message_id"]))
        if card is not None:
            key = f"open:{alert['id']}:{self.post.clock.now_us()}"
            payload = Payload.from_json(card["payload"])
            await self._view.edit(tx, ChatId(card["chat_id"]), MessageId(card["id"]), payload, key)

    async def review(self, tx: Tx, question_id: int, verdict: Verdict, sender: Sender) -> None:
        """Keep a question on which triage was wrong, for a clinician to look at."""
        store, now_us = self.post.store, self.post.clock.now_us()
        if await alerts.review(store, tx, self.post.bot_id, question_id, verdict, sender.user_id, now_us):
            await accounts.write_audit(tx, self.post.bot_id, sender.user_id, verdict, question_id, now_us)

    async def _take(self, tx: Tx, sender: Sender, alert: sa.RowMapping, *, tell: bool) -> None:
        await self._lock(tx, alert)
        is_first = await self._note_taker(tx, sender, alert["id"])
        if (chat_id := subject_of(alert)) is None:
            return
        if is_first and await Threads(self.post).open(tx, chat_id) is not None:
            at = self.post.clock.now() + LINKED_AFTER
            timer = dues.Due(LINKED, at, f"{LINKED}:{alert['id']}", ref=alert["id"])
            await dues.plan(self.post.store, tx, self.post.bot_id, timer)
        if is_first and tell:
            text = self.post.text(self._seen_text(alert))
            out = Outgoing(chat_id, Kind.REPLY, Payload(text), f"seen:{alert['id']}")
            await self.post.enqueue(tx, out)

    async def _take_question(self, tx: Tx, sender: Sender, alert: sa.RowMapping, seen: MessageId) -> None:
        """The same for a question that was handed over: its card says so and loses its button."""
        if not await self._note_taker(tx, sender, alert["id"]):
            return
        replies = self.post.library.served.content.replies
        line = self.post.text(replies.staff_taken, who=_person(sender).name)
        for shown in {MessageId(alert["message_id"] or seen), seen}:
            card = await messages.by_id(tx, self.post.bot_id, shown)
            assert card is not None, shown
            payload = Payload(f"{Payload.from_json(card['payload']).text}\n\n{line}")
            await self._view.edit(tx, ChatId(card["chat_id"]), shown, payload, f"taken:{alert['id']}:{shown}")

    async def _lock(self, tx: Tx, alert: sa.RowMapping) -> None:
        """Hold the chat; of a patient without Telegram the alert itself."""
        if (chat_id := subject_of(alert)) is not None:
            await lock_chat(tx, self.post.bot_id, chat_id)
        else:
            await alerts.by_id(tx, self.post.bot_id, alert["id"], lock=True)

    async def _note_taker(self, tx: Tx, sender: Sender, alert_id: int) -> bool:
        """False when somebody was quicker."""
        now_us = self.post.clock.now_us()
        is_first = await alerts.take(tx, alert_id, _person(sender), now_us)
        if is_first:
            await accounts.write_audit(tx, self.post.bot_id, sender.user_id, "take", alert_id, now_us)
        return is_first

    def _seen_text(self, alert: sa.RowMapping) -> str:
        replies = self.post.library.served.content.replies
        if is_self_harm(alert):
            return replies.seen_self_harm
        return replies.seen_emergency if level_of(alert) is Level.EMERGENCY else replies.seen_urgent


def _known(alert: sa.RowMapping) -> Known:
    taken_at = from_us(alert["taken_us"]) if alert["taken_us"] is not None else None
    return Known(level_of(alert), alert["repeats"], taken_at)


def _person(sender: Sender) -> Person:
    return Person(sender.user_id, sender.first_name or str(sender.user_id))
