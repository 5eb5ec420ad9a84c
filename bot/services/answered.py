"""What staff's words answer: a message of ours in the same chat, and what that one is about."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.model import MediaIn, MessageId, Payload, TextIn, UserId
from bot.services.broadcast_desk_turn import about
from bot.services.phone_answers import Wanted, wants_words
from bot.services.post import Post
from bot.services.teach_cards import Pressed, asked_for
from bot.services.team import asked_about
from bot.store import accounts, buttons, drafts, messages
from bot.store.drafts import Draft
from bot.store.engine import Tx


@dataclass(frozen=True)
class Answered:
    """Finds the message that was answered."""

    post: Post

    async def replied(self, tx: Tx, incoming: TextIn | MediaIn) -> sa.RowMapping | None:
        """The message of ours that this replies to."""
        if incoming.reply_to is None:
            return None
        bot_id, ours = self.post.bot_id, incoming.reply_to_ours
        replied = await messages.by_telegram_id(tx, bot_id, incoming.chat_id, incoming.reply_to)
        if (
            replied is None
            and ours is not None
            and ours.row_id is not None
            and await buttons.were_there(tx, bot_id, incoming.chat_id, ours.row_id, ours.data or "")
        ):
            # A copy whose arrival Telegram never confirmed to us: its buttons say which row it is.
            replied = await messages.by_id(tx, bot_id, ours.row_id)
        return replied

    async def draft_on(self, tx: Tx, replied: sa.RowMapping | None) -> Draft | None:
        """The change of the texts that a message of ours shows."""
        if replied is None:
            return None
        found = await drafts.on_card(tx, self.post.bot_id, MessageId(replied["id"]))
        return found if found is not None and not found.is_line else None

    async def is_lost(self, tx: Tx, incoming: TextIn | MediaIn) -> bool:
        """Whether this answers a message of the bot's in the staff group that we no longer know what it was about."""
        if incoming.reply_to is None or incoming.reply_to_ours is None or incoming.is_private:
            return False
        account = await accounts.account(tx, self.post.bot_id)
        if incoming.chat_id != account["staff_chat_id"]:
            return False
        return await messages.by_telegram_id(tx, self.post.bot_id, incoming.chat_id, incoming.reply_to) is None


def is_about_patient(replied: sa.RowMapping | None) -> bool:
    return replied is not None and bool(replied["subject_chat_id"])


def announcement_of(replied: sa.RowMapping | None) -> int | None:
    """The announcement that a message of ours is about."""
    return about(Payload.from_json(replied["payload"])) if replied is not None else None


def member_of(replied: sa.RowMapping | None) -> UserId | None:
    """The person of the team that a message of ours asks about."""
    return asked_about(Payload.from_json(replied["payload"])) if replied is not None else None


def words_for(replied: sa.RowMapping | None) -> Wanted | None:
    """The question to a patient on the phone that a message of ours wants an answer to in words."""
    return wants_words(Payload.from_json(replied["payload"])) if replied is not None else None


def line_for(replied: sa.RowMapping | None) -> Pressed | None:
    """The line that a message of ours asks for, to be put among the texts."""
    return asked_for(Payload.from_json(replied["payload"])) if replied is not None else None


def alert_of(card: sa.RowMapping) -> int | None:
    """The alert that the card's buttons are about."""
    for row in Payload.from_json(card["payload"]).buttons:
        for button in row:
            action, _, argument = button.data.partition(":")
            if action in {"take", "done", "false"} and argument.isdecimal():
                return int(argument)
    return None
