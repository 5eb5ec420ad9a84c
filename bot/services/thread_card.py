"""The card of a thread, always as it stands in the database: who it is, what was said last, who has it, its buttons."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.clock import from_us
from bot.content.sentences import ThreadReplies
from bot.core.outcome import Occasion
from bot.core.replies import Html, local_time
from bot.core.voice import since_in_words
from bot.model import Button, Buttons, ChatId, Payload
from bot.services.patient_view import PatientView
from bot.services.post import Post
from bot.store import alerts, care, threads
from bot.store.engine import Tx

THREADS = "th"
"""What its buttons begin with."""
LINES = 5
"""How many things said both ways a card shows."""
LINE_MAX = 200


@dataclass(frozen=True)
class ThreadCard:
    """Draws it."""

    post: Post

    @property
    def _words(self) -> ThreadReplies:
        return self.post.library.served.content.threads

    async def name(self, tx: Tx, chat_id: ChatId) -> str:
        """Codes and area: never a name."""
        known = await threads.patients_in(tx, self.post.bot_id, chat_id)
        words = (*(row["code"] for row in known), *dict.fromkeys(row["area"] for row in known if row["area"]))
        return " ".join(words)

    async def payload(self, tx: Tx, thread: sa.RowMapping, *, in_topic: bool) -> Payload:
        """The card. `in_topic`: what staff write beside it goes to the patient, and not only replies to it."""
        chat_id, say = ChatId(thread["chat_id"]), self.post.text
        known = await threads.patients_in(tx, self.post.bot_id, chat_id)
        lines = [say(self._words.card, name=await self.name(tx, chat_id))]
        lines += [self._treated(row, len(known) > 1) for row in known]
        for plan in (await care.plans_in(tx, self.post.bot_id, [chat_id])).get(chat_id, ()):
            lines.append(await PatientView(self.post).last_answer(tx, plan))
        if (alert := await alerts.live(tx, self.post.bot_id, chat_id)) is not None:
            flags = ", ".join(alert["flags"] or ())
            lines.append(say(self._words.card_alert, level=alert["level"], id=flags))
        lines.append(await self._said(tx, chat_id))
        lines.append(say(self._how(thread, in_topic=in_topic)))
        lines += await self._footer(tx, thread)
        return Payload("\n".join(filter(None, lines)), self._buttons(thread))

    def _how(self, thread: sa.RowMapping, *, in_topic: bool) -> str:
        if thread["state"] == threads.DONE:
            return self._words.card_closed if in_topic else self._words.card_closed_group
        return self._words.card_how if in_topic else self._words.card_how_group

    def _treated(self, row: sa.RowMapping, is_family: bool) -> str:
        now = self.post.clock.now()
        treated_at = from_us(row["treated_us"]) if row["treated_us"] is not None else None
        since = since_in_words(Occasion(now=now, sent_at=now, treated_at=treated_at))
        return self.post.text(self._words.card_treated, code=f"{row['code']}: " if is_family else "", since=since)

    async def _said(self, tx: Tx, chat_id: ChatId) -> str:
        said = await threads.last_lines(tx, self.post.bot_id, chat_id, LINES)
        shown = [
            self.post.text(self._words.story_ours if line.is_ours else self._words.story_theirs, text=_short(line.text))
            for line in said
        ]
        return self.post.text(self._words.card_story, lines=Html("\n".join(shown))) if shown else ""

    async def _footer(self, tx: Tx, thread: sa.RowMapping) -> list[str]:
        say, clinic = self.post.text, self.post.library.served.content.clinic
        lines = []
        if thread["taken_name"]:
            lines.append(say(self._words.card_taken, who=thread["taken_name"]))
        arrived_us = await threads.last_arrived_us(tx, self.post.bot_id, ChatId(thread["chat_id"]))
        if arrived_us is not None:
            time = local_time(clinic, from_us(arrived_us), self.post.clock.now())
            lines.append(say(self._words.card_arrived, time=time))
        if thread["state"] == threads.DONE and thread["closed_name"]:
            lines.append(say(self._words.card_done, who=thread["closed_name"]))
        return lines

    def _buttons(self, thread: sa.RowMapping) -> Buttons:
        words, id_ = self._words, thread["id"]
        why = Button(words.button_why, f"{THREADS}:why:{id_}")
        if thread["state"] == threads.DONE:
            return ((why,),)
        take = () if thread["taken_name"] else (Button(words.button_take, f"{THREADS}:take:{id_}"),)
        canned = Button(words.button_canned, f"{THREADS}:canned:{id_}")
        return ((*take, Button(words.button_done, f"{THREADS}:done:{id_}")), (why, canned))


def _short(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= LINE_MAX else f"{said[:LINE_MAX]} […]"
