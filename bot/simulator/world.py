"""The local Telegram's state, and what people do in it.

    world = World(clock)
    patient = world.add_user(11, "Patient")
    patient.starts()
    patient.says("My leg twitches")    # the bot gets the updates by getUpdates or its webhook
    patient.last.text                  # the newest message the bot wrote there
    press = patient.presses("Yes")     # a CallbackQuery; `press.answer` is set when the bot answers
    staff = world.add_group("Clinic")  # a forum supergroup with the bot as administrator
    member = staff.add(world.add_user(12, "Member"))
    member.says("On my way", thread=17)

Actions of people are in `people.py`, the Bot API in `server.py`. Nothing here awaits; call it from the event loop that
serves the bot.
"""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from bot.clock import Clock, SystemClock
from bot.simulator import wire
from bot.simulator.errors import OTHER_POLLER, Impossible
from bot.simulator.events import Call, Event, EventKind
from bot.simulator.faults import FaultPlan
from bot.simulator.groups import Group
from bot.simulator.limits import Limits, Speedometer
from bot.simulator.media import Shelf
from bot.simulator.people import Person
from bot.simulator.state import (
    ADMIN_RIGHTS,
    CallbackQuery,
    Chat,
    ChatType,
    Json,
    Keyboard,
    Media,
    Membership,
    Message,
    Status,
    User,
    Words,
)
from bot.simulator.updates import FIRST_UPDATE_ID, Update, UpdateQueue
from bot.simulator.webhook import WebhookDelivery

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"  # noqa: S105 - shaped like a token, opens nothing
Observer = Callable[[Event], None]


