"""The commands of the clinic's people, by name: each gets what was typed and gives the reply."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.model import ChatId, Payload, TextIn, Verdict
from bot.services.alerts import Alerts
from bot.services.answered import Answered, is_about_patient
from bot.services.audit_view import AuditView
from bot.services.away import Away
from bot.services.broadcast_desk import COMMAND as BROADCAST
from bot.services.broadcast_desk import Desk
from bot.services.closures import Closures
from bot.services.digest import Digest
from bot.services.enrolment import StaffSide
from bot.services.faq_desk import FaqDesk
from bot.services.faq_history import FaqHistory
from bot.services.on_call import OnCall
from bot.services.patient_list import PatientList
from bot.services.post import Post
from bot.services.preview_command import PreviewCommand
from bot.services.record import Record
from bot.services.review_desk import ReviewDesk
from bot.services.rights import LockedRecords
from bot.services.teach import Teach
from bot.services.team import Team
from bot.store import alerts
from bot.store.chats import full_code
from bot.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Typed:
    """A command that somebody typed who may."""

    row: sa.RowMapping
    """The update's."""
    said: TextIn
    command: str
    words: str
    """What stands behind it."""


@dataclass(frozen=True)
class StaffCommands:
    """Does what staff's commands ask for. Those who may are known: `services/staff.py` has asked."""

    post: Post
    status: Callable[[Tx], Awaitable[Payload]]
    bot_name: str

    @property
    def by_name(self) -> Mapping[str, Callable[[Tx, Typed], Awaitable[Payload | None]]]:
        """What each does. Returns the reply; None: it has seen to that itself."""
        return {
            "alerts": self._alerts,
            "audit": self._audit,
            "away": self._away,
            "back": self._back,
            "closed": self._closed,
            BROADCAST: self._broadcast,
            "enrol": self._enrol,
            "faq_edit": self._faq_edit,
            "faq_history": self._faq_history,
            "missed": self._missed,
            "notes": self._patients,
            "oncall": self._on_call,
            "patients": self._patients,
            "preview": self._preview,
            "record": self._record,
            "release": self._release,
            "review": self._review,
            "status": self._status,
            "teach": self._teach,
            "team": self._team,
        }

    async def _alerts(self, tx: Tx, typed: Typed) -> Payload:
        return await Digest(self.post).listing(tx)

    async def _audit(self, tx: Tx, typed: Typed) -> Payload:
        return await AuditView(self.post).command(tx, typed.words)

    async def _away(self, tx: Tx, typed: Typed) -> Payload:
        return await Away(self.post).leave(tx, typed.said.sender, typed.words)

    async def _back(self, tx: Tx, typed: Typed) -> Payload:
        return await Away(self.post).come_back(tx, typed.said.sender)

    async def _closed(self, tx: Tx, typed: Typed) -> Payload:
        return await Closures(self.post).command(tx, typed.said.sender, typed.words)

    async def _broadcast(self, tx: Tx, typed: Typed) -> None:
        await Desk(self.post).command(tx, typed.row, typed.said)

    async def _enrol(self, tx: Tx, typed: Typed) -> Payload:
        return await StaffSide(self.post, self.bot_name).command(tx, typed.row, typed.said, typed.words)

    async def _faq_history(self, tx: Tx, typed: Typed) -> Payload:
        return await FaqHistory(self.post).command(tx)

    async def _faq_edit(self, tx: Tx, typed: Typed) -> Payload:
        return FaqDesk(self.post).command(typed.words)

    async def _on_call(self, tx: Tx, typed: Typed) -> Payload:
        key = f"on_call:u{typed.row['update_id']}"
        return Payload(await OnCall(self.post).test(tx, typed.said.sender.user_id, key))

    async def _patients(self, tx: Tx, typed: Typed) -> Payload:
        return await PatientList(self.post).command(tx, typed.command, typed.said.sender.user_id)

    async def _preview(self, tx: Tx, typed: Typed) -> Payload:
        return PreviewCommand(self.post).show(typed.words)

    async def _record(self, tx: Tx, typed: Typed) -> Payload | None:
        return await Record(self.post).command(tx, typed.said, typed.words)

    async def _release(self, tx: Tx, typed: Typed) -> Payload:
        return Payload(await LockedRecords(self.post).release(tx, typed.said.sender.user_id, typed.words))

    async def _review(self, tx: Tx, typed: Typed) -> Payload:
        return ReviewDesk(self.post).command()

    async def _status(self, tx: Tx, typed: Typed) -> Payload:
        return await self.status(tx)

    async def _teach(self, tx: Tx, typed: Typed) -> Payload:
        return await Teach(self.post).command(tx)

    async def _team(self, tx: Tx, typed: Typed) -> Payload:
        return await Team(self.post).command(tx, typed.said, typed.words)

    # --- a danger that was missed -----------------------------------------------------------------------------------

    async def _missed(self, tx: Tx, typed: Typed) -> Payload:
        """Keep a question in which triage missed danger: that of the card replied to, or the patient's last one."""
        replies = self.post.library.served.content.replies
        asked = await self._question_meant(tx, typed.said, typed.words.strip())
        if asked is None:
            return Payload(self.post.text(replies.staff_missed_what))
        await Alerts(self.post).review(tx, asked["id"], Verdict.MISSED, typed.said.sender)
        return Payload(self.post.text(replies.staff_missed, code=asked["code"]))

    async def _question_meant(self, tx: Tx, said: TextIn, code: str) -> sa.RowMapping | None:
        bot_id = self.post.bot_id
        if code:
            chat_id = await alerts.chat_of(tx, bot_id, full_code(code))
            until_us = self.post.clock.now_us()
        elif (card := await Answered(self.post).replied(tx, said)) is not None and is_about_patient(card):
            if card["question_id"] is not None:
                return await alerts.question_by_id(tx, bot_id, card["question_id"])
            chat_id, until_us = ChatId(card["subject_chat_id"]), card["planned_us"]
        else:
            return None
        return await alerts.last_question(tx, bot_id, chat_id, until_us) if chat_id is not None else None
