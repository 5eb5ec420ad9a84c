"""What the clinic's people do: answer a patient by replying to a card, take one and close it, ask how things stand.

Rights are checked here, at the action, whoever and wherever it comes from: a press can be forged, a command typed
anywhere. Allowed are the members of the staff group, inside it, and in their private chats owners and who is on call.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot import logs
from bot.core.care.enrolling import read_link
from bot.core.hearing import STAFF_COMMANDS, split_command
from bot.errors import NotAllowed, TelegramError
from bot.model import (
    BlockedIn,
    ChatId,
    Kind,
    MediaIn,
    MessageId,
    Outgoing,
    Payload,
    PressIn,
    TelegramMessageId,
    TextIn,
    UserId,
    Verdict,
)
from bot.services.alerts import Alerts
from bot.services.broadcast_desk import COMMAND as BROADCAST
from bot.services.broadcast_desk import Desk
from bot.services.broadcast_desk_turn import about
from bot.services.broadcast_desk_words import DESK
from bot.services.digest import Digest
from bot.services.enrolment import ENROL, WHO, StaffSide
from bot.services.on_call import CONFIRM, OnCall
from bot.services.patient_list import PLANS, PatientList
from bot.services.post import Post
from bot.services.preview_command import PreviewCommand
from bot.services.rights import LockedRecords
from bot.services.thread_desk import ThreadDesk
from bot.services.thread_words import ThreadWords
from bot.services.threads import THREADS
from bot.store import accounts, alerts, messages, threads
from bot.store import inbox as inbox_rows
from bot.store.chats import full_code
from bot.store.engine import Tx

log = logs.get(__name__)

ACTIONS = frozenset({"take", "done", "false", "card", CONFIRM, PLANS, ENROL, WHO, DESK, THREADS})
"""What staff's buttons do."""
_SAY_MORE = frozenset({PLANS, ENROL, DESK, THREADS})
"""Those whose data is more than a number, which is read where they are done."""


