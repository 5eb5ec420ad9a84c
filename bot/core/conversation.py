"""What to say to a patient: the order of reading, as one pure function per kind of incoming thing.

Order, always: triage → an open safety question → flood limit → wishes (stop, a person, thanks…) → an open choice → an
open check-in question → FAQ → hand over. Triage sees every text first, whatever else it might be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.care import Care
from bot.content.plan import Step
from bot.content.schema import Content
from bot.core import browse
from bot.core.answering import Answering
from bot.core.care.asking import ACTIONS as CARE_ACTIONS
from bot.core.care.checking_in import CheckIns, beside_danger
from bot.core.care.joining_unasked import said_unasked, share_phone
from bot.core.checking import SELF_HARM, Checking, Reply, Silence, alert_about, as_signs
from bot.core.hearing import JOIN, STAFF_COMMANDS, is_payload, is_same, is_wish, read_together, words_and_command
from bot.core.outcome import Check, Held, Occasion, Outcome, Redraw, Say, State, TellStaff
from bot.core.rights import Rights
from bot.core.text import normalise
from bot.core.understand import Brain
from bot.core.voice import Voice, since_in_words, since_told, since_treatment
from bot.model import (
    Button,
    Decision,
    Flag,
    Kind,
    Level,
    Media,
    MediaIn,
    MessageId,
    PressIn,
    TextIn,
    Understanding,
    is_pressing,
)

LATE = timedelta(minutes=10)
"""A text read later than this begins with "I was off" (issue 2)."""
ALBUM = timedelta(seconds=5)
ALBUM_MEDIA = frozenset({Media.PHOTO, Media.VIDEO, Media.DOCUMENT})
"""Telegram delivers an album as one message a picture; one reply and one card are enough for all."""
MEDIA_WORDS = {
    Media.PHOTO: "photo",
    Media.VOICE: "voice message",
    Media.VIDEO: "video",
    Media.STICKER: "sticker",
    Media.DOCUMENT: "file",
    Media.CONTACT: "contact",
    Media.LOCATION: "location",
    Media.OTHER: "message",
}


@dataclass(frozen=True)
class Conversation:
    """Decides on the content it was built with. `semantics` of every method: values in, an `Outcome` out."""

    content: Content
    brain: Brain

    @property
    def _voice(self) -> Voice:
        return Voice(self.content.clinic, self.content.replies)

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
        recent, about = state.recent_texts(occasion.sent_at), _topic(state, occasion)
        # A command's own word counts as said just before: "/chest pain".
        alone = self.brain.understand(words, recent=(*recent, f"/{command}") if command else recent, about=about)
        before, this = state, Held(said.message_id, words, said.media)
        if words.strip():
            state = state.heard(words, occasion.sent_at)
        if (reply := self._reply(alone, command, words, state, occasion)) is not None:
            outcome = self._replied(reply, state.check, state, occasion, words)
            outcome = self._check_ins.again(outcome, occasion)
            return self._in_time(self._with_media(outcome, (this,), occasion), said.edited, occasion)
        batch = () if command or is_wish(alone) else read_together(said, words, before, occasion)
        understanding = self._read_as_one(alone, batch, recent, about)
        if said.edited and understanding.decision is Decision.CHECK and is_same(occasion, understanding):
            return Outcome(state, understanding=understanding)  # a slip mended is no second doubt
        understanding = self._weighed(understanding, recent, state, occasion)
        is_sign = understanding.decision is Decision.RED_FLAG
        is_asked = understanding.decision is Decision.CHECK
        if occasion.flooding and not (is_sign or is_asked or "stop" in {understanding.id, command}):
            return self._too_many(state, occasion)
        if said.edited and not is_sign and is_same(occasion, understanding):
            return Outcome(state, understanding=understanding)
        if is_sign and occasion.flooding and state.was_warned((flag.id for flag in understanding.flags), occasion.now):
            return replace(self._too_many(state, occasion), understanding=understanding)
        take_back = state.held_batch if batch else None
        if batch and state.check is not None:
            state = replace(state, check=replace(state.check, is_repeated=False))  # what repeated it is taken back
        occasion = self._check_ins.untold(occasion) if batch else occasion
        if not command and not is_wish(alone):
            state = replace(state.settled(), held=batch or (this,))
        outcome = self._decided(understanding, command, words, state, occasion)
        outcome = replace(outcome, take_back=take_back)
        if batch or not (said.edited and occasion.earlier):  # an edited caption's picture is with staff already
            outcome = self._with_media(outcome, batch or (this,), occasion)
        outcome = self._in_time(outcome, said.edited, occasion)
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
            outcome = self._red_flag(understanding, state, occasion)
            return replace(outcome, says=(*outcome.says, *says), care=changes)
        if understanding.decision is Decision.CHECK:
            return self._check_beside(understanding, command, state, occasion)
        if command is None:
            return self._words(understanding, state, occasion)
        if command == "human" and words:
            state = state.asks(words, occasion.message_id)
        if command == "start" and is_payload(words):
            return Outcome(state, joins=words.strip())
        return self._command(command, state, occasion)

    def _words(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        if (meant := self._rights.typed_scope(understanding.text, state, occasion)) is not None:
            return meant
        if self._wants_to_join(understanding.text):
            return Outcome(state.settled(), joins=JOIN)
        if (joining := said_unasked(self.content, understanding.text, state, occasion)) is not None:
            return joining
        is_stop = understanding.decision is Decision.META and understanding.id == "stop"
        is_offered = bool(state.offer_at(occasion.sent_at))  # what was put last is answered first
        if not is_offered and (cared := self._cared(understanding, state, occasion)) is not None:
            return cared
        if not is_stop and (meant := self._answering.typed(understanding.text, state, occasion)) is not None:
            return meant
        if is_offered and (cared := self._cared(understanding, state, occasion)) is not None:
            return cared
        if understanding.decision is Decision.META:
            return self._wish(understanding, state, occasion)
        if self._only_agrees(understanding):
            return self._answering.polite(self.content.replies.acknowledged, state, occasion)
        return self._answering.decided(understanding, state, occasion)

    def _wants_to_join(self, text: str) -> bool:
        wishes = self.content.enrolment.join_words.split(";")
        return bool(self.content.plans) and normalise(text) in map(normalise, wishes)

    # --- check-ins --------------------------------------------------------------------------------------------------

    def _cared(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome | None:
        """What a text leads to as an answer in a check-in; a question in the same text is answered first."""
        cared = self._check_ins.typed(understanding, state, occasion)
        if cared is None:
            return None
        is_alert = cared.understanding is not None and cared.understanding.decision is Decision.RED_FLAG
        if is_alert or understanding.decision is not Decision.ANSWER or "?" not in understanding.text:
            return self._warned(cared, occasion)
        answered = self._answering.decided(understanding, cared.state, occasion)
        return replace(answered, says=(*answered.says, *cared.says), care=cared.care)

    def _warned(self, cared: Outcome, occasion: Occasion, *, is_silence: bool = False) -> Outcome:
        """`cared`; where an answer is a sign of danger, with all that such a sign leads to."""
        understanding = cared.understanding
        if understanding is None or understanding.decision is not Decision.RED_FLAG:
            return cared
        warned = self._red_flag(understanding, cared.state, occasion, is_silence=is_silence)
        says = (*self._check_ins.named(warned.says, cared.care, occasion), *cared.says)
        return replace(warned, says=says, redraws=cared.redraws, care=cared.care)

    def _check_beside(
        self, understanding: Understanding, command: str | None, state: State, occasion: Occasion
    ) -> Outcome:
        """A safety question goes before; an answer in the same text is kept, and the next question waits."""
        cared = self._check_ins.typed(understanding, state, occasion) if command is None else None
        if cared is None or not cared.care:
            return self._check(understanding, command, state, occasion)
        if cared.understanding is not None and cared.understanding.decision is Decision.RED_FLAG:
            warned = self._warned(cared, occasion)
            told = {flag.id for flag in cared.understanding.flags}
            if told.issuperset(flag.id for flag in understanding.suspected):
                return warned  # the answer itself says what would be asked about
            asked = self._check(understanding, command, warned.state, occasion)
            says, staff = (*warned.says, *asked.says), (*warned.staff, *asked.staff)
            return replace(asked, says=says, staff=staff, care=cared.care, understanding=warned.understanding)
        return replace(self._check(understanding, command, cared.state, occasion), care=cared.care)

    def on_check_in(
        self, care: Care, step: Step, check_in_id: int, state: State, occasion: Occasion, carried: str = ""
    ) -> Outcome:
        """Begin a check-in whose time has come. `carried`: the advice of one that was left out."""
        says, change = self._check_ins.begin(care, step, check_in_id, occasion.now, carried)
        return Outcome(state, says, care=(change,))

    def on_later(self, care: Care, question_id: str, state: State, occasion: Occasion) -> Outcome:
        """Ask a question that was put off until now; the same state where it needs no answer any more."""
        return self._check_ins.later(care, question_id, state, occasion)

    def on_unanswered(self, care: Care, question_id: str, state: State, occasion: Occasion) -> Outcome:
        """Decide when the time is over for an answer in a check-in that would decide an alert; the same state where
        nothing follows."""
        found = self._check_ins.unanswered(care, question_id, state, occasion)
        if found.understanding is None:
            return found
        warned = self._warned(replace(found, says=()), occasion, is_silence=True)
        first, *others = warned.says
        why = "\n\n".join((first.text, *(say.text for say in found.says)))
        return replace(warned, says=(replace(first, text=why), *others))

    def on_told(
        self, words: str, care: Care, check_in_id: int, question_id: str, state: State, occasion: Occasion
    ) -> Outcome:
        """Decide on a patient's words that staff took down on the phone, as the answer to a question for words. The
        same state and nothing else where the question is over.

        Triage reads them as the patient's own. A doubt counts as the sign: the bot can ask nobody about it.
        """
        turn = self._check_ins.told(words, care, check_in_id, question_id, occasion.now)
        read = self.brain.understand(words)
        if read.decision is not Decision.RED_FLAG and (told := _named(read)):
            read = _as_sign(read, told)
        if read.decision is Decision.RED_FLAG:
            read, changes, says = beside_danger(read, turn, occasion)
            warned = self._red_flag(read, state, occasion)
            return replace(warned, says=(*warned.says, *says), care=changes)
        if turn is None:
            return Outcome(state)
        return self._warned(self._check_ins.told_alone(words, care, turn, state, occasion), occasion)

    # --- danger -----------------------------------------------------------------------------------------------------

    def _only_agrees(self, understanding: Understanding) -> bool:
        """ "ok" or "no" when nothing was asked: nothing that a person would have to look into."""
        words = (*self.content.words.yes, *self.content.words.no)
        return understanding.decision is not Decision.ANSWER and normalise(understanding.text) in map(normalise, words)

    def _red_flag(
        self,
        understanding: Understanding,
        state: State,
        occasion: Occasion,
        note: str = "",
        *,
        is_silence: bool = False,
    ) -> Outcome:
        """The warning and the alert. `note`: what else staff should know; `is_silence`: only no answer suggests it."""
        assert understanding.level is not None
        replies = self.content.replies
        level = understanding.level
        # "Call the ambulance now" is too much for somebody who is only to ring the clinic, since no answer came.
        too_much = {Level.EMERGENCY} if is_silence else frozenset[Level]()
        texts = {flag.id: flag.text for flag in self.content.red_flags if flag.level not in too_much}
        if occasion.is_about_children:
            texts = {id_: replies.self_harm_child if id_ == SELF_HARM else text for id_, text in texts.items()}
        first = understanding.flags[0]
        # Triage itself failed: there is no sign to name, so the urgent paragraph has to stand alone.
        parts = [self._say(texts[first.id])] if first.id in texts else []
        if level is Level.URGENT:
            parts.append(self._voice.by_the_clock(replies.urgent_open, replies.urgent_closed, occasion.now))
        elif level is Level.ADVISE:
            parts.append(self._say(replies.advise_footer))
        parts[:0] = self._in_their_language(understanding)
        state, understanding = self._settles(understanding, state, occasion)
        presses = level.is_pressing
        state = state.settled().asks(understanding.text, occasion.message_id)
        ids = tuple(flag.id for flag in understanding.flags)
        card = alert_about(level, ids, note)
        if not state.was_warned(ids, occasion.now) and (presses or not state.is_in_danger(occasion.now)):
            before = state.warned if state.is_in_danger(occasion.now) else ()
            state = replace(state, warned=tuple(dict.fromkeys((*ids, *before))), warned_at=occasion.now)
        say = Say("\n\n".join(parts), Kind.EMERGENCY if presses else Kind.REPLY)
        care = self._check_ins.stopped(occasion) if presses else ()
        outcome = Outcome(state, (say,), staff=(card,), understanding=understanding, care=care)
        return outcome if presses else self._beside_advice(outcome, understanding, occasion)

    def _in_their_language(self, understanding: Understanding) -> list[str]:
        """The line about emergencies for somebody who does not write English."""
        theirs = self.content.other_languages.get(understanding.language or "")
        if theirs is None:
            return []
        line = theirs.call_now if understanding.level is Level.EMERGENCY else theirs.emergency
        return [f"<b>{self._say(line)}</b>"]

    def _settles(self, understanding: Understanding, state: State, occasion: Occasion) -> tuple[State, Understanding]:
        """A warning settles an open question about nothing worse; staff read its words and the new ones together."""
        assert understanding.level is not None
        check = state.check_at(occasion.now)
        ids = {flag.id for flag in understanding.flags}
        if check is None or (check.flag.id not in ids and check.flag.level.rank > understanding.level.rank):
            return state, understanding
        if check.text not in understanding.text:
            understanding = replace(understanding, text=f"{check.text}\n{understanding.text}")
        return replace(state, check=None), understanding

    def _beside_advice(self, outcome: Outcome, understanding: Understanding, occasion: Occasion) -> Outcome:
        """A sure answer may follow advice that can wait."""
        if understanding.beside not in self.content.entries:
            return outcome
        since = since_told(occasion, understanding.text, self.content.clinic.zone)
        text = browse.answer(self.content, (understanding.beside,), since)
        say = Say(text, buttons=browse.under_entry(self.content, understanding.beside))
        return replace(outcome, says=(*outcome.says, say))

    # --- one safety question ----------------------------------------------------------------------------------------

    def _weighed(self, read: Understanding, recent: Sequence[str], state: State, occasion: Occasion) -> Understanding:
        """`read`, unless it would take a question that may not be asked: one at a time, one in two hours about each
        sign, and none to somebody who was warned of it.

        Words that raise such a doubt count as the sign. A mere feeling that there may be one leaves the text to people,
        unless it is about what the open question is about.
        """
        now, asked = occasion.now, state.check_at(occasion.now)
        warned = state.warned if state.is_in_danger(now) else ()
        barred = [
            flag
            for flag in read.suspected
            if flag.id in warned or state.was_checked(flag.id, now) or (asked is not None and flag.level.is_pressing)
        ]
        counting = [
            flag for flag in barred if not flag.is_mere_feeling or (asked is not None and flag.id == asked.flag.id)
        ]
        if counting:
            is_second = asked is not None and is_pressing(counting)
            open_one = (asked.flag,) if asked is not None and is_second else ()
            return _as_sign(read, (*counting, *open_one))
        if read.decision is not Decision.CHECK or (asked is None and not barred):
            return read
        instead = self.brain.understand(read.text, recent=recent, about=_topic(state, occasion), denied=True)
        return _left_to_people(instead) if is_pressing(barred) else instead

    def _check(self, understanding: Understanding, command: str | None, state: State, occasion: Occasion) -> Outcome:
        """Ask, and do what a command asked for beside it."""
        check = self._checking.about(understanding, occasion, owes_answer=command is None)
        asked = replace(self._checking.ask(check, state, occasion), understanding=understanding)
        if command is None:
            return asked
        done = self._command(command, asked.state, occasion)
        says, staff = (*asked.says, *done.says), (*asked.staff, *done.staff)
        timers = (*asked.timers, *done.timers)
        return replace(done, says=says, staff=staff, understanding=understanding, timers=timers)

    def _reply(
        self, alone: Understanding, command: str | None, words: str, state: State, occasion: Occasion
    ) -> Reply | None:
        """The answer to the open question that these words are. A sign in them goes before, STOP, or a new doubt."""
        if command is not None or state.check is None or alone.decision is Decision.RED_FLAG or alone.id == "stop":
            return None
        reply = self._checking.reply_in(words, state, occasion)
        news = [flag for flag in alone.suspected if flag.id != state.check.flag.id]
        if reply is Reply.NO:
            return None if news else reply
        # With a second pressing doubt in the same words both count (`_weighed`), and the worse decides what is said.
        return None if is_pressing(flag for flag in news if flag.words) else reply

    def _replied(self, reply: Reply, check: Check | None, state: State, occasion: Occasion, words: str = "") -> Outcome:
        """What the answer leads to; the question it settles is the one `check` is about. `words`: the answer's own."""
        assert check is not None
        if state.check is not None and state.check.flag.id == check.flag.id:
            state = replace(state, check=None)
        occasion = replace(occasion, message_id=check.asked_in)
        note = self._checking.note(check, reply)
        if reply is not Reply.NO:
            text = "\n".join(filter(None, (check.text, words)))
            outcome = self._red_flag(self._checking.confirmed(check, text), state, occasion, note)
        elif check.flag.id == SELF_HARM:
            say = Say(self._say(self.content.replies.check_no_self_harm))
            card = self._checking.denied(check)
            return Outcome(state.settled(), (say,), staff=(card,), about=check.asked_in)
        else:
            outcome = self._denied(check, note, state, occasion)
        return replace(outcome, asked_in=check.asked_in)

    def _denied(self, check: Check, note: str, state: State, occasion: Occasion) -> Outcome:
        """What the words would have led to without the suspicion; with another one that was not asked about, people."""
        line = self._say(self.content.replies.check_no)
        told = (self._checking.denied(check),) if check.is_told else ()
        if not check.owes_answer:
            return Outcome(state.settled(), (Say(line),), staff=told, about=check.asked_in)
        understanding = self.brain.understand(check.text, about=_topic(state, occasion), denied=True)
        if check.others:
            understanding = _left_to_people(understanding)
        match understanding.decision:
            case Decision.RED_FLAG:  # advice that can wait was seen beside it
                outcome = self._red_flag(understanding, state, occasion, note)
            case Decision.META:
                outcome = self._wish(understanding, state, occasion)
            case _:
                outcome = self._answering.decided(understanding, state, occasion)
        first, *others = outcome.says or (Say(""),)
        says = (replace(first, text="\n\n".join(filter(None, (line, first.text)))), *others)
        staff = (card if card.level else replace(card, text=f"{card.text}\n{note}") for card in outcome.staff)
        return replace(outcome, says=says, staff=(*staff, *told))

    def _press_reply(self, reply: Reply, flag_id: str, state: State, occasion: Occasion) -> Outcome:
        """A press under the question. One that is no longer open can still be answered with yes."""
        check = state.check_at(occasion.now)
        if check is not None and check.flag.id == flag_id:
            return self._replied(reply, check, state, occasion)
        if reply is Reply.NO:
            return self._answering.polite(self.content.replies.acknowledged, state, occasion)
        if state.was_warned((flag_id,), occasion.now):
            return Outcome(state)  # pressed twice
        level = next((flag.level for flag in self.content.red_flags if flag.id == flag_id), None)
        if level is None:
            return self.stale(state)
        text, asked_in = (occasion.asked.text, occasion.asked.asked_in) if occasion.asked else (state.question, None)
        return self._replied(reply, Check(Flag(flag_id, level, ()), text, occasion.now, asked_in), state, occasion)

    def on_silence(self, state: State, occasion: Occasion) -> Outcome:
        """Decide when the time for an answer to a safety question is over; the same state where nothing follows."""
        check = state.check
        if check is None:
            return Outcome(state)
        match self._checking.silence(check, occasion.now):
            case Silence.NOTHING:
                return Outcome(state)
            case Silence.NUDGE:
                return self._checking.nudge(check, state, occasion)
            case Silence.ALERT:
                return self._checking.alert(check, state)
            case Silence.COUNTS:
                occasion = replace(occasion, message_id=check.asked_in)
                note = self._checking.note(check, None)
                outcome = self._red_flag(self._checking.confirmed(check), replace(state, check=None), occasion, note)
                first, *others = outcome.says
                why = self._say(self.content.replies.check_no_reply)
                says = (replace(first, text=f"{first.text}\n\n{why}"), *others)
                return replace(outcome, says=says, asked_in=check.asked_in)

    # --- wishes and commands ----------------------------------------------------------------------------------------

    def _wish(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome:
        assert understanding.id is not None
        if understanding.id != "human":
            return replace(self._command(understanding.id, state, occasion), understanding=understanding)
        # Their own words say what it is about ("can somebody ring me about my bruise?"), or what they just asked.
        fresh = state.answered_at(occasion.sent_at)
        is_fresh = fresh is not None or state.question in state.recent_texts(occasion.sent_at)
        told = (state.question if is_fresh else "", understanding.text)
        about = fresh.entry_ids[0] if fresh is not None and fresh.asked_in == state.asked_in else ""
        state = state.asks("\n".join(filter(None, told)), occasion.message_id)
        return replace(self._answering.ask_team(state, occasion, about), understanding=understanding)

    def _command(self, name: str, state: State, occasion: Occasion) -> Outcome:
        """What a command or a wish in free words leads to."""
        replies = self.content.replies
        plain = {
            "start": replies.start,
            "help": replies.help,
            "greeting": replies.greeting,
            "about_bot": replies.about_bot,
        }
        mine = self._rights
        rights = {"stop": mine.stop, "resume": mine.resume, "mydata": mine.my_data, "forget": mine.forget}
        match name:
            case _ if name in STAFF_COMMANDS:
                return Outcome(state, (Say(self._say(replies.staff_only)),))
            case _ if name in rights:
                return rights[name](state, occasion)
            case "privacy":
                return Outcome(state, (Say(self._say(replies.privacy), buttons=self._rights.under_privacy),))
            case "human":
                return self._answering.ask_team(state, occasion)
            case "language":
                text = replies.language
                return Outcome(
                    state, (Say(self._say(text)),), staff=(self._voice.card(state.question or "/language", occasion),)
                )
            case "plan":
                return Outcome(state, (self._check_ins.asking.overview(occasion.care, occasion.now),))
            case "faq":
                text, buttons = browse.groups(self.content)
                return Outcome(state, (Say(text, buttons=buttons),))
            case "thanks":
                return self._answering.polite(replies.thanks, state, occasion)
            case _ if name in plain:
                menu = ((Button(replies.button_browse, "faq"),),) if name in {"start", "help", "greeting"} else ()
                return Outcome(state, (Say(self._say(plain[name]), buttons=menu),))
            case _:
                return Outcome(state, (Say(self._say(replies.unknown_command)),))

    def _too_many(self, state: State, occasion: Occasion) -> Outcome:
        once = f"slow:{int(occasion.now.timestamp()) // 60}"
        return Outcome(state, (Say(self._say(self.content.replies.too_many), once=once),))

    # --- presses ----------------------------------------------------------------------------------------------------

    def on_press(self, press: PressIn, state: State, occasion: Occasion) -> Outcome:
        """Decide on a press of one of our own buttons (the caller has checked that the button was there)."""
        action, _, argument = (press.data or "").partition(":")
        if action in set(Reply):
            outcome = self._in_time(self._press_reply(Reply(action), argument, state, occasion), False, occasion)
            return self._check_ins.again(outcome, occasion)
        if occasion.flooding:
            return self._too_many(state, occasion)
        outcome = self._in_time(self._pressed(press, state, occasion), False, occasion)
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
                return self._rights.pressed(press.data or "", state, occasion) or self.stale(state)
            case _ if action in CARE_ACTIONS:
                cared = self._check_ins.pressed(press, state, occasion)
                return self._warned(cared, occasion) if cared is not None else self.stale(state)
            case _:
                return self._answering.pressed(press, state, occasion) or self.stale(state)

    def stale(self, state: State) -> Outcome:
        """A button that no longer means anything."""
        return Outcome(state, (Say(self._say(self.content.replies.stale_button)),))

    def _redraw(
        self, row_id: MessageId | None, shown: tuple[str, tuple[tuple[Button, ...], ...]] | None, state: State
    ) -> Outcome:
        if row_id is None or shown is None:
            return self.stale(state)
        return Outcome(state, redraws=(Redraw(row_id, *shown),))

    def on_forget_due(self, state: State, now: datetime) -> Outcome | None:
        """Ask once more, ten minutes after the first yes, whether all data is to be deleted. None: it is off."""
        return self._rights.ask_again(state) if self._rights.is_sure_due(state, now) else None

    # --- what is not words ------------------------------------------------------------------------------------------

    def on_media(self, sent: MediaIn, state: State, occasion: Occasion) -> Outcome:
        """A photo, a voice note, a sticker… without words: ask for words, and let staff see it where it may matter."""
        replies = self.content.replies
        what = MEDIA_WORDS[sent.media]
        if occasion.flooding:
            return self._too_many(state, occasion)
        if sent.phone and (joining := share_phone(self.content, sent.phone, state, occasion)) is not None:
            return joining
        before = state
        copy = TellStaff("", copy_message_id=sent.message_id)
        if sent.media in ALBUM_MEDIA:
            known, state = state, replace(state, pictured_at=occasion.sent_at)
            if known.pictured_at is not None and abs(occasion.sent_at - known.pictured_at) <= ALBUM:
                return Outcome(state, staff=(copy,))
        match sent.media:
            case Media.STICKER:
                outcome = Outcome(state, (Say(self._say(replies.sticker)),))
                return self._checking.reminding(self._in_time(outcome, False, occasion), before, occasion)
            case Media.CONTACT:
                text = self._say(replies.contact)
            case Media.LOCATION:
                text = self._say(replies.location)
            case _:
                text = self._say(replies.media, what=what)
        card = self._say(replies.staff_media, code=occasion.code, what=what, since=since_in_words(occasion))
        staff = (TellStaff(card, opens_alert=True), copy)
        outcome = self._in_time(Outcome(state, (Say(text),), staff=staff), False, occasion)
        return self._checking.reminding(outcome, before, occasion)

    def on_return(self, state: State) -> Outcome:
        """The patient unblocked the bot."""
        return Outcome(state, (Say(self._say(self.content.replies.welcome_back)),))

    def _with_media(self, outcome: Outcome, batch: tuple[Held, ...], occasion: Occasion) -> Outcome:
        """A caption was read, its picture was not: say so, and let staff see it when they get the words anyway."""
        pictures = [held for held in batch if held.media is not None]
        if not pictures:
            return outcome
        media = pictures[0].media
        assert media is not None
        line = self._say(self.content.replies.media_caption, what=MEDIA_WORDS[media])
        first, *others = outcome.says or (Say(""),)
        says = (replace(first, text="\n\n".join(filter(None, (first.text, line)))), *others)
        held = any(say.held for say in outcome.says)  # shown once, though the words may be read again with more
        copies = (TellStaff("", held=held, copy_message_id=picture.message_id) for picture in pictures)
        state = replace(outcome.state, pictured_at=occasion.sent_at)
        return replace(outcome, state=state, says=says, staff=(*outcome.staff, *copies))

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _in_time(self, outcome: Outcome, edited: bool, occasion: Occasion) -> Outcome:
        """Begin with what the patient must not forget, and with what explains the reply: read late, or read again.

        A warning itself comes before all that.
        """
        lines = self._still_in_danger(outcome, occasion)
        if occasion.now - occasion.sent_at > LATE:
            lines.append(self._say(self.content.replies.was_off))
        if edited:
            lines.append(self._say(self.content.replies.edited))
        if not lines or not outcome.says:
            return outcome
        first = outcome.says[0]
        parts = [first.text, *lines] if first.kind is Kind.EMERGENCY else [*lines, first.text]
        return replace(outcome, says=(replace(first, text="\n\n".join(parts)), *outcome.says[1:]))

    def _still_in_danger(self, outcome: Outcome, occasion: Occasion) -> list[str]:
        """Two hours after a warning a friendly answer must not sound as if all were well."""
        state, replies = outcome.state, self.content.replies
        if not state.is_in_danger(occasion.now):
            return []
        if outcome.says and outcome.says[0].kind is Kind.EMERGENCY:
            return []
        levels = {flag.level for flag in self.content.red_flags if flag.id in state.warned}
        if Level.EMERGENCY in levels:
            return [self._say(replies.still_emergency)]
        return [self._say(replies.still_urgent)] if Level.URGENT in levels else []

    def _say(self, text: str, /, **extra: str) -> str:
        return self._voice.say(text, **extra)


def _named(read: Understanding) -> list[Flag]:
    """Of what is suspected, what a rule named a word of or the second opinion was just sure of."""
    return [flag for flag in read.suspected if not flag.is_mere_feeling]


def _as_sign(read: Understanding, suspected: Iterable[Flag]) -> Understanding:
    """The same where what was only suspected counts as told."""
    flags = as_signs((*read.flags, *suspected))
    worst = flags[0]
    read = replace(read, id=worst.id, level=worst.level, flags=flags, suspected=(), beside=None)
    return replace(read, decision=Decision.RED_FLAG)


def _left_to_people(understanding: Understanding) -> Understanding:
    """The same without an answer."""
    if understanding.decision not in {Decision.ANSWER, Decision.ASK}:
        return understanding
    return replace(understanding, decision=Decision.HAND_OVER, id=None, second=None)


def _topic(state: State, occasion: Occasion) -> str | None:
    """The entry that a text which says too little by itself may be about; not the same one over and over."""
    answered = state.answered_at(occasion.sent_at)
    return answered.entry_ids[0] if answered is not None and not answered.again else None
