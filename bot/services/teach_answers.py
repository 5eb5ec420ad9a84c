"""The texts have learnt a question: its lessons are settled, and who asked it within a day may be sent the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from bot.clock import from_us, to_us
from bot.core import browse
from bot.core.replies import Html
from bot.model import Button, ChatId, Kind, Outgoing, PatientView, Payload, PressIn, Scope
from bot.services.post import Post
from bot.services.teach_cards import TEACH, TeachCards, first_of
from bot.store import accounts, alerts, chats, lessons, revisions, threads
from bot.store.chats import lock_chat
from bot.store.drafts import Draft
from bot.store.engine import Tx
from bot.store.lessons import LessonState

FRESH = timedelta(hours=24)
"""Later, an answer that nobody expects any more would only puzzle."""
QUOTED = 200
"""Letters of their own question that they read above the answer."""


@dataclass(frozen=True)
class TeachAnswers:
    """Settles lessons, and answers who asked."""

    post: Post

    async def learnt(self, tx: Tx, draft: Draft, revision_id: int) -> Payload:
        """A revision with this line is live: all questions like its own are learnt. Returns what to say about it, with
        the button that sends the answer."""
        assert draft.lesson_id is not None, "it comes from a question"
        group = first_of(await TeachCards(self.post).groups(tx), draft.lesson_id)
        ids = group.question_ids if group is not None else [draft.lesson_id]
        now_us, texts = self.post.clock.now_us(), self.post.library.served.content.teach
        count = await lessons.settle(tx, ids, LessonState.TAUGHT, draft.user_id, now_us, revision_id)
        waiting = await self._waiting(tx, revision_id, draft.item_id)
        label = texts.button_send.replace("{count}", str(len(waiting)))
        buttons = ((Button(label, f"{TEACH}:send:{revision_id}"),),) if waiting else ()
        text = self.post.text(texts.learnt, count=str(count), text=draft.values["line"])
        not_reached = await self._not_reached(tx, revision_id)
        return Payload("\n\n".join((text.strip(), *not_reached)), buttons)

    async def send(self, tx: Tx, press: PressIn, revision_id: int) -> str:
        """Send the answer to everybody who waits for it, once each. Returns what to say about it."""
        texts, entry_id = self.post.library.served.content.teach, await self._entry_id(tx, revision_id)
        if entry_id is None:
            return texts.not_served
        count = 0
        for row in await self._waiting(tx, revision_id, entry_id):
            await lock_chat(tx, self.post.bot_id, ChatId(row["chat_id"]))
            if await self._may_have(tx, row, entry_id) and await self._answer(tx, row, entry_id):
                count += 1
        if not count:
            return texts.sent_to_nobody
        now_us = self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, press.sender.user_id, "teach_answer", revision_id, now_us)
        return self.post.text(texts.sent, count=str(count))

    async def _not_reached(self, tx: Tx, revision_id: int) -> list[str]:
        """Who asked it too and gets no answer from the bot, with what staff can do: a person is talking with them, or
        is to see to a danger first."""
        bot_id, since_us = self.post.bot_id, to_us(self.post.clock.now() - FRESH)
        rows = await lessons.taught_with(tx, bot_id, revision_id, since_us)
        chat_ids = list(dict.fromkeys(ChatId(row["chat_id"]) for row in rows))
        talking = await threads.open_in(tx, bot_id, chat_ids)
        alarmed = [id_ for id_ in chat_ids if id_ not in talking and await alerts.is_paused(tx, bot_id, id_)]
        patients = await chats.patients_of(tx, bot_id, sorted({*talking, *alarmed}))
        texts = self.post.library.served.content.teach
        lines = []
        for template, some in ((texts.talking, talking), (texts.alarmed, alarmed)):
            if codes := ", ".join(sorted(patients[id_].code for id_ in some if id_ in patients)):
                lines.append(self.post.text(template, codes=codes))
        return lines

    async def _entry_id(self, tx: Tx, revision_id: int) -> str | None:
        """The entry that this revision is about, if patients get it; None: it waits for a signature, or is none."""
        revision = await revisions.get(tx, self.post.bot_id, revision_id)
        entries = self.post.library.served.content.entries
        touched = revision.touched or () if revision is not None else ()
        return next((id_ for id_ in touched if id_ in entries), None)

    async def _waiting(self, tx: Tx, revision_id: int, entry_id: str | None) -> Sequence[sa.RowMapping]:
        """The last question of each chat that asked within a day and may be answered, by chat."""
        if entry_id is None:
            return ()
        since_us = to_us(self.post.clock.now() - FRESH)
        rows = await lessons.taught_with(tx, self.post.bot_id, revision_id, since_us)
        newest = {row["chat_id"]: row for row in reversed(rows)}
        return [newest[chat_id] for chat_id in sorted(newest) if await self._may_have(tx, newest[chat_id], entry_id)]

    async def _may_have(self, tx: Tx, row: sa.RowMapping, entry_id: str) -> bool:
        """Not who said stop, talks with a person, is waited for by one about a danger, or has had the answer since."""
        bot_id, chat_id = self.post.bot_id, ChatId(row["chat_id"])
        if Scope.ALL in await chats.opted_out(tx, bot_id, chat_id):
            return False
        if chat_id in await threads.open_in(tx, bot_id, [chat_id]) or await alerts.is_paused(tx, bot_id, chat_id):
            return False
        return not await lessons.has_had(tx, bot_id, chat_id, row["id"], entry_id)

    async def _answer(self, tx: Tx, row: sa.RowMapping, entry_id: str) -> bool:
        """False: they have it already."""
        content, chat_id = self.post.library.served.content, ChatId(row["chat_id"])
        patient = await chats.patient_of(tx, self.post.bot_id, chat_id)
        if patient is None:
            return False
        text = self.post.text(
            content.teach.answer_yesterday if self._was_before_today(row) else content.teach.answer_today,
            text=row["text"][:QUOTED] + (" […]" if len(row["text"]) > QUOTED else ""),
            answer=Html(browse.answer(content, (entry_id,), self._since_treatment(patient))),
        )
        payload = Payload(text, browse.under_answer(content, (entry_id,)))
        out = Outgoing(chat_id, Kind.REPLY, payload, f"taught:{row['id']}", question_id=row["id"])
        return await self.post.enqueue(tx, out) is not None

    def _was_before_today(self, row: sa.RowMapping) -> bool:
        zone = self.post.library.served.content.clinic.zone
        return from_us(row["at_us"]).astimezone(zone).date() < self.post.clock.now().astimezone(zone).date()

    def _since_treatment(self, patient: PatientView) -> timedelta | None:
        return self.post.clock.now() - patient.treated_at if patient.treated_at is not None else None