@dataclass(frozen=True)
class Staff:
    """Handles updates from the staff group, and what owners do privately."""

    post: Post
    status: Callable[[Tx], Awaitable[str]]
    """How things stand, as a text for staff."""
    ask_bot_name: Callable[[], Awaitable[str]] | None = None
    """The bot's user name, which a personal link needs. Raises TelegramError."""
    _names: list[str] = field(default_factory=list, repr=False)
    """That name, once it is known."""

    @property
    def _alerts(self) -> Alerts:
        return Alerts(self.post)

    @property
    def _on_call(self) -> OnCall:
        return OnCall(self.post)

    async def known(self, tx: Tx) -> frozenset[UserId]:
        """Who may act for the clinic in private: owners, and who is on call."""
        return frozenset((*await accounts.owners(tx, self.post.bot_id), *self._on_call.people))

    async def require(self, tx: Tx, chat_id: ChatId, user_id: UserId, action: str) -> None:
        """Raise NotAllowed unless this user may do this, here. The one place where staff rights are decided."""
        account = await accounts.account(tx, self.post.bot_id)
        if chat_id == account["staff_chat_id"]:
            return
        is_private = chat_id == ChatId(user_id)  # an owner's answer in another group would be read by all of it
        if is_private and user_id in await self.known(tx):
            return
        raise NotAllowed(user_id, action)

    async def is_for_staff(self, tx: Tx, incoming: TextIn | MediaIn | PressIn) -> bool:
        """Whether this is staff business: anything in a group, and what an owner, or somebody on call, does with our
        staff messages."""
        if not incoming.is_private:
            return True
        if incoming.sender.user_id not in await self.known(tx):
            return False
        if isinstance(incoming, PressIn):
            return (incoming.data or "").partition(":")[0] in ACTIONS
        if isinstance(incoming, TextIn) and split_command(incoming.text)[1] in STAFF_COMMANDS:
            return True
        replied = await self._replied(tx, incoming)
        return _is_about_patient(replied) or _announcement_of(replied) is not None

    async def handle(self, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn) -> bool:
        """Do it and commit, the inbox row with it. False when another worker had done it already."""
        picture = await PatientList(self.post).prepare(incoming)
        await self._prepare_link(incoming)
        async with self.post.store.write() as tx:
            if not await inbox_rows.finish(tx, row):
                return False
            try:
                await self._act(tx, row, incoming, picture)
            except NotAllowed as error:
                now_us = self.post.clock.now_us()
                user_id = UserId(error.user_id)
                await accounts.write_audit(tx, self.post.bot_id, user_id, f"refused:{error.action}", None, now_us)
        return True

    @property
    def _bot_name(self) -> str:
        return self._names[0] if self._names else ""

    async def _prepare_link(self, incoming: TextIn | MediaIn | PressIn) -> None:
        """Ask for the bot's name before anything is locked, the first time that a link is wished for."""
        if self._names or self.ask_bot_name is None or not isinstance(incoming, TextIn):
            return
        words, command = split_command(incoming.text)
        if command != "enrol" or read_link(words) is None:
            return
        try:
            self._names.append(await self.ask_bot_name())
        except TelegramError as error:
            log.warning("bot_name_unknown", exc=error)

    async def _act(
        self, tx: Tx, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn, picture: bytes | None
    ) -> None:
        if isinstance(incoming, PressIn):
            await self._press(tx, incoming, picture)
            return
        words, command = split_command(incoming.text) if isinstance(incoming, TextIn) else ("", None)
        if isinstance(incoming, TextIn) and command in STAFF_COMMANDS:
            await self.require(tx, incoming.chat_id, incoming.sender.user_id, command)
            if command == BROADCAST:
                await Desk(self.post).command(tx, row, incoming)
                return
            said = await self._command(tx, row, incoming, command, words)
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, said)
            return
        replied = await self._replied(tx, incoming)
        thread = await self._thread(tx, incoming)
        if thread is not None and (replied is None or _is_about_patient(replied)):
            await self.require(tx, incoming.chat_id, incoming.sender.user_id, "relay")
            if await ThreadWords(self.post).command(tx, thread, incoming):
                return
        if replied is not None and _is_about_patient(replied):
            await self._relay(tx, row, incoming, replied)
        elif (announcement := _announcement_of(replied)) is not None:
            await self.require(tx, incoming.chat_id, incoming.sender.user_id, BROADCAST)
            await Desk(self.post).answer(tx, row, incoming, announcement)
        elif thread is not None:
            why_not = await ThreadDesk(self.post).said(tx, incoming, thread)
            if why_not:
                subject = ChatId(thread["chat_id"])
                await self._reply(tx, row, incoming.chat_id, incoming.message_id, Payload(why_not), subject)
        elif await self._is_lost(tx, incoming):
            text = self.post.text(self.post.library.served.content.replies.staff_card_unknown)
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, Payload(text))

    # --- commands ---------------------------------------------------------------------------------------------------

    async def _command(self, tx: Tx, row: sa.RowMapping, said: TextIn, command: str, words: str) -> Payload:
        """Do what a command asks for. Returns the reply."""
        match command:
            case "alerts":
                return await Digest(self.post).listing(tx)
            case "oncall":
                return Payload(await self._on_call.test(tx, f"on_call:u{row['update_id']}"))
            case "missed":
                return Payload(await self._missed(tx, said, words))
            case "release":
                return Payload(await LockedRecords(self.post).release(tx, said.sender.user_id, words))
            case "enrol":
                return await StaffSide(self.post, self._bot_name).command(tx, row, said, words)
            case "preview":
                return PreviewCommand(self.post).show(words)
            case "patients" | "notes":
                return await PatientList(self.post).command(tx, command, said.sender.user_id)
            case _:
                return Payload(await self.status(tx))

    async def _missed(self, tx: Tx, said: TextIn, words: str) -> str:
        """Keep a question in which triage missed danger: that of the card replied to, or the patient's last one."""
        replies = self.post.library.served.content.replies
        asked = await self._question_meant(tx, said, words.strip())
        if asked is None:
            return self.post.text(replies.staff_missed_what)
        await self._alerts.review(tx, asked["id"], Verdict.MISSED, said.sender)
        return self.post.text(replies.staff_missed, code=asked["code"])

    async def _question_meant(self, tx: Tx, said: TextIn, code: str) -> sa.RowMapping | None:
        bot_id = self.post.bot_id
        if code:
            chat_id = await alerts.chat_of(tx, bot_id, full_code(code))
            until_us = self.post.clock.now_us()
        elif (card := await self._card(tx, said)) is not None:
            if card["question_id"] is not None:
                return await alerts.question_by_id(tx, bot_id, card["question_id"])
            chat_id, until_us = ChatId(card["subject_chat_id"]), card["planned_us"]
        else:
            return None
        return await alerts.last_question(tx, bot_id, chat_id, until_us) if chat_id is not None else None

    async def on_membership(self, row: sa.RowMapping, change: BlockedIn) -> None:
        """The bot was put out of the staff group, or back in: owners hear of it before a patient's question is due."""
        async with self.post.store.write() as tx:
            if not await inbox_rows.finish(tx, row):
                return
            account = await accounts.account(tx, self.post.bot_id)
            if change.chat_id != account["staff_chat_id"]:
                return
            reason = "bot_was_removed" if change.blocked else None
            await accounts.set_account(tx, self.post.bot_id, staff_lost=reason)
            if reason:
                replies = self.post.library.served.content.replies
                text = self.post.text(replies.staff_group_lost, reason=reason)
                await self.post.tell_owners(tx, text, f"removed:{row['update_id']}")

    # --- answering a patient ----------------------------------------------------------------------------------------

    async def _card(self, tx: Tx, incoming: TextIn | MediaIn) -> sa.RowMapping | None:
        """The message of ours about a patient that this replies to; None when it is no such reply."""
        replied = await self._replied(tx, incoming)
        return replied if _is_about_patient(replied) else None

    async def _replied(self, tx: Tx, incoming: TextIn | MediaIn) -> sa.RowMapping | None:
        """The message of ours that this replies to."""
        if incoming.reply_to is None:
            return None
        bot_id, ours = self.post.bot_id, incoming.reply_to_ours
        replied = await messages.by_telegram_id(tx, bot_id, incoming.chat_id, incoming.reply_to)
        if (
            replied is None
            and ours is not None
            and ours.row_id is not None
            and await messages.had_button(tx, bot_id, incoming.chat_id, ours.row_id, ours.data or "")
        ):
            # A copy whose arrival Telegram never confirmed to us: its buttons say which row it is.
            replied = await messages.by_id(tx, bot_id, ours.row_id)
        return replied

    async def _is_lost(self, tx: Tx, incoming: TextIn | MediaIn) -> bool:
        """Whether this answers a message of the bot's in the staff group that we no longer know what it was about."""
        if incoming.reply_to is None or incoming.reply_to_ours is None or incoming.is_private:
            return False
        account = await accounts.account(tx, self.post.bot_id)
        if incoming.chat_id != account["staff_chat_id"]:
            return False
        return await messages.by_telegram_id(tx, self.post.bot_id, incoming.chat_id, incoming.reply_to) is None

    async def _thread(self, tx: Tx, incoming: TextIn | MediaIn) -> sa.RowMapping | None:
        """The thread in whose topic this was written, by a person."""
        sender = incoming.sender
        if incoming.thread_id is None or (sender.is_bot and not sender.is_anonymous):
            return None
        return await threads.seen_in(tx, self.post.bot_id, incoming.chat_id, incoming.thread_id)

    async def _relay(self, tx: Tx, row: sa.RowMapping, incoming: TextIn | MediaIn, card: sa.RowMapping) -> None:
        """Staff's words (or picture, or voice) to the patient, as the clinic. Whoever answers has taken the card."""
        await self.require(tx, incoming.chat_id, incoming.sender.user_id, "relay")
        if incoming.reply_to != card["tg_message_id"]:
            now_us = self.post.clock.now_us()
            await messages.proved(tx, self.post.bot_id, MessageId(card["id"]), incoming.reply_to, now_us)
        subject = ChatId(card["subject_chat_id"])
        passed = await ThreadWords(self.post).pass_on(tx, incoming, subject)
        if passed.text:
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, Payload(passed.text), subject)
        if not passed.is_on_its_way:
            return
        if (alert_id := _alert_of(card)) is not None:
            # The words themselves tell the patient that somebody has seen it.
            await self._alerts.take(tx, incoming.sender, alert_id, MessageId(card["id"]), tell=False)

    async def _reply(
        self,
        tx: Tx,
        row: sa.RowMapping,
        chat_id: ChatId,
        to: TelegramMessageId,
        said: Payload,
        subject: ChatId | None = None,
    ) -> None:
        """`subject`: the patient it is about, so that a reply to this goes to the patient as well."""
        key = f"u{row['update_id']}:reply"
        out = Outgoing(chat_id, Kind.RELAY, said, key, reply_to_id=to, subject_chat_id=subject)
        await self.post.enqueue(tx, out)

    # --- buttons ----------------------------------------------------------------------------------------------------

    async def _press(self, tx: Tx, press: PressIn, picture: bytes | None) -> None:
        action, _, argument = (press.data or "").partition(":")
        # Of a forged press not even the action is noted: it could be anybody's words.
        await self.require(tx, press.chat_id, press.sender.user_id, action if action in ACTIONS else "press")
        is_read = argument.isdecimal() or action in _SAY_MORE
        if action not in ACTIONS or not is_read or press.row_id is None:
            return
        if not await messages.had_button(tx, self.post.bot_id, press.chat_id, press.row_id, press.data or ""):
            raise NotAllowed(press.sender.user_id, f"forged_{action}")
        await messages.proved(tx, self.post.bot_id, press.row_id, press.message_id, self.post.clock.now_us())
        match action:
            case _ if action == ENROL:
                await StaffSide(self.post).press(tx, press, argument)
            case _ if action == WHO:
                await StaffSide(self.post).show_who(tx, press, int(argument))
            case _ if action == DESK:
                await Desk(self.post).press(tx, press, argument)
            case _ if action == THREADS:
                await ThreadDesk(self.post).press(tx, press, argument)
            case _ if action == PLANS:
                await PatientList(self.post).press(tx, press, picture)
            case "take":
                await self._alerts.take(tx, press.sender, int(argument), press.row_id)
            case "done":
                await self._alerts.close(tx, press.sender, int(argument), press.row_id, "done")
            case "false":
                await self._alerts.close(tx, press.sender, int(argument), press.row_id, "false_alarm")
            case "card":
                key = f"shown:{argument}:{press.press_id}"
                await self._alerts.show(tx, int(argument), press.chat_id, key)
            case _:
                await self._on_call.confirm(tx, press.sender.user_id, argument, press.row_id)


def _is_about_patient(replied: sa.RowMapping | None) -> bool:
    return replied is not None and bool(replied["subject_chat_id"])


def _announcement_of(replied: sa.RowMapping | None) -> int | None:
    """The announcement that a message of ours is about."""
    return about(Payload.from_json(replied["payload"])) if replied is not None else None


def _alert_of(card: sa.RowMapping) -> int | None:
    """The alert that the card's buttons are about."""
    for row in Payload.from_json(card["payload"]).buttons:
        for button in row:
            action, _, argument = button.data.partition(":")
            if action in {"take", "done", "false"} and argument.isdecimal():
                return int(argument)
    return None
