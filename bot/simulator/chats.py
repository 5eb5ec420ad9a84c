"""Bot API methods about chats, their members, and presses."""

from typing import TYPE_CHECKING

from bot.clock import SECOND_US
from bot.markup import utf16_len
from bot.simulator import wire
from bot.simulator.access import bot_in, check_not_blocked, readable_chat, writable_chat
from bot.simulator.errors import QUERY_TOO_OLD, bad_request
from bot.simulator.events import Event, EventKind
from bot.simulator.params import Params
from bot.simulator.state import Answer, Chat, ChatType, Json, Membership, Status, User

if TYPE_CHECKING:
    from bot.simulator.world import World

QUERY_LIFE_US = 30 * SECOND_US
"""Machine time in which a press can be answered. Telegram gives no number; reports speak of seconds."""
MAX_ANSWER = 200
"""Characters of a press's answer (Bot API, answerCallbackQuery)."""
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def answer_callback_query(world: "World", params: Params) -> bool:
    """Once for each press, and soon."""
    query = world.queries.get(params.text("callback_query_id"))
    if query is None or query.answer is not None or world.clock.machine_us() - query.pressed_us > QUERY_LIFE_US:
        raise bad_request(QUERY_TOO_OLD)
    if utf16_len(params.text("text")) > MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answer = Answer(params.text("text"), params.flag("show_alert"))
    world.emit(Event(EventKind.ANSWERED, query.chat_id, query=query))
    return True


def send_chat_action(world: "World", params: Params) -> bool:
    if params.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = writable_chat(world, params)
    check_not_blocked(chat)
    thread_id = params.integer("message_thread_id") or None
    world.emit(Event(EventKind.ACTION, chat.chat_id, thread_id=thread_id, detail=params.text("action")))
    return True


def get_chat(world: "World", params: Params) -> Json:
    return wire.chat_full(readable_chat(world, params))


def get_chat_member(world: "World", params: Params) -> Json:
    """A user Telegram knows but who was never in the group has "left" it."""
    user_id = params.user_id()
    chat = readable_chat(world, params)
    if chat.type is ChatType.PRIVATE:
        if user_id not in {chat.chat_id, world.bot_user.user_id}:
            raise bad_request("member not found")
        return wire.member(Membership(_user(world, user_id)))
    return wire.member(chat.members.get(user_id) or Membership(_user(world, user_id), Status.LEFT))


def get_chat_administrators(world: "World", params: Params) -> list[Json]:
    """Owner and administrators, other bots left out."""
    chat = readable_chat(world, params)
    if chat.type is ChatType.PRIVATE:
        raise bad_request("there are no administrators in the private chat")
    return [
        wire.member(who)
        for who in chat.members.values()
        if who.status in {Status.OWNER, Status.ADMIN} and (not who.user.is_bot or who.user is world.bot_user)
    ]


def ban_chat_member(world: "World", params: Params) -> bool:
    user_id = params.user_id()
    chat = writable_chat(world, params)
    _may_restrict(world, chat)
    user = _user(world, user_id)
    who = chat.members.setdefault(user_id, Membership(user, Status.LEFT))
    if who.status is Status.OWNER:
        raise bad_request("can't remove chat owner")
    if who.status is Status.ADMIN:
        raise bad_request("user is an administrator of the chat")

    def change() -> None:
        who.status, who.until = Status.KICKED, params.integer("until_date")

    was_there = who.present
    world.change_member(chat, world.bot_user, who, change)
    if was_there:
        world.post(chat, world.bot_user, service={"left_chat_member": wire.user(user)})
    return True


def unban_chat_member(world: "World", params: Params) -> bool:
    """Lift a ban. Without `only_if_banned` it also removes somebody who is in the group, as Telegram does."""
    user_id = params.user_id()
    chat = writable_chat(world, params)
    if chat.type is not ChatType.SUPERGROUP:
        raise bad_request("method is available for supergroup and channel chats only")
    _may_restrict(world, chat)
    who = chat.members.get(user_id)
    if who is None or (params.flag("only_if_banned") and who.status is not Status.KICKED):
        return True
    if who.status is Status.OWNER:
        raise bad_request("can't remove chat owner")

    def change() -> None:
        who.status, who.until = Status.LEFT, 0

    world.change_member(chat, world.bot_user, who, change)
    return True


def leave_chat(world: "World", params: Params) -> bool:
    chat = readable_chat(world, params)
    if chat.type is ChatType.PRIVATE:
        raise bad_request("chat member status can't be changed in private chats")
    me = bot_in(world, chat)

    def change() -> None:
        me.status = Status.LEFT

    world.change_member(chat, world.bot_user, me, change)
    return True


def _may_restrict(world: "World", chat: Chat) -> None:
    if chat.type is ChatType.PRIVATE:
        raise bad_request("chat member status can't be changed in private chats")
    if not bot_in(world, chat).may("can_restrict_members"):
        raise bad_request("not enough rights to restrict/unrestrict chat member")


def _user(world: "World", user_id: int) -> User:
    if user_id == world.bot_user.user_id:
        return world.bot_user
    if user_id not in world.users:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return world.users[user_id]
