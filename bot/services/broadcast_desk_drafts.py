"""A draft in the database and its card in the chat: changed here, drawn here.

One message is the card, and presses draw it anew in place. After something typed, and for the last look, it is sent
again below, where whoever waits for it looks; what was the card then points there.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.announcement import State
from bot.core.announcing import Announcement
from bot.core.composing import LATEST
from bot.model import MessageId, Payload
from bot.services.broadcast_desk_cards import Cards
from bot.services.broadcast_desk_turn import Turn, redraw, reply
from bot.services.broadcast_desk_words import DeskWords
from bot.services.broadcasts import Broadcasts
from bot.services.post import Post
from bot.store import broadcasts, messages
from bot.store.engine import Tx

TEXT, LINK, WHO, WHEN = "text", "link", "audience", "when"
"""What an answer to the card means (`broadcast.asking`); a new text where nothing was asked."""


@dataclass(frozen=True)
class Drafts:
    """What typed words and presses do to drafts."""

    post: Post

    @property
    def _cards(self) -> Cards:
        return Cards(self.post)

    @property
    def _words(self) -> DeskWords:
        return DeskWords(self.post)

    async def change(self, tx: Tx, turn: Turn, row: sa.RowMapping, **values: Any) -> None:
        """Set columns of a draft. Whoever changes it has written it: somebody else has to confirm that."""
        author = {"state": State.DRAFT, "created_by": turn.who, "created_name": turn.name, "asking": None}
        await broadcasts.set_values(tx, row["id"], **author | values)
        await self.note(tx, turn, "change", row["id"])

    async def is_possible(self, tx: Tx, turn: Turn, at: datetime) -> bool:
        """Whether it can go at this time; if not, whoever named it is told."""
        now = self.post.clock.now()
        if at <= now:
            await self.say(tx, turn, self._words.texts.desk_past, time=self._words.when(at))
        elif at > now + LATEST:
            await self.say(tx, turn, self._words.texts.desk_too_late, days=str(LATEST.days))
        return now < at <= now + LATEST

    async def redrawn(self, tx: Tx, turn: Turn, row: sa.RowMapping) -> None:
        """The draft in place of what was pressed."""
        await self.draw(tx, turn, row["id"], await self._cards.draft(tx, await self.row(tx, row["id"])))

    async def draw(self, tx: Tx, turn: Turn, broadcast_id: int, payload: Payload) -> None:
        """What was pressed is the card now, and looks like this."""
        assert turn.row_id is not None, turn.key
        await redraw(self.post, tx, turn, turn.row_id, payload)
        await broadcasts.set_values(tx, broadcast_id, card_id=turn.row_id)

    async def below(self, tx: Tx, turn: Turn, row: sa.RowMapping, payload: Payload | None = None) -> None:
        """The card, the draft unless told, in a new message; the old one says so."""
        if row["card_id"] is not None:
            old = await messages.by_id(tx, self.post.bot_id, MessageId(row["card_id"]))
            if old is not None and old["chat_id"] == turn.chat_id:
                gone = Payload(self.post.text(self._words.texts.desk_moved_down))
                await redraw(self.post, tx, turn, MessageId(old["id"]), gone, "gone")
        card = await reply(self.post, tx, turn, payload or await self._cards.draft(tx, row), "card")
        await broadcasts.set_values(tx, row["id"], card_id=card)

    async def say(self, tx: Tx, turn: Turn, text: str, /, **values: str) -> None:
        """Why what was typed or pressed cannot be; an answer to this is one to the card."""
        await reply(
            self.post, tx, turn, Payload(self.post.text(text, **values), (self._cards.back(turn.broadcast_id),))
        )

    async def note(self, tx: Tx, turn: Turn, what: str, broadcast_id: int) -> None:
        """Into the audit."""
        await Broadcasts(self.post).note(tx, turn.who, what, broadcast_id)

    async def row(self, tx: Tx, broadcast_id: int) -> sa.RowMapping:
        """As it stands now."""
        return await Broadcasts(self.post).row(tx, broadcast_id)


@dataclass(frozen=True)
class AtDesk:
    """What those have at hand who do what staff typed or pressed."""

    post: Post

    @property
    def _drafts(self) -> Drafts:
        return Drafts(self.post)

    @property
    def _cards(self) -> Cards:
        return Cards(self.post)

    @property
    def _words(self) -> DeskWords:
        return DeskWords(self.post)


def with_announcement(row: sa.RowMapping, announcement: Announcement) -> dict[str, Any]:
    """What is stored of a draft, with another text or other links."""
    return {**row["payload"], **announcement.to_json()}
