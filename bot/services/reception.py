"""Whose business an update is: a patient's, staff's, or the bot's own. And what is said when nobody could handle it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot import logs
from bot.model import (
    BlockedIn,
    ChatId,
    ChatKind,
    Incoming,
    Kind,
    LeftIn,
    MediaIn,
    MigratedIn,
    NothingIn,
    Outgoing,
    Payload,
    PressIn,
    TextIn,
    UserId,
)
from bot.services.effects import PATIENT_IN
from bot.services.patients import Patients, Visit
from bot.services.post import Post
from bot.services.staff import Staff
from bot.store import accounts, chats
from bot.store import inbox as inbox_rows
from bot.store.engine import Tx

log = logs.get(__name__)


@dataclass(frozen=True)
class Reception:
    """Passes updates on to those who handle them; each handler commits the inbox row with its effect."""

    post: Post
    patients: Patients
    staff: Staff
    read_update: Callable[[str], Incoming]
    """From Telegram's JSON. May raise anything: others write it."""

    async def team(self, tx: Tx) -> Collection[UserId]:
        """Whose words may be no patient's."""
        return await self.staff.known(tx)

    def read(self, row: sa.RowMapping, team: Collection[UserId]) -> Visit | Incoming:
        """What came: a visit, where it can be nothing but a patient's, and may be handled with others."""
        incoming = self.read_update(row["json"])
        if isinstance(incoming, PATIENT_IN) and incoming.is_private and incoming.sender.user_id not in team:
            return Visit(row, incoming)
        return incoming

    async def visited(self, visits: Sequence[Visit]) -> None:
        """Handle visits of different chats with one commit."""
        await self.patients.handle(visits)

    async def came(self, row: sa.RowMapping, incoming: Incoming) -> str:
        """Handle anything. Returns what a press is to be answered with: mostly nothing."""
        match incoming:
            case MigratedIn():
                await self._migrate(row, incoming)
            case LeftIn():
                await self.staff.on_leaving(row, incoming)
            case NothingIn():
                await self._nothing(row, incoming.what)
            case BlockedIn(is_private=False):
                await self.staff.on_membership(row, incoming)
            case BlockedIn():
                await self.patients.handle([Visit(row, incoming)])
            case TextIn() | MediaIn() | PressIn():
                return await self._said(row, incoming)
        return ""

    async def _said(self, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn) -> str:
        """By somebody in a group, or by somebody of the team, who may be a patient as well."""
        async with self.post.store.read() as tx:
            for_staff = await self.staff.is_for_staff(tx, incoming)
        if for_staff:
            return await self.staff.handle(row, incoming)
        await self.patients.handle([Visit(row, incoming)])
        return ""

    async def _migrate(self, row: sa.RowMapping, incoming: MigratedIn) -> None:
        store, bot_id = self.post.store, self.post.bot_id
        async with store.write() as tx:
            if await inbox_rows.finish(tx, row):
                now_us = self.post.clock.now_us()
                await chats.follow_migration(store, tx, bot_id, incoming.chat_id, incoming.new_chat_id, now_us)

    async def _nothing(self, row: sa.RowMapping, what: str) -> None:
        async with self.post.store.write() as tx:
            await inbox_rows.finish(tx, row)
        log.info("nothing_to_do", update=row["update_id"], what=what)

    # --- nobody could -----------------------------------------------------------------------------------------------

    async def gave_up(self, tx: Tx, row: sa.RowMapping) -> None:
        """An update was parked: staff are told, without its text, and the patient is."""
        chat_id = ChatId(row["chat_id"])
        code = await self._apologise(tx, row, chat_id) if chat_id > 0 else "–"
        replies = self.post.library.served.content.replies
        await accounts.write_audit(tx, self.post.bot_id, None, "parked", row["id"], self.post.clock.now_us())
        text = self.post.text(replies.staff_parked, code=code, update=str(row["update_id"]))
        subject = chat_id if chat_id > 0 else None
        await self.post.tell(tx, Kind.ALERT, Payload(text), f"parked:{row['id']}", subject)

    async def _apologise(self, tx: Tx, row: sa.RowMapping, chat_id: ChatId) -> str:
        """A safe reply to the patient, whose code comes back."""
        store, bot_id, now_us = self.post.store, self.post.bot_id, self.post.clock.now_us()
        await chats.touch_chat(store, tx, bot_id, chat_id, ChatKind.PRIVATE, now_us)
        await chats.lock_chat(tx, bot_id, chat_id)
        patient = await chats.welcome_patient(store, tx, bot_id, chat_id, now_us)
        text = self.post.text(self.post.library.served.content.replies.something_failed)
        await self.post.enqueue(tx, Outgoing(chat_id, Kind.REPLY, Payload(text), f"parked:{row['id']}:sorry"))
        return patient.code
