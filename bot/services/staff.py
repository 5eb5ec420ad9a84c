"""What the clinic's people do: answer a patient by replying to a card, take one, ask how things stand.

Rights are checked here, at the action, whoever and wherever it comes from: a press can be forged, a command typed
anywhere. Allowed are the members of the staff group, inside it, and owners in their private chat.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.core.hearing import STAFF_COMMANDS, split_command
from bot.errors import NotAllowed
from bot.model import (
    BlockedIn,
    ChatId,
    Kind,
    MediaIn,
    MessageId,
    Method,
    Outgoing,
    Payload,
    PressIn,
    Sender,
    TelegramMessageId,
    TextIn,
    UserId,
)
from bot.services.post import Post
from bot.store import accounts, messages
from bot.store import inbox as inbox_rows
from bot.store.chats import lock_chat
from bot.store.engine import Tx
from bot.store.tables import alert


@dataclass(frozen=True)
class Staff:
    """Handles updates from the staff group, and what owners do privately."""

    post: Post
    status: Callable[[Tx], Awaitable[str]]
    """How things stand, as a text for staff."""

    async def require(self, tx: Tx, chat_id: ChatId, user_id: UserId, action: str) -> None:
        """Raise NotAllowed unless this user may do this, here. The one place where staff rights are decided."""
        account = await accounts.account(tx, self.post.bot_id)
        if chat_id == account["staff_chat_id"]:
            return
        is_private = chat_id == ChatId(user_id)  # an owner's answer in another group would be read by all of it
        if is_private and user_id in await accounts.owners(tx, self.post.bot_id):
            return
        raise NotAllowed(user_id, action)

    async def is_for_staff(self, tx: Tx, incoming: TextIn | MediaIn | PressIn) -> bool:
        """Whether this is staff business: anything in a group, and what an owner does with our staff messages."""
        if not incoming.is_private:
            return True
        if incoming.sender.user_id not in await accounts.owners(tx, self.post.bot_id):
            return False
        if isinstance(incoming, PressIn):
            return (incoming.data or "").startswith("take:")
        if isinstance(incoming, TextIn) and split_command(incoming.text)[1] in STAFF_COMMANDS:
            return True
        return await self._card(tx, incoming) is not None

    async def handle(self, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn) -> bool:
        """Do it and commit, the inbox row with it. False when another worker had done it already."""
        async with self.post.store.write() as tx:
            if not await inbox_rows.finish(tx, row):
                return False
            try:
                await self._act(tx, row, incoming)
            except NotAllowed as error:
                now_us = self.post.clock.now_us()
                user_id = UserId(error.user_id)
                await accounts.write_audit(tx, self.post.bot_id, user_id, f"refused:{error.action}", None, now_us)
        return True

    async def _act(self, tx: Tx, row: sa.RowMapping, incoming: TextIn | MediaIn | PressIn) -> None:
        if isinstance(incoming, PressIn):
            await self._press(tx, incoming)
            return
        command = split_command(incoming.text)[1] if isinstance(incoming, TextIn) else None
        if command in STAFF_COMMANDS:
            await self.require(tx, incoming.chat_id, incoming.sender.user_id, command)
            text = await self.status(tx)
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, text)
            return
        card = await self._card(tx, incoming)
        if card is not None:
            await self._relay(tx, row, incoming, card)
        elif await self._is_lost(tx, incoming):
            text = self.post.text(self.post.library.served.content.replies.staff_card_unknown)
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, text)

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
        return replied if replied is not None and replied["subject_chat_id"] else None

    async def _is_lost(self, tx: Tx, incoming: TextIn | MediaIn) -> bool:
        """Whether this answers a message of the bot's in the staff group that we no longer know what it was about."""
        if incoming.reply_to is None or incoming.reply_to_ours is None or incoming.is_private:
            return False
        account = await accounts.account(tx, self.post.bot_id)
        if incoming.chat_id != account["staff_chat_id"]:
            return False
        return await messages.by_telegram_id(tx, self.post.bot_id, incoming.chat_id, incoming.reply_to) is None

    async def _relay(self, tx: Tx, row: sa.RowMapping, incoming: TextIn | MediaIn, card: sa.RowMapping) -> None:
        """Staff's words (or picture, or voice) to the patient, as the clinic. Whoever answers has taken the card."""
        await self.require(tx, incoming.chat_id, incoming.sender.user_id, "relay")
        if incoming.reply_to != card["tg_message_id"]:
            now_us = self.post.clock.now_us()
            await messages.proved(tx, self.post.bot_id, MessageId(card["id"]), incoming.reply_to, now_us)
        replies = self.post.library.served.content.replies
        subject = ChatId(card["subject_chat_id"])
        patient_chat = await lock_chat(tx, self.post.bot_id, subject)
        if isinstance(incoming, TextIn) and incoming.edited:
            text = self.post.text(replies.staff_edited)
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, text, subject)
            return
        if patient_chat["unreachable_us"] is not None:
            text = self.post.text(replies.staff_not_relayed, reason=patient_chat["unreachable_why"] or "unreachable")
            await self._reply(tx, row, incoming.chat_id, incoming.message_id, text, subject)
            return
        key = f"u{row['update_id']}:relay"
        if isinstance(incoming, TextIn) and incoming.media is None:
            text = self.post.text(replies.relay_from_staff, text=incoming.text)
            await self.post.enqueue(tx, Outgoing(subject, Kind.RELAY, Payload(text), key))
        else:
            payload = Payload(copy_chat_id=incoming.chat_id, copy_message_id=incoming.message_id)
            await self.post.enqueue(tx, Outgoing(subject, Kind.RELAY, payload, key, method=Method.COPY))
        now_us = self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, incoming.sender.user_id, "relay", subject, now_us)
        text = self.post.text(replies.staff_relayed)
        await self._reply(tx, row, incoming.chat_id, incoming.message_id, text, subject)
        if (alert_id := _alert_of(card)) is not None:
            await self._take(tx, incoming.sender, alert_id, MessageId(card["id"]))

    async def _reply(
        self,
        tx: Tx,
        row: sa.RowMapping,
        chat_id: ChatId,
        to: TelegramMessageId,
        text: str,
        subject: ChatId | None = None,
    ) -> None:
        """`subject`: the patient it is about, so that a reply to this goes to the patient as well."""
        key = f"u{row['update_id']}:reply"
        out = Outgoing(chat_id, Kind.RELAY, Payload(text), key, reply_to_id=to, subject_chat_id=subject)
        await self.post.enqueue(tx, out)

    # --- taking a card ----------------------------------------------------------------------------------------------

    async def _press(self, tx: Tx, press: PressIn) -> None:
        action, _, argument = (press.data or "").partition(":")
        # Of a forged press not even the action is noted: it could be anybody's words.
        await self.require(tx, press.chat_id, press.sender.user_id, "take" if action == "take" else "press")
        if action != "take" or not argument.isdecimal() or press.row_id is None:
            return
        if not await messages.had_button(tx, self.post.bot_id, press.chat_id, press.row_id, press.data or ""):
            raise NotAllowed(press.sender.user_id, "forged_take")
        await messages.proved(tx, self.post.bot_id, press.row_id, press.message_id, self.post.clock.now_us())
        await self._take(tx, press.sender, int(argument), press.row_id)

    async def _take(self, tx: Tx, sender: Sender, alert_id: int, seen: MessageId) -> None:
        """Note who has it, if nobody had; the card says so and loses its button, and the copy that was `seen` too."""
        now_us = self.post.clock.now_us()
        taken = await tx.execute(
            alert.update()
            .where(alert.c.id == alert_id, alert.c.bot_id == self.post.bot_id, alert.c.state == "open")
            .values(state="taken", taken_by=sender.user_id, taken_us=now_us)
        )
        if not taken.rowcount:
            return
        await accounts.write_audit(tx, self.post.bot_id, sender.user_id, "take", alert_id, now_us)
        card_id = await tx.scalar(sa.select(alert.c.message_id).where(alert.c.id == alert_id))
        for shown in {MessageId(card_id or seen), seen}:
            await self._mark_taken(tx, sender, alert_id, shown)

    async def _mark_taken(self, tx: Tx, sender: Sender, alert_id: int, shown: MessageId) -> None:
        card = await messages.by_id(tx, self.post.bot_id, shown)
        assert card is not None, shown
        replies = self.post.library.served.content.replies
        line = self.post.text(replies.staff_taken, who=sender.first_name or str(sender.user_id))
        out = Outgoing(
            ChatId(card["chat_id"]),
            Kind.CARD,
            Payload(f"{Payload.from_json(card['payload']).text}\n\n{line}"),
            f"taken:{alert_id}:{shown}",
            method=Method.EDIT_TEXT,
            target_id=shown,
        )
        await self.post.enqueue(tx, out)


def _alert_of(card: sa.RowMapping) -> int | None:
    """The alert that the card's button takes."""
    for row in Payload.from_json(card["payload"]).buttons:
        for button in row:
            action, _, argument = button.data.partition(":")
            if action == "take" and argument.isdecimal():
                return int(argument)
    return None
