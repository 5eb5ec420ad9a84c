"""What staff write to a patient: passed on, changed afterwards, kept as a note, taken from the canned replies.

Raises nothing for what cannot be done: staff read why in a sentence. The caller has checked that they may.
"""

import zlib
from dataclasses import dataclass

import sqlalchemy as sa

from bot.clock import from_us
from bot.content.schema import Replies
from bot.content.staff_replies import StaffReply
from bot.core.hearing import split_command
from bot.core.replies import Html
from bot.core.talking import CHANGEABLE, is_note, key_of
from bot.core.text import normalise
from bot.errors import MarkupError
from bot.markup import split
from bot.model import (
    Button,
    ChatId,
    Kind,
    MediaIn,
    MessageId,
    Method,
    Outgoing,
    Payload,
    PressIn,
    Sender,
    TextIn,
    UserId,
)
from bot.services.post import Post
from bot.services.thread_card import THREADS
from bot.services.threads import Threads
from bot.store import accounts, threads
from bot.store.chats import lock_chat
from bot.store.engine import Tx

CANNED = "r"
"""The command that lists the canned replies, with words to look for."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of staff's words. `text`: what to tell them, empty for nothing."""

    text: str = ""
    is_on_its_way: bool = False


@dataclass(frozen=True)
class ThreadWords:
    """The way of staff's words to one patient's chat."""

    post: Post

    @property
    def _threads(self) -> Threads:
        return Threads(self.post)

    async def pass_on(self, tx: Tx, said: TextIn | MediaIn, subject: ChatId) -> Passed:
        """Send words, a picture or a voice to the patient, as the clinic; or change what was sent. Locks the chat."""
        if isinstance(said, TextIn) and said.edited:
            return Passed(await self._change(tx, said, subject))
        if isinstance(said, TextIn) and is_note(said.text):
            return Passed()
        if (why := await self._unreachable(tx, subject)) is not None:
            return Passed(why)
        key = _key(said)
        if isinstance(said, TextIn) and said.media is None:
            await self.post.enqueue(
                tx, Outgoing(subject, Kind.RELAY, Payload(self._under(said.sender, said.text)), key)
            )
        else:
            payload = Payload(copy_chat_id=said.chat_id, copy_message_id=said.message_id)
            await self.post.enqueue(tx, Outgoing(subject, Kind.RELAY, payload, key, method=Method.COPY))
        await self._went(tx, said.sender.user_id, subject)
        return Passed(self.post.text(self._replies.staff_relayed), is_on_its_way=True)

    @property
    def _replies(self) -> Replies:
        return self.post.library.served.content.replies

    def _under(self, sender: Sender, text: str) -> str:
        """Staff's words as the patient gets them: under the clinic's name, and theirs where the clinic wants it."""
        name = sender.first_name[:64] if self.post.library.served.content.clinic.staff_names else ""
        template = self._replies.relay_from_person if name else self._replies.relay_from_staff
        return self.post.text(template, text=text, name=name)

    async def _unreachable(self, tx: Tx, subject: ChatId) -> str | None:
        chat = await lock_chat(tx, self.post.bot_id, subject)
        if chat["unreachable_us"] is None:
            return None
        return self.post.text(self._replies.staff_not_relayed, reason=chat["unreachable_why"] or "unreachable")

    async def _went(self, tx: Tx, user_id: UserId, subject: ChatId) -> None:
        now_us = self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, user_id, "relay", subject, now_us)
        await self._threads.heard(tx, subject)

    async def _change(self, tx: Tx, said: TextIn, subject: ChatId) -> str:
        """Change the patient's copy too. Returns why it stays as it was; empty when it is changed, or never was one."""
        await lock_chat(tx, self.post.bot_id, subject)
        sent = await threads.passed_on(tx, self.post.bot_id, _key(said))
        words = self._threads.words
        if sent is None:
            return "" if is_note(said.text) else self.post.text(words.not_sent_before)
        html = self._under(said.sender, said.text)
        sent_at = from_us(sent["sent_us"] or sent["planned_us"])
        if is_note(said.text) or sent["method"] != Method.SEND_TEXT or not await self._is_one(tx, said, html):
            return self.post.text(self._replies.staff_edited)
        if self.post.clock.now() - sent_at > CHANGEABLE:
            return self.post.text(words.too_old)
        key = f"{_key(said)}:{zlib.crc32(html.encode())}:{said.sent_at.timestamp():.0f}"
        target = MessageId(sent["id"])
        out = Outgoing(subject, Kind.RELAY, Payload(html), key, method=Method.EDIT_TEXT, target_id=target)
        await self.post.enqueue(tx, out)
        now_us = self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, said.sender.user_id, "relay_edit", subject, now_us)
        return ""

    async def _is_one(self, tx: Tx, said: TextIn, html: str) -> bool:
        """Whether it was, and still is, a single message."""
        try:
            is_short = len(split(html)) == 1
        except MarkupError:
            return False
        return is_short and await threads.passed_on(tx, self.post.bot_id, f"{_key(said)}.0") is None

    # --- commands ---------------------------------------------------------------------------------------------------

    async def command_about(self, tx: Tx, subject: ChatId, said: TextIn | MediaIn) -> bool:
        """Do what a command asks for that replies to a card about a patient. False where it is none."""
        if not isinstance(said, TextIn) or split_command(said.text)[1] is None:
            return False
        await lock_chat(tx, self.post.bot_id, subject)
        thread = await self._threads.of(tx, subject)
        return thread is not None and await self.command(tx, thread, said)

    async def command(self, tx: Tx, thread: sa.RowMapping, said: TextIn | MediaIn) -> bool:
        """The same in the thread's topic. A command that we do not know is not for the patient either."""
        if isinstance(said, TextIn) and is_note(said.text):
            return False  # it begins with a slash, and is for colleagues
        words, command = split_command(said.text) if isinstance(said, TextIn) else ("", None)
        if command is None or (isinstance(said, TextIn) and said.edited):
            return command is not None
        key = f"thread:{thread['id']}:command:{said.chat_id}:{said.message_id}"
        if command == CANNED:
            await self._threads.say(tx, thread, self.canned(thread["id"], words), key)
        else:
            await self._threads.say(tx, thread, Payload(self.post.text(self._threads.words.no_command)), key)
        return True

    def canned(self, thread_id: int, words: str = "") -> Payload:
        """The canned replies whose title or text has all these words, as buttons."""
        wanted = normalise(words).split()
        found = {
            id_: reply
            for id_, reply in self._all.items()
            if all(word in normalise(f"{reply.title} {reply.text}") for word in wanted)
        }
        texts = self._threads.words
        if not found:
            return Payload(self.post.text(texts.canned_none))
        rows = tuple((Button(one.title, f"{THREADS}:show:{thread_id}:{id_}"),) for id_, one in found.items())
        return Payload(self.post.text(texts.canned_which), rows)

    def preview(self, sender: Sender, thread_id: int, id_: str) -> Payload:
        """A canned reply as the patient will get it of `sender`, with *Send*; the list where it is gone."""
        reply = self._all.get(id_)
        if reply is None:
            return self.canned(thread_id)
        send = Button(self._threads.words.button_send, f"{THREADS}:send:{thread_id}:{id_}:{self._version(reply)}")
        return Payload(self._as_sent(sender, reply), ((send,),))

    async def send(self, tx: Tx, press: PressIn, thread: sa.RowMapping, id_: str, version: str) -> Passed:
        """Send a canned reply once a press. One that was changed since it was shown is shown again."""
        reply, subject = self._all.get(id_), ChatId(thread["chat_id"])
        if reply is None or self._version(reply) != version:
            shown = self.preview(press.sender, thread["id"], id_)
            await self._threads.say(tx, thread, shown, f"thread:again:{press.press_id}")
            return Passed()
        if (why := await self._unreachable(tx, subject)) is not None:
            return Passed(why)
        # One preview is sent once, however often it is pressed.
        out = Outgoing(subject, Kind.RELAY, Payload(self._as_sent(press.sender, reply)), f"canned:{press.row_id}")
        if await self.post.enqueue(tx, out) is None:
            return Passed()
        await self._went(tx, press.sender.user_id, subject)
        return Passed(self.post.text(self._replies.staff_relayed), is_on_its_way=True)

    @property
    def _all(self) -> dict[str, StaffReply]:
        return dict(self.post.library.served.content.staff_replies)

    def _as_sent(self, sender: Sender, reply: StaffReply) -> str:
        return self._under(sender, Html(self.post.text(reply.text)))

    def _version(self, reply: StaffReply) -> str:
        return f"{zlib.crc32(self.post.text(reply.text).encode()):x}"


def _key(said: TextIn | MediaIn) -> str:
    return key_of(said.chat_id, said.message_id)
