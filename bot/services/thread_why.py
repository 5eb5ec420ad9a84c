"""*Why this answer*: what was behind the bot's last answers in a chat, for staff."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.content.sentences import ThreadReplies
from bot.core.voice import excerpt
from bot.model import Button, Buttons, ChatId, Decision, Payload
from bot.services.explain import last_decisions
from bot.services.faq_desk_cards import FAQ
from bot.services.post import Post
from bot.services.thread_card import THREADS
from bot.store.engine import Tx

ANSWERS = 3
NOTHING = "–"


@dataclass(frozen=True)
class Why:
    """Puts decisions into words."""

    post: Post

    @property
    def _words(self) -> ThreadReplies:
        return self.post.library.served.content.threads

    async def payload(self, tx: Tx, thread: sa.RowMapping, question_id: int | None = None) -> Payload:
        """The last answers in this thread's chat, oldest first; or the one to this question."""
        chat_id = ChatId(thread["chat_id"])
        count = ANSWERS if question_id is None else 1
        found = await last_decisions(tx, self.post.bot_id, chat_id, count, question_id)
        if not found:
            return Payload(self.post.text(self._words.why_nothing))
        text = "\n\n".join(self._one(decision) for decision in reversed(found))
        return Payload(text, self._mending(thread, found[0]))

    def _mending(self, thread: sa.RowMapping, why: dict[str, Any]) -> Buttons:
        """Under the newest of them, if the bot answered."""
        if Decision(why["decision"]) is not Decision.ANSWER:
            return ()
        content = self.post.library.served.content
        wrong = Button(content.teach.button_wrong, f"{THREADS}:wrong:{thread['id']}:{why['question']}")
        return ((wrong, Button(content.faq_desk.button_edit, f"{FAQ}:open:{why['id']}")),)

    def _one(self, why: dict[str, Any]) -> str:
        asked = self.post.text(self._words.why_question, text=excerpt(why["text"]), decision=self.decided(why))
        return "\n".join((asked, *self.reasons(why)))

    def reasons(self, why: dict[str, Any]) -> list[str]:
        """What spoke for one decision, in lines of Telegram's HTML."""
        say, words = self.post.text, self._words
        candidates = why["candidates"]
        lines = []
        if candidates:
            first = candidates[0]
            lines.append(say(words.why_match, phrasing=first["phrasing"], confidence=_percent(first["confidence"])))
        if candidates[1:]:
            other = candidates[1]
            lines.append(say(words.why_next, what=self._title(other["id"]), confidence=_percent(other["confidence"])))
        if why["repaired"]:
            lines.append(say(words.why_repaired, text=why["repaired"]))
        tried = [f"{flag['id']} ({', '.join(flag['words'])})" for flag in why["red_flags"]]
        lines.append(say(words.why_flags, found=", ".join(tried) or NOTHING))
        if why["ruled_out"]:
            lines.append(say(words.why_ruled_out, found="; ".join(why["ruled_out"])))
        lines.append(say(words.why_texts, revision=why["revision"] or NOTHING))
        return lines

    def decided(self, why: dict[str, Any]) -> str:
        """What it was, not escaped: "Answered: How long will I be sore?"."""
        words = self._words
        what = {
            Decision.ANSWER: words.why_answer,
            Decision.ASK: words.why_ask,
            Decision.HAND_OVER: words.why_hand_over,
            Decision.RED_FLAG: words.why_red_flag,
            Decision.CHECK: words.why_check,
            Decision.META: words.why_meta,
        }[Decision(why["decision"])]
        return f"{what}: {self._title(why['id'])}" if why["id"] else what

    def _title(self, id_: str) -> str:
        entry = self.post.library.served.content.entries.get(id_)
        return entry.question if entry is not None else id_


def _percent(confidence: float) -> str:
    return f"{confidence:.0%}"
