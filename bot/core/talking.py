"""A patient and the clinic's people talk: when the bot keeps quiet, what staff read of it, what a note is. Pure.

While a thread is open, all that the patient writes is posted there. While somebody is *talking* in it, the bot neither
answers nor offers anything; signs of danger, safety questions, check-ins, wishes such as STOP and commands go on.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.content.schema import Content
from bot.core.checking import Reply, label_of
from bot.core.hearing import words_and_command
from bot.core.outcome import Occasion, Outcome, Say, State, TellStaff, Thread
from bot.core.replies import Html
from bot.core.voice import Voice, excerpt
from bot.model import BlockedIn, ChatId, Decision, MediaIn, PressIn, Tap, TelegramMessageId, TextIn, Understanding

QUIET = timedelta(hours=2)
"""How long after staff's last word the bot answers again by itself."""
WAITS = timedelta(minutes=10)
"""After so long without a word of staff, the patient is told that what they write is read…"""
TOLD_AGAIN = timedelta(hours=1)
"""…and once in this time."""
CHANGEABLE = timedelta(hours=48)
"""How long a change of staff's words reaches the patient's copy: later nobody looks there again."""
NOTE = "//"
_SAID = re.compile(r"said:(-?\d+):(\d+)(?:\.\d+)?")
_SUPERGROUP = 10**12
"""What Telegram takes from the number of a group that can have topics to make its id."""
_SMALL_TALK = frozenset({"thanks", "greeting", "about_bot", "human", "help", "language"})
"""Wishes in free words that somebody who talks with a person means for that person."""


def is_note(text: str) -> bool:
    """Whether staff say this among themselves."""
    return text.lstrip().startswith(NOTE)


def is_talking(thread: Thread | None, now: datetime) -> bool:
    """Whether a person talks with the patient, so that the bot keeps quiet."""
    return thread is not None and thread.staff_wrote_at is not None and now - thread.staff_wrote_at < QUIET


def key_of(chat_id: ChatId, message_id: TelegramMessageId) -> str:
    """The key of the patient's copy of what staff wrote there, so that a change of it finds the copy."""
    return f"said:{chat_id}:{message_id}"


def said_in(key: str) -> tuple[ChatId, TelegramMessageId] | None:
    """Where staff wrote what a message with this key passes on, or a part of it; None: it passes nothing on."""
    found = _SAID.fullmatch(key)
    return (ChatId(int(found[1])), TelegramMessageId(int(found[2]))) if found else None


def topic_link(group_id: ChatId, thread_id: int) -> str:
    """The address that opens a topic for members of the group."""
    return f"https://t.me/c/{-group_id - _SUPERGROUP}/{thread_id}"


