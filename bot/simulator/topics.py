"""Forum topics: the same changes whether a person or the bot makes them."""

from typing import TYPE_CHECKING

from bot.simulator.events import Event, EventKind
from bot.simulator.state import GENERAL_TOPIC, Chat, Json, Message, Topic, User

if TYPE_CHECKING:
    from bot.simulator.world import World


def open_topic(world: "World", chat: Chat, actor: User, name: str) -> Topic:
    """Create a topic; its thread id is the id of the service message that announces it."""
    topic = Topic(chat.next_message_id, name)
    chat.topics[topic.thread_id] = topic
    announce(
        world, chat, actor, topic.thread_id, {"forum_topic_created": {"name": name, "icon_color": topic.icon_color}}
    )
    return topic


def rename_topic(world: "World", chat: Chat, actor: User, topic: Topic, name: str) -> None:
    topic.name = name
    announce(world, chat, actor, topic.thread_id, {"forum_topic_edited": {"name": name}})


def close_topic(world: "World", chat: Chat, actor: User, topic: Topic, *, closed: bool) -> None:
    """Close or reopen."""
    topic.closed = closed
    announce(world, chat, actor, topic.thread_id, {"forum_topic_closed" if closed else "forum_topic_reopened": {}})


def delete_topic(world: "World", chat: Chat, topic: Topic) -> None:
    """Remove a topic with all its messages. Telegram does not tell bots."""
    topic.deleted = True
    for message in chat.history:
        if message.thread_id == topic.thread_id:
            message.deleted = True
    world.emit(Event(EventKind.TOPIC, chat.chat_id, thread_id=topic.thread_id, detail="deleted"))


def announce(world: "World", chat: Chat, actor: User, thread_id: int, service: Json) -> Message:
    message = world.post(chat, actor, thread_id=thread_id, service=service)
    world.emit(Event(EventKind.TOPIC, chat.chat_id, thread_id=thread_id, detail=next(iter(service))))
    return message


def living_topic(chat: Chat, thread_id: int) -> Topic | None:
    """The topic, unless it was deleted or never was. General is no topic one can send to."""
    topic = chat.topics.get(thread_id) if thread_id != GENERAL_TOPIC else None
    return None if topic is None or topic.deleted else topic
