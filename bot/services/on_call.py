"""Who is on call counts only once a private message has reached them: Telegram lets no bot begin a conversation."""

from dataclasses import dataclass

from bot.model import Button, ChatId, Kind, MessageId, Method, Outgoing, Payload, UserId
from bot.services.post import Post
from bot.store import accounts, alerts
from bot.store.engine import Tx

CONFIRM = "oncall"
"""The action of the button under a test message; its argument is the person it went to."""


@dataclass(frozen=True)
class OnCall:
    """Sends test messages to the people named in `on_call` of clinic.yaml, and notes who got one."""

    post: Post

    @property
    def people(self) -> tuple[UserId, ...]:
        """Everybody named there."""
        return tuple(person.telegram_id for person in self.post.library.served.content.clinic.on_call)

    async def test(self, tx: Tx, who: UserId, key: str) -> str:
        """Send everybody a test message, once per `key`. Returns what to tell whoever asked."""
        replies = self.post.library.served.content.replies
        if not self.people:
            return self.post.text(replies.staff_on_call_none)
        text = self.post.text(replies.staff_on_call_test)
        for user in self.people:
            button = Button(replies.staff_button_on_call, f"{CONFIRM}:{user}")
            out = Outgoing(ChatId(user), Kind.RELAY, Payload(text, ((button,),)), f"{key}:{user}")
            await self.post.enqueue(tx, out)
        await accounts.write_audit(tx, self.post.bot_id, who, "on_call_test", None, self.post.clock.now_us())
        done = await alerts.confirmed(tx, self.post.bot_id, self.people)
        lines = [
            self.post.text(
                replies.staff_on_call_confirmed if user in done else replies.staff_on_call_open, who=str(user)
            )
            for user in self.people
        ]
        return "\n".join((self.post.text(replies.staff_on_call_sent), *lines))

    async def confirm(self, tx: Tx, user: UserId, argument: str, seen: MessageId) -> None:
        """Note that this person gets our messages, if the test was theirs."""
        if str(user) != argument or user not in self.people:
            return
        now_us = self.post.clock.now_us()
        await alerts.confirm_on_call(self.post.store, tx, self.post.bot_id, user, now_us)
        await accounts.write_audit(tx, self.post.bot_id, user, "on_call_confirmed", user, now_us)
        text = self.post.text(self.post.library.served.content.replies.staff_on_call_thanks)
        out = Outgoing(
            ChatId(user),
            Kind.RELAY,
            Payload(text),
            f"on_call_thanks:{seen}",
            method=Method.EDIT_TEXT,
            target_id=seen,
        )
        await self.post.enqueue(tx, out)
