"""For patients without Telegram: the sheet as a file for staff, and calls in place of check-ins."""

from dataclasses import dataclass

from bot.care import Note, NoteKind
from bot.clock import to_us
from bot.core.replies import time_in_words
from bot.markup import plain
from bot.model import ChatId, Kind, Method, Outgoing, Payload
from bot.services import sheet
from bot.services.post import Post
from bot.store import care
from bot.store.attachments import keep_file
from bot.store.engine import Tx

CALL_AT = ("C2", "C4")
"""Codes of the check-ins at whose time staff ring a patient who needs care: the next morning, and after a week."""


@dataclass(frozen=True)
class Paper:
    """Makes what takes the place of messages."""

    post: Post

    async def plan_calls(self, tx: Tx, enrolment_id: int) -> list[str]:
        """Notes to ring, each for its day's digest. Returns their times in words."""
        content, now = self.post.library.served.content, self.post.clock.now()
        plan = await care.plan(tx, self.post.bot_id, enrolment_id)
        assert plan is not None, enrolment_id
        times = []
        for step, at in sheet.calls(content, plan, now, CALL_AT):
            text = plain(self.post.text(content.enrolment.staff_call, step=step.code))
            note = Note(NoteKind.CALL, text)
            await care.add_notes(self.post.store, tx, self.post.bot_id, enrolment_id, step.id, [note], to_us(at))
            times.append(time_in_words(at, now=now, zone=content.clinic.zone))
        return times

    async def send_sheet(self, tx: Tx, enrolment_id: int, to: ChatId, key: str) -> None:
        """The sheet as a file, in a chat of staff."""
        content = self.post.library.served.content
        plan = await care.plan(tx, self.post.bot_id, enrolment_id)
        assert plan is not None, enrolment_id
        name, made = f"sheet-{plan.code}.html", sheet.sheet(content, plan).encode()
        file_id = await keep_file(self.post.store, tx, self.post.bot_id, made, name)
        caption = Payload(self.post.text(content.enrolment.staff_sheet, code=plan.code))
        out = Outgoing(to, Kind.RELAY, caption, key, method=Method.SEND_DOCUMENT, attachment_id=file_id)
        await self.post.enqueue(tx, out)
