"""/record: one file with everything about one patient, for a complaint. It goes to the owner who asks, in private."""

import asyncio
from dataclasses import dataclass

from bot import logs
from bot.markup import escape
from bot.model import ChatId, Kind, Method, Outgoing, PatientId, Payload, Sender, TextIn
from bot.services.audit_view import AuditView
from bot.services.explain import decisions_about
from bot.services.post import Post
from bot.services.record_file import RecordFile, Sealed
from bot.services.rights import plan_drop
from bot.services.thread_why import Why
from bot.store import audits, enrolling, erasures, people
from bot.store import record as rows
from bot.store.attachments import keep_file
from bot.store.audits import Wanted
from bot.store.chats import full_code
from bot.store.engine import Tx
from bot.store.my_data import RECORD_NAME
from bot.store.tables import audit

log = logs.get(__name__)

ALL = 1_000_000
"""So many rows of the audit, that is, all of them."""


@dataclass(frozen=True)
class Record:
    """Makes the file and sends it. The caller has checked rights."""

    post: Post

    async def command(self, tx: Tx, said: TextIn, words: str) -> Payload | None:
        """`/record P-7F3K`. Returns the reply; None in private, where the file itself is the answer."""
        texts = self.post.library.served.content.people
        if not words.strip():
            return Payload(self.post.text(texts.record_how))
        code = full_code(words.strip())
        patient_id = await enrolling.patient_by_code(tx, self.post.bot_id, code)
        if patient_id is None:
            return Payload(self.post.text(texts.record_unknown, code=code))
        # Of years of messages it takes a while, so with nothing locked; anew where the patient was forgotten meanwhile.
        key = ("record", patient_id, await erasures.is_forgotten(tx, self.post.bot_id, patient_id))
        made = await self.post.count(tx, key, lambda tx: self._draw(tx, code, patient_id, said.sender))
        await self._send(tx, code, said.sender, made)
        await self._note(tx, patient_id, said.sender, made)
        is_private = said.chat_id == ChatId(said.sender.user_id)
        return None if is_private else Payload(self.post.text(texts.record_sent, code=code))

    async def _draw(self, tx: Tx, code: str, patient_id: PatientId, asker: Sender) -> Sealed:
        bot_id, content = self.post.bot_id, self.post.library.served.content
        record = await rows.record_of(tx, bot_id, patient_id)
        noted = list(await audits.page(tx, bot_id, Wanted(patient_id=patient_id), ALL))[::-1]
        ids = {row[name] for kind in (record.alerts, record.notes) for row in kind for name in row if name in _WHO}
        ids |= {row["entered_by"] for row in record.check_ins}
        names = await audits.people_named(tx, bot_id, {one for one in ids if one is not None})
        decisions = await decisions_about(tx, bot_id, patient_id)
        why = Why(self.post)
        whys = {id_: (escape(why.decided(one)), *why.reasons(one)) for id_, one in decisions.items()}
        drawer = RecordFile(content, code, names, whys, await AuditView(self.post).in_full(tx, noted))
        who = await people.name_of(tx, bot_id, asker.user_id)
        return await asyncio.to_thread(drawer.draw, record, who, self.post.clock.now())

    async def _send(self, tx: Tx, code: str, asker: Sender, made: Sealed) -> None:
        """To the owner's own chat, whoever else is in the group; our copy goes as those of other such files."""
        name = RECORD_NAME.format(code=code)
        file_id = await keep_file(self.post.store, tx, self.post.bot_id, made.content, name)
        caption = Payload(self.post.text(self.post.library.served.content.people.record_caption, code=code))
        key = f"record:{code}:{asker.user_id}:{self.post.clock.now_us()}"
        private = ChatId(asker.user_id)
        out = Outgoing(private, Kind.RELAY, caption, key, method=Method.SEND_DOCUMENT, attachment_id=file_id)
        await self.post.enqueue(tx, out)
        await plan_drop(self.post, tx)

    async def _note(self, tx: Tx, patient_id: PatientId, asker: Sender, made: Sealed) -> None:
        values = {"action": "record", "ref": patient_id, "detail": {"sha256": made.sha256}}
        now_us = self.post.clock.now_us()
        await tx.execute(audit.insert().values(bot_id=self.post.bot_id, actor_id=asker.user_id, at_us=now_us, **values))
        log.info("record_made", patient_id=patient_id, size=len(made.content))


_WHO = frozenset({"taken_by", "closed_by", "done_by"})
"""Columns in which somebody of the clinic stands."""
