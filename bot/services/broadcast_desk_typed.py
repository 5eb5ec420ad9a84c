"""What staff type for an announcement: its text, a link, whom it is for, when it goes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.announcement import Audience, State
from bot.clock import to_us
from bot.core.announcement_check import completed
from bot.core.announcing import Announcement
from bot.core.audience import Wrong, read_line
from bot.core.composing import read_link, read_when
from bot.core.hearing import html_behind_command
from bot.model import MediaIn, MessageId, Payload, TextIn
from bot.services.broadcast_desk_cards import is_draft
from bot.services.broadcast_desk_drafts import LINK, WHEN, WHO, AtDesk, with_announcement
from bot.services.broadcast_desk_turn import Turn, redraw, reply
from bot.store import broadcasts
from bot.store.attachments import keep_photo
from bot.store.engine import Tx

_SOURCE = "source"
"""Chat and Telegram's id of the message that the text is from, kept beside it (`broadcast.payload`)."""
_LOOKED_THROUGH = 20
"""So many announcements back an edited message is looked for."""


@dataclass(frozen=True)
class Typed(AtDesk):
    """Turns typed words into drafts, and into changes of them."""

    async def begin(self, tx: Tx, turn: Turn, said: TextIn) -> None:
        """A new draft, from the words behind /broadcast if there are any."""
        html = html_behind_command(said)
        nothing = Announcement("").to_json()
        broadcast_id = await broadcasts.add(
            tx,
            self.post.bot_id,
            payload=nothing | (self._text_of(html, said) if html else {}),
            attachment_id=await self._photo(tx, said),
            audience=Audience().to_json(),
            state=State.DRAFT,
            created_by=turn.who,
            created_name=turn.name,
            created_us=self.post.clock.now_us(),
        )
        await self._drafts.note(tx, turn, "draft", broadcast_id)
        await self._drafts.below(tx, turn, await self._drafts.row(tx, broadcast_id))

    async def hear(self, tx: Tx, turn: Turn, draft: sa.RowMapping, said: TextIn | MediaIn) -> None:
        """An answer to the card of a draft."""
        if isinstance(said, MediaIn):
            await self._picture(tx, turn, draft, said)
        else:
            await self._by_asking.get(draft["asking"], self._text)(tx, turn, draft, said)

    @property
    def _by_asking(self) -> Mapping[str, Callable[[Tx, Turn, sa.RowMapping, TextIn], Awaitable[None]]]:
        return {LINK: self._link, WHO: self._who, WHEN: self._when}

    async def _text(self, tx: Tx, turn: Turn, draft: sa.RowMapping, said: TextIn) -> None:
        photo = await self._photo(tx, said)
        kept = draft["attachment_id"] if photo is None else photo
        await self._set(tx, turn, draft, payload=draft["payload"] | self._text_of(said.html, said), attachment_id=kept)

    async def _picture(self, tx: Tx, turn: Turn, draft: sa.RowMapping, said: MediaIn) -> None:
        photo = await self._photo(tx, said)
        if photo is None:
            await self._drafts.say(tx, turn, self._words.texts.desk_only_photo)
            return
        await self._set(tx, turn, draft, attachment_id=photo)

    async def _link(self, tx: Tx, turn: Turn, draft: sa.RowMapping, said: TextIn) -> None:
        link = read_link(said.text)
        if link is None:
            await self._drafts.say(tx, turn, self._words.texts.desk_unread_link)
            return
        announcement = Announcement.from_json(draft["payload"])
        links = (*(one for one in announcement.links if one != link), link)
        new = Announcement(announcement.text, links)
        await self._set(tx, turn, draft, payload=with_announcement(draft, new))

    async def _who(self, tx: Tx, turn: Turn, draft: sa.RowMapping, said: TextIn) -> None:
        zone, choices = self._words.content.clinic.zone, await self._words.choices(tx)
        audience = read_line(said.text, choices, zone, self.post.clock.now())
        if isinstance(audience, Wrong):
            await self._drafts.say(tx, turn, self._words.texts.desk_unread_who, word=audience.word)
            return
        await self._set(tx, turn, draft, audience=audience.to_json())

    async def _when(self, tx: Tx, turn: Turn, draft: sa.RowMapping, said: TextIn) -> None:
        texts, words = self._words.texts, said.text.strip()
        if words.casefold() == texts.button_now.casefold():
            await self._set(tx, turn, draft, due_us=None)
            return
        at = read_when(words, self._words.content.clinic.zone, self.post.clock.now())
        if at is None:
            await self._drafts.say(tx, turn, texts.desk_unread_when, zone=self._words.zone_name)
        elif await self._drafts.is_possible(tx, turn, at):
            await self._set(tx, turn, draft, due_us=to_us(at))

    async def _set(self, tx: Tx, turn: Turn, draft: sa.RowMapping, **values: Any) -> None:
        """Set columns; the card comes below what was typed."""
        await self._drafts.change(tx, turn, draft, **values)
        await self._drafts.below(tx, turn, await self._drafts.row(tx, draft["id"]))

    async def edited(self, tx: Tx, turn: Turn, said: TextIn) -> None:
        """A message was edited in the chat: when it was the text of an announcement, that changes with it."""
        states = (State.DRAFT, State.PROPOSED, State.RUNNING, State.PAUSED, State.DONE)
        found = await broadcasts.listed(tx, self.post.bot_id, states, _LOOKED_THROUGH)
        source = [said.chat_id, said.message_id]
        one = next((one for one in found if one["payload"].get(_SOURCE) == source), None)
        if one is None:
            return
        row = await broadcasts.get(tx, self.post.bot_id, one["id"], lock=True) or one
        if not is_draft(row):
            await reply(self.post, tx, turn, Payload(self.post.text(self._words.texts.desk_edit_late)))
            return
        await self._drafts.change(
            tx, turn, row, payload=row["payload"] | self._text_of(html_behind_command(said), said)
        )
        row = await self._drafts.row(tx, row["id"])
        if row["card_id"] is not None:
            await redraw(self.post, tx, turn, MessageId(row["card_id"]), await self._cards.draft(tx, row))

    def _text_of(self, html: str, said: TextIn) -> dict[str, Any]:
        """What of `broadcast.payload` a typed text sets."""
        content = self._words.content
        today = self.post.clock.now().astimezone(content.clinic.zone).date()
        return {"text": completed(html, content, today), _SOURCE: [said.chat_id, said.message_id]}

    async def _photo(self, tx: Tx, said: TextIn | MediaIn) -> int | None:
        return await keep_photo(self.post.store, tx, self.post.bot_id, said.photo) if said.photo else None