class World:
    """Users, chats and one bot. `clock` dates messages in domain time; limits and waits use its machine time."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        token: str = TOKEN,
        limits: Limits | None = Limits(),  # noqa: B008 - frozen
        bot_name: str = "Aftercare",
        username: str = "aftercare_demo_bot",
        http: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        seed: int = 0,
        first_update_id: int = FIRST_UPDATE_ID,
    ) -> None:
        """`http` posts webhooks (None: a client of its own), `sleep` waits between their attempts and in delays."""
        self.clock: Clock = clock or SystemClock()
        self.token = token
        self.bot_user = User(int(token.partition(":")[0]), bot_name, is_bot=True, username=username)
        self.reads_all_group_messages = False
        """Privacy mode off: sees every group message without being administrator."""
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.queries: dict[str, CallbackQuery] = {}
        self.files = Shelf()
        self.profile: dict[tuple[str, str], object] = {}
        """What the bot says of itself: (what, language or scope) → commands, name, descriptions."""
        self.calls: list[Call] = []
        """Every accepted call but getUpdates, which would only fill the list."""
        self.refused: list[Call] = []
        """Calls answered with an error by Telegram (not by a fault)."""
        self.faults = FaultPlan(seed)
        self.speed = Speedometer(limits)
        self.sleep = sleep
        self.updates = UpdateQueue(self.clock, next_id=first_update_id)
        self.delivery = WebhookDelivery(self.updates, http, sleep)
        self._observers: list[Observer] = []
        self._next_chat = 1
        self._next_query = 1

    # --- set-up ---------------------------------------------------------------------------------------------------

    def add_user(self, user_id: int, first_name: str, *, language_code: str = "en") -> Person:
        """Somebody with Telegram who has not yet started the bot. Raises Impossible if the id is taken."""
        if user_id in self.users or user_id == self.bot_user.user_id or user_id <= 0:
            raise Impossible(f"user id {user_id} is taken or not positive")
        user = User(user_id, first_name, language_code=language_code)
        self.users[user_id] = user
        chat = self.chats[user_id] = Chat(user_id, ChatType.PRIVATE, first_name, user=user)
        return Person(self, user, chat)

    def add_group(
        self,
        title: str,
        *,
        chat_id: int | None = None,
        basic: bool = False,
        forum: bool = True,
        bot: Status = Status.ADMIN,
        rights: frozenset[str] = frozenset(ADMIN_RIGHTS),
    ) -> Group:
        """A group that already has the bot (no update tells of it): by default a forum with the bot as administrator.

        `basic` makes an old-style group, which has no topics and can be upgraded by `migrate()`. `bot` may be
        `Status.LEFT`: `Group.add_bot()` then brings it in as a person would.
        """
        if chat_id is None:
            chat_id = -(4000 + self._next_chat) if basic else -(10**12 + 4000 + self._next_chat)
            self._next_chat += 1
        if chat_id in self.chats or chat_id >= 0:
            raise Impossible(f"chat id {chat_id} is taken or not negative")
        kind = ChatType.GROUP if basic else ChatType.SUPERGROUP
        # Message 1 is "group created"; a topic can therefore never get the id of General.
        chat = self.chats[chat_id] = Chat(chat_id, kind, title, forum=forum and not basic, next_message_id=2)
        granted = rights if bot is Status.ADMIN else frozenset()
        chat.members[self.bot_user.user_id] = Membership(self.bot_user, bot, granted)
        return Group(self, chat)

    # --- looking --------------------------------------------------------------------------------------------------

    def messages(self, chat_id: int) -> list[Message]:
        """The messages of a chat that are still there, oldest first. Raises LookupError for an unknown chat."""
        return self.chats[chat_id].visible

    def from_bot(self, chat_id: int) -> list[Message]:
        """What the bot wrote there, oldest first, service messages left out."""
        return [m for m in self.messages(chat_id) if m.sender is self.bot_user and m.service is None]

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` for every change, at once and in order. Returns what ends the subscription."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def accepted(self, method: str, chat_id: int | None = None) -> list[Call]:
        """Accepted calls of one method, optionally to one chat, in order."""
        return [
            call
            for call in self.calls
            if call.method.lower() == method.lower() and (chat_id is None or call.chat_id == chat_id)
        ]

    # --- making trouble -------------------------------------------------------------------------------------------

    def redeliver(self, update_id: int) -> Update:
        """Deliver an update once more, as Telegram does after an answer it did not get."""
        return self.updates.redeliver(update_id)

    def forge_press(self, user: User | Person, chat_id: int, message_id: int, data: str) -> CallbackQuery:
        """A press as a bad client could send it: any data, any message, a button or none."""
        someone = user.user if isinstance(user, Person) else user
        return self.press(self.chats[chat_id], someone, message_id, data)

    def revoke_token(self, new: str) -> None:
        """The owner asked BotFather for a new token: the old one gets 401 from now on. The bot id stays."""
        if new.partition(":")[0] != self.token.partition(":")[0]:
            raise Impossible("a new token keeps the bot's id")
        self.token = new

    # --- changes, for people and methods --------------------------------------------------------------------------

    def post(
        self,
        chat: Chat,
        sender: User,
        *,
        words: Words | None = None,
        media: Media | None = None,
        keyboard: Keyboard = (),
        reply_keyboard: Json | None = None,
        thread_id: int | None = None,
        reply_to: int | None = None,
        as_group: bool = False,
        service: Json | None = None,
        origin: Json | None = None,
        protected: bool = False,
        silent: bool = False,
    ) -> Message:
        """Put a new message into a chat, and tell the bot if it may see it."""
        message = Message(
            chat.chat_id,
            chat.next_message_id,
            sender,
            self.clock.now(),
            words=words or Words(),
            media=media,
            keyboard=keyboard,
            reply_keyboard=reply_keyboard,
            thread_id=thread_id,
            reply_to=reply_to,
            as_group=as_group,
            service=service,
            origin=origin,
            protected=protected,
            silent=silent,
        )
        chat.next_message_id += 1
        chat.history.append(message)
        self.emit(Event(EventKind.MESSAGE, chat.chat_id, message=message, thread_id=thread_id))
        if self._bot_hears(chat, message):
            self.updates.push("message", chat.chat_id, wire.message(chat, message))
        return message

    def edit(self, chat: Chat, message: Message, words: Words, keyboard: Keyboard) -> None:
        """Change a message in place; the bot hears of edits by others."""
        if message.words.text != words.text or message.words.entities != words.entities:
            message.edited_at = self.clock.now()
        message.words, message.keyboard = words, keyboard
        self.emit(Event(EventKind.EDITED, chat.chat_id, message=message, thread_id=message.thread_id))
        if self._bot_hears(chat, message):
            self.updates.push("edited_message", chat.chat_id, wire.message(chat, message))

    def delete(self, chat: Chat, message: Message) -> None:
        """Take a message away. Telegram never tells bots about deletions."""
        message.deleted = True
        self.emit(Event(EventKind.DELETED, chat.chat_id, message=message, thread_id=message.thread_id))

    def press(self, chat: Chat, user: User, message_id: int, data: str) -> CallbackQuery:
        query = CallbackQuery(
            str(4_382_000_000_000 + self._next_query), user, chat.chat_id, message_id, data, self.clock.machine_us()
        )
        self._next_query += 1
        self.queries[query.query_id] = query
        self.emit(Event(EventKind.PRESSED, chat.chat_id, query=query))
        self.updates.push("callback_query", chat.chat_id, wire.callback_query(chat, query))
        return query

    def change_member(self, chat: Chat, actor: User, who: Membership, change: Callable[[], None]) -> None:
        """Change somebody's standing and queue `my_chat_member` (the bot itself) or `chat_member` (others)."""
        before = wire.member(who)
        change()
        date = wire.unix(self.clock.now_us())
        kind = "my_chat_member" if who.user is self.bot_user else "chat_member"
        self.updates.push(kind, chat.chat_id, wire.member_change(chat, actor, before, wire.member(who), date))
        self.emit(Event(EventKind.CHAT, chat.chat_id, detail=f"{who.user.user_id} {who.status.value}"))

    def emit(self, event: Event) -> None:
        for observer in tuple(self._observers):
            observer(event)

    async def aclose(self) -> None:
        """Stop delivering to the webhook, and end a waiting getUpdates."""
        self.updates.stop_poll(OTHER_POLLER)
        await self.delivery.aclose()

    def _bot_hears(self, chat: Chat, message: Message) -> bool:
        """Bots hear nobody who is a bot, and in groups without rights only what is meant for them (privacy mode)."""
        if message.sender.is_bot:
            return False
        if chat.type is ChatType.PRIVATE:
            return not chat.blocked
        me = chat.members.get(self.bot_user.user_id)
        if me is None or not me.present:
            return False
        if me.status in {Status.ADMIN, Status.OWNER} or self.reads_all_group_messages or message.service is not None:
            return True
        answered = chat.find(message.reply_to) if message.reply_to is not None else None
        return message.text.startswith("/") or (answered is not None and answered.sender is self.bot_user)
