"""Bot API methods for forum topics. The bot needs `can_manage_topics` for topics it did not create itself."""

from typing import TYPE_CHECKING

from bot.simulator.access import bot_in, writable_chat
from bot.simulator.errors import bad_request
from bot.simulator.params import Params
from bot.simulator.state import Chat, Json, Topic
from bot.simulator.topics import close_topic, delete_topic, living_topic, open_topic, rename_topic

if TYPE_CHECKING:
    from bot.simulator.world import World

MAX_NAME = 128
"""Characters of a topic's name. Telegram silently cuts a longer one; here it is refused: nobody should rely on it."""


def create_forum_topic(world: "World", params: Params) -> Json:
    chat = _forum(world, params)
    if not bot_in(world, chat).may("can_manage_topics"):
        raise bad_request("not enough rights to create a topic")
    name = _name(params)
    if not name:
        raise bad_request("name must be non-empty")
    world.speed.accept(chat.chat_id, world.clock.machine_us())
    topic = open_topic(world, chat, world.bot_user, name)
    return {"message_thread_id": topic.thread_id, "name": topic.name, "icon_color": topic.icon_color}


def edit_forum_topic(world: "World", params: Params) -> bool:
    chat, topic = _topic(world, params, "edit the topic")
    name = _name(params)
    if name == topic.name:
        raise bad_request("TOPIC_NOT_MODIFIED")
    if name:
        world.speed.accept(chat.chat_id, world.clock.machine_us())
        rename_topic(world, chat, world.bot_user, topic, name)
    return True


def close_forum_topic(world: "World", params: Params) -> bool:
    return _set_closed(world, params, True)


def reopen_forum_topic(world: "World", params: Params) -> bool:
    return _set_closed(world, params, False)


def _set_closed(world: "World", params: Params, closed: bool) -> bool:
    chat, topic = _topic(world, params, "close or open the topic")
    if topic.closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    world.speed.accept(chat.chat_id, world.clock.machine_us())
    close_topic(world, chat, world.bot_user, topic, closed=closed)
    return True


def delete_forum_topic(world: "World", params: Params) -> bool:
    """Needs `can_delete_messages`, since the messages go with the topic."""
    chat = _forum(world, params)
    topic = _find(chat, params)
    if not bot_in(world, chat).may("can_delete_messages"):
        raise bad_request("not enough rights to delete the topic")
    delete_topic(world, chat, topic)
    return True


def _forum(world: "World", params: Params) -> Chat:
    chat = writable_chat(world, params)
    if not chat.forum:
        raise bad_request("the chat is not a forum")
    return chat


def _topic(world: "World", params: Params, action: str) -> tuple[Chat, Topic]:
    chat = _forum(world, params)
    topic = _find(chat, params)
    opened = chat.find(topic.thread_id)
    own = opened is not None and opened.sender is world.bot_user
    if not own and not bot_in(world, chat).may("can_manage_topics"):
        raise bad_request(f"not enough rights to {action}")
    return chat, topic


def _find(chat: Chat, params: Params) -> Topic:
    thread_id = params.integer("message_thread_id")
    if thread_id <= 0:
        raise bad_request("invalid forum topic identifier specified")
    topic = living_topic(chat, thread_id)
    if topic is None:
        raise bad_request("TOPIC_ID_INVALID")
    return topic


def _name(params: Params) -> str:
    name = params.text("name").strip()
    if len(name) > MAX_NAME:
        raise bad_request("TOPIC_TITLE_INVALID")
    return name
