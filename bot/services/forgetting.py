"""Somebody is forgotten: plans end, all but the care record goes, and staff's screens with it.

Who has Telegram asks for it there (`rights.py`); for who has none an owner does it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot import logs
from bot.care import CareChange, PlanState
from bot.clock import HOUR_US
from bot.core import rights
from bot.model import Button, ChatId, Kind, Method, Outgoing, PatientId, Payload, UserId
from bot.services.post import Post
from bot.store import accounts, alerts, care, enrolling, erasing, erasures, topics
from bot.store.engine import Tx

log = logs.get(__name__)

DELETABLE_US = 47 * HOUR_US
"""Telegram lets a bot delete its own messages for 48 hours; older ones lose their words."""


@dataclass(frozen=True)
class Forgetting:
    """Erases, and sees to what staff can still see."""

    post: Post

    async def forget(
        self, tx: Tx, who: UserId | None, chat_id: ChatId, requests: Sequence[sa.RowMapping]
    ) -> dict[str, int]:
        """Do what these requests of one chat ask for (`NO_CHAT`: of one patient without Telegram). Returns how much of
        what is gone. `who`: the owner; None: the patient. The caller holds the chat's lock."""
        post, now_us = self.post, self.post.clock.now_us()
        patient_ids = tuple(one["patient_id"] for one in requests)
        for patient_id in patient_ids:
            for plan in await enrolling.running_plans(tx, post.bot_id, PatientId(patient_id)):
                change = CareChange(plan["id"], answered=False, state=PlanState.ENDED, reason=rights.FORGET)
                await care.apply(post.store, tx, post.bot_id, change, now_us)
        keeps = await erasures.has_plan(tx, patient_ids)
        subject = erasing.Subject(post.bot_id, chat_id, patient_ids, now_us, keeps)
        counts, cards = await erasing.erase(tx, subject, post.contacts)
        counts[erasures.RECORD] = int(keeps)
        await erasures.finish(tx, [one["id"] for one in requests], counts, now_us)
        await self.see_to(tx, cards)
        await accounts.write_audit(tx, post.bot_id, who, "forgotten", requests[0]["id"], now_us)
        log.info("forgotten", erasure_id=requests[0]["id"], **counts)
        return counts

    async def see_to(self, tx: Tx, cards: Iterable[erasing.Card]) -> None:
        """Take from staff's screens what they saw of somebody who is forgotten."""
        now_us = self.post.clock.now_us()
        text = self.post.text(self.post.library.served.content.rights.staff_erased)
        for card in cards:
            if card.topic_id is not None:
                await self._delete_topic(tx, card.chat_id, card.topic_id)
                continue
            is_fresh = now_us - card.sent_us < DELETABLE_US
            if card.is_text and (card.is_list or not is_fresh):
                payload, method = Payload(text), Method.EDIT_TEXT
            else:
                payload, method = Payload(), Method.DELETE
            key = f"{erasing.OURS}card:{card.id}"
            out = Outgoing(card.chat_id, Kind.CARD, payload, key, method=method, target_id=card.id)
            await self.post.enqueue(tx, out)

    async def _delete_topic(self, tx: Tx, chat_id: ChatId, topic_id: int) -> None:
        """Staff's own lines go with it. Where the bot may not, it gets the name that stands here."""
        name = self.post.library.served.content.rights.staff_topic_erased
        await topics.rename(tx, topic_id, name)
        key = f"{erasing.OURS}topic:{topic_id}"
        out = Outgoing(chat_id, Kind.CARD, Payload(name), key, method=Method.DELETE_TOPIC, topic_id=topic_id)
        await self.post.enqueue(tx, out)

    async def tell_staff(self, tx: Tx, codes: str, counts: dict[str, int], key: str) -> None:
        """That it was done, and what stays."""
        content = self.post.library.served.content
        parts = [self.post.text(content.rights.staff_forget_done, code=codes)]
        if counts[erasures.RECORD]:
            years = str(content.clinic.record_years)
            parts.append(self.post.text(content.rights.staff_forget_record, record_years=years))
        await self.post.tell(tx, Kind.CARD, Payload("\n".join(parts)), f"{erasing.OURS}{key}:staff")

    # --- a patient without Telegram ---------------------------------------------------------------------------------

    async def ask_on_paper(self, tx: Tx, enrolment_id: int) -> Payload | str:
        """The question to an owner, once; as a text, why it cannot be done. The caller checks rights, as below."""
        found = await self._on_paper(tx, enrolment_id)
        if isinstance(found, str):
            return found
        content = self.post.library.served.content
        years = str(content.clinic.record_years)
        text = self.post.text(content.rights.staff_forget_ask, code=found["code"], record_years=years)
        sure = Button(content.rights.button_forget_sure, f"pl:forgetsure:{enrolment_id}")
        keep = Button(content.rights.button_forget_keep, f"pl:show:{enrolment_id}")
        return Payload(text, ((sure, keep),))

    async def do_on_paper(self, tx: Tx, who: UserId, enrolment_id: int) -> str:
        """Forget the patient of this plan. Returns why it cannot be done; empty: it is done, and staff are told."""
        found = await self._on_paper(tx, enrolment_id)
        if isinstance(found, str):
            return found
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        request = await erasures.ask_on_paper(tx, bot_id, PatientId(found["patient_id"]), now_us)
        counts = await self.forget(tx, who, care.NO_CHAT, [request])
        await self.tell_staff(tx, found["code"], counts, str(request["id"]))
        return ""

    async def _on_paper(self, tx: Tx, enrolment_id: int) -> sa.RowMapping | str:
        """The plan, where its patient may be forgotten by an owner; else why not."""
        texts, bot_id = self.post.library.served.content.rights, self.post.bot_id
        row = await care.plan_row(tx, bot_id, enrolment_id)
        if row is None or await enrolling.chats_of(tx, bot_id, PatientId(row["patient_id"])):
            return self.post.text(texts.staff_forget_telegram)
        if await erasures.is_forgotten(tx, bot_id, PatientId(row["patient_id"])):
            return self.post.text(texts.staff_erased)
        if await alerts.live(tx, bot_id, care.NO_CHAT, PatientId(row["patient_id"])) is not None:
            return self.post.text(self.post.library.served.content.patient_list.did_not_danger)
        return row
