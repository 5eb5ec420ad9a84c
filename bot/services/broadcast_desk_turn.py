"""What staff wrote or pressed at the desk for announcements, and the messages that answer it."""

import re
from dataclasses import dataclass, replace
from typing import Self

import sqlalchemy as sa

from bot.model import (
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
from bot.services.broadcast_desk_words import DESK
from bot.services.post import Post
from bot.store.engine import Tx

_ARGUMENT = re.compile(r"([a-z_]{2,12}):(\d{1,18})(?:\.([\w:]{1,30}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message or press of staff, already allowed."""

    chat_id: ChatId
    sender: Sender
    key: str
    """Makes the replies to it once."""
    message_id: TelegramMessageId | None
    """What replies stand under."""
    row_id: MessageId | None = None
    """Our row of the message whose button was pressed; None for words."""
    what: str = ""
    broadcast_id: int = 0
    more: str = ""

    @property
    def who(self) -> UserId:
        """Whose turn it is."""
        return self.sender.user_id

    @property
    def name(self) -> str:
        """What colleagues call them."""
        return self.sender.first_name[:64] or "–"

    @classmethod
    def of_words(cls, row: sa.RowMapping, said: TextIn | MediaIn, broadcast_id: int = 0) -> Self:
        """Of an update that brought words or a picture; `broadcast_id`: what they answer."""
        key = f"u{row['update_id']}:desk"
        return cls(said.chat_id, said.sender, key, said.message_id, broadcast_id=broadcast_id)

    @classmethod
    def of_press(cls, press: PressIn, argument: str) -> Self | None:
        """Of a press; None where the button is none of the desk's."""
        found = _ARGUMENT.fullmatch(argument)
        if found is None or press.row_id is None:
            return None
        what, broadcast_id, more = found[1], int(found[2]), found[3] or ""
        key = f"desk:{press.press_id}"
        return cls(press.chat_id, press.sender, key, press.message_id, press.row_id, what, broadcast_id, more)


def about(payload: Payload) -> int | None:
    """The announcement that a message of ours is about, by its first button; None for other messages."""
    for button in (button for row in payload.buttons for button in row):
        name, _, argument = button.data.partition(":")
        if name == DESK and (found := _ARGUMENT.fullmatch(argument)) is not None:
            return int(found[2])
    return None


async def elsewhere(post: Post, tx: Tx, turn: Turn) -> list[Turn]:
    """The same in every other chat of staff, where nothing stands that a message could be an answer to."""
    others = [chat_id for chat_id in await post.staff_chats(tx) if chat_id != turn.chat_id]
    return [replace(turn, chat_id=one, key=f"{turn.key}:{one}", message_id=None, row_id=None) for one in others]


async def reply(
    post: Post, tx: Tx, turn: Turn, payload: Payload, part: str = "said", photo: int | None = None
) -> MessageId | None:
    """A message under the turn's. `part` tells several replies apart; `photo`: our row of its picture."""
    out = Outgoing(
        turn.chat_id,
        Kind.RELAY,
        payload,
        f"{turn.key}:{part}",
        method=Method.SEND_TEXT if photo is None else Method.SEND_PHOTO,
        reply_to_id=turn.message_id,
        attachment_id=photo,
    )
    return await post.enqueue(tx, out)


async def redraw(post: Post, tx: Tx, turn: Turn, card: MessageId, payload: Payload, part: str = "drawn") -> None:
    """Let one of our messages in the turn's chat look like this. As a reply, not as a card: somebody waits for it."""
    out = Outgoing(turn.chat_id, Kind.RELAY, payload, f"{turn.key}:{part}", method=Method.EDIT_TEXT, target_id=card)
    await post.enqueue(tx, out)
