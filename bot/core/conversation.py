"""What to say to a patient: the order of reading, as one pure function per kind of incoming thing.

Order, always: triage → an open safety question → flood limit → wishes (stop, a person, thanks…) → an open choice → an
open check-in question → FAQ → hand over. Triage sees every text first, whatever else it might be.

What each of these leads to: `alarming.py`, `doubting.py`, `commanding.py`, `answering.py`, `check_in_talk.py`,
`pictures.py`; what a reply begins with: `prefacing.py`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from bot.care import Care
from bot.content.plan import Step
from bot.content.schema import Content
from bot.core import browse
from bot.core.alarming import Alarming
from bot.core.answering import Answering
from bot.core.care.asking import ACTIONS as CARE_ACTIONS
from bot.core.care.checking_in import CheckIns
from bot.core.care.joining_unasked import said_unasked
from bot.core.care.mentioned import mentioned
from bot.core.check_in_talk import CheckInTalk
from bot.core.checking import Checking, Reply
from bot.core.commanding import Commanding
from bot.core.doubting import Doubting, topic
from bot.core.hearing import JOIN, is_payload, is_same, is_wish, read_together, words_and_command
from bot.core.outcome import Held, Occasion, Outcome, Redraw, Say, State
from bot.core.pictures import Pictures
from bot.core.prefacing import Prefacing
from bot.core.rights import Rights
from bot.core.text import normalise
from bot.core.understand import Brain
from bot.core.voice import since_treatment
from bot.model import (
    Button,
    Decision,
    MediaIn,
    MessageId,
    PressIn,
    TextIn,
    Understanding,
)


@dataclass(frozen=True)
class Conversation:
    """Decides on the content it was built with. `semantics` of every method: values in, an `Outcome` out."""

    content: Content
    brain: Brain

    @property
    def _alarming(self) -> Alarming:
        return Alarming(self.content)

    @property
    def _commanding(self) -> Commanding:
        return Commanding(self.content)

    @property
    def _doubting(self) -> Doubting:
        return Doubting(self.content, self.brain)

    @property
    def _check_in_talk(self) -> CheckInTalk:
        return CheckInTalk(self.content, self.brain)

    @property
    def _pictures(self) -> Pictures:
        return Pictures(self.content)

    @property
    def _prefacing(self) -> Prefacing:
        return Prefacing(self.content)

    @property
    def _answering(self) -> Answering:
        return Answering(self.content)

    @property
    def _checking(self) -> Checking:
        return Checking(self.content)

    @property
    def _check_ins(self) -> CheckIns:
        return CheckIns(self.content)

    @property
    def _rights(self) -> Rights:
        return Rights(self.content)

    # --- words ------------------------------------------------------------------------------------------------------

    def on_text(self, said: TextIn, state: State, occasion: Occasion) -> Outcome:
        """Decide on a text, a caption or an edit."""
        words, command = words_and_command(said.text)
        occasion = replace(occasion, message_id=said.message_id)
        recent, about = state.recent_texts(occasion.sent_at), topic(state, occasion)
        # A command's own word counts as said just before: "/chest pain".
        alone = self.brain.understand(words, recent=(*recent, f"/{command}") if command else recent, about=about)
        before, this = state, Held(said.message_id, words, said.media)
        if words.strip():
            state = state.heard(words, occasion.sent_at)
        if (reply := self._doubting.reply(alone, command, words, state, occasion)) is not None:
            outcome = self._doubting.replied(reply, state.check, state, occasion, words)
            outcome = self._check_ins.again(outcome, occasion)
            return self._prefacing.in_time(self._pictures.beside(outcome, (this,), occasion), said.edited, occasion)
        batch = () if command or is_wish(alone) else read_together(said, words, before, occasion)
        understanding = self._read_as_one(alone, batch, recent, about)
        if said.edited and understanding.decision is Decision.CHECK and is_same(occasion, understanding):
            return Outcome(state, understanding=understanding)  # a slip mended is no second doubt
        understanding = self._doubting.weighed(understanding, recent, state, occasion)
        understanding = self._doubting.late(understanding, state, occasion)
        is_sign = understanding.decision is Decision.RED_FLAG
        is_asked = understanding.decision is Decision.CHECK
        if occasion.flooding and not (is_sign or is_asked or "stop" in {understanding.id, command}):
            return self._commanding.too_many(state, occasion)
        if said.edited and not is_sign and is_same(occasion, understanding):
            return Outcome(state, understanding=understanding)
        if is_sign and occasion.flooding and state.was_warned((flag.id for flag in understanding.flags), occasion.now):
            return replace(self._commanding.too_many(state, occasion), understanding=understanding)
        take_back = state.held_batch if batch else None
        if batch and state.check is not None:
            state = replace(state, check=replace(state.check, is_repeated=False))  # what repeated it is taken back
        occasion = self._check_ins.untold(occasion) if batch else occasion
        if not command and not is_wish(alone):
            state = replace(state.settled(), held=batch or (this,))
        outcome = self._decided(understanding, command, words, state, occasion)
        aside = mentioned(self.content, understanding, occasion)
        outcome = replace(outcome, take_back=take_back, care=(*outcome.care, *aside))
        if batch or not (said.edited and occasion.earlier):  # an edited caption's picture is with staff already
            outcome = self._pictures.beside(outcome, batch or (this,), occasion)
        outcome = self._prefacing.in_time(outcome, said.edited, occasion)
        outcome = self._check_ins.again(outcome, occasion) if command is None else outcome
        return self._checking.reminding(outcome, before, occasion)

    def _read_as_one(
        self, alone: Understanding, batch: tuple[Held, ...], recent: tuple[str, ...], about: str | None
    ) -> Understanding:
        """What the batch means; but danger that is plain in the newest message alone is not argued away by others."""
        joined = "\n".join(held.text for held in batch)
        if not batch or alone.decision is Decision.RED_FLAG:
            return replace(alone, text=joined or alone.text)
        together = self.brain.understand(joined, recent=recent, about=about)
        is_weaker = together.decision not in {Decision.RED_FLAG, Decision.CHECK}
        return replace(alone, text=joined) if alone.decision is Decision.CHECK and is_weaker else together

    def _decided(
        self, understanding: Understanding, command: str | None, words: str, state: State, occasion: Occasion
    ) -> Outcome:
        if understanding.decision is Decision.RED_FLAG:
            understanding, changes, says = self._check_ins.beside_danger(understanding, occasion)
            outcome = self._alarming.warn(understanding, state, occasion)
            return replace(outcome, says=(*outcome.says, *says), care=changes)
        if understanding.decision is Decision.CHECK:
            return self._check_in_talk.ask_beside(understanding, command, state, occasion)
        if command is None:
            return self._words(understanding, state, occasion)
        if command == "human" and words:
            state = state.asks(words, occasion.message_id)
        if command == "start" and is_payload(words):
            return Outcome(state, joins=words.strip())
        return self._commanding.command(command, state, occasion)

    def _words(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        if (meant := self._rights.typed_scope(understanding.text, state, occasion)) is not None:
            return meant
        if self._wants_to_join(understanding.text):
            return Outcome(state.settled(), joins=JOIN)
        if (joining := said_unasked(self.content, understanding.text, state, occasion)) is not None:
            return joining
        is_stop = understanding.decision is Decision.META and understanding.id == "stop"
        is_offered = bool(state.offer_at(occasion.sent_at))  # what was put last is answered first
        if not is_offered and (cared := self._check_in_talk.typed(understanding, state, occasion)) is not None:
            return cared
        if not is_stop and (meant := self._answering.typed(understanding.text, state, occasion)) is not None:
            return meant
        if is_offered and (cared := self._check_in_talk.typed(understanding, state, occasion)) is not None:
            return cared
        if understanding.decision is Decision.META:
            return self._commanding.wish(understanding, state, occasion)
        if self._only_agrees(understanding):
            return self._answering.polite(self.content.replies.acknowledged, state, occasion)
        return self._answering.decided(understanding, state, occasion)

    def _wants_to_join(self, text: str) -> bool:
        return bool(self.content.plans) and normalise(text) in _wishes(self.content.enrolment.join_words)

    def _only_agrees(self, understanding: Understanding) -> bool:
        """ "ok" or "no" when nothing was asked: nothing that a person would have to look into."""
        words = (*self.content.words.yes, *self.content.words.no)
        return understanding.decision is not Decision.ANSWER and normalise(understanding.text) in map(normalise, words)

    # --- check-ins ----------------------------------------------------------------------------------------------------

    def on_check_in(
        self, care: Care, step: Step, check_in_id: int, state: State, occasion: Occasion, carried: str = ""
    ) -> Outcome:
        """Begin a check-in whose time has come. `carried`: the advice of one that was left out."""
        return self._check_in_talk.begin(care, step, check_in_id, state, occasion, carried)

    def on_later(self, care: Care, question_id: str, state: State, occasion: Occasion) -> Outcome:
        """Ask a question that was put off until now; the same state where it needs no answer any more."""
        return self._check_in_talk.later(care, question_id, state, occasion)

    def on_unanswered(self, care: Care, question_id: str, state: State, occasion: Occasion) -> Outcome:
        """Decide when the time is over for an answer in a check-in that would decide an alert; the same state where
        nothing follows."""
        return self._check_in_talk.unanswered(care, question_id, state, occasion)

    def on_told(
        self, words: str, care: Care, check_in_id: int, question_id: str, state: State, occasion: Occasion
    ) -> Outcome:
        """Decide on a patient's words that staff took down on the phone, as the answer to a question for words. The
        same state and nothing else where the question is over.

        Triage reads them as the patient's own. A doubt counts as the sign: the bot can ask nobody about it.
        """
        return self._check_in_talk.told(words, care, check_in_id, question_id, state, occasion)

    # --- presses ----------------------------------------------------------------------------------------------------

    def on_press(self, press: PressIn, state: State, occasion: Occasion) -> Outcome:
        """Decide on a press of one of our own buttons (the caller has checked that the button was there)."""
        action, _, argument = (press.data or "").partition(":")
        if action in set(Reply):
            outcome = self._doubting.pressed(Reply(action), argument, state, occasion)
            return self._check_ins.again(self._prefacing.in_time(outcome, False, occasion), occasion)
        if occasion.flooding:
            return self._commanding.too_many(state, occasion)
        outcome = self._prefacing.in_time(self._pressed(press, state, occasion), False, occasion)
        outcome = self._check_ins.again(outcome, occasion) if action not in CARE_ACTIONS else outcome
        return self._checking.reminding(outcome, state, occasion)

    def _pressed(self, press: PressIn, state: State, occasion: Occasion) -> Outcome:
        action, _, argument = (press.data or "").partition(":")
        match action:
            case "faq":
                return self._redraw(press.row_id, browse.groups(self.content), state)
            case "group":
                return self._redraw(press.row_id, browse.group(self.content, argument), state)
            case "page":
                shown = browse.page(self.content, argument, since_treatment(occasion))
                return self._redraw(press.row_id, shown, state)
            case "stop" | "restart" | "mydata" | "forget":
                return self._rights.pressed(press.data or "", state, occasion) or self._commanding.stale(state)
            case _ if action in CARE_ACTIONS:
                cared = self._check_ins.pressed(press, state, occasion)
                return (
                    self._check_in_talk.warned(cared, occasion) if cared is not None else self._commanding.stale(state)
                )
            case _:
                return self._answering.pressed(press, state, occasion) or self._commanding.stale(state)

    def _redraw(
        self, row_id: MessageId | None, shown: tuple[str, tuple[tuple[Button, ...], ...]] | None, state: State
    ) -> Outcome:
        if row_id is None or shown is None:
            return self._commanding.stale(state)
        return Outcome(state, redraws=(Redraw(row_id, *shown),))

    def on_forget_due(self, state: State, now: datetime) -> Outcome | None:
        """Ask once more, ten minutes after the first yes, whether all data is to be deleted. None: it is off."""
        return self._rights.ask_again(state) if self._rights.is_sure_due(state, now) else None

    def stale(self, state: State) -> Outcome:
        """A button that no longer means anything."""
        return self._commanding.stale(state)

    # --- what is not words ------------------------------------------------------------------------------------------

    def on_media(self, sent: MediaIn, state: State, occasion: Occasion) -> Outcome:
        """Decide on a photo, a voice note, a sticker… without words."""
        return self._pictures.sent(sent, state, occasion)

    def on_silence(self, state: State, occasion: Occasion) -> Outcome:
        """Decide when the time for an answer to a safety question is over; the same state where nothing follows."""
        return self._doubting.silent(state, occasion)

    def on_return(self, state: State) -> Outcome:
        """The patient unblocked the bot."""
        return Outcome(state, (Say(self._answering.voice.say(self.content.replies.welcome_back)),))


@cache
def _wishes(words: str) -> frozenset[str]:
    """Ways to say something, as the content has them: apart by semicolons."""
    return frozenset(map(normalise, words.split(";")))
