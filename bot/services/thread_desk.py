"""What staff do in a thread's topic: write, and press the buttons of its card."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.model import ChatId, MediaIn, MessageId, Payload, PressIn, Sender, TextIn
from bot.services.alerts import Alerts
from bot.services.post import Post
from bot.services.teach import Teach
from bot.services.thread_why import Why
from bot.services.thread_words import Passed, ThreadWords
from bot.services.threads import Threads
from bot.store import threads
from bot.store.chats import lock_chat
from bot.store.engine import Tx


@dataclass(frozen=True)
class ThreadDesk:
    """Acts for staff, whose rights the caller has checked."""

    post: Post

    @property
    def _threads(self) -> Threads:
        return Threads(self.post)

    async def said(self, tx: Tx, incoming: TextIn | MediaIn, thread: sa.RowMapping) -> str:
        """Pass on what was written in the topic. Returns what to tell staff: only that it did not go."""
        passed = await ThreadWords(self.post).pass_on(tx, incoming, ChatId(thread["chat_id"]))
        await self._answered(tx, incoming.sender, thread, passed)
        return "" if passed.is_on_its_way else passed.text

    async def _answered(self, tx: Tx, sender: Sender, thread: sa.RowMapping, passed: Passed) -> None:
        """Whoever answers has taken what was handed over."""
        if passed.is_on_its_way:
            await self._take_questions(tx, sender, ChatId(thread["chat_id"]))

    async def press(self, tx: Tx, press: PressIn, argument: str) -> None:
        """Do what a button of the card, or of a line, says: an action, the thread, and which reply or question."""
        action, _, rest = argument.partition(":")
        id_, _, what = rest.partition(":")
        thread = await threads.by_id(tx, self.post.bot_id, int(id_)) if id_.isdecimal() else None
        if thread is None:
            return
        words, key = ThreadWords(self.post), f"thread:{id_}:press:{press.press_id}"
        match action:
            case "take" | "done":
                await lock_chat(tx, self.post.bot_id, ChatId(thread["chat_id"]))
                await self._take_questions(tx, press.sender, ChatId(thread["chat_id"]))
                await (self._threads.take if action == "take" else self._threads.done)(tx, press.sender, thread)
            case "why":
                asked = int(what) if what.isdecimal() else None
                payload = await Why(self.post).payload(tx, thread, asked)
                await self._threads.say(tx, thread, payload, key)
            case "wrong" if what.isdecimal():
                said = await Teach(self.post).wrong(tx, press.sender.user_id, int(what))
                await self._threads.say(tx, thread, Payload(said), key)
            case "canned":
                await self._threads.say(tx, thread, words.canned(thread["id"]), key)
            case "show":
                await self._threads.say(tx, thread, words.preview(press.sender, thread["id"], what), key)
            case "send":
                reply_id, _, version = what.rpartition(":")
                passed = await words.send(tx, press, thread, reply_id, version)
                await self._answered(tx, press.sender, thread, passed)
                if passed.text:
                    await self._threads.say(tx, thread, Payload(passed.text), key)

    async def _take_questions(self, tx: Tx, sender: Sender, chat_id: ChatId) -> None:
        """The cards of questions that nobody had taken say who has them. The caller holds the chat's lock."""
        for question in await threads.hand_overs(tx, self.post.bot_id, chat_id):
            if question["state"] == "open" and question["message_id"] is not None:
                card_id = MessageId(question["message_id"])
                await Alerts(self.post).take(tx, sender, question["id"], card_id, tell=False)
