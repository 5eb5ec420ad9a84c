"""Check-ins within a conversation: answers beside a question or a sign of danger, and what comes when it is time.

What an answer leads to by itself: `care/checking_in.py`.
"""

from dataclasses import dataclass, replace

from bot.care import Care
from bot.content.plan import Step
from bot.content.schema import Content
from bot.core.alarming import Alarming
from bot.core.answering import Answering
from bot.core.care.checking_in import CheckIns, beside_danger
from bot.core.doubting import Doubting, as_sign, named
from bot.core.outcome import Occasion, Outcome, State
from bot.core.understand import Brain
from bot.model import Decision, Understanding


@dataclass(frozen=True)
class CheckInTalk:
    """Puts check-ins beside all else that is said. Values in, an `Outcome` out."""

    content: Content
    brain: Brain

    @property
    def _alarming(self) -> Alarming:
        return Alarming(self.content)

    @property
    def _answering(self) -> Answering:
        return Answering(self.content)

    @property
    def _check_ins(self) -> CheckIns:
        return CheckIns(self.content)

    @property
    def _doubting(self) -> Doubting:
        return Doubting(self.content, self.brain)

    def typed(self, understanding: Understanding, state: State, occasion: Occasion) -> Outcome | None:
        """What a text leads to as an answer in a check-in; a question in the same text is answered first."""
        cared = self._check_ins.typed(understanding, state, occasion)
        if cared is None:
            return None
        is_alert = cared.understanding is not None and cared.understanding.decision is Decision.RED_FLAG
        if is_alert or understanding.decision is not Decision.ANSWER or "?" not in understanding.text:
            return self.warned(cared, occasion)
        answered = self._answering.decided(understanding, cared.state, occasion)
        return replace(answered, says=(*answered.says, *cared.says), care=cared.care)

    def warned(self, cared: Outcome, occasion: Occasion, *, is_silence: bool = False) -> Outcome:
        """`cared`; where an answer is a sign of danger, with all that such a sign leads to."""
        understanding = cared.understanding
        if understanding is None or understanding.decision is not Decision.RED_FLAG:
            return cared
        warned = self._alarming.warn(understanding, cared.state, occasion, is_silence=is_silence)
        says = (*self._check_ins.named(warned.says, cared.care, occasion), *cared.says)
        return replace(warned, says=says, redraws=cared.redraws, care=cared.care)

    def ask_beside(
        self, understanding: Understanding, command: str | None, state: State, occasion: Occasion
    ) -> Outcome:
        """A safety question goes before; an answer in the same text is kept, and the next question waits."""
        cared = self._check_ins.typed(understanding, state, occasion) if command is None else None
        if cared is None or not cared.care:
            return self._doubting.ask(understanding, command, state, occasion)
        if cared.understanding is not None and cared.understanding.decision is Decision.RED_FLAG:
            warned = self.warned(cared, occasion)
            told = {flag.id for flag in cared.understanding.flags}
            if told.issuperset(flag.id for flag in understanding.suspected):
                return warned  # the answer itself says what would be asked about
            asked = self._doubting.ask(understanding, command, warned.state, occasion)
            says, staff = (*warned.says, *asked.says), (*warned.staff, *asked.staff)
            return replace(asked, says=says, staff=staff, care=cared.care, understanding=warned.understanding)
        return replace(self._doubting.ask(understanding, command, cared.state, occasion), care=cared.care)

    def begin(
        self, care: Care, step: Step, check_in_id: int, state: State, occasion: Occasion, carried: str = ""
    ) -> Outcome:
        """Begin a check-in whose time has come. `carried`: the advice of one that was left out."""
        says, change = self._check_ins.begin(care, step, check_in_id, occasion.now, carried)
        return Outcome(state, says, care=(change,))

    def later(self, care: Care, question_id: str, state: State, occasion: Occasion) -> Outcome:
        """Ask a question that was put off until now; the same state where it needs no answer any more."""
        return self._check_ins.later(care, question_id, state, occasion)

    def unanswered(self, care: Care, question_id: str, state: State, occasion: Occasion) -> Outcome:
        """Decide when the time is over for an answer in a check-in that would decide an alert; the same state where
        nothing follows."""
        found = self._check_ins.unanswered(care, question_id, state, occasion)
        if found.understanding is None:
            return found
        warned = self.warned(replace(found, says=()), occasion, is_silence=True)
        first, *others = warned.says
        why = "\n\n".join((first.text, *(say.text for say in found.says)))
        return replace(warned, says=(replace(first, text=why), *others))

    def told(
        self, words: str, care: Care, check_in_id: int, question_id: str, state: State, occasion: Occasion
    ) -> Outcome:
        """Decide on a patient's words that staff took down on the phone, as the answer to a question for words. The
        same state and nothing else where the question is over.

        Triage reads them as the patient's own. A doubt counts as the sign: the bot can ask nobody about it.
        """
        turn = self._check_ins.told(words, care, check_in_id, question_id, occasion.now)
        read = self.brain.understand(words)
        if read.decision is not Decision.RED_FLAG and (told := named(read)):
            read = as_sign(read, told)
        if read.decision is Decision.RED_FLAG:
            read, changes, says = beside_danger(read, turn, occasion)
            warned = self._alarming.warn(read, state, occasion)
            return replace(warned, says=(*warned.says, *says), care=changes)
        if turn is None:
            return Outcome(state)
        return self.warned(self._check_ins.told_alone(words, care, turn, state, occasion), occasion)
