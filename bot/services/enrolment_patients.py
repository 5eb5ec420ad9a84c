"""The patient's side of joining: the number on the screen, personal links, and what answers lead to beside it.

All of it belongs to the transaction in which the patient's message is dealt with; the chat is locked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.care import JOINING, CareChange, PlanState
from bot.clock import HOUR_US, MINUTE_US, to_us
from bot.core import rights
from bot.core.care.asking import Asking
from bot.core.care.checking_in import CheckIns
from bot.core.care.joining import (
    AGREE,
    AREA,
    ENDED_NOT_ME,
    ENDED_NOT_NOW,
    ENDED_YOUNG,
    KNOWN,
    NAME,
    NO,
    NOT_ME,
    OTHER,
    PHONE,
    TYPED,
    YES,
    advice_at,
    agree_button,
    agreed_text,
)
from bot.core.hearing import JOIN
from bot.core.outcome import Say
from bot.model import ChatId, Kind, PatientId, Payload, Scope
from bot.services.enrolment_plans import Enrolments
from bot.services.family import name_everybody
from bot.services.post import Post
from bot.store import accounts, buttons, care, chats, dues, enrolling, erasures, joining_timers, new_phone
from bot.store.engine import Tx

NUMBERS_AN_HOUR = 5
_COLUMNS = {NAME: "name", PHONE: "phone"}
"""Of `contact`, by the question whose answer goes there."""


@dataclass(frozen=True)
class PatientSide:
    """Does what a patient's arrival and answers ask for."""

    post: Post

    @property
    def _enrolments(self) -> Enrolments:
        return Enrolments(self.post)

    # --- arriving ---------------------------------------------------------------------------------------------------

    async def arrives(self, tx: Tx, chat_id: ChatId, payload: str, key: str) -> None:
        """Somebody followed the poster's link or asked to join (`JOIN`), or followed a personal link (its token)."""
        if payload == JOIN:
            await self._say(tx, chat_id, await self._number(tx, chat_id), key)
            return
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        link = await enrolling.use_link(tx, bot_id, payload, chat_id, now_us)
        if link is None or (link["enrolment_id"] is not None and not await self._is_waiting(tx, link)):
            await self._say(tx, chat_id, self.post.library.served.content.enrolment.link_bad, key)
        elif link["enrolment_id"] is not None:
            await self._joins(tx, chat_id, link)
        else:
            await self._moves(tx, chat_id, PatientId(link["patient_id"]), key)

    async def _number(self, tx: Tx, chat_id: ChatId) -> str:
        """The text with the number: the same until it is over."""
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        texts = self.post.library.served.content.enrolment
        if (shown := await enrolling.number_of(tx, bot_id, chat_id, now_us)) is not None:
            left_us = shown["expires_us"] - now_us
            return self._in_words(shown["code"], max(1, left_us // MINUTE_US))
        if await enrolling.new_numbers_since(tx, bot_id, chat_id, now_us - HOUR_US) >= NUMBERS_AN_HOUR:
            return texts.code_later
        number = await enrolling.new_number(self.post.store, tx, bot_id, chat_id, now_us)
        return self._in_words(number, enrolling.NUMBER_LASTS_US // MINUTE_US)

    def _in_words(self, number: str, minutes: int) -> str:
        texts = self.post.library.served.content.enrolment
        return self.post.text(texts.code, number=number, minutes=str(minutes))

    async def _say(self, tx: Tx, chat_id: ChatId, text: str, key: str) -> None:
        await self._enrolments.say(tx, chat_id, Say(self.post.text(text)), key)

    # --- personal links ---------------------------------------------------------------------------------------------

    async def _is_waiting(self, tx: Tx, link: sa.RowMapping) -> bool:
        row = await care.plan_row(tx, self.post.bot_id, link["enrolment_id"])
        return row is not None and row["state"] == PlanState.JOINING

    async def _joins(self, tx: Tx, chat_id: ChatId, link: sa.RowMapping) -> None:
        """The phone of somebody on a prepared list."""
        patient_id = PatientId(link["patient_id"])
        await self._take_in(tx, chat_id, patient_id)
        await care.set_plan(tx, link["enrolment_id"], chat_id=chat_id)
        await self._enrolments.begin(tx, link["enrolment_id"])

    async def _moves(self, tx: Tx, chat_id: ChatId, patient_id: PatientId, key: str) -> None:
        """A new phone of somebody we know: all that is open goes on there."""
        bot_id, now_us, content = self.post.bot_id, self.post.clock.now_us(), self.post.library.served.content
        requests: frozenset[str] = frozenset()
        for old in await enrolling.chats_of(tx, bot_id, patient_id):
            if old == chat_id:
                continue
            await chats.lock_chat(tx, bot_id, old)
            await enrolling.leave_chat(tx, bot_id, old, patient_id, now_us)
            await new_phone.move_chat(tx, bot_id, patient_id, old, chat_id, now_us)
            requests |= await erasures.move(tx, bot_id, patient_id, old, chat_id)
            await self._say(tx, old, content.enrolment.link_moved_away, f"{key}:away:{old}")
        await self._take_in(tx, chat_id, patient_id)
        await name_everybody(self.post, tx, chat_id)
        await accounts.write_audit(tx, bot_id, None, "moved_chat", patient_id, now_us)
        await self._say(tx, chat_id, content.enrolment.link_moved, key)
        talk, now = CheckIns(content), self.post.clock.now()
        for plan in (await care.plans_in(tx, bot_id, [chat_id])).get(chat_id, ()):
            step = talk.step_of(plan, plan.open.step_id) if plan.open is not None else None
            if plan.patient_id != patient_id or plan.open is None or step is None:
                continue
            if (say := Asking(content).put_again(plan, step, plan.open, now)) is not None:
                await self._enrolments.say(tx, chat_id, say, f"{key}:again:{plan.enrolment_id}")
        await self._go_on_forgetting(tx, chat_id, requests)

    async def _go_on_forgetting(self, tx: Tx, chat_id: ChatId, requests: Iterable[str]) -> None:
        """Whoever asked to be forgotten is asked here whether they are sure, or, if they are, is forgotten."""
        now = self.post.clock.now()
        kinds = {erasures.ASKED: rights.MOVED, erasures.WAITING: rights.ERASE}
        for kind in (kinds[state] for state in requests):
            timer = dues.Due(kind, now, f"{kind}:{chat_id}:{to_us(now)}", ref=chat_id)
            await dues.plan(self.post.store, tx, self.post.bot_id, timer)

    async def _take_in(self, tx: Tx, chat_id: ChatId, patient_id: PatientId) -> None:
        """The chat serves this patient. Somebody whom only the first word in it had made is no patient."""
        bot_id, now_us, label = self.post.bot_id, self.post.clock.now_us(), None
        for other in await enrolling.patients_in(tx, bot_id, chat_id):
            if other.patient_id == patient_id:
                continue
            if other.has_plans or not (await self.post.contacts.of(tx, other.patient_id)).is_empty:
                name = (await self.post.contacts.of(tx, patient_id)).name
                label = name.split()[0] if name else None
            else:
                await enrolling.leave_chat(tx, bot_id, chat_id, other.patient_id, now_us)
        await enrolling.join_chat(self.post.store, tx, bot_id, chat_id, patient_id, now_us, label)

    # --- answers ----------------------------------------------------------------------------------------------------

    async def note(self, tx: Tx, change: CareChange) -> None:
        """What an answer on joining leads to beside the plan: contact details, the agreement, what staff have to know.

        The change is written already.
        """
        if change.open is None or change.open.step_id != JOINING:
            return
        row = await care.plan_row(tx, self.post.bot_id, change.enrolment_id)
        if row is None:
            return
        if change.reason == ENDED_NOT_ME:
            typed = tuple(column for question, column in _COLUMNS.items() if question in change.open.answers)
            await self._not_me(tx, row, change.open.id, typed)
            return
        await self._keep_apart(tx, row, change)
        answers = change.open.answers
        if answers.get(AGREE) == YES and row["agreed_us"] is None:
            await self._agreed(tx, row, change.open.id, agreed=True)
        if change.reason in {ENDED_NOT_NOW, ENDED_YOUNG} and row["agreed_us"] is None:
            await self._agreed(tx, row, change.open.id, agreed=False)
        texts = self.post.library.served.content.enrolment
        if answers.get(AREA) == NO:
            values = self._enrolments.in_words(row["area"], row["side"], self.post.clock.now())
            text = self.post.text(texts.staff_mismatch, code=row["code"], area=values["area"], side=values["side"])
            await self._tell(tx, row, text, "mismatch")
        if change.reason == ENDED_YOUNG:
            age = str(self.post.library.served.content.clinic.guardian_age)
            await self._tell(tx, row, self.post.text(texts.staff_young, code=row["code"], age=age), "young")

    async def _keep_apart(self, tx: Tx, row: sa.RowMapping, change: CareChange) -> None:
        """A name and a number go to the contact details; among the answers they are only known."""
        assert change.open is not None
        answers, bot_id = dict(change.open.answers), self.post.bot_id
        given = {
            question: str(answers[question])
            for question in (NAME, PHONE, OTHER)
            if answers.get(question, KNOWN) not in {KNOWN, TYPED, NO}
        }
        if not given:
            return
        details = {column: given[question] for question, column in _COLUMNS.items() if question in given}
        if details:
            now_us = self.post.clock.now_us()
            await self.post.contacts.save(tx, PatientId(row["patient_id"]), now_us, **details)
        for other in await enrolling.patients_in(tx, bot_id, ChatId(row["chat_id"])) if OTHER in given else ():
            if other.patient_id != row["patient_id"] and not other.label:
                await enrolling.set_label(tx, bot_id, ChatId(row["chat_id"]), other.patient_id, given[OTHER])
        if NAME in given:
            await name_everybody(self.post, tx, ChatId(row["chat_id"]))
        await enrolling.prefill(tx, change.open.id, answers | dict.fromkeys(given, TYPED))

    async def _agreed(self, tx: Tx, row: sa.RowMapping, check_in_id: int, *, agreed: bool) -> None:
        """The text as it was shown, and that the patient, or the parent, agreed to it or did not."""
        bot_id, now_us, chat_id = self.post.bot_id, self.post.clock.now_us(), ChatId(row["chat_id"])
        plan = await care.plan(tx, bot_id, row["id"])
        assert plan is not None, row["id"]
        shown = await buttons.text_with_button(tx, bot_id, chat_id, row["id"], agree_button(check_in_id))
        text, version = agreed_text(self.post.library.served.content, plan, shown)
        patient_id = PatientId(row["patient_id"])
        await enrolling.write_agreement(tx, bot_id, patient_id, chat_id, version, text, agreed, now_us)
        if not agreed:
            return
        await care.set_plan(tx, row["id"], agreed_us=now_us)
        if plan.treated_at > self.post.clock.now():
            await dues.plan(self.post.store, tx, bot_id, joining_timers.advice(row["id"], advice_at(plan)))
        stopped = await chats.opted_out(tx, bot_id, chat_id)
        if not stopped.isdisjoint({Scope.ALL, Scope.CHECK_INS}):  # whoever agrees wants check-ins again, and no news
            await chats.resume(tx, bot_id, chat_id, now_us)
            if not stopped.isdisjoint({Scope.ALL, Scope.BROADCASTS}):
                await chats.stop(tx, bot_id, chat_id, Scope.BROADCASTS, now_us)

    async def _not_me(self, tx: Tx, row: sa.RowMapping, check_in_id: int, typed: Sequence[str]) -> None:
        """Somebody else's phone: the details `typed` there go, and this chat has nothing to do with the patient. What
        the clinic knew before stays: by that staff can still ring the patient."""
        bot_id, now_us = self.post.bot_id, self.post.clock.now_us()
        patient_id, chat_id = PatientId(row["patient_id"]), ChatId(row["chat_id"])
        texts = self.post.library.served.content.enrolment
        await enrolling.prefill(tx, check_in_id, {})
        if await enrolling.agreed_before(tx, bot_id, patient_id, chat_id, row["id"]):
            # The phone is this patient's all the same: the plan was set up for somebody else.
            await self._tell(tx, row, self.post.text(texts.staff_not_me_known, code=row["code"]), NOT_ME)
            return
        if typed:
            await self.post.contacts.save(tx, patient_id, now_us, **dict.fromkeys(typed))
        if not await enrolling.running_plans(tx, bot_id, patient_id):
            await enrolling.leave_chat(tx, bot_id, chat_id, patient_id, now_us)
        await self._tell(tx, row, self.post.text(texts.staff_not_me, code=row["code"]), NOT_ME)

    async def _tell(self, tx: Tx, row: sa.RowMapping, text: str, what: str) -> None:
        """Staff hear of it, once for a plan; a reply goes to the chat."""
        key = f"join:{row['id']}:{what}"
        await self.post.tell(tx, Kind.CARD, Payload(text), key, ChatId(row["chat_id"]))
