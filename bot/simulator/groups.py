"""Groups of the local Telegram: their members, their topics, and what members do there."""

from typing import TYPE_CHECKING

from bot.simulator import topics, wire
from bot.simulator.errors import Impossible
from bot.simulator.events import Event, EventKind
from bot.simulator.people import Participant
from bot.simulator.state import (
    ADMIN_RIGHTS,
    Chat,
    ChatType,
    Json,
    Media,
    Membership,
    Message,
    Status,
    Topic,
    User,
    Words,
)

if TYPE_CHECKING:
    from bot.simulator.world import World


class Member(Participant):
    """Somebody in a group, usually one of the staff."""

    def __init__(self, group: "Group", membership: Membership) -> None:
        super().__init__(group.world, membership.user, group.chat)
        self.group = group
        self.membership = membership

    @property
    def _as_group(self) -> bool:
        return self.membership.anonymous

    def _may_write(self) -> None:
        if not self.membership.present:
            raise Impossible(f"{self.user.first_name} is not in group {self.chat_id}")
        if self.chat.migrated_to is not None:
            raise Impossible(f"group {self.chat_id} is now {self.chat.migrated_to}")

    def _post(self, thread: int | None, reply_to: int | None, words: Words, what: Media | None = None) -> Message:
        if thread is not None:
            topic = topics.living_topic(self.chat, thread)
            if topic is None or (topic.closed and not self.membership.may("can_manage_topics")):
                raise Impossible(f"topic {thread} of group {self.chat_id} is closed or gone")
        return super()._post(thread, reply_to, words, what)


class Group:
    """A group, and what its people do to it."""

    def __init__(self, world: "World", chat: Chat) -> None:
        self.world = world
        self.chat = chat

    @property
    def chat_id(self) -> int:
        return self.chat.chat_id

    @property
    def texts(self) -> list[str]:
        """The words of all messages still there, oldest first."""
        return self.chat.texts

    def texts_in(self, thread: int | None) -> list[str]:
        """The same for one topic (None: General)."""
        return [m.text for m in self.chat.visible if m.text and m.thread_id == thread]

    def add(
        self,
        who: Participant | User,
        *,
        status: Status = Status.MEMBER,
        rights: frozenset[str] = frozenset(ADMIN_RIGHTS),
        anonymous: bool = False,
    ) -> Member:
        """Bring somebody in, with `rights` if the status is ADMIN. An anonymous administrator writes as the group."""
        user = who.user if isinstance(who, Participant) else who
        membership = Membership(user, Status.LEFT)
        self.chat.members[user.user_id] = membership

        def change() -> None:
            membership.status = status
            membership.rights = rights if status is Status.ADMIN else frozenset()
            membership.anonymous = anonymous

        self.world.change_member(self.chat, user, membership, change)
        self._announce(user, {"new_chat_members": [wire.user(user)]})
        return Member(self, membership)

    def kick(self, member: Member, by: Member | None = None) -> None:
        """Remove and ban somebody."""
        actor = by.user if by else member.user
        self._set_status(member.membership, Status.KICKED, actor)
        self._announce(actor, {"left_chat_member": wire.user(member.user)})

    def kick_bot(self, by: Member) -> None:
        """Throw the bot out: `my_chat_member` is the last it hears of the group."""
        self._set_status(self._bot, Status.KICKED, by.user)

    def add_bot(self, by: Member, *, rights: frozenset[str] | None = frozenset(ADMIN_RIGHTS)) -> None:
        """Bring the bot (back) in, or give it other rights; None: as a plain member."""
        bot = self._bot

        def change() -> None:
            bot.status = Status.MEMBER if rights is None else Status.ADMIN
            bot.rights = rights or frozenset()

        self.world.change_member(self.chat, by.user, bot, change)

    def migrate(self, by: Member) -> "Group":
        """Upgrade a basic group. Returns the supergroup; the old id answers with `migrate_to_chat_id`."""
        if self.chat.type is not ChatType.GROUP or self.chat.migrated_to is not None:
            raise Impossible(f"group {self.chat_id} is no basic group, or was upgraded before")
        new = self.world.add_group(self.chat.title, forum=False, bot=self._bot.status, rights=self._bot.rights)
        new.chat.members |= self.chat.members
        self._announce(by.user, {"migrate_to_chat_id": new.chat_id})
        self.chat.migrated_to = new.chat_id
        new._announce(by.user, {"migrate_from_chat_id": self.chat_id})
        self.world.emit(Event(EventKind.CHAT, self.chat_id, detail=f"migrated to {new.chat_id}"))
        return new

    def member(self, who: Participant) -> Member:
        """Somebody already in the group (after `migrate`, say). Raises Impossible for a stranger."""
        membership = self.chat.members.get(who.user_id)
        if membership is None:
            raise Impossible(f"{who.user.first_name} is not in group {self.chat_id}")
        return Member(self, membership)

    def open_topic(self, name: str, by: Member) -> Topic:
        return topics.open_topic(self.world, self.chat, by.user, name)

    def rename_topic(self, thread: int, name: str, by: Member) -> None:
        topics.rename_topic(self.world, self.chat, by.user, self._topic(thread), name)

    def close_topic(self, thread: int, by: Member) -> None:
        topics.close_topic(self.world, self.chat, by.user, self._topic(thread), closed=True)

    def reopen_topic(self, thread: int, by: Member) -> None:
        topics.close_topic(self.world, self.chat, by.user, self._topic(thread), closed=False)

    def delete_topic(self, thread: int) -> None:
        """Delete a topic with its messages. The bot is not told; its next message there is refused."""
        topics.delete_topic(self.world, self.chat, self._topic(thread))

    def set_forum(self, on: bool) -> None:
        """Switch topics on or off."""
        self.chat.forum = on
        self.world.emit(Event(EventKind.CHAT, self.chat_id, detail="forum" if on else "no forum"))

    @property
    def _bot(self) -> Membership:
        return self.chat.members[self.world.bot_user.user_id]

    def _topic(self, thread: int) -> Topic:
        topic = topics.living_topic(self.chat, thread)
        if topic is None:
            raise Impossible(f"no topic {thread} in group {self.chat_id}")
        return topic

    def _set_status(self, membership: Membership, status: Status, actor: User) -> None:
        def change() -> None:
            membership.status = status

        self.world.change_member(self.chat, actor, membership, change)

    def _announce(self, actor: User, service: Json) -> None:
        self.world.post(self.chat, actor, service=service)
