"""The staff group's topic for alerts, where the group has topics and the bot may make them."""

from typing import Protocol

import sqlalchemy as sa

from bot import logs
from bot.errors import TelegramError
from bot.model import ChatId, Kind, Method, Outgoing, Payload
from bot.services.post import Place, Post
from bot.store import accounts, topics
from bot.store.engine import Tx

log = logs.get(__name__)


class GroupFacts(Protocol):
    """What is asked of the staff group (`telegram.client.ChatFacts`)."""

    @property
    def is_forum(self) -> bool: ...
    @property
    def can_manage_topics(self) -> bool: ...


class Asked(Protocol):
    """The part of the client that is used here."""

    async def chat_facts(self, chat_id: ChatId) -> GroupFacts:
        """The chat and our rights in it. Raises TelegramError."""


async def look_at_group(post: Post, client: Asked) -> None:
    """See whether the staff group has topics that we may make, and make the one for alerts. Failures are logged: alerts
    go to the group itself meanwhile."""
    async with post.store.read() as tx:
        account = await accounts.account(tx, post.bot_id)
    chat_id = account["staff_chat_id"]
    if chat_id is None:
        return
    try:
        facts = await client.chat_facts(ChatId(chat_id))
    except TelegramError as error:
        log.warning("group_not_looked_at", exc=error)
        return
    has_topics = facts.is_forum and facts.can_manage_topics
    async with post.store.write() as tx:
        account = await accounts.account(tx, post.bot_id, lock=True)  # of several workers one makes the topic
        if has_topics != account["staff_forum"]:
            await accounts.set_account(tx, post.bot_id, staff_forum=has_topics)
        if has_topics:
            await _make_topic(post, tx, ChatId(chat_id))


async def alerts_place(post: Post, tx: Tx) -> Place | None:
    """Where alerts go in the staff group; None: to the group itself. An alert never waits for its topic."""
    account = await accounts.account(tx, post.bot_id)
    chat_id = account["staff_chat_id"]
    if chat_id is None or not account["staff_forum"]:
        return None
    found = await _topic(post, tx, ChatId(chat_id))
    return Place(ChatId(chat_id), found["id"]) if found is not None and found["thread_id"] is not None else None


async def _make_topic(post: Post, tx: Tx, chat_id: ChatId) -> None:
    """Once for each group. One that is deleted later is made again by whoever sends there."""
    if await _topic(post, tx, chat_id) is not None:
        return
    name = post.library.served.content.replies.staff_topic_alerts
    now_us = post.clock.now_us()
    topic_id = await topics.add(tx, post.bot_id, chat_id, name, now_us)
    out = Outgoing(
        chat_id, Kind.CARD, Payload(name), f"topic:{topic_id}", method=Method.CREATE_TOPIC, topic_id=topic_id
    )
    await post.enqueue(tx, out)


async def _topic(post: Post, tx: Tx, chat_id: ChatId) -> sa.RowMapping | None:
    """The one with this name; the clinic may call it otherwise, and then gets another."""
    return await topics.named(tx, post.bot_id, chat_id, post.library.served.content.replies.staff_topic_alerts)
