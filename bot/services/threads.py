"""Threads: one chat's talk with staff, from its card until somebody presses *Done*.

The thread is the chat's: a family's card names all its patients. It has a topic of its own in the staff group. In a
group without topics it is held by replies: it begins with staff's first word, what the patient writes comes as a reply
to its card, and it is over when the bot answers again. Its row in `topic` is then one that Telegram does not have, and
what is sent there arrives in the group itself.

Everything here that changes a thread holds the lock of the patient's chat.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.clock import from_us, to_us
from bot.content.sentences import ThreadReplies
from bot.core.talking import QUIET
from bot.model import Button, Buttons, ChatId, Kind, MessageId, Method, Outgoing, Payload, Sender
from bot.services.faq_desk_cards import FAQ
from bot.services.post import Place, Post
from bot.services.thread_card import THREADS, ThreadCard
from bot.services.thread_place import ThreadPlace
from bot.services.ticks import Handler
from bot.store import accounts, alerts, dues, threads, topics
from bot.store.chats import lock_chat
from bot.store.engine import Tx

BACK, SHOWN = "thread_back", "thread_shown"
"""The kinds of the timers: the bot answers again; the card shows what arrived."""
SHOWN_AFTER = timedelta(seconds=30)
"""So long after staff's word the card says when it arrived: an edit counts towards the group's 20 a minute."""


@dataclass(frozen=True)
class Threads:
    """Opens threads, keeps their cards up to date, and ends them."""

    post: Post

    @property
    def handlers(self) -> dict[str, Handler]:
        """By due kind."""
        return {BACK: self._back, SHOWN: self._shown}

    @property
    def words(self) -> ThreadReplies:
        """Its sentences."""
        return self.post.library.served.content.threads

    @property
    def _card(self) -> ThreadCard:
        return ThreadCard(self.post)

    @property
    def _where(self) -> ThreadPlace:
        return ThreadPlace(self.post)

    # --- opening ----------------------------------------------------------------------------------------------------

    async def open(
        self, tx: Tx, chat_id: ChatId, batch: int | None = None, due_at: datetime | None = None
    ) -> Place | None:
        """Open this chat's thread, or find it open. None where the group has no topics that we may make.

        `batch`: the unsure reply that asks for it, which may be taken back, with its time.
        """
        account = await accounts.account(tx, self.post.bot_id)
        return await self._begin(tx, chat_id, batch, due_at) if account["staff_forum"] else None

    async def of(self, tx: Tx, chat_id: ChatId) -> sa.RowMapping | None:
        """This chat's thread, open or not, with a row at least; None without a staff group."""
        account = await accounts.account(tx, self.post.bot_id)
        if account["staff_chat_id"] is None:
            return None
        group_id = ChatId(account["staff_chat_id"])
        found = await threads.of_chat(tx, self.post.bot_id, chat_id)
        if found is None or found["group_id"] != group_id:
            name, now_us = await self._card.name(tx, chat_id), self.post.clock.now_us()
            topic_id = await topics.add(tx, self.post.bot_id, group_id, name, now_us)
            await threads.add(tx, self.post.bot_id, chat_id, topic_id, now_us)
            found = await threads.of_chat(tx, self.post.bot_id, chat_id)
        return found

    async def _begin(
        self, tx: Tx, chat_id: ChatId, batch: int | None = None, due_at: datetime | None = None
    ) -> Place | None:
        """The same in any group; None without one."""
        if (found := await self.of(tx, chat_id)) is None:
            return None
        now_us = self.post.clock.now_us()
        # With the time: who was forgotten and writes again begins with the first batch once more.
        key = f"held:{chat_id}:{batch}:thread:{now_us}" if batch is not None else f"thread:{found['id']}:{now_us}"
        is_new = await self._see_to_topic(tx, found, key, due_at)
        if found["state"] != threads.OPEN:
            values = {"state": threads.OPEN, "batch": batch, "opened_us": now_us, "staff_us": None}
            await threads.set_values(tx, found["id"], **values, taken_by=None, taken_name=None)
            is_new = True
        elif batch is None and found["batch"] is not None:
            await threads.set_values(tx, found["id"], batch=None)
        if is_new:
            await self._show(tx, found["id"], f"{key}:card", due_at)
        return Place(ChatId(found["group_id"]), found["topic_id"])

    async def _see_to_topic(self, tx: Tx, found: sa.RowMapping, key: str, due_at: datetime | None) -> bool:
        """Have it made where it is not and may be, and called as it should be where that changed. Whether it is new."""
        name = await self._card.name(tx, ChatId(found["chat_id"]))
        has_topic = await self._where.has_topic(tx, found)
        may_have_one = (await accounts.account(tx, self.post.bot_id))["staff_forum"]
        if found["topic_name"] == name if has_topic else not may_have_one:
            return False
        method = Method.EDIT_TOPIC if has_topic else Method.CREATE_TOPIC
        await topics.rename(tx, found["topic_id"], name)
        await self._call_topic(tx, found, method, name, f"{key}:topic", due_at)
        return not has_topic

    async def _call_topic(
        self, tx: Tx, found: sa.RowMapping, method: Method, name: str, key: str, due_at: datetime | None = None
    ) -> None:
        out = Outgoing(
            ChatId(found["group_id"]),
            Kind.RELAY,
            Payload(name),
            key,
            method=method,
            due_at=due_at,
            topic_id=found["topic_id"],
            subject_chat_id=ChatId(found["chat_id"]),
        )
        await self.post.enqueue(tx, out)

    # --- what is said -----------------------------------------------------------------------------------------------

    async def line(
        self,
        tx: Tx,
        chat_id: ChatId,
        payload: Payload,
        key: str,
        due_at: datetime | None = None,
        answer: tuple[int | None, str] | None = None,
    ) -> None:
        """Post what the patient said, joined with what waits for the same topic. Nothing where no thread is open.

        `answer`: where the bot replied, our row of the question, if it is one, and the entry, if it answered with one.
        """
        found = await threads.of_chat(tx, self.post.bot_id, chat_id)
        if found is None or found["state"] != threads.OPEN:
            return
        if answer is not None:
            payload = replace(payload, buttons=self._about_answer(found, *answer))
        place, is_text = await self._where.of(tx, found), payload.copy_message_id is None
        if is_text and due_at is None:
            key = f"{threads.LINE}{key}"
            if await threads.join_line(tx, self.post.bot_id, found["topic_id"], place.reply_to_id, payload):
                return
        method = Method.SEND_TEXT if is_text else Method.COPY
        await self.post.tell(tx, Kind.RELAY, payload, key, chat_id, due_at, method, place=place)

    def _about_answer(self, thread: sa.RowMapping, question_id: int | None, entry_id: str) -> Buttons:
        """Under the line that the bot replied to."""
        buttons: list[Button] = []
        if question_id is not None:
            buttons.append(Button(self.words.button_why, f"{THREADS}:why:{thread['id']}:{question_id}"))
        if entry_id:
            label = self.post.library.served.content.faq_desk.button_edit
            buttons.append(Button(label, f"{FAQ}:open:{entry_id}"))
        return (tuple(buttons),) if buttons else ()

    async def say(self, tx: Tx, thread: sa.RowMapping, payload: Payload, key: str) -> None:
        """Tell staff something in the thread."""
        place = await self._where.of(tx, thread)
        await self.post.tell(tx, Kind.RELAY, payload, key, ChatId(thread["chat_id"]), place=place)

    async def heard(self, tx: Tx, chat_id: ChatId) -> None:
        """Staff wrote to the patient: the bot keeps quiet for a while, and the card will say when it arrived."""
        if await self._begin(tx, chat_id) is None:
            return
        found, now = await threads.of_chat(tx, self.post.bot_id, chat_id), self.post.clock.now()
        assert found is not None, chat_id
        await threads.set_values(tx, found["id"], staff_us=to_us(now))
        for kind, after in ((BACK, QUIET), (SHOWN, SHOWN_AFTER)):
            key = f"{kind}:{found['id']}:{to_us(now)}"
            await dues.plan(self.post.store, tx, self.post.bot_id, dues.Due(kind, now + after, key, ref=found["id"]))

    # --- ending -----------------------------------------------------------------------------------------------------

    async def take(self, tx: Tx, sender: Sender, thread: sa.RowMapping) -> None:
        """Somebody says that they look after this patient."""
        await threads.set_values(tx, thread["id"], taken_by=sender.user_id, taken_name=_name_of(sender))
        await self._audit(tx, sender, "thread_take", thread)
        await self._redraw(tx, thread["id"])

    async def give_back(self, tx: Tx, thread: sa.RowMapping) -> None:
        """Whoever looked after this patient has left the team."""
        await lock_chat(tx, self.post.bot_id, ChatId(thread["chat_id"]))
        await threads.set_values(tx, thread["id"], taken_by=None, taken_name=None)
        await self._redraw(tx, thread["id"])

    async def done(self, tx: Tx, sender: Sender, thread: sa.RowMapping) -> None:
        """The talk is over: the bot answers again, what was handed over is closed."""
        now_us, chat_id = self.post.clock.now_us(), ChatId(thread["chat_id"])
        found = await self._locked(tx, thread["id"])
        if found is None or found["state"] != threads.OPEN:
            return
        for question in await threads.hand_overs(tx, self.post.bot_id, chat_id):
            await alerts.close(tx, question["id"], "done", now_us, alerts.Person(sender.user_id, _name_of(sender)))
        await self._end(tx, found, _name_of(sender))
        if found["staff_us"] is not None:
            await self._is_back(tx, chat_id, f"thread:{found['id']}:back:{found['staff_us']}")
        await self._audit(tx, sender, "thread_done", found)

    async def _end(self, tx: Tx, found: sa.RowMapping, who: str | None) -> None:
        """`who`: the name of whoever says so; None: it has gone quiet."""
        now_us = self.post.clock.now_us()
        over = {"state": threads.DONE, "staff_us": None, "closed_us": now_us, "closed_name": who, "batch": None}
        await threads.set_values(tx, found["id"], **over)
        if await self._where.has_topic(tx, found):
            name = self.words.topic_done.replace("{name}", await self._card.name(tx, ChatId(found["chat_id"])))
            await topics.rename(tx, found["topic_id"], name)
            await self._call_topic(tx, found, Method.EDIT_TOPIC, name, f"thread:{found['id']}:done:{now_us}")
        await self._redraw(tx, found["id"])

    async def _back(self, tx: Tx, row: sa.RowMapping) -> None:
        """Staff have been silent for long enough."""
        found = await self._locked(tx, row["ref"])
        if found is None or found["staff_us"] is None:
            return
        if from_us(found["staff_us"]) + QUIET > self.post.clock.now():
            return  # they wrote since: another timer waits for that
        await threads.set_values(tx, found["id"], staff_us=None)
        if not await self._where.has_topic(tx, found):
            await self._end(tx, found, None)  # in a group without topics, a talk that nobody ends would fill it
        await self._is_back(tx, ChatId(found["chat_id"]), f"thread:{found['id']}:back:{found['staff_us']}")

    async def _is_back(self, tx: Tx, chat_id: ChatId, key: str) -> None:
        await self.post.enqueue(tx, Outgoing(chat_id, Kind.REPLY, Payload(self.post.text(self.words.back)), key))

    async def _shown(self, tx: Tx, row: sa.RowMapping) -> None:
        found = await self._locked(tx, row["ref"])
        if found is not None and found["state"] == threads.OPEN:
            await self._redraw(tx, found["id"])

    async def _locked(self, tx: Tx, thread_id: int) -> sa.RowMapping | None:
        """The thread as it is once nobody else can change it."""
        found = await threads.by_id(tx, self.post.bot_id, thread_id)
        if found is None:
            return None
        await lock_chat(tx, self.post.bot_id, ChatId(found["chat_id"]))
        return await threads.by_id(tx, self.post.bot_id, thread_id)

    async def _audit(self, tx: Tx, sender: Sender, action: str, thread: sa.RowMapping) -> None:
        now_us = self.post.clock.now_us()
        await accounts.write_audit(tx, self.post.bot_id, sender.user_id, action, thread["id"], now_us)

    # --- the card ---------------------------------------------------------------------------------------------------

    async def made_anew(self, tx: Tx, topic_id: int, key: str) -> None:
        """Somebody deleted the topic: the new one begins with the last lines."""
        found = await threads.of_topic(tx, self.post.bot_id, topic_id)
        if found is not None:
            await self._show(tx, found["id"], f"thread:{found['id']}:anew:{key}", None)

    async def _show(self, tx: Tx, thread_id: int, key: str, due_at: datetime | None) -> None:
        thread = await threads.by_id(tx, self.post.bot_id, thread_id)
        assert thread is not None
        payload = await self._drawn(tx, thread)
        place, subject = await self._where.of(tx, thread), ChatId(thread["chat_id"])
        card_id = await self.post.tell(tx, Kind.RELAY, payload, key, subject, due_at, place=place)
        if card_id is not None:
            await threads.set_values(tx, thread_id, card_id=card_id)

    async def _redraw(self, tx: Tx, thread_id: int) -> None:
        thread = await threads.by_id(tx, self.post.bot_id, thread_id)
        assert thread is not None
        if thread["card_id"] is None:
            return
        out = Outgoing(
            ChatId(thread["group_id"]),
            Kind.CARD,
            await self._drawn(tx, thread),
            f"thread:{thread_id}:drawn:{self.post.clock.now_us()}",
            method=Method.EDIT_TEXT,
            target_id=MessageId(thread["card_id"]),
            subject_chat_id=ChatId(thread["chat_id"]),
        )
        await self.post.enqueue(tx, out)

    async def _drawn(self, tx: Tx, thread: sa.RowMapping) -> Payload:
        return await self._card.payload(tx, thread, in_topic=await self._where.has_topic(tx, thread))


def _name_of(sender: Sender) -> str:
    return (sender.first_name or str(sender.user_id))[:64]
