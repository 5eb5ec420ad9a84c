"""Where a thread is: its topic of the staff group, or in a group without topics under its card."""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from bot.core.replies import Html
from bot.core.talking import said_in, topic_link
from bot.markup import escape
from bot.model import ChatId, MessageId
from bot.services.post import Place, Post
from bot.store import messages, threads, topics
from bot.store.engine import Tx


@dataclass(frozen=True)
class ThreadPlace:
    """Tells it."""

    post: Post

    async def of(self, tx: Tx, thread: sa.RowMapping) -> Place:
        """Where what is said in it goes."""
        place = Place(ChatId(thread["group_id"]), thread["topic_id"])
        if thread["card_id"] is None or await self.has_topic(tx, thread):
            return place
        card = await messages.by_id(tx, self.post.bot_id, MessageId(thread["card_id"]))
        is_here = card is not None and card["chat_id"] == place.chat_id  # the group may have got another id since
        return replace(place, reply_to_id=card["tg_message_id"]) if card is not None and is_here else place

    async def has_topic(self, tx: Tx, thread: sa.RowMapping) -> bool:
        """Whether Telegram has its topic, or is about to."""
        return thread["thread_id"] is not None or await topics.is_coming(tx, thread["topic_id"])

    async def of_chat(self, tx: Tx, chat_id: ChatId) -> Place | None:
        """The same of the open thread of this chat; None without one."""
        found = await self._open(tx, chat_id)
        return await self.of(tx, found) if found is not None else None

    async def under_words(self, tx: Tx, row: sa.RowMapping) -> Place | None:
        """The same for what staff hear about a message of theirs to this chat: under what they had written."""
        place, said = await self.of_chat(tx, ChatId(row["chat_id"])), said_in(row["dedupe_key"])
        if place is None or said is None or said[0] != place.chat_id:
            return place
        return replace(place, reply_to_id=said[1])

    async def topic(self, tx: Tx, chat_id: ChatId) -> Html:
        """The open thread's topic by name, leading there once Telegram has it; empty where there is none."""
        found = await self._open(tx, chat_id)
        if found is None or not await self.has_topic(tx, found):
            return Html("")
        if found["thread_id"] is None:
            return Html(escape(found["topic_name"]))
        template = self.post.library.served.content.threads.topic_linked
        address = topic_link(ChatId(found["group_id"]), found["thread_id"])
        return Html(self.post.text(template, name=found["topic_name"], address=address))

    async def _open(self, tx: Tx, chat_id: ChatId) -> sa.RowMapping | None:
        found = await threads.of_chat(tx, self.post.bot_id, chat_id)
        return found if found is not None and found["state"] == threads.OPEN else None
