"""Threads: one chat's talk with staff in a topic of the staff group, from its card until somebody presses *Done*.

The thread is the chat's: a family's card names all its patients. A group without topics has none; there, staff reply to
cards. Everything here that changes a thread holds the lock of the patient's chat.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.clock import from_us, to_us
from bot.content.sentences import ThreadReplies
from bot.core.outcome import Occasion
from bot.core.replies import Html, local_time
from bot.core.talking import QUIET
from bot.core.voice import since_in_words
from bot.model import Button, Buttons, ChatId, Kind, MessageId, Method, Outgoing, Payload, Sender
from bot.services.patient_view import PatientView
from bot.services.post import Place, Post
from bot.services.ticks import Handler
from bot.store import accounts, alerts, care, dues, threads
from bot.store.chats import lock_chat
from bot.store.engine import Tx

THREADS = "th"
"""What its buttons begin with."""
BACK, SHOWN = "thread_back", "thread_shown"
"""The kinds of the timers: the bot answers again; the card shows what arrived."""
LINES = 5
"""How many things said both ways a card shows."""
LINE_MAX = 200
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

    # --- opening ----------------------------------------------------------------------------------------------------

    async def place(self, tx: Tx, chat_id: ChatId) -> Place | None:
        """Where the open thread of this chat is; None without one."""
        found = await threads.of_chat(tx, self.post.bot_id, chat_id)
        if found is None or found["state"] != threads.OPEN:
            return None
        return Place(ChatId(found["group_id"]), found["topic_id"])

    async def open(
        self, tx: Tx, chat_id: ChatId, batch: int | None = None, due_at: datetime | None = None
    ) -> Place | None:
        """Open this chat's thread, or find it open. None where the group has no topics that we may make.

        `batch`: the unsure reply that asks for it, which may be taken back, with its time.
        """
        account = await accounts.account(tx, self.post.bot_id)
        if account["staff_chat_id"] is None or not account["staff_forum"]:
            return None
        group_id = ChatId(account["staff_chat_id"])
        found = await threads.of_chat(tx, self.post.bot_id, chat_id)
        now_us = self.post.clock.now_us()
        name = await self._name(tx, chat_id)
        if found is None or found["group_id"] != group_id:
            topic_id = await threads.add_topic(tx, self.post.bot_id, group_id, name, now_us)
            await threads.add(tx, self.post.bot_id, chat_id, topic_id, now_us)
            found = await threads.of_chat(tx, self.post.bot_id, chat_id)
            assert found is not None
        # With the time: who was forgotten and writes again begins with the first batch once more.
        key = f"held:{chat_id}:{batch}:thread:{now_us}" if batch is not None else f"thread:{found['id']}:{now_us}"
        await self._see_to_topic(tx, found, name, key, due_at)
        if found["state"] != threads.OPEN:
            values = {"state": threads.OPEN, "batch": batch, "opened_us": now_us, "staff_us": None, "taken_name": None}
            await threads.set_values(tx, found["id"], **values)
            await self._show(tx, found["id"], f"{key}:card", due_at)
        elif batch is None and found["batch"] is not None:
            await threads.set_values(tx, found["id"], batch=None)
        return Place(group_id, found["topic_id"])

    async def _see_to_topic(self, tx: Tx, found: sa.RowMapping, name: str, key: str, due_at: datetime | None) -> None:
        """Have it made where it is not, and called as it should be where that changed."""
        if found["thread_id"] is None and not await threads.is_coming(tx, found["topic_id"]):
            method = Method.CREATE_TOPIC
        elif found["topic_name"] != name:
            method = Method.EDIT_TOPIC
        else:
            return
        await threads.rename_topic(tx, found["topic_id"], name)
        await self._call_topic(tx, found, method, name, f"{key}:topic", due_at)

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

    async def _name(self, tx: Tx, chat_id: ChatId) -> str:
        """Codes and area: never a name."""
        known = await threads.patients_in(tx, self.post.bot_id, chat_id)
        words = (*(row["code"] for row in known), *dict.fromkeys(row["area"] for row in known if row["area"]))
        return " ".join(words)

    # --- what is said -----------------------------------------------------------------------------------------------

    async def line(self, tx: Tx, chat_id: ChatId, payload: Payload, key: str, due_at: datetime | None = None) -> None:
        """Post what the patient said, joined with what waits for the same topic. Nothing where no thread is open."""
        place = await self.place(tx, chat_id)
        if place is None:
            return
        is_text = payload.copy_message_id is None
        if is_text and due_at is None and await self._joined(tx, place, payload.text):
            return
        method = Method.SEND_TEXT if is_text else Method.COPY
        await self.post.tell(tx, Kind.RELAY, payload, key, chat_id, due_at, method, place=place)

    async def _joined(self, tx: Tx, place: Place, html: str) -> bool:
        assert place.topic_id is not None
        return await threads.join_line(tx, self.post.bot_id, place.topic_id, html)

    async def say(self, tx: Tx, thread: sa.RowMapping, payload: Payload, key: str) -> None:
        """Tell staff something in the thread."""
        place = Place(ChatId(thread["group_id"]), thread["topic_id"])
        await self.post.tell(tx, Kind.RELAY, payload, key, ChatId(thread["chat_id"]), place=place)

    async def heard(self, tx: Tx, chat_id: ChatId) -> None:
        """Staff wrote to the patient: the bot keeps quiet for a while, and the card will say when it arrived."""
        found = await threads.of_chat(tx, self.post.bot_id, chat_id)
        if found is None:
            return
        await self.open(tx, chat_id)
        now = self.post.clock.now()
        await threads.set_values(tx, found["id"], staff_us=to_us(now))
        for kind, after in ((BACK, QUIET), (SHOWN, SHOWN_AFTER)):
            key = f"{kind}:{found['id']}:{to_us(now)}"
            await dues.plan(self.post.store, tx, self.post.bot_id, dues.Due(kind, now + after, key, ref=found["id"]))

    # --- ending -----------------------------------------------------------------------------------------------------

    async def take(self, tx: Tx, sender: Sender, thread: sa.RowMapping) -> None:
        """Somebody says that they look after this patient."""
        await threads.set_values(tx, thread["id"], taken_name=_name_of(sender))
        await self._audit(tx, sender, "thread_take", thread)
        await self._redraw(tx, thread["id"])

    async def done(self, tx: Tx, sender: Sender, thread: sa.RowMapping) -> None:
        """The talk is over: the bot answers again, what was handed over is closed."""
        now_us, chat_id = self.post.clock.now_us(), ChatId(thread["chat_id"])
        found = await self._locked(tx, thread["id"])
        if found is None or found["state"] != threads.OPEN:
            return
        for question in await threads.hand_overs(tx, self.post.bot_id, chat_id):
            await alerts.close(tx, question["id"], "done", now_us, alerts.Person(sender.user_id, _name_of(sender)))
        over = {"state": threads.DONE, "staff_us": None, "closed_us": now_us, "closed_name": _name_of(sender)}
        await threads.set_values(tx, found["id"], **over, batch=None)
        if found["staff_us"] is not None:
            await self._is_back(tx, chat_id, f"thread:{found['id']}:back:{found['staff_us']}")
        name = self.words.topic_done.replace("{name}", await self._name(tx, chat_id))
        await threads.rename_topic(tx, found["topic_id"], name)
        await self._call_topic(tx, found, Method.EDIT_TOPIC, name, f"thread:{found['id']}:done:{now_us}")
        await self._audit(tx, sender, "thread_done", found)
        await self._redraw(tx, found["id"])

    async def _back(self, tx: Tx, row: sa.RowMapping) -> None:
        """Staff have been silent for long enough."""
        found = await self._locked(tx, row["ref"])
        if found is None or found["staff_us"] is None:
            return
        if from_us(found["staff_us"]) + QUIET > self.post.clock.now():
            return  # they wrote since: another timer waits for that
        await threads.set_values(tx, found["id"], staff_us=None)
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
        card_id = await self.post.tell(
            tx,
            Kind.RELAY,
            await self._card(tx, thread),
            key,
            ChatId(thread["chat_id"]),
            due_at,
            place=Place(ChatId(thread["group_id"]), thread["topic_id"]),
        )
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
            await self._card(tx, thread),
            f"thread:{thread_id}:drawn:{self.post.clock.now_us()}",
            method=Method.EDIT_TEXT,
            target_id=MessageId(thread["card_id"]),
            subject_chat_id=ChatId(thread["chat_id"]),
        )
        await self.post.enqueue(tx, out)

    async def _card(self, tx: Tx, thread: sa.RowMapping) -> Payload:
        chat_id, say = ChatId(thread["chat_id"]), self.post.text
        known = await threads.patients_in(tx, self.post.bot_id, chat_id)
        lines = [say(self.words.card, name=await self._name(tx, chat_id))]
        lines += [self._treated(row, len(known) > 1) for row in known]
        for plan in (await care.plans_in(tx, self.post.bot_id, [chat_id])).get(chat_id, ()):
            lines.append(await PatientView(self.post).last_answer(tx, plan))
        if (alert := await alerts.live(tx, self.post.bot_id, chat_id)) is not None:
            flags = ", ".join(alert["flags"] or ())
            lines.append(say(self.words.card_alert, level=alert["level"], id=flags))
        lines.append(await self._said(tx, chat_id))
        lines.append(say(self.words.card_closed if thread["state"] == threads.DONE else self.words.card_how))
        lines += await self._footer(tx, thread)
        return Payload("\n".join(filter(None, lines)), self._buttons(thread))

    def _treated(self, row: sa.RowMapping, is_family: bool) -> str:
        now = self.post.clock.now()
        treated_at = from_us(row["treated_us"]) if row["treated_us"] is not None else None
        since = since_in_words(Occasion(now=now, sent_at=now, treated_at=treated_at))
        return self.post.text(self.words.card_treated, code=f"{row['code']}: " if is_family else "", since=since)

    async def _said(self, tx: Tx, chat_id: ChatId) -> str:
        said = await threads.last_lines(tx, self.post.bot_id, chat_id, LINES)
        shown = [
            self.post.text(self.words.story_ours if line.is_ours else self.words.story_theirs, text=_short(line.text))
            for line in said
        ]
        return self.post.text(self.words.card_story, lines=Html("\n".join(shown))) if shown else ""

    async def _footer(self, tx: Tx, thread: sa.RowMapping) -> list[str]:
        say, clinic = self.post.text, self.post.library.served.content.clinic
        lines = []
        if thread["taken_name"]:
            lines.append(say(self.words.card_taken, who=thread["taken_name"]))
        arrived_us = await threads.last_arrived_us(tx, self.post.bot_id, ChatId(thread["chat_id"]))
        if arrived_us is not None:
            time = local_time(clinic, from_us(arrived_us), self.post.clock.now())
            lines.append(say(self.words.card_arrived, time=time))
        if thread["state"] == threads.DONE and thread["closed_name"]:
            lines.append(say(self.words.card_done, who=thread["closed_name"]))
        return lines

    def _buttons(self, thread: sa.RowMapping) -> Buttons:
        words, id_ = self.words, thread["id"]
        why = Button(words.button_why, f"{THREADS}:why:{id_}")
        if thread["state"] == threads.DONE:
            return ((why,),)
        take = () if thread["taken_name"] else (Button(words.button_take, f"{THREADS}:take:{id_}"),)
        canned = Button(words.button_canned, f"{THREADS}:canned:{id_}")
        return ((*take, Button(words.button_done, f"{THREADS}:done:{id_}")), (why, canned))


def _short(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= LINE_MAX else f"{said[:LINE_MAX]} […]"


def _name_of(sender: Sender) -> str:
    return (sender.first_name or str(sender.user_id))[:64]