@dataclass(frozen=True)
class Talking:
    """What an open thread makes of a decision."""

    content: Content

    @property
    def _voice(self) -> Voice:
        return Voice(self.content.clinic, self.content.replies)

    def beside(
        self, incoming: TextIn | MediaIn | PressIn | BlockedIn, outcome: Outcome, before: State, occasion: Occasion
    ) -> Outcome:
        """`outcome`, quiet where a person is talking, with what the patient wrote for staff to read. `before`: the
        state it was decided on."""
        if occasion.thread is None or occasion.flooding or isinstance(incoming, BlockedIn):
            return outcome
        if isinstance(incoming, PressIn):
            return replace(outcome, staff=(*self._pressed(incoming, outcome, occasion), *outcome.staff))
        if isinstance(incoming, TextIn) and words_and_command(incoming.text)[1] is not None:
            return outcome
        if is_talking(occasion.thread, occasion.now) and not _goes_on(outcome, before):
            return self._quiet(incoming, outcome, before, occasion)
        return replace(outcome, staff=(*self._overheard(incoming, outcome, occasion), *outcome.staff))

    def _quiet(self, incoming: TextIn | MediaIn, outcome: Outcome, before: State, occasion: Occasion) -> Outcome:
        state = replace(outcome.state.settled(), offered=(), offered_until=None, answered=None)
        understanding = outcome.understanding
        if understanding is not None and understanding.decision is not Decision.META:
            understanding = replace(understanding, decision=Decision.HAND_OVER, id=None, second=None)
        elif understanding is None and isinstance(incoming, TextIn) and incoming.text.strip():
            # "yes" would be read as an answer to something of the bot's. To a person it says much, and is kept.
            understanding = Understanding(incoming.text, Decision.HAND_OVER, None, None, 0.0)
        # An unsure reply from before the talk goes out all the same: its card has words that stand nowhere else.
        quiet = Outcome(state, understanding=understanding, asked_in=outcome.asked_in, timers=outcome.timers)
        quiet = replace(quiet, staff=self._overheard(incoming, quiet, occasion))
        told_at, wrote_at = before.heard_at, occasion.thread.staff_wrote_at if occasion.thread else None
        is_told = told_at is not None and occasion.now - told_at < TOLD_AGAIN
        if is_told or (wrote_at is not None and occasion.now - wrote_at < WAITS):
            return quiet
        texts = self.content.threads
        text = self._voice.by_the_clock(texts.heard_open, texts.heard_closed, occasion.now)
        return replace(quiet, state=replace(state, heard_at=occasion.now), says=(Say(text),))

    def _overheard(self, incoming: TextIn | MediaIn, outcome: Outcome, occasion: Occasion) -> tuple[TellStaff, ...]:
        """What staff read of it in the thread, unless a card shows it anyway."""
        if any(card.copy_message_id is not None or (card.opens_alert and not card.level) for card in outcome.staff):
            return ()
        if isinstance(incoming, MediaIn) or (incoming.media is not None and not incoming.edited):
            return (TellStaff("", copy_message_id=incoming.message_id, is_line=True),)
        understood = outcome.understanding
        # What an unsure reply was owed for was taken back with it, and is told again with the rest.
        said = understood.text if outcome.take_back is not None and understood is not None else incoming.text
        texts = self.content.threads
        line = self._voice.say(
            texts.line_edited if incoming.edited else texts.line, code=occasion.code, text=excerpt(said)
        )
        return (self._with_what_was_done(line, outcome),)

    def _with_what_was_done(self, line: str, outcome: Outcome) -> TellStaff:
        """`line`, with what the bot made of it."""
        texts, understood = self.content.threads, outcome.understanding
        entry_id = _chosen(outcome)
        if understood is not None and understood.decision is Decision.ANSWER:
            entry_id = understood.id or ""
        if entry_id:
            line = self._voice.say(texts.answered, line=Html(line), question=self._question(entry_id))
        elif outcome.says and understood is not None and (what := self._did(understood.decision)):
            line = self._voice.say(texts.did, line=Html(line), what=what)
        # A "no" to a safety question may lead to nothing new: then why it was asked is behind the reply.
        has_why = bool(outcome.says) and (understood is not None or outcome.about is not None)
        is_held = any(say.held for say in outcome.says)
        return TellStaff(line, held=is_held, is_line=True, entry_id=entry_id, has_why=has_why)

    def _did(self, decision: Decision) -> str:
        """What the bot did instead of answering; empty where that needs no words."""
        texts = self.content.threads
        return {
            Decision.ASK: texts.did_ask,
            Decision.RED_FLAG: texts.did_warn,
            Decision.CHECK: texts.did_check,
        }.get(decision, "")

    def _pressed(self, press: PressIn, outcome: Outcome, occasion: Occasion) -> tuple[TellStaff, ...]:
        """What staff read of a button that got the patient an answer, or that answered a safety question."""
        action, _, pressed_id = (press.data or "").partition(":")
        if action in set(Reply) and (outcome.understanding is not None or outcome.about is not None):
            return self._checked(Reply(action), outcome, occasion)
        is_further = action == "entry" and pressed_id in self.content.entries and outcome.says
        entry_id = _chosen(outcome) or (pressed_id if is_further else "")
        if not entry_id:
            return ()
        question = self._question(entry_id)
        line = self._voice.say(self.content.threads.line_pressed, code=occasion.code, question=question)
        return (TellStaff(line, is_line=True, entry_id=entry_id),)

    def _checked(self, reply: Reply, outcome: Outcome, occasion: Occasion) -> tuple[TellStaff, ...]:
        """What staff read of a button under a safety question, unless a card shows what became of it."""
        if any(card.opens_alert and not card.level for card in outcome.staff):
            return ()
        answer = label_of(reply, self.content.replies)
        line = self._voice.say(self.content.threads.line_checked, code=occasion.code, answer=answer)
        return (self._with_what_was_done(line, outcome),)

    def _question(self, entry_id: str) -> str:
        entry = self.content.entries.get(entry_id)
        return entry.question if entry else ""


def _chosen(outcome: Outcome) -> str:
    """The entry that a patient chose, and got the answer of; empty where they did not."""
    return next((entry_id for entry_id, tap in outcome.taps if tap is Tap.CHOSEN), "")


def _goes_on(outcome: Outcome, before: State) -> bool:
    """What is said whoever is talking: danger and what was asked about it, check-ins, wishes about messages."""
    understanding = outcome.understanding
    if understanding is not None:
        if understanding.decision in {Decision.RED_FLAG, Decision.CHECK}:
            return True
        if understanding.decision is Decision.META and understanding.id not in _SMALL_TALK:
            return True
    is_about_danger = any(card.level is not None for card in outcome.staff) or outcome.state.check != before.check
    is_wish = outcome.stop is not None or outcome.resume or outcome.asks_for is not None
    return bool(is_about_danger or is_wish or outcome.care or outcome.joins)
