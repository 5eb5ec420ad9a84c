"""A doubt whether a text is a sign of danger: when it may be asked about, what an answer or none leads to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.content.schema import Content
from bot.core.alarming import Alarming
from bot.core.answering import Answering
from bot.core.checking import Checking, Reply, Silence, as_signs
from bot.core.commanding import Commanding
from bot.core.outcome import Check, Occasion, Outcome, Say, State
from bot.core.understand import Brain
from bot.core.voice import Voice, since_told
from bot.model import SELF_HARM, Decision, Flag, Understanding, is_pressing


@dataclass(frozen=True)
class Doubting:
    """One safety question at a time (`checking.py` words it). Values in, an `Outcome` out."""

    content: Content
    brain: Brain

    @property
    def _voice(self) -> Voice:
        return Voice(self.content.clinic, self.content.replies)

    @property
    def _alarming(self) -> Alarming:
        return Alarming(self.content)

    @property
    def _answering(self) -> Answering:
        return Answering(self.content)

    @property
    def _checking(self) -> Checking:
        return Checking(self.content)

    @property
    def _commanding(self) -> Commanding:
        return Commanding(self.content)

    def weighed(self, read: Understanding, recent: Sequence[str], state: State, occasion: Occasion) -> Understanding:
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
            return as_sign(read, (*counting, *open_one))
        if read.decision is not Decision.CHECK or (asked is None and not barred):
            return read
        instead = self.brain.understand(read.text, recent=recent, about=topic(state, occasion), denied=True)
        return left_to_people(instead) if is_pressing(barred) else instead

    def late(self, read: Understanding, state: State, occasion: Occasion) -> Understanding:
        """`read`, unless what it asks is a doubt so long after the treatment (`RedFlag.late`): "my toes tingle" is
        common on the day and a nerve to be looked at on the next. Asked once, and not beside another question."""
        if read.decision is not Decision.ANSWER or state.check_at(occasion.now) is not None:
            return read
        since = since_told(occasion, read.text, self.content.clinic.zone)
        warned = state.warned if state.is_in_danger(occasion.now) else ()
        doubts = tuple(
            Flag(flag.id, flag.level, ())
            for flag in self.content.red_flags
            if any(
                one.entry in {read.id, read.second} and since is not None and since >= one.after for one in flag.late
            )
            if flag.id not in warned and not state.was_checked(flag.id, occasion.now)
        )
        if not doubts:
            return read
        first = doubts[0]
        return replace(read, decision=Decision.CHECK, id=first.id, level=first.level, second=None, suspected=doubts)

    def ask(self, understanding: Understanding, command: str | None, state: State, occasion: Occasion) -> Outcome:
        """Ask, and do what a command asked for beside it."""
        check = self._checking.about(understanding, occasion, owes_answer=command is None)
        asked = replace(self._checking.ask(check, state, occasion), understanding=understanding)
        if command is None:
            return asked
        done = self._commanding.command(command, asked.state, occasion)
        says, staff = (*asked.says, *done.says), (*asked.staff, *done.staff)
        timers = (*asked.timers, *done.timers)
        return replace(done, says=says, staff=staff, understanding=understanding, timers=timers)

    def reply(
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

    def replied(self, reply: Reply, check: Check | None, state: State, occasion: Occasion, words: str = "") -> Outcome:
        """What the answer leads to; the question it settles is the one `check` is about. `words`: the answer's own."""
        assert check is not None
        if state.check is not None and state.check.flag.id == check.flag.id:
            state = replace(state, check=None)
        occasion = replace(occasion, message_id=check.asked_in)
        note = self._checking.note(check, reply)
        if reply is not Reply.NO:
            text = "\n".join(filter(None, (check.text, words)))
            outcome = self._alarming.warn(self._checking.confirmed(check, text), state, occasion, note)
        elif check.flag.id == SELF_HARM:
            say = Say(self._voice.say(self.content.replies.check_no_self_harm))
            card = self._checking.denied(check)
            return Outcome(state.settled(), (say,), staff=(card,), about=check.asked_in)
        else:
            outcome = self._denied(check, note, state, occasion)
        return replace(outcome, asked_in=check.asked_in)

    def _denied(self, check: Check, note: str, state: State, occasion: Occasion) -> Outcome:
        """What the words would have led to without the suspicion; with another one that was not asked about, people."""
        line = self._voice.say(self.content.replies.check_no)
        told = (self._checking.denied(check),) if check.is_told else ()
        if not check.owes_answer:
            return Outcome(state.settled(), (Say(line),), staff=told, about=check.asked_in)
        understanding = self.brain.understand(check.text, about=topic(state, occasion), denied=True)
        if check.others:
            understanding = left_to_people(understanding)
        match understanding.decision:
            case Decision.RED_FLAG:  # advice that can wait was seen beside it
                outcome = self._alarming.warn(understanding, state, occasion, note)
            case Decision.META:
                outcome = self._commanding.wish(understanding, state, occasion)
            case _:
                outcome = self._answering.decided(understanding, state, occasion)
        first, *others = outcome.says or (Say(""),)
        says = (replace(first, text="\n\n".join(filter(None, (line, first.text)))), *others)
        staff = (card if card.level else replace(card, text=f"{card.text}\n{note}") for card in outcome.staff)
        return replace(outcome, says=says, staff=(*staff, *told))

    def pressed(self, reply: Reply, flag_id: str, state: State, occasion: Occasion) -> Outcome:
        """A press under the question. One that is no longer open can still be answered with yes."""
        check = state.check_at(occasion.now)
        if check is not None and check.flag.id == flag_id:
            return self.replied(reply, check, state, occasion)
        if reply is Reply.NO:
            return self._answering.polite(self.content.replies.acknowledged, state, occasion)
        if state.was_warned((flag_id,), occasion.now):
            return Outcome(state)  # pressed twice
        level = next((flag.level for flag in self.content.red_flags if flag.id == flag_id), None)
        if level is None:
            return self._commanding.stale(state)
        text, asked_in = (occasion.asked.text, occasion.asked.asked_in) if occasion.asked else (state.question, None)
        return self.replied(reply, Check(Flag(flag_id, level, ()), text, occasion.now, asked_in), state, occasion)

    def silent(self, state: State, occasion: Occasion) -> Outcome:
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
                state = replace(state, check=None)
                outcome = self._alarming.warn(self._checking.confirmed(check), state, occasion, note)
                first, *others = outcome.says
                why = self._voice.say(self.content.replies.check_no_reply)
                says = (replace(first, text=f"{first.text}\n\n{why}"), *others)
                return replace(outcome, says=says, asked_in=check.asked_in)


def named(read: Understanding) -> list[Flag]:
    """Of what is suspected, what a rule named a word of or the second opinion was just sure of."""
    return [flag for flag in read.suspected if not flag.is_mere_feeling]


def as_sign(read: Understanding, suspected: Iterable[Flag]) -> Understanding:
    """The same where what was only suspected counts as told."""
    flags = as_signs((*read.flags, *suspected))
    worst = flags[0]
    read = replace(read, id=worst.id, level=worst.level, flags=flags, suspected=(), beside=None)
    return replace(read, decision=Decision.RED_FLAG)


def left_to_people(understanding: Understanding) -> Understanding:
    """The same without an answer."""
    if understanding.decision not in {Decision.ANSWER, Decision.ASK}:
        return understanding
    return replace(understanding, decision=Decision.HAND_OVER, id=None, second=None)


def topic(state: State, occasion: Occasion) -> str | None:
    """The entry that a text which says too little by itself may be about; not the same one over and over."""
    answered = state.answered_at(occasion.sent_at)
    return answered.entry_ids[0] if answered is not None and not answered.again else None
