"""What the clinic's people do: answer a patient by replying to a card, take one and close it, ask how things stand.

Every command, press and reply asks `services.people` whether whoever it comes from may do that there.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from bot import logs
from bot.core.care.enrolling import read_link
from bot.core.hearing import STAFF_COMMANDS, split_command
from bot.errors import NotAllowed, TelegramError
from bot.model import (
    BlockedIn,
    ChatId,
    Kind,
    LeftIn,
    MediaIn,
    MessageId,
    Outgoing,
    Payload,
    PressIn,
    TelegramMessageId,
    TextIn,
    UserId,
)
from bot.services.alerts import Alerts
from bot.services.answered import (
    Answered,
    alert_of,
    announcement_of,
    is_about_patient,
    line_for,
    member_of,
    words_for,
)
from bot.services.broadcast_desk import COMMAND as BROADCAST
from bot.services.broadcast_desk import Desk
from bot.services.counting import Counted, with_counts
from bot.services.faq_desk_cards import FAQ
from bot.services.faq_desk_replies import FaqReplies
from bot.services.leaving import Leaving
from bot.services.patient_list import PLANS, PatientList
from bot.services.people import People, refusal
from bot.services.post import Post
from bot.services.staff_commands import StaffCommands, Typed
from bot.services.staff_presses import ONLY_NUMBERS, StaffPresses
from bot.services.teach import Teach
from bot.services.teach_cards import TEACH
from bot.services.team import Team
from bot.services.team_cards import TEAM
from bot.services.thread_desk import ThreadDesk
from bot.services.thread_words import ThreadWords
from bot.store import accounts, buttons, messages, threads
from bot.store import inbox as inbox_rows
from bot.store.engine import Tx

log = logs.get(__name__)


@dataclass(frozen=True)
class Staff:
    """Handles updates from the staff group, and what the team does privately."""

    post: Post
    status: Callable[[Tx], Awaitable[Payload]]
    """How things stand, for staff."""
    ask_bot_name: Callable[[], Awaitable[str]] | None = None
    """The bot's user name, which a personal link needs. Raises TelegramError."""
    _names: list[str] = field(default_factory=list, repr=False)
    """That name, once it is known."""

    @property
    def _alerts(self) -> Alerts:
        return Alerts(self.post)

    async def known(self, tx: Tx) -> frozenset[UserId]:
        """Who may act for the clinic in private."""
        return await People(self.post).known(tx)

    async def is_for_staff(self, tx: Tx, incoming: TextIn | MediaIn | PressIn) -> bool:
        """Whether this is staff business: anything in a group, and what somebody of the team does in private with our
        staff messages."""
        if not incoming.is_private:
            return True
        if incoming.sender.user_id not in await self.known(tx):
            return False
        if isinstance(incoming, PressIn):
            return (incoming.data or "").partition(":")[0] in StaffPresses(self.post).by_name
        if isinstance(incoming, TextIn) and split_command(incoming.text)[1] in STAFF_COMMANDS:
            return True
        replied = await Answered(self.post).replied(tx, incoming)
        known = (announcement_of(replied), member_of(replied), line_for(replied), words_for(replied))
        return is_about_patient(replied) or any(known) or await Answered(self.post).draft_on(tx, replied) is not None

    async def handle(self, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn) -> str:
        """Do it and commit, the inbox row with it. Returns what a press is to be answered with: mostly nothing."""
        picture = await PatientList(self.post).prepare(incoming)
        await self._prepare_link(incoming)

        def do(counted: Counted) -> Awaitable[str]:
            return replace(self, post=replace(self.post, counted=counted))._do(row, incoming, picture)

        return await with_counts(self.post.store, do)

    async def _do(self, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn, picture: bytes | None) -> str:
        async with self.post.store.write() as tx:
            if not await inbox_rows.finish(tx, row):
                return ""  # another worker had done it already
            try:
                await self._act(tx, row, incoming, picture)
            except NotAllowed as error:
                return await self._refuse(tx, row, incoming, error)
        return ""

    async def _allow(self, tx: Tx, incoming: TextIn | MediaIn | PressIn, action: str) -> None:
        """Go on only where this person may do this here; raises NotAllowed."""
        await People(self.post).admit(tx, incoming.chat_id, incoming.sender, action)

    async def _refuse(self, tx: Tx, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn, error: NotAllowed) -> str:
        """Note that it was tried, and say why not. Returns what a press is to be answered with."""
        now_us, user_id = self.post.clock.now_us(), UserId(error.user_id)
        await accounts.write_audit(tx, self.post.bot_id, user_id, f"refused:{error.action}", None, now_us)
        said = refusal(self.post, error)
        if said and not isinstance(incoming, PressIn):
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, Payload(said))
        return said

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
            await self._allow(tx, incoming, command)
            do = StaffCommands(self.post, self.status, self._bot_name).by_name[command]
            if (reply := await do(tx, Typed(row, incoming, command, words))) is not None:
                await self._reply(tx, row, incoming.chat_id, incoming.message_id, reply)
            return
        replied = await Answered(self.post).replied(tx, incoming)
        if replied is not None and is_about_patient(replied):
            await self._relay(tx, row, incoming, replied)
        elif (member := member_of(replied)) is not None:
            await self._allow(tx, incoming, TEAM)
            said = await Team(self.post).answer(tx, incoming, member)
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, said)
        elif (wanted := words_for(replied)) is not None:
            await self._allow(tx, incoming, PLANS)
            said = await PatientList(self.post).told(tx, incoming, wanted)
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, said)
        elif (line := line_for(replied)) is not None:
            await self._allow(tx, incoming, TEACH)
            await Teach(self.post).answer(tx, incoming, line)
        elif (draft := await Answered(self.post).draft_on(tx, replied)) is not None:
            await self._allow(tx, incoming, FAQ)
            await FaqReplies(self.post).answer(tx, incoming, draft)
        elif (announcement := announcement_of(replied)) is not None:
            await self._allow(tx, incoming, BROADCAST)
            await Desk(self.post).answer(tx, row, incoming, announcement)
        elif (thread := await self._thread(tx, incoming)) is not None:
            await self._say_in_topic(tx, row, incoming, thread)
        elif await Answered(self.post).is_lost(tx, incoming):
            text = self.post.text(self.post.library.served.content.replies.staff_card_unknown)
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, Payload(text))

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

    async def on_leaving(self, row: sa.RowMapping, left: LeftIn) -> None:
        """Somebody is in a group no more."""
        async with self.post.store.write() as tx:
            if await inbox_rows.finish(tx, row):
                await Leaving(self.post).gone(tx, left, f"gone:{row['update_id']}")

    # --- answering a patient ----------------------------------------------------------------------------------------

    async def _thread(self, tx: Tx, incoming: TextIn | MediaIn) -> sa.RowMapping | None:
        """The thread in whose topic this was written, by a person."""
        sender = incoming.sender
        if incoming.thread_id is None or (sender.is_bot and not sender.is_anonymous):
            return None
        return await threads.seen_in(tx, self.post.bot_id, incoming.chat_id, incoming.thread_id)

    async def _say_in_topic(
        self, tx: Tx, row: sa.RowMapping, incoming: TextIn | MediaIn, thread: sa.RowMapping
    ) -> None:
        await self._allow(tx, incoming, "relay")
        if await ThreadWords(self.post).command(tx, thread, incoming):
            return
        why_not = await ThreadDesk(self.post).said(tx, incoming, thread)
        if why_not:
            subject = ChatId(thread["chat_id"])
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, Payload(why_not), subject)

    async def _relay(self, tx: Tx, row: sa.RowMapping, incoming: TextIn | MediaIn, card: sa.RowMapping) -> None:
        """Staff's words (or picture, or voice) to the patient, as the clinic. Whoever answers has taken the card."""
        await self._allow(tx, incoming, "relay")
        if incoming.reply_to != card["tg_message_id"]:
            now_us = self.post.clock.now_us()
            await messages.proved(tx, self.post.bot_id, MessageId(card["id"]), incoming.reply_to, now_us)
        subject = ChatId(card["subject_chat_id"])
        if await ThreadWords(self.post).command_about(tx, subject, incoming):
            return
        passed = await ThreadWords(self.post).pass_on(tx, incoming, subject)
        if passed.text:
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, Payload(passed.text), subject)
        if not passed.is_on_its_way:
            return
        if (alert_id := alert_of(card)) is not None:
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
        by_name = StaffPresses(self.post, picture).by_name
        # Of a forged press not even the action is noted: it could be anybody's words.
        await self._allow(tx, press, action if action in by_name else "press")
        is_read = argument.isdecimal() or action not in ONLY_NUMBERS
        if action not in by_name or not is_read or press.row_id is None:
            return
        if not await buttons.were_there(tx, self.post.bot_id, press.chat_id, press.row_id, press.data or ""):
            raise NotAllowed(press.sender.user_id, f"forged_{action}")
        await messages.proved(tx, self.post.bot_id, press.row_id, press.message_id, self.post.clock.now_us())
        await by_name[action](tx, press, argument)
