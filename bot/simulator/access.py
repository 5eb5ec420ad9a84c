"""Which chat, topic and message a call means, and whether the bot may touch them. Checks in Telegram's own order."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.simulator.errors import bad_request, forbidden, migrated
from bot.simulator.params import Params
from bot.simulator.state import GENERAL_TOPIC, Chat, ChatType, Membership, Message, Status
from bot.simulator.topics import living_topic

if TYPE_CHECKING:
    from bot.simulator.world import World


def find_chat(world: "World", params: Params, name: str = "chat_id") -> Chat:
    """The chat, if the bot has ever had to do with it. Raises ApiError "chat not found"."""
    if not params.text(name):
        raise bad_request("chat_id is empty")
    chat = world.chats.get(params.integer(name))
    if chat is None or (chat.type is ChatType.PRIVATE and not chat.started):
        raise bad_request("chat not found")
    return chat


def readable_chat(world: "World", params: Params, name: str = "chat_id") -> Chat:
    """The chat, if the bot may read it: an old group's id still answers after it was upgraded."""
    chat = find_chat(world, params, name)
    if chat.type is ChatType.SUPERGROUP:
        _check_present(world, chat)
    return chat


def writable_chat(world: "World", params: Params) -> Chat:
    """The chat, if the bot may act in it. A block is found out only when something is sent (`check_not_blocked`)."""
    chat = find_chat(world, params)
    if chat.migrated_to is not None:
        raise migrated(chat.migrated_to)
    if chat.user is not None and chat.user.deactivated:
        raise forbidden("user is deactivated")
    if chat.type is not ChatType.PRIVATE:
        _check_present(world, chat)
    return chat


def check_not_blocked(chat: Chat) -> None:
    if chat.blocked:
        raise forbidden("bot was blocked by the user")


def bot_in(world: "World", chat: Chat) -> Membership:
    """The bot's standing in a group."""
    return chat.members.get(world.bot_user.user_id) or Membership(world.bot_user, Status.LEFT)


def _check_present(world: "World", chat: Chat) -> None:
    status = bot_in(world, chat).status
    if status is Status.KICKED:
        raise forbidden(f"bot was kicked from the {chat.type.value} chat")
    if status is Status.LEFT:
        raise forbidden(f"bot is not a member of the {chat.type.value} chat")


@dataclass(frozen=True)
class Place:
    """Where a new message goes."""

    chat: Chat
    thread_id: int | None
    reply_to: int | None


def place_for(world: "World", params: Params) -> Place:
    """Chat, topic and replied-to message of a send. Raises ApiError for any that cannot be used."""
    chat = writable_chat(world, params)
    thread_id = _thread(chat, params)
    answered = _answered(chat, params)
    if answered is not None and thread_id is None:
        thread_id = answered.thread_id  # a reply goes where the message is
    _check_open(world, chat, thread_id)
    check_not_blocked(chat)
    return Place(chat, thread_id, None if answered is None else answered.message_id)


def _thread(chat: Chat, params: Params) -> int | None:
    """The topic named, if any. A group without topics ignores it; General has no thread id of its own to send to."""
    thread_id = params.integer("message_thread_id")
    if thread_id <= 0 or (chat.type is not ChatType.PRIVATE and not chat.forum):
        return None
    if thread_id == GENERAL_TOPIC or living_topic(chat, thread_id) is None:
        raise bad_request("message thread not found")
    return thread_id


def _check_open(world: "World", chat: Chat, thread_id: int | None) -> None:
    topic = chat.topics.get(thread_id) if thread_id is not None else None
    if topic is not None and topic.closed and not bot_in(world, chat).may("can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")


def _answered(chat: Chat, params: Params) -> Message | None:
    """The message replied to, within the same chat; replies across chats are not simulated."""
    given = params.json("reply_parameters", "can't parse reply parameters JSON object")
    if given is None:
        message_id, lenient = params.integer("reply_to_message_id"), params.flag("allow_sending_without_reply")
    elif isinstance(given, dict):
        message_id, lenient = int(given.get("message_id", 0)), bool(given.get("allow_sending_without_reply"))
    else:
        raise bad_request("object expected as reply parameters")
    if message_id <= 0:
        return None
    answered = chat.find(message_id)
    if answered is not None and not answered.deleted:
        return answered
    if lenient:
        return None
    raise bad_request("message to be replied not found")


def find_message(chat: Chat, params: Params, role: str, name: str = "message_id") -> Message:
    """The message a call names; `role` completes Telegram's text: "message to edit not found"."""
    message = chat.find(params.integer(name))
    if message is None or message.deleted:
        raise bad_request(f"{role} not found")
    return message
